// flotilla/membership/member_table.hpp - who is there
// Rows in segments, found by id and by address through keyed chains. Row 0 is the engine itself.
#pragma once

#include <cstddef>
#include <cstdint>

#include <flotilla/detail/assert.hpp>
#include <flotilla/detail/chained_index.hpp>
#include <flotilla/detail/long_addresses.hpp>
#include <flotilla/detail/mix.hpp>
#include <flotilla/detail/segmented_array.hpp>
#include <flotilla/detail/side_map.hpp>
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
  /// found by id alone, which keeps every chain of the index short.
  static constexpr std::uint32_t max_rows_per_address = 8;

  member_table() noexcept = default;
  /// May throw std::bad_alloc. `expected` rows are reserved, self included.
  member_table(detail::mix_key key, std::uint32_t limit, std::uint32_t expected, const member& self)
      : key_{key},
        rows_{limit, expected > 1 ? expected : 1},
        by_id_{limit, expected},
        by_address_{limit, expected},
        long_addresses_{limit, expected},  // self's is not in it, so that one more can be reserved
        notes_{key, expected} {
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
    return by_id_.find(
        digest(id), [&](row_index at) { return rows_[at].id_next(); },
        [&](row_index at) { return rows_[at].id == id; });
  }

  /// The same with the row at hand, or, with no_row, the digest that add_plain needs.
  struct place {
    const row* member;
    row_index at;
    std::uint64_t digest;
  };
  [[nodiscard]] place look_up(member_id id) const noexcept {
    place found{nullptr, no_row, digest(id)};
    found.at = by_id_.find(
        found.digest, [&](row_index) { return found.member->id_next(); },
        [&](row_index at) {
          found.member = &rows_[at];
          return found.member->id == id;
        });
    return found;
  }

  /// The same, when the member mostly is where `guess` says.
  [[nodiscard]] row_index find(member_id id, row_index guess) const noexcept {
    FLOTILLA_EXPECT(id != member_id{} || guess == no_row);  // which a free row has
    if (guess < rows_.size() && rows_[guess].id == id) return guess;
    return find(id);
  }

  /// This row will be looked at soon.
  void prefetch(row_index at) const noexcept { rows_.prefetch(at); }
  /// Somebody of this id, or at this IPv4 place, will be looked for soon.
  void prefetch(member_id id, std::uint64_t ipv4_place) const noexcept {
    by_id_.prefetch(digest(id));
    by_address_.prefetch(place_digest(ipv4_place));
  }
  /// The row that finding this id begins with, or no_row.
  [[nodiscard]] row_index first(member_id id) const noexcept { return by_id_.first(digest(id)); }

  /// A member believed alive or suspect at this address, or no_row.
  [[nodiscard]] row_index find_active_at(const endpoint& address) const noexcept {
    if (address.kind() == endpoint_kind::ipv4) {
      return find_active_at(detail::ipv4_place(address));
    }
    return by_address_.find(
        detail::endpoint_digest(address, key_),
        [&](row_index at) { return rows_[at].address_next(); },
        [&](row_index at) { return is_at(at, address); });
  }
  /// The same of an IPv4 address and its port, as row::ipv4_place has them.
  [[nodiscard]] row_index find_active_at(std::uint64_t ipv4_place) const noexcept {
    return by_address_.find(
        place_digest(ipv4_place), [&](row_index at) { return rows_[at].address_next(); },
        [&](row_index at) { return rows_[at].is_ipv4 && rows_[at].ipv4_place() == ipv4_place; });
  }

  [[gnu::always_inline]] [[nodiscard]] endpoint address(row_index at) const noexcept {
    const row& r = rows_[at];
    if (r.is_ipv4) return detail::ipv4_endpoint(r.place, static_cast<std::uint16_t>(r.port));
    return long_address(r);
  }
  [[nodiscard]] const endpoint& own_address() const noexcept { return own_address_; }
  [[gnu::always_inline]] [[nodiscard]] bool is_at(row_index at,
                                                  const endpoint& where) const noexcept {
    const row& r = rows_[at];
    if (!r.is_ipv4) return is_at_long(r, where);
    return where.kind() == endpoint_kind::ipv4 && r.ipv4_place() == detail::ipv4_place(where);
  }
  /// detail::endpoint_digest of a member's address.
  [[nodiscard]] std::uint64_t address_digest(row_index at, detail::mix_key key) const noexcept {
    const row& r = rows_[at];
    if (!r.is_ipv4) return detail::endpoint_digest(address(at), key);
    return detail::ipv4_digest(r.place, static_cast<std::uint16_t>(r.port), key);
  }
  [[nodiscard]] member snapshot(row_index at) const noexcept {
    const row& r = rows_[at];
    return {r.id, address(at), r.incarnation, r.state};
  }

  /// The incarnation of the alive fact that the address stood in.
  [[nodiscard]] flotilla::incarnation place_incarnation(row_index at) const noexcept {
    const row& r = rows_[at];
    return r.displaced ? notes_.find(at)->place_incarnation : r.incarnation;
  }
  /// There must be room for a note (try_reserve_note) where the two differ.
  void set_incarnations(row_index at, flotilla::incarnation number,
                        flotilla::incarnation of_place) noexcept {
    row& r = rows_[at];
    r.incarnation = number;
    r.displaced = of_place != number;
    if (r.displaced) {
      note_at(at).place_incarnation = of_place;
    } else if (r.noted) {
      notes_.find(at)->place_incarnation = {};
      drop_empty_note(at);
    }
  }

  /// What is noted about a member; nothing is of most.
  [[nodiscard]] row_note note_of(row_index at) const noexcept {
    return rows_[at].noted ? *notes_.find(at) : row_note{};
  }
  /// Makes room for a note about this row; false, and nothing lost, without memory.
  [[nodiscard]] bool try_reserve_note(row_index at) noexcept {
    return rows_[at].noted || notes_.try_reserve_one();
  }
  /// There must be room (try_reserve_note). place_incarnation is not taken from it.
  void set_note(row_index at, const row_note& note) noexcept {
    row_note& held = note_at(at);
    const flotilla::incarnation of_place = held.place_incarnation;
    held = note;
    held.place_incarnation = of_place;
    drop_empty_note(at);
  }

  /// Makes room for a member's address; false, and nothing lost, without memory.
  [[nodiscard]] bool try_reserve_address(const endpoint& address) noexcept {
    return address.kind() == endpoint_kind::ipv4 || long_addresses_.try_reserve_one();
  }

  /// Adds a member that is not in the table yet. no_row, and nothing changed, when the table is
  /// full (full()) or memory is short (otherwise).
  [[nodiscard]] row_index add(const member& newcomer) noexcept {
    FLOTILLA_EXPECT(find(newcomer.id) == no_row);
    if (full() || !try_reserve(1)) return no_row;
    if (rows_.size() != 0 && !try_reserve_address(newcomer.address)) return no_row;
    row fresh;
    fresh.id = newcomer.id;
    fresh.incarnation = newcomer.incarnation;
    fresh.state = newcomer.state;
    const row_index at = place_row(fresh, digest(newcomer.id));
    put_address(at, newcomer.address);
    index_address(at);
    return at;
  }
  /// Somebody has told of so many members: finding as many will not take further growth. It is
  /// believed up to sixteen times what is here, so that a wrong word costs no more than a member.
  void expect(std::uint32_t told) noexcept {
    std::uint32_t count = told < limit() ? told : limit();
    if (count / 16 > used_ + 61) count = 16 * (used_ + 61);
    by_id_.expect(count, id_links{{*this}});
    by_address_.expect(count, address_links{{*this}});
  }
  /// Makes room for so many more members with IPv4 addresses; false, and nothing lost, without
  /// memory. That an address is not indexed must not cost room later: indexes are sized by rows.
  [[nodiscard]] bool try_reserve(std::uint32_t more) noexcept {
    return by_id_.try_reserve(used_ + more) && by_address_.try_reserve(used_ + more) &&
           rows_.try_reserve(used_ + more);
  }
  /// The same of a plain fact about a member that look_up has not found, whose digest is given, and
  /// at whose address nobody active is. There must be room (try_reserve).
  [[nodiscard]] row_index add_plain(const wire::plain_fact& told,
                                    std::uint64_t id_digest) noexcept {
    FLOTILLA_EXPECT(find(told.subject) == no_row && find_active_at(told.place) == no_row);
    row fresh = row::of(told);
    fresh.address_indexed = true;
    const row_index at = place_row(fresh, id_digest);
    by_address_.insert(place_digest(told.place), at, address_links{{*this}});
    return at;
  }

  /// Removes a member; its row may be used again. The caller has taken it out of all other rooms.
  void remove(row_index at) noexcept {
    row& r = rows_[at];
    FLOTILLA_EXPECT(at != self_row && r.id != member_id{});
    unindex_address(at);
    by_id_.erase(digest(r.id), at, id_links{{*this}});
    --counts_[static_cast<std::size_t>(member_state{r.state})];
    --used_;
    if (!r.is_ipv4) long_addresses_.remove(r.place);
    if (r.noted) notes_.erase(at);
    r = row{};
    r.set_order_at(free_);
    free_ = at;
  }

  void set_state(row_index at, member_state state) noexcept {
    row& r = rows_[at];
    --counts_[static_cast<std::size_t>(member_state{r.state})];
    r.state = state;
    ++counts_[static_cast<std::size_t>(state)];
    // The dead do not take up a living member's place in the index.
    if (!is_active(state)) unindex_address(at);
    if (is_active(state) && !r.address_indexed) index_address(at);
  }

  /// There must be room (try_reserve_address), but for the engine's own.
  void set_address(row_index at, const endpoint& address) noexcept {
    unindex_address(at);
    if (!rows_[at].is_ipv4 && at != self_row) long_addresses_.remove(rows_[at].place);
    put_address(at, address);
    rows_[at].proven = false;
    index_address(at);
  }

  /// A mark of a period (row::contacted_in) comes again after 65,535 periods; by then this, called
  /// once in each, has cleared it wherever it was.
  [[nodiscard]] static constexpr std::uint16_t mark_of(std::uint32_t period) noexcept {
    return static_cast<std::uint16_t>(period % 0xffffU + 1);
  }
  void clear_old_marks(std::uint32_t period) noexcept {
    for (std::uint32_t i = 0; i <= rows_.size() >> 15U; ++i) {
      cleared_ = cleared_ + 1 < rows_.size() ? cleared_ + 1 : 0;
      if (rows_[cleared_].contacted_in() != 0) clear_old_mark(rows_[cleared_], period);
    }
  }

  [[nodiscard]] std::size_t bytes_allocated() const noexcept {
    return rows_.bytes_allocated() + by_id_.bytes_allocated() + by_address_.bytes_allocated() +
           long_addresses_.bytes_allocated() + notes_.bytes_allocated();
  }
  void hash_into(detail::state_hasher& out) const noexcept {
    out.add_all(key_.a, key_.b, std::uint64_t{used_}, std::uint64_t{free_},
                std::uint64_t{cleared_});
    for (row_index at = 0; at < rows_.size(); ++at) {
      rows_[at].hash_into(out);
      if (rows_[at].id != member_id{}) out.add(address(at));
      if (rows_[at].noted) notes_.find(at)->hash_into(out);
    }
  }
  friend bool operator==(const member_table&, const member_table&) noexcept = default;

 private:
  /// How the indexes reach their chains, which run through the rows.
  struct links {
    member_table& table;
    row& operator[](row_index at) const noexcept { return table.rows_[at]; }
    void prefetch(row_index at) const noexcept { table.rows_.prefetch(at); }
  };
  struct id_links : links {
    static std::uint32_t next(const row& r) noexcept { return r.id_next(); }
    static void set_next(row& r, std::uint32_t to) noexcept { r.set_id_next(to); }
    [[nodiscard]] std::uint64_t digest(const row& r) const noexcept { return table.digest(r.id); }
  };
  struct address_links : links {
    static std::uint32_t next(const row& r) noexcept { return r.address_next(); }
    static void set_next(row& r, std::uint32_t to) noexcept { r.set_address_next(to); }
    [[nodiscard]] std::uint64_t digest(const row& r) const noexcept {
      return table.place_digest(r);
    }
  };

  [[nodiscard]] std::uint64_t digest(member_id id) const noexcept {
    // Half of a mix: which bucket an id is in can be seen by nobody.
    return detail::folded_multiply(static_cast<std::uint64_t>(id) ^ key_.a, key_.b | 1U);
  }
  /// Half a mix of an IPv4 address, like that of an id.
  [[nodiscard]] std::uint64_t place_digest(std::uint64_t ipv4_place) const noexcept {
    return detail::folded_multiply(ipv4_place ^ key_.a, key_.b | 1U);
  }
  [[nodiscard]] std::uint64_t place_digest(const row& r) const noexcept {
    if (r.is_ipv4) return place_digest(r.ipv4_place());
    return detail::endpoint_digest(long_address(r), key_);
  }
  [[gnu::noinline]] [[nodiscard]] bool is_at_long(const row& r,
                                                  const endpoint& where) const noexcept {
    return long_address(r) == where;
  }
  [[nodiscard]] const endpoint& long_address(const row& r) const noexcept {
    return &r == &rows_[self_row] ? own_address_ : long_addresses_[r.place];
  }

  [[gnu::noinline]] static void clear_old_mark(row& r, std::uint32_t period) noexcept {
    if (r.contacted_in() != mark_of(period)) r.set_contacted_in(0);
  }
  /// There must be room. Found by its id from now on, and counted; its address is not indexed yet.
  row_index place_row(const row& fresh, std::uint64_t id_digest) noexcept {
    const row_index at = free_ != no_row ? free_ : rows_.size();
    if (at == rows_.size()) {
      rows_.push_back(fresh);
    } else {
      free_ = rows_[at].order_at();
      rows_[at] = fresh;
    }
    by_id_.insert(id_digest, at, id_links{{*this}});
    ++used_;
    ++counts_[static_cast<std::size_t>(member_state{fresh.state})];
    return at;
  }

  void put_address(row_index at, const endpoint& address) noexcept {
    row& r = rows_[at];
    if (at == self_row) own_address_ = address;
    r.is_ipv4 = address.kind() == endpoint_kind::ipv4;
    r.port = r.is_ipv4 ? address.port() : std::uint16_t{0};
    if (r.is_ipv4) {
      r.place = detail::ipv4_number(address);
    } else {
      r.place = at == self_row ? 0 : long_addresses_.add(address);
    }
  }
  [[nodiscard]] bool at_same_place(const row& r, row_index at, row_index other) const noexcept {
    if (r.is_ipv4 && rows_[other].is_ipv4) return r.ipv4_place() == rows_[other].ipv4_place();
    return r.is_ipv4 == rows_[other].is_ipv4 && address(at) == address(other);
  }
  void index_address(row_index at) noexcept {
    row& r = rows_[at];
    if (!is_active(r.state)) return;
    std::uint32_t sharing = 0;
    const std::uint64_t where = place_digest(r);
    const row_index stopped = by_address_.find(
        where, [&](row_index other) { return rows_[other].address_next(); },
        [&](row_index other) {
          sharing += at_same_place(r, at, other) ? 1U : 0U;
          return sharing == max_rows_per_address;
        });
    r.address_indexed = stopped == no_row;
    if (stopped == no_row) by_address_.insert(where, at, address_links{{*this}});
  }
  void unindex_address(row_index at) noexcept {
    if (!rows_[at].address_indexed) return;
    by_address_.erase(place_digest(rows_[at]), at, address_links{{*this}});
    rows_[at].address_indexed = false;
  }

  [[nodiscard]] row_note& note_at(row_index at) noexcept {
    row& r = rows_[at];
    if (r.noted) return *notes_.find(at);
    r.noted = true;
    return notes_.add(at);
  }
  void drop_empty_note(row_index at) noexcept {
    row& r = rows_[at];
    if (r.displaced || !(*notes_.find(at) == row_note{})) return;
    notes_.erase(at);
    r.noted = false;
  }

  detail::mix_key key_{};
  detail::segmented_array<row, 6> rows_{};
  detail::chained_index by_id_{};
  detail::chained_index by_address_{};
  detail::long_addresses long_addresses_{};
  detail::side_map<row_note> notes_{};
  endpoint own_address_{};
  row_index free_{no_row};
  std::uint32_t used_{0};
  row_index cleared_{0};
  std::uint32_t counts_[4] = {0, 0, 0, 0};
};

}  // namespace v1
}  // namespace flotilla
