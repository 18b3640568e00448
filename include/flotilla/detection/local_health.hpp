// flotilla/detection/local_health.hpp - how far to trust our own timing (Lifeguard, LHA-Probe)
// A saturating counter: bad signs about ourselves raise it, successful probes lower it.
#pragma once

#include <cstdint>

#include <flotilla/time.hpp>

namespace flotilla {
inline namespace v1 {

/// LHM of Lifeguard: 0, all is well, to S (config::local_health_max). The probe interval and its
/// time-outs are stretched by LHM + 1, so that who is slow itself waits longer before it accuses.
///
/// As in the paper it goes up to S = 8 and the factor to 9; memberlist counts to 7 and stretches 8
/// times at most. A refutation and each failed probe count 1, and silent helpers 1 more a probe, as
/// in the paper; memberlist counts each nack that is missing, but with them a single loss weighs as
/// much as two failed probes.
class local_health {
 public:
  [[nodiscard]] std::uint8_t score() const noexcept { return score_; }

  /// A sign that we are slow, deaf or dumb.
  void worsen(std::uint32_t by, std::uint32_t most) noexcept {
    score_ = static_cast<std::uint8_t>(by < most - score_ ? score_ + by : most);
  }
  /// A probe of ours was answered, directly or through a helper.
  void improve() noexcept {
    if (score_ != 0) --score_;
  }

  [[nodiscard]] duration stretch(duration length) const noexcept {
    // Mostly it is 0, and a division is saved.
    return score_ == 0 ? length : detail::saturating_multiply(length, score_ + std::uint32_t{1});
  }

  friend bool operator==(const local_health&, const local_health&) noexcept = default;

 private:
  std::uint8_t score_{0};
};

/// What a failed probe says about ourselves, when `asked` helpers were to help and `nacked` of them
/// said that the subject does not answer them either.
///
/// All of them: nothing, since what we send and what is sent to us arrives (as in memberlist; the
/// paper counts every failed probe, and would slow down whoever finds a real crash). Some: 1, for a
/// helper may be dead as well. None of those asked: 2, the failed probe and the missing nacks.
/// Nobody could be asked: 1.
[[nodiscard]] constexpr std::uint32_t blame_of_failed_probe(std::uint32_t asked,
                                                            std::uint32_t nacked) noexcept {
  if (asked == 0) return 1;
  if (nacked >= asked) return 0;
  return nacked == 0 ? 2 : 1;
}

}  // namespace v1
}  // namespace flotilla
