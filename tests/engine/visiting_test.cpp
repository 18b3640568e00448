// Tests of flotilla/engine/visiting.hpp: second looks, and halves of a group that meet.
// What a second look finds is not passed on; what a meeting finds is.
#include <flotilla/engine/visiting.hpp>

#include <gtest/gtest.h>

#include <support/engine_world.hpp>

namespace {

using namespace support;
using kind = wire::message_kind;

const peer self = peer_of(1);
const peer two = peer_of(2);
const peer three = peer_of(3);
const peer four = peer_of(4);
constexpr std::uint64_t cookie = 77;

/// Who has no repair does not look again: others need its gossip.
config looking() {
  config c = plain_config();
  c.repair_interval = config::loopback().repair_interval;
  return c;
}

void reply(engine_world& w, const peer& from, const sent& request, std::uint32_t next,
           const facts& chunk, std::uint32_t members = 2) {
  const std::uint32_t sequence = request.kind() == kind::join_request
                                     ? request.as<wire::join_request>().sequence
                                     : request.as<wire::state_request>().sequence;
  w.hear(from, wire::state_reply{sequence, cookie, next, members}, chunk);
}
sent request_to(engine_world& w, const peer& to) {
  const sent_list all = only_to(only(w.sent_now(), kind::state_request), to.at);
  EXPECT_EQ(all.size(), 1U);
  return all.empty() ? sent{} : all[0];
}
void join_two(engine_world& w) {
  ASSERT_EQ(w.node.join({two.at}), command_error::none);
  reply(w, two, w.sent_now().at(0), 0, {alive(two)});
  reply(w, two, request_to(w, two), 3, {alive(two)});
  reply(w, two, request_to(w, two), wire::end_of_state, {});
  ASSERT_EQ(count<flotilla::join_completed>(w.events()), 1U);
  w.sent_now();
}

// Those that came right after us are known to the seed; their gossip goes elsewhere.
TEST(Visiting, LooksAgainAfterAJoinUntilNothingIsNew) {
  engine_world w{looking()};
  const time_point begin = w.now();
  join_two(w);
  w.tick_at(begin + w.settings().join_retry - 1ns);
  EXPECT_EQ(count(w.sent_now(), kind::state_request), 0U);
  w.tick_at(begin + w.settings().join_retry);
  const sent again = request_to(w, two);
  EXPECT_EQ(again.as<wire::state_request>().cursor, 3U) << "where the last chunk began";
  reply(w, two, again, wire::end_of_state, {alive(three)});
  EXPECT_EQ(w.state_of(three.id), member_state::alive);
  EXPECT_EQ(count<flotilla::join_progress>(w.events()), 0U) << "the join is over";
  w.tick_at(begin + 3 * w.settings().join_retry);
  reply(w, two, request_to(w, two), wire::end_of_state, {alive(three)});
  w.live_for(20 * w.settings().join_retry, {two, three});
  EXPECT_EQ(count(w.sent_now(), kind::state_request), 0U);
}

TEST(Visiting, ABusySeedSendsAJoinerOnAndItReturnsWhenNobodyIsThere) {
  engine_world w{looking()};
  ASSERT_EQ(w.node.join({two.at}), command_error::none);
  reply(w, two, w.sent_now().at(0), 0, {alive(two)}, 100);
  reply(w, two, request_to(w, two), 0, {alive(three)}, 100);
  const sent_list all = w.sent_now();
  ASSERT_EQ(only_to(only(all, kind::join_request), three.at).size(), 1U) << "at once";
  EXPECT_EQ(only(all, kind::join_request).at(0).as<wire::join_request>().cookie, 0U);
  std::size_t asked_three = 1;
  bool back = false;
  for (int i = 0; i < 60 && !back; ++i) {
    w.next_tick();
    const sent_list more = only(w.sent_now(), kind::join_request);
    asked_three += only_to(more, three.at).size();
    back = !only_to(more, two.at).empty();
  }
  EXPECT_TRUE(back);
  EXPECT_EQ(asked_three, flotilla::transfer::max_attempts_elsewhere);
}

// Five lost chunks do not send a joiner back to the first row, nor does a whole minute.
TEST(Visiting, AJoinThatWasInterruptedGoesOnWhereItWas) {
  for (const bool restarted : {false, true}) {
    engine_world w{looking()};
    ASSERT_EQ(w.node.join({two.at}), command_error::none);
    reply(w, two, w.sent_now().at(0), 0, {alive(two)}, 9);
    reply(w, two, request_to(w, two), 40, {alive(three)}, 9);
    sent anew;
    for (int i = 0; i < 100 && anew.to != two.at; ++i) {
      w.next_tick();
      for (const sent& s : only(w.sent_now(), kind::join_request)) anew = s;
    }
    ASSERT_EQ(anew.to, two.at) << "whoever is there now";
    const std::uint32_t sequence = anew.as<wire::join_request>().sequence;
    w.hear(two, wire::state_reply{sequence, restarted ? cookie + 1 : cookie, 0, 9}, {alive(two)});
    const sent next = request_to(w, two);
    EXPECT_EQ(next.as<wire::state_request>().cursor, restarted ? 0U : 40U);
  }
}

// Who has been elsewhere and come back is at the seed like everybody else: two lost chunks are not
// enough to begin anew.
TEST(Visiting, AJoinThatHasReturnedToItsSeedGoesOnWhereItWas) {
  engine_world w{looking()};
  ASSERT_EQ(w.node.join({two.at}), command_error::none);
  reply(w, two, w.sent_now().at(0), 0, {alive(two)}, 100);
  reply(w, two, request_to(w, two), 0, {alive(three)}, 100);
  reply(w, three, only(w.sent_now(), kind::join_request).at(0), 0, {alive(three)}, 1);
  sent_list back;
  for (int i = 0; i < 20 && back.empty(); ++i) {
    w.next_tick();
    back = only(w.sent_now(), kind::join_request);
  }
  ASSERT_EQ(back.at(0).to, two.at) << "three knows too few";
  reply(w, two, back[0], 0, {alive(two)}, 100);
  reply(w, two, request_to(w, two), 40, {alive(four)}, 100);
  sent_list lost;
  while (lost.size() < flotilla::transfer::max_attempts) {
    for (const sent& s : only_to(w.sent_now(), two.at)) {
      ASSERT_NE(s.kind(), kind::join_request) << "after " << lost.size() << " lost chunks";
      if (s.kind() == kind::state_request) lost.push_back(s);
    }
    w.next_tick();
  }
  for (const sent& s : lost) EXPECT_EQ(s.as<wire::state_request>().cursor, 40U);
}

// When halves meet, each asks the other for all that it knows, once, and passes it on.
TEST(Visiting, WhoMeetsAMemberThatTakesItForDeadPullsItsStateAndPassesItOn) {
  engine_world w{looking()};
  w.hear_raw(two.at, w.packet_to(member_id{}, two, wire::ping{1}, {alive(two)}));
  EXPECT_EQ(w.node.find(two.id), std::nullopt) << "an unanswered ping lets nobody in";
  w.answer(two, w.sent_now());
  EXPECT_EQ(w.state_of(two.id), member_state::alive);
  EXPECT_EQ(w.stats().meetings, 1U);
  const sent first = request_to(w, two);
  reply(w, two, first, 0, {});  // proves its address
  reply(w, two, request_to(w, two), wire::end_of_state, {alive(three), alive(four)}, 4);
  EXPECT_EQ(w.node.size(), 4U);
  w.hear(two, wire::ping{2});
  const sent ack = only(w.sent_now(), kind::ack).at(0);
  EXPECT_NE(ack.about(three.id), nullptr) << "news to our half";
  EXPECT_NE(ack.about(four.id), nullptr);
}

// Rows without end, or a server that never has time: neither keeps us from meeting others for ever.
TEST(Visiting, AMeetingThatDoesNotEndIsGivenUp) {
  for (const bool busy : {false, true}) {
    engine_world w{looking()};
    w.hear_raw(two.at, w.packet_to(member_id{}, two, wire::ping{1}, {alive(two)}));
    w.answer(two, w.sent_now());
    const time_point begin = w.now();
    time_point last = begin;
    while (w.now() < begin + 3 * w.settings().join_timeout) {
      const sent_list all = w.sent_now();
      w.answer(two, all);
      for (const sent& s : only(all, kind::state_request)) {
        const std::uint32_t cursor = s.as<wire::state_request>().cursor;
        reply(w, two, s, busy ? cursor : cursor + 1, {});
        last = w.now();
      }
      w.tick_after(10ms);
    }
    EXPECT_GE(last, begin + w.settings().join_timeout - w.settings().join_retry) << busy;
    EXPECT_LE(last, begin + w.settings().join_timeout) << busy;
    w.hear_raw(three.at, w.packet_to(member_id{}, three, wire::ping{2}, {alive(three)}));
    w.answer(three, w.sent_now());
    EXPECT_EQ(only_to(only(w.sent_now(), kind::state_request), three.at).size(), 1U) << busy;
  }
}

// Any stranger that answers causes a meeting: whom it then tells of is hearsay, like all that
// others say. Most of a small table stays free, and real members still come in.
TEST(Visiting, AMeetingBringsNoMoreThanHearsayMay) {
  config c = looking();
  c.max_members = 1000;
  c.max_new_members = 16;
  engine_world w{c};
  w.meet(two);
  w.hear_raw(three.at, w.packet_to(member_id{}, three, wire::ping{1}, {alive(three)}));
  w.answer(three, w.sent_now());
  std::uint64_t fake = 10000;
  for (std::uint32_t told = 0; told < 2 * c.max_members; told += 40) {
    const sent_list asked = only_to(only(w.sent_now(), kind::state_request), three.at);
    ASSERT_EQ(asked.size(), 1U);
    facts chunk;
    for (int i = 0; i < 40; ++i) chunk.push_back(alive(peer_of(++fake)));
    reply(w, three, asked[0], asked[0].as<wire::state_request>().cursor + 1, chunk);
  }
  EXPECT_EQ(w.node.size(), 3U + 2 * c.max_new_members);
  w.meet(four);
}

TEST(Visiting, ANewcomersPingIsNoMeeting) {
  engine_world w{looking()};
  w.meet(two);
  EXPECT_EQ(w.stats().meetings, 0U);
}

// ---- who was cut off may be the one in the wrong

TEST(Strangers, AccuseNobodyButUs) {
  engine_world w{looking()};
  w.meet_all(3);
  w.hear(four, wire::ping{1}, {dead(two.id, 0), suspect(three.id, 0, four.id), dead(self.id, 0)});
  EXPECT_EQ(w.state_of(two.id), member_state::alive);
  EXPECT_EQ(w.state_of(three.id), member_state::alive);
  EXPECT_EQ(w.stats().facts_of_strangers, 2U);
  EXPECT_EQ(w.node.self().incarnation, flotilla::incarnation{1}) << "we speak up for ourselves";
  w.hear(three, wire::ping{1}, {dead(two.id, 0)});
  EXPECT_EQ(w.state_of(two.id), member_state::dead) << "members may";
}

TEST(Strangers, WhoWasHeldDeadTellsItsOwnAccusationsNoFurther) {
  for (const bool held_dead : {false, true}) {
    engine_world w{looking()};
    w.meet_all(4);
    w.flush_gossip(three);
    w.gossip(four, {dead(two.id, 0)});
    if (held_dead) w.gossip(four, {dead(self.id, 0)});
    w.hear(three, wire::ping{1});
    const sent ack = only(w.sent_now(), kind::ack).at(0);
    EXPECT_EQ(ack.about(two.id) != nullptr, !held_dead);
  }
}

}  // namespace
