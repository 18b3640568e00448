// flotilla/engine/state.hpp - everything that an engine is, but its counters
// One plain value, so that engines copy, move, compare and hash as a whole (law 6).
#pragma once

#include <cstddef>
#include <cstdint>

#include <flotilla/config.hpp>
#include <flotilla/detail/mix.hpp>
#include <flotilla/detail/random.hpp>
#include <flotilla/detail/state_hasher.hpp>
#include <flotilla/detection/accusers.hpp>
#include <flotilla/detection/flap_damping.hpp>
#include <flotilla/detection/hearsay_check.hpp>
#include <flotilla/detection/local_health.hpp>
#include <flotilla/detection/pending_pings.hpp>
#include <flotilla/detection/probe_order.hpp>
#include <flotilla/detection/probe_round.hpp>
#include <flotilla/detection/relay.hpp>
#include <flotilla/detection/round_trip_times.hpp>
#include <flotilla/detection/suspicion.hpp>
#include <flotilla/dissemination/gossip_queue.hpp>
#include <flotilla/dissemination/outbox.hpp>
#include <flotilla/engine/event_queue.hpp>
#include <flotilla/exchange/chunk_budget.hpp>
#include <flotilla/exchange/join.hpp>
#include <flotilla/exchange/leave.hpp>
#include <flotilla/exchange/range_digest.hpp>
#include <flotilla/exchange/repair.hpp>
#include <flotilla/exchange/reservoir.hpp>
#include <flotilla/exchange/transfer.hpp>
#include <flotilla/exchange/visit.hpp>
#include <flotilla/membership/absent_cache.hpp>
#include <flotilla/membership/deny_list.hpp>
#include <flotilla/membership/member_table.hpp>
#include <flotilla/membership/newcomer_limits.hpp>
#include <flotilla/membership/own_word.hpp>
#include <flotilla/time.hpp>

