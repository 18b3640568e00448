// flotilla/engine/calm.hpp - an engine in which nothing but the probe round goes on
// Most engines are calm most of the time: then a datagram or a period asks this once, and not each
// room whether it has something to do.
#pragma once

#include <flotilla/engine.hpp>

namespace flotilla {
inline namespace v1 {

/// True when of all timers only the round's two can be set, nothing waits to be gossiped, nobody is
/// refused by local policy, and no allowance of the period has been touched.
inline bool engine::is_calm() const noexcept {
  if (s_.life != engine_life::running || s_.deaf || has_gossip() || !s_.denied.empty()) {
    return false;
  }
  const time_point never = time_point::max();
  const bool timers = !s_.suspicions.empty() || !s_.tombstones.empty() || s_.join.active ||
                      s_.relays.earliest() != never || s_.doubted.earliest() != never ||
                      s_.visiting.server.retry_due != never || s_.repair.retry_due != never;
  // And a new period would renew no allowance, and check no hearsay.
  const std::uint32_t chunks = s_.settings.max_chunks;
  return !timers && s_.serving.untouched(chunks) && s_.answers_left == chunks &&
         s_.requests_left == chunks && s_.settled == s_.table.end() &&
         s_.settling == s_.table.end() && s_.limits.untouched() && s_.asked.idle();
}

/// Something has happened that may have moved a timer, or else disturbed the calm.
inline void engine::disturb() noexcept {
  quiet_ = 0;
  calm_ = false;
}

}  // namespace v1
}  // namespace flotilla
