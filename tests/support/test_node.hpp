// tests/support/test_node.hpp - a sans-IO node that a test can see through
// It writes down what it is given, sends what it is told to, and has timers a test can set.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <deque>
#include <flotilla/testing/simulation.hpp>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace support {

/// What came in, in order.
struct test_input {
  bool timer{false};
  flotilla::time_point at{};  ///< by the node's own clock
  flotilla::endpoint from{};
  std::vector<std::byte> bytes{};

  /// The first four bytes as a number; what number() made.
  [[nodiscard]] std::uint32_t number() const {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < 4 && i < bytes.size(); ++i) {
      value |= std::to_integer<std::uint32_t>(bytes[i]) << (8 * i);
    }
    return value;
  }
};

/// A datagram that carries a number, padded to `size` bytes (4 at least).
inline std::vector<std::byte> number(std::uint32_t value, std::size_t size = 4) {
  std::vector<std::byte> bytes(size);
  for (std::size_t i = 0; i < 4; ++i) bytes[i] = static_cast<std::byte>(value >> (8 * i) & 0xffU);
  return bytes;
}

class test_node {
 public:
  struct transmit {
    flotilla::endpoint to;
    std::span<const std::byte> bytes;
  };

  void receive(flotilla::time_point now, const flotilla::endpoint& from,
               std::span<const std::byte> bytes) {
    inputs.push_back({false, now, from, {bytes.begin(), bytes.end()}});
    if (echoes) send(from, {bytes.begin(), bytes.end()});
    if (tells) events.push_back(static_cast<int>(bytes.size()));
  }
  void tick(flotilla::time_point now) {
    inputs.push_back({true, now, {}, {}});
    deadline = period == flotilla::duration::zero() ? flotilla::time_point::max() : now + period;
    if (on_tick_to) send(*on_tick_to, number(static_cast<std::uint32_t>(inputs.size())));
  }
  std::optional<transmit> poll_transmit(std::span<std::byte> buffer) {
    if (!waiting.empty() && sent_last) waiting.pop_front();
    sent_last = !waiting.empty();
    if (waiting.empty()) return std::nullopt;
    const auto& [to, bytes] = waiting.front();
    if (!bytes.empty()) std::memcpy(buffer.data(), bytes.data(), bytes.size());
    return transmit{to, buffer.first(bytes.size())};
  }
  std::optional<int> poll_event() {
    if (events.empty()) return std::nullopt;
    const int first = events.front();
    events.pop_front();
    return first;
  }
  [[nodiscard]] flotilla::time_point next_deadline() const { return deadline; }

  void send(const flotilla::endpoint& to, std::vector<std::byte> bytes) {
    waiting.emplace_back(to, std::move(bytes));
  }

  /// How many inputs were datagrams, and how many ticks.
  [[nodiscard]] std::size_t received() const {
    std::size_t n = 0;
    for (const test_input& in : inputs) n += in.timer ? 0U : 1U;
    return n;
  }
  [[nodiscard]] std::size_t ticks() const { return inputs.size() - received(); }
  /// The numbers of the datagrams, in order.
  [[nodiscard]] std::vector<std::uint32_t> numbers() const {
    std::vector<std::uint32_t> result;
    for (const test_input& in : inputs) {
      if (!in.timer) result.push_back(in.number());
    }
    return result;
  }

  bool echoes{false};  ///< sends back what it receives
  bool tells{false};   ///< makes an event of each datagram: its size
  flotilla::duration period{};
  flotilla::time_point deadline{flotilla::time_point::max()};
  std::optional<flotilla::endpoint> on_tick_to{};
  std::vector<test_input> inputs{};
  std::deque<std::pair<flotilla::endpoint, std::vector<std::byte>>> waiting{};
  std::deque<int> events{};
  bool sent_last{false};
};

using test_simulation = flotilla::testing::simulation<test_node>;

/// Paths that take exactly this long and do nothing else.
inline flotilla::testing::link_options exactly(flotilla::duration length) {
  flotilla::testing::link_options link;
  link.delay = flotilla::testing::latency::fixed(length);
  return link;
}

inline void add_nodes(test_simulation& sim, flotilla::testing::node_index count) {
  for (flotilla::testing::node_index i = 0; i < count; ++i) sim.add(test_node{});
}

/// Node `from` sends a number to node `to`.
inline void say(test_simulation& sim, flotilla::testing::node_index from,
                flotilla::testing::node_index to, std::uint32_t value, std::size_t size = 4) {
  const flotilla::endpoint there = sim.process_of(to).address;
  sim.command(from, [&](test_node& n) { n.send(there, number(value, size)); });
}

/// A timer that is due in `length`, and again every `period` when that is not 0.
inline void set_timer(test_simulation& sim, flotilla::testing::node_index i,
                      flotilla::duration length, flotilla::duration period = {}) {
  const flotilla::time_point due = sim.local_time(i) + length;
  sim.command(i, [&](test_node& n) { n.deadline = due, n.period = period; });
}

/// The sum of all ends that a datagram can meet; with those under way it must be what was put in.
inline std::uint64_t ends(const flotilla::testing::network_statistics& s) {
  return s.delivered + s.lost + s.lost_in_burst + s.lost_leaving + s.lost_arriving + s.cut +
         s.address_unknown + s.process_gone + s.queue_overflown;
}
inline bool adds_up(const test_simulation& sim) {
  return sim.stats().sent + sim.stats().duplicated == ends(sim.stats()) + sim.under_way();
}

}  // namespace support
