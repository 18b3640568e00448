// simulation/identity_test.cpp - who is who: evicted, moved, replaced, or there twice
// Held to times in periods of loopback() and to how much is sent.
#include <gtest/gtest.h>

#include <simulation/scenario.hpp>

namespace simulation {
namespace {

constexpr std::size_t members = 10;
const duration period = config::loopback().protocol_period;

group met(std::uint64_t seed) {
  group g = joined(seed, members, config::loopback());
  EXPECT_TRUE(g.run_until([&] { return g.full_mesh(); }, 1500ms)) << blind_spots(g);
  g.run_for(5s);
  return g;
}

/// Local policy: shown as left by who evicted it, whatever the others say and for however long, and
/// alive everywhere else; lifted, it is back at once.
TEST(evicted, stays_out_until_it_is_allowed) {
  for_each_seed(5, [](std::uint64_t seed) {
    group g = met(seed);
    ASSERT_EQ(g[2].evict(id_of(5)), flotilla::command_error::none);
    // Longer than a tombstone lives, so that gossip and repairs have tried all they can.
    for (int i = 0; i < 45; ++i) {
      g.run_for(1s);
      ASSERT_TRUE(sees(g, 2, 5, member_state::left));
    }
    EXPECT_GT(g[2].stats().count(flotilla::receive_result::denied), 0U);
    EXPECT_GT(g[2].stats().facts_about_denied, 0U);
    for (std::size_t i = 0; i < members; ++i) {
      if (i == 2 || i == 5) continue;
      EXPECT_TRUE(sees(g, i, 5, member_state::alive)) << "told to nobody: member " << i + 1;
      EXPECT_EQ(told<flotilla::member_left>(g, i), 0U);
      EXPECT_EQ(told<flotilla::member_failed>(g, i), 0U);
    }
    ASSERT_EQ(g[2].allow(id_of(5)), flotilla::command_error::none);
    EXPECT_TRUE(g.run_until([&] { return sees(g, 2, 5, member_state::alive); }, period));
    expect_events_tell_the_members(g);
  });
}

/// The command is a claim like any other: who lives is told of it at once, and refutes it.
TEST(failed_by_hand, is_back_everywhere_within_a_period) {
  for_each_seed(10, [](std::uint64_t seed) {
    group g = met(seed);
    ASSERT_EQ(g[1].fail(id_of(6)), flotilla::command_error::none);
    ASSERT_TRUE(sees(g, 1, 6, member_state::dead));
    EXPECT_TRUE(g.run_until([&] { return g.full_mesh(); }, period)) << blind_spots(g);
    EXPECT_GT(g[6].self().incarnation, flotilla::incarnation{0});
    expect_events_tell_the_members(g);
  });
}

/// A member moves, and another process takes its place at once.
TEST(moved, is_followed_although_another_has_taken_over_its_address) {
  for_each_seed(10, [](std::uint64_t seed) {
    group g = met(seed);
    const std::size_t mover = seed % members;
    const flotilla::endpoint old = address_of(mover);
    const flotilla::endpoint fresh = address_of(60);
    g.move(mover, fresh);
    ASSERT_EQ(g[mover].set_address(fresh), flotilla::command_error::none);
    config c = config::loopback();
    c.id = member_id{100};
    c.address = old;
    const std::size_t taker = g.add(c);
    g[taker].join({address_of((mover + 1) % members)});
    const auto known_at = [&](std::size_t i, member_id id, const flotilla::endpoint& at) {
      const auto m = g[i].find(id);
      return m && m->state == member_state::alive && m->address == at;
    };
    const auto all_follow = [&] {
      for (std::size_t i = 0; i <= members; ++i) {
        if (i != mover && !known_at(i, id_of(mover), fresh)) return false;
        if (i != taker && !known_at(i, member_id{100}, old)) return false;
      }
      return true;
    };
    EXPECT_TRUE(g.run_until(all_follow, 12 * period));
    g.run_for(20 * period);
    EXPECT_TRUE(all_follow()) << "and it stays so";
  });
}

/// A process comes back at its address under another id: the old one is retired as soon as the new
/// one has answered, without waiting for a suspicion.
TEST(replaced, is_retired_everywhere_before_it_could_be_suspected) {
  for_each_seed(10, [](std::uint64_t seed) {
    group g = met(seed);
    const std::size_t gone = seed % members;
    g.crash(gone);
    config c = config::loopback();
    c.id = member_id{100};
    c.address = address_of(gone);
    const std::size_t fresh = g.add(c);
    g[fresh].join({address_of((gone + 1) % members)});
    const auto replaced = [&] {
      for (std::size_t i = 0; i < members; ++i) {
        if (i == gone) continue;
        const auto m = g[i].find(member_id{100});
        if (!m || m->state != member_state::alive || !sees(g, i, gone, member_state::dead)) {
          return false;
        }
      }
      return true;
    };
    EXPECT_TRUE(g.run_until(replaced, 6 * period));
  });
}

/// Two processes with one id, for a long time: both are told, the others stay as they are, and it
/// is no storm.
TEST(two_with_one_id, are_told_both_and_cost_little) {
  for_each_seed(5, [](std::uint64_t seed) {
    group g = met(seed);
    std::size_t datagrams = 0;
    g.sent = [&](const support::packet&) { ++datagrams; };
    g.run_for(100 * period);
    const std::size_t quiet = datagrams;
    config c = config::loopback();
    c.id = id_of(4);
    c.address = address_of(60);
    const std::size_t twin = g.add(c);
    g[twin].join({address_of(0)});
    g.run_for(50 * period);
    datagrams = 0;
    const auto before = g[4].self().incarnation;
    g.run_for(100 * period);
    EXPECT_LE(before.steps_to(g[4].self().incarnation), 12U) << "in a hundred periods";
    EXPECT_GE(told<flotilla::identity_conflict>(g, 4), 1U);
    EXPECT_GE(told<flotilla::identity_conflict>(g, twin), 1U);
    EXPECT_LE(told<flotilla::identity_conflict>(g, 4), 25U);
    EXPECT_LE(told<flotilla::identity_conflict>(g, twin), 25U);
    EXPECT_LE(datagrams * members * 4, 5 * quiet * (members + 1)) << "at most a quarter more";
    for (std::size_t i = 0; i < members; ++i) {
      for (std::size_t j = 0; j < members; ++j) {
        if (j == 4 || i == j) continue;
        EXPECT_TRUE(sees(g, i, j, member_state::alive)) << i + 1 << " of " << j + 1;
      }
    }
  });
}

}  // namespace
}  // namespace simulation
