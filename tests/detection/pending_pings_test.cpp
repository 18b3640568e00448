// detection/pending_pings_test.cpp - flotilla/detection/pending_pings.hpp
// An answer is matched by its number alone, once; no purpose can evict another's questions.
#include <flotilla/detection/pending_pings.hpp>

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <unordered_set>
#include <vector>

#include <flotilla/detail/random.hpp>

namespace {

using namespace std::chrono_literals;
using flotilla::endpoint;
using flotilla::member_id;
using flotilla::pending_ping;
using flotilla::pending_pings;
using flotilla::ping_purpose;
using flotilla::ping_purpose_count;
using flotilla::sequence_cipher;
using flotilla::time_point;
using flotilla::detail::mix_key;

constexpr mix_key key{0x0123456789abcdefU, 0xfedcba9876543210U};
constexpr time_point start{1h};
constexpr endpoint where = endpoint::ipv4({10, 0, 0, 1}, 7946);
constexpr endpoint elsewhere = endpoint::ipv4({10, 0, 0, 2}, 7946);

std::array<ping_purpose, ping_purpose_count> purposes() {
  std::array<ping_purpose, ping_purpose_count> all{};
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = static_cast<ping_purpose>(i);
  return all;
}
bool waits(pending_pings& pending, std::uint32_t sequence) {
  ping_purpose ignored{};
  return pending.find(sequence, ignored) != nullptr;
}

TEST(PendingPings, FindsWhatWasAskedAndWhy) {
  for (const ping_purpose purpose : purposes()) {
    pending_pings pending{key};
    const std::uint32_t sequence = pending.ask(purpose, member_id{7}, where, start, 5);
    ping_purpose found{};
    const pending_ping* asked = pending.find(sequence, found);
    ASSERT_NE(asked, nullptr);
    EXPECT_EQ(found, purpose);
    EXPECT_EQ(*asked, (pending_ping{sequence, true, 5, member_id{7}, where, start}));
  }
}

// A crowd of hearsay is rare: what its questions need is allocated with the first of them.
TEST(PendingPings, IsTheSameWhateverIsAllocated) {
  const auto digest = [](const pending_pings& pending) {
    flotilla::detail::state_hasher out;
    pending.hash_into(out);
    return out.digest();
  };
  pending_pings now{key, true};
  pending_pings later{key, false};
  const std::size_t before = later.bytes_allocated();
  EXPECT_LT(before, now.bytes_allocated());
  for (const ping_purpose purpose : purposes()) {
    EXPECT_FALSE(later.asked_since(purpose, member_id{7}, where, start));
    later.cancel(purpose);
    EXPECT_TRUE(later == now);
    EXPECT_EQ(digest(later), digest(now));
    EXPECT_EQ(later.bytes_allocated(), before) << "only hearsay, the last, needs more";
    const std::uint32_t sequence = later.ask(purpose, member_id{7}, where, start);
    EXPECT_EQ(sequence, now.ask(purpose, member_id{7}, where, start));
    EXPECT_TRUE(waits(later, sequence));
  }
  EXPECT_EQ(later.bytes_allocated(), now.bytes_allocated());
  EXPECT_TRUE(later == now);
}

TEST(PendingPings, AnAnswerCountsOnce) {
  pending_pings pending{key};
  const std::uint32_t sequence = pending.ask(ping_purpose::probe, member_id{7}, where, start);
  ping_purpose purpose{};
  pending.find(sequence, purpose)->waiting = false;
  EXPECT_FALSE(waits(pending, sequence));
}

TEST(PendingPings, AGuessMatchesNothing) {
  pending_pings pending{key};
  std::unordered_set<std::uint32_t> asked;
  for (const ping_purpose purpose : purposes()) {
    for (std::size_t i = 0; i < pending_pings::capacity(purpose); ++i) {
      asked.insert(pending.ask(purpose, member_id{7}, where, start));
    }
  }
  EXPECT_EQ(asked.size(), 244U);
  flotilla::detail::random_generator random{1};
  for (int i = 0; i < 1'000'000; ++i) {
    const auto guess = static_cast<std::uint32_t>(random.next());
    ASSERT_EQ(waits(pending, guess), asked.count(guess) != 0) << guess;
  }
  for (const std::uint32_t sequence : asked) {
    for (unsigned bit = 0; bit < 32; ++bit) {
      const std::uint32_t near = sequence ^ 1U << bit;
      ASSERT_EQ(waits(pending, near), asked.count(near) != 0) << near;
    }
  }
}

// A flood that makes us ask for one purpose leaves the questions of the others waiting.
TEST(PendingPings, EachPurposeHasSlotsOfItsOwn) {
  for (const ping_purpose flooded : purposes()) {
    pending_pings pending{key};
    std::vector<std::uint32_t> others;
    for (const ping_purpose purpose : purposes()) {
      if (purpose == flooded) continue;
      for (std::size_t i = 0; i < pending_pings::capacity(purpose); ++i) {
        others.push_back(pending.ask(purpose, member_id{7}, where, start));
      }
    }
    for (int i = 0; i < 1000; ++i) pending.ask(flooded, member_id{8}, where, start);
    for (const std::uint32_t sequence : others) EXPECT_TRUE(waits(pending, sequence));
  }
}

TEST(PendingPings, TheOldestQuestionOfThePurposeMakesRoom) {
  for (const ping_purpose purpose : purposes()) {
    pending_pings pending{key};
    const std::size_t capacity = pending_pings::capacity(purpose);
    std::vector<std::uint32_t> asked;
    for (std::size_t i = 0; i < 3 * capacity; ++i) {
      asked.push_back(pending.ask(purpose, member_id{7}, where, start));
      for (std::size_t j = 0; j <= i; ++j) {
        ASSERT_EQ(waits(pending, asked[j]), j + capacity > i) << j << " of " << i;
      }
    }
  }
}

TEST(PendingPings, NumbersDoNotRepeat) {
  pending_pings pending{key};
  std::unordered_set<std::uint32_t> seen;
  for (int i = 0; i < 300'000; ++i) {
    const auto purpose =
        static_cast<ping_purpose>(static_cast<std::size_t>(i) % ping_purpose_count);
    ASSERT_TRUE(seen.insert(pending.ask(purpose, member_id{7}, where, start)).second) << i;
  }
}

// 0 stands for "none" wherever a number is kept: in a probe round, a transfer, an evidence. So it
// is never given. Only few counters come out as 0: keys are tried until one does soon.
TEST(PendingPings, ZeroIsNeverGiven) {
  flotilla::detail::random_generator random{1};
  int tried = 0;
  for (int k = 0; k < 4'000'000 && tried < 5; ++k) {
    const mix_key candidate = random.next_key();
    const std::uint32_t counter = sequence_cipher{candidate}.counter_of(0);
    const std::uint32_t generation = counter >> 8U;
    if ((counter & 0xffU) >= 4 || generation == 0 || generation > 4000) continue;
    ++tried;
    // The first four slots belong to the probes: each of them is used in this generation once.
    for (std::uint32_t ahead = 0; ahead < 4; ++ahead) {
      pending_pings pending{candidate};
      for (std::uint32_t i = 0; i < generation + 8; ++i) {
        const bool other = i < ahead;
        const auto purpose = other ? ping_purpose::recheck : ping_purpose::probe;
        ASSERT_NE(pending.ask(purpose, member_id{7}, where, start), 0U) << "key " << k;
      }
    }
  }
  EXPECT_GT(tried, 0);
}

TEST(PendingPings, AskedSinceComparesPurposeMemberPlaceAndTime) {
  pending_pings pending{key};
  const std::uint32_t sequence = pending.ask(ping_purpose::verify, member_id{7}, where, start);
  const auto asked = [&](ping_purpose purpose, std::uint64_t id, const endpoint& to,
                         time_point since) {
    return pending.asked_since(purpose, member_id{id}, to, since);
  };
  EXPECT_TRUE(asked(ping_purpose::verify, 7, where, start));
  EXPECT_TRUE(asked(ping_purpose::verify, 7, where, start - 1s));
  EXPECT_FALSE(asked(ping_purpose::verify, 7, where, start + 1ns));
  EXPECT_FALSE(asked(ping_purpose::recheck, 7, where, start));
  EXPECT_FALSE(asked(ping_purpose::verify, 8, where, start));
  EXPECT_FALSE(asked(ping_purpose::verify, 7, elsewhere, start));
  ping_purpose purpose{};
  pending.find(sequence, purpose)->waiting = false;
  EXPECT_TRUE(asked(ping_purpose::verify, 7, where, start)) << "answered or not";
}

TEST(PendingPings, NobodyWasAskedBefore) {
  const pending_pings pending{key};
  for (const ping_purpose purpose : purposes()) {
    EXPECT_FALSE(pending.asked_since(purpose, member_id{}, endpoint{}, time_point{}));
  }
}

TEST(PendingPings, CancellingForgetsOnePurposeOnly) {
  for (const ping_purpose cancelled : purposes()) {
    pending_pings pending{key};
    std::vector<std::uint32_t> asked;
    for (const ping_purpose purpose : purposes()) {
      asked.push_back(pending.ask(purpose, member_id{7}, where, start));
    }
    pending.cancel(cancelled);
    for (const ping_purpose purpose : purposes()) {
      EXPECT_EQ(waits(pending, asked[static_cast<std::size_t>(purpose)]), purpose != cancelled);
    }
  }
}

TEST(PendingPings, IsAValueWhoseHashFollowsIt) {
  const auto digest = [](const pending_pings& pending) {
    flotilla::detail::state_hasher out;
    pending.hash_into(out);
    return out.digest();
  };
  pending_pings pending{key};
  pending_pings copy = pending;
  pending.ask(ping_purpose::heal, member_id{7}, where, start);
  EXPECT_NE(pending, copy);
  EXPECT_NE(digest(pending), digest(copy));
  copy.ask(ping_purpose::heal, member_id{7}, where, start);
  EXPECT_EQ(pending, copy);
  EXPECT_EQ(digest(pending), digest(copy));
}

}  // namespace
