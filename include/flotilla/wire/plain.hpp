// flotilla/wire/plain.hpp - pings and acks that carry nothing: the same bytes in fewer steps
// Of a group at rest nearly all datagrams are such. What frame.hpp says of the bytes holds here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include <flotilla/detail/big_endian.hpp>
#include <flotilla/member.hpp>
#include <flotilla/wire/ack.hpp>
#include <flotilla/wire/digest.hpp>
#include <flotilla/wire/frame.hpp>
#include <flotilla/wire/ping.hpp>

namespace flotilla {
inline namespace v1 {
namespace wire {

/// A ping or an ack without flags and facts; at most a view goes along.
struct plain_message {
  message_kind kind{message_kind::ping};
  bool shows_view{false};
  std::uint32_t view{0};
  member_id sender{};
  member_id target{};
  flotilla::incarnation incarnation{};  ///< the sender's; an ack has it twice
  std::uint32_t sequence{0};

  friend constexpr bool operator==(const plain_message&, const plain_message&) noexcept = default;
};

/// Without its view.
[[nodiscard]] constexpr std::size_t plain_size(message_kind kind) noexcept {
  return frame_size + (kind == message_kind::ack ? 8 : 4);
}
inline constexpr std::size_t max_plain_size = frame_size + 8 + view_size;

namespace impl {

/// The eight bytes that a datagram without flags begins with, as one number.
[[nodiscard]] constexpr std::uint64_t plain_head(std::size_t size, std::uint32_t tag) noexcept {
  return std::uint64_t{version} << 56U | std::uint64_t{size} << 32U | tag;
}

}  // namespace impl

/// Writes the whole datagram to `to`, where max_plain_size bytes lie, and returns its size.
constexpr std::size_t write_plain(std::byte* to, std::uint32_t tag,
                                  const plain_message& message) noexcept {
  const std::size_t bare = plain_size(message.kind);
  const std::size_t size = message.shows_view ? bare + view_size : bare;
  detail::store_big(to, impl::plain_head(size, tag));
  detail::store_big(to + 8, static_cast<std::uint64_t>(message.sender));
  detail::store_big(to + 16, message.incarnation.value());
  detail::store_big(to + 20, static_cast<std::uint64_t>(message.target));
  to[28] = static_cast<std::byte>(message.kind);
  detail::store_big(to + 29, message.sequence);
  if (message.kind == message_kind::ack) detail::store_big(to + 33, message.incarnation.value());
  if (message.shows_view) {
    to[bare] = static_cast<std::byte>(digest_kind::view);
    to[bare + 1] = std::byte{view_size - 2};
    detail::store_big(to + bare + 2, message.view);
  }
  return size;
}

/// Reads a datagram that write_plain may have written, of this kind, of the group with `tag`, to
/// `target`. False for every other one, good or bad, which read_message is for; `out` then means
/// nothing.
template <message_kind Kind>
[[nodiscard]] constexpr bool read_plain(std::span<const std::byte> datagram, std::uint32_t tag,
                                        member_id target, plain_message& out) noexcept {
  constexpr std::size_t bare = plain_size(Kind);
  const std::size_t size = datagram.size();
  if (size != bare && size != bare + view_size) return false;
  const std::byte* const at = datagram.data();
  if (detail::load_big<std::uint64_t>(at) != impl::plain_head(size, tag)) return false;
  out.kind = Kind;
  out.target = member_id{detail::load_big<std::uint64_t>(at + 20)};
  if (out.target != target || at[28] != static_cast<std::byte>(Kind)) return false;
  out.shows_view = size != bare;
  if (out.shows_view) {
    if (!begins_with_view(datagram.subspan(bare))) return false;
    out.view = detail::load_big<std::uint32_t>(at + bare + 2);
  }
  out.sender = member_id{detail::load_big<std::uint64_t>(at + 8)};
  out.incarnation = flotilla::incarnation{detail::load_big<std::uint32_t>(at + 16)};
  out.sequence = detail::load_big<std::uint32_t>(at + 29);
  return Kind == message_kind::ping ||
         detail::load_big<std::uint32_t>(at + 33) == out.incarnation.value();
}

}  // namespace wire
}  // namespace v1
}  // namespace flotilla
