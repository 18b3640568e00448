// tests/allocation/simulation_test.cpp - the simulator allocates nothing once it is warm
// Only then does a benchmark of a group in it measure the group.
#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <flotilla/testing/simulation.hpp>
#include <support/bounce_node.hpp>

#include "counting.hpp"

namespace {

using namespace std::chrono_literals;
using allocation::counted;
using flotilla::duration;
using flotilla::testing::chance;
using flotilla::testing::default_address;
using flotilla::testing::driver_options;
using flotilla::testing::latency;
using flotilla::testing::link_options;
using flotilla::testing::node_index;
using support::bounce_node;
using simulation = flotilla::testing::simulation<bounce_node>;

void add_nodes(simulation& sim, node_index count, duration period, const driver_options& driver) {
  for (node_index i = 0; i < count; ++i) {
    sim.add(bounce_node{i, count, 2, sim.now(), period}, default_address(i), driver);
  }
}

/// What a run of ten seconds allocates, ten seconds after the start.
std::uint64_t allocations_when_warm(simulation& sim) {
  allocation::start();
  counted([&] { sim.run_for(10s); });
  EXPECT_GT(allocation::now().allocations, 0U) << "the counter counts nothing";
  const std::uint64_t before = sim.stats().delivered;
  allocation::start();
  counted([&] { sim.run_for(10s); });
  EXPECT_GT(sim.stats().delivered, before + 10'000) << "it hardly ran";
  return allocation::now().allocations;
}

TEST(SimulationAllocation, NoneWhenWarm) {
  simulation sim{1};
  add_nodes(sim, 50, 0ms, {});
  EXPECT_EQ(allocations_when_warm(sim), 0U);
}

TEST(SimulationAllocation, NoneWithTimersFaultsAndSlowMembersEither) {
  link_options link;
  link.loss = chance::percent(5);
  link.burst = {chance::percent(1), chance::percent(10), chance::percent(90)};
  link.duplicate = chance::percent(10);
  link.reorder = chance::percent(20);
  simulation sim{2, link};
  driver_options driver;
  driver.busy = 100us;
  driver.timer_lateness = latency::uniform(0ms, 5ms);
  add_nodes(sim, 50, 10ms, driver);
  sim.net().isolate(3);
  sim.drift_clock(4, -100'000);
  EXPECT_EQ(allocations_when_warm(sim), 0U);
}

TEST(SimulationAllocation, NoneWhileProcessesStopAndGoOn) {
  simulation sim{3};
  add_nodes(sim, 20, 10ms, {});
  const auto stop_and_go = [&] {
    for (node_index i = 0; i < 100; ++i) {
      sim.freeze(i % 20);
      sim.block((i + 7) % 20);
      sim.net().clog(1, 8);
      sim.run_for(100ms);
      sim.resume(i % 20);
      sim.resume((i + 7) % 20);
      sim.net().unclog_all();
      sim.release_clogged();
    }
  };
  for (int i = 0; i < 5; ++i) stop_and_go();
  allocation::start();
  counted(stop_and_go);
  EXPECT_EQ(allocation::now().allocations, 0U);
  EXPECT_GT(sim.stats().delivered, 10'000U);
  EXPECT_GT(sim.stats().clogged, 100U);
}

}  // namespace
