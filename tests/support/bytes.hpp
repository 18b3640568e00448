// support/bytes.hpp - datagrams as hex and as values, for the tests of the wire
// Hex is written by hand from the drawing in wire/frame.hpp; values go through the code under test.
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <flotilla/wire/message.hpp>

namespace support {

namespace wire = flotilla::wire;
using bytes = std::vector<std::byte>;
using facts = std::vector<wire::fact>;

/// The bytes that pairs of hex digits spell; blanks between the pairs are for the reader's eye.
inline bytes hex(std::string_view text) {
  constexpr std::string_view digits = "0123456789abcdef";
  bytes result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == ' ') continue;
    const std::size_t high = digits.find(text[i]);
    const std::size_t low = i + 1 < text.size() ? digits.find(text[++i]) : std::string_view::npos;
    if (high >= 16 || low >= 16) throw std::invalid_argument{"no hex: " + std::string{text}};
    result.push_back(static_cast<std::byte>(high * 16 + low));
  }
  return result;
}

/// What hex() reads, without blanks: GoogleTest shows where two of them differ.
inline std::string to_hex(std::span<const std::byte> data) {
  std::string text;
  for (const std::byte b : data) {
    text += "0123456789abcdef"[std::to_integer<unsigned>(b >> 4U)];
    text += "0123456789abcdef"[std::to_integer<unsigned>(b & std::byte{15})];
  }
  return text;
}

inline bytes joined(bytes front, std::span<const std::byte> back) {
  front.insert(front.end(), back.begin(), back.end());
  return front;
}
inline bytes first(const bytes& data, std::size_t count) {
  return {data.begin(), data.begin() + static_cast<std::ptrdiff_t>(count)};
}
inline bytes with_byte(bytes data, std::size_t at, unsigned value) {
  data.at(at) = static_cast<std::byte>(value);
  return data;
}

/// Values that show every byte's place, and the facts and addresses that the golden bytes spell.
namespace sample {

using flotilla::endpoint;
using flotilla::incarnation;
using flotilla::member_id;
using flotilla::member_state;

inline constexpr std::uint32_t group = 0x0a0b0c0dU;
inline constexpr wire::frame head{.group_tag = group,
                                  .sender = member_id{0x0102030405060708U},
                                  .incarnation = incarnation{0x11121314U},
                                  .target = member_id{0x2122232425262728U}};
inline constexpr std::uint32_t sequence = 0x51525354U;
inline constexpr std::uint64_t cookie = 0x7172737475767778U;

inline constexpr endpoint ipv4 = endpoint::ipv4({10, 0, 0, 1}, 7946);
inline constexpr endpoint ipv6 =
    endpoint::ipv6({0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, 7946);
/// An opaque address of `size` bytes: a1, a2, ...
constexpr endpoint opaque(std::size_t size) {
  std::array<std::byte, endpoint::max_bytes> address{};
  for (std::size_t i = 0; i < size; ++i) address[i] = static_cast<std::byte>(0xa1 + i);
  return endpoint::opaque(std::span{address}.first(size)).value();
}

inline constexpr member_id subject{0x3132333435363738U};
inline constexpr member_id accuser{0x6162636465666768U};
inline constexpr incarnation count{0x41424344U};
constexpr wire::fact alive(const endpoint& address = ipv4) {
  return {.subject = subject, .incarnation = count, .address = address};
}
inline constexpr wire::fact suspect{
    .subject = subject, .incarnation = count, .state = member_state::suspect, .accuser = accuser};
inline constexpr wire::fact dead{
    .subject = subject, .incarnation = count, .state = member_state::dead, .accuser = accuser};
inline constexpr wire::fact left{
    .subject = subject, .incarnation = count, .state = member_state::left};
/// One fact of each kind; they end a datagram 22, 44, 66 and 80 bytes behind its message.
inline const facts each{alive(), suspect, dead, left};

}  // namespace sample

/// Puts the size of `datagram` into its length field, so that only what lies behind is wrong with
/// it.
inline bytes with_length(bytes datagram) {
  if (datagram.size() < 4) return datagram;
  datagram[2] = static_cast<std::byte>(datagram.size() >> 8U);
  datagram[3] = static_cast<std::byte>(datagram.size() & 0xffU);
  return datagram;
}

/// The frame of sample::head by hand, then `rest`, whatever it may be.
inline bytes framed(std::uint8_t kind, std::span<const std::byte> rest) {
  bytes head = hex("01 00 0000 0a0b0c0d 0102030405060708 11121314 2122232425262728");
  head.push_back(std::byte{kind});
  return with_length(joined(head, rest));
}

/// What the code under test writes for a message with facts.
inline bytes datagram(const wire::message_body& body, const facts& with = {},
                      const wire::frame& head = sample::head) {
  bytes buffer(128 + with.size() * wire::max_fact_size);
  wire::writer out{buffer};
  std::visit([&](const auto& message) { EXPECT_TRUE(write_message(out, head, message)); }, body);
  for (const wire::fact& what : with) EXPECT_TRUE(write_fact(out, what));
  finish_frame(out);
  buffer.resize(out.size());
  return buffer;
}

/// What the code under test reads from a datagram.
struct decoded {
  flotilla::receive_result result{};
  wire::frame head;
  wire::message_body body;
  support::facts facts;
  std::size_t skipped{0};

