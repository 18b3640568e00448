// flotilla/serial.hpp - serial number arithmetic (RFC 1982)
// Numbers that wrap: incarnations are serials of 32 bits, the exhaustive tests use 8.
#pragma once

#include <compare>
#include <concepts>
#include <cstdint>
#include <limits>
#include <type_traits>

namespace flotilla {
inline namespace v1 {

/// A serial number of the width of `Rep` (RFC 1982, section 3). `a < b` when b is ahead of a by
/// less than half the range; two numbers exactly half the range apart are unordered (section 3.2).
/// The order is not transitive over the whole ring, only inside a window: see `window()`.
template <std::unsigned_integral Rep>
class serial {
  static_assert(!std::same_as<std::remove_cv_t<Rep>, bool>, "a serial needs at least 8 bits");

 public:
  using rep = Rep;

  constexpr serial() noexcept = default;
  constexpr explicit serial(Rep value) noexcept : value_{value} {}

  /// The plain number, 0 to the largest value of `Rep`.
  [[nodiscard]] constexpr Rep value() const noexcept { return value_; }

  /// Adds one and wraps (RFC 1982, section 3.1).
  constexpr serial& operator++() noexcept {
    value_ = plus(value_, 1);
    return *this;
  }
  constexpr serial operator++(int) noexcept {
    const serial before = *this;
    ++*this;
    return before;
  }

  /// The number one ahead; wraps.
  [[nodiscard]] constexpr serial next() const noexcept { return serial{plus(value_, 1)}; }

  /// The number `steps` ahead; wraps.
  [[nodiscard]] constexpr serial advanced(Rep steps) const noexcept {
    return serial{plus(value_, steps)};
  }

  /// How many steps lead forward from `*this` to `to`, 0 to the largest value of `Rep`.
  [[nodiscard]] constexpr Rep steps_to(serial to) const noexcept {
    return static_cast<Rep>(to.value_ - value_);
  }

  /// W, the width of the window in which serials are totally ordered: a quarter of the range
  /// (extension; more than a third of the range would let three numbers chase each other in a
  /// ring).
  [[nodiscard]] static constexpr Rep window() noexcept {
    return static_cast<Rep>(std::numeric_limits<Rep>::max() / 4 + 1);
  }

  /// True when `other` lies at most `window()` ahead of or behind `*this`.
  [[nodiscard]] constexpr bool within_window(serial other) const noexcept {
    return steps_to(other) <= window() || other.steps_to(*this) <= window();
  }

  friend constexpr bool operator==(serial, serial) noexcept = default;

  friend constexpr std::partial_ordering operator<=>(serial a, serial b) noexcept {
    constexpr Rep half = static_cast<Rep>(std::numeric_limits<Rep>::max() / 2 + 1);
    const Rep ahead = a.steps_to(b);
    if (ahead == 0) return std::partial_ordering::equivalent;
    if (ahead == half) return std::partial_ordering::unordered;
    return ahead < half ? std::partial_ordering::less : std::partial_ordering::greater;
  }

 private:
  static constexpr Rep plus(Rep a, Rep b) noexcept { return static_cast<Rep>(a + b); }

  Rep value_{0};
};

/// How often a member has spoken up for itself (SWIM, section 4.2); only the member raises it.
using incarnation = serial<std::uint32_t>;

}  // namespace v1
}  // namespace flotilla
