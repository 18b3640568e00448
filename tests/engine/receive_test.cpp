// Tests of flotilla/engine/receive.hpp: what becomes of a datagram, and who gets a reply.
// Bad input has a result and a counter of its own each, and changes nothing else (law 7).
#include <flotilla/engine/receive.hpp>

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include <support/engine_world.hpp>

namespace {

using namespace support;
using kind = wire::message_kind;
using result = receive_result;

const peer two = peer_of(2);
const peer three = peer_of(3);
const peer four = peer_of(4);
const peer stranger = peer_of(77);

const std::vector<wire::message_body> every_message = {
    wire::ping{0x51},
    wire::ping_request{0x52, three.id, three.at},
    wire::ack{0x53, incarnation{0}},
    wire::relayed_ack{0x54, three.id, incarnation{0}},
    wire::nack{0x55},
    wire::join_request{0x56, 0},
    wire::state_request{0x57, 0, 0},
    wire::state_reply{0x58, 1, wire::end_of_state, 2},
    wire::repair_request{0x59, 0},
    wire::repair_reply{0x5a, 1}};

/// An engine in mid-life: three members, one of them suspect, a probe under way, a join pending,
/// gossip and events waiting.
engine_world busy_world() {
  engine_world w;
  w.meet_all(4);
  w.suspect_by_probe(four, {two, three});
  EXPECT_EQ(w.node.join({address_of(40)}), command_error::none);
  return w;
}

/// `data` from `from` is refused with `why`, counted there and nowhere else, and nothing changes.
void expect_refused(engine_world& w, const endpoint& from, const bytes& data, result why) {
  // What a datagram changes in any case is the time, so that of the copy is the same.
  static_cast<void>(w.node.receive(w.now(), two.at, {}));
  const engine before = w.node;
  const flotilla::statistics counted = before.stats();
  EXPECT_EQ(to_string(w.hear_raw(from, data)), to_string(why));
  EXPECT_TRUE(w.node == before) << to_string(why) << ": " << to_hex(data);
  EXPECT_EQ(w.node.state_hash(), before.state_hash());
  EXPECT_EQ(w.node.next_deadline(), before.next_deadline());
  const flotilla::statistics& now = w.stats();
  for (std::size_t r = 0; r < flotilla::receive_result_count; ++r) {
    const bool counts = r == static_cast<std::size_t>(why);
    EXPECT_EQ(now.received[r], counted.received[r] + (counts ? 1U : 0U)) << r;
  }
  EXPECT_EQ(now.bytes_received, counted.bytes_received + data.size());
  EXPECT_EQ(now.facts_received, counted.facts_received);
  EXPECT_EQ(now.transmits_pending, counted.transmits_pending);
}

// ---- law 7: garbage in, one counter up

TEST(ReceiveBadInput, EmptyAndTooLarge) {
  engine_world w = busy_world();
  expect_refused(w, two.at, {}, result::empty);
  const bytes largest(w.settings().max_datagram_size, std::byte{1});
  expect_refused(w, two.at, joined(largest, hex("00")), result::too_large);
  expect_refused(w, two.at, largest, result::other_group);  // not too large: looked at
}

TEST(ReceiveBadInput, EveryMessageTruncatedAtEveryLength) {
  engine_world w = busy_world();
  for (const auto& body : every_message) {
    const bool with_facts = !std::holds_alternative<wire::nack>(body);
    const facts carried =
        with_facts ? facts{alive(three, 1), suspect(two.id, 0), left(four.id, 9)} : facts{};
    const bytes whole = w.packet(two, body, carried);
    for (std::size_t size = 1; size < whole.size(); ++size) {
      expect_refused(w, two.at, first(whole, size), result::truncated);
    }
  }
}

TEST(ReceiveBadInput, EveryMessageTruncatedWithAMatchingLengthField) {
  engine_world w = busy_world();
  for (const auto& body : every_message) {
    const bytes bare = w.packet(two, body);
    for (std::size_t size = wire::frame_size; size < bare.size(); ++size) {
      expect_refused(w, two.at, with_length(first(bare, size)), result::truncated);
    }
  }
}

TEST(ReceiveBadInput, TrailingBytes) {
  engine_world w = busy_world();
  for (const auto& body : every_message) {
    expect_refused(w, two.at, joined(w.packet(two, body), hex("00")), result::trailing_bytes);
  }
  const bytes fat_nack = with_length(joined(w.packet(two, wire::nack{1}), hex("00")));
  expect_refused(w, two.at, fat_nack, result::trailing_bytes);
}

TEST(ReceiveBadInput, EveryOtherFaultOfTheFrame) {
  engine_world w = busy_world();
  const bytes good = w.packet(two, wire::ping{1}, {alive(three, 1)});
  const peer nobody{member_id{0}, two.at, incarnation{0}};
  const peer self{w.node.self().id, two.at, incarnation{0}};
  struct fault {
    const char* name;
    bytes data;
    result why;
  };
  const fault faults[] = {
      {"version 0", with_byte(good, 0, 0), result::unknown_version},
      {"version 2", with_byte(good, 0, 2), result::unknown_version},
      {"lowest free flag", with_byte(good, 1, 0x02), result::unknown_flags},
      {"highest flag", with_byte(good, 1, 0x80), result::unknown_flags},
      {"group", with_byte(good, 7, 0xff), result::other_group},
      {"kind 0", with_byte(good, 28, 0), result::unknown_kind},
      {"kind 11", with_byte(good, 28, 11), result::unknown_kind},
      {"kind 255", with_byte(good, 28, 255), result::unknown_kind},
      {"sender 0", w.packet(nobody, wire::ping{1}), result::bad_id},
      {"sender is self", w.packet(self, wire::ping{1}), result::own_id},
      {"target is another", w.packet_to(three.id, two, wire::ping{1}), result::wrong_target},
  };
  for (const fault& f : faults) {
    SCOPED_TRACE(f.name);
    expect_refused(w, two.at, f.data, f.why);
  }
}

/// A good fact comes first: it must not be applied when a later one is bad.
TEST(ReceiveBadInput, EveryFaultOfAFact) {
  engine_world w = busy_world();
  const bytes front = w.packet(two, wire::ping{1}, {alive(stranger), dead(three.id, 5)});
  const bytes fact = hex("01 14 0000000000000003 00000001 01 04 0a000003 1f0a");
  EXPECT_EQ(w.node.find(stranger.id), std::nullopt);
  struct fault {
    const char* name;
    bytes fact;
    result why;
  };
  const fault faults[] = {
      {"kind 0", with_byte(fact, 0, 0), result::unknown_fact},
      {"kind 5, reserved", with_byte(fact, 0, 5), result::unknown_fact},
      {"kind 127", with_byte(fact, 0, 127), result::unknown_fact},
      {"subject 0", with_byte(fact, 9, 0), result::bad_id},
      {"no address", with_byte(fact, 14, 0), result::bad_count},
      {"two addresses", with_byte(fact, 14, 2), result::bad_count},
      {"255 addresses", with_byte(fact, 14, 255), result::bad_count},
      {"address kind", with_byte(fact, 15, 7), result::bad_address},
      {"multicast", with_byte(fact, 16, 224), result::bad_address},
      {"unspecified", hex("01 14 0000000000000003 00000001 01 04 00000000 1f0a"),
       result::bad_address},
      {"broadcast", hex("01 14 0000000000000003 00000001 01 04 ffffffff 1f0a"),
       result::bad_address},
      {"port 0", hex("01 14 0000000000000003 00000001 01 04 0a000003 0000"), result::bad_address},
      {"IPv4-mapped IPv6",
       hex("01 20 0000000000000003 00000001 01 06 00000000000000000000ffff0a000003 1f0a"),
       result::bad_address},
      {"accuser 0", hex("02 14 0000000000000003 00000001 0000000000000000"), result::bad_id},
      {"longer than its kind", hex("04 0d 0000000000000003 00000001 00"), result::trailing_bytes},
      {"shorter than its kind", hex("04 0b 0000000000000003 000000"), result::truncated},
      {"size beyond the end", with_byte(fact, 1, 21), result::truncated},
      {"size 255", with_byte(fact, 1, 255), result::truncated},
  };
  for (const fault& f : faults) {
    SCOPED_TRACE(f.name);
    expect_refused(w, two.at, with_length(joined(front, f.fact)), f.why);
  }
  EXPECT_EQ(w.hear_raw(two.at, with_length(joined(front, fact))), result::accepted);
  EXPECT_NE(w.node.find(stranger.id), std::nullopt) << "the good ones are good";
}

TEST(ReceiveBadInput, BadAddressesInPingRequests) {
  engine_world w = busy_world();
  const bytes good = w.packet(two, wire::ping_request{1, stranger.id, stranger.at});
  const std::size_t address_at = wire::frame_size + 12;
  expect_refused(w, two.at, with_byte(good, address_at, 0), result::bad_address);
  expect_refused(w, two.at, with_byte(good, address_at + 1, 239), result::bad_address);
  bytes no_port = with_byte(good, address_at + 5, 0);
  no_port = with_byte(no_port, address_at + 6, 0);
  expect_refused(w, two.at, no_port, result::bad_address);
  bytes no_subject = good;
  for (std::size_t i = 0; i < 8; ++i) no_subject = with_byte(no_subject, 33 + i, 0);
  expect_refused(w, two.at, no_subject, result::bad_id);
  bytes about_nobody = w.packet(two, wire::relayed_ack{1, three.id, incarnation{0}});
  for (std::size_t i = 0; i < 8; ++i) about_nobody = with_byte(about_nobody, 33 + i, 0);
  expect_refused(w, two.at, about_nobody, result::bad_id);
}

TEST(ReceiveBadInput, BadAddressAsSender) {
  engine_world w = busy_world();
  const bytes good = w.packet(two, wire::ping{1});
  const endpoint bad[] = {endpoint{}, endpoint::ipv4({10, 0, 0, 2}, 0),
                          endpoint::ipv4({224, 0, 0, 1}, 7946), endpoint::ipv4({0, 0, 0, 0}, 1),
                          endpoint::ipv6({0xff, 2}, 7946)};
  for (const endpoint& from : bad) expect_refused(w, from, good, result::bad_address);
}

TEST(ReceiveBadInput, EvictedSender) {
  engine_world w = busy_world();
  EXPECT_EQ(w.node.evict(three.id), command_error::none);
  for (const auto& body : every_message) {
    expect_refused(w, three.at, w.packet(three, body), result::denied);
  }
}

TEST(ReceiveBadInput, AnEngineThatHasLeftAndAnInertOneTakeNothing) {
  config broken = plain_config();
  broken.direct_timeout = broken.protocol_period;
  engine_world gone;
  EXPECT_EQ(gone.node.leave(), command_error::none);
  engine_world inert{broken};
  for (engine_world* w : {&gone, &inert}) {
    const result why = w == &gone ? result::left : result::inert;
    for (const auto& body : every_message) expect_refused(*w, two.at, w->packet(two, body), why);
    expect_refused(*w, two.at, {}, why);
    EXPECT_TRUE(w->sent_now().empty());
    EXPECT_EQ(w->node.next_deadline(), time_point::max());
  }
}

TEST(ReceiveBadInput, EveryMessageIsAcceptedOtherwise) {
  for (const auto& body : every_message) {
    engine_world w = busy_world();
    EXPECT_EQ(w.hear(two, body), result::accepted);
    EXPECT_EQ(w.hear_raw(two.at, w.packet_to(member_id{0}, two, body)), result::accepted)
        << "target 0 means whoever is there";
  }
}

// ---- one reply per ping addressed to us, none otherwise (S12)

TEST(ReceivePing, IsAnsweredExactlyOnce) {
  engine_world w;
  w.meet_all(3);
  for (const member_id target : {w.node.self().id, member_id{0}}) {
    w.hear_raw(two.at, w.packet_to(target, two, wire::ping{0xabcd}));
    const sent_list replies = w.sent_now();
    ASSERT_EQ(replies.size(), 1U);
    EXPECT_EQ(replies[0].to, two.at);
    EXPECT_EQ(replies[0].kind(), kind::ack);
    EXPECT_EQ(replies[0].what.head.target, two.id);
    EXPECT_EQ(replies[0].as<wire::ack>(), (wire::ack{0xabcd, incarnation{0}}));
  }
}

TEST(ReceivePing, RepliesGoToWhereItCameFrom) {
  engine_world w;
  w.meet_all(3);
  w.hear(two.from(address_of(60)), wire::ping{1});
  const sent_list replies = only(w.sent_now(), kind::ack);
  ASSERT_EQ(replies.size(), 1U);
  EXPECT_EQ(replies[0].to, address_of(60));
  EXPECT_EQ(w.node.find(two.id)->address, two.at) << "an address changes only by facts";
}

TEST(ReceivePing, ToAnotherIsAnsweredByNobody) {
  engine_world w;
  w.meet_all(3);
  w.hear_raw(two.at, w.packet_to(three.id, two, wire::ping{1}));
  EXPECT_TRUE(w.sent_now().empty());
}

TEST(ReceivePing, OneReceiverHasAShareOfTheRepliesThatWait) {
  engine_world w;
  w.meet_all(3);
  const std::uint32_t share = w.settings().max_transmits / 8;
  for (std::uint32_t i = 0; i < 2 * share; ++i) w.hear(two, wire::ping{i});
  EXPECT_EQ(w.stats().transmits_dropped, share);
  w.hear(three, wire::ping{1});
  const sent_list replies = w.sent_now();
  EXPECT_EQ(only_to(replies, two.at).size(), share);
  EXPECT_EQ(only_to(replies, three.at).size(), 1U) << "another one's flood is not its business";
}

TEST(ReceivePing, NoOtherMessageIsAnsweredWithAnAck) {
  for (std::size_t i = 1; i < every_message.size(); ++i) {
    engine_world w;
    w.meet_all(3);
    w.hear(two, every_message[i]);
    EXPECT_EQ(count(w.sent_now(), kind::ack), 0U) << i;
  }
}

// ---- acks match what was asked, once (S10)

TEST(ReceiveAck, AnswersAProbeOnce) {
  engine_world w;
  w.meet_all(2);
  const sent ping = w.probe_of(two);
  const auto before = w.stats();
  w.hear(two, wire::ack{ping.as<wire::ping>().sequence, two.number});
  EXPECT_EQ(w.stats().probes_acknowledged, before.probes_acknowledged + 1);
  EXPECT_EQ(w.stats().acks_unmatched, before.acks_unmatched);
  w.hear(two, wire::ack{ping.as<wire::ping>().sequence, two.number});
  EXPECT_EQ(w.stats().probes_acknowledged, before.probes_acknowledged + 1);
  EXPECT_EQ(w.stats().acks_unmatched, before.acks_unmatched + 1);
}

TEST(ReceiveAck, ForgedOnesAreIgnored) {
  engine_world w;
  w.meet_all(3);
  const sent ping = w.probe_of(two, {three});
  const std::uint32_t sequence = ping.as<wire::ping>().sequence;
  const auto before = w.stats();
  for (std::uint32_t bit = 0; bit < 32; ++bit) {
    w.hear(two, wire::ack{sequence ^ (1U << bit), incarnation{7}});
  }
  w.hear(three, wire::ack{sequence, incarnation{7}});  // not the one who was asked
  w.hear(stranger, wire::ack{sequence, incarnation{7}});
  EXPECT_EQ(w.stats().acks_unmatched, before.acks_unmatched + 34);
  EXPECT_EQ(w.stats().probes_acknowledged, before.probes_acknowledged);
  EXPECT_EQ(w.number_of(two.id), 0U);
  w.hear(two, wire::ack{sequence, two.number});
  EXPECT_EQ(w.stats().probes_acknowledged, before.probes_acknowledged + 1) << "still open";
}

TEST(ReceiveAck, AnOldRoundsAckDoesNotAnswerTheNewOne) {
  engine_world w;
  w.meet_all(2);
  const sent first = w.probe_of(two);
  const sent second = w.probe_of(two);
  const auto before = w.stats();
  w.hear(two, wire::ack{first.as<wire::ping>().sequence, two.number});
  EXPECT_EQ(w.stats().probes_acknowledged, before.probes_acknowledged);
  w.hear(two, wire::ack{second.as<wire::ping>().sequence, two.number});
  EXPECT_EQ(w.stats().probes_acknowledged, before.probes_acknowledged + 1);
}

TEST(ReceiveNack, CountsOncePerChosenHelperAndOnlyInTime) {
  engine_world w;
  w.meet_all(4);
  static_cast<void>(w.probe_of(two, {three, four}));
  w.next_tick();  // the direct time-out
  const sent_list asked = only(w.sent_now(), kind::ping_request);
  ASSERT_EQ(asked.size(), 2U);
  const std::uint32_t sequence = asked[0].as<wire::ping_request>().sequence;
  w.hear(three, wire::nack{sequence + 1});
  w.hear(two, wire::nack{sequence});
  w.hear(stranger, wire::nack{sequence});
  EXPECT_EQ(w.stats().nacks_received, 0U);
  EXPECT_EQ(w.stats().nacks_unmatched, 3U);
  w.hear(three, wire::nack{sequence});
  w.hear(three, wire::nack{sequence});
  w.hear(four, wire::nack{sequence});
  EXPECT_EQ(w.stats().nacks_received, 2U);
  EXPECT_EQ(w.stats().nacks_unmatched, 4U);
  w.next_tick();  // the round is over
  w.hear(four, wire::nack{sequence});
  EXPECT_EQ(w.stats().nacks_unmatched, 5U);
}

TEST(ReceiveRelayedAck, CountsOnlyFromAChosenHelperAboutTheSubject) {
  engine_world w;
  w.meet_all(4);
  static_cast<void>(w.probe_of(two, {three, four}));
  w.next_tick();
  const sent_list asked = only(w.sent_now(), kind::ping_request);
  ASSERT_EQ(asked.size(), 2U);
  const std::uint32_t sequence = asked[0].as<wire::ping_request>().sequence;
  w.hear(three, wire::relayed_ack{sequence + 1, two.id, two.number});
  w.hear(three, wire::relayed_ack{sequence, four.id, two.number});
  w.hear(stranger, wire::relayed_ack{sequence, two.id, two.number});
  w.hear(two, wire::relayed_ack{sequence, two.id, two.number});
  EXPECT_EQ(w.stats().probes_acknowledged_by_helper, 0U);
  EXPECT_EQ(w.stats().acks_unmatched, 4U);
  w.hear(three, wire::relayed_ack{sequence, two.id, two.number});
  EXPECT_EQ(w.stats().probes_acknowledged_by_helper, 1U);
  w.live_for(2 * w.settings().protocol_period, {two, three, four});
  EXPECT_EQ(w.state_of(two.id), member_state::alive);
}

TEST(ReceiveStateReply, OnlyWhatWasAskedForFromWhereItWasAsked) {
  engine_world w;
  ASSERT_EQ(w.node.join({two.at}), command_error::none);
  const sent request = w.sent_now().at(0);
  const std::uint32_t sequence = request.as<wire::join_request>().sequence;
  const facts state{alive(stranger)};
  w.hear(two, wire::state_reply{sequence + 1, 1, wire::end_of_state, 9}, state);
  w.hear(two.from(three.at), wire::state_reply{sequence, 1, wire::end_of_state, 9}, state);
  EXPECT_EQ(w.stats().replies_unmatched, 2U);
  EXPECT_EQ(w.node.find(stranger.id), std::nullopt);
  w.hear(two, wire::state_reply{sequence, 1, 0, 9}, state);
  EXPECT_EQ(w.stats().chunks_received, 1U);
  EXPECT_NE(w.node.find(stranger.id), std::nullopt);
  w.hear(two, wire::state_reply{sequence, 1, 0, 9}, {alive(three)});
  EXPECT_EQ(w.stats().replies_unmatched, 3U) << "single use";
}

/// The cursor is a row, and rows go up. A server that never moves on would be asked for ever, as
/// fast as the link is (law 5: every loop has a limit).
TEST(ReceiveStateReply, AServerThatNeverEndsIsGivenUp) {
  engine_world w;
  w.meet_all(2);
  ASSERT_EQ(w.node.join({two.at}), flotilla::command_error::none);
  const sent_list first = only(w.sent_now(), kind::join_request);
  ASSERT_EQ(first.size(), 1U);
  w.hear(two, wire::state_reply{first[0].as<wire::join_request>().sequence, 1, 0, 9});
  int asked = 0;
  for (int i = 0; i < 1000; ++i) {
    const sent_list requests = only(w.sent_now(), kind::state_request);
    if (requests.empty()) break;
    ++asked;
    w.hear(two, wire::state_reply{requests[0].as<wire::state_request>().sequence, 1, 0, 9});
  }
  EXPECT_GT(asked, 0);
  EXPECT_LT(asked, 1000) << "asked again and again without a pause";
}

/// No path is broken to a member that is gone: it died or left while the helper was asked.
TEST(ReceiveRelayedAck, TellsOfNoBrokenPathToWhoLeft) {
  for (const bool gone : {false, true}) {
    engine_world w;
    w.meet_all(3);
    std::size_t told = 0;
    int requests = 0;  // the second round is the one that tells
    for (int rounds = 0; rounds < 40 && told == 0; ++rounds) {
      for (const sent& s : w.sent_now()) {
        if (s.kind() == kind::ping && s.to == three.at) {
          w.hear(three, wire::ack{s.as<wire::ping>().sequence, three.number});
        }
        if (s.kind() != kind::ping_request || s.as<wire::ping_request>().subject != two.id)
          continue;
        if (gone && ++requests == 2) w.gossip(three, {left(two.id, 0)});
        w.hear(three, wire::relayed_ack{s.as<wire::ping_request>().sequence, two.id, two.number});
      }
      told += count<flotilla::path_broken>(w.events());
      w.next_tick();
    }
    EXPECT_EQ(told, gone ? 0U : 1U);
    if (gone) {
      EXPECT_EQ(requests, 2);
    }
  }
}

// ---- helpers and relays

TEST(ReceivePingRequest, ExactlyOneRelayedAck) {
  engine_world w;
  w.meet_all(3);
  w.hear(two, wire::ping_request{0x99, three.id, three.at});
  const sent_list pings = w.sent_now();
  ASSERT_EQ(pings.size(), 1U) << "no reply before the subject's";
  EXPECT_EQ(pings[0].to, three.at);
  ASSERT_EQ(pings[0].kind(), kind::ping);
  const std::uint32_t sequence = pings[0].as<wire::ping>().sequence;
  EXPECT_NE(sequence, 0x99U);
  w.hear(three.saying(4), wire::ack{sequence, incarnation{4}});
  const sent_list replies = only_to(w.sent_now(), two.at);
  ASSERT_EQ(replies.size(), 1U);
  ASSERT_EQ(replies[0].kind(), kind::relayed_ack);
  EXPECT_EQ(replies[0].as<wire::relayed_ack>(),
            (wire::relayed_ack{0x99, three.id, incarnation{4}}));
  w.hear(three.saying(4), wire::ack{sequence, incarnation{4}});
  w.tick_after(w.settings().direct_timeout);
  EXPECT_TRUE(only_to(only(w.sent_now(), kind::relayed_ack), two.at).empty());
  EXPECT_EQ(count(w.sent_now(), kind::nack), 0U);
}

/// A slot is used again: an answer to the ping of its former request is no answer to this one.
TEST(ReceivePingRequest, AnAckToAnEarlierPingIsNotPassedOn) {
  engine_world w;
  w.meet_all(4);
  w.hear(two, wire::ping_request{0x99, three.id, three.at});
  const sent_list first = only_to(only(w.sent_now(), kind::ping), three.at);
  ASSERT_EQ(first.size(), 1U);
  w.tick_after(w.settings().direct_timeout / 5 * 4);
  ASSERT_EQ(count(w.sent_now(), kind::nack), 1U);
  w.hear(four, wire::ping_request{0x77, three.id, three.at});
  const sent_list second = only_to(only(w.sent_now(), kind::ping), three.at);
  ASSERT_EQ(second.size(), 1U);
  w.hear(three, wire::ack{first[0].as<wire::ping>().sequence, three.number});
  EXPECT_EQ(count(w.sent_now(), kind::relayed_ack), 0U);
  w.hear(three, wire::ack{second[0].as<wire::ping>().sequence, three.number});
  const sent_list replies = only(w.sent_now(), kind::relayed_ack);
  ASSERT_EQ(replies.size(), 1U);
  EXPECT_EQ(replies[0].to, four.at);
}

TEST(ReceivePingRequest, OtherwiseExactlyOneNackAt80PercentOfTheTimeOut) {
  engine_world w;
  w.meet_all(3);
  w.hear(two, wire::ping_request{0x99, three.id, three.at});
  const sent ping = w.sent_now().at(0);
  const time_point due = w.now() + w.settings().direct_timeout / 5 * 4;
  w.tick_at(due - 1ns);
  EXPECT_EQ(count(w.sent_now(), kind::nack), 0U);
  w.tick_at(due);
  const sent_list replies = only_to(w.sent_now(), two.at);
  ASSERT_EQ(count(replies, kind::nack), 1U);
  EXPECT_EQ(only(replies, kind::nack)[0].as<wire::nack>().sequence, 0x99U);
  w.hear(three, wire::ack{ping.as<wire::ping>().sequence, three.number});
  EXPECT_EQ(count(w.sent_now(), kind::relayed_ack), 0U) << "too late";
  w.tick_after(w.settings().direct_timeout);
  EXPECT_EQ(count(w.sent_now(), kind::nack), 0U) << "once";
}

TEST(ReceivePingRequest, ASubjectUnknownHereIsAskedWhereTheRequestSays) {
  engine_world w;
  w.meet_all(2);
  w.hear(two, wire::ping_request{1, stranger.id, stranger.at});
  const sent_list pings = w.sent_now();
  ASSERT_EQ(pings.size(), 1U);
  EXPECT_EQ(pings[0].to, stranger.at);
  EXPECT_EQ(pings[0].what.head.target, stranger.id);
}

TEST(ReceivePingRequest, RefusedOnes) {
  struct request {
    const char* name;
    peer from;
    peer subject;
  };
  const request refused[] = {
      {"subject is the helper", two, peer_of(1)},
      {"subject is the requester", two, two},
      {"subject at the helper's address", two, stranger.from(address_of(0))},
      {"requester unknown", stranger, three},
      {"requester at another address", two.from(address_of(60)), three},
  };
  for (const request& r : refused) {
    SCOPED_TRACE(r.name);
    engine_world w;
    w.meet_all(3);
    EXPECT_EQ(w.hear(r.from, wire::ping_request{1, r.subject.id, r.subject.at}), result::accepted);
    EXPECT_EQ(w.stats().relays_refused, 1U);
    EXPECT_EQ(w.stats().relays, 0U);
    EXPECT_TRUE(only_to(w.sent_now(), r.subject.at).empty());
  }
}

TEST(ReceivePingRequest, OneRequesterHoldsAQuarterOfTheRelays) {
  engine_world w;
  w.meet_all(3);
  for (std::uint32_t i = 0; i < 20; ++i)
    w.hear(two, wire::ping_request{i, stranger.id, stranger.at});
  EXPECT_EQ(w.stats().relays, flotilla::relay_table::capacity / 4);
  EXPECT_EQ(w.stats().relays_refused, 20 - flotilla::relay_table::capacity / 4);
  w.hear(three, wire::ping_request{1, stranger.id, stranger.at});
  EXPECT_EQ(w.stats().relays, flotilla::relay_table::capacity / 4 + 1);
}

// ---- no amplification: three times the request at most, to whoever has not proved the address

struct unproven {
  const char* name;
  peer from;
};

void expect_brief(engine_world& w, const unproven& who) {
  for (std::size_t i = 0; i < every_message.size(); ++i) {
    SCOPED_TRACE(std::string{who.name} + ", message " + std::to_string(i));
    for (const facts& carried : {facts{}, facts{alive(three)}}) {
      if (std::holds_alternative<wire::nack>(every_message[i]) && !carried.empty()) continue;
      const bytes request = w.packet(who.from, every_message[i], carried);
      w.hear_raw(who.from.at, request);
      for (const sent& s : only_to(w.sent_now(), who.from.at)) {
        EXPECT_LE(s.raw.size(), 3 * request.size());
      }
    }
  }
}

/// Many members and their gossip: replies to proven members are full.
engine_world talkative_world() {
  config c = plain_config();
  c.retransmit_multiplier = 16;
  engine_world w{c};
  w.meet_all(3);
  facts many;
  for (std::uint64_t n = 100; n < 150; ++n) many.push_back(alive(peer_of(n)));
  w.gossip(two, many);
  return w;
}

TEST(ReceiveAmplification, ToStrangersAndFromElsewhere) {
  const unproven cases[] = {{"stranger", stranger},
                            {"member from elsewhere", two.from(address_of(60))},
                            {"dead member", peer_of(100)},
                            {"left member", peer_of(101)}};
  for (const unproven& who : cases) {
    engine_world w = talkative_world();
    w.gossip(two, {dead(member_id{100}, 0), left(member_id{101}, 0)});
    expect_brief(w, who);
  }
  engine_world w = talkative_world();
  w.hear(two, wire::ping{1});
  EXPECT_GT(w.sent_now().at(0).raw.size(), 1000U) << "to whom is proven we say more";
}

/// Anybody can say in gossip that a member lives at a victim's address. That proves nothing: the
/// design speaks of addresses that have echoed our cookie.
TEST(ReceiveAmplification, ToAMemberKnownOnlyByHearsay) {
  engine_world w = talkative_world();
  expect_brief(w, {"known by gossip", peer_of(120)});
}

TEST(ReceiveAmplification, TheCookieLiftsTheLimit) {
  engine_world w = talkative_world();
  w.hear(stranger, wire::join_request{1, 0});
  const sent_list briefly = only(w.sent_now(), kind::state_reply);
  ASSERT_EQ(briefly.size(), 1U);
  const std::uint64_t cookie = briefly[0].as<wire::state_reply>().cookie;
  w.hear(stranger, wire::join_request{2, cookie ^ 1});
  EXPECT_LT(only(w.sent_now(), kind::state_reply).at(0).raw.size(), 150U);
  EXPECT_EQ(w.stats().chunks_refused, 1U);
  w.hear(stranger.from(address_of(60)), wire::join_request{3, cookie});
  EXPECT_LT(only(w.sent_now(), kind::state_reply).at(0).raw.size(), 150U) << "bound to the address";
  w.hear(stranger, wire::join_request{4, cookie});
  EXPECT_GT(only(w.sent_now(), kind::state_reply).at(0).raw.size(), 1000U);
}

}  // namespace
