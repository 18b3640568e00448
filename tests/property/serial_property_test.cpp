// property/serial_property_test.cpp - flotilla/serial.hpp at 16 and 32 bits
// What tests/serial_test.cpp shows for every pair of 8-bit numbers, sampled at the widths in use.
#include <flotilla/serial.hpp>

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <cstdint>
#include <limits>
#include <vector>

namespace {

using flotilla::serial;

template <typename Rep>
class SerialProperty : public testing::Test {};
using widths = testing::Types<std::uint16_t, std::uint32_t>;
TYPED_TEST_SUITE(SerialProperty, widths, );

template <typename Rep>
constexpr Rep half = static_cast<Rep>(std::numeric_limits<Rep>::max() / 2 + 1);
template <typename Rep>
constexpr Rep quarter = static_cast<Rep>(half<Rep> / 2);  // W, as law 8 says

template <typename Rep>
Rep any_number() {
  constexpr std::uint64_t count = std::uint64_t{std::numeric_limits<Rep>::max()} + 1;
  return static_cast<Rep>(*rc::gen::inRange<std::uint64_t>(0, count));
}

// Every distance at and beside the places where the answer changes, and some others.
template <typename Rep>
std::vector<Rep> distances() {
  constexpr auto max = std::numeric_limits<Rep>::max();
  constexpr auto window = quarter<Rep>;
  std::vector<Rep> result = *rc::gen::container<std::vector<Rep>>(10, rc::gen::arbitrary<Rep>());
  for (const std::uint64_t edge :
       {Rep{0}, window, half<Rep>, static_cast<Rep>(max - window), max}) {
    for (std::uint64_t beside = 0; beside < 5; ++beside) {
      result.push_back(static_cast<Rep>(edge + beside - 2));
    }
  }
  return result;
}

TYPED_TEST(SerialProperty, OrderIsThatOfRfc1982Section32) {
  EXPECT_TRUE(rc::check([] {
    const std::uint64_t i1 = any_number<TypeParam>();
    const std::uint64_t middle = half<TypeParam>;
    for (const TypeParam distance : distances<TypeParam>()) {
      const std::uint64_t i2 = static_cast<TypeParam>(i1 + distance);
      const serial a{static_cast<TypeParam>(i1)};
      const serial b{static_cast<TypeParam>(i2)};
      RC_ASSERT((a < b) == ((i1 < i2 && i2 - i1 < middle) || (i1 > i2 && i1 - i2 > middle)));
      RC_ASSERT((a > b) == ((i1 < i2 && i2 - i1 > middle) || (i1 > i2 && i1 - i2 < middle)));
      RC_ASSERT((a == b) == (i1 == i2));
      RC_ASSERT((a < b) == (b > a));
    }
  }));
}

TYPED_TEST(SerialProperty, StepsLeadThereAndBack) {
  EXPECT_TRUE(rc::check([] {
    constexpr auto window = quarter<TypeParam>;
    RC_ASSERT(serial<TypeParam>::window() == window);
    const serial a{any_number<TypeParam>()};
    RC_ASSERT(a.next() == a.advanced(1));
    RC_ASSERT(a.next() > a);
    for (const TypeParam steps : distances<TypeParam>()) {
      const serial b = a.advanced(steps);
      RC_ASSERT(a.steps_to(b) == steps);
      RC_ASSERT(b.advanced(static_cast<TypeParam>(0 - steps)) == a);
      const bool within = steps <= window || steps >= static_cast<TypeParam>(0 - window);
      RC_ASSERT(a.within_window(b) == within);
      RC_ASSERT(b.within_window(a) == within);
    }
  }));
}

// Law 8: inside one window serials are ordered as plain numbers are, wherever on the ring it lies.
TYPED_TEST(SerialProperty, InsideAWindowTheOrderIsThatOfPlainNumbers) {
  EXPECT_TRUE(rc::check([] {
    const serial start{any_number<TypeParam>()};
    const std::uint64_t width = quarter<TypeParam>;
    const auto p = static_cast<TypeParam>(*rc::gen::inRange<std::uint64_t>(0, width + 1));
    const auto q = static_cast<TypeParam>(*rc::gen::inRange<std::uint64_t>(0, width + 1));
    const serial a = start.advanced(p);
    const serial b = start.advanced(q);
    RC_ASSERT(a.within_window(b));
    RC_ASSERT((a <=> b) == (p <=> q));
  }));
}

}  // namespace
