// wire/frame_test.cpp - flotilla/wire/frame.hpp
// The bytes that every datagram begins with, and in which order they are believed.
#include <flotilla/wire/frame.hpp>

#include <gtest/gtest.h>

#include <cstddef>
#include <span>
#include <string_view>

#include <support/bytes.hpp>

namespace {

using flotilla::incarnation;
using flotilla::wire::frame;
using flotilla::wire::frame_size;
using flotilla::wire::group_tag_of;
using flotilla::wire::message_kind;
using flotilla::wire::reader;
using flotilla::wire::writer;
using support::bytes;
using support::hex;
using support::to_hex;
using support::with_byte;
using support::with_length;
namespace sample = support::sample;

const bytes golden =
    hex("01"                // version
        "00"                // flags
        "001d"              // length: 29, a frame and nothing behind it
        "0a0b0c0d"          // group tag
        "0102030405060708"  // sender's id
        "11121314"          // sender's incarnation
        "2122232425262728"  // target's id
        "03");              // kind: ack

frame ack_head() {
  frame head = sample::head;
  head.kind = message_kind::ack;
  return head;
}

std::string_view verdict(const bytes& data) {
  reader in{data};
  frame head;
  return to_string(read_frame(in, head, sample::group));
}

TEST(Frame, GoldenBytes) {
  static_assert(frame_size == 29);
  bytes buffer(64);
  writer out{buffer};
  write_frame(out, ack_head());
  finish_frame(out);
  EXPECT_EQ(to_hex(out.written()), to_hex(golden));

  reader in{golden};
  frame head;
  EXPECT_EQ(to_string(read_frame(in, head, sample::group)), "accepted");
  EXPECT_TRUE(head == ack_head());
  EXPECT_TRUE(in.ok() && in.empty());
}

TEST(Frame, LengthIsPutInWhenTheDatagramIsWhole) {
  bytes buffer(400);
  writer out{buffer};
  write_frame(out, ack_head());
  EXPECT_EQ(to_hex(out.written().subspan(2, 2)), "0000");
  out.bytes(bytes(300));
  finish_frame(out);
  EXPECT_EQ(to_hex(out.written().subspan(2, 2)), "0149");
  EXPECT_EQ(verdict(support::first(buffer, 329)), "accepted");
}

TEST(Frame, ReadingStopsBehindIt) {
  const bytes data = with_length(support::joined(golden, hex("eeff")));
  reader in{data};
  frame head;
  EXPECT_EQ(to_string(read_frame(in, head, sample::group)), "accepted");
  EXPECT_EQ(to_hex(in.rest()), "eeff");
}

TEST(Frame, NothingIsEmptyAndLessIsTruncated) {
  EXPECT_EQ(verdict({}), "empty");
  for (std::size_t size = 1; size < frame_size; ++size) {
    EXPECT_EQ(verdict(support::first(golden, size)), "truncated") << size;
    EXPECT_EQ(verdict(with_length(support::first(golden, size))), "truncated") << size;
  }
}

TEST(Frame, AnotherVersionIsRefusedByItsFirstByte) {
  for (const unsigned version : {0U, 2U, 3U, 128U, 255U}) {
    EXPECT_EQ(verdict(with_byte(golden, 0, version)), "unknown_version") << version;
    EXPECT_EQ(verdict({std::byte(version)}), "unknown_version") << version;
  }
}

TEST(Frame, IntroduceIsTheLowestFlag) {
  const bytes asks = with_byte(golden, 1, 0x01);
  frame expected = ack_head();
  expected.introduce = true;
  bytes buffer(64);
  writer out{buffer};
  write_frame(out, expected);
  finish_frame(out);
  EXPECT_EQ(to_hex(out.written()), to_hex(asks));

  frame head;
  for (const bool introduce : {true, false}) {  // nothing is left of the frame before
    reader in{introduce ? asks : golden};
    EXPECT_EQ(to_string(read_frame(in, head, sample::group)), "accepted");
    EXPECT_EQ(head.introduce, introduce);
  }
}

TEST(Frame, EveryOtherFlagIsRefused) {
  for (unsigned flags = 0; flags < 256; ++flags) {
    EXPECT_EQ(verdict(with_byte(golden, 1, flags)), flags < 2 ? "accepted" : "unknown_flags");
  }
}

TEST(Frame, LengthTellsCutAndAppendedBytes) {
  EXPECT_EQ(verdict(with_byte(golden, 3, 30)), "truncated");
  EXPECT_EQ(verdict(with_byte(golden, 3, 28)), "trailing_bytes");
  EXPECT_EQ(verdict(with_byte(golden, 3, 0)), "trailing_bytes");
  EXPECT_EQ(verdict(with_byte(golden, 2, 1)), "truncated");
  // 29 bytes more than a 16-bit length can say.
  EXPECT_EQ(verdict(support::joined(golden, bytes(65536))), "trailing_bytes");
}

TEST(Frame, EveryByteOfTheGroupTagCounts) {
  for (std::size_t at = 4; at < 8; ++at) {
    EXPECT_EQ(verdict(with_byte(golden, at, 0xff)), "other_group") << at;
  }
}

TEST(Frame, OnlyTheKindsOfTheDrawingAreTaken) {
  for (unsigned kind = 0; kind < 256; ++kind) {
    const bool known = kind >= 1 && kind <= 10;
    EXPECT_EQ(verdict(with_byte(golden, 28, kind)), known ? "accepted" : "unknown_kind") << kind;
  }
  EXPECT_EQ(static_cast<int>(message_kind::ping), 1);
  EXPECT_EQ(static_cast<int>(message_kind::ping_request), 2);
  EXPECT_EQ(static_cast<int>(message_kind::ack), 3);
  EXPECT_EQ(static_cast<int>(message_kind::relayed_ack), 4);
  EXPECT_EQ(static_cast<int>(message_kind::nack), 5);
  EXPECT_EQ(static_cast<int>(message_kind::join_request), 6);
  EXPECT_EQ(static_cast<int>(message_kind::state_request), 7);
  EXPECT_EQ(static_cast<int>(message_kind::state_reply), 8);
  EXPECT_EQ(static_cast<int>(message_kind::repair_request), 9);
  EXPECT_EQ(static_cast<int>(message_kind::repair_reply), 10);
}

TEST(Frame, ASenderHasAnIdButATargetNeedsNone) {
  bytes no_sender = golden;
  for (std::size_t at = 8; at < 16; ++at) no_sender[at] = std::byte{0};
  EXPECT_EQ(verdict(no_sender), "bad_id");
  bytes to_anyone = golden;
  for (std::size_t at = 20; at < 28; ++at) to_anyone[at] = std::byte{0};
  EXPECT_EQ(verdict(to_anyone), "accepted");
}

// What is wrong first is told: version, length of a frame, group, flags, length, kind, sender.
TEST(Frame, FaultsAreToldInAFixedOrder) {
  bytes data(40);  // all zeros: everything is wrong
  EXPECT_EQ(verdict(support::first(data, 20)), "unknown_version");
  data[0] = std::byte{1};
  EXPECT_EQ(verdict(support::first(data, 20)), "truncated");
  data[1] = std::byte{2};
  EXPECT_EQ(verdict(data), "other_group");
  for (std::size_t at = 4; at < 8; ++at) data[at] = golden[at];
  EXPECT_EQ(verdict(data), "unknown_flags");
  data[1] = std::byte{1};
  EXPECT_EQ(verdict(data), "trailing_bytes");
  EXPECT_EQ(verdict(with_byte(data, 3, 41)), "truncated");
  data[3] = std::byte{40};
  EXPECT_EQ(verdict(data), "unknown_kind");
  data[28] = std::byte{8};
  EXPECT_EQ(verdict(data), "bad_id");
  data[8] = std::byte{1};
  EXPECT_EQ(verdict(data), "accepted");
}

TEST(Frame, ABufferTooSmallIsToldAndNotOverrun) {
  for (std::size_t size = 0; size <= frame_size; ++size) {
    bytes buffer(64, std::byte{0xa5});
    writer out{std::span{buffer}.first(size)};
    write_frame(out, ack_head());
    finish_frame(out);
    EXPECT_EQ(out.ok(), size == frame_size) << size;
    for (std::size_t i = size; i < buffer.size(); ++i) EXPECT_EQ(buffer[i], std::byte{0xa5});
  }
}

// Known answers, computed apart from the library: a platform on which one of them differs could not
// talk to any other. Bytes above 127 are where a signed char would show.
TEST(Frame, GroupTagsAreTheSameEverywhere) {
  using namespace std::string_view_literals;
  static_assert(group_tag_of("") == 0x00000000);
  static_assert(group_tag_of("a") == 0xf19913ee);
  static_assert(group_tag_of("b") == 0x2e61b2d5);
  static_assert(group_tag_of("ab") == 0x92bf6cfb);
  static_assert(group_tag_of("ba") == 0xacb394ce);
  static_assert(group_tag_of("production") == 0xcbb87632);
  static_assert(group_tag_of("\0"sv) == 0x8dd90f88);
  static_assert(group_tag_of("\0\0"sv) == 0x4aee8c40);
  static_assert(group_tag_of("\xff") == 0x6568887a);
  static_assert(group_tag_of("gr\xc3\xbcn") == 0xeadedb59);
  const std::string_view long_name =
      "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx";
  EXPECT_EQ(long_name.size(), 64U);
  EXPECT_EQ(group_tag_of(long_name), 0xdd6d8c6eU);
}

}  // namespace
