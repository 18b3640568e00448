// tests/simulation/hundred_test.cpp - a hundred engines over one link
// Everyone comes to know everyone, one falls silent, everyone reports it, and nobody anything else.
#include <gtest/gtest.h>

#include <simulation/scenario.hpp>

namespace simulation {
namespace {

constexpr std::size_t members = 100;
constexpr std::size_t silenced = 41;

void one_of_a_hundred_is_silenced(std::uint64_t seed, const config& settings, duration to_meet,
                                  duration to_notice) {
  group g = joined(seed, members, settings);
  duration met{};
  while (!g.full_mesh() && met < to_meet) {
    g.run_for(settings.protocol_period / 4);
    met += settings.protocol_period / 4;
  }
  ASSERT_TRUE(g.full_mesh()) << blind_spots(g);

  g.crash(silenced);
  duration noticed{};
  while (!all_see(g, silenced, member_state::dead) && noticed < to_notice) {
    g.run_for(settings.protocol_period);
    noticed += settings.protocol_period;
  }
  ASSERT_TRUE(all_see(g, silenced, member_state::dead));
  g.run_for(20 * settings.protocol_period);

  for (std::size_t i = 0; i < members; ++i) {
    if (i == silenced) continue;
    EXPECT_EQ(told<flotilla::member_joined>(g, i), members - 1) << "member " << i + 1;
    EXPECT_EQ(told<flotilla::member_failed>(g, i), 1U) << "member " << i + 1;
    EXPECT_EQ(told<flotilla::member_failed>(g, i, id_of(silenced)), 1U) << "member " << i + 1;
    EXPECT_EQ(told<flotilla::member_recovered>(g, i), 0U) << "member " << i + 1;
    EXPECT_EQ(told<flotilla::events_lost>(g, i), 0U) << "member " << i + 1;
  }
  expect_events_tell_the_members(g);
}

TEST(a_hundred_engines, report_the_silenced_one_with_loopback) {
  for_each_seed(3, [](std::uint64_t seed) {
    one_of_a_hundred_is_silenced(seed, config::loopback(), 10s, 15s);
  });
}

TEST(a_hundred_engines, report_the_silenced_one_with_lan) {
  for_each_seed(
      2, [](std::uint64_t seed) { one_of_a_hundred_is_silenced(seed, config::lan(), 60s, 90s); });
}

}  // namespace
}  // namespace simulation
