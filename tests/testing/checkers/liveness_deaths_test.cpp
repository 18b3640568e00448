// tests/testing/checkers/liveness_deaths_test.cpp - tests of testing/checkers/liveness_deaths.hpp
// Each judgement is made to fail, by somebody who cannot hear or by a rule that is taken away.
#include <flotilla/testing/checkers/liveness_deaths.hpp>
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

TEST(liveness_crash, that_is_not_found_is_reported) {
  court c{5};
  c.group.freeze(1);
  EXPECT_FALSE(c.judge.judge_crash(4));
  EXPECT_TRUE(c.found_only({"L2", "L1"})) << c.found.to_string();
  for (const violation& v : c.found.violations()) EXPECT_EQ(v.node, 1U);
  EXPECT_EQ(c.found.count("L2"), 2U) << "neither probed nor dead: " << c.found.to_string();
}

/// Probes of others, and pings on behalf of others, are not the observer's own.
TEST(liveness_crash, is_judged_by_the_observers_own_probes) {
  config settings = config::loopback();
  settings.suspicion_multiplier = 20;
  settings.experiment.round_robin = false;
  std::size_t late = 0;
  for (node_index victim = 1; victim < 10; ++victim) {
    court c{10, settings};
    if (!c.judge.judge_crash(victim)) ++late;
    EXPECT_EQ(c.found.count("L1"), 0U) << c.found.to_string();
    EXPECT_LT(c.found.count("L2"), 9U) << "some are in time: " << c.found.to_string();
  }
  EXPECT_GT(late, 0U);
}

TEST(liveness_crash, that_is_found_too_soon_is_reported) {
  config settings = config::loopback();
  settings.experiment.suspicion = false;
  court c{5, settings};
  EXPECT_FALSE(c.judge.judge_crash(4));
  EXPECT_EQ(c.found.count("L2"), 4U) << c.found.to_string();
  EXPECT_NE(c.found.to_string().find("sooner than"), std::string::npos) << c.found.to_string();
}

TEST(liveness_leave, that_nobody_hears_is_a_failure) {
  court c{5};
  for (node_index i = 0; i < 5; ++i) {
    if (i != 2) c.group.net().cut(2, i);
  }
  EXPECT_FALSE(c.judge.judge_leave(2));
  EXPECT_TRUE(c.found_only({"L9"})) << c.found.to_string();
  EXPECT_GE(c.found.count("L9"), 4U);
}

TEST(liveness_leave, that_one_does_not_hear_is_reported_of_that_one) {
  court c{4};
  c.group.freeze(3);
  EXPECT_FALSE(c.judge.judge_leave(2));
  EXPECT_TRUE(c.found_only({"L9"})) << c.found.to_string();
  EXPECT_EQ(c.found.violations()[0].node, 3U);
}

}  // namespace
}  // namespace flotilla::testing
