// tests/testing/simulation_traffic_test.cpp - flotilla/testing/simulation_traffic.hpp
// The driver's loop: bounded queues, batches, slow members, late timers; and no datagram is lost
// to the books.
#include <flotilla/testing/simulation_traffic.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string>
#include <support/test_node.hpp>
#include <vector>

namespace {

using namespace std::chrono_literals;
using flotilla::duration;
using flotilla::endpoint;
using flotilla::time_point;
using flotilla::testing::chance;
using flotilla::testing::default_address;
using flotilla::testing::driver_options;
using flotilla::testing::latency;
using flotilla::testing::link_options;
using flotilla::testing::node_index;
using flotilla::testing::process_state;
using support::add_nodes;
using support::adds_up;
using support::exactly;
using support::number;
using support::say;
using support::set_timer;
using support::test_node;
using support::test_simulation;

using numbers = std::vector<std::uint32_t>;
constexpr time_point start = test_simulation::start;

/// Sends `count` numbers from node 0 to node 1, one every `gap`.
void stream(test_simulation& sim, std::uint32_t count, duration gap) {
  for (std::uint32_t i = 0; i < count; ++i) {
    sim.after(gap * i, [&sim, i] { say(sim, 0, 1, i); });
  }
}

// ---- bounded queues

TEST(SimulationTraffic, AQueueHoldsSoManyDatagrams) {
  test_simulation sim{1, exactly(1ms)};
  add_nodes(sim, 2);
  driver_options driver;
  driver.queue_datagrams = 10;
  sim.set_driver(1, driver);
  sim.freeze(1);
  for (std::uint32_t i = 0; i < 15; ++i) say(sim, 0, 1, i);
  sim.run_for(1ms);
  EXPECT_EQ(sim.stats().queue_overflown, 5U);
  EXPECT_EQ(sim.process_of(1).inbox.size(), 10U);
  sim.resume(1);
  sim.run_for(1ms);
  EXPECT_EQ(sim[1].numbers(), (numbers{0, 1, 2, 3, 4, 5, 6, 7, 8, 9})) << "the last ones are lost";
  EXPECT_TRUE(adds_up(sim));
}

TEST(SimulationTraffic, AQueueHoldsSoManyBytesAndASmallOneMayStillFit) {
  test_simulation sim{1, exactly(1ms)};
  add_nodes(sim, 2);
  driver_options driver;
  driver.queue_bytes = 1000;
  sim.set_driver(1, driver);
  sim.freeze(1);
  say(sim, 0, 1, 1, 600);
  say(sim, 0, 1, 2, 401);  // one byte too many
  say(sim, 0, 1, 3, 400);
  say(sim, 0, 1, 4, 4);
  sim.command(0, [](test_node& n) { n.send(default_address(1), {}); });
  sim.run_for(1ms);
  EXPECT_EQ(sim.stats().queue_overflown, 2U);
  EXPECT_EQ(sim.process_of(1).inbox.bytes(), 1000U);
  sim.resume(1);
  sim.run_for(1ms);
  EXPECT_EQ(sim[1].numbers(), (numbers{1, 3, 0}));
  EXPECT_TRUE(adds_up(sim));
}

TEST(SimulationTraffic, WhatABlockedOneSendsIsBoundedAsWell) {
  test_simulation sim{1, exactly(1ms)};
  add_nodes(sim, 2);
  driver_options driver;
  driver.queue_datagrams = 3;
  sim.set_driver(0, driver);
  sim.block(0);
  for (std::uint32_t i = 0; i < 7; ++i) say(sim, 0, 1, i);
  EXPECT_EQ(sim.stats().queue_overflown, 4U);
  sim.resume(0);
  sim.run_for(1ms);
  EXPECT_EQ(sim[1].numbers(), (numbers{0, 1, 2}));
  EXPECT_EQ(sim.stats().sent, 7U);
  EXPECT_TRUE(adds_up(sim));
}

TEST(SimulationTraffic, AnIdleProcessNeedsNoQueue) {
  test_simulation sim{1, exactly(1ms)};
  add_nodes(sim, 2);
  driver_options driver;
  driver.queue_datagrams = 0;
  sim.set_driver(1, driver);
  for (std::uint32_t i = 0; i < 7; ++i) say(sim, 0, 1, i);
  sim.run_for(1ms);
  EXPECT_EQ(sim[1].received(), 7U);
}

// ---- batches and slow members

/// How many datagrams were read before the first tick.
std::size_t read_before_tick(const test_node& n) {
  std::size_t count = 0;
  while (count < n.inputs.size() && !n.inputs[count].timer) ++count;
  return count;
}

TEST(SimulationTraffic, LooksAtItsTimersAfterABatch) {
  for (const std::uint32_t batch : {0U, 1U, 5U, 64U, 1000U}) {
    test_simulation sim{1, exactly(1ms)};
    add_nodes(sim, 2);
    driver_options driver;
    driver.batch = batch;
    sim.set_driver(1, driver);
    set_timer(sim, 1, 5ms);
    sim.freeze(1);
    for (std::uint32_t i = 0; i < 100; ++i) say(sim, 0, 1, i);
    sim.run_for(10ms);
    sim.resume(1);
    sim.run_for(0s);
    const std::size_t expected = batch == 0 ? 1 : batch < 100 ? batch : 100;
    EXPECT_EQ(read_before_tick(sim[1]), expected) << "batch " << batch;
    EXPECT_EQ(sim[1].received(), 100U) << "batch " << batch;
    EXPECT_EQ(sim[1].ticks(), 1U) << "batch " << batch;
  }
}

TEST(SimulationTraffic, ASlowOneTakesItsTimeForEach) {
  test_simulation sim{1, exactly(1ms)};
  add_nodes(sim, 2);
  driver_options driver;
  driver.busy = 10ms;
  sim.set_driver(1, driver);
  for (std::uint32_t i = 0; i < 4; ++i) say(sim, 0, 1, i);
  set_timer(sim, 1, 15ms);
  sim.run_for(1s);
  ASSERT_EQ(sim[1].inputs.size(), 5U);
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(sim[1].inputs[static_cast<std::size_t>(i)].at, start + 1ms + i * 10ms) << i;
  }
  EXPECT_TRUE(sim[1].inputs[4].timer) << "packets before timers";
}

