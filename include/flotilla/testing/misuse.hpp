// flotilla/testing/misuse.hpp - a mistake in a test that would make its result worthless
// Always on, unlike the engine's own assertions: a test had better stop than go on with nonsense.
#pragma once

#include <cstdio>
#include <cstdlib>

namespace flotilla {
inline namespace v1 {
namespace testing {

/// Says on stderr what the test did wrong, and aborts.
[[noreturn]] inline void misuse(const char* what) {
  std::fprintf(stderr, "flotilla/testing: %s\n", what);
  std::abort();
}

/// Every function of the simulator that is given something checks it with this.
constexpr void require(bool holds, const char* otherwise) {
  if (!holds) misuse(otherwise);
}

}  // namespace testing
}  // namespace v1
}  // namespace flotilla
