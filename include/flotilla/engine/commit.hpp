// flotilla/engine/commit.hpp - the one place where a change of the table reaches the other rooms
// Timers, probe order, queues, reservoir and events follow from the transition, and from nothing
// else.
#pragma once

#include <flotilla/engine.hpp>

namespace flotilla {
inline namespace v1 {

/// Makes room for all that a member in `state` needs, before anything is changed.
inline bool engine::reserve(member_state state) noexcept {
  const bool active = is_active(state);
  constexpr std::size_t events_at_most = 2;
  return s_.events.try_reserve(events_at_most) && s_.urgent.try_reserve_one() &&
         s_.membership.try_reserve_one() && s_.hearsay.try_reserve_one() &&
         (!active || s_.order.try_reserve(1)) &&
         (state != member_state::suspect || s_.suspicions.try_reserve_one()) &&
         (active || (s_.tombstones.try_reserve_one() && s_.healing.try_reserve()));
}

/// Adds a member that is not in the table. False, counted and nothing changed, without room.
inline bool engine::admit(const wire::fact& fact, provenance from) noexcept {
  if (s_.table.full()) {
    ++stats_.members_refused_table_full;
    s_.limits.refuse(refusal_reason::table_full);
    return false;
  }
  row_index at = no_row;
  if (reserve(member_state::alive)) {
    at = s_.table.add({fact.subject, fact.address, fact.incarnation, member_state::alive});
  }
  if (at == no_row) {
    ++stats_.members_refused_memory;
    s_.limits.refuse(refusal_reason::memory);
    return false;
  }
  s_.absent.forget(fact.subject);
  enter(at, from);
  s_.order.place_arrivals(s_.table);
  return true;
}

/// A member has been added. What follows from it reaches the other rooms here, as that of a
/// transition does in commit(); but its place in the probe order it takes with the others that have
/// arrived, which the caller sees to.
inline void engine::enter(row_index at, provenance from) noexcept {
  ++stats_.facts_merged;
  row& r = s_.table[at];
  r.hearsay = s_.settings.doubt_hearsay && is_hearsay(from);
  if (at < s_.digested && !s_.ranges.add(s_.table, at, s_.digested)) ++stats_.ranges_crowded;
  s_.order.arrive(s_.table, at, s_.random);
  tell(member_joined{s_.table.snapshot(at), 0});
  if (is_news(from, s_.join.bridging) && !in_crowd(at)) requeue(at, false);
  if (from == provenance::first_hand) {
    s_.order.place_arrivals(s_.table);
    tell_everybody(at);
  }
  if (s_.healing.size() != 0) s_.healing.remove(r.id, s_.table.address(at));
}

/// Our own verdict or command about an active member. `told`: to be passed on to others.
inline void engine::verdict(row_index at, member_state state, member_id accuser,
                            const evidence& ours, bool told) noexcept {
  if (!reserve(state)) {
    ++stats_.facts_refused_memory;
    return;
  }
  belief<std::uint32_t, endpoint> now = belief_of(s_.table, at);
  now.state = state;
  transition change = replace(s_.table, at, now);
  change.accuser = accuser;
  commit(change, provenance::local, ours);
  if (told)
    tell_everybody(at);
  else
    unqueue(at);
}

inline void engine::commit(const transition& change, provenance from,
                           const evidence& ours) noexcept {
  row& r = s_.table[change.at];
  const bool active = is_active(r.state);
  digest(change);
  if (change.before_active && r.state == member_state::dead) penalize(change.at);
  // First of all it counts as a member: how long a suspicion lasts depends on how many there are.
  if (active && r.order_at() == no_row) s_.order.insert(s_.table, change.at, s_.random);
  announce(change, ours);
  if (change.verdict_changed) retime(change, ours);
  if (!active) s_.order.remove(s_.table, change.at);
  // A farewell or a death in a transfer may have reached nobody else (L9).
  const bool news = is_news(from, s_.join.bridging) || (from == provenance::transfer && !active);
  // Accusations and farewells carry no address: where such a member was is not told anew (S14).
  const bool shown = change.verdict_changed || r.state == member_state::alive;
  if (r.state == member_state::alive && !r.placed()) {
    unqueue(change.at);
  } else if (news && shown) {
    const bool refuted =
        r.state == member_state::alive && change.before_state != member_state::alive;
    requeue(change.at, refuted || r.state == member_state::left);
    if (from == provenance::first_hand && !change.before_active) tell_everybody(change.at);
  }
  // Whoever is held absent is tried again, and so is an address that a member once answered from:
  // the death, the farewell or the move may be somebody's invention, and then nobody else would
  // ask.
  const duration wait = s_.settings.healing_interval;
  const bool moved = change.proven_before != endpoint{};
  if (moved && !s_.healing.add(r.id, change.proven_before, s_.now, wait)) {
    ++stats_.notes_refused_memory;
  }
  if (active) {
    s_.healing.remove(r.id, s_.table.address(change.at));
  } else if (!r.hearsay || s_.healing.size() < reservoir::capacity / 4) {
    // Of those that nobody here has ever met only a few: they must not displace the others.
    s_.healing.add(r.id, s_.table.address(change.at), s_.now, wait);
  }
}

/// The digests of ranges as they are to be read. New rows enter them here: a whole group that is
/// learnt at once is digested once, in a tree of the right depth, and only if somebody compares.
inline const range_digest& engine::ranges() noexcept {
  const row_index end = s_.table.end();
  if (s_.digested == end) return s_.ranges;
  s_.ranges.expect(s_.table, end - s_.digested, s_.digested);
  for (; s_.digested != end; ++s_.digested) {
    const row& r = s_.table[s_.digested];
    if (r.id == member_id{} || !is_active(r.state)) continue;
    if (!s_.ranges.add(s_.table, s_.digested, s_.digested)) ++stats_.ranges_crowded;
  }
  return s_.ranges;
}

/// Keeps the digests of ranges in step: suspicion alone does not change them.
inline void engine::digest(const transition& change) noexcept {
  if (change.at >= s_.digested) return;
  const row& r = s_.table[change.at];
  const bool was_there = change.before_active;
  const bool active = is_active(r.state);
  const bool moved =
      change.address_changed || change.before_place != s_.table.place_incarnation(change.at);
  if (was_there && active && !moved) return;
  if (was_there) {
    s_.ranges.remove(s_.table, change.at, change.before_place, change.before_address);
  }
  if (active && !s_.ranges.add(s_.table, change.at, s_.digested)) ++stats_.ranges_crowded;
}

/// What this engine says of itself changes: nobody is told by this.
inline void engine::restate(flotilla::incarnation number, const endpoint& address,
                            member_state state) noexcept {
  row& r = s_.self();
  const bool digested = s_.digested != 0;
  if (digested && is_active(r.state)) {
    s_.ranges.remove(s_.table, member_table::self_row,
                     s_.table.place_incarnation(member_table::self_row), s_.table.own_address());
  }
  s_.table.set_incarnations(member_table::self_row, number, number);
  if (s_.table.own_address() != address) s_.table.set_address(member_table::self_row, address);
  if (r.state != state) s_.table.set_state(member_table::self_row, state);
  if (digested && is_active(state)) {
    s_.ranges.add(s_.table, member_table::self_row, s_.digested);
  }
}

/// Ends the timer of the former state and starts that of the new one: no timer outlives the
/// (member, incarnation) that it was started for (S8). Unless experiment::timer_binding is off:
/// then a suspicion's runs on for as long as the member is active, whatever it has answered.
inline void engine::retime(const transition& change, const evidence& ours) noexcept {
  row& r = s_.table[change.at];
  const bool suspicion_ran = r.timer() != detail::no_timer && is_active(change.before_state);
  const bool runs_on = suspicion_ran && is_active(r.state) && !s_.settings.experiment.timer_binding;
  if (runs_on) {
    s_.suspicions[r.timer()].acked = false;
  } else if (r.timer() != detail::no_timer) {
    if (suspicion_ran) {
      const suspicion& ended = s_.suspicions[r.timer()];
      const bool found_by_one = ended.confirmations == 0 && !ended.failed_here(s_.self().id);
      if (r.state == member_state::alive && found_by_one) contradict(ended.accuser(s_.self().id));
      s_.suspicions.remove(r.timer());
    } else {
      s_.tombstones.remove(r.timer());
    }
    r.set_timer(detail::no_timer);
  }
  if (r.state == member_state::alive) return;
  if (r.state == member_state::suspect) {
    ++stats_.suspicions;
    suspicion record;
    record.set_subject(change.at);
    record.set_accuser(change.accuser, s_.self().id, ours.probe);
    record.since = s_.now;
    record.logarithm = detail::ceil_ln_plus_one(group_size()) & 31U;
    // Without the binding it is the classic fixed timer, which nobody confirms.
    // Nor does anybody confirm one of a crowd.
    if (s_.settings.experiment.timer_binding && !in_crowd(change.at)) {
      record.set_wanted(confirmations_wanted(s_.settings, group_size()));
    }
    if (runs_on) {
      s_.suspicions.replace(r.timer(), record);
      return;
    }
    r.set_timer(s_.suspicions.add(verdict_time(record, record.weight()), record));
    return;
  }
  r.set_timer(s_.tombstones.add(detail::saturating_add(s_.now, s_.settings.tombstone_lifetime),
                                {change.at, change.accuser}));
}

/// When the suspicion runs out, if it is confirmed by so many.
inline time_point engine::verdict_time(const suspicion& record,
                                       std::uint8_t confirmed) const noexcept {
  const duration least = record.least(s_.settings);
  const duration longest = detail::saturating_multiply(least, s_.settings.suspicion_max_multiplier);
  return detail::saturating_add(record.since,
                                shrunk_suspicion(least, longest, confirmed, record.wanted()));
}

/// Somebody else accuses a suspect as well: the time-out shrinks, and the accusation is passed on
/// (Lifeguard), for others may lack this very one.
inline void engine::confirm(row_index at, member_id accuser, provenance from) noexcept {
  const detail::timer_ref timer = s_.table[at].timer();
  suspicion& record = s_.suspicions[timer];
  const bool counts = record.failed_here(s_.self().id) || !has_no_weight(accuser);
  if (accuser == s_.self().id || !record.confirm(accuser, s_.self().id, counts) ||
      record.wanted() == 0)
    return;
  if (!counts) return;
  if (s_.settings.experiment.passing_on_confirmations) {
    record.told = accuser;
    if (!is_pulled(from)) requeue(at, false);
  }
  hasten(timer);
}

/// More confirmations count: the verdict comes sooner.
inline void engine::hasten(detail::timer_ref timer) noexcept {
  const suspicion& record = s_.suspicions[timer];
  // Not in the past: nobody has missed that deadline.
  if (!record.expired) {
    s_.suspicions.reschedule(timer, detail::later(wake_time(record), s_.now));
  }
}

/// Our own probe of a suspect has failed as well. To ourselves it confirms nothing, lest one member
/// count for two; to others it is one more accusation.
inline void engine::join_accusers(row_index at) noexcept {
  suspicion& record = s_.suspicions[s_.table[at].timer()];
  if (record.wanted() == 0 || record.joined || record.accuser(s_.self().id) == s_.self().id) return;
  record.joined = true;
  record.told = s_.self().id;
  requeue(at, false);
}

/// Puts the member's fact, as it stands now, at the head of its queue; an older one is superseded.
inline void engine::requeue(row_index at, bool urgent) noexcept {
  if (s_.settings.experiment.multicast) return;  // nothing is ever queued: see tell_everybody
  unqueue(at);
  // Nor is one of a crowd passed on before it has answered somebody (settle): it is for everyone to
  // find out.
  if (in_crowd(at)) return;
  gossip_queue& queue = urgent ? s_.urgent : (s_.table[at].hearsay ? s_.hearsay : s_.membership);
  if (queue.try_reserve_one())
    queue.push(s_.table, at);
  else
    ++stats_.facts_unqueued;
}

inline void engine::unqueue(row_index at) noexcept {
  const gossip_class queued = s_.table[at].queued();
  if (queued == gossip_class::urgent) s_.urgent.remove(s_.table, at);
  if (queued == gossip_class::membership) s_.membership.remove(s_.table, at);
  if (queued == gossip_class::hearsay) s_.hearsay.remove(s_.table, at);
}

/// What is left of a member's penalty for its failures.
inline std::uint32_t engine::flap_penalty(row_index at) const noexcept {
  const row_note note = s_.table.note_of(at);
  return decayed_penalty(note.penalty, detail::elapsed(note.penalized, s_.now),
                         s_.settings.flap_half_life);
}

inline void engine::penalize(row_index at) noexcept {
  if (s_.settings.flap_half_life == duration::zero()) return;
  const std::uint32_t sum = flap_penalty(at) + flap_penalty_of_failure;
  row_note note = s_.table.note_of(at);
  note.penalty = static_cast<std::uint16_t>(sum < max_flap_penalty ? sum : max_flap_penalty);
  note.penalized = s_.now;
  take_note(at, note);
}

/// What there is no memory for is not noted, and counted.
inline void engine::take_note(row_index at, const row_note& note) noexcept {
  if (s_.table.try_reserve_note(at))
    s_.table.set_note(at, note);
  else
    ++stats_.notes_refused_memory;
}

/// One member's events alternate: it joins before it can fail or leave again (S13).
inline void engine::announce(const transition& change, const evidence& ours) noexcept {
  const member now = s_.table.snapshot(change.at);
  const bool was_there = change.before_active;
  const bool same_state = change.before_state == now.state;
  const bool returned =
      !was_there && (is_active(now.state) || (change.before_state == member_state::left &&
                                              now.state == member_state::dead));
  if (returned) {
    member joined = now;
    joined.state = member_state::alive;
    tell(member_joined{joined, flap_penalty(change.at)});
  }
  if (change.address_changed && !returned) tell(member_updated{now});
  if (same_state) return;
  switch (now.state) {
    case member_state::alive:
      if (was_there) tell(member_recovered{now});
      return;
    case member_state::suspect: tell(member_suspected{now, ours}); return;
    case member_state::dead: tell(member_failed{now, ours}); return;
    case member_state::left: tell(member_left{now}); return;
  }
}

template <class Event>
void engine::tell(const Event& what) noexcept {
  ++(s_.events.push(what) ? stats_.events : stats_.events_dropped);
}

/// Takes a member out of the table and of every other room.
inline void engine::forget(row_index at) noexcept {
  row& r = s_.table[at];
  tell(member_forgotten{s_.table.snapshot(at)});
  if (r.state == member_state::left) s_.healing.remove(r.id, s_.table.address(at));
  unqueue(at);
  s_.order.remove(s_.table, at);
  if (r.timer() != detail::no_timer) s_.tombstones.remove(r.timer());
  s_.table.remove(at);
}

}  // namespace v1
}  // namespace flotilla
