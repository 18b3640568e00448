// Lifeguard (Dadgar, Phillips, Currey, arXiv 1707.00788): nack, buddy, and suspicions that shrink.
// Each test says what it holds the engine to, and where that departs from the paper.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

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

/// Whoever pings us with an accusation hears our refutation in the ack, however many have heard it
/// before: it need not ask again. (ours)
TEST(LifeguardBuddy, WhoAccusesUsIsAnsweredWithOurOwnFact) {
  engine_world w;
  w.meet_all(4);
  for (std::uint32_t i = 0; i < 100; ++i) {
    w.hear(three, wire::ping{i}, {suspect(self.id, 0, three.id)});
    const sent_list acks = only(w.sent_now(), kind::ack);
    ASSERT_EQ(acks.size(), 1U);
    const wire::fact* ours = acks[0].about(self.id);
    ASSERT_NE(ours, nullptr) << i;
    EXPECT_EQ(ours->state, member_state::alive);
    EXPECT_EQ(ours->incarnation.value(), 1U);
  }
  w.hear(three, wire::ping{200});
  EXPECT_EQ(only(w.sent_now(), kind::ack)[0].about(self.id), nullptr) << "unasked";
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

// ---- LHA-Suspicion: max(Min, Max - (Max - Min) * log(C + 1) / log(K + 1)), K = 3

constexpr std::uint64_t ten = 10;

/// A world of ten in which nobody accuses but by the test: all answer at once, `two` is silent.
void live_without_two(engine_world& w, duration length) {
  w.live_for(length, {three, four, peer_of(5), peer_of(6), peer_of(7), peer_of(8), peer_of(9),
                      peer_of(10)});
}

/// "C independent suspicions": each brings the verdict forward, to the moment.
TEST(LifeguardSuspicion, EachConfirmationShortensTheTimeOut) {
  for (std::uint8_t confirmations = 0; confirmations <= 3; ++confirmations) {
    SCOPED_TRACE(int{confirmations});
    engine_world w;
    w.meet_all(ten);
    w.gossip(three, {suspect(two.id, 0, three.id)});
    const time_point since = w.now();
    const duration least = flotilla::suspicion_timeout(w.settings(), ten);
    const duration longest = flotilla::longest_suspicion(w.settings(), ten);
    EXPECT_EQ(longest, 6 * least);
    live_without_two(w, least / 3);
    for (std::uint64_t n = 4; n < 4U + confirmations; ++n) {
      w.gossip(three, {suspect(two.id, 0, member_id{n})});
    }
    const duration patience = flotilla::shrunk_suspicion(least, longest, confirmations, 3);
    live_without_two(w, since + patience - 1ns - w.now());
    EXPECT_EQ(w.state_of(two.id), member_state::suspect);
    live_without_two(w, 1ns);
    EXPECT_EQ(w.state_of(two.id), member_state::dead);
    const auto all = w.events();
    const auto* failed = find<flotilla::member_failed>(all, two.id);
    ASSERT_NE(failed, nullptr);
    EXPECT_EQ(failed->evidence.confirmations, confirmations);
  }
}

/// A confirmation that comes when the shorter time has already passed ends it at once: the check of
/// our own has been made by then.
TEST(LifeguardSuspicion, ALateConfirmationEndsItAtOnce) {
  engine_world w;
  w.meet_all(ten);
  w.gossip(three, {suspect(two.id, 0, three.id)});
  const duration least = flotilla::suspicion_timeout(w.settings(), ten);
  live_without_two(w, 2 * least);
  w.gossip(four, {suspect(two.id, 0, four.id), suspect(two.id, 0, member_id{5})});
  EXPECT_EQ(w.state_of(two.id), member_state::suspect);
  w.gossip(four, {suspect(two.id, 0, member_id{6})});
  EXPECT_EQ(w.state_of(two.id), member_state::suspect) << "datagrams judge nobody";
  w.tick_at(std::max(w.now(), w.node.next_deadline()));
  EXPECT_EQ(w.state_of(two.id), member_state::dead);
  EXPECT_EQ(w.stats().verdicts_unchecked, 0U);
}

/// A trap: our own accusation, told back to us by others, or our own probe failing as well, is no
/// independent confirmation to ourselves. Nor is the first accuser's, repeated.
TEST(LifeguardSuspicion, WeConfirmNothingToOurselves) {
  engine_world w;
  w.meet_all(ten);
  w.gossip(three, {suspect(two.id, 0, three.id)});
  const time_point since = w.now();
  const duration least = flotilla::suspicion_timeout(w.settings(), ten);
  live_without_two(w, 3 * least);
  EXPECT_GT(w.stats().probes_failed, 0U);
  for (std::uint64_t n = 3; n <= ten; ++n) {
    w.gossip(peer_of(n), {suspect(two.id, 0, self.id), suspect(two.id, 0, three.id)});
  }
  live_without_two(w, since + 6 * least - 1ns - w.now());
  EXPECT_EQ(w.state_of(two.id), member_state::suspect);
  live_without_two(w, 1ns);
  EXPECT_EQ(w.state_of(two.id), member_state::dead);
}

/// Confirmations are bound to the incarnation: the next one begins without any.
TEST(LifeguardSuspicion, ARefutationTakesTheConfirmationsAway) {
  engine_world w;
  w.meet_all(ten);
  const duration least = flotilla::suspicion_timeout(w.settings(), ten);
  for (std::uint64_t n = 3; n <= 5; ++n) w.gossip(three, {suspect(two.id, 0, member_id{n})});
  w.gossip(three, {alive(two, 1)});
  EXPECT_EQ(w.state_of(two.id), member_state::alive);
  for (std::uint64_t n = 3; n <= 6; ++n) w.gossip(three, {suspect(two.id, 0, member_id{n})});
  EXPECT_EQ(w.state_of(two.id), member_state::alive) << "of the former incarnation";
  w.gossip(three, {suspect(two.id, 1, member_id{6})});
  live_without_two(w, 2 * least);
  EXPECT_EQ(w.state_of(two.id), member_state::suspect);
}

/// "Re-gossip of suspect messages when they are independent confirmations": the first K, each
/// named.
TEST(LifeguardSuspicion, TheFirstThreeConfirmationsArePassedOn) {
  engine_world w;
  w.meet_all(ten);
  w.flush_gossip(three);
  const auto told = [&] {
    std::vector<member_id> accusers;
    for (int i = 0; i < 40; ++i) {
      w.hear(four, wire::ping{7});
      for (const sent& s : w.sent_now()) {
        const wire::fact* about = s.about(two.id);
        if (about != nullptr) accusers.push_back(about->accuser);
      }
    }
    return accusers;
  };
  const std::size_t budget = flotilla::transmit_budget(w.settings(), ten);
  for (std::uint64_t n = 3; n <= 6; ++n) {
    w.gossip(three, {suspect(two.id, 0, member_id{n})});  // its ack, unseen, is the first of them
    EXPECT_EQ(told(), std::vector<member_id>(budget - 1, member_id{n}));
    w.gossip(three, {suspect(two.id, 0, member_id{n})});
    EXPECT_TRUE(told().empty()) << "a repetition is no news";
  }
  w.gossip(three, {suspect(two.id, 0, member_id{7})});
  EXPECT_TRUE(told().empty()) << "more than K tell nothing";
}

/// Our own probe fails where others accuse already: to them that is one more accusation. (as in
/// memberlist; the paper is silent)
TEST(LifeguardSuspicion, OurOwnFailedProbeIsPassedOnAsAnAccusation) {
  engine_world w;
  w.meet_all(ten);
  w.gossip(three, {suspect(two.id, 0, three.id)});
  w.flush_gossip(three);
  static_cast<void>(w.probe_of(two, {three, four}));
  for (int i = 0; i < 4; ++i) w.next_tick();
  w.sent_now();
  w.hear(three, wire::ping{7});
  const sent_list acks = only_to(w.sent_now(), three.at);
  ASSERT_FALSE(acks.empty());
  ASSERT_NE(acks[0].about(two.id), nullptr);
  EXPECT_EQ(*acks[0].about(two.id), suspect(two.id, 0, self.id));
}

/// beta = 1 is SWIM: the time is Min, whoever confirms, and confirmations are not passed on.
TEST(LifeguardSuspicion, CanBeTurnedOff) {
  config c = plain_config();
  c.suspicion_max_multiplier = 1;
  engine_world w{c};
  w.meet_all(ten);
  w.gossip(three, {suspect(two.id, 0, three.id)});
  w.flush_gossip(three);
  w.gossip(three, {suspect(two.id, 0, four.id)});
  EXPECT_EQ(w.stats().gossip_pending, 0U);
  live_without_two(w, flotilla::suspicion_timeout(c, ten) - 1ns);
  EXPECT_EQ(w.state_of(two.id), member_state::suspect);
  live_without_two(w, 1ns);
  EXPECT_EQ(w.state_of(two.id), member_state::dead);
}

/// A real crash is found as soon as without: all find out, and confirm each other. (the paper:
/// "unchanged median latency")
TEST(LifeguardSuspicion, ACrashIsReportedAsSoonAsWithout) {
  for (const std::size_t members : {6U, 10U, 20U}) {
    duration took[2];
    for (const std::uint32_t beta : {1U, 6U}) {
      std::vector<duration> each;
      for (std::uint64_t seed = 1; seed <= 9; ++seed) {
        group g{seed};
        config c = plain_config_of_a_group();
        c.suspicion_max_multiplier = beta;
        for (std::size_t i = 0; i < members; ++i) g.add(c);
        for (std::size_t i = 1; i < members; ++i) g[i].join({address_of(0)});
        ASSERT_TRUE(g.run_until([&] { return g.full_mesh(); }, 5s));
        g.run_for(2s + 37ms * static_cast<int>(seed));
        const time_point crashed = g.now();
        g.crash(1);
        ASSERT_TRUE(g.run_until(
            [&] {
              for (std::size_t i = 0; i < members; ++i) {
                if (i != 1 && g[i].size() != members - 1) return false;
              }
              return true;
            },
            20s));
        each.push_back(g.now() - crashed);
      }
      std::sort(each.begin(), each.end());
      took[beta == 6 ? 1 : 0] = each[4];
    }
    EXPECT_LE(took[1], took[0] + 2 * plain_config().protocol_period) << members;
  }
}

}  // namespace
