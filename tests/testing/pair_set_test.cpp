// tests/testing/pair_set_test.cpp - flotilla/testing/pair_set.hpp
// A set of pairs like any other, whatever the number of nodes and however they came.
#include <flotilla/testing/pair_set.hpp>

#include <gtest/gtest.h>

#include <cstdint>
#include <flotilla/detail/random.hpp>
#include <set>
#include <utility>

namespace {

using flotilla::detail::random_generator;
using flotilla::testing::node_index;
using flotilla::testing::pair_set;

using model = std::set<std::pair<node_index, node_index>>;

void expect_same(const pair_set& set, const model& expected, node_index nodes) {
  ASSERT_EQ(set.size(), expected.size());
  ASSERT_EQ(set.empty(), expected.empty());
  for (node_index a = 0; a < nodes; ++a) {
    for (node_index b = 0; b < nodes; ++b) {
      ASSERT_EQ(set.contains(a, b), expected.count({a, b}) != 0) << a << ", " << b;
    }
  }
}

TEST(PairSet, IsDirected) {
  pair_set s;
  s.resize(3);
  s.insert(0, 2);
  EXPECT_TRUE(s.contains(0, 2));
  EXPECT_FALSE(s.contains(2, 0));
  EXPECT_FALSE(s.contains(0, 0));
  s.erase(2, 0);
  EXPECT_TRUE(s.contains(0, 2));
}

TEST(PairSet, CountsEachPairOnce) {
  pair_set s;
  s.resize(2);
  s.insert(1, 0);
  s.insert(1, 0);
  EXPECT_EQ(s.size(), 1U);
  s.erase(1, 0);
  s.erase(1, 0);
  EXPECT_EQ(s.size(), 0U);
  EXPECT_TRUE(s.empty());
}

TEST(PairSet, EmptyItKnowsNobody) {
  pair_set s;
  EXPECT_TRUE(s.empty());
  s.clear();
  s.resize(5);
  EXPECT_FALSE(s.contains(4, 4));
  s.erase(4, 4);
  EXPECT_TRUE(s.empty());
}

// Widths around a word's 64 bits: there a row grows by a word, and all rows move.
TEST(PairSet, KeepsItsPairsWhenNodesAreAddedOneByOne) {
  for (const node_index first : {1U, 63U, 64U, 65U, 127U}) {
    pair_set s;
    model expected;
    random_generator random{first};
    s.resize(first);
    for (node_index nodes = first; nodes < first + 140; ++nodes) {
      s.resize(nodes);
      for (int i = 0; i < 3; ++i) {
        const node_index a = random.below(nodes);
        const node_index b = random.below(nodes);
        s.insert(a, b);
        expected.insert({a, b});
      }
      s.insert(nodes - 1, nodes - 1);
      expected.insert({nodes - 1, nodes - 1});
      if (nodes % 16 == 0 || nodes % 64 == 1) expect_same(s, expected, nodes);
    }
    expect_same(s, expected, first + 139);
  }
}

TEST(PairSet, KeepsItsPairsWhenManyNodesAreAddedAtOnce) {
  pair_set s;
  s.resize(2);
  s.insert(0, 1);
  s.insert(1, 0);
  s.resize(5000);
  s.insert(4999, 4999);
  EXPECT_EQ(s.size(), 3U);
  EXPECT_TRUE(s.contains(0, 1) && s.contains(1, 0) && s.contains(4999, 4999));
  EXPECT_FALSE(s.contains(0, 4999) || s.contains(4999, 0) || s.contains(0, 65));
}

TEST(PairSet, IsASetUnderRandomUse) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    random_generator random{seed};
    pair_set s;
    model expected;
    node_index nodes = 1 + random.below(100);
    s.resize(nodes);
    for (int i = 0; i < 400; ++i) {
      const node_index a = random.below(nodes);
      const node_index b = random.below(nodes);
      const std::uint32_t what = random.below(40);
      if (what < 22) {
        s.insert(a, b);
        expected.insert({a, b});
      } else if (what < 37) {
        s.erase(a, b);
        expected.erase({a, b});
      } else if (what < 39) {
        nodes += random.below(10);
        s.resize(nodes);
      } else {
        s.clear();
        expected.clear();
      }
    }
    expect_same(s, expected, nodes);
  }
}

}  // namespace
