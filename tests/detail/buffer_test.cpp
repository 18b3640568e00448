// detail/buffer_test.cpp - flotilla/detail/buffer.hpp
// A value like a vector of fixed size, and a lack of memory that loses nothing.
#include <flotilla/detail/buffer.hpp>

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdlib>
#include <new>
#include <type_traits>
#include <utility>

namespace {

using flotilla::detail::buffer;

static_assert(std::is_nothrow_move_constructible_v<buffer<int>>);
static_assert(std::is_nothrow_move_assignable_v<buffer<int>>);

/// A value whose arrays come from here, so that a test can run out of memory and count what is
/// held.
struct scarce {
  static inline int arrays = 0;
  static inline bool exhausted = false;

  int value{7};

  static void* operator new[](std::size_t size) {
    void* memory = operator new[](size, std::nothrow);
    if (memory == nullptr) throw std::bad_alloc{};
    return memory;
  }
  static void* operator new[](std::size_t size, const std::nothrow_t&) noexcept {
    if (exhausted) return nullptr;
    ++arrays;
    return std::malloc(size);
  }
  static void operator delete[](void* memory) noexcept {
    if (memory != nullptr) --arrays;
    std::free(memory);
  }
  static void operator delete[](void* memory, const std::nothrow_t&) noexcept {
    operator delete[](memory);
  }
};

TEST(Buffer, HoldsDefaultValues) {
  const buffer<scarce> held{3};
  ASSERT_EQ(held.size(), 3U);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(held[i].value, 7);
  EXPECT_EQ(held.bytes_allocated(), 3 * sizeof(scarce));
  EXPECT_EQ(buffer<int>{}.size(), 0U);
  EXPECT_EQ(buffer<int>{0}, buffer<int>{});
}

TEST(Buffer, IsAValue) {
  buffer<int> a{2};
  a[0] = 1;
  buffer<int> b = a;
  EXPECT_EQ(a, b);
  b[1] = 2;
  EXPECT_NE(a, b);
  EXPECT_NE(a, buffer<int>{3});
  const buffer<int>& self = b;
  b = self;
  EXPECT_EQ(b[1], 2);
  a = std::move(b);
  EXPECT_EQ(a[1], 2);
  a.swap(b);
  EXPECT_EQ(b[1], 2);
}

TEST(Buffer, WithoutMemoryNothingChangesAndNothingLeaks) {
  {
    buffer<scarce> held{2};
    held[0].value = 1;
    scarce::exhausted = true;
    EXPECT_FALSE(held.try_allocate(4));
    EXPECT_THROW(buffer<scarce>{2}, std::bad_alloc);
    EXPECT_THROW(buffer<scarce>{held}, std::bad_alloc);
    buffer<scarce> other;
    EXPECT_THROW(other = held, std::bad_alloc);
    scarce::exhausted = false;
    ASSERT_EQ(held.size(), 2U);
    EXPECT_EQ(held[0].value, 1);
    EXPECT_EQ(scarce::arrays, 1);

    EXPECT_TRUE(held.try_allocate(4));
    ASSERT_EQ(held.size(), 4U);
    EXPECT_EQ(held[0].value, 7);
    EXPECT_EQ(scarce::arrays, 1);
  }
  EXPECT_EQ(scarce::arrays, 0);
}

}  // namespace
