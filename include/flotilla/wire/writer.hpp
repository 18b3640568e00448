// flotilla/wire/writer.hpp - writes big-endian fields into the caller's buffer
// Never writes past the end: a field that does not fit is left out and marks the writer failed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace flotilla {
inline namespace v1 {
namespace wire {

/// A cursor over a buffer that somebody else owns. After a failed write nothing more is written.
class writer {
  // First, because clang 14 wants a template defined before a constant expression calls it.
  constexpr bool claim(std::size_t count) noexcept {
    ok_ = ok_ && count <= room();
    return ok_;
  }

  template <std::size_t Size>
  constexpr void number(std::uint64_t value) noexcept {
    if (!claim(Size)) return;
    for (std::size_t i = 0; i < Size; ++i) {
      buffer_[size_ + i] = static_cast<std::byte>(value >> (8 * (Size - 1 - i)) & 0xffU);
    }
    size_ += Size;
  }

 public:
  constexpr explicit writer(std::span<std::byte> buffer) noexcept : buffer_{buffer} {}

  [[nodiscard]] constexpr bool ok() const noexcept { return ok_; }
  [[nodiscard]] constexpr std::size_t size() const noexcept { return size_; }
  [[nodiscard]] constexpr std::size_t room() const noexcept { return buffer_.size() - size_; }
  [[nodiscard]] constexpr std::span<const std::byte> written() const noexcept {
    return buffer_.first(size_);
  }

  constexpr void u8(std::uint8_t value) noexcept { number<1>(value); }
  constexpr void u16(std::uint16_t value) noexcept { number<2>(value); }
  constexpr void u32(std::uint32_t value) noexcept { number<4>(value); }
  constexpr void u64(std::uint64_t value) noexcept { number<8>(value); }

  constexpr void bytes(std::span<const std::byte> source) noexcept {
    if (!claim(source.size())) return;
    for (std::size_t i = 0; i < source.size(); ++i) buffer_[size_ + i] = source[i];
    size_ += source.size();
  }

  /// Overwrites a byte that was written before, at `at`.
  constexpr void patch_u8(std::size_t at, std::uint8_t value) noexcept {
    if (at < size_) buffer_[at] = static_cast<std::byte>(value);
  }
  /// Overwrites two bytes that were written before, at `at`.
  constexpr void patch_u16(std::size_t at, std::uint16_t value) noexcept {
    if (at + 2 > size_) return;
    buffer_[at] = static_cast<std::byte>(value >> 8U);
    buffer_[at + 1] = static_cast<std::byte>(value & 0xffU);
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
