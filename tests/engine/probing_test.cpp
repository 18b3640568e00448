// Tests of flotilla/engine/probing.hpp: the period, helpers, verdicts, tombstones, healing.
// What the rooms of detection/ decide is seen here as datagrams and events.
#include <flotilla/engine/probing.hpp>

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <vector>

#include <support/engine_world.hpp>

namespace {

using namespace support;
using kind = wire::message_kind;

const peer self = peer_of(1);
const peer two = peer_of(2);
const peer three = peer_of(3);
const peer four = peer_of(4);

TEST(ProbingPeriod, OnePingAPeriodWhileAllIsWell) {
  engine_world w;
  w.meet_all(4);
  static_cast<void>(w.probe_of(two, {three, four}));
  w.live_for(w.settings().protocol_period, {two, three, four});
  w.flush_gossip(two);
  const auto probes = w.stats().probes;
  const auto sent_before = w.stats().datagrams_sent;
  w.live_for(100 * w.settings().protocol_period, {two, three, four});
  EXPECT_EQ(w.stats().probes, probes + 100);
  EXPECT_LE(w.stats().datagrams_sent - sent_before, 104U);
}

TEST(ProbingPeriod, JitterSpreadsAndStaysWithinItsBounds) {
  config c = plain_config();
  c.period_jitter_percent = 10;
  engine_world w{c};
  w.meet_all(3);
  duration least = duration::max();
  duration most{};
  time_point last{};
  for (int i = 0; i < 300; ++i) {
    const auto probes = w.stats().probes;
    w.next_tick();
    w.answer_all({two, three}, w.sent_now());
    if (w.stats().probes == probes) continue;
    if (last != time_point{}) {
      least = std::min(least, w.now() - last);
      most = std::max(most, w.now() - last);
    }
    last = w.now();
  }
  EXPECT_GE(least, c.protocol_period / 10 * 9);
  EXPECT_LE(most, c.protocol_period / 10 * 11);
  EXPECT_GT(most - least, c.protocol_period / 10) << "it does spread";
}

/// Two visits of a target lie at most 2n - 1 periods apart, n counting the others.
TEST(ProbingOrder, RoundRobin) {
  engine_world w;
  const std::uint64_t others = 7;
  w.meet_all(others + 1);
  std::map<endpoint, int> last;
  for (int period = 0; period < 200;) {
    const auto probes = w.stats().probes;
    w.next_tick();
    const sent_list all = only(w.sent_now(), kind::ping);
    for (const sent& s : all) w.answer({s.what.head.target, s.to, {}}, {s});
    w.sent_now();
    if (w.stats().probes == probes) continue;
    ++period;
    ASSERT_EQ(all.size(), 1U);
    const auto seen = last.find(all[0].to);
    if (seen != last.end()) {
      EXPECT_LE(period - seen->second, static_cast<int>(2 * others - 1));
    }
    last[all[0].to] = period;
  }
  EXPECT_EQ(last.size(), others);
}

// ---- helpers (S11)

TEST(ProbingHelpers, DistinctAliveNeverSelfNorTheTarget) {
  config c = plain_config();
  c.helpers = 16;
  engine_world w{c};
  w.meet_all(8);
  const peer shadow = peer_of(30);  // believed where the target is, by a fact about a known one
  w.meet(shadow);
  w.gossip(three, {alive(shadow.from(two.at), 1), suspect(four.id, 0), dead(member_id{5}, 0)});
  for (int round = 0; round < 10; ++round) {
    static_cast<void>(w.probe_of(two, {three, peer_of(6), peer_of(7), peer_of(8)}));
    if (w.state_of(two.id) == member_state::dead) break;
    w.next_tick();
    std::set<member_id> asked;
    for (const sent& s : only(w.sent_now(), kind::ping_request)) {
      const auto& request = s.as<wire::ping_request>();
      EXPECT_EQ(request.subject, two.id);
      EXPECT_EQ(request.address, two.at);
      EXPECT_TRUE(asked.insert(s.what.head.target).second) << "asked twice";
    }
    EXPECT_EQ(asked, (std::set<member_id>{three.id, member_id{6}, member_id{7}, member_id{8}}));
    w.gossip(three, {alive(two, static_cast<std::uint32_t>(round + 1))});
    w.gossip(three, {suspect(four.id, static_cast<std::uint32_t>(round + 1))});
  }
}

TEST(ProbingHelpers, AtMostKAndNoneWhenTurnedOff) {
  for (const std::uint32_t k : {0U, 1U, 3U}) {
    config c = plain_config();
    c.helpers = k;
    engine_world w{c};
    w.meet_all(8);
    const sent ping = w.probe_of(two);
    w.tick_after(c.direct_timeout);
    EXPECT_EQ(count(w.sent_now(), kind::ping_request), k);
  }
}

/// A broken edge is no death (L7): while a helper sees both ends nobody is suspected.
TEST(ProbingHelpers, HideABrokenEdgeAndTellOfIt) {
  for (const bool one_way : {false, true}) {
    group g{61};
    for (int i = 0; i < 5; ++i) g.add(plain_config_of_a_group());
    for (std::size_t i = 1; i < g.size(); ++i) g[i].join({address_of(0)});
    ASSERT_TRUE(g.run_until([&] { return g.full_mesh(); }, 5s));
    for (std::size_t i = 0; i < g.size(); ++i) g.events(i).clear();
    g.drop = [one_way](const endpoint& from, const endpoint& to) {
      return (from == address_of(1) && to == address_of(2)) ||
             (!one_way && from == address_of(2) && to == address_of(1));
    };
    g.run_for(30s);
    for (std::size_t i = 0; i < g.size(); ++i) {
      EXPECT_EQ(count<flotilla::member_suspected>(g.events(i)), 0U) << text(g.events(i));
    }
    EXPECT_NE(find<flotilla::path_broken>(g.events(1), member_id{3}), nullptr);
    EXPECT_EQ(count<flotilla::path_broken>(g.events(1)), 1U) << "told once";
    EXPECT_EQ(count<flotilla::path_broken>(g.events(4)), 0U);
  }
}

/// Lets `rounds` probe rounds of `two` pass, in which it answers itself, or only through helpers.
void probe_two(engine_world& w, int rounds, bool directly) {
  time_point end{};
  for (int seen = 0; seen < rounds || w.node.next_deadline() <= end;) {
    w.next_tick();
    for (int turn = 0; turn < 4; ++turn) {
      const sent_list all = w.sent_now();
      for (const sent& s : only_to(only(all, kind::ping), two.at)) {
        if (s.what.head.target != two.id) continue;
        ++seen;
        end = w.now() + w.settings().protocol_period - 1ns;
        if (directly) w.answer(two, {s});
      }
      for (const sent& s : only(all, kind::ping_request)) {
        const auto& request = s.as<wire::ping_request>();
        w.hear({s.what.head.target, s.to, {}},
               wire::relayed_ack{request.sequence, request.subject, incarnation{0}});
      }
      for (const peer& p : {three, four}) w.answer(p, all);
    }
  }
}

/// Once a broken edge, however long it stays broken; again only after it was whole. One round that
/// needs a helper is a lost datagram, two in a row are an edge.
TEST(ProbingPath, IsToldBrokenOnceUntilItWasWhole) {
  engine_world w;
  w.meet_all(4);
  probe_two(w, 1, true);
  w.events();
  const auto told = [&w] { return count<flotilla::path_broken>(w.events()); };
  for (int again = 0; again < 3; ++again) {
    SCOPED_TRACE(again);
    probe_two(w, 1, false);
    EXPECT_EQ(told(), 0U) << "a single round";
    probe_two(w, 1, true);
    probe_two(w, 1, false);
    EXPECT_EQ(told(), 0U) << "not in a row";
    probe_two(w, 1, false);
    const auto all = w.events();
    ASSERT_EQ(count<flotilla::path_broken>(all), 1U);
    const auto* broken = find<flotilla::path_broken>(all, two.id);
    ASSERT_NE(broken, nullptr);
    EXPECT_EQ(broken->member.state, member_state::alive);
    EXPECT_TRUE(broken->helper == three.id || broken->helper == four.id);
    probe_two(w, 20, false);
    EXPECT_EQ(told(), 0U) << "it is known by now";
    probe_two(w, 1, true);
    EXPECT_EQ(told(), 0U);
  }
  EXPECT_EQ(w.state_of(two.id), member_state::alive);
  EXPECT_EQ(w.stats().suspicions, 0U) << "a broken edge is no death";
}

// ---- suspicion and verdict

TEST(ProbingVerdict, AProbeIsBoundToTheIncarnationItWasMadeOf) {
  engine_world w;
  w.meet_all(3);
  static_cast<void>(w.probe_of(two, {three}));
  w.gossip(three, {alive(two, 1)});  // has spoken up since
  w.tick_after(w.settings().direct_timeout);
  w.sent_now();
  w.tick_after(w.settings().protocol_period);
  EXPECT_EQ(w.stats().probes_failed, 1U);
  EXPECT_EQ(w.state_of(two.id), member_state::alive);
}

TEST(ProbingVerdict, CarriesTheEvidence) {
  engine_world w;
  w.meet_all(4);
  const sent ping = w.probe_of(two, {three, four});
  for (int i = 0; i < 5 && w.state_of(two.id) == member_state::alive; ++i) w.next_tick();
  const time_point since = w.now();
  w.sent_now();
  auto all = w.events();
  const auto* suspected = find<flotilla::member_suspected>(all, two.id);
  ASSERT_NE(suspected, nullptr);
  const std::uint32_t probe = ping.as<wire::ping>().sequence;
  EXPECT_EQ(suspected->evidence, (flotilla::evidence{self.id, probe, since, 0, 0}));
  w.gossip(three, {suspect(two.id, 0, three.id), suspect(two.id, 0, four.id)});
  w.live_for(10s, {three, four});
  all = w.events();
  const auto* failed = find<flotilla::member_failed>(all, two.id);
  ASSERT_NE(failed, nullptr);
  EXPECT_EQ(failed->evidence, (flotilla::evidence{self.id, probe, since, 2, 0}));
}

TEST(ProbingVerdict, SecondHandOnesNameTheAccuserAndNothingElse) {
  engine_world w;
  w.meet_all(3);
  w.events();
  w.gossip(three, {suspect(two.id, 0, four.id), dead(two.id, 0, three.id)});
  const auto all = w.events();
  ASSERT_EQ(all.size(), 2U);
  const auto* suspected = find<flotilla::member_suspected>(all, two.id);
  const auto* failed = find<flotilla::member_failed>(all, two.id);
  ASSERT_TRUE(suspected != nullptr && failed != nullptr);
  EXPECT_TRUE(suspected->evidence.empty() && failed->evidence.empty());
  EXPECT_EQ(suspected->evidence.accuser, four.id);
  EXPECT_EQ(failed->evidence.accuser, three.id);
}

/// A new suspicion at a higher incarnation gives the suspect the whole time again.
TEST(ProbingVerdict, ANewAccusationStartsTheTimeAnew) {
  engine_world w;
  w.meet_all(3);
  const duration patience = flotilla::suspicion_timeout(w.settings(), 3);
  w.gossip(three, {suspect(two.id, 0)});
  w.live_for(patience / 2, {three});
  w.gossip(three, {suspect(two.id, 1)});
  w.live_for(patience - 1ns, {three});
  EXPECT_EQ(w.state_of(two.id), member_state::suspect);
  w.live_for(1ns, {three});
  EXPECT_EQ(w.state_of(two.id), member_state::dead);
}

// ---- a verdict needs a completed check (extension)

/// What was asked about `two` from some time on, everybody else answering at once.
struct watch {
  std::vector<time_point> pings{};
  std::vector<time_point> requests{};
  time_point verdict{time_point::max()};
};

/// Lets a group of `members` live, all but `two` answering, until `end` or the verdict about it.
watch watch_two(engine_world& w, std::uint64_t members, time_point end) {
  watch seen;
  while (w.node.next_deadline() <= end && w.state_of(two.id) == member_state::suspect) {
    w.next_tick();
    for (int round = 0; round < 4; ++round) {
      const sent_list all = w.sent_now();
      for (const sent& s : all) {
        if (s.to == two.at && s.kind() == kind::ping) seen.pings.push_back(w.now());
        if (s.kind() == kind::ping_request && s.as<wire::ping_request>().subject == two.id) {
          seen.requests.push_back(w.now());
        }
      }
      for (std::uint64_t n = 3; n <= members; ++n) w.answer(peer_of(n), all);
    }
  }
  if (w.state_of(two.id) == member_state::dead) seen.verdict = w.now();
  return seen;
}

/// The group is so large that the turn of a suspect need not come within its time-out.
config config_of_a_large_group(std::uint64_t seed, bool checked) {
  config c = plain_config();
  c.seed = seed;
  c.checked_verdicts = checked;
  c.suspicion_max_multiplier = 1;
  return c;
}
constexpr std::uint64_t many = 30;  // 12 periods of patience, 29 turns

TEST(ProbingCheck, ComesBeforeTheVerdictAndDelaysNothing) {
  for (const bool checked : {true, false}) {
    int unasked = 0;
    std::uint64_t checks = 0;
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
      SCOPED_TRACE(seed);
      engine_world w{config_of_a_large_group(seed, checked)};
      w.meet_all(many);
      w.gossip(three, {suspect(two.id, 0)});
      const time_point due = w.now() + flotilla::suspicion_timeout(w.settings(), many);
      const watch seen = watch_two(w, many, due);
      EXPECT_EQ(seen.verdict, due) << "neither sooner nor later";
      if (seen.requests.empty()) ++unasked;
      checks += w.stats().checks;
      if (checked) {
        EXPECT_EQ(seen.requests.size(), w.settings().helpers);
        EXPECT_LE(w.stats().checks, 1U) << "none for whom its turn has asked";
        EXPECT_EQ(w.stats().verdicts_unchecked, 0U);
      }
    }
    if (checked) {
      EXPECT_EQ(unasked, 0);
      EXPECT_GT(checks, 0U) << "the turn alone does not do it";
    } else {
      EXPECT_GT(unasked, 0) << "on the word of others";
      EXPECT_EQ(checks, 0U);
    }
  }
}

