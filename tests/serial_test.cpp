// serial_test.cpp - flotilla/serial.hpp, exhaustive at 8 bits
// RFC 1982's definitions, restated from its text, against the code for every pair of numbers.
#include <flotilla/serial.hpp>

#include <gtest/gtest.h>

#include <array>
#include <compare>
#include <cstdint>
#include <type_traits>

namespace {

using flotilla::incarnation;
using flotilla::serial;
using serial8 = serial<std::uint8_t>;

constexpr unsigned range = 256;
constexpr unsigned half = 128;

constexpr serial8 at(unsigned value) { return serial8{static_cast<std::uint8_t>(value)}; }

// "i1 < i2 and i2 - i1 < 2^(SERIAL_BITS - 1), or i1 > i2 and i1 - i2 > 2^(SERIAL_BITS - 1)"
constexpr bool rfc_less(unsigned i1, unsigned i2) {
  return (i1 < i2 && i2 - i1 < half) || (i1 > i2 && i1 - i2 > half);
}
// "i1 < i2 and i2 - i1 > 2^(SERIAL_BITS - 1), or i1 > i2 and i1 - i2 < 2^(SERIAL_BITS - 1)"
constexpr bool rfc_greater(unsigned i1, unsigned i2) {
  return (i1 < i2 && i2 - i1 > half) || (i1 > i2 && i1 - i2 < half);
}
constexpr unsigned ring_distance(unsigned i1, unsigned i2) {
  const unsigned ahead = (i2 + range - i1) % range;
  return ahead < half ? ahead : range - ahead;
}

// Triples that lie pairwise within `window` and yet chase each other in a ring: a < b < c < a.
unsigned rings_within(unsigned window, unsigned starts) {
  unsigned rings = 0;
  for (unsigned a = 0; a < starts; ++a) {
    for (unsigned b = 0; b < range; ++b) {
      if (ring_distance(a, b) > window || !(at(a) < at(b))) continue;
      for (unsigned c = 0; c < range; ++c) {
        if (ring_distance(a, c) > window || ring_distance(b, c) > window) continue;
        if (at(b) < at(c) && !(at(a) < at(c))) ++rings;
      }
    }
  }
  return rings;
}

static_assert(std::is_same_v<incarnation, serial<std::uint32_t>>);
static_assert(!std::is_convertible_v<std::uint32_t, incarnation>);  // no number passes for one
static_assert(!std::is_convertible_v<incarnation, std::uint32_t>);
static_assert(std::is_trivially_copyable_v<incarnation> && sizeof(incarnation) == 4);
static_assert(std::is_same_v<decltype(at(0) <=> at(1)), std::partial_ordering>);
static_assert(incarnation{}.value() == 0);
static_assert(incarnation{0xffffffffU}.next() == incarnation{0});
static_assert(incarnation{0xffffffffU} < incarnation{0});
static_assert((incarnation{5} <=> incarnation{0x80000005U}) == std::partial_ordering::unordered);

TEST(Serial, OrderIsThatOfRfc1982Section32ForEveryPair) {
  for (unsigned a = 0; a < range; ++a) {
    for (unsigned b = 0; b < range; ++b) {
      SCOPED_TRACE(testing::Message() << a << " and " << b);
      const bool less = rfc_less(a, b);
      const bool greater = rfc_greater(a, b);
      ASSERT_EQ(at(a) < at(b), less);
      ASSERT_EQ(at(a) > at(b), greater);
      ASSERT_EQ(at(a) == at(b), a == b);
      ASSERT_EQ(at(a) != at(b), a != b);
      ASSERT_EQ(at(a) <= at(b), less || a == b);
      ASSERT_EQ(at(a) >= at(b), greater || a == b);
      const bool unordered = (at(a) <=> at(b)) == std::partial_ordering::unordered;
      ASSERT_EQ(unordered, ring_distance(a, b) == half);
    }
  }
}

TEST(Serial, ExamplesOfRfc1982Section52) {
  EXPECT_EQ(at(255).advanced(1), at(0));
  EXPECT_EQ(at(100).advanced(100), at(200));
  EXPECT_EQ(at(200).advanced(100), at(44));
  constexpr std::array<std::array<unsigned, 2>, 10> greater{{{1, 0},
                                                             {44, 0},
                                                             {100, 0},
                                                             {100, 44},
                                                             {200, 100},
                                                             {255, 200},
                                                             {0, 255},
                                                             {100, 255},
                                                             {0, 200},
                                                             {44, 200}}};
  for (const auto& [a, b] : greater) EXPECT_GT(at(a), at(b)) << a << " and " << b;
  // "100+100 > 100, but (100+100)+100 < 100": what no window would allow to merge.
  EXPECT_GT(at(100).advanced(100), at(100));
  EXPECT_LT(at(100).advanced(100).advanced(100), at(100));
}

TEST(Serial, StepsWrap) {
  for (unsigned a = 0; a < range; ++a) {
    const unsigned following = (a + 1) % range;
    EXPECT_EQ(at(a).value(), a);
    EXPECT_EQ(at(a).next().value(), following);
    serial8 counter = at(a);
    EXPECT_EQ((counter++).value(), a);
    EXPECT_EQ(counter.value(), following);
    EXPECT_EQ((++counter).value(), (a + 2) % range);
    for (unsigned steps = 0; steps < range; ++steps) {
      const serial8 b = at(a).advanced(static_cast<std::uint8_t>(steps));
      ASSERT_EQ(b.value(), (a + steps) % range);
      ASSERT_EQ(at(a).steps_to(b), steps);
    }
  }
}

TEST(Serial, WindowIsAQuarterOfTheRangeBothWays) {
  EXPECT_EQ(serial8::window(), 64U);
  EXPECT_EQ(serial<std::uint16_t>::window(), 0x4000U);
  EXPECT_EQ(incarnation::window(), 0x40000000U);
  EXPECT_EQ(serial<std::uint64_t>::window(), 0x4000000000000000U);
  for (unsigned a = 0; a < range; ++a) {
    for (unsigned b = 0; b < range; ++b) {
      ASSERT_EQ(at(a).within_window(at(b)), ring_distance(a, b) <= 64) << a << " and " << b;
    }
  }
}

// Law 8: merge is a join only because this order is transitive inside the window.
TEST(Serial, OrderIsTransitiveInsideTheWindowForEveryTriple) {
  EXPECT_EQ(rings_within(serial8::window(), range), 0U);
}

// The control: the search does find rings, as soon as the window is more than a third of the range.
TEST(Serial, AWindowOfMoreThanAThirdOfTheRangeIsUnsound) {
  EXPECT_EQ(rings_within(range / 3, 1), 0U);
  EXPECT_GT(rings_within(range / 3 + 1, 1), 0U);
  EXPECT_TRUE(at(0) < at(86) && at(86) < at(171) && at(171) < at(0));
}

}  // namespace
