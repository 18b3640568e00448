// property/gossip_queue_property_test.cpp - flotilla/dissemination/gossip_queue.hpp
// Against a plain list that is searched whole for every fact that is sent.
#include <flotilla/dissemination/gossip_queue.hpp>

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <set>
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

/// What the queue promises, without any cleverness.
class naive_queue {
 public:
  void push(row_index at) { facts_.push_back({at, 0, ++clock_}); }
  void remove(row_index at) { facts_.erase(find(at)); }
  [[nodiscard]] bool contains(row_index at) { return find(at) != facts_.end(); }
  [[nodiscard]] std::size_t size() const { return facts_.size(); }

  /// Which facts fit, fewest transmissions first, among equals the one that waited longest; each
  /// once.
  rows next(std::uint32_t budget, std::size_t room) {
    drop_spent(budget);
    std::sort(facts_.begin(), facts_.end(), [](const fact& a, const fact& b) {
      return a.sent != b.sent ? a.sent < b.sent : a.since < b.since;
    });
    rows result;
    for (const fact& f : facts_) {
      if (result.size() < room) result.push_back(f.at);
    }
    return result;
  }
  /// How often these were sent before now, in their order.
  std::vector<std::uint32_t> counts(const rows& of) {
    std::vector<std::uint32_t> result;
    for (const row_index at : of) result.push_back(find(at)->sent);
    return result;
  }
  void send(std::uint32_t budget, const rows& sent) {
    for (const row_index at : sent) {
      ++find(at)->sent;
      find(at)->since = ++clock_;
    }
    drop_spent(budget);
  }

 private:
  struct fact {
    row_index at;
    std::uint32_t sent;
    std::uint64_t since;  // when it came to those sent as often as it
  };
  std::vector<fact>::iterator find(row_index at) {
    return std::find_if(facts_.begin(), facts_.end(), [&](const fact& f) { return f.at == at; });
  }
  void drop_spent(std::uint32_t budget) {
    const auto spent = [&](const fact& f) { return f.sent >= budget; };
    facts_.erase(std::remove_if(facts_.begin(), facts_.end(), spent), facts_.end());
  }

  std::vector<fact> facts_;
  std::uint64_t clock_{0};
};

constexpr std::uint32_t members = 150;  // more than the smallest ring has slots

member_table table_of_all() {
  member_table table{{}, members, 0, {member_id{1}, endpoint::ipv4({10, 0, 0, 1}, 7946)}};
  for (std::uint32_t i = 1; i < members; ++i) {
    const auto last = static_cast<std::uint8_t>(i);
    static_cast<void>(
        table.add({member_id{i + 1}, endpoint::ipv4({10, 0, 1, last}, 7946), incarnation{0}}));
  }
  return table;
}

/// The queue beside the plain list.
struct pair_of_queues {
  member_table table;
  gossip_queue queue{gossip_class::urgent, 0};
  naive_queue naive{};
  bool removed{false};  // something was taken out from among the others

  void push(row_index at) {
    RC_ASSERT(queue.try_reserve_one());
    queue.push(table, at);
    naive.push(at);
  }
  void remove(row_index at) {
    queue.remove(table, at);
    naive.remove(at);
    removed = true;
  }
  void send(std::uint32_t budget, std::size_t room) {
    rows sent;
    queue.send(table, budget, [&](row_index at) {
      if (sent.size() == room) return false;
      sent.push_back(at);
      return true;
    });
    const rows expected = naive.next(budget, room);
    // Taking one out lets another overtake some that were sent as often: then only the counts are
    // promised.
    if (!removed) RC_ASSERT(sent == expected);
    RC_ASSERT(sent.size() == expected.size());
    for (const row_index at : sent) RC_ASSERT(naive.contains(at));
    RC_ASSERT(std::set<row_index>(sent.begin(), sent.end()).size() == sent.size());
    RC_ASSERT(naive.counts(sent) == naive.counts(expected));
    naive.send(budget, sent);
  }
  void check() {
    RC_ASSERT(queue.size() == naive.size());
    RC_ASSERT(queue.empty() == (naive.size() == 0));
    bool agree = true;
    for (row_index at = 0; at < members; ++at) {
      const auto expected = naive.contains(at) ? gossip_class::urgent : gossip_class::none;
      agree = agree && table[at].queued() == expected;
    }
    RC_ASSERT(agree);
  }
};

