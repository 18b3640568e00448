// Lifeguard (Dadgar, Phillips, Currey, arXiv 1707.00788), the parts that are built: nack and buddy.
// Local health and dynamic suspicion time-outs come later; their counters are tested where they
// lie.
#include <gtest/gtest.h>

#include <random>
#include <string>

#include <support/engine_world.hpp>

namespace {

using namespace support;
using kind = wire::message_kind;

const peer self = peer_of(1);
const peer two = peer_of(2);
const peer three = peer_of(3);
const peer four = peer_of(4);

/// "The helper sends a nack to the requester if it has got no ack from the target by 80 % of the
/// time-out." (LHA-Probe)
TEST(LifeguardNack, At80PercentOfTheTimeOut) {
  engine_world w;
  w.meet_all(3);
  w.hear(two, wire::ping_request{5, three.id, three.at});
  w.sent_now();
  const time_point asked = w.now();
  w.tick_at(asked + w.settings().direct_timeout * 8 / 10 - 1ns);
  EXPECT_EQ(count(w.sent_now(), kind::nack), 0U);
  w.tick_at(asked + w.settings().direct_timeout * 8 / 10);
  const sent_list nacks = only(w.sent_now(), kind::nack);
  ASSERT_EQ(nacks.size(), 1U);
  EXPECT_EQ(nacks[0].to, two.at);
  EXPECT_EQ(nacks[0].what.head.target, two.id);
  EXPECT_EQ(nacks[0].as<wire::nack>().sequence, 5U);
}

/// "A nack says that the helper is well, not that the target is": it saves nobody. (LHA-Probe)
TEST(LifeguardNack, DoesNotAnswerTheProbe) {
  engine_world w;
  w.meet_all(4);
  static_cast<void>(w.probe_of(two, {three, four}));
  w.next_tick();
  for (const sent& s : only(w.sent_now(), kind::ping_request)) {
    w.hear({s.what.head.target, s.to, {}}, wire::nack{s.as<wire::ping_request>().sequence});
  }
  EXPECT_EQ(w.stats().nacks_received, 2U);
  w.next_tick();
  EXPECT_EQ(w.state_of(two.id), member_state::suspect);
}

/// The deadline of a nack is found by whoever sleeps until next_deadline(). (ours)
TEST(LifeguardNack, IsWaitedFor) {
  engine_world w;
  w.meet_all(3);
  w.hear(two, wire::ping_request{5, three.id, three.at});
  w.sent_now();
  const time_point due = w.now() + w.settings().direct_timeout / 5 * 4;
  EXPECT_LE(w.node.next_deadline(), due);
  while (w.node.next_deadline() < due) w.next_tick();
  EXPECT_EQ(w.node.next_deadline(), due);
}

/// "Whenever a suspected member is pinged, the suspicion about it is sent with priority, so that it
/// can refute at once." (Buddy System)
TEST(LifeguardBuddy, EveryPingToASuspectCarriesTheSuspicionFirst) {
  engine_world w;
  w.meet_all(4);
  w.gossip(three, {suspect(two.id, 0, three.id)});
  w.flush_gossip(four);  // however often it was gossiped already
  facts many;
  for (std::uint64_t n = 100; n < 103; ++n) many.push_back(alive(peer_of(n)));
  w.gossip(four, many);
  w.gossip(four, {suspect(self.id, 0)});
  const sent ping = w.probe_of(two, {three, four});
  ASSERT_FALSE(ping.what.facts.empty());
  EXPECT_EQ(ping.what.facts[0], suspect(two.id, 0, three.id));
  w.hear(two, wire::ping{1});
  const sent ack = only_to(w.sent_now(), two.at).at(0);
  ASSERT_FALSE(ack.what.facts.empty());
  EXPECT_EQ(ack.what.facts[0], suspect(two.id, 0, three.id)) << "acks too (ours)";
}

/// "The suspect refutes": in the very ack to the ping that told it, so the accuser is answered
/// within one round trip. (Buddy System)
TEST(LifeguardBuddy, TheRefutationIsInTheAck) {
  engine_world suspected;
  suspected.meet_all(2);
  suspected.hear(two, wire::ping{1}, {suspect(self.id, 0, two.id)});
  const sent ack = suspected.sent_now().at(0);
  EXPECT_EQ(ack.as<wire::ack>().incarnation, incarnation{1});
  ASSERT_NE(ack.about(self.id), nullptr);
  EXPECT_EQ(*ack.about(self.id), alive(self, 1));
}

/// A member that loses most of what it is sent, yet answers: its buddy's ping refutes the suspicion
/// long before the time-out, wherever it was raised. (Buddy System)
TEST(LifeguardBuddy, ASlowMemberIsNotDeclaredDead) {
  group g{81};
  for (int i = 0; i < 6; ++i) g.add(plain_config_of_a_group());
  for (std::size_t i = 1; i < g.size(); ++i) g[i].join({address_of(0)});
  ASSERT_TRUE(g.run_until([&] { return g.full_mesh(); }, 5s));
  std::mt19937_64 random{82};
  g.drop = [&random](const endpoint&, const endpoint& to) {
    return to == address_of(2) && random() % 3 != 0;  // two of three are lost
  };
  for (std::size_t i = 0; i < g.size(); ++i) g.events(i).clear();
  g.run_for(40s);
  std::size_t suspected = 0;
  for (std::size_t i = 0; i < g.size(); ++i) {
    if (i == 2) continue;
    suspected += count<flotilla::member_suspected>(g.events(i));
    EXPECT_EQ(count<flotilla::member_failed>(g.events(i)), 0U) << text(g.events(i));
  }
  EXPECT_GT(suspected, 0U) << "the test does something";
}

/// "Independent suspicions" are counted once an accuser, and not beyond K = 3. (LHA-Suspicion)
TEST(LifeguardSuspicion, ConfirmationsAreIndependentAndAtMostK) {
  engine_world w;
  w.meet_all(3);
  w.gossip(three, {suspect(two.id, 0, three.id)});
  for (const std::uint64_t accuser : {3U, 10U, 10U, 11U, 12U, 13U, 14U}) {
    w.gossip(three, {suspect(two.id, 0, member_id{accuser})});
  }
  w.events();
  w.live_for(10s, {three});
  const auto all = w.events();
  const auto* failed = find<flotilla::member_failed>(all, two.id);
  ASSERT_NE(failed, nullptr);
  EXPECT_EQ(failed->evidence.confirmations, 3U);
}

}  // namespace
