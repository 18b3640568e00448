// flotilla/wire/repair_reply.hpp - the message repair_reply
// "There they differ" (extension): digests and lists of what is missing, and facts, follow.
#pragma once

#include <cstdint>

#include <flotilla/wire/frame.hpp>
#include <flotilla/wire/reader.hpp>
#include <flotilla/wire/writer.hpp>

namespace flotilla {
inline namespace v1 {
namespace wire {

/// Answers the request with this sequence number: first what contradicts the offered facts, then a
/// digest of kind digests or missing for as many of the request's questions as fit, in their order,
/// then facts that the asker lacks. `cookie` is for the next request.
struct repair_reply {
  static constexpr message_kind kind = message_kind::repair_reply;
  static constexpr bool carries_facts = true;
  std::uint32_t sequence{0};
  std::uint64_t cookie{0};

  friend constexpr bool operator==(const repair_reply&, const repair_reply&) noexcept = default;
};

constexpr void write_body(writer& out, const repair_reply& message) noexcept {
  out.u32(message.sequence);
  out.u64(message.cookie);
}

/// Returns `accepted`, or why the bytes are not this message; `out` then means nothing.
[[nodiscard]] constexpr receive_result read_body(reader& in, repair_reply& out) noexcept {
  out.sequence = in.u32();
  out.cookie = in.u64();
  return in.ok() ? receive_result::accepted : receive_result::truncated;
}

}  // namespace wire
}  // namespace v1
}  // namespace flotilla
