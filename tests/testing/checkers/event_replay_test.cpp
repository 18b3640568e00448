// tests/testing/checkers/event_replay_test.cpp - flotilla/testing/checkers/event_replay.hpp
// Silent over rough days; each rule is then broken by events that nobody should tell.
#include <flotilla/testing/checkers/event_replay.hpp>

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include <testing/checkers/view_support.hpp>

namespace {

using namespace view_support;  // NOLINT(google-build-using-namespace)
using flotilla::testing::event_replay_checker;
using namespace flotilla;  // NOLINT(google-build-using-namespace): the names of the events

using replay_stage = stage<event_replay_checker>;

member alive_2() { return shown(2, 0, member_state::alive); }
member suspect_2() { return shown(2, 0, member_state::suspect); }
member dead_2() { return shown(2, 0, member_state::dead); }
member left_2() { return shown(2, 0, member_state::left); }

/// How many of these events, told one after the other to a group of one, break a rule.
std::size_t bites(const std::vector<event>& all) {
  replay_stage s;
  for (const event& e : all) s.event_of(e);
  EXPECT_EQ(s.found.count("S13"), s.found.count());
  return s.found.count();
}

TEST(EventReplay, HasNothingToSayAboutRoughDays) {
  expect_silence<event_replay_checker>([](const event_replay_checker::tally& judged) {
    EXPECT_GT(judged.joined, 90U);
    EXPECT_GT(judged.suspected, 20U);
    EXPECT_GT(judged.recovered, 5U);
    EXPECT_GT(judged.failed, 20U);
    EXPECT_GT(judged.left, 5U);
    EXPECT_GT(judged.updated, 5U);
    EXPECT_GT(judged.forgotten, 5U);
    EXPECT_EQ(judged.lost, 0U);
  });
}

TEST(EventReplay, TakesTurns) {
  EXPECT_EQ(bites({member_joined{alive_2()}, member_suspected{suspect_2(), {}},
                   member_recovered{alive_2()}, member_suspected{suspect_2(), {}},
                   member_failed{dead_2(), {}}, member_joined{alive_2()}, member_left{left_2()},
                   member_joined{alive_2()}, member_failed{dead_2(), {}}, member_left{left_2()},
                   member_forgotten{left_2()}, member_joined{alive_2()}}),
            0U);
}

TEST(EventReplay, BitesWhenAnEventIsRepeated) {
  const event joined = member_joined{alive_2()};
  const event suspected = member_suspected{suspect_2(), {}};
  EXPECT_EQ(bites({joined, joined}), 1U);
  EXPECT_EQ(bites({joined, suspected, suspected}), 1U);
  EXPECT_EQ(bites({joined, suspected, member_recovered{alive_2()}, member_recovered{alive_2()}}),
            1U);
  EXPECT_EQ(bites({joined, member_failed{dead_2(), {}}, member_failed{dead_2(), {}}}), 1U);
  EXPECT_EQ(bites({joined, member_left{left_2()}, member_left{left_2()}}), 1U);
  EXPECT_EQ(bites({joined, member_left{left_2()}, member_forgotten{left_2()},
                   member_forgotten{left_2()}}),
            1U);
}

TEST(EventReplay, BitesWhenEventsComeOutOfTurn) {
  const event joined = member_joined{alive_2()};
  EXPECT_EQ(bites({joined, member_recovered{alive_2()}}), 1U);
  EXPECT_EQ(bites({joined, member_suspected{suspect_2(), {}}, joined}), 1U);  // a recovery joins
  EXPECT_EQ(bites({joined, member_left{left_2()}, member_failed{dead_2(), {}}}), 1U);
  EXPECT_EQ(bites({joined, member_failed{dead_2(), {}}, member_suspected{suspect_2(), {}}}), 1U);
  EXPECT_EQ(bites({joined, member_forgotten{alive_2()}}), 1U);
  EXPECT_EQ(bites({joined, member_left{left_2()}, member_forgotten{dead_2()}}), 1U);
}

TEST(EventReplay, BitesWhenSomebodyIsNewButDead) {
  EXPECT_EQ(bites({member_failed{dead_2(), {}}}), 1U);
  EXPECT_EQ(bites({member_left{left_2()}}), 1U);
  EXPECT_EQ(bites({member_suspected{suspect_2(), {}}}), 1U);
  EXPECT_EQ(bites({member_updated{alive_2()}}), 1U);
  EXPECT_EQ(bites({member_forgotten{dead_2()}}), 1U);
}

TEST(EventReplay, BitesWhenAnEventCarriesAnotherState) {
  EXPECT_EQ(bites({member_joined{suspect_2()}}), 1U);
  EXPECT_EQ(bites({member_joined{alive_2()}, member_failed{suspect_2(), {}}}), 1U);
}

TEST(EventReplay, BitesWhenAnUpdateTellsNothing) {
  const member moved = shown(2, 1, member_state::alive, elsewhere);
  EXPECT_EQ(bites({member_joined{alive_2()}, member_updated{moved}}), 0U);
  EXPECT_EQ(bites({member_joined{alive_2()}, member_updated{moved}, member_updated{moved}}), 1U);
  // A bare change of incarnation makes no event.
  EXPECT_EQ(bites({member_joined{alive_2()}, member_updated{shown(2, 1, member_state::alive)}}),
            1U);
}

TEST(EventReplay, BitesWhenAMemberMovesWithoutAnUpdate) {
  const event joined = member_joined{alive_2()};
  const member suspected = shown(2, 0, member_state::suspect, elsewhere);
  EXPECT_EQ(bites({joined, member_suspected{suspected, {}}}), 1U);
  EXPECT_EQ(bites({joined, member_suspected{suspect_2(), {}},
                   member_recovered{shown(2, 1, member_state::alive, elsewhere)}}),
            1U);
  EXPECT_EQ(bites({joined, member_left{left_2()},
                   member_joined{shown(2, 1, member_state::alive, elsewhere)}}),
            0U);
}

TEST(EventReplay, BitesWhenAnEventIsAboutSelf) {
  EXPECT_EQ(bites({member_joined{shown(1, 0, member_state::alive)}}), 1U);
  EXPECT_EQ(bites({path_broken{shown(1, 0, member_state::alive), member_id{3}}}), 1U);
  EXPECT_EQ(bites({identity_conflict{shown(1, 0, member_state::alive), elsewhere}}), 0U);
}

TEST(EventReplay, BitesWhenAPathToNobodyIsBroken) {
  EXPECT_EQ(bites({path_broken{alive_2(), member_id{3}}}), 1U);
  const event joined = member_joined{alive_2()};
  EXPECT_EQ(bites({joined, path_broken{alive_2(), member_id{3}}}), 0U);
  EXPECT_EQ(bites({joined, member_left{left_2()}, path_broken{left_2(), member_id{3}}}), 1U);
}

// ---- the table

TEST(EventReplay, BitesWhenTheTableShowsMoreThanTheEvents) {
  replay_stage s;
  s.step(s.told({living(2, 0)}));
  EXPECT_EQ(s.found.count("S13"), 1U) << s.found.to_string();
  s.step(s.told({living(2, 0), held(2, 0, member_state::suspect)}));
  EXPECT_EQ(s.found.count("S13"), 2U) << s.found.to_string();
  s.step(s.told({living(2, 1, elsewhere), held(2, 1, member_state::suspect)}));
  EXPECT_EQ(s.found.count("S13"), 3U) << s.found.to_string();
  s.step(s.told({living(2, 2, elsewhere), held(2, 2, member_state::suspect)}));
  EXPECT_EQ(s.found.count(), 3U) << s.found.to_string();  // a bare change of incarnation
}

TEST(EventReplay, BitesWhenTheEventsShowMoreThanTheTable) {
  replay_stage s;
  s.event_of(member_joined{alive_2()});
  s.step(s.told({}));
  EXPECT_EQ(s.found.count("S13"), 1U) << s.found.to_string();
  s.event_of(member_joined{alive_2()});
  s.event_of(member_suspected{suspect_2(), {}});
  s.step(s.told({living(2, 0)}));
  EXPECT_EQ(s.found.count("S13"), 2U) << s.found.to_string();
}

TEST(EventReplay, StartsOverWhenEventsAreLost) {
  replay_stage s;
  s.event_of(member_joined{shown(3, 0, member_state::alive)});
  const engine later = s.told({living(2, 0), held(2, 0, member_state::dead)});
  s.watching.on_event(s.group.now(), 0, later, events_lost{7});
  s.step(later);
  EXPECT_TRUE(s.found.empty()) << s.found.to_string();
  EXPECT_EQ(s.watching.judged().lost, 1U);
  s.event_of(member_failed{dead_2(), {}});
  EXPECT_EQ(s.found.count(), 1U) << s.found.to_string();
}

}  // namespace
