// testing/checkers/confirmations_test.cpp - tests of flotilla/testing/checkers/confirmations.hpp
// Silent over rough runs; bites on claims that nobody supports, and on time-outs that grow.
#include <flotilla/testing/checkers/confirmations.hpp>

#include <optional>
#include <string>
#include <variant>

#include <gtest/gtest.h>

#include <testing/checkers/traffic_support.hpp>

namespace {

using namespace traffic;
using flotilla::testing::confirmation_puts_off;
using flotilla::testing::confirmations_checker;
using flotilla::testing::without_suspicion;

TEST(ConfirmationsChecker, FindsNothingInRoughRuns) {
  const auto runs = judged_over_rough_runs<confirmations_checker>(1, 8);
  EXPECT_GT(sum(runs, &confirmations_checker::tally::verdicts), 100U);
  EXPECT_GT(sum(runs, &confirmations_checker::tally::confirmed), 40U);
  EXPECT_GT(sum(runs, &confirmations_checker::tally::accusers), 2'000U);
  EXPECT_GT(sum(runs, &confirmations_checker::tally::trials), 300U);
}

/// What is found when a member crashes and the judge is told of it by a liar.
std::string found_after_crash(const std::function<void(liar&)>& lies) {
  cluster group{8};
  report found;
  confirmations_checker judge{group, found};
  liar watcher{judge};
  lies(watcher);
  group.sim().watch(watcher);
  group.add_joined(16);
  EXPECT_TRUE(group.wait_full_mesh(20s));
  group.crash(5);
  group.crash(6);
  EXPECT_TRUE(group.wait_status_everywhere(5, member_state::dead, 60s));
  EXPECT_TRUE(group.wait_status_everywhere(6, member_state::dead, 60s));
  EXPECT_GT(judge.judged().verdicts, 0U);
  EXPECT_EQ(found.count(), found.count("S9"));
  return found.to_string();
}

flotilla::event claiming(const flotilla::event& what, std::uint8_t count) {
  if (const auto* failed = std::get_if<flotilla::member_failed>(&what)) {
    flotilla::member_failed claim = *failed;
    claim.evidence.confirmations = count;
    return claim;
  }
  return what;
}

TEST(ConfirmationsChecker, BitesOnClaimsThatNobodySupports) {
  EXPECT_EQ(found_after_crash([](liar&) {}), "");
  const std::string many = found_after_crash([](liar& watcher) {
    watcher.about_event = [](const flotilla::event& what) { return claiming(what, 4); };
  });
  EXPECT_NE(many.find("4 confirmations about member 6"), std::string::npos) << many;
  const std::string unheard = found_after_crash([](liar& watcher) {
    watcher.about_event = [](const flotilla::event& what) { return claiming(what, 1); };
    watcher.hears = [](const decoded& what) {
      for (const wire::fact& f : what.facts()) {
        if (f.state == member_state::suspect) return false;
      }
      return true;
    };
  });
  EXPECT_NE(unheard.find("heard from 0 besides"), std::string::npos) << unheard;
}

TEST(ConfirmationsChecker, CountsNeitherTheFirstAccuserNorItselfNorTwice) {
  cluster group{3};
  report found;
  confirmations_checker judge{group, found};
  fiction story{group, judge};
  story.open(8);
  const auto id = [&](node_index i) { return group.id_of(i); };
  const auto accuse = [&](node_index by) {
    story.receive(0, 1, datagram(id(1), id(0), wire::ping{7}, {suspicion(id(2), 0, id(by))}));
    story.step(0, input_kind::receive);
  };
  const auto claim = [&](std::uint8_t count) {
    flotilla::evidence ours{id(1), 0, group.now(), count, 0};
    story.happen(0, flotilla::member_failed{*group[0].find(id(2)), ours});
    return found.count("S9");
  };
  EXPECT_EQ(claim(0), 0U);
  accuse(1);  // the first accuser
  accuse(0);  // the observer's own
  EXPECT_EQ(claim(0), 0U);
  EXPECT_EQ(claim(1), 1U);
  accuse(3);
  accuse(3);
  EXPECT_EQ(claim(1), 1U);
  EXPECT_EQ(claim(2), 2U);
  accuse(4);
  accuse(5);
  accuse(6);
  EXPECT_EQ(claim(3), 2U);
  EXPECT_EQ(claim(4), 3U);  // heard of, but more than K
}

// A timer that runs on into the next incarnation takes the confirmations of the last one along.
TEST(ConfirmationsChecker, BitesWhenTimersAreBoundToNothing) {
  config settings = config::lan();
  settings.experiment.timer_binding = false;
  cluster group{1, settings, rough_link()};
  report found;
  confirmations_checker judge{group, found};
  group.sim().watch(judge);
  rough_run{group}.run(16, 60s);
  EXPECT_GT(found.count("S9"), 0U);
}

TEST(WithoutSuspicion, ChangesOneFactAndNothingElse) {
  const bytes both = datagram(member_id{1}, member_id{2}, wire::ping{7},
                              {suspicion(member_id{3}, 0, member_id{4}),
                               {member_id{3}, incarnation{0}, member_state::dead, {}, member_id{4}},
                               suspicion(member_id{5}, 0, member_id{4})});
  const bytes less = without_suspicion(both, wire::group_tag_of(""), member_id{3});
  ASSERT_EQ(less.size(), both.size());
  decoded what;
  what.read(less, wire::group_tag_of(""));
  ASSERT_TRUE(what.ok());
  ASSERT_EQ(what.facts().size(), 2U);
  EXPECT_EQ(what.facts()[0].state, member_state::dead);
  EXPECT_EQ(what.facts()[1].subject, member_id{5});
  EXPECT_EQ(without_suspicion(both, wire::group_tag_of("another"), member_id{3}), both);
}

/// Suspects one member and has a verdict after ten seconds, which confirmations shift by `shift`.
struct toy {
  flotilla::duration shift{};
  time_point due{};
  bool dead{false};

  void receive(time_point, const endpoint&, std::span<const std::byte> data) {
    decoded what;
    what.read(data, wire::group_tag_of(""));
    for (const wire::fact& f : what.facts()) {
      if (f.subject == member_id{3}) due += shift;
    }
  }
  void tick(time_point now) { dead = dead || now >= due; }
  std::optional<int> poll_event() { return {}; }
  std::optional<flotilla::transmit> poll_transmit(std::span<std::byte>) { return {}; }
  [[nodiscard]] time_point next_deadline() const { return dead ? time_point::max() : due; }
  [[nodiscard]] flotilla::member self() const { return {member_id{1}, {}, {}, {}}; }
  [[nodiscard]] std::optional<flotilla::member> find(member_id) const {
    return flotilla::member{
        member_id{3}, {}, {}, dead ? member_state::dead : member_state::suspect};
  }
};

TEST(ConfirmationPutsOff, TellsByHowMuchTheVerdictMoved) {
  const time_point now{1h};
  const bytes data = datagram(member_id{1}, member_id{2}, wire::ping{7},
                              {suspicion(member_id{3}, 0, member_id{4})});
  const auto puts_off = [&](flotilla::duration shift) {
    const toy node{shift, now + 10s, false};
    return confirmation_puts_off(node, now, {}, data, wire::group_tag_of(""), member_id{3});
  };
  EXPECT_EQ(puts_off(1ns), 1ns);
  EXPECT_EQ(puts_off(0s), 0s);
  EXPECT_EQ(puts_off(-5s), -5s);
}

TEST(VerdictAlone, IsTheTimeAtWhichTheSuspectIsGivenUp) {
  const time_point now{1h};
  EXPECT_EQ(flotilla::testing::verdict_alone(toy{0s, now + 10s, false}, now, 0, member_id{3}),
            now + 10s);
  EXPECT_EQ(flotilla::testing::verdict_alone(toy{0s, now, true}, now, 0, member_id{3}),
            time_point::max());
}

/// The engine itself: in a group of four that is healthy but for the suspect, nobody who asks is
/// taken for deaf or slow, so that the verdict falls when its time is up.
TEST(VerdictAlone, OfAnEngineInAHealthyGroup) {
  cluster group{3};
  group.add_joined(4);
  ASSERT_TRUE(group.wait_full_mesh(10s));
  group.crash(3);
  ASSERT_TRUE(group.wait_status(0, 3, member_state::suspect, 20s));
  const time_point now = group.sim().local_time(0);
  const auto verdict = flotilla::testing::verdict_alone(engine{group[0]}, now,
                                                        wire::group_tag_of(""), group.id_of(3));
  const flotilla::duration least = flotilla::suspicion_timeout(group.config_of(0), 4);
  EXPECT_GT(verdict, now + least - 2s);
  EXPECT_LT(verdict, now + least + 3s);
}

}  // namespace
