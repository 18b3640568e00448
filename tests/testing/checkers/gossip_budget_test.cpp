// testing/checkers/gossip_budget_test.cpp - tests of flotilla/testing/checkers/gossip_budget.hpp
// Silent over rough runs; bites without a budget, on old news, and on datagrams that are too large.
#include <flotilla/testing/checkers/gossip_budget.hpp>

#include <string>

#include <gtest/gtest.h>

#include <testing/checkers/traffic_support.hpp>

namespace {

using namespace traffic;
using flotilla::testing::gossip_budget_checker;

TEST(GossipBudgetChecker, FindsNothingInRoughRuns) {
  const auto runs = judged_over_rough_runs<gossip_budget_checker>(1, 8);
  EXPECT_GT(sum(runs, &gossip_budget_checker::tally::gossiped), 40'000U);
  EXPECT_GT(sum(runs, &gossip_budget_checker::tally::exempt), 10'000U);
  EXPECT_GT(sum(runs, &gossip_budget_checker::tally::exhausted), 2'000U);
  EXPECT_GT(sum(runs, &gossip_budget_checker::tally::superseded), 2'000U);
}

TEST(GossipBudgetChecker, FindsNothingInSmallDatagrams) {
  config settings = config::lan();
  settings.max_datagram_size = 220;
  settings.datagram_overhead = 60;
  for (const auto& run : judged_over_rough_runs<gossip_budget_checker>(11, 13, settings)) {
    EXPECT_GT(run.largest, 130U);
    EXPECT_LE(run.largest, 160U);
    EXPECT_GT(run.gossiped, 1'000U);
  }
}

TEST(GossipBudgetChecker, BitesWithoutABudget) {
  config settings = config::lan();
  for (const bool budget : {true, false}) {
    settings.experiment.transmit_budget = budget;
    cluster group{5, settings};
    report found;
    gossip_budget_checker judge{group, found};
    group.sim().watch(judge);
    group.add_joined(12);
    ASSERT_TRUE(group.wait_full_mesh(20s));
    group.crash(4);
    group.run_for(60s);
    EXPECT_EQ(found.empty(), budget) << found.to_string();
    EXPECT_EQ(found.count("S14") != 0, !budget);
    EXPECT_GT(judge.judged().exhausted, 0U);
  }
}

/// Three members, and a judge that is told what the tests make up: node 0 tells node 1 things.
class GossipBudgetCheckerTold : public testing::Test {
 protected:
  GossipBudgetCheckerTold() { story.open(3); }

  [[nodiscard]] member_id id(node_index i) const { return group.id_of(i); }
  [[nodiscard]] wire::fact alive(node_index i, std::uint32_t number) const {
    return {id(i), incarnation{number}, member_state::alive, story.address_of(i), {}};
  }
  [[nodiscard]] wire::fact held(node_index i, std::uint32_t number, member_state state) const {
    return {id(i), incarnation{number}, state, {}, id(1)};
  }
  void tell(const wire::fact& fact, int times = 1) {
    for (int i = 0; i < times; ++i) {
      story.send(0, 1, datagram(id(0), id(1), wire::ping{7}, {fact}));
    }
  }
  /// 3 * ceil(ln(3 + 1)): lambda times the logarithm of a group of three.
  static constexpr int budget = 6;

  cluster group{3};
  report found{};
  gossip_budget_checker judge{group, found};
  fiction story{group, judge};
};

TEST_F(GossipBudgetCheckerTold, EachFactHasItsBudget) {
  tell(alive(2, 1), budget);
  tell(held(2, 1, member_state::suspect), budget);
  tell(alive(2, 2), budget);
  tell(held(2, 2, member_state::dead), budget);
  tell(alive(0, 1), budget);
  EXPECT_TRUE(found.empty()) << found.to_string();
  EXPECT_EQ(judge.judged().exhausted, 5U);
  EXPECT_EQ(judge.judged().superseded, 3U);
  tell(held(2, 2, member_state::dead));
  EXPECT_EQ(found.count("S14"), 1U);
  tell(alive(0, 1));
  EXPECT_EQ(found.count("S14"), 2U) << found.to_string();
}

TEST_F(GossipBudgetCheckerTold, EachAccuserOfASuspectHasItsBudget) {
  wire::fact accusation = held(2, 1, member_state::suspect);
  for (std::uint64_t by = 11; by <= 15; ++by) {
    accusation.accuser = member_id{by};
    tell(accusation, budget);
  }
  EXPECT_TRUE(found.empty()) << found.to_string();
  EXPECT_EQ(judge.judged().confirmed, 4U);
  tell(accusation);
  EXPECT_EQ(found.count("S14"), 1U) << "once more than its budget";
  accusation.accuser = member_id{12};
  tell(accusation);
  EXPECT_EQ(found.count("S14"), 2U) << "one that was told before";
  accusation.accuser = member_id{16};
  tell(accusation);
  EXPECT_EQ(found.count("S14"), 3U) << "a sixth";
}

TEST_F(GossipBudgetCheckerTold, OldNewsAreNotToldAfterNewOnes) {
  tell(held(2, 3, member_state::suspect));
  tell(alive(2, 3));
  EXPECT_EQ(found.count("S14"), 1U);
  tell(held(2, 2, member_state::left));
  EXPECT_EQ(found.count("S14"), 2U);
  tell(held(2, 3, member_state::suspect));
  tell(held(2, 3, member_state::dead));
  EXPECT_EQ(found.count("S14"), 2U) << found.to_string();
  tell(held(2, 3, member_state::suspect));
  EXPECT_EQ(found.count("S14"), 3U);
  story.happen(0, flotilla::member_forgotten{*group[0].find(id(2))});
  tell(held(2, 3, member_state::suspect), budget);  // learnt anew
  EXPECT_EQ(found.count("S14"), 3U) << found.to_string();
}

TEST_F(GossipBudgetCheckerTold, WhatIsNoGossipIsFree) {
  const int often = 5 * budget;
  const wire::fact one = held(2, 1, member_state::suspect);
  for (int i = 0; i < often; ++i) {
    story.send(0, 2, datagram(id(0), id(2), wire::ping{7}, {one}));  // its own suspicion
    story.send(0, 1, datagram(id(0), {}, wire::ping{7}, {one, alive(0, 1)}));
    story.send(0, 1, datagram(id(0), id(1), wire::state_reply{}, {one, alive(0, 1)}));
    story.send(0, 1, datagram(id(0), id(1), wire::state_request{}, {alive(0, 1)}));
    story.send(0, 1, datagram(id(0), {}, wire::join_request{}, {alive(0, 1)}));
    story.send(0, 1, datagram(id(0), id(1), wire::ping{7}, {held(0, 1, member_state::left)}));
    story.send(0, 1, datagram(id(0), id(1), wire::relayed_ack{7, id(2), {}}, {alive(2, 1)}));
  }
  EXPECT_TRUE(found.empty()) << found.to_string();
  EXPECT_EQ(judge.judged().gossiped, 0U);
  // Only what stands first is free: the second copy comes out of the queue.
  const std::vector<wire::fact> twice{alive(2, 1), alive(2, 1)};
  for (int i = 0; i < budget; ++i) {
    story.send(0, 1, datagram(id(0), id(1), wire::relayed_ack{7, id(2), {}}, twice));
  }
  EXPECT_TRUE(found.empty()) << found.to_string();
  story.send(0, 1, datagram(id(0), id(1), wire::relayed_ack{7, id(2), {}}, twice));
  EXPECT_EQ(found.count("S14"), 1U);
}

TEST_F(GossipBudgetCheckerTold, TheOwnFactIsFreeInAnIntroductionOnly) {
  bytes asks = datagram(id(1), id(0), wire::ping{7});
  const bytes plain = asks;
  asks[1] = std::byte{wire::flag_introduce};
  const wire::ack ack{7, incarnation{1}};
  for (int i = 0; i < 2 * budget; ++i) {
    story.receive(0, 1, asks);
    story.send(0, 1, datagram(id(0), id(1), ack, {alive(0, 1)}));
    story.step(0, input_kind::receive);
  }
  EXPECT_TRUE(found.empty()) << found.to_string();
  for (int i = 0; i < budget + 1; ++i) {
    EXPECT_TRUE(found.empty()) << found.to_string();
    story.receive(0, 1, plain);
    story.send(0, 1, datagram(id(0), id(1), ack, {alive(0, 1)}));
    story.step(0, input_kind::receive);
  }
  EXPECT_EQ(found.count("S14"), 1U) << found.to_string();
}

TEST_F(GossipBudgetCheckerTold, ADatagramKeepsToItsSize) {
  bytes data(1400);
  story.send(0, 1, data);
  EXPECT_TRUE(found.empty()) << found.to_string();
  data.push_back({});
  story.send(0, 1, data);
  EXPECT_EQ(found.count("S14"), 1U);
}

}  // namespace
