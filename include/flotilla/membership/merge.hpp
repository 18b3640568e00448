// flotilla/membership/merge.hpp - how facts about one member merge (SWIM, section 4.2; extension)
// A pure function over a lattice, templated on the serial's width, so that 8 bits can be exhausted.
#pragma once

#include <compare>
#include <concepts>
#include <cstdint>

#include <flotilla/member.hpp>
#include <flotilla/serial.hpp>

namespace flotilla {
inline namespace v1 {

/// What is held, or told, about one member: two components that merge on their own.
///
/// The verdict is (incarnation, state), ordered by incarnation, then alive < suspect < dead < left.
/// The place is (incarnation of the alive fact it stood in, address), ordered the same way. Only
/// alive facts carry a place: an accusation at a newer incarnation must neither erase the address
/// nor keep the alive fact of that incarnation, when it comes late, from bringing its address.
template <std::unsigned_integral Rep, class Address>
struct belief {
  serial<Rep> incarnation{};
  member_state state{member_state::alive};
  bool has_place{false};
  serial<Rep> place_incarnation{};
  Address address{};

  friend constexpr bool operator==(const belief&, const belief&) noexcept = default;
};

/// What merging did. The bits say which component was replaced.
enum class merge_outcome : std::uint8_t {
  known = 0,
  place = 1,
  verdict = 2,
  both = 3,
  outside_window = 4,  ///< farther than W from what is held: nothing merged
};

namespace detail {

template <std::unsigned_integral Rep, class Value>
[[nodiscard]] constexpr bool overrides(serial<Rep> a, const Value& a_value, serial<Rep> b,
                                       const Value& b_value) noexcept {
  if (a != b) return a > b;
  return a_value > b_value;
}

}  // namespace detail

/// Merges `told` into `held`: the larger of each component. Commutative, associative and idempotent
/// over all facts whose incarnations lie pairwise within W (serial::window); a fact outside that
/// window of what is held is not merged, because serial numbers have no order there.
template <std::unsigned_integral Rep, class Address>
constexpr merge_outcome merge(belief<Rep, Address>& held,
                              const belief<Rep, Address>& told) noexcept {
  if (!held.incarnation.within_window(told.incarnation)) return merge_outcome::outside_window;
  unsigned outcome = 0;
  // No place is newer than its verdict, so an alive fact ahead of our verdict is ahead of our
  // place: said first, because their distance may be more than serials can order.
  const bool ahead =
      told.place_incarnation == told.incarnation && told.incarnation > held.incarnation;
  const bool newer_place =
      !held.has_place || ahead ||
      detail::overrides(told.place_incarnation, told.address, held.place_incarnation, held.address);
  if (told.has_place && newer_place) {
    held.has_place = true;
    held.place_incarnation = told.place_incarnation;
    held.address = told.address;
    outcome |= static_cast<unsigned>(merge_outcome::place);
  }
  if (detail::overrides(told.incarnation, told.state, held.incarnation, held.state)) {
    held.incarnation = told.incarnation;
    held.state = told.state;
    outcome |= static_cast<unsigned>(merge_outcome::verdict);
  }
  // Accusations can lead the verdict away from an old place. At the window's edge the place
  // follows, lest it wrap around and win against the future.
  if (held.has_place && !held.incarnation.within_window(held.place_incarnation)) {
    held.place_incarnation =
        serial<Rep>{static_cast<Rep>(held.incarnation.value() - serial<Rep>::window())};
  }
  return static_cast<merge_outcome>(outcome);
}

/// The same with the paper's Confirm (experiment::final_death): dead overrides alive and suspect
/// whatever the incarnations, and nothing overrides dead. The incarnation does not decrease.
template <std::unsigned_integral Rep, class Address>
constexpr merge_outcome merge_finally(belief<Rep, Address>& held,
                                      const belief<Rep, Address>& told) noexcept {
  if (held.state == member_state::dead) return merge_outcome::known;
  const bool confirmed = told.state == member_state::dead && is_active(held.state);
  const merge_outcome outcome = merge(held, told);
  if (!confirmed) return outcome;
  held.state = member_state::dead;
  const bool moved = outcome == merge_outcome::place || outcome == merge_outcome::both;
  return moved ? merge_outcome::both : merge_outcome::verdict;
}

}  // namespace v1
}  // namespace flotilla
