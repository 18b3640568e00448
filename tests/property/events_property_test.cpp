// tests/property/events_property_test.cpp - the events are the member list, however they are read
// Drained after each input, none is ever lost; left alone, the loss is told and can be made good.
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <cstddef>
#include <cstdint>
#include <support/acquaint.hpp>
#include <support/event_replay.hpp>
#include <support/operations.hpp>
#include <vector>

namespace {

using flotilla::engine;
using fuzz::incarnation;
using fuzz::member_id;
using fuzz::member_state;
namespace wire = flotilla::wire;

engine newborn() {
  flotilla::config c = flotilla::config::loopback();
  c.id = member_id{1};
  c.address = fuzz::address_of(1);
  c.seed = *rc::gen::arbitrary<std::uint64_t>();
  engine e{c, flotilla::time_point{}};
  support::acquaint(e, flotilla::time_point{}, member_id{2}, fuzz::address_of(2));
  return e;
}

/// Few members and few incarnations, so that facts meet.
wire::fact any_fact() {
  wire::fact fact;
  fact.subject = member_id{*rc::gen::inRange<std::uint64_t>(2, 9)};
  fact.state = static_cast<member_state>(*rc::gen::inRange(0, 4));
  fact.incarnation = incarnation{*rc::gen::inRange<std::uint32_t>(0, 8)};
  if (fact.state == member_state::alive) {
    fact.address = fuzz::address_of(static_cast<std::uint64_t>(fact.subject) +
                                    *rc::gen::inRange<std::uint64_t>(0, 2) * 100);
  }
  if (fact.state == member_state::suspect || fact.state == member_state::dead) {
    fact.accuser = member_id{*rc::gen::inRange<std::uint64_t>(2, 9)};
  }
  return fact;
}

void hear(engine& e, flotilla::time_point now, const std::vector<wire::fact>& facts) {
  e.receive(now, fuzz::address_of(2),
            fuzz::datagram(wire::group_tag_of(""), member_id{2}, incarnation{0}, member_id{1},
                           wire::ping{1}, facts));
}

RC_GTEST_PROP(events_property, drained_after_each_input_none_is_lost, ()) {
  engine e = newborn();
  support::event_replay replay{member_id{1}};
  const auto rounds = *rc::gen::inRange(1, 20);
  for (int i = 0; i < rounds; ++i) {
    std::vector<wire::fact> facts(*rc::gen::inRange<std::size_t>(0, 60));
    for (wire::fact& fact : facts) fact = any_fact();
    const flotilla::time_point now{std::chrono::milliseconds{i * *rc::gen::inRange(1, 2000)}};
    hear(e, now, facts);
    if (i % 3 == 0) e.tick(now);
    while (const auto what = e.poll_event()) RC_ASSERT(replay.take(*what) == "");
    RC_ASSERT(replay.lost() == 0U);
    RC_ASSERT(replay.compare(e) == "");
  }
}

flotilla::endpoint place_of(std::uint64_t id) {
  return flotilla::endpoint::ipv4(
      {10, 1, static_cast<std::uint8_t>(id >> 8U), static_cast<std::uint8_t>(id)}, 7946);
}

/// The most that one datagram can cause: every fact two events, no byte unused.
TEST(events_property, the_fullest_datagram_loses_none) {
  for (const std::size_t size : {std::size_t{96}, std::size_t{1400}, std::size_t{65507}}) {
    flotilla::config c = flotilla::config::loopback();
    c.id = member_id{1};
    c.address = fuzz::address_of(1);
    c.max_datagram_size = size;
    engine e{c, flotilla::time_point{}};
    support::acquaint(e, flotilla::time_point{}, member_id{2}, fuzz::address_of(2));
    support::event_replay replay{member_id{1}};
    std::vector<std::byte> buffer(size);
    for (std::uint32_t round = 0; round < 6; ++round) {
      wire::writer out{buffer};
      wire::write_message(out,
                          wire::frame{wire::group_tag_of(""), member_id{2}, incarnation{0}, {}, {}},
                          wire::ping{1});
      // left@n is 14 bytes, dead@n+1 (a return and a failure) 22.
      for (std::uint64_t id = 100;; ++id) {
        const member_id who{id};
        wire::fact fact{who, incarnation{round}, member_state::alive, place_of(id), {}};
        if (round % 2 == 1) fact = {who, incarnation{round}, member_state::left, {}, {}};
        if (round != 0 && round % 2 == 0) {
          fact = {who, incarnation{round}, member_state::dead, {}, member_id{9}};
        }
        if (!wire::write_fact(out, fact)) break;
      }
      wire::finish_frame(out);
      e.receive(flotilla::time_point{std::chrono::hours{round}}, fuzz::address_of(2),
                out.written());
      while (const auto what = e.poll_event()) ASSERT_EQ(replay.take(*what), "");
      ASSERT_EQ(replay.lost(), 0U) << size << " bytes, round " << round;
      ASSERT_EQ(replay.compare(e), "");
    }
    EXPECT_GT(e.stats().events, size / 11);
  }
}

RC_GTEST_PROP(events_property, a_loss_is_told_and_made_good_by_the_members, ()) {
  engine e = newborn();
  support::event_replay replay{member_id{1}};
  std::uint64_t lost = 0;
  const auto rounds = *rc::gen::inRange(1, 60);
  for (int i = 0; i < rounds; ++i) {
    std::vector<wire::fact> facts(*rc::gen::inRange<std::size_t>(0, 60));
    for (wire::fact& fact : facts) {
      fact = any_fact();
      // Ever new incarnations: every fact tells something.
      fact.incarnation = incarnation{static_cast<std::uint32_t>(i) + fact.incarnation.value()};
    }
    hear(e, flotilla::time_point{std::chrono::milliseconds{i}}, facts);
    if (*rc::gen::inRange(0, 30) != 0) continue;
    while (const auto what = e.poll_event()) {
      RC_ASSERT(replay.take(*what) == "");
      if (replay.lost() == 0) continue;
      lost += replay.lost();
      replay.start_over(e);
      RC_ASSERT(!e.poll_event());  // it comes last
    }
    RC_ASSERT(replay.compare(e) == "");
    RC_ASSERT(e.stats().events_dropped == lost);
  }
}

}  // namespace
