// flotilla/detection/round_trip_times.hpp - how long answers take lately
// A histogram with log-scaled buckets that forgets: constant memory, nothing is ever sorted.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#include <flotilla/config.hpp>
#include <flotilla/detail/state_hasher.hpp>
#include <flotilla/time.hpp>

namespace flotilla {
inline namespace v1 {

/// Round trips from 2^16 ns (66 us) to 2^35 ns (34 s), eight buckets to each doubling: what is read
/// out of it is at most one eighth too long. Shorter and longer ones go to the ends. Whenever 512
/// are held all counts are halved, so that the latest few hundred probes outweigh all before.
class round_trip_times {
 public:
  static constexpr std::uint32_t most_held = 512;
  /// So few say nothing about the slowest of a hundred.
  static constexpr std::uint32_t least_held = 32;

  [[nodiscard]] std::uint32_t count() const noexcept { return held_; }

  void add(duration round_trip) noexcept {
    if (held_ == most_held) halve();
    const std::size_t bucket = bucket_of(round_trip);
    ++counts_[bucket];
    ++held_;
    if (bucket > slow_) ++slower_;
    settle();
  }

  /// No more than one in a hundred takes longer. 0 when nothing is held.
  [[nodiscard]] duration percentile_99() const noexcept {
    return held_ == 0 ? duration::zero() : duration{end_of(slow_)};
  }

  void hash_into(detail::state_hasher& out) const noexcept {
    for (const std::uint16_t count : counts_) out.add(std::uint64_t{count});
  }
  friend bool operator==(const round_trip_times&, const round_trip_times&) noexcept = default;

 private:
  static constexpr unsigned first_octave = 16;
  static constexpr unsigned octaves = 19;
  static constexpr std::size_t buckets = std::size_t{octaves} * 8;

  [[nodiscard]] static constexpr std::size_t bucket_of(duration round_trip) noexcept {
    const std::int64_t ns = round_trip.count();
    if (ns < std::int64_t{1} << first_octave) return 0;
    const auto length = static_cast<std::uint64_t>(ns);
    const auto octave = static_cast<unsigned>(std::bit_width(length)) - 1;
    if (octave >= first_octave + octaves) return buckets - 1;
    return (octave - first_octave) * std::size_t{8} + (length >> (octave - 3U) & 7U);
  }
  /// Where the bucket ends, in ns.
  [[nodiscard]] static constexpr std::int64_t end_of(std::size_t bucket) noexcept {
    const auto octave = static_cast<unsigned>(bucket / 8) + first_octave;
    return static_cast<std::int64_t>(bucket % 8 + 9) << (octave - 3U);
  }
  void halve() noexcept {
    held_ = 0;
    slower_ = 0;
    for (std::size_t bucket = 0; bucket < buckets; ++bucket) {
      counts_[bucket] /= 2;
      held_ += counts_[bucket];
      if (bucket > slow_) slower_ += counts_[bucket];
    }
  }
  /// Moves to the bucket of the 99th percentile, which is mostly where we are.
  void settle() noexcept {
    const std::uint32_t longer = held_ / 100;
    while (slower_ > longer) slower_ -= counts_[++slow_];
    while (slower_ + counts_[slow_] <= longer) slower_ += counts_[slow_--];
  }

  std::array<std::uint16_t, buckets> counts_{};
  std::uint32_t held_{0};
  std::uint32_t slower_{0};  ///< of those, in buckets behind slow_
  std::size_t slow_{0};      ///< the bucket of the 99th percentile
};

/// The shortest direct time-out that is adapted to: 10 ms, and four times the tick granularity,
/// since no driver is faster than that; never more than config::direct_timeout.
[[nodiscard]] constexpr duration floor_of_direct_timeout(const config& settings) noexcept {
  constexpr duration least = std::chrono::milliseconds{10};
  const duration ticks = detail::saturating_multiply(settings.tick_granularity, 4);
  const duration floor = ticks < least ? least : ticks;
  return floor < settings.direct_timeout ? floor : settings.direct_timeout;
}

/// How long a ping may take before helpers are asked (extension): the 99th percentile of the recent
/// round trips and a tenth more, between that floor and config::direct_timeout; the latter as long
/// as too few are known.
[[nodiscard]] inline duration adapted_direct_timeout(const config& settings,
                                                     const round_trip_times& recent) noexcept {
  if (!settings.adaptive_timeout || recent.count() < round_trip_times::least_held) {
    return settings.direct_timeout;
  }
  const duration usual = recent.percentile_99();
  const duration wanted = usual + usual / 10;
  if (wanted > settings.direct_timeout) return settings.direct_timeout;
  const duration floor = floor_of_direct_timeout(settings);
  return wanted < floor ? floor : wanted;
}

}  // namespace v1
}  // namespace flotilla
