// flotilla/engine/backlog.hpp - further pings in a period, for facts that wait (extension)
// A burst of changes spreads in a few periods instead of dozens, and a quiet group sends nothing
// more.
#pragma once

#include <flotilla/engine.hpp>

namespace flotilla {
inline namespace v1 {

/// Facts that the room behind a ping holds at least: of the largest, as IPv6 addresses make them.
inline std::uint32_t engine::facts_in_a_ping() const noexcept {
  const std::size_t room = s_.settings.max_datagram_size - s_.settings.datagram_overhead;
  const std::size_t facts =
      (room - wire::frame_size - sizeof(wire::ping::sequence)) / wire::max_fact_size;
  return facts == 0 ? 1 : static_cast<std::uint32_t>(facts);
}

/// One more member is pinged for each datagram's worth of facts that wait beyond the round's own
/// ping, in a period up to config::max_direct_probes in all. They are drawn at random, since a
/// rumour spreads best so (SWIM, section 4.1), and since in turn they would take the places of
/// rounds, whose silence counts: theirs accuses nobody. Only addresses that have answered before
/// get more than their turn's ping, lest a forged fact multiply what its victim receives.
[[gnu::noinline]] inline void engine::spread_backlog() noexcept {
  if (!has_gossip()) return;
  const std::uint32_t waiting = s_.urgent.size() + s_.membership.size() + s_.hearsay.size();
  std::uint32_t more = waiting / facts_in_a_ping();
  if (more >= s_.settings.max_direct_probes) more = s_.settings.max_direct_probes - 1;
  if (s_.order.size() <= more) more = s_.order.size() == 0 ? 0 : s_.order.size() - 1;
  for (std::uint32_t draws = 4 * more; more != 0 && draws != 0; --draws) {
    const row_index at = s_.order.any(s_.random);
    const row& r = s_.table[at];
    if (r.id == s_.round.subject || !r.proven) continue;
    --more;
    ++stats_.backlog_pings;
    outgoing ping;
    ping.to = s_.table.address(at);
    ping.target = r.id;
    ping.sequence = s_.pending.ask(ping_purpose::recheck, r.id, ping.to, s_.now);
    send_own(ping);
  }
}

}  // namespace v1
}  // namespace flotilla
