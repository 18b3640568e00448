// flotilla/detail/buffer.hpp - a heap array of trivial values
// What std::vector is not: it can be allocated without exceptions, and reports a lack of memory by
// value.
#pragma once

#include <cstddef>
#include <new>
#include <type_traits>
#include <utility>

#include <flotilla/detail/assert.hpp>

namespace flotilla {
inline namespace v1 {
namespace detail {

template <class T>
class buffer {
  static_assert(std::is_trivially_copyable_v<T> && std::is_trivially_destructible_v<T>);

 public:
  buffer() noexcept = default;
  /// `size` values, each T{}. May throw std::bad_alloc.
  explicit buffer(std::size_t size) : data_{size == 0 ? nullptr : new T[size]{}}, size_{size} {}
  buffer(const buffer& other) : buffer{other.size_} {
    for (std::size_t i = 0; i < size_; ++i) data_[i] = other.data_[i];
  }
  buffer(buffer&& other) noexcept { swap(other); }
  buffer& operator=(const buffer& other) {
    if (this != &other) {
      buffer copy{other};
      swap(copy);
    }
    return *this;
  }
  buffer& operator=(buffer&& other) noexcept {
    buffer taken{std::move(other)};
    swap(taken);
    return *this;
  }
  ~buffer() { delete[] data_; }

  /// Replaces the contents by `size` values T{}; false, and nothing changed, without memory.
  [[nodiscard]] bool try_allocate(std::size_t size) noexcept {
    T* data = new (std::nothrow) T[size]{};
    if (data == nullptr) return false;
    delete[] data_;
    data_ = data;
    size_ = size;
    return true;
  }

  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] std::size_t bytes_allocated() const noexcept { return size_ * sizeof(T); }
  [[nodiscard]] T& operator[](std::size_t i) noexcept {
    FLOTILLA_EXPECT(i < size_);
    return data_[i];
  }
  [[nodiscard]] const T& operator[](std::size_t i) const noexcept {
    FLOTILLA_EXPECT(i < size_);
    return data_[i];
  }

  void swap(buffer& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
  }

  friend bool operator==(const buffer& a, const buffer& b) noexcept {
    if (a.size_ != b.size_) return false;
    for (std::size_t i = 0; i < a.size_; ++i) {
      if (!(a.data_[i] == b.data_[i])) return false;
    }
    return true;
  }

 private:
  T* data_{nullptr};
  std::size_t size_{0};
};

}  // namespace detail
}  // namespace v1
}  // namespace flotilla
