// property/wire_property_test.cpp - flotilla/wire/ under random messages and random damage
// What is written is read back; whatever is read is exactly what would be written for it.
#include <flotilla/wire/message.hpp>

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <support/bytes.hpp>

namespace {

using namespace flotilla::wire;
using flotilla::endpoint;
using flotilla::incarnation;
using flotilla::member_id;
using flotilla::member_state;
using flotilla::receive_result;
using support::bytes;
using support::datagram;
using support::decode;
using support::decoded;
using support::facts;
using support::with_length;
namespace sample = support::sample;

template <typename Number>
Number below(Number end) {
  return *rc::gen::inRange<Number>(0, end);
}
std::uint32_t any32() { return *rc::gen::arbitrary<std::uint32_t>(); }
std::uint64_t any64() { return *rc::gen::arbitrary<std::uint64_t>(); }
member_id any_id() { return member_id{*rc::gen::nonZero<std::uint64_t>()}; }
std::uint8_t any8() { return static_cast<std::uint8_t>(below(256)); }
std::byte any_byte() { return std::byte{any8()}; }

bytes any_bytes(std::size_t most) {
  bytes result(below(most + 1));
  for (std::byte& b : result) b = any_byte();
  return result;
}

endpoint any_address() {
  const auto port = static_cast<std::uint16_t>(1 + below(65535));
  const auto unicast = static_cast<std::uint8_t>(1 + below(223));
  const int sort = below(3);
  if (sort == 0) return endpoint::ipv4({unicast, any8(), any8(), any8()}, port);
  if (sort == 1) {
    std::array<std::uint8_t, 16> address{unicast};
    for (std::size_t i = 8; i < 16; ++i) address[i] = any8();
    return endpoint::ipv6(address, port);
  }
  std::array<std::byte, endpoint::max_bytes> address{};
  for (std::byte& b : address) b = any_byte();
  return endpoint::opaque(std::span{address}.first(1 + below(endpoint::max_bytes))).value();
}

fact any_fact() {
  fact result{.subject = any_id(),
              .incarnation = incarnation{any32()},
              .state = static_cast<member_state>(below(4))};
  if (result.state == member_state::alive) {
    result.address = any_address();
  } else if (result.state != member_state::left) {
    result.accuser = any_id();
  }
  return result;
}

message_body any_body() {
  switch (static_cast<message_kind>(1 + below(10))) {
    case message_kind::ping: return ping{any32()};
    case message_kind::ping_request: {
      ping_request request{};  // filled field by field: g++ 12 warns of its padding otherwise
      request.sequence = any32();
      request.subject = any_id();
      request.address = any_address();
      return request;
    }
    case message_kind::ack: return ack{any32(), incarnation{any32()}};
    case message_kind::relayed_ack: return relayed_ack{any32(), any_id(), incarnation{any32()}};
    case message_kind::nack: return nack{any32()};
    case message_kind::join_request: return join_request{any32(), any64()};
    case message_kind::state_request: return state_request{any32(), any64(), any32()};
    case message_kind::state_reply: break;
    case message_kind::repair_request: return repair_request{any32(), any64()};
    case message_kind::repair_reply: return repair_reply{any32(), any64()};
  }
  return state_reply{any32(), any64(), any32(), any32()};
}

// A message, its frame and its facts, as reading it back should give them.
decoded any_message(std::size_t most_facts) {
  decoded result;
  result.body = any_body();
  result.head = {.group_tag = sample::group,
                 .sender = any_id(),
                 .incarnation = incarnation{any32()},
                 .target = member_id{any64()},
                 .kind = static_cast<message_kind>(result.body.index() + 1),
                 .introduce = below(2) == 1};
  if (result.head.kind == message_kind::nack) return result;
  result.facts.resize(below(most_facts + 1));
  for (fact& what : result.facts) what = any_fact();
  return result;
}

bytes written(const decoded& message) {
  return datagram(message.body, message.facts, message.head);
}

// Reads `data`. What is accepted is written again: as the same bytes, or, when optional facts were
// skipped, as a datagram without them that says the same.
bool refused_or_canonical(const bytes& data) {
  decoded back = decode(data);
  if (back.result != receive_result::accepted) return true;
  const bytes again = written(back);
  if (back.skipped == 0) return again == data;
  back.skipped = 0;
  return again.size() < data.size() && decode(again) == back;
}
void expect_refused_or_canonical(const bytes& data) {
  if (!refused_or_canonical(data)) RC_FAIL("read, but written otherwise: " + support::to_hex(data));
}

// Each of RapidCheck's 100 cases tries several datagrams; with many more, shrinking takes minutes.
template <class Property>
bool holds(Property property) {
  return rc::check([&] {
    for (int i = 0; i < 10; ++i) property();
  });
}

// Facts that are skipped, random facts, and things that look like facts.
bytes any_tail() {
  bytes result;
  for (int i = below(4); i > 0; --i) {
    bytes piece{std::byte{*rc::gen::element<std::uint8_t>(1, 2, 3, 4, 128, 255, any8())}};
    if (below(2) == 0) {
      bytes buffer(max_fact_size);
      writer out{buffer};
      write_fact(out, any_fact());
      piece = support::first(buffer, out.size());
    } else {
      const bytes body = any_bytes(40);
      piece.push_back(static_cast<std::byte>(body.size()));
      piece = support::joined(piece, body);
    }
    result = support::joined(result, piece);
  }
  return result;
}

void damage(bytes& data) {
  const std::size_t at = below(data.size() + 1);
  const auto place = data.begin() + static_cast<std::ptrdiff_t>(at);
  const std::size_t count = below(std::min<std::size_t>(data.size() - at, 8) + 1);
  const bytes piece(place, place + static_cast<std::ptrdiff_t>(count));
  switch (below(4)) {
    case 0:  // overwritten
      for (std::size_t i = 0; i < count; ++i) data[at + i] = any_byte();
      break;
    case 1:  // lost
      data.erase(place, place + static_cast<std::ptrdiff_t>(count));
      break;
    case 2:  // repeated
      data.insert(place, piece.begin(), piece.end());
      break;
    default:  // slipped in
      data.insert(place, any_byte());
  }
}

TEST(WireProperty, WhatIsWrittenIsReadBack) {
  EXPECT_TRUE(holds([] {
    const decoded message = any_message(8);
    const bytes whole = written(message);
    if (!(decode(whole) == message)) RC_FAIL("not read back: " + support::to_hex(whole));
  }));
}

TEST(WireProperty, AnotherGroupReadsNothing) {
  EXPECT_TRUE(holds([] {
    const bytes whole = written(any_message(2));
    const std::uint32_t other = sample::group ^ *rc::gen::nonZero<std::uint32_t>();
    RC_ASSERT(decode(whole, other).result == receive_result::other_group);
  }));
}

TEST(WireProperty, NoPartOfADatagramIsAccepted) {
  EXPECT_TRUE(holds([] {
    const bytes whole = written(any_message(4));
    for (std::size_t size = 1; size < whole.size(); ++size) {
      RC_ASSERT(decode(support::first(whole, size)).result == receive_result::truncated);
    }
  }));
}

// As much of a sound frame as chance will have it, and behind it anything.
TEST(WireProperty, RandomBytesAreRefusedOrCanonical) {
  EXPECT_TRUE(holds([] {
    const bytes frame = support::framed(static_cast<std::uint8_t>(1 + below(8)), {});
    const std::size_t sound = below(frame_size + 1);
    const bytes whole = support::joined(support::first(frame, sound), any_bytes(100));
    expect_refused_or_canonical(whole);
    expect_refused_or_canonical(with_length(whole));
  }));
}

// A sound frame, and behind it anything: the message and the facts are what is put to the test.
TEST(WireProperty, RandomBytesBehindAFrameAreRefusedOrCanonical) {
  EXPECT_TRUE(holds([] {
    const auto kind = static_cast<std::uint8_t>(1 + below(8));
    expect_refused_or_canonical(support::framed(kind, any_bytes(60)));
  }));
}

TEST(WireProperty, RandomFactsBehindAMessageAreRefusedOrCanonical) {
  EXPECT_TRUE(holds([] {
    const bytes whole = support::joined(written(any_message(0)), any_tail());
    expect_refused_or_canonical(with_length(whole));
  }));
}

// Damage of several sorts, with a length that tells it and with one that agrees with it.
TEST(WireProperty, DamagedDatagramsAreRefusedOrCanonical) {
  EXPECT_TRUE(holds([] {
    bytes whole = written(any_message(4));
    for (int i = below(4); i >= 0; --i) {
      damage(whole);
      expect_refused_or_canonical(whole);
      expect_refused_or_canonical(with_length(whole));
    }
  }));
}

// Every byte of a datagram in turn, with the values at which something changes.
TEST(WireProperty, EveryByteWithEveryTellingValueIsRefusedOrCanonical) {
  EXPECT_TRUE(rc::check([] {
    const bytes whole = written(any_message(3));
    for (std::size_t at = 0; at < whole.size(); ++at) {
      const auto old = std::to_integer<unsigned>(whole[at]);
      for (const unsigned value : {0U, 1U, 127U, 128U, 255U, (old + 1) % 256, (old + 255) % 256}) {
        expect_refused_or_canonical(support::with_byte(whole, at, value));
      }
    }
  }));
}

}  // namespace
