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

/// True when a running member holds this one active: only such a one is told anything by others.
bool is_held(group& g, std::size_t whom) {
  for (std::size_t i = 0; i < g.size(); ++i) {
    const auto held = g[i].find(id_of(whom));
    if (i != whom && g.running(i) && held && flotilla::is_active(held->state)) return true;
  }
  return false;
}

/// How many refusals for want of a place the events of member `i` have told.
std::uint64_t told_refusals(group& g, std::size_t i) {
  std::uint64_t sum = 0;
  for (const event& e : g.events(i)) {
    const auto* refused = std::get_if<flotilla::members_refused>(&e);
    if (refused != nullptr && refused->reason == flotilla::refusal_reason::table_full) {
      sum += refused->count;
    }
  }
  return sum;
}

/// Runs for `length`, and no table ever holds more than its limit.
void run_within_limits(group& g, const config& settings, duration length) {
  const auto end = g.now() + length;
  while (g.now() < end) {
    g.run_for(settings.protocol_period);
    for (std::size_t i = 0; i < g.size(); ++i) {
      ASSERT_LE(g[i].members().size(), settings.max_members) << "member " << i + 1;
    }
  }
}

/// Tables are too small for the group, so nobody sees all of it. A member that holds all that speak
/// to it hears of nobody whom it must refuse; one that nobody holds is a stranger to everybody and
/// told of nobody, so its places stay free.
TEST(a_full_table, refuses_and_counts_and_goes_on) {
  for_each_seed(4, [](std::uint64_t seed) {
    constexpr std::size_t members = 20;
    config settings = config::loopback();
    settings.max_members = 8;
    settings.expected_members = 8;
    group g = joined(seed, members, settings);
    run_within_limits(g, settings, 60s);
    std::size_t refused = 0;
    for (std::size_t i = 0; i < members; ++i) {
      EXPECT_EQ(g[i].size(), 8U) << "member " << i + 1;
      EXPECT_EQ(g[i].members().size(), 8U) << "member " << i + 1;
      EXPECT_EQ(told<flotilla::member_failed>(g, i), 0U) << "member " << i + 1;
      const std::uint64_t counted = g[i].stats().members_refused_table_full;
      refused += counted != 0 ? 1 : 0;
      // The last period's are told at its end.
      EXPECT_LE(told_refusals(g, i), counted) << "member " << i + 1;
      EXPECT_GE(told_refusals(g, i) + members, counted) << "member " << i + 1;
    }
    EXPECT_GT(refused, members / 2) << "members that have refused others";
    expect_events_tell_the_members(g);
    // A place that becomes free is taken by somebody else in the end.
    const auto known = g[0].find(id_of(1)) ? std::size_t{1} : std::size_t{2};
    g.crash(known);
    run_within_limits(g, settings, 120s);
    for (std::size_t i = 0; i < members; ++i) {
      if (!g.running(i)) continue;
      EXPECT_GE(g[i].size(), is_held(g, i) ? 8U : 7U) << "member " << i + 1;
      EXPECT_FALSE(g[i].find(id_of(known)).has_value()) << "member " << i + 1;
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
