// tests/testing/checkers/own_word_test.cpp - flotilla/testing/checkers/own_word.hpp
// Silent over rough days; forged facts, a group without refutation and engines out of order make it
// bite.
#include <flotilla/testing/checkers/own_word.hpp>

#include <gtest/gtest.h>

#include <vector>

#include <testing/checkers/view_support.hpp>

namespace {

using namespace view_support;  // NOLINT(google-build-using-namespace)
using flotilla::testing::own_word_checker;

using own_word_stage = stage<own_word_checker>;

constexpr std::uint32_t window = incarnation::window();

/// Two or more joined members, and a way to lie to them.
struct pair_of_members {
  explicit pair_of_members(const config& base = quick(), node_index members = 2) : group{1, base} {
    group.sim().watch(watching);
    group.add_joined(members);
    group.run_for(3s);
    EXPECT_TRUE(found.empty()) << found.to_string();
    EXPECT_TRUE(group.full_mesh());
  }
  void lie(node_index to, const std::vector<wire::fact>& facts, member_id speaker = member_id{88}) {
    group.sim().inject(there, group.sim().process_of(to).address, ping(facts, speaker));
    group.run_for(10ms);
  }
  [[nodiscard]] std::uint32_t number(node_index i) const {
    return group[i].self().incarnation.value();
  }

