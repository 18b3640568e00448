// detection/accusers_test.cpp - flotilla/detection/accusers.hpp
// When an accuser loses its weight and when it has it again, and the accusations that wait.
#include <flotilla/detection/accusers.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <set>
#include <vector>

namespace {

using namespace std::chrono_literals;
using flotilla::config;
using flotilla::doubted_accusation;
using flotilla::doubted_accusations;
using flotilla::duration;
using flotilla::member_id;
using flotilla::member_state;
using flotilla::row_note;
using flotilla::time_point;

constexpr std::size_t capacity = doubted_accusations::capacity;
constexpr time_point at(duration t) { return time_point{1h + t}; }

TEST(Accusers, LoseTheirWeightByTwoContradictionsWithin120Periods) {
  const config settings = config::lan();
  for (const duration gap : {0s, 60s, 119s, 121s, 1000s}) {
    row_note r;
    EXPECT_FALSE(has_lost_weight(member_state::alive, r, settings, at(0s)));
    add_doubt(r, settings, at(0s));
    EXPECT_FALSE(has_lost_weight(member_state::alive, r, settings, at(0s)))
        << "one may be bad luck";
    add_doubt(r, settings, at(gap));
    EXPECT_EQ(has_lost_weight(member_state::alive, r, settings, at(gap)), gap < 120s);
  }
}

TEST(Accusers, HaveItAgainWhenTheDoubtHasFaded) {
  const config settings = config::lan();
  row_note r;
  for (int i = 0; i < 100; ++i) add_doubt(r, settings, at(0s));
  EXPECT_EQ(r.doubt, flotilla::max_doubt);
  EXPECT_TRUE(has_lost_weight(member_state::alive, r, settings, at(285s)));
  EXPECT_FALSE(has_lost_weight(member_state::alive, r, settings, at(310s)));
}

/// Whoever is contradicted once in 75 periods stays without.
TEST(Accusers, StayWithoutItWhileTheyAreContradicted) {
  const config settings = config::lan();
  row_note r;
  for (int i = 0; i < 50; ++i) {
    add_doubt(r, settings, at(i * 75s));
    EXPECT_EQ(has_lost_weight(member_state::alive, r, settings, at(i * 75s + 74s)), i > 2) << i;
  }
}

TEST(Accusers, ThatAreSuspectOrDeadHaveNone) {
  row_note r;
  for (const auto& [state, lost] :
       {std::pair{member_state::alive, false}, std::pair{member_state::suspect, true},
        std::pair{member_state::dead, true}, std::pair{member_state::left, false}}) {
    EXPECT_EQ(has_lost_weight(state, r, config::lan(), at(0s)), lost) << to_string(state);
  }
}

doubted_accusation about(std::uint64_t subject, duration due) {
  doubted_accusation a;
  a.fact.subject = member_id{subject};
  a.fact.state = member_state::suspect;
  a.due = at(due);
  return a;
}

TEST(DoubtedAccusations, AreBoundedAndFoundBySubjectAndTime) {
  doubted_accusations held;
  EXPECT_EQ(held.earliest(), time_point::max());
  EXPECT_EQ(held.find(member_id{}), capacity) << "free places are nobody's";
  for (std::uint64_t n = 0; n < capacity; ++n) {
    const std::size_t free = held.find_free();
    ASSERT_NE(free, capacity);
    held.open(free, about(n + 1, 10s - static_cast<int>(n) * 1s));
    EXPECT_EQ(held.earliest(), at(10s - static_cast<int>(n) * 1s));
  }
  EXPECT_EQ(held.find_free(), capacity);
  EXPECT_EQ(held.find(member_id{capacity + 1}), capacity);
  EXPECT_EQ(held.find_due(held.earliest() - 1ns), capacity);
  for (std::uint64_t n = capacity; n != 0; --n) {
    const std::size_t due = held.find_due(held.earliest());
    ASSERT_NE(due, capacity);
    EXPECT_EQ(held.find(member_id{n}), due);
    held.close(due);
  }
  EXPECT_EQ(held, doubted_accusations{});
}

TEST(DoubtedAccusations, AreExtendedOnceAndNeverShortened) {
  doubted_accusations held;
  held.open(0, about(1, 1s));
  held.open(1, about(2, 5s));
  held.extend(at(3s));
  EXPECT_EQ(held[0].due, at(3s));
  EXPECT_EQ(held[1].due, at(5s));
  EXPECT_EQ(held.earliest(), at(3s));
  held.extend(at(9s));
  EXPECT_EQ(held.earliest(), at(3s));
}

TEST(DoubtedAccusations, EqualityAndHashSeeEveryField) {
  std::vector<doubted_accusations> all(10);
  for (std::size_t i = 1; i < all.size(); ++i) {
    doubted_accusation a;
    if (i == 2) a.extended = true;
    if (i == 3) a.fact.subject = member_id{1};
    if (i == 4) a.fact.incarnation = flotilla::incarnation{1};
    if (i == 5) a.fact.state = member_state::dead;
    if (i == 6) a.fact.accuser = member_id{1};
    if (i == 7) a.from = flotilla::provenance::transfer;
    if (i == 8) a.since = at(0s);
    if (i == 9) a.due = at(0s);
    all[i].open(0, a);
  }
  std::set<std::uint64_t> digests;
  for (std::size_t i = 0; i < all.size(); ++i) {
    flotilla::detail::state_hasher out;
    all[i].hash_into(out);
    digests.insert(out.digest());
    for (std::size_t j = 0; j < all.size(); ++j) EXPECT_EQ(all[i] == all[j], i == j);
  }
  EXPECT_EQ(digests.size(), all.size());
}

}  // namespace
