// flotilla/detection/sequence.hpp - sequence numbers that outsiders cannot guess
// A keyed permutation of a counter: never twice the same before the counter wraps, compared for
// equality only.
#pragma once

#include <cstdint>

#include <flotilla/detail/mix.hpp>

namespace flotilla {
inline namespace v1 {

/// Turns counters into sequence numbers and back: a Feistel network of four rounds over 32 bits. It
/// keeps strangers from answering pings they have not seen; it is no cipher.
class sequence_cipher {
 public:
  constexpr sequence_cipher() noexcept = default;
  constexpr explicit sequence_cipher(detail::mix_key key) noexcept : key_{key} {}

  [[nodiscard]] constexpr std::uint32_t sequence_of(std::uint32_t counter) const noexcept {
    std::uint32_t left = counter >> 16U;
    std::uint32_t right = counter & 0xffffU;
    for (unsigned i = 0; i < rounds; ++i) {
      const std::uint32_t mixed = left ^ round(right, i);
      left = right;
      right = mixed;
    }
    return left << 16U | right;
  }

  [[nodiscard]] constexpr std::uint32_t counter_of(std::uint32_t sequence) const noexcept {
    std::uint32_t left = sequence >> 16U;
    std::uint32_t right = sequence & 0xffffU;
    for (unsigned i = rounds; i != 0; --i) {
      const std::uint32_t mixed = right ^ round(left, i - 1);
      right = left;
      left = mixed;
    }
    return left << 16U | right;
  }

  friend constexpr bool operator==(const sequence_cipher&,
                                   const sequence_cipher&) noexcept = default;

 private:
  static constexpr unsigned rounds = 4;
  [[nodiscard]] constexpr std::uint32_t round(std::uint32_t half, unsigned i) const noexcept {
    return static_cast<std::uint32_t>(detail::mix(std::uint64_t{i} << 32U | half, key_) >> 48U);
  }

  detail::mix_key key_{};
};

}  // namespace v1
}  // namespace flotilla
