// flotilla/testing/chance.hpp - a probability as an integer, so that runs repeat everywhere
// Parts of 2^32: floating point differs between compilers in the last bit, and one bit is another
// run.
#pragma once

#include <cstdint>

#include <flotilla/detail/random.hpp>
#include <flotilla/testing/misuse.hpp>

namespace flotilla {
inline namespace v1 {
namespace testing {

/// The generator of simulations: the engine's own, the same on every platform.
using random_generator = detail::random_generator;

/// How likely something is, from never (the default) to always.
class chance {
 public:
  constexpr chance() noexcept = default;

  [[nodiscard]] static constexpr chance never() noexcept { return chance{}; }
  [[nodiscard]] static constexpr chance always() noexcept { return ratio(1, 1); }
  /// `part` in `whole`; `whole` must not be 0, and more than `whole` means always.
  [[nodiscard]] static constexpr chance ratio(std::uint32_t part, std::uint32_t whole) noexcept {
    require(whole != 0, "a chance of something in 0");
    chance result;
    result.parts_ = part >= whole ? certain : (std::uint64_t{part} << 32U) / whole;
    return result;
  }
  [[nodiscard]] static constexpr chance percent(std::uint32_t value) noexcept {
    return ratio(value, 100);
  }
  [[nodiscard]] static constexpr chance per_million(std::uint32_t value) noexcept {
    return ratio(value, 1'000'000);
  }

  [[nodiscard]] constexpr bool possible() const noexcept { return parts_ != 0; }
  /// In parts of a million, rounded; for printing. The inverse of per_million().
  [[nodiscard]] constexpr std::uint32_t millionths() const noexcept {
    return static_cast<std::uint32_t>((parts_ * 1'000'000 + certain / 2) >> 32U);
  }
  /// Draws once from `random`, and not at all for what never or always happens.
  [[nodiscard]] constexpr bool happens(random_generator& random) const noexcept {
    if (parts_ == 0 || parts_ == certain) return parts_ != 0;
    return random.next() >> 32U < parts_;
  }

  friend constexpr bool operator==(const chance&, const chance&) noexcept = default;

 private:
  static constexpr std::uint64_t certain = std::uint64_t{1} << 32U;

  std::uint64_t parts_{0};
};

}  // namespace testing
}  // namespace v1
}  // namespace flotilla
