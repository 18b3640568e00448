// flotilla/detail/side_map.hpp - what few rows have: a flat map from row numbers to small values
// Linear probing, keyed. Costs nothing while it is empty and never throws but when copied.
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include <flotilla/detail/assert.hpp>
#include <flotilla/detail/buffer.hpp>
#include <flotilla/detail/flat_index.hpp>
#include <flotilla/detail/mix.hpp>

namespace flotilla {
inline namespace v1 {
namespace detail {

template <class Value>
class side_map {
  static_assert(std::is_trivially_copyable_v<Value>);
  struct slot {
    std::uint32_t row{no_row};
    Value value{};
  };
  static constexpr std::size_t smallest = 8;

 public:
  side_map() noexcept = default;
  explicit side_map(mix_key key) noexcept : key_{key} {}
  /// Room for `reserved` values. May throw std::bad_alloc.
  side_map(mix_key key, std::uint32_t reserved) : key_{key}, slots_(slots_for(reserved)) {}

  [[nodiscard]] std::uint32_t size() const noexcept { return size_; }
  [[nodiscard]] std::size_t bytes_allocated() const noexcept { return slots_.bytes_allocated(); }

  /// What is held for `row`, or null. Valid until something is added or removed.
  [[nodiscard]] const Value* find(std::uint32_t row) const noexcept {
    if (size_ == 0) return nullptr;
    const std::size_t at = place_of(row);
    return slots_[at].row == row ? &slots_[at].value : nullptr;
  }
  [[nodiscard]] Value* find(std::uint32_t row) noexcept {
    return const_cast<Value*>(static_cast<const side_map&>(*this).find(row));
  }

  /// Makes room for one more; false, and nothing lost, without memory.
  [[nodiscard]] bool try_reserve_one() noexcept {
    if ((size_ + 1) * std::size_t{4} <= slots_.size() * 3) return true;
    side_map larger{key_};
    if (!larger.slots_.try_allocate(slots_.size() == 0 ? smallest : 2 * slots_.size())) {
      return false;
    }
    for (std::size_t i = 0; i < slots_.size(); ++i) {
      if (slots_[i].row != no_row) larger.slots_[larger.place_of(slots_[i].row)] = slots_[i];
    }
    slots_.swap(larger.slots_);
    return true;
  }

  /// Adds a default value for a row that has none. There must be room (try_reserve_one).
  Value& add(std::uint32_t row) noexcept {
    FLOTILLA_EXPECT(size_ < slots_.size());
    slot& free = slots_[place_of(row)];
    FLOTILLA_EXPECT(free.row == no_row);
    free.row = row;
    ++size_;
    return free.value;
  }

  /// Does nothing where nothing is held. What was allocated stays.
  void erase(std::uint32_t row) noexcept {
    if (find(row) == nullptr) return;
    --size_;
    const std::size_t mask = slots_.size() - 1;
    std::size_t gap = place_of(row);
    for (std::size_t at = (gap + 1) & mask; slots_[at].row != no_row; at = (at + 1) & mask) {
      // Move back only what does not thereby come to lie before its home.
      if (((at - home_of(slots_[at].row)) & mask) < ((at - gap) & mask)) continue;
      slots_[gap] = slots_[at];
      gap = at;
    }
    slots_[gap] = slot{};
  }

  /// Equal when they hold equal values for the same rows, whatever room they have.
  friend bool operator==(const side_map& a, const side_map& b) noexcept {
    if (a.size_ != b.size_) return false;
    for (std::size_t i = 0; i < a.slots_.size(); ++i) {
      if (a.slots_[i].row == no_row) continue;
      const Value* const other = b.find(a.slots_[i].row);
      if (other == nullptr || !(*other == a.slots_[i].value)) return false;
    }
    return true;
  }

 private:
  static constexpr std::size_t slots_for(std::uint32_t values) noexcept {
    std::size_t slots = values == 0 ? 0 : smallest;
    while (slots * 3 < values * std::size_t{4}) slots *= 2;
    return slots;
  }
  [[nodiscard]] std::size_t home_of(std::uint32_t row) const noexcept {
    return static_cast<std::size_t>(mix(row, key_)) & (slots_.size() - 1);
  }
  /// Where the row is, or where it would go.
  [[nodiscard]] std::size_t place_of(std::uint32_t row) const noexcept {
    std::size_t at = home_of(row);
    while (slots_[at].row != no_row && slots_[at].row != row) at = (at + 1) & (slots_.size() - 1);
    return at;
  }

  mix_key key_{};
  buffer<slot> slots_{};
  std::uint32_t size_{0};
};

}  // namespace detail
}  // namespace v1
}  // namespace flotilla
