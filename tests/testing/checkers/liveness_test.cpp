// tests/testing/checkers/liveness_test.cpp - tests of testing/checkers/liveness.hpp
// What the judge says of a group in which all is well, and what it counts on the way.
#include <flotilla/testing/checkers/liveness.hpp>
//
#include <gtest/gtest.h>

namespace flotilla::testing {
namespace {

using namespace std::chrono_literals;

struct court {
  report found{};
  cluster group;
  liveness judge;

  explicit court(node_index members, const config& settings = config::loopback())
      : group{7, settings}, judge{group, found} {
    group.sim().watch(judge);
    group.add_joined(members);
  }
};

TEST(liveness, finds_nothing_where_all_is_well) {
  court c{8};
  c.judge.calm_begins();
  EXPECT_TRUE(c.judge.judge_views());
  EXPECT_TRUE(c.judge.judge_silence());
  EXPECT_TRUE(c.judge.judge_crash(3));
  EXPECT_TRUE(c.judge.judge_leave(4));
  EXPECT_TRUE(c.judge.judge_views());
  EXPECT_TRUE(c.judge.judge_silence());
  EXPECT_TRUE(c.judge.judge_accusations(10s));
  EXPECT_TRUE(c.found.empty()) << c.found.to_string();
  EXPECT_EQ(c.judge.accusations(), 0U);
}

TEST(liveness, tells_when_the_views_agreed) {
  court c{4};
  EXPECT_FALSE(c.judge.converged_after());
  c.judge.calm_begins(0s);
  EXPECT_FALSE(c.judge.converged_after()) << "not looked at";
  EXPECT_TRUE(c.judge.judge_views());
  ASSERT_TRUE(c.judge.converged_after());
  EXPECT_GT(*c.judge.converged_after(), 0s) << "a join takes time";
  EXPECT_LE(*c.judge.converged_after(), c.judge.bounds().spread());
  c.judge.calm_begins(0s);
  EXPECT_FALSE(c.judge.converged_after()) << "another calm";
  EXPECT_TRUE(c.judge.judge_views());
  EXPECT_EQ(c.judge.converged_after(), duration{0}) << "as they were";
}

/// Views that are right may be upset by what the last round of the storm still says.
TEST(liveness, does_not_trust_a_moment_in_which_views_are_right) {
  court c{4};
  c.judge.calm_begins(0s);
  const time_point begin = c.group.now();
  EXPECT_TRUE(c.judge.judge_views());
  EXPECT_GE(c.group.now() - begin, c.judge.bounds().longest_period());
}

TEST(liveness, stops_when_it_has_seen_enough) {
  court c{6};
  c.judge.calm_begins();
  ASSERT_TRUE(c.judge.judge_views());
  const time_point begin = c.group.now();
  ASSERT_TRUE(c.judge.judge_crash(5));
  EXPECT_LT(c.group.now() - begin, c.judge.bounds().death());
  EXPECT_GE(c.group.now() - begin, c.judge.bounds().suspicion());
}

TEST(liveness, bounds_count_those_who_are_up) {
  court c{6};
  EXPECT_EQ(c.judge.bounds().members(), 6U);
  c.group.crash(1);
  EXPECT_EQ(c.judge.bounds().members(), 5U);
  c.group.leave(2);
  EXPECT_EQ(c.judge.bounds().members(), 4U);
}

TEST(liveness, counts_accusations_of_those_who_run) {
  court c{5};
  c.judge.calm_begins();
  ASSERT_TRUE(c.judge.judge_views());
  c.group.crash(1);
  c.group.run_for(c.judge.bounds().death());
  EXPECT_EQ(c.judge.accusations(), 0U) << "it does not run";
  c.group.net().isolate(2);
  c.group.run_for(c.judge.bounds().own_suspicion());
  EXPECT_GT(c.judge.accusations(), 0U);
  c.group.run_for(c.judge.bounds().death_alone());
  EXPECT_EQ(c.judge.false_deaths(), 6U) << "three bury it, it buries three";
  EXPECT_EQ(c.judge.accusations(), 12U) << "suspected before";
}

/// The former id of a process that came back under a new one belongs to nobody who runs.
TEST(liveness, knows_who_came_back_under_another_id) {
  court c{5};
  c.judge.calm_begins();
  ASSERT_TRUE(c.judge.judge_views());
  c.group.crash(3);
  c.group.restart(3, memory_kept::not_even_id);
  c.group.join(3, 0);
  c.judge.calm_begins(1s);
  EXPECT_TRUE(c.judge.judge_views()) << c.found.to_string();
  EXPECT_EQ(c.judge.accusations(), 0U);
  EXPECT_TRUE(c.judge.judge_silence()) << c.found.to_string();
}

TEST(liveness, of_one_member_is_trivial) {
  court c{1};
  c.judge.calm_begins();
  EXPECT_TRUE(c.judge.judge_views());
  EXPECT_TRUE(c.judge.judge_silence());
  EXPECT_TRUE(c.judge.judge_leave(0));
  EXPECT_TRUE(c.found.empty()) << c.found.to_string();
}

}  // namespace
}  // namespace flotilla::testing
