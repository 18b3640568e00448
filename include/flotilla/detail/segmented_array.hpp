// flotilla/detail/segmented_array.hpp - an array that grows without moving its elements
// Segments and the list of them are allocated as the array grows, without exceptions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <new>
#include <type_traits>
#include <utility>

#include <flotilla/detail/assert.hpp>

namespace flotilla {
inline namespace v1 {
namespace detail {

/// Up to `limit` elements in segments of 2^SegmentBits. Growing takes one segment at a time, never
/// moves an element, and reports a lack of memory by value. The list of segments doubles, so that
/// an array costs what it holds and not what it may hold. Only construction and copying throw.
template <class T, unsigned SegmentBits = 8>
class segmented_array {
  static_assert(std::is_trivially_copyable_v<T> && std::is_trivially_destructible_v<T>);
  static constexpr std::uint32_t segment_size = 1U << SegmentBits;

 public:
  segmented_array() noexcept = default;
  /// Room for `reserved` of at most `limit` elements. May throw std::bad_alloc.
  segmented_array(std::uint32_t limit, std::uint32_t reserved) : segmented_array{limit} {
    // The delegated constructor has finished: if a segment throws, the destructor frees the others.
    if (reserved != 0) adopt_list(new_list(segments_for(reserved)), segments_for(reserved));
    while (capacity_ < reserved) adopt(new T[next_segment_size()]);
  }
  /// As large as the other, its list included.
  segmented_array(const segmented_array& other) : segmented_array{other.limit_} {
    if (other.list_size_ != 0) adopt_list(new_list(other.list_size_), other.list_size_);
    while (capacity_ < other.capacity_) adopt(new T[next_segment_size()]);
    size_ = other.size_;
    for (std::uint32_t i = 0; i < size_; ++i) (*this)[i] = other[i];
  }
  segmented_array(segmented_array&& other) noexcept { swap(other); }
  segmented_array& operator=(const segmented_array& other) {
    if (this != &other) {
      segmented_array copy{other};
      swap(copy);
    }
    return *this;
  }
  segmented_array& operator=(segmented_array&& other) noexcept {
    segmented_array taken{std::move(other)};
    swap(taken);
    return *this;
  }
  ~segmented_array() { release(); }

  [[nodiscard]] std::uint32_t size() const noexcept { return size_; }
  [[nodiscard]] std::uint32_t capacity() const noexcept { return capacity_; }
  [[nodiscard]] std::uint32_t limit() const noexcept { return limit_; }

  [[nodiscard]] T& operator[](std::uint32_t i) noexcept {
    FLOTILLA_EXPECT(i < size_);
    return segments_[i >> SegmentBits][i & (segment_size - 1)];
  }
  [[nodiscard]] const T& operator[](std::uint32_t i) const noexcept {
    FLOTILLA_EXPECT(i < size_);
    return segments_[i >> SegmentBits][i & (segment_size - 1)];
  }

  /// The i-th will be looked at soon.
  void prefetch([[maybe_unused]] std::uint32_t i) const noexcept {
#if defined(__GNUC__)
    __builtin_prefetch(&(*this)[i]);
#endif
  }

  /// Makes room for `count` elements; false, and nothing lost, beyond the limit or without memory.
  [[nodiscard]] bool try_reserve(std::uint32_t count) noexcept {
    return count <= capacity_ || grow_to(count);
  }

  /// Appends; there must be room (try_reserve).
  void push_back(const T& value) noexcept {
    FLOTILLA_EXPECT(size_ < capacity_);
    ++size_;
    (*this)[size_ - 1] = value;
  }
  void pop_back() noexcept {
    FLOTILLA_EXPECT(size_ != 0);
    --size_;
  }
  void clear() noexcept { size_ = 0; }

  [[nodiscard]] std::size_t bytes_allocated() const noexcept {
    return sizeof(T*) * list_size_ + sizeof(T) * capacity_;
  }

  void swap(segmented_array& other) noexcept {
    std::swap(segments_, other.segments_);
    std::swap(list_size_, other.list_size_);
    std::swap(limit_, other.limit_);
    std::swap(capacity_, other.capacity_);
    std::swap(size_, other.size_);
  }

  friend bool operator==(const segmented_array& a, const segmented_array& b) noexcept {
    if (a.size_ != b.size_) return false;
    for (std::uint32_t i = 0; i < a.size_; ++i) {
      if (!(a[i] == b[i])) return false;
    }
    return true;
  }

 private:
  [[nodiscard]] bool grow_to(std::uint32_t count) noexcept {
    if (count > limit_) return false;
    while (capacity_ < count) {
      if (!try_extend_list()) return false;
      T* segment = new (std::nothrow) T[next_segment_size()];
      if (segment == nullptr) return false;
      adopt(segment);
    }
    return true;
  }
  static constexpr std::uint32_t segments_for(std::uint32_t count) noexcept {
    return (count >> SegmentBits) + ((count & (segment_size - 1)) != 0 ? 1 : 0);
  }
  explicit segmented_array(std::uint32_t limit) noexcept : limit_{limit} {}

  /// The last segment is only as long as the limit wants it.
  [[nodiscard]] std::uint32_t next_segment_size() const noexcept {
    const std::uint32_t rest = limit_ - capacity_;
    return rest < segment_size ? rest : segment_size;
  }
  void adopt(T* segment) noexcept {
    const std::uint32_t size = next_segment_size();
    segments_[capacity_ >> SegmentBits] = segment;
    capacity_ += size;
  }
  static T** new_list(std::uint32_t size) {
    return new T* [size] {};
  }
  /// Takes the place of the list so far; keeps its segments.
  void adopt_list(T** list, std::uint32_t size) noexcept {
    for (std::uint32_t i = 0; i < list_size_; ++i) list[i] = segments_[i];
    delete[] segments_;
    segments_ = list;
    list_size_ = size;
  }
  /// Makes room in the list for one more segment; false, and nothing lost, without memory.
  [[nodiscard]] bool try_extend_list() noexcept {
    if (segments_for(capacity_) < list_size_) return true;
    std::uint32_t size = list_size_ == 0 ? 4 : 2 * list_size_;
    if (size > segments_for(limit_)) size = segments_for(limit_);
    T** const list = new (std::nothrow) T* [size] {};
    if (list == nullptr) return false;
    adopt_list(list, size);
    return true;
  }
  void release() noexcept {
    const std::uint32_t count = segments_for(capacity_);
    for (std::uint32_t i = 0; i < count; ++i) delete[] segments_[i];
    delete[] segments_;
  }

  T** segments_{nullptr};
  std::uint32_t list_size_{0};
  std::uint32_t limit_{0};
  std::uint32_t capacity_{0};
  std::uint32_t size_{0};
};

}  // namespace detail
}  // namespace v1
}  // namespace flotilla
