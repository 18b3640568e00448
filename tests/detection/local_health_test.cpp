// detection/local_health_test.cpp - flotilla/detection/local_health.hpp
// The counter saturates at both ends, the factor is one more, and nacks decide who is to blame.
#include <flotilla/detection/local_health.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>

namespace {

using namespace std::chrono_literals;
using flotilla::blame_of_failed_probe;
using flotilla::duration;
using flotilla::local_health;

// "Back off as high as 9 seconds and 4.5 seconds" from 1 s and 500 ms: S = 8.
TEST(LocalHealth, StretchesUpToNineTimes) {
  local_health health;
  EXPECT_EQ(health.stretch(1s), 1s);
  for (int factor = 2; factor <= 9; ++factor) {
    health.worsen(1, 8);
    EXPECT_EQ(health.stretch(1s), factor * 1s);
  }
  EXPECT_EQ(health.stretch(500ms), 4500ms);
  health.worsen(1, 8);
  EXPECT_EQ(health.score(), 8U);
}

TEST(LocalHealth, SaturatesAtBothEnds) {
  local_health health;
  health.improve();
  EXPECT_EQ(health.score(), 0U);
  health.worsen(10, 8);
  EXPECT_EQ(health.score(), 8U) << "10 at once";
  for (std::uint8_t left = 8; left-- > 0;) {
    health.improve();
    EXPECT_EQ(health.score(), left);
  }
  health.improve();
  EXPECT_EQ(health, local_health{});
  health.worsen(2, 0);
  EXPECT_EQ(health, local_health{}) << "S = 0 turns it off";
  health.worsen(0xffffffffU, 64);
  EXPECT_EQ(health.score(), 64U);
  EXPECT_EQ(health.stretch(duration::max()), duration::max());
}

TEST(LocalHealth, MissingNacksBlameTheProber) {
  EXPECT_EQ(blame_of_failed_probe(0, 0), 1U) << "nobody could be asked";
  for (std::uint32_t asked = 1; asked <= 16; ++asked) {
    EXPECT_EQ(blame_of_failed_probe(asked, asked), 0U);
    EXPECT_EQ(blame_of_failed_probe(asked, 0), 2U);
    for (std::uint32_t nacked = 1; nacked < asked; ++nacked) {
      EXPECT_EQ(blame_of_failed_probe(asked, nacked), 1U);
    }
  }
}

}  // namespace
