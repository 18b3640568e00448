// detail/chained_index_test.cpp - flotilla/detail/chained_index.hpp
// Against a list of what it should hold, while it grows by single buckets and rows come and go.
#include <flotilla/detail/chained_index.hpp>

#include <gtest/gtest.h>

#include <cstdint>
#include <flotilla/detail/random.hpp>
#include <set>
#include <vector>

namespace {

using flotilla::detail::chained_index;
using flotilla::detail::no_row;
using flotilla::detail::random_generator;

/// Rows with nothing but a key and a link.
struct rows {
  std::vector<std::uint64_t> keys;
  std::vector<std::uint32_t> links =
      std::vector<std::uint32_t>(keys.size(), chained_index::end_of_chain);
};
struct links_of {
  rows& all;
  struct it {
    rows& all;
    std::uint32_t row;
  };
  it operator[](std::uint32_t row) const { return {all, row}; }
  static void prefetch(std::uint32_t) {}
  static std::uint32_t next(const it& at) { return at.all.links[at.row]; }
  static void set_next(const it& at, std::uint32_t to) { at.all.links[at.row] = to; }
  static std::uint64_t digest(const it& at) { return at.all.keys[at.row]; }
};

std::multiset<std::uint32_t> offered(const chained_index& index, rows& all, std::uint64_t digest) {
  std::multiset<std::uint32_t> seen;
  const std::uint32_t none = index.find(
      digest, [&](std::uint32_t row) { return all.links[row]; },
      [&](std::uint32_t row) {
        if (all.keys[row] == digest) seen.insert(row);
        return false;
      });
  EXPECT_EQ(none, no_row);
  return seen;
}

TEST(ChainedIndex, EmptyFindsNothing) {
  const chained_index index{100, 0};
  EXPECT_EQ(index.find(
                7, [](std::uint32_t) { return no_row; }, [](std::uint32_t) { return true; }),
            no_row);
  EXPECT_EQ(chained_index{}.bytes_allocated(), 0U);
}

// Digests that differ in high bits only, in low ones only, and not at all.
TEST(ChainedIndex, FindsExactlyWhatItHoldsWhileRowsComeAndGo) {
  for (const std::uint64_t spread : {std::uint64_t{1}, std::uint64_t{3}, ~std::uint64_t{0}}) {
    random_generator random{spread};
    rows all{std::vector<std::uint64_t>(600)};
    for (std::uint64_t& key : all.keys) {
      const std::uint64_t drawn = random.next();
      key = drawn & spread;
    }
    chained_index index{600, 0};
    std::set<std::uint32_t> held;
    for (int step = 0; step < 6000; ++step) {
      const std::uint32_t row = random.below(600);
      const bool growing = step < 3000 ? random.below(4) != 0 : random.below(4) == 0;
      if (held.count(row) == 0 && growing) {
        ASSERT_TRUE(index.try_reserve(index.size() + 1));
        index.insert(all.keys[row], row, links_of{all});
        held.insert(row);
      } else if (held.count(row) != 0 && !growing) {
        index.erase(all.keys[row], row, links_of{all});
        held.erase(row);
        ASSERT_EQ(all.links[row], chained_index::end_of_chain);
      }
      ASSERT_EQ(index.size(), held.size());
      const std::uint64_t probe = all.keys[random.below(600)];
      std::multiset<std::uint32_t> expected;
      if (step % 50 != 0) continue;
      for (const std::uint32_t r : held) {
        if (all.keys[r] == probe) expected.insert(r);
      }
      ASSERT_EQ(offered(index, all, probe), expected) << "step " << step;
    }
    for (std::uint32_t row = 0; row < 600; ++row) {
      ASSERT_EQ(offered(index, all, all.keys[row]).count(row), held.count(row));
    }
  }
}

/// The most rows that any search looks at, and the mean over all.
TEST(ChainedIndex, ChainsStayShortAtEverySize) {
  random_generator random{7};
  rows all{std::vector<std::uint64_t>(20'000)};
  for (std::uint64_t& key : all.keys) key = random.next();
  chained_index index{20'000, 0};
  std::size_t bytes = 0;
  for (std::uint32_t row = 0; row < 20'000; ++row) {
    ASSERT_TRUE(index.try_reserve(row + 1));
    index.insert(all.keys[row], row, links_of{all});
    ASSERT_LE(index.bytes_allocated() - bytes, 1024U + 4U * 8U + row) << "grows by small steps";
    bytes = index.bytes_allocated();
    if (row < 100 || row % 997 != 0) continue;
    std::uint32_t looked_at = 0;
    for (std::uint32_t i = 0; i <= row; ++i) {
      std::uint32_t length = 0;
      const std::uint32_t found = index.find(
          all.keys[i], [&](std::uint32_t r) { return all.links[r]; },
          [&](std::uint32_t r) { return ++length > 16 || r == i; });
      ASSERT_EQ(found, i);
      ASSERT_LE(length, 16U);
      looked_at += length;
    }
    EXPECT_LT(looked_at, 2 * (row + 1));
  }
  EXPECT_LT(bytes, 20'000U * 4);
}

TEST(ChainedIndex, WhatIsReservedIsNotAllocatedLater) {
  rows all{std::vector<std::uint64_t>(1000)};
  for (std::uint32_t i = 0; i < 1000; ++i) all.keys[i] = i * 0x9e3779b9U;
  chained_index index{1000, 1000};
  const std::size_t bytes = index.bytes_allocated();
  for (std::uint32_t row = 0; row < 1000; ++row) {
    ASSERT_TRUE(index.try_reserve(row + 1));
    index.insert(all.keys[row], row, links_of{all});
  }
  EXPECT_EQ(index.bytes_allocated(), bytes);
  const chained_index copy = index;
  EXPECT_EQ(copy, index);
}

TEST(ChainedIndex, WhoIsExpectedIsFoundTheSameAndGrowsNothing) {
  rows all{std::vector<std::uint64_t>(2000)};
  random_generator random{3};
  for (std::uint64_t& key : all.keys) key = random.next();
  chained_index index{2000, 0};
  for (std::uint32_t row = 0; row < 100; ++row) {
    ASSERT_TRUE(index.try_reserve(row + 1));
    index.insert(all.keys[row], row, links_of{all});
  }
  index.expect(2000, links_of{all});
  const std::size_t bytes = index.bytes_allocated();
  for (std::uint32_t row = 0; row < 2000; ++row) {
    if (row >= 100) {
      ASSERT_TRUE(index.try_reserve(row + 1));
      ASSERT_TRUE(offered(index, all, all.keys[row]).empty());
      index.insert(all.keys[row], row, links_of{all});
    }
    ASSERT_EQ(offered(index, all, all.keys[row]).count(row), 1U);
  }
  EXPECT_EQ(index.bytes_allocated(), bytes);
  index.expect(100'000, links_of{all});
  EXPECT_EQ(index.bytes_allocated(), bytes) << "no more than its limit";
}

}  // namespace
