// membership/member_table_test.cpp - flotilla/membership/member_table.hpp
// Found by id and by address, counted by state, bounded, and never moved.
#include <flotilla/membership/member_table.hpp>

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <set>
#include <utility>
#include <vector>

namespace {

using flotilla::endpoint;
using flotilla::incarnation;
using flotilla::member;
using flotilla::member_id;
using flotilla::member_state;
using flotilla::member_table;
using flotilla::no_row;
using flotilla::row;
using flotilla::row_index;
using flotilla::row_note;
using flotilla::detail::mix_key;

/// Where the i-th member lives unless a test says otherwise.
endpoint home(std::uint32_t i) {
  return endpoint::ipv4({10, static_cast<std::uint8_t>(i >> 16U),
                         static_cast<std::uint8_t>(i >> 8U), static_cast<std::uint8_t>(i)},
                        7946);
}
member someone(std::uint32_t i) { return {member_id{i}, home(i), incarnation{i}}; }
member dead_at(std::uint32_t i, const endpoint& where) {
  return {member_id{i}, where, incarnation{0}, member_state::dead};
}
member_table table_of(std::uint32_t count, std::uint32_t limit = 1000) {
  member_table table{mix_key{1, 2}, limit, 0, someone(1)};
  for (std::uint32_t i = 2; i <= count; ++i) EXPECT_NE(table.add(someone(i)), no_row);
  return table;
}
std::uint64_t digest(const member_table& table) {
  flotilla::detail::state_hasher out;
  table.hash_into(out);
  return out.digest();
}

TEST(MemberTable, BeginsWithSelfInRowZero) {
  const member_table table = table_of(1);
  EXPECT_EQ(table.find(member_id{1}), member_table::self_row);
  EXPECT_EQ(table.find_active_at(home(1)), member_table::self_row);
  EXPECT_EQ(table.snapshot(member_table::self_row), someone(1));
  EXPECT_EQ(table.place_incarnation(member_table::self_row), incarnation{1});
  EXPECT_EQ(table.size(), 1U);
  EXPECT_EQ(table.active(), 1U);
}

TEST(MemberTable, FindsEveryMemberByIdAndAddress) {
  const member_table table = table_of(1000);
  EXPECT_TRUE(table.full());
  std::set<row_index> rows;
  for (std::uint32_t i = 1; i <= 1000; ++i) {
    const row_index at = table.find(member_id{i});
    ASSERT_LT(at, table.end());
    EXPECT_EQ(table.snapshot(at), someone(i));
    EXPECT_EQ(table.find_active_at(home(i)), at);
    rows.insert(at);
  }
  EXPECT_EQ(rows.size(), 1000U);
  EXPECT_EQ(table.find(member_id{1001}), no_row);
  EXPECT_EQ(table.find(member_id{0}), no_row);
  EXPECT_EQ(table.find_active_at(home(1001)), no_row);
}

// Law 5: a full table refuses, and nothing already held is lost or changed.
/// A guess saves the search where it is right, and changes nothing where it is not.
TEST(MemberTable, AWrongGuessIsLookedFor) {
  member_table table = table_of(100);
  const row_index fifty = table.find(member_id{50});
  for (row_index guess = 0; guess < 200; ++guess) {
    EXPECT_EQ(table.find(member_id{50}, guess), fifty);
    EXPECT_EQ(table.find(member_id{500}, guess), no_row);
  }
  table.remove(fifty);
  EXPECT_EQ(table.find(member_id{50}, fifty), no_row);
  ASSERT_EQ(table.add(someone(500)), fifty);  // its row belongs to somebody else now
  EXPECT_EQ(table.find(member_id{50}, fifty), no_row);
}

TEST(MemberTable, AtTheLimitRefusesAndChangesNothing) {
  for (const std::uint32_t limit : {1U, 2U, 255U, 256U, 257U}) {
    member_table table = table_of(limit, limit);
    ASSERT_TRUE(table.full());
    const member_table before = table;
    EXPECT_EQ(table.add(someone(limit + 1)), no_row);
    EXPECT_EQ(table, before);
    EXPECT_EQ(digest(table), digest(before));
    if (limit == 1) continue;
    table.remove(table.find(member_id{limit}));
    EXPECT_FALSE(table.full());
    EXPECT_NE(table.add(someone(limit + 1)), no_row);
  }
}

TEST(MemberTable, RowsNeverMoveAndFreeOnesAreUsedAgain) {
  member_table table{mix_key{}, 5000, 0, someone(1)};
  std::vector<std::pair<row_index, const row*>> places;
  for (std::uint32_t i = 2; i <= 5000; ++i) {
    const row_index at = table.add(someone(i));
    places.emplace_back(at, &table[at]);
  }
  const std::size_t bytes = table.bytes_allocated();
  for (std::uint32_t i = 2; i <= 5000; i += 2) table.remove(table.find(member_id{i}));
  for (std::uint32_t i = 2; i <= 5000; i += 2) ASSERT_NE(table.add(someone(i + 10000)), no_row);
  EXPECT_EQ(table.end(), 5000U);
  EXPECT_EQ(table.bytes_allocated(), bytes);
  for (std::uint32_t i = 3; i <= 5000; i += 2) {
    const auto& [at, place] = places[i - 2];
    ASSERT_EQ(table.find(member_id{i}), at);
    ASSERT_EQ(&table[at], place);
    ASSERT_EQ(place->id, member_id{i});
  }
}

// Law 5: expected_members == max_members means that nothing is ever allocated afterwards.
TEST(MemberTable, WhatIsExpectedIsReserved) {
  member_table table{mix_key{}, 3000, 3000, someone(1)};
  const std::size_t bytes = table.bytes_allocated();
  for (std::uint32_t i = 2; i <= 3000; ++i) ASSERT_NE(table.add(someone(i)), no_row);
  EXPECT_EQ(table.bytes_allocated(), bytes);
}

TEST(MemberTable, ARowUsedAgainRemembersNothing) {
  member_table table = table_of(2);
  const row_index at = table.find(member_id{2});
  table[at].set_queued(flotilla::gossip_class::urgent, 9);
  table[at].set_timer(9);
  table[at].set_contacted_in(9);
  table[at].broken_rounds = 2;
  ASSERT_TRUE(table.try_reserve_note(at));
  table.set_note(at, {.penalty = 9});
  table.set_incarnations(at, incarnation{9}, incarnation{8});
  table.remove(at);
  EXPECT_EQ(table[at].id, member_id{0});
  ASSERT_EQ(table.add(someone(3)), at);
  EXPECT_EQ(table.snapshot(at), someone(3));
  EXPECT_EQ(table.place_incarnation(at), incarnation{3});
  EXPECT_EQ(table.note_of(at), row_note{});
  row fresh = table[at];
  fresh.unqueue();
  fresh.set_order_at(no_row);
  fresh.set_timer(flotilla::detail::no_timer);
  fresh.set_contacted_in(0);
  fresh.broken_rounds = 0;
  fresh.noted = fresh.displaced = false;
  EXPECT_EQ(table[at], fresh);
}

TEST(MemberTable, CountsMembersByState) {
  member_table table = table_of(5);
  const auto counts = [&] {
    return std::vector<std::uint32_t>{
        table.count(member_state::alive), table.count(member_state::suspect),
        table.count(member_state::dead), table.count(member_state::left)};
  };
  using expected = std::vector<std::uint32_t>;
  EXPECT_EQ(counts(), (expected{5, 0, 0, 0}));
  table.set_state(table.find(member_id{2}), member_state::suspect);
  table.set_state(table.find(member_id{3}), member_state::dead);
  table.set_state(table.find(member_id{4}), member_state::left);
  EXPECT_EQ(counts(), (expected{2, 1, 1, 1}));
  EXPECT_EQ(table.active(), 3U);
  table.set_state(table.find(member_id{4}), member_state::left);  // no change
  EXPECT_EQ(counts(), (expected{2, 1, 1, 1}));
  table.remove(table.find(member_id{3}));
  ASSERT_NE(table.add(dead_at(6, home(6))), no_row);
  ASSERT_NE(table.add(dead_at(7, home(7))), no_row);
  EXPECT_EQ(counts(), (expected{2, 1, 2, 1}));
  EXPECT_EQ(table.size(), 6U);
}

TEST(MemberTable, OnlyActiveMembersAreFoundAtTheirAddress) {
  member_table table = table_of(2);
  const row_index at = table.find(member_id{2});
  const std::pair<member_state, row_index> expected[] = {{member_state::suspect, at},
                                                         {member_state::dead, no_row},
                                                         {member_state::alive, at},
                                                         {member_state::left, no_row}};
  for (const auto& [state, found] : expected) {
    table.set_state(at, state);
    EXPECT_EQ(table.find_active_at(home(2)), found) << to_string(state);
    EXPECT_EQ(table.find(member_id{2}), at);
  }
}

TEST(MemberTable, AMovedMemberIsFoundAtItsNewAddressOnly) {
  member_table table = table_of(300);
  for (std::uint32_t i = 2; i <= 300; ++i) {
    const row_index at = table.find(member_id{i});
    table.set_address(at, home(i + 1000));
    EXPECT_EQ(table.find_active_at(home(i)), no_row);
    EXPECT_EQ(table.find_active_at(home(i + 1000)), at);
  }
  for (std::uint32_t i = 2; i <= 300; ++i) {
    const row_index at = table.find_active_at(home(i + 1000));
    ASSERT_NE(at, no_row);
    EXPECT_EQ(table[at].id, member_id{i});
  }
}

// A flood of forged facts about one address must not make every search there slow.
TEST(MemberTable, ManyAtOneAddressStayFindableById) {
  member_table table = table_of(1);
  const endpoint shared = home(77);
  for (std::uint32_t i = 2; i <= 40; ++i) {
    ASSERT_NE(table.add({member_id{i}, shared, incarnation{0}}), no_row);
  }
  std::uint32_t indexed = 0;
  for (std::uint32_t i = 2; i <= 40; ++i) {
    ASSERT_NE(table.find(member_id{i}), no_row);
    indexed += table[table.find(member_id{i})].address_indexed ? 1U : 0U;
  }
  EXPECT_EQ(indexed, member_table::max_rows_per_address);
  EXPECT_NE(table.find_active_at(shared), no_row);
  for (std::uint32_t i = 2; i <= 40; ++i) table.remove(table.find(member_id{i}));
  EXPECT_EQ(table.find_active_at(shared), no_row);
  ASSERT_NE(table.add({member_id{50}, shared, incarnation{0}}), no_row);
  EXPECT_EQ(table.find_active_at(shared), table.find(member_id{50}));
}

// A process that restarts with a new id each time leaves dead members at its address until their
// tombstones expire. Whoever lives there now is found all the same: a candidate must be seen as
// one.
TEST(MemberTable, TheDeadDoNotCrowdOutTheLivingAtOneAddress) {
  member_table table = table_of(1);
  const endpoint shared = home(77);
  for (std::uint32_t i = 2; i <= 30; ++i) {
    const row_index at = table.add({member_id{i}, shared, incarnation{0}});
    ASSERT_NE(at, no_row);
    ASSERT_EQ(table.find_active_at(shared), at) << "start number " << i - 1;
    table.set_state(at, i % 2 == 0 ? member_state::dead : member_state::left);
    EXPECT_EQ(table.find_active_at(shared), no_row);
  }
  // One of the first comes back to life there, and moves away.
  const row_index first = table.find(member_id{2});
  table.set_state(first, member_state::alive);
  EXPECT_EQ(table.find_active_at(shared), first);
  table.set_address(first, home(2));
  EXPECT_EQ(table.find_active_at(shared), no_row);
  EXPECT_EQ(table.find_active_at(home(2)), first);
}

// Longer addresses lie beside the table; a place that was given up is used again.
TEST(MemberTable, HoldsAddressesOfEveryKind) {
  const auto long_home = [](std::uint32_t i) {
    if (i % 2 == 0) return endpoint::ipv6({0x20, 1}, static_cast<std::uint16_t>(i));
    const std::array<std::byte, 3> bytes{std::byte{1}, std::byte{2}, static_cast<std::byte>(i)};
    return *endpoint::opaque(bytes);
  };
  member_table table{mix_key{1, 2}, 100, 0, {member_id{1}, long_home(1), incarnation{1}}};
  const std::size_t without = table.bytes_allocated();
  ASSERT_NE(table.add(someone(2)), no_row);
  EXPECT_EQ(table.bytes_allocated(), without) << "an IPv4 address costs nothing beside its row";
  for (std::uint32_t i = 3; i <= 100; ++i) {
    ASSERT_NE(table.add({member_id{i}, long_home(i), incarnation{1}}), no_row);
  }
  EXPECT_EQ(table.own_address(), long_home(1));
  for (std::uint32_t i = 3; i <= 100; ++i) {
    const row_index at = table.find_active_at(long_home(i));
    ASSERT_NE(at, no_row) << i;
    EXPECT_EQ(table.snapshot(at).id, member_id{i});
    EXPECT_EQ(table.address(at), long_home(i));
    EXPECT_TRUE(table.is_at(at, long_home(i)));
    EXPECT_FALSE(table.is_at(at, long_home(i + 1)));
    EXPECT_FALSE(table.is_at(at, home(i)));
  }
  const std::size_t full = table.bytes_allocated();
  for (int turn = 0; turn < 3; ++turn) {
    for (std::uint32_t i = 3; i <= 100; ++i) {
      const row_index at = table.find(member_id{i});
      const endpoint next = turn % 2 == 0 ? home(i) : long_home(i + 100);
      ASSERT_TRUE(table.try_reserve_address(next));
      table.set_address(at, next);
      ASSERT_EQ(table.address(at), next);
    }
  }
  EXPECT_EQ(table.bytes_allocated(), full);
}

TEST(MemberTable, AnAddressOfAnotherIncarnationIsNoted) {
  member_table table = table_of(50);
  for (std::uint32_t i = 2; i <= 50; ++i) {
    const row_index at = table.find(member_id{i});
    EXPECT_TRUE(table[at].placed());
    ASSERT_TRUE(table.try_reserve_note(at));
    table.set_incarnations(at, incarnation{100}, incarnation{i});
    EXPECT_FALSE(table[at].placed());
    EXPECT_EQ(table.place_incarnation(at), incarnation{i});
    if (i % 2 != 0) continue;
    table.set_incarnations(at, incarnation{101}, incarnation{101});
    EXPECT_TRUE(table[at].placed());
    EXPECT_FALSE(table[at].noted);
  }
  for (std::uint32_t i = 2; i <= 50; ++i) {
    const row_index at = table.find(member_id{i});
    EXPECT_EQ(table.place_incarnation(at), incarnation{i % 2 == 0 ? 101 : i});
  }
}

// A note ends with the last thing that was noted, and neither of the two ends the other's.
TEST(MemberTable, NotesLastAsLongAsTheySaySomething) {
  member_table table = table_of(3);
  const row_index at = table.find(member_id{2});
  ASSERT_TRUE(table.try_reserve_note(at));
  table.set_note(at, {.penalty = 7, .doubt = 5});
  table.set_incarnations(at, incarnation{9}, incarnation{8});
  EXPECT_EQ(table.note_of(at).penalty, 7U);
  EXPECT_EQ(table.note_of(at).doubt, 5U);
  EXPECT_EQ(table.note_of(table.find(member_id{3})), row_note{});
  table.set_incarnations(at, incarnation{9}, incarnation{9});
  EXPECT_EQ(table.note_of(at).penalty, 7U);
  table.set_incarnations(at, incarnation{9}, incarnation{8});
  table.set_note(at, {});
  EXPECT_TRUE(table[at].noted);
  EXPECT_EQ(table.place_incarnation(at), incarnation{8});
  table.set_incarnations(at, incarnation{9}, incarnation{9});
  EXPECT_FALSE(table[at].noted);
}

// Marks of periods come again after 65,535 of them: no row still has one by then.
TEST(MemberTable, OldMarksAreClearedBeforeTheyComeAgain) {
  member_table table = table_of(1000);
  const row_index at = table.find(member_id{700});
  for (const std::uint32_t begin : {1U, 65'534U, 5'000'000U}) {
    const std::uint16_t mark = member_table::mark_of(begin);
    EXPECT_NE(mark, 0U);
    EXPECT_EQ(member_table::mark_of(begin + 0xffffU), mark);
    table[at].set_contacted_in(mark);
    table.clear_old_marks(begin);
    EXPECT_EQ(table[at].contacted_in(), mark) << "that of this very period stays";
    for (std::uint32_t later = 1; later < 32'768; ++later) {
      table.clear_old_marks(begin + later);
    }
    EXPECT_EQ(table[at].contacted_in(), 0U);
  }
}

// Law 6: a copy is the same value and shares nothing.
TEST(MemberTable, IsAValue) {
  const member_table table = table_of(300);
  member_table copy = table;
  EXPECT_EQ(copy, table);
  EXPECT_EQ(digest(copy), digest(table));
  copy.set_state(copy.find(member_id{2}), member_state::suspect);
  EXPECT_NE(copy, table);
  EXPECT_NE(digest(copy), digest(table));
  EXPECT_EQ(table.count(member_state::suspect), 0U);
  copy.remove(copy.find(member_id{3}));
  EXPECT_NE(table.find(member_id{3}), no_row);
  const member_table moved = std::move(copy);
  EXPECT_EQ(moved.size(), 299U);
}

TEST(MemberTable, TheKeyDecidesNothingThatIsSeen) {
  for (std::uint64_t k = 0; k < 20; ++k) {
    member_table table{mix_key{k, ~k}, 100, 0, someone(1)};
    for (std::uint32_t i = 2; i <= 100; ++i) {
      EXPECT_EQ(table.add(someone(i)), i - 1);  // rows are given in order
    }
  }
}

}  // namespace
