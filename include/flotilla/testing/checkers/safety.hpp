// flotilla/testing/checkers/safety.hpp - every checker of a safety property at once
// What must hold at each step of each run, however broken the network and the processes are.
#pragma once

#include <flotilla/testing/checkers/agreement.hpp>
#include <flotilla/testing/checkers/bounds.hpp>
#include <flotilla/testing/checkers/confirmations.hpp>
#include <flotilla/testing/checkers/event_replay.hpp>
#include <flotilla/testing/checkers/gossip_budget.hpp>
#include <flotilla/testing/checkers/inert.hpp>
#include <flotilla/testing/checkers/own_word.hpp>
#include <flotilla/testing/checkers/pace.hpp>
#include <flotilla/testing/checkers/probes.hpp>
#include <flotilla/testing/checkers/replies.hpp>
#include <flotilla/testing/checkers/timers.hpp>
#include <flotilla/testing/checkers/views.hpp>

namespace flotilla {
inline namespace v1 {
namespace testing {

/// S1 to S4 and S6 to S18 of a cluster, from before its first member on. (S5, that merging is a
/// join, is a property of one function: tests/membership/merge_test.cpp tries all of it at 8 bits.)
/// The cluster and the report must outlive it, and the cluster is not to be run without it.
class safety_checkers {
 public:
  safety_checkers(cluster& group, report& found)
      : own_word_{group, found},
        views_{group, found},
        agreement_{group, found},
        timers_{group, found},
        confirmations_{group, found},
        probes_{group, found},
        replies_{group, found},
        events_{group, found},
        gossip_{group, found},
        bounds_{group, found},
        inert_{group, found},
        pace_{group, found} {
    engine_observer* const all[] = {&own_word_,      &views_,  &agreement_, &timers_,
                                    &confirmations_, &probes_, &replies_,   &events_,
                                    &gossip_,        &bounds_, &inert_,     &pace_};
    for (engine_observer* one : all) group.sim().watch(*one);
  }

  [[nodiscard]] const pace_checker& pace() const noexcept { return pace_; }

 private:
  own_word_checker own_word_;            // S1, S6
  views_checker views_;                  // S2, S3, S4, S18
  agreement_checker agreement_;          // S7
  timers_checker timers_;                // S8
  confirmations_checker confirmations_;  // S9
  probes_checker probes_;                // S10, S11
  replies_checker replies_;              // S12
  event_replay_checker events_;          // S13
  gossip_budget_checker gossip_;         // S14
  bounds_checker bounds_;                // S15
  inert_checker inert_;                  // S16
  pace_checker pace_;                    // S17
};

}  // namespace testing
}  // namespace v1
}  // namespace flotilla
