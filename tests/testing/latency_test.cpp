// tests/testing/latency_test.cpp - flotilla/testing/latency.hpp
// Bounds are exact, means and quantiles lie where they should, and nothing overflows.
#include <flotilla/testing/latency.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <vector>

namespace {

using namespace std::chrono_literals;
using flotilla::duration;
using flotilla::testing::latency;
using flotilla::testing::random_generator;
using flotilla::testing::detail_latency::minus_log;

constexpr std::size_t draws = 200'000;

std::vector<duration> sample(const latency& what, std::uint64_t seed) {
  random_generator random{seed};
  std::vector<duration> result(draws);
  for (duration& d : result) d = what.draw(random);
  std::sort(result.begin(), result.end());
  return result;
}

double mean(const std::vector<duration>& sorted) {
  double sum = 0;
  for (const duration d : sorted) sum += static_cast<double>(d.count());
  return sum / static_cast<double>(sorted.size());
}

/// The share of draws that are at most `value`.
double share(const std::vector<duration>& sorted, duration value) {
  const auto end = std::upper_bound(sorted.begin(), sorted.end(), value);
  return static_cast<double>(end - sorted.begin()) / static_cast<double>(sorted.size());
}

TEST(Latency, FixedIsFixedAndDrawsNothing) {
  random_generator random{1};
  const random_generator before = random;
  for (const duration value : {duration::zero(), duration{1}, duration{5ms}, duration{720h}}) {
    EXPECT_EQ(latency::fixed(value).draw(random), value);
    EXPECT_EQ(latency::fixed(value).least(), value);
    EXPECT_EQ(latency::exponential(value, duration::zero()).draw(random), value);
  }
  EXPECT_EQ(latency{}.draw(random), duration::zero());
  EXPECT_EQ(random, before);
}

TEST(Latency, NoneIsTheDefaultAndNoOther) {
  EXPECT_TRUE(latency{}.is_none());
  EXPECT_TRUE(latency::fixed(duration::zero()).is_none());
  EXPECT_FALSE(latency::fixed(1ns).is_none());
  EXPECT_FALSE(latency::uniform(duration::zero(), 1ns).is_none());
  EXPECT_FALSE(latency::exponential(duration::zero(), 1ns).is_none());
  EXPECT_FALSE(latency::by_quantiles({{0, 0ns}, {500, 0ns}, {1000, 0ns}}).is_none()) << "it draws";
}

TEST(Latency, OtherwiseEachDrawsExactlyOnce) {
  const latency all[] = {latency::uniform(1ms, 2ms), latency::exponential(1ms, 2ms),
                         latency::by_quantiles({{0, 1ms}, {500, 2ms}, {900, 5ms}, {1000, 100ms}})};
  for (const latency& what : all) {
    random_generator random{3};
    random_generator once{3};
    (void)what.draw(random);
    (void)once.next();
    EXPECT_EQ(random, once);
  }
}

TEST(Latency, UniformFillsItsRangeEvenly) {
  for (const std::uint64_t seed : {1U, 77U}) {
    const auto s = sample(latency::uniform(10ms, 30ms), seed);
    EXPECT_GE(s.front(), 10ms);
    EXPECT_LT(s.front(), 10ms + 1us * 10);
    EXPECT_LT(s.back(), 30ms);
    EXPECT_GT(s.back(), 30ms - 1us * 10);
    EXPECT_NEAR(mean(s), 20e6, 0.1e6) << "seed " << seed;
    for (int tenth = 1; tenth < 10; ++tenth) {
      EXPECT_NEAR(share(s, 10ms + tenth * 2ms), tenth / 10.0, 0.01) << "seed " << seed;
    }
  }
}

TEST(Latency, ANarrowRangeHasAllItsValues) {
  const auto s = sample(latency::uniform(duration{100}, duration{104}), 1);
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(std::binary_search(s.begin(), s.end(), duration{100 + i}), true) << i;
    EXPECT_NEAR(share(s, duration{100 + i}), (i + 1) / 4.0, 0.01);
  }
  EXPECT_LT(s.back(), duration{104});
}

