// tests/testing/simulation_test.cpp - flotilla/testing/simulation.hpp
// Time, actions, addresses, what is put on the way, and that a seed is a run.
#include <flotilla/testing/simulation.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <flotilla/engine.hpp>
#include <flotilla/testing/trace_hash.hpp>
#include <functional>
#include <support/test_node.hpp>
#include <vector>

namespace {

using namespace std::chrono_literals;
using flotilla::duration;
using flotilla::endpoint;
using flotilla::time_point;
using flotilla::testing::chance;
using flotilla::testing::default_address;
using flotilla::testing::latency;
using flotilla::testing::link_options;
using flotilla::testing::no_node;
using flotilla::testing::node_index;
using support::add_nodes;
using support::adds_up;
using support::exactly;
using support::number;
using support::say;
using support::test_node;
using support::test_simulation;

using numbers = std::vector<std::uint32_t>;
constexpr time_point start = test_simulation::start;

static_assert(flotilla::testing::sans_io_node<test_node>);
static_assert(flotilla::testing::sans_io_node<flotilla::engine>);
static_assert(!flotilla::testing::sans_io_node<int>);

TEST(Simulation, DeliversAfterTheLatencyAndNotBefore) {
  test_simulation sim{1, exactly(5ms)};
  add_nodes(sim, 2);
  say(sim, 0, 1, 42);
  EXPECT_EQ(sim.under_way(), 1U);
  sim.run_for(5ms - 1ns);
  EXPECT_EQ(sim[1].received(), 0U);
  sim.run_for(1ns);
  ASSERT_EQ(sim[1].received(), 1U);
  EXPECT_EQ(sim[1].inputs[0].at, start + 5ms);
  EXPECT_EQ(sim[1].inputs[0].from, default_address(0));
  EXPECT_EQ(sim[1].inputs[0].number(), 42U);
  EXPECT_EQ(sim.now(), start + 5ms);
  EXPECT_EQ(sim.under_way(), 0U);
}

TEST(Simulation, KeepsTheOrderOfAFixedLatencyAndBreaksThatOfAnother) {
  test_simulation fixed{1, exactly(1ms)};
  test_simulation wide{1};
  for (test_simulation* sim : {&fixed, &wide}) {
    add_nodes(*sim, 2);
    for (std::uint32_t i = 0; i < 100; ++i) say(*sim, 0, 1, i);
    sim->run_for(1s);
    ASSERT_EQ((*sim)[1].received(), 100U);
  }
  const numbers in_order = fixed[1].numbers();
  for (std::uint32_t i = 0; i < 100; ++i) EXPECT_EQ(in_order[i], i);
  EXPECT_NE(wide[1].numbers(), in_order);
}

TEST(Simulation, CarriesEverySizeUnchanged) {
  test_simulation sim{1, exactly(1ms)};
  add_nodes(sim, 2);
  std::vector<std::vector<std::byte>> sent;
  for (const std::size_t size : {4U, 63U, 64U, 65U, 1400U, 65'507U, 65'535U, 65'536U}) {
    sent.push_back(number(static_cast<std::uint32_t>(size) * 7919U, size));
    sent.back().back() = std::byte{0xa5};
  }
  sent.push_back({});
  for (const auto& bytes : sent) {
    sim.command(0, [&](test_node& n) { n.send(default_address(1), bytes); });
    sim.run_for(2ms);
    ASSERT_FALSE(sim[1].inputs.empty());
    EXPECT_EQ(sim[1].inputs.back().bytes, bytes) << bytes.size();
  }
  EXPECT_EQ(sim[1].received(), sent.size());
}

TEST(Simulation, ANodeMayTalkToItself) {
  test_simulation sim{1, exactly(1ms)};
  add_nodes(sim, 1);
  sim.net().isolate(0);
  say(sim, 0, 0, 9);
  sim.run_for(1ms);
  EXPECT_EQ(sim[0].numbers(), numbers{9});
}

TEST(Simulation, NobodyIsAtAnUnknownAddress) {
  test_simulation sim{1};
  add_nodes(sim, 1);
  sim.command(0, [](test_node& n) { n.send(endpoint::ipv4({1, 2, 3, 4}, 5), number(1)); });
  sim.command(0, [](test_node& n) { n.send(endpoint{}, number(1)); });
  sim.inject(default_address(0), default_address(1), number(2));
  sim.run_for(1s);
  EXPECT_EQ(sim.stats().sent, 3U);
  EXPECT_EQ(sim.stats().address_unknown, 3U);
  EXPECT_EQ(sim.node_at(default_address(1)), no_node);
  EXPECT_TRUE(adds_up(sim));
}

TEST(Simulation, InjectsUnderAnyNamePastCutsAndClogs) {
  test_simulation sim{1, exactly(2ms)};
  add_nodes(sim, 2);
  sim.net().isolate(1);
  sim.net().clog(0, 1);
  const endpoint stranger = endpoint::ipv4({192, 0, 2, 1}, 1);
  sim.inject(stranger, default_address(1), number(3));
  sim.inject(default_address(0), default_address(1), {});
  sim.run_for(2ms);
  ASSERT_EQ(sim[1].received(), 2U);
  EXPECT_EQ(sim[1].inputs[0].from, stranger);
  EXPECT_EQ(sim[1].inputs[1].from, default_address(0));
  EXPECT_TRUE(sim[1].inputs[1].bytes.empty());
  EXPECT_TRUE(adds_up(sim));
}

TEST(Simulation, NodesMoveAndAddressesOpenAndClose) {
  test_simulation sim{1, exactly(1ms)};
  add_nodes(sim, 2);
  const endpoint old = default_address(1);
  const endpoint fresh = endpoint::ipv4({172, 16, 0, 1}, 1);
  const auto send_to = [&](const endpoint& to, std::uint32_t value) {
    sim.command(0, [&](test_node& n) { n.send(to, number(value)); });
    sim.run_for(1ms);
  };
  sim.move(1, fresh);
  send_to(old, 1);
  send_to(fresh, 2);
  EXPECT_EQ(sim[1].numbers(), (numbers{1, 2}));
  say(sim, 1, 0, 3);
  sim.run_for(1ms);
  EXPECT_EQ(sim[0].inputs.back().from, fresh) << "it speaks from where it is";
  sim.close_address(old);
  send_to(old, 4);
  send_to(fresh, 5);
  EXPECT_EQ(sim[1].numbers(), (numbers{1, 2, 5}));
  sim.open_address(old, 0);
  EXPECT_EQ(sim.node_at(old), 0U);
  send_to(old, 6);
  EXPECT_EQ(sim[0].numbers().back(), 6U);
}

TEST(Simulation, WhatIsUnderWayToAClosedAddressStillArrives) {
  test_simulation sim{1, exactly(1ms)};
  add_nodes(sim, 2);
  say(sim, 0, 1, 1);
  sim.close_address(default_address(1));
  sim.run_for(1ms);
  EXPECT_EQ(sim[1].received(), 1U);
}

// ---- clogged paths

TEST(Simulation, AClogHoldsItsPathAndReleasesInOrder) {
  test_simulation sim{1};
  add_nodes(sim, 3);
  say(sim, 0, 1, 100);
  sim.net().clog(0, 1);
  sim.net().clog(0, 2);
  for (std::uint32_t i = 0; i < 50; ++i) say(sim, 0, 1, i);
  say(sim, 0, 2, 7);
  say(sim, 1, 0, 8);
  sim.run_for(1h);
  EXPECT_EQ(sim[1].numbers(), numbers{100}) << "what was under way before";
  EXPECT_EQ(sim[0].numbers(), numbers{8}) << "the way back is free";
  EXPECT_EQ(sim.stats().clogged, 51U);
  sim.release_clogged();
  sim.run_for(1h);
  EXPECT_EQ(sim[1].received(), 1U) << "its path is not free yet";
  sim.net().unclog(0, 1);
  say(sim, 0, 1, 50);
  sim.release_clogged();
  sim.run_for(1s);
  ASSERT_EQ(sim[1].received(), 52U);
  for (std::uint32_t i = 0; i <= 50; ++i) EXPECT_EQ(sim[1].numbers()[i + 1], i);
  EXPECT_EQ(sim[2].received(), 0U);
  EXPECT_EQ(sim.under_way(), 1U);
  EXPECT_TRUE(adds_up(sim));
}

TEST(Simulation, WhatAClogHeldMayComeTooLate) {
  test_simulation sim{1, exactly(1ms)};
  add_nodes(sim, 2);
  sim.net().clog(0, 1);
  say(sim, 0, 1, 1);
  sim.crash(1);
  sim.net().unclog_all();
  sim.release_clogged();
  sim.run_for(1s);
  EXPECT_EQ(sim.stats().process_gone, 1U);
  EXPECT_TRUE(adds_up(sim));
}

// ---- time

TEST(Simulation, ActionsRunInOrderAtTheirTimes) {
  test_simulation sim{1};
  std::vector<int> order;
  const auto note = [&](int what) { return [&order, what] { order.push_back(what); }; };
  sim.at(start + 2s, note(3));
  sim.after(1s, note(1));
  sim.after(1s, note(2));
  sim.at(start - 1s, note(0));  // has passed: at once
  EXPECT_TRUE(order.empty());
  sim.run_for(0s);
  EXPECT_EQ(order, (std::vector<int>{0}));
  EXPECT_EQ(sim.now(), start) << "time does not go back";
  sim.run_for(1s - 1ns);
  EXPECT_EQ(order, (std::vector<int>{0}));
  sim.run_for(1ns);
  EXPECT_EQ(order, (std::vector<int>{0, 1, 2}));
  sim.run_for(1h);
  EXPECT_EQ(order, (std::vector<int>{0, 1, 2, 3}));
}

TEST(Simulation, ActionsMayScheduleAddCrashAndRestart) {
  test_simulation sim{1, exactly(1ms)};
  add_nodes(sim, 2);
  int rounds = 0;
  // Each schedules the next and makes more room for actions while it runs itself.
  std::function<void()> again = [&] {
    if (++rounds == 100) return;
    for (int i = 0; i < 5; ++i) sim.after(1h, [] {});
    sim.after(10ms, again);
  };
  sim.after(10ms, again);
  sim.after(100ms, [&] {
    const node_index i = sim.add(test_node{});
    say(sim, 0, i, 1);
    sim.crash(1);
  });
  sim.after(200ms, [&] {
    sim.restart(1, test_node{});
    say(sim, 1, 2, 2);
    sim.crash(1);
  });
  sim.run_for(1s);
  EXPECT_EQ(rounds, 100);
  ASSERT_EQ(sim.size(), 3U);
  EXPECT_EQ(sim[2].numbers(), (numbers{1, 2}));
  EXPECT_FALSE(sim.running(1));
}

TEST(Simulation, RunUntilAsksNowAndAtTheEnd) {
  test_simulation sim{1};
  int asked = 0;
  EXPECT_TRUE(sim.run_until([&] { return ++asked != 0; }, 0s));
  EXPECT_EQ(asked, 1);
  EXPECT_EQ(sim.now(), start);
  EXPECT_FALSE(sim.run_until([] { return false; }, 1s));
  EXPECT_EQ(sim.now(), start + 1s);
  const time_point end = sim.now() + 95ms;
  EXPECT_TRUE(sim.run_until([&] { return sim.now() >= end; }, 95ms)) << "asked at the limit, too";
  EXPECT_EQ(sim.now(), end);
  bool done = false;
  sim.after(42ms, [&] { done = true; });
  EXPECT_TRUE(sim.run_until([&] { return done; }, 1s));
  EXPECT_EQ(sim.now(), end + 50ms) << "asked every 10 ms";
}

TEST(Simulation, StepsThroughOneThingAtATime) {
  test_simulation sim{1};
  int count = 0;
  for (int i = 1; i <= 3; ++i) sim.after(i * 1s, [&] { ++count; });
  EXPECT_TRUE(sim.step(start + 10s));
  EXPECT_EQ(count, 1);
  EXPECT_EQ(sim.now(), start + 1s);
  EXPECT_FALSE(sim.step(start + 1500ms));
  EXPECT_EQ(sim.now(), start + 1500ms);
  EXPECT_FALSE(sim.step(start)) << "into the past it does nothing";
  EXPECT_EQ(sim.now(), start + 1500ms);
  EXPECT_EQ(count, 1);
}

TEST(Simulation, RunsToTheEndOfTime) {
  test_simulation sim{1};
  add_nodes(sim, 2);
  say(sim, 0, 1, 1);
  sim.run_for(duration::max());
  EXPECT_EQ(sim[1].received(), 1U);
  EXPECT_FALSE(sim.step(time_point::max()));
  EXPECT_EQ(sim.now(), time_point::max());
}

// ---- a seed is a run

std::uint64_t run(std::uint64_t seed) {
  link_options link;
  link.loss = chance::percent(5);
  link.burst = {chance::percent(1), chance::percent(10), chance::percent(90)};
  link.duplicate = chance::percent(5);
  link.reorder = chance::percent(10);
  test_simulation sim{seed, link};
  flotilla::testing::trace_hash<test_node, int> trace;
  sim.watch(trace);
  for (node_index i = 0; i < 50; ++i) {
    test_node n;
    n.period = 20ms;
    n.deadline = start + i * 100us;
    n.on_tick_to = default_address((7 * i + 1) % 50);
    n.echoes = i % 5 == 0;
    flotilla::testing::driver_options driver;
    driver.timer_lateness = latency::exponential(0ms, 1ms);
    if (i % 3 == 0) driver.busy = 2ms;
    sim.add(n, default_address(i), driver);
  }
  for (int i = 0; i < 20; ++i) {
    const node_index a = sim.random().below(50);
    const node_index b = sim.random().below(50);
    sim.run_for(20ms);
    sim.net().cut(a, b);
    if (sim.running(b) && i % 4 == 0) sim.freeze(b);
    if (i % 7 == 6) sim.restart(b, test_node{});
  }
  sim.run_for(500ms);
  EXPECT_TRUE(adds_up(sim)) << "seed " << seed;
  EXPECT_GT(sim.stats().delivered, 300U) << "seed " << seed;
  return trace.value();
}

TEST(Simulation, TheSameSeedIsTheSameRun) {
  std::vector<std::uint64_t> seen;
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    const std::uint64_t trace = run(seed);
    EXPECT_EQ(run(seed), trace) << "seed " << seed;
    for (const std::uint64_t other : seen) EXPECT_NE(trace, other) << "seed " << seed;
    seen.push_back(trace);
  }
}

TEST(Simulation, DrawsOfItsUserDoNotChangeTheNetworks) {
  const auto arrivals = [](int draws) {
    test_simulation sim{3};
    add_nodes(sim, 2);
    std::vector<time_point> result;
    for (std::uint32_t i = 0; i < 20; ++i) {
      for (int n = 0; n < draws; ++n) (void)sim.random().next();
      say(sim, 0, 1, i);
    }
    sim.run_for(1s);
    for (const auto& in : sim[1].inputs) result.push_back(in.at);
    return result;
  };
  EXPECT_EQ(arrivals(0), arrivals(5));
}

}  // namespace
