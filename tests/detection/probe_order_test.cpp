// detection/probe_order_test.cpp - flotilla/detection/probe_order.hpp
// SWIM, section 4.3: round robin, shuffled after each traversal; nobody is met too late.
#include <flotilla/detection/probe_order.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <numeric>
#include <optional>
#include <set>
#include <vector>

namespace {

using flotilla::endpoint;
using flotilla::incarnation;
using flotilla::member_id;
using flotilla::member_table;
using flotilla::no_row;
using flotilla::probe_order;
using flotilla::row_index;
using flotilla::detail::random_generator;

/// A table, its order and a generator; the members are rows 1 to n.
class group {
 public:
  group(std::uint32_t members, std::uint64_t seed) : random_{seed} {
    for (std::uint32_t i = 0; i < members; ++i) add();
  }

  row_index add(bool hearsay = false) {
    const row_index at = add_row(hearsay);
    order_.insert(table_, at, random_);
    return at;
  }
  void arrive(bool hearsay) { order_.arrive(table_, add_row(hearsay), random_); }
  void remove(row_index at) {
    order_.remove(table_, at);
    EXPECT_EQ(table_[at].order_at(), no_row);
    table_.remove(at);
  }
  row_index next() { return order_.next(table_, random_); }
  /// The next `count` members.
  std::vector<row_index> next(std::size_t count) {
    std::vector<row_index> result(count);
    for (row_index& at : result) at = next();
    return result;
  }

  void expect_consistent() {
    std::set<row_index> rows;
    for (std::uint32_t i = 0; i < order_.size(); ++i) {
      ASSERT_EQ(table_[order_[i]].order_at(), i);
      rows.insert(order_[i]);
    }
    ASSERT_EQ(rows.size(), order_.size());
    ASSERT_EQ(order_.size(), table_.size() - 1);
  }

  member_table& table() { return table_; }
  probe_order& order() { return order_; }
  random_generator& random() { return random_; }

 private:
  row_index add_row(bool hearsay) {
    const std::uint64_t id = ++last_id_;
    const row_index at = table_.add({member_id{id}, endpoint::ipv4({10, 0, 0, 1}, 7946)});
    EXPECT_NE(at, no_row);
    EXPECT_TRUE(order_.try_reserve(1));
    table_[at].hearsay = hearsay;
    return at;
  }

  std::uint64_t last_id_{1};
  member_table table_{{}, 100, 0, {member_id{1}, endpoint::ipv4({10, 0, 0, 9}, 7946)}};
  probe_order order_{100, 0};
  random_generator random_;
};

TEST(ProbeOrder, NobodyToProbe) {
  group alone{0, 1};
  EXPECT_EQ(alone.next(), no_row);
  EXPECT_EQ(alone.order().any(alone.random()), no_row);
  const row_index at = alone.add();
  EXPECT_EQ(alone.next(), at);
  EXPECT_EQ(alone.next(), at);
  alone.remove(at);
  EXPECT_EQ(alone.next(), no_row);
}

TEST(ProbeOrder, EveryTraversalMeetsEveryMemberOnce) {
  for (std::uint32_t n = 1; n <= 40; ++n) {
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
      group members{n, seed};
      std::vector<row_index> all(n);
      std::iota(all.begin(), all.end(), 1U);
      for (int traversal = 0; traversal < 5; ++traversal) {
        std::vector<row_index> met = members.next(n);
        std::sort(met.begin(), met.end());
        ASSERT_EQ(met, all) << n << " members, seed " << seed;
      }
    }
  }
}

// "... successive selections of the same target are at most (2 n_i - 1) protocol periods apart":
// reached when a member comes first in one traversal and last in the next.
TEST(ProbeOrder, AMemberIsMetAtMost2nMinus1TurnsApart) {
  for (std::uint32_t n = 2; n <= 40; ++n) {
    std::size_t widest = 0;
    for (std::uint64_t seed = 0; seed < 50; ++seed) {
      group members{n, seed};
      std::map<row_index, std::size_t> last;
      for (std::size_t turn = 1; turn <= std::size_t{20} * n; ++turn) {
        std::size_t& met = last[members.next()];
        if (met != 0) widest = std::max(widest, turn - met);
        ASSERT_TRUE(met == 0 || turn - met <= 2 * n - 1) << n << " members, seed " << seed;
        met = turn;
      }
      ASSERT_EQ(last.size(), n);
    }
    EXPECT_TRUE(n > 10 || widest == 2 * n - 1) << "the bound of " << n << " is sharp";
  }
}

