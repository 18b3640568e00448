// exchange/reservoir_test.cpp - flotilla/exchange/reservoir.hpp
// The dead are tried at intervals that double up to 5 minutes, all of them, for 24 hours.
#include <flotilla/exchange/reservoir.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <vector>

#include <flotilla/config.hpp>

namespace {

using namespace std::chrono_literals;
using flotilla::duration;
using flotilla::endpoint;
using flotilla::member_id;
using flotilla::reservoir;
using flotilla::time_point;

constexpr time_point start{1000h};

endpoint home(std::uint64_t id) {
  return endpoint::ipv4({10, 0, 0, static_cast<std::uint8_t>(id)}, 7946);
}
/// Ids 1 to `count`, all dead since `start`.
reservoir filled(std::uint64_t count, duration first, std::size_t size = reservoir::capacity) {
  reservoir dead{size, true};
  for (std::uint64_t id = 1; id <= count; ++id) dead.add(member_id{id}, home(id), start, first);
  return dead;
}
/// The id that is tried now, 0 for none.
std::uint64_t next(reservoir& dead, time_point now, std::uint64_t seed = 0) {
  flotilla::detail::random_generator random{
      seed ^ static_cast<std::uint64_t>(now.time_since_epoch().count())};
  reservoir::entry entry;
  if (!dead.next(now, random, entry)) return 0;
  EXPECT_EQ(entry.address, home(static_cast<std::uint64_t>(entry.id)));
  return static_cast<std::uint64_t>(entry.id);
}
/// When each is tried, with one attempt every `period` as the engine makes them.
std::map<std::uint64_t, std::vector<duration>> attempts(reservoir dead, duration period,
                                                        duration end, std::uint64_t seed = 0) {
  std::map<std::uint64_t, std::vector<duration>> result;
  for (duration t{}; t <= end; t += period) {
    if (const std::uint64_t id = next(dead, start + t, seed)) result[id].push_back(t);
  }
  return result;
}

// Healing: "each retried at intervals that double up to 5 minutes and dropped after 24 h".
TEST(Reservoir, IntervalsDoubleUpToFiveMinutesAndAreCutShortByUpToAHalf) {
  duration shortest = 24h;
  duration longest{};
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const auto tried = attempts(filled(1, 10s), 1s, 30min, seed).at(1);
    ASSERT_EQ(tried.at(0), 10s);
    duration interval = 20s;
    for (std::size_t i = 1; i < tried.size(); ++i) {
      const duration waited = tried[i] - tried[i - 1];
      ASSERT_GE(waited, interval / 2) << i;
      ASSERT_LE(waited, interval) << i;
      if (interval == 5min) shortest = std::min(shortest, waited);
      if (interval == 5min) longest = std::max(longest, waited);
      interval = std::min<duration>(2 * interval, 5min);
    }
    ASSERT_GE(tried.back(), 25min);
  }
  EXPECT_LT(shortest, 165s) << "all of the range";
  EXPECT_GT(longest, 285s);
}

// A cut kills half the group at once; if all were then tried in step, nobody would try anybody for
// minutes on end.
TEST(Reservoir, ThoseThatDiedAtOnceAreSoonTriedAtAnyTime) {
  duration last{};
  duration longest{};
  const auto tried = attempts(filled(50, 10s), 1s, 30min);
  std::set<duration> all;
  for (const auto& [id, when] : tried) all.insert(when.begin(), when.end());
  for (const duration at : all) {
    if (at > 8min) longest = std::max(longest, at - last);
    last = at;
  }
  EXPECT_LT(longest, 40s);
}

TEST(Reservoir, IsNotDueANanosecondTooSoon) {
  reservoir dead = filled(1, 10s);
  EXPECT_EQ(next(dead, start + 10s - 1ns), 0U);
  EXPECT_EQ(next(dead, start + 10s), 1U);
  EXPECT_EQ(next(dead, start + 20s - 1ns), 0U);
  EXPECT_EQ(next(dead, start + 30s), 1U);
}

TEST(Reservoir, IsGivenUpAfterADay) {
  reservoir dead = filled(1, 10s);
  reservoir copy = dead;
  EXPECT_EQ(next(dead, start + 24h), 1U);
  EXPECT_EQ(dead.size(), 1U);
  EXPECT_EQ(next(copy, start + 24h + 1ns), 0U);
  EXPECT_EQ(copy.size(), 0U);
  EXPECT_GT(attempts(filled(1, 10s), 1min, 48h).at(1).back(), 23h + 50min);
}

// One attempt a period is all that there is. Those in front must not use them up: with wan()'s
// period of 5 s, 60 of them would, once their intervals have grown to 5 minutes.
TEST(Reservoir, EveryDeadMemberHasItsTurn) {
  const flotilla::config wan = flotilla::config::wan();
  for (const duration period : {wan.protocol_period, 2 * wan.protocol_period}) {
    const auto tried = attempts(filled(64, wan.healing_interval), period, 3h);
    ASSERT_EQ(tried.size(), 64U) << "in 3 hours";
    for (const auto& [id, when] : tried) {
      ASSERT_LE(when.front(), 64 * period + wan.healing_interval) << id;
      duration longest{};
      for (std::size_t i = 1; i < when.size(); ++i) {
        longest = std::max(longest, when[i] - when[i - 1]);
      }
      ASSERT_LE(longest, 5min + 64 * period) << id;
      ASSERT_GE(when.back(), 3h - (5min + 64 * period)) << id;
    }
  }
}

