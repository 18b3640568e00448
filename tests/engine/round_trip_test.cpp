// Tests of the adaptive direct time-out in the engine: which answers count, and when helpers are
// asked. Its arithmetic is tested in detection/round_trip_times_test.cpp.
#include <flotilla/engine/probing.hpp>

#include <gtest/gtest.h>

#include <support/engine_world.hpp>

namespace {

using namespace support;
using kind = wire::message_kind;

config adaptive() {
  config c = config::lan();
  const config plain = plain_config();
  c.id = plain.id;
  c.address = plain.address;
  c.seed = 11;
  c.period_jitter_percent = 0;
  c.repair_interval = c.healing_interval = duration::zero();
  return c;
}

/// Lets `rounds` of two's probes pass, each answered after `round_trip`.
void live(engine_world& w, int rounds, duration round_trip) {
  for (int i = 0; i < rounds; ++i) {
    const auto before = w.stats().probes;
    while (w.stats().probes == before) {
      w.next_tick();
      if (w.stats().probes == before) w.sent_now();
    }
    const sent_list all = w.sent_now();
    const time_point due = w.now() + round_trip;
    while (w.node.next_deadline() < due) w.next_tick();
    w.tick_at(due);
    w.answer(peer_of(2), all);
    w.answer(peer_of(3), all);
    w.sent_now();
  }
}

/// Begins a probe that nobody answers; after how long helpers are asked.
duration helpers_after(engine_world w) {
  const auto before = w.stats().probes;
  while (w.stats().probes == before) w.next_tick();
  const time_point begin = w.now();
  for (int i = 0; i < 8; ++i) {
    if (count(w.sent_now(), kind::ping_request) != 0) return w.now() - begin;
    w.next_tick();
  }
  return duration::max();
}

TEST(RoundTrip, HelpersAreAskedWhenAnswersUsuallyAreIn) {
  engine_world w{adaptive()};
  w.meet_all(3);
  EXPECT_EQ(helpers_after(w), 500ms) << "nothing is known yet";
  live(w, 31, 1ms);
  EXPECT_EQ(helpers_after(w), 500ms);
  live(w, 1, 1ms);
  EXPECT_EQ(helpers_after(w), 40ms) << "the floor";
  live(w, 40, 100ms);
  EXPECT_GE(helpers_after(w), 110ms);
  EXPECT_LE(helpers_after(w), 125ms);
  live(w, 40, 480ms);
  EXPECT_EQ(helpers_after(w), 500ms) << "the ceiling";
}

TEST(RoundTrip, CanBeFixed) {
  config c = adaptive();
  c.adaptive_timeout = false;
  engine_world w{c};
  w.meet_all(3);
  live(w, 60, 1ms);
  EXPECT_EQ(helpers_after(w), 500ms);
}

/// An answer that comes after the helpers were asked is the one that says most.
TEST(RoundTrip, LateAnswersCount) {
  engine_world w{adaptive()};
  w.meet_all(3);
  live(w, 40, 1ms);
  ASSERT_EQ(helpers_after(w), 40ms);
  live(w, 3, 300ms);
  EXPECT_GE(helpers_after(w), 330ms);
  EXPECT_EQ(w.stats().probes_failed, 0U);
}

/// The process slept: the answer lay in its socket, and nobody knows since when.
TEST(RoundTrip, AnswersThatWaitedForUsDoNot) {
  engine_world w{adaptive()};
  w.meet_all(3);
  live(w, 40, 1ms);
  for (int i = 0; i < 5; ++i) {
    const auto before = w.stats().probes;
    while (w.stats().probes == before) w.next_tick();
    const sent_list all = w.sent_now();
    w.tick_after(3s);
    w.answer(peer_of(2), all);
    w.answer(peer_of(3), all);
    w.sent_now();
  }
  EXPECT_GE(w.stats().probes_extended, 5U);
  config c = adaptive();
  const duration after = helpers_after(w);
  EXPECT_TRUE(after % 40ms == 0ns && after <= (c.local_health_max + 1) * 40ms)
      << "stretched by local health, since we were away, and by nothing else";
}

/// Who asks early leaves its helpers their whole time: nacks come at 80 % of the configured one.
TEST(RoundTrip, HelpersHaveTheirWholeTimeEvenIfATickComesLate) {
  engine_world w{adaptive()};
  w.meet_all(3);
  live(w, 40, 1ms);
  const auto before = w.stats().probes;
  while (w.stats().probes == before) w.next_tick();
  w.sent_now();
  w.tick_after(549ms);  // 509 ms late, as late as may be
  ASSERT_EQ(w.stats().late_inputs, 0U);
  ASSERT_EQ(count(w.sent_now(), kind::ping_request), 1U);
  const auto failed = w.stats().probes_failed;
  w.tick_after(w.settings().direct_timeout - 1ns);
  EXPECT_EQ(w.stats().probes_failed, failed);
  w.tick_after(1ns);
  EXPECT_EQ(w.stats().probes_failed, failed + 1);
}

}  // namespace
