// Tests of flotilla/engine/transmit.hpp: datagrams are built when they are pulled (law 2).
// Any buffer: a smaller one means fewer facts, never lost state.
#include <flotilla/engine/transmit.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <set>
#include <string>

#include <support/engine_world.hpp>

namespace {

using namespace support;
using kind = wire::message_kind;

const peer self = peer_of(1);
const peer two = peer_of(2);
const peer three = peer_of(3);
const peer stranger = peer_of(77);

/// Pulls once into exactly `size` bytes in the middle of canaries.
std::optional<sent> pull_into(engine& node, std::size_t size) {
  bytes whole(size + 64, std::byte{0xa5});
  const auto out = node.poll_transmit(std::span{whole}.subspan(32, size));
  for (std::size_t i = 0; i < whole.size(); ++i) {
    const bool inside = i >= 32 && i < 32 + size;
    if (!inside) {
      EXPECT_EQ(whole[i], std::byte{0xa5}) << "written outside, at " << i;
    }
  }
  if (!out) return std::nullopt;
  EXPECT_EQ(out->bytes.data(), whole.data() + 32) << "not copied";
  EXPECT_LE(out->bytes.size(), size);
  return sent{out->to, bytes(out->bytes.begin(), out->bytes.end()),
              decode(out->bytes, wire::group_tag_of(node.settings().cluster))};
}

/// One datagram of each kind that an engine sends, each with as much to tell as possible.
struct scene {
  const char* name;
  kind sends;
  void (*prepare)(engine_world&);
};
void full_of_news(engine_world& w) {
  w.meet_all(4);
  facts many;
  for (std::uint64_t n = 100; n < 160; ++n) many.push_back(alive(peer_of(n)));
  w.gossip(two, many);
  w.gossip(two, {suspect(self.id, 0)});
}
const scene scenes[] = {
    {"ping", kind::ping, [](engine_world& w) { w.next_tick(); }},
    {"ack", kind::ack, [](engine_world& w) { w.hear(two, wire::ping{1}); }},
    {"ping_request", kind::ping_request,
     [](engine_world& w) {
       w.next_tick();
       w.sent_now();
       w.tick_after(w.settings().direct_timeout);
     }},
    {"relayed_ack", kind::relayed_ack,
     [](engine_world& w) {
       w.hear(two, wire::ping_request{1, three.id, three.at});
       w.answer(three, w.sent_now());
     }},
    {"nack", kind::nack,
     [](engine_world& w) {
       w.next_tick();
       w.hear(two, wire::ping_request{1, three.id, three.at});
       w.sent_now();
       w.tick_after(w.settings().direct_timeout / 5 * 4);
     }},
    {"join_request", kind::join_request, [](engine_world& w) { w.node.join({address_of(40)}); }},
    {"state_request", kind::state_request,
     [](engine_world& w) {
       w.node.join({address_of(40)});
       const sent request = w.sent_now().at(0);
       w.hear(peer_of(41), wire::state_reply{request.as<wire::join_request>().sequence, 1, 0, 9});
     }},
    {"state_reply", kind::state_reply,
     [](engine_world& w) {
       w.hear(two, wire::state_request{1, 0, 0});
     }},
};

TEST(TransmitBuffer, EverySizeOfEveryMessage) {
  for (const scene& s : scenes) {
    SCOPED_TRACE(s.name);
    engine_world w;
    full_of_news(w);
    s.prepare(w);
    engine begin = w.node;  // the one we look for may not be the first in the queue
    std::optional<sent> whole;
    while (true) {
      engine next = begin;
      whole = pull_into(next, 1400);
      ASSERT_TRUE(whole);
      if (whole->kind() == s.sends) break;
      begin = next;
    }
    std::size_t bare = 0;
    std::size_t before = 0;
    for (std::size_t size = 0; size <= 1400; ++size) {
      engine node = begin;
      const auto counted = node.stats();
      const auto out = pull_into(node, size);
      if (!out) {
        ASSERT_EQ(bare, 0U) << "a larger buffer held less";
        EXPECT_TRUE(node == begin) << "it still waits, and nothing is lost";
        EXPECT_EQ(node.stats().buffers_too_small, counted.buffers_too_small + 1);
        EXPECT_EQ(node.stats().datagrams_sent, counted.datagrams_sent);
        continue;
      }
      if (bare == 0) bare = size;
      EXPECT_EQ(to_string(out->what.result), "accepted");
      EXPECT_EQ(out->to, whole->to);
      EXPECT_EQ(out->what.head, whole->what.head);
      EXPECT_GE(out->what.facts.size() + 1, before) << size;
      before = out->what.facts.size();
      EXPECT_EQ(node.stats().facts_sent, counted.facts_sent + out->what.facts.size());
      EXPECT_EQ(node.stats().bytes_sent, counted.bytes_sent + out->raw.size());
      EXPECT_EQ(node.stats().buffers_too_small, counted.buffers_too_small);
    }
    EXPECT_GT(bare, wire::frame_size);
    EXPECT_LE(bare, flotilla::min_datagram_size) << "every message fits into the smallest";
    engine node = begin;
    const auto larger = pull_into(node, 60000);
    ASSERT_TRUE(larger);
    EXPECT_EQ(larger->raw, whole->raw) << "a buffer larger than max_datagram_size is fine";
  }
}

TEST(TransmitBuffer, FactsThatDidNotFitGoWithTheNextDatagram) {
  engine_world w;
  full_of_news(w);
  std::set<member_id> told;
  for (std::uint32_t i = 0; i < 200; ++i) {
    w.hear(two, wire::ping{i});
    const auto out = pull_into(w.node, 100);
    ASSERT_TRUE(out);
    for (const wire::fact& f : out->what.facts) told.insert(f.subject);
  }
  EXPECT_GE(told.size(), 61U) << "all sixty, and ourselves";
}

TEST(TransmitSize, NeverLargerThanTheLimitLessTheOverhead) {
  for (const std::size_t size : {std::size_t{96}, std::size_t{512}, std::size_t{1400}}) {
    for (const std::size_t overhead : {std::size_t{0}, std::size_t{40}, size - 96}) {
      config c = plain_config();
      c.max_datagram_size = size + (overhead == 40 ? 40 : 0);
      c.datagram_overhead = overhead;
      ASSERT_EQ(c.validate(), flotilla::config_error::none);
      engine_world w{c};
      w.meet_all(4);
      for (std::uint64_t n = 100; n < 200; ++n) w.gossip(two, {alive(peer_of(n))});
      w.hear(two, wire::ping{1});
      w.hear(two, wire::state_request{1, 0, 0});
      std::size_t largest = 0;
      for (const sent& s : w.sent_now()) largest = std::max(largest, s.raw.size());
      EXPECT_LE(largest, c.max_datagram_size - overhead);
      EXPECT_GT(largest + wire::max_fact_size, c.max_datagram_size - overhead) << "and filled";
    }
  }
}

TEST(TransmitOrder, WhatTheReceiverShouldKnowAboutItselfComesFirst) {
  engine_world w;
  full_of_news(w);
  w.gossip(three, {suspect(two.id, 0, three.id)});
  w.hear(two, wire::ping{1});
  const sent ack = w.sent_now().at(0);
  ASSERT_FALSE(ack.what.facts.empty());
  EXPECT_EQ(ack.what.facts[0], suspect(two.id, 0, three.id));
  EXPECT_EQ(std::count_if(ack.what.facts.begin(), ack.what.facts.end(),
                          [](const wire::fact& f) { return f.subject == two.id; }),
            1)
      << "and only once";
}

/// A refutation must not wait behind the news of others, nor the other way round, however little
/// room there is.
TEST(TransmitShares, NeitherClassStarves) {
  for (const std::size_t size :
       {std::size_t{96}, std::size_t{105}, std::size_t{200}, std::size_t{1400}}) {
    SCOPED_TRACE(size);
    config c = plain_config();
    c.max_datagram_size = size;
    engine_world w{c};
    w.meet_all(2);
    for (std::uint64_t n = 100; n < 200; ++n) w.gossip(two, {alive(peer_of(n))});
    w.gossip(two, {suspect(self.id, w.own_number())});
    const std::uint32_t raised = w.own_number();
    bool urgent = false;
    bool other = false;
    for (std::uint32_t i = 0; i < 3; ++i) {
      w.hear(two, wire::ping{i});
      const sent ack = w.sent_now().at(0);
      for (const wire::fact& f : ack.what.facts) {
        (f.subject == self.id && f.incarnation.value() == raised ? urgent : other) = true;
      }
    }
    EXPECT_TRUE(urgent) << "the refutation is not among the first three datagrams";
    EXPECT_TRUE(other);
  }
}

TEST(TransmitFresh, TheDatagramShowsWhatHoldsWhenItIsPulled) {
  engine_world w;
  w.meet_all(3);
  w.hear(two, wire::ping{1});
  w.hear(three, wire::ping{2}, {suspect(self.id, 0)});  // raises us to 1
  for (const sent& s : w.sent_now()) EXPECT_EQ(s.what.head.incarnation, incarnation{1});
}

TEST(TransmitBounded, WhatNobodyDrainsIsDroppedAndCounted) {
  engine_world w;
  w.meet_all(20);
  for (std::uint32_t i = 0; i < 1000; ++i) w.hear(peer_of(2 + i % 19), wire::ping{i});
  EXPECT_LE(w.stats().transmits_pending, w.settings().max_transmits / 4 * 3);
  EXPECT_EQ(w.stats().transmits_dropped + w.stats().transmits_pending, 1000U);
  w.next_tick();
  const sent_list all = w.sent_now();
  EXPECT_EQ(only(all, kind::ping).size(), 1U) << "our own probe still finds room";
}

/// The smallest datagrams and the longest addresses: joining, refuting and leaving go on.
TEST(TransmitSmallest, TwoCanJoinRefuteAndLeave) {
  group g{71};
  std::array<endpoint, 3> at;
  for (std::size_t i = 0; i < 3; ++i) {
    config c = plain_config_of_a_group();
    c.max_datagram_size = flotilla::min_datagram_size;
    bytes address(18, static_cast<std::byte>(i + 1));
    at[i] = c.address = endpoint::opaque(address).value();
    g.add(c);
  }
  g[1].join({at[0]});
  EXPECT_TRUE(g.run_until([&] { return g[0].size() == 2 && g[1].size() == 2; }, 1500ms));
  g.run_for(100ms);
  EXPECT_EQ(count<flotilla::join_completed>(g.events(1)), 1U);
  g[2].join({at[1]});
  EXPECT_TRUE(g.run_until([&] { return g.full_mesh(); }, 1500ms));
  ASSERT_EQ(g[0].fail(member_id{2}), command_error::none);
  g.run_for(5s);
  EXPECT_TRUE(g.full_mesh()) << "refuted";
  EXPECT_GE(g[1].self().incarnation.value(), 1U);
  g.events(2).clear();
  ASSERT_EQ(g[1].leave(), command_error::none);
  g.run_for(3s);
  EXPECT_EQ(count<flotilla::leave_completed>(g.events(1)), 1U);
  for (const std::size_t i : {0U, 2U}) {
    EXPECT_EQ(g[i].find(member_id{2})->state, member_state::left);
  }
  EXPECT_EQ(find<flotilla::member_failed>(g.events(2), member_id{2}), nullptr);
}

TEST(TransmitNothing, WithoutAnythingToSend) {
  engine_world w;
  std::array<std::byte, 1400> buffer{};
  EXPECT_FALSE(w.node.poll_transmit(buffer));
  EXPECT_FALSE(w.node.poll_transmit({}));
  EXPECT_EQ(w.stats().buffers_too_small, 0U) << "nothing waited";
}

}  // namespace
