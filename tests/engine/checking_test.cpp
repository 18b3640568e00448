// Tests of verdicts that hardly anybody shares (engine/checking.hpp): who is not well itself waits.
// For a bounded time, while it hears others, and asking the suspect in each period.
#include <flotilla/engine/checking.hpp>

#include <gtest/gtest.h>

#include <cstdint>

#include <support/engine_world.hpp>

namespace {

using namespace support;
using flotilla::suspicion;
using kind = wire::message_kind;

const peer two = peer_of(2);
const peer three = peer_of(3);
constexpr std::uint64_t ten = 10;

config doubtful_config() {
  config c = plain_config();
  c.local_health_max = 8;
  return c;
}

/// One of a group of ten, or of so many, in which the third accuses the second.
struct lone {
  explicit lone(const config& settings = doubtful_config(), std::uint64_t members = ten)
      : w{settings}, last{members} {
    w.meet_all(members);
    w.gossip(three, {suspect(two.id, 0, three.id)});
    least = flotilla::suspicion_timeout(w.settings(), static_cast<std::uint32_t>(members));
    since = w.now();
  }
  [[nodiscard]] duration period() const { return w.settings().protocol_period; }
  [[nodiscard]] time_point due_when_confirmed_by(std::uint8_t confirmed) const {
    const auto n = static_cast<std::uint32_t>(last);
    return since + flotilla::shrunk_suspicion(least, flotilla::longest_suspicion(w.settings(), n),
                                              confirmed, suspicion::max_confirmations);
  }
  /// Everybody but the suspect is well and answers; counts what the suspect is asked.
  void live_until(time_point end) {
    while (w.node.next_deadline() <= end) {
      w.next_tick();
      take();
    }
    w.tick_at(end);
    take();
  }
  /// Until the verdict, or until `end`; when it fell.
  time_point verdict_by(time_point end) {
    while (w.state_of(two.id) == member_state::suspect && w.node.next_deadline() <= end) {
      w.next_tick();
      take();
    }
    return w.state_of(two.id) == member_state::dead ? w.now() : time_point::max();
  }
  void take() {
    for (int round = 0; round < 4; ++round) {
      const sent_list all = w.sent_now();
      for (const sent& s : only_to(only(all, kind::ping), two.at)) {
        ++asked;
        EXPECT_NE(s.about(two.id), nullptr) << "with the accusation";
      }
      for (std::uint64_t n = 3; n <= last; ++n) w.answer(peer_of(n), all);
    }
  }
  /// A sign that this member is not well: somebody has accused it.
  void accuse_us() { w.gossip(three, {suspect(w.node.self().id, w.own_number())}); }
  void confirm_by(std::uint64_t n) {
    w.gossip(peer_of(n), {suspect(two.id, 0, member_id{n})});
    take();
  }

  engine_world w;
  std::uint64_t last;
  duration least{};
  time_point since{};
  std::uint32_t asked{0};
};

TEST(WaitingForOthers, OneThatIsUnwellAndOneThatIsNot) {
  for (const bool unwell : {true, false}) {
    SCOPED_TRACE(unwell);
    lone one;
    const time_point due = one.due_when_confirmed_by(0);
    one.live_until(due - 1ns);
    EXPECT_EQ(one.w.state_of(two.id), member_state::suspect);
    if (unwell) one.accuse_us();
    one.asked = 0;
    const auto before = one.w.stats().direct_checks;
    const time_point verdict = one.verdict_by(due + 100 * one.period());
    if (!unwell) {
      EXPECT_EQ(verdict, due);
      EXPECT_EQ(one.asked, 0U);
      continue;
    }
    EXPECT_EQ(verdict, due + suspicion::max_alone * one.period());
    EXPECT_EQ(one.w.stats().direct_checks - before, suspicion::max_alone) << "one a period";
    EXPECT_GE(one.asked, suspicion::max_alone) << "and when its turn comes";
    EXPECT_EQ(one.w.stats().verdicts, 1U);
  }
}

/// Two in the same trouble may agree, three hardly do: and a real crash all others find.
TEST(WaitingForOthers, EndsWithTheSecondWhoConfirms) {
  config patient = doubtful_config();
  patient.suspicion_multiplier = 8;
  for (const std::uint8_t confirmed : {std::uint8_t{1}, std::uint8_t{2}}) {
    SCOPED_TRACE(confirmed);
    lone one{patient};
    for (std::uint64_t n = 0; n < confirmed; ++n) one.confirm_by(4 + n);
    const time_point due = one.due_when_confirmed_by(confirmed);
    one.live_until(due - 1ns);
    one.accuse_us();
    const int waits = confirmed == 1 ? suspicion::max_alone / 2 : 0;
    EXPECT_EQ(one.verdict_by(due + 100 * one.period()), due + waits * one.period());
  }
}

/// Who confirms an accusation never puts its verdict off: neither beyond the time that it would
/// have had without, nor when it is being waited for.
TEST(WaitingForOthers, IsNotLongerForBeingConfirmed) {
  for (const bool meanwhile : {false, true}) {
    SCOPED_TRACE(meanwhile);
    lone one;
    const time_point alone = one.due_when_confirmed_by(0);
    if (!meanwhile) one.confirm_by(4);
    const time_point due = meanwhile ? alone : one.due_when_confirmed_by(1);
    one.live_until(due - 1ns);
    one.accuse_us();
    if (meanwhile) {
      one.live_until(due + 5 * one.period());
      EXPECT_EQ(one.w.state_of(two.id), member_state::suspect);
      one.confirm_by(4);
    }
    EXPECT_EQ(one.verdict_by(due + 100 * one.period()), meanwhile ? due + 6 * one.period() : alone);
  }
}

/// The suspect hears of the accusation in one of the pings, and it is over.
TEST(WaitingForOthers, AnAnswerEndsIt) {
  lone one;
  const time_point due = one.due_when_confirmed_by(0);
  one.live_until(due - 1ns);
  one.accuse_us();
  one.live_until(due + 60 * one.period() - 1ns);
  one.w.tick_at(due + 60 * one.period());
  EXPECT_EQ(one.w.answer(two.saying(1), one.w.sent_now(), {alive(two, 1)}), 1U);
  EXPECT_EQ(one.w.state_of(two.id), member_state::alive);
}

/// Completeness: who is alone has nobody to wait for, however unwell it must think itself.
TEST(WaitingForOthers, NotOfOneThatHearsNobody) {
  lone one;
  one.accuse_us();
  const time_point due = one.due_when_confirmed_by(0);
  while (one.w.state_of(two.id) == member_state::suspect) {
    one.w.next_tick();
    one.w.sent_now();
    ASSERT_LE(one.w.now(), due + 4 * 9 * one.period()) << "but for the check of its own";
  }
  EXPECT_GT(one.w.node.stats().local_health, 0U);
  EXPECT_EQ(one.w.state_of(two.id), member_state::dead);
}

/// Nor where others could not be three, nor where verdicts are not checked at all, nor in the
/// experiment that takes it away.
TEST(WaitingForOthers, WhereItDoesNotApply) {
  config unchecked = doubtful_config();
  unchecked.checked_verdicts = false;
  config hasty = doubtful_config();
  hasty.experiment.waiting_for_others = false;
  for (lone one : {lone{doubtful_config(), 5}, lone{unchecked}, lone{hasty}}) {
    const bool small = one.last == 5;
    const time_point due = small ? one.since + one.least : one.due_when_confirmed_by(0);
    one.live_until(due - 1ns);
    one.accuse_us();
    EXPECT_LE(one.verdict_by(due + 100 * one.period()), due + 2 * one.period());
  }
}

}  // namespace
