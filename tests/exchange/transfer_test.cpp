// exchange/transfer_test.cpp - flotilla/exchange/transfer.hpp
// Patience doubles up to four times the first; a stopped transfer is never due.
#include <flotilla/exchange/transfer.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <set>
#include <vector>

namespace {

using namespace std::chrono_literals;
using flotilla::duration;
using flotilla::endpoint;
using flotilla::member_id;
using flotilla::time_point;
using flotilla::transfer;
using phase = transfer::phase;

// Joining: "repeats with back-off". An attempt is counted before its patience is asked for.
TEST(Transfer, PatienceDoublesUpToFourTimesTheFirst) {
  constexpr duration expected[] = {100ms, 100ms, 200ms, 400ms, 400ms, 400ms};
  transfer server;
  for (const duration patience : expected) {
    EXPECT_EQ(server.patience(100ms), patience) << +server.attempts;
    ++server.attempts;
  }
  server.attempts = 0xff;
  EXPECT_EQ(server.patience(100ms), 400ms);
  EXPECT_EQ(server.patience(duration::max()), duration::max());
}

TEST(Transfer, StoppedItIsNotDueAndExpectsNoAnswerButKeepsWhereItWas) {
  transfer server;
  server.now = phase::pulling;
  server.attempts = 2;
  server.id = member_id{7};
  server.cookie = 8;
  server.cursor = 9;
  server.sequence = 10;
  server.retry_due = time_point{1h};
  transfer expected = server;
  server.stop(phase::waiting);
  expected.now = phase::waiting;
  expected.sequence = 0;
  expected.retry_due = time_point::max();
  EXPECT_EQ(server, expected);
}

// A busy server names another: rows there have an order of their own, and so has its cookie.
TEST(Transfer, MovedItBeginsAnewElsewhereAndKnowsItsWayHome) {
  transfer server;
  server.now = phase::pulling;
  server.attempts = 2;
  server.id = member_id{7};
  server.cookie = 8;
  server.cursor = 9;
  server.expected = 100;
  server.home = server.address = endpoint::ipv4({10, 0, 0, 1}, 7946);
  transfer expected;
  expected.now = phase::asking;
  expected.hops = 1;
  expected.expected = 100;
  expected.home = server.home;
  expected.address = endpoint::ipv4({10, 0, 0, 2}, 7946);
  server.move(expected.address, 1);
  EXPECT_EQ(server, expected);
}

TEST(Transfer, AFreshOneIsIdle) {
  EXPECT_EQ(transfer{}.now, phase::idle);
  EXPECT_EQ(transfer{}.retry_due, time_point::max());
  EXPECT_EQ(transfer{}.sequence, 0U);
}

TEST(Transfer, EqualityAndHashSeeEveryField) {
  std::vector<transfer> different(12);
  different[1].now = phase::asking;
  different[2].attempts = 1;
  different[3].address = endpoint::ipv4({10, 0, 0, 1}, 7946);
  different[4].id = member_id{1};
  different[5].cookie = 1;
  different[6].cursor = 1;
  different[7].expected = 1;
  different[8].sequence = 1;
  different[9].retry_due = time_point{};
  different[10].hops = 1;
  different[11].home = endpoint::ipv4({10, 0, 0, 1}, 7946);
  std::set<std::uint64_t> digests;
  for (const transfer& server : different) {
    flotilla::detail::state_hasher out;
    server.hash_into(out);
    digests.insert(out.digest());
    for (const transfer& other : different) EXPECT_EQ(server == other, &server == &other);
  }
  EXPECT_EQ(digests.size(), different.size());
}

}  // namespace
