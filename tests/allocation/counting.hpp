// tests/allocation/counting.hpp - operator new that counts, and that fails when it is told to
// Only what happens inside counted() is counted and can fail: tests may allocate around it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>

namespace allocation {

struct counters {
  std::uint64_t allocations{0};  ///< inside counted(), those that failed included
  std::uint64_t failures{0};
  std::uint64_t live_bytes{0};  ///< of everything that is allocated now, as it was asked for
  std::uint64_t peak_bytes{0};  ///< the most that live_bytes has been; may be set to it
  std::uint64_t live_blocks{0};
  bool counting{false};
  /// Inside counted(), those numbered from `fail_from` up to before `fail_to` fail.
  std::uint64_t fail_from{std::numeric_limits<std::uint64_t>::max()};
  std::uint64_t fail_to{std::numeric_limits<std::uint64_t>::max()};
};

counters& now();

/// Begins to count anew; by default nothing fails.
inline void start(std::uint64_t fail_from = std::numeric_limits<std::uint64_t>::max(),
                  std::uint64_t fail_to = std::numeric_limits<std::uint64_t>::max()) {
  now().allocations = 0;
  now().failures = 0;
  now().fail_from = fail_from;
  now().fail_to = fail_to;
}

/// Runs `f()` and counts what it allocates.
template <class F>
decltype(auto) counted(F f) {
  struct scope {
    scope() { now().counting = true; }
    ~scope() { now().counting = false; }
    scope(const scope&) = delete;
    scope& operator=(const scope&) = delete;
  } const counting;
  return f();
}

}  // namespace allocation
