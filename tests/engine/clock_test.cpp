// Tests of flotilla/engine/clock.hpp: engine time, the one deadline, and coming late.
// Times are asserted from both sides: not yet a nanosecond before, yes at the time itself.
#include <flotilla/engine/clock.hpp>

#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <random>
#include <string>

#include <support/engine_world.hpp>

namespace {

using namespace support;
using kind = wire::message_kind;

const peer two = peer_of(2);
const peer three = peer_of(3);
const peer four = peer_of(4);
constexpr duration year = std::chrono::hours{24 * 365};

// ---- law 3: time is what the last input said

TEST(ClockBackwards, IsCountedAndAddsNothingAndTheDeadlineIsTranslated) {
  for (const duration back : {duration{1ns}, duration{10s}, duration{100h}}) {
    engine_world w;
    w.meet_all(3);
    const duration wait = w.node.next_deadline() - w.now();
    ASSERT_GT(wait, duration::zero());
    const time_point earlier = w.now() - back;
    w.node.receive(earlier, two.at, {});
    EXPECT_EQ(w.stats().clock_went_backwards, 1U);
    EXPECT_EQ(w.node.next_deadline(), earlier + wait) << "as long to wait as before";
    const auto probes = w.stats().probes;
    w.node.tick(earlier + wait - 1ns);
    EXPECT_EQ(w.stats().probes, probes);
    w.node.tick(earlier + wait);
    EXPECT_EQ(w.stats().probes, probes + 1);
    EXPECT_EQ(w.stats().clock_went_backwards, 1U);
    EXPECT_EQ(w.stats().late_inputs, 0U);
  }
}

TEST(ClockBackwards, ByATickToo) {
  engine_world w;
  w.meet_all(3);
  const duration wait = w.node.next_deadline() - w.now();
  w.node.tick(w.now() - 5s);
  EXPECT_EQ(w.stats().clock_went_backwards, 1U);
  EXPECT_EQ(w.node.next_deadline(), w.now() - 5s + wait);
}

/// Evidence that embedding programs see is in their own clock.
TEST(ClockBackwards, EvidenceIsToldInTheCallersClock) {
  engine_world w;
  w.meet_all(3);
  w.node.receive(w.now() - 50h, two.at, {});
  const time_point earlier = w.now() - 50h;
  w.node.receive(earlier, three.at, w.packet(three, wire::ping{1}, {suspect(two.id, 0)}));
  w.events();
  time_point at = earlier;
  std::vector<event> all;
  for (int i = 0; i < 60 && count<flotilla::member_failed>(all) == 0; ++i) {
    at = w.node.next_deadline();
    w.node.tick(at);
    for (const sent& s : w.sent_now()) {
      if (s.to == three.at && s.kind() == kind::ping) {
        w.node.receive(at, three.at,
                       w.packet(three, wire::ack{s.as<wire::ping>().sequence, three.number}));
      }
    }
    for (const event& e : w.events()) all.push_back(e);
  }
  const auto* failed = find<flotilla::member_failed>(all, two.id);
  ASSERT_NE(failed, nullptr);
  EXPECT_EQ(failed->evidence.since, earlier);
}

/// Two drivers whose clocks start anywhere see the same protocol.
TEST(Clock, WhereItStartsDoesNotMatter) {
  std::vector<std::string> traces;
  for (const time_point begin :
       {time_point{}, time_point{1h}, time_point{-300h}, time_point{duration{1LL << 61}}}) {
    engine node{plain_config(), begin};
    std::string trace;
    for (int i = 0; i < 50; ++i) {
      const time_point at = node.next_deadline();
      node.tick(at);
      trace += std::to_string((at - begin).count()) + " ";
      if (i == 3) {
        node.receive(at, two.at,
                     datagram(wire::ping{1}, {alive(two), alive(three)},
                              {.group_tag = wire::group_tag_of(""), .sender = two.id}));
      }
      for (const sent& s : pull(node)) trace += to_hex(s.raw);
    }
    traces.push_back(trace);
  }
  for (const std::string& trace : traces) EXPECT_EQ(trace, traces[0]);
}

TEST(Clock, AtTheEndOfTimeArithmeticSaturates) {
  const time_point last = time_point::max();
  engine_world w;
  w.meet_all(3);
  w.tick_at(last - 1ns);
  for (int i = 0; i < 4; ++i) w.tick_at(last);
  EXPECT_EQ(w.node.next_deadline(), last) << "nothing can come later";
  engine late{plain_config(), last};
  late.tick(last);
  late.receive(last, two.at, w.packet(two, wire::ping{1}, {suspect(three.id, 0)}));
  engine early{plain_config(), time_point::min()};
  early.tick(last);
  EXPECT_GE(early.next_deadline(), last);
}

// ---- law 4: one deadline

/// Whatever happens, the deadline is never before the latest input and lies behind every tick.
TEST(ClockDeadline, IsNeverBeforeNowAndLaterAfterATick) {
  std::mt19937_64 random{5};
  engine_world w;
  w.meet_all(5);
  w.node.join({address_of(40), address_of(41)});
  for (int i = 0; i < 20000; ++i) {
    const auto dice = random() % 16;
    const duration step =
        dice < 8     ? duration{static_cast<std::int64_t>(random() % 50'000'000)}
        : dice < 10  ? duration{static_cast<std::int64_t>(random() % 5'000'000'000)}
        : dice == 10 ? -duration{static_cast<std::int64_t>(random() % 900'000'000)}
                     : duration::zero();
    const peer from = peer_of(2 + random() % 5);
    if (random() % 2 == 0) {
      w.tick_after(step);
      EXPECT_GT(w.node.next_deadline(), w.now());
    } else {
      const auto n = static_cast<std::uint32_t>(random() % 4);
      const peer subject = peer_of(1 + random() % 6);
      w.node.receive(w.now() + step, from.at,
                     w.packet(from, wire::ping{1}, {suspect(subject.id, n), alive(subject, n)}));
      w.tick_at(w.now() + step);
    }
    const engine before = w.node;
    if (random() % 3 == 0) {
      const sent_list all = w.sent_now();
      EXPECT_EQ(w.node.next_deadline(), before.next_deadline()) << "output does not move it";
      for (const sent& s : all) {
        if (random() % 2 == 0) w.answer({s.what.head.target, s.to, incarnation{0}}, {s});
      }
    }
    EXPECT_GE(w.node.next_deadline(), w.now());
    w.events();
  }
}

TEST(ClockDeadline, AnEarlyOrRepeatedTickDoesNothing) {
  engine_world w;
  w.meet_all(4);
  for (int i = 0; i < 200; ++i) {
    w.tick_at(w.node.next_deadline());
    w.answer(two, w.sent_now());
    w.sent_now();
    const time_point due = w.node.next_deadline();
    const auto probes = w.stats().probes;
    w.node.tick(w.now());
    w.node.tick(w.now());
    w.node.tick(due - 1ns);
    EXPECT_EQ(w.stats().probes, probes);
    EXPECT_EQ(w.node.next_deadline(), due);
    EXPECT_TRUE(w.sent_now().empty());
    w.node.receive(w.now() - 0ns, two.at, {});  // back by less than nothing is not counted
    w.tick_at(due - 1ns);
  }
}

/// However often one ticks on the way, the same happens at the same times.
TEST(ClockDeadline, MoreTicksChangeNothing) {
  config c = plain_config();
  c.period_jitter_percent = 10;
  engine_world calm{c};
  engine_world eager{c};
  for (engine_world* w : {&calm, &eager}) w->meet_all(4);
  for (int i = 0; i < 100; ++i) {
    const time_point due = calm.node.next_deadline();
    ASSERT_EQ(eager.node.next_deadline(), due);
    for (int k = 1; k < 5; ++k) eager.tick_at(calm.now() + (due - calm.now()) / 5 * k);
    calm.tick_at(due);
    eager.tick_at(due);
    EXPECT_TRUE(calm.node == eager.node) << i;
    const sent_list all = calm.sent_now();
    eager.sent_now();
    for (engine_world* w : {&calm, &eager}) w->answer(three, all);
  }
}

TEST(ClockDeadline, NothingIsScheduledWhenInertOrGone) {
  config broken = plain_config();
  broken.id = member_id{};
  engine_world inert{broken};
  EXPECT_EQ(inert.node.next_deadline(), time_point::max());
  inert.tick_after(1h);
  EXPECT_EQ(inert.node.next_deadline(), time_point::max());
  engine_world gone;
  ASSERT_EQ(gone.node.leave(), command_error::none);
  EXPECT_EQ(gone.node.next_deadline(), time_point::max());
  gone.tick_after(1h);
  EXPECT_EQ(gone.node.next_deadline(), time_point::max());
}

// ---- the timers, from both sides

TEST(ClockTimers, DirectTimeOutPeriodSuspicionAndTombstone) {
  engine_world w;
  w.meet_all(3);
  static_cast<void>(w.probe_of(two, {three}));
  const time_point asked = w.now();
  w.tick_at(asked + w.settings().direct_timeout - 1ns);
  EXPECT_EQ(count(w.sent_now(), kind::ping_request), 0U);
  w.tick_at(asked + w.settings().direct_timeout);
  EXPECT_EQ(count(w.sent_now(), kind::ping_request), 1U);
  w.tick_at(asked + w.settings().protocol_period - 1ns);
  EXPECT_EQ(w.state_of(two.id), member_state::alive);
  w.tick_at(asked + w.settings().protocol_period);
  EXPECT_EQ(w.state_of(two.id), member_state::suspect);

  const time_point verdict = w.now() + flotilla::suspicion_timeout(w.settings(), 3);
  w.answer(three, w.sent_now());
  w.live_for(verdict - w.now() - 1ns, {three});
  EXPECT_EQ(w.state_of(two.id), member_state::suspect);
  w.tick_at(verdict);
  EXPECT_EQ(w.state_of(two.id), member_state::dead);

  const time_point end = verdict + w.settings().tombstone_lifetime;
  w.live_for(end - w.now() - 1ns, {three});
  EXPECT_EQ(w.state_of(two.id), member_state::dead);
  w.events();
  w.tick_at(end);
  EXPECT_EQ(w.node.find(two.id), std::nullopt);
  EXPECT_EQ(count<flotilla::member_forgotten>(w.events()), 1U);
}

// ---- a probe counts as sent when its ping is pulled

TEST(ClockProbe, PulledLaterThanHalfItsTimeOutOrNeverItAccusesNobody) {
  const duration half = plain_config().direct_timeout / 2;
  struct attempt {
    const char* name;
    std::optional<duration> pulled_after;
    bool accuses;
  };
  for (const attempt& a :
       {attempt{"at once", duration::zero(), true}, attempt{"at half", half, true},
        attempt{"later", half + 1ns, false}, attempt{"never", std::nullopt, false}}) {
    SCOPED_TRACE(a.name);
    engine_world w;
    w.meet_all(2);
    const time_point begin = w.node.next_deadline();
    w.tick_at(begin);
    ASSERT_EQ(w.stats().probes, 1U);
    if (a.pulled_after) {
      w.tick_at(begin + *a.pulled_after);
      EXPECT_EQ(w.sent_now().size(), 1U);
    }
    w.tick_at(begin + w.settings().direct_timeout);
    w.tick_at(begin + w.settings().protocol_period);
    EXPECT_EQ(w.state_of(two.id), a.accuses ? member_state::suspect : member_state::alive);
    EXPECT_EQ(w.stats().probes_failed, a.accuses ? 1U : 0U);
    EXPECT_EQ(w.stats().probes_unsent, a.accuses ? 0U : 1U);
  }
}

// ---- being away

/// Late by more than a direct time-out and the granularity: from both sides.
TEST(ClockAway, BeginsBeyondADirectTimeOutPlusGranularity) {
  const duration allowed = plain_config().direct_timeout + plain_config().tick_granularity;
  for (const bool away : {false, true}) {
    engine_world w;
    w.meet_all(2);
    w.tick_at(w.node.next_deadline() + allowed + (away ? 1ns : 0ns));
    EXPECT_EQ(w.stats().late_inputs, away ? 1U : 0U);
  }
}

TEST(ClockAway, TheExpiredProbeGetsOneMoreDirectTimeOut) {
  engine_world w;
  w.meet_all(3);
  static_cast<void>(w.probe_of(two, {three}));
  const auto probes = w.stats().probes;
  w.tick_after(1s);  // frozen since the ping went out
  const time_point back = w.now();
  EXPECT_EQ(count(w.sent_now(), kind::ping_request), 0U);
  EXPECT_EQ(w.stats().probes_extended, 1U);
  EXPECT_EQ(w.stats().probes, probes) << "no stacked probes";
  w.tick_at(back + w.settings().direct_timeout - 1ns);
  EXPECT_EQ(count(w.sent_now(), kind::ping_request), 0U);
  w.tick_at(back + w.settings().direct_timeout);
  EXPECT_EQ(count(w.sent_now(), kind::ping_request), 1U);
  EXPECT_EQ(w.state_of(two.id), member_state::alive);
  w.tick_at(back + 2 * w.settings().direct_timeout - 1ns);
  EXPECT_EQ(w.state_of(two.id), member_state::alive) << "the helpers get their time";
}

/// The acks lay in the socket while we were frozen: whatever order the driver has, it reads them.
TEST(ClockAway, AnAckThatWaitedInTheSocketStillCounts) {
  for (const bool tick_first : {false, true}) {
    engine_world w;
    w.meet_all(2);
    const sent ping = w.probe_of(two);
    const duration frozen = 10 * w.settings().protocol_period;
    if (tick_first) {
      w.tick_after(frozen);
    } else {
      w.node.receive(w.now() + frozen, two.at,
                     w.packet(two, wire::ack{ping.as<wire::ping>().sequence, two.number}));
      w.tick_after(frozen);
    }
    if (tick_first) w.hear(two, wire::ack{ping.as<wire::ping>().sequence, two.number});
    EXPECT_EQ(w.stats().probes_acknowledged, 1U);
    w.live_for(w.settings().protocol_period * 3, {two});
    EXPECT_EQ(w.stats().probes_failed, 0U);
    EXPECT_EQ(w.state_of(two.id), member_state::alive);
  }
}

/// A suspect may have refuted while we slept, however long: it is asked again first.
TEST(ClockAway, AVerdictNeedsACompletedRoundAfterwards) {
  const duration patience = flotilla::suspicion_timeout(plain_config(), 3);
  for (const duration frozen : {patience, 2 * patience + 1s, duration{1h}, year}) {
    SCOPED_TRACE(frozen.count());
    engine_world w;
    w.meet_all(3);
    w.gossip(three, {suspect(two.id, 0)});
    w.live_for(w.settings().protocol_period, {three});
    w.events();
    w.tick_after(frozen);
    EXPECT_EQ(w.state_of(two.id), member_state::suspect) << "no verdict on waking up";
    const sent_list all = w.sent_now();
    const sent_list again = only_to(only(all, kind::ping), two.at);
    ASSERT_GE(again.size(), 1U) << "asked again at once";
    ASSERT_NE(again[0].about(two.id), nullptr) << "with the accusation";
    w.answer(two.saying(1), all);
    w.answer(three, all);
    w.live_for(4 * patience, {two.saying(1), three});
    EXPECT_EQ(w.state_of(two.id), member_state::alive);
    EXPECT_EQ(count<flotilla::member_failed>(w.events()), 0U);
  }
}

TEST(ClockAway, AfterwardsTheVerdictStands) {
  const duration patience = flotilla::suspicion_timeout(plain_config(), 3);
  engine_world w;
  w.meet_all(3);
  w.gossip(three, {suspect(two.id, 0)});
  w.tick_after(2 * patience);
  w.live_for(w.settings().protocol_period + w.settings().direct_timeout - 1ns, {three});
  EXPECT_EQ(w.state_of(two.id), member_state::suspect);
  w.live_for(patience, {three});
  EXPECT_EQ(w.state_of(two.id), member_state::dead);
}

TEST(ClockAway, AYearAheadCrashesNothingAndAccusesNobodyOnStaleEvidence) {
  for (const bool by_tick : {true, false}) {
    engine_world w;
    w.meet_all(5);
    w.gossip(three, {suspect(two.id, 0), dead(four.id, 0)});
    const peer five = peer_of(5);
    static_cast<void>(w.probe_of(five, {three}));
    w.node.join({address_of(40)});
    w.sent_now();
    w.events();
    const auto probes = w.stats().probes;
    if (by_tick) {
      w.tick_after(year);
    } else {
      w.node.receive(w.now() + year, three.at, w.packet(three, wire::ping{1}));
      w.tick_after(year);
    }
    EXPECT_GT(w.node.next_deadline(), w.now());
    EXPECT_LE(w.node.next_deadline(), w.now() + w.settings().protocol_period);
    EXPECT_GE(w.stats().late_inputs, 1U);
    EXPECT_LE(w.stats().probes, probes + 1) << "no stacked probes";
    EXPECT_EQ(w.state_of(two.id), member_state::suspect);
    EXPECT_EQ(w.state_of(five.id), member_state::alive);
    engine copy = w.node;
    EXPECT_LE(pull(copy).size(), 8U);
    auto all = w.events();
    EXPECT_EQ(count<flotilla::member_failed>(all), 0U);
    EXPECT_EQ(count<flotilla::member_suspected>(all), 0U);
    w.live_for(20s, {two.saying(1), three, five});
    for (const peer& p : {two, three, five}) EXPECT_EQ(w.state_of(p.id), member_state::alive);
    all = w.events();
    EXPECT_EQ(count<flotilla::member_failed>(all), 0U);
  }
}

// ---- liveness: being away delays a verdict, but does not prevent it

/// A driver that ticks once a period, or less often, still reports every crash, even when all the
/// others are gone.
TEST(ClockDriver, ThatTicksOnlyOncePerPeriodReportsEveryCrash) {
  for (const bool doubts_itself : {false, true}) {
    for (const int percent : {100, 95, 130, 250}) {
      for (const std::uint64_t members : {2U, 3U, 6U}) {
        SCOPED_TRACE(std::to_string(percent) + " %, members " + std::to_string(members));
        config c = plain_config();
        if (doubts_itself) c.local_health_max = config::loopback().local_health_max;
        engine_world w{c};
        w.meet_all(members);
        const duration step = w.settings().protocol_period / 100 * percent;
        for (int i = 0; i < 20; ++i) {
          w.tick_after(step);
          const sent_list all = w.sent_now();
          for (std::uint64_t n = 2; n <= members; ++n) w.answer(peer_of(n), all);
          w.sent_now();
        }
        EXPECT_EQ(w.node.size(), members) << "while all live nobody is accused";
        EXPECT_EQ(w.stats().verdicts, 0U);
        // A round takes two of these ticks; each of the others needs one, and a check before its
        // end. There is nobody to confirm anything, and being away delays by one time-out more.
        const duration patience = flotilla::suspicion_timeout(w.settings(), 6);
        const duration alone = flotilla::longest_suspicion(w.settings(), 6) + 4 * patience +
                               static_cast<int>(6 * members) * step;
        const time_point limit =
            w.now() + static_cast<int>(w.settings().local_health_max + 1) * alone;
        while (w.node.size() > 1 && w.now() < limit) {
          w.tick_after(step);
          w.sent_now();
        }
        EXPECT_EQ(w.node.size(), 1U) << "a lone survivor";
      }
    }
  }
}

/// A member frozen for a while among living ones, then woken: nobody is reported failed by it.
TEST(ClockFrozen, AWokenProcessAccusesNobody) {
  for (const duration frozen : {300ms, 1000ms, 5000ms}) {
    group g{41};
    for (int i = 0; i < 5; ++i) g.add(plain_config_of_a_group());
    for (std::size_t i = 1; i < g.size(); ++i) g[i].join({address_of(0)});
    ASSERT_TRUE(g.run_until([&] { return g.full_mesh(); }, 5s));
    g.run_for(2s);
    g.events(3).clear();
    g.crash(3);
    g.run_for(frozen);
    g.wake(3);
    g.run_for(10s);
    for (const event& e : g.events(3)) {
      EXPECT_FALSE(std::holds_alternative<flotilla::member_failed>(e)) << text(e);
    }
    EXPECT_TRUE(g.full_mesh());
    if (frozen == 300ms) {
      for (std::size_t i = 0; i < g.size(); ++i) {
        EXPECT_EQ(count<flotilla::member_failed>(g.events(i)), 0U) << i;
      }
    }
  }
}

}  // namespace
