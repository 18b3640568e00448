// flotilla/detail/ring.hpp - a queue of fixed capacity
// Allocated at construction, or as it fills; a full one refuses, and its owner decides what to
// drop.
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
  /// Allocated now, or by try_allocate or try_reserve before anything is appended. May throw
  /// std::bad_alloc.
  ring(std::size_t capacity, bool now) : slots_(now ? capacity : 0), capacity_{capacity} {}

  /// All of it; false, and nothing lost, without memory.
  [[nodiscard]] bool try_allocate() noexcept { return grow_to(capacity_); }
  /// Makes room for so many more, or for as many as it may hold; false, and nothing lost, without
  /// memory. What it has held once it never allocates again.
  [[nodiscard]] bool try_reserve(std::size_t more) noexcept {
    return size_ + more <= slots_.size() || grow_to(size_ + more);
  }
  /// Makes room for one more; false when it is full, or without memory.
  [[nodiscard]] bool try_extend() noexcept {
    return size_ < slots_.size() || (!full() && grow_to(size_ + 1));
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
    FLOTILLA_EXPECT(size_ < slots_.size());
    T& place = slots_[slot(size_)];
    place = T{};
    ++size_;
    return place;
  }
  /// Appends; there must be room. Returns the value in its place.
  template <class Value = T>
  T& push_back(const Value& value) noexcept {
    FLOTILLA_EXPECT(size_ < slots_.size());
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
  [[gnu::noinline]] bool grow_to(std::size_t count) noexcept {
    constexpr std::size_t least = 8;
    std::size_t size = slots_.size() < least / 2 ? least : 2 * slots_.size();
    if (size < count) size = count;
    if (size > capacity_) size = capacity_;
    if (slots_.size() >= size) return true;
    buffer<T> larger;
    if (!larger.try_allocate(size)) return false;
    for (std::size_t i = 0; i < size_; ++i) larger[i] = (*this)[i];
    slots_.swap(larger);
    first_ = 0;
    return true;
  }
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
