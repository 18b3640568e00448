// flotilla/wire/message.hpp - a whole datagram: frame, one of the messages, facts
// Decoding checks everything before anything is applied (law 7) and copies nothing but the fields.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <variant>

#include <flotilla/result.hpp>
#include <flotilla/wire/ack.hpp>
#include <flotilla/wire/fact.hpp>
#include <flotilla/wire/frame.hpp>
#include <flotilla/wire/join_request.hpp>
#include <flotilla/wire/nack.hpp>
#include <flotilla/wire/ping.hpp>
#include <flotilla/wire/ping_request.hpp>
#include <flotilla/wire/reader.hpp>
#include <flotilla/wire/relayed_ack.hpp>
#include <flotilla/wire/repair_reply.hpp>
#include <flotilla/wire/repair_request.hpp>
#include <flotilla/wire/state_reply.hpp>
#include <flotilla/wire/state_request.hpp>
#include <flotilla/wire/writer.hpp>

namespace flotilla {
inline namespace v1 {
namespace wire {

using message_body = std::variant<ping, ping_request, ack, relayed_ack, nack, join_request,
                                  state_request, state_reply, repair_request, repair_reply>;

/// A decoded datagram. `facts` points into the received bytes and has been checked.
struct message {
  frame head;
  message_body body;
  std::span<const std::byte> facts;
};

/// The fields of a message of this kind, which check_rest has found good.
template <class Body>
[[nodiscard]] constexpr Body body_of(reader in) noexcept {
  Body body;
  static_cast<void>(read_body(in, body));
  return body;
}

namespace impl {

/// Bytes of the fields of a message with default values.
template <class Body>
[[nodiscard]] constexpr std::uint8_t fields_size() noexcept {
  std::array<std::byte, 64> scratch{};
  writer out{scratch};
  write_body(out, Body{});
  return static_cast<std::uint8_t>(out.size());
}

/// By kind; 0 where it depends on an address.
inline constexpr std::uint8_t fields_sizes[] = {
    0,
    fields_size<ping>(),
    0,
    fields_size<ack>(),
    fields_size<relayed_ack>(),
    fields_size<nack>(),
    fields_size<join_request>(),
    fields_size<state_request>(),
    fields_size<state_reply>(),
    fields_size<repair_request>(),
    fields_size<repair_reply>(),
};

/// Those of a ping_request, when they are good, or the reason why they are not.
[[nodiscard]] constexpr receive_result measure_ping_request(reader in, std::size_t& size) noexcept {
  ping_request scratch;
  const std::size_t before = in.rest().size();
  const receive_result result = read_body(in, scratch);
  size = before - in.rest().size();
  return result;
}

[[nodiscard]] constexpr message_body body_of_any(reader in, message_kind kind) noexcept {
  // clang 14: assigning an alternative is no constant expression
  switch (kind) {
    case message_kind::ping: break;
    case message_kind::ping_request: return message_body{body_of<ping_request>(in)};
    case message_kind::ack: return message_body{body_of<ack>(in)};
    case message_kind::relayed_ack: return message_body{body_of<relayed_ack>(in)};
    case message_kind::nack: return message_body{body_of<nack>(in)};
    case message_kind::join_request: return message_body{body_of<join_request>(in)};
    case message_kind::state_request: return message_body{body_of<state_request>(in)};
    case message_kind::state_reply: return message_body{body_of<state_reply>(in)};
    case message_kind::repair_request: return message_body{body_of<repair_request>(in)};
    case message_kind::repair_reply: return message_body{body_of<repair_reply>(in)};
  }
  return message_body{body_of<ping>(in)};
}

}  // namespace impl

/// Checks what stands behind the frame of a message of this kind: the fields, for body_of, and the
/// `facts` after them. Returns `accepted`, or what is wrong; `facts` then mean nothing.
[[nodiscard]] constexpr receive_result check_rest(reader in, message_kind kind,
                                                  std::span<const std::byte>& facts) noexcept {
  std::size_t size = impl::fields_sizes[static_cast<std::size_t>(kind)];
  if (size == 0) {
    const receive_result measured = impl::measure_ping_request(in, size);
    if (measured != receive_result::accepted) return measured;
  }
  if (in.rest().size() < size) return receive_result::truncated;
  facts = in.rest().subspan(size);
  if (facts.empty()) return receive_result::accepted;
  if (kind == message_kind::nack) return receive_result::trailing_bytes;
  return holds_no_fact(facts) ? receive_result::accepted : check_facts(facts);
}

/// Decodes a datagram of the group with `group_tag`. Returns `accepted`, or what is wrong; `out`
/// then means nothing. Never allocates; the work is linear in the datagram's size.
[[nodiscard]] constexpr receive_result read_message(std::span<const std::byte> datagram,
                                                    std::uint32_t group_tag,
                                                    message& out) noexcept {
  reader in{datagram};
  const receive_result framed = read_frame(in, out.head, group_tag);
  if (framed != receive_result::accepted) return framed;
  const receive_result checked = check_rest(in, out.head.kind, out.facts);
  if (checked == receive_result::accepted) out.body = impl::body_of_any(in, out.head.kind);
  return checked;
}

/// Writes the frame and the message. The caller adds facts and calls finish_frame. False when the
/// buffer does not hold them.
template <class Body>
constexpr bool write_message(writer& out, frame head, const Body& body) noexcept {
  head.kind = Body::kind;
  write_frame(out, head);
  write_body(out, body);
  return out.ok();
}

}  // namespace wire
}  // namespace v1
}  // namespace flotilla
