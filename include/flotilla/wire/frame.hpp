// flotilla/wire/frame.hpp - wire format version 1: what every datagram begins with
// All numbers are unsigned and big-endian. A datagram is a frame, a message, and facts to its end.
//
//    0         1         2                   4                                       8
//   +---------+---------+-------------------+---------------------------------------+
//   | version | flags   | length            | group tag                             |
//   +---------+---------+-------------------+---------------------------------------+
//   | sender's id                                                                   |
//   +---------------------------------------+---------------------------------------+
//   | sender's incarnation                  | target's id (0: whoever is there) ... |
//   +---------------------------------------+---------+-----------------------------+
//   | ... target's id                       | kind    | message, then facts         |
//   +---------------------------------------+---------+-----------------------------+
//
//   version   1. Other versions are refused.
//   flags     bit 0, introduce: the answer shall begin with the receiver's own alive fact. Other
//   bits
//             are refused, so that later versions can give them a meaning.
//   length    of the whole datagram: what was cut off or appended on the way shows.
//   group tag 32 bits of a digest of the group's name.
//
//   kind  message         fields behind the frame                                     facts
//   1     ping            sequence (4)                                                yes
//   2     ping_request    sequence (4), subject's id (8), subject's address (7..19)   yes
//   3     ack             sequence (4), own incarnation (4)                           yes
//   4     relayed_ack     sequence (4), subject's id (8), subject's incarnation (4)   yes
//   5     nack            sequence (4)                                                no
//   6     join_request    sequence (4), cookie (8)                                    yes
//   7     state_request   sequence (4), cookie (8), cursor (4)                        yes
//   8     state_reply     sequence (4), cookie (8), next cursor (4), members (4)      yes
//   9     repair_request  sequence (4), cookie (8)                                    yes
//   10    repair_reply    sequence (4), cookie (8)                                    yes
//
//   fact            kind (1), size of the rest (1), subject's id (8), incarnation (4), then
//   1     alive     count of addresses (1: always 1), address (7..19)                 22 with IPv4
//   2     suspect   accuser's id (8)                                                  22
//   3     dead      accuser's id (8)                                                  22
//   4     left      nothing                                                           14
//   5     reserved for an eviction by the whole group
//   128.. optional: skipped by those who do not know the kind; 255 is padding
//   129 to 133: digests of views (wire/digest.hpp)
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include <flotilla/detail/big_endian.hpp>
#include <flotilla/detail/mix.hpp>
#include <flotilla/member.hpp>
#include <flotilla/result.hpp>
#include <flotilla/wire/reader.hpp>
#include <flotilla/wire/writer.hpp>

namespace flotilla {
inline namespace v1 {
namespace wire {

inline constexpr std::uint8_t version = 1;
inline constexpr std::size_t frame_size = 29;
inline constexpr std::size_t frame_length_at = 2;
inline constexpr std::uint8_t flag_introduce = 1;

enum class message_kind : std::uint8_t {
  ping = 1,
  ping_request = 2,
  ack = 3,
  relayed_ack = 4,
  nack = 5,
  join_request = 6,
  state_request = 7,
  state_reply = 8,
  repair_request = 9,
  repair_reply = 10,
};

struct frame {
  std::uint32_t group_tag{0};
  member_id sender{};
  flotilla::incarnation incarnation{};
  member_id target{};
  message_kind kind{};
  bool introduce{false};

  friend constexpr bool operator==(const frame&, const frame&) noexcept = default;
};

/// 32 bits of a digest of the group's name: keeps groups apart by mistake, not by force.
[[nodiscard]] constexpr std::uint32_t group_tag_of(std::string_view cluster) noexcept {
  std::uint64_t digest = cluster.size();
  for (const char c : cluster) {
    digest = detail::mix(digest ^ static_cast<unsigned char>(c), detail::mix_key{});
  }
  return static_cast<std::uint32_t>(digest >> 32U);
}

/// Writes the frame with a length of 0: finish_frame puts the length in when the datagram is whole.
constexpr void write_frame(writer& out, const frame& head) noexcept {
  // One claim for all fields, as every datagram has them.
  std::byte* const to = out.claim(frame_size);
  if (to == nullptr) return;
  to[0] = std::byte{version};
  to[1] = std::byte{head.introduce ? flag_introduce : std::uint8_t{0}};
  detail::store_big(to + frame_length_at, std::uint16_t{0});
  detail::store_big(to + 4, head.group_tag);
  detail::store_big(to + 8, static_cast<std::uint64_t>(head.sender));
  detail::store_big(to + 16, head.incarnation.value());
  detail::store_big(to + 20, static_cast<std::uint64_t>(head.target));
  to[28] = static_cast<std::byte>(head.kind);
}

constexpr void finish_frame(writer& out) noexcept {
  out.patch_u16(frame_length_at, static_cast<std::uint16_t>(out.size()));
}

/// Reads and checks the frame of `datagram` and leaves `in` behind it. The group tag is compared
/// before anything else but the version is believed, so that foreign traffic is told apart first.
[[nodiscard]] constexpr receive_result read_frame(reader& in, frame& head,
                                                  std::uint32_t group_tag) noexcept {
  const std::size_t size = in.rest().size();
  if (size == 0) return receive_result::empty;
  const std::byte* const at = in.rest().data();
  if (at[0] != std::byte{version}) return receive_result::unknown_version;
  if (size < frame_size) return receive_result::truncated;
  in.skip(frame_size);
  const auto flags = std::to_integer<unsigned>(at[1]);
  const auto length = detail::load_big<std::uint16_t>(at + frame_length_at);
  head.group_tag = detail::load_big<std::uint32_t>(at + 4);
  head.sender = member_id{detail::load_big<std::uint64_t>(at + 8)};
  head.incarnation = flotilla::incarnation{detail::load_big<std::uint32_t>(at + 16)};
  head.target = member_id{detail::load_big<std::uint64_t>(at + 20)};
  const auto kind = std::to_integer<std::uint8_t>(at[28]);
  if (head.group_tag != group_tag) return receive_result::other_group;
  if ((flags & ~unsigned{flag_introduce}) != 0) return receive_result::unknown_flags;
  if (size < length) return receive_result::truncated;
  if (size > length) return receive_result::trailing_bytes;
  if (kind < 1 || kind > 10) return receive_result::unknown_kind;
  head.kind = static_cast<message_kind>(kind);
  head.introduce = flags != 0;
  if (head.sender == member_id{}) return receive_result::bad_id;
  return receive_result::accepted;
}

}  // namespace wire
}  // namespace v1
}  // namespace flotilla