namespace flotilla {
inline namespace v1 {

enum class engine_life : std::uint8_t { inert, running, leaving, left };

struct engine_state {
  /// Verdicts and tombstones handled in one tick; what is left is due right after it (law 2: the
  /// event ring holds what one input can cause).
  static constexpr std::uint32_t max_timers_per_tick = 32;

  /// May throw std::bad_alloc.
  engine_state(const config& from, engine_life begin, time_point start)
      : life{begin},
        now{start},
        caller_now{start},
        heard{start},
        random{from.seed},
        settings{from},
        cookie_key{random.next_key()},
        table{random.next_key(), from.max_members, from.expected_members,
              member{from.id, from.address, from.initial_incarnation, member_state::alive}},
        order{from.max_members, from.expected_members},
        pending{random.next_key(), allocates_now(from)},
        ranges{from.cluster, from.expected_members},
        suspicions{from.max_members, from.expected_members},
        tombstones{from.max_members, from.expected_members},
        waiting{random.next_key(), from.max_transmits, allocates_now(from)},
        events{event_capacity(from), allocates_now(from)},
        healing{from.healing_interval == duration::zero() ? 0 : reservoir::capacity,
                allocates_now(from)},
        urgent{gossip_class::urgent, from.expected_members, !from.experiment.transmit_budget},
        membership{gossip_class::membership, from.expected_members,
                   !from.experiment.transmit_budget},
        hearsay{gossip_class::hearsay, from.expected_members, !from.experiment.transmit_budget},
        absent{from.max_absent, allocates_now(from)},
        denied{from.max_denied},
        serving{from.max_chunks},
        answers_left{from.max_chunks},
        requests_left{from.max_chunks},
        limits{cookie_key},
        desk{allocates_now(from)} {}

  /// What one input can cause: a datagram holds at most one fact in 14 bytes, and none that causes
  /// two events is shorter than 22; a tick handles a bounded number of timers; and some of our own.
  [[nodiscard]] static constexpr std::size_t event_capacity(const config& from) noexcept {
    return from.max_datagram_size / 11 + std::size_t{3} * max_timers_per_tick + 32;
  }

  /// True when nothing is to be allocated later (law 5). Otherwise queues, caches and desks are
  /// when they are first needed, and what has been allocated stays.
  [[nodiscard]] static constexpr bool allocates_now(const config& from) noexcept {
    return from.expected_members == from.max_members;
  }

  [[nodiscard]] row& self() noexcept { return table[member_table::self_row]; }
  [[nodiscard]] const row& self() const noexcept { return table[member_table::self_row]; }

  /// The size of the group where a limit grows with it, ourselves counted.
  [[nodiscard]] std::uint32_t group_size() const noexcept { return order.counted() + 1; }

  [[nodiscard]] std::size_t bytes_allocated() const noexcept {
    return table.bytes_allocated() + suspicions.bytes_allocated() + tombstones.bytes_allocated() +
           order.bytes_allocated() + pending.bytes_allocated() + urgent.bytes_allocated() +
           membership.bytes_allocated() + hearsay.bytes_allocated() + waiting.bytes_allocated() +
           events.bytes_allocated() + healing.bytes_allocated() + absent.bytes_allocated() +
           denied.bytes_allocated() + ranges.bytes_allocated() + desk.bytes_allocated();
  }

  [[nodiscard]] std::uint64_t hash() const noexcept {
    detail::state_hasher out;
    out.add_all(std::uint64_t(life), ticked, acknowledged, now, caller_now,
                std::uint64_t{group_tag}, cookie_key.a, cookie_key.b, period_due, repair_due,
                std::uint64_t{repair_eager}, repair_rest, repair_pause, missed, hold_until, heard,
                deaf, held, std::uint64_t{period}, std::uint64_t{settled}, std::uint64_t{settling},
                std::uint64_t{recanted_in}, may_ask_absent, std::uint64_t{digested},
                std::uint64_t{answers_left}, std::uint64_t{requests_left});
    random.hash_into(out);
    table.hash_into(out);
    hash_timers_into(out);
    order.hash_into(out);
    pending.hash_into(out);
    round.hash_into(out);
    relays.hash_into(out);
    out.add(std::uint64_t{health.score()});
    round_trips.hash_into(out);
    doubted.hash_into(out);
    urgent.hash_into(out);
    membership.hash_into(out);
    hearsay.hash_into(out);
    waiting.hash_into(out);
    events.hash_into(out);
    join.hash_into(out);
    repair.hash_into(out);
    visiting.hash_into(out);
    serving.hash_into(out);
    ranges.hash_into(out);
    desk.hash_into(out);
    goodbye.hash_into(out);
    healing.hash_into(out);
    absent.hash_into(out);
    denied.hash_into(out);
    conflicts.hash_into(out);
    limits.hash_into(out);
    asked.hash_into(out);
    return out.digest();
  }

  friend bool operator==(const engine_state&, const engine_state&) noexcept = default;

  // What each period and each datagram needs stands first: a process that holds many engines waits
  // for little but its cache lines. The order of those that draw their keys is that of the draws.
  engine_life life;
  bool ticked{false};            ///< the last input was a tick: the next deadline lies behind it
  bool acknowledged{false};      ///< somebody has answered us in this life
  bool deaf{false};              ///< our own probe has failed, and nothing was heard since
  bool may_ask_absent{true};     ///< one a datagram: what one brings must not cause many
  std::uint8_t repair_eager{0};  ///< views are compared so many more times in a row, after a join
  local_health health{};
  std::uint32_t group_tag{0};
  std::uint32_t period{1};
  time_point now;         ///< engine time (law 3)
  time_point caller_now;  ///< the time that the last input gave
  time_point heard;       ///< when the latest datagram came that others of the group have sent
  time_point period_due{time_point::max()};
  time_point repair_due{time_point::max()};  ///< when views are compared even though gossip waits
  detail::random_generator random;
  config settings;
  detail::mix_key cookie_key;

  member_table table;
  probe_order order;
  pending_pings pending;
  range_digest ranges;
  row_index digested{0};  ///< rows below have their records in `ranges`; the others when it is read
  suspicion_heap suspicions;
  tombstone_heap tombstones;
  round_trip_times round_trips{};
  probe_round round{};
  outbox waiting;
  event_queue events;
  reservoir healing;

  relay_table relays{};
  doubted_accusations doubted{};
  time_point missed{time_point::min()};      ///< the deadline by which the last absence was noticed
  time_point hold_until{time_point::min()};  ///< no verdict before: we have been away
  duration held{};                           ///< how long such holds have lasted together

  gossip_queue urgent;
  gossip_queue membership;
  gossip_queue hearsay;  ///< about members that we know by hearsay alone: after all others

  join_round join{};
  repair_session repair{};
  visit visiting{};
  time_point repair_rest{time_point::min()};  ///< no repair before
  duration repair_pause{};                    ///< after the latest one; doubles as well
  farewell goodbye{};
  absent_cache absent;
  deny_list denied;
  conflict_limiter conflicts{};
  chunk_budget serving;          ///< chunks of state, to joiners
  row_index settled{0};          ///< rows below were there before the last period began
  row_index settling{0};         ///< those below, before this one
  std::uint32_t recanted_in{0};  ///< period in which own accusations were last taken back
  std::uint32_t answers_left;    ///< of repair that may still be given in this period
  std::uint32_t requests_left;   ///< of repair that may still be sent in this period
  newcomer_limits limits;        ///< on what others say unasked of members unknown here
  hearsay_check asked{};         ///< those known by hearsay that are being asked out of turn
  repair_desk desk;

 private:
  void hash_timers_into(detail::state_hasher& out) const noexcept {
    for (std::uint32_t i = 0; i < suspicions.size(); ++i) {
      const detail::timer_ref at = suspicions.nth(i);
      out.add(std::uint64_t{at});
      suspicions[at].hash_into(out);
    }
    for (std::uint32_t i = 0; i < tombstones.size(); ++i) {
      const detail::timer_ref at = tombstones.nth(i);
      out.add_all(std::uint64_t{at}, tombstones.due(at), std::uint64_t{tombstones[at].subject()},
                  tombstones[at].accuser);
    }
  }
};

}  // namespace v1
}  // namespace flotilla
