// tests/testing/simulation_nodes_test.cpp - flotilla/testing/simulation_nodes.hpp
// Adding, crashing, restarting, freezing, blocking, clocks: what each does, and what it leaves
// alone.
#include <flotilla/testing/simulation_nodes.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <support/test_node.hpp>
#include <vector>

namespace {

using namespace std::chrono_literals;
using flotilla::duration;
using flotilla::endpoint;
using flotilla::time_point;
using flotilla::testing::default_address;
using flotilla::testing::driver_options;
using flotilla::testing::latency;
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

std::vector<time_point> tick_times(const test_node& n) {
  std::vector<time_point> result;
  for (const auto& in : n.inputs) {
    if (in.timer) result.push_back(in.at);
  }
  return result;
}

TEST(SimulationNodes, WhatANewNodeHasToSayIsSentAtOnce) {
  test_simulation sim{1, exactly(1ms)};
  add_nodes(sim, 1);
  test_node eager;
  eager.send(default_address(0), number(5));
  EXPECT_EQ(sim.add(eager), 1U);
  sim.run_for(1ms);
  EXPECT_EQ(sim[0].numbers(), numbers{5});
  EXPECT_EQ(sim[0].inputs[0].from, default_address(1));
}

TEST(SimulationNodes, NodesAreAddedWhileItRunsAndOldCutsStay) {
  test_simulation sim{1, exactly(1ms)};
  add_nodes(sim, 2);
  sim.net().cut(0, 1);
  sim.net().clog(1, 0);
  for (node_index i = 2; i < 200; ++i) {
    sim.add(test_node{});
    say(sim, 0, i, i);
    say(sim, i, 0, i);
    say(sim, 0, 1, i);
  }
  sim.run_for(1ms);
  for (node_index i = 2; i < 200; ++i) ASSERT_EQ(sim[i].numbers(), numbers{i});
  EXPECT_EQ(sim[0].received(), 198U);
  EXPECT_EQ(sim[1].received(), 0U);
  EXPECT_EQ(sim.stats().cut, 198U);
  EXPECT_TRUE(adds_up(sim));
}

TEST(SimulationNodes, ACrashedProcessHearsAndDoesNothing) {
  test_simulation sim{1, exactly(10ms)};
  add_nodes(sim, 2);
  set_timer(sim, 1, 5ms, 5ms);
  say(sim, 0, 1, 1);
  sim.crash(1);
  sim.run_for(1s);
  EXPECT_TRUE(sim[1].inputs.empty());
  EXPECT_EQ(sim.stats().process_gone, 1U);
  EXPECT_FALSE(sim.running(1));
  EXPECT_TRUE(adds_up(sim));
}

TEST(SimulationNodes, ACrashTakesWhatTheSocketHeldAndCountsIt) {
  test_simulation sim{1, exactly(1ms)};
  add_nodes(sim, 3);
  sim.freeze(1);
  for (std::uint32_t i = 0; i < 5; ++i) say(sim, 0, 1, i);
  sim.run_for(1s);
  sim.block(2);
  for (std::uint32_t i = 0; i < 3; ++i) say(sim, 2, 0, i);
  EXPECT_EQ(sim.under_way(), 8U);
  sim.crash(1);
  sim.crash(2);
  sim.crash(2);
  EXPECT_EQ(sim.under_way(), 0U);
  EXPECT_EQ(sim.stats().process_gone, 8U);
  EXPECT_TRUE(adds_up(sim));
  sim.restart(1, test_node{});
  sim.restart(2, test_node{});
  sim.run_for(1s);
  EXPECT_TRUE(sim[1].inputs.empty());
  EXPECT_TRUE(sim[0].inputs.empty());
}

TEST(SimulationNodes, ARestartedOneIsNewAtTheOldPlace) {
  test_simulation sim{1, exactly(1ms)};
  add_nodes(sim, 2);
  set_timer(sim, 1, 5ms);
  say(sim, 0, 1, 1);
  sim.run_for(2ms);
  test_node fresh;
  fresh.deadline = sim.local_time(1) + 20ms;
  fresh.send(default_address(0), number(8));
  sim.restart(1, fresh);
  EXPECT_EQ(sim.process_of(1).lives, 2U);
  EXPECT_TRUE(sim.running(1));
  EXPECT_TRUE(sim[1].inputs.empty());
  sim.run_for(10ms);
  EXPECT_TRUE(tick_times(sim[1]).empty()) << "the old one's timer";
  EXPECT_EQ(sim[0].numbers(), numbers{8});
  say(sim, 0, 1, 2);
  sim.run_for(1s);
  EXPECT_EQ(sim[1].numbers(), numbers{2});
  EXPECT_EQ(tick_times(sim[1]), std::vector<time_point>{start + 22ms});
}

TEST(SimulationNodes, WhatIsUnderWayReachesTheNextLife) {
  test_simulation sim{1, exactly(10ms)};
  add_nodes(sim, 2);
  say(sim, 0, 1, 1);
  sim.crash(1);
  sim.run_for(5ms);
  sim.restart(1, test_node{});
  sim.run_for(5ms);
  EXPECT_EQ(sim[1].numbers(), numbers{1});
}

// ---- frozen

TEST(SimulationNodes, AFrozenOneReadsItsQueueBeforeItsTimersWhenItGoesOn) {
  for (const bool timers_first : {false, true}) {
    test_simulation sim{1, exactly(1ms)};
    add_nodes(sim, 2);
    driver_options driver;
    driver.timers_first = timers_first;
    sim.set_driver(1, driver);
    set_timer(sim, 1, 5ms);
    sim.freeze(1);
    for (std::uint32_t i = 0; i < 3; ++i) say(sim, 0, 1, i);
    sim.run_for(100ms);
    ASSERT_TRUE(sim[1].inputs.empty());
    EXPECT_EQ(sim.under_way(), 3U);
    sim.resume(1);
    EXPECT_TRUE(sim[1].inputs.empty()) << "it is woken, not called";
    sim.run_for(0s);
    ASSERT_EQ(sim[1].inputs.size(), 4U);
    EXPECT_EQ(sim[1].inputs[timers_first ? 0 : 3].timer, true);
    EXPECT_EQ(sim[1].numbers(), (numbers{0, 1, 2}));
    for (const auto& in : sim[1].inputs) EXPECT_EQ(in.at, start + 100ms);
  }
}

TEST(SimulationNodes, FreezingAndResumingAtOnceChangesNothing) {
  test_simulation sim{1, exactly(1ms)};
  add_nodes(sim, 1);
  set_timer(sim, 0, 5ms);
  sim.freeze(0);
  sim.resume(0);
  sim.resume(0);
  sim.run_for(5ms - 1ns);
  EXPECT_EQ(sim[0].ticks(), 0U);
  sim.run_for(1s);
  EXPECT_EQ(tick_times(sim[0]), std::vector<time_point>{start + 5ms});
}

// ---- blocked

TEST(SimulationNodes, ABlockedOneHasTimersButNoSocket) {
  test_simulation sim{1, exactly(1ms)};
  add_nodes(sim, 2);
  set_timer(sim, 1, 10ms, 10ms);
  sim.command(1, [](test_node& n) { n.on_tick_to = default_address(0); });
  sim.block(1);
  for (std::uint32_t i = 0; i < 3; ++i) say(sim, 0, 1, i);
  sim.run_for(35ms);
  EXPECT_EQ(sim[1].ticks(), 3U);
  EXPECT_EQ(sim[1].received(), 0U);
  EXPECT_EQ(sim[0].received(), 0U);
  EXPECT_EQ(sim.under_way(), 6U);
  sim.resume(1);
  sim.run_for(1ms);
  EXPECT_EQ(sim[1].numbers(), (numbers{0, 1, 2}));
  EXPECT_EQ(sim[0].numbers(), (numbers{1, 2, 3})) << "what it sent, in order";
  EXPECT_TRUE(adds_up(sim));
}

TEST(SimulationNodes, AFrozenOneThatIsBlockedHasItsTimersAgain) {
  test_simulation sim{1};
  add_nodes(sim, 1);
  set_timer(sim, 0, 10ms, 10ms);
  sim.freeze(0);
  sim.run_for(55ms);
  EXPECT_EQ(sim[0].ticks(), 0U);
  sim.block(0);
  sim.run_for(20ms);
  EXPECT_EQ(tick_times(sim[0]),
            (std::vector<time_point>{start + 55ms, start + 65ms, start + 75ms}));
  sim.freeze(0);
  sim.run_for(1s);
  EXPECT_EQ(sim[0].ticks(), 3U);
}

TEST(SimulationNodes, WhatABlockedOneSentMeetsTheNetworkWhenItGoesOn) {
  test_simulation sim{1, exactly(1ms)};
  add_nodes(sim, 2);
  sim.block(0);
  say(sim, 0, 1, 1);
  sim.move(0, endpoint::ipv4({172, 16, 0, 1}, 1));
  say(sim, 0, 1, 2);
  sim.net().cut(0, 1);
  sim.net().mend(0, 1);
  sim.resume(0);
  sim.run_for(1ms);
  ASSERT_EQ(sim[1].numbers(), (numbers{1, 2}));
  EXPECT_EQ(sim[1].inputs[0].from, default_address(0)) << "from where it was then";
  EXPECT_EQ(sim[1].inputs[1].from, endpoint::ipv4({172, 16, 0, 1}, 1));
  sim.block(0);
  say(sim, 0, 1, 3);
  sim.net().cut(0, 1);
  sim.resume(0);
  sim.run_for(1ms);
  EXPECT_EQ(sim[1].received(), 2U);
  EXPECT_EQ(sim.stats().cut, 1U);
}

// The pool has to grow while what was held is sent: nothing may be read from where it lay before.
TEST(SimulationNodes, ALongOutboxIsSentUnharmed) {
  test_simulation sim{1, exactly(1ms)};
  add_nodes(sim, 2);
  for (std::uint32_t count = 1; count < 600; count += 13) {
    sim.block(0);
    for (std::uint32_t i = 0; i < count; ++i) say(sim, 0, 1, i, 64 + count % 100);
    sim.resume(0);
    const std::size_t before = sim[1].inputs.size();
    sim.run_for(1ms);
    ASSERT_EQ(sim[1].inputs.size(), before + count);
    for (std::uint32_t i = 0; i < count; ++i) {
      ASSERT_EQ(sim[1].inputs[before + i].number(), i);
      ASSERT_EQ(sim[1].inputs[before + i].from, default_address(0));
    }
  }
}

// ---- clocks

TEST(SimulationNodes, ATimerIsASleepByTheNodesOwnClock) {
  test_simulation sim{1};
  add_nodes(sim, 3);
  sim.drift_clock(0, 100'000);   // a tenth fast
  sim.drift_clock(1, -500'000);  // half as fast
  for (node_index i = 0; i < 3; ++i) set_timer(sim, i, 1100ms);
  const auto fired = [&](node_index i) {
    while (sim[i].ticks() == 0) {
      if (!sim.step(start + 10s)) return time_point::max();
    }
    return sim.now();
  };
  EXPECT_GE(fired(0), start + 1s);
  EXPECT_LE(sim.now(), start + 1s + 2ns);
  EXPECT_EQ(fired(2), start + 1100ms);
  EXPECT_GE(fired(1), start + 2200ms);
  EXPECT_LE(sim.now(), start + 2200ms + 2ns);
}

TEST(SimulationNodes, AJumpForwardMakesTimersDueAndOneBackPutsThemOff) {
  test_simulation sim{1};
  add_nodes(sim, 2);
  for (node_index i = 0; i < 2; ++i) set_timer(sim, i, 10s);
  sim.run_for(1s);
  sim.jump_clock(0, 20s);
  sim.jump_clock(1, -30s);
  EXPECT_EQ(sim.local_time(0), start + 21s);
  EXPECT_EQ(sim.local_time(1), start - 29s);
  sim.run_for(0s);
  EXPECT_EQ(tick_times(sim[0]), std::vector<time_point>{start + 21s});
  sim.run_for(39s - 1ns);
  EXPECT_EQ(sim[1].ticks(), 0U);
  sim.run_for(1ns);
  EXPECT_EQ(tick_times(sim[1]), std::vector<time_point>{start + 10s});
}

// By such a clock nothing is ever due; the driver's sleep ends all the same, and it ticks.
TEST(SimulationNodes, TimersFireWhileTheClockStandsOrRunsBackwards) {
  for (const std::int32_t rate : {-1'000'000, -2'000'000}) {
    test_simulation sim{1};
    add_nodes(sim, 1);
    sim.drift_clock(0, rate);
    set_timer(sim, 0, 100ms, 100ms);
    sim.run_for(1s);
    EXPECT_EQ(sim[0].ticks(), 10U) << rate;
    EXPECT_EQ(sim[0].inputs[0].at, start + 100ms * (rate / 1'000'000 + 1)) << rate;
    sim.drift_clock(0, 0);
    sim.run_for(10s);
    EXPECT_GE(sim[0].ticks(), 90U) << rate;
  }
}

// A node whose deadline has passed is asked again after a millisecond at the soonest.
TEST(SimulationNodes, AClockThatRunsBackwardsMakesNoEndlessLoop) {
  test_simulation sim{1};
  add_nodes(sim, 1);
  sim.drift_clock(0, -3'000'000);
  sim.command(0, [](test_node& n) { n.deadline = start - 1h, n.period = -1h; });
  std::size_t steps = 0;
  while (sim.step(start + 100ms)) ASSERT_LT(++steps, 1000U);
  EXPECT_GE(sim[0].ticks(), 99U);
  EXPECT_LE(sim[0].ticks(), 101U);
}

TEST(SimulationNodes, AStandingClockGoesOnWhereItStood) {
  test_simulation sim{1};
  add_nodes(sim, 1);
  sim.drift_clock(0, -1'000'000);
  sim.run_for(1h);
  EXPECT_EQ(sim.local_time(0), start);
  sim.drift_clock(0, 0);
  set_timer(sim, 0, 1s);
  sim.run_for(1s);
  EXPECT_EQ(tick_times(sim[0]), std::vector<time_point>{start + 1s});
}

/// What has crashed stays so, whatever else is asked of it, until it is restarted.
TEST(SimulationNodes, ACrashedProcessDoesNothing) {
  test_simulation sim{1, exactly(1ms)};
  add_nodes(sim, 2);
  sim.crash(1);
  EXPECT_FALSE(sim.freeze(1));
  EXPECT_FALSE(sim.block(1));
  EXPECT_FALSE(sim.resume(1));
  EXPECT_TRUE(sim.crashed(1));
  EXPECT_FALSE(sim.command(1, [](test_node& n) { n.send(default_address(0), number(5)); }));
  sim.run_for(1s);
  EXPECT_TRUE(sim[0].numbers().empty());
  EXPECT_TRUE(sim.freeze(0));
  EXPECT_FALSE(sim.command(0, [](test_node& n) { n.send(default_address(0), number(6)); }));
  EXPECT_TRUE(sim.resume(0));
  EXPECT_FALSE(sim.resume(0)) << "it runs";
  sim.run_for(1s);
  EXPECT_TRUE(sim[0].numbers().empty()) << "the command was not kept for later";
}

}  // namespace
