// tests/determinism/chaos.cpp - a simulated group through every kind of fault, as a single number
// The simulator and the engine together: the same on every compiler, word size and build type.
#include "chaos.hpp"

#include <chrono>
#include <cinttypes>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <flotilla/testing/cluster.hpp>
#include <flotilla/testing/trace_hash.hpp>
#include <variant>

namespace determinism {

namespace {

using namespace std::chrono_literals;
using flotilla::config;
using flotilla::duration;
using flotilla::endpoint;
using flotilla::engine;
using flotilla::event;
using flotilla::testing::chance;
using flotilla::testing::cluster;
using flotilla::testing::driver_options;
using flotilla::testing::latency;
using flotilla::testing::link_options;
using flotilla::testing::memory_kept;
using flotilla::testing::network_statistics;
using flotilla::testing::node_index;

constexpr node_index members = 16;

/// Counts the events, by kind and order: trace_hash knows nothing of them.
class event_hash final : public flotilla::testing::engine_observer {
 public:
  void on_event(flotilla::time_point now, node_index node, const engine&,
                const event& what) override {
    ++count_;
    add(static_cast<std::uint64_t>(now.time_since_epoch().count()));
    add(std::uint64_t{node} << 8U | what.index());
  }
  [[nodiscard]] std::uint64_t count() const { return count_; }
  [[nodiscard]] std::uint64_t value() const { return value_; }
  void add(std::uint64_t word) { value_ = flotilla::detail::mix(value_ ^ word, {}); }

 private:
  std::uint64_t count_{0};
  std::uint64_t value_{0};
};

link_options bad_link() {
  link_options link;
  link.delay =
      latency::by_quantiles({{0, 200us}, {500, 600us}, {900, 3ms}, {990, 20ms}, {1000, 90ms}});
  link.loss = chance::percent(6);
  link.burst = {chance::per_million(8000), chance::percent(12), chance::percent(85)};
  link.duplicate = chance::percent(4);
  link.reorder = chance::percent(7);
  link.reorder_delay = latency::exponential(1ms, 15ms);
  return link;
}

/// Paths: cut, parted, clogged, lossy at one end.
void harm_paths(cluster& c) {
  c.net().cut(1, 2);
  c.net().set_egress_loss(3, chance::percent(60));
  c.net().set_ingress_loss(4, chance::percent(60));
  c.run_for(3s);
  c.net().clog(5, 6);
  c.net().clog(6, 5);
  c.run_for(1s);
  c.net().unclog_all();
  c.sim().release_clogged();
  std::uint32_t side_of[members] = {};
  for (node_index i = 0; i < members; ++i) side_of[i] = i % 3;
  c.net().partition(side_of);
  c.run_for(8s);
  c.net().mend_all();
  c.net().set_egress_loss(3, chance::never());
  c.net().set_ingress_loss(4, chance::never());
  c.net().isolate(7);
  c.run_for(4s);
  c.net().mend_all();
}

/// Processes: crashed, restarted with less and less memory, stopped, cut off from their sockets.
void harm_processes(cluster& c) {
  c.crash(8);
  c.freeze(9);
  c.block(10);
  c.run_for(1500ms);
  c.resume(9);
  c.restart(11, memory_kept::incarnation);
  (void)c.join(11, 0);
  c.run_for(2s);
  c.resume(10);
  c.restart(8);
  (void)c.join(8, 12);
  c.restart(12, memory_kept::not_even_id);
  (void)c.join(12, 1);
  c.freeze(13);
  c.run_for(6s);
  c.resume(13);
  (void)c.set_address(14, endpoint::ipv4({172, 16, 0, 1}, 7946));
  c.sim().after(2s, [&c] { (void)c.leave(15); });
  c.run_for(4s);
}

/// Clocks that drift, stand, run backwards and jump; drivers that are slow, late, and read little.
void harm_clocks_and_drivers(cluster& c) {
  c.sim().drift_clock(1, 150'000);
  c.sim().drift_clock(2, -300'000);
  c.sim().drift_clock(3, -1'000'000);
  c.sim().drift_clock(4, -2'500'000);
  c.sim().jump_clock(5, 5s);
  c.sim().jump_clock(6, -1s);
  driver_options slow;
  slow.busy = 25ms;
  slow.batch = 4;
  slow.queue_datagrams = 3;
  driver_options late;
  late.timer_lateness = latency::exponential(0ms, 30ms);
  late.timers_first = true;
  c.sim().set_driver(7, slow);
  c.sim().set_driver(0, late);
  c.run_for(4s);
  for (node_index i = 0; i < members; ++i) {
    c.sim().drift_clock(i, 0);
    c.sim().set_driver(i, {});
  }
}

void add_all(event_hash& to, const cluster& c) {
  const network_statistics& s = c.sim().stats();
  for (const std::uint64_t count : {s.sent, s.delivered, s.lost, s.lost_in_burst, s.lost_leaving,
                                    s.lost_arriving, s.cut, s.address_unknown, s.process_gone,
                                    s.queue_overflown, s.duplicated, s.reordered, s.clogged}) {
    to.add(count);
  }
  for (node_index i = 0; i < c.size(); ++i) to.add(c[i].state_hash());
}

}  // namespace

std::uint64_t chaos(std::uint64_t seed) {
  cluster c{seed, config::loopback(), bad_link()};
  flotilla::testing::trace_hash<engine, event> trace;
  event_hash events;
  c.sim().watch(trace);
  c.sim().watch(events);
  c.add_joined(members);
  c.run_for(5s);
  harm_paths(c);
  harm_processes(c);
  harm_clocks_and_drivers(c);
  c.net().set_link({});
  c.run_for(60s);
  add_all(events, c);
  events.add(trace.value());
  const network_statistics& s = c.sim().stats();
  std::printf("chaos: %" PRIu64 " datagrams, %" PRIu64 " events, %s in the end; lost %" PRIu64
              ", in bursts %" PRIu64 ", leaving %" PRIu64 ", arriving %" PRIu64 ", cut %" PRIu64
              ", process gone %" PRIu64 ", queue full %" PRIu64 ", twice %" PRIu64
              ", held back %" PRIu64 ", clogged %" PRIu64 "\n",
              s.sent, events.count(), c.full_mesh() ? "whole" : "not whole", s.lost,
              s.lost_in_burst, s.lost_leaving, s.lost_arriving, s.cut, s.process_gone,
              s.queue_overflown, s.duplicated, s.reordered, s.clogged);
  return events.value();
}

}  // namespace determinism
