// exchange/join_test.cpp - flotilla/exchange/join.hpp
// All seeds are asked, one is pulled from, and the round is due when the first of them is.
#include <flotilla/exchange/join.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <set>

#include <flotilla/detail/random.hpp>

namespace {

using namespace std::chrono_literals;
using flotilla::endpoint;
using flotilla::join_round;
using flotilla::max_seeds;
using flotilla::time_point;
using flotilla::transfer;
using phase = transfer::phase;

constexpr time_point start{1h};
endpoint seed_at(std::size_t i) {
  return endpoint::ipv4({10, 0, 0, static_cast<std::uint8_t>(i + 1)}, 7946);
}
join_round begun(std::size_t seeds) {
  join_round join;
  join.begin(start, 30s, false);
  for (std::size_t i = 0; i < seeds; ++i) join.add(seed_at(i), start);
  return join;
}

TEST(JoinRound, NothingIsDueUnlessItIsActive) {
  EXPECT_EQ(join_round{}.earliest(), time_point::max());
  EXPECT_FALSE(join_round{}.pulling());
  EXPECT_EQ(join_round{}.find(phase::asking), 0U);
}

TEST(JoinRound, AsksAllSeedsAtOnce) {
  const join_round join = begun(max_seeds);
  EXPECT_TRUE(join.active);
  EXPECT_FALSE(join.answered || join.completed || join.bridging);
  EXPECT_EQ(join.count, max_seeds);
  EXPECT_EQ(join.deadline, start + 30s);
  EXPECT_EQ(join.earliest(), start);
  for (std::size_t i = 0; i < max_seeds; ++i) {
    EXPECT_EQ(join.seeds[i].now, phase::asking);
    EXPECT_EQ(join.seeds[i].address, seed_at(i));
    EXPECT_EQ(join.seeds[i].retry_due, start);
    EXPECT_EQ(join.seeds[i].attempts, 0);
  }
}

TEST(JoinRound, AsksARepeatedAddressOnce) {
  join_round join = begun(3);
  const join_round before = join;
  for (std::size_t i = 0; i < 3; ++i) join.add(seed_at(i), start + 1s);
  EXPECT_EQ(join, before);
  // The IPv4-mapped spelling is the same address.
  join.add(endpoint::ipv6({0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 0, 0, 2}, 7946), start);
  EXPECT_EQ(join, before);
}

TEST(JoinRound, BeginsAnewWithoutAnythingOfTheLastOne) {
  join_round join = begun(5);
  join.answered = join.completed = true;
  join.begin(start, 30s, false);
  EXPECT_EQ(join, begun(0));
  join.begin(start, 30s, true);
  EXPECT_TRUE(join.bridging);
  EXPECT_TRUE(join.knew_others);
}

TEST(JoinRound, FindsTheFirstSeedInAPhase) {
  join_round join = begun(4);
  EXPECT_EQ(join.find(phase::asking), 0U);
  EXPECT_EQ(join.find(phase::waiting), 4U);
  EXPECT_FALSE(join.pulling());
  join.seeds[0].stop(phase::done);
  join.seeds[1].now = phase::pulling;
  EXPECT_EQ(join.find(phase::asking), 2U);
  EXPECT_EQ(join.find(phase::pulling), 1U);
  EXPECT_TRUE(join.pulling());
}

TEST(JoinRound, EarliestIsExact) {
  flotilla::detail::random_generator random{1};
  for (int i = 0; i < 2000; ++i) {
    join_round join = begun(random.below(max_seeds + 1));
    time_point expected = join.deadline;
    for (std::size_t s = 0; s < join.count; ++s) {
      transfer& seed = join.seeds[s];
      if (random.below(3) == 0) {
        seed.stop(phase::done);
      } else {
        seed.retry_due = start + std::chrono::seconds{random.below(60)};
        expected = std::min(expected, seed.retry_due);
      }
    }
    ASSERT_EQ(join.earliest(), expected);
  }
}

TEST(JoinRound, ALongTimeoutSaturates) {
  join_round join;
  join.begin(time_point::max() - 1s, 30s, false);
  EXPECT_EQ(join.deadline, time_point::max());
}

TEST(JoinRound, HashFollowsEveryPart) {
  std::set<std::uint64_t> digests;
  const auto note = [&](const join_round& join) {
    flotilla::detail::state_hasher out;
    join.hash_into(out);
    digests.insert(out.digest());
  };
  join_round join = begun(1);
  note(join_round{});
  note(join);
  join.answered = true;
  note(join);
  join.completed = true;
  note(join);
  join.bridging = true;
  note(join);
  join.knew_others = true;
  note(join);
  join.deadline += 1ns;
  note(join);
  join.add(seed_at(1), start);
  note(join);
  join.seeds[1].cursor = 1;
  note(join);
  join.expected = 1;
  note(join);
  EXPECT_EQ(digests.size(), 10U);
}

}  // namespace