/// A few members, so that the same facts come again, or many, so that the ring grows.
row_index any_span() { return *rc::gen::element<row_index>(3, 10, members); }
std::uint32_t any_budget() {
  return *rc::gen::weightedOneOf<std::uint32_t>(
      {{9, rc::gen::inRange<std::uint32_t>(1, 8)},
       {1, rc::gen::inRange<std::uint32_t>(1, gossip_queue::max_budget + 1)}});
}
std::size_t any_room() {
  return *rc::gen::weightedOneOf<std::size_t>(
      {{6, rc::gen::inRange<std::size_t>(0, 6)}, {1, rc::gen::just<std::size_t>(1000)}});
}

/// Budgets grow and shrink, datagrams have any size; positions begin at 0, so that they wrap around
/// 2^32 at once.
void compare_with_a_plain_list(const member_table& table, bool remove) {
  pair_of_queues queues{table};
  const row_index span = any_span();
  const auto steps = *rc::gen::inRange(0, 200);
  for (int i = 0; i < steps; ++i) {
    const auto first = *rc::gen::inRange<row_index>(0, span);
    switch (*rc::gen::inRange(0, 10)) {
      case 0:  // a burst
        for (row_index at = first; at < span; ++at) {
          if (!queues.naive.contains(at)) queues.push(at);
        }
        break;
      case 1:
      case 2:
      case 3:
      case 4: queues.send(any_budget(), any_room()); break;
      default:
        if (!queues.naive.contains(first)) {
          queues.push(first);
        } else if (remove) {
          queues.remove(first);
        }
    }
    queues.check();
  }
}

TEST(GossipQueueProperty, SendsInTheOrderOfAPlainList) {
  const member_table table = table_of_all();
  EXPECT_TRUE(rc::check([&] { compare_with_a_plain_list(table, false); }));
}

// With facts taken out from anywhere, every one of the others keeps its count and its place among
// those of other counts.
TEST(GossipQueueProperty, SendsFewestFirstWhateverIsTakenOut) {
  const member_table table = table_of_all();
  EXPECT_TRUE(rc::check([&] { compare_with_a_plain_list(table, true); }));
}

// S14: at most its budget, at most once a datagram, in the long run.
TEST(GossipQueueProperty, NoFactIsSentMoreOftenThanItsBudget) {
  const member_table fresh = table_of_all();
  EXPECT_TRUE(rc::check([&] {
    member_table table = fresh;
    gossip_queue queue{gossip_class::membership, members};
    const auto budget = *rc::gen::inRange<std::uint32_t>(1, 20);
    std::vector<std::uint32_t> sent(members);
    for (int i = 0; i < 300; ++i) {
      const auto at = *rc::gen::inRange<row_index>(0, members);
      if (table[at].queued() == gossip_class::none) {
        queue.push(table, at);
        sent[at] = 0;
      }
      std::vector<int> here(members);
      auto room = *rc::gen::inRange(0, 20);
      queue.send(table, budget, [&](row_index fact) {
        if (room-- == 0) return false;
        ++here[fact];
        ++sent[fact];
        return true;
      });
      bool within = true;
      for (row_index fact = 0; fact < members; ++fact) {
        const bool waits = table[fact].queued() != gossip_class::none;
        within = within && here[fact] <= 1 && sent[fact] <= budget;
        within = within && (sent[fact] == 0 || waits == (sent[fact] < budget));
      }
      RC_ASSERT(within);
    }
  }));
}

}  // namespace
