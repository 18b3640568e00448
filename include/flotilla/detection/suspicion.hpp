// flotilla/detection/suspicion.hpp - the time a suspect has to speak up (SWIM, section 4.2)
// One record a suspect, due when the verdict falls. Bound to (member, incarnation, probe).
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

#include <flotilla/config.hpp>
#include <flotilla/detail/logarithm.hpp>
#include <flotilla/detail/mix.hpp>
#include <flotilla/detail/state_hasher.hpp>
#include <flotilla/detail/timer_heap.hpp>
#include <flotilla/event.hpp>
#include <flotilla/member.hpp>
#include <flotilla/membership/row.hpp>
#include <flotilla/time.hpp>

namespace flotilla {
inline namespace v1 {

/// 56 bytes, its timer's place included.
struct suspicion {
  /// K of Lifeguard: confirmations beyond this many tell nothing new.
  static constexpr std::size_t max_confirmations = 3;

  time_point due{};  ///< detail::timer_heap
  time_point since{};
  time_point check_asked{};  ///< when the direct check began
  member_id told{};          ///< the accuser that is passed on: whose accusation came last

 private:
  /// Who accused it first, or, when it was ourselves, the sequence number of our failed probe.
  std::uint64_t first_{0};
  std::uint64_t subject_ : 24 {0};
  std::uint64_t heap_at_ : 24 {0};
  std::uint64_t check_ : 16 {0};
  /// 12 mixed bits of each confirmer's id: of 4,096 pairs one looks like the same member, which
  /// costs a confirmation.
  std::uint64_t marks_ : 36 {0};
  std::uint64_t ours_ : 1 {0};         ///< our own accusation was the first
  std::uint64_t confirmable_ : 1 {0};  ///< K confirmations bring the time-out down to `least`

 public:
  // In this order none of them lies across the border of a byte, or of a word.
  std::uint8_t confirmations : 2 {0};
  std::uint8_t doubtful : 3 {0};   ///< one bit a confirmer that had no weight (accusers.hpp)
  std::uint8_t logarithm : 5 {0};  ///< of the size of the group when this began: `least`
  std::uint8_t put_off : 3 {0};    ///< how often the verdict has waited for a check
  bool joined : 1 {false};      ///< our own probe has failed as well: told as an accusation of ours
  bool expired : 1 {false};     ///< the time-out has passed: only a put-off verdict is waited for
  bool acked : 1 {false};       ///< the suspect has answered us since (rule (d) of the design)
  bool checked : 1 {false};     ///< a whole probe round of ours has failed since it began
  bool check_left : 1 {false};  ///< the ping of the direct check was pulled in time
  std::uint8_t alone : 7 {0};  ///< how often the verdict has waited for others to accuse it as well
  bool asked : 1 {false};      ///< the check has no answer: enough when so many others accuse it

  /// K, or 0 where nobody confirms it.
  [[nodiscard]] std::uint8_t wanted() const noexcept {
    return confirmable_ != 0 ? std::uint8_t{max_confirmations} : std::uint8_t{0};
  }
  void set_wanted(std::uint8_t count) noexcept { confirmable_ = count != 0; }

  /// The direct check is under way, and this ping is it (but for one of 65,535 others).
  [[nodiscard]] bool is_checking() const noexcept { return check_ != 0; }
  [[nodiscard]] bool is_check(std::uint32_t sequence) const noexcept {
    return check_ == check_of(sequence);
  }
  void begin_check(std::uint32_t sequence, time_point now) noexcept {
    check_ = check_of(sequence) & 0xffffU;
    check_asked = now;
    check_left = false;
  }
  void end_check() noexcept { check_ = 0; }

  [[nodiscard]] row_index subject() const noexcept { return static_cast<row_index>(subject_); }
  void set_subject(row_index at) noexcept { subject_ = at & 0xffffffU; }
  [[nodiscard]] std::uint32_t heap_at() const noexcept {
    return static_cast<std::uint32_t>(heap_at_);
  }
  void set_heap_at(std::uint32_t place) noexcept { heap_at_ = place & 0xffffffU; }

  /// The first accuser; `self` is who we are.
  [[nodiscard]] member_id accuser(member_id self) const noexcept {
    return ours_ != 0 ? self : member_id{first_};
  }
  /// Sequence number of our own failed probe, 0 if we only heard of it.
  [[nodiscard]] std::uint32_t probe() const noexcept {
    return ours_ != 0 ? static_cast<std::uint32_t>(first_) : 0;
  }
  void set_accuser(member_id by, member_id self, std::uint32_t failed_probe) noexcept {
    ours_ = by == self;
    first_ = by == self ? failed_probe : static_cast<std::uint64_t>(by);
    told = by;
  }
  /// Min of Lifeguard, for the group as it was when this began.
  [[nodiscard]] duration least(const config& settings) const noexcept {
    return detail::saturating_multiply(settings.protocol_period,
                                       settings.suspicion_multiplier * logarithm);
  }

  /// It has answered since: what was found before says nothing.
  void begin_anew() noexcept {
    acked = checked = asked = false;
    end_check();
    put_off = 0;
    alone = 0;
  }

  /// How often a verdict may wait for its check: for the round under way to end, for another check
  /// before its own, for its own, and for its own again if that ping was not pulled in time. Then
  /// the verdict falls without, so that each crash is reported however many there are at once.
  static constexpr std::uint8_t max_put_off = 4;

  /// How many confirmations count: the doubtful ones only when a probe of ours has failed as well.
  [[nodiscard]] std::uint8_t weight() const noexcept {
    return static_cast<std::uint8_t>(confirmations - std::popcount(std::uint8_t{doubtful}));
  }
  /// A probe of ours has failed since, or has begun it.
  [[nodiscard]] bool failed_here(member_id self) const noexcept {
    return joined || checked || accuser(self) == self;
  }

  /// Counts an accuser once; neither the first accuser nor a repetition confirms anything (S9).
  /// One with weight takes the place of one without when there is no other. False: nothing changed.
  bool confirm(member_id by, member_id self, bool has_weight = true) noexcept {
    const bool full = confirmations == max_confirmations;
    if (by == accuser(self) || (full && (doubtful == 0 || !has_weight))) return false;
    const std::uint64_t mark =
        detail::mix(static_cast<std::uint64_t>(by), detail::mix_key{}) >> (64 - mark_bits);
    for (unsigned i = 0; i < confirmations; ++i) {
      if (mark_of(i) == mark) return false;
    }
    unsigned place = confirmations;
    if (full) {
      place = static_cast<unsigned>(std::countr_zero(std::uint8_t{doubtful}));
    } else {
      ++confirmations;
    }
    const unsigned bit = 1U << place;
    doubtful = (has_weight ? doubtful & ~bit : doubtful | bit) & 7U;
    const std::uint64_t others = marks_ & ~(mark_mask << (mark_bits * place));
    marks_ = (others | mark << (mark_bits * place)) & 0xfffffffffU;
    return true;
  }
  [[nodiscard]] std::uint64_t mark_of(unsigned confirmer) const noexcept {
    return marks_ >> (mark_bits * confirmer) & mark_mask;
  }

  /// How often the verdict of a member that is not well itself (config::checked_verdicts) may wait
  /// for more to accuse the suspect, a period each in which it is asked once more; then it falls
  /// all the same, since a suspect that others have never heard of is missed by nobody else. Of so
  /// many pings on a path that loses four of five one arrives, but for once in 1,600,000 times.
  /// Where one has confirmed it (two in the same trouble, or the only two that are left) half as
  /// many, which leaves one in 1,300, and no longer than if it had not; more are no coincidence.
  static constexpr std::uint8_t max_alone = 64;
  [[nodiscard]] std::uint8_t most_waits_alone() const noexcept {
    return weight() == 0 ? max_alone : weight() == 1 ? max_alone / 2 : std::uint8_t{0};
  }
  /// As many others accuse it as Lifeguard wants to hear.
  [[nodiscard]] bool confirmed() const noexcept { return wanted() != 0 && weight() >= wanted(); }

  void hash_into(detail::state_hasher& out) const noexcept {
    out.add_all(due, since, check_asked, told, first_, std::uint64_t{subject_},
                std::uint64_t{confirmations}, std::uint64_t{doubtful}, std::uint64_t{wanted()},
                std::uint64_t{logarithm}, std::uint64_t{put_off}, ours_ != 0, bool{joined},
                bool{expired}, bool{acked}, bool{checked}, bool{check_left}, bool{asked},
                std::uint64_t{alone}, std::uint64_t{check_});
    for (unsigned i = 0; i < confirmations; ++i) out.add(mark_of(i));
  }
  friend bool operator==(const suspicion&, const suspicion&) noexcept = default;

 private:
  static constexpr unsigned mark_bits = 12;
  static constexpr std::uint64_t mark_mask = (1U << mark_bits) - 1;
  static constexpr std::uint64_t check_of(std::uint32_t sequence) noexcept {
    return sequence % 0xffffU + 1;
  }
};
static_assert(sizeof(suspicion) == 56);

/// A dead or left member stays for a while, so that old gossip cannot bring it back.
struct tombstone {
  time_point due{};     ///< detail::timer_heap
  member_id accuser{};  ///< of a dead member; told on with the fact

 private:
  std::uint32_t subject_{no_row};
  std::uint32_t heap_at_{0};

 public:
  tombstone() noexcept = default;
  tombstone(row_index subject, member_id by) noexcept : accuser{by}, subject_{subject} {}

  [[nodiscard]] row_index subject() const noexcept { return static_cast<row_index>(subject_); }
  [[nodiscard]] std::uint32_t heap_at() const noexcept { return heap_at_; }
  void set_heap_at(std::uint32_t place) noexcept { heap_at_ = place; }

  friend bool operator==(const tombstone&, const tombstone&) noexcept = default;
};

using suspicion_heap = detail::timer_heap<suspicion>;
using tombstone_heap = detail::timer_heap<tombstone>;

/// suspicion_multiplier * ceil(ln(n+1)) protocol periods (SWIM, section 5), n counting ourselves.
[[nodiscard]] constexpr duration suspicion_timeout(const config& settings,
                                                   std::uint32_t members) noexcept {
  return detail::saturating_multiply(
      settings.protocol_period, settings.suspicion_multiplier * detail::ceil_ln_plus_one(members));
}

/// Max of Lifeguard: how long a suspicion lasts that nobody confirms.
[[nodiscard]] constexpr duration longest_suspicion(const config& settings,
                                                   std::uint32_t members) noexcept {
  return detail::saturating_multiply(suspicion_timeout(settings, members),
                                     settings.suspicion_max_multiplier);
}

/// K of Lifeguard in a group of so many, ourselves counted: 0 where the suspect, the first accuser
/// and ourselves, who confirm nothing, leave fewer than K others. (memberlist leaves out the first
/// two only, and then waits in vain where it was not the first to accuse.)
[[nodiscard]] constexpr std::uint8_t confirmations_wanted(const config& settings,
                                                          std::uint32_t members) noexcept {
  constexpr std::uint32_t most = suspicion::max_confirmations;
  return settings.suspicion_max_multiplier > 1 && members >= most + 3 ? most : 0;
}

/// LHA-Suspicion: max(Min, Max - (Max - Min) * log(C + 1) / log(K + 1)) for C confirmations of the
/// K = 3 wanted. The table holds 1 - log(C + 1) / log(4) in parts of 65,536, rounded down.
[[nodiscard]] constexpr duration shrunk_suspicion(duration least, duration longest,
                                                  std::uint8_t confirmations,
                                                  std::uint8_t wanted) noexcept {
  constexpr std::int64_t left[] = {65536, 32768, 13599, 0};
  static_assert(sizeof left / sizeof left[0] == suspicion::max_confirmations + 1);
  if (confirmations >= wanted) return least;
  const std::int64_t excess = (longest - least).count();
  const std::int64_t share = left[confirmations];
  return least + duration{excess / 65536 * share + excess % 65536 * share / 65536};
}

/// How often each fact is passed on (SWIM, section 4.1): lambda * ceil(ln(n+1)).
[[nodiscard]] constexpr std::uint32_t transmit_budget(const config& settings,
                                                      std::uint32_t members) noexcept {
  return settings.retransmit_multiplier * detail::ceil_ln_plus_one(members);
}

}  // namespace v1
}  // namespace flotilla
