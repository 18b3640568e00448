// tests/testing/checkers/liveness_judges_test.cpp - tests of testing/checkers/liveness_judges.hpp
// Each judgement is made to fail, by a fault that is not mended or by a rule that is taken away.
#include <flotilla/testing/checkers/liveness_judges.hpp>
//
#include <gtest/gtest.h>

#include <string_view>

namespace flotilla::testing {
namespace {

using namespace std::chrono_literals;

/// A group in which all is well so far.
struct court {
  report found{};
  cluster group;
  liveness judge;

  explicit court(node_index members, const config& settings = config::loopback())
      : group{7, settings}, judge{group, found} {
    group.sim().watch(judge);
    group.add_joined(members);
    judge.calm_begins(0s);
    EXPECT_TRUE(judge.judge_views()) << found.to_string();
  }
  /// True when exactly these properties are among the violations.
  [[nodiscard]] bool found_only(std::initializer_list<std::string_view> properties) const {
    std::size_t sum = 0;
    for (const std::string_view p : properties) {
      if (found.count(p) == 0) return false;
      sum += found.count(p);
    }
    return sum == found.violations().size();
  }
};

TEST(liveness_views, of_a_group_that_is_still_parted_are_wrong) {
  config settings = config::loopback();
  settings.tombstone_lifetime = 10min;  // else the dead are unknown in the end
  court c{6, settings};
  const time_point begin = c.group.now();
  c.group.net().isolate(2);
  c.group.run_for(c.judge.bounds().death());
  c.judge.calm_begins(0s);
  EXPECT_FALSE(c.judge.judge_views());
  EXPECT_TRUE(c.found_only({"L3", "L4"})) << c.found.to_string();
  EXPECT_EQ(c.found.count("L3"), 10U) << "five do not see it, it does not see five";
  EXPECT_EQ(c.found.count("L4"), 1U);
  EXPECT_GE(c.group.now() - begin, c.judge.bounds().convergence(0s)) << "waited for its bound";
  EXPECT_FALSE(c.judge.converged_after());
}

TEST(liveness_views, show_who_does_not_run) {
  court c{4};
  c.group.crash(3);
  c.group.freeze(1);  // it cannot find out
  c.judge.calm_begins(0s);
  EXPECT_FALSE(c.judge.judge_views());
  EXPECT_EQ(c.found.count("L1"), 1U) << c.found.to_string();
  EXPECT_NE(c.found.to_string().find("node 1: holds id 4 active"), std::string::npos)
      << c.found.to_string();
}

TEST(liveness_views, show_who_is_not_heard_of) {
  court c{3};
  c.group.add();  // joins nobody
  c.judge.calm_begins(0s);
  EXPECT_FALSE(c.judge.judge_views());
  EXPECT_TRUE(c.found_only({"L6", "L4"})) << c.found.to_string();
  EXPECT_EQ(c.found.count("L6"), 6U);
}

TEST(liveness_views, compare_addresses) {
  court c{3};
  c.group.freeze(1);  // it does not hear of the move
  c.group.set_address(2, default_address(99));
  c.judge.calm_begins(0s);
  EXPECT_FALSE(c.judge.judge_views());
  EXPECT_NE(c.found.to_string().find("holds id 3 at 10.0.0.3:7946"), std::string::npos)
      << c.found.to_string();
}

TEST(liveness_silence, is_broken_by_facts_that_go_round_for_ever) {
  config settings = config::loopback();
  settings.experiment.transmit_budget = false;
  court c{4, settings};
  EXPECT_FALSE(c.judge.judge_silence());
  EXPECT_TRUE(c.found_only({"L8"})) << c.found.to_string();
  EXPECT_NE(c.found.to_string().find("still held"), std::string::npos) << c.found.to_string();
}

/// Helpers hide the broken link, and what they are asked for is more than healthy load.
TEST(liveness_silence, is_broken_by_more_messages_than_two_a_period) {
  court c{4};
  c.group.net().cut_both_ways(0, 1);
  EXPECT_FALSE(c.judge.judge_silence());
  EXPECT_TRUE(c.found_only({"L8"})) << c.found.to_string();
  EXPECT_NE(c.found.to_string().find("messages in"), std::string::npos) << c.found.to_string();
}

/// A member that does not probe sends too little.
TEST(liveness_silence, is_not_what_the_frozen_keep) {
  court c{4};
  c.group.freeze(1);
  EXPECT_FALSE(c.judge.judge_silence());
  EXPECT_GT(c.found.count("L8"), 0U) << c.found.to_string();
}

TEST(liveness_accusations, of_those_who_run_are_reported_as_what_they_break) {
  court c{4};
  EXPECT_TRUE(c.judge.judge_accusations(10s, "L7"));
  c.group.net().isolate(1);
  EXPECT_FALSE(c.judge.judge_accusations(10s, "L7"));
  EXPECT_TRUE(c.found_only({"L7"})) << c.found.to_string();
  const std::size_t so_far = c.found.violations().size();
  c.group.net().mend_all();
  c.group.net().isolate(2);
  c.group.run_for(10s);
  EXPECT_EQ(c.found.violations().size(), so_far) << "only while it is asked";
}

}  // namespace
}  // namespace flotilla::testing
