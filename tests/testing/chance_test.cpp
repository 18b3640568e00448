// tests/testing/chance_test.cpp - flotilla/testing/chance.hpp
// Never and always are exact and draw nothing; what lies between happens as often as it says.
#include <flotilla/testing/chance.hpp>

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>

namespace {

using flotilla::testing::chance;
using flotilla::testing::random_generator;

constexpr std::uint32_t most = std::numeric_limits<std::uint32_t>::max();

static_assert(chance{} == chance::never());
static_assert(chance::ratio(0, most) == chance::never());
static_assert(chance::percent(100) == chance::always());
static_assert(chance::per_million(1'000'000) == chance::always());
static_assert(chance::ratio(7, 3) == chance::always());
static_assert(chance::ratio(most, most) == chance::always());
static_assert(chance::ratio(most - 1, most) != chance::always());
static_assert(chance::percent(25) == chance::ratio(1, 4));
static_assert(!chance::never().possible() && chance::ratio(1, most).possible());

std::uint32_t happened(chance what, std::uint64_t seed, std::uint32_t draws) {
  random_generator random{seed};
  std::uint32_t count = 0;
  for (std::uint32_t i = 0; i < draws; ++i) count += what.happens(random) ? 1U : 0U;
  return count;
}

TEST(Chance, NeverAndAlwaysAreExactAndDrawNothing) {
  random_generator random{1};
  const random_generator before = random;
  for (int i = 0; i < 1000; ++i) {
    ASSERT_FALSE(chance::never().happens(random));
    ASSERT_TRUE(chance::always().happens(random));
  }
  EXPECT_EQ(random, before);
}

TEST(Chance, WhatMayHappenDrawsExactlyOnce) {
  for (const chance what : {chance::ratio(1, most), chance::percent(50), chance::percent(99)}) {
    random_generator random{2};
    random_generator once{2};
    (void)what.happens(random);
    (void)once.next();
    EXPECT_EQ(random, once);
  }
}

// Six standard deviations on either side: a right implementation fails once in 10^8 seeds.
TEST(Chance, HappensAsOftenAsItSays) {
  constexpr std::uint32_t draws = 1'000'000;
  for (const std::uint32_t millionths : {100U, 10'000U, 250'000U, 500'000U, 990'000U, 999'900U}) {
    for (const std::uint64_t seed : {1U, 99U, 12345U}) {
      const std::uint32_t count = happened(chance::per_million(millionths), seed, draws);
      const std::uint64_t variance =
          std::uint64_t{millionths} * (1'000'000 - millionths) / 1'000'000;
      const std::uint64_t off = count > millionths ? count - millionths : millionths - count;
      EXPECT_LE(off * off, 36 * variance) << count << " of " << millionths << ", seed " << seed;
    }
  }
}

TEST(Chance, TheSmallestStillHappensAndTheLargestStillFails) {
  // 1 in 2^32 needs luck that no test has; 1 in 10^5 does not.
  EXPECT_GT(happened(chance::ratio(1, 100'000), 5, 2'000'000), 0U);
  EXPECT_LT(happened(chance::ratio(99'999, 100'000), 5, 2'000'000), 2'000'000U);
}

TEST(Chance, MillionthsAreWhatWasPutIn) {
  for (std::uint32_t value = 0; value <= 1'000'000; ++value) {
    ASSERT_EQ(chance::per_million(value).millionths(), value);
  }
  for (std::uint32_t value = 0; value <= 100; ++value) {
    EXPECT_EQ(chance::percent(value).millionths(), value * 10'000);
  }
}

TEST(Chance, TheSameSeedHappensTheSame) {
  random_generator a{7};
  random_generator b{7};
  random_generator other{8};
  std::uint32_t differences = 0;
  for (int i = 0; i < 1000; ++i) {
    const bool mine = chance::percent(50).happens(a);
    ASSERT_EQ(mine, chance::percent(50).happens(b));
    differences += mine != chance::percent(50).happens(other) ? 1U : 0U;
  }
  EXPECT_GT(differences, 400U);
  EXPECT_LT(differences, 600U);
}

}  // namespace
