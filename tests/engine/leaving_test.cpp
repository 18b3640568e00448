// Tests of flotilla/engine/leaving.hpp: the farewell and what comes after it.
// Done when min(3, others) distinct members have acknowledged it, or leave_timeout has passed.
#include <flotilla/engine/leaving.hpp>

#include <gtest/gtest.h>

#include <string>

#include <support/engine_world.hpp>

namespace {

using namespace support;
using error = command_error;
using kind = wire::message_kind;

const peer self = peer_of(1);
const peer two = peer_of(2);
const peer three = peer_of(3);

void expect_gone(engine_world& w) {
  EXPECT_EQ(w.node.self().state, member_state::left);
  EXPECT_EQ(w.node.next_deadline(), time_point::max());
  EXPECT_TRUE(w.sent_now().empty());
  EXPECT_EQ(w.hear(two, wire::ping{1}), receive_result::left);
  w.tick_after(1h);
  EXPECT_TRUE(w.sent_now().empty());
  EXPECT_TRUE(w.events().empty());
}

TEST(Leave, AloneItIsCompleteAtOnce) {
  engine_world w;
  ASSERT_EQ(w.node.leave(), error::none);
  EXPECT_EQ(text(w.events()), "leave_completed, acknowledged 0\n");
  expect_gone(w);
}

TEST(Leave, AmongTheDeadItIsAloneToo) {
  engine_world w;
  w.meet_all(3);
  w.gossip(two, {dead(two.id, 0), left(three.id, 0)});
  w.events();
  ASSERT_EQ(w.node.leave(), error::none);
  EXPECT_EQ(text(w.events()), "leave_completed, acknowledged 0\n");
  expect_gone(w);
}

TEST(Leave, CompletesWhenMinOfThreeAndTheOthersHaveAcknowledged) {
  for (const std::uint64_t others : {1U, 2U, 3U, 6U}) {
    engine_world w;
    w.meet_all(others + 1);
    w.events();
    ASSERT_EQ(w.node.leave(), error::none);
    const sent_list all = w.sent_now();
    ASSERT_EQ(all.size(), others) << "all are told at once";
    for (const sent& s : all) EXPECT_EQ(*s.about(self.id), left(self.id, 0));
    const std::uint64_t enough = others < 3 ? others : 3;
    for (std::uint64_t n = 0; n < enough; ++n) {
      EXPECT_TRUE(w.events().empty()) << "not yet after " << n;
      const peer by{all[n].what.head.target, all[n].to, incarnation{0}};
      w.answer(by, all);
      w.answer(by, all);  // one member counts once
    }
    w.tick_after(0ns);
    EXPECT_EQ(text(w.events()), "leave_completed, acknowledged " + std::to_string(enough) + "\n");
    expect_gone(w);
  }
}

TEST(Leave, RepeatsItselfAndEndsWhenTheTimeIsUp) {
  engine_world w;
  w.meet_all(3);
  w.events();
  const time_point begin = w.now();
  ASSERT_EQ(w.node.leave(), error::none);
  EXPECT_EQ(w.sent_now().size(), 2U);
  w.tick_at(begin + w.settings().direct_timeout - 1ns);
  EXPECT_TRUE(w.sent_now().empty());
  w.tick_at(begin + w.settings().direct_timeout);
  EXPECT_EQ(w.sent_now().size(), 2U);
  const time_point end = begin + w.settings().leave_timeout;
  while (w.node.next_deadline() < end) {
    w.next_tick();
    w.sent_now();
  }
  w.tick_at(end - 1ns);
  EXPECT_TRUE(w.events().empty());
  EXPECT_EQ(w.hear(two, wire::ping{5}), receive_result::accepted);
  EXPECT_EQ(count(w.sent_now(), kind::ack), 1U) << "pings are answered until then";
  w.tick_at(end);
  EXPECT_EQ(text(w.events()), "leave_completed, acknowledged 0\n");
  expect_gone(w);
}

TEST(Leave, ForgedAcknowledgementsDoNotEndIt) {
  engine_world w;
  w.meet_all(3);
  w.events();
  ASSERT_EQ(w.node.leave(), error::none);
  const sent_list all = w.sent_now();
  const std::uint32_t sequence = all[0].as<wire::ping>().sequence;
  const peer asked{all[0].what.head.target, all[0].to, incarnation{0}};
  const peer other = asked.id == two.id ? three : two;
  w.hear(other, wire::ack{sequence, {}});
  w.hear(asked, wire::ack{sequence + 1, {}});
  w.hear(peer_of(50), wire::ack{sequence, {}});
  w.tick_after(0ns);
  EXPECT_TRUE(w.events().empty());
}

TEST(Leave, WhileLeavingNobodyIsProbedJoinedOrAccused) {
  engine_world w;
  w.meet_all(4);
  w.node.join({address_of(40)});
  w.gossip(two, {suspect(three.id, 0)});
  w.events();
  ASSERT_EQ(w.node.leave(), error::none);
  EXPECT_EQ(w.node.size(), 3U) << "self does not count any more";
  while (w.node.next_deadline() < w.now() + w.settings().leave_timeout &&
         w.node.next_deadline() != time_point::max()) {
    w.next_tick();
    for (const sent& s : w.sent_now()) {
      if (s.kind() == kind::ping) {
        EXPECT_NE(s.about(self.id), nullptr) << "every ping is a farewell";
      } else {
        EXPECT_EQ(s.kind(), kind::join_request) << "queued before";
      }
    }
  }
  for (const event& e : w.events()) {
    EXPECT_TRUE(std::holds_alternative<flotilla::leave_completed>(e)) << text(e);
  }
}

/// A driver may tick for ever: a relay that was open at the end must not become a nack of a member
/// that is gone.
TEST(Leave, AfterwardsNoRelayIsAnswered) {
  engine_world w;
  w.meet_all(2);
  w.hear(two, wire::ping_request{5, three.id, three.at});
  w.sent_now();  // the question to the third stays without an answer
  ASSERT_EQ(w.stats().relays, 1U);
  ASSERT_EQ(w.node.leave(), error::none);
  for (const sent& s : only(w.sent_now(), kind::ping)) {
    w.hear(peer_of(static_cast<std::uint64_t>(s.what.head.target)),
           wire::ack{s.as<wire::ping>().sequence, {}});
  }
  w.tick_after(0ns);
  ASSERT_EQ(count<flotilla::leave_completed>(w.events()), 1U);
  expect_gone(w);
}

/// The leaver has said all there is to say: nobody asks it back.
TEST(Leave, AFarewellIsAcknowledgedAndNoMore) {
  engine_world w;
  w.meet_all(4);
  w.flush_gossip(three);
  w.hear(two, wire::ping{1}, {left(two.id, 0)});
  EXPECT_EQ(w.state_of(two.id), member_state::left);
  const sent_list all = w.sent_now();
  ASSERT_GE(all.size(), 1U);
  EXPECT_EQ(all[0].kind(), kind::ack);
  EXPECT_EQ(all.size(), 1U) << "pinged, though it left";
  w.hear(three, wire::ping{2});
  EXPECT_NE(w.sent_now().at(0).about(two.id), nullptr) << "the others are told";
}

/// An accusation does not make a leaver speak up as alive: its farewell overrides it.
TEST(Leave, AFarewellIsNotRefuted) {
  engine_world w;
  w.meet_all(3);
  ASSERT_EQ(w.node.leave(), error::none);
  w.sent_now();
  w.hear(two, wire::ping{1}, {suspect(self.id, 0), left(self.id, 0), dead(self.id, 0)});
  EXPECT_EQ(w.own_number(), 0U);
  EXPECT_EQ(w.node.self().state, member_state::left);
  w.hear(two, wire::ping{2}, {suspect(self.id, 4)});
  EXPECT_EQ(w.own_number(), 5U) << "one ahead of it needs a farewell above it";
  EXPECT_EQ(*w.sent_now().at(0).about(self.id), left(self.id, 5));
}

TEST(Leave, IsSeenAsLeftByAllAndNeverAsFailed) {
  link_options lossy;
  for (const double loss : {0.0, 0.3}) {
    lossy.loss = loss;
    group g{51, lossy};
    for (int i = 0; i < 10; ++i) g.add(plain_config_of_a_group());
    for (std::size_t i = 1; i < g.size(); ++i) g[i].join({address_of(0)});
    ASSERT_TRUE(g.run_until([&] { return g.full_mesh(); }, 20s));
    g.run_for(3s);
    for (std::size_t i = 0; i < g.size(); ++i) g.events(i).clear();
    ASSERT_EQ(g[4].leave(), error::none);
    EXPECT_TRUE(g.run_until([&] { return count<flotilla::leave_completed>(g.events(4)) == 1; },
                            loss == 0 ? 100ms : 2s));
    const auto all_saw = [&] {
      for (std::size_t i = 0; i < g.size(); ++i) {
        if (i != 4 && find<flotilla::member_left>(g.events(i), member_id{5}) == nullptr) {
          return false;
        }
      }
      return true;
    };
    EXPECT_TRUE(g.run_until(all_saw, loss == 0 ? 1s : 5s));
    g.run_for(5s);
    for (std::size_t i = 0; i < g.size(); ++i) {
      EXPECT_EQ(find<flotilla::member_failed>(g.events(i), member_id{5}), nullptr) << i;
    }
  }
}

}  // namespace
