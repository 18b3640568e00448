// dissemination/gossip_queue_test.cpp - flotilla/dissemination/gossip_queue.hpp
// Fewest transmissions first, each fact at most its budget (SWIM, section 4.1; S14).
#include <flotilla/dissemination/gossip_queue.hpp>

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

namespace {

using flotilla::endpoint;
using flotilla::gossip_class;
using flotilla::gossip_queue;
using flotilla::incarnation;
using flotilla::member_id;
using flotilla::member_table;
using flotilla::row_index;

using rows = std::vector<row_index>;

member_table table_of(std::uint32_t members) {
  member_table table{{}, 5000, 0, {member_id{1}, endpoint::ipv4({10, 0, 0, 1}, 7946)}};
  for (std::uint32_t i = 2; i <= members; ++i) {
    const auto third = static_cast<std::uint8_t>(i >> 8U);
    const auto fourth = static_cast<std::uint8_t>(i);
    static_cast<void>(
        table.add({member_id{i}, endpoint::ipv4({10, 1, third, fourth}, 7946), incarnation{0}}));
  }
  return table;
}

/// A queue over a table of its own; row i stands for the fact about its member.
struct queue_and_table {
  member_table table = table_of(1000);
  gossip_queue queue{gossip_class::membership, 0};

  void push(const rows& facts) {
    for (const row_index at : facts) {
      ASSERT_TRUE(queue.try_reserve_one());
      queue.push(table, at);
    }
  }
  /// What goes into one datagram with room for so many.
  rows send(std::uint32_t budget, std::size_t room = 1000) {
    rows sent;
    queue.send(table, budget, [&](row_index at) {
      if (sent.size() == room) return false;
      sent.push_back(at);
      return true;
    });
    return sent;
  }
  /// What goes into so many datagrams with room for one.
  rows send_one_by_one(std::uint32_t budget, int datagrams) {
    rows sent;
    for (int i = 0; i < datagrams; ++i) {
      for (const row_index at : send(budget, 1)) sent.push_back(at);
    }
    return sent;
  }
  bool queued(row_index at) const { return table[at].queued() == gossip_class::membership; }
  std::uint64_t digest() const {
    flotilla::detail::state_hasher out;
    queue.hash_into(out);
    return out.digest();
  }
};

TEST(GossipQueue, EmptySendsNothing) {
  queue_and_table q;
  EXPECT_TRUE(q.queue.empty());
  EXPECT_EQ(q.send(5), rows{});
  gossip_queue none;
  none.send(q.table, 5, [](row_index) {
    ADD_FAILURE();
    return true;
  });
  EXPECT_TRUE(none.try_reserve_one());
}

TEST(GossipQueue, FactsNeverSentGoInTheOrderInWhichTheyCame) {
  queue_and_table q;
  q.push({5, 3, 9, 1});
  EXPECT_EQ(q.send_one_by_one(10, 4), (rows{5, 3, 9, 1}));
}

TEST(GossipQueue, FewestTransmissionsGoFirst) {
  queue_and_table q;
  q.push({1, 2});
  EXPECT_EQ(q.send(10), (rows{1, 2}));
  q.push({3});
  EXPECT_EQ(q.send(10, 2), (rows{3, 1}));  // 3 was never sent, 1 longer ago than 2
  EXPECT_EQ(q.send(10), (rows{2, 3, 1}));  // sent 1, 1, 2 times
  EXPECT_EQ(q.send(10), (rows{2, 3, 1}));  // sent 2, 2, 3 times
  q.push({4});
  EXPECT_EQ(q.send(10), (rows{4, 2, 3, 1}));
}

TEST(GossipQueue, EachFactIsSentExactlyItsBudget) {
  for (const std::uint32_t budget : {1U, 2U, 9U, gossip_queue::max_budget}) {
    for (const std::size_t room : {1U, 3U, 100U}) {
      queue_and_table q;
      std::map<row_index, std::uint32_t> times;
      for (row_index at = 1; at <= 10; ++at) q.push({at});
      while (!q.queue.empty()) {
        const rows sent = q.send(budget, room);
        ASSERT_FALSE(sent.empty());
        for (const row_index at : sent) ++times[at];
      }
      ASSERT_EQ(times.size(), 10U);
      for (const auto& [at, count] : times) {
        EXPECT_EQ(count, budget) << at;
        EXPECT_FALSE(q.queued(at));
      }
    }
  }
}

TEST(GossipQueue, OneDatagramCarriesAFactOnceHoweverMuchRoomItHas) {
  queue_and_table q;
  q.push({1, 2, 3});
  for (int datagram = 0; datagram < 5; ++datagram) EXPECT_EQ(q.send(5), (rows{1, 2, 3}));
  EXPECT_EQ(q.send(5), rows{});
}

// Law 2: a smaller buffer means fewer facts, never lost state.
TEST(GossipQueue, WhatDoesNotFitIsNotSpent) {
  queue_and_table q;
  q.push({1, 2, 3});
  q.send(9, 2);
  const gossip_queue before = q.queue;
  for (int i = 0; i < 20; ++i) EXPECT_EQ(q.send(9, 0), rows{});
  EXPECT_EQ(q.queue, before);
  EXPECT_EQ(q.send(9), (rows{3, 1, 2}));
}

TEST(GossipQueue, ANewerFactAboutAMemberBeginsAnew) {
  queue_and_table q;
  q.push({1, 2});
  q.send(3);
  q.send(3, 1);
  q.queue.remove(q.table, 1);
  EXPECT_FALSE(q.queued(1));
  q.push({1});
  rows sent;
  while (!q.queue.empty()) {
    for (const row_index at : q.send(3, 1)) sent.push_back(at);
  }
  EXPECT_EQ(sent, (rows{1, 2, 1, 2, 1}));
}

// Any fact of any bucket can be taken out; the others keep their counts.
TEST(GossipQueue, RemovingOneLeavesTheOthersTheirCounts) {
  for (row_index gone = 1; gone <= 9; ++gone) {
    queue_and_table q;
    q.push({1, 2, 3});
    q.send(4);
    q.send(4);
    q.push({4, 5, 6});
    q.send(4, 3);
    q.push({7, 8, 9});
    q.queue.remove(q.table, gone);
    EXPECT_EQ(q.queue.size(), 8U);
    std::map<row_index, int> left;
    while (!q.queue.empty()) {
      for (const row_index at : q.send(4)) ++left[at];
    }
    for (row_index at = 1; at <= 9; ++at) {
      const int expected = at <= 3 ? 2 : at <= 6 ? 3 : 4;
      EXPECT_EQ(left.count(at) == 0 ? 0 : left[at], at == gone ? 0 : expected) << at;
    }
  }
}

// The budget follows the size of the group.
TEST(GossipQueue, ASmallerBudgetDropsWhatWasSentOftenEnough) {
  queue_and_table q;
  q.push({1});
  for (int i = 0; i < 3; ++i) q.send(9);
  q.push({2});
  EXPECT_EQ(q.send(3), rows{2});  // 1 was sent three times already
  EXPECT_FALSE(q.queued(1));
  EXPECT_TRUE(q.queued(2));
  EXPECT_EQ(q.queue.size(), 1U);
  EXPECT_EQ(q.send(1), rows{});
  EXPECT_TRUE(q.queue.empty());
  EXPECT_FALSE(q.queued(2));
}

TEST(GossipQueue, ALargerBudgetGivesMoreToThoseStillHere) {
  queue_and_table q;
  q.push({1});
  EXPECT_EQ(q.send_one_by_one(2, 1), rows{1});
  EXPECT_EQ(q.send_one_by_one(5, 100), (rows{1, 1, 1, 1}));
}

// Positions count on and wrap at 2^32: the first push already crosses 0, and growing renumbers
// nothing.
TEST(GossipQueue, GrowsAnywhereAndKeepsOrderAndCounts) {
  for (row_index before = 0; before < 70; before += 7) {
    queue_and_table q;
    for (row_index at = 1; at <= before; ++at) q.push({at});
    while (!q.queue.empty()) q.send(2, 5);  // move on around the ring
    rows all;
    for (row_index at = 1; at <= 900; ++at) {
      q.push({at});
      all.push_back(at);
    }
    EXPECT_EQ(q.queue.size(), 900U);
    EXPECT_EQ(q.queue.bytes_allocated(), 1024 * sizeof(row_index));
    EXPECT_EQ(q.send(2), all);
    EXPECT_EQ(q.send(2), all);
    EXPECT_TRUE(q.queue.empty());
  }
}

// Law 5: what was reserved at construction is enough.
TEST(GossipQueue, WhatIsReservedIsNotAllocatedLater) {
  queue_and_table q;
  q.queue = gossip_queue{gossip_class::membership, 900};
  const std::size_t bytes = q.queue.bytes_allocated();
  for (row_index at = 1; at <= 900; ++at) q.push({at});
  EXPECT_EQ(q.queue.bytes_allocated(), bytes);
}

TEST(GossipQueue, TwoQueuesShareATable) {
  queue_and_table q;
  gossip_queue urgent{gossip_class::urgent, 0};
  q.push({1, 2});
  urgent.push(q.table, 3);
  EXPECT_EQ(q.table[3].queued(), gossip_class::urgent);
  EXPECT_EQ(q.send(1), (rows{1, 2}));
  EXPECT_EQ(q.table[1].queued(), gossip_class::none);
  EXPECT_EQ(q.table[3].queued(), gossip_class::urgent);
  urgent.remove(q.table, 3);
  EXPECT_TRUE(urgent.empty());
}

TEST(GossipQueue, EqualityAndHashFollowOrderAndCounts) {
  queue_and_table q;
  q.push({1, 2});
  queue_and_table same;
  same.push({1, 2});
  EXPECT_EQ(q.queue, same.queue);
  EXPECT_EQ(q.digest(), same.digest());
  queue_and_table other;
  other.push({2, 1});
  EXPECT_NE(q.queue, other.queue);
  EXPECT_NE(q.digest(), other.digest());
  q.send(5, 1);
  EXPECT_NE(q.queue, same.queue);
  EXPECT_NE(q.digest(), same.digest());
  same.send(5, 1);
  EXPECT_EQ(q.queue, same.queue);
  EXPECT_EQ(q.digest(), same.digest());
}

/// experiment::transmit_budget off: whatever the budget, nothing is ever retired.
TEST(GossipQueue, AnEndlessOneRetiresNothing) {
  queue_and_table q;
  q.queue = gossip_queue{gossip_class::membership, 0, true};
  q.push({1, 2, 3});
  std::map<row_index, int> times;
  for (int i = 0; i < 3000; ++i) {
    const rows sent = q.send(i % 2 == 0 ? 1 : 6, 1);
    ASSERT_EQ(sent.size(), 1U);
    ++times[sent[0]];
  }
  EXPECT_EQ(q.queue.size(), 3U);
  for (const row_index at : {1U, 2U, 3U}) {
    EXPECT_TRUE(q.queued(at));
    EXPECT_EQ(times[at], 1000) << "each in its turn, also after it was sent max_budget times";
  }
  q.push({4});
  EXPECT_EQ(q.send(6, 1), rows{4}) << "news go first";
}

TEST(GossipQueue, AnEndlessFullRingTakesTurnsInPlace) {
  queue_and_table q;
  q.queue = gossip_queue{gossip_class::membership, 0, true};
  rows all;
  for (row_index at = 1; at <= 64; ++at) all.push_back(at);
  q.push(all);
  for (std::uint32_t i = 0; i < 2 * gossip_queue::max_budget; ++i) {
    ASSERT_EQ(q.send(6).size(), 64U) << "each once a datagram, in the " << i << "th too";
  }
  EXPECT_EQ(q.queue.size(), 64U);
  q.queue.remove(q.table, 7);
  EXPECT_FALSE(q.queued(7));
  EXPECT_EQ(q.send(6).size(), 63U);
}

}  // namespace
