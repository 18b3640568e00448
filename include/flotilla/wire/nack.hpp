// flotilla/wire/nack.hpp - the message nack
// "It has not answered me" (Lifeguard, local health): proves that the helper itself is reachable.
#pragma once

#include <cstdint>

#include <flotilla/wire/frame.hpp>
#include <flotilla/wire/reader.hpp>
#include <flotilla/wire/writer.hpp>

namespace flotilla {
inline namespace v1 {
namespace wire {

/// The answer to the ping request with this sequence number: the subject was silent so far.
struct nack {
  static constexpr message_kind kind = message_kind::nack;
  static constexpr bool carries_facts = false;
  std::uint32_t sequence{0};

  friend constexpr bool operator==(const nack&, const nack&) noexcept = default;
};

constexpr void write_body(writer& out, const nack& message) noexcept { out.u32(message.sequence); }

/// Returns `accepted`, or why the bytes are not this message; `out` then means nothing.
[[nodiscard]] constexpr receive_result read_body(reader& in, nack& out) noexcept {
  out.sequence = in.u32();
  return in.ok() ? receive_result::accepted : receive_result::truncated;
}

}  // namespace wire
}  // namespace v1
}  // namespace flotilla
