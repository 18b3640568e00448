// Lifeguard (Dadgar, Phillips, Currey, arXiv 1707.00788): LHA-Probe, the member that doubts itself.
// The local health multiplier shows in how far apart its probes are, and how long it waits in each.
#include <gtest/gtest.h>

#include <random>
#include <vector>

#include <support/engine_world.hpp>

namespace {

using namespace support;
using kind = wire::message_kind;

const peer self = peer_of(1);
const peer two = peer_of(2);
constexpr std::uint64_t ten = 10;

config lifeguard_config() {
  config c = plain_config();
  c.local_health_max = config::loopback().local_health_max;
  return c;
}

/// Ticks on to the next probe round, all but `silent` answering; how many periods it took, rounded.
/// `nacks` of the helpers say that they got no answer either.
int next_interval(engine_world& w, std::uint64_t members, member_id silent = {},
                  std::size_t nacks = config::max_helpers) {
  const auto before = w.stats().probes;
  const time_point begin = w.now();
  const auto respond = [&] {
    const sent_list all = w.sent_now();
    std::size_t nacked = 0;
    for (const sent& s : all) {
      if (s.kind() != kind::ping_request || nacked++ >= nacks) continue;
      w.hear({s.what.head.target, s.to, {}}, wire::nack{s.as<wire::ping_request>().sequence});
    }
    for (std::uint64_t n = 2; n <= members; ++n) {
      if (member_id{n} != silent) w.answer(peer_of(n), all);
    }
  };
  respond();
  while (w.stats().probes == before) {
    w.next_tick();
    if (w.stats().probes == before) respond();
  }
  const duration period = w.settings().protocol_period;
  return static_cast<int>((w.now() - begin + period / 2) / period);
}

/// A world of so many whose latest tick has just begun a round, in the best of health.
engine_world healthy(std::uint64_t members, const config& c = lifeguard_config()) {
  engine_world w{c};
  w.meet_all(members);
  next_interval(w, members);
  EXPECT_EQ(next_interval(w, members), 1);
  return w;
}

/// Tells the engine something and leaves what it has to send.
void tell(engine_world& w, const facts& what) {
  EXPECT_EQ(w.hear(peer_of(3), wire::ping{7}, what), receive_result::accepted);
}

/// The score shows in the evidence of whatever is declared by hand.
int score(const engine_world& w, member_id whom = member_id{3}) {
  engine copy = w.node;
  while (copy.poll_event()) {
  }
  EXPECT_EQ(copy.fail(whom), command_error::none);
  const auto told = copy.poll_event();
  return std::get<flotilla::member_failed>(*told).evidence.local_health;
}

/// "Refuting a suspicion about itself: +1", and "successful probe: -1".
TEST(LifeguardProbe, ARefutationSlowsDownAndAnAnswerSpeedsUp) {
  engine_world w = healthy(ten);
  tell(w, {suspect(self.id, 0)});
  tell(w, {suspect(self.id, 1)});
  EXPECT_EQ(score(w), 2);
  EXPECT_EQ(next_interval(w, ten), 1) << "the round under way had begun before";
  EXPECT_EQ(score(w), 1);
  EXPECT_EQ(next_interval(w, ten), 2);
  EXPECT_EQ(score(w), 0);
  EXPECT_EQ(next_interval(w, ten), 1);
  EXPECT_EQ(score(w), 0);
}

/// Only an accusation does: an own fact told back, however new, is nobody's complaint.
TEST(LifeguardProbe, OldAccusationsAndOwnFactsSlowNobodyDown) {
  engine_world w = healthy(ten);
  tell(w, {alive(self, 5)});
  EXPECT_EQ(w.own_number(), 6U);
  tell(w, {suspect(self.id, 0), dead(self.id, 5)});
  EXPECT_EQ(w.own_number(), 6U);
  EXPECT_EQ(score(w), 0);
  tell(w, {dead(self.id, 6)});
  EXPECT_EQ(score(w), 1) << "dead as well as suspect";
}

/// "Failed probe: +1; probe with missed nacks: +1". Nacks of all helpers clear us (memberlist):
/// then it is the target that does not answer. (ours: some of them clear us by half)
TEST(LifeguardProbe, AFailedProbeCountsByItsNacks) {
  for (const std::size_t nacks : {0U, 1U, 2U, 3U}) {
    SCOPED_TRACE(nacks);
    engine_world w = healthy(ten);
    while (w.stats().probes_failed == 0) next_interval(w, ten, two.id, nacks);
    EXPECT_EQ(score(w), nacks == 0 ? 2 : nacks == 3 ? 0 : 1);
  }
}

/// Whom somebody else accuses as well is silent by no fault of ours, however many helpers have died
/// with it. (ours)
TEST(LifeguardProbe, AFailedProbeOfWhomOthersAccuseCountsNothing) {
  for (const bool others : {false, true}) {
    engine_world w = healthy(ten);
    tell(w, {suspect(two.id, 0, others ? member_id{3} : self.id)});
    while (w.stats().probes_failed == 0) next_interval(w, ten, two.id, 0);
    EXPECT_EQ(score(w), others ? 0 : 2);
  }
}

/// The evidence tells how far to trust the accuser.
TEST(LifeguardProbe, TheScoreIsInTheEvidence) {
  engine_world w = healthy(ten);
  w.events();
  while (w.stats().probes_failed == 0) next_interval(w, ten, two.id, 0);
  const auto all = w.events();
  const auto* suspected = find<flotilla::member_suspected>(all, two.id);
  ASSERT_NE(suspected, nullptr);
  EXPECT_EQ(suspected->evidence.local_health, 2U);
}

/// "ProbeInterval * (LHM + 1), ProbeTimeout * (LHM + 1), as high as 9": from both sides.
TEST(LifeguardProbe, IntervalAndTimeOutAreStretchedNineTimesAtMost) {
  engine_world w = healthy(ten);
  for (std::uint32_t n = 0; n < 20; ++n) tell(w, {suspect(self.id, n)});
  EXPECT_EQ(score(w), 8);
  w.sent_now();
  const auto probes = w.stats().probes + 1;
  while (w.stats().probes != probes) w.next_tick();  // unanswered: the score stays
  const time_point begin = w.now();
  EXPECT_EQ(score(w), 8);
  EXPECT_EQ(count(w.sent_now(), kind::ping), 1U + w.stats().direct_checks)
      << "whom it suspects already may be asked beside";
  w.tick_at(begin + 9 * w.settings().direct_timeout - 1ns);
  EXPECT_EQ(count(w.sent_now(), kind::ping_request), 0U);
  w.tick_at(begin + 9 * w.settings().direct_timeout);
  EXPECT_EQ(count(w.sent_now(), kind::ping_request), 3U);
  w.tick_at(begin + 9 * w.settings().protocol_period - 1ns);
  EXPECT_EQ(w.stats().probes, probes);
  w.tick_at(begin + 9 * w.settings().protocol_period);
  EXPECT_EQ(w.stats().probes, probes + 1);
  EXPECT_EQ(w.stats().late_inputs, 0U);
}

/// A trap: stretched probes must not overlap the next period. One ping at a time, each waited for.
TEST(LifeguardProbe, StretchedProbesNeverOverlap) {
  std::mt19937_64 random{91};
  config c = lifeguard_config();
  c.period_jitter_percent = 50;
  engine_world w{c};
  w.meet_all(ten);
  time_point open_until{};
  auto probes = w.stats().probes;
  for (std::uint32_t n = 0; n < 3000; ++n) {
    if (random() % 8 == 0) tell(w, {suspect(self.id, w.own_number())});
    const int before = score(w);
    w.next_tick();
    if (w.stats().probes != probes) {
      ASSERT_EQ(w.stats().probes, probes + 1);
      ASSERT_GE(w.now(), open_until) << "while the helpers had time left";
      probes = w.stats().probes;
      open_until = w.now() + c.direct_timeout;
    }
    const sent_list all = w.sent_now();
    if (count(all, kind::ping_request) != 0) {
      open_until = w.now() + c.direct_timeout;
    }
    if (random() % 3 == 0) {
      for (std::uint64_t m = 2; m <= ten; ++m) w.answer(peer_of(m), all);
    }
    EXPECT_LE(before, 8);
    for (std::uint64_t m = 2; m <= ten; ++m) {  // who was accused has spoken up
      if (w.state_of(member_id{m}) != member_state::alive) {
        w.gossip(peer_of(m), {alive(peer_of(m), w.number_of(member_id{m}) + 1)});
      }
    }
  }
}

/// "Being away counts" (ours): who was not there when it should have been is slow.
TEST(LifeguardProbe, BeingAwayCounts) {
  engine_world w = healthy(ten);
  w.tick_at(w.node.next_deadline() + 10s);
  EXPECT_EQ(w.stats().late_inputs, 1U);
  EXPECT_EQ(score(w), 1);
}

/// Ours as well: who has nobody to probe could never show that it is well again, and would be slow
/// towards the next member that joins.
TEST(LifeguardProbe, AloneItGetsBetterByItself) {
  engine_world w{lifeguard_config()};
  w.meet(two);
  for (std::uint32_t n = 0; n < 3; ++n) tell(w, {suspect(self.id, n)});
  w.sent_now();
  EXPECT_EQ(w.stats().local_health, 3U);
  EXPECT_EQ(w.node.fail(two.id), command_error::none);
  w.sent_now();
  for (int i = 0; i < 100 && w.stats().local_health != 0; ++i) w.next_tick();
  EXPECT_EQ(w.stats().local_health, 0U);
}

TEST(LifeguardProbe, CanBeTurnedOff) {
  config c = lifeguard_config();
  c.local_health_max = 0;
  engine_world w = healthy(ten, c);
  for (std::uint32_t n = 0; n < 5; ++n) tell(w, {suspect(self.id, n)});
  while (w.stats().probes_failed < 3) {
    EXPECT_EQ(next_interval(w, ten, two.id, 0), 1);
    EXPECT_EQ(score(w), 0);
  }
}

}  // namespace
