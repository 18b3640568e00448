// flotilla/testing/observer.hpp - who watches a simulation: checkers, counters, recorders
// Called at each step; a view of the node is passed along, never a way to change it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include <flotilla/endpoint.hpp>
#include <flotilla/testing/pair_set.hpp>
#include <flotilla/time.hpp>

namespace flotilla {
inline namespace v1 {
namespace testing {

/// What a node was given. Its events and datagrams follow, then on_step.
enum class input_kind : std::uint8_t { start, receive, tick, command };

/// `Event` is what the node's poll_event() yields. Every function has an empty default. From within
/// one, nothing but inject() and after() of the simulation may be called: what changes a node or a
/// process at once would overtake what other observers have yet to be told, and is trapped.
template <class Node, class Event>
class observer {
 public:
  observer() = default;
  observer(const observer&) = delete;
  observer& operator=(const observer&) = delete;
  virtual ~observer() = default;

  /// The node has been added or restarted; `life` counts from 1.
  virtual void on_start(time_point now, node_index node, std::uint32_t life) {
    (void)now, (void)node, (void)life;
  }
  /// The process has crashed, frozen, been blocked, or runs again; the simulation tells which.
  virtual void on_process(time_point now, node_index node) { (void)now, (void)node; }
  /// A datagram is about to be given to a running node. `source` is no_node when it was injected.
  virtual void on_receive(time_point now, node_index node, const Node& before, const endpoint& from,
                          node_index source, std::span<const std::byte> bytes) {
    (void)now, (void)node, (void)before, (void)from, (void)source, (void)bytes;
  }
  /// A running node is about to be ticked.
  virtual void on_tick(time_point now, node_index node, const Node& before) {
    (void)now, (void)node, (void)before;
  }
  /// An event that the input caused, in order.
  virtual void on_event(time_point now, node_index node, const Node& after, const Event& what) {
    (void)now, (void)node, (void)after, (void)what;
  }
  /// A datagram that the node handed out, before the network decides about it.
  virtual void on_send(time_point now, node_index node, const Node& after, const endpoint& to,
                       std::span<const std::byte> bytes) {
    (void)now, (void)node, (void)after, (void)to, (void)bytes;
  }
  /// The input is dealt with: its events and datagrams have been told.
  virtual void on_step(time_point now, node_index node, const Node& after, input_kind input) {
    (void)now, (void)node, (void)after, (void)input;
  }
};

}  // namespace testing
}  // namespace v1
}  // namespace flotilla
