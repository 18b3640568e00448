// flotilla/exchange/join.hpp - asking seeds to be let in (extension; SWIM leaves joining open)
// All seeds are asked; one is pulled from at a time; the others are remembered, so that two groups
// that are joined at once become one.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include <flotilla/config.hpp>
#include <flotilla/detail/state_hasher.hpp>
#include <flotilla/endpoint.hpp>
#include <flotilla/exchange/transfer.hpp>
#include <flotilla/time.hpp>

namespace flotilla {
inline namespace v1 {

struct join_round {
  bool active{false};
  bool answered{false};   ///< some seed has answered
  bool completed{false};  ///< some seed has given its whole state: join_completed was told
  /// We knew others before, so two groups are meeting: what we learn is news to ours and is passed
  /// on.
  bool bridging{false};
  bool knew_others{false};  ///< when it began
  std::uint8_t count{0};
  std::uint32_t expected{0};  ///< members, as the seeds have told
  time_point deadline{time_point::max()};
  std::array<transfer, max_seeds> seeds{};

  void begin(time_point now, duration timeout, bool knows_others) noexcept {
    *this = join_round{};
    active = true;
    bridging = knew_others = knows_others;
    deadline = detail::saturating_add(now, timeout);
  }

  /// Adds a seed that is asked at once. There must be room. A repeated address is asked once.
  void add(const endpoint& address, time_point now) noexcept {
    for (std::size_t i = 0; i < count; ++i) {
      if (seeds[i].address == address) return;
    }
    transfer& seed = seeds[count++];
    seed.now = transfer::phase::asking;
    seed.address = address;
    seed.home = address;
    seed.retry_due = now;
  }

  [[nodiscard]] bool pulling() const noexcept {
    for (std::size_t i = 0; i < count; ++i) {
      if (seeds[i].now == transfer::phase::pulling) return true;
    }
    return false;
  }

  /// A seed in this phase, or `count`.
  [[nodiscard]] std::size_t find(transfer::phase wanted) const noexcept {
    std::size_t i = 0;
    while (i < count && seeds[i].now != wanted) ++i;
    return i;
  }

  /// Instead of a busy seed the next one is asked that has answered, when the time comes: it may
  /// have time, and a crowd spreads over all seeds. Where we were at each stays.
  void pass_turn(std::size_t busy) noexcept {
    for (std::size_t i = 1; i < count; ++i) {
      transfer& next = seeds[(busy + i) % count];
      if (next.now != transfer::phase::waiting) continue;
      next.now = transfer::phase::pulling;
      next.attempts = 0;
      next.retry_due = seeds[busy].retry_due;
      seeds[busy].stop(transfer::phase::waiting);
      return;
    }
  }

  [[nodiscard]] time_point earliest() const noexcept {
    if (!active) return time_point::max();
    time_point due = deadline;
    for (std::size_t i = 0; i < count; ++i) {
      if (seeds[i].retry_due < due) due = seeds[i].retry_due;
    }
    return due;
  }

  void hash_into(detail::state_hasher& out) const noexcept {
    out.add_all(active, answered, completed, bridging, knew_others, std::uint64_t{count},
                std::uint64_t{expected}, deadline);
    for (std::size_t i = 0; i < count; ++i) seeds[i].hash_into(out);
  }
  friend bool operator==(const join_round&, const join_round&) noexcept = default;
};

}  // namespace v1
}  // namespace flotilla
