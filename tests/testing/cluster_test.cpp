// tests/testing/cluster_test.cpp - flotilla/testing/cluster.hpp
// A group from a seed: ids, joining, waiting, and that waits fail when they should.
#include <flotilla/testing/cluster.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <flotilla/testing/trace_hash.hpp>
#include <set>

namespace {

using namespace std::chrono_literals;
using flotilla::command_error;
using flotilla::config;
using flotilla::endpoint;
using flotilla::engine;
using flotilla::event;
using flotilla::member_id;
using flotilla::member_state;
using flotilla::testing::chance;
using flotilla::testing::cluster;
using flotilla::testing::default_address;
using flotilla::testing::no_node;
using flotilla::testing::node_index;

TEST(Cluster, MembersAreMadeFromTheBaseEachWithItsOwnIdentity) {
  config base = config::loopback();
  base.cluster = "fleet";
  base.id = member_id{99};
  base.address = endpoint::ipv4({1, 2, 3, 4}, 5);
  base.seed = 6;
  cluster c{1, base};
  std::set<std::uint64_t> seeds;
  for (node_index i = 0; i < 5; ++i) {
    EXPECT_EQ(c.add(), i);
    EXPECT_EQ(c.id_of(i), member_id{i + 1U});
    EXPECT_EQ(c[i].self().id, c.id_of(i));
    EXPECT_EQ(c[i].self().address, default_address(i));
    EXPECT_EQ(c.config_of(i).cluster, "fleet");
    EXPECT_EQ(c.node_of(c.id_of(i)), i);
    seeds.insert(c.config_of(i).seed);
  }
  EXPECT_EQ(seeds.size(), 5U);
  EXPECT_EQ(c.size(), 5U);
  EXPECT_EQ(c.node_of(member_id{99}), no_node);
}

TEST(Cluster, SettingsOfItsOwnAreKept) {
  cluster c{1, config::loopback()};
  config own = c.base();
  own.id = member_id{77};
  own.address = endpoint::ipv4({192, 168, 0, 1}, 7946);
  own.seed = 5;
  const node_index i = c.add(own);
  EXPECT_EQ(c.id_of(i), member_id{77});
  EXPECT_EQ(c[i].self().address, own.address);
  EXPECT_EQ(c.config_of(i).seed, 5U);
  EXPECT_EQ(c.node_of(member_id{77}), i);
  EXPECT_EQ(c.sim().node_at(own.address), i);
}

TEST(Cluster, JoinsIntoAFullMesh) {
  for (const node_index size : {1U, 2U, 3U, 20U}) {
    cluster c{size, config::loopback()};
    c.add_joined(size);
    EXPECT_EQ(c.full_mesh(), size == 1) << size;
    EXPECT_TRUE(c.wait_full_mesh(5s)) << size;
    EXPECT_EQ(c.up(), size);
    for (node_index i = 0; i < size; ++i) EXPECT_EQ(c[i].size(), size);
  }
}

TEST(Cluster, AMeshIsNotFullWhileAnythingIsAmiss) {
  cluster c{3, config::loopback()};
  c.add_joined(4);
  ASSERT_TRUE(c.wait_full_mesh(5s));
  c.add();
  EXPECT_FALSE(c.full_mesh()) << "one has joined nobody";
  EXPECT_EQ(c.join(4, 1), command_error::none);
  ASSERT_TRUE(c.wait_full_mesh(5s));
  c.crash(4);
  EXPECT_FALSE(c.full_mesh()) << "the others do not know yet";
  ASSERT_TRUE(c.wait_full_mesh(30s));
  c.net().cut_both_ways(0, 1);
  EXPECT_TRUE(c.full_mesh()) << "it is about what they believe";
  c.freeze(2);
  EXPECT_TRUE(c.wait_until([&] { return c.status(0, 2) == member_state::suspect; }, 10s));
  EXPECT_FALSE(c.full_mesh()) << "a suspect is not quite a member";
}

TEST(Cluster, WaitsFailAtTheirLimit) {
  cluster c{4, config::loopback()};
  c.add();
  c.add();  // never joined
  const auto before = c.now();
  EXPECT_FALSE(c.wait_full_mesh(3s));
  EXPECT_EQ(c.now(), before + 3s);
  EXPECT_FALSE(c.wait_size(0, 2, 1s));
  EXPECT_FALSE(c.wait_status(0, 1, member_state::alive, 1s));
  EXPECT_FALSE(c.wait_status_everywhere(1, member_state::alive, 1s));
  EXPECT_EQ(c.now(), before + 6s);
  EXPECT_TRUE(c.wait_size(0, 1, 1s));
  EXPECT_EQ(c.now(), before + 6s) << "what holds is not waited for";
}

TEST(Cluster, WaitsEndWhenWhatTheyWaitForHappens) {
  cluster c{5, config::loopback()};
  c.add_joined(6);
  ASSERT_TRUE(c.wait_full_mesh(5s));
  c.crash(3);
  EXPECT_EQ(c.status(0, 3), member_state::alive);
  EXPECT_FALSE(c.wait_status(0, 3, member_state::dead, 500ms)) << "no verdict comes that soon";
  EXPECT_TRUE(c.wait_status(0, 3, member_state::dead, 20s));
  EXPECT_TRUE(c.wait_status_everywhere(3, member_state::dead, 20s));
  EXPECT_TRUE(c.wait_size(1, 5, 1s));
  EXPECT_TRUE(c.full_mesh());
}

TEST(Cluster, AFrozenMemberIsFoundAndComesBack) {
  cluster c{6, config::loopback()};
  c.add_joined(5);
  ASSERT_TRUE(c.wait_full_mesh(5s));
  c.freeze(1);
  EXPECT_EQ(c.up(), 5U) << "it has not crashed";
  ASSERT_TRUE(c.wait_status_everywhere(1, member_state::dead, 20s));
  c.resume(1);
  EXPECT_TRUE(c.wait_full_mesh(60s));
}

TEST(Cluster, ABlockedMemberIsFoundAndComesBack) {
  cluster c{7, config::loopback()};
  c.add_joined(5);
  ASSERT_TRUE(c.wait_full_mesh(5s));
  c.block(1);
  ASSERT_TRUE(c.wait_status_everywhere(1, member_state::dead, 20s));
  c.resume(1);
  EXPECT_TRUE(c.wait_full_mesh(60s));
}

std::uint64_t life(std::uint64_t seed) {
  cluster c{seed, config::loopback()};
  flotilla::testing::trace_hash<engine, event> trace;
  c.sim().watch(trace);
  flotilla::testing::link_options link;
  link.loss = chance::percent(10);
  link.duplicate = chance::percent(5);
  c.net().set_link(link);
  c.add_joined(10);
  c.run_for(5s);
  c.crash(3);
  c.freeze(4);
  c.run_for(3s);
  c.resume(4);
  c.restart(3);
  (void)c.join(3, 5);
  c.run_for(5s);
  return trace.value();
}

TEST(Cluster, TheSameSeedIsTheSameLife) {
  std::set<std::uint64_t> seen;
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    const std::uint64_t trace = life(seed);
    EXPECT_EQ(life(seed), trace) << "seed " << seed;
    EXPECT_TRUE(seen.insert(trace).second) << "seed " << seed;
  }
}

}  // namespace
