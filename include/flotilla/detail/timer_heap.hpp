// flotilla/detail/timer_heap.hpp - records that are each due at a time of their own
// A pool of records and a binary heap over them: the earliest in O(1), the others in O(log n).
#pragma once

#include <cstddef>
#include <cstdint>

#include <flotilla/detail/assert.hpp>
#include <flotilla/detail/segmented_array.hpp>
#include <flotilla/time.hpp>

namespace flotilla {
inline namespace v1 {
namespace detail {

/// Where a record lies in its pool; stays valid until the record is removed.
using timer_ref = std::uint32_t;
inline constexpr timer_ref no_timer = 0xffffffffU;

/// `Record` has room for its timer: a member `due`, and heap_at() and set_heap_at(), 24 bits at
/// least, for its place in the heap; in a free record that is the next free one.
template <class Record>
class timer_heap {
 public:
  timer_heap() noexcept = default;
  /// At most `limit` records, room for `reserved`. May throw std::bad_alloc.
  timer_heap(std::uint32_t limit, std::uint32_t reserved)
      : nodes_{limit, reserved}, heap_{limit, reserved} {}

  [[nodiscard]] std::uint32_t size() const noexcept { return heap_.size(); }
  [[nodiscard]] bool empty() const noexcept { return heap_.size() == 0; }
  [[nodiscard]] timer_ref top() const noexcept { return empty() ? no_timer : heap_[0]; }
  /// The i-th record in heap order: near the front means soon.
  [[nodiscard]] timer_ref nth(std::uint32_t i) const noexcept { return heap_[i]; }
  [[nodiscard]] time_point due(timer_ref at) const noexcept { return nodes_[at].due; }
  [[nodiscard]] time_point earliest() const noexcept {
    return empty() ? time_point::max() : nodes_[heap_[0]].due;
  }
  [[nodiscard]] Record& operator[](timer_ref at) noexcept { return nodes_[at]; }
  [[nodiscard]] const Record& operator[](timer_ref at) const noexcept { return nodes_[at]; }
  [[nodiscard]] std::size_t bytes_allocated() const noexcept {
    return nodes_.bytes_allocated() + heap_.bytes_allocated();
  }

  /// Makes room for one more; false, and nothing lost, beyond the limit or without memory.
  [[nodiscard]] bool try_reserve_one() noexcept {
    return heap_.try_reserve(heap_.size() + 1) &&
           (free_ != no_timer || nodes_.try_reserve(nodes_.size() + 1));
  }

  /// There must be room (try_reserve_one).
  timer_ref add(time_point due, const Record& record) noexcept {
    timer_ref at = free_;
    if (at != no_timer) {
      free_ = next_free(at);
    } else {
      at = nodes_.size();
      nodes_.push_back(Record{});
    }
    nodes_[at] = record;
    nodes_[at].due = due;
    nodes_[at].set_heap_at(heap_.size());
    heap_.push_back(at);
    sift_up(heap_.size() - 1);
    return at;
  }

  void remove(timer_ref at) noexcept {
    const std::uint32_t hole = nodes_[at].heap_at();
    const timer_ref last = heap_[heap_.size() - 1];
    heap_.pop_back();
    if (last != at) {
      put(hole, last);
      settle(hole);
    }
    nodes_[at] = Record{};
    nodes_[at].set_heap_at(free_ & none);
    free_ = at;
  }

  void reschedule(timer_ref at, time_point due) noexcept {
    nodes_[at].due = due;
    settle(nodes_[at].heap_at());
  }

  /// Another record in the same place, due when the former one was.
  void replace(timer_ref at, const Record& record) noexcept {
    const time_point due = nodes_[at].due;
    const std::uint32_t heap_at = nodes_[at].heap_at();
    nodes_[at] = record;
    nodes_[at].due = due;
    nodes_[at].set_heap_at(heap_at);
  }

  friend bool operator==(const timer_heap&, const timer_heap&) noexcept = default;

 private:
  static constexpr std::uint32_t none = 0xffffffU;
  [[nodiscard]] timer_ref next_free(timer_ref at) const noexcept {
    const std::uint32_t next = nodes_[at].heap_at();
    return next == none ? no_timer : next;
  }
  void put(std::uint32_t position, timer_ref at) noexcept {
    heap_[position] = at;
    nodes_[at].set_heap_at(position);
  }
  [[nodiscard]] bool before(std::uint32_t a, std::uint32_t b) const noexcept {
    return nodes_[heap_[a]].due < nodes_[heap_[b]].due;
  }
  void exchange(std::uint32_t a, std::uint32_t b) noexcept {
    const timer_ref at_a = heap_[a];
    put(a, heap_[b]);
    put(b, at_a);
  }
  void settle(std::uint32_t position) noexcept {
    sift_up(position);
    sift_down(position);
  }
  void sift_up(std::uint32_t position) noexcept {
    while (position != 0 && before(position, (position - 1) / 2)) {
      exchange(position, (position - 1) / 2);
      position = (position - 1) / 2;
    }
  }
  void sift_down(std::uint32_t position) noexcept {
    for (;;) {
      std::uint32_t least = position;
      for (std::uint32_t child = 2 * position + 1; child <= 2 * position + 2; ++child) {
        if (child < heap_.size() && before(child, least)) least = child;
      }
      if (least == position) return;
      exchange(position, least);
      position = least;
    }
  }

  segmented_array<Record, 6> nodes_;
  segmented_array<timer_ref, 6> heap_;
  timer_ref free_{no_timer};
};

}  // namespace detail
}  // namespace v1
}  // namespace flotilla
