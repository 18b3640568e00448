// membership/absent_cache_test.cpp - flotilla/membership/absent_cache.hpp
// S18: what was heard of unknown members' deaths keeps old alive gossip from adding a ghost.
#include <flotilla/membership/absent_cache.hpp>

#include <gtest/gtest.h>

#include <cstdint>

namespace {

using flotilla::absent_cache;
using flotilla::incarnation;
using flotilla::member_id;
using flotilla::member_state;
using flotilla::wire::fact;

constexpr std::uint32_t W = incarnation::window();

constexpr fact dead(std::uint64_t id, std::uint32_t number) {
  return {.subject = member_id{id},
          .incarnation = incarnation{number},
          .state = member_state::dead,
          .accuser = member_id{99}};
}
constexpr fact left(std::uint64_t id, std::uint32_t number) {
  return {
      .subject = member_id{id}, .incarnation = incarnation{number}, .state = member_state::left};
}
bool holds(const absent_cache& cache, const fact& expected) {
  const fact* held = cache.find(expected.subject);
  return held != nullptr && *held == expected;
}

TEST(AbsentCache, RemembersDeathsAndFarewells) {
  absent_cache cache{4, true};
  EXPECT_EQ(cache.find(member_id{1}), nullptr);
  cache.remember(dead(1, 5));
  cache.remember(left(2, 6));
  EXPECT_TRUE(holds(cache, dead(1, 5)));
  EXPECT_TRUE(holds(cache, left(2, 6)));
  EXPECT_EQ(cache.find(member_id{3}), nullptr);
  EXPECT_EQ(cache.size(), 2U);
}

TEST(AbsentCache, KeepsTheOverridingFactOfAMember) {
  struct step {
    fact told;
    fact kept;
  };
  const step steps[] = {
      {dead(1, 5), dead(1, 5)},         {dead(1, 4), dead(1, 5)}, {left(1, 5), left(1, 5)},
      {dead(1, 5), left(1, 5)},         {dead(1, 6), dead(1, 6)}, {dead(1, 6 + W), dead(1, 6 + W)},
      {dead(1, 5 + W), dead(1, 6 + W)},  // within the window and behind
      {dead(1, 0), dead(1, 0)},          // outside it there is no order: the newest word counts
  };
  absent_cache cache{4, true};
  for (const step& s : steps) {
    cache.remember(s.told);
    EXPECT_TRUE(holds(cache, s.kept)) << s.told.incarnation.value();
    EXPECT_EQ(cache.size(), 1U);
  }
}

// Newcomers: "while there, an alive fact of the same or a lower incarnation does not add it".
TEST(AbsentCache, OverridesAliveFactsOfTheSameAndOfLowerIncarnations) {
  for (const std::uint32_t number : {0U, 5U, 0xffffffffU}) {
    for (const fact& told : {dead(1, number), left(1, number)}) {
      absent_cache cache{4, true};
      cache.remember(told);
      const auto overridden = [&](std::uint32_t n) {
        return cache.overridden(member_id{1}, incarnation{n});
      };
      EXPECT_TRUE(overridden(number));
      EXPECT_TRUE(overridden(number - 1));
      EXPECT_TRUE(overridden(number - W));
      EXPECT_FALSE(overridden(number - W - 1));  // outside the window nothing is said
      EXPECT_FALSE(overridden(number + 1));
      EXPECT_FALSE(overridden(number + W));
      EXPECT_FALSE(overridden(number + 2 * W));
      EXPECT_FALSE(cache.overridden(member_id{2}, incarnation{number}));
    }
  }
}

TEST(AbsentCache, TheOldestMakesRoom) {
  absent_cache cache{3, true};
  for (std::uint64_t id = 1; id <= 10; ++id) {
    cache.remember(dead(id, 5));
    for (std::uint64_t other = 1; other <= id; ++other) {
      EXPECT_EQ(cache.find(member_id{other}) != nullptr, other + 3 > id) << other << " of " << id;
    }
    EXPECT_EQ(cache.size(), id < 3 ? id : 3);
  }
}

TEST(AbsentCache, ForgettingOneKeepsTheOthersInOrder) {
  for (std::uint64_t gone = 1; gone <= 4; ++gone) {
    absent_cache cache{4, true};
    cache.remember(dead(9, 0));
    for (std::uint64_t id = 1; id <= 4; ++id) cache.remember(dead(id, 5));
    cache.forget(member_id{gone});
    cache.forget(member_id{gone});
    cache.forget(member_id{7});
    EXPECT_EQ(cache.size(), 3U);
    absent_cache expected{4, true};
    for (std::uint64_t id = 1; id <= 4; ++id) {
      if (id != gone) expected.remember(dead(id, 5));
    }
    EXPECT_EQ(cache, expected) << gone;
  }
}

TEST(AbsentCache, WithoutCapacityRemembersNothing) {
  for (absent_cache cache : {absent_cache{}, absent_cache{0, true}}) {
    cache.remember(dead(1, 5));
    EXPECT_EQ(cache.size(), 0U);
    EXPECT_FALSE(cache.overridden(member_id{1}, incarnation{5}));
    cache.forget(member_id{1});
    EXPECT_EQ(cache.bytes_allocated(), 0U);
  }
}

TEST(AbsentCache, HashFollowsEveryEntry) {
  const auto digest = [](const absent_cache& cache) {
    flotilla::detail::state_hasher out;
    cache.hash_into(out);
    return out.digest();
  };
  absent_cache cache{4, true};
  const std::uint64_t empty = digest(cache);
  cache.remember(dead(1, 5));
  const absent_cache one = cache;
  EXPECT_NE(digest(one), empty);
  cache.remember(left(1, 5));
  EXPECT_NE(digest(cache), digest(one));
  EXPECT_NE(cache, one);
}

/// experiment::final_death: a death is no matter of incarnations; a farewell still is.
TEST(AbsentCache, AFinalDeathOverridesEveryIncarnation) {
  absent_cache cache{4, true};
  cache.remember(dead(1, 5));
  cache.remember(left(2, 5));
  for (const std::uint32_t number : {4U, 5U, 6U, 5U + W, 6U + W}) {
    EXPECT_TRUE(cache.overridden(member_id{1}, incarnation{number}, true)) << number;
    EXPECT_EQ(cache.overridden(member_id{2}, incarnation{number}, true), number <= 5) << number;
    EXPECT_FALSE(cache.overridden(member_id{3}, incarnation{number}, true)) << number;
  }
}

// Most engines never hear of an absence: until then it costs nothing.
TEST(AbsentCache, MayBeAllocatedWithTheFirst) {
  absent_cache cache{4, false};
  EXPECT_EQ(cache.bytes_allocated(), 0U);
  EXPECT_EQ(cache.find(member_id{1}), nullptr);
  cache.forget(member_id{1});
  EXPECT_TRUE(cache.remember({member_id{1}, incarnation{2}, member_state::dead, {}, {}}));
  EXPECT_EQ(cache.bytes_allocated(), absent_cache(4, true).bytes_allocated());
  EXPECT_NE(cache.find(member_id{1}), nullptr);
}

}  // namespace
