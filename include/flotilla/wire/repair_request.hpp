// flotilla/wire/repair_request.hpp - the message repair_request
// "Where do our views differ?" (extension): splits, lists and offered facts follow.
#pragma once

#include <cstdint>

#include <flotilla/wire/frame.hpp>
#include <flotilla/wire/reader.hpp>
#include <flotilla/wire/writer.hpp>

namespace flotilla {
inline namespace v1 {
namespace wire {

/// Asks about ranges of hashed ids: digests of kind split and list (wire/digest.hpp), behind facts
/// that the asker offers. The sequence number salts all short digests of question and answer. The
/// cookie proves that the asker receives here.
struct repair_request {
  static constexpr message_kind kind = message_kind::repair_request;
  static constexpr bool carries_facts = true;
  std::uint32_t sequence{0};
  std::uint64_t cookie{0};

  friend constexpr bool operator==(const repair_request&, const repair_request&) noexcept = default;
};

constexpr void write_body(writer& out, const repair_request& message) noexcept {
  out.u32(message.sequence);
  out.u64(message.cookie);
}

/// Returns `accepted`, or why the bytes are not this message; `out` then means nothing.
[[nodiscard]] constexpr receive_result read_body(reader& in, repair_request& out) noexcept {
  out.sequence = in.u32();
  out.cookie = in.u64();
  return in.ok() ? receive_result::accepted : receive_result::truncated;
}

}  // namespace wire
}  // namespace v1
}  // namespace flotilla
