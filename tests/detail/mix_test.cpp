// detail/mix_test.cpp - flotilla/detail/mix.hpp
// Known answers, so that every platform agrees, and the spread that the flat index relies on.
#include <flotilla/detail/mix.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace {

using flotilla::detail::folded_multiply;
using flotilla::detail::mix;
using flotilla::detail::mix_key;

constexpr std::uint64_t ones = 0xffffffffffffffffU;
constexpr std::uint64_t golden = 0x9e3779b97f4a7c15U;  // the default key's first word

struct product {
  std::uint64_t x;
  std::uint64_t y;
  std::uint64_t folded;
};

// Calculated with Python's integers: p = x * y; (p >> 64) ^ (p & (2**64 - 1)).
constexpr product products[] = {
    {0, 0, 0},
    {0, ones, 0},
    {1, 1, 1},
    {ones, 1, ones},
    {ones, ones, ones},  // every carry at once
    {0x8000000000000000U, 2, 1},
    {0xffffffffU, 0xffffffffU, 0xfffffffe00000001U},
    {0x100000000U, 0x100000000U, 1},
    {0xffffffffU, 0xffffffff00000000U, 0x1fffffffeU},
    {0x123456789abcdef0U, 0xfedcba9876543210U, 0x317228f48165bb22U},
    {golden, 0xd6e8feb86659fd93U, 0xc9d874ca57d9e055U},
};

// Constants are computed out of 32-bit products, the tests below with what the machine has.
constexpr bool constants_are_the_known_answers() {
  for (const product& p : products) {
    if (folded_multiply(p.x, p.y) != p.folded || folded_multiply(p.y, p.x) != p.folded)
      return false;
  }
  return true;
}
static_assert(constants_are_the_known_answers());
static_assert(mix(0, mix_key{}) == 0x7053604560e85bcdU);

TEST(Mix, FoldedMultiplyGivesTheKnownAnswers) {
  for (const product& p : products) {
    EXPECT_EQ(folded_multiply(p.x, p.y), p.folded) << std::hex << p.x << " * " << p.y;
    EXPECT_EQ(folded_multiply(p.y, p.x), p.folded) << std::hex << p.y << " * " << p.x;
  }
}

// These numbers decide the order of rows and digests: they are the same everywhere and for ever.
TEST(Mix, MixGivesTheKnownAnswers) {
  EXPECT_EQ(mix(1, mix_key{}), 0x8dd90f88dcd15d6cU);
  EXPECT_EQ(mix(golden, mix_key{}), 0xc9d874ca57d9e055U);
  EXPECT_EQ(mix(ones, mix_key{}), 0xfc2eed012309eadaU);
  EXPECT_EQ(mix(0, mix_key{1, 2}), 0x2U);
  EXPECT_EQ(mix(0, mix_key{2, 1}), 0xbU);
}

#ifdef __SIZEOF_INT128__
TEST(Mix, FoldedMultiplyIsThe128BitProductFolded) {
  __extension__ using wide = unsigned __int128;
  std::vector<std::uint64_t> words = {0, 1, ones};
  for (unsigned bit = 0; bit < 64; ++bit) {
    const std::uint64_t power = std::uint64_t{1} << bit;
    words.insert(words.end(), {power, power - 1, ones - power, golden << bit});
  }
  for (const std::uint64_t x : words) {
    for (const std::uint64_t y : words) {
      const wide whole = wide{x} * y;
      const auto folded =
          static_cast<std::uint64_t>(whole >> 64U) ^ static_cast<std::uint64_t>(whole);
      ASSERT_EQ(folded_multiply(x, y), folded) << std::hex << x << " * " << y;
    }
  }
}
#endif

TEST(Mix, BothHalvesOfTheKeyMatter) {
  const mix_key key{};
  for (unsigned bit = 0; bit < 64; ++bit) {
    const std::uint64_t flip = std::uint64_t{1} << bit;
    EXPECT_NE(mix(1, key), mix(1, mix_key{key.a ^ flip, key.b})) << "bit " << bit << " of a";
    EXPECT_NE(mix(1, key), mix(1, mix_key{key.a, key.b ^ flip})) << "bit " << bit << " of b";
  }
}

// The flat index takes the low bits as the place and others as the tag: ids that people really
// choose must spread over either end of the word as random ones would (at most 8 to 10 in a place).
TEST(Mix, IdsThatPeopleChooseSpreadOverBothEnds) {
  constexpr std::size_t places = 4096;
  struct pattern {
    const char* name;
    std::uint64_t start;
    std::uint64_t step;
  };
  constexpr pattern patterns[] = {
      {"1, 2, 3", 1, 1},
      {"multiples of 4096", 0, places},
      {"high half only", 0, std::uint64_t{1} << 32U},
      {"highest bits only", 0, std::uint64_t{1} << 52U},
      {"address and port", 0x0a00000100001f0aU, std::uint64_t{1} << 32U},
      {"multiples of the key", 0, golden}};
  constexpr mix_key keys[] = {
      {}, {0x0123456789abcdefU, 0xfedcba9876543210U}, {golden << 1U, golden >> 1U}};
  for (const mix_key key : keys) {
    for (const pattern& p : patterns) {
      std::vector<unsigned> low(places);
      std::vector<unsigned> high(places);
      for (std::uint64_t i = 0; i < places; ++i) {
        const std::uint64_t mixed = mix(p.start + i * p.step, key);
        ++low[static_cast<std::size_t>(mixed % places)];
        ++high[static_cast<std::size_t>(mixed >> 52U)];
      }
      const auto fullest_low = *std::max_element(low.begin(), low.end());
      const auto fullest_high = *std::max_element(high.begin(), high.end());
      EXPECT_LE(fullest_low, 12U) << p.name << ", key " << std::hex << key.a;
      EXPECT_LE(fullest_high, 12U) << p.name << ", key " << std::hex << key.a;
    }
  }
}

}  // namespace
