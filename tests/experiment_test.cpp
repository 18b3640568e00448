// tests/experiment_test.cpp - tests of flotilla/experiment.hpp
// The defaults are the protocol; what each switch does is tested in engine/experiment_test.cpp.
#include <flotilla/experiment.hpp>

#include <gtest/gtest.h>

#include <flotilla/config.hpp>

namespace {

using flotilla::config;
using flotilla::experiment;

TEST(ExperimentSwitches, EveryPresetHasTheDefaults) {
  for (const config& c : {config::lan(), config::wan(), config::loopback(), config::swim_paper()}) {
    EXPECT_EQ(c.experiment, experiment{});
  }
}

TEST(ExperimentSwitches, OneThatIsTurnedMakesAnotherProtocol) {
  bool experiment::*const switches[] = {&experiment::refutation,
                                        &experiment::round_robin,
                                        &experiment::helpers,
                                        &experiment::transmit_budget,
                                        &experiment::timer_binding,
                                        &experiment::suspicion,
                                        &experiment::final_death,
                                        &experiment::multicast,
                                        &experiment::buddy,
                                        &experiment::nacks,
                                        &experiment::passing_on_confirmations,
                                        &experiment::late_inputs,
                                        &experiment::waiting_for_others};
  EXPECT_EQ(sizeof(experiment), sizeof switches / sizeof switches[0]) << "all are listed";
  for (bool experiment::*const at : switches) {
    experiment turned;
    turned.*at = !(turned.*at);
    EXPECT_NE(turned, experiment{});
  }
}

}  // namespace
