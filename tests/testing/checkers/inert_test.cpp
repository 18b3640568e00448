// tests/testing/checkers/inert_test.cpp - flotilla/testing/checkers/inert.hpp
// Silent over rough days; bites when one that left, crashed or stands still does anything.
#include <flotilla/testing/checkers/inert.hpp>

#include <gtest/gtest.h>

#include <cstddef>
#include <vector>

#include <testing/checkers/view_support.hpp>

namespace {

using namespace view_support;  // NOLINT(google-build-using-namespace)
using flotilla::testing::inert_checker;

TEST(Inert, HasNothingToSayAboutRoughDays) {
  std::uint64_t after = 0;
  expect_silence<inert_checker>([&](const inert_checker::tally& judged) {
    EXPECT_EQ(judged.ended, 1U);
    after += judged.after;
  });
  EXPECT_GT(after, 0U);
}

/// A group of one whose member has left; it was alone, so at once.
struct left_stage : stage<inert_checker> {
  left_stage() {
    EXPECT_EQ(group.leave(0), command_error::none);
    EXPECT_EQ(watching.judged().ended, 1U);
    EXPECT_TRUE(found.empty()) << found.to_string();
  }
  [[nodiscard]] endpoint at() const { return group.sim().process_of(0).address; }
};

TEST(Inert, HoldsForWhoeverTalksToOneThatLeft) {
  left_stage s;
  for (int i = 0; i < 20; ++i) {
    s.group.sim().inject(there, s.at(), ping({living(2, 0), held(1, 0, member_state::dead)}));
    s.group.sim().inject(there, s.at(), std::vector<std::byte>(50));
    s.group.run_for(1s);
    s.group.sim().jump_clock(0, i % 2 == 0 ? 10s : -7s);
  }
  EXPECT_EQ(s.watching.judged().after, 40U);
  EXPECT_TRUE(s.found.empty()) << s.found.to_string();
}

TEST(Inert, BitesWhenOneThatLeftSends) {
  left_stage s;
  s.watching.on_send(s.group.now(), 0, s.group[0], there, ping({}));
  EXPECT_EQ(s.found.count("S16"), 1U) << s.found.to_string();
}

TEST(Inert, BitesWhenOneThatLeftTells) {
  left_stage s;
  s.event_of(flotilla::leave_completed{});
  EXPECT_EQ(s.found.count("S16"), 1U) << s.found.to_string();
}

TEST(Inert, BitesWhenOneThatLeftWantsATick) {
  left_stage s;
  s.step(s.told({}));
  EXPECT_EQ(s.found.count("S16"), 2U) << s.found.to_string();  // and it is active
}

TEST(Inert, BitesWhenADatagramChangesOneThatLeft) {
  left_stage s;
  // Left as well, at the same time, but one of them has learnt of another member before.
  const auto leaver_told = [&](const std::vector<wire::fact>& facts) {
    engine other{s.group.config_of(0), s.group.now()};
    if (!facts.empty()) tell(other, s.group.now(), facts);
    EXPECT_EQ(other.leave(), command_error::none);
    while (other.poll_event()) {
    }
    EXPECT_EQ(other.next_deadline(), time_point::max());
    return other;
  };
  s.step(leaver_told({}), input_kind::receive);
  EXPECT_TRUE(s.found.empty()) << s.found.to_string();
  s.step(leaver_told({living(2, 0), held(2, 0, member_state::left)}), input_kind::receive);
  EXPECT_EQ(s.found.count("S16"), 1U) << s.found.to_string();
  EXPECT_EQ(s.found.count(), 1U);
}

TEST(Inert, BitesOnlyInTheLifeThatEnded) {
  left_stage s;
  s.group.restart(0, memory_kept::nothing);
  s.group.add();
  s.group.join(1, 0);
  s.group.run_for(5s);
  EXPECT_TRUE(s.found.empty()) << s.found.to_string();
  EXPECT_TRUE(s.group.full_mesh());
}

TEST(Inert, BitesBeforeItHasLeftOnlyWhenItIsOver) {
  stage<inert_checker> s;
  s.group.add();
  s.group.join(1, 0);
  s.group.run_for(3s);
  s.group.net().isolate(1);
  s.group.leave(1);
  s.group.run_for(1s);  // nobody hears its farewell: it is repeated
  EXPECT_EQ(s.watching.judged().ended, 0U);
  s.group.run_for(3s);
  EXPECT_EQ(s.watching.judged().ended, 1U);
  EXPECT_TRUE(s.found.empty()) << s.found.to_string();
}

TEST(Inert, HoldsForOneThatStoppedByFinalDeath) {
  config base = quick();
  base.experiment.final_death = true;
  cluster group{1, base};
  report found;
  inert_checker watching{group, found};
  group.sim().watch(watching);
  group.add_joined(3);
  group.run_for(3s);
  group.sim().inject(there, group.sim().process_of(1).address,
                     ping({held(2, 0, member_state::dead)}));
  group.run_for(10s);
  EXPECT_EQ(watching.judged().ended, 1U);
  EXPECT_GT(watching.judged().after, 0U);
  EXPECT_TRUE(found.empty()) << found.to_string();
  watching.on_send(group.now(), 1, group[1], there, ping({}));
  EXPECT_EQ(found.count("S16"), 1U) << found.to_string();
}

// ---- processes

TEST(Inert, BitesWhenAProcessThatDoesNotRunActs) {
  using flotilla::testing::process_state;
  for (const process_state state : {process_state::crashed, process_state::frozen}) {
    stage<inert_checker> s;
    if (state == process_state::crashed) s.group.crash(0);
    if (state == process_state::frozen) s.group.freeze(0);
    s.watching.on_tick(s.group.now(), 0, s.group[0]);
    EXPECT_EQ(s.found.count("S16"), 1U) << s.found.to_string();
    s.watching.on_receive(s.group.now(), 0, s.group[0], there, 0, ping({}));
    EXPECT_EQ(s.found.count("S16"), 2U) << s.found.to_string();
    s.watching.on_send(s.group.now(), 0, s.group[0], there, ping({}));
    EXPECT_EQ(s.found.count("S16"), 3U) << s.found.to_string();
    s.event_of(flotilla::member_joined{shown(2, 0, member_state::alive)});
    EXPECT_EQ(s.found.count("S16"), 4U) << s.found.to_string();
  }
}

TEST(Inert, LetsABlockedProcessTickButNotRead) {
  stage<inert_checker> s;
  s.group.block(0);
  s.watching.on_tick(s.group.now(), 0, s.group[0]);
  EXPECT_TRUE(s.found.empty()) << s.found.to_string();
  s.watching.on_receive(s.group.now(), 0, s.group[0], there, 0, ping({}));
  EXPECT_EQ(s.found.count("S16"), 1U) << s.found.to_string();
}

}  // namespace
