// Tests of being cut off (engine/clock.hpp): who hears nothing from anybody accuses nobody.
// For a bounded time, so that the only one left reports every crash all the same.
#include <flotilla/engine/clock.hpp>

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include <support/engine_world.hpp>

namespace {

using namespace support;
using kind = wire::message_kind;

const peer two = peer_of(2);
const peer three = peer_of(3);
constexpr std::uint64_t ten = 10;

config listening(bool on = true) {
  config c = plain_config();
  c.notice_silence = on;
  return c;
}

/// Ticks on until `end`; everybody is silent, what the engine sends is lost.
void cut_off_until(engine_world& w, time_point end) {
  while (w.node.next_deadline() <= end) {
    w.next_tick();
    w.sent_now();
  }
  w.tick_at(end);
  w.sent_now();
}

/// Probes fail, but for as long as one suspicion lasts nobody is accused; then the silence counts.
TEST(Silence, AccusesNobodyForOneSuspicionTimeOut) {
  engine_world w{listening()};
  w.meet_all(ten);
  w.events();
  const duration period = w.settings().protocol_period;
  const duration patience = flotilla::suspicion_timeout(w.settings(), ten);
  const time_point cut = w.now();
  while (w.stats().probes_unheard == 0) {
    w.next_tick();
    w.sent_now();
  }
  EXPECT_LE(w.now(), cut + 2 * period);
  cut_off_until(w, w.now() + patience - 1ns);
  EXPECT_EQ(count<flotilla::member_suspected>(w.events()), 0U);
  EXPECT_GE(w.stats().probes_failed, 8U);
  EXPECT_EQ(w.stats().probes_unheard, w.stats().probes_failed);
  cut_off_until(w, w.now() + 2 * period);
  EXPECT_GE(count<flotilla::member_suspected>(w.events()), 1U);
}

/// Completeness: a lone survivor reports everybody, and does not fall silent for a second time.
TEST(Silence, ALoneSurvivorReportsEveryCrash) {
  for (const std::uint64_t members : {3U, 4U, 10U}) {
    for (const bool doubts_itself : {false, true}) {
      SCOPED_TRACE(members);
      config c = listening();
      if (doubts_itself) c.local_health_max = 8;
      engine_world w{c};
      w.meet_all(members);
      const auto n = static_cast<std::uint32_t>(members);
      const duration alone = flotilla::suspicion_timeout(c, n) + flotilla::longest_suspicion(c, n) +
                             static_cast<int>(2 * members + 8) * c.protocol_period;
      cut_off_until(w, w.now() + static_cast<int>(c.local_health_max + 1) * alone);
      EXPECT_EQ(w.node.size(), 1U);
      EXPECT_EQ(w.stats().verdicts, members - 1);
    }
  }
}

/// A nack of one helper shows that messages come and go: it is the target that is silent.
TEST(Silence, OneNackEndsIt) {
  for (const bool nacked : {false, true}) {
    engine_world w{listening()};
    w.meet_all(ten);
    static_cast<void>(w.probe_of(two, {three, peer_of(4), peer_of(5), peer_of(6), peer_of(7),
                                       peer_of(8), peer_of(9), peer_of(10)}));
    w.next_tick();
    const sent_list requests = only(w.sent_now(), kind::ping_request);
    ASSERT_EQ(requests.size(), 3U);
    if (nacked) {
      w.hear({requests[0].what.head.target, requests[0].to, {}},
             wire::nack{requests[0].as<wire::ping_request>().sequence});
    }
    const auto failed = w.stats().probes_failed;
    while (w.stats().probes_failed == failed) w.next_tick();
    EXPECT_EQ(w.state_of(two.id), nacked ? member_state::suspect : member_state::alive);
    EXPECT_EQ(w.stats().probes_unheard, nacked ? 0U : 1U);
  }
}

/// No verdict falls meanwhile; whoever is heard first, the suspects are asked again before anything
/// else, with the accusation, and what they say counts.
TEST(Silence, ThenSuspectsAreAskedAgainFirst) {
  for (const bool lives : {true, false}) {
    engine_world w{listening()};
    w.meet_all(ten);
    const duration period = w.settings().protocol_period;
    const duration patience = flotilla::suspicion_timeout(w.settings(), ten);
    for (std::uint64_t n = 3; n <= 6; ++n) w.gossip(three, {suspect(two.id, 0, member_id{n})});
    const time_point due = w.now() + patience;
    w.live_for(patience - 3 * period, {three, peer_of(4), peer_of(5), peer_of(6), peer_of(7),
                                       peer_of(8), peer_of(9), peer_of(10)});
    cut_off_until(w, due + 2 * period);
    EXPECT_EQ(w.state_of(two.id), member_state::suspect) << "it was due two periods ago";
    EXPECT_GE(w.stats().probes_unheard, 1U);
    w.hear(three, wire::ping{7});
    const sent_list all = w.sent_now();
    const sent_list again = only_to(only(all, kind::ping), two.at);
    ASSERT_EQ(again.size(), 1U) << "asked again at once";
    EXPECT_EQ(again[0].to, all[0].to) << "first of all";
    ASSERT_NE(again[0].about(two.id), nullptr);
    const time_point back = w.now();
    if (lives) w.answer(two.saying(1), all, {alive(two, 1)});
    w.live_for(period, {three, peer_of(4), peer_of(5), peer_of(6), peer_of(7), peer_of(8),
                        peer_of(9), peer_of(10)});
    EXPECT_EQ(w.state_of(two.id), lives ? member_state::alive : member_state::suspect);
    w.live_for(4 * period, {three, peer_of(4), peer_of(5), peer_of(6), peer_of(7), peer_of(8),
                            peer_of(9), peer_of(10)});
    EXPECT_EQ(w.state_of(two.id), lives ? member_state::alive : member_state::dead);
    EXPECT_LE(w.now(), back + 5 * period);
  }
}

/// In a group of two the other's silence is all there is: the time is to the moment what it was.
TEST(Silence, OfTheOnlyOtherMemberCounts) {
  duration took[2];
  for (const bool on : {false, true}) {
    engine_world w{listening(on)};
    w.meet_all(2);
    const time_point cut = w.now();
    while (w.state_of(two.id) != member_state::dead) {
      w.next_tick();
      w.sent_now();
    }
    took[on ? 1 : 0] = w.now() - cut;
    EXPECT_EQ(w.stats().probes_unheard, 0U);
  }
  EXPECT_EQ(took[0], took[1]);
}

/// A member whose messages are held in both directions while its timers run: afterwards it has
/// accused nobody. Without the rule it would have.
TEST(Silence, AMemberThatWasCutOffAccusesNobody) {
  for (const bool on : {true, false}) {
    std::size_t accused = 0;
    for (std::uint64_t seed = 1; seed <= 8; ++seed) {
      group g{seed};
      config c = plain_config_of_a_group();
      c.notice_silence = on;
      for (int i = 0; i < 8; ++i) g.add(c);
      for (std::size_t i = 1; i < g.size(); ++i) g[i].join({address_of(0)});
      ASSERT_TRUE(g.run_until([&] { return g.full_mesh(); }, 5s));
      g.run_for(2s + 31ms * static_cast<int>(seed));
      g.events(3).clear();
      g.drop = [](const endpoint& from, const endpoint& to) {
        return from == address_of(3) || to == address_of(3);
      };
      g.run_for(1200ms);
      g.drop = nullptr;
      g.run_for(10s);
      accused += count<flotilla::member_suspected>(g.events(3));
      EXPECT_EQ(count<flotilla::member_failed>(g.events(3)), 0U) << text(g.events(3));
      EXPECT_TRUE(g.full_mesh());
    }
    if (on)
      EXPECT_EQ(accused, 0U);
    else
      EXPECT_GE(accused, 8U);
  }
}

}  // namespace
