// membership/transition_test.cpp - flotilla/membership/transition.hpp
// Every change of a row says exactly what it changed; a refused one changes nothing.
#include <flotilla/membership/transition.hpp>

#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

namespace {

using flotilla::apply;
using flotilla::belief_of;
using flotilla::endpoint;
using flotilla::incarnation;
using flotilla::member_id;
using flotilla::member_state;
using flotilla::member_table;
using flotilla::merge_outcome;
using flotilla::replace;
using flotilla::row_index;
using flotilla::transition;
using flotilla::wire::fact;

constexpr endpoint here = endpoint::ipv4({10, 0, 0, 2}, 7946);
constexpr endpoint there = endpoint::ipv4({10, 0, 0, 3}, 7946);
constexpr member_id subject{2};
constexpr member_id accuser{9};
constexpr row_index at = 1;

fact told(member_state state, std::uint32_t number, const endpoint& where = here) {
  const bool alive = state == member_state::alive;
  return {subject, incarnation{number}, state, alive ? where : endpoint{},
          alive || state == member_state::left ? member_id{} : accuser};
}

/// A table with `subject`, alive at incarnation 5, in row `at`.
member_table table_with_subject() {
  member_table table{{}, 10, 0, {member_id{1}, endpoint::ipv4({10, 0, 0, 1}, 7946)}};
  EXPECT_EQ(table.add({subject, here, incarnation{5}}), at);
  return table;
}

struct applied {
  merge_outcome outcome{};
  transition change;
  bool refused{false};
  std::vector<member_state> reserved;
};
applied apply_to(member_table& table, const fact& what, bool room = true) {
  applied result;
  result.outcome = apply(
      table, at, what,
      [&](member_state state) {
        result.reserved.push_back(state);
        return room;
      },
      result.change, result.refused);
  return result;
}

TEST(Transition, BeliefOfARowIsWhatItsFactsTold) {
  const member_table table = table_with_subject();
  EXPECT_EQ(belief_of(table, at), belief_of(told(member_state::alive, 5)));
  EXPECT_TRUE(belief_of(told(member_state::alive, 5)).has_place);
  for (const auto state : {member_state::suspect, member_state::dead, member_state::left}) {
    EXPECT_FALSE(belief_of(told(state, 5)).has_place) << to_string(state);
  }
}

TEST(Transition, AVerdictSaysWhatWasThereBefore) {
  member_table table = table_with_subject();
  const applied result = apply_to(table, told(member_state::suspect, 6));
  EXPECT_EQ(result.outcome, merge_outcome::verdict);
  EXPECT_EQ(result.reserved, std::vector{member_state::suspect});
  EXPECT_FALSE(result.refused);
  EXPECT_EQ(result.change.at, at);
  EXPECT_TRUE(result.change.before_active);
  EXPECT_EQ(result.change.before_state, member_state::alive);
  EXPECT_EQ(result.change.before_incarnation, incarnation{5});
  EXPECT_TRUE(result.change.verdict_changed);
  EXPECT_FALSE(result.change.address_changed);
  EXPECT_EQ(result.change.accuser, accuser);

  EXPECT_EQ(table[at].state, member_state::suspect);
  EXPECT_EQ(table[at].incarnation, incarnation{6});
  EXPECT_EQ(table.place_incarnation(at), incarnation{5});
  EXPECT_EQ(table.address(at), here);
  EXPECT_EQ(table.count(member_state::suspect), 1U);
  EXPECT_EQ(table.count(member_state::alive), 1U);

  const applied dead = apply_to(table, told(member_state::dead, 6));
  EXPECT_TRUE(dead.change.before_active);
  EXPECT_EQ(dead.change.before_state, member_state::suspect);
  const applied revived = apply_to(table, told(member_state::alive, 7));
  EXPECT_FALSE(revived.change.before_active);
  EXPECT_EQ(revived.change.before_state, member_state::dead);
  EXPECT_EQ(revived.change.accuser, member_id{});
}

TEST(Transition, AMoveChangesTheAddressAndWhereItIsFound) {
  member_table table = table_with_subject();
  const applied result = apply_to(table, told(member_state::alive, 6, there));
  EXPECT_EQ(result.outcome, merge_outcome::both);
  EXPECT_TRUE(result.change.address_changed);
  EXPECT_TRUE(result.change.verdict_changed);
  EXPECT_EQ(table.find_active_at(there), at);
  EXPECT_EQ(table.find_active_at(here), flotilla::no_row);
}

TEST(Transition, TheLateAliveFactOfAnAccusedIncarnationChangesTheAddressOnly) {
  member_table table = table_with_subject();
  apply_to(table, told(member_state::dead, 6));
  const applied result = apply_to(table, told(member_state::alive, 6, there));
  EXPECT_EQ(result.outcome, merge_outcome::place);
  EXPECT_EQ(result.reserved, std::vector{member_state::dead});
  EXPECT_TRUE(result.change.address_changed);
  EXPECT_FALSE(result.change.verdict_changed);
  EXPECT_EQ(table[at].state, member_state::dead);
  EXPECT_EQ(table.address(at), there);
}

TEST(Transition, WhatTellsNothingNewTouchesNothing) {
  constexpr std::uint32_t W = incarnation::window();
  struct unheard {
    fact told;
    merge_outcome outcome;
  };
  const unheard cases[] = {
      {told(member_state::alive, 5), merge_outcome::known},
      {told(member_state::alive, 4, there), merge_outcome::known},
      {told(member_state::left, 4), merge_outcome::known},
      {told(member_state::dead, 5 - W), merge_outcome::known},
      {told(member_state::dead, 5 + W + 1), merge_outcome::outside_window},
      {told(member_state::alive, 5 - W - 1, there), merge_outcome::outside_window},
  };
  for (const unheard& c : cases) {
    member_table table = table_with_subject();
    const applied result = apply_to(table, c.told);
    EXPECT_EQ(result.outcome, c.outcome) << c.told.incarnation.value();
    EXPECT_TRUE(result.reserved.empty());
    EXPECT_FALSE(result.refused);
    EXPECT_EQ(result.change.at, flotilla::no_row);
    EXPECT_EQ(table, table_with_subject());
  }
}

// The short way out: an alive fact that a row covers changes nothing, whatever state it is in.
TEST(Transition, WhatARowCoversIsKnown) {
  constexpr std::uint32_t W = incarnation::window();
  std::uint32_t covered = 0;
  for (const auto state :
       {member_state::alive, member_state::suspect, member_state::dead, member_state::left}) {
    for (const std::uint32_t held : {5U, 6U, 0U - W, W}) {
      member_table table = table_with_subject();
      if (state != member_state::alive || held != 5) apply_to(table, told(state, held));
      const member_table before = table;
      for (const std::uint32_t number :
           {4U, 5U, 6U, 7U, 0U, W, W + 1, W + 5, 0U - W, 0x80000005U}) {
        for (const endpoint& where : {here, there}) {
          const bool at_home = where == here;
          const std::uint64_t place = at_home ? 0x0a0000021f0aU : 0x0a0000031f0aU;
          if (!table[at].covers({subject, incarnation{number}, place})) continue;
          ++covered;
          const applied result = apply_to(table, told(member_state::alive, number, where));
          ASSERT_EQ(result.outcome, merge_outcome::known) << held << ' ' << number;
          ASSERT_EQ(table, before);
        }
      }
    }
  }
  EXPECT_GT(covered, 30U);
  const member_table table = table_with_subject();
  EXPECT_TRUE(table[at].covers({subject, incarnation{5}, 0x0a0000021f0aU}));
  EXPECT_FALSE(table[at].covers({subject, incarnation{5}, 0x0a0000031f0aU}));
  EXPECT_FALSE(table[at].covers({subject, incarnation{6}, 0x0a0000021f0aU}));
  EXPECT_TRUE(table[at].covers({subject, incarnation{4}, 0x0a0000031f0aU}));
}

// Law 5: without room for what the new state needs elsewhere, nothing is merged.
TEST(Transition, WithoutRoomElsewhereNothingIsMerged) {
  for (const fact& what : {told(member_state::suspect, 5), told(member_state::dead, 9),
                           told(member_state::alive, 6, there)}) {
    member_table table = table_with_subject();
    const applied result = apply_to(table, what, false);
    EXPECT_TRUE(result.refused);
    EXPECT_EQ(result.reserved.size(), 1U);
    EXPECT_EQ(result.change.at, flotilla::no_row);
    EXPECT_EQ(table, table_with_subject());
  }
}

// Rule (b) of own word writes a belief that merging would not: downwards.
TEST(Transition, ReplaceWritesWhatItIsGiven) {
  member_table table = table_with_subject();
  apply_to(table, told(member_state::dead, 100));
  const transition change =
      replace(table, at, {incarnation{1}, member_state::alive, true, incarnation{1}, there});
  EXPECT_FALSE(change.before_active);
  EXPECT_EQ(change.before_incarnation, incarnation{100});
  EXPECT_TRUE(change.verdict_changed);
  EXPECT_TRUE(change.address_changed);
  EXPECT_EQ(belief_of(table, at), belief_of(told(member_state::alive, 1, there)));
  EXPECT_EQ(table.count(member_state::dead), 0U);
  EXPECT_EQ(table.find_active_at(there), at);

  const transition none = replace(table, at, belief_of(table, at));
  EXPECT_FALSE(none.verdict_changed);
  EXPECT_FALSE(none.address_changed);
}

}  // namespace
