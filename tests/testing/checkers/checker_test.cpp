// tests/testing/checkers/checker_test.cpp - flotilla/testing/checkers/checker.hpp
// What a checker finds carries the property, the group's time, the node and the words.
#include <flotilla/testing/checkers/checker.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <string>

namespace {

using namespace std::chrono_literals;
using flotilla::engine;
using flotilla::time_point;
using flotilla::testing::checker;
using flotilla::testing::cluster;
using flotilla::testing::input_kind;
using flotilla::testing::no_node;
using flotilla::testing::node_index;
using flotilla::testing::report;

/// Finds fault with every third step.
class grumbler final : public checker {
 public:
  using checker::checker;
  void on_step(time_point now, node_index node, const engine& after, input_kind input) override {
    (void)now, (void)after, (void)input;
    if (++steps % 3 == 0) violated("S99", node, "of " + std::to_string(group().size()));
  }
  std::uint64_t steps{0};
};

TEST(Checker, ReportsTimeNodeAndWords) {
  cluster group{1};
  report found;
  grumbler watching{group, found};
  group.sim().watch(watching);
  group.add();
  group.add();
  EXPECT_TRUE(found.empty());
  group.join(1, 0);  // the third step
  ASSERT_EQ(found.count(), 1U);
  EXPECT_EQ(found.violations()[0].property, "S99");
  EXPECT_EQ(found.violations()[0].at, group.now());
  EXPECT_EQ(found.violations()[0].node, 1U);
  EXPECT_EQ(found.violations()[0].what, "of 2");
}

TEST(Checker, ReportsWhenItHappened) {
  cluster group{1};
  report found;
  grumbler watching{group, found};
  group.sim().watch(watching);
  group.add_joined(2);
  group.run_for(10s);
  ASSERT_GT(found.count(), 3U);
  EXPECT_EQ(found.count(), watching.steps / 3);
  for (std::size_t i = 1; i < found.violations().size(); ++i) {
    EXPECT_GE(found.violations()[i].at, found.violations()[i - 1].at);
  }
  EXPECT_GT(found.violations().back().at, found.violations().front().at);
  EXPECT_LE(found.violations().back().at, group.now());
}

TEST(Checker, ChangesNothing) {
  const auto hash_of = [](bool watched) {
    cluster group{7};
    report found;
    grumbler watching{group, found};
    if (watched) group.sim().watch(watching);
    group.add_joined(3);
    group.run_for(20s);
    return group[2].state_hash();
  };
  EXPECT_EQ(hash_of(true), hash_of(false));
}

}  // namespace
