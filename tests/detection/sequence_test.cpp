// detection/sequence_test.cpp - flotilla/detection/sequence.hpp
// A permutation of the counters, the same on every platform, in which the next number is not seen.
#include <flotilla/detection/sequence.hpp>

#include <gtest/gtest.h>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <set>
#include <vector>

#include <flotilla/detail/random.hpp>

namespace {

using flotilla::sequence_cipher;
using flotilla::detail::mix_key;
using flotilla::detail::random_generator;

static_assert(sequence_cipher{mix_key{}}.counter_of(sequence_cipher{
                  mix_key{}}.sequence_of(0x12345678U)) == 0x12345678U);

// Calculated with Python's integers.
TEST(Sequence, GivesTheKnownAnswers) {
  constexpr std::uint32_t counters[] = {0, 1, 0x100, 0x200, 0xffffffffU};
  constexpr std::uint32_t plain[] = {0xe6457781U, 0xf4640456U, 0x10c5246cU, 0xe7695335U,
                                     0x7c2aca56U};
  constexpr std::uint32_t keyed[] = {0xffaa0fedU, 0x47207a99U, 0x2d91c5ddU, 0xd91120caU,
                                     0xe65f3fdfU};
  const sequence_cipher cipher{mix_key{0x0123456789abcdefU, 0xfedcba9876543210U}};
  for (std::size_t i = 0; i < 5; ++i) {
    EXPECT_EQ(sequence_cipher{}.sequence_of(counters[i]), plain[i]) << i;
    EXPECT_EQ(cipher.sequence_of(counters[i]), keyed[i]) << i;
  }
}

// Each has exactly one inverse, so no two counters share a number.
TEST(Sequence, IsAPermutation) {
  random_generator random{3};
  for (int k = 0; k < 4; ++k) {
    const sequence_cipher cipher{random.next_key()};
    const auto expect_inverse = [&](std::uint32_t x) {
      ASSERT_EQ(cipher.counter_of(cipher.sequence_of(x)), x);
      ASSERT_EQ(cipher.sequence_of(cipher.counter_of(x)), x);
    };
    for (std::uint32_t x = 0; x < 1U << 20U; ++x) expect_inverse(x);
    for (std::uint32_t x = 0; x < 1U << 12U; ++x) expect_inverse(x << 20U | x);
    for (int i = 0; i < 1 << 16; ++i) expect_inverse(static_cast<std::uint32_t>(random.next()));
  }
}

// Who has seen one number knows neither the next one nor the step to it.
TEST(Sequence, StepsBetweenConsecutiveNumbersHardlyRepeat) {
  random_generator random{4};
  for (int k = 0; k < 50; ++k) {
    const sequence_cipher cipher{random.next_key()};
    std::set<std::uint32_t> steps;
    for (std::uint32_t counter = 0; counter < 1000; ++counter) {
      steps.insert(cipher.sequence_of((counter + 1) << 8U) - cipher.sequence_of(counter << 8U));
    }
    EXPECT_GT(steps.size(), 900U) << "key " << k;
  }
}

TEST(Sequence, EveryBitOfTheCounterChangesAboutHalfOfTheNumber) {
  random_generator random{5};
  for (int k = 0; k < 20; ++k) {
    const sequence_cipher cipher{random.next_key()};
    for (unsigned bit = 0; bit < 32; ++bit) {
      int changed = 0;
      for (int i = 0; i < 256; ++i) {
        const auto x = static_cast<std::uint32_t>(random.next());
        changed += std::popcount(cipher.sequence_of(x) ^ cipher.sequence_of(x ^ 1U << bit));
      }
      EXPECT_GT(changed, 256 * 10) << "bit " << bit << ", key " << k;
      EXPECT_LT(changed, 256 * 20) << "bit " << bit << ", key " << k;
    }
  }
}

TEST(Sequence, AnotherKeyGivesOtherNumbers) {
  random_generator random{6};
  const sequence_cipher a{random.next_key()};
  const sequence_cipher b{random.next_key()};
  EXPECT_NE(a, b);
  int equal = 0;
  for (std::uint32_t i = 0; i < 100000; ++i) equal += a.sequence_of(i) == b.sequence_of(i) ? 1 : 0;
  EXPECT_LT(equal, 5);
}

}  // namespace
