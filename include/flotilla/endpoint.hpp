// flotilla/endpoint.hpp - where a member is reached
// A small regular value: an IPv4 or IPv6 address with its port, or bytes of another transport.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

#include <flotilla/detail/big_endian.hpp>
#include <flotilla/detail/endpoint_text.hpp>
#include <flotilla/detail/mix.hpp>

namespace flotilla {
inline namespace v1 {

/// What an endpoint's bytes mean. The numbers stand on the wire (wire/address.hpp).
enum class endpoint_kind : std::uint8_t { none = 0, ipv4 = 4, ipv6 = 6, opaque = 64 };

/// Where a member is reached: 20 bytes, copied freely, ordered by kind, length and bytes. The
/// default one (kind `none`) reaches nobody. An IPv4-mapped IPv6 address is the same endpoint as
/// the IPv4 one.
class endpoint {
 public:
  /// The most bytes that any endpoint has: an IPv6 address and a port, or an opaque address.
  static constexpr std::size_t max_bytes = 18;

  constexpr endpoint() noexcept = default;

  /// An IPv4 address, most significant byte first, and a port.
  [[nodiscard]] static constexpr endpoint ipv4(std::array<std::uint8_t, 4> address,
                                               std::uint16_t port) noexcept {
    endpoint result;
    result.kind_ = endpoint_kind::ipv4;
    result.size_ = 6;
    for (std::size_t i = 0; i < 4; ++i) result.bytes_[i] = std::byte{address[i]};
    result.put_port(4, port);
    return result;
  }

  /// An IPv6 address, most significant byte first, and a port; ::ffff:a.b.c.d becomes the IPv4
  /// endpoint.
  [[nodiscard]] static constexpr endpoint ipv6(std::array<std::uint8_t, 16> address,
                                               std::uint16_t port) noexcept {
    if (detail::is_ipv4_mapped(address)) {
      return ipv4({address[12], address[13], address[14], address[15]}, port);
    }
    endpoint result;
    result.kind_ = endpoint_kind::ipv6;
    result.size_ = 18;
    for (std::size_t i = 0; i < 16; ++i) result.bytes_[i] = std::byte{address[i]};
    result.put_port(16, port);
    return result;
  }

  /// An address of another transport: 1 to 18 bytes, compared byte by byte; nothing otherwise.
  [[nodiscard]] static constexpr std::optional<endpoint> opaque(
      std::span<const std::byte> address) noexcept {
    if (address.empty() || address.size() > max_bytes) return std::nullopt;
    endpoint result;
    result.kind_ = endpoint_kind::opaque;
    result.size_ = static_cast<std::uint8_t>(address.size());
    for (std::size_t i = 0; i < address.size(); ++i) result.bytes_[i] = address[i];
    return result;
  }

  /// Reads "10.0.0.1:7946" or "[::1]:7946": numeric, port mandatory, no scope, no blanks; nothing
  /// when the text is anything else. Names are not resolved: that would be input and output.
  [[nodiscard]] static constexpr std::optional<endpoint> parse(std::string_view text) noexcept {
    const auto parsed = detail::parse_endpoint(text);
    if (!parsed) return std::nullopt;
    if (parsed->is_ipv6) return ipv6(parsed->bytes, parsed->port);
    return ipv4({parsed->bytes[0], parsed->bytes[1], parsed->bytes[2], parsed->bytes[3]},
                parsed->port);
  }

  [[nodiscard]] constexpr endpoint_kind kind() const noexcept { return kind_; }

  /// Address and port as they stand on the wire, most significant byte first (6, 18, or 1 to 18
  /// bytes).
  [[nodiscard]] constexpr std::span<const std::byte> bytes() const noexcept {
    return std::span<const std::byte>{bytes_}.first(size_);
  }

  /// The port of an IPv4 or IPv6 endpoint, otherwise 0.
  [[nodiscard]] constexpr std::uint16_t port() const noexcept {
    if (kind_ != endpoint_kind::ipv4 && kind_ != endpoint_kind::ipv6) return 0;
    return detail::load_big<std::uint16_t>(bytes_.data() + size_ - 2U);
  }

  /// True when one member can be reached there: not the default endpoint, and for IP neither port 0
  /// nor an unspecified, multicast or broadcast address.
  [[nodiscard]] constexpr bool is_unicast() const noexcept {
    if (kind_ == endpoint_kind::ipv4) {  // what nearly all are
      const auto address = detail::load_big<std::uint32_t>(bytes_.data());
      return address != 0 && address != 0xffffffffU && address >> 28U != 14 &&
             detail::load_big<std::uint16_t>(bytes_.data() + 4) != 0;
    }
    if (kind_ == endpoint_kind::opaque) return true;
    if (kind_ == endpoint_kind::none || port() == 0) return false;
    const std::size_t address_size = size_ - 2U;
    unsigned any = 0;
    for (std::size_t i = 0; i < address_size; ++i) any |= std::to_integer<unsigned>(bytes_[i]);
    return any != 0 && std::to_integer<unsigned>(bytes_[0]) != 0xff;
  }

  /// "10.0.0.1:7946", "[2001:db8::1]:7946" (RFC 5952), "opaque:0a0b" or "none". Allocates.
  [[nodiscard]] std::string to_string() const {
    switch (kind_) {
      case endpoint_kind::ipv4: return detail::ipv4_text(bytes()) + detail::port_text(port());
      case endpoint_kind::ipv6: return detail::ipv6_text(bytes()) + detail::port_text(port());
      case endpoint_kind::opaque: return std::string{"opaque:"}.append(detail::hex_text(bytes()));
      case endpoint_kind::none: break;
    }
    return "none";
  }

  friend constexpr bool operator==(const endpoint& a, const endpoint& b) noexcept {
#if defined(__GNUC__)
    // All 20 bytes in three comparisons; one by one they would take a loop.
    if (!std::is_constant_evaluated()) return __builtin_memcmp(&a, &b, sizeof a) == 0;
#endif
    return a.kind_ == b.kind_ && a.size_ == b.size_ && a.bytes_ == b.bytes_;
  }
  /// By kind, then length, then bytes: an order for containers and for merging, without other
  /// meaning.
  friend constexpr std::strong_ordering operator<=>(const endpoint&,
                                                    const endpoint&) noexcept = default;

 private:
  constexpr void put_port(std::size_t at, std::uint16_t port) noexcept {
    bytes_[at] = std::byte{static_cast<std::uint8_t>(port >> 8U)};
    bytes_[at + 1] = std::byte{static_cast<std::uint8_t>(port & 0xffU)};
  }

  endpoint_kind kind_{endpoint_kind::none};
  std::uint8_t size_{0};
  std::array<std::byte, max_bytes>
      bytes_{};  // behind size_ always zero, so that comparing is plain
};

namespace detail {

/// The address of an IPv4 endpoint as a number, most significant byte first.
[[nodiscard]] constexpr std::uint32_t ipv4_number(const endpoint& address) noexcept {
  return load_big<std::uint32_t>(address.bytes().data());
}
/// Address and port of an IPv4 endpoint, six bytes, most significant first.
[[nodiscard]] constexpr std::uint64_t ipv4_place(const endpoint& address) noexcept {
  return load_big<std::uint64_t>(address.bytes().data()) >> 16U;  // behind them there are more
}
/// The IPv4 endpoint of that number and port.
[[nodiscard]] constexpr endpoint ipv4_endpoint(std::uint32_t number, std::uint16_t port) noexcept {
  const auto byte = [number](unsigned shift) { return static_cast<std::uint8_t>(number >> shift); };
  return endpoint::ipv4({byte(24), byte(16), byte(8), byte(0)}, port);
}

/// endpoint_digest of ipv4_endpoint(number, port).
[[nodiscard]] constexpr std::uint64_t ipv4_digest(std::uint32_t number, std::uint16_t port,
                                                  mix_key key) noexcept {
  constexpr std::uint64_t head = std::uint64_t(endpoint_kind::ipv4) << 8U | 6U;
  // The six bytes, the last one highest.
  const std::uint64_t bytes = std::uint64_t{swap_bytes(port)} << 32U | swap_bytes(number);
  return mix(bytes ^ head << 48U, key);
}

/// A keyed 64-bit digest of an endpoint, the same on every platform.
[[nodiscard]] constexpr std::uint64_t endpoint_digest(const endpoint& address,
                                                      mix_key key) noexcept {
  if (address.kind() == endpoint_kind::ipv4) {  // what nearly all are
    return ipv4_digest(ipv4_number(address), address.port(), key);
  }
  std::uint64_t words[3] = {0, 0, 0};
  const std::span<const std::byte> bytes = address.bytes();
  const auto word_of = [&bytes](std::size_t first) {
    std::uint64_t word = 0;
    // Said twice, for compilers that do not know how many bytes there can be.
    for (std::size_t i = 0; i < 8 && first + i < endpoint::max_bytes; ++i) {
      if (first + i >= bytes.size()) break;
      word |= std::to_integer<std::uint64_t>(bytes[first + i]) << (8 * i);
    }
    return word;
  };
  for (std::size_t i = 0; i < 3; ++i) words[i] = word_of(8 * i);
  const auto head = static_cast<std::uint64_t>(address.kind()) << 8U | bytes.size();
  // Of a short endpoint the two highest bytes of the first word are free for the head, of a longer
  // one those of the last: neither overlaps an address byte.
  const bool one_word = bytes.size() <= 6;
  words[one_word ? 0 : 2] ^= head << 48U;
  std::uint64_t digest = mix(words[0], key);
  if (!one_word) digest = mix(mix(digest ^ words[1], key) ^ words[2], key);
  return digest;
}

// Equality looks at all of its bytes.
static_assert(std::has_unique_object_representations_v<endpoint>);

}  // namespace detail
}  // namespace v1
}  // namespace flotilla

/// For unordered containers of the embedding program. The engine uses its own keyed digest instead.
template <>
struct std::hash<flotilla::endpoint> {
  [[nodiscard]] std::size_t operator()(const flotilla::endpoint& address) const noexcept {
    return static_cast<std::size_t>(
        flotilla::detail::endpoint_digest(address, flotilla::detail::mix_key{}));
  }
};
