// Tests of flotilla/testing/chaos_faults.hpp: what is broken, and that calm() mends all of it.
// After calm nothing may be left over that would make a liveness property fail by itself.
#include <flotilla/testing/chaos_faults.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>

namespace {

using namespace flotilla;
using namespace flotilla::testing;
using namespace std::chrono_literals;

/// Counts what a datagram can suffer.
std::uint64_t harm(const network_statistics& s) {
  return s.lost + s.lost_in_burst + s.lost_leaving + s.lost_arriving + s.cut + s.queue_overflown +
         s.duplicated + s.reordered + s.clogged;
}

TEST(ChaosFaults, CalmMendsEverything) {
  std::uint64_t harmed = 0;
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    cluster group{seed};
    chaos faults{group, seed, fault_set::all()};
    group.add_joined(8);
    faults.run(40s);
    faults.calm();
    const network_statistics before = group.sim().stats();
    harmed += harm(before);
    EXPECT_FALSE(group.net().any_cut()) << "seed " << seed;
    group.run_for(60s);
    EXPECT_EQ(harm(group.sim().stats()), harm(before)) << "seed " << seed;
    for (node_index i = 0; i < group.size(); ++i) {
      const process_state now = group.sim().process_of(i).state;
      EXPECT_TRUE(now == process_state::running || now == process_state::crashed)
          << "seed " << seed << " node " << i;
    }
  }
  EXPECT_GT(harmed, 0U) << "nothing was broken in any run";
}

TEST(ChaosFaults, AfterCalmTheGroupIsWhole) {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    cluster group{seed, config::loopback()};
    chaos faults{group, seed, fault_set::all()};
    group.add_joined(6);
    faults.run(12s);
    faults.calm();
    EXPECT_TRUE(group.wait_full_mesh(15min)) << "seed " << seed;
  }
}

/// A crashed member stays away; one that was frozen while it crashed is not woken by its timer.
TEST(ChaosFaults, WhoCrashedWhileStoppedStaysDown) {
  fault_set allowed;
  allowed.insert(fault::freeze);
  allowed.insert(fault::block);
  allowed.insert(fault::crash);
  std::uint64_t crashes = 0;
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    cluster group{seed};
    chaos faults{group, seed, allowed};
    group.add_joined(8);
    faults.run(60s);
    const node_index up = group.up();
    EXPECT_EQ(8U - up, faults.count(fault::crash)) << "seed " << seed;
    faults.calm();
    group.run_for(60s);
    EXPECT_EQ(group.up(), up) << "seed " << seed;
    crashes += faults.count(fault::crash);
  }
  EXPECT_GT(crashes, 0U);
}

/// Two that never heard of each other, because whoever knew both has crashed, are introduced.
TEST(ChaosFaults, StrangersAreIntroduced) {
  cluster group{1, config::loopback()};
  chaos faults{group, 1, fault_set{}};
  group.add_joined(2);
  ASSERT_TRUE(group.wait_full_mesh(5s));
  group.net().isolate(0);
  ASSERT_TRUE(group.wait_status(1, 0, member_state::dead, 60s));
  ASSERT_TRUE(group.wait_until([&] { return !group.status(1, 0).has_value(); }, 60s));
  const node_index late = group.add();
  group.join(late, 1);
  ASSERT_TRUE(group.wait_size(late, 2, 5s));
  group.crash(1);
  group.run_for(60s);
  faults.calm();
  EXPECT_EQ(faults.introductions(), 1U);
  EXPECT_TRUE(group.wait_until([&] { return group.status(late, 0) == member_state::alive; }, 60s));
}

}  // namespace
