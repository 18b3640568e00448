// flotilla/membership/own_word.hpp - what a member answers to facts about itself (SWIM,
// section 4.2) Only the member itself raises its incarnation. Rules (c) of the design and the traps
// around them.
#pragma once

#include <chrono>
#include <concepts>
#include <cstdint>

#include <flotilla/detail/state_hasher.hpp>
#include <flotilla/member.hpp>
#include <flotilla/serial.hpp>
#include <flotilla/time.hpp>
#include <flotilla/wire/fact.hpp>

namespace flotilla {
inline namespace v1 {

/// What a fact about ourselves asks of us.
enum class own_word_answer : std::uint8_t {
  nothing,       ///< what we say ourselves, or older than it
  raise,         ///< an accusation, or a record ahead of ours: speak up with a higher incarnation
  conflict,      ///< a record of our id at another address: speak up, and say so
  out_of_reach,  ///< too far ahead to be raised past; the accuser will ask us directly
};

/// How loud a foreign record of our id may make us: once an interval that doubles up to 60 s, so
/// that two processes with one id do not drive each other's incarnation in a storm (extension).
class conflict_limiter {
 public:
  static constexpr duration longest = std::chrono::seconds{60};

  /// True when enough time has passed since the last answer; takes note of this one then.
  [[nodiscard]] bool allow(time_point now, duration first_interval) noexcept {
    if (interval_ > duration::zero() && now < detail::saturating_add(last_, interval_))
      return false;
    // Twice the interval of silence ends the matter: the next one starts anew.
    const bool quiet = detail::elapsed(last_, now) > interval_ + interval_;
    interval_ = interval_ == duration::zero() || quiet ? first_interval : interval_ + interval_;
    if (interval_ > longest) interval_ = longest;
    last_ = now;
    return true;
  }

  void hash_into(detail::state_hasher& out) const noexcept { out.add_all(last_, interval_); }
  friend bool operator==(const conflict_limiter&, const conflict_limiter&) noexcept = default;

 private:
  time_point last_{};
  duration interval_{};
};

/// Judges what is told about us: `own` and `told` are incarnations, `same_place` says that no other
/// address is told. `acknowledged` tells whether anybody has answered us in this life: until then
/// we know nothing of our former one, and whatever we are told about it is to be raised past.
///
/// An accusation counts up to W ahead of us, not W/2: anything nearer is then raised past, anything
/// farther is refused by whoever holds us and is settled by their direct probe. With a smaller
/// reach the distances in between would be settled by neither.
template <std::unsigned_integral Rep>
[[nodiscard]] constexpr own_word_answer judge_own(serial<Rep> own, member_state own_state,
                                                  serial<Rep> told, member_state told_state,
                                                  bool same_place, bool acknowledged) noexcept {
  const own_word_answer speak_up =
      same_place || !acknowledged ? own_word_answer::raise : own_word_answer::conflict;
  if (told == own) {
    // While we live, anything but alive is an accusation. Our farewell overrides all of them.
    const bool accused = told_state != member_state::alive && own_state == member_state::alive;
    return accused || !same_place ? speak_up : own_word_answer::nothing;
  }
  if (own.within_window(told)) return told > own ? speak_up : own_word_answer::nothing;
  return acknowledged ? own_word_answer::out_of_reach : own_word_answer::raise;
}

/// The same of a fact about `self`.
[[nodiscard]] constexpr own_word_answer judge_own(const member& self, const wire::fact& told,
                                                  bool acknowledged) noexcept {
  const bool same_place = told.state != member_state::alive || told.address == self.address;
  return judge_own(self.incarnation, self.state, told.incarnation, told.state, same_place,
                   acknowledged);
}

/// What a member's own answer to our question does to what we hold of it.
enum class first_hand_answer : std::uint8_t {
  life,   ///< (d) the accused lives at the very incarnation: nothing changes, it is asked again
  adopt,  ///< (b) farther than W from what we hold: replaces it, if direct and from the address
  merge,  ///< (a) merges like any fact, and lowers nothing
};

template <std::unsigned_integral Rep>
[[nodiscard]] constexpr first_hand_answer judge_first_hand(serial<Rep> held,
                                                           member_state held_state,
                                                           serial<Rep> said) noexcept {
  if (held_state == member_state::suspect && held == said) return first_hand_answer::life;
  return held.within_window(said) ? first_hand_answer::merge : first_hand_answer::adopt;
}

}  // namespace v1
}  // namespace flotilla
