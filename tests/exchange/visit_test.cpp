// exchange/visit_test.cpp - flotilla/exchange/visit.hpp
// Looks are repeated while they show something new; a meeting is one pull.
#include <flotilla/exchange/visit.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <set>
#include <vector>

namespace {

using namespace std::chrono_literals;
using flotilla::endpoint;
using flotilla::member_id;
using flotilla::time_point;
using flotilla::transfer;
using flotilla::visit;
using phase = transfer::phase;

constexpr time_point start{1h};
const endpoint place = endpoint::ipv4({10, 0, 0, 2}, 7946);

visit begun(std::uint32_t members) {
  transfer served;
  served.address = served.home = place;
  served.id = member_id{2};
  served.cookie = 3;
  served.cursor = 61;
  served.attempts = 4;
  served.stop(phase::done);
  visit v;
  v.look_again(served, members, start, 500ms, 30s);
  return v;
}

// Newcomers' rows come last: so the last chunk is asked for again, not all of them.
TEST(Visit, ASecondLookGoesOnWhereTheLastChunkBegan) {
  const visit v = begun(10);
  EXPECT_EQ(v.server.now, phase::pulling);
  EXPECT_EQ(v.server.cursor, 61U);
  EXPECT_EQ(v.server.cookie, 3U);
  EXPECT_EQ(v.server.attempts, 0U);
  EXPECT_EQ(v.server.retry_due, start + 500ms);
  EXPECT_EQ(v.deadline, start + 500ms + 30s) << "from the time at which it begins";
  EXPECT_FALSE(v.meeting);
}

TEST(Visit, LooksOnLaterAndLaterWhileThereIsSomethingNew) {
  visit v = begun(10);
  EXPECT_TRUE(v.look_on(11, start, 500ms, 30s));
  EXPECT_EQ(v.server.retry_due, start + 1s);
  EXPECT_EQ(v.deadline, start + 1s + 30s);
  EXPECT_TRUE(v.look_on(12, start, 500ms, 30s));
  EXPECT_EQ(v.server.retry_due, start + 1500ms);
  EXPECT_FALSE(v.look_on(12, start, 500ms, 30s)) << "nothing new";
  EXPECT_EQ(v.server.now, phase::idle);
  EXPECT_EQ(v.server.retry_due, time_point::max());
}

TEST(Visit, LooksABoundedNumberOfTimes) {
  visit v = begun(1);
  std::uint32_t looks = 1;
  while (v.look_on(1 + looks, start, 1ms, 30s)) ++looks;
  EXPECT_EQ(looks, visit::max_looks);
}

TEST(Visit, AMeetingIsNotRepeated) {
  visit v = begun(1);
  v.meet(member_id{9}, place, 5, start + 30s);
  EXPECT_TRUE(v.meeting);
  EXPECT_EQ(v.met_in, 5U);
  EXPECT_EQ(v.deadline, start + 30s);
  EXPECT_EQ(v.server.cursor, 0U);
  EXPECT_FALSE(v.look_on(100, start, 1ms, 30s));
}

TEST(Visit, EqualityAndHashSeeEveryField) {
  std::vector<visit> different(7);
  different[1].server.cursor = 1;
  different[2].meeting = true;
  different[3].looks = 1;
  different[4].known = 1;
  different[5].met_in = 1;
  different[6].deadline = start;
  std::set<std::uint64_t> digests;
  for (const visit& v : different) {
    flotilla::detail::state_hasher out;
    v.hash_into(out);
    digests.insert(out.digest());
    for (const visit& other : different) EXPECT_EQ(v == other, &v == &other);
  }
  EXPECT_EQ(digests.size(), different.size());
}

}  // namespace
