// flotilla/testing/simulation.hpp - any number of nodes on a network in virtual time, from one seed
// Time jumps to the next event. A node is an engine, or any sans-IO type of the same shape.
#pragma once

#include <array>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include <flotilla/detail/assert.hpp>
#include <flotilla/endpoint.hpp>
#include <flotilla/testing/address_book.hpp>
#include <flotilla/testing/agenda.hpp>
#include <flotilla/testing/datagram_pool.hpp>
#include <flotilla/testing/network.hpp>
#include <flotilla/testing/observer.hpp>
#include <flotilla/testing/process.hpp>
#include <flotilla/time.hpp>

namespace flotilla {
inline namespace v1 {
namespace testing {

/// What a simulation drives: inputs, a pull for datagrams and for events, and one deadline.
template <class Node>
concept sans_io_node = requires(Node& node, const Node& view, time_point now, const endpoint& from,
                                std::span<const std::byte> in, std::span<std::byte> out) {
  node.receive(now, from, in);
  node.tick(now);
  { node.poll_transmit(out)->to } -> std::convertible_to<endpoint>;
  { node.poll_transmit(out)->bytes } -> std::convertible_to<std::span<const std::byte>>;
  node.poll_event().has_value();
  { view.next_deadline() } -> std::convertible_to<time_point>;
};

/// Not copyable: observers and scheduled actions refer to it. Everything is decided by the seed,
/// the nodes and the calls made; two simulations with the same of these do the same, everywhere.
template <sans_io_node Node>
class simulation {
 public:
  using event_type = typename decltype(std::declval<Node&>().poll_event())::value_type;
  using observer_type = observer<Node, event_type>;
  using action = std::function<void()>;

  /// More steps than this at one instant are taken for an endless loop.
  static constexpr std::uint32_t most_steps_at_once = 10'000'000;
  /// Time begins at one hour, so that clocks can jump backwards.
  static constexpr time_point start{std::chrono::hours{1}};

  explicit simulation(std::uint64_t seed, const link_options& link = {})
      : network_{seed, link}, random_{~seed} {}
  simulation(const simulation&) = delete;
  simulation& operator=(const simulation&) = delete;

  // ---- nodes

  /// Adds a node that speaks from `at` and is reached there; construct it with `now()` as its time.
  node_index add(Node node, const endpoint& at, const driver_options& driver = {});
  node_index add(Node node) { return add(std::move(node), default_address(size())); }
  [[nodiscard]] node_index size() const noexcept { return static_cast<node_index>(slots_.size()); }
  /// A view; what changes a node goes through command().
  [[nodiscard]] const Node& operator[](node_index i) const noexcept { return slot_of(i).node; }
  [[nodiscard]] const process& process_of(node_index i) const noexcept { return slot_of(i).around; }
  [[nodiscard]] bool running(node_index i) const noexcept {
    return slot_of(i).around.state == process_state::running;
  }
  /// What the node's own clock shows: the time to give it.
  [[nodiscard]] time_point local_time(node_index i) const noexcept {
    return slot_of(i).around.clock.at(now_);
  }
  [[nodiscard]] bool crashed(node_index i) const noexcept {
    return slot_of(i).around.state == process_state::crashed;
  }
  /// Calls `what(node)` and then takes what it has to send and to tell. A process that has crashed
  /// or is frozen does nothing: false, and `what` is not called.
  template <class Command>
  bool command(node_index i, Command what) {
    require_node(i);
    if (!slot_of(i).around.runs_timers()) return false;
    what(slot_of(i).node);
    finish_input(i, input_kind::command);
    return true;
  }

  // ---- processes

  /// It is gone, with what its socket held; nothing changes when it had crashed before.
  void crash(node_index i);
  /// A new process at the same place; `fresh` was constructed with local_time(i).
  void restart(node_index i, Node fresh);
  /// False, and nothing changes, for a process that has crashed.
  bool freeze(node_index i);
  bool block(node_index i);
  /// A frozen or blocked process goes on: what was held is sent and read. False, and nothing
  /// changes, for one that runs or has crashed.
  bool resume(node_index i);
  void set_driver(node_index i, const driver_options& driver) {
    require_node(i);
    slot_of(i).around.set_driver(driver);
  }
  void jump_clock(node_index i, duration by);
  /// Parts per million that the clock gains; below -1,000,000 it runs backwards.
  void drift_clock(node_index i, std::int32_t parts_per_million);
  /// The node speaks from another address; it goes on being reached at the old one as well until
  /// close_address.
  void move(node_index i, const endpoint& to);
  void open_address(const endpoint& at, node_index i) { book_.put(at, i); }
  void close_address(const endpoint& at) noexcept { book_.erase(at); }
  [[nodiscard]] node_index node_at(const endpoint& at) const noexcept { return book_.find(at); }

  // ---- the network between them

  [[nodiscard]] network& net() noexcept { return network_; }
  [[nodiscard]] const network& net() const noexcept { return network_; }
  [[nodiscard]] const network_statistics& stats() const noexcept { return network_.stats(); }
  /// Puts bytes on the way as if they came from `from`; they meet the link and the receiver's loss,
  /// but neither cuts nor clogs.
  void inject(const endpoint& from, const endpoint& to, std::span<const std::byte> bytes);
  /// What clogged paths held arrives now, in the order of sending, if its path is free again.
  void release_clogged();
  /// Datagrams that were sent and have met no end yet: on their way, or held in some queue.
  [[nodiscard]] std::size_t under_way() const noexcept { return pool_.in_use(); }

  // ---- time

  [[nodiscard]] time_point now() const noexcept { return now_; }
  /// Runs `what` at that time, or at once when it has passed.
  void at(time_point when, action what);
  void after(duration length, action what) { at(from_now(length), std::move(what)); }
  void run_for(duration length) { run_to(from_now(length)); }
  void run_to(time_point end) {
    while (step(end)) {
    }
  }
  /// Runs until `done()`, asked now and then every `interval` (more than 0); false when `limit`
  /// passed first.
  template <class Done>
  bool run_until(Done done, duration limit, duration interval = std::chrono::milliseconds{10});
  /// One arrival, wake-up or action not after `end`; false when there is none, and it is `end`
  /// then.
  bool step(time_point end);

  /// Watches from now on: it must be there for as long as the simulation is run or changed.
  void watch(observer_type& by) {
    require_outside();
    observers_.push_back(&by);
  }
  /// A generator for whoever plays with the simulation; its draws are not the network's.
  [[nodiscard]] random_generator& random() noexcept { return random_; }

 private:
  struct slot {
    process around;
    Node node;
  };
  /// So many bytes of a slot are called for before its turn: what a node needs most should stand
  /// first in it.
  static constexpr std::size_t fetched = 2048;

  /// Observers look on. What they could change would overtake what others have yet to be told.
  void require_outside() const {
    require(!telling_, "an observer may inject() and schedule with after(), and nothing else");
  }
  void require_node(node_index i) const {
    require_outside();
    require(i < size(), "there is no such node");
  }
  [[nodiscard]] slot& slot_of(node_index i) noexcept { return *slots_[i]; }
  [[nodiscard]] const slot& slot_of(node_index i) const noexcept { return *slots_[i]; }
  /// Calls `what` for each observer.
  template <class What>
  void tell(What what) {
    if (observers_.empty()) return;
    telling_ = true;
    for (observer_type* by : observers_) what(*by);
    telling_ = false;
  }

  void fetch_next() const noexcept;
  void arrive(datagram_ref at);
  void hold(const process& p, datagram_list& queue, datagram_ref at);
  void give(node_index i, datagram_ref at);
  void tick(node_index i);
  void wake(node_index i);
  bool read_inbox(node_index i);
  void finish_input(node_index i, input_kind input);
  void arm(node_index i);
  void arm_anew(node_index i, process& p, time_point deadline);
  void set_state(node_index i, process_state state);
  void flush(node_index i);
  void send(node_index i, const endpoint& to, std::span<const std::byte> bytes);
  void route(const endpoint& from, node_index source, node_index target,
             std::span<const std::byte> bytes);
  [[nodiscard]] time_point from_now(duration length) const noexcept {
    return detail::saturating_add(now_, length);
  }
  /// By a clock that stands or runs backwards a timer is due whenever its sleep is over.
  [[nodiscard]] bool is_due(const slot& s) const noexcept {
    const time_point deadline = s.node.next_deadline();
    if (deadline == time_point::max()) return false;
    return deadline <= s.around.clock.at(now_) || !s.around.clock.advances();
  }

  network network_;
  random_generator random_;
  time_point now_{start};
  std::vector<std::unique_ptr<slot>> slots_{};  // engines are large, and never move
  address_book book_{};
  agenda agenda_{};
  datagram_pool pool_{};
  std::vector<datagram_ref> clogged_{};
  std::vector<action> actions_{};
  std::vector<std::uint32_t> free_actions_{};
  std::vector<observer_type*> observers_{};
  bool telling_{false};
  time_point busy_at_{};  // so many things have happened at that instant
  std::uint32_t busy_steps_{0};
  std::array<std::byte, datagram_pool::max_size> buffer_{};
};

}  // namespace testing
}  // namespace v1
}  // namespace flotilla

#include <flotilla/testing/simulation_nodes.hpp>
#include <flotilla/testing/simulation_traffic.hpp>
