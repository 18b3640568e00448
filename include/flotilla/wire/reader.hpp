// flotilla/wire/reader.hpp - reads big-endian fields out of received bytes
// Never reads past the end: a field that is not whole yields zero and marks the reader failed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace flotilla {
inline namespace v1 {
namespace wire {

/// A cursor over bytes that somebody else owns. After a failed read everything yields zero.
class reader {
  // First, because clang 14 wants a template defined before a constant expression calls it.
  template <std::size_t Size>
  constexpr std::uint64_t number() noexcept {
    const std::span<const std::byte> taken = bytes(Size);
    std::uint64_t value = 0;
    for (const std::byte b : taken) value = value << 8U | std::to_integer<std::uint64_t>(b);
    return value;
  }

 public:
  constexpr explicit reader(std::span<const std::byte> bytes) noexcept : rest_{bytes} {}

  [[nodiscard]] constexpr bool ok() const noexcept { return ok_; }
  [[nodiscard]] constexpr bool empty() const noexcept { return rest_.empty(); }
  [[nodiscard]] constexpr std::span<const std::byte> rest() const noexcept { return rest_; }

  constexpr std::uint8_t u8() noexcept { return static_cast<std::uint8_t>(number<1>()); }
  constexpr std::uint16_t u16() noexcept { return static_cast<std::uint16_t>(number<2>()); }
  constexpr std::uint32_t u32() noexcept { return static_cast<std::uint32_t>(number<4>()); }
  constexpr std::uint64_t u64() noexcept { return number<8>(); }

  /// The next `count` bytes, or none and a failed reader when fewer are left.
  constexpr std::span<const std::byte> bytes(std::size_t count) noexcept {
    if (count > rest_.size()) {
      ok_ = false;
      rest_ = {};
      return {};
    }
    const std::span<const std::byte> taken = rest_.first(count);
    rest_ = rest_.subspan(count);
    return taken;
  }

 private:
  std::span<const std::byte> rest_;
  bool ok_{true};
};

}  // namespace wire
}  // namespace v1
}  // namespace flotilla
