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

/// Decodes what stands behind the frame of a message of this kind: its fields, and `facts`, which
/// are checked. Returns `accepted`, or what is wrong; `body` and `facts` then mean nothing.
template <class Body>
[[nodiscard]] constexpr receive_result read_rest(reader& in, Body& body,
                                                 std::span<const std::byte>& facts) noexcept {
  const receive_result result = read_body(in, body);
  if (result != receive_result::accepted) return result;
  facts = in.rest();
  if (!Body::carries_facts) {
    return facts.empty() ? receive_result::accepted : receive_result::trailing_bytes;
  }
  return holds_no_fact(facts) ? receive_result::accepted : check_facts(facts);
}

namespace impl {

template <class Body>
[[nodiscard]] constexpr receive_result read_one(reader& in, message& out) noexcept {
  Body body;
  const receive_result result = read_rest(in, body, out.facts);
  if (result != receive_result::accepted) return result;
  out.body = message_body{body};  // clang 14: assigning the alternative is no constant expression
  return result;
}

[[nodiscard]] constexpr receive_result read_any(reader& in, message& out) noexcept {
  switch (out.head.kind) {
    case message_kind::ping: return read_one<ping>(in, out);
    case message_kind::ping_request: return read_one<ping_request>(in, out);
    case message_kind::ack: return read_one<ack>(in, out);
    case message_kind::relayed_ack: return read_one<relayed_ack>(in, out);
    case message_kind::nack: return read_one<nack>(in, out);
    case message_kind::join_request: return read_one<join_request>(in, out);
    case message_kind::state_request: return read_one<state_request>(in, out);
    case message_kind::state_reply: return read_one<state_reply>(in, out);
    case message_kind::repair_request: return read_one<repair_request>(in, out);
    case message_kind::repair_reply: return read_one<repair_reply>(in, out);
  }
  return receive_result::unknown_kind;
}

}  // namespace impl

/// Decodes a datagram of the group with `group_tag`. Returns `accepted`, or what is wrong; `out`
/// then means nothing. Never allocates; the work is linear in the datagram's size.
[[nodiscard]] constexpr receive_result read_message(std::span<const std::byte> datagram,
                                                    std::uint32_t group_tag,
                                                    message& out) noexcept {
  reader in{datagram};
  const receive_result result = read_frame(in, out.head, group_tag);
  if (result != receive_result::accepted) return result;
  return impl::read_any(in, out);
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
