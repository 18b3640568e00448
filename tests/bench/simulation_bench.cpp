// tests/bench/simulation_bench.cpp - what the simulator costs, and what a member costs in it
// Delivered datagrams a second with nodes that cost nothing; nanoseconds a member a period with
// engines. Each reports what it allocates: nothing, once it is warm.
#include <benchmark/benchmark.h>

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <flotilla/testing/cluster.hpp>
#include <new>
#include <support/bounce_node.hpp>

namespace {
std::uint64_t allocations = 0;
}  // namespace

// Not inlined: GCC would see malloc beside delete, and call that a mistake.
[[gnu::noinline]] void* operator new(std::size_t size) {
  ++allocations;
  void* at = std::malloc(size);
  if (at == nullptr) throw std::bad_alloc{};
  return at;
}
[[gnu::noinline]] void operator delete(void* at) noexcept { std::free(at); }
[[gnu::noinline]] void operator delete(void* at, std::size_t) noexcept { std::free(at); }

namespace {

using namespace std::chrono_literals;
using flotilla::config;
using flotilla::duration;
using flotilla::testing::chance;
using flotilla::testing::cluster;
using flotilla::testing::link_options;
using flotilla::testing::node_index;
using support::bounce_node;
using simulation = flotilla::testing::simulation<bounce_node>;

/// Balls in the air from the start, `balls` a node; one iteration is a stretch of virtual time.
void run(benchmark::State& state, simulation& sim, duration stretch) {
  sim.run_for(1s);  // warm: the pool and the agenda have grown
  const std::uint64_t delivered = sim.stats().delivered;
  const std::uint64_t allocated = allocations;
  for (auto _ : state) sim.run_for(stretch);
  const auto count = static_cast<double>(sim.stats().delivered - delivered);
  state.counters["items_per_second"] = benchmark::Counter(count, benchmark::Counter::kIsRate);
  state.counters["allocations_per_datagram"] = static_cast<double>(allocations - allocated) / count;
}

void trivial_nodes(benchmark::State& state) {
  const auto count = static_cast<node_index>(state.range(0));
  simulation sim{1};
  for (node_index i = 0; i < count; ++i) sim.add(bounce_node{i, count, 1, sim.now()});
  // Each is under way for 0.75 ms: a hundred thousand datagrams an iteration.
  run(state, sim, duration{1s} * 75 / count);
}
BENCHMARK(trivial_nodes)->Arg(16)->Arg(1000)->Arg(16'384)->Unit(benchmark::kMillisecond);

/// Lost balls are gone, so these nodes throw new ones by a timer.
void trivial_nodes_on_a_bad_network(benchmark::State& state) {
  const auto count = static_cast<node_index>(state.range(0));
  link_options link;
  link.loss = chance::percent(5);
  link.duplicate = chance::percent(5);
  link.reorder = chance::percent(10);
  simulation sim{1, link};
  for (node_index i = 0; i < count; ++i) {
    // Not all at the same instant.
    const auto first = sim.now() + duration{10ms} * i / count;
    sim.add(bounce_node{i, count, 10, first, 10ms});
  }
  run(state, sim, duration{1s} * 100 / count);
}
BENCHMARK(trivial_nodes_on_a_bad_network)
    ->Arg(16)
    ->Arg(1000)
    ->Arg(16'384)
    ->Unit(benchmark::kMillisecond);

/// A group at rest, everybody known to everybody: one iteration is one protocol period.
void members_at_rest(benchmark::State& state) {
  const auto count = static_cast<node_index>(state.range(0));
  config base = config::lan();
  base.expected_members = count;
  cluster group{1, base};
  group.add_joined(count);
  const auto done = [&] { return group.full_mesh(); };
  if (!group.sim().run_until(done, 60s, 1s)) return state.SkipWithError("no full mesh");
  group.run_for(60s);  // the gossip of the beginning is over
  const std::uint64_t delivered = group.sim().stats().delivered;
  const std::uint64_t allocated = allocations;
  for (auto _ : state) group.run_for(base.protocol_period);
  const auto datagrams = static_cast<double>(group.sim().stats().delivered - delivered);
  const auto periods = static_cast<double>(state.iterations()) * count;
  state.counters["items_per_second"] = benchmark::Counter(datagrams, benchmark::Counter::kIsRate);
  state.counters["allocations_per_datagram"] =
      static_cast<double>(allocations - allocated) / datagrams;
  state.counters["datagrams_per_member_period"] = datagrams / periods;
  state.counters["seconds_per_member_period"] =
      benchmark::Counter(periods, benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}
BENCHMARK(members_at_rest)->Arg(64)->Arg(512)->Iterations(300)->Unit(benchmark::kMicrosecond);

}  // namespace
