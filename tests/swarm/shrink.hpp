// tests/swarm/shrink.hpp - the smallest plan that still breaks the same property
// Fewer kinds of faults, fewer members, a shorter chaos: whatever can go while the failure stays.
#pragma once

#include <functional>
#include <swarm/run.hpp>
#include <vector>

namespace swarm {

/// Plans that are a step smaller, the boldest steps first.
inline std::vector<plan> smaller_plans(const plan& p) {
  std::vector<plan> all;
  const auto add = [&](auto change) {
    plan smaller = p;
    change(smaller);
    all.push_back(smaller);
  };
  if (p.periods > 1) add([](plan& s) { s.periods /= 2; });
  if (p.members > 3) add([](plan& s) { s.members = (s.members + 2) / 2; });
  for (std::size_t i = 0; i < fault_count; ++i) {
    const auto kind = static_cast<fault>(i);
    if (p.faults.contains(kind)) add([kind](plan& s) { s.faults.erase(kind); });
  }
  if (p.members > 2) add([](plan& s) { --s.members; });
  if (p.periods > 4) add([](plan& s) { s.periods -= s.periods / 8 + 1; });
  if (p.datagram != 1400) add([](plan& s) { s.datagram = 1400; });
  return all;
}

/// `fails` carries a plan out and tells whether the property still breaks. At most `tries` runs.
inline plan shrink(plan p, const std::function<bool(const plan&)>& fails, int tries) {
  for (bool smaller = true; smaller && tries > 0;) {
    smaller = false;
    for (const plan& candidate : smaller_plans(p)) {
      if (tries-- <= 0) break;
      if (!fails(candidate)) continue;
      p = candidate;
      smaller = true;
      break;
    }
  }
  return p;
}

}  // namespace swarm
