// flotilla/wire/join_request.hpp - the message join_request
// "Let me in" (extension). The first one has no cookie; the answer brings one.
#pragma once

#include <cstdint>

#include <flotilla/wire/frame.hpp>
#include <flotilla/wire/reader.hpp>
#include <flotilla/wire/writer.hpp>

namespace flotilla {
inline namespace v1 {
namespace wire {

/// Asks for a cookie, and with a valid one for the beginning of the state.
struct join_request {
  static constexpr message_kind kind = message_kind::join_request;
  static constexpr bool carries_facts = true;
  std::uint32_t sequence{0};
  std::uint64_t cookie{0};

  friend constexpr bool operator==(const join_request&, const join_request&) noexcept = default;
};

constexpr void write_body(writer& out, const join_request& message) noexcept {
  out.u32(message.sequence);
  out.u64(message.cookie);
}

/// Returns `accepted`, or why the bytes are not this message; `out` then means nothing.
[[nodiscard]] constexpr receive_result read_body(reader& in, join_request& out) noexcept {
  out.sequence = in.u32();
  out.cookie = in.u64();
  return in.ok() ? receive_result::accepted : receive_result::truncated;
}

}  // namespace wire
}  // namespace v1
}  // namespace flotilla
