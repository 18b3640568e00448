// Tests of flotilla/testing/chaos.hpp: chaos really happens, repeats from its seed, and ends.
// A simulator whose faults do not bite would make every other test easy.
#include <flotilla/testing/chaos.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <flotilla/testing/trace_hash.hpp>

namespace {

using namespace flotilla;
using namespace flotilla::testing;
using namespace std::chrono_literals;

struct run_result {
  std::uint64_t trace{0};
  std::array<std::uint64_t, fault_count> counts{};
  fault_set chosen{};
};

run_result run(std::uint64_t seed, fault_set allowed, duration length = 60s) {
  cluster group{seed};
  trace_hash<engine, event> trace;
  group.sim().watch(trace);
  chaos faults{group, seed, allowed};
  group.add_joined(8);
  faults.run(length);
  run_result result;
  result.trace = trace.value();
  for (std::size_t i = 0; i < fault_count; ++i) result.counts[i] = faults.count(fault(i));
  result.chosen = faults.chosen();
  return result;
}

TEST(Chaos, TheSameSeedIsTheSameRun) {
  const run_result one = run(7, fault_set::all());
  const run_result again = run(7, fault_set::all());
  const run_result other = run(8, fault_set::all());
  EXPECT_EQ(one.trace, again.trace);
  EXPECT_EQ(one.counts, again.counts);
  EXPECT_NE(one.trace, other.trace);
}

TEST(Chaos, OnlyChosenKindsHappenAndEachDoesInSomeRun) {
  std::array<std::uint64_t, fault_count> sum{};
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    const run_result result = run(seed, fault_set::all());
    for (std::size_t i = 0; i < fault_count; ++i) {
      sum[i] += result.counts[i];
      if (!result.chosen.contains(fault(i))) {
        EXPECT_EQ(result.counts[i], 0U) << "seed " << seed << ' ' << to_string(fault(i));
      }
    }
  }
  for (std::size_t i = 0; i < fault_count; ++i) EXPECT_GT(sum[i], 0U) << to_string(fault(i));
}

TEST(Chaos, WhatIsNotAllowedDoesNotHappen) {
  fault_set allowed;
  allowed.insert(fault::loss);
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const run_result result = run(seed, allowed);
    for (std::size_t i = 0; i < fault_count; ++i) {
      if (fault(i) != fault::loss) {
        EXPECT_EQ(result.counts[i], 0U) << to_string(fault(i));
      }
    }
  }
}

TEST(Chaos, LeavesAGroupToSpeakOf) {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    cluster group{seed};
    chaos faults{group, seed, fault_set::all()};
    group.add_joined(4);
    for (int i = 0; i < 20; ++i) {
      faults.run(5s);
      EXPECT_GE(group.up(), 2U) << "seed " << seed;
      EXPECT_LE(group.size(), chaos::max_members) << "seed " << seed;
    }
  }
}

}  // namespace
