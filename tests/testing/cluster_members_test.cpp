// tests/testing/cluster_members_test.cpp - flotilla/testing/cluster_members.hpp
// What joining, leaving, moving and each kind of restart leave behind.
#include <flotilla/testing/cluster_members.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <optional>

namespace {

using namespace std::chrono_literals;
using flotilla::command_error;
using flotilla::config;
using flotilla::endpoint;
using flotilla::incarnation;
using flotilla::member_id;
using flotilla::member_state;
using flotilla::testing::cluster;
using flotilla::testing::default_address;
using flotilla::testing::memory_kept;
using flotilla::testing::node_index;

/// Four members that know each other; member 1 has refuted a death, so that it counts from 1.
struct group : cluster {
  explicit group(std::uint64_t seed = 1) : cluster{seed, config::loopback()} {
    add_joined(4);
    EXPECT_TRUE(wait_full_mesh(5s));
    const member_id accused = id_of(1);
    sim().command(0, [&](flotilla::engine& e) { EXPECT_EQ(e.fail(accused), command_error::none); });
    EXPECT_TRUE(wait_until(
        [this] { return full_mesh() && (*this)[1].self().incarnation.value() > 0; }, 10s));
  }
};

TEST(ClusterMembers, ARestartKeepsNothingUnlessToldTo) {
  group c;
  const config before = c.config_of(1);
  c.restart(1);
  EXPECT_EQ(c[1].self().id, member_id{2});
  EXPECT_EQ(c[1].self().incarnation, incarnation{0});
  EXPECT_EQ(c[1].self().address, default_address(1));
  EXPECT_EQ(c[1].size(), 1U) << "it has joined nobody";
  EXPECT_NE(c.config_of(1).seed, before.seed) << "another life, other numbers";
  EXPECT_EQ(c.sim().process_of(1).lives, 2U);
  EXPECT_EQ(c.join(1, 2), command_error::none);
  EXPECT_TRUE(c.wait_full_mesh(20s));
}

TEST(ClusterMembers, ARestartMayKeepTheIncarnation) {
  group c;
  c.crash(1);
  const incarnation last = c[1].self().incarnation;
  ASSERT_GT(last.value(), 0U);
  c.restart(1, memory_kept::incarnation);
  EXPECT_EQ(c[1].self().incarnation, last);
  EXPECT_EQ(c.id_of(1), member_id{2});
  c.restart(1, memory_kept::nothing);
  EXPECT_EQ(c[1].self().incarnation, incarnation{0}) << "and forget it the next time";
}

TEST(ClusterMembers, ARestartMayBringANewIdToTheOldAddress) {
  group c;
  c.restart(1, memory_kept::not_even_id);
  const member_id second = c.id_of(1);
  EXPECT_NE(second, member_id{2});
  EXPECT_EQ(c[1].self().id, second);
  EXPECT_EQ(c[1].self().address, default_address(1));
  EXPECT_EQ(c.node_of(second), 1U);
  EXPECT_EQ(c.node_of(member_id{2}), 1U) << "it has had this one, too";
  EXPECT_EQ(c.join(1, 0), command_error::none);
  EXPECT_TRUE(c.wait_full_mesh(30s)) << "the old id is retired";
  c.restart(1, memory_kept::not_even_id);
  EXPECT_NE(c.id_of(1), second);
  c.restart(1, memory_kept::nothing);
  EXPECT_EQ(c.node_of(c.id_of(1)), 1U);
}

TEST(ClusterMembers, AMemberThatLeftIsNotUp) {
  group c;
  EXPECT_EQ(c.leave(2), command_error::none);
  EXPECT_TRUE(c.wait_status_everywhere(2, member_state::left, 10s));
  EXPECT_TRUE(c.wait_until([&] { return !c.is_up(2); }, 10s));
  EXPECT_EQ(c.up(), 3U);
  EXPECT_TRUE(c.wait_full_mesh(10s));
  EXPECT_NE(c.leave(2), command_error::none);
}

TEST(ClusterMembers, AMemberThatMovesIsFoundAtItsNewAddress) {
  group c;
  const endpoint fresh = endpoint::ipv4({172, 16, 0, 9}, 7946);
  EXPECT_EQ(c.set_address(3, fresh), command_error::none);
  EXPECT_EQ(c.config_of(3).address, fresh);
  EXPECT_EQ(c.sim().process_of(3).address, fresh);
  EXPECT_TRUE(c.wait_until(
      [&] {
        for (node_index i = 0; i < 3; ++i) {
          if (c[i].find(c.id_of(3))->address != fresh) return false;
        }
        return true;
      },
      20s));
  c.sim().close_address(default_address(3));
  EXPECT_FALSE(c.wait_until([&] { return !c.full_mesh(); }, 20s)) << "nobody misses it";
  c.restart(3);
  EXPECT_EQ(c[3].self().address, fresh);
}

TEST(ClusterMembers, AnAddressThatIsRefusedMovesNobody) {
  group c;
  EXPECT_NE(c.set_address(3, endpoint{}), command_error::none);
  EXPECT_EQ(c.sim().process_of(3).address, default_address(3));
  EXPECT_EQ(c.sim().node_at(endpoint{}), flotilla::testing::no_node);
  EXPECT_EQ(c.config_of(3).address, default_address(3));
}

TEST(ClusterMembers, StatusIsWhatOneHoldsAboutAnother) {
  group c;
  EXPECT_EQ(c.status(0, 1), member_state::alive);
  EXPECT_EQ(c.status(1, 1), member_state::alive) << "itself included";
  c.add();
  EXPECT_EQ(c.status(0, 4), std::nullopt);
  EXPECT_EQ(c.status(4, 0), std::nullopt);
}

TEST(ClusterMembers, EverywhereMeansAllThatAreUpButItself) {
  group c;
  EXPECT_TRUE(c.status_everywhere(1, member_state::alive));
  EXPECT_FALSE(c.status_everywhere(1, member_state::dead));
  c.add();
  EXPECT_FALSE(c.status_everywhere(1, member_state::alive)) << "one does not know it";
  EXPECT_FALSE(c.status_everywhere(1, member_state::dead)) << "the others do";
  EXPECT_TRUE(c.status_everywhere(4, member_state::dead)) << "unknown counts as gone";
  EXPECT_TRUE(c.status_everywhere(4, member_state::left));
  EXPECT_FALSE(c.status_everywhere(4, member_state::alive));
  c.crash(4);
  EXPECT_TRUE(c.status_everywhere(1, member_state::alive)) << "who crashed is not asked";
}

TEST(ClusterMembers, OneThatDiedForEverIsNotUp) {
  config base = config::loopback();
  base.experiment.final_death = true;
  cluster c{1, base};
  c.add_joined(3);
  ASSERT_TRUE(c.wait_full_mesh(5s));
  const member_id accused = c.id_of(1);
  c.sim().command(0, [&](flotilla::engine& e) { (void)e.fail(accused); });
  EXPECT_TRUE(c.wait_until([&] { return !c.is_up(1); }, 20s));
  EXPECT_EQ(c.up(), 2U);
  EXPECT_TRUE(c.wait_full_mesh(20s));
}

TEST(ClusterMembers, WhoDoesNotRunTakesNoCommands) {
  cluster group{1};
  group.add_joined(3);
  ASSERT_TRUE(group.wait_full_mesh(10s));
  group.freeze(1);
  group.crash(2);
  for (const node_index i : {1U, 2U}) {
    const std::uint64_t before = group[i].state_hash();
    EXPECT_EQ(group.leave(i), command_error::inert);
    EXPECT_EQ(group.join(i, 0), command_error::inert);
    EXPECT_EQ(group.set_address(i, default_address(99)), command_error::inert);
    EXPECT_EQ(group[i].state_hash(), before);
    EXPECT_EQ(group.config_of(i).address, default_address(i));
  }
}

}  // namespace
