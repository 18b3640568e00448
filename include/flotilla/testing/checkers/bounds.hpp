// flotilla/testing/checkers/bounds.hpp - S15: everything has a limit, and garbage changes nothing
// Gauges are held against the limits of the configuration after each input; a datagram that is not
// taken is compared with an empty one, given to a copy of the engine.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <flotilla/testing/checkers/decoded.hpp>

namespace flotilla {
inline namespace v1 {
namespace testing {

/// The limits:
///  - members() holds at most config::max_members rows; alive, suspect, dead and left ones make up
///    all of them;
///  - at most one fact a row waits in the gossip queues, one suspicion is held for each suspect;
///  - no input leaves more than config::max_transmits datagrams to pull, nor more events than the
///    ring promises to hold (so that a driver that drains them loses none);
///  - memory: what a fresh engine holds, and row_bytes for each row ever used at a time, rounded up
///    to whole segments of 256.
///
/// A datagram that the engine does not take (it does not decode, is for another member or another
/// group, or from an evicted one) must leave what an empty datagram leaves: the same state_hash(),
/// and by one counter different statistics.
class bounds_checker final : public traffic_checker {
 public:
  using traffic_checker::traffic_checker;

  /// A row, its places in both indexes, in the probe order and in both queues, and both timers.
  static constexpr std::size_t row_bytes = 256;
  /// Copying an engine is dear: the first so many, then one in `sample`.
  static constexpr std::uint64_t always_compared = 1024;
  static constexpr std::uint64_t sample = 64;

  struct tally {
    std::uint64_t steps{0};
    std::uint64_t refused{0};   ///< datagrams that were not taken
    std::uint64_t compared{0};  ///< of these, compared with an empty one
    std::size_t most_rows{0};
    std::size_t most_gossip{0};
    std::uint64_t most_datagrams{0};  ///< that one input left to pull
    std::uint64_t most_events{0};     ///< that one input caused
    /// Of heap memory above that of a fresh engine, for each row of the most held; in bytes.
    std::size_t most_bytes_per_row{0};
  };
  [[nodiscard]] const tally& judged() const noexcept { return judged_; }

 private:
  struct held {
    std::size_t fresh_bytes{0};
    std::size_t most_rows{1};
  };

  void begin(node_index node, std::uint32_t life) override {
    (void)life;
    if (node >= held_.size()) held_.resize(node + std::size_t{1});
    held_[node] = {group()[node].stats().bytes_allocated, group()[node].members().size()};
    clear_step();
  }

  void heard(node_index node, const engine& before, std::span<const std::byte> bytes) override {
    (void)bytes;
    clear_step();
    const member_id self = before.self().id;
    const bool foreign =
        in().ok() && in().head().target != member_id{} && in().head().target != self;
    const bool refused = !in().ok() || foreign || in().head().sender == self;
    if (!refused) return;
    ++judged_.refused;
    if (judged_.refused > always_compared && judged_.refused % sample != 0) return;
    ++judged_.compared;
    engine twin{before};
    twin.receive(latest_input(node), in_from(), {});
    drain(twin);
    expected_hash_ = twin.state_hash();
    expected_ = twin.stats();
    comparing_ = true;
  }
  void ticking(node_index node, const engine& before) override {
    (void)node, (void)before;
    clear_step();
  }
  void clear_step() noexcept {
    comparing_ = false;
    events_ = 0;
    datagrams_ = 0;
  }

  void told(node_index node, const engine& after, const event& what) override {
    (void)after;
    ++events_;
    if (std::holds_alternative<events_lost>(what)) {
      violated("S15", node, "events were lost that one input caused");
    }
  }
  void sent(node_index node, const engine& after, const endpoint& to,
            std::span<const std::byte> bytes) override {
    (void)node, (void)after, (void)to, (void)bytes;
    ++datagrams_;
  }

  void done(node_index node, const engine& after, input_kind input) override {
    ++judged_.steps;
    check_rows(node, after);
    check_outputs(node, after);
    check_memory(node, after);
    if (input == input_kind::receive && comparing_) compare(node, after);
    clear_step();
  }

  void check_rows(node_index node, const engine& after) {
    const config& settings = group().config_of(node);
    const statistics& now = after.stats();
    const std::size_t rows = after.members().size();
    if (rows > judged_.most_rows) judged_.most_rows = rows;
    if (now.gossip_pending > judged_.most_gossip) judged_.most_gossip = now.gossip_pending;
    limit(node, "rows", rows, settings.max_members);
    limit(node, "facts to gossip", now.gossip_pending, rows);
    limit(node, "suspicions", now.suspicions_held, rows);
    const std::size_t own_death = after.self().state == member_state::dead ? 1U : 0U;
    if (after.size() + now.members_dead + now.members_left + own_death < rows ||
        after.size() + now.members_dead + now.members_left > rows) {
      violated("S15", node, "the members of all states are not all members");
    }
  }

  void check_outputs(node_index node, const engine& after) {
    const config& settings = group().config_of(node);
    if (datagrams_ > judged_.most_datagrams) judged_.most_datagrams = datagrams_;
    if (events_ > judged_.most_events) judged_.most_events = events_;
    limit(node, "datagrams to pull", datagrams_ + after.stats().transmits_pending,
          settings.max_transmits);
    limit(node, "events", events_, engine_state::event_capacity(settings));
    if (after.stats().events_dropped != stats_before(node).events_dropped) {
      violated("S15", node, "events were dropped though every input's were taken");
    }
  }

  void check_memory(node_index node, const engine& after) {
    held& h = held_[node];
    const std::size_t rows = after.members().size();
    if (rows > h.most_rows) h.most_rows = rows;
    const std::size_t bytes = after.stats().bytes_allocated;
    const std::size_t segments = (h.most_rows + 255) / 256;
    limit(node, "bytes of memory", bytes, h.fresh_bytes + segments * 256 * row_bytes);
    const std::size_t grown = bytes > h.fresh_bytes ? bytes - h.fresh_bytes : 0;
    const std::size_t each = grown / (segments * 256);
    if (each > judged_.most_bytes_per_row) judged_.most_bytes_per_row = each;
  }

  void limit(node_index node, const char* what, std::uint64_t count, std::uint64_t most) {
    if (count <= most) return;
    violated("S15", node,
             std::to_string(count) + " " + what + ", at most " + std::to_string(most) + " allowed");
  }

  /// The engine after a datagram that it did not take, and its copy after an empty one.
  void compare(node_index node, const engine& after) {
    const std::string what =
        "a datagram that is not taken (" +
        std::string{to_string(in().ok() ? receive_result::wrong_target : in().result())} + ") ";
    if (accepted(node, after)) violated("S15", node, what + "was taken");
    if (after.state_hash() != expected_hash_) violated("S15", node, what + "changed the state");
    statistics now = after.stats();
    statistics expected = expected_;
    std::uint64_t refused = 0;
    for (std::size_t i = 0; i < receive_result_count; ++i) {
      refused += now.received[i] - stats_before(node).received[i];
    }
    if (refused != 1)
      violated("S15", node, what + "was counted " + std::to_string(refused) + " times");
    now.received = expected.received = {};
    now.bytes_received = expected.bytes_received = 0;
    now.bytes_allocated = expected.bytes_allocated = 0;  // a copy is as large as its content
    if (now != expected) violated("S15", node, what + "raised other counters than its own");
  }

  static void drain(engine& twin) {
    std::array<std::byte, 2048> buffer;
    while (twin.poll_event()) {
    }
    while (twin.poll_transmit(buffer)) {
    }
  }

  std::vector<held> held_{};
  bool comparing_{false};
  std::uint64_t expected_hash_{0};
  statistics expected_{};
  std::uint64_t events_{0};
  std::uint64_t datagrams_{0};
  tally judged_{};
};

}  // namespace testing
}  // namespace v1
}  // namespace flotilla
