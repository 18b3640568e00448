// flotilla/testing/latency.hpp - how long a datagram is under way
// Distributions in integers: the same draws on every platform.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <initializer_list>

#include <flotilla/testing/chance.hpp>
#include <flotilla/time.hpp>

namespace flotilla {
inline namespace v1 {
namespace testing {

namespace detail_latency {

/// ln(1 + i/16) in parts of 2^16.
inline constexpr std::array<std::uint32_t, 17> log_table = {
    0,     3973,  7719,  11262, 14624, 17821, 20870, 23784, 26573,
    29248, 31818, 34292, 36675, 38975, 41197, 43346, 45426};

/// -ln(u) for u uniform in (0, 1], in parts of 2^16: an exponential variable of mean 1 (its error,
/// below 0.1 %, comes from drawing straight lines through the table). At most 45.
[[nodiscard]] constexpr std::uint64_t minus_log(std::uint64_t bits) noexcept {
  bits |= 1U;
  const auto zeros = static_cast<unsigned>(std::countl_zero(bits));
  const std::uint64_t fraction = (bits << zeros << 1U) >> 48U;  // 16 bits behind the leading one
  const std::size_t at = static_cast<std::size_t>(fraction >> 12U);
  const std::uint64_t step = log_table[at + 1] - log_table[at];
  const std::uint64_t log = log_table[at] + (step * (fraction & 0xfffU) >> 12U);
  return std::uint64_t{zeros + 1} * log_table[16] - log;
}

}  // namespace detail_latency

/// A distribution of durations: fixed, uniform, exponential, or by measured quantiles.
class latency {
 public:
  /// A point of a distribution: so many thousandths of all draws are at most `value`.
  struct quantile {
    std::uint32_t thousandths;
    duration value;
    friend constexpr bool operator==(const quantile&, const quantile&) noexcept = default;
  };
  static constexpr std::size_t max_quantiles = 8;

  /// No time at all.
  constexpr latency() noexcept = default;

  [[nodiscard]] static constexpr latency fixed(duration value) noexcept {
    return uniform(value, value);
  }
  /// Every duration from `least` up to before `most` equally likely (to parts of 10^9 of the way).
  [[nodiscard]] static constexpr latency uniform(duration least, duration most) noexcept {
    return by_quantiles({{0, least}, {1000, most}});
  }
  /// `least` and on top an exponential variable of mean `mean` (at most an hour).
  [[nodiscard]] static constexpr latency exponential(duration least, duration mean) noexcept {
    require(mean <= std::chrono::hours{1}, "an exponential latency of more than an hour");
    latency result = fixed(least);
    result.mean_ = mean;
    return result;
  }
  /// Straight lines between 2 to max_quantiles points in rising order, the first at 0 and the last
  /// at 1000 thousandths: for a distribution that was measured.
  [[nodiscard]] static constexpr latency by_quantiles(
      std::initializer_list<quantile> points) noexcept {
    require(points.size() >= 2 && points.size() <= max_quantiles, "a latency of 2 to 8 quantiles");
    latency result;
    result.count_ = 0;
    for (const quantile& point : points) {
      require(result.count_ == 0 || result.points_[result.count_ - 1].value <= point.value,
              "quantiles of a latency that do not rise");
      result.points_[result.count_++] = point;
    }
    require(
        result.points_[0].thousandths == 0 && result.points_[result.count_ - 1].thousandths == 1000,
        "quantiles of a latency that are not from 0 to 1000");
    return result;
  }

  /// The shortest that is ever drawn.
  [[nodiscard]] constexpr duration least() const noexcept { return points_[0].value; }

  /// True for the default one, and any other that yields no time at all without a draw.
  [[nodiscard]] constexpr bool is_none() const noexcept {
    return mean_ == duration::zero() && count_ == 2 && points_[0].value == duration::zero() &&
           points_[1].value == duration::zero();
  }

  /// Draws once, and not at all from a fixed latency.
  [[nodiscard]] constexpr duration draw(random_generator& random) const noexcept {
    if (mean_ != duration::zero()) {
      const std::uint64_t times = detail_latency::minus_log(random.next());
      const auto extra = times * static_cast<std::uint64_t>(mean_.count()) >> 16U;
      return least() + duration{static_cast<std::int64_t>(extra)};
    }
    if (count_ == 2 && points_[0].value == points_[1].value) return points_[0].value;
    return between_points(random);
  }

  friend constexpr bool operator==(const latency&, const latency&) noexcept = default;

 private:
  [[nodiscard]] constexpr duration between_points(random_generator& random) const noexcept {
    const std::uint32_t at = random.below(1'000'000'000);
    if (count_ == 2) {  // as most are: the width is known, and no division is left
      const std::int64_t rise = (points_[1].value - points_[0].value).count();
      return least() +
             duration{rise / 1'000'000'000 * at + rise % 1'000'000'000 * at / 1'000'000'000};
    }
    std::size_t i = 1;
    while (i + 1 < count_ && at >= points_[i].thousandths * 1'000'000U) ++i;
    const quantile& low = points_[i - 1];
    const quantile& high = points_[i];
    const std::int64_t width = std::int64_t{high.thousandths - low.thousandths} * 1'000'000;
    if (width == 0) return high.value;
    const std::int64_t inside = std::int64_t{at} - std::int64_t{low.thousandths} * 1'000'000;
    const std::int64_t rise = (high.value - low.value).count();
    // In two steps, so that a rise of days does not overflow.
    return low.value + duration{rise / width * inside + rise % width * inside / width};
  }

  std::array<quantile, max_quantiles> points_{quantile{0, {}}, quantile{1000, {}}};
  std::size_t count_{2};
  duration mean_{};
};

}  // namespace testing
}  // namespace v1
}  // namespace flotilla