// More comes in than it can read: its timers fire after each batch all the same.
TEST(SimulationTraffic, AnOverloadedOneStillHasItsTimers) {
  for (const bool timers_first : {false, true}) {
    test_simulation sim{1, exactly(1ms)};
    add_nodes(sim, 2);
    driver_options driver;
    driver.busy = 1ms;
    driver.batch = 64;
    driver.queue_datagrams = 50;
    driver.timers_first = timers_first;
    sim.set_driver(1, driver);
    set_timer(sim, 1, 10ms, 10ms);
    stream(sim, 4000, 250us);
    sim.run_for(1s);
    EXPECT_GE(sim[1].ticks(), timers_first ? 80U : 14U);
    EXPECT_LE(sim[1].ticks(), timers_first ? 100U : 17U);
    EXPECT_GT(sim.stats().queue_overflown, 2500U);
    EXPECT_TRUE(adds_up(sim));
  }
}

TEST(SimulationTraffic, ASlowOneMayBeFrozenAndCrashWhileItIsBusy) {
  test_simulation sim{1, exactly(1ms)};
  add_nodes(sim, 2);
  driver_options driver;
  driver.busy = 100ms;
  sim.set_driver(1, driver);
  stream(sim, 5, 1ms);
  sim.run_for(10ms);
  EXPECT_EQ(sim[1].received(), 1U);
  sim.freeze(1);
  sim.run_for(20ms);
  sim.resume(1);
  sim.run_for(71ms - 1ns);
  EXPECT_EQ(sim[1].received(), 1U) << "busy until 101 ms";
  sim.run_for(1ns);
  EXPECT_EQ(sim[1].received(), 2U);
  sim.restart(1, test_node{});
  say(sim, 0, 1, 77);
  sim.run_for(1ms);
  EXPECT_EQ(sim[1].numbers(), numbers{77}) << "the new one is not busy, and what was held is gone";
  EXPECT_TRUE(adds_up(sim));
}

// ---- timers

TEST(SimulationTraffic, TimersAreAsLateAsTheDriver) {
  test_simulation sim{1};
  add_nodes(sim, 1);
  driver_options driver;
  driver.timer_lateness = latency::uniform(2ms, 7ms);
  sim.set_driver(0, driver);
  set_timer(sim, 0, 100ms, 100ms);
  duration least = 1s;
  duration most = 0s;
  time_point due = start + 100ms;
  for (int i = 0; i < 500; ++i) {
    const std::size_t before = sim[0].ticks();
    while (sim[0].ticks() == before) ASSERT_TRUE(sim.step(start + 1h));
    const duration late = sim[0].inputs.back().at - due;
    least = std::min(least, late);
    most = std::max(most, late);
    due = sim[0].deadline;
  }
  EXPECT_GE(least, 2ms);
  EXPECT_LT(least, 2100us);
  EXPECT_LT(most, 7ms);
  EXPECT_GT(most, 6900us);
}

// Each datagram makes the driver look at its next deadline again.
TEST(SimulationTraffic, TrafficPutsALateTimerOffNoFurther) {
  test_simulation sim{1, exactly(1ms)};
  add_nodes(sim, 2);
  driver_options driver;
  driver.timer_lateness = latency::fixed(10ms);
  sim.set_driver(1, driver);
  set_timer(sim, 1, 20ms);
  stream(sim, 1000, 1ms);
  sim.run_for(30ms - 1ns);
  EXPECT_EQ(sim[1].ticks(), 0U);
  sim.run_for(1ns);
  EXPECT_EQ(sim[1].ticks(), 1U);
}

TEST(SimulationTraffic, ALateTimerDoesNotKeepTheQueueWaiting) {
  test_simulation sim{1, exactly(1ms)};
  add_nodes(sim, 2);
  driver_options driver;
  driver.timer_lateness = latency::fixed(1s);
  driver.busy = 1ms;
  sim.set_driver(1, driver);
  set_timer(sim, 1, 2ms);
  sim.after(5ms, [&] {
    say(sim, 0, 1, 1);
    say(sim, 0, 1, 2);
  });
  sim.run_for(7ms);
  EXPECT_EQ(sim[1].numbers(), (numbers{1, 2})) << "at 6 ms, and when it is done with that";
}

