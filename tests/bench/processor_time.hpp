// bench/processor_time.hpp - the time that this thread has had on a processor
// Whoever else uses the machine is not in it; reading it costs a system call, which is taken off.
#pragma once

#include <ctime>

namespace bench {

inline double processor_ns() {
  std::timespec t{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) * 1e9 + static_cast<double>(t.tv_nsec);
}

/// What two readings in a row differ by.
inline double processor_ns_of_nothing() {
  static const double least = [] {
    double best = 1e9;
    for (int i = 0; i < 10'000; ++i) {
      const double begin = processor_ns();
      const double took = processor_ns() - begin;
      if (took < best) best = took;
    }
    return best;
  }();
  return least;
}

/// Nanoseconds that `f()` takes, never less than none.
template <class F>
double processor_ns_of(F f) {
  const double nothing = processor_ns_of_nothing();
  const double begin = processor_ns();
  f();
  const double took = processor_ns() - begin - nothing;
  return took < 0 ? 0 : took;
}

}  // namespace bench
