// flotilla/wire/reader.hpp - reads big-endian fields out of received bytes
// Never reads past the end: a field that is not whole yields zero and marks the reader failed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include <flotilla/detail/big_endian.hpp>

namespace flotilla {
inline namespace v1 {
namespace wire {
/// A cursor over bytes that somebody else owns. After a failed read everything yields zero.
class reader {
  // First, because clang 14 wants a template defined before a constant expression calls it.
  template <class Word>
  constexpr Word number() noexcept {
    const std::span<const std::byte> taken = bytes(sizeof(Word));
    return taken.empty() ? Word{0} : detail::load_big<Word>(taken.data());
  }

 public:
  constexpr explicit reader(std::span<const std::byte> bytes) noexcept : rest_{bytes} {}

  [[nodiscard]] constexpr bool ok() const noexcept { return ok_; }
  [[nodiscard]] constexpr bool empty() const noexcept { return rest_.empty(); }
  [[nodiscard]] constexpr std::span<const std::byte> rest() const noexcept { return rest_; }

  constexpr std::uint8_t u8() noexcept { return number<std::uint8_t>(); }
  constexpr std::uint16_t u16() noexcept { return number<std::uint16_t>(); }
  constexpr std::uint32_t u32() noexcept { return number<std::uint32_t>(); }
  constexpr std::uint64_t u64() noexcept { return number<std::uint64_t>(); }

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

  /// Leaves out the next `count` bytes, which must be there.
  constexpr void skip(std::size_t count) noexcept { rest_ = rest_.subspan(count); }

 private:
  std::span<const std::byte> rest_;
  bool ok_{true};
};

}  // namespace wire
}  // namespace v1
}  // namespace flotilla