/// An answer to the check puts the verdict off, and then a whole check must fail once more.
TEST(ProbingCheck, AnAnswerToItDefersTheVerdict) {
  engine_world w{config_of_a_large_group(3, true)};
  w.meet_all(many);
  w.gossip(three, {suspect(two.id, 0)});
  const duration period = w.settings().protocol_period;
  const time_point due = w.now() + flotilla::suspicion_timeout(w.settings(), many);
  static_cast<void>(watch_two(w, many, due - 1ns));
  ASSERT_EQ(w.state_of(two.id), member_state::suspect);
  // Its ack comes at the last moment, and it has not heard of the accusation.
  w.tick_at(due - 1ns);
  const sent_list last = w.sent_now();
  w.node.receive(w.now(), two.at, w.packet(two, wire::ping{9}));
  for (const sent& s : w.sent_now()) w.answer(two, {s});
  const auto deferred = w.stats().verdicts_deferred;
  w.tick_at(due);
  EXPECT_EQ(w.state_of(two.id), member_state::suspect);
  EXPECT_EQ(w.stats().verdicts_deferred, deferred + 1);
  const auto failed = w.stats().probes_failed;
  const watch after = watch_two(w, many, due + 5 * period);
  ASSERT_NE(after.verdict, time_point::max());
  EXPECT_GE(after.verdict, due + period);
  EXPECT_LE(after.verdict, due + 3 * period);
  EXPECT_EQ(after.requests.size(), w.settings().helpers) << "a whole check after the answer";
  EXPECT_EQ(w.stats().probes_failed, failed + 1);
}

