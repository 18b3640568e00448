// flotilla/membership/row.hpp - what the table keeps about one member
// Rows never move; other rooms name them by number and keep their own positions in them.
#pragma once

#include <array>
#include <cstdint>

#include <flotilla/detail/flat_index.hpp>
#include <flotilla/detail/state_hasher.hpp>
#include <flotilla/detail/timer_heap.hpp>
#include <flotilla/member.hpp>
#include <flotilla/time.hpp>

namespace flotilla {
inline namespace v1 {

/// The number of a row; `detail::no_row` for none.
using row_index = std::uint32_t;
using detail::no_row;

/// In which gossip queue a member's fact waits.
enum class gossip_class : std::uint8_t { none, urgent, membership, hearsay };

struct row {
  member_id id{};  ///< 0 in a free row
  flotilla::incarnation incarnation{};
  flotilla::incarnation place_incarnation{};  ///< of the alive fact that the address stood in
  endpoint address{};
  member_state state{member_state::alive};
  gossip_class queued{gossip_class::none};
  bool address_indexed : 1 {false};
  bool proven : 1 {false};        ///< has answered us from this address, or echoed our cookie there
  bool hearsay : 1 {false};       ///< others told of it, unasked; it has never answered us
  std::uint8_t broken_rounds{0};  ///< rounds in a row that only a helper got through
  /// exchange/range_digest.hpp; three bytes, which lie here for nothing
  std::array<std::uint8_t, 3> range_next{0xff, 0xff, 0xff};
  std::uint32_t queue_at{0};       ///< dissemination/gossip_queue.hpp
  std::uint32_t order_at{no_row};  ///< detection/probe_order.hpp; in a free row the next one
  detail::timer_ref timer{detail::no_timer};  ///< suspicion or tombstone, by state
  std::uint32_t contacted_in{0};              ///< period of the last ping outside the probe round

  std::uint32_t penalty{0};  ///< detection/flap_damping.hpp, as it was at `penalized`
  time_point penalized{};    ///< when it failed last

  std::uint32_t doubt{0};  ///< detection/accusers.hpp, as it was at `doubted`
  time_point doubted{};    ///< when an accusation of its was contradicted last

  /// True when the address stood in the alive fact of this very incarnation. Otherwise the two must
  /// not be told on as one fact, which the member has never stated.
  [[nodiscard]] bool placed() const noexcept { return place_incarnation == incarnation; }
  [[nodiscard]] member snapshot() const noexcept { return {id, address, incarnation, state}; }

  void hash_into(detail::state_hasher& out) const noexcept {
    out.add_all(id, incarnation, place_incarnation, address, state, std::uint64_t(queued),
                address_indexed, proven, hearsay, std::uint64_t{broken_rounds},
                std::uint64_t{range_next[0]}, std::uint64_t{range_next[1]},
                std::uint64_t{range_next[2]}, std::uint64_t{queue_at}, std::uint64_t{order_at},
                std::uint64_t{timer}, std::uint64_t{contacted_in}, std::uint64_t{penalty},
                penalized, std::uint64_t{doubt}, doubted);
  }
  friend bool operator==(const row&, const row&) noexcept = default;
};

}  // namespace v1
}  // namespace flotilla
