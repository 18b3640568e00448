// property/timer_heap_property_test.cpp - flotilla/detail/timer_heap.hpp
// Against a plain map from references to times.
#include <flotilla/detail/timer_heap.hpp>

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <map>
#include <utility>

namespace {

using flotilla::duration;
using flotilla::time_point;
using flotilla::detail::no_timer;
using flotilla::detail::timer_heap;
using flotilla::detail::timer_ref;

/// Few different times, so that many are equal; sometimes the ends of the range.
time_point any_time() {
  const auto some = *rc::gen::inRange<std::int64_t>(0, 20);
  if (some == 0) return time_point::min();
  if (some == 1) return time_point::max();
  return time_point{duration{some}};
}

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

TEST(TimerHeapProperty, IsAMapWhoseEarliestIsOnTop) {
  EXPECT_TRUE(rc::check([] {
    const auto limit = *rc::gen::element<std::uint32_t>(0, 1, 7, 200);
    timer_heap<number> heap{limit, *rc::gen::inRange<std::uint32_t>(0, limit + 1)};
    std::map<timer_ref, std::pair<time_point, int>> model;
    const auto any_held = [&] {
      return std::next(model.begin(), *rc::gen::inRange(0, static_cast<int>(model.size())));
    };
    const auto steps = *rc::gen::inRange(0, 300);
    for (int i = 0; i < steps; ++i) {
      const int kind = *rc::gen::inRange(0, 5);
      if (kind <= 1) {
        RC_ASSERT(heap.try_reserve_one() == (model.size() < limit));
        if (model.size() == limit) continue;
        const time_point due = any_time();
        const timer_ref at = heap.add(due, i);
        RC_ASSERT(model.emplace(at, std::pair{due, i}).second);
      } else if (!model.empty()) {
        const auto held = any_held();
        if (kind == 2) {
          heap.remove(held->first);
          model.erase(held);
        } else if (kind == 3) {
          held->second.first = any_time();
          heap.reschedule(held->first, held->second.first);
        } else {
          model.erase(heap.top());
          heap.remove(heap.top());
        }
      }
      RC_ASSERT(heap.size() == model.size());
      RC_ASSERT(heap.empty() == model.empty());
      time_point earliest = time_point::max();
      for (const auto& [at, record] : model) {
        RC_ASSERT(heap.due(at) == record.first);
        RC_ASSERT(heap[at].value == record.second);
        earliest = std::min(earliest, record.first);
      }
      RC_ASSERT(heap.earliest() == earliest);
      RC_ASSERT((heap.top() == no_timer) == model.empty());
      if (!model.empty()) RC_ASSERT(heap.due(heap.top()) == earliest);
    }
    std::map<timer_ref, int> visited;
    for (std::uint32_t i = 0; i < heap.size(); ++i) ++visited[heap.nth(i)];
    RC_ASSERT(visited.size() == model.size());
  }));
}

}  // namespace