/// A check from before a sleep says nothing after it: the suspect had all that time to recover.
TEST(ProbingCheck, OfBeforeASleepIsRepeated) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    SCOPED_TRACE(seed);
    engine_world w{config_of_a_large_group(seed, true)};
    w.meet_all(many);
    w.gossip(three, {suspect(two.id, 0)});
    const duration period = w.settings().protocol_period;
    const time_point due = w.now() + flotilla::suspicion_timeout(w.settings(), many);
    EXPECT_EQ(watch_two(w, many, due - 1ns).requests.size(), w.settings().helpers);
    const time_point woken = due + 2 * period;
    w.tick_at(woken);
    EXPECT_EQ(w.state_of(two.id), member_state::suspect);
    const watch after = watch_two(w, many, woken + 10 * period);
    EXPECT_EQ(after.requests.size(), w.settings().helpers) << "asked anew, and through helpers";
    EXPECT_GE(after.verdict, woken + period + w.settings().direct_timeout);
    EXPECT_LE(after.verdict, woken + 4 * period) << "which delays it little";
  }
}

/// Completeness: whoever cannot check (no ping ever leaves) has its verdict all the same, later by
/// a bounded time.
TEST(ProbingCheck, WhoCannotCheckJudgesAllTheSame) {
  engine_world w{config_of_a_large_group(4, true)};
  w.meet_all(many);
  w.gossip(three, {suspect(two.id, 0)});
  const duration period = w.settings().protocol_period;
  const time_point due = w.now() + flotilla::suspicion_timeout(w.settings(), many);
  while (w.state_of(two.id) == member_state::suspect && w.now() < due + 9 * period) w.next_tick();
  EXPECT_EQ(w.state_of(two.id), member_state::dead);
  EXPECT_GT(w.now(), due + (flotilla::suspicion::max_put_off - 1) * period);
  EXPECT_LE(w.now(), due + flotilla::suspicion::max_put_off * period);
  EXPECT_EQ(w.stats().verdicts_unchecked, 1U);
}

