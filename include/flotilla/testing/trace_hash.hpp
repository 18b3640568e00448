// flotilla/testing/trace_hash.hpp - one number for everything that happened in a simulation
// The same seed gives the same number with every compiler, build type and word size.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include <flotilla/detail/mix.hpp>
#include <flotilla/testing/observer.hpp>

namespace flotilla {
inline namespace v1 {
namespace testing {

/// Folds every input and every datagram sent, with their times, nodes, addresses and bytes, into
/// one number. Not for secrets: it finds differences, not forgeries.
template <class Node, class Event>
class trace_hash final : public observer<Node, Event> {
 public:
  [[nodiscard]] std::uint64_t value() const noexcept { return value_; }

  void on_start(time_point now, node_index node, std::uint32_t life) override {
    note(now, node, 1);
    add(life);
  }
  void on_process(time_point now, node_index node) override { note(now, node, 2); }
  void on_receive(time_point now, node_index node, const Node& before, const endpoint& from,
                  node_index source, std::span<const std::byte> bytes) override {
    (void)before;
    note(now, node, 3);
    add(source);
    add_bytes(from.bytes());
    add_bytes(bytes);
  }
  void on_tick(time_point now, node_index node, const Node& before) override {
    (void)before;
    note(now, node, 4);
  }
  void on_send(time_point now, node_index node, const Node& after, const endpoint& to,
               std::span<const std::byte> bytes) override {
    (void)after;
    note(now, node, 5);
    add_bytes(to.bytes());
    add_bytes(bytes);
  }
  void on_step(time_point now, node_index node, const Node& after, input_kind input) override {
    (void)after;
    if (input == input_kind::command) note(now, node, 6);  // the other inputs are noted already
  }

 private:
  void add(std::uint64_t word) noexcept { value_ = detail::mix(value_ ^ word, detail::mix_key{}); }
  void note(time_point now, node_index node, std::uint64_t what) noexcept {
    add(static_cast<std::uint64_t>(now.time_since_epoch().count()));
    add(std::uint64_t{node} << 8U | what);
  }
  void add_bytes(std::span<const std::byte> bytes) noexcept {
    std::uint64_t word = 0;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      word = word << 8U | std::to_integer<std::uint64_t>(bytes[i]);
      if (i % 8 == 7) {
        add(word);
        word = 0;
      }
    }
    add(word);
    add(bytes.size());
  }

  std::uint64_t value_{0};
};

}  // namespace testing
}  // namespace v1
}  // namespace flotilla
