// flotilla/engine/visiting.hpp - second looks after a join, and meeting those that had parted
// Both pull chunks as a join does, but tell nothing of it (extension).
#pragma once

#include <flotilla/engine.hpp>

namespace flotilla {
inline namespace v1 {

inline void engine::run_visit() noexcept {
  transfer& server = s_.visiting.server;
  if (server.attempts >= transfer::max_attempts || s_.visiting.deadline <= s_.now) {
    server.stop(transfer::phase::idle);
  } else {
    request_state(server, visit::reference);
  }
}

inline void engine::continue_visit(const wire::state_reply& message) noexcept {
  transfer& server = s_.visiting.server;
  if (s_.visiting.deadline <= s_.now) {
    server.stop(transfer::phase::idle);
    return;
  }
  if (server.now == transfer::phase::asking) {
    server.now = transfer::phase::pulling;
    request_state(server, visit::reference);
    return;
  }
  if (message.next != wire::end_of_state) {
    request_state(server, visit::reference);
    return;
  }
  s_.visiting.look_on(s_.table.active(), s_.now, s_.settings.join_retry, s_.settings.join_timeout);
}

/// Somebody whom we held dead, or had forgotten, or who takes us for that, has answered: where one
/// is there may be many, so each of us tells the other all that it knows, and passes it on.
inline void engine::meet_parted(member_id id, const endpoint& address) noexcept {
  const bool busy = s_.join.active || s_.visiting.server.now != transfer::phase::idle;
  if (busy || s_.visiting.met_in == s_.period || s_.life != engine_life::running) return;
  ++stats_.meetings;
  s_.visiting.meet(id, address, s_.period,
                   detail::saturating_add(s_.now, s_.settings.join_timeout));
  request_state(s_.visiting.server, visit::reference);
}

}  // namespace v1
}  // namespace flotilla
