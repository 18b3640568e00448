// flotilla/wire/state_request.hpp - the message state_request
// "Tell me more" (extension): asks for the chunk of the state that begins at a cursor.
#pragma once

#include <cstdint>

#include <flotilla/wire/frame.hpp>
#include <flotilla/wire/reader.hpp>
#include <flotilla/wire/writer.hpp>

namespace flotilla {
inline namespace v1 {
namespace wire {

/// Asks for the members from row `cursor` on. The cookie proves that the asker receives here.
struct state_request {
  static constexpr message_kind kind = message_kind::state_request;
  static constexpr bool carries_facts = true;
  std::uint32_t sequence{0};
  std::uint64_t cookie{0};
  std::uint32_t cursor{0};

  friend constexpr bool operator==(const state_request&, const state_request&) noexcept = default;
};

constexpr void write_body(writer& out, const state_request& message) noexcept {
  out.u32(message.sequence);
  out.u64(message.cookie);
  out.u32(message.cursor);
}

/// Returns `accepted`, or why the bytes are not this message; `out` then means nothing.
[[nodiscard]] constexpr receive_result read_body(reader& in, state_request& out) noexcept {
  out.sequence = in.u32();
  out.cookie = in.u64();
  out.cursor = in.u32();
  return in.ok() ? receive_result::accepted : receive_result::truncated;
}

}  // namespace wire
}  // namespace v1
}  // namespace flotilla
