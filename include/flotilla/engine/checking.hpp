// flotilla/engine/checking.hpp - a verdict needs a check of our own, and others (extension)
// When a suspect is asked once more, and what its silence then means.
#pragma once

#include <flotilla/engine.hpp>

namespace flotilla {
inline namespace v1 {

/// A timer that runs on whatever its subject answers has no use for a check.
inline bool engine::checks_verdicts() const noexcept {
  return s_.settings.checked_verdicts && s_.settings.experiment.timer_binding;
}

/// A check that begins now ends before `due`, and one that begins a period later might not.
inline bool engine::is_near(time_point due) const noexcept {
  const duration longest =
      s_.settings.protocol_period / 100 * (100 + s_.settings.period_jitter_percent);
  return due <= detail::saturating_add(s_.now, s_.health.stretch(2 * longest));
}

/// Asks a suspect directly, with the accusation and nothing else: gossip would be lost on it.
/// Returns the number that its answer will have.
inline std::uint32_t engine::ask_suspect(row_index at) noexcept {
  ++stats_.direct_checks;
  const row& r = s_.table[at];
  outgoing ping;
  ping.tell = true;
  ping.introduce = true;
  ping.to = s_.table.address(at);
  ping.target = r.id;
  ping.facts = cargo::about_target;
  const ping_purpose why = in_crowd(at) ? ping_purpose::hearsay : ping_purpose::recheck;
  ping.sequence = s_.pending.ask(why, r.id, ping.to, s_.now);
  send_own(ping);
  return ping.sequence;
}

/// True when it is not we who hear nothing: somebody was heard after that, or within a period.
inline bool engine::heard_since(time_point asked) const noexcept {
  const bool lately = detail::elapsed(s_.heard, s_.now) < s_.settings.protocol_period;
  return !s_.deaf && (lately || s_.heard > asked);
}

/// True for a suspect whom enough others accuse, and whom we have not found silent ourselves since.
inline bool engine::wants_direct_check(const suspicion& record) const noexcept {
  return checks_verdicts() && record.confirmed() && !record.checked && !record.asked;
}

/// When something is to be done about a suspicion: its verdict, or before that its direct check.
inline time_point engine::wake_time(const suspicion& record) const noexcept {
  const time_point verdict = verdict_time(record, record.weight());
  if (!wants_direct_check(record)) return verdict;
  if (!record.is_checking()) return detail::saturating_add(verdict, -patience());
  return detail::later(verdict, detail::saturating_add(record.check_asked, patience()));
}

/// A suspect whom enough others accuse is asked directly before the verdict, beside the probes of
/// the periods, which go on carrying gossip between those who are well. Answers find the suspicion
/// as any other does. Whoever has not answered by the verdict is silent, unless our ping did not
/// leave in time, or for a period nothing was heard from anybody else either. It is asked as late
/// as can be: of most deaths somebody else tells before. True when the verdict is still to come.
inline bool engine::awaits_direct_check(detail::timer_ref due) noexcept {
  suspicion& record = s_.suspicions[due];
  if (!checks_verdicts()) return false;
  if (!wants_direct_check(record)) {
    const time_point verdict = wake_time(record);  // our own probe has failed since
    if (verdict > s_.now) s_.suspicions.reschedule(due, verdict);
    return verdict > s_.now;
  }
  const bool again = record.is_checking() && wake_time(record) <= s_.now;
  if (again && record.check_left && heard_since(record.check_asked)) {
    record.asked = true;
    record.end_check();
    return false;
  }
  if (record.put_off == suspicion::max_put_off) return false;
  if (again || !record.is_checking()) {
    record.begin_check(ask_suspect(record.subject()), s_.now);
  }
  if (again) return false;  // as for any other check the verdict waits for the end of the period
  s_.suspicions.reschedule(due, wake_time(record));
  return true;
}

/// A ping that was pulled was the direct check of a suspect; like that of a round it counts only if
/// it left in time to be answered (law 3).
[[gnu::noinline]] inline void engine::note_check_left(const outgoing& ping) noexcept {
  const row_index at = s_.suspicions.empty() ? no_row : s_.table.find(ping.target);
  if (at == no_row || s_.table[at].state != member_state::suspect) return;
  suspicion& record = s_.suspicions[s_.table[at].timer()];
  if (!record.is_check(ping.sequence)) return;
  record.check_left = detail::elapsed(record.check_asked, s_.now) <= patience() / 2;
}

/// The suspect that is to be probed before its verdict, or no_row.
[[gnu::noinline]] inline row_index engine::next_check() const noexcept {
  if (!checks_verdicts()) return no_row;
  detail::timer_ref first = detail::no_timer;
  const std::uint32_t size = s_.suspicions.size();
  for (std::uint32_t i = 0; i < size && i < engine_state::max_timers_per_tick; ++i) {
    const detail::timer_ref at = s_.suspicions.nth(i);
    const suspicion& record = s_.suspicions[at];
    const bool done = record.checked || record.confirmed();
    if (done || !is_near(s_.suspicions.due(at))) continue;
    if (in_crowd(record.subject()) || must_wait(record.subject())) continue;
    if (first == detail::no_timer || s_.suspicions.due(at) < s_.suspicions.due(first)) first = at;
  }
  return first == detail::no_timer ? no_row : s_.suspicions[first].subject();
}

/// A round that began after the suspicion did is the check that its verdict needs.
inline void engine::note_failed_check(row_index at, const probe_round& ended) noexcept {
  const row& r = s_.table[at];
  if (r.state != member_state::suspect || r.incarnation != ended.incarnation) return;
  suspicion& record = s_.suspicions[r.timer()];
  if (ended.started >= record.since) record.checked = true;
  const bool sooner = record.doubtful != 0 || record.is_checking();
  record.doubtful = 0;
  if (sooner) hasten(r.timer());
  join_accusers(at);
}

/// True when the verdict that is due has been put off until the round under way has ended.
inline bool engine::awaits_check(detail::timer_ref due) noexcept {
  suspicion& record = s_.suspicions[due];
  if (in_crowd(record.subject())) return awaits_answer(due);
  const bool checked = record.checked || (record.asked && record.confirmed());
  if (!checks_verdicts() || checked) return false;
  if (record.put_off == suspicion::max_put_off) {
    ++stats_.verdicts_unchecked;
    return false;
  }
  ++record.put_off;
  s_.suspicions.reschedule(due, s_.period_due);
  return true;
}

/// True when hardly anybody else accuses the suspect whose verdict is due, while there are signs
/// that it is we who are cut off from others: a real crash is found by all of them, and we hear
/// from them, so one that they have not found by now is most likely none. Then it waits for more
/// of them, a period at a time and for a bounded number, in each of which the suspect is asked.
/// Who hears from nobody has nobody to wait for, nor has a group too small for confirmations.
inline bool engine::awaits_others(detail::timer_ref due) noexcept {
  suspicion& record = s_.suspicions[due];
  const bool unwell = record.alone != 0 || s_.health.score() != 0;
  const bool others =
      s_.heard > record.since && confirmations_wanted(s_.settings, group_size()) != 0;
  const bool waits = unwell && others && checks_verdicts() &&
                     s_.settings.experiment.waiting_for_others &&
                     record.alone < record.most_waits_alone();
  // Whoever confirms it must not put it off (S9): without them it would have ended by then.
  const time_point most = record.weight() == 0 ? time_point::max() : verdict_time(record, 0);
  if (!waits || most <= s_.now) return false;
  ++record.alone;
  static_cast<void>(ask_suspect(record.subject()));
  const time_point again = detail::saturating_add(s_.now, s_.settings.protocol_period);
  s_.suspicions.reschedule(due, detail::earlier(again, most));
  return true;
}

}  // namespace v1
}  // namespace flotilla