TEST(Reservoir, TheNewestDeathIsTriedSoonBehindManyOldOnes) {
  reservoir dead = filled(63, 30s);
  for (duration t{}; t <= 2h; t += 5s) next(dead, start + t);
  dead.add(member_id{64}, home(64), start + 2h, 30s);
  duration waited{};
  while (waited < 1h && next(dead, start + 2h + waited) != 64) waited += 5s;
  EXPECT_LE(waited, 30s + 64 * 5s);
}

TEST(Reservoir, HoldsTheNewestDeaths) {
  reservoir dead{3, true};
  for (std::uint64_t id = 1; id <= 10; ++id) {
    dead.add(member_id{id}, home(id), start, 10s);
    EXPECT_EQ(dead.size(), std::min<std::uint64_t>(id, 3));
  }
  std::set<std::uint64_t> held;
  for (int i = 0; i < 3; ++i) held.insert(next(dead, start + 10s));
  EXPECT_EQ(held, (std::set<std::uint64_t>{8, 9, 10}));
}

// The address that it was last seen at may be an invention; the one before has answered once.
TEST(Reservoir, WhoDiesAgainElsewhereIsTriedAtBothPlaces) {
  reservoir dead = filled(2, 10s);
  dead.add(member_id{1}, home(9), start + 20s, 10s);
  EXPECT_EQ(dead.size(), 3U);
  dead.add(member_id{1}, home(9), start + 20s, 10s);
  EXPECT_EQ(dead.size(), 3U) << "the same place once";
  std::set<endpoint> tried;
  reservoir::entry entry;
  flotilla::detail::random_generator random{1};
  while (dead.next(start + 30s, random, entry)) tried.insert(entry.address);
  EXPECT_EQ(tried, (std::set<endpoint>{home(1), home(2), home(9)}));
}

TEST(Reservoir, RemovingOneKeepsTheOthers) {
  for (std::uint64_t gone = 1; gone <= 4; ++gone) {
    reservoir dead = filled(4, 10s);
    const endpoint lived = home(gone);
    dead.remove(member_id{gone}, home(200));  // another address of the same member stays
    EXPECT_EQ(dead.size(), 4U);
    dead.remove(member_id{gone}, lived);
    dead.remove(member_id{gone}, lived);
    dead.remove(member_id{77}, lived);
    EXPECT_EQ(dead.size(), 3U);
    std::set<std::uint64_t> tried;
    for (int i = 0; i < 4; ++i) tried.insert(next(dead, start + 10s));
    std::set<std::uint64_t> expected{0, 1, 2, 3, 4};
    expected.erase(gone);
    EXPECT_EQ(tried, expected);
  }
}

TEST(Reservoir, WithoutCapacityHoldsNobody) {
  for (reservoir dead : {reservoir{}, reservoir{0, true}}) {
    dead.add(member_id{1}, home(1), start, 10s);
    EXPECT_EQ(dead.size(), 0U);
    EXPECT_EQ(next(dead, time_point::max()), 0U);
    EXPECT_EQ(dead.bytes_allocated(), 0U);
  }
}

// A first interval beyond 5 minutes is the owner's wish: the next ones are not shorter.
TEST(Reservoir, IntervalsNeverShrink) {
  const auto tried = attempts(filled(1, 1h), 1min, 24h).at(1);
  ASSERT_EQ(tried.at(0), 1h);
  for (std::size_t i = 1; i < tried.size(); ++i) {
    EXPECT_GE(tried[i] - tried[i - 1], 30min);
    EXPECT_LE(tried[i] - tried[i - 1], 1h + 1min);
  }
}

TEST(Reservoir, TheEndOfTimeSaturates) {
  reservoir dead{1, true};
  dead.add(member_id{1}, home(1), time_point::max() - 1s, 10s);
  EXPECT_EQ(next(dead, time_point::max() - 1s), 0U);
  EXPECT_EQ(next(dead, time_point::max()), 1U);
}

TEST(Reservoir, IsAValueWhoseHashFollowsIt) {
  const auto digest = [](const reservoir& dead) {
    flotilla::detail::state_hasher out;
    dead.hash_into(out);
    return out.digest();
  };
  reservoir dead = filled(3, 10s);
  reservoir copy = dead;
  EXPECT_EQ(digest(copy), digest(dead));
  next(dead, start + 10s);
  EXPECT_NE(copy, dead);
  EXPECT_NE(digest(copy), digest(dead));
  next(copy, start + 10s);
  EXPECT_EQ(copy, dead);
}

// Nobody has died yet: nothing is allocated.
TEST(Reservoir, MayBeAllocatedWithTheFirst) {
  reservoir dead{3, false};
  EXPECT_EQ(dead.bytes_allocated(), 0U);
  dead.remove(flotilla::member_id{1}, {});
  EXPECT_EQ(dead.size(), 0U);
  EXPECT_TRUE(dead.add(flotilla::member_id{1}, flotilla::endpoint::ipv4({10, 0, 0, 1}, 1),
                       flotilla::time_point{}, flotilla::duration{1}));
  EXPECT_EQ(dead.bytes_allocated(), reservoir(3, true).bytes_allocated());
  EXPECT_EQ(dead.size(), 1U);
}

}  // namespace
