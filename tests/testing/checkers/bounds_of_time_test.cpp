// tests/testing/checkers/bounds_of_time_test.cpp - tests of testing/checkers/bounds_of_time.hpp
// Exact values for known configurations, worked out by hand from the paper's formulas.
#include <flotilla/testing/checkers/bounds_of_time.hpp>
//
#include <gtest/gtest.h>

#include <flotilla/detection/suspicion.hpp>

namespace flotilla::testing {
namespace {

using namespace std::chrono_literals;

/// A period of 100 ms, and of 110 ms at most.
config plain() {
  config c = config::loopback();
  c.protocol_period = 100ms;
  c.direct_timeout = 40ms;
  c.period_jitter_percent = 10;
  c.suspicion_multiplier = 4;
  c.retransmit_multiplier = 2;
  return c;
}

TEST(bounds_of_time, a_period_lasts_as_long_as_its_jitter_lets_it) {
  EXPECT_EQ((bounds_of_time{plain(), 5}.longest_period()), 110ms);
  EXPECT_EQ((bounds_of_time{config::swim_paper(), 5}.longest_period()), 2s);
}

TEST(bounds_of_time, two_probes_lie_two_traversals_less_one_turn_apart) {
  EXPECT_EQ((bounds_of_time{plain(), 2}.turns_between_probes()), 1U);
  EXPECT_EQ((bounds_of_time{plain(), 3}.turns_between_probes()), 3U);
  EXPECT_EQ((bounds_of_time{plain(), 10}.turns_between_probes()), 17U);
  EXPECT_EQ((bounds_of_time{plain(), 10}.first_probe()), 17 * 110ms);
  EXPECT_EQ((bounds_of_time{plain(), 10}.own_suspicion()), 18 * 110ms);
}

TEST(bounds_of_time, a_group_has_two_members_at_least) {
  EXPECT_EQ((bounds_of_time{plain(), 0}.members()), 2U);
  EXPECT_EQ((bounds_of_time{plain(), 1}.members()), 2U);
  EXPECT_EQ((bounds_of_time{plain(), 7}.members()), 7U);
}

TEST(bounds_of_time, suspicion_is_that_of_the_engine) {
  EXPECT_EQ((bounds_of_time{plain(), 6}.suspicion()), 4 * 2 * 100ms);
  EXPECT_EQ((bounds_of_time{plain(), 7}.suspicion()), 4 * 3 * 100ms);
  for (const std::uint32_t n : {2U, 6U, 7U, 19U, 20U, 1000U}) {
    EXPECT_EQ((bounds_of_time{config::lan(), n}.suspicion()),
              flotilla::suspicion_timeout(config::lan(), n))
        << n;
  }
}

TEST(bounds_of_time, a_death_waits_for_three_who_confirm_it_and_for_a_check) {
  const bounds_of_time ten{plain(), 10, 3ms};
  EXPECT_EQ(ten.longest_suspicion(), 6 * 12 * 100ms);
  EXPECT_EQ(ten.check(), 4 * 110ms);
  const duration confirmed = 18 * 110ms + ten.spread() + 12 * 100ms;
  EXPECT_EQ(ten.death(), confirmed + 4 * 110ms);
  EXPECT_EQ(ten.forgetting(), ten.death() + 30s);
  // Five are too few for three confirmations, so that nobody waits for them.
  const bounds_of_time five{plain(), 5, 3ms};
  EXPECT_EQ(five.longest_suspicion(), five.suspicion());
  EXPECT_EQ(five.death(), five.own_suspicion() + 8 * 100ms + 4 * 110ms);
  // Of two, the one that is left takes its partner's silence for its own fault as well.
  EXPECT_EQ((bounds_of_time{plain(), 2}.check()), 9 * 4 * 110ms);
  // Who is cut off is slowed down nine times, confirmed by nobody, and held up once more.
  EXPECT_EQ(ten.death_alone(), 9 * (18 + 4) * 110ms + 6 * 1200ms + 1200ms);
  config swim = plain();
  swim.suspicion_max_multiplier = 1;
  swim.checked_verdicts = swim.notice_silence = false;
  swim.local_health_max = 0;
  EXPECT_EQ((bounds_of_time{swim, 10}.death()), 18 * 110ms + 12 * 100ms);
  EXPECT_EQ((bounds_of_time{swim, 10}.death_alone()), 18 * 110ms + 12 * 100ms);
}

TEST(bounds_of_time, health_comes_back_with_each_answer) {
  // At a score of 8 the next probe comes after 9 periods, at 1 after 2.
  EXPECT_EQ((bounds_of_time{plain(), 10}.recovery()), (9 + 9 + 8 + 7 + 6 + 5 + 4 + 3 + 2) * 110ms);
  config steady = plain();
  steady.local_health_max = 0;
  EXPECT_EQ((bounds_of_time{steady, 10}.recovery()), 0s);
}

TEST(bounds_of_time, spread_is_the_budget_in_periods) {
  // Ten members: 2 * ceil(ln 11) = 6 transmissions, all facts in one datagram.
  EXPECT_EQ((bounds_of_time{plain(), 10, 3ms}.spread()), 6 * 110ms + 3ms);
  EXPECT_EQ((bounds_of_time{plain(), 10}.spread()), 6 * 110ms + 40ms) << "a direct time-out";
  EXPECT_EQ((bounds_of_time{plain(), 10, 3ms}.drain()), 7 * 110ms);
}

TEST(bounds_of_time, facts_that_do_not_fit_take_turns) {
  config tight = plain();
  tight.max_datagram_size = min_datagram_size;
  EXPECT_EQ((bounds_of_time{tight, 10, 3ms}.spread()), 10 * 6 * 110ms + 3ms);
  tight.max_datagram_size = 1400;
  tight.datagram_overhead = 1400 - min_datagram_size;
  EXPECT_EQ((bounds_of_time{tight, 10, 3ms}.drain()), 61 * 110ms);
  // 39 facts fit into 1,400 bytes.
  EXPECT_EQ((bounds_of_time{plain(), 39, 3ms}.drain()), (2 * 4 + 1) * 110ms);
  EXPECT_EQ((bounds_of_time{plain(), 40, 3ms}.drain()), (2 * 2 * 4 + 1) * 110ms);
}

TEST(bounds_of_time, healing_backs_off_with_the_age_of_the_death) {
  const bounds_of_time b{plain(), 10, 3ms};
  const duration queue = 10 * 110ms + 6ms;
  EXPECT_EQ(b.healing(0s), 2s + queue);
  EXPECT_EQ(b.healing(60s), 62s + queue);
  EXPECT_EQ(b.healing(298s), 5min + queue);
  EXPECT_EQ(b.healing(1h), 5min + queue) << "the interval grows no further";
  EXPECT_EQ((bounds_of_time{plain(), 1000, 3ms}.healing(0s)), 2s + 64 * 110ms + 6ms)
      << "so many addresses are kept";
  config slow = plain();
  slow.healing_interval = 10min;
  EXPECT_EQ((bounds_of_time{slow, 10, 3ms}.healing(1h)), 10min + queue);
  EXPECT_EQ((bounds_of_time{config::swim_paper(), 10}.healing(1h)), 0s) << "nobody is tried";
}

TEST(bounds_of_time, repair_takes_a_round_for_each_doubling_and_five_more) {
  // 5 s and a quarter, the next period, one chunk.
  const duration round = 6250ms + 110ms + 3ms;
  EXPECT_EQ((bounds_of_time{plain(), 2, 3ms}.repair()), 6 * round);
  EXPECT_EQ((bounds_of_time{plain(), 8, 3ms}.repair()), 8 * round);
  EXPECT_EQ((bounds_of_time{plain(), 9, 3ms}.repair()), 9 * round);
  EXPECT_EQ((bounds_of_time{config::swim_paper(), 9}.repair()), 0s) << "there is none";
}

TEST(bounds_of_time, convergence_waits_for_the_slower_of_healing_and_burying) {
  config swim = plain();
  swim.suspicion_max_multiplier = 1;
  const bounds_of_time b{swim, 10, 3ms};
  const duration buried = b.recovery() + 2 * b.spread() + b.death() + b.suspicion() + 110ms;
  EXPECT_EQ(b.convergence(0s), buried + b.repair());
  EXPECT_EQ(b.convergence(60s), b.healing(60s) + b.repair());
  // Soon after a short storm a last false verdict is what takes longest.
  config slow = plain();
  slow.healing_interval = 20s;
  const bounds_of_time s{slow, 10, 3ms};
  const duration last_verdict =
      s.recovery() + 110ms + s.longest_suspicion() + s.check() + s.spread();
  EXPECT_EQ(s.convergence(100ms), last_verdict + s.healing(0s) + s.repair());
  EXPECT_EQ(s.silence(100ms), s.convergence(100ms) + s.spread() + s.drain());
}

TEST(bounds_of_time, grow_with_the_group) {
  for (std::uint32_t n = 2; n < 200; ++n) {
    const bounds_of_time a{plain(), n};
    const bounds_of_time b{plain(), n + 1};
    EXPECT_LT(a.first_probe(), b.first_probe()) << n;
    EXPECT_LE(a.spread(), b.spread()) << n;
    EXPECT_LE(a.repair(), b.repair()) << n;
    EXPECT_LT(a.convergence(10s), b.convergence(10s)) << n;
    EXPECT_LT(a.silence(10s), b.silence(10s)) << n;
  }
}

}  // namespace
}  // namespace flotilla::testing
