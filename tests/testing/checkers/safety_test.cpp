// Tests of flotilla/testing/checkers/safety.hpp: all safety checkers together, over chaos.
// Each of them is seen to bite in its own test; here the bundle must hold them all, and be silent.
#include <flotilla/testing/checkers/safety.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <flotilla/testing/chaos.hpp>

namespace {

using namespace flotilla;
using namespace flotilla::testing;
using namespace std::chrono_literals;

TEST(SafetyCheckers, AreSilentOverChaos) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    report found;
    cluster group{seed};
    safety_checkers all{group, found};
    chaos faults{group, seed, fault_set::all()};
    group.add_joined(8);
    faults.run(60s);
    faults.calm();
    group.run_for(30s);
    EXPECT_TRUE(found.empty()) << "seed " << seed << "\n" << found.to_string();
  }
}

/// The bundle really watches: a suspicion's timer that outlives a refutation breaks S8, a fact that
/// is never retired S14.
TEST(SafetyCheckers, BiteThroughTheBundle) {
  config unbound = config::loopback();
  unbound.experiment.timer_binding = false;
  config endless = config::loopback();
  endless.experiment.transmit_budget = false;
  std::size_t s8 = 0;
  std::size_t s14 = 0;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    for (const config& broken : {unbound, endless}) {
      report found;
      cluster group{seed, broken};
      safety_checkers all{group, found};
      fault_set allowed;
      allowed.insert(fault::loss);
      allowed.insert(fault::isolate);
      allowed.insert(fault::freeze);
      allowed.insert(fault::restart);
      chaos faults{group, seed, allowed};
      group.add_joined(6);
      faults.run(30s);
      s8 += found.count("S8");
      s14 += found.count("S14");
    }
  }
  EXPECT_GT(s8, 0U);
  EXPECT_GT(s14, 0U);
}

}  // namespace
