// bench/growth.hpp - how a cost grows with N: constant, logarithmic or linear
// Reporting only; doubles are fine here.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <string>
#include <vector>

namespace bench {

struct point {
  double n;
  double cost;
};

namespace impl {

/// Least squares of cost = a + b * f(n), each point weighted by 1 / cost, since a table of costs is
/// read in parts of a hundred. Returns the largest deviation, as a part of the cost.
template <class F>
double fit(const std::vector<point>& points, F f, double& a, double& b) {
  double w = 0, x = 0, y = 0, xx = 0, xy = 0;
  for (const point& p : points) {
    const double weight = 1 / (p.cost * p.cost);
    const double at = f(p.n);
    w += weight;
    x += weight * at;
    y += weight * p.cost;
    xx += weight * at * at;
    xy += weight * at * p.cost;
  }
  const double determinant = w * xx - x * x;
  b = determinant == 0 ? 0 : (w * xy - x * y) / determinant;
  a = (y - b * x) / w;
  double worst = 0;
  for (const point& p : points) {
    worst = std::max(worst, std::abs(a + b * f(p.n) - p.cost) / p.cost);
  }
  return worst;
}

}  // namespace impl

/// In words. Constant is what stays within 15 % of one figure over all N; otherwise it is whichever
/// of a logarithm and a line comes nearer, with the deviation that is left.
inline std::string growth_of(const std::vector<point>& points) {
  if (points.size() < 3) return "too few sizes to tell";
  double a = 0;
  double b = 0;
  char text[128];
  const double flat = impl::fit(
      points, [](double) { return 0.0; }, a, b);
  if (flat <= 0.15) {
    std::snprintf(text, sizeof text, "constant: %.1f, within %.0f %%", a, 100 * flat);
    return text;
  }
  double log_a = 0;
  double log_b = 0;
  const double log = impl::fit(
      points, [](double n) { return std::log2(n); }, log_a, log_b);
  const double linear = impl::fit(
      points, [](double n) { return n; }, a, b);
  if (log <= linear) {
    std::snprintf(text, sizeof text, "log: %.1f %+.2f for each doubling of N, within %.0f %%",
                  log_a, log_b, 100 * log);
  } else {
    std::snprintf(text, sizeof text, "linear: %.1f %+.5f for each of N, within %.0f %%", a, b,
                  100 * linear);
  }
  return text;
}

}  // namespace bench
