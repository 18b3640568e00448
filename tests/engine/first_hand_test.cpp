// Tests of flotilla/engine/first_hand.hpp: newcomers, candidates, and rules (a), (b) and (d).
// What a member says itself, in answer to our question, weighs more than what is said about it.
#include <flotilla/engine/first_hand.hpp>

#include <gtest/gtest.h>

#include <optional>
#include <string>

#include <support/engine_world.hpp>

namespace {

using namespace support;
using kind = wire::message_kind;

const peer self = peer_of(1);
const peer two = peer_of(2);
const peer three = peer_of(3);
const peer stranger = peer_of(77);
constexpr std::uint32_t window = incarnation::window();
constexpr std::uint32_t far = window + 100;

// ---- newcomers

TEST(FirstHandNewcomer, ABareAckAndOneVerifyingPing) {
  engine_world w;
  w.meet_all(2);
  w.hear(stranger, wire::ping{0x31});
  w.hear(stranger, wire::ping{0x32});
  const sent_list all = w.sent_now();
  ASSERT_EQ(count(all, kind::ack), 2U);
  for (const sent& s : all) EXPECT_TRUE(s.what.facts.empty()) << text(s.what.facts);
  const sent_list pings = only(all, kind::ping);
  ASSERT_EQ(pings.size(), 1U);
  EXPECT_EQ(pings[0].to, stranger.at);
  EXPECT_EQ(pings[0].what.head.target, stranger.id);
  EXPECT_EQ(w.node.find(stranger.id), std::nullopt);
  w.events();
  const std::uint32_t sequence = pings[0].as<wire::ping>().sequence;
  w.hear(stranger, wire::ack{sequence + 1, incarnation{4}});
  w.hear(three.from(stranger.at), wire::ack{sequence, incarnation{4}});
  EXPECT_EQ(w.node.find(stranger.id), std::nullopt);
  EXPECT_EQ(w.node.find(three.id), std::nullopt);
  w.hear(stranger, wire::ack{sequence, incarnation{4}}, {alive(stranger, 4)});
  EXPECT_EQ(w.node.find(stranger.id),
            (flotilla::member{stranger.id, stranger.at, incarnation{4}, member_state::alive}));
  EXPECT_EQ(w.events().size(), 1U);
}

TEST(FirstHandNewcomer, IsAskedAgainOnlyInTheNextPeriod) {
  engine_world w;
  w.hear(stranger, wire::ping{1});
  EXPECT_EQ(count(w.sent_now(), kind::ping), 1U);
  w.tick_after(w.settings().protocol_period);
  w.hear(stranger, wire::ping{1});
  EXPECT_EQ(count(w.sent_now(), kind::ping), 0U);
  w.tick_after(1ns);
  w.hear(stranger, wire::ping{1});
  EXPECT_EQ(count(w.sent_now(), kind::ping), 1U);
}

/// While its death is remembered, even the answer of a returning member adds nothing; but it has
/// been told with our ping, and comes back above it.
/// One that answers without saying who it is (it is leaving, say) settles nothing: asked at once
/// again, the two would go on with each round trip.
TEST(FirstHandNewcomer, AnAnswerThatSettlesNothingIsNoReasonToAskAtOnce) {
  engine_world w;
  w.meet_all(3);
  w.hear(stranger, wire::ping{0x31});
  const sent_list first = only(w.sent_now(), kind::ping);
  ASSERT_EQ(first.size(), 1U);
  w.hear(stranger, wire::ack{first[0].as<wire::ping>().sequence, incarnation{4}});
  EXPECT_EQ(count(only_to(w.sent_now(), stranger.at), kind::ping), 0U);
  w.tick_after(w.settings().protocol_period + 1ns);
  w.sent_now();
  w.hear(stranger, wire::ping{0x32});
  EXPECT_EQ(count(only_to(w.sent_now(), stranger.at), kind::ping), 1U);
}

TEST(FirstHandNewcomer, OneThatIsHeldAbsentIsToldAndReturnsAboveIt) {
  engine_world w;
  w.meet_all(2);
  w.gossip(two, {dead(stranger.id, 10)});
  w.hear(stranger, wire::ping{1});
  const sent_list all = w.sent_now();
  for (const sent& s : all) {
    ASSERT_NE(s.about(stranger.id), nullptr);
    EXPECT_EQ(*s.about(stranger.id), dead(stranger.id, 10));
  }
  w.answer(stranger, all);
  EXPECT_EQ(w.node.find(stranger.id), std::nullopt);
  w.tick_after(w.settings().protocol_period + 1ns);
  w.hear(stranger.saying(11), wire::ping{1});
  w.answer(stranger.saying(11), w.sent_now());
  EXPECT_EQ(w.number_of(stranger.id), 11U);
}

// ---- candidates

TEST(FirstHandCandidate, ReplacesWhoWasThereOnlyByAnsweringFromThere) {
  engine_world w;
  w.meet_all(3);
  w.events();
  const peer candidate = stranger.from(two.at);
  w.hear(three, wire::ping{1}, {alive(candidate)});
  const sent_list asked = only_to(only(w.sent_now(), kind::ping), two.at);
  ASSERT_EQ(asked.size(), 1U);
  EXPECT_EQ(asked[0].what.head.target, stranger.id);
  EXPECT_TRUE(w.events().empty()) << "by hearsay nobody is replaced";
  const std::uint32_t sequence = asked[0].as<wire::ping>().sequence;
  w.hear(stranger.from(address_of(60)), wire::ack{sequence, incarnation{0}});
  EXPECT_EQ(w.state_of(two.id), member_state::alive) << "an answer from elsewhere proves nothing";

  w.tick_after(w.settings().protocol_period + 1ns);
  w.hear(three, wire::ping{2}, {alive(candidate)});
  w.answer(candidate, w.sent_now());
  EXPECT_EQ(w.state_of(stranger.id), member_state::alive);
  EXPECT_EQ(w.state_of(two.id), member_state::dead);
  EXPECT_EQ(w.stats().members_replaced, 1U);
  const auto all = w.events();
  EXPECT_NE(find<flotilla::member_joined>(all, stranger.id), nullptr);
  const auto* failed = find<flotilla::member_failed>(all, two.id);
  ASSERT_NE(failed, nullptr);
  EXPECT_EQ(failed->evidence.accuser, self.id) << "as the fact says that goes to the others";
}

TEST(FirstHandCandidate, AMemberThatAnswersStays) {
  engine_world w;
  w.meet_all(3);
  w.events();
  for (int i = 0; i < 5; ++i) {
    w.hear(three, wire::ping{1}, {alive(stranger.from(two.at))});
    w.live_for(w.settings().protocol_period, {two, three});
  }
  EXPECT_EQ(w.node.find(stranger.id), std::nullopt);
  EXPECT_TRUE(w.events().empty());
}

/// Who introduces itself says it once.
TEST(FirstHandIntroduction, TheOwnFactStandsInTheAckOnce) {
  engine_world w;
  w.meet_all(2);
  w.flush_gossip(two);
  w.gossip(two, {suspect(self.id, 0)});  // our refutation waits in the queue as well
  bytes question = w.packet(two, wire::ping{1});
  question = with_byte(question, 1, wire::flag_introduce);
  w.hear_raw(two.at, question);
  const sent ack = w.sent_now().at(0);
  ASSERT_FALSE(ack.what.facts.empty());
  EXPECT_EQ(ack.what.facts[0], alive(self, 1));
  EXPECT_EQ(ack.what.facts.size(), 1U) << text(ack.what.facts);
}

// ---- (a) behind what we hold: nothing is lowered, and the sender is told

TEST(FirstHandReply, BehindLowersNothingAndIsTold) {
  engine_world w;
  w.meet(two.saying(5));
  w.flush_gossip(two.saying(5));
  const sent ping = w.probe_of(two);
  w.hear(two.saying(3), wire::ack{ping.as<wire::ping>().sequence, incarnation{3}});
  EXPECT_EQ(w.number_of(two.id), 5U);
  const sent_list told = only_to(w.sent_now(), two.at);
  ASSERT_EQ(told.size(), 1U);
  ASSERT_NE(told[0].about(two.id), nullptr);
  EXPECT_EQ(*told[0].about(two.id), alive(two, 5));
}

TEST(FirstHandReply, AheadMergesLikeAnyFact) {
  engine_world w;
  w.meet_all(2);
  w.gossip(two, {suspect(two.id, 0)});
  w.events();
  const sent ping = w.probe_of(two);
  w.hear(two.saying(7), wire::ack{ping.as<wire::ping>().sequence, incarnation{7}});
  EXPECT_EQ(w.number_of(two.id), 7U);
  EXPECT_EQ(w.state_of(two.id), member_state::alive);
  EXPECT_EQ(count<flotilla::member_recovered>(w.events()), 1U);
}

// ---- (b) farther than W: adopted, if direct, from the address probed, and matching

TEST(FirstHandAdoption, DirectFromTheAddressProbedAndMatching) {
  struct attempt {
    const char* name;
    bool direct;
    bool there;
    bool matching;
  };
  for (const attempt& a :
       {attempt{"all of it", true, true, true}, attempt{"relayed", false, true, true},
        attempt{"from elsewhere", true, false, true},
        attempt{"another sequence number", true, true, false}}) {
    SCOPED_TRACE(a.name);
    engine_world w;
    w.meet(two.saying(far));
    w.meet(three);
    w.events();
    const sent ping = w.probe_of(two, {three});
    std::uint32_t sequence = ping.as<wire::ping>().sequence;
    const peer now = two.saying(0);
    if (!a.matching) ++sequence;
    if (a.direct) {
      w.hear(a.there ? now : now.from(address_of(60)), wire::ack{sequence, incarnation{0}});
    } else {
      w.next_tick();
      const sent_list asked = only(w.sent_now(), kind::ping_request);
      ASSERT_EQ(asked.size(), 1U);
      w.hear(three,
             wire::relayed_ack{asked[0].as<wire::ping_request>().sequence, two.id, incarnation{0}});
    }
    const bool adopted = a.direct && a.there && a.matching;
    EXPECT_EQ(w.number_of(two.id), adopted ? 0U : far);
    EXPECT_EQ(w.stats().adoptions, adopted ? 1U : 0U);
    const auto all = w.events();
    EXPECT_EQ(count<flotilla::member_updated>(all), adopted ? 1U : 0U) << text(all);
    EXPECT_EQ(all.size(), adopted ? 1U : 0U) << text(all);
  }
}

/// Single use: whoever overhears an answer cannot use it again.
TEST(FirstHandAdoption, AReplayedAckAdoptsNothing) {
  engine_world w;
  w.meet_all(2);
  const sent ping = w.probe_of(two);
  const wire::ack answer{ping.as<wire::ping>().sequence, incarnation{0}};
  w.hear(two, answer);
  w.hear(two, wire::ack{answer.sequence, incarnation{far}});
  EXPECT_EQ(w.number_of(two.id), 0U);
  EXPECT_EQ(w.stats().adoptions, 0U);
}

TEST(FirstHandAdoption, TheDeadAreAdoptedAliveAndJoin) {
  config c = plain_config();
  c.healing_interval = c.protocol_period;
  engine_world w{c};
  w.meet(two.saying(far));
  w.meet(three);
  w.gossip(three, {dead(two.id, far)});
  w.events();
  w.hear(two, wire::ping{1});
  w.answer(two, w.sent_now(), {alive(two)});
  EXPECT_EQ(w.state_of(two.id), member_state::alive);
  EXPECT_EQ(w.number_of(two.id), 0U);
  EXPECT_EQ(text(w.events()), "joined " + text(*w.node.find(two.id)) + "\n");
}

// ---- (d) an ack at the suspected incarnation

TEST(FirstHandSuspect, AnAckAtItsIncarnationAsksAgainWithTheAccusation) {
  engine_world w;
  w.meet_all(3);
  w.gossip(three, {suspect(two.id, 0, three.id)});
  w.events();
  const sent ping = w.probe_of(two, {three});
  w.hear(two, wire::ack{ping.as<wire::ping>().sequence, incarnation{0}});
  EXPECT_EQ(w.state_of(two.id), member_state::suspect) << "changes no state";
  const sent_list again = only_to(only(w.sent_now(), kind::ping), two.at);
  ASSERT_EQ(again.size(), 1U);
  ASSERT_NE(again[0].about(two.id), nullptr);
  EXPECT_EQ(*again[0].about(two.id), suspect(two.id, 0, three.id));
  EXPECT_TRUE(w.events().empty());
}

TEST(FirstHandSuspect, NoVerdictFallsWhileAnAckNewerThanTheSuspicionIsHeld) {
  engine_world w;
  w.meet_all(3);
  w.gossip(three, {suspect(two.id, 0)});
  const duration patience = flotilla::suspicion_timeout(w.settings(), 3);
  w.live_for(3 * patience, {two, three});  // it answers, but never to the accusation
  EXPECT_EQ(w.state_of(two.id), member_state::suspect);
  EXPECT_GT(w.stats().verdicts_deferred, 0U);
  w.live_for(3 * w.settings().protocol_period, {three});
  EXPECT_EQ(w.state_of(two.id), member_state::dead) << "silence is decisive";
}

/// A helper's answer proves life as well, and defers the verdict once.
TEST(FirstHandSuspect, ARelayedAckCountsToo) {
  engine_world w;
  w.meet_all(3);
  w.gossip(three, {suspect(two.id, 0)});
  const time_point end = w.now() + flotilla::suspicion_timeout(w.settings(), 3);
  while (w.now() < end) {
    w.next_tick();
    for (const sent& s : w.sent_now()) {
      if (s.kind() == kind::ping_request) {
        w.hear(three, wire::relayed_ack{s.as<wire::ping_request>().sequence, two.id, {}});
      }
      w.answer(three, {s});
    }
  }
  EXPECT_EQ(w.stats().verdicts_deferred, 1U);
  EXPECT_EQ(w.state_of(two.id), member_state::suspect);
}

// ---- a member restarted with incarnation 0 (rules (b) and (c) together)

struct memory {
  const char* name;
  member_state state;
  std::uint32_t number;
  bool same_address;
};
std::ostream& operator<<(std::ostream& out, const memory& m) { return out << m.name; }

class FirstHandRestart : public ::testing::TestWithParam<memory> {};

/// "Seen alive everywhere after one exchange with anyone who knew it": a group of three holds
/// something about member 4, which comes back with incarnation 0 and joins one of them.
TEST_P(FirstHandRestart, IsSeenAliveByAll) {
  const memory& m = GetParam();
  for (const bool heals : {false, true}) {
    group g{31};
    for (int i = 0; i < 3; ++i) {
      config c = plain_config_of_a_group();
      if (heals) c.healing_interval = c.protocol_period;
      g.add(c);
    }
    for (std::size_t i = 1; i < 3; ++i) g[i].join({address_of(0)});
    ASSERT_TRUE(g.run_until([&] { return g.full_mesh(); }, 5s));
    const peer before{member_id{4}, m.same_address ? address_of(3) : address_of(60),
                      incarnation{m.number}};
    facts held{alive(before)};
    if (m.state == member_state::dead) held.push_back(dead(before.id, m.number));
    if (m.state == member_state::left) held.push_back(left(before.id, m.number));
    for (std::size_t i = 0; i < 3; ++i) {
      const bytes told = datagram(wire::ping{1}, held,
                                  {.group_tag = wire::group_tag_of(""), .sender = peer_of(50).id});
      g[i].receive(g.now(), peer_of(50).at, told);
    }
    g.add(plain_config_of_a_group());
    g[3].join({address_of(1)});
    EXPECT_TRUE(g.run_until([&] { return g.full_mesh(); }, 3s)) << "heals: " << heals;
    g.run_for(5s);
    EXPECT_TRUE(g.full_mesh()) << "and stays so";
    for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(g[i].find(before.id)->address, address_of(3));
    for (const event& e : g.events(3)) {
      EXPECT_FALSE(std::holds_alternative<flotilla::identity_conflict>(e)) << text(e);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    Memories, FirstHandRestart,
    ::testing::Values(memory{"dead_at_100", member_state::dead, 100, true},
                      memory{"dead_at_100_elsewhere", member_state::dead, 100, false},
                      memory{"dead_far", member_state::dead, far, true},
                      memory{"dead_far_elsewhere", member_state::dead, far, false},
                      memory{"dead_far_behind", member_state::dead, 0U - far, true},
                      memory{"left_at_7", member_state::left, 7, true},
                      memory{"left_far_elsewhere", member_state::left, far, false},
                      memory{"alive_at_5", member_state::alive, 5, true},
                      memory{"alive_at_5_elsewhere", member_state::alive, 5, false},
                      memory{"alive_far", member_state::alive, far, true},
                      memory{"alive_far_elsewhere", member_state::alive, far, false}),
    [](const auto& test) { return std::string{test.param.name}; });

}  // namespace
