// tests/simulation/load_test.cpp - how much a group says when nothing happens, and when it is full
// After a storm the queues drain and two datagrams a member a period remain (L8, S15).
#include <gtest/gtest.h>

#include <simulation/scenario.hpp>

namespace simulation {
namespace {

TEST(after_a_storm, two_datagrams_a_member_a_period_remain) {
  for_each_seed(4, [](std::uint64_t seed) {
    for (const config& settings : {config::loopback(), config::lan()}) {
      constexpr std::size_t members = 16;
      group g = joined(seed, members, settings);
      ASSERT_TRUE(g.run_until([&] { return g.full_mesh(); }, 20s)) << blind_spots(g);
      // The storm: members vanish, return, leave and move, while a tenth of all datagrams is lost.
      std::uint64_t n = 0;
      g.drop = [&](const auto&, const auto&) { return ++n % 10 == 0; };
      for (std::size_t i = 0; i < 6; ++i) {
        g.crash(i + 1);
        g.run_for(10 * settings.protocol_period);
        g.restart(i + 1);
        g[i + 1].join({address_of(0), address_of(8)});
      }
      g.run_for(5 * settings.protocol_period);
      g.drop = nullptr;
      g.run_for(150 * settings.protocol_period);
      ASSERT_TRUE(g.full_mesh()) << blind_spots(g);

      for (std::size_t i = 0; i < members; ++i) {
        EXPECT_EQ(g[i].stats().gossip_pending, 0U) << "member " << i + 1;
        EXPECT_EQ(g[i].stats().transmits_pending, 0U) << "member " << i + 1;
        EXPECT_EQ(g[i].stats().suspicions_held, 0U) << "member " << i + 1;
      }
      constexpr int periods = 200;
      std::size_t datagrams = 0;
      g.sent = [&](const support::packet&) { ++datagrams; };
      g.run_for(periods * settings.protocol_period);
      EXPECT_LE(static_cast<double>(datagrams), 2.1 * periods * members);
      EXPECT_GE(static_cast<double>(datagrams), 1.9 * periods * members);
    }
  });
}

TEST(a_full_table, refuses_and_counts_and_goes_on) {
  for_each_seed(4, [](std::uint64_t seed) {
    config settings = config::loopback();
    settings.max_members = 8;
    settings.expected_members = 8;
    group g = joined(seed, 20, settings);
    g.run_for(60s);
    for (std::size_t i = 0; i < 20; ++i) {
      EXPECT_EQ(g[i].size(), 8U) << "member " << i + 1;
      EXPECT_EQ(g[i].members().size(), 8U) << "member " << i + 1;
      EXPECT_GT(g[i].stats().members_refused_table_full, 0U) << "member " << i + 1;
      EXPECT_EQ(told<flotilla::member_failed>(g, i), 0U) << "member " << i + 1;
    }
    expect_events_tell_the_members(g);
    // A place that becomes free is taken by somebody else in the end.
    const auto known = g[0].find(id_of(1)) ? std::size_t{1} : std::size_t{2};
    g.crash(known);
    g.run_for(120s);
    for (std::size_t i = 0; i < 20; ++i) {
      if (!g.running(i)) continue;
      EXPECT_EQ(g[i].size(), 8U) << "member " << i + 1;
    }
    expect_events_tell_the_members(g);
  });
}

TEST(a_table_of_one, lives_alone) {
  config settings = config::loopback();
  settings.max_members = 1;
  settings.expected_members = 1;
  group g = joined(1, 3, settings);
  g.run_for(30s);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(g[i].size(), 1U);
    EXPECT_TRUE(g.events(i).empty() || told<flotilla::member_joined>(g, i) == 0);
  }
}

}  // namespace
}  // namespace simulation
