// tests/testing/checkers/views_test.cpp - flotilla/testing/checkers/views.hpp
// Silent over all that may happen to a view; each law is then broken by hand, by events and by
// tables.
#include <flotilla/testing/checkers/views.hpp>

#include <gtest/gtest.h>

#include <vector>

#include <testing/checkers/view_support.hpp>

namespace {

using namespace view_support;  // NOLINT(google-build-using-namespace)
using flotilla::testing::views_checker;
using enum member_state;

using views_stage = stage<views_checker>;

constexpr std::uint32_t window = incarnation::window();

// ---- silence

TEST(Views, HaveNothingToSayAboutRoughDays) {
  std::uint64_t doubted = 0;  // an accusation waits for a check on one day in three
  const auto judge = [&](const views_checker::tally& judged) {
    EXPECT_GT(judged.changes, 100U);
    EXPECT_GT(judged.silent, 10U);
    EXPECT_GT(judged.newcomers, 90U);
    EXPECT_GT(judged.returns, 10U);
    EXPECT_GT(judged.heard, 50U);
    doubted += judged.doubted;
  };
  expect_silence<views_checker>(judge, quick(), 20);
  EXPECT_GT(doubted, 5U);
}

TEST(Views, ExcuseAnAdoptionFromOutsideTheWindow) {
  rough_day day{1};
  report found;
  views_checker watching{day.group, found};
  day.group.sim().watch(watching);
  day.group.add_joined(3);
  day.group.run_for(3s);
  // A forger lifts member 3 beyond its own reach, in two strides; it is then believed first-hand.
  const endpoint victim = day.group.sim().process_of(0).address;
  const endpoint at = day.group.sim().process_of(2).address;
  day.group.net().isolate(2);
  for (const std::uint32_t number : {window - 1, 2 * window - 2}) {
    day.group.sim().inject(at, victim, ping({living(3, number, at)}));
    day.group.run_for(10ms);
  }
  ASSERT_EQ(day.group[0].find(member_id{3})->incarnation, incarnation{2 * window - 2});
  day.group.net().mend_all();
  day.group.run_for(20s);
  EXPECT_GT(watching.judged().adoptions, 0U);
  EXPECT_TRUE(found.empty()) << found.to_string();
  EXPECT_TRUE(day.group.full_mesh());
}

// ---- S2

TEST(Views, BiteWhenAnIncarnationDecreases) {
  views_stage s;
  s.swap({living(2, 5)}, {living(2, 4)});
  EXPECT_EQ(s.found.count("S2"), 1U) << s.found.to_string();
  EXPECT_EQ(s.found.count(), 1U);
}

TEST(Views, BiteWhenAnIncarnationDecreasesAndTheStateStays) {
  // dead@10, ignored because dead@1 is held, lets alive@2 rise again later.
  views_stage s;
  s.swap({living(2, 1), held(2, 10, dead)}, {living(2, 1), held(2, 1, dead)});
  EXPECT_EQ(s.found.count("S2"), 1U) << s.found.to_string();
}

TEST(Views, BiteWhenWhatWasHeardIsNotHeld) {
  const auto bites = [](const std::vector<wire::fact>& heard) {
    views_stage s;
    s.begin({living(2, 1), held(2, 1, dead)});
    s.watching.on_receive(s.group.now(), 0, s.group[0], there, 0, ping(heard));
    engine deaf = s.told({living(2, 1), held(2, 1, dead)});
    tell(deaf, s.group.now(), {held(9, 0, left)});  // it has received facts, but not these
    s.step(deaf, input_kind::receive);
    EXPECT_EQ(s.found.count("S2"), s.found.count()) << s.found.to_string();
    return s.found.count();
  };
  EXPECT_EQ(bites({held(2, 10, dead)}), 1U);
  EXPECT_EQ(bites({living(2, 2)}), 1U);
  EXPECT_EQ(bites({held(2, 1, left)}), 1U);
  EXPECT_EQ(bites({living(2, 1), held(2, 0, left), held(3, 5, dead)}), 0U);
  EXPECT_EQ(bites({living(2, 3 + window)}), 0U);  // outside the window
}

TEST(Views, BiteWhenWhatWasHeardIsNotHeldUnlessItIsDoubted) {
  views_stage s;
  engine doubting{s.group.config_of(0), s.group.now()};
  tell_as_member(doubting, s.group.now(), {living(2, 1), living(3, 1, elsewhere)});
  const auto hears = [&](const std::vector<wire::fact>& heard,
                         const std::vector<wire::fact>& really) {
    s.watching.on_receive(s.group.now(), 0, s.group[0], there, 0, ping(heard));
    tell_as_member(doubting, s.group.now(), really);
    s.step(doubting, input_kind::receive);
    return s.found.count("S2");
  };
  s.step(doubting);
  // A death that no suspicion went before waits, and so does what comes after it.
  EXPECT_EQ(hears({held(2, 1, dead)}, {held(2, 1, dead)}), 0U) << s.found.to_string();
  EXPECT_EQ(hears({held(2, 2, dead)}, {held(2, 2, dead)}), 0U) << s.found.to_string();
  EXPECT_EQ(doubting.stats().accusations_doubted, 2U);
  EXPECT_EQ(s.watching.judged().doubted, 2U);
  // Another one's does not wait along with it, and what is no accusation does not wait at all.
  EXPECT_EQ(hears({held(3, 1, dead)}, {held(9, 0, left)}), 1U) << s.found.to_string();
  EXPECT_EQ(hears({living(2, 2)}, {held(9, 0, left)}), 2U) << s.found.to_string();
  EXPECT_EQ(s.found.count(), 2U);
}

TEST(Views, BiteInTheOrderInWhichEventsTell) {
  views_stage s;
  s.begin({living(2, 1), held(2, 2, suspect)});
  s.event_of(flotilla::member_recovered{shown(2, 1, alive)});
  EXPECT_EQ(s.found.count("S2"), 1U) << s.found.to_string();
  s.event_of(flotilla::member_suspected{shown(2, 2, suspect), {}});
  s.step(s.told({living(2, 1), held(2, 2, suspect)}));  // as before: the end alone shows nothing
  EXPECT_EQ(s.found.count(), 1U);
}

TEST(Views, BiteWhenMergedFromOutsideTheWindow) {
  views_stage s;
  s.swap({living(2, 1)}, {living(2, 2 + window)});
  EXPECT_EQ(s.found.count("S2"), 1U) << s.found.to_string();
  views_stage edge;
  edge.swap({living(2, 1)}, {living(2, 1 + window)});
  EXPECT_TRUE(edge.found.empty()) << edge.found.to_string();
}

// ---- S3, S4

TEST(Views, BiteWhenASuspectGoesBackWithinOneIncarnation) {
  views_stage s;
  s.swap({living(2, 3), held(2, 3, suspect)}, {living(2, 3)});
  EXPECT_EQ(s.found.count("S3"), 1U) << s.found.to_string();
  EXPECT_EQ(s.found.count(), 1U);
}

TEST(Views, BiteWhenAStateIsEnteredTwiceWithinOneStep) {
  views_stage s;
  s.begin({living(2, 3), held(2, 3, suspect)});
  s.event_of(flotilla::member_recovered{shown(2, 3, alive)});
  s.event_of(flotilla::member_suspected{shown(2, 3, suspect), {}});
  EXPECT_EQ(s.found.count("S3"), 1U) << s.found.to_string();
}

TEST(Views, BiteWhenTheDeadRise) {
  for (const member_state after : {alive, suspect}) {
    views_stage s;
    std::vector<wire::fact> risen{living(2, 3)};
    if (after == suspect) risen.push_back(held(2, 3, suspect));
    s.swap({living(2, 3), held(2, 3, dead)}, risen);
    EXPECT_EQ(s.found.count("S4"), 1U) << s.found.to_string();
    EXPECT_EQ(s.found.count(), 1U);
  }
}

TEST(Views, BiteWhenTheDeadRiseAtALowerIncarnation) {
  views_stage s;
  s.swap({living(2, 3), held(2, 3, dead)}, {living(2, 2)});
  EXPECT_EQ(s.found.count("S4"), 1U) << s.found.to_string();
  EXPECT_EQ(s.found.count("S2"), 1U);
}

TEST(Views, BiteWhenWhoLeftIsSuspectedOrDies) {
  for (const member_state after : {suspect, dead}) {
    views_stage s;
    s.swap({living(2, 3), held(2, 3, left)}, {living(2, 3), held(2, 3, after)});
    EXPECT_EQ(s.found.count("S4"), 1U) << s.found.to_string();
  }
}

TEST(Views, LetTheDeadReturnAtAHigherIncarnationOrAfterTheyWereForgotten) {
  views_stage s;
  s.swap({living(2, 3), held(2, 3, dead)}, {living(2, 4)});
  EXPECT_EQ(s.watching.judged().returns, 1U);
  s.step(s.told({living(2, 4), held(2, 4, left)}));
  s.event_of(flotilla::member_forgotten{shown(2, 4, left)});
  s.step(s.told({living(2, 0)}));
  EXPECT_TRUE(s.found.empty()) << s.found.to_string();
}

// ---- S18

TEST(Views, BiteWhenAnAccusationAddsAMember) {
  for (const member_state state : {suspect, dead, left}) {
    views_stage s;
    s.step(s.told({living(2, 3), held(2, 3, state)}));
    EXPECT_EQ(s.found.count("S18"), 1U) << s.found.to_string();
  }
}

TEST(Views, BiteWhenAnEventAccusesAnUnknownMember) {
  views_stage s;
  s.event_of(flotilla::member_failed{shown(2, 3, dead), {}});
  EXPECT_EQ(s.found.count("S18"), 1U) << s.found.to_string();
}

TEST(Views, BiteWhenAMemberIsAddedWithoutAnAliveFact) {
  const auto added_by = [](const std::vector<std::byte>& datagram) {
    views_stage s;
    s.watching.on_receive(s.group.now(), 0, s.group[0], there, 0, datagram);
    s.event_of(flotilla::member_joined{shown(2, 3, alive)});
    return s.found.count("S18");
  };
  EXPECT_EQ(added_by(ping({held(2, 3, dead)})), 1U);
  EXPECT_EQ(added_by(ping({living(5, 3)})), 1U);
  EXPECT_EQ(added_by(ping({living(2, 3)})), 0U);
  EXPECT_EQ(added_by(ping({}, member_id{2})), 0U);  // its own answer
  views_stage s;
  s.event_of(flotilla::member_joined{shown(2, 3, alive)});  // no datagram at all
  EXPECT_EQ(s.found.count("S18"), 1U);
}

}  // namespace