// With members that come and go during a traversal the bound holds for those that were there
// meanwhile, newcomers included: each is met at most once in each of two traversals.
TEST(ProbeOrder, ComingAndGoingKeepsTheBound) {
  for (std::uint32_t n = 2; n <= 40; ++n) {
    for (std::uint64_t seed = 0; seed < 8; ++seed) {
      group members{n, seed};
      random_generator& random = members.random();
      std::map<row_index, std::set<std::uint64_t>> since;  // who was there since it was last met
      std::map<row_index, std::size_t> turns;
      const auto id_of = [&](row_index at) {
        return static_cast<std::uint64_t>(members.table()[at].id);
      };
      const auto met = [&](row_index at) {
        turns[at] = 0;
        since[at].clear();
        for (const auto& entry : turns) since[at].insert(id_of(entry.first));
      };
      for (row_index at = 1; at <= n; ++at) turns[at] = 0;
      for (row_index at = 1; at <= n; ++at) met(at);
      for (int step = 0; step < 200; ++step) {
        if (random.below(3) == 0 && members.order().size() < n + 10) {
          const row_index at = members.add();
          for (auto& entry : since) entry.second.insert(id_of(at));
          met(at);
        }
        if (random.below(3) == 0 && members.order().size() > 1) {
          const row_index gone = members.order()[random.below(members.order().size())];
          members.remove(gone);
          turns.erase(gone);
          since.erase(gone);
        }
        for (auto& entry : turns) ++entry.second;
        const row_index at = members.next();
        ASSERT_EQ(turns.count(at), 1U) << "who is gone is not met";
        for (const auto& [row, waited] : turns) {
          ASSERT_LE(waited, 2 * since[row].size() - 1) << n << " members, seed " << seed;
        }
        met(at);
      }
      members.expect_consistent();
    }
  }
}

// However many come and go, traversals end: who stays is met again. Here one or two come and as
// many go with every turn, so that the group keeps its size.
TEST(ProbeOrder, WhoStaysIsMetAgainHoweverManyComeAndGo) {
  for (const std::uint32_t changes : {1U, 2U, 4U}) {
    for (std::uint64_t seed = 0; seed < 10; ++seed) {
      constexpr std::uint32_t n = 30;
      group members{n, seed};
      constexpr row_index stays = 1;
      std::size_t waited = 0;
      for (int turn = 0; turn < 3000; ++turn) {
        for (std::uint32_t i = 0; i < changes; ++i) {
          row_index gone = stays;
          while (gone == stays) gone = members.order()[members.random().below(n)];
          members.remove(gone);
          members.add();
        }
        waited = members.next() == stays ? 0 : waited + 1;
        ASSERT_LT(waited, 4 * n) << changes << " changes a turn, seed " << seed;
      }
    }
  }
}

// A newcomer enters at random: nobody can tell when it is probed first.
TEST(ProbeOrder, NewcomersEnterAtRandom) {
  std::map<std::size_t, int> first;  // turn -> how often
  for (std::uint64_t seed = 0; seed < 500; ++seed) {
    group members{10, seed};
    members.next(3);
    const row_index at = members.add();
    std::size_t turn = 1;
    while (members.next() != at) ++turn;
    ++first[turn];
  }
  EXPECT_GE(first.size(), 8U);
  for (const auto& entry : first) EXPECT_LT(entry.second, 150) << "turn " << entry.first;
}

TEST(ProbeOrder, TraversalsAreShuffledDifferently) {
  group members{20, 1};
  std::set<std::vector<row_index>> orders;
  for (int traversal = 0; traversal < 50; ++traversal) orders.insert(members.next(20));
  EXPECT_EQ(orders.size(), 50U);
}

