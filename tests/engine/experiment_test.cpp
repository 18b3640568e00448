// Tests of config::experiment: what each switch turns off or on, beside what happens without it.
// Multicast, which has a header of its own, is in multicast_test.cpp.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>

#include <flotilla/engine.hpp>
#include <support/engine_world.hpp>

namespace {

using namespace support;
using error = command_error;
using kind = wire::message_kind;

const peer self = peer_of(1);
const peer two = peer_of(2);
const peer three = peer_of(3);
const peer four = peer_of(4);
const peer five = peer_of(5);

/// The plain config with one switch set; each test runs both ways.
config with(bool flotilla::experiment::*which, bool value) {
  config c = plain_config();
  c.experiment.*which = value;
  return c;
}

// ---- refutation (SWIM, section 4.2)

TEST(Experiment, WithoutRefutationTheOwnIncarnationIsNeverRaisedPastAnything) {
  for (const bool on : {true, false}) {
    engine_world w{with(&flotilla::experiment::refutation, on)};
    w.meet_all(2);
    w.gossip(two, {suspect(self.id, 0)});
    EXPECT_EQ(w.own_number(), on ? 1U : 0U);
    w.gossip(two, {dead(self.id, 5)});
    EXPECT_EQ(w.own_number(), on ? 6U : 0U);
    w.gossip(two, {alive(self, 8)});
    EXPECT_EQ(w.own_number(), on ? 9U : 0U);
    w.gossip(two, {left(self.id, 20)});
    EXPECT_EQ(w.own_number(), on ? 21U : 0U);
    EXPECT_EQ(w.stats().refutations, on ? 4U : 0U);
    ASSERT_EQ(w.node.set_address(address_of(70)), error::none);
    EXPECT_EQ(w.own_number(), on ? 22U : 1U) << "a move is no answer to anybody";
  }
}

// ---- round robin (SWIM, section 4.3)

TEST(Experiment, WithoutRoundRobinTargetsAreDrawnAtRandom) {
  const int others = 7;
  for (const bool on : {true, false}) {
    engine_world w{with(&flotilla::experiment::round_robin, on)};
    w.meet_all(others + 1);
    std::map<endpoint, int> last;
    int longest = 0;
    int twice = 0;  // in a row
    for (int period = 0; period < 400;) {
      const auto probes = w.stats().probes;
      w.next_tick();
      const sent_list all = only(w.sent_now(), kind::ping);
      for (const sent& s : all) w.answer({s.what.head.target, s.to, {}}, {s});
      w.sent_now();
      if (w.stats().probes == probes) continue;
      ++period;
      ASSERT_EQ(all.size(), 1U) << "still one a period";
      const auto seen = last.find(all[0].to);
      if (seen != last.end()) {
        longest = std::max(longest, period - seen->second);
        twice += period - seen->second == 1 ? 1 : 0;
      }
      last[all[0].to] = period;
    }
    EXPECT_EQ(last.size(), static_cast<std::size_t>(others)) << "nobody is left out";
    if (on) {
      EXPECT_LE(longest, 2 * others - 1);
      EXPECT_LE(twice, 400 / others) << "only where two traversals meet";
    } else {
      EXPECT_GT(longest, 2 * others - 1) << "no bound any more";
      EXPECT_NEAR(twice, 400 / others, 25) << "one in seven, as chance has it";
    }
  }
}

// ---- helpers (SWIM, section 3.1)

TEST(Experiment, WithoutHelpersNobodyIsAskedToProbe) {
  for (const bool on : {true, false}) {
    engine_world w{with(&flotilla::experiment::helpers, on)};
    w.meet_all(4);
    static_cast<void>(w.probe_of(two, {three, four}));
    w.tick_after(w.settings().direct_timeout);
    EXPECT_EQ(count(w.sent_now(), kind::ping_request), on ? 2U : 0U);
    w.tick_after(w.settings().protocol_period);
    EXPECT_EQ(w.state_of(two.id), member_state::suspect) << "silence is judged all the same";
  }
}

// ---- transmit budget (SWIM, section 4.1)

TEST(Experiment, WithoutBudgetAFactIsPassedOnForEver) {
  for (const bool on : {true, false}) {
    engine_world w{with(&flotilla::experiment::transmit_budget, on)};
    w.meet_all(4);
    w.hear(two, wire::ping{1}, {alive(five)});
    std::size_t told = 0;
    for (std::uint32_t i = 0; i < 1000; ++i) {
      for (const sent& s : w.sent_now()) told += s.about(five.id) != nullptr ? 1U : 0U;
      w.hear(three, wire::ping{2 + i});
    }
    EXPECT_EQ(told, on ? transmit_budget(w.settings(), 5) : 1000U);
    EXPECT_EQ(w.stats().gossip_pending, on ? 0U : 4U) << "all that it has ever learnt";
  }
}

/// Where not all fits, those that were sent least often still go first, so that none starves.
TEST(Experiment, WithoutBudgetNewsStillGoFirst) {
  config c = with(&flotilla::experiment::transmit_budget, false);
  c.max_datagram_size = 96;
  engine_world w{c};
  w.meet_all(12);
  for (std::uint32_t i = 0; i < 200; ++i) w.hear(two, wire::ping{i});
  w.sent_now();
  w.gossip(three, {suspect(four.id, 0)});  // the ack is pulled: it carries the news already
  std::map<member_id, int> told;
  for (std::uint32_t i = 0; i < 200; ++i) {
    w.hear(two, wire::ping{i});
    for (const sent& s : w.sent_now()) {
      for (const wire::fact& f : s.what.facts) ++told[f.subject];
    }
  }
  EXPECT_EQ(told.size(), 11U) << "every member but ourselves";
  for (const auto& [id, times] : told) EXPECT_GE(times, 10) << name_of(id);
}

// ---- the timer's binding to the incarnation (extension, S8)

TEST(Experiment, WithoutTimerBindingAnOldSuspicionKillsWhoHasRefutedIt) {
  for (const bool on : {true, false}) {
    engine_world w{with(&flotilla::experiment::timer_binding, on)};
    w.meet_all(3);
    const duration patience = suspicion_timeout(w.settings(), 3);
    w.gossip(three, {suspect(two.id, 0)});
    w.hear(two, wire::ping{1});
    EXPECT_EQ(w.answer(two, w.sent_now()), 1U) << "that puts off the verdict, until it refutes";
    w.gossip(three, {alive(two, 1)});
    w.events();
    EXPECT_EQ(w.state_of(two.id), member_state::alive);
    EXPECT_EQ(w.stats().suspicions_held, on ? 0U : 1U);
    w.live_for(patience - 1ns, {two.saying(1), three});
    EXPECT_EQ(w.state_of(two.id), member_state::alive) << "not yet";
    EXPECT_EQ(text(w.events()), "");
    w.live_for(1ns, {two.saying(1), three});
    EXPECT_EQ(w.state_of(two.id), on ? member_state::alive : member_state::dead);
    EXPECT_EQ(w.number_of(two.id), 1U) << "at the incarnation then held";
    EXPECT_EQ(count<flotilla::member_failed>(w.events()), on ? 0U : 1U);
    EXPECT_EQ(w.stats().suspicions_held, 0U);
  }
}

/// Suspected anew, it has no more time than the first accusation has left over.
TEST(Experiment, WithoutTimerBindingTheOldTimerRunsOnThroughAnotherSuspicion) {
  for (const bool on : {true, false}) {
    engine_world w{with(&flotilla::experiment::timer_binding, on)};
    w.meet_all(3);
    const duration patience = suspicion_timeout(w.settings(), 3);
    const time_point begun = w.now();
    w.gossip(three, {suspect(two.id, 0), alive(two, 1)});
    w.live_for(patience / 2, {three});
    w.gossip(three, {suspect(two.id, 1, four.id)});
    EXPECT_EQ(w.state_of(two.id), member_state::suspect);
    EXPECT_EQ(w.stats().suspicions_held, 1U);
    w.live_for(begun + patience - 1ns - w.now(), {three});
    EXPECT_EQ(w.state_of(two.id), member_state::suspect) << "not yet";
    w.live_for(1ns, {three});
    EXPECT_EQ(w.state_of(two.id), on ? member_state::suspect : member_state::dead);
  }
}

TEST(Experiment, WithoutTimerBindingTheNewAccuserIsNamed) {
  engine_world w{with(&flotilla::experiment::timer_binding, false)};
  w.meet_all(4);
  w.gossip(three, {suspect(two.id, 0), alive(two, 1), suspect(two.id, 1, four.id)});
  w.hear(three, wire::ping{1});
  const sent_list all = w.sent_now();
  ASSERT_EQ(all.size(), 1U);
  ASSERT_NE(all[0].about(two.id), nullptr);
  EXPECT_EQ(*all[0].about(two.id), suspect(two.id, 1, four.id));
}

/// An end that is known ends the timer in any case: it has nothing left to say.
TEST(Experiment, WithoutTimerBindingDeathAndFarewellStillEndTheTimer) {
  for (const wire::fact& end : {dead(two.id, 1), left(two.id, 1)}) {
    engine_world w{with(&flotilla::experiment::timer_binding, false)};
    w.meet_all(3);
    w.gossip(three, {suspect(two.id, 0), alive(two, 1), end});
    EXPECT_EQ(w.state_of(two.id), end.state);
    EXPECT_EQ(w.stats().suspicions_held, 0U);
    w.gossip(three, {alive(two, 2)});
    w.live_for(10s, {two.saying(2), three});
    EXPECT_EQ(w.state_of(two.id), member_state::alive);
  }
}

// ---- suspicion (SWIM, section 4.2)

TEST(Experiment, WithoutSuspicionAFailedProbeIsDeath) {
  for (const bool on : {true, false}) {
    engine_world w{with(&flotilla::experiment::suspicion, on)};
    w.meet_all(3);
    w.flush_gossip(three);
    const sent probe = w.probe_of(two, {three});
    w.tick_after(w.settings().direct_timeout);
    w.answer(three, w.sent_now());
    EXPECT_EQ(w.state_of(two.id), member_state::alive) << "helpers first";
    EXPECT_EQ(text(w.events()), "");
    w.tick_after(w.settings().protocol_period - w.settings().direct_timeout);
    EXPECT_EQ(w.state_of(two.id), on ? member_state::suspect : member_state::dead);
    EXPECT_EQ(text(w.events()), on ? "suspected suspect 2@0 at 10.0.0.2:7946, accuser 1, own probe"
                                     ", confirmations 0\n"
                                   : "failed dead 2@0 at 10.0.0.2:7946, accuser 1, own probe"
                                     ", confirmations 0\n");
    EXPECT_EQ(w.stats().suspicions, on ? 1U : 0U);
    w.sent_now();
    w.hear(three, wire::ping{1});
    const sent_list acks = only(w.sent_now(), kind::ack);
    ASSERT_EQ(acks.size(), 1U);
    ASSERT_NE(acks[0].about(two.id), nullptr);
    EXPECT_EQ(*acks[0].about(two.id), on ? suspect(two.id, 0, self.id) : dead(two.id, 0, self.id));
  }
}

TEST(Experiment, WithoutSuspicionWhoIsSuspectedElsewhereDiesOfOurProbe) {
  for (const bool on : {true, false}) {
    engine_world w{with(&flotilla::experiment::suspicion, on)};
    w.meet_all(3);
    w.gossip(three, {suspect(two.id, 0)});
    static_cast<void>(w.probe_of(two, {three}));
    w.tick_after(w.settings().direct_timeout);
    w.answer(three, w.sent_now());
    w.tick_after(w.settings().protocol_period - w.settings().direct_timeout);
    EXPECT_EQ(w.state_of(two.id), on ? member_state::suspect : member_state::dead);
  }
}

// ---- final death (SWIM, section 4.2, "Confirm")

TEST(Experiment, FinalDeathOverridesWhateverTheIncarnationAndNothingOverridesIt) {
  const std::uint32_t far = incarnation::window() + 100;  // farther than facts merge at all
  for (const bool on : {false, true}) {
    engine_world w{with(&flotilla::experiment::final_death, on)};
    w.meet_all(4);
    w.gossip(three, {alive(two, 5), suspect(four.id, 5)});
    w.gossip(three, {dead(two.id, 3), dead(four.id, far)});
    EXPECT_EQ(w.state_of(two.id), on ? member_state::dead : member_state::alive);
    EXPECT_EQ(w.state_of(four.id), on ? member_state::dead : member_state::suspect);
    EXPECT_EQ(w.number_of(two.id), 5U) << "it never decreases";
    EXPECT_EQ(w.number_of(four.id), 5U);
    w.gossip(three, {alive(two, 9), alive(four, 9)});
    EXPECT_EQ(w.state_of(two.id), on ? member_state::dead : member_state::alive);
    EXPECT_EQ(w.state_of(four.id), on ? member_state::dead : member_state::alive);
    w.gossip(three, {left(two.id, 10)});
    EXPECT_EQ(w.state_of(two.id), on ? member_state::dead : member_state::left);
    EXPECT_EQ(w.node.size(), on ? 2U : 3U);
  }
}

/// Not even its own word, however far ahead of what is held: it is told of its death instead.
TEST(Experiment, FinalDeathIsNotTakenBackForTheDeadMembersOwnWord) {
  for (const std::uint32_t number : {1U, 9U, incarnation::window() + 100}) {
    for (const bool on : {false, true}) {
      engine_world w{with(&flotilla::experiment::final_death, on)};
      w.meet_all(3);
      w.gossip(three, {dead(two.id, 0)});
      const peer back = two.saying(number);
      w.hear(back, wire::ping{1});
      const sent_list all = only_to(w.sent_now(), two.at);
      ASSERT_EQ(all.size(), 2U) << "an ack, and a question of our own";
      for (const sent& s : all) EXPECT_EQ(*s.about(two.id), dead(two.id, 0));
      EXPECT_EQ(w.answer(back, all), 1U);
      EXPECT_EQ(w.state_of(two.id), on ? member_state::dead : member_state::alive) << number;
    }
  }
}

TEST(Experiment, FinalDeathHoldsForTheAbsentToo) {
  for (const bool on : {false, true}) {
    engine_world w{with(&flotilla::experiment::final_death, on)};
    w.meet_all(2);
    w.gossip(two, {dead(five.id, 3)});
    w.gossip(two, {alive(five, 4)});
    EXPECT_EQ(w.node.find(five.id).has_value(), !on);
    // Nor does it come in by answering for itself.
    const peer six = peer_of(6).saying(4);
    w.gossip(two, {dead(six.id, 3)});
    w.hear(six, wire::ping{1});
    EXPECT_EQ(w.answer(six, w.sent_now()), 1U);
    EXPECT_EQ(w.node.find(six.id).has_value(), !on);
  }
}

void expect_stopped(engine_world& w) {
  EXPECT_EQ(w.node.self().state, member_state::dead);
  EXPECT_EQ(w.node.next_deadline(), time_point::max());
  EXPECT_TRUE(w.sent_now().empty());
  EXPECT_EQ(w.hear(two, wire::ping{77}), receive_result::left);
  w.tick_after(1h);
  EXPECT_TRUE(w.sent_now().empty());
  EXPECT_EQ(w.node.join({two.at}), error::left);
  EXPECT_EQ(w.node.leave(), error::left);
  EXPECT_EQ(text(w.events()), "");
}

TEST(Experiment, FinalDeathStopsWhoLearnsOfItsOwn) {
  for (const bool on : {false, true}) {
    engine_world w{with(&flotilla::experiment::final_death, on)};
    w.meet_all(3);
    // A relay is open: its nack must not come either.
    w.hear(two, wire::ping_request{5, three.id, three.at});
    w.sent_now();
    w.events();
    EXPECT_EQ(w.hear(two, wire::ping{6}, {dead(self.id, 0), dead(three.id, 0)}),
              receive_result::accepted);
    if (on) {
      EXPECT_EQ(w.state_of(three.id), member_state::alive) << "it has stopped before this one";
      expect_stopped(w);
    } else {
      EXPECT_EQ(w.own_number(), 1U) << "refuted";
      EXPECT_EQ(w.state_of(three.id), member_state::dead);
      EXPECT_EQ(w.sent_now().size(), 1U);
    }
  }
}

TEST(Experiment, FinalDeathIsLearntFromNoOtherAccusation) {
  engine_world w{with(&flotilla::experiment::final_death, true)};
  w.meet_all(2);
  w.gossip(two, {suspect(self.id, 0), left(self.id, 1)});
  EXPECT_EQ(w.node.self().state, member_state::alive) << "those are refuted as ever";
  EXPECT_EQ(w.own_number(), 2U);
  w.events();
  w.hear(two, wire::ping{1}, {dead(self.id, 0)});
  expect_stopped(w);
}

TEST(Experiment, FinalDeathStopsAJoinOfTheDeadWithoutAnEvent) {
  engine_world w{with(&flotilla::experiment::final_death, true)};
  ASSERT_EQ(w.node.join({two.at}), error::none);
  const sent_list asked = w.sent_now();
  ASSERT_EQ(asked.size(), 1U);
  const std::uint32_t sequence = asked[0].as<wire::join_request>().sequence;
  w.hear(two, wire::state_reply{sequence, 0xc00c1e, 0, 9}, {dead(self.id, 0), alive(two)});
  expect_stopped(w);
}

TEST(Experiment, FinalDeathLetsALeaverFinishItsFarewell) {
  engine_world w{with(&flotilla::experiment::final_death, true)};
  w.meet_all(2);
  w.events();
  ASSERT_EQ(w.node.leave(), error::none);
  const sent_list all = w.sent_now();
  w.hear(two, wire::ping{1}, {dead(self.id, 0)});
  EXPECT_EQ(w.node.self().state, member_state::left);
  w.answer(two, all);
  EXPECT_EQ(text(w.events()), "leave_completed, acknowledged 1\n");
}

// ---- the buddy system (Lifeguard)

TEST(Experiment, WithoutBuddyASuspectIsNotToldBeforeAllElseNorAskedAgain) {
  for (const bool on : {true, false}) {
    engine_world w{with(&flotilla::experiment::buddy, on)};
    w.meet_all(3);
    w.gossip(three, {suspect(two.id, 0)});
    w.flush_gossip(three);
    w.tick_after(w.settings().protocol_period);
    static_cast<void>(w.sent_now());
    ASSERT_EQ(w.state_of(two.id), member_state::suspect);
    w.hear(two, wire::ping{9});
    const sent_list all = w.sent_now();
    ASSERT_EQ(count(all, kind::ack), 1U);
    EXPECT_EQ(only(all, kind::ack)[0].about(two.id) != nullptr, on);
    EXPECT_EQ(count(all, kind::ping), on ? 1U : 0U) << "out of turn";
  }
}

// ---- nacks (Lifeguard)

TEST(Experiment, WithoutNacksAHelperWithoutAnAnswerIsSilent) {
  for (const bool on : {true, false}) {
    engine_world w{with(&flotilla::experiment::nacks, on)};
    w.meet_all(3);
    w.hear(two, wire::ping_request{5, three.id, three.at});
    ASSERT_EQ(count(w.sent_now(), kind::ping), 1U);
    w.tick_after(w.settings().direct_timeout / 5 * 4);
    EXPECT_EQ(count(w.sent_now(), kind::nack), on ? 1U : 0U);
  }
}

/// And nobody waits for them: a failed probe counts as if there had been nobody to ask.
TEST(Experiment, WithoutNacksSilentHelpersAreNoSign) {
  for (const bool on : {true, false}) {
    config c = with(&flotilla::experiment::nacks, on);
    c.local_health_max = 8;
    engine_world w{c};
    w.meet_all(4);
    static_cast<void>(w.probe_of(two, {three, four}));
    w.tick_after(w.settings().direct_timeout);
    w.tick_after(w.settings().protocol_period);
    EXPECT_EQ(w.stats().local_health, on ? 2U : 1U);
  }
}

// ---- passing on confirmations (Lifeguard)

TEST(Experiment, WithoutPassingOnConfirmationsOnlyTheFirstAccusationSpreads) {
  for (const bool on : {true, false}) {
    engine_world w{with(&flotilla::experiment::passing_on_confirmations, on)};
    w.meet_all(7);
    w.gossip(three, {suspect(two.id, 0, three.id)});
    w.flush_gossip(three);
    w.gossip(four, {suspect(two.id, 0, four.id)});
    EXPECT_EQ(w.stats().gossip_pending, on ? 1U : 0U);
    const auto early =
        w.now() + suspicion_timeout(w.settings(), 7) * w.settings().suspicion_max_multiplier;
    EXPECT_LT(w.node.next_deadline(), early);
  }
}

// ---- late inputs (extension)

TEST(Experiment, WithoutLateInputsWhatIsOverdueExpiresAtOnce) {
  for (const bool on : {true, false}) {
    engine_world w{with(&flotilla::experiment::late_inputs, on)};
    w.meet_all(3);
    static_cast<void>(w.probe_of(two, {three}));
    w.tick_after(4 * w.settings().protocol_period);
    w.tick_after(w.settings().direct_timeout);
    EXPECT_EQ(w.stats().late_inputs, on ? 1U : 0U);
    EXPECT_EQ(w.stats().probes_extended, on ? 1U : 0U);
  }
}

// ---- all of them together

/// Bit by bit, in the order of the fields.
flotilla::experiment combination(unsigned bits) {
  const auto bit = [bits](unsigned i) { return (bits >> i & 1U) != 0; };
  return {bit(0), bit(1), bit(2), bit(3),  bit(4),  bit(5), bit(6),
          bit(7), bit(8), bit(9), bit(10), bit(11), bit(12)};
}
constexpr unsigned switches = 13;
constexpr unsigned defaults = 0b1'1111'0011'1111U;

/// A group that joins, loses, regains and says farewell to members: whatever the switches do to it,
/// every engine stays a value that keeps its laws. All combinations of SWIM's switches, each with
/// another of Lifeguard's; and all of those.
TEST(Experiment, EveryCombinationRuns) {
  for (unsigned n = 0; n < 256 + 16; ++n) {
    const unsigned bits = n < 256 ? n | (n * 7 & 15U) << 8U : (defaults & 255U) | (n & 15U) << 8U;
    config c = plain_config_of_a_group();
    c.experiment = combination(bits);
    group g{bits + 1};
    for (std::size_t i = 0; i < 5; ++i) g.add(c);
    for (std::size_t i = 1; i < 5; ++i) ASSERT_EQ(g[i].join({address_of(0)}), error::none);
    g.run_for(3s);
    EXPECT_TRUE(g.full_mesh()) << bits << ": all have met";
    g.crash(1);
    g.run_for(4s);
    const auto held = g[0].find(member_id{2});
    EXPECT_TRUE(!held || held->state == member_state::dead) << bits << ": a crash is still seen";
    g.restart(1);
    ASSERT_EQ(g[1].join({address_of(0)}), error::none);
    ASSERT_EQ(g[2].leave(), error::none);
    g.run_for(4s);
    for (std::size_t i = 0; i < g.size(); ++i) {
      const engine copy = g[i];
      EXPECT_TRUE(copy == g[i]);
      EXPECT_EQ(copy.state_hash(), g[i].state_hash());
      EXPECT_EQ(copy.settings().experiment, c.experiment);
      EXPECT_GT(g[i].next_deadline(), g.now()) << bits;
    }
  }
}

/// The switches are part of what an engine is: two that obey other rules are not equal.
TEST(Experiment, SwitchesAreComparedWithTheEngine) {
  const engine plain{plain_config(), engine_world::start};
  for (unsigned i = 0; i < switches; ++i) {
    config c = plain_config();
    c.experiment = combination(defaults ^ 1U << i);
    EXPECT_EQ(c.validate(), flotilla::config_error::none);
    EXPECT_FALSE(c == plain_config());
    EXPECT_FALSE(plain == (engine{c, engine_world::start})) << i;
  }
  EXPECT_EQ(combination(defaults), flotilla::experiment{}) << "the defaults are the protocol";
}

}  // namespace
