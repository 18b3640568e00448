// dissemination/outbox_test.cpp - flotilla/dissemination/outbox.hpp
// Shares: replies at most three quarters, one receiver an eighth; what we begin ourselves fits.
#include <flotilla/dissemination/outbox.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <flotilla/detail/random.hpp>

namespace {

using flotilla::cargo;
using flotilla::endpoint;
using flotilla::incarnation;
using flotilla::member_id;
using flotilla::outbox;
using flotilla::outgoing;
using flotilla::detail::mix_key;
using flotilla::wire::message_kind;

constexpr mix_key key{};  // a drawn key: tiny ones mix badly

/// Addresses of which no two share a counter: the outbox keeps 64 of them.
std::vector<endpoint> receivers(std::size_t count) {
  std::vector<endpoint> result;
  std::vector<bool> taken(64);
  for (std::uint32_t i = 0; result.size() < count; ++i) {
    const endpoint candidate = endpoint::ipv4(
        {10, 0, static_cast<std::uint8_t>(i >> 8U), static_cast<std::uint8_t>(i)}, 7946);
    const std::size_t share = flotilla::detail::endpoint_digest(candidate, key) % 64;
    if (taken[share]) continue;
    taken[share] = true;
    result.push_back(candidate);
  }
  return result;
}
outgoing to(const endpoint& receiver, std::uint32_t sequence = 0) {
  outgoing what;
  what.to = receiver;
  what.sequence = sequence;
  return what;
}
/// How many replies to these receivers, in turns, are taken.
std::size_t fill_with_replies(outbox& box, const std::vector<endpoint>& to_whom) {
  std::size_t taken = 0;
  for (int round = 0; round < 10000; ++round) {
    const std::size_t before = taken;
    for (const endpoint& receiver : to_whom) taken += box.push_reply(to(receiver)) ? 1U : 0U;
    if (taken == before) break;
  }
  return taken;
}

TEST(Outbox, IsAQueue) {
  outbox box{key, 64};
  const auto receiver = receivers(1)[0];
  EXPECT_TRUE(box.empty());
  ASSERT_TRUE(box.push_own(to(receiver, 1)));
  ASSERT_TRUE(box.push_reply(to(receiver, 2)));
  ASSERT_TRUE(box.push_own(to(receiver, 3)));
  for (std::uint32_t expected = 1; expected <= 3; ++expected) {
    EXPECT_EQ(box.size(), 4 - expected);
    EXPECT_EQ(box.front().sequence, expected);
    EXPECT_EQ(box.front().reply, expected == 2);
    box.pop_front();
  }
  EXPECT_TRUE(box.empty());
}

TEST(Outbox, AddsOneThatIsFilledInPlace) {
  outbox box{key, 2};
  outgoing* const first = box.add_own();
  ASSERT_NE(first, nullptr);
  EXPECT_EQ(*first, outgoing{});
  first->sequence = 5;
  EXPECT_EQ(box.front().sequence, 5U);
  box.pop_front();
  ASSERT_NE(box.add_own(), nullptr);
  outgoing* const again = box.add_own();  // where the first one was
  ASSERT_NE(again, nullptr);
  EXPECT_EQ(*again, outgoing{});
  EXPECT_EQ(box.add_own(), nullptr);
  EXPECT_EQ(box.size(), 2U);
}

// A flood of requests from everywhere leaves a quarter to what we begin ourselves.
TEST(Outbox, RepliesFillAtMostThreeQuarters) {
  for (const std::size_t capacity : {64U, 128U, 1000U}) {
    outbox box{key, capacity};
    EXPECT_EQ(fill_with_replies(box, receivers(40)), capacity / 4 * 3);
    const outbox before = box;
    EXPECT_FALSE(box.push_reply(to(receivers(1)[0])));
    EXPECT_EQ(box, before);
    for (std::size_t i = capacity / 4 * 3; i < capacity; ++i) {
      EXPECT_TRUE(box.push_own(to(receivers(1)[0])));
    }
    EXPECT_FALSE(box.push_own(to(receivers(1)[0])));
    EXPECT_EQ(box.size(), capacity);
  }
}

// A flood from one address leaves room for the answers to all others.
TEST(Outbox, RepliesToOneReceiverFillAtMostAnEighth) {
  for (const std::size_t capacity : {64U, 128U, 1000U}) {
    const auto all = receivers(3);
    outbox box{key, capacity};
    EXPECT_EQ(fill_with_replies(box, {all[0]}), capacity / 8);
    EXPECT_EQ(fill_with_replies(box, {all[1]}), capacity / 8);
    EXPECT_FALSE(box.push_reply(to(all[0])));
    EXPECT_TRUE(box.push_own(to(all[0])));  // our own have no share
  }
}

// Even when all of the rest is taken by our own, nothing is lost or counted twice.
TEST(Outbox, AFullOneRefusesRepliesWithoutCountingThem) {
  const auto all = receivers(8);
  outbox box{key, 64};
  for (int i = 0; i < 64; ++i) ASSERT_TRUE(box.push_own(to(all[0])));
  EXPECT_FALSE(box.push_reply(to(all[0])));
  while (!box.empty()) box.pop_front();
  EXPECT_EQ(fill_with_replies(box, all), 48U);
}

TEST(Outbox, SharesComeBackWithWhatIsPulled) {
  const auto all = receivers(20);
  flotilla::detail::random_generator random{1};
  outbox box{key, 128};
  for (int step = 0; step < 20000; ++step) {
    const endpoint& receiver = all[random.below(20)];
    switch (random.below(3)) {
      case 0: static_cast<void>(box.push_reply(to(receiver))); break;
      case 1: static_cast<void>(box.push_own(to(receiver))); break;
      default:
        if (!box.empty()) box.pop_front();
    }
  }
  while (!box.empty()) box.pop_front();
  // As if nothing had been in it before: every share is whole.
  EXPECT_EQ(box, (outbox{key, 128}));
  EXPECT_EQ(fill_with_replies(box, {all[0]}), 16U);
  EXPECT_EQ(fill_with_replies(box, all), 80U);
}

TEST(Outbox, ClearGivesAllSharesBack) {
  const auto all = receivers(20);
  outbox box{key, 128};
  fill_with_replies(box, all);
  box.clear();
  EXPECT_EQ(box, (outbox{key, 128}));
  EXPECT_EQ(fill_with_replies(box, {all[0]}), 16U);
}

// Which strangers share a counter is a secret: an attacker cannot aim at a member's share.
TEST(Outbox, WhoSharesACounterDependsOnTheKey) {
  int together = 0;
  for (std::uint64_t k = 0; k < 256; ++k) {
    outbox box{flotilla::detail::random_generator{k}.next_key(), 64};
    const endpoint a = endpoint::ipv4({10, 0, 0, 1}, 7946);
    const endpoint b = endpoint::ipv4({10, 0, 0, 2}, 7946);
    fill_with_replies(box, {a});
    together += box.push_reply(to(b)) ? 0 : 1;
  }
  EXPECT_LT(together, 20);  // 4 of 256 are to be expected
}

TEST(Outbox, EqualityAndHashFollowWhatWaits) {
  const auto digest = [](const outbox& box) {
    flotilla::detail::state_hasher out;
    box.hash_into(out);
    return out.digest();
  };
  const auto receiver = receivers(1)[0];
  std::vector<outgoing> different(12, to(receiver));
  different[1].kind = message_kind::ack;
  different[2].facts = cargo::chunk;
  different[3].tell = true;
  different[4].limit = 1;
  different[5].sequence = 1;
  different[6].to = endpoint{};
  different[7].target = member_id{1};
  different[8].subject = member_id{1};
  different[9].incarnation = incarnation{1};
  different[10].cursor = 1;
  different[11].cookie = 1;
  std::vector<std::uint64_t> digests;
  for (const outgoing& what : different) {
    outbox box{key, 64};
    ASSERT_TRUE(box.push_own(what));
    digests.push_back(digest(box));
    for (const outgoing& other : different) EXPECT_EQ(&what == &other, what == other);
  }
  std::sort(digests.begin(), digests.end());
  EXPECT_EQ(std::unique(digests.begin(), digests.end()), digests.end());
}

}  // namespace
