// Tests of flotilla/engine/probing.hpp: the period, helpers, verdicts, tombstones, healing.
// What the rooms of detection/ decide is seen here as datagrams and events.
#include <flotilla/engine/probing.hpp>

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>

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
  for (std::size_t i = 2; i < asked.size(); ++i) {
    EXPECT_GE(asked[i] - asked[i - 1], 2 * (asked[i - 1] - asked[i - 2]) - c.protocol_period);
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