/// As many at once as there are put-offs are checked one after the other; nobody waits for long.
TEST(ProbingCheck, ManyAtOnceAreBounded) {
  engine_world w{config_of_a_large_group(5, true)};
  w.meet_all(many);
  facts all_suspect;
  for (std::uint64_t n = 4; n <= 23; ++n) all_suspect.push_back(suspect(member_id{n}, 0));
  w.gossip(three, all_suspect);
  const duration period = w.settings().protocol_period;
  const time_point due = w.now() + flotilla::suspicion_timeout(w.settings(), many);
  while (w.now() < due + flotilla::suspicion::max_put_off * period) {
    w.next_tick();
    const sent_list all = w.sent_now();
    for (const std::uint64_t n : {2U, 3U, 24U, 25U, 26U, 27U, 28U, 29U, 30U}) {
      w.answer(peer_of(n), all);
    }
  }
  for (std::uint64_t n = 4; n <= 23; ++n) EXPECT_EQ(w.state_of(member_id{n}), member_state::dead);
  EXPECT_EQ(w.stats().verdicts, 20U);
}

/// A suspect whom three others accuse as well, in a group that waits for them.
void accuse_by_four(engine_world& w) {
  for (std::uint64_t n = 3; n <= 6; ++n) w.gossip(three, {suspect(two.id, 0, member_id{n})});
}
engine_world world_of_accusers(std::uint64_t seed) {
  config c = config_of_a_large_group(seed, true);
  c.suspicion_max_multiplier = 6;
  engine_world w{c};
  w.meet_all(many);
  return w;
}