TEST(SimulationTraffic, ADeadlineThatMovesIsFollowed) {
  test_simulation sim{1};
  add_nodes(sim, 1);
  set_timer(sim, 0, 100ms);
  set_timer(sim, 0, 50ms);
  sim.run_for(50ms - 1ns);
  EXPECT_EQ(sim[0].ticks(), 0U);
  sim.run_for(1ns);
  EXPECT_EQ(sim[0].ticks(), 1U);
  set_timer(sim, 0, 10ms);
  set_timer(sim, 0, 500ms);
  sim.run_for(500ms - 1ns);
  EXPECT_EQ(sim[0].ticks(), 1U) << "put off";
  sim.run_for(1ns);
  EXPECT_EQ(sim[0].ticks(), 2U);
}

// ---- the books

void damage(test_simulation& sim, flotilla::testing::random_generator& random) {
  const node_index a = random.below(sim.size());
  const node_index b = random.below(sim.size());
  switch (random.below(14)) {
    case 0: sim.net().cut_both_ways(a, b); break;
    case 1: sim.net().cut(a, b); break;
    case 2: sim.net().mend_all(); break;
    case 3: sim.net().clog(a, b); break;
    case 4: sim.net().unclog(a, b); break;
    case 5: sim.release_clogged(); break;
    case 6: sim.net().set_egress_loss(a, chance::percent(40)); break;
    case 7: sim.net().set_ingress_loss(b, chance::percent(40)); break;
    case 8: sim.crash(a); break;
    case 9: sim.restart(a, test_node{}); break;
    case 10:
      if (sim.process_of(a).state != process_state::crashed) sim.freeze(a);
      break;
    case 11:
      if (sim.process_of(a).state != process_state::crashed) sim.block(a);
      break;
    case 12: sim.close_address(default_address(a)); break;
    default:
      if (sim.process_of(a).state != process_state::crashed) sim.resume(a);
      break;
  }
}

void drain(test_simulation& sim) {
  sim.net().unclog_all();
  sim.release_clogged();
  for (node_index i = 0; i < sim.size(); ++i) {
    sim.drift_clock(i, 0);
    sim.set_driver(i, driver_options{});
    if (sim.process_of(i).state != process_state::crashed) sim.resume(i);
  }
  sim.run_for(1h);
}

// Each datagram ends in exactly one counter, whatever happens meanwhile.
TEST(SimulationTraffic, EveryDatagramIsAccountedFor) {
  flotilla::testing::network_statistics all;
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    link_options link;
    link.delay = latency::exponential(100us, 2ms);
    link.loss = chance::percent(5);
    link.burst = {chance::percent(3), chance::percent(20), chance::percent(80)};
    link.duplicate = chance::percent(10);
    link.reorder = chance::percent(10);
    test_simulation sim{seed, link};
    add_nodes(sim, 8);
    auto random = sim.random();
    for (std::uint32_t i = 0; i < 3000; ++i) {
      if (random.below(25) == 0) damage(sim, random);
      if (random.below(500) == 0) sim.add(test_node{});
      driver_options slow;
      slow.busy = 1ms;
      slow.queue_datagrams = 5;
      if (random.below(200) == 0) sim.set_driver(random.below(sim.size()), slow);
      const node_index from = random.below(sim.size());
      const node_index to = random.below(sim.size());
      const std::uint32_t size = 4 + random.below(3000);
      if (sim.process_of(from).runs_timers()) say(sim, from, to, i, size);
      if (random.below(20) == 0) sim.inject(default_address(from), default_address(to), number(i));
      sim.run_for(duration{random.below(500'000)});
      ASSERT_TRUE(adds_up(sim)) << "after " << i;
    }
    drain(sim);
    EXPECT_EQ(sim.under_way(), 0U);
    EXPECT_TRUE(adds_up(sim));
    std::uint64_t taken = 0;
    for (node_index i = 0; i < sim.size(); ++i) taken += sim[i].received();
    EXPECT_LE(taken, sim.stats().delivered) << "those of lost lives are in no log";
    const auto& s = sim.stats();
    all.delivered += s.delivered, all.lost += s.lost, all.lost_in_burst += s.lost_in_burst;
    all.lost_leaving += s.lost_leaving, all.lost_arriving += s.lost_arriving, all.cut += s.cut;
    all.address_unknown += s.address_unknown, all.process_gone += s.process_gone;
    all.queue_overflown += s.queue_overflown, all.duplicated += s.duplicated;
    all.clogged += s.clogged;
  }
  // The test is worth something only when all of it happened.
  for (const std::uint64_t count :
       {all.delivered, all.lost, all.lost_in_burst, all.lost_leaving, all.lost_arriving, all.cut,
        all.address_unknown, all.process_gone, all.queue_overflown, all.duplicated, all.clogged}) {
    EXPECT_GT(count, 100U);
  }
}

}  // namespace
