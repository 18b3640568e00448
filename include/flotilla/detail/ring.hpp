// flotilla/detail/ring.hpp - a queue of fixed capacity
// Allocated once, at construction or at first use; a full one refuses, and its owner decides what
// to drop.
#pragma once

#include <cstddef>

#include <flotilla/detail/assert.hpp>
#include <flotilla/detail/buffer.hpp>

namespace flotilla {
inline namespace v1 {
namespace detail {

template <class T>
class ring {
 public:
  ring() noexcept = default;
  /// May throw std::bad_alloc.
  explicit ring(std::size_t capacity) : slots_(capacity), capacity_{capacity} {}
  /// Allocated now, or by try_allocate before anything is appended. May throw std::bad_alloc.
  ring(std::size_t capacity, bool now) : slots_(now ? capacity : 0), capacity_{capacity} {}

  /// False, and nothing lost, without memory.
  [[nodiscard]] bool try_allocate() noexcept {
    return slots_.size() == capacity_ || slots_.try_allocate(capacity_);
  }

  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] std::size_t capacity() const noexcept { return capacity_; }
  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
  [[nodiscard]] bool full() const noexcept { return size_ == capacity_; }

  /// The i-th from the front.
  [[nodiscard]] T& operator[](std::size_t i) noexcept { return slots_[slot(i)]; }
  [[nodiscard]] const T& operator[](std::size_t i) const noexcept { return slots_[slot(i)]; }
  [[nodiscard]] T& front() noexcept { return slots_[first_]; }

  /// Appends a T{}; there must be room. Returns it in its place.
  [[gnu::always_inline]] T& append() noexcept {
    FLOTILLA_EXPECT(!full() && slots_.size() == capacity_);
    T& place = slots_[slot(size_)];
    place = T{};
    ++size_;
    return place;
  }
  /// Appends; there must be room. Returns the value in its place.
  template <class Value = T>
  T& push_back(const Value& value) noexcept {
    FLOTILLA_EXPECT(!full() && slots_.size() == capacity_);
    T& place = slots_[slot(size_)];
    place = value;
    ++size_;
    return place;
  }
  void pop_front() noexcept {
    FLOTILLA_EXPECT(!empty());
    --size_;
    first_ = size_ == 0 ? 0 : slot(1);  // an empty one begins anew, in memory that is at hand
  }
  void clear() noexcept {
    first_ = 0;
    size_ = 0;
  }

  [[nodiscard]] std::size_t bytes_allocated() const noexcept { return slots_.bytes_allocated(); }

  /// Equal when they hold equal values in the same order, wherever those lie.
  friend bool operator==(const ring& a, const ring& b) noexcept {
    if (a.size_ != b.size_) return false;
    for (std::size_t i = 0; i < a.size_; ++i) {
      if (!(a[i] == b[i])) return false;
    }
    return true;
  }

 private:
  [[nodiscard]] std::size_t slot(std::size_t i) const noexcept {
    const std::size_t at = first_ + i;
    return at < slots_.size() ? at : at - slots_.size();
  }

  buffer<T> slots_;
  std::size_t capacity_{0};
  std::size_t first_{0};
  std::size_t size_{0};
};

}  // namespace detail
}  // namespace v1
}  // namespace flotilla
