// flotilla/wire/writer.hpp - writes big-endian fields into the caller's buffer
// Never writes past the end: a field that does not fit is left out and marks the writer failed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include <flotilla/detail/big_endian.hpp>

namespace flotilla {
inline namespace v1 {
namespace wire {

/// A cursor over a buffer that somebody else owns. After a failed write nothing more is written.
class writer {
  // First, because clang 14 wants these defined before a constant expression calls them.
  constexpr std::byte* take(std::size_t count) noexcept {
    ok_ = ok_ && count <= buffer_.size() - size_;
    if (!ok_) return nullptr;
    std::byte* const at = buffer_.data() + size_;
    size_ += count;
    return at;
  }

  template <class Word>
  constexpr void number(Word value) noexcept {
    if (std::byte* const to = take(sizeof(Word))) detail::store_big(to, value);
  }

 public:
  constexpr explicit writer(std::span<std::byte> buffer) noexcept : buffer_{buffer} {}

  [[nodiscard]] constexpr bool ok() const noexcept { return ok_; }
  [[nodiscard]] constexpr std::size_t size() const noexcept { return size_; }
  [[nodiscard]] constexpr std::size_t room() const noexcept { return buffer_.size() - size_; }
  [[nodiscard]] constexpr std::span<const std::byte> written() const noexcept {
    return buffer_.first(size_);
  }

  constexpr void u8(std::uint8_t value) noexcept { number(value); }
  constexpr void u16(std::uint16_t value) noexcept { number(value); }
  constexpr void u32(std::uint32_t value) noexcept { number(value); }
  constexpr void u64(std::uint64_t value) noexcept { number(value); }

  constexpr void bytes(std::span<const std::byte> source) noexcept {
    std::byte* const to = take(source.size());
    if (to == nullptr) return;
    for (std::size_t i = 0; i < source.size(); ++i) to[i] = source[i];
  }
  /// Room for `count` bytes, which the caller fills all; null and a failed writer when it is not
  /// there.
  constexpr std::byte* claim(std::size_t count) noexcept { return take(count); }

  /// What is not written yet; none after a failure.
  [[nodiscard]] constexpr std::span<std::byte> free() const noexcept {
    return ok_ ? buffer_.subspan(size_) : std::span<std::byte>{};
  }
  /// The same, but where there is no room nothing has failed.
  constexpr std::byte* try_claim(std::size_t count) noexcept {
    if (!ok_ || count > buffer_.size() - size_) return nullptr;
    std::byte* const at = buffer_.data() + size_;
    size_ += count;
    return at;
  }

  /// Overwrites a byte that was written before, at `at`.
  constexpr void patch_u8(std::size_t at, std::uint8_t value) noexcept {
    if (at < size_) buffer_[at] = static_cast<std::byte>(value);
  }
  /// Overwrites two bytes that were written before, at `at`.
  constexpr void patch_u16(std::size_t at, std::uint16_t value) noexcept {
    if (at + 2 > size_) return;
    detail::store_big(buffer_.data() + at, value);
  }
  /// The same for four bytes.
  constexpr void patch_u32(std::size_t at, std::uint32_t value) noexcept {
    if (at + 4 > size_) return;
    patch_u16(at, static_cast<std::uint16_t>(value >> 16U));
    patch_u16(at + 2, static_cast<std::uint16_t>(value & 0xffffU));
  }

 private:
  std::span<std::byte> buffer_;
  std::size_t size_{0};
  bool ok_{true};
};

}  // namespace wire
}  // namespace v1
}  // namespace flotilla
