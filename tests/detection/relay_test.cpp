// detection/relay_test.cpp - flotilla/detection/relay.hpp
// Bounded for all and for each requester; the earliest nack against brute force.
#include <flotilla/detection/relay.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include <flotilla/detail/random.hpp>

namespace {

using flotilla::duration;
using flotilla::endpoint;
using flotilla::member_id;
using flotilla::relay;
using flotilla::relay_table;
using flotilla::time_point;

constexpr std::size_t capacity = relay_table::capacity;
constexpr time_point at(std::int64_t t) { return time_point{duration{t}}; }

relay requested_by(std::uint64_t requester, std::int64_t due = 0) {
  relay r;
  r.requester = member_id{requester};
  r.nack_due = at(due);
  return r;
}
/// Opens one for this requester; false when it has no more.
bool open_for(relay_table& table, std::uint64_t requester, std::int64_t due = 0) {
  const std::size_t slot = table.find_free(member_id{requester});
  if (slot == capacity) return false;
  EXPECT_FALSE(table[slot].used);
  table.open(slot, requested_by(requester, due));
  EXPECT_TRUE(table[slot].used);
  return true;
}

TEST(RelayTable, OneRequesterHoldsAtMostAQuarter) {
  relay_table table;
  for (std::uint64_t requester = 1; requester <= 4; ++requester) {
    for (std::size_t i = 0; i < capacity / 4; ++i) EXPECT_TRUE(open_for(table, requester));
    EXPECT_FALSE(open_for(table, requester));
  }
  EXPECT_FALSE(open_for(table, 5));  // now all are busy
  for (std::size_t i = 0; i < capacity; ++i) {
    if (table[i].requester != member_id{2}) continue;
    table.close(i);
    EXPECT_TRUE(open_for(table, 5));
    break;
  }
  EXPECT_FALSE(open_for(table, 5));
}

TEST(RelayTable, AClosedOneIsWholeNew) {
  relay_table table;
  ASSERT_TRUE(open_for(table, 1, 5));
  table.close(table.find_due(at(5)));
  EXPECT_EQ(table, relay_table{});
}

TEST(RelayTable, IsDueNotBeforeItsTime) {
  relay_table table;
  EXPECT_EQ(table.earliest(), time_point::max());
  EXPECT_EQ(table.find_due(at(1000)), capacity);
  EXPECT_EQ(table.find_due(time_point::max()), capacity);
  ASSERT_TRUE(open_for(table, 1, 100));
  EXPECT_EQ(table.earliest(), at(100));
  EXPECT_EQ(table.find_due(at(99)), capacity);
  const std::size_t slot = table.find_due(at(100));
  ASSERT_NE(slot, capacity);
  EXPECT_EQ(table[slot].requester, member_id{1});
}

TEST(RelayTable, EarliestIsExactUnderAnyOrderOfOpeningAndClosing) {
  flotilla::detail::random_generator random{1};
  relay_table table;
  for (std::uint64_t step = 0; step < 20000; ++step) {
    const std::size_t slot = random.below(capacity);
    if (table[slot].used) {
      table.close(slot);
    } else {
      table.open(slot, requested_by(step % 9, random.below(50)));
    }
    time_point expected = time_point::max();
    for (std::size_t i = 0; i < capacity; ++i) {
      if (table[i].used) expected = std::min(expected, table[i].nack_due);
    }
    ASSERT_EQ(table.earliest(), expected) << step;
    const time_point now = at(random.below(50));
    const std::size_t due = table.find_due(now);
    ASSERT_EQ(due != capacity, expected <= now) << step;
    if (due != capacity) {
      ASSERT_TRUE(table[due].used && table[due].nack_due <= now);
    }
  }
}

TEST(RelayTable, HashAndEqualityFollowEverySlot) {
  const auto digest = [](const relay_table& table) {
    flotilla::detail::state_hasher out;
    table.hash_into(out);
    return out.digest();
  };
  relay_table table;
  relay_table copy = table;
  ASSERT_TRUE(open_for(table, 1, 100));
  EXPECT_NE(table, copy);
  EXPECT_NE(digest(table), digest(copy));
  ASSERT_TRUE(open_for(copy, 1, 100));
  EXPECT_EQ(table, copy);
  EXPECT_EQ(digest(table), digest(copy));
}

}  // namespace
