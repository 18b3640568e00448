// Tests of flotilla/exchange/repair.hpp: the client's stack and offers, the server's desk.
// Everything in them is bounded, and what is over leaves nothing behind.
#include <flotilla/exchange/repair.hpp>

#include <gtest/gtest.h>

#include <cstdint>

namespace {

using namespace flotilla;

TEST(RepairSession, BeginsWithTheWholeGroupAndEndsEmpty) {
  repair_session s;
  s.begin(member_id{7}, endpoint::ipv4({10, 0, 0, 7}, 1));
  EXPECT_TRUE(s.active);
  EXPECT_EQ(s.range_count, 1U);
  EXPECT_EQ(s.nth(0), wire::whole_range);
  s.attempts = 3;
  s.stop();
  EXPECT_TRUE(s == repair_session{});
}

TEST(RepairSession, WhoListensGoesOnListening) {
  repair_session s;
  s.listening = true;
  s.begin(member_id{7}, endpoint::ipv4({10, 0, 0, 7}, 1));
  EXPECT_TRUE(s.listening);
  s.stop();
  EXPECT_TRUE(s.listening);
}

TEST(RepairSession, TheStackIsBounded) {
  repair_session s;
  for (std::size_t i = 0; i < repair_session::max_ranges; ++i) {
    EXPECT_TRUE(s.push(static_cast<wire::range_code>(i + 1)));
  }
  EXPECT_FALSE(s.push(1));
  EXPECT_EQ(s.nth(0), repair_session::max_ranges) << "the latest is on top";
  EXPECT_EQ(s.nth(511), 1U);
}

TEST(RepairSession, OffersAreKeptOnceAndInOrderAndUntilTheyHaveArrived) {
  repair_session s;
  for (std::uint64_t id = 1; id <= repair_session::max_offers; ++id) {
    EXPECT_TRUE(s.offer(member_id{id}));
  }
  EXPECT_TRUE(s.offer(member_id{3})) << "it is there already";
  EXPECT_FALSE(s.offer(member_id{99}));
  s.offered = 10;
  s.drop_offered();
  EXPECT_EQ(s.offer_count, repair_session::max_offers - 10);
  EXPECT_EQ(s.offers[0], member_id{11});
  EXPECT_EQ(s.offered, 0U);
}

TEST(RepairSession, PatienceDoublesUpToFourTimes) {
  repair_session s;
  for (const int factor : {1, 2, 4, 4, 4}) {
    ++s.attempts;
    EXPECT_EQ(s.patience(duration{100}), duration{100 * factor});
  }
}

TEST(RepairDesk, HasAFewSlotsAndForgetsWhatWasAnswered) {
  repair_desk desk{false};
  for (std::size_t i = 0; i < repair_desk::slots; ++i) {
    EXPECT_EQ(desk.find_free(), i);
    desk[i].used = true;
    desk[i].size = 5;
  }
  EXPECT_EQ(desk.find_free(), repair_desk::slots);
  desk.release(1);
  EXPECT_EQ(desk.find_free(), 1U);
  desk.clear();
  EXPECT_TRUE(desk == repair_desk{false});
  EXPECT_TRUE(desk == repair_desk{true}) << "whatever is allocated";
}

}  // namespace
