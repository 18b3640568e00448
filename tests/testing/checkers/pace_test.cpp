// testing/checkers/pace_test.cpp - tests of flotilla/testing/checkers/pace.hpp
// Silent over rough runs and wild clocks; each rule bites; and the paper's message load is met.
#include <flotilla/testing/checkers/pace.hpp>

#include <string>

#include <gtest/gtest.h>

#include <testing/checkers/traffic_support.hpp>

namespace {

using namespace traffic;
using flotilla::testing::load;
using flotilla::testing::pace_checker;

TEST(PaceChecker, FindsNothingInRoughRuns) {
  const auto runs = judged_over_rough_runs<pace_checker>(1, 8);
  EXPECT_GT(sum(runs, &pace_checker::tally::ticks), 10'000U);
  EXPECT_GT(sum(runs, &pace_checker::tally::rounds), 6'000U);
  EXPECT_GT(sum(runs, &pace_checker::tally::late), 10U);
}

/// Clocks that stand, run back, jump to and fro and to the end of time, and a process that sleeps.
TEST(PaceChecker, FindsNothingWithWildClocks) {
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    cluster group{seed, config::lan(), rough_link()};
    report found;
    pace_checker judge{group, found};
    group.sim().watch(judge);
    group.add_joined(6);
    group.run_for(10s);
    group.sim().drift_clock(1, -1'000'000);
    group.sim().drift_clock(2, -3'000'000);
    group.sim().drift_clock(3, 50'000'000);
    for (int i = 0; i < 60; ++i) {
      const std::uint32_t days = group.sim().random().below(400);
      const bool back = group.sim().random().below(2) == 0;
      group.sim().jump_clock(4, (back ? -1 : 1) * 24h * days);
      if (i == 30) group.freeze(0);
      if (i == 50) group.resume(0);
      if (i == 55) group.sim().jump_clock(5, flotilla::duration::max());
      group.run_for(1s);
    }
    EXPECT_TRUE(found.empty()) << "seed " << seed << "\n" << found.to_string();
    EXPECT_GT(judge.judged().late, 20U) << "seed " << seed;
    EXPECT_GT(judge.judged().backwards, 20U) << "seed " << seed;
  }
}

// SWIM, section 5.1 and figure 2: "average overhead stays around 2.0", whatever the size; at 28
// members fewer than 5 messages are sent in a period with probability 0.99.
TEST(PaceChecker, MeasuresTheLoadOfThePaper) {
  for (const node_index members : {5U, 28U, 55U}) {
    cluster group{members, config::swim_paper()};
    report found;
    pace_checker judge{group, found};
    group.sim().watch(judge);
    for (node_index i = 0; i < members; ++i) {  // one after another: the paper repairs nothing
      group.add();
      if (i != 0) group.join(i, 0);
      group.run_for(2s);
    }
    ASSERT_TRUE(group.wait_full_mesh(60s)) << members << " members";
    group.run_for(60s);
    judge.measure_anew();
    group.run_for(200 * 2s);
    const load& seen = judge.measured();
    EXPECT_GE(seen.periods, 199U * members);
    EXPECT_LE(seen.periods, 200U * members);
    EXPECT_NEAR(seen.mean_sent(), 2.0, 0.02) << members << " members";
    EXPECT_NEAR(seen.mean_received(), 2.0, 0.02) << members << " members";
    EXPECT_GE(seen.share_below_five(), 0.98) << members << " members";
    EXPECT_LT(seen.share_below_five(), 1.0) << members << " members";
    EXPECT_TRUE(found.empty()) << found.to_string();
  }
}

TEST(PaceChecker, MeasuresOnlyWhoRuns) {
  cluster group{2};
  report found;
  pace_checker judge{group, found};
  EXPECT_EQ(judge.measured().mean_sent(), 0.0);
  group.sim().watch(judge);
  group.add_joined(3);
  ASSERT_TRUE(group.wait_full_mesh(20s));
  group.run_for(20s);
  group.crash(2);
  group.run_for(30s);  // the two that are left give it up
  judge.measure_anew();
  group.run_for(100s);
  EXPECT_GE(judge.measured().periods, 198U);
  EXPECT_LE(judge.measured().periods, 200U);
  EXPECT_GT(judge.measured().mean_sent(), 1.9);
  EXPECT_LT(judge.measured().mean_sent(), 2.4);  // and now and then the dead one is asked
}

/// Three members, and a judge that is told what the tests make up.
class PaceCheckerTold : public testing::Test {
 protected:
  PaceCheckerTold() { story.open(3); }

  [[nodiscard]] member_id id(node_index i) const { return group.id_of(i); }
  [[nodiscard]] time_point local() const { return group.sim().local_time(0); }
  /// Ticks the engine, in a time of its own that nobody is told of, until it begins a round.
  void begin_round(engine& e) {
    const std::uint64_t before = e.stats().probes;
    while (e.stats().probes == before) e.tick(hidden_time += 50ms);
    std::array<std::byte, 1400> buffer;
    while (e.poll_transmit(buffer)) {
    }
  }
  /// Changes a stopped member without letting its timers run.
  template <class Action>
  void behind_the_scenes(Action what) {
    group.block(0);
    group.sim().command(0, what);
    group.freeze(0);
  }
  /// The observer is told of one tick, in which the engine begins so many rounds.
  void tick_with_rounds(int rounds) {
    judge.on_tick(group.now(), 0, group[0]);
    behind_the_scenes([&](engine& e) {
      for (int i = 0; i < rounds; ++i) begin_round(e);
    });
    story.step(0, input_kind::tick);
  }
  [[nodiscard]] bool contains(const char* part) const {
    return found.to_string().find(part) != std::string::npos;
  }

  cluster group{3};
  report found{};
  pace_checker judge{group, found};
  fiction story{group, judge};
  time_point hidden_time{group.now() + 1h};
};

TEST_F(PaceCheckerTold, ADeadlineThatHasPassed) {
  const flotilla::testing::process& p = group.sim().process_of(0);
  ASSERT_EQ(p.state, flotilla::testing::process_state::running);
  group.freeze(0);  // so that nobody else ticks it
  group.run_for(5s);
  story.tick(0, {});
  story.step(0, input_kind::tick);
  EXPECT_TRUE(contains("a deadline that has passed")) << found.to_string();
}

TEST_F(PaceCheckerTold, ATickThatLeavesItDue) {
  group.freeze(0);
  const time_point due = group[0].next_deadline();
  group.sim().run_to(due);  // its clock is the simulation's
  story.tick(0, {});
  story.step(0, input_kind::tick);
  EXPECT_TRUE(contains("a tick left it due")) << found.to_string();
}

TEST_F(PaceCheckerTold, StackedRounds) {
  group.freeze(0);
  tick_with_rounds(1);
  EXPECT_TRUE(found.empty()) << found.to_string();
  group.run_for(1s);
  tick_with_rounds(2);
  EXPECT_TRUE(contains("2 probe rounds in one input")) << found.to_string();
}

TEST_F(PaceCheckerTold, ARoundRightBehindAnother) {
  group.freeze(0);
  tick_with_rounds(1);
  group.run_for(500ms);
  tick_with_rounds(1);
  EXPECT_TRUE(found.empty()) << found.to_string();
  group.run_for(499ms);
  tick_with_rounds(1);
  EXPECT_TRUE(contains("right behind another")) << found.to_string();
}

TEST_F(PaceCheckerTold, ARoundThatADatagramBegan) {
  group.freeze(0);
  group.run_for(5s);
  judge.on_receive(group.now(), 0, group[0], story.address_of(1), 1, {});
  behind_the_scenes([&](engine& e) { e.tick(local()); });
  story.step(0, input_kind::receive);
  EXPECT_TRUE(contains("a probe round that no tick began")) << found.to_string();
}

TEST_F(PaceCheckerTold, AStepBackThatWasMiscounted) {
  story.tick(0, {local()});
  story.step(0, input_kind::tick);
  EXPECT_TRUE(found.empty()) << found.to_string();
  story.tick(0, {local() - 1s});
  story.step(0, input_kind::tick);
  EXPECT_TRUE(contains("a step of the clock was miscounted")) << found.to_string();
}

TEST_F(PaceCheckerTold, TooManyDatagramsOfOneTick) {
  const wire::ping_request request{1, id(2), story.address_of(2)};
  const std::vector<std::pair<bytes, int>> allowed{
      // Eight direct probes (config::max_direct_probes) and a healing ping.
      {datagram(id(0), id(1), wire::ping{1}), 9},
      {datagram(id(0), id(1), request), 3},
      {datagram(id(0), id(1), wire::nack{1}), 32},
      {datagram(id(0), id(1), wire::join_request{}), 17},
      {datagram(id(0), id(1), wire::state_request{}), 17},
      {datagram(id(0), id(1), wire::ack{}), 0},
      {datagram(id(0), id(1), wire::relayed_ack{1, id(2), {}}), 0},
      {datagram(id(0), id(1), wire::state_reply{}), 0},
  };
  std::uint64_t breaches = 0;
  for (const auto& [data, most] : allowed) {
    for (const int count : {most, most + 1}) {
      judge.on_tick(group.now(), 0, group[0]);
      for (int i = 0; i < count; ++i) story.send(0, 1, data);
      group.sim().command(0, [&](engine& e) { e.tick(local()); });
      story.step(0, input_kind::tick);
      breaches += count > most ? 1U : 0U;
      EXPECT_EQ(found.count(), breaches) << found.to_string();
    }
  }
}

TEST_F(PaceCheckerTold, TooManyAnswersToOneDatagram) {
  const bytes data = datagram(id(1), id(0), wire::ping{1});
  const bytes ack = datagram(id(0), id(1), wire::ack{1, {}});
  story.receive(0, 1, data);
  story.send(0, 1, ack);
  story.step(0, input_kind::receive);
  EXPECT_TRUE(found.empty()) << found.to_string();
  story.receive(0, 1, data);
  story.send(0, 1, ack);
  story.send(0, 1, ack);
  story.send(0, 1, datagram(id(0), id(1), wire::nack{1}));
  story.step(0, input_kind::receive);
  EXPECT_TRUE(contains("2 acks of one input, at most 1")) << found.to_string();
  EXPECT_TRUE(contains("1 nacks of one input, at most 0")) << found.to_string();
}

}  // namespace
