// property/member_table_property_test.cpp - flotilla/membership/member_table.hpp
// Against std::unordered_map, with few ids and fewer addresses, at its limit, under any key.
#include <flotilla/membership/member_table.hpp>

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <set>
#include <unordered_map>

namespace {

using flotilla::endpoint;
using flotilla::incarnation;
using flotilla::is_active;
using flotilla::member;
using flotilla::member_id;
using flotilla::member_state;
using flotilla::member_table;
using flotilla::no_row;
using flotilla::row;
using flotilla::row_index;
using flotilla::detail::mix_key;

constexpr member self{member_id{1}, endpoint::ipv4({10, 0, 0, 1}, 7946)};

member_state any_state() { return static_cast<member_state>(*rc::gen::inRange(0, 4)); }
/// Every third one does not fit into a row.
endpoint address_of(std::uint16_t number) {
  if (number % 3 == 0) return endpoint::ipv6({0x20, 1}, number);
  return endpoint::ipv4({10, 0, 0, 1}, number);
}
endpoint any_address(std::uint16_t count) {
  return address_of(*rc::gen::inRange<std::uint16_t>(1, count));
}

/// The table and what it should hold.
class pair_of_tables {
 public:
  pair_of_tables(mix_key key, std::uint32_t limit, std::uint32_t expected)
      : limit_{limit}, table_{key, limit, expected, self} {
    note(member_table::self_row, self);
  }

  void add(const member& newcomer) {
    if (model_.count(newcomer.id) != 0) return;
    const row_index at = table_.add(newcomer);
    RC_ASSERT((at == no_row) == (model_.size() == limit_));
    if (at != no_row) note(at, newcomer);
  }
  void remove(member_id id) {
    const auto held = model_.find(id);
    if (id == self.id || held == model_.end()) return;
    table_.remove(held->second.at);
    RC_ASSERT(held->second.place->id == member_id{0});
    rows_.erase(held->second.at);
    model_.erase(held);
    forget_empty_addresses();
  }
  void set_state(member_id id, member_state state) {
    const auto held = model_.find(id);
    if (held == model_.end()) return;
    table_.set_state(held->second.at, state);
    held->second.now.state = state;
    note_crowds();
  }
  void set_address(member_id id, const endpoint& address) {
    const auto held = model_.find(id);
    if (held == model_.end()) return;
    RC_ASSERT(table_.try_reserve_address(address));
    table_.set_address(held->second.at, address);
    held->second.now.address = address;
    note_crowds();
    forget_empty_addresses();
  }
  void copy() {
    member_table copy{table_};
    RC_ASSERT(copy == table_);
    table_.set_state(member_table::self_row, table_[member_table::self_row].state);
    RC_ASSERT(copy == table_);
  }

  void check(std::uint64_t ids, std::uint16_t addresses) {
    RC_ASSERT(table_.size() == model_.size());
    RC_ASSERT(table_.full() == (model_.size() == limit_));
    std::array<std::uint32_t, 4> counts{};
    for (std::uint64_t i = 1; i < ids; ++i) {
      const auto held = model_.find(member_id{i});
      const row_index at = table_.find(member_id{i});
      RC_ASSERT((at == no_row) == (held == model_.end()));
      if (at == no_row) continue;
      // Rows never move.
      RC_ASSERT(at == held->second.at);
      RC_ASSERT(&table_[at] == held->second.place);
      RC_ASSERT(table_.snapshot(at) == held->second.now);
      ++counts[static_cast<std::size_t>(held->second.now.state)];
    }
    for (std::size_t s = 0; s < 4; ++s) {
      RC_ASSERT(table_.count(static_cast<member_state>(s)) == counts[s]);
    }
    RC_ASSERT(table_.active() == counts[0] + counts[1]);
    for (std::uint16_t port = 1; port < addresses; ++port) {
      check_address(address_of(port));
    }
    check_address(self.address);
  }

 private:
  struct held_member {
    row_index at;
    const row* place;
    member now;
  };

  void note(row_index at, const member& newcomer) {
    RC_ASSERT(at < table_.end());
    RC_ASSERT(rows_.insert(at).second);
    model_[newcomer.id] = {at, &table_[at], newcomer};
    note_crowds();
  }
  [[nodiscard]] std::size_t active_at(const endpoint& address) const {
    std::size_t count = 0;
    for (const auto& [id, held] : model_) {
      count += held.now.address == address && is_active(held.now.state) ? 1U : 0U;
    }
    return count;
  }
  void note_crowds() {
    for (const auto& [id, held] : model_) {
      if (active_at(held.now.address) > member_table::max_rows_per_address) {
        crowded_.insert(held.now.address);
      }
    }
  }
  void forget_empty_addresses() {
    for (auto at = crowded_.begin(); at != crowded_.end();) {
      at = active_at(*at) == 0 ? crowded_.erase(at) : std::next(at);
    }
  }
  /// Whoever is found is active and there. Somebody is found unless more active ones than are
  /// indexed were there since the address was last empty.
  void check_address(const endpoint& address) const {
    const row_index at = table_.find_active_at(address);
    if (at != no_row) {
      RC_ASSERT(table_.address(at) == address && table_.is_at(at, address) &&
                is_active(table_[at].state));
    } else if (crowded_.count(address) == 0) {
      RC_ASSERT(active_at(address) == 0U);
    }
  }

  std::uint32_t limit_;
  member_table table_;
  std::unordered_map<member_id, held_member> model_;
  std::set<row_index> rows_;
  std::set<endpoint> crowded_;
};

TEST(MemberTableProperty, IsAMapFromIdsAndFromAddresses) {
  EXPECT_TRUE(rc::check([] {
    const auto limit = *rc::gen::element<std::uint32_t>(1, 2, 40, 300);
    const auto expected = *rc::gen::inRange<std::uint32_t>(0, limit + 1);
    const mix_key key{*rc::gen::arbitrary<std::uint64_t>(), *rc::gen::arbitrary<std::uint64_t>()};
    pair_of_tables tables{key, limit, expected};
    const auto ids = *rc::gen::element<std::uint64_t>(4, 30, 400);
    const auto addresses = *rc::gen::element<std::uint16_t>(3, 12, 100);
    const auto any_id = [&] { return member_id{*rc::gen::inRange<std::uint64_t>(1, ids)}; };
    const auto steps = *rc::gen::inRange(0, 150);
    for (int i = 0; i < steps; ++i) {
      const member_id id = any_id();
      switch (*rc::gen::inRange(0, 8)) {
        case 0:
        case 1:
        case 2:
          tables.add({id, any_address(addresses), incarnation{*rc::gen::arbitrary<std::uint32_t>()},
                      any_state()});
          break;
        case 3: tables.remove(id); break;
        case 4: tables.set_address(id, any_address(addresses)); break;
        case 5: tables.copy(); break;
        default: tables.set_state(id, any_state());
      }
      tables.check(ids, addresses);
    }
  }));
}

}  // namespace
