// exchange/leave_test.cpp - flotilla/exchange/leave.hpp
// A farewell is complete with min(3, others) distinct acknowledgements, or when its time is up.
#include <flotilla/exchange/leave.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace {

using namespace std::chrono_literals;
using flotilla::farewell;
using flotilla::member_id;
using flotilla::time_point;

constexpr time_point start{1h};

farewell begun(std::uint32_t others) {
  farewell goodbye;
  goodbye.begin(start, others, 5s);
  return goodbye;
}

TEST(Farewell, CompletesWithThreeDistinctAcknowledgementsOrAllOthers) {
  for (std::uint32_t others = 0; others <= 10; ++others) {
    farewell goodbye = begun(others);
    const std::uint32_t wanted = std::min(3U, others);
    for (std::uint32_t acknowledged = 0; acknowledged < wanted; ++acknowledged) {
      EXPECT_FALSE(goodbye.complete(start)) << acknowledged << " of " << others;
      goodbye.acknowledge(member_id{100 + acknowledged});
      goodbye.acknowledge(member_id{100 + acknowledged});  // a repetition does not count
    }
    EXPECT_TRUE(goodbye.complete(start)) << others;
    EXPECT_EQ(goodbye.acknowledged, wanted);
  }
}

TEST(Farewell, AcknowledgementsBeyondThreeAreNotKept) {
  farewell goodbye = begun(10);
  for (std::uint64_t id = 1; id <= 10; ++id) goodbye.acknowledge(member_id{id});
  EXPECT_EQ(goodbye.acknowledged, 3U);
  EXPECT_TRUE(goodbye.complete(start));
}

TEST(Farewell, CompletesWhenItsTimeIsUp) {
  const farewell goodbye = begun(10);
  EXPECT_FALSE(goodbye.complete(start + 5s - 1ns));
  EXPECT_TRUE(goodbye.complete(start + 5s));
}

TEST(Farewell, OnlyAnActiveOneCompletesOrIsDue) {
  EXPECT_FALSE(farewell{}.complete(time_point::max()));
  EXPECT_EQ(farewell{}.earliest(), time_point::max());
}

TEST(Farewell, IsDueForRepetitionOrAtItsDeadline) {
  farewell goodbye = begun(10);
  EXPECT_EQ(goodbye.earliest(), start + 5s);
  goodbye.repeat_due = start + 1s;
  EXPECT_EQ(goodbye.earliest(), start + 1s);
  goodbye.repeat_due = start + 6s;
  EXPECT_EQ(goodbye.earliest(), start + 5s);
}

TEST(Farewell, BeginsAnewWithoutTheLastOnesAcknowledgements) {
  farewell goodbye = begun(10);
  goodbye.acknowledge(member_id{1});
  goodbye.repeat_due = start;
  goodbye.begin(start, 10, 5s);
  EXPECT_EQ(goodbye, begun(10));
}

TEST(Farewell, HashFollowsAcknowledgements) {
  const auto digest = [](const farewell& goodbye) {
    flotilla::detail::state_hasher out;
    goodbye.hash_into(out);
    return out.digest();
  };
  farewell one = begun(10);
  farewell other = begun(10);
  EXPECT_EQ(digest(one), digest(other));
  one.acknowledge(member_id{1});
  other.acknowledge(member_id{2});
  EXPECT_NE(digest(one), digest(other));
  EXPECT_NE(one, other);
}

}  // namespace
