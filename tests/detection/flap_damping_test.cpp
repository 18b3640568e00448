// detection/flap_damping_test.cpp - flotilla/detection/flap_damping.hpp
// The penalty halves in each half-life, never grows by itself, and never overflows.
#include <flotilla/detection/flap_damping.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <cstdint>

namespace {

using namespace std::chrono_literals;
using flotilla::decayed_penalty;
using flotilla::duration;
using flotilla::max_flap_penalty;

TEST(FlapDamping, HalvesInEachHalfLife) {
  std::uint32_t left = 16'000;
  for (int halvings = 0; halvings < 8; ++halvings) {
    EXPECT_EQ(decayed_penalty(16'000, halvings * 10s, 10s), left);
    left /= 2;
  }
  EXPECT_EQ(decayed_penalty(max_flap_penalty, 32 * 10s, 10s), 0U);
  EXPECT_EQ(decayed_penalty(max_flap_penalty, duration::max(), 1ms), 0U);
}

TEST(FlapDamping, IsCloseToTheExactCurveAndNeverGrows) {
  std::uint32_t last = 16'000;
  for (auto age = 0ms; age < 40s; age += 7ms) {
    const std::uint32_t left = decayed_penalty(16'000, age, 10s);
    const double exact = 16'000 * std::exp2(-static_cast<double>(age.count()) / 10'000);
    ASSERT_LE(left, last);
    ASSERT_GE(left, exact * 0.99) << age.count();
    ASSERT_LE(left, exact * 1.07) << age.count();
    last = left;
  }
}

TEST(FlapDamping, Extremes) {
  EXPECT_EQ(decayed_penalty(1000, 0s, 10s), 1000U);
  EXPECT_EQ(decayed_penalty(1000, -5s, 10s), 1000U);
  EXPECT_EQ(decayed_penalty(1000, 0s, 0s), 0U) << "off";
  EXPECT_EQ(decayed_penalty(0, 5s, 10s), 0U);
  EXPECT_GT(decayed_penalty(max_flap_penalty, 1h, 24h * 30), max_flap_penalty / 100 * 99);
  EXPECT_GT(decayed_penalty(max_flap_penalty, duration::max() - 1ns, duration::max()),
            max_flap_penalty / 100 * 49);
}

}  // namespace
