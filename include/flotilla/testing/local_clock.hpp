// flotilla/testing/local_clock.hpp - what a node's own clock shows, and when its timers fire
// Clocks drift, jump and run backwards; a timer is a sleep by that clock.
#pragma once

#include <chrono>
#include <cstdint>

#include <flotilla/time.hpp>

namespace flotilla {
inline namespace v1 {
namespace testing {

/// Shows the simulation's time until it is told to drift or to jump; saturates at the ends.
class local_clock {
 public:
  /// What it shows when the simulation's time is `now`.
  [[nodiscard]] time_point at(time_point now) const noexcept {
    const time_point shown = detail::saturating_add(now, offset_);
    if (rate_ == 0) return shown;
    const std::int64_t since = (now - drifting_since_).count();
    // In two steps, so that years times parts per million do not overflow.
    const std::int64_t drift = since / million * rate_ + since % million * rate_ / million;
    return detail::saturating_add(shown, duration{drift});
  }

  /// The simulation's time at which a timer set at `now` for the local time `due` fires. A clock
  /// that stands or runs backwards never gets there: its timer fires after as long as it seems to
  /// have to wait, a millisecond at least, as does the sleep of a system that watches another
  /// clock.
  [[nodiscard]] time_point when(time_point due, time_point now) const noexcept {
    if (due == time_point::max()) return due;
    const duration wait = detail::elapsed(at(now), due);
    if (rate_ == 0) return detail::saturating_add(now, wait);
    if (!advances()) {
      return detail::saturating_add(now, wait > blink ? wait : blink);
    }
    if (wait == duration::zero()) return now;
    const std::int64_t speed = million + rate_;
    const std::int64_t count = wait.count();
    if (count / speed > duration::max().count() / (2 * million)) return time_point::max();
    const std::int64_t real = count / speed * million + count % speed * million / speed;
    return detail::saturating_add(now, duration{real + 1});
  }

  /// True while it neither gains nor loses: then it does not matter when a timer is set.
  [[nodiscard]] bool is_steady() const noexcept { return rate_ == 0; }
  /// False while it stands or runs backwards.
  [[nodiscard]] bool advances() const noexcept { return rate_ > -million; }

  /// Shows `by` more (or less) from now on.
  void jump(duration by) noexcept {
    offset_ = detail::saturating_add(time_point{offset_}, by).time_since_epoch();
  }

  /// From `now` on it gains so many parts in a million; -1,000,000 stops it, less turns it back.
  /// Exact for 49 days at any rate, for years at usual ones.
  void drift(time_point now, std::int32_t parts_per_million) noexcept {
    offset_ = detail::saturating_add(at(now), -now.time_since_epoch()).time_since_epoch();
    drifting_since_ = now;
    rate_ = parts_per_million;
  }

 private:
  static constexpr std::int64_t million = 1'000'000;
  static constexpr duration blink = std::chrono::milliseconds{1};

  duration offset_{};
  time_point drifting_since_{};
  std::int32_t rate_{0};
};

}  // namespace testing
}  // namespace v1
}  // namespace flotilla
