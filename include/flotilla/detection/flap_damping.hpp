// flotilla/detection/flap_damping.hpp - members that keep failing and returning (extension)
// A penalty that grows with each failure and decays by half-lives, as in RFC 2439.
#pragma once

#include <cstdint>

#include <flotilla/time.hpp>

namespace flotilla {
inline namespace v1 {

/// What one failure adds to a member's penalty, and the most that it can come to: 16 failures at
/// once.
inline constexpr std::uint32_t flap_penalty_of_failure = 1000;
inline constexpr std::uint32_t max_flap_penalty = 16 * flap_penalty_of_failure;

/// What is left of `penalty` after `age`: halved in each half-life, in a straight line in between;
/// at most 6 % above the exact curve. 0 without a half-life.
[[nodiscard]] constexpr std::uint32_t decayed_penalty(std::uint32_t penalty, duration age,
                                                      duration half_life) noexcept {
  if (half_life <= duration::zero()) return 0;
  if (age <= duration::zero()) return penalty;
  const std::int64_t halvings = age / half_life;
  if (halvings >= 32) return 0;
  const std::uint64_t left = penalty >> static_cast<unsigned>(halvings);
  // In parts of 1,024, so that nothing overflows however long the half-life is.
  const std::int64_t part = half_life.count() / 1024 + 1;
  const auto parts = static_cast<std::uint64_t>((age % half_life).count() / part);
  const std::uint64_t past = parts < 1024 ? parts : 1024;
  return static_cast<std::uint32_t>(left - left * past / 2048);
}

}  // namespace v1
}  // namespace flotilla
