// Tests of flotilla/exchange/range_digest.hpp: sums over ranges, however they came to be.
// Order, history and the depth of the tree make no difference; every walk is bounded.
#include <flotilla/exchange/range_digest.hpp>

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <set>
#include <vector>

namespace {

using namespace flotilla;
namespace wire = flotilla::wire;

endpoint address_of(std::uint32_t n) {
  return endpoint::ipv4({10, static_cast<std::uint8_t>(n >> 16U),
                         static_cast<std::uint8_t>(n >> 8U), static_cast<std::uint8_t>(n)},
                        7946);
}
member member_of(std::uint32_t n, std::uint32_t number = 0) {
  return {member_id{n}, address_of(n), incarnation{number}, member_state::alive};
}

/// A table with a digest of it.
struct world {
  explicit world(std::uint32_t limit = 4096, std::uint32_t expected = 0)
      : table{detail::mix_key{1, 2}, limit, expected, member_of(1)}, ranges{"group", expected} {
    ranges.add(table, member_table::self_row);
  }
  row_index add(const member& who) {
    const row_index at = table.add(who);
    ranges.add(table, at);
    return at;
  }
  void remove(row_index at) {
    ranges.remove(table, at, table.place_incarnation(at), table.address(at));
  }
  [[nodiscard]] std::set<row_index> rows(wire::range_code range,
                                         std::uint32_t budget = 1U << 20U) const {
    std::set<row_index> found;
    EXPECT_TRUE(ranges.walk(table, range, budget, [&](row_index at, const range_record&) {
      return found.insert(at).second;
    }));
    return found;
  }