  cluster group;
  report found{};
  own_word_checker watching{group, found};
};

TEST(OwnWord, HasNothingToSayAboutRoughDays) {
  expect_silence<own_word_checker>([](const own_word_checker::tally& judged) {
    EXPECT_GT(judged.held, 200U);
    EXPECT_GT(judged.accused, 10U);
    EXPECT_GT(judged.stale, 50U);
    EXPECT_EQ(judged.farewells, 1U);
  });
}

// ---- S1

TEST(OwnWord, BitesWhenSomebodyHoldsAnIncarnationThatNeverWas) {
  pair_of_members p;
  p.lie(0, {living(2, 1, p.group.sim().process_of(1).address)});
  EXPECT_GT(p.found.count("S1"), 0U) << p.found.to_string();
  EXPECT_EQ(p.found.count("S1"), p.found.count());
}

TEST(OwnWord, BitesWhenAnEventShowsAnIncarnationThatNeverWas) {
  own_word_stage s;
  s.event_of(flotilla::member_joined{shown(2, 0, member_state::alive)});  // nobody is member 2
  EXPECT_EQ(s.found.count("S1"), 1U) << s.found.to_string();
}

TEST(OwnWord, JudgesNoForgeriesThatAreExempt) {
  pair_of_members p;
  p.watching.exempt(member_id{2});
  p.lie(0, {living(2, 1, p.group.sim().process_of(1).address)});
  EXPECT_EQ(p.group[0].find(member_id{2})->incarnation, incarnation{1});
  p.group.run_for(3s);
  EXPECT_TRUE(p.found.empty()) << p.found.to_string();
  p.lie(1, {living(1, 1, p.group.sim().process_of(0).address)});
  EXPECT_EQ(p.found.count("S1"), 1U) << p.found.to_string();  // the other one is not
}

TEST(OwnWord, KnowsWhatFormerLivesHaveSaid) {
  pair_of_members p{quick(), 3};
  const member_id third = p.group.id_of(2);
  for (int i = 0; i < 4; ++i) p.lie(1, {held(2, p.number(1), member_state::suspect)});
  ASSERT_EQ(p.number(1), 4U);
  p.group.run_for(3s);
  ASSERT_EQ(p.group[0].find(member_id{2})->incarnation, incarnation{4});
  p.group.restart(1, memory_kept::nothing);
  p.group.run_for(10ms);
  EXPECT_EQ(p.number(1), 0U);
  EXPECT_EQ(p.group[0].find(member_id{2})->incarnation, incarnation{4});
  p.lie(0, {held(2, 4, member_state::suspect)}, third);
  EXPECT_TRUE(p.found.empty()) << p.found.to_string();
  p.lie(0, {held(2, 5, member_state::suspect)}, third);
  EXPECT_EQ(p.found.count("S1"), 1U) << p.found.to_string();
}

TEST(OwnWord, BitesWhenAMembersOwnIncarnationDecreases) {
  own_word_stage s;
  config later = s.group.config_of(0);
  later.initial_incarnation = incarnation{5};
  s.step(engine{later, s.group.now()});
  EXPECT_TRUE(s.found.empty()) << s.found.to_string();  // as after set_address
  for (const input_kind input : {input_kind::command, input_kind::tick}) {
    s.step(s.told({}), input);
    s.step(engine{later, s.group.now()});
  }
  EXPECT_EQ(s.found.count("S1"), 2U) << s.found.to_string();
  EXPECT_EQ(s.found.count(), 2U);
}

// ---- S6

TEST(OwnWord, BitesWithoutRefutation) {
  for (const bool refutation : {true, false}) {
    config base = quick();
    base.experiment.refutation = refutation;
    pair_of_members p{base};
    p.lie(1, {held(2, 0, member_state::suspect)});
    EXPECT_EQ(p.number(1), refutation ? 1U : 0U);
    EXPECT_EQ(p.found.count("S6"), refutation ? 0U : 1U) << p.found.to_string();
    EXPECT_EQ(p.watching.judged().accused, 1U);
  }
}

TEST(OwnWord, FollowsAccusationsUpToTheWindow) {
  pair_of_members p;
  p.watching.exempt(member_id{2});
  p.lie(1, {held(2, 7, member_state::dead), held(2, 3, member_state::suspect)});
  EXPECT_EQ(p.number(1), 8U);
  p.lie(1, {held(2, 8 + window, member_state::suspect)});
  EXPECT_EQ(p.number(1), 9 + window);
  p.lie(1, {held(2, 10 + 2 * window, member_state::suspect)});  // out of reach
  EXPECT_EQ(p.number(1), 9 + window);
  EXPECT_TRUE(p.found.empty()) << p.found.to_string();
  EXPECT_EQ(p.watching.judged().accused, 2U);
}

TEST(OwnWord, FollowsOneThatNobodyHasAnsweredYet) {
  own_word_stage s;
  const endpoint at = s.group.sim().process_of(0).address;
  s.group.sim().inject(there, at, ping({held(1, 2 * window + 5, member_state::dead)}));
  s.group.run_for(10ms);
  EXPECT_EQ(s.group[0].self().incarnation, incarnation{2 * window + 6});
  EXPECT_EQ(s.watching.judged().accused, 1U);
  EXPECT_TRUE(s.found.empty()) << s.found.to_string();
}

TEST(OwnWord, LetsAForeignRecordBeAnsweredOrNot) {
  pair_of_members p;
  p.watching.exempt(member_id{2});
  const std::uint64_t before = p.watching.judged().stale;
  p.lie(1, {living(2, 0, elsewhere)});
  EXPECT_EQ(p.number(1), 1U);
  p.lie(1, {living(2, 1, elsewhere)});
  EXPECT_EQ(p.number(1), 1U);  // too soon after the first answer
  EXPECT_TRUE(p.found.empty()) << p.found.to_string();
  EXPECT_EQ(p.watching.judged().stale, before + 2);
}

/// Member 1 at incarnation 1 is given a datagram, and ends up at that incarnation plus `more`.
std::size_t bites_when_it_goes_on(const std::vector<wire::fact>& facts, int more) {
  own_word_stage s;
  s.group.set_address(0, elsewhere);
  const std::vector<std::byte> datagram = ping(facts);
  s.watching.on_receive(s.group.now(), 0, s.group[0], there, 0, datagram);
  engine after = s.group[0];
  after.receive(s.group.now(), there, datagram);
  config other = after.settings();
  other.initial_incarnation = incarnation{1 + static_cast<std::uint32_t>(more)};
  other.address = after.self().address;
  engine instead{other, s.group.now()};
  instead.receive(s.group.now(), there, ping({}));
  s.step(more == 0 ? after : instead, input_kind::receive);
  EXPECT_EQ(s.found.count("S6"), s.found.count()) << s.found.to_string();
  return s.found.count();
}

TEST(OwnWord, BitesWhenAStaleAccusationIsAnswered) {
  EXPECT_EQ(bites_when_it_goes_on({held(1, 0, member_state::dead)}, 0), 0U);
  EXPECT_EQ(bites_when_it_goes_on({held(1, 0, member_state::dead)}, 1), 1U);
  EXPECT_EQ(bites_when_it_goes_on({}, 1), 1U);  // and when there was none
  EXPECT_EQ(bites_when_it_goes_on({held(2, 7, member_state::dead)}, 1), 1U);
}

TEST(OwnWord, BitesWhenTheAnswerIsNotOneMoreThanTheAccusation) {
  EXPECT_EQ(bites_when_it_goes_on({held(1, 3, member_state::suspect)}, 2), 1U);
  EXPECT_EQ(bites_when_it_goes_on({held(1, 3, member_state::suspect)}, 3), 0U);
  EXPECT_EQ(bites_when_it_goes_on({held(1, 3, member_state::suspect)}, 4), 1U);
}

TEST(OwnWord, BitesWhenATickRaisesTheIncarnation) {
  own_word_stage s;
  config later = s.group.config_of(0);
  later.initial_incarnation = incarnation{1};
  s.step(engine{later, s.group.now()}, input_kind::tick);
  EXPECT_EQ(s.found.count("S6"), 1U) << s.found.to_string();
}

/// Member 1 in another engine, dead in its own eyes.
engine dead_to_itself(const own_word_stage& s) {
  config c = s.group.config_of(0);
  c.experiment.final_death = true;
  engine node{c, s.group.now()};
  tell(node, s.group.now(), {held(1, 0, member_state::dead)});
  EXPECT_EQ(node.self().state, member_state::dead);
  return node;
}

TEST(OwnWord, BitesWhenAMemberIsDeadInItsOwnEyes) {
  own_word_stage s;
  s.step(dead_to_itself(s));
  EXPECT_EQ(s.found.count("S6"), 1U) << s.found.to_string();
}

TEST(OwnWord, BitesWhenAMemberLeavesWithoutBeingTold) {
  own_word_stage s;
  engine gone = s.group[0];
  EXPECT_EQ(gone.leave(), command_error::none);
  s.step(gone, input_kind::tick);
  EXPECT_EQ(s.found.count("S6"), 1U) << s.found.to_string();
  own_word_stage told;
  told.step(gone, input_kind::command);
  EXPECT_TRUE(told.found.empty()) << told.found.to_string();
  told.step(told.group[0], input_kind::command);  // back again, without a new life
  EXPECT_EQ(told.found.count("S6"), 1U) << told.found.to_string();
}

TEST(OwnWord, LeavesAloneWhoStoppedByFinalDeath) {
  config base = quick();
  base.experiment.final_death = true;
  pair_of_members p{base};
  p.lie(1, {held(2, 0, member_state::dead)});
  EXPECT_EQ(p.group[1].self().state, member_state::dead);
  p.group.run_for(5s);
  EXPECT_TRUE(p.found.empty()) << p.found.to_string();
}

}  // namespace
