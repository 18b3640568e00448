// flotilla/detail/big_endian.hpp - numbers as bytes, the most significant first
// One swapped load or store where the compiler can be told so; the same bytes everywhere.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace flotilla {
inline namespace v1 {
namespace detail {

namespace impl {

#if defined(__GNUC__)
template <class Word>
[[nodiscard]] inline Word swapped_if_little(Word value) noexcept {
  if constexpr (std::endian::native == std::endian::big || sizeof(Word) == 1) {
    return value;
  } else if constexpr (sizeof(Word) == 2) {
    return __builtin_bswap16(value);
  } else if constexpr (sizeof(Word) == 4) {
    return __builtin_bswap32(value);
  } else {
    return __builtin_bswap64(value);
  }
}
#endif

}  // namespace impl

/// The number in the sizeof(Word) bytes at `from`.
template <class Word>
[[nodiscard]] constexpr Word load_big(const std::byte* from) noexcept {
#if defined(__GNUC__)
  // Byte by byte GCC 12 makes vector shuffles of it, ten times the work.
  if (!std::is_constant_evaluated()) {
    Word value;
    __builtin_memcpy(&value, from, sizeof value);
    return impl::swapped_if_little(value);
  }
#endif
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < sizeof(Word); ++i) {
    value = value << 8U | std::to_integer<std::uint64_t>(from[i]);
  }
  return static_cast<Word>(value);
}

/// The same number with its bytes in the other order.
[[nodiscard]] constexpr std::uint16_t swap_bytes(std::uint16_t value) noexcept {
  return static_cast<std::uint16_t>(value << 8U | value >> 8U);
}
[[nodiscard]] constexpr std::uint32_t swap_bytes(std::uint32_t value) noexcept {
  return value << 24U | (value & 0xff00U) << 8U | (value >> 8U & 0xff00U) | value >> 24U;
}

/// Fills the sizeof(Word) bytes at `to`.
template <class Word>
constexpr void store_big(std::byte* to, Word value) noexcept {
#if defined(__GNUC__)
  if (!std::is_constant_evaluated()) {
    const Word swapped = impl::swapped_if_little(value);
    __builtin_memcpy(to, &swapped, sizeof swapped);
    return;
  }
#endif
  std::uint64_t rest = value;
  for (std::size_t i = sizeof(Word); i != 0; --i) {
    to[i - 1] = static_cast<std::byte>(rest & 0xffU);
    rest >>= 8U;
  }
}

}  // namespace detail
}  // namespace v1
}  // namespace flotilla