/// Helpers would only repeat what the accusers have found: one ping is the check, in time, and the
/// period's own probe goes to somebody else.
TEST(ProbingCheck, WhomThreeOthersAccuseIsAskedDirectly) {
  std::uint64_t direct = 0;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE(seed);
    engine_world w = world_of_accusers(seed);
    accuse_by_four(w);
    const duration period = w.settings().protocol_period;
    const time_point due = w.now() + flotilla::suspicion_timeout(w.settings(), many);
    const watch seen = watch_two(w, many, due + period);
    EXPECT_EQ(seen.verdict, due) << "neither sooner nor later";
    EXPECT_TRUE(seen.requests.empty());
    ASSERT_FALSE(seen.pings.empty());
    EXPECT_LE(seen.pings.back(), due - w.settings().direct_timeout) << "with time to answer";
    EXPECT_LE(w.stats().direct_checks, 1U) << "none for whom its turn has asked";
    EXPECT_EQ(w.stats().checks, 0U);
    EXPECT_EQ(w.stats().verdicts_unchecked, 0U);
    direct += w.stats().direct_checks;
  }
  EXPECT_GT(direct, 0U) << "the turn alone does not do it";
}

/// Two are not enough: then it may be our path, and the round with helpers comes.
TEST(ProbingCheck, WhomTwoOthersAccuseIsAskedThroughHelpersToo) {
  engine_world w = world_of_accusers(3);
  for (std::uint64_t n = 3; n <= 5; ++n) w.gossip(three, {suspect(two.id, 0, member_id{n})});
  const duration least = flotilla::suspicion_timeout(w.settings(), many);
  const time_point due = w.now() + flotilla::shrunk_suspicion(least, 6 * least, 2, 3);
  const watch seen = watch_two(w, many, due);
  EXPECT_EQ(seen.verdict, due);
  EXPECT_GE(seen.requests.size(), w.settings().helpers);
}

