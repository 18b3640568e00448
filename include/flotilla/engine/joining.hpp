// flotilla/engine/joining.hpp - asking for the state of others (extension)
// Joining and repair pull the same chunks; engine/serving.hpp gives them.
#pragma once

#include <flotilla/engine.hpp>

namespace flotilla {
inline namespace v1 {

inline void engine::run_join() noexcept {
  if (s_.join.deadline <= s_.now) {
    end_join();
    return;
  }
  for (std::size_t i = 0; i < s_.join.count; ++i) {
    transfer& seed = s_.join.seeds[i];
    if (seed.retry_due > s_.now) continue;
    const bool elsewhere = seed.address != seed.home;
    if (elsewhere && seed.attempts >= transfer::max_attempts_elsewhere) {
      seed.move(seed.home, 0);
    } else if (seed.now == transfer::phase::pulling && seed.attempts >= transfer::max_attempts) {
      // It has fallen silent: ask whoever is there now, and let another seed have its turn. If it
      // is the same one still, we go on where we were.
      seed.now = transfer::phase::asking;
      request_state(seed, static_cast<std::uint8_t>(i));
      promote_seed();
      continue;
    }
    request_state(seed, static_cast<std::uint8_t>(i));
  }
}

inline void engine::request_state(transfer& from, std::uint8_t reference) noexcept {
  const bool pulling = from.now == transfer::phase::pulling;
  outgoing request;
  request.kind = pulling ? wire::message_kind::state_request : wire::message_kind::join_request;
  request.facts = cargo::own;
  request.to = from.address;
  request.target = pulling ? from.id : member_id{};
  request.cookie = pulling ? from.cookie : 0;
  request.cursor = from.cursor;
  from.sequence =
      s_.pending.ask(ping_purpose::transfer, request.target, from.address, s_.now, reference);
  request.sequence = from.sequence;
  if (from.attempts < 0xff) ++from.attempts;
  from.retry_due = detail::saturating_add(s_.now, from.patience(s_.settings.join_retry));
  send_own(request);
}

inline void engine::continue_join(std::size_t i, const wire::state_reply& message) noexcept {
  transfer& seed = s_.join.seeds[i];
  s_.join.answered = true;
  tell(join_progress{s_.table.active(), message.members});
  if (seed.now == transfer::phase::pulling) {
    if (message.next == wire::end_of_state) {
      complete_seed(i);
    } else {
      request_state(seed, static_cast<std::uint8_t>(i));
    }
    return;
  }
  const bool elsewhere = seed.address != seed.home;  // the seed's own word counts, whatever it is
  if (elsewhere && message.members < s_.join.expected - s_.join.expected / 8) {
    // Whom a busy seed has named knows far less than the seed: ask that for another.
    seed.move(seed.home, static_cast<std::uint8_t>(seed.hops + 1));
    wait_for_turn(seed);
    s_.join.pass_turn(i);
    return;
  }
  seed.stop(transfer::phase::waiting);
  promote_seed();
}

inline void engine::complete_seed(std::size_t i) noexcept {
  s_.join.seeds[i].stop(transfer::phase::done);
  if (!s_.join.completed) {
    s_.join.completed = true;
    tell(join_completed{s_.join.seeds[i].id, s_.table.active()});
    // Who learns of newcomers by looking does not pass them on. Without repair gossip is all that
    // others have, and it needs everybody.
    if (s_.settings.repair_interval != duration::zero()) {
      s_.visiting.look_again(s_.join.seeds[i], s_.table.active(), s_.now, s_.settings.join_retry,
                             s_.settings.join_timeout);
    }
    // What is told to nobody who would tell us, repair finds.
    if (s_.settings.repair_interval != duration::zero()) {
      s_.repair_eager = repair_session::eager_compares;
    }
  }
  if (s_.join.bridging) {
    // Those we knew before are news to the group that we have just met.
    for (row_index at = 0; at < s_.table.end(); ++at) {
      const row& r = s_.table[at];
      if (r.id != member_id{} && is_active(r.state) && r.placed() &&
          r.queued() == gossip_class::none) {
        requeue(at, false);
      }
    }
  }
  // What another seed tells now that we do not know comes from a second group.
  s_.join.bridging = true;
  promote_seed();
}

/// Gives the next waiting seed its turn, unless one is being pulled from. Seeds that the state so
/// far has shown to be of the same group are done.
inline void engine::promote_seed() noexcept {
  if (s_.join.pulling()) return;
  for (;;) {
    const std::size_t i = s_.join.find(transfer::phase::waiting);
    if (i == s_.join.count) break;
    transfer& seed = s_.join.seeds[i];
    const row_index at = s_.table.find(seed.id);
    if (s_.join.completed && at != no_row && is_active(s_.table[at].state)) {
      seed.stop(transfer::phase::done);
      continue;
    }
    seed.now = transfer::phase::pulling;
    request_state(seed, static_cast<std::uint8_t>(i));
    return;
  }
  if (s_.join.find(transfer::phase::asking) == s_.join.count) end_join();
}

/// The time is up, or there is nobody left to ask.
inline void engine::end_join() noexcept {
  if (!s_.join.completed) {
    tell(join_failed{s_.join.answered ? join_failure::incomplete : join_failure::no_answer});
  }
  s_.join = join_round{};
}

/// The server is busy. Who knows too little goes where it sends us, to a member that has the whole
/// state, and begins there anew: that takes less time than to wait. Who has been sent on too often
/// waits, and then begins with the seed again; all others wait where they are.
inline void engine::put_off(transfer& from, std::uint8_t reference, const inbound& in) noexcept {
  wire::fact_reader reader{in.facts};
  wire::fact named;
  const bool sent_on = reader.next(named) == wire::fact_read::fact &&
                       named.state == member_state::alive && named.subject != s_.self().id &&
                       named.address != from.address && named.address != s_.table.own_address();
  const bool moves = sent_on && s_.table.active() < from.expected - from.expected / 4;
  if (moves && from.hops < transfer::max_hops) {
    from.move(named.address, static_cast<std::uint8_t>(from.hops + 1));
    request_state(from, reference);
    return;
  }
  if (moves) from.move(from.home, 0);
  if (reference != visit::reference && knows_nearly_all()) {
    complete_seed(reference);
    return;
  }
  wait_for_turn(from);
  if (reference != visit::reference) s_.join.pass_turn(reference);
}

/// Asks again after half to all of join_retry, since many do at once.
inline void engine::wait_for_turn(transfer& from) noexcept {
  from.attempts = 0;
  const duration half = s_.settings.join_retry / 2;
  const std::uint32_t parts = s_.random.below(1025);
  from.retry_due = detail::saturating_add(s_.now, half + half / 1024 * parts);
}

/// In a crowd of joiners each hears of the others meanwhile. Who lacks less than a sixteenth of a
/// large group need not wait for its turn at a busy server: repair tells the rest sooner. But whom
/// we knew before, or have from the first seed, may be of another group, and then all is lacking.
inline bool engine::knows_nearly_all() const noexcept {
  constexpr std::uint32_t large = 64;
  const std::uint32_t expected = s_.join.expected;
  if (s_.settings.repair_interval == duration::zero() || expected < large) return false;
  if (s_.join.knew_others || s_.join.completed) return false;
  return s_.table.active() >= expected - expected / 16;
}

/// How many members there are, as far as we know: who is still joining has been told of more.
inline std::uint32_t engine::group_size() const noexcept {
  const std::uint32_t active = s_.group_size();
  return s_.join.active && s_.join.expected > active ? s_.join.expected : active;
}

/// Who knows less than half of the group has few helpers to ask, and a verdict would come before
/// most have heard of the accusation: it accuses nobody until the first seed has told all.
inline bool engine::knows_too_few() const noexcept {
  return s_.join.active && !s_.join.completed && s_.table.active() < s_.join.expected / 2;
}

}  // namespace v1
}  // namespace flotilla
