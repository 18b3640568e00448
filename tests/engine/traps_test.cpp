// Traps that other SWIM implementations fell into (DESIGN, end of section 6): one test each.
// The name says the trap, the comment what went wrong elsewhere.
#include <gtest/gtest.h>

#include <map>
#include <string>

#include <support/engine_world.hpp>

namespace {

using namespace support;
using kind = wire::message_kind;

const peer two = peer_of(2);
const peer three = peer_of(3);
const peer four = peer_of(4);

/// A member with a long address in small datagrams could never refute: its record found no room.
TEST(Traps, OwnAliveRecordDoesNotFitBesideAPing) {
  config c = plain_config();
  c.max_datagram_size = flotilla::min_datagram_size;
  c.address = sample::opaque(18);
  engine_world w{c};
  w.meet_all(2);
  w.flush_gossip(two);
  w.hear(two, wire::ping{1}, {suspect(w.node.self().id, 0)});
  const sent ack = w.sent_now().at(0);
  ASSERT_NE(ack.about(w.node.self().id), nullptr) << "in the ack to whoever told us";
  w.gossip(two, {suspect(w.node.self().id, 1)});
  const sent ping = w.probe_of(two);
  ASSERT_NE(ping.about(w.node.self().id), nullptr) << "beside a ping";
  EXPECT_EQ(*ping.about(w.node.self().id), alive({w.node.self().id, c.address, incarnation{2}}));
}

/// The suspicion is old news to its subject, which has refuted it long ago, but its holder still
/// waits: whoever ignores it in silence is declared dead.
TEST(Traps, SuspicionBelowTheOwnIncarnationIgnoredSoThatTheBuddyCannotClearIt) {
  config c = plain_config();
  c.initial_incarnation = incarnation{5};
  engine_world subject{c};
  subject.meet_all(2);
  subject.flush_gossip(two);
  subject.hear(two, wire::ping{1}, {suspect(subject.node.self().id, 3)});
  const sent ack = subject.sent_now().at(0);
  EXPECT_EQ(subject.own_number(), 5U) << "nothing to raise";
  EXPECT_EQ(ack.as<wire::ack>().incarnation, incarnation{5}) << "but its word is in the answer";

  engine_world buddy;  // the other side: that answer clears it
  buddy.meet_all(3);
  buddy.gossip(three, {suspect(two.id, 3)});
  buddy.events();
  const sent ping = buddy.probe_of(two, {three});
  ASSERT_NE(ping.about(two.id), nullptr);
  EXPECT_EQ(ping.about(two.id)->state, member_state::suspect);
  buddy.hear(two.saying(5), wire::ack{ping.as<wire::ping>().sequence, incarnation{5}});
  EXPECT_EQ(buddy.state_of(two.id), member_state::alive);
  EXPECT_EQ(count<flotilla::member_recovered>(buddy.events()), 1U);
}

/// Our own accusation came back to us by gossip and shortened our own time-out.
TEST(Traps, LocalNodeCountedAsAnIndependentConfirmation) {
  engine_world w;
  w.meet_all(4);
  w.suspect_by_probe(two, {three, four});
  const member_id self = w.node.self().id;
  for (int i = 0; i < 3; ++i) w.gossip(three, {suspect(two.id, 0, self)});
  w.gossip(three, {suspect(two.id, 0, three.id)});
  w.gossip(four, {suspect(two.id, 0, three.id)});  // the same accuser again
  w.events();
  w.live_for(w.settings().protocol_period * 20, {three, four});
  const auto all = w.events();
  const auto* failed = find<flotilla::member_failed>(all, two.id);
  ASSERT_NE(failed, nullptr) << text(all);
  EXPECT_EQ(failed->evidence.accuser, self);
  EXPECT_EQ(failed->evidence.confirmations, 1U);
}

TEST(Traps, FirstAccuserCountedAsItsOwnConfirmation) {
  engine_world w;
  w.meet_all(4);
  for (int i = 0; i < 3; ++i) w.gossip(four, {suspect(two.id, 0, three.id)});
  const member_id self = w.node.self().id;
  w.gossip(four, {suspect(two.id, 0, self)});  // we have not accused anybody
  w.events();
  w.live_for(w.settings().protocol_period * 20, {three, four});
  const auto all = w.events();
  const auto* failed = find<flotilla::member_failed>(all, two.id);
  ASSERT_NE(failed, nullptr) << text(all);
  EXPECT_EQ(failed->evidence.accuser, three.id);
  EXPECT_EQ(failed->evidence.confirmations, 0U);
}

/// Since nothing visible changed, dead@10 was forgotten, and alive@2 from long ago resurrected.
TEST(Traps, DeadAtTenHeardWhileDeadAtOneIsHeldDoesNotRaiseTheIncarnation) {
  engine_world w;
  w.meet_all(3);
  w.gossip(three, {dead(two.id, 1)});
  w.events();
  w.gossip(three, {dead(two.id, 10)});
  EXPECT_TRUE(w.events().empty()) << "no second event";
  EXPECT_EQ(w.number_of(two.id), 10U);
  for (const std::uint32_t old : {2U, 9U, 10U}) {
    w.gossip(three, {alive(two, old)});
    EXPECT_EQ(w.state_of(two.id), member_state::dead) << old;
  }
  w.gossip(three, {alive(two, 11)});
  EXPECT_EQ(w.state_of(two.id), member_state::alive);
}

/// A member that left does not listen any more: what is sent to it is lost on the others.
TEST(Traps, LeaveGossipSpentOnMembersThatAlreadyLeft) {
  config c = plain_config();
  c.healing_interval = duration::zero();
  engine_world w{c};
  w.meet_all(6);
  w.gossip(two, {left(three.id, 0), left(four.id, 0)});
  w.tick_after(10 * w.settings().protocol_period);
  const sent_list healing = w.sent_now();
  EXPECT_EQ(only_to(healing, three.at).size() + only_to(healing, four.at).size(), 0U);
  ASSERT_EQ(w.node.leave(), command_error::none);
  const sent_list farewells = w.sent_now();
  EXPECT_EQ(farewells.size(), 3U) << "two, five and six";
  for (const sent& s : farewells) {
    EXPECT_TRUE(s.to != three.at && s.to != four.at) << s.to.to_string();
    EXPECT_EQ(*s.about(w.node.self().id), left(w.node.self().id, 0));
  }
}

/// A slow consumer's list of members drifted away for ever.
TEST(Traps, EventsDroppedInSilence) {
  engine_world w;
  w.meet_all(2);
  for (std::uint32_t round = 0; round < 400; ++round) {
    w.gossip(two, {alive(three, 2 * round + 1), dead(three.id, 2 * round + 1)});
  }
  EXPECT_GT(w.stats().events_dropped, 0U);
  const auto all = w.events();
  ASSERT_TRUE(std::holds_alternative<flotilla::events_lost>(all.back()));
  EXPECT_EQ(std::get<flotilla::events_lost>(all.back()).count, w.stats().events_dropped);
  EXPECT_EQ(count<flotilla::events_lost>(all), 1U);
}

/// The member refuted or rejoined, and the timer of its former life declared it dead.
TEST(Traps, SuspicionTimerOfAnOldIncarnationKillsTheRejoinedMember) {
  for (const bool rejoins : {false, true}) {
    engine_world w;
    w.meet_all(3);
    w.gossip(three, {suspect(two.id, 0)});
    const duration patience = flotilla::suspicion_timeout(w.settings(), 3);
    w.live_for(patience - 2 * w.settings().protocol_period, {three});
    ASSERT_EQ(w.state_of(two.id), member_state::suspect);
    if (rejoins) w.gossip(three, {dead(two.id, 0)});
    w.gossip(three, {alive(two, 1)});
    ASSERT_EQ(w.state_of(two.id), member_state::alive);
    w.events();
    w.live_for(4 * patience, {two.saying(1), three});
    EXPECT_EQ(w.state_of(two.id), member_state::alive);
    EXPECT_EQ(count<flotilla::member_failed>(w.events()), 0U);
    EXPECT_EQ(w.stats().verdicts, 0U);
  }
}

/// The helpers were asked late and the next period began on time: two rounds at once, and the
/// answers of the first came too late to count.
TEST(Traps, StretchedProbesThatOverlapTheNextPeriod) {
  engine_world w;
  w.meet_all(4);
  static_cast<void>(w.probe_of(two, {three, four}));
  const auto probes = w.stats().probes;
  w.tick_after(w.settings().protocol_period + w.settings().tick_granularity);
  ASSERT_EQ(count(w.sent_now(), kind::ping_request), 0U) << "first one more direct time-out";
  EXPECT_EQ(w.stats().probes, probes);
  w.tick_after(w.settings().direct_timeout);
  const sent_list asked = only(w.sent_now(), kind::ping_request);
  ASSERT_EQ(asked.size(), 2U);
  EXPECT_EQ(w.stats().probes, probes) << "no second round meanwhile";
  w.tick_after(w.settings().direct_timeout - 1ns);
  EXPECT_EQ(w.stats().probes, probes) << "the helpers get their time";
  w.hear(three, wire::relayed_ack{asked[0].as<wire::ping_request>().sequence, two.id, two.number});
  EXPECT_EQ(w.stats().probes_acknowledged_by_helper, 1U);
  w.tick_after(1ns);
  EXPECT_EQ(w.stats().probes, probes + 1);
  EXPECT_EQ(w.state_of(two.id), member_state::alive);
}

/// A dual-stack socket reports ::ffff:10.0.0.2; the member became two.
TEST(Traps, Ipv4MappedIpv6SplitsOneMemberInTwo) {
  const endpoint mapped =
      endpoint::ipv6({0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 0, 0, 2}, 7946);
  ASSERT_EQ(mapped, two.at);
  engine_world w;
  w.meet_all(2);
  const auto size = w.node.size();
  w.hear(two.from(mapped), wire::ping{1});
  EXPECT_EQ(w.sent_now().at(0).to, two.at);
  EXPECT_EQ(w.stats().replies_capped, 1U) << "only the very first ping came from a stranger";
  w.meet({member_id{22}, mapped, incarnation{0}});
  EXPECT_EQ(w.node.size(), size) << "a replacement at the same address, not a second member";
  EXPECT_EQ(w.state_of(two.id), member_state::dead);
}

/// A rumour about somebody long gone brought a ghost back, and everybody told everybody.
TEST(Traps, SuspectOrDeadFactAboutAnUnknownMemberAddsIt) {
  engine_world w;
  w.meet_all(2);
  w.flush_gossip(two);
  const peer ghost = peer_of(50);
  for (const wire::fact& f : {suspect(ghost.id, 3), dead(ghost.id, 3), left(ghost.id, 3)}) {
    w.hear(two, wire::ping{1}, {f});
    EXPECT_EQ(w.node.find(ghost.id), std::nullopt) << text(f);
    EXPECT_EQ(w.sent_now().at(0).about(ghost.id), nullptr) << "nor is it passed on";
  }
  EXPECT_TRUE(w.events().empty());
  EXPECT_EQ(w.node.members().size(), 2U);
  EXPECT_EQ(w.stats().gossip_pending, 0U);
  EXPECT_EQ(w.stats().facts_about_unknown, 3U);
}

/// Every copy of one farewell made the other one's news again.
TEST(Traps, TwoLeavesThatRebroadcastEachOtherForEver) {
  group g{11};
  for (int i = 0; i < 8; ++i) g.add(plain_config_of_a_group());
  for (std::size_t i = 1; i < g.size(); ++i) g[i].join({address_of(0)});
  ASSERT_TRUE(g.run_until([&] { return g.full_mesh(); }, 5s));
  g.run_for(5s);
  std::size_t told = 0;
  g.tap = [&told](packet& p) {
    const decoded what = decode(p.data, wire::group_tag_of(""));
    for (const wire::fact& f : what.facts) told += f.state == member_state::left ? 1U : 0U;
  };
  g[6].leave();
  g[7].leave();
  g.run_for(3s);
  for (std::size_t i = 0; i < 6; ++i) {
    for (const std::uint64_t gone : {7U, 8U}) {
      EXPECT_EQ(g[i].find(member_id{gone})->state, member_state::left) << i;
    }
  }
  EXPECT_GT(told, 0U);
  g.run_for(5s);
  told = 0;
  g.run_for(10s);
  EXPECT_EQ(told, 0U) << "the farewells still go around";
}

/// One member that can send but hardly hear accused everybody, and the refutations drowned the
/// group. No healthy member may ever be reported failed by a healthy one.
TEST(Traps, OneHalfConnectedMemberMakesTheWholeGroupFlap) {
  for (const bool deaf : {true, false}) {
    group g{12};
    for (int i = 0; i < 10; ++i) g.add(plain_config_of_a_group());
    for (std::size_t i = 1; i < g.size(); ++i) g[i].join({address_of(0)});
    ASSERT_TRUE(g.run_until([&] { return g.full_mesh(); }, 5s));
    const std::size_t sick = 5;
    for (std::size_t i = 0; i < g.size(); ++i) g.events(i).clear();
    g.drop = [deaf](const endpoint& from, const endpoint& to) {
      return (deaf ? to : from) == address_of(sick);
    };
    std::size_t datagrams = 0;
    g.tap = [&datagrams](packet&) { ++datagrams; };
    g.run_for(30s);
    for (std::size_t i = 0; i < g.size(); ++i) {
      if (i == sick) continue;
      for (const event& e : g.events(i)) {
        const auto* failed = std::get_if<flotilla::member_failed>(&e);
        if (failed == nullptr) continue;
        EXPECT_EQ(failed->member.id, member_id{sick + 1}) << "told by " << i + 1;
      }
    }
    const auto periods = static_cast<std::size_t>(30s / config::loopback().protocol_period);
    EXPECT_LT(datagrams, 6 * periods * g.size()) << "a storm of refutations";
  }
}

}  // namespace