TEST(Latency, RangesOfMonthsDoNotOverflow) {
  const auto s = sample(latency::uniform(duration::zero(), 720h * 1000), 9);
  EXPECT_GE(s.front(), duration::zero());
  EXPECT_LT(s.back(), 720h * 1000);
  EXPECT_GT(s.back(), 719h * 1000);
  EXPECT_NEAR(share(s, 360h * 1000), 0.5, 0.01);
}

TEST(Latency, ExponentialHasItsMeanItsHalfLifeAndItsTail) {
  for (const std::uint64_t seed : {1U, 5U, 1000U}) {
    const auto s = sample(latency::exponential(3ms, 10ms), seed);
    EXPECT_GE(s.front(), 3ms);
    EXPECT_LT(s.front(), 3ms + 10us);
    EXPECT_NEAR(mean(s), 13e6, 0.2e6) << "seed " << seed;
    for (const double times : {0.1, 0.5, 1.0, 2.0, 4.0}) {
      const auto at = 3ms + duration{static_cast<std::int64_t>(times * 10e6)};
      EXPECT_NEAR(share(s, at), 1 - std::exp(-times), 0.006) << times << ", seed " << seed;
    }
    EXPECT_GT(s.back(), 3ms + 80ms);   // e^-8 of 200,000 draws are 67
    EXPECT_LT(s.back(), 3ms + 250ms);  // e^-25 of them are none
  }
}

TEST(Latency, MinusLogIsTheLogarithmToATenthOfAPercent) {
  const auto exact = [](std::uint64_t bits) {
    return (64 * std::log(2.0) - std::log(static_cast<double>(bits | 1U))) * 65536;
  };
  random_generator random{4};
  for (int i = 0; i < 100'000; ++i) {
    const std::uint64_t bits = random.next() >> random.below(64);
    const double expected = exact(bits);
    // Draws near 1 have logarithms near 0: there it is the absolute error that counts.
    ASSERT_NEAR(static_cast<double>(minus_log(bits)), expected, 0.001 * expected + 40) << bits;
  }
  EXPECT_NEAR(static_cast<double>(minus_log(0)), exact(0), 64);
  EXPECT_LE(minus_log(0), 45U * 65536);
  EXPECT_LE(minus_log(~std::uint64_t{0}), 2U);
  EXPECT_EQ(minus_log(std::uint64_t{1} << 63U), 45426U);
}

TEST(Latency, AnHourOfMeanDoesNotOverflow) {
  const auto s = sample(latency::exponential(duration::zero(), 1h), 2);
  EXPECT_GE(s.front(), duration::zero());
  EXPECT_GT(s.back(), 8h);
  EXPECT_LT(s.back(), 45h);
}

TEST(Latency, QuantilesLieWhereTheyWereMeasured) {
  const auto what =
      latency::by_quantiles({{0, 1ms}, {500, 2ms}, {900, 10ms}, {990, 50ms}, {1000, 1s}});
  EXPECT_EQ(what.least(), 1ms);
  for (const std::uint64_t seed : {1U, 2U, 3U}) {
    const auto s = sample(what, seed);
    EXPECT_GE(s.front(), 1ms);
    EXPECT_LT(s.back(), 1s);
    EXPECT_GT(s.back(), 900ms);
    EXPECT_NEAR(share(s, 1500us), 0.25, 0.01);
    EXPECT_NEAR(share(s, 2ms), 0.5, 0.01);
    EXPECT_NEAR(share(s, 6ms), 0.7, 0.01);
    EXPECT_NEAR(share(s, 10ms), 0.9, 0.01);
    EXPECT_NEAR(share(s, 50ms), 0.99, 0.003);
  }
}

TEST(Latency, AStepInTheQuantilesIsAStep) {
  // Half at exactly 1 ms, half between 5 and 6: nothing in between.
  const auto s = sample(latency::by_quantiles({{0, 1ms}, {500, 1ms}, {500, 5ms}, {1000, 6ms}}), 4);
  EXPECT_EQ(s.front(), 1ms);
  EXPECT_NEAR(share(s, 1ms), 0.5, 0.01);
  EXPECT_EQ(share(s, 1ms), share(s, 5ms - 1ns));
  EXPECT_LT(s.back(), 6ms);
}

}  // namespace
