// flotilla/wire/ack.hpp - the message ack
// "I am here" (SWIM, section 3.1): the answer to a ping, with the own incarnation as a first-hand
// fact.
#pragma once

#include <cstdint>

#include <flotilla/wire/frame.hpp>
#include <flotilla/wire/reader.hpp>
#include <flotilla/wire/writer.hpp>

namespace flotilla {
inline namespace v1 {
namespace wire {

/// The answer to the ping with this sequence number. `incarnation` is the sender's own.
struct ack {
  static constexpr message_kind kind = message_kind::ack;
  static constexpr bool carries_facts = true;
  std::uint32_t sequence{0};
  flotilla::incarnation incarnation{};

  friend constexpr bool operator==(const ack&, const ack&) noexcept = default;
};

constexpr void write_body(writer& out, const ack& message) noexcept {
  std::byte* const to = out.claim(8);
  if (to == nullptr) return;
  detail::store_big(to, message.sequence);
  detail::store_big(to + 4, message.incarnation.value());
}

/// Returns `accepted`, or why the bytes are not this message; `out` then means nothing.
[[nodiscard]] constexpr receive_result read_body(reader& in, ack& out) noexcept {
  out.sequence = in.u32();
  out.incarnation = flotilla::incarnation{in.u32()};
  return in.ok() ? receive_result::accepted : receive_result::truncated;
}

}  // namespace wire
}  // namespace v1
}  // namespace flotilla
