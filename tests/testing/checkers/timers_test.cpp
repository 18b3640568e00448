// tests/testing/checkers/timers_test.cpp - flotilla/testing/checkers/timers.hpp
// Silent over rough days; with timers that are not bound to their incarnation it bites.
#include <flotilla/testing/checkers/timers.hpp>

#include <gtest/gtest.h>

#include <string>

#include <testing/checkers/view_support.hpp>

namespace {

using namespace view_support;  // NOLINT(google-build-using-namespace)
using flotilla::duration;
using flotilla::evidence;
using flotilla::testing::least_suspicion;
using flotilla::testing::timers_checker;

TEST(Timers, KnowTheSuspicionTimeOfThePaper) {
  const config c = config::swim_paper();  // 3 * ceil(ln(n+1)) periods of 2 s
  EXPECT_EQ(least_suspicion(c, 1), 6s);
  EXPECT_EQ(least_suspicion(c, 6), 12s);
  EXPECT_EQ(least_suspicion(c, 7), 18s);
  EXPECT_EQ(least_suspicion(c, 56), 30s);
}

TEST(Timers, HaveNothingToSayAboutRoughDays) {
  expect_silence<timers_checker>([](const timers_checker::tally& judged) {
    EXPECT_GT(judged.verdicts, 5U);
    EXPECT_GT(judged.accusations, 10U);
    EXPECT_GT(judged.cleared, 10U);
  });
}

TEST(Timers, BiteWhenTheyAreNotBoundToTheirIncarnation) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    config base = quick();
    base.experiment.timer_binding = false;
    rough_day day{seed, base};
    report found;
    timers_checker watching{day.group, found};
    day.group.sim().watch(watching);
    day.run();
    EXPECT_GT(found.count("S8"), 0U);
    EXPECT_EQ(found.count("S8"), found.violations().size()) << found.to_string();
  }
}

TEST(Timers, SayNothingWhereNobodyIsSuspected) {
  config base = quick();
  base.experiment.suspicion = false;
  rough_day day{1, base};
  report found;
  timers_checker watching{day.group, found};
  day.group.sim().watch(watching);
  day.run();
  EXPECT_TRUE(found.empty()) << found.to_string();
  EXPECT_GT(day.told.of<flotilla::member_failed>(), 20U);
  EXPECT_EQ(watching.judged().verdicts, 0U);
}

/// Members 2 and 3 in the view of a group of one; time passes by its clock.
struct timers_stage : stage<timers_checker> {
  timers_stage() { step(told({living(2, 0), living(3, 0, elsewhere)})); }

  void pass(duration length) { group.sim().jump_clock(0, length); }
  void suspected(std::uint32_t number, const evidence& by = {}) {
    tick();
    event_of(flotilla::member_suspected{shown(2, number, member_state::suspect), by});
    step(told({living(2, 0), living(3, 0, elsewhere), held(2, number, member_state::suspect)}));
  }
  void failed(std::uint32_t number, bool by_tick = true, bool ours = true) {
    if (by_tick) tick();
    evidence e;
    e.accuser = member_id{1};
    if (ours) e.since = group.now();
    event_of(flotilla::member_failed{shown(2, number, member_state::dead), e});
  }
  void tick() { watching.on_tick(group.now(), 0, group[0]); }
  /// For three members.
  [[nodiscard]] duration patience() const { return least_suspicion(group.config_of(0), 3); }
};

TEST(Timers, BiteWhenAVerdictFallsTooSoon) {
  timers_stage early;
  early.suspected(0);
  early.pass(early.patience() - 1ns);
  early.failed(0);
  EXPECT_EQ(early.found.count("S8"), 1U) << early.found.to_string();
  timers_stage due;
  due.suspected(0);
  due.pass(due.patience());
  due.failed(0);
  EXPECT_TRUE(due.found.empty()) << due.found.to_string();
  EXPECT_EQ(due.watching.judged().verdicts, 1U);
}

TEST(Timers, CountAnewForEachIncarnation) {
  timers_stage s;
  s.suspected(0);
  s.pass(s.patience() / 2);
  s.tick();
  // A higher accusation replaces the first one, and no event tells.
  s.step(s.told({living(2, 0), living(3, 0, elsewhere), held(2, 1, member_state::suspect)}));
  s.pass(s.patience() / 2);
  s.failed(1);
  EXPECT_EQ(s.found.count("S8"), 1U) << s.found.to_string();
}

TEST(Timers, BiteWhenAVerdictConcernsWhomNobodySuspects) {
  timers_stage refuted;
  refuted.suspected(0);
  refuted.event_of(flotilla::member_recovered{shown(2, 1, member_state::alive)});
  refuted.pass(refuted.patience());
  refuted.failed(1);
  EXPECT_EQ(refuted.found.count("S8"), 1U) << refuted.found.to_string();
  EXPECT_EQ(refuted.watching.judged().cleared, 1U);
  timers_stage other;
  other.suspected(0);
  other.pass(other.patience());
  other.failed(1);  // suspected at 0
  EXPECT_EQ(other.found.count("S8"), 1U) << other.found.to_string();
  timers_stage unknown;
  unknown.event_of(flotilla::member_forgotten{shown(2, 0, member_state::dead)});
  unknown.failed(0);
  EXPECT_EQ(unknown.found.count("S8"), 1U) << unknown.found.to_string();
}

TEST(Timers, LeaveAloneWhatNoTimerDid) {
  timers_stage by_hand;
  by_hand.failed(0, false);
  EXPECT_TRUE(by_hand.found.empty()) << by_hand.found.to_string();
  timers_stage told_by_others;
  told_by_others.failed(0, true, false);
  EXPECT_TRUE(told_by_others.found.empty()) << told_by_others.found.to_string();
}

TEST(Timers, MeasureInTheEnginesTime) {
  timers_stage s;
  s.suspected(0);
  s.pass(s.patience() / 2);
  s.tick();
  s.pass(-10s);  // a clock that runs backwards adds nothing, and takes nothing away
  s.tick();
  s.pass(s.patience() / 2 - 1ns);
  s.failed(0);
  EXPECT_EQ(s.found.count("S8"), 1U) << s.found.to_string();
}

TEST(Timers, BiteWhenAPingToAnEarlierIncarnationAccuses) {
  const auto accused_at = [](std::uint32_t number) {
    timers_stage s;
    const auto probe = ping({}, member_id{1}, member_id{2});
    s.watching.on_send(s.group.now(), 0, s.group[0], there, probe);
    s.step(s.told({living(2, number), living(3, 0, elsewhere)}));
    evidence ours;
    ours.accuser = member_id{1};
    ours.probe = 4711;  // the number of ping()
    s.suspected(number, ours);
    EXPECT_EQ(s.watching.judged().accusations, 1U);
    return s.found.count("S8");
  };
  EXPECT_EQ(accused_at(0), 0U);
  EXPECT_EQ(accused_at(1), 1U);  // it has spoken up since the ping was sent
}

}  // namespace
