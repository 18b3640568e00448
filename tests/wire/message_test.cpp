// wire/message_test.cpp - flotilla/wire/message.hpp
// What holds for every kind of message: each way to be refused, every size, every buffer.
#include <flotilla/wire/message.hpp>

#include <gtest/gtest.h>

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <support/bytes.hpp>

namespace {

using namespace flotilla::wire;
using support::bytes;
using support::facts;
using support::first;
using support::hex;
using support::joined;
using support::verdict;
using support::with_byte;
using support::with_length;
namespace sample = support::sample;

struct kind_of_message {
  std::string name;
  message_body body;
  std::size_t size;  // of frame and message, by the drawing
};

const std::vector<kind_of_message> with_facts{
    {"ping", ping{sample::sequence}, 33},
    {"ping_request IPv4", ping_request{sample::sequence, sample::subject, sample::ipv4}, 48},
    {"ping_request IPv6", ping_request{sample::sequence, sample::subject, sample::ipv6}, 60},
    {"ack", ack{sample::sequence, sample::count}, 37},
    {"relayed_ack", relayed_ack{sample::sequence, sample::subject, sample::count}, 45},
    {"join_request", join_request{sample::sequence, sample::cookie}, 41},
    {"state_request", state_request{sample::sequence, sample::cookie, 5}, 45},
    {"state_reply", state_reply{sample::sequence, sample::cookie, 5, 6}, 49},
    {"repair_request", repair_request{sample::sequence, sample::cookie}, 41},
    {"repair_reply", repair_reply{sample::sequence, sample::cookie}, 41},
};
const kind_of_message without_facts{"nack", nack{sample::sequence}, 33};

// Runs `check` for every kind of message, nack included, with the datagram that has no facts.
template <class Check>
void for_every_kind(Check check) {
  for (const kind_of_message& kind : with_facts) {
    SCOPED_TRACE(kind.name);
    check(support::datagram(kind.body));
  }
  SCOPED_TRACE(without_facts.name);
  check(support::datagram(without_facts.body));
}

// `spelled` in front of, between and behind good facts, on every message that carries facts.
void expect_for_fact(std::string_view spelled, std::string_view expected) {
  SCOPED_TRACE(spelled);
  for (const kind_of_message& kind : with_facts) {
    SCOPED_TRACE(kind.name);
    const bytes bare = support::datagram(kind.body);
    const bytes good = hex("04 0c 3132333435363738 41424344");
    const bytes one = hex(spelled);
    EXPECT_EQ(verdict(with_length(joined(bare, one))), expected);
    EXPECT_EQ(verdict(with_length(joined(joined(bare, one), good))), expected);
    EXPECT_EQ(verdict(with_length(joined(joined(bare, good), one))), expected);
  }
}

TEST(Message, SizesAreThoseOfTheDrawing) {
  for (const kind_of_message& kind : with_facts) {
    EXPECT_EQ(support::datagram(kind.body).size(), kind.size) << kind.name;
    EXPECT_EQ(support::datagram(kind.body, sample::each).size(), kind.size + 80) << kind.name;
  }
  EXPECT_EQ(support::datagram(without_facts.body).size(), without_facts.size);
}

// The smallest max_datagram_size is 96: every message must fit there beside the largest fact.
TEST(Message, TheLargestFactFitsInto96BytesBesideEveryMessage) {
  for (const kind_of_message& kind : with_facts) {
    for (const auto& address : {sample::ipv6, sample::opaque(18)}) {
      const bytes whole = support::datagram(kind.body, {sample::alive(address)});
      EXPECT_EQ(whole.size(), kind.size + max_fact_size) << kind.name;
      EXPECT_LE(whole.size(), 96U) << kind.name;
    }
  }
}

TEST(Message, EveryKindGoesThereAndBack) {
  for (const kind_of_message& kind : with_facts) {
    const auto back = support::decode(support::datagram(kind.body, sample::each));
    EXPECT_EQ(to_string(back.result), "accepted") << kind.name;
    EXPECT_TRUE(back.body == kind.body) << kind.name;
    EXPECT_TRUE(back.facts == sample::each) << kind.name;
  }
}

TEST(Message, CutAtEveryLengthIsRefused) {
  const auto check = [](const bytes& whole) {
    EXPECT_EQ(verdict(whole), "accepted");
    EXPECT_EQ(verdict({}), "empty");
    for (std::size_t size = 1; size < whole.size(); ++size) {
      EXPECT_EQ(verdict(first(whole, size)), "truncated") << size;
    }
  };
  for_every_kind(check);
  for (const kind_of_message& kind : with_facts) check(support::datagram(kind.body, sample::each));
}

// The same, with a length that agrees with the cut: only the end of the message or of a fact will
// do.
TEST(Message, CutWithALengthThatAgreesIsRefusedInsideEveryField) {
  for_every_kind([](const bytes& whole) {
    for (std::size_t size = 1; size < whole.size(); ++size) {
      EXPECT_EQ(verdict(with_length(first(whole, size))), "truncated") << size;
    }
  });
  for (const kind_of_message& kind : with_facts) {
    const bytes whole = support::datagram(kind.body, sample::each);
    for (std::size_t size = kind.size; size < whole.size(); ++size) {
      const std::size_t behind = size - kind.size;
      const bool at_end = behind == 0 || behind == 22 || behind == 44 || behind == 66;
      EXPECT_EQ(verdict(with_length(first(whole, size))), at_end ? "accepted" : "truncated")
          << kind.name << " " << size;
    }
  }
}

TEST(Message, BytesBehindTheEndAreRefused) {
  const auto check = [](const bytes& whole) {
    for (const std::size_t more : {1U, 2U, 14U, 22U, 1000U}) {
      EXPECT_EQ(verdict(joined(whole, bytes(more))), "trailing_bytes") << more;
      EXPECT_EQ(verdict(joined(whole, bytes(more, std::byte{0xff}))), "trailing_bytes") << more;
    }
    EXPECT_EQ(verdict(joined(whole, whole)), "trailing_bytes");
  };
  for_every_kind(check);
  for (const kind_of_message& kind : with_facts) check(support::datagram(kind.body, sample::each));
}

TEST(Message, WhatAFrameMayNotSayIsRefused) {
  for_every_kind([](const bytes& whole) {
    for (const unsigned version : {0U, 2U, 255U}) {
      EXPECT_EQ(verdict(with_byte(whole, 0, version)), "unknown_version");
    }
    for (unsigned bit = 1; bit < 8; ++bit) {
      EXPECT_EQ(verdict(with_byte(whole, 1, 1U << bit)), "unknown_flags");
    }
    for (const unsigned kind : {0U, 11U, 128U, 255U}) {
      EXPECT_EQ(verdict(with_byte(whole, 28, kind)), "unknown_kind");
    }
    EXPECT_EQ(to_string(support::decode(whole, sample::group + 1).result), "other_group");
    bytes no_sender = whole;
    for (std::size_t at = 8; at < 16; ++at) no_sender[at] = std::byte{0};
    EXPECT_EQ(verdict(no_sender), "bad_id");
  });
}

TEST(Message, ABadFactSpoilsEveryMessage) {
  expect_for_fact("05 0c 3132333435363738 41424344", "unknown_fact");
  expect_for_fact("00 0c 3132333435363738 41424344", "unknown_fact");
  expect_for_fact("7f 00", "unknown_fact");
  expect_for_fact("04 0c 0000000000000000 41424344", "bad_id");
  expect_for_fact("02 14 3132333435363738 41424344 0000000000000000", "bad_id");
  expect_for_fact("03 14 3132333435363738 41424344 0000000000000000", "bad_id");
  expect_for_fact("01 14 3132333435363738 41424344 00 04 0a000001 1f0a", "bad_count");
  expect_for_fact("01 14 3132333435363738 41424344 02 04 0a000001 1f0a", "bad_count");
  expect_for_fact("01 14 3132333435363738 41424344 ff 04 0a000001 1f0a", "bad_count");
  expect_for_fact("01 14 3132333435363738 41424344 01 04 0a000001 0000", "bad_address");
  expect_for_fact("01 0e 3132333435363738 41424344 01 40", "bad_address");
  expect_for_fact("04 0b 3132333435363738 414243", "truncated");
  expect_for_fact("04 0d 3132333435363738 41424344 00", "trailing_bytes");
}

TEST(Message, OptionalFactsAreSkippedOnEveryMessage) {
  expect_for_fact("80 00", "accepted");
  expect_for_fact("fe 03 010203", "accepted");
  expect_for_fact("ff 04 00000000", "accepted");
  expect_for_fact("ff 0e 04 0c 0000000000000000 41424344", "accepted");  // a bad fact inside
}

// The largest datagram that the length field and UDP allow, all padding.
TEST(Message, TheLargestDatagramIsRead) {
  for (const kind_of_message& kind : with_facts) {
    bytes whole = support::datagram(kind.body);
    while (whole.size() + 257 <= 65507) whole = joined(joined(whole, hex("ffff")), bytes(255));
    const std::size_t rest = 65507 - whole.size();
    if (rest >= 2) {
      whole = joined(joined(whole, {{std::byte{0xff}, std::byte(rest - 2)}}), bytes(rest - 2));
    }
    EXPECT_EQ(verdict(with_length(whole)), "accepted") << kind.name;
  }
}

// Into every buffer from none to the whole datagram, with canaries behind: what fits is written,
// and what is written is a datagram that is accepted.
TEST(Message, NoBufferIsOverrun) {
  std::vector<kind_of_message> every = with_facts;
  every.push_back(without_facts);
  for (const kind_of_message& kind : every) {
    SCOPED_TRACE(kind.name);
    const std::size_t most = kind.name == without_facts.name ? 0 : 4;
    for (std::size_t size = 0; size <= kind.size + 20 * most; ++size) {
      bytes buffer(size + 40, std::byte{0xa5});
      writer out{std::span{buffer}.first(size)};
      const bool fits = std::visit(
          [&](const auto& body) { return write_message(out, sample::head, body); }, kind.body);
      EXPECT_EQ(fits, size >= kind.size) << size;
      std::size_t count = 0;
      while (fits && count < most && write_fact(out, sample::each[count])) ++count;
      finish_frame(out);
      EXPECT_LE(out.size(), size);
      for (std::size_t i = out.size(); i < buffer.size(); ++i) {
        ASSERT_EQ(buffer[i], std::byte{0xa5}) << size;
      }
      if (!fits) continue;
      const auto back = support::decode(out.written());
      EXPECT_EQ(to_string(back.result), "accepted") << size;
      EXPECT_EQ(back.facts.size(), count) << size;
      EXPECT_EQ(count, size == kind.size + 20 * most ? most : (size - kind.size) / 22) << size;
    }
  }
}

// Whoever writes a message cannot get its kind wrong, whatever the frame said before.
TEST(Message, TheBodyDecidesTheKind) {
  frame head = sample::head;
  head.kind = message_kind::state_reply;
  const auto back = support::decode(support::datagram(nack{7}, {}, head));
  EXPECT_EQ(back.head.kind, message_kind::nack);
  EXPECT_TRUE(std::holds_alternative<nack>(back.body));
}

TEST(Message, FactsPointIntoTheDatagram) {
  const bytes whole = support::datagram(ping{7}, sample::each);
  message out;
  ASSERT_EQ(to_string(read_message(whole, sample::group, out)), "accepted");
  EXPECT_EQ(out.facts.data(), whole.data() + 33);
  EXPECT_EQ(out.facts.size(), 80U);
}

// A variable that is used again keeps nothing of the datagram before.
TEST(Message, ReadingAgainReplacesEverything) {
  message out;
  const bytes before = support::datagram(state_reply{1, 2, 3, 4}, sample::each);
  ASSERT_EQ(to_string(read_message(before, sample::group, out)), "accepted");
  const bytes after = support::datagram(nack{9});
  ASSERT_EQ(to_string(read_message(after, sample::group, out)), "accepted");
  EXPECT_TRUE(std::get<nack>(out.body) == nack{9});
  EXPECT_EQ(out.head.kind, message_kind::nack);
  EXPECT_TRUE(out.facts.empty());
}

}  // namespace
