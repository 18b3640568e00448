// flotilla/detection/probe_order.hpp - whom to probe next (SWIM, section 4.3)
// Round robin over a shuffled list, shuffled again after each traversal; newcomers enter at random.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include <flotilla/detail/random.hpp>
#include <flotilla/detail/segmented_array.hpp>
#include <flotilla/detail/state_hasher.hpp>
#include <flotilla/membership/member_table.hpp>

namespace flotilla {
inline namespace v1 {

/// The active members but self, each once. Two visits of a member lie at most 2n - 1 turns apart:
/// at worst it comes first in one traversal and last in the next (SWIM, section 4.3).
class probe_order {
 public:
  probe_order() noexcept = default;
  /// May throw std::bad_alloc.
  probe_order(std::uint32_t limit, std::uint32_t reserved) : rows_{limit, reserved} {}

  [[nodiscard]] std::uint32_t size() const noexcept { return rows_.size(); }
  [[nodiscard]] row_index operator[](std::uint32_t i) const noexcept { return rows_[i]; }
  [[nodiscard]] bool try_reserve_one() noexcept { return rows_.try_reserve(rows_.size() + 1); }

  /// Puts a newcomer at a random place of the list: among those still to come in this traversal, or
  /// among those that have had their turn. If all newcomers were still to come, a stream of them
  /// would keep the traversal from ending. There must be room (try_reserve_one).
  void insert(member_table& table, row_index at, detail::random_generator& random) noexcept {
    rows_.push_back(at);
    const std::uint32_t last = rows_.size() - 1;
    table[at].order_at = last;
    const std::uint32_t place = random.below(rows_.size());
    if (place >= next_) {
      exchange(table, last, place);
    } else {
      exchange(table, last, next_);
      ++next_;
    }
  }

  void remove(member_table& table, row_index at) noexcept {
    std::uint32_t hole = table[at].order_at;
    if (hole == no_row) return;
    if (hole < next_) {
      // Keep the visited part whole: its last member fills the hole, and the hole moves to the
      // border.
      exchange(table, hole, next_ - 1);
      --next_;
      hole = next_;
    }
    exchange(table, hole, rows_.size() - 1);
    rows_.pop_back();
    table[at].order_at = no_row;
  }

  /// The next member to probe, or no_row when there is nobody.
  [[nodiscard]] row_index next(member_table& table, detail::random_generator& random) noexcept {
    if (rows_.size() == 0) return no_row;
    if (next_ >= rows_.size()) {
      shuffle(table, random);
      next_ = 0;
    }
    return rows_[next_++];
  }

  /// A member at random, for helpers, repair and farewells; no_row when there is nobody.
  [[nodiscard]] row_index any(detail::random_generator& random) const noexcept {
    return rows_.size() == 0 ? no_row : rows_[random.below(rows_.size())];
  }

  [[nodiscard]] std::size_t bytes_allocated() const noexcept { return rows_.bytes_allocated(); }
  void hash_into(detail::state_hasher& out) const noexcept {
    out.add(std::uint64_t{next_});
    for (std::uint32_t i = 0; i < rows_.size(); ++i) out.add(std::uint64_t{rows_[i]});
  }
  friend bool operator==(const probe_order&, const probe_order&) noexcept = default;

 private:
  void exchange(member_table& table, std::uint32_t a, std::uint32_t b) noexcept {
    std::swap(rows_[a], rows_[b]);
    table[rows_[a]].order_at = a;
    table[rows_[b]].order_at = b;
  }
  /// Fisher and Yates. It is the one step whose cost grows with the group: once in n periods.
  void shuffle(member_table& table, detail::random_generator& random) noexcept {
    for (std::uint32_t i = rows_.size(); i > 1; --i) exchange(table, i - 1, random.below(i));
  }

  detail::segmented_array<row_index> rows_{};
  std::uint32_t next_{0};
};

}  // namespace v1
}  // namespace flotilla
