// tests/testing/local_clock_test.cpp - flotilla/testing/local_clock.hpp
// What it shows is exact, a timer fires neither early nor a nanosecond too late, nothing overflows.
#include <flotilla/testing/local_clock.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <flotilla/detail/random.hpp>
#include <limits>

namespace {

using namespace std::chrono_literals;
using flotilla::duration;
using flotilla::time_point;
using flotilla::testing::local_clock;

constexpr time_point noon{12h};

TEST(LocalClock, ShowsTheTimeAtFirst) {
  const local_clock c;
  EXPECT_EQ(c.at(noon), noon);
  EXPECT_EQ(c.when(noon + 5s, noon), noon + 5s);
  EXPECT_EQ(c.when(noon - 5s, noon), noon) << "overdue is now";
  EXPECT_EQ(c.when(time_point::max(), noon), time_point::max());
  EXPECT_TRUE(c.advances());
}

TEST(LocalClock, JumpsAndGoesOn) {
  local_clock c;
  c.jump(1h);
  EXPECT_EQ(c.at(noon), noon + 1h);
  EXPECT_EQ(c.when(noon + 90min, noon), noon + 30min);
  c.jump(-3h);
  EXPECT_EQ(c.at(noon), noon - 2h);
  EXPECT_EQ(c.at(noon + 1s), noon - 2h + 1s);
  EXPECT_EQ(c.when(noon, noon), noon + 2h);
}

TEST(LocalClock, Drifts) {
  local_clock c;
  c.drift(noon, 100);  // 100 ppm: 8.64 s a day
  EXPECT_EQ(c.at(noon), noon);
  EXPECT_EQ(c.at(noon + 24h), noon + 24h + 8640ms);
  EXPECT_EQ(c.at(noon + 240000h), noon + 240000h + 86400s);
  c.drift(noon + 24h, -100);
  EXPECT_EQ(c.at(noon + 24h), noon + 24h + 8640ms) << "a new rate moves nothing";
  EXPECT_EQ(c.at(noon + 48h), noon + 48h);
  c.drift(noon + 48h, 0);
  EXPECT_EQ(c.at(noon + 72h), noon + 72h);
}

TEST(LocalClock, JumpsWhileItDrifts) {
  local_clock c;
  c.drift(noon, 500'000);
  c.jump(1h);
  EXPECT_EQ(c.at(noon + 2h), noon + 4h);
  EXPECT_EQ(c.when(noon + 4h, noon + 2h), noon + 2h) << "due now is now, not a nanosecond later";
}

TEST(LocalClock, StandsAndRunsBackwards) {
  local_clock c;
  c.drift(noon, -1'000'000);
  EXPECT_FALSE(c.advances());
  EXPECT_EQ(c.at(noon + 1h), noon);
  EXPECT_EQ(c.at(noon + 5000h), noon);
  c.drift(noon + 1h, -3'000'000);
  EXPECT_FALSE(c.advances());
  EXPECT_EQ(c.at(noon + 2h), noon - 2h);
  c.drift(noon + 2h, -999'999);
  EXPECT_TRUE(c.advances());
  EXPECT_EQ(c.at(noon + 2h + 1s), noon - 2h + 1us);
}

// Otherwise a timer would be set again and again for the same instant.
TEST(LocalClock, ATimerOfAClockThatStandsFiresLaterThanNow) {
  for (const std::int32_t rate : {-1'000'000, -1'000'001, -2'000'000, INT32_MIN}) {
    local_clock c;
    c.drift(noon, rate);
    EXPECT_EQ(c.when(noon + 2s, noon), noon + 2s) << rate;
    EXPECT_EQ(c.when(noon - 2s, noon), noon + 1ms) << rate;
    EXPECT_EQ(c.when(noon, noon), noon + 1ms) << rate;
    EXPECT_EQ(c.when(time_point::max(), noon), time_point::max()) << rate;
  }
}

TEST(LocalClock, ATimerFiresNeitherEarlyNorMoreThanANanosecondOfItsOwnLate) {
  flotilla::detail::random_generator random{1};
  for (int i = 0; i < 100'000; ++i) {
    const std::int32_t extremes[] = {-999'999, -999'000, -500'000, -1, 1, 37, 999'999, 10'000'000};
    const std::int32_t rate = extremes[random.below(8)];
    const time_point since = noon - duration{random.below(2'000'000'000)};
    const std::int64_t wait = random.below(1U << random.below(31)) + std::int64_t{1};
    local_clock c;
    c.drift(since, rate);
    const time_point due = c.at(noon) + duration{wait};
    const time_point fires = c.when(due, noon);
    ASSERT_GT(fires, noon);
    ASSERT_GE(c.at(fires), due) << "rate " << rate << ", wait " << wait;
    // Two nanoseconds before, the clock has not got there (or more than one step of a fast one).
    const std::int64_t step = 2 + (rate > 0 ? 2 * (std::int64_t{rate} / 1'000'000 + 1) : 2);
    ASSERT_LE(c.at(fires - duration{2}), due + duration{step});
    if (rate <= 1) {
      ASSERT_LT(c.at(fires - duration{3}), due + duration{1}) << rate << " " << wait;
    }
  }
}

TEST(LocalClock, TheEndsOfTimeDoNotOverflow) {
  local_clock c;
  c.jump(duration::min());
  c.jump(duration::min());
  EXPECT_LE(c.at(noon), time_point{duration::min()} + 12h);
  c.drift(noon, 1000);
  EXPECT_LT(c.at(noon + 1h), time_point{});
  EXPECT_GT(c.when(noon, noon), noon);
  c.jump(duration::max());
  c.jump(duration::max());
  EXPECT_EQ(c.at(noon), time_point::max());
  c.drift(noon, 0);
  EXPECT_EQ(c.when(noon, noon), noon);

  local_clock slow;
  slow.drift(noon, -999'999);
  EXPECT_EQ(slow.when(noon + 24h * 365 * 200, noon), time_point::max());
  EXPECT_EQ(slow.when(time_point::max() - 1s, time_point{}), time_point::max());
}

TEST(LocalClock, TheFastestRateIsGoodForWeeks) {
  local_clock c;
  c.drift(noon, std::numeric_limits<std::int32_t>::max());
  const std::int64_t rate = std::numeric_limits<std::int32_t>::max();
  const duration weeks = 49 * 24h;
  EXPECT_EQ(c.at(noon + weeks), noon + weeks + weeks / 1'000'000 * rate);
  EXPECT_LT(c.at(noon + weeks), time_point::max());
}

}  // namespace
