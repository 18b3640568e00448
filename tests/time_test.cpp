// time_test.cpp - flotilla/time.hpp
// Arithmetic sticks to the ends of the range, and instants survive the way to the steady clock.
#include <flotilla/time.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <limits>
#include <type_traits>

namespace {

using flotilla::duration;
using flotilla::monotonic_clock;
using flotilla::time_point;
using flotilla::to_steady_time_point;
using flotilla::to_time_point;
using flotilla::detail::elapsed;
using flotilla::detail::saturating_add;
using flotilla::detail::saturating_multiply;
using std::chrono::steady_clock;

constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t least = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t big = std::int64_t{1} << 62U;

// The ends of the range, its middle, and what lies beside them.
constexpr std::int64_t samples[] = {
    least, least + 1, least + 2,     -big - 1, -big, -big + 1, -1'000'000'000, -2,       -1,  0,
    1,     2,         1'000'000'000, big - 1,  big,  big + 1,  most - 2,       most - 1, most};

constexpr time_point at(std::int64_t nanoseconds) { return time_point{duration{nanoseconds}}; }

template <typename Clock>
concept has_now = requires {
  Clock::now();
};

static_assert(!has_now<monotonic_clock>);  // law 1: the engine never reads a clock
static_assert(has_now<steady_clock>);
static_assert(std::is_same_v<duration, std::chrono::nanoseconds>);
static_assert(std::is_same_v<time_point::clock, monotonic_clock>);
static_assert(!std::is_convertible_v<steady_clock::time_point, time_point>);  // only by name
static_assert(saturating_add(at(1), duration{2}) == at(3));
static_assert(elapsed(at(least), at(most)) == duration::max());
static_assert(saturating_multiply(duration{3}, 4) == duration{12});

TEST(Time, AddingSticksToBothEnds) {
  for (const std::int64_t a : samples) {
    for (const std::int64_t b : samples) {
      const auto wrapped =
          static_cast<std::int64_t>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
      const bool overflows = (a < 0) == (b < 0) && (wrapped < 0) != (a < 0);
      const std::int64_t expected = !overflows ? wrapped : a < 0 ? least : most;
      EXPECT_EQ(saturating_add(at(a), duration{b}), at(expected)) << a << " + " << b;
    }
  }
}

TEST(Time, ElapsedIsNeverNegativeAndSticksToTheEnd) {
  for (const std::int64_t from : samples) {
    for (const std::int64_t to : samples) {
      const bool sticks = from < 0 && to > most + from;
      const std::int64_t expected = to <= from ? 0 : sticks ? most : to - from;
      EXPECT_EQ(elapsed(at(from), at(to)), duration{expected}) << from << " to " << to;
    }
  }
}

TEST(Time, MultiplyingSticksToTheEnd) {
  constexpr auto factor_most = std::numeric_limits<std::uint32_t>::max();
  struct row {
    std::int64_t delta;
    std::uint32_t factor;
    std::int64_t expected;
  };
  constexpr row rows[] = {{0, 0, 0},
                          {most, 0, 0},
                          {0, factor_most, 0},
                          {most, 1, most},
                          {most - 1, 1, most - 1},
                          {most / 2, 2, most - 1},
                          {most / 2 + 1, 2, most},  // 2^63: one too many
                          {most, 2, most},
                          {most / 3, 3, most - 1},
                          {most / 3 + 1, 3, most},
                          {std::int64_t{1} << 31U, factor_most, most - 0x7fffffff},
                          {(std::int64_t{1} << 31U) + 1, factor_most, most}};
  for (const row& r : rows) {
    EXPECT_EQ(saturating_multiply(duration{r.delta}, r.factor), duration{r.expected})
        << r.delta << " * " << r.factor;
  }
}

TEST(Time, TheSteadyClockAndBack) {
  for (const std::int64_t nanoseconds : samples) {
    if (nanoseconds > big + 1 && nanoseconds != most) continue;  // a coarser clock would round over
    const time_point instant = at(nanoseconds);
    // Never early: a timer that is set to a deadline must find it passed.
    EXPECT_GE(to_time_point(to_steady_time_point(instant)), instant) << nanoseconds;
    if constexpr (std::is_same_v<steady_clock::duration, duration>) {
      EXPECT_EQ(to_time_point(to_steady_time_point(instant)), instant) << nanoseconds;
    }
  }
  const steady_clock::time_point now = steady_clock::now();
  EXPECT_EQ(to_steady_time_point(to_time_point(now)), now);
  EXPECT_EQ(to_time_point(now).time_since_epoch(), now.time_since_epoch());
}

// What next_deadline() returns when nothing is scheduled must mean "never" to the event loop too.
TEST(Time, NothingScheduledStaysNothingScheduled) {
  EXPECT_EQ(to_steady_time_point(time_point::max()), steady_clock::time_point::max());
  EXPECT_LT(to_steady_time_point(at(big)), steady_clock::time_point::max());
}

}  // namespace
