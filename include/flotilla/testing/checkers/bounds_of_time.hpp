// flotilla/testing/checkers/bounds_of_time.hpp - by when things must have happened in a calm group
// Each bound is the worst case that follows from the protocol's own rules, not a measured value
// with slack on top.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

#include <flotilla/config.hpp>
#include <flotilla/detail/logarithm.hpp>
#include <flotilla/time.hpp>

namespace flotilla {
inline namespace v1 {
namespace testing {

/// Bounds of a group of like-configured members while nothing is broken: no datagram is lost and no
/// process stands still. What has to do with chance (gossip, repair) holds but for the probability
/// that stands with it; all the rest holds always.
class bounds_of_time {
 public:
  /// `members`: the most that are in the group meanwhile, the observer included; 2 at least.
  /// `round_trip`: the longest there and back. Where that is longer than direct_timeout the group
  /// is not calm, so that is what it is taken for when nothing is given.
  bounds_of_time(const config& settings, std::uint32_t members, duration round_trip) noexcept
      : settings_{settings}, members_{members < 2 ? 2 : members}, round_trip_{round_trip} {}
  bounds_of_time(const config& settings, std::uint32_t members) noexcept
      : bounds_of_time{settings, members, settings.direct_timeout} {}

  [[nodiscard]] std::uint32_t members() const noexcept { return members_; }

  // ---- periods

  /// The jitter is so many per cent to either side (extension).
  [[nodiscard]] duration longest_period() const noexcept {
    return settings_.protocol_period / 100 * (100 + settings_.period_jitter_percent);
  }
  /// A calm member's turns are never farther apart than this, and a traversal of the m = n - 1
  /// others has m turns. At worst a member is the first of one traversal and the last of the next:
  /// 2m - 1 turns from one probe of it to the next (section 4.3). The paper says 2n - 1 and leaves
  /// open whether its n counts the observer; ours does.
  [[nodiscard]] std::uint32_t turns_between_probes() const noexcept { return 2 * members_ - 3; }

  // ---- detection, each from the crash

  /// Until an observer that knows the crashed member has probed it: at worst it was probed in the
  /// very moment before the crash. Also from learning of a member until the first probe of it,
  /// since a newcomer enters the order at random, among those that are still to come or not.
  [[nodiscard]] duration first_probe() const noexcept {
    return turns_between_probes() * longest_period();
  }
  /// Until that observer suspects it: the round is judged when the next one begins (section 3.1).
  [[nodiscard]] duration own_suspicion() const noexcept { return first_probe() + longest_period(); }
  /// The suspicion's shortest time-out, multiplier * ceil(ln(n+1)) periods (section 4.2); an
  /// engine's timers take no jitter. No crashed member is dead anywhere before it has passed.
  [[nodiscard]] duration suspicion() const noexcept {
    return std::int64_t{settings_.suspicion_multiplier} * log() * settings_.protocol_period;
  }
  /// Its longest time-out, when nobody confirms it (Lifeguard). In groups too small for three
  /// confirmations beside the suspect, its accuser and oneself it is never shrunk nor longer.
  [[nodiscard]] duration longest_suspicion() const noexcept {
    return members_ < smallest_confirmed ? suspicion()
                                         : settings_.suspicion_max_multiplier * suspicion();
  }
  /// How long a verdict that is due waits for a check of one's own (extension): for the round under
  /// way, another suspect's check, its own, and once more where that went wrong.
  [[nodiscard]] duration check() const noexcept {
    return settings_.checked_verdicts ? 4 * stretched(longest_period()) : duration::zero();
  }
  /// Until an observer holds it dead, even if nobody tells it of the death: but all others find it
  /// silent as well by own_suspicion(), and their accusations, of which three shrink the time-out
  /// to its shortest, have reached it by spread().
  [[nodiscard]] duration death() const noexcept {
    const duration confirmed = spread() + suspicion();
    const duration alone = longest_suspicion();
    return own_suspicion() + (confirmed < alone ? confirmed : alone) + check();
  }
  /// The same for one that is cut off from all others, or the only one left: it takes its silence
  /// for its own fault, so that its rounds are stretched; nobody confirms what it finds; and being
  /// deaf puts its verdicts off for one suspicion time-out (extension).
  [[nodiscard]] duration death_alone() const noexcept {
    const std::int64_t slower = 1 + std::int64_t{settings_.local_health_max};
    const duration deaf = settings_.notice_silence ? suspicion() : duration::zero();
    const duration checked = settings_.checked_verdicts ? 4 * longest_period() : duration::zero();
    return slower * (own_suspicion() + checked) + longest_suspicion() + deaf;
  }
  /// Until the tombstone has expired as well.
  [[nodiscard]] duration forgetting() const noexcept {
    return death() + settings_.tombstone_lifetime;
  }

  // ---- dissemination

  /// Until a fact has reached everybody. After lambda*ln(n) periods it has missed n^-(2*lambda-2)
  /// members in the mean (section 4.1), and later than lambda*ceil(ln(n+1)) periods nobody passes
  /// it on any more. When more facts wait than fit into a datagram they take turns.
  [[nodiscard]] duration spread() const noexcept {
    return transmissions() * longest_period() + round_trip_;
  }
  /// From the last news until all queues are empty: each member begins a period at least every
  /// longest_period and its ping carries facts. At most one fact a member is pending, each goes out
  /// lambda*ceil(ln(n+1)) times.
  [[nodiscard]] duration drain() const noexcept { return (transmissions() + 1) * longest_period(); }

  // ---- local health (Lifeguard)

  /// Until a member whose score is as bad as it gets has come down to 0: each answered probe takes
  /// off one, and with a score of s the next one follows after s + 1 periods. The first one may
  /// have begun while something was still broken, and fail.
  [[nodiscard]] duration recovery() const noexcept {
    const std::int64_t worst = settings_.local_health_max;
    if (worst == 0) return duration::zero();
    return (worst + 1 + worst * (worst + 3) / 2) * longest_period();
  }

  // ---- coming together again

  /// From the mending of a cut until both ends have tried each other's address, when they have held
  /// each other dead for at most `dead_for` by then (extension). Tries follow the death after h,
  /// 3h, 7h, ... so that the wait for the next one is at most h + dead_for; the interval stops
  /// growing at 5 minutes. One try a period is made, and at most so many others stand before it.
  /// 0 when nobody is ever tried.
  [[nodiscard]] duration healing(duration dead_for) const noexcept {
    const duration first = settings_.healing_interval;
    if (first == duration::zero()) return first;
    const duration cap = first < longest_retry ? longest_retry : first;
    const duration wait = first + dead_for;
    return (wait < cap ? wait : cap) + tries_before() * longest_period() + 2 * round_trip_;
  }
  /// Until a fact that has run out of gossip is known to all through repair (extension). Comparing
  /// with a random member first doubles those that know it in each round (log2 n rounds),
  /// then squares the part that does not (Demers et al. 1987, section 1.3): from a half to n/2^32
  /// in five rounds more. A round takes five quarters of the interval at most, is begun with the
  /// next period and exchanges datagram by datagram. 0 when there is no repair.
  [[nodiscard]] duration repair() const noexcept {
    if (settings_.repair_interval == duration::zero()) return duration::zero();
    const duration round =
        settings_.repair_interval / 4 * 5 + longest_period() + chunks() * round_trip_;
    std::int64_t rounds = 5;
    for (std::uint32_t n = members_ - 1; n != 0; n /= 2) ++rounds;
    return rounds * round;
  }
  /// From the end of all faults, which lasted for `storm`, until all views agree with what is.
  [[nodiscard]] duration convergence(duration storm) const noexcept {
    // Rumours from the storm are still under way, and what begins with one of them may bring the
    // last false verdict: an accusation, its time-out, and the news of it.
    const duration last_verdict =
        recovery() + longest_period() + longest_suspicion() + check() + spread();
    const duration healed_old = healing(storm);
    const duration healed_new = last_verdict + healing(duration::zero());
    const duration healed = healed_old < healed_new ? healed_new : healed_old;
    // Who was crashed in the storm is found anew after the last news of it; a verdict is put off
    // for one time-out by members that were away, and for one period by an answer still in flight.
    const duration buried =
        recovery() + spread() + death() + suspicion() + longest_period() + spread();
    return (healed < buried ? buried : healed) + repair();
  }
  /// The same until nothing is passed on any more: what was settled last is told to all.
  [[nodiscard]] duration silence(duration storm) const noexcept {
    return convergence(storm) + spread() + drain();
  }

 private:
  /// The intervals between tries of a dead member's address grow no further, and so many addresses
  /// are tried at most (extension).
  static constexpr duration longest_retry = std::chrono::minutes{5};
  static constexpr std::uint32_t most_tried = 64;
  /// Bytes: the largest message without facts, and the largest fact (config.hpp).
  static constexpr std::size_t message_size = 49;
  static constexpr std::size_t fact_size = 34;

  /// A member that nobody can help finds the silence of the only other one its own fault, too.
  [[nodiscard]] duration stretched(duration length) const noexcept {
    return members_ > 2 ? length : (1 + std::int64_t{settings_.local_health_max}) * length;
  }
  /// The suspect, who first accuses it, oneself, and three that confirm it.
  static constexpr std::uint32_t smallest_confirmed = 6;

  [[nodiscard]] std::int64_t log() const noexcept { return detail::ceil_ln_plus_one(members_); }
  [[nodiscard]] std::int64_t tries_before() const noexcept {
    return members_ < most_tried ? members_ : most_tried;
  }
  /// Datagrams that hold a fact about every member.
  [[nodiscard]] std::int64_t chunks() const noexcept {
    const std::size_t room =
        settings_.max_datagram_size - settings_.datagram_overhead - message_size;
    const std::size_t facts = room / fact_size;
    return static_cast<std::int64_t>((members_ + facts - 1) / facts);
  }
  /// Datagrams that a member needs to have sent a fact about every member as often as it may.
  [[nodiscard]] std::int64_t transmissions() const noexcept {
    return std::int64_t{settings_.retransmit_multiplier} * log() * chunks();
  }

  config settings_;
  std::uint32_t members_;
  duration round_trip_;
};

}  // namespace testing
}  // namespace v1
}  // namespace flotilla
