// flotilla/engine/joining.hpp - asking for state, and giving it (extension)
// Joining and repair pull the same chunks; serving them needs no memory of who asked.
#pragma once

#include <flotilla/engine.hpp>
#include <flotilla/exchange/cookie.hpp>

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
    if (seed.now == transfer::phase::pulling && seed.attempts >= transfer::max_attempts) {
      // It has fallen silent: begin anew with it some time, and let another have its turn.
      seed.now = transfer::phase::asking;
      seed.cookie = 0;
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
  request.cookie = from.cookie;
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
  seed.stop(transfer::phase::waiting);
  seed.cursor = 0;
  promote_seed();
}

inline void engine::complete_seed(std::size_t i) noexcept {
  s_.join.seeds[i].stop(transfer::phase::done);
  if (!s_.join.completed) {
    s_.join.completed = true;
    tell(join_completed{s_.join.seeds[i].id, s_.table.active()});
    // Who joins in a crowd misses those that came at the same moment: their gossip goes to members
    // that know of each other already. So a newcomer repairs soon, and then less and less often.
    s_.repair_wait = s_.settings.protocol_period;
    s_.repair_due = detail::saturating_add(s_.now, s_.repair_wait);
  }
  if (s_.join.bridging) {
    // Those we knew before are news to the group that we have just met.
    for (row_index at = 0; at < s_.table.end(); ++at) {
      const row& r = s_.table[at];
      if (r.id != member_id{} && is_active(r.state) && r.placed() &&
          r.queued == gossip_class::none) {
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

/// Answers a join or state request. A stranger without our cookie gets it, what we hold of the
/// stranger and of ourselves, within three times its request; nothing that it says is believed
/// before.
inline void engine::serve_state(const inbound& in, std::uint32_t sequence, std::uint64_t cookie,
                                std::uint32_t cursor) noexcept {
  outgoing reply;
  reply.kind = wire::message_kind::state_reply;
  reply.sequence = sequence;
  reply.cookie = cookie_of(in.from, s_.cookie_key);
  reply.cursor = cursor;
  const bool echoed = cookie == reply.cookie;
  if (!echoed && !is_proven(in)) {
    reply.facts = cargo::own;
    if (cookie != 0) ++stats_.chunks_refused;
    send_reply(reply, in);
    return;
  }
  const bool held_before = is_held_active(in.head.sender);
  absorb_all(in, provenance::gossip);
  const row_index at = s_.table.find(in.head.sender);
  if (!held_before && is_held_active(in.head.sender)) tell_everybody(at);  // it was let in here
  if (echoed && at != no_row && s_.table[at].address == in.from) {
    s_.table[at].proven = true;
    settle(at);
  }
  if (s_.join.active && at != no_row)
    s_.join.bridging = true;  // somebody joins through us meanwhile
  if (at == no_row && s_.life == engine_life::running) verify(in.head.sender, in.from);
  if (s_.chunks_left == 0) {
    ++stats_.chunks_refused;
    return;
  }
  --s_.chunks_left;
  ++stats_.chunks_served;
  reply.facts = cargo::chunk;
  reply.tell = at != no_row && s_.table[at].incarnation != in.head.incarnation;
  send_reply(reply, in);
}

}  // namespace v1
}  // namespace flotilla
