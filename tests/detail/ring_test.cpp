// detail/ring_test.cpp - flotilla/detail/ring.hpp
// First in, first out, at every capacity and every place of its beginning.
#include <flotilla/detail/ring.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <deque>
#include <utility>

namespace {

using flotilla::detail::ring;

void expect_holds(const ring<int>& actual, const std::deque<int>& expected) {
  ASSERT_EQ(actual.size(), expected.size());
  EXPECT_EQ(actual.empty(), expected.empty());
  EXPECT_EQ(actual.full(), expected.size() == actual.capacity());
  for (std::size_t i = 0; i < expected.size(); ++i) EXPECT_EQ(actual[i], expected[i]) << i;
}

/// Holds 1 to `count`, beginning `offset` slots into the ring.
ring<int> filled(std::size_t capacity, std::size_t offset, int count) {
  ring<int> result{capacity};
  for (std::size_t i = 0; i < offset; ++i) {
    result.push_back(0);
    result.pop_front();
  }
  for (int i = 1; i <= count; ++i) result.push_back(i);
  return result;
}

TEST(Ring, IsAQueueWhereverItBegins) {
  for (const std::size_t capacity : {1U, 2U, 3U, 8U}) {
    for (std::size_t offset = 0; offset <= 2 * capacity; ++offset) {
      ring<int> actual = filled(capacity, offset, 0);
      std::deque<int> expected;
      for (int i = 0; i < 5 * static_cast<int>(capacity); ++i) {
        if (!expected.empty() && (i % 3 == 2 || expected.size() == capacity)) {
          EXPECT_EQ(actual.front(), expected.front());
          actual.pop_front();
          expected.pop_front();
        } else {
          actual.push_back(i);
          expected.push_back(i);
        }
        expect_holds(actual, expected);
      }
    }
  }
}

TEST(Ring, AppendsOneAsItIsMade) {
  ring<int> actual = filled(2, 1, 0);
  actual.push_back(7);
  actual.pop_front();
  actual.push_back(1);
  int& fresh = actual.append();  // where the 7 was
  EXPECT_EQ(fresh, 0);
  fresh = 5;
  EXPECT_EQ(actual[1], 5);
}

TEST(Ring, WithoutCapacityIsBothEmptyAndFull) {
  for (const ring<int>& none : {ring<int>{}, ring<int>{0}}) {
    EXPECT_TRUE(none.empty());
    EXPECT_TRUE(none.full());
    EXPECT_EQ(none.capacity(), 0U);
    EXPECT_EQ(none.bytes_allocated(), 0U);
  }
}

TEST(Ring, EqualityIsOfContentsAndOrderOnly) {
  EXPECT_EQ(filled(4, 0, 3), filled(4, 3, 3));
  EXPECT_EQ(filled(4, 0, 3), filled(8, 0, 3));
  EXPECT_NE(filled(4, 0, 3), filled(4, 0, 2));
  ring<int> other = filled(4, 1, 3);
  other[2] = 9;
  EXPECT_NE(filled(4, 0, 3), other);
}

TEST(Ring, ClearEmptiesAndCopiesShareNothing) {
  ring<int> original = filled(4, 3, 4);
  const ring<int> copy = original;
  original[0] = 9;
  expect_holds(copy, {1, 2, 3, 4});
  original.clear();
  expect_holds(original, {});
  original.push_back(5);
  expect_holds(original, {5});
  const ring<int> moved = std::move(original);
  expect_holds(moved, {5});
}

TEST(Ring, AllocatesAsItFillsAndKeepsThat) {
  for (const std::size_t capacity : {1U, 7U, 8U, 9U, 100U}) {
    for (std::size_t offset = 0; offset <= 9; ++offset) {
      ring<int> growing{capacity, false};
      EXPECT_EQ(growing.bytes_allocated(), 0U);
      std::deque<int> expected;
      for (std::size_t i = 0; i < offset; ++i) {
        ASSERT_TRUE(growing.try_extend());
        growing.push_back(0);
        growing.pop_front();
      }
      for (int i = 0; i < static_cast<int>(capacity); ++i) {
        ASSERT_TRUE(growing.try_extend());
        growing.push_back(i);
        expected.push_back(i);
        expect_holds(growing, expected);
        ASSERT_LE(growing.bytes_allocated(),
                  sizeof(int) * std::max<std::size_t>(8, 2 * expected.size()));
      }
      EXPECT_FALSE(growing.try_extend());
      EXPECT_TRUE(growing.try_reserve(1)) << "there is no more to be reserved";
      EXPECT_EQ(growing.bytes_allocated(), capacity * sizeof(int));
      growing.clear();
      EXPECT_EQ(growing.bytes_allocated(), capacity * sizeof(int));
    }
  }
}

TEST(Ring, ReservesWhatIsAskedForAndNoMoreThanItMayHold) {
  ring<int> some{100, false};
  ASSERT_TRUE(some.try_reserve(20));
  EXPECT_EQ(some.bytes_allocated(), 20 * sizeof(int));
  ASSERT_TRUE(some.try_reserve(21));
  EXPECT_EQ(some.bytes_allocated(), 40 * sizeof(int));
  ASSERT_TRUE(some.try_reserve(1000));
  EXPECT_EQ(some.bytes_allocated(), 100 * sizeof(int));
}

}  // namespace
