// Tests of flotilla/engine/backlog.hpp - further pings while more facts wait than one carries
// How many, to whom, and that a quiet engine sends none.
#include <flotilla/engine/backlog.hpp>

#include <gtest/gtest.h>

#include <support/engine_world.hpp>

namespace {

using namespace support;
using kind = wire::message_kind;

/// Three of the largest facts fit behind a ping.
config narrow(std::uint32_t max_direct_probes) {
  config c = plain_config();
  c.max_datagram_size = 29 + 4 + 3 * 34 + 5;
  c.max_direct_probes = max_direct_probes;
  return c;
}

/// The pings of the next period.
sent_list next_pings(engine_world& w) {
  const auto before = w.stats().probes;
  while (w.stats().probes == before) {
    w.sent_now();
    EXPECT_TRUE(w.next_tick());
  }
  sent_list pings;
  for (const sent& s : w.sent_now()) {
    if (s.kind() == kind::ping) pings.push_back(s);
  }
  return pings;
}

TEST(Backlog, OneMorePingForEachDatagramOfFacts) {
  engine_world w{narrow(8)};
  w.meet_all(14);
  const std::size_t waiting = w.stats().gossip_pending;
  ASSERT_GE(waiting, 9U);
  ASSERT_LT(waiting, 3 * 7U);
  EXPECT_EQ(next_pings(w).size(), 1 + waiting / 3);
  EXPECT_EQ(w.stats().backlog_pings, waiting / 3);
}

TEST(Backlog, NoMoreThanTheConfigSays) {
  engine_world w{narrow(3)};
  w.meet_all(14);
  EXPECT_EQ(next_pings(w).size(), 3U);
  engine_world one{narrow(1)};
  one.meet_all(14);
  EXPECT_EQ(next_pings(one).size(), 1U);
  EXPECT_EQ(one.stats().backlog_pings, 0U);
}

TEST(Backlog, NobodyIsAskedTwiceWhereThereIsOnlyOne) {
  engine_world w{narrow(8)};
  w.meet(peer_of(2));
  EXPECT_EQ(next_pings(w).size(), 1U);
}

TEST(Backlog, AQuietEngineSendsNoMore) {
  engine_world w{narrow(8)};
  w.meet_all(14);
  const auto answered_period = [&] {
    const sent_list pings = next_pings(w);
    for (std::uint64_t id = 2; id <= 14; ++id) w.answer(peer_of(id), pings);
    return pings.size();
  };
  for (int i = 0; i < 20; ++i) answered_period();
  ASSERT_EQ(w.stats().gossip_pending, 0U);
  const auto before = w.stats().backlog_pings;
  EXPECT_GT(before, 0U);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(answered_period(), 1U);
  EXPECT_EQ(w.stats().backlog_pings, before);
}

TEST(Backlog, AnAddressThatHasNeverAnsweredGetsNoMoreThanItsTurn) {
  engine_world w{narrow(8)};
  w.meet(peer_of(2));
  facts forged;
  for (std::uint64_t id = 3; id <= 30; ++id) forged.push_back(alive(peer_of(id)));
  while (!forged.empty()) {
    const std::size_t some = forged.size() < 3 ? forged.size() : 3;
    w.gossip(peer_of(2), facts(forged.end() - static_cast<std::ptrdiff_t>(some), forged.end()));
    forged.resize(forged.size() - some);
  }
  ASSERT_GT(w.stats().gossip_pending, 20U);
  std::size_t elsewhere = 0;
  for (int i = 0; i < 10; ++i) {
    for (const sent& s : next_pings(w)) elsewhere += s.to != peer_of(2).at ? 1U : 0U;
  }
  EXPECT_LE(elsewhere, 10U) << "one a period, its turn";
  EXPECT_GT(w.stats().backlog_pings, 0U);
}

TEST(Backlog, SilenceAccusesNobody) {
  engine_world w{narrow(8)};
  w.meet_all(14);
  const sent_list pings = next_pings(w);
  ASSERT_GT(pings.size(), 3U);
  const auto before = w.stats().probes;
  while (w.stats().probes == before) ASSERT_TRUE(w.next_tick());
  EXPECT_EQ(w.stats().suspicions, 1U) << "the round's own target";
}

}  // namespace
