// paper/figures/lifeguard_tables.hpp - what Lifeguard's experiment found, beside what was published
// Arms, campaigns of many runs, their sums and intervals. Plain reporting.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <paper/figures/lifeguard.hpp>
#include <paper/figures/series.hpp>

namespace figures::lifeguard {

/// An arm, with what the paper has for it in percent of SWIM; 0 where it has nothing.
struct arm {
  const char* name;
  config settings;
  double false_positives{0};
  double at_healthy{0};
  double messages{0};
  double bytes{0};
};

[[nodiscard]] inline std::vector<arm> papers_arms() {
  return {{"SWIM", plain_swim(), 100, 100, 100, 100},
          {"LHA-Probe", swim_with({true, false, false}), 67.72, 32.88, 98.46, 90.03},
          {"LHA-Suspicion", swim_with({false, true, false}), 3.00, 6.71, 111.31, 106.52},
          {"Buddy System", swim_with({false, false, true}), 94.08, 44.57, 100.07, 99.01},
          {"Lifeguard", swim_with({true, true, true}), 1.53, 1.89, 110.59, 97.97},
          {"and late ticks", swim_with({true, true, true, true})},
          {"ours", everything()}};
}
inline constexpr std::size_t swim_arm = 0;
inline constexpr std::size_t our_arm = 6;

inline constexpr std::array<node_index, 9> concurrent{1, 4, 8, 12, 16, 20, 24, 28, 32};
/// The paper's figure 2: false positives of SWIM and of Lifeguard.
inline constexpr std::array<std::pair<int, int>, 9> figure_2{{{928, 19},
                                                              {5977, 144},
                                                              {11373, 111},
                                                              {23158, 225},
                                                              {34630, 578},
                                                              {45767, 759},
                                                              {59531, 848},
                                                              {77433, 1347},
                                                              {81781, 1197}}};

/// Outcomes by arm, each of a run; the same place in every arm is the same scenario.
using campaign = std::vector<std::vector<outcome>>;

[[nodiscard]] inline campaign run_all(const std::vector<arm>& arms,
                                      const std::vector<scenario>& what, const char* name) {
  campaign results(arms.size());
  progress bar{name, arms.size() * what.size()};
  for (const scenario& s : what) {
    for (std::size_t a = 0; a < arms.size(); ++a) {
      results[a].push_back(run(arms[a].settings, s));
      bar.advance();
    }
  }
  return results;
}

/// All runs of `more` are added to those of `all`.
inline void pool(campaign& all, const campaign& more) {
  all.resize(more.size());
  for (std::size_t a = 0; a < more.size(); ++a) {
    all[a].insert(all[a].end(), more[a].begin(), more[a].end());
  }
}

[[nodiscard]] inline outcome sum(const std::vector<outcome>& runs) {
  outcome total;
  for (const outcome& one : runs) total.add(one);
  return total;
}

using figure = std::uint64_t outcome::*;

[[nodiscard]] inline double percent(const outcome& ours, const outcome& of, figure which) {
  return 100 * static_cast<double>(ours.*which) / static_cast<double>(of.*which);
}

/// The upper end of the 95 % interval of the ratio of sums, in percent: bootstrap over runs, those
/// of one scenario drawn together, as many of each of `parts` anomalies as there are. What happened
/// k times or never may as well have happened more often: so it is at least Poisson's for a count
/// that small.
[[nodiscard]] inline double upper_percent(const campaign& all, std::size_t ours, figure which,
                                          std::uint32_t parts = 1) {
  random_generator random{1};
  const auto runs = static_cast<std::uint32_t>(all[swim_arm].size());
  sample ratios;
  for (int i = 0; i < 1000; ++i) {
    std::uint64_t above = 0;
    std::uint64_t below = 0;
    for (std::uint32_t r = 0; r < runs; ++r) {
      const std::uint32_t at = r / (runs / parts) * (runs / parts) + random.below(runs / parts);
      above += all[ours][at].*which;
      below += all[swim_arm][at].*which;
    }
    if (below != 0) ratios.add(100 * static_cast<double>(above) / static_cast<double>(below));
  }
  const auto count = static_cast<double>(sum(all[ours]).*which);
  const double most = count + 1.96 * std::sqrt(count + 1) + 1.73;  // 3.69 of none
  const double poisson = 100 * most / static_cast<double>(sum(all[swim_arm]).*which);
  return std::max(ratios.quantile(0.975), which == &outcome::messages ? 0 : poisson);
}

inline std::string published(double value) { return value == 0 ? "" : number(value, 2); }

[[nodiscard]] inline table arm_rows(const std::vector<arm>& arms, const campaign& all) {
  table rows({"arm", "FP", "FP-", "FP %", "paper FP %", "FP- %", "paper FP- %", "messages",
              "messages %", "paper messages %", "bytes %", "paper bytes %"});
  const outcome swim = sum(all[swim_arm]);
  for (std::size_t a = 0; a < arms.size(); ++a) {
    const outcome o = sum(all[a]);
    rows.row({arms[a].name, std::to_string(o.false_positives), std::to_string(o.at_healthy),
              number(percent(o, swim, &outcome::false_positives), 2),
              published(arms[a].false_positives), number(percent(o, swim, &outcome::at_healthy), 2),
              published(arms[a].at_healthy), std::to_string(o.messages),
              number(percent(o, swim, &outcome::messages), 2), published(arms[a].messages),
              number(percent(o, swim, &outcome::bytes), 2), published(arms[a].bytes)});
  }
  return rows;
}

/// Figure 2, and the file for its plot: false positives by the number of concurrent anomalies.
[[nodiscard]] inline table figure_rows(const std::vector<arm>& arms,
                                       const std::vector<scenario>& what, const campaign& all) {
  std::vector<std::string> head{"C", "paper SWIM", "paper Lifeguard"};
  for (const arm& a : arms) head.emplace_back(a.name);
  table rows(head);
  for (std::size_t i = 0; i < concurrent.size(); ++i) {
    std::vector<std::string> row{std::to_string(concurrent[i]), std::to_string(figure_2[i].first),
                                 std::to_string(figure_2[i].second)};
    for (std::size_t a = 0; a < arms.size(); ++a) {
      std::uint64_t count = 0;
      for (std::size_t r = 0; r < what.size(); ++r) {
        if (what[r].concurrent == concurrent[i]) count += all[a][r].false_positives;
      }
      row.push_back(std::to_string(count));
    }
    rows.row(row);
  }
  return rows;
}

/// Latency of real crashes in one arm.
struct latencies {
  sample first;
  sample full;
  bool complete{true};

  void add(const latencies& other) {
    for (const double x : other.first.values()) first.add(x);
    for (const double x : other.full.values()) full.add(x);
    complete = complete && other.complete;
  }
};

[[nodiscard]] inline latencies crash_all(const config& settings, std::uint64_t seed,
                                         node_index count, std::uint32_t runs) {
  latencies result;
  for (std::uint32_t r = 0; r < runs; ++r) {
    const auto found = crash(settings, seed * 1'000'003 + r, count);
    result.complete = result.complete && found.size() == count;
    for (const detection& d : found) {
      result.first.add(d.first);
      result.full.add(d.full);
    }
  }
  return result;
}

}  // namespace figures::lifeguard
