// detail/flat_index_test.cpp - flotilla/detail/flat_index.hpp
// Chains that share a home and wrap around the end survive the removal of any of their links.
#include <flotilla/detail/flat_index.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <vector>

namespace {

using flotilla::detail::flat_index;
using flotilla::detail::no_row;

using digests = std::vector<std::uint64_t>;  // by row

std::uint32_t find(const flat_index& index, const digests& keys, std::uint32_t row) {
  return index.find(keys[row], [row](std::uint32_t candidate) { return candidate == row; });
}

flat_index filled(const digests& keys) {
  flat_index index;
  const auto digest_of = [&](std::uint32_t row) { return keys[row]; };
  for (std::uint32_t row = 0; row < keys.size(); ++row) {
    EXPECT_TRUE(index.try_reserve(row + 1, digest_of));
    index.insert(keys[row], row);
  }
  return index;
}

TEST(FlatIndex, EmptyFindsNothing) {
  const auto any = [](std::uint32_t) { return true; };
  EXPECT_EQ(flat_index{}.find(0, any), no_row);
  EXPECT_EQ(flat_index{100}.find(0, any), no_row);
  EXPECT_EQ(flat_index{}.bytes_allocated(), 0U);
}

// Digests whose homes are the last slots of 64 run into each other around the end of the table.
TEST(FlatIndex, ChainsAroundTheEndSurviveEveryRemoval) {
  const digests keys = {62, 63, 63, 0, 62, 63, 1, 126, 127};
  std::vector<std::uint32_t> order(keys.size());
  std::iota(order.begin(), order.end(), 0U);
  const auto digest_of = [&](std::uint32_t row) { return keys[row]; };
  const flat_index whole = filled(keys);
  for (int round = 0; round < 5000; ++round) {
    std::next_permutation(order.begin(), order.end());
    std::rotate(order.begin(), order.begin() + 1 + round % 7, order.end());
    flat_index index = whole;
    for (std::size_t removed = 0; removed < order.size(); ++removed) {
      index.erase(keys[order[removed]], order[removed], digest_of);
      ASSERT_EQ(index.size(), order.size() - removed - 1);
      for (std::size_t i = 0; i < order.size(); ++i) {
        const std::uint32_t row = order[i];
        ASSERT_EQ(find(index, keys, row), i <= removed ? no_row : row) << "round " << round;
      }
    }
    EXPECT_EQ(index, flat_index{1});  // no slot is left over
  }
}

TEST(FlatIndex, OffersEveryRowOfOneDigest) {
  const flat_index index = filled(digests(40, 5));
  std::vector<std::uint32_t> offered;
  EXPECT_EQ(index.find(5,
                       [&](std::uint32_t row) {
                         offered.push_back(row);
                         return false;
                       }),
            no_row);
  std::sort(offered.begin(), offered.end());
  ASSERT_EQ(offered.size(), 40U);
  for (std::uint32_t row = 0; row < 40; ++row) EXPECT_EQ(offered[row], row);
}

// Eight bits of digest spare the caller nearly all comparisons of keys.
TEST(FlatIndex, OffersNoRowWhoseDigestDiffersInItsHighestByte) {
  digests keys;
  for (std::uint64_t i = 0; i < 40; ++i) keys.push_back(i << 56U);  // one home
  const flat_index index = filled(keys);
  for (std::uint32_t wanted = 0; wanted < 40; ++wanted) {
    int offered = 0;
    const std::uint32_t found = index.find(keys[wanted], [&](std::uint32_t row) {
      ++offered;
      return row == wanted;
    });
    EXPECT_EQ(found, wanted);
    EXPECT_EQ(offered, 1);
  }
}

TEST(FlatIndex, GrowsAndKeepsAllAtMostThreeQuartersFull) {
  digests keys;
  for (std::uint64_t i = 0; i < 3000; ++i) keys.push_back(i * 0x9e3779b97f4a7c15U);
  const flat_index index = filled(keys);
  for (std::uint32_t row = 0; row < keys.size(); ++row) EXPECT_EQ(find(index, keys, row), row);
  EXPECT_EQ(index.bytes_allocated(), 4096 * sizeof(std::uint32_t));
  // Reserving what is there already moves nothing: digest_of would be asked.
  flat_index copy = index;
  EXPECT_TRUE(copy.try_reserve(3072, [](std::uint32_t row) {
    ADD_FAILURE() << row;
    return std::uint64_t{0};
  }));
  EXPECT_EQ(copy, index);
}

// Rows are numbered up to config's max_members_limit: 24 bits less the one that marks free slots.
TEST(FlatIndex, KeepsTheLargestRowNumberApartFromTheDigest) {
  constexpr std::uint32_t largest = (1U << 24U) - 3;
  flat_index index{2};
  index.insert(0xff00000000000000U, largest);
  EXPECT_EQ(index.find(0xff00000000000000U, [](std::uint32_t row) { return row == largest; }),
            largest);
  EXPECT_EQ(index.find(0, [](std::uint32_t) { return true; }), no_row);
}

}  // namespace
