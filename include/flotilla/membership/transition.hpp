// flotilla/membership/transition.hpp - every change of the table is one of these
// apply() makes them; the engine's commit() feeds events, queue, timers and probe order from them.
#pragma once

#include <cstdint>

#include <flotilla/member.hpp>
#include <flotilla/membership/member_table.hpp>
#include <flotilla/membership/merge.hpp>
#include <flotilla/wire/fact.hpp>

namespace flotilla {
inline namespace v1 {

/// How a fact came here; decides whether it is passed on.
enum class provenance : std::uint8_t {
  gossip,      ///< piggybacked by anybody
  first_hand,  ///< said by the member itself, in answer to us
  transfer,    ///< part of a chunk of state; never queued while the group is only being learnt
  meeting,     ///< the same, of a group that had parted from ours: news to all of ours
  repair,      ///< asked for by our repair; never queued
  offer,       ///< offered by another's repair: unsolicited like gossip, and never queued
  local,       ///< our own verdict or command
};

/// True for what is known where it came from: passing it on would be a storm.
[[nodiscard]] constexpr bool is_pulled(provenance from) noexcept {
  return from == provenance::transfer || from == provenance::repair || from == provenance::offer;
}

/// What came with a transfer is known where it came from; passing it on would be a storm with every
/// joiner. Unless two groups are meeting (`bridging`): then it is news to ours. What came by repair
/// goes on by repair.
[[nodiscard]] constexpr bool is_news(provenance from, bool bridging) noexcept {
  return !is_pulled(from) || (from == provenance::transfer && bridging);
}

/// What one fact, verdict or command did to one row that was there before.
struct transition {
  row_index at{no_row};
  bool before_active{false};  ///< alive or suspect before
  member_state before_state{};
  flotilla::incarnation before_incarnation{};
  bool address_changed{false};
  flotilla::incarnation before_place{};  ///< of the former address
  endpoint before_address{};
  endpoint proven_before{};     ///< the former address, if the member had answered from there
  bool verdict_changed{false};  ///< incarnation or state
  member_id accuser{};          ///< of a suspect or dead fact
};

/// The belief that a row holds, and the one that a fact tells.
[[nodiscard]] inline belief<std::uint32_t, endpoint> belief_of(const member_table& table,
                                                               row_index at) noexcept {
  const row& r = table[at];
  return {r.incarnation, r.state, true, table.place_incarnation(at), table.address(at)};
}
/// A member's bare word that it is alive, without its address, carries no place.
[[nodiscard]] inline belief<std::uint32_t, endpoint> belief_of(const wire::fact& fact) noexcept {
  const bool placed = fact.state == member_state::alive && fact.address != endpoint{};
  return {fact.incarnation, fact.state, placed, placed ? fact.incarnation : flotilla::incarnation{},
          fact.address};
}

/// Writes `now` into the row and says what that changed. The table has room for its address and,
/// where that is of another incarnation, for a note.
[[nodiscard]] inline transition replace(member_table& table, row_index at,
                                        const belief<std::uint32_t, endpoint>& now) noexcept {
  row& r = table[at];
  transition change;
  change.at = at;
  change.before_state = r.state;
  change.before_active = is_active(r.state);
  change.before_incarnation = r.incarnation;
  change.before_place = table.place_incarnation(at);
  change.before_address = table.address(at);
  change.address_changed = change.before_address != now.address;
  if (change.address_changed && r.proven) change.proven_before = change.before_address;
  change.verdict_changed = r.state != now.state || r.incarnation != now.incarnation;
  table.set_incarnations(at, now.incarnation, now.place_incarnation);
  if (change.address_changed) table.set_address(at, now.address);
  if (r.state != now.state) table.set_state(at, now.state);
  return change;
}

/// Merges a fact into a row that is in the table. `reserve(state)` makes room for what the new
/// state needs elsewhere; when it cannot, nothing is merged and `refused` set. `change` is touched
/// only when something changed: neither then, nor with the outcomes `known` and `outside_window`.
/// `final_death` is that of config::experiment.
template <class Reserve>
[[nodiscard]] merge_outcome apply(member_table& table, row_index at, const wire::fact& fact,
                                  Reserve reserve, transition& change, bool& refused,
                                  bool final_death = false) noexcept {
  belief<std::uint32_t, endpoint> held = belief_of(table, at);
  const merge_outcome outcome =
      final_death ? merge_finally(held, belief_of(fact)) : merge(held, belief_of(fact));
  if (outcome == merge_outcome::known || outcome == merge_outcome::outside_window) return outcome;
  const bool roomy = (held.place_incarnation == held.incarnation || table.try_reserve_note(at)) &&
                     (table.is_at(at, held.address) || table.try_reserve_address(held.address));
  refused = !roomy || !reserve(held.state);
  if (refused) return outcome;
  change = replace(table, at, held);
  change.accuser = fact.accuser;
  return outcome;
}

}  // namespace v1
}  // namespace flotilla
