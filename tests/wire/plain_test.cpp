// wire/plain_test.cpp - flotilla/wire/plain.hpp
// The same bytes as the usual writer's, and read exactly when the usual reader says the same.
#include <flotilla/wire/plain.hpp>

#include <gtest/gtest.h>

#include <optional>

#include <flotilla/wire/message.hpp>
#include <support/bytes.hpp>

namespace {

using namespace flotilla::wire;
using flotilla::incarnation;
using flotilla::member_id;
using support::bytes;
namespace sample = support::sample;

plain_message message_of(message_kind kind, std::optional<std::uint32_t> view) {
  plain_message message;
  message.kind = kind;
  message.shows_view = view.has_value();
  message.view = view.value_or(0);
  message.sender = sample::head.sender;
  message.target = sample::head.target;
  message.incarnation = sample::head.incarnation;
  message.sequence = sample::sequence;
  return message;
}
bytes written(const plain_message& message) {
  bytes out(max_plain_size + 1, std::byte{0xa5});
  const std::size_t size = write_plain(out.data(), sample::head.group_tag, message);
  EXPECT_EQ(out[size], std::byte{0xa5});
  out.resize(size);
  return out;
}
/// What the usual writer makes of it.
bytes usual(const plain_message& message) {
  bytes out(max_plain_size);
  writer to{out};
  frame head = sample::head;
  head.introduce = false;
  if (message.kind == message_kind::ping) {
    write_message(to, head, ping{message.sequence});
  } else {
    write_message(to, head, ack{message.sequence, head.incarnation});
  }
  if (message.shows_view) write_view(to, message.view);
  finish_frame(to);
  EXPECT_TRUE(to.ok());
  out.resize(to.size());
  return out;
}
bool reads(const bytes& datagram, plain_message& out) {
  const member_id target = sample::head.target;
  return read_plain<message_kind::ping>(datagram, sample::head.group_tag, target, out) ||
         read_plain<message_kind::ack>(datagram, sample::head.group_tag, target, out);
}
bool reads(const bytes& datagram) {
  plain_message out;
  return reads(datagram, out);
}

TEST(Plain, WritesWhatTheUsualWriterDoes) {
  for (const message_kind kind : {message_kind::ping, message_kind::ack}) {
    for (const std::optional<std::uint32_t> view :
         {std::optional<std::uint32_t>{}, std::optional<std::uint32_t>{0xa1a2a3a4U}}) {
      const plain_message message = message_of(kind, view);
      const bytes out = written(message);
      EXPECT_EQ(out, usual(message));
      EXPECT_EQ(out.size(), plain_size(kind) + (view ? view_size : 0));
      plain_message back;
      EXPECT_TRUE(reads(out, back));
      EXPECT_EQ(back, message);
    }
  }
}

/// Whatever single bit is changed: what is still read says what the usual reader says.
TEST(Plain, ReadsNothingThatTheUsualReaderRefuses) {
  for (const message_kind kind : {message_kind::ping, message_kind::ack}) {
    for (const bool view : {false, true}) {
      const bytes good =
          written(message_of(kind, view ? std::optional<std::uint32_t>{7} : std::nullopt));
      int refused = 0;
      for (std::size_t bit = 0; bit < 8 * good.size(); ++bit) {
        bytes flipped = good;
        flipped[bit / 8] ^= std::byte{static_cast<std::uint8_t>(1U << bit % 8)};
        plain_message plain;
        if (!reads(flipped, plain)) {
          ++refused;
          continue;
        }
        message full;
        ASSERT_EQ(read_message(flipped, sample::head.group_tag, full),
                  flotilla::receive_result::accepted);
        EXPECT_EQ(full.head.sender, plain.sender);
        EXPECT_EQ(full.head.target, sample::head.target);
        EXPECT_EQ(full.head.incarnation, plain.incarnation);
        EXPECT_EQ(full.head.kind, plain.kind);
        EXPECT_FALSE(full.head.introduce);
        EXPECT_TRUE(holds_no_fact(full.facts));
        EXPECT_EQ(begins_with_view(full.facts), plain.shows_view);
      }
      // Version, flags, length, tag, target and kind in any case.
      EXPECT_GE(refused, 8 * 17);
    }
  }
}

TEST(Plain, ReadsNothingShorterOrLonger) {
  const bytes ping = written(message_of(message_kind::ping, 1));
  const bytes ack = written(message_of(message_kind::ack, 1));
  for (const bytes& good : {ping, ack}) {
    for (std::size_t size = 0; size < good.size() + 64; ++size) {
      bytes other = good;
      other.resize(size);
      if (size != good.size()) {
        EXPECT_FALSE(reads(other)) << size;
        EXPECT_FALSE(reads(support::with_length(other)) && size + view_size != good.size()) << size;
      }
    }
  }
}

}  // namespace
