// Tests of flotilla/engine/multicast.hpp: dissemination without gossip (SWIM, section 3).
// What is learnt first-hand goes to everybody, each fact in a datagram of its own; nothing else.
#include <flotilla/engine/multicast.hpp>

#include <gtest/gtest.h>

#include <cstdint>
#include <set>
#include <string>

#include <support/engine_world.hpp>

namespace {

using namespace support;
using error = command_error;
using kind = wire::message_kind;

const peer self = peer_of(1);
const peer two = peer_of(2);
const peer three = peer_of(3);
const peer four = peer_of(4);
const peer five = peer_of(5);

config multicasting(bool on = true) {
  config c = plain_config();
  c.experiment.multicast = on;
  return c;
}

/// Those datagrams that tell this fact and nothing else, without asking or answering anything.
std::set<member_id> told(const sent_list& all, const wire::fact& fact) {
  std::set<member_id> whom;
  for (const sent& s : all) {
    if (s.kind() != kind::ack || s.as<wire::ack>().sequence != 0) continue;
    EXPECT_EQ(text(s.what.facts), text(fact));
    EXPECT_EQ(s.to, peer_of(static_cast<std::uint64_t>(s.what.head.target)).at);
    EXPECT_TRUE(whom.insert(s.what.head.target).second) << "told twice";
  }
  return whom;
}
using ids = std::set<member_id>;

TEST(Multicast, AStrangerThatProvedItselfIsToldToAllOthers) {
  for (const bool on : {false, true}) {
    engine_world w{multicasting(on)};
    w.meet_all(4);
    w.flush_gossip(two);
    w.hear(five, wire::ping{1});
    w.answer(five, w.sent_now());
    const sent_list all = w.sent_now();
    EXPECT_EQ(told(all, alive(five)), on ? (ids{two.id, three.id, four.id}) : ids{});
    EXPECT_EQ(all.size(), on ? 3U : 0U);
    EXPECT_EQ(w.stats().gossip_pending, on ? 0U : 1U);
  }
}

TEST(Multicast, AJoinerIsToldToAllOthersAndGetsTheState) {
  for (const bool on : {false, true}) {
    engine_world w{multicasting(on)};
    w.meet_all(4);
    w.flush_gossip(two);
    w.hear(five, wire::join_request{1, 0}, {alive(five)});
    const sent_list first = w.sent_now();
    ASSERT_EQ(first.size(), 1U);
    const std::uint64_t cookie = first[0].as<wire::state_reply>().cookie;
    w.hear(five, wire::state_request{2, cookie, 0}, {alive(five)});
    const sent_list all = w.sent_now();
    EXPECT_EQ(told(all, alive(five)), on ? (ids{two.id, three.id, four.id}) : ids{});
    const sent_list replies = only(all, kind::state_reply);
    ASSERT_EQ(replies.size(), 1U);
    EXPECT_EQ(replies[0].what.facts.size(), 4U) << "everybody but itself";
    // Asking on, it is no news any more.
    w.hear(five, wire::state_request{3, cookie, 2}, {alive(five)});
    EXPECT_EQ(count(w.sent_now(), kind::ack), 0U);
  }
}

TEST(Multicast, AMemberThatReturnsIsToldToAllOthers) {
  engine_world w{multicasting()};
  w.meet_all(4);
  w.gossip(three, {dead(two.id, 0)});
  w.hear(two.saying(1), wire::ping{1});
  w.answer(two.saying(1), w.sent_now());
  EXPECT_EQ(told(w.sent_now(), alive(two, 1)), (ids{three.id, four.id}));
}

/// The suspect itself is told too, or it could not refute; the dead are told nothing.
TEST(Multicast, OwnVerdictsAreTold) {
  engine_world w{multicasting()};
  w.meet_all(4);
  static_cast<void>(w.probe_of(two, {three, four}));
  w.tick_after(w.settings().direct_timeout);
  w.sent_now();
  w.tick_after(w.settings().protocol_period - w.settings().direct_timeout);
  ASSERT_EQ(w.state_of(two.id), member_state::suspect);
  EXPECT_EQ(told(w.sent_now(), suspect(two.id, 0, self.id)), (ids{two.id, three.id, four.id}));
  ASSERT_EQ(w.node.fail(three.id), error::none);
  EXPECT_EQ(told(w.sent_now(), dead(three.id, 0, self.id)), (ids{two.id, four.id}));
  w.live_for(suspicion_timeout(w.settings(), 4) - 1ms, {four});
  w.sent_now();
  w.tick_after(1ms);
  ASSERT_EQ(w.state_of(two.id), member_state::dead);
  EXPECT_EQ(told(w.sent_now(), dead(two.id, 0, self.id)), ids{four.id});
}

TEST(Multicast, WithoutSuspicionTheFailureItselfIsTold) {
  config c = multicasting();
  c.experiment.suspicion = false;
  engine_world w{c};
  w.meet_all(4);
  static_cast<void>(w.probe_of(two, {three, four}));
  w.tick_after(w.settings().direct_timeout);
  w.sent_now();
  w.tick_after(w.settings().protocol_period - w.settings().direct_timeout);
  ASSERT_EQ(w.state_of(two.id), member_state::dead);
  EXPECT_EQ(told(w.sent_now(), dead(two.id, 0, self.id)), (ids{three.id, four.id}));
}

TEST(Multicast, OwnRefutationMoveAndFarewellAreTold) {
  engine_world w{multicasting()};
  w.meet_all(3);
  w.hear(two, wire::ping{1}, {suspect(self.id, 0)});
  sent_list all = w.sent_now();
  EXPECT_EQ(told(all, alive(self, 1)), (ids{two.id, three.id}));
  EXPECT_EQ(all.size(), 3U) << "and the ack to the ping";
  const endpoint there = address_of(70);
  ASSERT_EQ(w.node.set_address(there), error::none);
  EXPECT_EQ(told(w.sent_now(), alive(self.from(there), 2)), (ids{two.id, three.id}));
  ASSERT_EQ(w.node.leave(), error::none);
  all = w.sent_now();
  EXPECT_EQ(told(all, left(self.id, 2)), (ids{two.id, three.id}));
  EXPECT_EQ(count(all, kind::ping), 2U) << "the farewell that wants to be acknowledged";
}

/// Who said it first has told everybody: passing it on would be the storm that gossip avoids.
TEST(Multicast, WhatOthersSayIsNotPassedOn) {
  for (const bool on : {false, true}) {
    engine_world w{multicasting(on)};
    w.meet_all(4);
    w.flush_gossip(two);
    w.hear(two, wire::ping{1}, {alive(five), suspect(three.id, 0), dead(four.id, 0)});
    EXPECT_EQ(w.state_of(five.id), member_state::alive);
    EXPECT_EQ(w.state_of(three.id), member_state::suspect);
    EXPECT_EQ(w.state_of(four.id), member_state::dead);
    const sent_list all = w.sent_now();
    ASSERT_EQ(all.size(), 1U) << "the ack";
    EXPECT_EQ(all[0].what.facts.size(), on ? 0U : 3U);
  }
}

/// An eviction is nobody else's business, however facts travel.
TEST(Multicast, AnEvictionIsNotTold) {
  engine_world w{multicasting()};
  w.meet_all(3);
  ASSERT_EQ(w.node.evict(two.id), error::none);
  EXPECT_TRUE(w.sent_now().empty());
}

TEST(Multicast, WhatTheOutboxHasNoRoomForIsCounted) {
  config c = multicasting();
  c.max_transmits = 64;
  engine_world w{c};
  w.meet_all(101);
  const auto dropped = w.stats().transmits_dropped;
  ASSERT_EQ(w.node.set_address(address_of(200)), error::none);
  EXPECT_EQ(w.sent_now().size(), 64U);
  EXPECT_EQ(w.stats().transmits_dropped - dropped, 36U);
}

/// The carrying ack is understood by whoever gets it, and answers none of its questions.
TEST(Multicast, AGroupLearnsEverythingByIt) {
  config c = plain_config_of_a_group();
  c.experiment.multicast = true;
  group g{3};
  for (std::size_t i = 0; i < 6; ++i) g.add(c);
  for (std::size_t i = 1; i < 6; ++i) {
    ASSERT_EQ(g[i].join({address_of(0)}), error::none);
    g.run_for(200ms);
  }
  EXPECT_TRUE(g.full_mesh());
  g.crash(1);
  ASSERT_EQ(g[2].leave(), error::none);
  g.run_for(6s);
  for (const std::size_t i : {0U, 3U, 4U, 5U}) {
    ASSERT_TRUE(g[i].find(member_id{2}) && g[i].find(member_id{3}));
    EXPECT_EQ(g[i].find(member_id{2})->state, member_state::dead);
    EXPECT_EQ(g[i].find(member_id{3})->state, member_state::left);
    EXPECT_EQ(g[i].stats().gossip_pending, 0U);
    EXPECT_EQ(g[i].size(), 4U);
  }
}

}  // namespace
