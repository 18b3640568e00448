// flotilla/engine/repairing.hpp - what gossip has lost is fetched from others (extension)
// Repair pulls the same chunks as joining does.
#pragma once

#include <flotilla/engine.hpp>

namespace flotilla {
inline namespace v1 {

/// The reference of repair's transfer; those below max_seeds are the join's seeds.
inline constexpr std::uint8_t repair_reference = 0xff;

/// Fetches the whole state of one member at random: for facts whose every copy was lost.
inline void engine::begin_repair() noexcept {
  const duration interval = s_.repair_wait;
  // Between three and five quarters, so that a group that was started at once does not repair at
  // once.
  const duration wait = interval / 4 * 3 + interval / 2 / 1024 * s_.random.below(1025);
  s_.repair_due = detail::saturating_add(s_.now, wait);
  s_.repair_wait = detail::saturating_multiply(s_.repair_wait, 2);
  if (s_.repair_wait > s_.settings.repair_interval) s_.repair_wait = s_.settings.repair_interval;
  const row_index at =
      s_.order.trusted() == 0 ? no_row : s_.order[s_.random.below(s_.order.trusted())];
  if (at == no_row || s_.join.active || s_.repair.now != transfer::phase::idle) return;
  ++stats_.repairs;
  s_.repair = transfer{};
  s_.repair.now = transfer::phase::pulling;
  s_.repair.address = s_.table[at].address;
  s_.repair.id = s_.table[at].id;
  request_state(s_.repair, repair_reference);
}

inline void engine::run_repair() noexcept {
  if (s_.repair.attempts >= transfer::max_attempts) {
    s_.repair.stop(transfer::phase::idle);
    return;
  }
  request_state(s_.repair, repair_reference);
}

}  // namespace v1
}  // namespace flotilla
