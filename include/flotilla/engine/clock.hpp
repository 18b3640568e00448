// flotilla/engine/clock.hpp - engine time, deadlines, and what an absence means
// Time is what the last input said; it never runs backwards, and coming late is noticed (law 3, law
// 4).
#pragma once

#include <flotilla/engine.hpp>

namespace flotilla {
inline namespace v1 {

namespace detail {

/// Engine time stops one tick before time_point::max(), which stands for "never" in every timer.
inline constexpr time_point end_of_time = time_point::max() - duration{1};

/// The config of an inert engine: as little as possible, the identity as it was given.
[[nodiscard]] inline config inert_config(const config& broken) {
  config c;
  c.id = broken.id;
  c.address = broken.address;
  c.max_members = 1;
  c.max_datagram_size = min_datagram_size;
  c.max_denied = 0;
  c.max_absent = 0;
  c.healing_interval = duration::zero();
  return c;
}

/// How late an input is that ends an absence, in ns.
[[nodiscard]] constexpr std::uint64_t absence_after(const config& settings) noexcept {
  const duration longest = settings.direct_timeout + settings.tick_granularity;
  return static_cast<std::uint64_t>(longest.count());
}

}  // namespace detail

inline engine::engine(const config& settings, time_point now)
    : s_{settings.validate() == config_error::none ? settings : detail::inert_config(settings),
         settings.validate() == config_error::none ? engine_life::running : engine_life::inert,
         detail::earlier(now, detail::end_of_time)} {
  if (s_.life == engine_life::inert) return;
  s_.group_tag = wire::group_tag_of(s_.settings.cluster);
  // A group that is started at once begins its periods spread over one.
  const auto period = static_cast<std::uint64_t>(s_.settings.protocol_period.count());
  const std::uint64_t phase = period / 4096 * s_.random.below(4096);
  s_.period_due =
      detail::saturating_add(now, duration{static_cast<std::int64_t>(phase)} + duration{1});
  s_.repair_due = detail::saturating_add(now, s_.settings.repair_interval);
}

/// Nearly every input comes before anything is due: then time passes, and nothing else. False, and
/// nothing done, when something may be due, or the clock went backwards.
inline bool engine::advance_idly(time_point now) noexcept {
  if (now < s_.caller_now) return false;
  const std::uint64_t step = detail::distance(s_.caller_now, now);
  if (step >= quiet_) return false;
  quiet_ -= step;
  s_.caller_now = now;
  s_.now = detail::advanced(s_.now, step);
  return true;
}

/// The same when something is due, but not for so long that we have been away. What is due is
/// known: advance_idly has looked.
inline bool engine::advance_in_time(time_point now) noexcept {
  if (quiet_ == 0 || now < s_.caller_now) return false;
  const std::uint64_t step = detail::distance(s_.caller_now, now);
  if (step - quiet_ > detail::absence_after(s_.settings)) return false;
  const time_point then = detail::advanced(s_.now, step);
  if (then < s_.now || then > detail::end_of_time) return false;
  quiet_ = 0;
  s_.caller_now = now;
  s_.now = then;
  return true;
}

inline void engine::advance(time_point now) noexcept {
  s_.ticked = false;
  if (!advance_idly(now) && !advance_in_time(now)) advance_to(now);
}

/// The same when all may be: what is due may not be known, or we have been away.
[[gnu::noinline]] inline void engine::advance_to(time_point now) noexcept {
  if (now < s_.caller_now) {
    ++stats_.clock_went_backwards;
    s_.caller_now = now;
    return;
  }
  const time_point due = this->due();
  const duration step = detail::elapsed(s_.caller_now, now);
  s_.caller_now = now;
  s_.now = detail::earlier(detail::saturating_add(s_.now, step), detail::end_of_time);
  quiet_ = quiet_until(due);
  if (s_.life != engine_life::running) return;
  const duration late = detail::elapsed(due, s_.now);
  const bool away = static_cast<std::uint64_t>(late.count()) > detail::absence_after(s_.settings);
  if (!away || due == s_.missed || !s_.settings.experiment.late_inputs) return;
  s_.missed = due;  // one absence, however many datagrams are fed before the tick that ends it
  return_from_absence(late);
}

/// We were away: what we waited for may lie unread in the driver's socket. So nothing expires now;
/// the probe under way gets one more direct time-out, suspects are asked again, and no verdict
/// falls before a whole round has gone by.
inline void engine::return_from_absence(duration late) noexcept {
  ++stats_.late_inputs;
  disturb();
  if (late > s_.settings.tombstone_lifetime) {
    // Others have forgotten their dead since, and we still hold some of them alive: listen before
    // telling anything.
    s_.urgent.clear(s_.table);
    s_.membership.clear(s_.table);
    s_.hearsay.clear(s_.table);
    if (s_.settings.repair_interval != duration::zero()) {
      s_.repair.listening = true;
      s_.repair_due = s_.repair_rest = s_.now;
    }
  }
  s_.health.worsen(1, s_.settings.local_health_max);
  s_.asked.clear();
  probe_round& round = s_.round;
  const duration grace = patience();
  if (round.active && !round.answered && !round.extended) {
    round.extended = true;
    ++stats_.probes_extended;
    const bool helpers_to_come = round.direct_due != time_point::max();
    if (helpers_to_come) round.direct_due = detail::saturating_add(s_.now, grace);
    s_.period_due = detail::later(
        s_.period_due, detail::saturating_add(s_.now, helpers_to_come ? 2 * grace : grace));
  }
  s_.doubted.extend(detail::saturating_add(s_.now, grace));
  hold_verdicts(s_.health.stretch(s_.settings.protocol_period) + grace);
  forget_checks();
  ask_suspects_again();
}

/// A check from before our absence says nothing after it. How often verdicts are put off for new
/// ones stays bounded (suspicion::max_put_off), so who is always late still judges.
inline void engine::forget_checks() noexcept {
  const std::uint32_t suspects = s_.suspicions.size();
  for (std::uint32_t i = 0; i < suspects && i < engine_state::max_timers_per_tick; ++i) {
    suspicion& record = s_.suspicions[s_.suspicions.nth(i)];
    record.checked = record.asked = false;
  }
}

inline void engine::ask_suspects_again() noexcept {
  const std::uint32_t suspects = s_.suspicions.size();
  for (std::uint32_t i = 0; i < suspects && i < engine_state::max_timers_per_tick; ++i) {
    suspicion& record = s_.suspicions[s_.suspicions.nth(i)];
    record.check_left = false;  // its answer may be lost with the rest
    const row_index subject = record.subject();
    contact(subject, s_.table.address(subject));
  }
}

/// Our probe has failed. True when nobody was heard meanwhile who should have been: helpers answer
/// or say that they have no answer. Who had no helper to ask expects others' pings, of which one a
/// period comes on average; none in four has a chance of 2 %.
inline bool engine::heard_nobody(const probe_round& ended) const noexcept {
  if (!s_.settings.notice_silence || s_.group_size() <= 2) return false;
  const bool answers_due = ended.helpers.count != 0 && s_.settings.experiment.nacks;
  if (answers_due) return s_.heard < ended.helpers_asked;
  return detail::elapsed(s_.heard, s_.now) >= 4 * s_.settings.protocol_period;
}

/// While we are deaf no verdict falls, and the probe that has just failed accuses nobody; false
/// when that has lasted for as long as it may.
inline bool engine::holds_for_silence() noexcept {
  if (!s_.deaf) return false;
  hold_verdicts(2 * s_.health.stretch(s_.settings.protocol_period));
  return s_.hold_until > s_.now;
}

/// The silence is over. What was said meanwhile may lie in the driver's socket, or be under way. If
/// it has outlasted what verdicts are held for, some may have fallen that only it has caused.
inline void engine::hear_again(duration silence) noexcept {
  s_.deaf = false;
  disturb();
  if (silence > suspicion_timeout(s_.settings, s_.table.active())) recant();
  s_.round.pulled = false;  // what the round under way has sent may be lost: it accuses nobody
  hold_verdicts(s_.health.stretch(s_.settings.protocol_period) + patience());
  ask_suspects_again();
}

/// No verdict for `length` from now on. All holds together last at most one suspicion time-out, so
/// that a driver that is always late still reports every crash; as long without a hold ends the
/// count, unless nobody has been heard since.
inline void engine::hold_verdicts(duration length) noexcept {
  const duration most = suspicion_timeout(s_.settings, s_.group_size());
  const bool long_ago = detail::elapsed(s_.hold_until, s_.now) > most;
  if (long_ago && s_.heard > s_.hold_until) s_.held = duration::zero();
  const time_point from = detail::later(s_.hold_until, s_.now);
  const duration wanted = detail::elapsed(from, detail::saturating_add(s_.now, length));
  const duration left = most > s_.held ? most - s_.held : duration::zero();
  const duration granted = wanted < left ? wanted : left;
  s_.held += granted;
  if (granted > duration::zero()) s_.hold_until = detail::saturating_add(from, granted);
}

/// The first verdict, put off while we have just returned.
inline time_point engine::verdict_due() const noexcept {
  if (s_.suspicions.empty()) return time_point::max();
  return detail::later(s_.suspicions.earliest(), s_.hold_until);
}

/// What the protocol period waits for.
inline time_point engine::round_due() const noexcept {
  return detail::earlier(s_.period_due, s_.round.direct_due);
}

inline time_point engine::earliest() const noexcept {
  using detail::earlier;
  if (s_.life == engine_life::leaving) return earlier(s_.goodbye.earliest(), s_.relays.earliest());
  if (s_.life != engine_life::running) return time_point::max();
  time_point due = earlier(round_due(), verdict_due());
  due = earlier(due, s_.tombstones.earliest());
  due = earlier(due, s_.relays.earliest());
  due = earlier(due, s_.doubted.earliest());
  due = earlier(due, s_.join.earliest());
  due = earlier(due, s_.visiting.server.retry_due);
  return earlier(due, s_.repair.retry_due);
}

/// 0 when it is not later than now.
inline std::uint64_t engine::quiet_until(time_point due) const noexcept {
  return due > s_.now ? detail::distance(s_.now, due) : 0;
}

/// The same without looking at all timers again where nothing has moved one.
inline time_point engine::due() const noexcept {
  if (quiet_ != 0) {
    const time_point due = detail::advanced(s_.now, quiet_);
    FLOTILLA_EXPECT(due == earliest());
    return due;
  }
  const time_point due = calm_ ? round_due() : earliest();
  quiet_ = quiet_until(due);
  FLOTILLA_EXPECT(due == earliest());
  return due;
}

inline time_point engine::to_caller(time_point instant) const noexcept {
  if (instant == time_point::max()) return instant;
  if (instant >= s_.now) {
    return detail::saturating_add(s_.caller_now, detail::elapsed(s_.now, instant));
  }
  return detail::saturating_add(s_.caller_now, -detail::elapsed(instant, s_.now));
}

inline time_point engine::next_deadline() const noexcept {
  const time_point due = this->due();
  if (quiet_ != 0 && due != time_point::max()) {  // as far ahead by the caller's clock
    return detail::saturating_add(s_.caller_now, detail::elapsed(s_.now, due));
  }
  if (due == time_point::max()) return due;
  const time_point floor =
      s_.ticked ? detail::saturating_add(s_.caller_now, duration{1}) : s_.caller_now;
  return detail::later(to_caller(due), floor);
}

inline void engine::tick(time_point now) noexcept {
  if (advance_idly(now)) {
    s_.ticked = true;
  } else {
    run_timers(now);
  }
}

/// Something may be due.
[[gnu::noinline]] inline void engine::run_timers(time_point now) noexcept {
  if (!advance_in_time(now)) advance_to(now);
  s_.ticked = true;
  quiet_ = 0;
  if (calm_) {
    if (s_.round.direct_due <= s_.now) ask_helpers();
    if (s_.period_due <= s_.now) run_period();
  }
  if (!calm_) run_all_timers();
  quiet_ = quiet_until(calm_ ? round_due() : earliest());
}

[[gnu::noinline]] inline void engine::run_all_timers() noexcept {
  run_relays();
  if (s_.life == engine_life::leaving) run_farewell();
  if (s_.life != engine_life::running) return;
  run_doubted();  // before anybody is picked who is about to be held dead
  if (s_.round.direct_due <= s_.now) ask_helpers();
  if (s_.period_due <= s_.now) run_period();
  if (!s_.suspicions.empty()) run_suspicions();
  if (!s_.tombstones.empty()) run_tombstones();
  if (s_.join.active) run_join();
  if (s_.repair.retry_due <= s_.now) run_repair();
  if (s_.visiting.server.retry_due <= s_.now) run_visit();
}

}  // namespace v1
}  // namespace flotilla
