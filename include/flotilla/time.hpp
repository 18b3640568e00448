// flotilla/time.hpp - durations and points in time that the embedding program owns
// The engine never reads a clock: every input carries the time.
#pragma once

#include <chrono>
#include <cstdint>
#include <type_traits>

namespace flotilla {
inline namespace v1 {

using duration = std::chrono::nanoseconds;

/// A tag for time points of the engine. It has no now(): the embedding program owns the clock,
/// which may be std::chrono::steady_clock, a simulator's, or a counter of a microcontroller.
struct monotonic_clock {
  using duration = flotilla::duration;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<monotonic_clock, duration>;
  static constexpr bool is_steady = true;
};

using time_point = monotonic_clock::time_point;

/// The same instant of the steady clock as a time point of the engine. No error; no rounding where
/// the steady clock counts nanoseconds.
[[nodiscard]] constexpr time_point to_time_point(
    std::chrono::steady_clock::time_point instant) noexcept {
  return time_point{std::chrono::duration_cast<duration>(instant.time_since_epoch())};
}

/// The inverse, for the timers of event loops: `time_point::max()` (nothing is scheduled) becomes
/// the steady clock's own max(). A coarser steady clock rounds up, so that a timer is never early.
[[nodiscard]] constexpr std::chrono::steady_clock::time_point to_steady_time_point(
    time_point instant) noexcept {
  using steady = std::chrono::steady_clock;
  if (instant == time_point::max()) return steady::time_point::max();
  return steady::time_point{std::chrono::ceil<steady::duration>(instant.time_since_epoch())};
}

namespace detail {

[[nodiscard]] constexpr time_point earlier(time_point a, time_point b) noexcept {
  return a < b ? a : b;
}
[[nodiscard]] constexpr time_point later(time_point a, time_point b) noexcept {
  return a < b ? b : a;
}

/// `instant + delta` without overflow: sticks to the ends of the range.
[[nodiscard]] constexpr time_point saturating_add(time_point instant, duration delta) noexcept {
  const std::int64_t at = instant.time_since_epoch().count();
  const std::int64_t by = delta.count();
#if defined(__GNUC__)
  std::int64_t sum = 0;
  if (!__builtin_add_overflow(at, by, &sum)) return time_point{duration{sum}};
#endif
  if (by > 0 && at > duration::max().count() - by) return time_point::max();
  if (by < 0 && at < duration::min().count() - by) return time_point::min();
  return time_point{duration{at + by}};
}

/// `later - earlier`, which must not be negative, whole: it may be more than a duration holds.
[[nodiscard]] constexpr std::uint64_t distance(time_point earlier, time_point later) noexcept {
  return static_cast<std::uint64_t>(later.time_since_epoch().count()) -
         static_cast<std::uint64_t>(earlier.time_since_epoch().count());
}

/// `instant` and so much more; what distance() says leads from the one to the other.
[[nodiscard]] constexpr time_point advanced(time_point instant, std::uint64_t by) noexcept {
  const auto at = static_cast<std::uint64_t>(instant.time_since_epoch().count());
  return time_point{duration{static_cast<std::int64_t>(at + by)}};
}

/// `later - earlier`, or zero when it would be negative; sticks to duration::max().
[[nodiscard]] constexpr duration elapsed(time_point earlier, time_point later) noexcept {
  if (later <= earlier) return duration::zero();
  const std::uint64_t gap = distance(earlier, later);
  const auto most = static_cast<std::uint64_t>(duration::max().count());
  return gap > most ? duration::max() : duration{static_cast<std::int64_t>(gap)};
}

/// `delta * factor` without overflow, for factor >= 0 and delta >= 0.
[[nodiscard]] constexpr duration saturating_multiply(duration delta,
                                                     std::uint32_t factor) noexcept {
  const auto wide = static_cast<std::uint64_t>(delta.count());
  const auto most = static_cast<std::uint64_t>(duration::max().count());
  if (factor != 0 && wide > most / factor) return duration::max();
  return duration{static_cast<std::int64_t>(wide * factor)};
}

}  // namespace detail
}  // namespace v1
}  // namespace flotilla
