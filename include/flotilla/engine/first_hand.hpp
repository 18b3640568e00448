// flotilla/engine/first_hand.hpp - what a member says itself, in answer to our question
// Rules (a), (b) and (d) of "own word", and how strangers become members.
#pragma once

#include <flotilla/engine.hpp>

namespace flotilla {
inline namespace v1 {

namespace detail {

/// The address in the sender's own alive fact, if it has introduced itself; otherwise none.
[[nodiscard]] inline endpoint introduced_at(std::span<const std::byte> facts,
                                            member_id sender) noexcept {
  wire::fact_reader reader{facts};
  wire::fact fact;
  for (;;) {
    const wire::fact_read read = reader.next(fact);
    if (read == wire::fact_read::end || read == wire::fact_read::malformed) return endpoint{};
    if (read == wire::fact_read::fact && fact.subject == sender &&
        fact.state == member_state::alive) {
      return fact.address;
    }
  }
}

}  // namespace detail

inline void engine::hear_first_hand(const inbound& in, const pending_ping& asked,
                                    flotilla::incarnation number) noexcept {
  const member_id id = in.head.sender;
  const row_index at = row_of_sender(in);
  if (at == no_row) {
    // Without its own fact there is no address to believe: it may have moved since it was asked.
    const endpoint introduced = detail::introduced_at(in.facts, in.head.sender);
    if (introduced != endpoint{}) {
      meet(id, number, introduced, introduced == asked.to && in.from == asked.to);
    } else if (!s_.denied.contains(id)) {
      verify(id, in.from);
    }
    return;
  }
  row& r = s_.table[at];
  const bool where_asked = s_.table.is_at(at, asked.to);
  if (where_asked) r.broken_rounds = 0;
  if (in.from == asked.to && where_asked) {
    r.proven = true;
    settle(at);
    settle_doubt(id, asked.asked);
  }
  // Nearly always it says what we hold.
  if (r.state == member_state::alive && r.incarnation == number && wire::holds_no_fact(in.facts)) {
    ++stats_.facts_known;
    return;
  }
  const first_hand_answer answer = judge_first_hand(r.incarnation, r.state, number);
  if (answer == first_hand_answer::life) {
    note_life_of_suspect(at);
    return;
  }
  const endpoint introduced = detail::introduced_at(in.facts, in.head.sender);
  // (b) The one exception to "never decreases": direct, from the address probed, in answer to our
  // own number. What we hold is then somebody's invention, or from a life long past.
  if (answer == first_hand_answer::adopt) {
    // At another address only when the one that we hold does not answer.
    const bool silent = r.state != member_state::alive || r.broken_rounds != 0;
    const bool there = where_asked || (silent && introduced == asked.to);
    if (in.from == asked.to && there) {
      adopt(at, number, introduced == endpoint{} ? asked.to : introduced);
    }
    return;
  }
  // (a) Otherwise it merges like any fact. If it is behind what we hold, it lowers nothing; the
  // member was told with our ping, or will be with the next. Where it is reached at a new
  // incarnation is for its own fact to say: the address that has just answered may be the one it is
  // moving from.
  absorb_known(at, {id, number, member_state::alive, introduced, {}}, provenance::first_hand);
}

/// (d) The suspect lives but has not heard of the accusation: ask again at once, with it, and let
/// no verdict fall over the answer.
inline void engine::note_life_of_suspect(row_index at) noexcept {
  if (!s_.settings.experiment.buddy) return;
  s_.suspicions[s_.table[at].timer()].acked = true;
  contact(at, s_.table.address(at));
}

/// A stranger has answered our own number and says to live at `address`. `proven`: the answer came
/// from there, so whoever else we held to be there is not.
inline void engine::meet(member_id id, flotilla::incarnation number, const endpoint& address,
                         bool proven) noexcept {
  if (address == s_.table.own_address() || s_.denied.contains(id)) return;
  if (s_.absent.overridden(id, number, s_.settings.experiment.final_death)) {
    ++stats_.facts_of_the_absent;  // it has been told with our ping and will raise itself
    return;
  }
  const row_index former = s_.table.find_active_at(address);
  if (former != no_row && !proven) return;
  if (!admit({id, number, member_state::alive, address, {}}, provenance::first_hand)) return;
  s_.table[s_.table.find(id)].proven = proven;
  if (former == no_row) return;
  ++stats_.members_replaced;
  evidence ours;
  ours.accuser = s_.self().id;
  verdict(former, member_state::dead, ours.accuser, ours, true);
}

inline void engine::adopt(row_index at, flotilla::incarnation number,
                          const endpoint& address) noexcept {
  if (s_.settings.experiment.final_death && s_.table[at].state == member_state::dead) return;
  if (!reserve(member_state::alive) || !s_.table.try_reserve_address(address)) {
    ++stats_.facts_refused_memory;
    return;
  }
  ++stats_.adoptions;
  const bool was_alive = s_.table[at].state == member_state::alive;
  const transition change =
      replace(s_.table, at, {number, member_state::alive, true, number, address});
  commit(change, provenance::first_hand, evidence{});
  if (was_alive && !change.address_changed) tell(member_updated{s_.table.snapshot(at)});
}

}  // namespace v1
}  // namespace flotilla
