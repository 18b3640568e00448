// Tests of whose accusations count (engine/accusers.hpp): evidence of others takes the weight away.
// An answer to our own ping drops what such a member says, silence proves it; completeness stays.
#include <flotilla/engine/accusers.hpp>

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include <support/engine_world.hpp>

namespace {

using namespace support;
using kind = wire::message_kind;

const peer two = peer_of(2);
const peer three = peer_of(3);
const peer four = peer_of(4);
const peer sick = peer_of(9);
constexpr std::uint64_t ten = 10;

config weighing(bool on = true) {
  config c = plain_config();
  c.weigh_accusers = on;
  return c;
}

/// A world of ten in which `sick` is held suspect, and waits for nobody else.
engine_world world_with_a_suspect(const config& c = weighing()) {
  engine_world w{c};
  w.meet_all(ten);
  w.gossip(three, {suspect(sick.id, 0, three.id)});
  w.flush_gossip(three);
  return w;
}

/// The accused is refuting at once: it was found silent by one member alone.
void contradict(engine_world& w, member_id accuser, std::uint32_t number) {
  w.gossip(three, {suspect(two.id, number, accuser)});
  w.gossip(three, {alive(two, number + 1)});
}

TEST(AccusersWithoutWeight, AreBelievedOnlyWhenTheAccusedIsSilent) {
  for (const bool death : {false, true}) {
    engine_world w = world_with_a_suspect();
    w.hear(three, wire::ping{1}, {death ? dead(two.id, 0, sick.id) : suspect(two.id, 0, sick.id)});
    const sent_list all = w.sent_now();
    EXPECT_EQ(only_to(only(all, kind::ping), two.at).size(), 1U) << "asked at once";
    for (const sent& s : all) {
      const auto* told = s.about(two.id);
      EXPECT_TRUE(told == nullptr || *told == alive(two)) << "and not passed on";
    }
    EXPECT_EQ(w.state_of(two.id), member_state::alive);
    EXPECT_EQ(w.stats().accusations_doubted, 1U);
    const time_point due = w.now() + w.settings().direct_timeout;
    while (w.node.next_deadline() < due) w.next_tick();
    EXPECT_EQ(w.node.next_deadline(), due);
    w.tick_at(due - 1ns);
    EXPECT_EQ(w.state_of(two.id), member_state::alive);
    EXPECT_EQ(count<flotilla::member_suspected>(w.events()), 0U);
    w.tick_at(due);
    EXPECT_EQ(w.state_of(two.id), death ? member_state::dead : member_state::suspect);
    EXPECT_EQ(w.stats().accusations_contradicted, 0U);
    w.hear(three, wire::ping{2});
    EXPECT_NE(w.sent_now().at(0).about(two.id), nullptr) << "and passed on now";
  }
}

TEST(AccusersWithoutWeight, AreNotBelievedWhenTheAccusedAnswers) {
  engine_world w = world_with_a_suspect();
  w.hear(three, wire::ping{1}, {suspect(two.id, 0, sick.id)});
  w.answer(two, w.sent_now());
  EXPECT_EQ(w.stats().accusations_contradicted, 1U);
  w.live_for(w.settings().direct_timeout, {two, three, four});
  EXPECT_EQ(w.state_of(two.id), member_state::alive);
  EXPECT_EQ(count<flotilla::member_suspected>(w.events()), 0U);
  EXPECT_EQ(w.own_number(), 0U);
}

/// An answer to what was asked before the accusation came says nothing against it.
TEST(AccusersWithoutWeight, AreNotContradictedByAnEarlierQuestion) {
  engine_world w = world_with_a_suspect();
  const sent before = w.probe_of(two, {three, four});
  w.tick_after(1ns);
  w.hear(three, wire::ping{1}, {suspect(two.id, 0, sick.id)});
  w.sent_now();
  w.answer(two, {before});
  EXPECT_EQ(w.stats().accusations_contradicted, 0U);
  w.tick_after(w.settings().direct_timeout);
  EXPECT_EQ(w.state_of(two.id), member_state::suspect);
}

/// Those who are well are believed at once, and so is everybody with the rule off.
TEST(AccusersWithWeight, AreBelievedAtOnce) {
  for (const bool on : {true, false}) {
    engine_world w = world_with_a_suspect(weighing(on));
    w.gossip(three, {suspect(two.id, 0, on ? four.id : sick.id)});
    EXPECT_EQ(w.state_of(two.id), member_state::suspect);
    EXPECT_EQ(w.stats().accusations_doubted, 0U);
  }
}

/// A death without a suspicion waits, whoever tells it; one that a suspicion went before does not.
TEST(AccusersWithWeight, AreAskedForASuspicionBeforeADeath) {
  for (const bool heralded : {false, true}) {
    engine_world w{weighing()};
    w.meet_all(ten);
    if (heralded) w.gossip(three, {suspect(two.id, 0, four.id)});
    w.gossip(three, {dead(two.id, 0, four.id)});
    EXPECT_EQ(w.state_of(two.id), heralded ? member_state::dead : member_state::alive);
    w.tick_after(w.settings().direct_timeout - 1ns);
    EXPECT_EQ(w.state_of(two.id), heralded ? member_state::dead : member_state::alive);
    w.tick_after(1ns);
    EXPECT_EQ(w.state_of(two.id), member_state::dead);
  }
}

/// Two accusations that were refuted before anybody confirmed them take it away; not so one, nor
/// any that others confirmed, for then the accused was silent indeed.
TEST(AccusersWithWeight, LoseItByBeingContradicted) {
  for (const int times : {1, 2}) {
    for (const bool confirmed : {false, true}) {
      engine_world w{weighing()};
      w.meet_all(ten);
      for (std::uint32_t n = 0; n < static_cast<std::uint32_t>(times); ++n) {
        w.gossip(three, {suspect(two.id, 2 * n, four.id)});
        if (confirmed) w.gossip(three, {suspect(two.id, 2 * n, peer_of(5).id)});
        w.gossip(three, {alive(two, 2 * n + 1)});
      }
      w.gossip(three, {suspect(peer_of(6).id, 0, four.id)});
      const bool lost = times == 2 && !confirmed;
      EXPECT_EQ(w.state_of(peer_of(6).id), lost ? member_state::alive : member_state::suspect);
    }
  }
}

/// They shorten no suspicion until our own probe has failed as well, and then as much as others do.
TEST(AccusersWithoutWeight, ConfirmOnlyWhatWeFindOurselves) {
  for (const bool weight : {true, false}) {
    config c = weighing();
    c.checked_verdicts = false;
    c.suspicion_multiplier = 1;
    engine_world w{c};
    w.meet_all(ten);
    for (const std::uint32_t n : {5U, 6U, 7U}) {
      for (std::uint32_t i = 0; i < 2 && !weight; ++i) contradict(w, member_id{n}, 4 * n + 2 * i);
    }
    w.flush_gossip(three);
    w.gossip(three, {suspect(four.id, 0, three.id)});
    const time_point due = w.now() + flotilla::suspicion_timeout(c, ten);
    for (const std::uint64_t n : {5U, 6U, 7U}) {
      w.gossip(three, {suspect(four.id, 0, member_id{n})});
    }
    const auto well = {two,        three,      peer_of(5), peer_of(6),
                       peer_of(7), peer_of(8), sick,       peer_of(10)};
    w.live_for(due - 1ns - w.now(), well);
    EXPECT_EQ(w.state_of(four.id), member_state::suspect);
    w.live_for(1ns, well);
    ASSERT_EQ(w.stats().probes_failed, 0U) << "another seed, please";
    EXPECT_EQ(w.state_of(four.id), weight ? member_state::dead : member_state::suspect);
    if (weight) continue;
    w.events();
    while (w.stats().probes_failed == 0) w.live_for(w.node.next_deadline() - w.now(), well);
    EXPECT_EQ(w.state_of(four.id), member_state::dead) << "at once: it is overdue";
    const auto all = w.events();
    const auto* failed = find<flotilla::member_failed>(all, four.id);
    ASSERT_NE(failed, nullptr);
    EXPECT_EQ(failed->evidence.confirmations, 3U);
  }
}

/// What finds no room to wait is believed at once: many accusations at a time are no one's fault.
TEST(AccusersWithoutWeight, AreBelievedWhenThereAreTooMany) {
  constexpr std::uint64_t room = flotilla::doubted_accusations::capacity;
  engine_world w{weighing()};
  w.meet_all(room + 5);
  w.gossip(three, {suspect(two.id, 0, three.id)});
  for (std::uint64_t n = 4; n < room + 5; ++n) {
    w.gossip(three, {suspect(member_id{n}, 0, two.id)});
    EXPECT_EQ(w.state_of(member_id{n}), n < room + 4 ? member_state::alive : member_state::suspect);
  }
  EXPECT_EQ(w.stats().accusations_doubted, room);
  for (std::uint64_t n = 4; n < room + 4; ++n) w.gossip(three, {dead(member_id{n}, 0, two.id)});
  EXPECT_EQ(w.stats().accusations_doubted, 2 * room)
      << "each counts, and there is one place a subject";
  w.tick_after(w.settings().direct_timeout);
  for (std::uint64_t n = 4; n < room + 4; ++n) {
    EXPECT_EQ(w.state_of(member_id{n}), member_state::dead) << "the latest word";
  }
}

/// The answer may lie in the socket of a driver that was away: one more direct time-out, not two.
TEST(AccusersWithoutWeight, WaitOnceMoreAfterAnAbsence) {
  for (const bool answers : {true, false}) {
    engine_world w = world_with_a_suspect();
    w.hear(three, wire::ping{1}, {suspect(two.id, 0, sick.id)});
    const sent_list asked = w.sent_now();
    w.tick_after(5 * w.settings().protocol_period);
    EXPECT_EQ(w.stats().late_inputs, 1U);
    EXPECT_EQ(w.state_of(two.id), member_state::alive);
    if (answers) w.answer(two, asked);
    const duration grace = w.settings().direct_timeout;
    w.sent_now();
    w.tick_after(grace - 1ns);
    EXPECT_EQ(w.state_of(two.id), member_state::alive);
    w.sent_now();
    w.tick_after(1ns);
    EXPECT_EQ(w.state_of(two.id), answers ? member_state::alive : member_state::suspect);
  }
}

/// A member that is forgotten or evicted meanwhile is not accused any more.
TEST(AccusersWithoutWeight, SayNothingAboutTheEvicted) {
  engine_world w = world_with_a_suspect();
  w.hear(three, wire::ping{1}, {suspect(two.id, 0, sick.id)});
  ASSERT_EQ(w.node.evict(two.id), flotilla::command_error::none);
  w.tick_after(w.settings().direct_timeout);
  EXPECT_EQ(w.state_of(two.id), member_state::left);
}

}  // namespace
