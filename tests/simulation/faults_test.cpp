// tests/simulation/faults_test.cpp - links that lose, repeat and part, and a group that restarts
// Nobody who can be reached through anybody is failed; what was parted or forgotten comes back.
#include <gtest/gtest.h>

#include <array>

#include <simulation/scenario.hpp>

namespace simulation {
namespace {

constexpr link_options bad_link{.latency = 1ms, .jitter = 20ms, .loss = 0.1, .duplicate = 0.1};

void expect_no_failures(group& g) {
  for (std::size_t i = 0; i < g.size(); ++i) {
    EXPECT_EQ(told<flotilla::member_failed>(g, i), 0U) << "member " << i + 1;
  }
}

TEST(a_bad_link, fails_nobody) {
  for_each_seed(10, [](std::uint64_t seed) {
    group g = joined(seed, 10, config::loopback(), bad_link);
    ASSERT_TRUE(g.run_until([&] { return g.full_mesh(); }, 10s)) << blind_spots(g);
    g.run_for(60s);
    expect_no_failures(g);
    expect_events_tell_the_members(g);
  });
}

TEST(a_cut_in_one_direction, fails_nobody) {
  for_each_seed(10, [](std::uint64_t seed) {
    group g = joined(seed, 10, config::loopback());
    ASSERT_TRUE(g.run_until([&] { return g.full_mesh(); }, 1500ms)) << blind_spots(g);
    const auto from = address_of(seed % 10);
    const auto to = address_of((seed + 3) % 10);
    g.drop = [=](const auto& a, const auto& b) { return a == from && b == to; };
    g.run_for(60s);
    expect_no_failures(g);
    // One can be reached only through helpers: whoever asks it directly hears so.
    EXPECT_GT(
        told<flotilla::path_broken>(g, seed % 10) + told<flotilla::path_broken>(g, (seed + 3) % 10),
        0U);
  });
}

TEST(a_cut_in_one_direction, fails_nobody_on_a_bad_link) {
  for_each_seed(10, [](std::uint64_t seed) {
    // Fewer losses: both faults at once leave a refutation few ways, and 60 s hold many of them.
    link_options link = bad_link;
    link.loss = 0.05;
    group g = joined(seed, 10, config::loopback(), link);
    ASSERT_TRUE(g.run_until([&] { return g.full_mesh(); }, 10s)) << blind_spots(g);
    const auto from = address_of(2);
    const auto to = address_of(7);
    g.drop = [=](const auto& a, const auto& b) { return a == from && b == to; };
    g.run_for(60s);
    expect_no_failures(g);
  });
}

TEST(two_halves, become_one_group_again) {
  for_each_seed(5, [](std::uint64_t seed) {
    group g = joined(seed, 10, config::loopback());
    ASSERT_TRUE(g.run_until([&] { return g.full_mesh(); }, 1500ms)) << blind_spots(g);
    const auto side = [](const support::endpoint& a) {
      return std::to_integer<int>(a.bytes()[3]) % 2;
    };
    g.drop = [&](const auto& a, const auto& b) { return side(a) != side(b); };
    g.run_for(60s);
    for (std::size_t i = 0; i < 10; ++i) EXPECT_EQ(g[i].size(), 5U) << "member " << i + 1;
    g.drop = nullptr;
    duration healed{};
    while (!g.full_mesh() && healed < 5min) {
      g.run_for(1s);
      healed += 1s;
    }
    EXPECT_TRUE(g.full_mesh()) << blind_spots(g);
    g.run_for(60s);
    EXPECT_TRUE(g.full_mesh()) << blind_spots(g);
    expect_events_tell_the_members(g);
  });
}

/// To a lower address or a higher one: of two addresses in one incarnation the higher would win.
TEST(a_member_that_moves, is_shown_where_it_is_and_nowhere_else) {
  for_each_seed(10, [](std::uint64_t seed) {
    group g = joined(seed, 10, config::loopback());
    ASSERT_TRUE(g.run_until([&] { return g.full_mesh(); }, 1500ms)) << blind_spots(g);
    g.run_for(2s + std::chrono::milliseconds{seed * 17 % 400});
    const std::size_t mover = seed % 10;
    const auto to = support::endpoint::ipv4({10, 0, 0, static_cast<std::uint8_t>(mover + 1)},
                                            seed % 2 == 0 ? 7000 : 9000);
    ASSERT_EQ(g[mover].set_address(to), flotilla::command_error::none);
    g.move(mover, to);
    const auto shown_there = [&] {
      for (std::size_t i = 0; i < g.size(); ++i) {
        if (g[i].find(id_of(mover))->address != to) return false;
      }
      return true;
    };
    EXPECT_TRUE(g.run_until(shown_there, 2s));
    g.run_for(10s);
    EXPECT_TRUE(shown_there());
    expect_no_failures(g);
    for (std::size_t i = 0; i < g.size(); ++i) {
      EXPECT_EQ(told<flotilla::identity_conflict>(g, i), 0U) << "member " << i + 1;
      EXPECT_EQ(told<flotilla::member_updated>(g, i, id_of(mover)), i == mover ? 0U : 1U)
          << "member " << i + 1;
    }
    EXPECT_EQ(g[mover].self().incarnation, flotilla::incarnation{1});
    expect_events_tell_the_members(g);
  });
}

/// Twenty restart with nothing, while `keepers` hold them dead at incarnation 100 (L5).
void mass_restart(std::uint64_t seed, std::size_t keepers) {
  config settings = config::loopback();
  settings.initial_incarnation = flotilla::incarnation{100};
  // The few who see all others die doubt themselves first, and judge later than they forget.
  settings.suspicion_max_multiplier = 1;
  settings.local_health_max = 0;
  const std::size_t count = 20 + keepers;
  group g = joined(seed, count, settings);
  ASSERT_TRUE(g.run_until([&] { return g.full_mesh(); }, 5s)) << blind_spots(g);
  for (std::size_t i = keepers; i < count; ++i) g.crash(i);
  g.run_for(20s);
  for (std::size_t i = 0; i < keepers; ++i) ASSERT_EQ(g[i].size(), keepers);
  for (std::size_t i = keepers; i < count; ++i) {
    g.restart(i);
    g[i].join({address_of(keepers == 0 ? 0 : i % keepers)});
  }
  EXPECT_TRUE(g.run_until([&] { return g.full_mesh(); }, 10s)) << blind_spots(g);
  g.run_for(60s);
  EXPECT_TRUE(g.full_mesh()) << blind_spots(g);
  for (std::size_t i = keepers; i < count && keepers != 0; ++i) {
    EXPECT_GT(g[i].self().incarnation, flotilla::incarnation{100}) << "member " << i + 1;
  }
}

TEST(a_mass_restart, is_seen_alive_by_the_few_who_stayed) {
  for_each_seed(5, [](std::uint64_t seed) { mass_restart(seed, 4); });
}
TEST(a_mass_restart, is_seen_alive_by_the_only_one_who_stayed) {
  for_each_seed(5, [](std::uint64_t seed) { mass_restart(seed, 1); });
}
TEST(a_mass_restart, works_when_nobody_stayed) {
  for_each_seed(5, [](std::uint64_t seed) { mass_restart(seed, 0); });
}

}  // namespace

/// Two forged farewells once parted a group for good: who holds each other as left never speaks to
/// the other again, unless those that left are tried as well (own word, healing).
TEST(a_group_told_that_all_others_left, is_whole_again) {
  for_each_seed(4, [](std::uint64_t seed) {
    group g = joined(seed, 8, config::loopback());
    ASSERT_TRUE(g.run_until([&] { return g.full_mesh(); }, 1500ms)) << blind_spots(g);
    for (std::size_t i = 0; i < g.size(); ++i) {
      std::array<std::byte, 1400> buffer;
      flotilla::wire::writer out{buffer};
      const auto tag = flotilla::wire::group_tag_of("");
      flotilla::wire::write_message(out, {tag, flotilla::member_id{999}, {}, id_of(i), {}},
                                    flotilla::wire::ping{7});
      for (std::size_t j = 0; j < g.size(); ++j) {
        if (j == i) continue;
        flotilla::wire::write_fact(
            out, {id_of(j), g[j].self().incarnation, flotilla::member_state::left, {}, {}});
      }
      flotilla::wire::finish_frame(out);
      const auto bytes = out.written();
      g.inject({address_of(99), address_of(i), {bytes.begin(), bytes.end()}});
    }
    g.run_for(5ms);
    EXPECT_FALSE(g.full_mesh()) << "the forgery was believed at first";
    EXPECT_TRUE(g.run_until([&] { return g.full_mesh(); }, 60s)) << blind_spots(g);
  });
}

}  // namespace simulation
