// flotilla/engine/leaving.hpp - the farewell (extension)
// The leaver will not be there to gossip, so it spends its own fact's whole budget at once.
#pragma once

#include <flotilla/engine.hpp>

namespace flotilla {
inline namespace v1 {

/// Tells up to `budget` members, each another one, and again those of the first round that are
/// silent.
inline void engine::say_farewell() noexcept {
  std::uint32_t others = s_.order.trusted();
  const std::uint32_t budget = transmit_budget(s_.settings, s_.group_size() + 1);
  const auto most = static_cast<std::uint32_t>(pending_pings::capacity(ping_purpose::farewell));
  if (others > budget) others = budget;
  if (others > most) others = most;
  std::uint32_t place = s_.order.trusted() == 0 ? 0 : s_.random.below(s_.order.trusted());
  for (std::uint32_t i = 0; i < others; ++i) {
    const row_index at = s_.order[place];
    place = place + 1 == s_.order.trusted() ? 0 : place + 1;
    outgoing ping;
    ping.facts = cargo::own;
    ping.to = s_.table.address(at);
    ping.target = s_.table[at].id;
    ping.sequence = s_.pending.ask(ping_purpose::farewell, ping.target, ping.to, s_.now);
    send_own(ping);
  }
  s_.goodbye.repeat_due = detail::saturating_add(s_.now, s_.settings.direct_timeout);
}

inline void engine::run_farewell() noexcept {
  if (s_.goodbye.complete(s_.now)) {
    tell(leave_completed{s_.goodbye.acknowledged});
    fall_silent();
    return;
  }
  if (s_.goodbye.repeat_due <= s_.now) say_farewell();
}

/// The end of an engine: from now on it is inert.
inline void engine::fall_silent() noexcept {
  s_.life = engine_life::left;
  s_.goodbye = farewell{};
  s_.waiting.clear();
  s_.desk.clear();
  s_.relays = relay_table{};  // who left answers no more, nacks included
}

}  // namespace v1
}  // namespace flotilla
