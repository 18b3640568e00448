// detail/random_test.cpp - flotilla/detail/random.hpp
// Known answers, so that the same seed gives the same bytes on every platform, and even draws.
#include <flotilla/detail/random.hpp>

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <iterator>

namespace {

using flotilla::detail::mix_key;
using flotilla::detail::random_generator;
using flotilla::detail::state_hasher;

constexpr std::uint64_t ones = 0xffffffffffffffffU;

struct answer {
  std::uint64_t seed;
  std::array<std::uint64_t, 4> first;
  std::uint64_t thousandth;
};

// Calculated with Python's integers from the papers' definitions of splitmix64 and xoshiro256**.
constexpr answer answers[] = {
    {0,
     {0x99ec5f36cb75f2b4U, 0xbf6e1f784956452aU, 0x1a5f849d4933e6e0U, 0x6aa594f1262d2d2cU},
     0x7aac8c483a2edd2fU},
    {1,
     {0xb3f2af6d0fc710c5U, 0x853b559647364ceaU, 0x92f89756082a4514U, 0x642e1c7bc266a3a7U},
     0xb8517c33c344d153U},
    {0x0123456789abcdefU,
     {0xa2c2a42038d4ec3dU, 0x05fc25d0738e7b0fU, 0x625e7bff938e701eU, 0x1ba4ddc6fe2b5726U},
     0xe5c142c5cc20eea3U},
    {ones,
     {0x8f5520d52a7ead08U, 0xc476a018caa1802dU, 0x81de31c0d260469eU, 0xbf658d7e065f3c2fU},
     0xc3c93ea5cde434ccU},
};

static_assert(random_generator{}.next() == 0x99ec5f36cb75f2b4U);

TEST(Random, GivesTheKnownAnswers) {
  for (const answer& a : answers) {
    random_generator random{a.seed};
    for (const std::uint64_t expected : a.first) EXPECT_EQ(random.next(), expected) << a.seed;
    for (int i = 4; i < 999; ++i) random.next();
    EXPECT_EQ(random.next(), a.thousandth) << a.seed;
  }
}

TEST(Random, BelowGivesTheKnownAnswersAndDrawsOnceEach) {
  constexpr std::uint32_t bounds[] = {1, 2, 6, 52, 1000, 1U << 20U, 0xffffffffU, 10};
  constexpr std::uint32_t expected[] = {0, 0, 4, 48, 991, 807130, 3089192068U, 8};
  random_generator random{42};
  random_generator stepped{42};
  for (std::size_t i = 0; i < std::size(bounds); ++i) {
    EXPECT_EQ(random.below(bounds[i]), expected[i]) << "below " << bounds[i];
    stepped.next();
  }
  EXPECT_EQ(random, stepped);
}

TEST(Random, BelowIsEvenAndNeverReachesItsBound) {
  for (const std::uint32_t bound : {2U, 3U, 10U, 16U}) {
    random_generator random{bound};
    std::array<int, 16> seen{};
    for (int i = 0; i < 16000; ++i) {
      const std::uint32_t drawn = random.below(bound);
      ASSERT_LT(drawn, bound);
      ++seen[drawn];
    }
    const int fair = 16000 / static_cast<int>(bound);
    for (std::uint32_t i = 0; i < bound; ++i) {
      EXPECT_NEAR(seen[i], fair, 5 * fair / 16 + 5) << i << " of " << bound;
    }
  }
}

TEST(Random, SeedsBesideEachOtherHaveNothingInCommon) {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    random_generator a{seed};
    random_generator b{seed + 1};
    EXPECT_NE(a, b);
    for (int i = 0; i < 100; ++i) ASSERT_NE(a.next(), b.next()) << seed;
  }
}

TEST(Random, AKeyIsTwoDraws) {
  random_generator random{0};
  EXPECT_EQ(random.next_key(), (mix_key{answers[0].first[0], answers[0].first[1]}));
  EXPECT_EQ(random.next(), answers[0].first[2]);
}

TEST(Random, StateHashChangesWithEveryDraw) {
  random_generator random{7};
  state_hasher before;
  random.hash_into(before);
  const random_generator copy = random;
  random.next();
  state_hasher after;
  random.hash_into(after);
  EXPECT_NE(before.digest(), after.digest());
  EXPECT_NE(copy, random);
}

}  // namespace
