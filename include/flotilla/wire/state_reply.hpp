// flotilla/wire/state_reply.hpp - the message state_reply
// A chunk of the state (extension): facts about members, and where the next chunk begins.
#pragma once

#include <cstddef>
#include <cstdint>

#include <flotilla/wire/frame.hpp>
#include <flotilla/wire/reader.hpp>
#include <flotilla/wire/writer.hpp>

namespace flotilla {
inline namespace v1 {
namespace wire {

/// The cursor behind the last row.
inline constexpr std::uint32_t end_of_state = 0xffffffffU;
/// Where the next cursor stands: it is known only when the rows have been written.
inline constexpr std::size_t state_reply_next_at = frame_size + 4 + 8;
inline constexpr std::size_t state_reply_size = state_reply_next_at + 4 + 4;

/// Answers the request with this sequence number. `cookie` is for the next request, `next` its
/// cursor, end_of_state when there is none. A `next` that is not beyond what was asked for means
/// that the sender is busy; then an alive fact, if there is one, says who else has the state.
/// `members` is how many the sender believes alive or suspect.
struct state_reply {
  static constexpr message_kind kind = message_kind::state_reply;
  static constexpr bool carries_facts = true;
  std::uint32_t sequence{0};
  std::uint64_t cookie{0};
  std::uint32_t next{0};
  std::uint32_t members{0};

  friend constexpr bool operator==(const state_reply&, const state_reply&) noexcept = default;
};

constexpr void write_body(writer& out, const state_reply& message) noexcept {
  out.u32(message.sequence);
  out.u64(message.cookie);
  out.u32(message.next);
  out.u32(message.members);
}

/// Returns `accepted`, or why the bytes are not this message; `out` then means nothing.
[[nodiscard]] constexpr receive_result read_body(reader& in, state_reply& out) noexcept {
  out.sequence = in.u32();
  out.cookie = in.u64();
  out.next = in.u32();
  out.members = in.u32();
  return in.ok() ? receive_result::accepted : receive_result::truncated;
}

}  // namespace wire
}  // namespace v1
}  // namespace flotilla
