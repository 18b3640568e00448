// tests/testing/process_test.cpp - flotilla/testing/process.hpp
// What a driver does by default, and which states read and which run timers.
#include <flotilla/testing/process.hpp>

#include <gtest/gtest.h>

#include <chrono>

namespace {

using namespace std::chrono_literals;
using flotilla::duration;
using flotilla::time_point;
using flotilla::testing::driver_options;
using flotilla::testing::latency;
using flotilla::testing::process;
using flotilla::testing::process_state;

TEST(Process, ADriverIsPromptAndReadsBeforeItTicks) {
  const driver_options d;
  EXPECT_EQ(d.timer_lateness, latency{});
  EXPECT_EQ(d.busy, duration::zero());
  EXPECT_FALSE(d.timers_first);
  EXPECT_EQ(d.batch, 64U);
  EXPECT_EQ(d.queue_bytes, 212'992U);
}

TEST(Process, BeginsRunningWithNothingToDo) {
  const process p;
  EXPECT_EQ(p.state, process_state::running);
  EXPECT_TRUE(p.inbox.empty() && p.outbox.empty());
  EXPECT_EQ(p.armed, time_point::max());
  EXPECT_EQ(p.due, time_point::max());
  EXPECT_EQ(p.lives, 1U);
  EXPECT_EQ(p.clock.at(time_point{5s}), time_point{5s});
}

TEST(Process, IsPromptWhenItsDriverDoesAllAtOnce) {
  process p;
  EXPECT_TRUE(p.prompt);
  driver_options slow;
  slow.busy = 1ns;
  p.set_driver(slow);
  EXPECT_EQ(p.driver.busy, 1ns);
  EXPECT_FALSE(p.prompt);
  driver_options late;
  late.timer_lateness = latency::fixed(1ms);
  p.set_driver(late);
  EXPECT_FALSE(p.prompt);
  p.set_driver({});
  EXPECT_TRUE(p.prompt);
}

TEST(Process, OnlyARunningOneReadsAndOnlyAStoppedOneHasNoTimers) {
  process p;
  const auto is = [&p](process_state state) {
    p.state = state;
    return (p.takes_input() ? 1 : 0) + (p.runs_timers() ? 2 : 0);
  };
  EXPECT_EQ(is(process_state::running), 3);
  EXPECT_EQ(is(process_state::blocked), 2);
  EXPECT_EQ(is(process_state::frozen), 0);
  EXPECT_EQ(is(process_state::crashed), 0);
}

}  // namespace
