// tests/simulation/ten_test.cpp - ten members on one machine, held to the times that we promise
// Meeting, a crash, a short freeze, a farewell, a restart that forgot everything.
#include <gtest/gtest.h>

#include <simulation/scenario.hpp>

namespace simulation {
namespace {

constexpr std::size_t members = 10;

group met(std::uint64_t seed) {
  group g = joined(seed, members, config::loopback());
  EXPECT_TRUE(g.run_until([&] { return g.full_mesh(); }, 1500ms)) << blind_spots(g);
  // Anywhere in a period, and after the repairs that follow a join.
  g.run_for(3s + std::chrono::milliseconds{seed * 37 % 1000});
  return g;
}

TEST(ten_members, meet_when_the_seed_joins_nobody) {
  for_each_seed(20, [](std::uint64_t seed) {
    group g = joined(seed, members, config::loopback());
    EXPECT_TRUE(g.run_until([&] { return g.full_mesh(); }, 1500ms)) << blind_spots(g);
    for (std::size_t i = 1; i < members; ++i) {
      EXPECT_EQ(told<flotilla::join_completed>(g, i), 1U) << "member " << i + 1;
    }
    expect_events_tell_the_members(g);
  });
}

TEST(ten_members, meet_when_two_join_each_other) {
  for_each_seed(20, [](std::uint64_t seed) {
    group g = joined(seed, members, config::loopback());
    g[0].join({address_of(1)});
    EXPECT_TRUE(g.run_until([&] { return g.full_mesh(); }, 1500ms)) << blind_spots(g);
    expect_events_tell_the_members(g);
  });
}

TEST(ten_members, meet_when_the_seed_starts_late) {
  for_each_seed(20, [](std::uint64_t seed) {
    group g{seed};
    for (std::size_t i = 0; i < members; ++i) g.add(config::loopback());
    g.crash(0);
    for (std::size_t i = 1; i < members; ++i) g[i].join({address_of(0)});
    g.run_for(std::chrono::milliseconds{50 + seed * 13 % 600});
    g.restart(0);
    EXPECT_TRUE(g.run_until([&] { return g.full_mesh(); }, 1500ms)) << blind_spots(g);
  });
}

TEST(ten_members, meet_when_they_come_one_by_one) {
  for_each_seed(20, [](std::uint64_t seed) {
    group g{seed};
    for (std::size_t i = 0; i < members; ++i) g.add(config::loopback());
    for (std::size_t i = 1; i < members; ++i) {
      g[i].join({address_of(i - 1)});
      g.run_for(std::chrono::milliseconds{seed * 7 % 40});
    }
    // Each through the one before: what the first ones tell has the longest way.
    EXPECT_TRUE(g.run_until([&] { return g.full_mesh(); }, 2500ms)) << blind_spots(g);
  });
}

TEST(ten_members, report_a_crash_within_5_s) {
  for_each_seed(20, [](std::uint64_t seed) {
    group g = met(seed);
    const std::size_t victim = seed % members;
    g.crash(victim);
    EXPECT_TRUE(g.run_until([&] { return all_see(g, victim, member_state::dead); }, 5s));
    g.run_for(1ms);  // the last one has its event told, too
    EXPECT_EQ(reports_of_failure(g, victim), members - 1);
    expect_events_tell_the_members(g);
  });
}

TEST(ten_members, never_fail_one_that_is_frozen_for_300_ms) {
  for_each_seed(20, [](std::uint64_t seed) {
    group g = met(seed);
    const std::size_t frozen = seed % members;
    g.freeze(frozen);
    g.run_for(300ms);
    g.wake(frozen);
    g.run_for(15s);
    EXPECT_EQ(reports_of_failure(g, frozen), 0U);
    for (std::size_t i = 0; i < members; ++i) {
      EXPECT_EQ(told<flotilla::member_failed>(g, i), 0U) << "member " << i + 1;
    }
    EXPECT_TRUE(g.full_mesh()) << blind_spots(g);
    expect_events_tell_the_members(g);
  });
}

TEST(ten_members, see_a_farewell_within_1_s_and_its_end_within_2_s) {
  for_each_seed(20, [](std::uint64_t seed) {
    group g = met(seed);
    const std::size_t leaver = seed % members;
    EXPECT_EQ(g[leaver].leave(), flotilla::command_error::none);
    EXPECT_TRUE(g.run_until([&] { return all_see(g, leaver, member_state::left); }, 1s));
    EXPECT_TRUE(g.run_until([&] { return told<flotilla::leave_completed>(g, leaver) == 1; }, 1s));
    g.run_for(15s);
    EXPECT_EQ(reports_of_failure(g, leaver), 0U);
    EXPECT_TRUE(all_see(g, leaver, member_state::left));
    expect_events_tell_the_members(g);
  });
}

/// Old id, incarnation 0, a process that knows nothing.
void restart_is_seen(std::uint64_t seed, duration down) {
  group g = met(seed);
  const std::size_t victim = 1 + seed % (members - 1);
  g.crash(victim);
  g.run_for(down);
  g.restart(victim);
  g[victim].join({address_of(0)});
  EXPECT_TRUE(g.run_until([&] { return g.full_mesh(); }, 3s)) << blind_spots(g);
  g.run_for(15s);
  EXPECT_TRUE(g.full_mesh()) << blind_spots(g);
}

TEST(ten_members, see_a_restarted_one_within_3_s_of_its_join) {
  for_each_seed(20, [](std::uint64_t seed) { restart_is_seen(seed, 6s); });
}
TEST(ten_members, see_one_that_restarted_at_once) {
  for_each_seed(20, [](std::uint64_t seed) { restart_is_seen(seed, 20ms); });
}
TEST(ten_members, see_one_that_restarted_while_suspected) {
  for_each_seed(20, [](std::uint64_t seed) { restart_is_seen(seed, 1500ms); });
}
TEST(ten_members, see_one_that_restarted_after_it_was_forgotten) {
  for_each_seed(10, [](std::uint64_t seed) { restart_is_seen(seed, 50s); });
}

/// The seed itself comes back, and joins one of the others.
TEST(ten_members, see_the_restarted_seed) {
  for_each_seed(20, [](std::uint64_t seed) {
    group g = met(seed);
    g.crash(0);
    g.run_for(6s);
    g.restart(0);
    g[0].join({address_of(1 + seed % 9)});
    EXPECT_TRUE(g.run_until([&] { return g.full_mesh(); }, 3s)) << blind_spots(g);
  });
}

}  // namespace
}  // namespace simulation
