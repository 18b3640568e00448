// flotilla/engine/probing.hpp - the protocol period, and the timers of detection (SWIM,
// section 3.1) What the rooms of detection/ decide is carried out here: asking, accusing, judging,
// forgetting.
#pragma once

#include <flotilla/engine.hpp>

namespace flotilla {
inline namespace v1 {

[[gnu::noinline]] inline void engine::run_period() noexcept {
  end_round();
  ++s_.period;
  s_.table.clear_old_marks(s_.period);
  if (!calm_) renew_allowances();
  // A period that is on time keeps its beat; after a delay the beat starts anew: no stacked
  // periods.
  const bool on_time = detail::elapsed(s_.period_due, s_.now) <= s_.settings.tick_granularity;
  const std::uint32_t jitter = s_.settings.period_jitter_percent * 10;  // per mille
  const auto per_mille = static_cast<std::int64_t>(1000 + s_.random.below(2 * jitter + 1)) -
                         static_cast<std::int64_t>(jitter);
  const duration length = s_.health.stretch(s_.settings.protocol_period / 1000 * per_mille);
  s_.period_due = detail::later(detail::saturating_add(on_time ? s_.period_due : s_.now, length),
                                detail::saturating_add(s_.now, patience()));
  if (!calm_) check_hearsay();
  begin_round();
  if (!calm_) spread_backlog();
  if (s_.healing.size() != 0) try_healing();
  FLOTILLA_EXPECT(!calm_ || is_calm());
  if (!calm_) calm_ = is_calm();
}

[[gnu::noinline]] inline void engine::renew_allowances() noexcept {
  renew_serving();
  s_.answers_left = s_.requests_left = s_.settings.max_chunks;
  begin_newcomers_period();
}

/// Asks one of those who are held absent, if its time has come.
[[gnu::noinline]] inline void engine::try_healing() noexcept {
  reservoir::entry dead;
  if (s_.healing.next(s_.now, s_.random, dead)) {
    ++stats_.healing_attempts;
    outgoing ping;
    ping.facts = cargo::own;
    ping.to = dead.address;
    ping.subject = dead.id;  // told of its death, if it is still there
    ping.introduce = true;
    ping.tell = true;
    ping.sequence = s_.pending.ask(ping_purpose::heal, member_id{}, dead.address, s_.now);
    send_own(ping);
  }
}

/// How long our ping may take to be answered before helpers are asked.
inline duration engine::direct_patience() const noexcept {
  return s_.health.stretch(adapted_direct_timeout(s_.settings, s_.round_trips));
}

/// How long those whom we ask may take, helpers and whoever was asked while we were away.
inline duration engine::patience() const noexcept {
  return s_.health.stretch(s_.settings.direct_timeout);
}

/// Begins a probe of the next member in turn; a check before a verdict goes first, and the turn
/// waits.
[[gnu::always_inline]] inline void engine::begin_round() noexcept {
  row_index at = s_.suspicions.empty() ? no_row : next_check();
  if (at != no_row) {
    if (s_.table[at].hearsay) s_.order.take_heard_turn();
    ++stats_.checks;
  } else {
    at = s_.settings.experiment.round_robin ? s_.order.next(s_.table, s_.random)
                                            : s_.order.any(s_.random);
  }
  if (at == no_row) {
    s_.round.clear();
    s_.health.improve();  // with nobody there, nothing speaks against us
    return;
  }
  ++stats_.probes;
  const row& r = s_.table[at];
  const endpoint to = s_.table.address(at);
  const std::uint32_t sequence = s_.pending.ask(ping_purpose::probe, r.id, to, s_.now);
  s_.round.begin(r, at, sequence, s_.now, direct_patience());
  outgoing* const ping = s_.waiting.add_own();
  if (ping == nullptr) {
    ++stats_.transmits_dropped;
    return;
  }
  ping->to = to;
  ping->target = r.id;
  ping->cursor = at;
  ping->compare = compares_views();
  ping->sequence = sequence;
}

/// The direct time-out has passed: helpers are asked, and given a direct time-out of their own even
/// when this tick came late.
[[gnu::noinline]] inline void engine::ask_helpers() noexcept {
  s_.round.direct_due = time_point::max();
  const row_index at = s_.table.find(s_.round.subject);
  const bool wanted = s_.settings.helpers != 0 && s_.settings.experiment.helpers;
  if (at == no_row || !s_.round.pulled || !wanted || silent_to_many(at)) return;
  s_.round.helpers = pick_helpers(s_.table, s_.order, at, s_.settings.helpers, s_.random);
  if (s_.round.helpers.count == 0) return;
  s_.period_due = detail::later(s_.period_due, detail::saturating_add(s_.now, patience()));
  s_.round.helpers_asked = s_.now;
  s_.round.request_sequence =
      s_.pending.ask(ping_purpose::request, s_.round.subject, s_.table.address(at), s_.now);
  for (std::uint32_t i = 0; i < s_.round.helpers.count; ++i) {
    outgoing request;
    request.kind = wire::message_kind::ping_request;
    request.target = s_.round.helpers.ids[i];
    request.to = s_.table.address(s_.table.find(request.target));
    request.subject = s_.round.subject;
    request.sequence = s_.round.request_sequence;
    send_own(request);
  }
}

inline void engine::end_round() noexcept {
  const probe_round::outcome outcome = s_.round.result();
  if (outcome == probe_round::outcome::failed) {
    fail_round();
    return;
  }
  if (outcome == probe_round::outcome::answered) s_.health.improve();
  if (outcome == probe_round::outcome::unsent) ++stats_.probes_unsent;
  s_.round.active = false;
}

/// The round has ended without an answer, although our ping has left in time.
[[gnu::noinline]] inline void engine::fail_round() noexcept {
  disturb();
  const probe_round ended = s_.round;
  s_.round.clear();
  ++stats_.probes_failed;
  const row_index probed = s_.table.find(ended.subject);
  if (!accused_by_others(ended.subject) && !(probed != no_row && is_doubtful(probed))) {
    const std::uint32_t expected = s_.settings.experiment.nacks ? ended.helpers.count : 0;
    s_.health.worsen(blame_of_failed_probe(expected, ended.helpers.nacks()),
                     s_.settings.local_health_max);
  }
  s_.deaf = s_.deaf || heard_nobody(ended);
  if (holds_for_silence()) {
    ++stats_.probes_unheard;
    return;
  }
  if (knows_too_few()) return;
  const row_index at = s_.table.find(ended.subject);
  if (at == no_row) return;
  // Bound to the incarnation that was probed: who has spoken up since, or left, is not accused
  // (S8).
  const row& r = s_.table[at];
  note_failed_check(at, ended);
  const bool suspects = s_.settings.experiment.suspicion;
  const bool accusable = r.state == member_state::alive || (!suspects && is_active(r.state));
  if (!accusable || r.incarnation != ended.incarnation) return;
  const evidence ours{s_.self().id, ended.sequence, to_caller(s_.now), 0, s_.health.score()};
  verdict(at, suspects ? member_state::suspect : member_state::dead, s_.self().id, ours, true);
}

/// True for a suspect that somebody else finds silent as well: then it is hardly our fault, however
/// many helpers have died with it.
inline bool engine::accused_by_others(member_id subject) const noexcept {
  const row_index at = s_.table.find(subject);
  if (at == no_row || s_.table[at].state != member_state::suspect) return false;
  const suspicion& record = s_.suspicions[s_.table[at].timer()];
  return record.accuser(s_.self().id) != s_.self().id || record.confirmations != 0;
}

/// True for a suspect whom enough others accuse, where nothing speaks against ourselves. Helpers
/// are for the case that it is our path that is broken; so many have tried theirs already, and a
/// crash would cost nine more datagrams at each of all members.
inline bool engine::silent_to_many(row_index at) const noexcept {
  if (s_.table[at].state != member_state::suspect || s_.health.score() != 0) return false;
  return s_.suspicions[s_.table[at].timer()].confirmed();
}

inline void engine::run_suspicions() noexcept {
  for (std::uint32_t i = 0; i < engine_state::max_timers_per_tick && verdict_due() <= s_.now; ++i) {
    const detail::timer_ref due = s_.suspicions.top();
    suspicion& record = s_.suspicions[due];
    if (awaits_direct_check(due)) continue;
    record.expired = true;
    if (record.acked) {
      // It has answered since, only not to the accusation. Ask once more; silence is then decisive.
      record.begin_anew();
      ++stats_.verdicts_deferred;
      s_.suspicions.reschedule(due, detail::saturating_add(s_.now, s_.settings.protocol_period));
      // Asked in any case, or its silence means nothing.
      s_.table[record.subject()].set_contacted_in(0);
      contact(record.subject(), s_.table.address(record.subject()));
      continue;
    }
    if (awaits_others(due) || awaits_check(due)) continue;
    ++stats_.verdicts;
    const evidence ours{record.accuser(s_.self().id), record.probe(), to_caller(record.since),
                        record.weight(), s_.health.score()};
    const row_index subject = record.subject();
    if (!reserve(member_state::dead)) {
      ++stats_.facts_refused_memory;
      s_.suspicions.reschedule(due, detail::saturating_add(s_.now, s_.settings.protocol_period));
      continue;
    }
    // The fact names whose probe failed, not who was first to lose patience.
    verdict(subject, member_state::dead, ours.accuser, ours, true);
  }
}

inline void engine::run_tombstones() noexcept {
  for (std::uint32_t i = 0;
       i < engine_state::max_timers_per_tick && s_.tombstones.earliest() <= s_.now; ++i) {
    const detail::timer_ref due = s_.tombstones.top();
    const row_index subject = s_.tombstones[due].subject();
    if (s_.denied.contains(s_.table[subject].id)) {
      // An evicted member is shown as left for as long as it is evicted.
      s_.tombstones.reschedule(due, detail::saturating_add(s_.now, s_.settings.tombstone_lifetime));
      continue;
    }
    forget(subject);
  }
}

inline void engine::run_relays() noexcept {
  for (std::size_t slot = s_.relays.find_due(s_.now); slot != relay_table::capacity;
       slot = s_.relays.find_due(s_.now)) {
    outgoing reply;
    reply.kind = wire::message_kind::nack;
    reply.sequence = s_.relays[slot].requester_sequence;
    reply.to = s_.relays[slot].requester_address;
    reply.target = s_.relays[slot].requester;
    s_.relays.close(slot);
    if (s_.settings.experiment.nacks) send_caused(reply);
  }
}

/// Asks a member directly, with what we hold of it; at most once a period each.
inline void engine::contact(row_index at, const endpoint& where, std::uint8_t reference) noexcept {
  row& r = s_.table[at];
  if (r.contacted_in() == member_table::mark_of(s_.period) || at == member_table::self_row ||
      s_.denied.contains(r.id) || s_.life != engine_life::running) {
    return;
  }
  r.set_contacted_in(member_table::mark_of(s_.period));
  outgoing ping;
  ping.tell = true;
  ping.introduce = true;
  ping.to = where;
  ping.target = r.id;
  const bool sure = is_active(r.state) && r.proven && s_.table.is_at(at, where);
  ping.facts = sure ? cargo::gossip : cargo::about_target;
  const ping_purpose why = in_crowd(at) ? ping_purpose::hearsay : ping_purpose::recheck;
  ping.sequence = s_.pending.ask(why, r.id, where, s_.now, reference);
  send_caused(ping);
}

}  // namespace v1
}  // namespace flotilla
