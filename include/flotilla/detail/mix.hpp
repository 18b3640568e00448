// flotilla/detail/mix.hpp - keyed mixing of 64-bit words
// A folded multiply: one instruction where there is a wide one, 32-bit products elsewhere; the same
// result on every platform.
#pragma once

#include <cstdint>
#include <type_traits>

namespace flotilla {
inline namespace v1 {
namespace detail {

/// Two secret words, drawn from the generator: a key of zeros would mix nothing. The defaults serve
/// where nothing hostile chooses the input.
struct mix_key {
  std::uint64_t a{0x9e3779b97f4a7c15U};
  std::uint64_t b{0xd6e8feb86659fd93U};
  friend constexpr bool operator==(const mix_key&, const mix_key&) noexcept = default;
};

/// High and low half of the 128-bit product, folded together by exclusive or.
[[nodiscard]] constexpr std::uint64_t folded_multiply(std::uint64_t x, std::uint64_t y) noexcept {
#if defined(__SIZEOF_INT128__)
  // Not where constants are computed, so that both ways are tested on one platform.
  if (!std::is_constant_evaluated()) {
    __extension__ using wide = unsigned __int128;
    const wide product = static_cast<wide>(x) * y;
    return static_cast<std::uint64_t>(product >> 64U) ^ static_cast<std::uint64_t>(product);
  }
#endif
  constexpr std::uint64_t low_half = 0xffffffffU;
  const std::uint64_t x0 = x & low_half;
  const std::uint64_t x1 = x >> 32U;
  const std::uint64_t y0 = y & low_half;
  const std::uint64_t y1 = y >> 32U;
  const std::uint64_t p00 = x0 * y0;
  const std::uint64_t p01 = x0 * y1;
  const std::uint64_t p10 = x1 * y0;
  const std::uint64_t p11 = x1 * y1;
  const std::uint64_t middle = p10 + (p00 >> 32U) + (p01 & low_half);
  const std::uint64_t high = p11 + (middle >> 32U) + (p01 >> 32U);
  const std::uint64_t low = x * y;
  return high ^ low;
}

/// Mixes one word under a secret key. The exclusive or of the key in both factors keeps an outsider
/// from aiming at a factor of zero; the second fold spreads the result over all bits.
[[nodiscard]] constexpr std::uint64_t mix(std::uint64_t word, mix_key key) noexcept {
  const std::uint64_t once = folded_multiply(word ^ key.a, key.b | 1U);
  return folded_multiply(once ^ key.b, key.a | 1U) ^ once;
}

}  // namespace detail
}  // namespace v1
}  // namespace flotilla
