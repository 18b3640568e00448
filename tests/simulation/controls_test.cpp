// tests/simulation/controls_test.cpp - negative controls: a rule is taken away, its property fails
// A checker that never fails proves nothing: each is shown to bite, and to hold with the same seeds
// and the rule in place.
#include <gtest/gtest.h>

#include <simulation/judged_group.hpp>

namespace simulation {
namespace {

/// How many of the seeds keep the property, with the rule and without it.
struct tally {
  std::uint64_t runs{0};
  std::uint64_t held_with{0};
  std::uint64_t held_without{0};
};

/// Runs `holds(seed, settings)` for `usual` seeds, as configured and after `take_away(settings)`.
template <class TakeAway, class Holds>
tally compare(std::uint64_t usual, const config& settings, TakeAway take_away, Holds holds) {
  tally counts;
  config without = settings;
  take_away(without);
  for_each_seed(usual, [&](std::uint64_t seed) {
    const bool held = holds(seed, settings);
    EXPECT_TRUE(held) << "with the rule in place";
    ++counts.runs;
    counts.held_with += held ? 1U : 0U;
    counts.held_without += holds(seed, without) ? 1U : 0U;
  });
  EXPECT_EQ(counts.held_with, counts.runs);
  return counts;
}

void expect_never_without(const tally& counts) { EXPECT_EQ(counts.held_without, 0U); }
/// The rule is a matter of chance: without it some seeds fail.
void expect_not_always_without(const tally& counts) {
  if (counts.runs > 1) {
    EXPECT_LT(counts.held_without, counts.runs);
  }
}

/// SWIM, section 4.2: only its own word brings a member back.
TEST(without_refutation, a_false_verdict_lasts) {
  config patient = config::loopback();
  patient.tombstone_lifetime = 10min;  // who has been forgotten by all may come back as if new
  const auto off = [](config& c) { c.experiment.refutation = false; };
  const auto holds = [](std::uint64_t seed, const config& settings) {
    judged_group w{seed, settings, 8};
    const auto victim = static_cast<node_index>(1 + seed % 7);
    const time_point begin = w.group.now();
    w.group.net().isolate(victim);
    EXPECT_TRUE(w.group.wait_status(0, victim, member_state::dead, w.judge.bounds().death()));
    w.group.net().mend_all();
    w.calm_since(begin);
    const bool held = w.judge.judge_views();
    EXPECT_EQ(held, w.found.count("L3") == 0) << w.said();
    return held;
  };
  expect_never_without(compare(5, patient, off, holds));
}

/// SWIM, section 4.3: a random target may be missed for a long time.
TEST(without_round_robin, a_crash_is_not_probed_in_time) {
  config settings = config::loopback();
  settings.suspicion_multiplier = 20;  // nobody is told of the death before all should have probed
  const auto off = [](config& c) { c.experiment.round_robin = false; };
  const auto holds = [](std::uint64_t seed, const config& s) {
    judged_group w{seed, s, 10};
    const bool held = w.judge.judge_crash(static_cast<node_index>(seed % 10));
    EXPECT_EQ(held, w.found.count("L2") == 0) << w.said();
    return held;
  };
  expect_not_always_without(compare(10, settings, off, holds));
}

/// SWIM, section 3.1: helpers see past a broken link.
TEST(without_helpers, a_single_broken_link_makes_suspects) {
  const auto off = [](config& c) { c.experiment.helpers = false; };
  const auto none = [](config& c) { c.helpers = 0; };
  const auto holds = [](std::uint64_t seed, const config& settings) {
    judged_group w{seed, settings, 6};
    w.group.net().cut(static_cast<node_index>(seed % 6), static_cast<node_index>((seed + 2) % 6));
    const bool held = w.judge.judge_accusations(200 * settings.protocol_period, "L7");
    EXPECT_EQ(held, w.judge.accusations() == 0) << w.said();
    return held;
  };
  expect_never_without(compare(6, config::loopback(), off, holds));
  expect_never_without(compare(6, config::loopback(), none, holds));
}

/// SWIM, section 4.1: a fact is passed on so often and no more.
TEST(without_a_transmit_budget, queues_never_drain) {
  const auto off = [](config& c) { c.experiment.transmit_budget = false; };
  const auto holds = [](std::uint64_t seed, const config& settings) {
    judged_group w{seed, settings, 8};
    w.judge.calm_begins(0s);
    const bool held = w.judge.judge_silence(50);
    EXPECT_EQ(held, queues_are_empty(w.group));
    EXPECT_EQ(held, w.found.count("L8") == 0) << w.said();
    return held;
  };
  expect_never_without(compare(4, config::loopback(), off, holds));
}

/// A suspicion's timer outlives the suspicion: who has refuted it is killed all the same.
TEST(without_timer_binding, a_refuted_suspicion_kills) {
  const auto off = [](config& c) { c.experiment.timer_binding = false; };
  const auto holds = [](std::uint64_t seed, const config& settings) {
    judged_group w{seed, settings, 8};
    const auto victim = static_cast<node_index>(1 + seed % 7);
    w.group.net().isolate(victim);
    EXPECT_TRUE(w.group.wait_until([&] { return w.judge.accusations() != 0; },
                                   w.judge.bounds().own_suspicion()));
    w.group.net().mend_all();
    w.group.run_for(w.judge.bounds().suspicion() / 2);
    EXPECT_TRUE(w.group.status_everywhere(victim, member_state::alive)) << "it has refuted";
    EXPECT_EQ(w.judge.false_deaths(), 0U);
    const bool held = w.judge.judge_accusations(w.judge.bounds().suspicion(), "S8");
    EXPECT_EQ(held, w.judge.false_deaths() == 0) << w.said();
    return held;
  };
  expect_never_without(compare(6, config::loopback(), off, holds));
}

/// The same with a new process: the timer of its former life kills it.
TEST(without_timer_binding, a_restarted_member_dies_of_its_former_life) {
  const auto off = [](config& c) { c.experiment.timer_binding = false; };
  const auto holds = [](std::uint64_t seed, const config& settings) {
    judged_group w{seed, settings, 8};
    const auto victim = static_cast<node_index>(1 + seed % 7);
    w.group.crash(victim);
    EXPECT_TRUE(
        w.group.wait_status(0, victim, member_state::suspect, w.judge.bounds().own_suspicion()));
    w.group.restart(victim, memory_kept::nothing);
    w.group.join(victim, 0);
    w.group.run_for(w.judge.bounds().suspicion() / 2);
    EXPECT_TRUE(w.group.full_mesh()) << "it is back";
    const bool held = w.judge.judge_accusations(w.judge.bounds().suspicion(), "S8");
    EXPECT_EQ(held, w.judge.false_deaths() == 0) << w.said();
    return held;
  };
  expect_never_without(compare(6, config::loopback(), off, holds));
}

/// SWIM, section 4.2: a suspect has time to speak up; a lost packet alone kills nobody.
TEST(without_suspicion, loss_kills) {
  config patient = config::loopback();
  // 21 periods, more than the 17 to 19 in which all ten have asked the suspect themselves: nobody
  // depends on hearing of its refutation.
  patient.suspicion_multiplier = 7;
  const auto off = [](config& c) { c.experiment.suspicion = false; };
  const auto holds = [](std::uint64_t seed, const config& settings) {
    judged_group w{seed, settings, 10};
    w.group.net().set_link({.loss = chance::percent(10)});
    w.group.run_for(60s);
    EXPECT_GT(w.judge.accusations(), 0U) << "loss has made suspects";
    return w.judge.false_deaths() == 0;
  };
  expect_never_without(compare(5, patient, off, holds));
}

/// With the smallest budget gossip dies out before all know of a crowd of newcomers: two of them
/// may never hear of each other. Repair cures it (L6).
TEST(without_repair, who_ran_out_of_gossip_stays_unknown) {
  config settings = config::loopback();
  settings.retransmit_multiplier = 1;
  const duration long_enough = bounds_of_time{settings, 40}.convergence(0s);
  const auto off = [](config& c) { c.repair_interval = 0s; };
  const auto holds = [&](std::uint64_t seed, const config& s) {
    judged_group w{seed, s, 8};
    for (node_index i = 8; i < 40; ++i) w.group.join(w.group.add(), i % 8);
    w.judge.calm_begins(0s);
    w.group.wait_full_mesh(long_enough);
    const bool held = w.judge.judge_views();
    EXPECT_EQ(held, w.found.count("L6") == 0) << w.said();
    EXPECT_EQ(w.judge.accusations(), 0U);
    return held;
  };
  expect_not_always_without(compare(6, settings, off, holds));
}

}  // namespace
}  // namespace simulation
