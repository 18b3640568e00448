// flotilla/detail/random.hpp - the engine's own generator
// xoshiro256** (Blackman and Vigna), seeded by splitmix64: the standard's distributions differ from
// library to library, and the same seed must give the same bytes everywhere.
#pragma once

#include <array>
#include <cstdint>

#include <flotilla/detail/assert.hpp>
#include <flotilla/detail/mix.hpp>
#include <flotilla/detail/state_hasher.hpp>

namespace flotilla {
inline namespace v1 {
namespace detail {

class random_generator {
 public:
  constexpr random_generator() noexcept : random_generator{0} {}
  constexpr explicit random_generator(std::uint64_t seed) noexcept {
    for (std::uint64_t& word : state_) {
      seed += 0x9e3779b97f4a7c15U;
      std::uint64_t z = seed;
      z = (z ^ z >> 30U) * 0xbf58476d1ce4e5b9U;
      z = (z ^ z >> 27U) * 0x94d049bb133111ebU;
      word = z ^ z >> 31U;
    }
  }

  /// 64 random bits.
  constexpr std::uint64_t next() noexcept {
    const std::uint64_t result = rotate(state_[1] * 5, 7) * 9;
    const std::uint64_t shifted = state_[1] << 17U;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= shifted;
    state_[3] = rotate(state_[3], 45);
    return result;
  }

  /// A number from 0 to `bound` - 1; `bound` must not be 0. The bias is below bound / 2^32, which
  /// no experiment of ours can see; in return each call draws exactly once, so that traces stay
  /// aligned.
  constexpr std::uint32_t below(std::uint32_t bound) noexcept {
    FLOTILLA_EXPECT(bound != 0);
    return static_cast<std::uint32_t>((next() >> 32U) * bound >> 32U);
  }

  [[nodiscard]] constexpr mix_key next_key() noexcept {
    mix_key key;
    key.a = next();
    key.b = next();
    return key;
  }

  constexpr void hash_into(state_hasher& out) const noexcept {
    for (const std::uint64_t word : state_) out.add(word);
  }
  friend constexpr bool operator==(const random_generator&,
                                   const random_generator&) noexcept = default;

 private:
  static constexpr std::uint64_t rotate(std::uint64_t x, unsigned by) noexcept {
    return x << by | x >> (64 - by);
  }

  std::array<std::uint64_t, 4> state_{};
};

}  // namespace detail
}  // namespace v1
}  // namespace flotilla
