// flotilla/detail/endpoint_text.hpp - numeric addresses as text (RFC 4291, RFC 5952)
// Reads and writes what endpoint::parse and endpoint::to_string need; knows nothing of endpoints.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace flotilla {
inline namespace v1 {
namespace detail {

struct parsed_endpoint {
  bool is_ipv6{false};
  std::array<std::uint8_t, 16> bytes{};  // the first four for IPv4
  std::uint16_t port{0};
};

[[nodiscard]] constexpr bool is_ipv4_mapped(const std::array<std::uint8_t, 16>& address) noexcept {
  for (std::size_t i = 0; i < 10; ++i) {
    if (address[i] != 0) return false;
  }
  return address[10] == 0xff && address[11] == 0xff;
}

/// A decimal number of 1 to 5 digits, at most `most`, without leading zeros ("010" is octal to
/// some).
[[nodiscard]] constexpr std::optional<unsigned> parse_decimal(std::string_view text,
                                                              unsigned most) noexcept {
  if (text.empty() || text.size() > 5 || (text.size() > 1 && text[0] == '0')) return std::nullopt;
  unsigned value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + static_cast<unsigned>(c - '0');
  }
  if (value > most) return std::nullopt;
  return value;
}

[[nodiscard]] constexpr bool parse_ipv4(std::string_view text,
                                        std::span<std::uint8_t, 4> out) noexcept {
  for (std::size_t i = 0; i < 4; ++i) {
    const std::size_t dot = i < 3 ? text.find('.') : text.size();
    if (dot == std::string_view::npos) return false;
    const auto part = parse_decimal(text.substr(0, dot), 255);
    if (!part) return false;
    out[i] = static_cast<std::uint8_t>(*part);
    text.remove_prefix(i < 3 ? dot + 1 : dot);
  }
  return true;
}

[[nodiscard]] constexpr std::optional<unsigned> parse_hex_group(std::string_view text) noexcept {
  if (text.empty() || text.size() > 4) return std::nullopt;
  unsigned value = 0;
  for (const char c : text) {
    unsigned digit = 0;
    if (c >= '0' && c <= '9')
      digit = static_cast<unsigned>(c - '0');
    else if (c >= 'a' && c <= 'f')
      digit = static_cast<unsigned>(c - 'a') + 10;
    else if (c >= 'A' && c <= 'F')
      digit = static_cast<unsigned>(c - 'A') + 10;
    else
      return std::nullopt;
    value = value << 4U | digit;
  }
  return value;
}

/// Groups between colons, at most 8 of them, the last perhaps in dotted form (RFC 4291, 2.2).
/// Returns how many bytes were written, or nothing.
[[nodiscard]] constexpr std::optional<std::size_t> parse_groups(
    std::string_view text, std::array<std::uint8_t, 16>& out) noexcept {
  std::size_t size = 0;
  if (text.empty()) return size;
  for (;;) {
    const std::size_t colon = text.find(':');
    const std::string_view group = text.substr(0, colon);
    const bool last = colon == std::string_view::npos;
    if (last && group.find('.') != std::string_view::npos) {
      if (size + 4 > 16) return std::nullopt;
      if (!parse_ipv4(group, std::span<std::uint8_t, 4>{&out[size], 4})) return std::nullopt;
      return size + 4;
    }
    const auto value = parse_hex_group(group);
    if (!value || size + 2 > 16) return std::nullopt;
    out[size++] = static_cast<std::uint8_t>(*value >> 8U);
    out[size++] = static_cast<std::uint8_t>(*value & 0xffU);
    if (last) return size;
    text.remove_prefix(colon + 1);
  }
}

[[nodiscard]] constexpr bool parse_ipv6(std::string_view text,
                                        std::array<std::uint8_t, 16>& out) noexcept {
  const std::size_t gap = text.find("::");
  if (gap == std::string_view::npos) {
    const auto size = parse_groups(text, out);
    return size && *size == 16;
  }
  std::array<std::uint8_t, 16> tail{};
  const std::string_view head_text = text.substr(0, gap);
  if (head_text.find('.') != std::string_view::npos) return false;  // dotted only at the very end
  const auto head_size = parse_groups(head_text, out);
  const auto tail_size = parse_groups(text.substr(gap + 2), tail);
  if (!head_size || !tail_size || *head_size + *tail_size > 14) return false;
  for (std::size_t i = 0; i < 16 - *head_size; ++i) {
    const std::size_t at = *head_size + i;
    const std::size_t from_end = 16 - at;
    out[at] = from_end <= *tail_size ? tail[*tail_size - from_end] : std::uint8_t{0};
  }
  return true;
}

[[nodiscard]] constexpr std::optional<parsed_endpoint> parse_endpoint(
    std::string_view text) noexcept {
  parsed_endpoint result;
  std::string_view port_part;
  if (!text.empty() && text[0] == '[') {
    const std::size_t close = text.find(']');
    if (close == std::string_view::npos || text.size() < close + 2 || text[close + 1] != ':') {
      return std::nullopt;
    }
    result.is_ipv6 = true;
    if (!parse_ipv6(text.substr(1, close - 1), result.bytes)) return std::nullopt;
    port_part = text.substr(close + 2);
  } else {
    const std::size_t colon = text.find(':');
    if (colon == std::string_view::npos) return std::nullopt;
    if (!parse_ipv4(text.substr(0, colon), std::span{result.bytes}.first<4>())) return std::nullopt;
    port_part = text.substr(colon + 1);
  }
  const auto port = parse_decimal(port_part, 65535);
  if (!port) return std::nullopt;
  result.port = static_cast<std::uint16_t>(*port);
  return result;
}

inline constexpr std::string_view hex_digits = "0123456789abcdef";

[[nodiscard]] inline std::string hex_text(std::span<const std::byte> bytes) {
  std::string text;
  for (const std::byte b : bytes) {
    text += hex_digits[std::to_integer<std::size_t>(b >> 4)];
    text += hex_digits[std::to_integer<std::size_t>(b & std::byte{15})];
  }
  return text;
}

[[nodiscard]] inline std::string port_text(std::uint16_t port) {
  return std::string{":"}.append(std::to_string(port));
}

[[nodiscard]] inline std::string ipv4_text(std::span<const std::byte> bytes) {
  std::string text;
  for (std::size_t i = 0; i < 4; ++i) {
    if (i != 0) text += '.';
    text += std::to_string(std::to_integer<unsigned>(bytes[i]));
  }
  return text;
}

/// RFC 5952: lower case, no leading zeros, the longest run of two or more zero groups as "::".
[[nodiscard]] inline std::string ipv6_text(std::span<const std::byte> bytes) {
  std::array<unsigned, 8> groups{};
  for (std::size_t i = 0; i < 8; ++i) {
    groups[i] =
        std::to_integer<unsigned>(bytes[2 * i]) << 8U | std::to_integer<unsigned>(bytes[2 * i + 1]);
  }
  std::size_t run_at = 8;
  std::size_t run_size = 1;
  for (std::size_t i = 0; i < 8; ++i) {
    std::size_t size = 0;
    while (i + size < 8 && groups[i + size] == 0) ++size;
    if (size > run_size) {
      run_at = i;
      run_size = size;
    }
  }
  std::string text = "[";
  for (std::size_t i = 0; i < 8; ++i) {
    if (i == run_at) {
      text += "::";
      i += run_size - 1;
      continue;
    }
    if (i != 0 && text.back() != ':') text += ':';
    bool leading = true;
    for (unsigned shift = 16; shift != 0;) {
      shift -= 4;
      const std::size_t digit = groups[i] >> shift & 15U;
      if (digit == 0 && leading && shift != 0) continue;
      leading = false;
      text += hex_digits[digit];
    }
  }
  return text + "]";
}

}  // namespace detail
}  // namespace v1
}  // namespace flotilla
