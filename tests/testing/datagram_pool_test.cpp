// tests/testing/datagram_pool_test.cpp - flotilla/testing/datagram_pool.hpp
// Every size keeps its bytes, blocks are used again, and lists are queues.
#include <flotilla/testing/datagram_pool.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <deque>
#include <flotilla/detail/random.hpp>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace {

using flotilla::endpoint;
using flotilla::detail::random_generator;
using flotilla::testing::datagram_list;
using flotilla::testing::datagram_pool;
using flotilla::testing::datagram_ref;
using flotilla::testing::no_datagram;
using flotilla::testing::no_node;

const endpoint here = endpoint::ipv4({10, 0, 0, 1}, 1);

std::vector<std::byte> bytes_of(std::size_t size, std::uint32_t salt) {
  std::vector<std::byte> result(size);
  for (std::size_t i = 0; i < size; ++i) {
    result[i] = static_cast<std::byte>((i * 31 + salt * 17) & 0xffU);
  }
  return result;
}

bool holds(const datagram_pool& pool, datagram_ref at, const std::vector<std::byte>& expected) {
  const auto got = pool[at].bytes();
  return std::equal(got.begin(), got.end(), expected.begin(), expected.end());
}

TEST(DatagramPool, KeepsEverySizeApart) {
  datagram_pool pool;
  std::vector<std::pair<datagram_ref, std::vector<std::byte>>> all;
  std::vector<std::size_t> sizes = {0, 1, 2, 65'507, 65'535, 65'536};
  for (std::size_t power = 32; power <= 32'768; power *= 2) {
    for (const std::size_t size : {power - 1, power, power + 1}) sizes.push_back(size);
  }
  // Twice each, all at the same time: a block that was too small would run into its neighbour.
  for (std::uint32_t salt = 0; salt < 2; ++salt) {
    for (const std::size_t size : sizes) {
      auto bytes = bytes_of(size, salt);
      all.emplace_back(pool.add(here, 3, 4, bytes), std::move(bytes));
    }
  }
  EXPECT_EQ(pool.in_use(), all.size());
  for (const auto& [at, bytes] : all) {
    EXPECT_TRUE(holds(pool, at, bytes)) << bytes.size();
    EXPECT_EQ(pool[at].from, here);
    EXPECT_EQ(pool[at].source, 3U);
    EXPECT_EQ(pool[at].target, 4U);
    pool.release(at);
  }
  EXPECT_EQ(pool.in_use(), 0U);
}

TEST(DatagramPool, UsesBlocksAgain) {
  datagram_pool pool;
  std::set<const std::byte*> blocks;
  for (int i = 0; i < 10'000; ++i) {
    const auto a = pool.add(here, 0, 1, bytes_of(100, 1));
    const auto b = pool.add(here, 0, 1, bytes_of(100, 2));
    ASSERT_NE(pool[a].data, pool[b].data);
    blocks.insert(pool[a].data);
    blocks.insert(pool[b].data);
    pool.release(a);
    pool.release(b);
  }
  EXPECT_LE(blocks.size(), 4U);
}

TEST(DatagramPool, HoldsWhatItShouldUnderRandomUse) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    random_generator random{seed};
    datagram_pool pool;
    std::vector<std::pair<datagram_ref, std::vector<std::byte>>> live;
    for (std::uint32_t i = 0; i < 5000; ++i) {
      if (live.empty() || random.below(100) < 52) {
        const std::size_t size = random.below(1U << random.below(13));
        auto bytes = bytes_of(size, i);
        live.emplace_back(pool.add(here, no_node, i, bytes), std::move(bytes));
      } else {
        std::swap(live[random.below(static_cast<std::uint32_t>(live.size()))], live.back());
        ASSERT_TRUE(holds(pool, live.back().first, live.back().second));
        pool.release(live.back().first);
        live.pop_back();
      }
      ASSERT_EQ(pool.in_use(), live.size());
    }
    for (const auto& [at, bytes] : live) ASSERT_TRUE(holds(pool, at, bytes));
  }
}

TEST(DatagramList, IsAQueueThatKnowsItsBytes) {
  datagram_pool pool;
  datagram_list list;
  std::deque<datagram_ref> expected;
  std::size_t bytes = 0;
  random_generator random{1};
  for (std::uint32_t i = 0; i < 3000; ++i) {
    if (expected.empty() || random.below(2) == 0) {
      const std::size_t size = random.below(300);
      const auto at = pool.add(here, 0, 1, bytes_of(size, i));
      list.push_back(pool, at);
      expected.push_back(at);
      bytes += size;
    } else {
      const auto at = list.pop_front(pool);
      ASSERT_EQ(at, expected.front());
      expected.pop_front();
      bytes -= pool[at].size;
      pool.release(at);
    }
    ASSERT_EQ(list.size(), expected.size());
    ASSERT_EQ(list.bytes(), bytes);
    ASSERT_EQ(list.empty(), expected.empty());
  }
  list.clear(pool);
  EXPECT_TRUE(list.empty());
  EXPECT_EQ(list.bytes(), 0U);
  EXPECT_EQ(pool.in_use(), 0U);
  list.clear(pool);
  EXPECT_EQ(pool.in_use(), 0U);
}

TEST(DatagramList, IsEmptiedAndFilledAgain) {
  datagram_pool pool;
  datagram_list list;
  for (std::uint32_t round = 0; round < 3; ++round) {
    const auto a = pool.add(here, 0, 1, bytes_of(3, round));
    const auto b = pool.add(here, 0, 1, {});
    list.push_back(pool, a);
    list.push_back(pool, b);
    EXPECT_EQ(list.pop_front(pool), a);
    EXPECT_EQ(list.pop_front(pool), b);
    EXPECT_TRUE(list.empty());
    pool.release(b);
    pool.release(a);
  }
}

}  // namespace