  member_table table;
  range_digest ranges;
};

TEST(RangeDigest, ViewIsTheSameInEveryOrderAndHistory) {
  world up;
  world down;
  for (std::uint32_t n = 2; n <= 500; ++n) up.add(member_of(n));
  for (std::uint32_t n = 700; n >= 2; --n) {
    const row_index at = down.add(member_of(n, 7));
    down.remove(at);
    if (n > 500) {
      down.table.set_state(at, member_state::dead);
      continue;
    }
    down.table.set_incarnations(at, incarnation{0}, incarnation{0});
    down.ranges.add(down.table, at);
  }
  EXPECT_EQ(up.ranges.view(), down.ranges.view());
}

TEST(RangeDigest, EachPartOfARecordCounts) {
  const auto view_of = [](const member& who) {
    world w;
    w.add(who);
    return w.ranges.view();
  };
  const std::uint32_t as_it_was = view_of(member_of(2));
  EXPECT_EQ(as_it_was, view_of(member_of(2)));
  EXPECT_NE(as_it_was, view_of(member_of(2, 1)));
  EXPECT_NE(as_it_was, view_of(member_of(3)));
  member moved = member_of(2);
  moved.address = address_of(3);
  EXPECT_NE(as_it_was, view_of(moved));
  EXPECT_NE(as_it_was, world{}.ranges.view());
  // Two members that change places are not the same two.
  world straight;
  straight.add(member_of(2));
  straight.add(member_of(3));
  world crossed;
  member two = member_of(2);
  member three = member_of(3);
  std::swap(two.address, three.address);
  crossed.add(two);
  crossed.add(three);
  EXPECT_NE(straight.ranges.view(), crossed.ranges.view());
}

TEST(RangeDigest, GroupsOfOtherNamesHashOtherwise) {
  const member_table table{detail::mix_key{1, 2}, 8, 0, member_of(1)};
  EXPECT_NE(range_digest("a", 0).record_of(table, 0).hash,
            range_digest("b", 0).record_of(table, 0).hash);
}

/// At every depth, above the leaves and below: the parts' sums and rows are those of the range.
TEST(RangeDigest, PartsMakeUpTheRange) {
  world w;
  for (std::uint32_t n = 2; n <= 1000; ++n) w.add(member_of(n));
  EXPECT_EQ(w.ranges.depth(), 6U) << "1,000 members at 16 a leaf";
  std::vector<wire::range_code> ranges{wire::whole_range};
  std::uint32_t budget = 1U << 24U;
  EXPECT_EQ(w.rows(wire::whole_range).size(), 1000U);
  for (unsigned depth = 0; depth < 12; depth += 3) {
    std::vector<wire::range_code> parts;
    for (const wire::range_code range : ranges) {
      std::array<std::uint64_t, 1> whole{};
      std::array<std::uint64_t, 8> sums{};
      ASSERT_TRUE(w.ranges.split(w.table, range, 0, budget, whole));
      ASSERT_TRUE(w.ranges.split(w.table, range, 3, budget, sums));
      std::uint64_t sum = 0;
      std::set<row_index> rows;
      for (std::uint32_t i = 0; i < 8; ++i) {
        sum += sums[i];
        rows.merge(w.rows(range * 8 + i));
        if (sums[i] != 0) parts.push_back(range * 8 + i);
      }
      ASSERT_EQ(sum, whole[0]) << range;
      ASSERT_EQ(rows, w.rows(range)) << range;
    }
    ranges = parts;
  }
}

TEST(RangeDigest, MembersThatAreGoneLeaveNothing) {
  world w;
  const world empty;
  std::vector<row_index> rows;
  for (std::uint32_t n = 2; n <= 300; ++n) rows.push_back(w.add(member_of(n)));
  for (const row_index at : rows) w.remove(at);
  EXPECT_EQ(w.ranges.view(), empty.ranges.view());
  EXPECT_EQ(w.rows(wire::whole_range), std::set<row_index>{member_table::self_row});
}

TEST(RangeDigest, WalksStopAtTheBudget) {
  world w;
  for (std::uint32_t n = 2; n <= 1000; ++n) w.add(member_of(n));
  std::uint32_t seen = 0;
  std::uint32_t budget = 100;
  EXPECT_FALSE(w.ranges.walk(w.table, wire::whole_range, budget,
                             [&](row_index, const range_record&) { return ++seen != 0; }));
  EXPECT_EQ(budget, 0U);
  EXPECT_GT(seen, 80U) << "leaves count as well";
  EXPECT_LE(seen, 100U);
  std::array<std::uint64_t, 64> sums{};
  budget = 3;
  EXPECT_FALSE(w.ranges.split(w.table, 1U << w.ranges.depth(), 6, budget, sums));
}

/// Ids made for one leaf: enumerated up to a limit, summed all, and gone without a trace.
TEST(RangeDigest, AFullLeafIsBounded) {
  world w{1U << 20U, 1U << 14U};
  ASSERT_EQ(w.ranges.depth(), 10U);
  std::vector<row_index> rows;
  const std::uint32_t before = w.ranges.view();
  for (std::uint32_t n = 2; rows.size() < 300; ++n) {
    const std::uint32_t place =
        w.ranges.record_of(member_id{n}, incarnation{0}, address_of(n)).place;
    if (place >> 22U == 5) rows.push_back(w.add(member_of(n)));
  }
  const wire::range_code leaf = (1U << 10U) + 5;
  EXPECT_EQ(w.rows(leaf).size(), range_digest::max_chain);
  for (std::size_t i = rows.size(); i-- > 0;) w.remove(rows[i * 7 % rows.size()]);
  EXPECT_EQ(w.ranges.view(), before);
  EXPECT_TRUE(w.rows(leaf).empty());
}

TEST(RangeDigest, CostsAtMostTwoAndAHalfBytesAMember) {
  for (const std::uint32_t members : {16384U, 65536U, 100000U}) {
    const range_digest ranges{"", members};
    EXPECT_LE(ranges.bytes_allocated(), members * 5 / 2) << members;
    EXPECT_GE(ranges.bytes_allocated(), members) << members;
  }
}

}  // namespace
