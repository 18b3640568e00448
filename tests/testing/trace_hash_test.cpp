// tests/testing/trace_hash_test.cpp - flotilla/testing/trace_hash.hpp
// The same happenings give the same number, and any single difference another one.
#include <flotilla/testing/trace_hash.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <support/test_node.hpp>

namespace {

using namespace std::chrono_literals;
using flotilla::endpoint;
using flotilla::time_point;
using flotilla::testing::chance;
using flotilla::testing::default_address;
using flotilla::testing::input_kind;
using flotilla::testing::link_options;
using flotilla::testing::no_node;
using flotilla::testing::trace_hash;
using support::number;
using support::test_node;
using support::test_simulation;

using hash = trace_hash<test_node, int>;

std::uint64_t of(const std::function<void(hash&)>& what) {
  hash h;
  what(h);
  return h.value();
}

TEST(TraceHash, TellsEveryDifferenceApart) {
  const test_node n;
  const time_point t{1h};
  const endpoint a = default_address(0);
  const endpoint b = default_address(1);
  const endpoint shorter = *endpoint::opaque(number(1, 5));
  const std::function<void(hash&)> all[] = {
      [](hash&) {},
      [&](hash& h) { h.on_start(t, 0, 1); },
      [&](hash& h) { h.on_start(t, 0, 2); },
      [&](hash& h) { h.on_start(t, 1, 1); },
      [&](hash& h) { h.on_start(t + 1ns, 0, 1); },
      [&](hash& h) { h.on_process(t, 0); },
      [&](hash& h) { h.on_tick(t, 0, n); },
      [&](hash& h) { h.on_tick(t, 0, n), h.on_tick(t, 0, n); },
      [&](hash& h) { h.on_step(t, 0, n, input_kind::command); },
      [&](hash& h) { h.on_send(t, 0, n, a, number(1)); },
      [&](hash& h) { h.on_send(t, 0, n, b, number(1)); },
      [&](hash& h) { h.on_send(t, 0, n, shorter, number(1)); },
      [&](hash& h) { h.on_send(t, 0, n, a, number(2)); },
      [&](hash& h) { h.on_send(t, 0, n, a, number(1, 5)); },
      [&](hash& h) { h.on_send(t, 0, n, a, number(1, 8)); },
      [&](hash& h) { h.on_send(t, 0, n, a, number(1, 9)); },
      [&](hash& h) { h.on_send(t, 0, n, a, {}); },
      [&](hash& h) { h.on_receive(t, 0, n, a, 1, number(1)); },
      [&](hash& h) { h.on_receive(t, 0, n, a, no_node, number(1)); },
      [&](hash& h) { h.on_receive(t, 0, n, a, 1, number(1, 16)); },
      [&](hash& h) { h.on_receive(t, 0, n, b, 1, number(1)); }};
  std::set<std::uint64_t> seen;
  for (const auto& what : all) {
    EXPECT_EQ(of(what), of(what));
    EXPECT_TRUE(seen.insert(of(what)).second) << "number " << seen.size();
  }
}

TEST(TraceHash, TheOrderCounts) {
  const test_node n;
  const time_point t{1h};
  EXPECT_NE(of([&](hash& h) { h.on_tick(t, 0, n), h.on_tick(t, 1, n); }),
            of([&](hash& h) { h.on_tick(t, 1, n), h.on_tick(t, 0, n); }));
}

/// Thirty nodes chatter over a bad network for a while.
std::uint64_t chatter(std::uint64_t seed, std::uint32_t odd_one = 0) {
  link_options link;
  link.loss = chance::percent(5);
  link.burst = {chance::percent(1), chance::percent(10), chance::percent(90)};
  link.duplicate = chance::percent(5);
  link.reorder = chance::percent(10);
  test_simulation sim{seed, link};
  hash h;
  sim.watch(h);
  for (std::uint32_t i = 0; i < 30; ++i) {
    test_node n;
    n.echoes = i % 2 == 0;
    n.period = 10ms;
    n.deadline = sim.now() + std::chrono::milliseconds{i};
    n.on_tick_to = default_address((i + 1) % 30);
    sim.add(n);
  }
  sim.after(500ms, [&] {
    sim.freeze(3);
    sim.drift_clock(4, 1000);
  });
  sim.after(700ms, [&] { sim.resume(3); });
  if (odd_one != 0) support::say(sim, 1, 2, odd_one);
  sim.run_for(1s);
  return h.value();
}

TEST(TraceHash, TheSameSeedGivesTheSameAndAnotherAnother) {
  std::set<std::uint64_t> seen;
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    const std::uint64_t value = chatter(seed);
    EXPECT_EQ(value, chatter(seed)) << "seed " << seed;
    EXPECT_TRUE(seen.insert(value).second) << "seed " << seed;
  }
}

TEST(TraceHash, OneByteOfOneDatagramChangesIt) {
  EXPECT_NE(chatter(1, 1), chatter(1, 2));
  EXPECT_NE(chatter(1, 1), chatter(1));
}

}  // namespace
