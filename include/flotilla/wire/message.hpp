// flotilla/wire/message.hpp - a whole datagram: frame, one of the messages, facts
// Decoding checks everything before anything is applied (law 7) and copies nothing but the fields.
#pragma once

#include <cstddef>
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

template <class Body>
[[nodiscard]] constexpr receive_result skip_body(reader& in, bool& carries_facts) noexcept {
  Body scratch;
  carries_facts = Body::carries_facts;
  return read_body(in, scratch);
}

[[nodiscard]] constexpr receive_result skip_any(reader& in, message_kind kind,
                                                bool& carries_facts) noexcept {
  switch (kind) {
    case message_kind::ping: return skip_body<ping>(in, carries_facts);
    case message_kind::ping_request: return skip_body<ping_request>(in, carries_facts);
    case message_kind::ack: return skip_body<ack>(in, carries_facts);
    case message_kind::relayed_ack: return skip_body<relayed_ack>(in, carries_facts);
    case message_kind::nack: return skip_body<nack>(in, carries_facts);
    case message_kind::join_request: return skip_body<join_request>(in, carries_facts);
    case message_kind::state_request: return skip_body<state_request>(in, carries_facts);
    case message_kind::state_reply: return skip_body<state_reply>(in, carries_facts);
    case message_kind::repair_request: return skip_body<repair_request>(in, carries_facts);
    case message_kind::repair_reply: return skip_body<repair_reply>(in, carries_facts);
  }
  return receive_result::unknown_kind;
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
  bool carries_facts = false;
  const receive_result fields = impl::skip_any(in, kind, carries_facts);
  if (fields != receive_result::accepted) return fields;
  facts = in.rest();
  if (facts.empty()) return receive_result::accepted;
  if (!carries_facts) return receive_result::trailing_bytes;
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
