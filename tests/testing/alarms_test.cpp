// tests/testing/alarms_test.cpp - flotilla/testing/alarms.hpp
// Each window yields its alarms and no others, however far ahead they lie.
#include <flotilla/testing/alarms.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <flotilla/detail/random.hpp>
#include <map>
#include <set>

namespace {

using namespace std::chrono_literals;
using flotilla::duration;
using flotilla::time_point;
using flotilla::detail::random_generator;
using flotilla::testing::alarms;
using flotilla::testing::node_index;

constexpr time_point at(std::int64_t n) { return time_point{duration{n}}; }

std::set<node_index> taken(alarms& wheel, alarms::window which) {
  std::set<node_index> nodes;
  wheel.take(which, [&](node_index node, time_point when, std::uint64_t order) {
    EXPECT_EQ(alarms::window_of(when), which);
    EXPECT_EQ(order, node + 100U);
    nodes.insert(node);
  });
  return nodes;
}

TEST(Alarms, WindowsFollowTime) {
  EXPECT_LT(alarms::window_of(time_point::min()), alarms::window_of(at(-1)));
  EXPECT_LT(alarms::window_of(at(-1)), alarms::window_of(at(0)));
  EXPECT_EQ(alarms::window_of(at(0)), alarms::window_of(at((1 << 20) - 1)));
  EXPECT_EQ(alarms::window_of(at(0)) + 1, alarms::window_of(at(1 << 20)));
  EXPECT_LT(alarms::window_of(at(1 << 20)), alarms::window_of(time_point::max()));
}

TEST(Alarms, AreTakenByTheirWindow) {
  alarms wheel;
  EXPECT_EQ(wheel.size(), 0U);
  EXPECT_FALSE(wheel.contains(3));
  const time_point soon = at(0) + 1h;
  const duration turn = duration{static_cast<std::int64_t>(alarms::buckets) << 20U};
  wheel.set(3, soon, 103);
  wheel.set(1, soon + 1ns, 101);
  wheel.set(2, soon + turn, 102);  // in the same bucket
  wheel.set(0, soon + 2 * turn + 5ms, 100);
  EXPECT_TRUE(wheel.contains(3));
  const alarms::window first = wheel.next(alarms::window_of(at(0)));
  EXPECT_EQ(first, alarms::window_of(soon));
  EXPECT_EQ(taken(wheel, first), (std::set<node_index>{1, 3}));
  EXPECT_FALSE(wheel.contains(3));
  EXPECT_EQ(wheel.size(), 2U);
  EXPECT_EQ(taken(wheel, first), std::set<node_index>{});
  EXPECT_EQ(wheel.next(first), alarms::window_of(soon + turn));
  wheel.erase(2);
  EXPECT_EQ(wheel.next(first), alarms::window_of(soon + 2 * turn + 5ms));
  EXPECT_EQ(taken(wheel, wheel.next(first)), (std::set<node_index>{0}));
  EXPECT_EQ(wheel.size(), 0U);
}

TEST(Alarms, NextIsTheFirstHoweverFar) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    random_generator random{seed};
    alarms wheel;
    std::map<node_index, alarms::window> expected;
    alarms::window from = alarms::window_of(at(0));
    for (int i = 0; i < 2000; ++i) {
      const node_index node = random.below(50);
      if (wheel.contains(node)) {
        ASSERT_TRUE(expected.contains(node));
        wheel.erase(node);
        expected.erase(node);
      } else {
        const std::uint32_t ahead = random.below(1U << (random.below(16)));
        const time_point when = at((from - alarms::window_of(at(0)) + ahead) << 20U);
        wheel.set(node, when, node + 100U);
        expected[node] = from + ahead;
      }
      ASSERT_EQ(wheel.size(), expected.size());
      if (expected.empty()) continue;
      alarms::window least = alarms::window_of(time_point::max());
      for (const auto& [who, which] : expected) least = which < least ? which : least;
      ASSERT_EQ(wheel.next(from), least);
      if (random.below(4) != 0) continue;
      for (const node_index rung : taken(wheel, least)) {
        ASSERT_EQ(expected.at(rung), least);
        expected.erase(rung);
      }
      for (const auto& [who, which] : expected) ASSERT_NE(which, least);
      from = least + 1;
    }
  }
}

}  // namespace
