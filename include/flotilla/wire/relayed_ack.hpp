// flotilla/wire/relayed_ack.hpp - the message relayed_ack
// "It is there" (SWIM, section 3.1): a helper passes on the ack that the subject gave it.
#pragma once

#include <cstdint>

#include <flotilla/wire/frame.hpp>
#include <flotilla/wire/reader.hpp>
#include <flotilla/wire/writer.hpp>

namespace flotilla {
inline namespace v1 {
namespace wire {

/// The answer to the ping request with this sequence number: `subject` answered with `incarnation`.
struct relayed_ack {
  static constexpr message_kind kind = message_kind::relayed_ack;
  static constexpr bool carries_facts = true;
  std::uint32_t sequence{0};
  member_id subject{};
  flotilla::incarnation incarnation{};

  friend constexpr bool operator==(const relayed_ack&, const relayed_ack&) noexcept = default;
};

constexpr void write_body(writer& out, const relayed_ack& message) noexcept {
  out.u32(message.sequence);
  out.u64(static_cast<std::uint64_t>(message.subject));
  out.u32(message.incarnation.value());
}

/// Returns `accepted`, or why the bytes are not this message; `out` then means nothing.
[[nodiscard]] constexpr receive_result read_body(reader& in, relayed_ack& out) noexcept {
  out.sequence = in.u32();
  out.subject = member_id{in.u64()};
  out.incarnation = flotilla::incarnation{in.u32()};
  if (!in.ok()) return receive_result::truncated;
  return out.subject == member_id{} ? receive_result::bad_id : receive_result::accepted;
}

}  // namespace wire
}  // namespace v1
}  // namespace flotilla
