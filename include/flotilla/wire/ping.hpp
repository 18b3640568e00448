// flotilla/wire/ping.hpp - the message ping
// "Are you there?" (SWIM, section 3.1). Whoever is addressed answers with an ack.
#pragma once

#include <cstdint>

#include <flotilla/wire/frame.hpp>
#include <flotilla/wire/reader.hpp>
#include <flotilla/wire/writer.hpp>

namespace flotilla {
inline namespace v1 {
namespace wire {

/// Asks the target for an ack with the same sequence number.
struct ping {
  static constexpr message_kind kind = message_kind::ping;
  static constexpr bool carries_facts = true;
  std::uint32_t sequence{0};

  friend constexpr bool operator==(const ping&, const ping&) noexcept = default;
};

constexpr void write_body(writer& out, const ping& message) noexcept { out.u32(message.sequence); }

/// Returns `accepted`, or why the bytes are not this message; `out` then means nothing.
[[nodiscard]] constexpr receive_result read_body(reader& in, ping& out) noexcept {
  out.sequence = in.u32();
  return in.ok() ? receive_result::accepted : receive_result::truncated;
}

}  // namespace wire
}  // namespace v1
}  // namespace flotilla
