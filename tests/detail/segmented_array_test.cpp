// detail/segmented_array_test.cpp - flotilla/detail/segmented_array.hpp
// Elements never move, the limit is exact, and a lack of memory loses nothing.
#include <flotilla/detail/segmented_array.hpp>

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <new>
#include <type_traits>
#include <utility>
#include <vector>

namespace {

using flotilla::detail::segmented_array;
using small_array = segmented_array<int, 2>;  // segments of four

static_assert(std::is_nothrow_move_constructible_v<small_array>);
static_assert(std::is_nothrow_move_assignable_v<small_array>);

/// A value whose segments come from here, so that a test can run out of memory.
struct scarce {
  static inline int segments = 0;  // held now
  static inline int left = 1000;   // that may still be taken

  int value{0};

  static void* operator new[](std::size_t size) {
    void* memory = operator new[](size, std::nothrow);
    if (memory == nullptr) throw std::bad_alloc{};
    return memory;
  }
  static void* operator new[](std::size_t size, const std::nothrow_t&) noexcept {
    if (left == 0) return nullptr;
    --left;
    ++segments;
    return std::malloc(size);
  }
  static void operator delete[](void* memory) noexcept {
    if (memory != nullptr) --segments;
    std::free(memory);
  }
  static void operator delete[](void* memory, const std::nothrow_t&) noexcept {
    operator delete[](memory);
  }
};

bool push(small_array& to, int value) {
  if (!to.try_reserve(to.size() + 1)) return false;
  to.push_back(value);
  return true;
}

TEST(SegmentedArray, GrowsToExactlyItsLimitAndNeverMovesAnElement) {
  for (std::uint32_t limit = 0; limit <= 13; ++limit) {
    for (std::uint32_t reserved = 0; reserved <= limit; ++reserved) {
      small_array array{limit, reserved};
      EXPECT_GE(array.capacity(), reserved);
      EXPECT_EQ(array.limit(), limit);
      std::vector<int*> places;
      while (push(array, static_cast<int>(places.size()))) {
        places.push_back(&array[array.size() - 1]);
        ASSERT_LE(places.size(), limit);
        ASSERT_LE(array.capacity(), limit);
      }
      ASSERT_EQ(array.size(), limit);
      EXPECT_FALSE(array.try_reserve(limit + 1));
      for (std::uint32_t i = 0; i < limit; ++i) {
        EXPECT_EQ(&array[i], places[i]);
        EXPECT_EQ(array[i], static_cast<int>(i));
      }
      EXPECT_EQ(array.bytes_allocated(), (limit + 3) / 4 * sizeof(int*) + limit * sizeof(int));
    }
  }
}

// What it may hold costs nothing before it is held.
TEST(SegmentedArray, CostsWhatItHoldsAndNotItsLimit) {
  small_array array{1U << 24U, 0};
  EXPECT_EQ(array.bytes_allocated(), 0U);
  std::size_t before = 0;
  for (int i = 0; i < 1000; ++i) {
    ASSERT_TRUE(push(array, i));
    // Four more ints at most, and a pointer for each four of up to twice as many.
    const std::size_t held = static_cast<std::size_t>(i) + 1;
    EXPECT_LE(array.bytes_allocated(), (held + 3) * sizeof(int) + (held / 2 + 4) * sizeof(int*));
    EXPECT_GE(array.bytes_allocated(), before);
    before = array.bytes_allocated();
    ASSERT_EQ(small_array{array}.bytes_allocated(), before);  // a copy costs the same
  }
}

// Law 5: reserved at construction means that nothing is allocated later.
TEST(SegmentedArray, WhatIsReservedIsNotAllocatedLater) {
  segmented_array<scarce, 2> array{11, 11};
  scarce::left = 0;
  for (std::uint32_t i = 0; i < 11; ++i) {
    ASSERT_TRUE(array.try_reserve(i + 1));
    array.push_back(scarce{1});
  }
  scarce::left = 1000;
}

TEST(SegmentedArray, WithoutMemoryNothingChangesAndNothingLeaks) {
  {
    segmented_array<scarce, 2> array{16, 4};
    for (int i = 0; i < 4; ++i) array.push_back(scarce{i});
    scarce::left = 1;
    EXPECT_FALSE(array.try_reserve(12));  // one of two segments
    EXPECT_EQ(array.size(), 4U);
    EXPECT_TRUE(array.try_reserve(8));  // it was kept
    for (std::uint32_t i = 0; i < 4; ++i) EXPECT_EQ(array[i].value, static_cast<int>(i));

    scarce::left = 1;  // construction and copying throw, whole
    using array_of_scarce = segmented_array<scarce, 2>;
    EXPECT_THROW((array_of_scarce{16, 8}), std::bad_alloc);
    scarce::left = 1;
    EXPECT_THROW((array_of_scarce{array}), std::bad_alloc);
    scarce::left = 1000;
    EXPECT_EQ(scarce::segments, 2);
  }
  EXPECT_EQ(scarce::segments, 0);
}

TEST(SegmentedArray, IsAValue) {
  small_array a{10, 0};
  for (int i = 0; i < 6; ++i) ASSERT_TRUE(push(a, i));
  small_array b = a;
  EXPECT_EQ(a, b);
  EXPECT_EQ(b.limit(), 10U);
  b[5] = 9;
  EXPECT_NE(a, b);
  b.pop_back();
  EXPECT_NE(a, b);
  ASSERT_TRUE(push(b, 5));
  EXPECT_EQ(a, b);
  const small_array& self = b;
  b = self;
  EXPECT_EQ(a, b);

  small_array c;
  EXPECT_FALSE(c.try_reserve(1));
  c = std::move(b);
  EXPECT_EQ(a, c);
  b = c;  // a moved-from one may be assigned
  EXPECT_EQ(a, b);
  b.clear();
  EXPECT_EQ(b.size(), 0U);
  EXPECT_EQ(b, small_array{});
}

}  // namespace
