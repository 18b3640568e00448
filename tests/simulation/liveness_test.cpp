// tests/simulation/liveness_test.cpp - what must happen in the end, a scenario for each property
// Faults first, then calm: within bounds derived from the configuration everything is right again.
#include <gtest/gtest.h>

#include <simulation/judged_group.hpp>

namespace simulation {
namespace {

using flotilla::incarnation;

/// Suspicions last longer than it takes until everybody has probed: nobody is told of the death
/// before it has had to find out itself.
config patient(config settings) {
  settings.suspicion_multiplier = 20;
  return settings;
}

// ---- L1: strong completeness

TEST(crashes_in_a_storm, are_known_to_all_who_live) {
  for_each_seed(6, [](std::uint64_t seed) {
    judged_group w{seed, config::loopback(), 16};
    const time_point begin = w.group.now();
    w.group.net().set_link({.loss = chance::percent(20)});
    for (node_index i = 1; i < 16; i += 2) {
      w.group.run_for(200ms);
      w.group.crash(i);
    }
    w.group.run_for(500ms);
    w.group.net().set_link({});
    w.calm_since(begin);
    EXPECT_TRUE(w.judge.judge_views()) << w.said();
    EXPECT_EQ(w.group.up(), 8U);
    ASSERT_TRUE(w.judge.converged_after());
    EXPECT_GT(*w.judge.converged_after(), 0s);
  });
}

// ---- L2: time-bounded completeness

TEST(a_crash, is_probed_by_all_within_2n_minus_1_periods) {
  for_each_seed(10, [](std::uint64_t seed) {
    judged_group w{seed, patient(config::loopback()), 10};
    w.group.run_for(std::chrono::milliseconds{seed * 37});
    EXPECT_TRUE(w.judge.judge_crash(static_cast<node_index>(seed % 10))) << w.said();
  });
}

TEST(a_crash, is_known_to_all_by_its_bound) {
  for_each_seed(6, [](std::uint64_t seed) {
    for (const config& settings : {config::loopback(), config::lan(), config::wan()}) {
      for (const node_index members : {2U, 3U, 8U, 30U}) {
        judged_group w{seed, settings, members};
        w.group.run_for(seed * settings.protocol_period / 7);
        EXPECT_TRUE(w.judge.judge_crash(1)) << members << " members\n" << w.said();
        EXPECT_TRUE(w.judge.judge_crash(0)) << members << " members\n" << w.said();
      }
    }
  });
}

/// A stream of newcomers must not keep a traversal from ending: each takes its place at random.
TEST(a_crash, is_found_while_others_keep_joining) {
  for_each_seed(6, [](std::uint64_t seed) {
    judged_group w{seed, patient(config::loopback()), 8};
    for (int n = 1; n <= 16; ++n) {
      w.group.sim().at(w.group.now() + n * 150ms, [&] { w.group.join(w.group.add(), 0); });
    }
    w.group.run_for(300ms);
    EXPECT_TRUE(w.judge.judge_crash(5)) << w.said();
    EXPECT_EQ(w.group.size(), 24U);
    w.judge.calm_begins(0s);
    EXPECT_TRUE(w.judge.judge_views()) << w.said();
  });
}

// ---- L3: no false verdict lasts

void falsely_accused(std::uint64_t seed, member_state as) {
  judged_group w{seed, config::loopback(), 9};
  const auto victim = static_cast<node_index>(seed % 9);
  const node_index other = victim == 0 ? 1 : 0;
  const time_point begin = w.group.now();
  w.group.net().isolate(victim);
  ASSERT_TRUE(w.group.wait_status(other, victim, as, w.judge.bounds().death()));
  const incarnation former = w.group[victim].self().incarnation;
  w.group.net().mend_all();
  w.calm_since(begin);
  EXPECT_TRUE(w.judge.judge_views()) << w.said();
  EXPECT_GT(w.group[victim].self().incarnation, former) << "only its own word brings it back";
  EXPECT_TRUE(w.judge.judge_silence()) << w.said();
}

TEST(a_member_falsely_suspected, is_alive_to_all_again) {
  for_each_seed(10, [](std::uint64_t seed) { falsely_accused(seed, member_state::suspect); });
}
TEST(a_member_falsely_dead, is_alive_to_all_again) {
  for_each_seed(10, [](std::uint64_t seed) { falsely_accused(seed, member_state::dead); });
}

// ---- L4: partitions heal

/// Parts the group for longer than a death and its tombstone last, and judges what becomes of it.
template <class Part>
void heal(std::uint64_t seed, const config& settings, node_index members, bool both_ways,
          Part part) {
  judged_group w{seed, settings, members};
  const time_point begin = w.group.now();
  part(w.group);
  ASSERT_TRUE(w.group.net().any_cut());
  const bounds_of_time by = w.judge.bounds();
  w.group.run_for(by.death_alone() + settings.tombstone_lifetime + by.spread());
  EXPECT_FALSE(w.group.full_mesh());
  if (both_ways) {  // who is still heard of is let in anew, and found silent again
    EXPECT_FALSE(w.group.status(0, 1)) << "forgotten";
    EXPECT_FALSE(w.group.status(1, 0)) << "forgotten";
  }
  // Who moves while parted is known at its new address afterwards.
  w.group.set_address(1, flotilla::testing::default_address(500));
  w.group.net().mend_all();
  const duration storm = w.group.now() - begin;
  w.judge.calm_begins(storm);
  EXPECT_TRUE(w.judge.judge_views()) << w.said();
  ASSERT_TRUE(w.judge.converged_after());
  EXPECT_GT(*w.judge.converged_after(), 0s) << "somebody must try first";
  if (both_ways) {
    // Each held all on the other side dead, and tries all of them itself: nobody waits for repair.
    EXPECT_LE(*w.judge.converged_after(), w.judge.bounds().healing(storm));
  }
  EXPECT_TRUE(w.judge.judge_silence()) << w.said();
}

TEST(a_partition, heals_when_it_was_symmetric) {
  for_each_seed(5, [](std::uint64_t seed) {
    heal(seed, config::loopback(), 10, true, [](cluster& g) { g.net().partition(sides(10, 2)); });
  });
}
TEST(a_partition, heals_when_it_was_threefold) {
  for_each_seed(5, [](std::uint64_t seed) {
    heal(seed, config::loopback(), 12, true, [](cluster& g) { g.net().partition(sides(12, 3)); });
  });
}
TEST(a_partition, heals_when_it_was_one_way) {
  for_each_seed(5, [](std::uint64_t seed) {
    heal(seed, config::loopback(), 10, false, [](cluster& g) {
      const std::vector<node_index> even{0, 2, 4, 6, 8};
      const std::vector<node_index> odd{1, 3, 5, 7, 9};
      g.net().cut(even, odd);
    });
  });
}
TEST(a_partition, heals_when_it_isolated_one) {
  for_each_seed(5, [](std::uint64_t seed) {
    heal(seed, config::lan(), 6, true, [](cluster& g) { g.net().isolate(1); });
  });
}

// ---- L5: a mass restart among old rumours

TEST(a_mass_restart, survives_rumours_that_all_are_dead) {
  for_each_seed(6, [](std::uint64_t seed) {
    judged_group w{seed, config::loopback(), 12};
    std::vector<wire::fact> rumours;
    for (node_index i = 0; i < 12; ++i) {
      rumours.push_back(
          {w.group.id_of(i), incarnation{100}, member_state::dead, {}, member_id{77}});
    }
    const time_point begin = w.group.now();
    for (node_index i = 0; i < 12; ++i) w.group.restart(i);
    for (node_index i = 1; i < 12; ++i) w.group.join(i, 0);
    // Each member hears them twenty times within four seconds, before, while and after it joins.
    for (int n = 0; n < 20; ++n) {
      for (node_index i = 0; i < 12; ++i) tell(w.group, i, rumours);
      w.group.run_for(200ms);
    }
    w.calm_since(begin);
    EXPECT_TRUE(w.judge.judge_views()) << w.said();
    for (node_index i = 0; i < 12; ++i) {
      EXPECT_GT(w.group[i].self().incarnation, incarnation{100}) << "member " << i;
    }
    EXPECT_TRUE(w.judge.judge_silence()) << w.said();
  });
}

// ---- L6: who ran out of gossip

TEST(a_joiner_nobody_gossips_about, is_learnt_by_its_own_probes) {
  for_each_seed(6, [](std::uint64_t seed) {
    config settings = config::loopback();
    settings.repair_interval = 0s;
    judged_group w{seed, settings, 12};
    censor hides{w.group};
    const node_index joiner = w.group.add();
    const member_id id = w.group.id_of(joiner);
    hides.begin([=](node_index from, node_index, const wire::fact& f) {
      return f.subject == id && from != joiner;
    });
    w.group.join(joiner, 0);
    const auto known = [&] { return w.group.status_everywhere(joiner, member_state::alive); };
    EXPECT_TRUE(w.group.wait_until(
        known, w.group.config_of(joiner).join_retry + w.judge.bounds().first_probe()));
    EXPECT_GT(hides.taken_out(), 0U);
    EXPECT_EQ(w.judge.accusations(), 0U);
  });
}

/// Two that join at the same moment through different seeds, and neither hears of the other while
/// their news makes the round. Nobody probes whom it does not know: only repair is left.
void two_strangers(std::uint64_t seed, const config& settings, bool meet) {
  judged_group w{seed, settings, 10};
  censor hides{w.group};
  const node_index a = w.group.add();
  const node_index b = w.group.add();
  const member_id id_a = w.group.id_of(a);
  const member_id id_b = w.group.id_of(b);
  hides.begin([=](node_index, node_index to, const wire::fact& f) {
    return (to == a && f.subject == id_b) || (to == b && f.subject == id_a);
  });
  w.group.join(a, 0);
  w.group.join(b, 1);
  w.group.run_for(1s);
  ASSERT_TRUE(w.group.wait_until([&] { return queues_are_empty(w.group); },
                                 w.judge.bounds().spread() + w.judge.bounds().drain()));
  EXPECT_GT(hides.taken_out(), 0U);
  EXPECT_FALSE(w.group.status(a, b)) << "not heard of";
  EXPECT_FALSE(w.group.status(b, a)) << "not heard of";
  hides.end();
  const bounds_of_time usual{config::loopback(), w.group.up()};
  const auto met = [&] { return w.group.full_mesh(); };
  EXPECT_EQ(w.group.wait_until(met, usual.repair() + usual.first_probe()), meet);
  EXPECT_EQ(w.judge.accusations(), 0U);
}

TEST(two_joiners_nobody_told_of_each_other, meet_through_repair) {
  for_each_seed(6, [](std::uint64_t seed) { two_strangers(seed, config::loopback(), true); });
}
TEST(two_joiners_nobody_told_of_each_other, never_meet_without_repair) {
  for_each_seed(6, [](std::uint64_t seed) {
    config settings = config::loopback();
    settings.repair_interval = 0s;
    two_strangers(seed, settings, false);
  });
}

// ---- L7: a broken link is no broken member

TEST(a_single_broken_link, makes_nobody_suspect_anybody) {
  for_each_seed(2, [](std::uint64_t seed) {
    for (const node_index members : {3U, 4U, 6U}) {
      for (node_index a = 0; a < members; ++a) {
        for (node_index b = 0; b < members; ++b) {
          if (a == b) continue;
          judged_group w{seed, config::loopback(), members};
          w.group.net().cut(a, b);
          if (a < b) w.group.net().cut(b, a);  // else one way only: a pair in each way, and both
          const duration length = 200 * w.group.config_of(0).protocol_period;
          EXPECT_TRUE(w.judge.judge_accusations(length, "L7"))
              << a << (a < b ? "<->" : "->") << b << " of " << members << "\n"
              << w.said();
          EXPECT_GT(w.group.net().stats().cut, 0U);
        }
      }
    }
  });
}
TEST(a_single_broken_link, needs_one_helper_only) {
  for_each_seed(2, [](std::uint64_t seed) {
    config settings = config::lan();
    settings.helpers = 1;
    for (node_index n = 0; n < 12; ++n) {
      judged_group w{seed, settings, 4};
      const node_index a = n / 3;
      const node_index b = n % 3 >= a ? n % 3 + 1 : n % 3;
      w.group.net().cut(a, b);
      EXPECT_TRUE(w.judge.judge_accusations(200s, "L7")) << a << "->" << b << "\n" << w.said();
    }
  });
}

// ---- L8: silence after the storm

TEST(after_a_storm, queues_drain_and_two_messages_a_period_remain) {
  for_each_seed(6, [](std::uint64_t seed) {
    for (const config& settings : {config::loopback(), config::lan()}) {
      judged_group w{seed, settings, 16};
      const time_point begin = w.group.now();
      w.group.net().set_link({.loss = chance::percent(10), .duplicate = chance::percent(10)});
      for (node_index i = 1; i <= 6; ++i) {
        w.group.crash(i);
        w.group.run_for(10 * settings.protocol_period);
        w.group.restart(i, i % 2 == 0 ? memory_kept::nothing : memory_kept::incarnation);
        w.group.join(i, 0);
      }
      w.group.leave(7);
      w.group.crash(8);
      w.group.run_for(settings.join_timeout);
      w.group.net().set_link({});
      w.calm_since(begin);
      EXPECT_TRUE(w.judge.judge_views()) << w.said();
      EXPECT_TRUE(w.judge.judge_silence(200)) << w.said();
      EXPECT_EQ(w.group.up(), 14U);
    }
  });
}

// ---- L9: a farewell is no failure

TEST(a_farewell, reaches_all_and_is_no_failure) {
  for_each_seed(6, [](std::uint64_t seed) {
    for (const node_index members : {2U, 5U, 20U}) {
      judged_group w{seed, config::loopback(), members};
      w.group.run_for(std::chrono::milliseconds{seed * 31});
      EXPECT_TRUE(w.judge.judge_leave(static_cast<node_index>(seed % members))) << w.said();
      EXPECT_EQ(w.group.up(), members - 1);
    }
  });
}
TEST(a_farewell, reaches_all_when_one_member_hears_it) {
  for_each_seed(10, [](std::uint64_t seed) {
    judged_group w{seed, config::loopback(), 12};
    const auto leaver = static_cast<node_index>(seed % 12);
    const auto listener = static_cast<node_index>((seed + 5) % 12);
    for (node_index i = 0; i < 12; ++i) {
      if (i != leaver && i != listener) w.group.net().cut(leaver, i);
    }
    EXPECT_TRUE(w.judge.judge_leave(leaver)) << w.said();
    EXPECT_GT(w.group.net().stats().cut, 0U);
  });
}

}  // namespace
}  // namespace simulation
