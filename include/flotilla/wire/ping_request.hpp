// flotilla/wire/ping_request.hpp - the message ping_request
// "Ask it for me" (SWIM, section 3.1, ping-req). A helper pings the subject and relays its ack.
#pragma once

#include <cstdint>
#include <optional>

#include <flotilla/wire/address.hpp>
#include <flotilla/wire/frame.hpp>
#include <flotilla/wire/reader.hpp>
#include <flotilla/wire/writer.hpp>

namespace flotilla {
inline namespace v1 {
namespace wire {

/// Asks the target to ping `subject` at `address`, and to answer with a relayed ack or a nack.
struct ping_request {
  static constexpr message_kind kind = message_kind::ping_request;
  static constexpr bool carries_facts = true;
  std::uint32_t sequence{0};
  member_id subject{};
  endpoint address{};

  friend constexpr bool operator==(const ping_request&, const ping_request&) noexcept = default;
};

constexpr void write_body(writer& out, const ping_request& message) noexcept {
  out.u32(message.sequence);
  out.u64(static_cast<std::uint64_t>(message.subject));
  write_address(out, message.address);
}

/// Returns `accepted`, or why the bytes are not this message; `out` then means nothing.
[[nodiscard]] constexpr receive_result read_body(reader& in, ping_request& out) noexcept {
  out.sequence = in.u32();
  out.subject = member_id{in.u64()};
  const std::optional<endpoint> address = read_address(in);
  if (!in.ok()) return receive_result::truncated;
  if (!address) return receive_result::bad_address;
  out.address = *address;
  return out.subject == member_id{} ? receive_result::bad_id : receive_result::accepted;
}

}  // namespace wire
}  // namespace v1
}  // namespace flotilla
