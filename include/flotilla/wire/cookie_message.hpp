// flotilla/wire/cookie_message.hpp - the body of three messages: a sequence number and a cookie
// join_request, repair_request and repair_reply differ in what is meant and in what follows.
#pragma once

#include <cstdint>

#include <flotilla/wire/frame.hpp>
#include <flotilla/wire/reader.hpp>
#include <flotilla/wire/writer.hpp>

namespace flotilla {
inline namespace v1 {
namespace wire {

/// A message of that kind. What its numbers mean stands where the message has its name.
template <message_kind Kind>
struct cookie_message {
  static constexpr message_kind kind = Kind;
  static constexpr bool carries_facts = true;
  std::uint32_t sequence{0};
  std::uint64_t cookie{0};

  friend constexpr bool operator==(const cookie_message&, const cookie_message&) noexcept = default;
};

template <message_kind Kind>
constexpr void write_body(writer& out, const cookie_message<Kind>& message) noexcept {
  out.u32(message.sequence);
  out.u64(message.cookie);
}

/// Returns `accepted`, or why the bytes are not this message; `out` then means nothing.
template <message_kind Kind>
[[nodiscard]] constexpr receive_result read_body(reader& in, cookie_message<Kind>& out) noexcept {
  out.sequence = in.u32();
  out.cookie = in.u64();
  return in.ok() ? receive_result::accepted : receive_result::truncated;
}

}  // namespace wire
}  // namespace v1
}  // namespace flotilla