/// Law 3: a ping that never leaves accuses nobody; the verdict waits for its check, and not for
/// ever.
TEST(ProbingCheck, ADirectCheckThatDoesNotLeaveIsNone) {
  engine_world w = world_of_accusers(3);
  accuse_by_four(w);
  const duration period = w.settings().protocol_period;
  const time_point due = w.now() + flotilla::suspicion_timeout(w.settings(), many);
  while (w.state_of(two.id) == member_state::suspect && w.now() < due + 9 * period) w.next_tick();
  EXPECT_GT(w.now(), due + (flotilla::suspicion::max_put_off - 1) * period);
  EXPECT_LE(w.now(), due + flotilla::suspicion::max_put_off * period + w.settings().direct_timeout);
  EXPECT_EQ(w.stats().verdicts_unchecked, 1U);
}

/// Nor does one that was sent while nobody was heard: it may be we who are cut off.
TEST(ProbingCheck, ADirectCheckWhileNobodyIsHeardIsNone) {
  for (const bool heard : {true, false}) {
    engine_world w = world_of_accusers(3);
    accuse_by_four(w);
    const duration period = w.settings().protocol_period;
    const time_point due = w.now() + flotilla::suspicion_timeout(w.settings(), many);
    static_cast<void>(watch_two(w, many, due - period));
    while (w.now() < due) {
      w.next_tick();
      w.sent_now();
      if (heard && w.now() < due) w.gossip(three, {});
    }
    EXPECT_EQ(w.state_of(two.id), heard ? member_state::dead : member_state::suspect);
  }
}

