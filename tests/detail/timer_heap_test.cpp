// detail/timer_heap_test.cpp - flotilla/detail/timer_heap.hpp
// The earliest is on top, whatever is added, moved or removed; references stay valid.
#include <flotilla/detail/timer_heap.hpp>

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <vector>

#include <flotilla/detail/random.hpp>

namespace {

using flotilla::duration;
using flotilla::time_point;
using flotilla::detail::no_timer;
using flotilla::detail::timer_heap;
using flotilla::detail::timer_ref;

/// The least that a record must have.
struct number {
  number() = default;
  number(int of) : value{of} {}
  time_point due{};
  std::uint32_t place{0};
  int value{0};
  std::uint32_t heap_at() const { return place; }
  void set_heap_at(std::uint32_t to) { place = to; }
  friend bool operator==(const number&, const number&) = default;
};

constexpr time_point at(std::int64_t t) { return time_point{duration{t}}; }

timer_ref add(timer_heap<number>& heap, std::int64_t due, int record) {
  EXPECT_TRUE(heap.try_reserve_one());
  return heap.add(at(due), record);
}

TEST(TimerHeap, EmptyIsNeverDue) {
  for (const timer_heap<number>& heap : {timer_heap<number>{}, timer_heap<number>{10, 0}}) {
    EXPECT_TRUE(heap.empty());
    EXPECT_EQ(heap.top(), no_timer);
    EXPECT_EQ(heap.earliest(), time_point::max());
  }
  EXPECT_FALSE(timer_heap<number>{}.try_reserve_one());
}

TEST(TimerHeap, ComesOutInOrderOfTime) {
  flotilla::detail::random_generator random{1};
  timer_heap<number> heap{500, 0};
  for (int i = 0; i < 500; ++i) add(heap, random.below(100), i);
  EXPECT_FALSE(heap.try_reserve_one());
  time_point last = time_point::min();
  for (std::uint32_t size = 500; size != 0; --size) {
    ASSERT_EQ(heap.size(), size);
    const timer_ref top = heap.top();
    EXPECT_EQ(heap.due(top), heap.earliest());
    EXPECT_GE(heap.earliest(), last);
    last = heap.earliest();
    heap.remove(top);
  }
  EXPECT_EQ(heap.earliest(), time_point::max());
}

TEST(TimerHeap, ReferencesStayWithTheirRecords) {
  timer_heap<number> heap{100, 100};
  std::vector<timer_ref> refs;
  for (int i = 0; i < 100; ++i) refs.push_back(add(heap, (i * 37) % 100, i));
  for (int i = 0; i < 100; i += 2) heap.remove(refs[static_cast<std::size_t>(i)]);
  for (int i = 1; i < 100; i += 2) {
    const timer_ref ref = refs[static_cast<std::size_t>(i)];
    EXPECT_EQ(heap[ref].value, i);
    EXPECT_EQ(heap.due(ref), at((i * 37) % 100));
    heap.reschedule(ref, at(-i));
  }
  EXPECT_EQ(heap[heap.top()].value, 99);
  EXPECT_EQ(heap.earliest(), at(-99));
}

TEST(TimerHeap, ReschedulingMovesEitherWay) {
  timer_heap<number> heap{3, 0};
  const timer_ref a = add(heap, 10, 1);
  const timer_ref b = add(heap, 20, 2);
  heap.reschedule(a, at(30));
  EXPECT_EQ(heap.top(), b);
  heap.reschedule(a, at(5));
  EXPECT_EQ(heap.top(), a);
  heap.reschedule(a, time_point::max());
  EXPECT_EQ(heap.earliest(), at(20));
}

// Law 5: the memory of removed records is used again, at any churn.
TEST(TimerHeap, ReusesWhatWasRemoved) {
  timer_heap<number> heap{1000, 0};
  std::vector<timer_ref> refs;
  for (int i = 0; i < 64; ++i) refs.push_back(add(heap, i, i));
  const std::size_t bytes = heap.bytes_allocated();
  for (int i = 0; i < 1000; ++i) {
    timer_ref& ref = refs[static_cast<std::size_t>(i * 7 % 64)];
    heap.remove(ref);
    ref = add(heap, i, i);
  }
  EXPECT_EQ(heap.bytes_allocated(), bytes);
}

TEST(TimerHeap, NthVisitsEveryRecordOnce) {
  timer_heap<number> heap{20, 0};
  int sum = 0;
  for (int i = 1; i <= 20; ++i) add(heap, 100 - i, i);
  for (std::uint32_t i = 0; i < heap.size(); ++i) sum += heap[heap.nth(i)].value;
  EXPECT_EQ(sum, 210);
  EXPECT_EQ(heap.nth(0), heap.top());
}

TEST(TimerHeap, AReplacedRecordKeepsItsTimeAndPlace) {
  timer_heap<number> heap{10, 0};
  const timer_ref a = add(heap, 5, 1);
  const timer_ref b = add(heap, 7, 2);
  heap.replace(a, number{3});
  EXPECT_EQ(heap[a].value, 3);
  EXPECT_EQ(heap.due(a), at(5));
  heap.remove(a);
  EXPECT_EQ(heap.top(), b);
}

TEST(TimerHeap, IsAValue) {
  timer_heap<number> heap{10, 0};
  const timer_ref a = add(heap, 1, 1);
  timer_heap<number> copy = heap;
  EXPECT_EQ(copy, heap);
  copy[a].value = 2;
  EXPECT_NE(copy, heap);
  copy[a].value = 1;
  copy.reschedule(a, at(2));
  EXPECT_NE(copy, heap);
  EXPECT_EQ(heap.earliest(), at(1));
}

}  // namespace
