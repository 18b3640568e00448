// exchange/chunk_budget_test.cpp - flotilla/exchange/chunk_budget.hpp
// So many a period; few are served wholly, and nobody greedy at the cost of others.
#include <flotilla/exchange/chunk_budget.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <set>
#include <vector>

namespace {

using flotilla::chunk_budget;
using flotilla::member_id;

constexpr std::uint32_t a_period = 100;

/// One receiver asks again and again; how many chunks it gets before it is refused.
std::uint32_t drain(chunk_budget& budget, std::uint64_t receiver, std::uint32_t whole = 1000) {
  std::uint32_t got = 0;
  while (budget.take(receiver, got == 0 ? whole : 1, whole, a_period)) ++got;
  return got;
}

TEST(ChunkBudget, IsUntouchedWhenANewPeriodWouldChangeNothing) {
  chunk_budget budget{a_period};
  EXPECT_TRUE(budget.untouched(a_period));
  EXPECT_FALSE(budget.untouched(a_period + 1));
  drain(budget, 7);
  EXPECT_FALSE(budget.take(8, 1000, 1000, a_period));
  EXPECT_FALSE(budget.untouched(a_period));
  budget.renew(a_period);
  EXPECT_FALSE(budget.untouched(a_period)) << "somebody went without";
  budget.renew(a_period);
  EXPECT_TRUE(budget.untouched(a_period));
  const chunk_budget before = budget;
  budget.renew(a_period);
  EXPECT_EQ(budget, before);
}

TEST(ChunkBudget, SoManyAPeriodAndAllToOneWhenNobodyElseAsks) {
  chunk_budget budget{a_period};
  for (int period = 0; period < 5; ++period) {
    std::uint32_t got = 0;
    while (budget.take(7, 999, 1000, a_period)) ++got;
    EXPECT_EQ(got, a_period) << period;
    EXPECT_EQ(budget.left(), 0U);
    budget.renew(a_period);
  }
}

// Those that have begun get the whole state before others begin: who is whole can serve the rest.
TEST(ChunkBudget, SomebodyBeginsOnlyWhileEnoughIsLeftForAllThatHave) {
  chunk_budget budget{a_period};
  std::uint64_t begun = 0;
  while (budget.take(begun, 30, 30, a_period)) ++begun;
  EXPECT_EQ(begun, 3U);
  EXPECT_EQ(budget.promised(), 3U * 29);
  for (std::uint64_t receiver = 0; receiver < begun; ++receiver) {
    for (int chunk = 1; chunk < 25; ++chunk) {
      EXPECT_TRUE(budget.take(receiver, 29, 30, a_period)) << receiver << ", " << chunk;
    }
  }
}

TEST(ChunkBudget, AStateLargerThanAPeriodsChunksIsBegunAllTheSame) {
  chunk_budget budget{a_period};
  EXPECT_TRUE(budget.take(1, 5000, 5000, a_period));
  EXPECT_FALSE(budget.take(2, 5000, 5000, a_period));
  EXPECT_TRUE(budget.take(1, 4999, 5000, a_period));
}

// The digests of two receivers in the same place of the table, and one in another.
constexpr std::uint64_t a_receiver = 7;
constexpr std::uint64_t its_neighbour = a_receiver + chunk_budget::shares;
constexpr std::uint64_t another = 8;

TEST(ChunkBudget, WhoHasLostItsFirstChunkIsLetInOnce) {
  chunk_budget budget{a_period};
  EXPECT_TRUE(budget.take(a_receiver, 60, 60, a_period));
  EXPECT_EQ(budget.promised(), 59U);
  EXPECT_TRUE(budget.take(a_receiver, 60, 60, a_period));
  EXPECT_EQ(budget.promised(), 58U) << "the chunk that it gets again is one of those";
  EXPECT_FALSE(budget.take(its_neighbour, 60, 60, a_period));
  EXPECT_TRUE(budget.take(its_neighbour, 30, 30, a_period));
  EXPECT_EQ(budget.promised(), 58U + 29);
}

// However often it begins, and however large the state is: what is promised to it is a share.
TEST(ChunkBudget, WhoBeginsAgainAndAgainShutsNobodyOut) {
  for (const std::uint32_t whole : {2U, 20U, 40U, 50U, 51U, 60U, 99U, 100U, 5000U}) {
    chunk_budget budget{a_period};
    bool let_in = false;
    for (int period = 0; period < 2; ++period) {
      for (int i = 0; i < 20; ++i) {
        static_cast<void>(budget.take(a_receiver, whole, whole, a_period));
      }
      let_in = budget.take(another, whole, whole, a_period);
      budget.renew(a_period);
    }
    EXPECT_TRUE(let_in) << whole << ": in the second period at the latest";
  }
}

// What was promised to joiners that have vanished is promised for one period only.
TEST(ChunkBudget, APromiseLastsOnePeriod) {
  chunk_budget budget{a_period};
  ASSERT_TRUE(budget.take(1, a_period, a_period, a_period));
  EXPECT_FALSE(budget.take(2, 30, 30, a_period));
  budget.renew(a_period);
  EXPECT_TRUE(budget.take(2, 30, 30, a_period));
}

// Who had its first chunk when the group was small may need as much as a beginner.
TEST(ChunkBudget, WhoGoesOnIsLetInAnewInEachPeriod) {
  chunk_budget budget{a_period};
  for (std::uint64_t receiver = 0; receiver < 40; ++receiver) {
    ASSERT_TRUE(budget.take(receiver, 1, 1, a_period));
  }
  budget.renew(a_period);
  std::uint64_t let_in = 0;
  for (std::uint64_t receiver = 0; receiver < 40; ++receiver) {
    let_in += budget.take(receiver, 29, 30, a_period) ? 1U : 0U;
  }
  EXPECT_EQ(let_in, 3U);
  for (std::uint64_t receiver = 0; receiver < 3; ++receiver) {
    for (int chunk = 1; chunk < 30; ++chunk) {
      EXPECT_TRUE(budget.take(receiver, 30U - static_cast<unsigned>(chunk), 30, a_period));
    }
  }
}

// The table of shares is small: whoever has the place of one that was let in begins all the same.
TEST(ChunkBudget, ABeginnerIsNotLetInByAnothersPlace) {
  chunk_budget budget{a_period};
  for (std::uint64_t receiver = 1; receiver <= 3; ++receiver) {
    ASSERT_TRUE(budget.take(receiver, 30, 30, a_period));
  }
  EXPECT_FALSE(budget.take(1 + chunk_budget::shares, 30, 30, a_period));
}

// In a crowd a receiver gets the whole state, though it takes more than a quarter; up to one half.
TEST(ChunkBudget, WhoIsLetInGetsTheWholeStateUpToHalfOfAll) {
  for (const std::uint32_t whole : {20U, 26U, 34U, 51U, 60U}) {
    chunk_budget budget{a_period};
    static_cast<void>(drain(budget, 9));
    ASSERT_FALSE(budget.take(1, 1, 1, a_period)) << "somebody goes without";
    budget.renew(a_period);
    std::uint32_t got = 0;
    while (budget.take(1, whole > got ? whole - got : 1, whole, a_period)) ++got;
    const std::uint32_t most = std::max(a_period / 4 + 1, std::min(whole, a_period / 2 + 1));
    EXPECT_EQ(got, most) << whole;
  }
}

TEST(ChunkBudget, WhoTakesAllLeavesThreeQuartersToOthersInTheNextPeriod) {
  chunk_budget budget{a_period};
  EXPECT_EQ(drain(budget, 1), a_period);
  EXPECT_FALSE(budget.take(2, 1, 2, a_period)) << "came too late this time";
  for (int period = 0; period < 3; ++period) {
    budget.renew(a_period);
    std::uint32_t greedy = 0;
    while (budget.take(1, 1, 2, a_period)) ++greedy;
    EXPECT_EQ(greedy, a_period / 4 + 1) << period;
    std::uint32_t other = 0;
    for (; other < 10 && budget.take(2, 1, 2, a_period); ++other) {
    }
    EXPECT_EQ(other, 10U) << period;
    for (std::uint64_t late = 3; budget.take(late % 61 + 3, 1, 2, a_period); ++late) {
    }
    EXPECT_FALSE(budget.take(63, 1, 2, a_period));
  }
  budget.renew(a_period);
  budget.renew(a_period);
  EXPECT_EQ(drain(budget, 1), a_period) << "nobody else asks any more";
}

TEST(ChunkBudget, NamesThoseThatAreWholeInTurn) {
  chunk_budget budget{a_period};
  const auto any = [](member_id) { return true; };
  EXPECT_EQ(budget.next_whole(1, any), member_id{});
  for (std::uint64_t id = 1; id <= 20; ++id) budget.remember_whole(member_id{id}, 80);
  std::set<member_id> named;
  for (int i = 0; i < 16; ++i) named.insert(budget.next_whole(80, any));
  EXPECT_EQ(named.size(), chunk_budget::remembered);
  EXPECT_FALSE(named.contains(member_id{4})) << "the newest";
  EXPECT_EQ(budget.next_whole(80, [](member_id id) { return id == member_id{9}; }), member_id{9});
  EXPECT_EQ(budget.next_whole(80, [](member_id) { return false; }), member_id{});
}

TEST(ChunkBudget, WhoWasWholeInASmallerGroupIsNotNamed) {
  chunk_budget budget{a_period};
  const auto any = [](member_id) { return true; };
  budget.remember_whole(member_id{1}, 70);
  EXPECT_EQ(budget.next_whole(80, any), member_id{1});
  EXPECT_EQ(budget.next_whole(81, any), member_id{}) << "an eighth is missing";
  budget.remember_whole(member_id{1}, 81);
  EXPECT_EQ(budget.next_whole(81, any), member_id{1});
}

TEST(ChunkBudget, EqualityAndHashSeeEveryPart) {
  std::vector<chunk_budget> different(7, chunk_budget{a_period});
  static_cast<void>(different[1].take(1, 1, 2, a_period));
  static_cast<void>(different[2].take(2, 1, 2, a_period));
  static_cast<void>(different[3].take(1, 9, 9, a_period));
  different[4].remember_whole(member_id{1}, 1);
  different[5].remember_whole(member_id{1}, 2);
  different[6] = chunk_budget{a_period - 1};
  std::set<std::uint64_t> digests;
  for (const chunk_budget& budget : different) {
    flotilla::detail::state_hasher out;
    budget.hash_into(out);
    digests.insert(out.digest());
    for (const chunk_budget& other : different) EXPECT_EQ(budget == other, &budget == &other);
  }
  EXPECT_EQ(digests.size(), different.size());
}

}  // namespace
