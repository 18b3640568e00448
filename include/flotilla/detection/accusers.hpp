// flotilla/detection/accusers.hpp - whose accusations count, and which wait for a check of our own
// Extension: a member that cannot hear accuses the healthy, and the group is not to flap for it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include <flotilla/config.hpp>
#include <flotilla/detail/state_hasher.hpp>
#include <flotilla/detection/flap_damping.hpp>
#include <flotilla/member.hpp>
#include <flotilla/membership/row.hpp>
#include <flotilla/membership/transition.hpp>
#include <flotilla/time.hpp>
#include <flotilla/wire/fact.hpp>

namespace flotilla {
inline namespace v1 {

// SWIM believes whoever accuses. That is right as long as those who accuse are well: a member that
// can send but not hear finds everybody silent, and its accusations reach everybody. Two signs tell
// it apart, and both are evidence of others against it:
//
// - it is itself suspect or dead here, since it does not answer others either;
// - those whom it accuses keep refuting it before anybody has confirmed it, or answer us: doubt
//   about it grows with each contradiction, and fades. (An accusation of a member that sleeps is
//   refuted as well, but others confirm it first.)
//
// Who shows one of them has lost its weight: its accusation is neither believed nor passed on, but
// waits for one direct ping of ours to the accused. An answer contradicts it, and it is dropped;
// silence for one direct time-out proves it as well as a probe does, and it is merged as if it had
// come just then. To a suspicion that runs it adds no confirmation until a probe of our own has
// failed as well.
//
// A death of somebody who is alive here, and not even suspected, waits for that check whoever tells
// it: had the suspicion gone around, so would have its refutation.
//
// Completeness is what it was: a crashed member answers nobody, so each accusation takes effect all
// the same, later by one direct time-out wherever it is passed on (less than a period); our own
// probes are never doubted; and what finds no room to wait is believed at once. The price is one
// ping for each doubted accusation at each member that hears of it, and none while nobody is in
// doubt.

/// What one contradiction adds to the doubt about an accuser, and the most that it comes to.
inline constexpr std::uint32_t doubt_of_contradiction = 1000;
inline constexpr std::uint32_t max_doubt = 8 * doubt_of_contradiction;
/// From here on an accuser has lost its weight: one contradiction may be bad luck, two within 120
/// periods are none.
inline constexpr std::uint32_t doubt_without_weight = 1500;

/// Doubt halves in 120 periods: long enough that one contradiction in 75 periods keeps it up, and
/// the worst is forgotten after 290.
[[nodiscard]] constexpr duration doubt_half_life(const config& settings) noexcept {
  return detail::saturating_multiply(settings.protocol_period, 120);
}

/// What is left of the doubt about `accuser` now.
[[nodiscard]] constexpr std::uint32_t doubt_about(const row_note& accuser, const config& settings,
                                                  time_point now) noexcept {
  return decayed_penalty(accuser.doubt, detail::elapsed(accuser.doubted, now),
                         doubt_half_life(settings));
}

/// True when an accusation by this member has to wait for a check of our own.
[[nodiscard]] constexpr bool has_lost_weight(member_state state, const row_note& accuser,
                                             const config& settings, time_point now) noexcept {
  return state == member_state::suspect || state == member_state::dead ||
         doubt_about(accuser, settings, now) >= doubt_without_weight;
}

/// One more of its accusations was contradicted.
constexpr void add_doubt(row_note& accuser, const config& settings, time_point now) noexcept {
  const std::uint32_t sum = doubt_about(accuser, settings, now) + doubt_of_contradiction;
  accuser.doubt = static_cast<std::uint16_t>(sum < max_doubt ? sum : max_doubt);
  accuser.doubted = now;
}

/// An accusation that waits for our own check of its subject.
struct doubted_accusation {
  bool used{false};
  bool extended{false};  ///< granted more time because this engine was away
  wire::fact fact{};     ///< suspect or dead
  provenance from{};
  time_point since{};
  time_point due{};

  friend bool operator==(const doubted_accusation&, const doubted_accusation&) noexcept = default;
};

/// The accusations that wait, one a subject.
class doubted_accusations {
 public:
  /// More at a time are believed at once: so many members hardly fail through the fault of one.
  static constexpr std::size_t capacity = 8;

  [[nodiscard]] doubted_accusation& operator[](std::size_t i) noexcept { return held_[i]; }

  /// The one about `subject`, or `capacity`.
  [[nodiscard]] std::size_t find(member_id subject) const noexcept {
    std::size_t i = 0;
    while (i < capacity && !(held_[i].used && held_[i].fact.subject == subject)) ++i;
    return i;
  }
  /// A free place, or `capacity`.
  [[nodiscard]] std::size_t find_free() const noexcept {
    std::size_t i = 0;
    while (i < capacity && held_[i].used) ++i;
    return i;
  }
  /// One that is due at `now`, or `capacity`.
  [[nodiscard]] std::size_t find_due(time_point now) const noexcept {
    if (earliest_ > now) return capacity;
    std::size_t i = 0;
    while (i < capacity && !(held_[i].used && held_[i].due <= now)) ++i;
    return i;
  }
  [[nodiscard]] time_point earliest() const noexcept { return earliest_; }

  void open(std::size_t i, const doubted_accusation& what) noexcept {
    held_[i] = what;
    held_[i].used = true;
    find_earliest();
  }
  void close(std::size_t i) noexcept {
    held_[i] = doubted_accusation{};
    find_earliest();
  }
  /// We were away, and the answers may lie unread: each waits until `due` at least, but only once.
  void extend(time_point due) noexcept {
    for (doubted_accusation& a : held_) {
      if (!a.used || a.extended) continue;
      a.extended = true;
      a.due = detail::later(a.due, due);
    }
    find_earliest();
  }

  void hash_into(detail::state_hasher& out) const noexcept {
    for (const doubted_accusation& a : held_) {
      out.add_all(a.used, a.extended, a.fact.subject, a.fact.incarnation, a.fact.state,
                  a.fact.accuser, std::uint64_t(a.from), a.since, a.due);
    }
  }
  friend bool operator==(const doubted_accusations&, const doubted_accusations&) noexcept = default;

 private:
  void find_earliest() noexcept {
    earliest_ = time_point::max();
    for (const doubted_accusation& a : held_) {
      if (a.used && a.due < earliest_) earliest_ = a.due;
    }
  }

  std::array<doubted_accusation, capacity> held_{};
  time_point earliest_{time_point::max()};
};

}  // namespace v1
}  // namespace flotilla
