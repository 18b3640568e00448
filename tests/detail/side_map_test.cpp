// detail/side_map_test.cpp - flotilla/detail/side_map.hpp
// Against std::map, with few rows and many; an empty one costs nothing.
#include <flotilla/detail/side_map.hpp>

#include <gtest/gtest.h>

#include <cstdint>
#include <flotilla/detail/random.hpp>
#include <map>

namespace {

using flotilla::detail::mix_key;
using flotilla::detail::random_generator;
using flotilla::detail::side_map;

TEST(SideMap, EmptyCostsNothingAndHoldsNothing) {
  side_map<int> none{mix_key{1, 2}};
  EXPECT_EQ(none.bytes_allocated(), 0U);
  EXPECT_EQ(none.find(0), nullptr);
  none.erase(0);
  EXPECT_EQ(none.size(), 0U);
}

TEST(SideMap, WhatIsReservedIsNotAllocatedLater) {
  for (const std::uint32_t count : {1U, 6U, 7U, 100U}) {
    side_map<int> held{mix_key{1, 2}, count};
    const std::size_t bytes = held.bytes_allocated();
    for (std::uint32_t row = 0; row < count; ++row) {
      ASSERT_TRUE(held.try_reserve_one());
      held.add(row) = 1;
    }
    EXPECT_EQ(held.bytes_allocated(), bytes);
  }
}

TEST(SideMap, HoldsWhatAMapHolds) {
  for (const std::uint32_t rows : {4U, 40U, 4000U}) {
    random_generator random{rows};
    side_map<std::uint32_t> held{mix_key{rows, 2}};
    std::map<std::uint32_t, std::uint32_t> model;
    for (std::uint32_t step = 0; step < 20'000; ++step) {
      const std::uint32_t row = random.below(rows);
      ASSERT_EQ(held.find(row) != nullptr, model.count(row) != 0);
      if (random.below(2) == 0) {
        held.erase(row);
        model.erase(row);
      } else if (model.count(row) == 0) {
        ASSERT_TRUE(held.try_reserve_one());
        held.add(row) = step;
        model[row] = step;
      } else {
        *held.find(row) = model[row] = step;
      }
      ASSERT_EQ(held.size(), model.size());
    }
    side_map<std::uint32_t> rebuilt{mix_key{rows, 2}};
    for (const auto& [row, value] : model) {
      ASSERT_NE(held.find(row), nullptr);
      EXPECT_EQ(*held.find(row), value);
      ASSERT_TRUE(rebuilt.try_reserve_one());
      rebuilt.add(row) = value;
    }
    EXPECT_EQ(rebuilt, held) << "how it came to be makes no difference";
    const side_map<std::uint32_t> copy = held;
    EXPECT_EQ(copy, held);
    ++*held.find(model.begin()->first);
    EXPECT_NE(copy, held);
  }
}

}  // namespace
