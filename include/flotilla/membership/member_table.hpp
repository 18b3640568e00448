// flotilla/membership/member_table.hpp - who is there
// Rows in segments, found by id and by address through keyed flat indexes. Row 0 is the engine
// itself.
#pragma once

#include <cstddef>
#include <cstdint>

#include <flotilla/detail/assert.hpp>
#include <flotilla/detail/flat_index.hpp>
#include <flotilla/detail/mix.hpp>
#include <flotilla/detail/segmented_array.hpp>
#include <flotilla/detail/state_hasher.hpp>
#include <flotilla/member.hpp>
#include <flotilla/membership/row.hpp>

namespace flotilla {
inline namespace v1 {

class member_table {
 public:
  /// The engine's own row; in the table from construction to destruction.
  static constexpr row_index self_row = 0;
  /// Rows at one address that are found by it. More are possible only by forged facts; those are
  /// found by id alone, which keeps every probe of the index short.
  static constexpr std::uint32_t max_rows_per_address = 8;

  member_table() noexcept = default;
  /// May throw std::bad_alloc. `expected` rows are reserved, self included.
  member_table(detail::mix_key key, std::uint32_t limit, std::uint32_t expected, const member& self)
      : key_{key},
        rows_{limit, expected > 1 ? expected : 1},
        by_id_{expected},
        by_address_{expected} {
    static_cast<void>(add(self));
  }

  [[nodiscard]] row& operator[](row_index at) noexcept { return rows_[at]; }
  [[nodiscard]] const row& operator[](row_index at) const noexcept { return rows_[at]; }

  /// Rows in use and free ones: every row_index is below it.
  [[nodiscard]] row_index end() const noexcept { return rows_.size(); }
  [[nodiscard]] std::uint32_t size() const noexcept { return used_; }
  [[nodiscard]] std::uint32_t limit() const noexcept { return rows_.limit(); }
  [[nodiscard]] bool full() const noexcept { return used_ == rows_.limit(); }
  /// Members believed to be in `state`, self included.
  [[nodiscard]] std::uint32_t count(member_state state) const noexcept {
    return counts_[static_cast<std::size_t>(state)];
  }
  [[nodiscard]] std::uint32_t active() const noexcept {
    return count(member_state::alive) + count(member_state::suspect);
  }

  [[nodiscard]] row_index find(member_id id) const noexcept {
    return by_id_.find(digest(id), [&](row_index at) { return rows_[at].id == id; });
  }

  /// The same, when the member mostly is where `guess` says.
  [[nodiscard]] row_index find(member_id id, row_index guess) const noexcept {
    FLOTILLA_EXPECT(id != member_id{});  // which a free row has
    if (guess < rows_.size() && rows_[guess].id == id) return guess;
    return find(id);
  }

  /// A member believed alive or suspect at this address, or no_row.
  [[nodiscard]] row_index find_active_at(const endpoint& address) const noexcept {
    return by_address_.find(digest(address),
                            [&](row_index at) { return rows_[at].address == address; });
  }

  /// Adds a member that is not in the table yet. no_row, and nothing changed, when the table is
  /// full (full()) or memory is short (otherwise).
  [[nodiscard]] row_index add(const member& newcomer) noexcept {
    FLOTILLA_EXPECT(find(newcomer.id) == no_row);
    if (full() || !reserve_indexes(used_ + 1)) return no_row;
    row_index at = free_;
    if (at != no_row) {
      free_ = rows_[at].order_at;
    } else {
      if (!rows_.try_reserve(rows_.size() + 1)) return no_row;
      at = rows_.size();
      rows_.push_back(row{});
    }
    row& r = rows_[at];
    r = row{};
    r.id = newcomer.id;
    r.incarnation = newcomer.incarnation;
    r.place_incarnation = newcomer.incarnation;
    r.address = newcomer.address;
    r.state = newcomer.state;
    by_id_.insert(digest(r.id), at);
    index_address(at);
    ++used_;
    ++counts_[static_cast<std::size_t>(r.state)];
    return at;
  }

  /// Removes a member; its row may be used again. The caller has taken it out of all other rooms.
  void remove(row_index at) noexcept {
    row& r = rows_[at];
    FLOTILLA_EXPECT(at != self_row && r.id != member_id{});
    unindex_address(at);
    by_id_.erase(digest(r.id), at, [this](row_index i) { return digest(rows_[i].id); });
    --counts_[static_cast<std::size_t>(r.state)];
    --used_;
    r = row{};
    r.order_at = free_;
    free_ = at;
  }

  void set_state(row_index at, member_state state) noexcept {
    --counts_[static_cast<std::size_t>(rows_[at].state)];
    rows_[at].state = state;
    ++counts_[static_cast<std::size_t>(state)];
    // The dead do not take up a living member's place in the index.
    if (!is_active(state)) unindex_address(at);
    if (is_active(state) && !rows_[at].address_indexed) index_address(at);
  }

  void set_address(row_index at, const endpoint& address) noexcept {
    unindex_address(at);
    rows_[at].address = address;
    rows_[at].proven = false;
    index_address(at);
  }

  [[nodiscard]] std::size_t bytes_allocated() const noexcept {
    return rows_.bytes_allocated() + by_id_.bytes_allocated() + by_address_.bytes_allocated();
  }
  void hash_into(detail::state_hasher& out) const noexcept {
    out.add_all(key_.a, key_.b, std::uint64_t{used_}, std::uint64_t{free_});
    for (row_index at = 0; at < rows_.size(); ++at) rows_[at].hash_into(out);
  }
  friend bool operator==(const member_table&, const member_table&) noexcept = default;

 private:
  [[nodiscard]] std::uint64_t digest(member_id id) const noexcept {
    return detail::mix(static_cast<std::uint64_t>(id), key_);
  }
  [[nodiscard]] std::uint64_t digest(const endpoint& address) const noexcept {
    return detail::endpoint_digest(address, key_);
  }

  /// Both indexes are sized by rows: that an address is not indexed must not cost room later.
  [[nodiscard]] bool reserve_indexes(std::uint32_t rows) noexcept {
    return by_id_.try_reserve(rows, [this](row_index i) { return digest(rows_[i].id); }) &&
           by_address_.try_reserve(rows, [this](row_index i) { return digest(rows_[i].address); });
  }

  void index_address(row_index at) noexcept {
    if (!is_active(rows_[at].state)) return;
    std::uint32_t sharing = 0;
    const std::uint64_t where = digest(rows_[at].address);
    const row_index stopped = by_address_.find(where, [&](row_index other) {
      if (rows_[other].address == rows_[at].address) ++sharing;
      return sharing == max_rows_per_address;
    });
    rows_[at].address_indexed = stopped == no_row;
    if (rows_[at].address_indexed) by_address_.insert(where, at);
  }
  void unindex_address(row_index at) noexcept {
    if (!rows_[at].address_indexed) return;
    by_address_.erase(digest(rows_[at].address), at,
                      [this](row_index i) { return digest(rows_[i].address); });
    rows_[at].address_indexed = false;
  }

  detail::mix_key key_{};
  detail::segmented_array<row, 6> rows_{};
  detail::flat_index by_id_{};
  detail::flat_index by_address_{};
  row_index free_{no_row};
  std::uint32_t used_{0};
  std::uint32_t counts_[4] = {0, 0, 0, 0};
};

}  // namespace v1
}  // namespace flotilla
