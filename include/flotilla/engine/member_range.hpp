// flotilla/engine/member_range.hpp - the members as a range
// A forward range of member by value. Any non-const call of the engine invalidates it.
#pragma once

#include <cstddef>
#include <iterator>

#include <flotilla/member.hpp>
#include <flotilla/membership/member_table.hpp>

namespace flotilla {
inline namespace v1 {

/// Self first, then everybody else in no promised order, dead and left members included.
class member_range {
 public:
  class iterator {
   public:
    using value_type = member;
    using reference = member;
    using pointer = void;
    using difference_type = std::ptrdiff_t;
    using iterator_category = std::input_iterator_tag;  // C++17: it returns by value
    using iterator_concept = std::forward_iterator_tag;

    iterator() noexcept = default;
    iterator(const member_table* table, row_index at) noexcept : table_{table}, at_{at} {
      skip_free();
    }

    [[nodiscard]] member operator*() const noexcept { return table_->snapshot(at_); }
    iterator& operator++() noexcept {
      ++at_;
      skip_free();
      return *this;
    }
    iterator operator++(int) noexcept {
      const iterator before = *this;
      ++*this;
      return before;
    }
    friend bool operator==(const iterator&, const iterator&) noexcept = default;

   private:
    void skip_free() noexcept {
      while (at_ < table_->end() && at_ != member_table::self_row &&
             (*table_)[at_].id == member_id{}) {
        ++at_;
      }
    }
    const member_table* table_{nullptr};
    row_index at_{0};
  };

  explicit member_range(const member_table& table) noexcept : table_{&table} {}
  [[nodiscard]] iterator begin() const noexcept { return {table_, 0}; }
  [[nodiscard]] iterator end() const noexcept { return {table_, table_->end()}; }
  [[nodiscard]] std::size_t size() const noexcept { return table_->size(); }
  [[nodiscard]] bool empty() const noexcept { return size() == 0; }

 private:
  const member_table* table_;
};

}  // namespace v1
}  // namespace flotilla
