// flotilla/engine/multicast.hpp - dissemination without gossip (SWIM, section 3: SWIM:Basic)
// For experiments (experiment::multicast): who learns of a change first-hand tells it to everybody.
#pragma once

#include <flotilla/engine.hpp>

namespace flotilla {
inline namespace v1 {

/// Sends the fact of a row to every active member but ourselves, a suspect included that it is
/// about. It travels in an ack, which wants no answer; 0 is nobody's sequence number, so that it
/// matches no question. What the outbox has no room for is lost and counted, as ever.
inline void engine::tell_everybody(row_index at) noexcept {
  if (!s_.settings.experiment.multicast || s_.order.size() == 0) return;
  const row& subject = s_.table[at];
  // From a random place on, so that it is not always the same members that go without.
  std::uint32_t place = s_.random.below(s_.order.size());
  for (std::uint32_t i = 0; i < s_.order.size(); ++i) {
    const row_index to = s_.order[place];
    const row& r = s_.table[to];
    place = place + 1 == s_.order.size() ? 0 : place + 1;
    if (r.id == subject.id && r.state == member_state::alive) continue;  // it said so itself
    outgoing news;
    news.kind = wire::message_kind::ack;
    news.facts = cargo::subject;
    news.to = s_.table.address(to);
    news.target = r.id;
    news.subject = subject.id;
    send_own(news);
  }
}

}  // namespace v1
}  // namespace flotilla