// The first traversal, built by insertion, is as random as the others: everybody comes first about
// as often.
TEST(ProbeOrder, EverybodyIsFirstAboutAsOften) {
  for (const std::size_t traversal : {0U, 1U}) {
    std::vector<int> first(11);
    for (std::uint64_t seed = 0; seed < 5000; ++seed) {
      group members{10, seed};
      members.next(10 * traversal);
      ++first[members.next()];
    }
    for (row_index at = 1; at <= 10; ++at) EXPECT_NEAR(first[at], 500, 120) << at;
  }
}

// Where a member stands in one traversal tells nothing of its place in the next.
TEST(ProbeOrder, PlacesInConsecutiveTraversalsAreIndependent) {
  constexpr std::size_t n = 5;
  std::vector<std::vector<int>> pairs(n, std::vector<int>(n));
  for (std::uint64_t seed = 0; seed < 5000; ++seed) {
    group members{n, seed};
    const auto first = members.next(n);
    const auto second = members.next(n);
    for (std::size_t i = 0; i < n; ++i) {
      const auto again = std::find(second.begin(), second.end(), first[i]);
      ++pairs[i][static_cast<std::size_t>(again - second.begin())];
    }
  }
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < n; ++j) EXPECT_NEAR(pairs[i][j], 1000, 200) << i << ", " << j;
  }
}

TEST(ProbeOrder, RemovingWhoIsNotInItChangesNothing) {
  group members{5, 1};
  members.order().remove(members.table(), 3);
  const probe_order before = members.order();
  members.order().remove(members.table(), 3);
  EXPECT_EQ(members.order(), before);
}

TEST(ProbeOrder, AnyMeetsEverybody) {
  group members{10, 1};
  std::set<row_index> met;
  for (int i = 0; i < 200; ++i) met.insert(members.order().any(members.random()));
  EXPECT_EQ(met.size(), 10U);
}

// Law 5: at its limit it refuses; the table is refused along with it.
TEST(ProbeOrder, HasALimit) {
  probe_order order{3, 0};
  group members{3, 1};
  for (row_index at = 1; at <= 3; ++at) {
    members.table()[at].set_order_at(no_row);
    ASSERT_TRUE(order.try_reserve(1));
    order.insert(members.table(), at, members.random());
  }
  EXPECT_FALSE(order.try_reserve(1));
  EXPECT_EQ(order.size(), 3U);
}

TEST(ProbeOrder, IsAValueWhoseHashFollowsIt) {
  const auto digest = [](const probe_order& order) {
    flotilla::detail::state_hasher out;
    order.hash_into(out);
    return out.digest();
  };
  group members{5, 1};
  const probe_order copy = members.order();
  EXPECT_EQ(copy, members.order());
  members.next();
  EXPECT_NE(copy, members.order());
  EXPECT_NE(digest(copy), digest(members.order()));
}

// Many who arrive at once take the places that each would have taken alone, whatever the list
// holds.
TEST(ProbeOrder, WhoArrivesWithOthersTakesItsOwnPlace) {
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    group one_by_one{6, seed};
    group together{6, seed};
    random_generator choice{seed};
    for (int round = 0; round < 4; ++round) {
      for (std::uint32_t turns = choice.below(8); turns != 0; --turns) {
        ASSERT_EQ(one_by_one.next(), together.next());
      }
      for (std::uint32_t i = 0; i < 20; ++i) {
        const bool hearsay = choice.below(4) == 0;
        one_by_one.add(hearsay);
        together.arrive(hearsay);
        ASSERT_EQ(one_by_one.order().known(), together.order().known());
        ASSERT_EQ(one_by_one.order().counted(), together.order().counted());
        ASSERT_EQ(one_by_one.order().size(), together.order().size());
      }
      together.order().place_arrivals(together.table());
      together.expect_consistent();
      ASSERT_EQ(one_by_one.order(), together.order()) << "seed " << seed;
    }
  }
}

}  // namespace
