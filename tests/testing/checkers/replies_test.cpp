// testing/checkers/replies_test.cpp - tests of flotilla/testing/checkers/replies.hpp
// Silent over rough runs; bites when an answer is missing, doubled, late, early or misdirected.
#include <flotilla/testing/checkers/replies.hpp>

#include <string>

#include <gtest/gtest.h>

#include <testing/checkers/traffic_support.hpp>

namespace {

using namespace traffic;
using flotilla::testing::replies_checker;
using kind = wire::message_kind;

TEST(RepliesChecker, FindsNothingInRoughRuns) {
  const auto runs = judged_over_rough_runs<replies_checker>(1, 8);
  EXPECT_GT(sum(runs, &replies_checker::tally::pings), 8'000U);
  EXPECT_GT(sum(runs, &replies_checker::tally::not_for_us), 400U);
  EXPECT_GT(sum(runs, &replies_checker::tally::capped), 800U);
  EXPECT_GT(sum(runs, &replies_checker::tally::relays), 2'000U);
  EXPECT_GT(sum(runs, &replies_checker::tally::relayed), 1'000U);
  EXPECT_GT(sum(runs, &replies_checker::tally::nacks), 1'000U);
  EXPECT_GT(sum(runs, &replies_checker::tally::relays_refused), 20U);
  EXPECT_EQ(sum(runs, &replies_checker::tally::dropped), 0U);  // no outbox was ever full
}

/// What is found in a run with broken paths and a crash, when one kind of message is lied about.
using lie = std::function<int(const decoded&, endpoint&, bytes&)>;
std::string found_when(kind lied_about, const lie& what, replies_checker::tally* judged = nullptr) {
  cluster group{6};
  report found;
  replies_checker judge{group, found};
  liar watcher{judge};
  watcher.about_sent = [&](node_index, const decoded& said, endpoint& to, bytes& data) {
    return said.head().kind == lied_about ? what(said, to, data) : 1;
  };
  group.sim().watch(watcher);
  group.add_joined(8);
  EXPECT_TRUE(group.wait_full_mesh(20s));
  group.net().cut_both_ways(1, 2);
  group.crash(7);
  group.run_for(20s);
  if (judged != nullptr) *judged = judge.judged();
  return found.to_string();
}
bool contains(const std::string& text, const char* part) {
  return text.find(part) != std::string::npos;
}

TEST(RepliesChecker, IsSilentWhenNobodyLies) {
  replies_checker::tally judged;
  const lie truth = [](const decoded&, endpoint&, bytes&) { return 1; };
  EXPECT_EQ(found_when(kind::ack, truth, &judged), "");
  EXPECT_GT(judged.relayed, 0U);
  EXPECT_GT(judged.nacks, 0U);
}

TEST(RepliesChecker, BitesOnMissingAndDoubledAnswers) {
  const lie nothing = [](const decoded&, endpoint&, bytes&) { return 0; };
  const lie twice = [](const decoded&, endpoint&, bytes&) { return 2; };
  EXPECT_TRUE(contains(found_when(kind::ack, nothing), "0 acks to one ping"));
  EXPECT_TRUE(contains(found_when(kind::ack, twice), "2 acks to one ping"));
  EXPECT_TRUE(contains(found_when(kind::relayed_ack, nothing), "neither relayed ack nor nack"));
  EXPECT_TRUE(contains(found_when(kind::relayed_ack, twice), "did not ask or was answered"));
  EXPECT_TRUE(contains(found_when(kind::nack, nothing), "neither relayed ack nor nack"));
  EXPECT_TRUE(contains(found_when(kind::nack, twice), "a nack to"));
  EXPECT_TRUE(contains(found_when(kind::ping, nothing), "took a ping request and did not ask"));
}

TEST(RepliesChecker, BitesOnMisdirectedAnswers) {
  const lie elsewhere = [](const decoded&, endpoint& to, bytes&) {
    to = flotilla::testing::default_address(100);
    return 1;
  };
  EXPECT_TRUE(contains(found_when(kind::ack, elsewhere), "does not go with the ping"));
  EXPECT_TRUE(contains(found_when(kind::relayed_ack, elsewhere), "did not ask or was answered"));
  EXPECT_TRUE(contains(found_when(kind::nack, elsewhere), "a nack to"));

  const lie to_another = [](const decoded& what, endpoint&, bytes& data) {
    data = datagram(what.head().sender, member_id{900}, *what.as<wire::ack>());
    return 1;
  };
  EXPECT_TRUE(contains(found_when(kind::ack, to_another), "does not go with the ping"));
  const lie other_number = [](const decoded& what, endpoint&, bytes& data) {
    wire::ack ack = *what.as<wire::ack>();
    ++ack.sequence;
    data = datagram(what.head().sender, what.head().target, ack);
    return 1;
  };
  EXPECT_TRUE(contains(found_when(kind::ack, other_number), "does not go with the ping"));
}

TEST(RepliesChecker, BitesOnAnswersThatSayTheWrongThing) {
  const lie older = [](const decoded& what, endpoint&, bytes& data) {
    wire::ack ack = *what.as<wire::ack>();
    ++ack.incarnation;
    data = datagram(what.head().sender, what.head().target, ack);
    return 1;
  };
  EXPECT_TRUE(contains(found_when(kind::ack, older), "incarnation that is not its own"));
  const lie other_name = [](const decoded& what, endpoint&, bytes& data) {
    data = datagram(member_id{900}, what.head().target, *what.as<wire::ack>());
    return 1;
  };
  EXPECT_TRUE(contains(found_when(kind::ack, other_name), "spoke for somebody else"));
  const lie subject = [](const decoded& what, endpoint&, bytes& data) {
    wire::relayed_ack relayed = *what.as<wire::relayed_ack>();
    relayed.subject = member_id{900};
    data = datagram(what.head().sender, what.head().target, relayed);
    return 1;
  };
  EXPECT_TRUE(contains(found_when(kind::relayed_ack, subject), "which the subject has not said"));
  const lie noise = [](const decoded&, endpoint&, bytes& data) {
    data.pop_back();
    return 1;
  };
  EXPECT_TRUE(contains(found_when(kind::nack, noise), "sent what nobody can read: truncated"));
}

/// A helper, a prober and a subject, and a judge that is told what the tests make up.
class RepliesCheckerTold : public testing::Test {
 protected:
  RepliesCheckerTold() { story.open(3); }

  [[nodiscard]] member_id id(node_index i) const { return group.id_of(i); }
  [[nodiscard]] bytes request() const {
    return datagram(id(1), id(0), wire::ping_request{9, id(2), story.address_of(2)});
  }
  /// Node 0 is asked by node 1 to probe node 2, and pings it with this number.
  void ask(std::uint32_t sequence) {
    story.receive(0, 1, request());
    story.send(0, 2, datagram(id(0), id(2), wire::ping{sequence}));
    story.step(0, input_kind::receive);
  }
  void answer(std::uint32_t sequence) {
    const wire::ack ack{sequence, group[2].self().incarnation};
    story.receive(0, 2, datagram(id(2), id(0), ack));
    story.send(0, 1, datagram(id(0), id(1), wire::relayed_ack{9, id(2), ack.incarnation}));
    story.step(0, input_kind::receive);
  }
  void nack() {
    story.tick(0, {group.sim().local_time(0)});
    story.send(0, 1, datagram(id(0), id(1), wire::nack{9}));
    story.step(0, input_kind::tick);
  }

  cluster group{3};
  report found{};
  replies_checker judge{group, found};
  fiction story{group, judge};
};

TEST_F(RepliesCheckerTold, AnAckToAPingForSomebodyElse) {
  story.receive(0, 1, datagram(id(1), member_id{800}, wire::ping{5}));
  story.step(0, input_kind::receive);
  EXPECT_TRUE(found.empty()) << found.to_string();
  EXPECT_EQ(judge.judged().not_for_us, 1U);
  story.receive(0, 1, datagram(id(1), member_id{800}, wire::ping{5}));
  story.send(0, 1, datagram(id(0), id(1), wire::ack{5, group[0].self().incarnation}));
  story.step(0, input_kind::receive);
  EXPECT_EQ(found.count("S12"), 1U) << found.to_string();
}

TEST_F(RepliesCheckerTold, ARelayEndsInOneAnswer) {
  ask(77);
  answer(77);
  EXPECT_TRUE(found.empty()) << found.to_string();
  EXPECT_EQ(judge.judged().relayed, 1U);
  group.run_for(400ms);
  nack();  // and a nack as well
  EXPECT_EQ(found.count("S12"), 1U) << found.to_string();
}

TEST_F(RepliesCheckerTold, AnAnswerToAnEarlierQuestionIsNotPassedOn) {
  ask(77);
  group.run_for(400ms);
  nack();
  EXPECT_TRUE(found.empty()) << found.to_string();
  ask(78);
  answer(77);  // what the subject was asked for the request that has been answered with a nack
  EXPECT_EQ(found.count("S12"), 1U) << found.to_string();
}

TEST_F(RepliesCheckerTold, ANackComesInItsTime) {
  ask(77);
  group.run_for(399ms);
  nack();
  EXPECT_EQ(found.count("S12"), 1U) << found.to_string();  // a millisecond early
  ask(78);
  group.run_for(400ms);
  story.tick(0, {group.sim().local_time(0)});
  story.step(0, input_kind::tick);
  EXPECT_EQ(found.count("S12"), 2U) << found.to_string();  // not at its time
}

TEST_F(RepliesCheckerTold, WhoHasLeftOwesNothing) {
  ask(77);
  story.happen(0, flotilla::leave_completed{});
  group.run_for(400ms);
  story.tick(0, {group.sim().local_time(0)});
  story.step(0, input_kind::tick);
  EXPECT_TRUE(found.empty()) << found.to_string();
}

TEST_F(RepliesCheckerTold, AFullOutboxIsAnExcuse) {
  const bytes ping = datagram(id(1), id(0), wire::ping{5});
  story.receive(0, 1, ping);
  group.sim().command(0, [&](engine& e) {
    // An eighth of the outbox is one receiver's share.
    for (std::uint32_t i = 0; i < group.config_of(0).max_transmits / 8 + 1; ++i) {
      e.receive(group.sim().local_time(0), story.address_of(1), ping);
    }
  });
  story.step(0, input_kind::receive);
  EXPECT_TRUE(found.empty()) << found.to_string();
  EXPECT_EQ(judge.judged().dropped, 1U);
  story.receive(0, 1, ping);
  story.step(0, input_kind::receive);  // the ack that was sent is not told of
  EXPECT_EQ(found.count("S12"), 1U) << found.to_string();
}

}  // namespace
