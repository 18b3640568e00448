// tests/testing/link_test.cpp - flotilla/testing/link.hpp
// What a path does unless it is told otherwise; what the options do is network_test's.
#include <flotilla/testing/link.hpp>

#include <gtest/gtest.h>

#include <chrono>

namespace {

using namespace std::chrono_literals;
using flotilla::duration;
using flotilla::testing::burst_loss;
using flotilla::testing::chance;
using flotilla::testing::latency;
using flotilla::testing::link_options;
using flotilla::testing::random_generator;

TEST(Link, LosesNothingUnlessToldTo) {
  const link_options link;
  EXPECT_FALSE(link.loss.possible());
  EXPECT_FALSE(link.burst.begin.possible());
  EXPECT_FALSE(link.burst.loss.possible());
  EXPECT_FALSE(link.duplicate.possible());
  EXPECT_FALSE(link.reorder.possible());
}

TEST(Link, TakesHalfAMillisecondToOneByDefault) {
  const link_options link;
  random_generator random{1};
  for (int i = 0; i < 10'000; ++i) {
    const duration d = link.delay.draw(random);
    ASSERT_GE(d, 500us);
    ASSERT_LT(d, 1ms);
    const duration held = link.reorder_delay.draw(random);
    ASSERT_GE(held, 0ms);
    ASSERT_LT(held, 20ms);
  }
}

TEST(Link, ABurstThatIsNotDescribedEndsAtOnce) { EXPECT_EQ(burst_loss{}.end, chance::always()); }

TEST(Link, ComparesEveryField) {
  const auto differs = [](auto change) {
    link_options link;
    change(link);
    return link != link_options{};
  };
  EXPECT_EQ(link_options{}, link_options{});
  EXPECT_TRUE(differs([](link_options& l) { l.delay = latency::fixed(1ms); }));
  EXPECT_TRUE(differs([](link_options& l) { l.loss = chance::percent(1); }));
  EXPECT_TRUE(differs([](link_options& l) { l.burst.begin = chance::percent(1); }));
  EXPECT_TRUE(differs([](link_options& l) { l.burst.end = chance::percent(1); }));
  EXPECT_TRUE(differs([](link_options& l) { l.burst.loss = chance::percent(1); }));
  EXPECT_TRUE(differs([](link_options& l) { l.duplicate = chance::percent(1); }));
  EXPECT_TRUE(differs([](link_options& l) { l.reorder = chance::percent(1); }));
  EXPECT_TRUE(differs([](link_options& l) { l.reorder_delay = latency::fixed(1ms); }));
}

}  // namespace