/// An answer to it puts the verdict off, as to any other ping.
TEST(ProbingCheck, AnAnswerToTheDirectCheckDefersTheVerdict) {
  engine_world w = world_of_accusers(3);
  accuse_by_four(w);
  const time_point due = w.now() + flotilla::suspicion_timeout(w.settings(), many);
  while (w.stats().direct_checks == 0) {
    const sent_list all = w.sent_now();
    for (std::uint64_t n = 3; n <= many; ++n) w.answer(peer_of(n), all);
    w.next_tick();
  }
  EXPECT_EQ(w.answer(two, w.sent_now()), 1U) << "by itself, and it has not understood";
  static_cast<void>(watch_two(w, many, due));
  EXPECT_EQ(w.state_of(two.id), member_state::suspect);
  EXPECT_EQ(w.stats().verdicts_deferred, 1U);
}

/// "The suspicion time-out is 3 ceil(log(N+1)) periods" to the moment, checked or not (section 5).
TEST(ProbingCheck, ThePapersPresetKnowsNone) {
  config c = config::swim_paper();
  c.id = member_id{1};
  c.address = address_of(0);
  engine_world w{c};
  w.meet_all(many);
  w.gossip(three, {suspect(two.id, 0)});
  const time_point due = w.now() + 12 * c.protocol_period;
  EXPECT_EQ(watch_two(w, many, due - 1ns).verdict, time_point::max());
  EXPECT_EQ(watch_two(w, many, due).verdict, due);
  EXPECT_EQ(w.stats().checks, 0U);
}

// ---- healing

TEST(ProbingHealing, TheAbsentAreAskedAtIntervalsThatDouble) {
  config c = plain_config();
  c.healing_interval = c.protocol_period * 2;
  engine_world w{c};
  w.meet_all(4);
  w.gossip(four, {dead(two.id, 0), left(three.id, 0)});
  const time_point died = w.now();
  std::vector<duration> asked;
  std::size_t asked_left = 0;  // a farewell may be forged, and then nobody else would ask
  while (w.now() < died + 60 * c.protocol_period) {
    w.next_tick();
    const sent_list all = w.sent_now();
    asked_left += only_to(all, three.at).size();
    for (const sent& s : only_to(all, two.at)) {
      asked.push_back(w.now() - died);
      ASSERT_NE(s.about(two.id), nullptr) << "told of its death";
      EXPECT_EQ(s.about(two.id)->state, member_state::dead);
      EXPECT_EQ(s.what.head.target, member_id{}) << "whoever is there";
    }
    w.answer(four, all);
  }
  EXPECT_GE(asked_left, 4U);
  ASSERT_GE(asked.size(), 4U);
  duration interval = c.healing_interval;
  for (std::size_t i = 1; i < asked.size(); ++i) {
    interval *= 2;  // and cut short by up to a half
    EXPECT_GE(asked[i] - asked[i - 1], interval / 2 - c.protocol_period);
    EXPECT_LE(asked[i] - asked[i - 1], interval + c.protocol_period);
  }
}

TEST(ProbingHealing, TwoHalvesFindEachOtherAgain) {
  group g{62};
  config c = plain_config_of_a_group();
  c.healing_interval = 2s;
  c.repair_interval = 2s;
  for (int i = 0; i < 6; ++i) g.add(c);
  for (std::size_t i = 1; i < g.size(); ++i) g[i].join({address_of(0)});
  ASSERT_TRUE(g.run_until([&] { return g.full_mesh(); }, 5s));
  const auto half = [](const endpoint& at) {
    return at == address_of(0) || at == address_of(1) || at == address_of(2);
  };
  g.drop = [half](const endpoint& from, const endpoint& to) { return half(from) != half(to); };
  g.run_for(20s);
  for (std::size_t i = 0; i < g.size(); ++i) EXPECT_EQ(g[i].size(), 3U);
  g.drop = nullptr;
  EXPECT_TRUE(g.run_until([&] { return g.full_mesh(); }, 30s));
  g.run_for(10s);
  EXPECT_TRUE(g.full_mesh());
}

}  // namespace
