// detection/round_trip_times_test.cpp - flotilla/detection/round_trip_times.hpp
// The 99th percentile to within a bucket, what is forgotten, and the bounds of the time-out.
#include <flotilla/detection/round_trip_times.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <vector>

#include <flotilla/detail/random.hpp>

namespace {

using namespace std::chrono_literals;
using flotilla::adapted_direct_timeout;
using flotilla::config;
using flotilla::duration;
using flotilla::floor_of_direct_timeout;
using flotilla::round_trip_times;

round_trip_times filled(std::uint32_t n, duration round_trip) {
  round_trip_times recent;
  for (std::uint32_t i = 0; i < n; ++i) recent.add(round_trip);
  return recent;
}

TEST(RoundTripTimes, NothingHeldSaysNothing) {
  EXPECT_EQ(round_trip_times{}.count(), 0U);
  EXPECT_EQ(round_trip_times{}.percentile_99(), 0ns);
}

/// Never less than what was measured, and at most an eighth more.
TEST(RoundTripTimes, IsRightToWithinABucket) {
  for (std::int64_t ns = 1 << 16; ns < (std::int64_t{1} << 35); ns += ns / 97 + 1) {
    const duration read = filled(1, duration{ns}).percentile_99();
    ASSERT_GT(read, duration{ns});
    ASSERT_LE(read.count(), ns + ns / 8 + 1) << ns;
  }
}

TEST(RoundTripTimes, WhatIsOffTheScaleGoesToItsEnds) {
  for (const duration tiny : {duration{-5}, duration{0}, duration{1}, duration{65'535}}) {
    EXPECT_EQ(filled(1, tiny), filled(1, duration{1 << 16}));
  }
  EXPECT_EQ(filled(1, duration::max()), filled(1, duration{(std::int64_t{1} << 35) - 1}));
}

/// Of 400, the four longest may be as long as they like; with the fifth that changes.
TEST(RoundTripTimes, OneInAHundredMayTakeLonger) {
  round_trip_times recent = filled(396, 1ms);
  for (int i = 0; i < 4; ++i) recent.add(1s);
  EXPECT_LT(recent.percentile_99(), 2ms);
  recent = filled(395, 1ms);
  for (int i = 0; i < 5; ++i) recent.add(1s);
  EXPECT_GT(recent.percentile_99(), 1s);
}

/// It moves from sample to sample; a sorted list of the same ones says the same.
TEST(RoundTripTimes, FollowsEverySample) {
  flotilla::detail::random_generator random{1};
  round_trip_times recent;
  std::vector<duration> all;
  for (std::uint32_t i = 0; i < round_trip_times::most_held; ++i) {
    const auto octave = 17U + random.below(random.below(2) == 0 ? 4 : 17);
    all.push_back(duration{(std::int64_t{1} << octave) + random.below(1U << 16U)});
    recent.add(all.back());
    std::vector<duration> sorted = all;
    std::sort(sorted.begin(), sorted.end());
    const duration slow = sorted[sorted.size() - 1 - sorted.size() / 100];
    ASSERT_GT(recent.percentile_99(), slow) << i;
    ASSERT_LE(recent.percentile_99(), slow + slow / 8 + duration{1}) << i;
  }
}

/// Fifty fast answers after any number of slow ones do not hide them; a thousand do.
TEST(RoundTripTimes, ForgetsWhatIsLongPast) {
  round_trip_times recent = filled(10'000, 1s);
  EXPECT_LE(recent.count(), round_trip_times::most_held);
  for (int i = 0; i < 50; ++i) recent.add(1ms);
  EXPECT_GT(recent.percentile_99(), 1s);
  for (int i = 0; i < 3000; ++i) recent.add(1ms);
  EXPECT_LT(recent.percentile_99(), 2ms);
  for (int i = 0; i < 8; ++i) recent.add(1s);
  EXPECT_GT(recent.percentile_99(), 1s) << "a change for the worse shows at once";
}

TEST(RoundTripTimes, HashFollowsTheCounts) {
  const auto digest = [](const round_trip_times& of) {
    flotilla::detail::state_hasher out;
    of.hash_into(out);
    return out.digest();
  };
  EXPECT_EQ(digest(filled(3, 1ms)), digest(filled(3, 1ms)));
  EXPECT_NE(digest(filled(3, 1ms)), digest(filled(4, 1ms)));
  EXPECT_NE(digest(filled(3, 1ms)), digest(filled(3, 2ms)));
}

TEST(DirectTimeout, StaysBetweenItsFloorAndTheConfiguredOne) {
  const config lan = config::lan();
  EXPECT_EQ(floor_of_direct_timeout(lan), 40ms) << "four times the granularity";
  EXPECT_EQ(adapted_direct_timeout(lan, filled(100, 1ms)), 40ms);
  EXPECT_EQ(adapted_direct_timeout(lan, filled(100, 10s)), lan.direct_timeout);
  const duration usual = adapted_direct_timeout(lan, filled(100, 100ms));
  EXPECT_GE(usual, 110ms);
  EXPECT_LE(usual, 110ms + 110ms / 8);
  config fine = lan;
  fine.tick_granularity = 1ms;
  EXPECT_EQ(adapted_direct_timeout(fine, filled(100, 1ms)), 10ms) << "and at least 10 ms";
  fine.direct_timeout = 5ms;
  EXPECT_EQ(adapted_direct_timeout(fine, filled(100, 1ms)), 5ms);
  fine.tick_granularity = duration::max();
  EXPECT_EQ(floor_of_direct_timeout(fine), 5ms);
}

TEST(DirectTimeout, IsTheConfiguredOneWhileLittleIsKnownAndWhenFixed) {
  config lan = config::lan();
  const auto few = round_trip_times::least_held - 1;
  EXPECT_EQ(adapted_direct_timeout(lan, filled(few, 1ms)), lan.direct_timeout);
  EXPECT_EQ(adapted_direct_timeout(lan, filled(few + 1, 1ms)), 40ms);
  lan.adaptive_timeout = false;
  EXPECT_EQ(adapted_direct_timeout(lan, filled(100, 1ms)), lan.direct_timeout);
  EXPECT_FALSE(config::swim_paper().adaptive_timeout) << "the paper: 200 ms, always";
}

}  // namespace
