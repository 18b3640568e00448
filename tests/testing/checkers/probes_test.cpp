// testing/checkers/probes_test.cpp - tests of flotilla/testing/checkers/probes.hpp
// Silent over rough runs with forged answers; each rule of S10 and S11 bites when it is broken.
#include <flotilla/testing/checkers/probes.hpp>

#include <string>

#include <gtest/gtest.h>

#include <testing/checkers/traffic_support.hpp>

namespace {

using namespace traffic;
using flotilla::testing::no_node;
using flotilla::testing::probes_checker;

TEST(ProbesChecker, FindsNothingInRoughRuns) {
  const auto runs = judged_over_rough_runs<probes_checker>(1, 8);
  EXPECT_GT(sum(runs, &probes_checker::tally::acks), 8'000U);
  EXPECT_GT(sum(runs, &probes_checker::tally::acks_unmatched), 800U);
  EXPECT_GT(sum(runs, &probes_checker::tally::relayed), 1'000U);
  EXPECT_GT(sum(runs, &probes_checker::tally::relayed_unmatched), 200U);
  EXPECT_GT(sum(runs, &probes_checker::tally::nacks), 1'000U);
  EXPECT_GT(sum(runs, &probes_checker::tally::nacks_unmatched), 200U);
  EXPECT_GT(sum(runs, &probes_checker::tally::rounds_with_helpers), 1'000U);
}

/// A group with a member that nobody answers for, watched through a liar.
void run_with_a_crash(cluster& group, flotilla::testing::engine_observer& watcher) {
  group.sim().watch(watcher);
  group.add_joined(8);
  ASSERT_TRUE(group.wait_full_mesh(20s));
  group.net().cut_both_ways(1, 2);
  group.crash(7);
  group.run_for(20s);
}

TEST(ProbesChecker, IsSilentWhenNobodyLies) {
  cluster group{2};
  report found;
  probes_checker judge{group, found};
  run_with_a_crash(group, judge);
  EXPECT_TRUE(found.empty()) << found.to_string();
  EXPECT_GT(judge.judged().nacks, 0U);
  EXPECT_GT(judge.judged().relayed, 0U);
}

TEST(ProbesChecker, BitesWhenAnAnswerCountsThatNobodyAskedFor) {
  for (const auto hidden : {wire::message_kind::ping, wire::message_kind::ping_request}) {
    cluster group{2};
    report found;
    probes_checker judge{group, found};
    liar watcher{judge};
    watcher.about_sent = [hidden](node_index, const decoded& what, endpoint&, bytes&) {
      return what.head().kind == hidden ? 0 : 1;
    };
    run_with_a_crash(group, watcher);
    EXPECT_GT(found.count("S10"), 0U);
    EXPECT_NE(found.to_string().find("was not counted as unmatched"), std::string::npos);
    EXPECT_NE(found.to_string().find("ended a probe or counted for one"), std::string::npos);
  }
}

TEST(ProbesChecker, BitesWhenAnAnswerFromSomebodyElseCounts) {
  cluster group{2};
  report found;
  probes_checker judge{group, found};
  liar watcher{judge};
  watcher.about_sent = [](node_index, const decoded& what, endpoint&, bytes& said) {
    const auto* ping = what.as<wire::ping>();
    if (ping != nullptr) said = datagram(what.head().sender, member_id{500}, *ping);
    return 1;
  };
  run_with_a_crash(group, watcher);
  EXPECT_NE(found.to_string().find("an ack from"), std::string::npos) << found.to_string();
}

/// Three members, and a judge that is told what the tests make up.
class ProbesCheckerTold : public testing::Test {
 protected:
  ProbesCheckerTold() { story.open(4); }

  [[nodiscard]] member_id id(node_index i) const { return group.id_of(i); }
  [[nodiscard]] bytes request(node_index to, node_index subject, std::uint32_t sequence = 9) const {
    return datagram(id(0), id(to),
                    wire::ping_request{sequence, id(subject), story.address_of(subject)});
  }

  cluster group{3};
  report found{};
  probes_checker judge{group, found};
  fiction story{group, judge};
};

TEST_F(ProbesCheckerTold, EveryBreachOfTheChoiceOfHelpers) {
  story.send(0, 2, request(2, 1));
  story.send(0, 3, request(3, 1));
  EXPECT_TRUE(found.empty()) << found.to_string();
  story.send(0, 3, request(3, 1));
  EXPECT_EQ(found.count("S11"), 1U);  // twice
  story.step(0, input_kind::tick);
  group.run_for(2s);  // another round

  story.send(0, 0, request(0, 1));  // itself, by id and by address
  EXPECT_EQ(found.count("S11"), 2U);
  story.send(0, 1, request(1, 1));  // the target
  EXPECT_EQ(found.count("S11"), 3U);
  story.send(0, 1, request(2, 1));  // the target's address under another id
  EXPECT_EQ(found.count("S11"), 4U) << found.to_string();
  group.run_for(2s);

  story.send(0, 2, request(2, 1));
  story.send(0, 3, request(3, 2, 10));  // another subject and number in the same round
  EXPECT_EQ(found.count("S11"), 5U);
  group.run_for(2s);

  story.send(0, 2, datagram(id(0), member_id{600}, wire::ping_request{9, id(1), {}}));
  EXPECT_EQ(found.count("S11"), 5U);  // not decodable: no address
  story.send(0, 2,
             datagram(id(0), member_id{600}, wire::ping_request{9, id(1), story.address_of(1)}));
  EXPECT_EQ(found.count("S11"), 6U) << found.to_string();  // a stranger
}

// Between asking and sending its tombstone may have expired; then nobody knows where it was.
TEST_F(ProbesCheckerTold, ASubjectForgottenMeanwhileHasNoAddress) {
  story.send(0, 2,
             datagram(id(0), id(2), wire::ping_request{9, member_id{700}, story.address_of(2)}));
  EXPECT_TRUE(found.empty()) << found.to_string();
  group.run_for(2s);
  story.send(0, 2, datagram(id(0), id(2), wire::ping_request{10, id(1), story.address_of(2)}));
  EXPECT_EQ(found.count("S11"), 1U) << found.to_string();
}

TEST(ProbesChecker, BitesOnMoreHelpersThanAllowed) {
  cluster group{3};
  report found;
  probes_checker judge{group, found};
  fiction story{group, judge};
  story.open(6);
  const wire::ping_request ask{9, group.id_of(1), story.address_of(1)};
  for (node_index helper = 2; helper < 5; ++helper) {
    story.send(0, helper, datagram(group.id_of(0), group.id_of(helper), ask));
  }
  EXPECT_TRUE(found.empty()) << found.to_string();
  story.send(0, 5, datagram(group.id_of(0), group.id_of(5), ask));
  EXPECT_EQ(found.count("S11"), 1U) << found.to_string();
}

TEST_F(ProbesCheckerTold, NacksCountOnceAndOnlyInTheirRound) {
  story.send(0, 2, request(2, 1));
  const bytes nack = datagram(id(2), id(0), wire::nack{9});
  story.receive(0, 2, nack);  // matched from outside: what the engine says is not judged
  story.step(0, input_kind::receive);
  EXPECT_EQ(judge.judged().nacks, 1U);
  story.receive(0, 2, nack);  // again: the engine counts it as unmatched
  story.step(0, input_kind::receive);
  EXPECT_EQ(judge.judged().nacks_unmatched, 1U);
  story.receive(0, 3, datagram(id(3), id(0), wire::nack{9}));  // was not asked
  story.step(0, input_kind::receive);
  EXPECT_EQ(judge.judged().nacks_unmatched, 2U);
  EXPECT_TRUE(found.empty()) << found.to_string();

  story.send(0, 3, request(3, 1));
  group.run_for(2s);  // the next probe has begun
  story.receive(0, 3, datagram(id(3), id(0), wire::nack{9}));
  story.step(0, input_kind::receive);
  EXPECT_EQ(judge.judged().nacks_unmatched, 3U);
  EXPECT_TRUE(found.empty()) << found.to_string();
}

TEST_F(ProbesCheckerTold, ViewsThatChangeByAForgedAnswer) {
  const wire::ack forged{12345, incarnation{3}};
  const bytes plain = datagram(id(1), id(0), forged);
  const wire::fact accused = suspicion(id(2), 0, id(1));
  const wire::fact new_one{member_id{50},
                           incarnation{1},
                           member_state::alive,
                           flotilla::testing::default_address(60),
                           {}};
  const bytes telling = datagram(id(1), id(0), forged, {accused, new_one});

  story.receive(0, 1, plain);
  story.step(0, input_kind::receive);
  EXPECT_TRUE(found.empty()) << found.to_string();
  story.receive(1, 0, datagram(id(0), id(1), forged), datagram(id(0), id(1), forged, {accused}));
  story.step(1, input_kind::receive);
  EXPECT_NE(found.to_string().find("was changed"), std::string::npos) << found.to_string();
  story.receive(0, 1, plain, telling);
  story.step(0, input_kind::receive);
  EXPECT_NE(found.to_string().find("was added"), std::string::npos) << found.to_string();
  EXPECT_EQ(found.count("S10"), 3U) << found.to_string();

  story.receive(3, 1, datagram(id(1), id(3), forged, {accused, new_one}));  // it says so itself
  story.step(3, input_kind::receive);
  EXPECT_EQ(found.count("S10"), 3U) << found.to_string();
  EXPECT_TRUE(group[3].find(member_id{50}).has_value());
}

}  // namespace
