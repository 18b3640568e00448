// Tests of flotilla/engine/plain.hpp: the short way does what the long one does.
// Padding, a fact that says nothing, sends a datagram the long way; all else is the same then.
#include <flotilla/engine/plain.hpp>

#include <gtest/gtest.h>

#include <optional>
#include <vector>

#include <support/engine_world.hpp>

namespace {

using namespace support;

const peer two = peer_of(2);
const peer three = peer_of(3);
const bytes padding = hex("ff 00");
const bytes some_view = hex("81 04 a1a2a3a4");

/// What each way makes of it: all of the state, and what is sent for it.
struct outcome {
  engine node;
  sent_list sent;
};
outcome after(const engine& before, time_point now, const endpoint& from, const bytes& data,
              std::size_t buffer = 1400) {
  engine node = before;
  EXPECT_EQ(to_string(node.receive(now, from, with_length(data))), "accepted");
  sent_list sent = pull(node, buffer);
  return {node, sent};
}
void expect_same(const outcome& a, const outcome& b) {
  ASSERT_EQ(a.sent.size(), b.sent.size());
  for (std::size_t i = 0; i < a.sent.size(); ++i) {
    EXPECT_EQ(a.sent[i].to, b.sent[i].to);
    EXPECT_EQ(to_hex(a.sent[i].raw), to_hex(b.sent[i].raw));
  }
  EXPECT_TRUE(a.node == b.node);
  EXPECT_EQ(a.node.state_hash(), b.node.state_hash());
  EXPECT_EQ(a.node.next_deadline(), b.node.next_deadline());
  flotilla::statistics counted = b.node.stats();
  counted.bytes_received = a.node.stats().bytes_received;
  counted.facts_skipped = a.node.stats().facts_skipped;
  EXPECT_TRUE(a.node.stats() == counted);
}
void expect_both_ways_agree(const engine_world& w, const endpoint& from, const bytes& data) {
  expect_same(after(w.node, w.now(), from, data),
              after(w.node, w.now(), from, joined(data, padding)));
}
/// With and without a view.
void expect_all_agree(const engine_world& w, const endpoint& from, const bytes& data) {
  expect_both_ways_agree(w, from, data);
  expect_both_ways_agree(w, from, joined(data, some_view));
}

/// Two and three are members, and nothing waits.
engine_world at_rest(config settings = plain_config()) {
  engine_world w{settings};
  w.meet_all(3);
  w.flush_gossip(two);
  return w;
}
peer changed(peer who, std::uint32_t number) {
  who.number = incarnation{number};
  return who;
}

TEST(Plain, APingIsAnsweredAlike) {
  engine_world w = at_rest();
  expect_all_agree(w, two.at, w.packet(two, wire::ping{77}));
  const outcome got = after(w.node, w.now(), two.at, w.packet(two, wire::ping{77}));
  ASSERT_EQ(got.sent.size(), 1U);
  EXPECT_EQ(got.sent[0].as<wire::ack>().sequence, 77U);
  EXPECT_EQ(got.sent[0].raw.size(), wire::plain_size(wire::message_kind::ack));
  const bytes shown = joined(w.packet(two, wire::ping{78}), some_view);
  const outcome compared = after(w.node, w.now(), two.at, shown);
  ASSERT_EQ(compared.sent.size(), 1U);
  EXPECT_EQ(compared.sent[0].raw.size(), wire::max_plain_size);
}

TEST(Plain, APingOutOfTheOrdinaryIsAnsweredAlike) {
  engine_world w = at_rest();
  expect_all_agree(w, two.at, w.packet(changed(two, 5), wire::ping{1}));
  expect_all_agree(w, three.at, w.packet_to(member_id{}, three, wire::ping{1}));
  w.gossip(three, {suspect(two.id, two.number.value())});
  expect_all_agree(w, two.at, w.packet(two, wire::ping{1}));
  expect_all_agree(w, three.at, w.packet(three, wire::ping{1}));  // has gossip to take along
  w.gossip(three, {dead(two.id, two.number.value())});
  expect_all_agree(w, two.at, w.packet(two, wire::ping{1}));
  ASSERT_EQ(w.node.evict(three.id), command_error::none);
  engine denied = w.node;
  EXPECT_EQ(denied.receive(w.now(), three.at, w.packet(three, wire::ping{1})),
            receive_result::denied);
  engine_world leaving = at_rest();
  ASSERT_EQ(leaving.node.leave(), command_error::none);
  static_cast<void>(leaving.sent_now());
  expect_all_agree(leaving, two.at, leaving.packet(two, wire::ping{1}));
}

/// Its address is not proven, or it speaks from elsewhere: what it gets depends on what it sent, so
/// only the answers can be the same.
TEST(Plain, AStrangersAddressGetsNoMoreThanBefore) {
  engine_world w = at_rest();
  const peer four = peer_of(4);
  w.gossip(two, {alive(four)});
  w.flush_gossip(two);
  for (const endpoint& from : {four.at, two.at}) {
    const bytes data = w.packet(four, wire::ping{9});
    const outcome plain = after(w.node, w.now(), from, data);
    const outcome padded = after(w.node, w.now(), from, joined(data, padding));
    ASSERT_FALSE(plain.sent.empty());
    ASSERT_EQ(plain.sent.size(), padded.sent.size());
    EXPECT_EQ(to_hex(plain.sent[0].raw), to_hex(padded.sent[0].raw));
    EXPECT_LE(plain.sent[0].raw.size(), 3 * data.size());
    EXPECT_EQ(plain.node.stats().replies_capped, w.stats().replies_capped + 1);
  }
}

/// Runs to the ping of the next round that goes to `whom`; nothing else waits then.
std::optional<bytes> ack_of_next_round(engine_world& w, const peer& whom) {
  for (int i = 0; i < 20; ++i) {
    w.next_tick();
    for (const sent& s : w.sent_now()) {
      const auto* asked = std::get_if<wire::ping>(&s.what.body);
      if (asked == nullptr) continue;
      if (s.to == whom.at) return w.packet(whom, wire::ack{asked->sequence, whom.number});
      w.answer_all({two, three}, {s});
    }
  }
  return std::nullopt;
}

TEST(Plain, TheAwaitedAckIsTakenAlike) {
  for (const bool repairs : {false, true}) {
    config settings = plain_config();
    settings.adaptive_timeout = true;
    if (repairs) settings.repair_interval = std::chrono::seconds{1};
    engine_world w = at_rest(settings);
    const auto ack = ack_of_next_round(w, two);
    ASSERT_TRUE(ack);
    w.node.tick(w.now() + std::chrono::microseconds{300});
    expect_all_agree(w, two.at, *ack);
    expect_all_agree(w, three.at, *ack);  // from elsewhere
    const engine before = w.node;
    EXPECT_EQ(w.hear_raw(two.at, *ack), receive_result::accepted);
    EXPECT_EQ(w.stats().probes_acknowledged, before.stats().probes_acknowledged + 1);
    expect_all_agree(w, two.at, *ack);  // once more
  }
}

TEST(Plain, AnAckOutOfTheOrdinaryIsTakenAlike) {
  engine_world w = at_rest();
  auto ack = ack_of_next_round(w, two);
  ASSERT_TRUE(ack);
  bytes other = *ack;
  other[33] ^= std::byte{1};  // not the number that was asked with
  expect_all_agree(w, two.at, other);
  w.gossip(three, {suspect(two.id, two.number.value())});
  expect_all_agree(w, two.at, *ack);
  w.gossip(three, {alive(changed(two, 3), 3)});
  expect_all_agree(w, two.at, *ack);
  w.tick_after(w.node.settings().direct_timeout);  // helpers are asked
  static_cast<void>(w.sent_now());
  expect_all_agree(w, two.at, *ack);
}

/// A buffer that is too short for any such datagram takes the long way, with the same bytes.
TEST(Plain, AShortBufferHoldsTheSameBytes) {
  engine_world w = at_rest();
  const bytes data = w.packet(two, wire::ping{77});
  const outcome roomy = after(w.node, w.now(), two.at, data, wire::max_plain_size);
  expect_same(roomy, after(w.node, w.now(), two.at, data, wire::max_plain_size - 1));
  engine pinging = w.node;
  engine pinging_short = w.node;
  const time_point due = w.node.next_deadline();
  pinging.tick(due);
  pinging_short.tick(due);
  const sent_list whole = pull(pinging, wire::max_plain_size);
  const sent_list tight = pull(pinging_short, wire::max_plain_size - 1);
  expect_same({pinging, whole}, {pinging_short, tight});
  ASSERT_FALSE(whole.empty());
}

}  // namespace
