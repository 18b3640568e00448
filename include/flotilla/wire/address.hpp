// flotilla/wire/address.hpp - an endpoint as bytes
// One byte of kind, then address and port; only one spelling of each endpoint is taken.
//
//   IPv4     | 4          | address (4)  | port (2) |            7 bytes
//   IPv6     | 6          | address (16) | port (2) |           19 bytes
//   opaque   | 64 + size  | address (size: 1 to 18) |   2 to 19 bytes
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include <flotilla/detail/big_endian.hpp>
#include <flotilla/endpoint.hpp>
#include <flotilla/wire/reader.hpp>
#include <flotilla/wire/writer.hpp>

namespace flotilla {
inline namespace v1 {
namespace wire {

[[nodiscard]] constexpr std::size_t address_size(const endpoint& address) noexcept {
  return 1 + address.bytes().size();
}
inline constexpr std::size_t max_address_size = 1 + endpoint::max_bytes;

/// Fills address_size(address) bytes.
constexpr void store_address(std::byte* to, const endpoint& address) noexcept {
  const std::span<const std::byte> bytes = address.bytes();
  if (address.kind() == endpoint_kind::ipv4) {  // what nearly all are
    to[0] = static_cast<std::byte>(endpoint_kind::ipv4);
    detail::store_big(to + 1, detail::load_big<std::uint32_t>(bytes.data()));
    detail::store_big(to + 5, detail::load_big<std::uint16_t>(bytes.data() + 4));
    return;
  }
  const bool sized = address.kind() == endpoint_kind::opaque;
  to[0] =
      static_cast<std::byte>(static_cast<std::size_t>(address.kind()) + (sized ? bytes.size() : 0));
  for (std::size_t i = 0; i < bytes.size(); ++i) to[1 + i] = bytes[i];
}

constexpr void write_address(writer& out, const endpoint& address) noexcept {
  std::byte* const to = out.claim(address_size(address));
  if (to != nullptr) store_address(to, address);
}

/// Nothing when the bytes end too soon (the reader has failed then) or are no address that one
/// member can have: an unknown kind, an IPv4-mapped IPv6 address, a multicast address, a port of 0.
[[nodiscard]] constexpr std::optional<endpoint> read_address(reader& in) noexcept {
  constexpr auto opaque = static_cast<std::uint8_t>(endpoint_kind::opaque);
  const std::uint8_t kind = in.u8();
  std::size_t size = 0;
  if (kind == static_cast<std::uint8_t>(endpoint_kind::ipv4)) size = 6;
  if (kind == static_cast<std::uint8_t>(endpoint_kind::ipv6)) size = 18;
  if (kind > opaque && kind <= opaque + endpoint::max_bytes) size = kind - opaque;
  if (size == 0) return std::nullopt;
  const std::span<const std::byte> bytes = in.bytes(size);
  if (!in.ok()) return std::nullopt;
  if (kind > opaque) return endpoint::opaque(bytes);

  const auto byte = [bytes](std::size_t i) { return std::to_integer<std::uint8_t>(bytes[i]); };
  const auto port = static_cast<std::uint16_t>(byte(size - 2) << 8U | byte(size - 1));
  endpoint result;
  if (size == 6) {
    result = endpoint::ipv4({byte(0), byte(1), byte(2), byte(3)}, port);
  } else {
    std::array<std::uint8_t, 16> address{};
    for (std::size_t i = 0; i < 16; ++i) address[i] = byte(i);
    result = endpoint::ipv6(address, port);
    if (result.kind() != endpoint_kind::ipv6) return std::nullopt;
  }
  if (!result.is_unicast()) return std::nullopt;
  return result;
}

}  // namespace wire
}  // namespace v1
}  // namespace flotilla
