// flotilla/detail/flat_index.hpp - from digests to rows: a flat hash index
// Linear probing over 4-byte slots (24 bits of row, 8 of digest). The keys stay in the rows.
#pragma once

#include <cstddef>
#include <cstdint>

#include <flotilla/detail/assert.hpp>
#include <flotilla/detail/buffer.hpp>

namespace flotilla {
inline namespace v1 {
namespace detail {

/// The row that stands for "none".
inline constexpr std::uint32_t no_row = 0xffffffffU;

/// At most three quarters full, so that a miss looks at about eight slots; digests are keyed, so
/// that nobody outside can aim at one place. Whoever inserts equal digests (addresses) limits their
/// number.
class flat_index {
  static constexpr std::uint32_t row_mask = 0x00ffffffU;
  static constexpr std::uint32_t smallest = 64;

 public:
  flat_index() noexcept = default;
  /// Room for `reserved` rows. May throw std::bad_alloc.
  explicit flat_index(std::uint32_t reserved) : slots_(slots_for(reserved)) {}

  [[nodiscard]] std::uint32_t size() const noexcept { return size_; }
  [[nodiscard]] std::size_t bytes_allocated() const noexcept { return slots_.bytes_allocated(); }

  /// Calls `take(row)` for each row that may have this digest, until it returns true; returns that
  /// row or no_row. The caller compares keys: eight bits of digest agree by chance.
  template <class Take>
  [[nodiscard]] std::uint32_t find(std::uint64_t digest, Take take) const noexcept {
    if (slots_.size() == 0) return no_row;
    const std::uint32_t tag = tag_of(digest);
    for (std::size_t at = home_of(digest);; at = next(at)) {
      const std::uint32_t slot = slots_[at];
      if (slot == 0) return no_row;
      if ((slot & ~row_mask) != tag) continue;
      const std::uint32_t row = (slot & row_mask) - 1;
      if (take(row)) return row;
    }
  }

  /// Makes room for `rows` in all; false, and nothing lost, without memory. `digest_of(row)` is
  /// asked for each row when the slots move.
  template <class DigestOf>
  [[nodiscard]] bool try_reserve(std::uint32_t rows, DigestOf digest_of) noexcept {
    if (slots_.size() / 4 * 3 >= rows) return true;
    buffer<std::uint32_t> old;
    old.swap(slots_);
    if (!slots_.try_allocate(slots_for(rows))) {
      old.swap(slots_);
      return false;
    }
    for (std::size_t i = 0; i < old.size(); ++i) {
      if (old[i] == 0) continue;
      const std::uint32_t row = (old[i] & row_mask) - 1;
      place(digest_of(row), row);
    }
    return true;
  }

  /// There must be room (try_reserve).
  void insert(std::uint64_t digest, std::uint32_t row) noexcept {
    FLOTILLA_EXPECT(size_ < slots_.size());
    place(digest, row);
    ++size_;
  }

  /// Removes `row`, which must be here under `digest`, and closes the gap by shifting back.
  template <class DigestOf>
  void erase(std::uint64_t digest, std::uint32_t row, DigestOf digest_of) noexcept {
    std::size_t at = home_of(digest);
    while ((slots_[at] & row_mask) != row + 1) {
      FLOTILLA_EXPECT(slots_[at] != 0);
      at = next(at);
    }
    std::size_t gap = at;
    for (at = next(at); slots_[at] != 0; at = next(at)) {
      const std::size_t home = home_of(digest_of((slots_[at] & row_mask) - 1));
      const std::size_t mask = slots_.size() - 1;
      // Move back only what does not thereby come to lie before its home.
      if (((at - home) & mask) >= ((at - gap) & mask)) {
        slots_[gap] = slots_[at];
        gap = at;
      }
    }
    slots_[gap] = 0;
    --size_;
  }

  friend bool operator==(const flat_index&, const flat_index&) noexcept = default;

 private:
  static constexpr std::size_t slots_for(std::uint32_t rows) noexcept {
    std::size_t slots = smallest;
    while (slots / 4 * 3 < rows) slots *= 2;
    return slots;
  }

  static constexpr std::uint32_t tag_of(std::uint64_t digest) noexcept {
    return static_cast<std::uint32_t>(digest >> 56U) << 24U;
  }
  [[nodiscard]] std::size_t home_of(std::uint64_t digest) const noexcept {
    return static_cast<std::size_t>(digest) & (slots_.size() - 1);
  }
  [[nodiscard]] std::size_t next(std::size_t at) const noexcept {
    return (at + 1) & (slots_.size() - 1);
  }
  void place(std::uint64_t digest, std::uint32_t row) noexcept {
    std::size_t at = home_of(digest);
    while (slots_[at] != 0) at = next(at);
    slots_[at] = tag_of(digest) | (row + 1);
  }

  buffer<std::uint32_t> slots_;
  std::uint32_t size_{0};
};

}  // namespace detail
}  // namespace v1
}  // namespace flotilla