  friend bool operator==(const decoded&, const decoded&) = default;
};

/// Reads a copy of exactly the datagram's size: a sanitizer sees every step past its end.
inline decoded decode(std::span<const std::byte> datagram, std::uint32_t group = sample::group) {
  const bytes exact(datagram.begin(), datagram.end());
  wire::message message;
  decoded out;
  out.result = read_message(exact, group, message);
  if (out.result != flotilla::receive_result::accepted) return out;
  out.head = message.head;
  out.body = message.body;
  wire::fact_reader reader{message.facts};
  for (wire::fact next;;) {
    const wire::fact_read read = reader.next(next);
    if (read == wire::fact_read::fact) out.facts.push_back(next);
    if (read == wire::fact_read::skipped) ++out.skipped;
    if (read == wire::fact_read::end) return out;
    if (read == wire::fact_read::malformed) throw std::logic_error{"a checked fact is malformed"};
  }
}

/// What becomes of a datagram, by name: `truncated`, `accepted` ...
inline std::string_view verdict(std::span<const std::byte> datagram) {
  return to_string(decode(datagram).result);
}

/// `golden` is exactly what the message is written as and what it is read from.
template <class Body>
void expect_golden(const bytes& golden, const Body& body, const facts& with = {}) {
  wire::frame head = sample::head;
  head.kind = Body::kind;
  EXPECT_EQ(to_hex(datagram(body, with)), to_hex(golden));
  const decoded back = decode(golden);
  EXPECT_EQ(to_string(back.result), "accepted");
  EXPECT_TRUE(back.head == head);
  EXPECT_TRUE(back.body == wire::message_body{body});
  EXPECT_TRUE(back.facts == with);
  EXPECT_EQ(back.skipped, 0U);
}

/// A round trip that also works at compile time, where any undefined behaviour is an error.
template <class Body>
constexpr bool round_trips(const Body& body) {
  std::array<std::byte, 96> buffer{};
  wire::writer out{buffer};
  if (!write_message(out, sample::head, body)) return false;
  if (Body::carries_facts && !write_fact(out, sample::alive(sample::ipv6))) return false;
  finish_frame(out);
  wire::message back;
  for (std::size_t size = 0; size < out.size(); ++size) {
    const auto cut = read_message(out.written().first(size), sample::group, back);
    if (cut == flotilla::receive_result::accepted) return false;
  }
  const auto result = read_message(out.written(), sample::group, back);
  return result == flotilla::receive_result::accepted && std::get<Body>(back.body) == body &&
         back.head.sender == sample::head.sender && back.facts.empty() == !Body::carries_facts;
}

}  // namespace support
