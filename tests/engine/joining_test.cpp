// Tests of flotilla/engine/joining.hpp: asking for state, and giving it.
// Times of repetition from both sides; all seeds are asked, the first whole answer completes.
#include <flotilla/engine/joining.hpp>

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include <support/engine_world.hpp>

namespace {

using namespace support;
using error = command_error;
using kind = wire::message_kind;

const peer self = peer_of(1);
const peer two = peer_of(2);
const peer three = peer_of(3);
const peer four = peer_of(4);

/// Answers a request with a chunk; `next` is where the following one begins.
void reply(engine_world& w, const peer& from, const sent& request, std::uint32_t next,
           const facts& chunk, std::uint64_t cookie = 0xc00c1e) {
  const std::uint32_t sequence = request.kind() == kind::join_request
                                     ? request.as<wire::join_request>().sequence
                                     : request.as<wire::state_request>().sequence;
  w.hear(from, wire::state_reply{sequence, cookie, next, 9}, chunk);
}
/// A whole answer: cookie first, then the state.
void answer_join(engine_world& w, const peer& from, const sent& request, const facts& state) {
  reply(w, from, request, 0, {alive(from)});
  const sent_list more = only_to(only(w.sent_now(), kind::state_request), from.at);
  ASSERT_EQ(more.size(), 1U);
  EXPECT_EQ(more[0].as<wire::state_request>().cookie, 0xc00c1eU) << "echoed";
  reply(w, from, more[0], wire::end_of_state, state);
}

// ---- variants of the command

TEST(Join, AsksAtOnceAndCompletesWithTheFirstWholeAnswer) {
  engine_world w;
  ASSERT_EQ(w.node.join({two.at}), error::none);
  const sent_list all = w.sent_now();
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].to, two.at);
  EXPECT_EQ(all[0].what.head.target, member_id{}) << "whoever is there";
  EXPECT_EQ(all[0].as<wire::join_request>().cookie, 0U);
  EXPECT_EQ(all[0].what.facts, facts{alive(self)}) << "it introduces itself";
  answer_join(w, two, all[0], {alive(two), alive(three)});
  const auto told = w.events();
  EXPECT_EQ(count<flotilla::member_joined>(told), 2U);
  ASSERT_TRUE(std::holds_alternative<flotilla::join_completed>(told.back())) << text(told);
  EXPECT_EQ(std::get<flotilla::join_completed>(told.back()), (flotilla::join_completed{two.id, 3}));
  EXPECT_EQ(w.node.cancel_join(), error::not_joining) << "over";
}

TEST(Join, OwnAddressesAreSkippedAndAloneItIsCompleteAtOnce) {
  engine_world w;
  ASSERT_EQ(w.node.join({self.at, self.at}), error::none);
  EXPECT_EQ(text(w.events()), "join_completed by -, members 1\n");
  EXPECT_TRUE(w.sent_now().empty());
  EXPECT_EQ(w.node.cancel_join(), error::not_joining);
  ASSERT_EQ(w.node.join({self.at, two.at}), error::none);
  EXPECT_TRUE(w.events().empty());
  EXPECT_EQ(w.sent_now().size(), 1U);
}

TEST(Join, RepeatedSeedsAreAskedOnceAndSixteenFit) {
  engine_world w;
  std::vector<endpoint> seeds;
  for (std::size_t i = 0; i < flotilla::max_seeds; ++i) seeds.push_back(address_of(40 + i / 2));
  ASSERT_EQ(w.node.join(seeds), error::none);
  EXPECT_EQ(w.sent_now().size(), 8U);
  seeds.clear();
  for (std::size_t i = 0; i < flotilla::max_seeds; ++i) seeds.push_back(address_of(40 + i));
  ASSERT_EQ(w.node.join(seeds), error::none);
  std::set<endpoint> asked;
  for (const sent& s : w.sent_now()) asked.insert(s.to);
  EXPECT_EQ(asked.size(), flotilla::max_seeds);
}

TEST(Join, ANewOneReplacesTheOneUnderWay) {
  engine_world w;
  ASSERT_EQ(w.node.join({two.at}), error::none);
  const sent former = w.sent_now().at(0);
  ASSERT_EQ(w.node.join({three.at}), error::none);
  const sent request = w.sent_now().at(0);
  EXPECT_EQ(request.to, three.at);
  reply(w, two, former, wire::end_of_state, {alive(two)});
  EXPECT_EQ(w.node.find(two.id), std::nullopt) << "nobody waits for it any more";
  w.tick_after(w.settings().join_retry);
  EXPECT_TRUE(only_to(w.sent_now(), two.at).empty());
}

TEST(Join, CancelledSaysSoUnlessComplete) {
  engine_world w;
  ASSERT_EQ(w.node.join({two.at}), error::none);
  w.sent_now();
  ASSERT_EQ(w.node.cancel_join(), error::none);
  EXPECT_EQ(text(w.events()), "join_failed cancelled\n");
  EXPECT_EQ(w.node.cancel_join(), error::not_joining);
  w.tick_after(w.settings().join_timeout * 2);
  EXPECT_TRUE(w.sent_now().empty());
  EXPECT_TRUE(w.events().empty());

  ASSERT_EQ(w.node.join({two.at, three.at}), error::none);
  answer_join(w, two, w.sent_now().at(0), {alive(two)});
  w.events();
  ASSERT_EQ(w.node.cancel_join(), error::none) << "three is still being asked";
  EXPECT_TRUE(w.events().empty());
}

// ---- repetition, and giving up

TEST(JoinTimes, RepeatsWithBackOffUntilTheTimeIsUp) {
  for (const config& preset : {config::loopback(), config::lan()}) {
    config c = preset;
    c.id = self.id;
    c.address = self.at;
    engine_world w{c};
    const time_point begin = w.now();
    ASSERT_EQ(w.node.join({two.at}), error::none);
    w.sent_now();
    EXPECT_LE(c.join_retry, c.protocol_period < 1s ? 250ms : 500ms);
    time_point due = begin;
    for (const int factor : {1, 2, 4, 4, 4}) {
      due += factor * c.join_retry;
      w.tick_at(due - 1ns);
      EXPECT_EQ(count(w.sent_now(), kind::join_request), 0U) << factor;
      w.tick_at(due);
      EXPECT_EQ(count(w.sent_now(), kind::join_request), 1U) << factor;
    }
    w.live_for(begin + c.join_timeout - 1ns - w.now(), {});
    EXPECT_TRUE(w.events().empty());
    w.tick_at(begin + c.join_timeout);
    EXPECT_EQ(text(w.events()), "join_failed no_answer\n");
    w.live_for(c.join_timeout, {});
    EXPECT_TRUE(w.sent_now().empty());
    EXPECT_EQ(w.node.join({two.at}), error::none) << "the engine lives on";
  }
}

TEST(JoinTimes, TheDeadlineIsWaitedFor) {
  engine_world w;
  ASSERT_EQ(w.node.join({two.at}), error::none);
  std::size_t requests = w.sent_now().size();
  for (int i = 0; i < 3000 && w.now() < engine_world::start + w.settings().join_timeout; ++i) {
    w.next_tick();
    requests += w.sent_now().size();
  }
  EXPECT_EQ(text(w.events()), "join_failed no_answer\n") << "next_deadline led there";
  EXPECT_GT(requests, 10U);
}

TEST(JoinTimes, AnsweredButNeverWholeIsIncomplete) {
  engine_world w;
  ASSERT_EQ(w.node.join({two.at}), error::none);
  reply(w, two, w.sent_now().at(0), 0, {alive(two)});
  w.live_for(w.settings().join_timeout, {two});
  const auto all = w.events();
  ASSERT_EQ(count<flotilla::join_failed>(all), 1U);
  EXPECT_NE(text(all).find("join_failed incomplete"), std::string::npos) << text(all);
}

/// One that begins to answer and then falls silent does not hold up the others.
TEST(JoinTimes, AfterFiveUnansweredRequestsAnotherSeedHasItsTurn) {
  engine_world w;
  ASSERT_EQ(w.node.join({two.at, three.at}), error::none);
  const sent_list all = w.sent_now();
  reply(w, two, only_to(all, two.at).at(0), 0, {alive(two)});
  ASSERT_EQ(only_to(w.sent_now(), two.at).size(), 1U);
  reply(w, three, only_to(all, three.at).at(0), 0, {alive(three)});
  EXPECT_TRUE(only(w.sent_now(), kind::state_request).empty()) << "one at a time";
  sent request;
  for (int i = 0; i < 100 && request.to != three.at; ++i) {
    w.next_tick();
    for (const sent& s : only(w.sent_now(), kind::state_request)) {
      if (s.to == three.at) request = s;
    }
  }
  ASSERT_EQ(request.to, three.at);
  reply(w, three, request, wire::end_of_state, {});
  EXPECT_EQ(count<flotilla::join_completed>(w.events()), 1U);
}

// ---- a busy seed

/// Answers with no chunk, but with the size of the group and somebody else to ask.
void put_off(engine_world& w, const peer& from, const sent& request, std::uint32_t members,
             const facts& named) {
  const bool first = request.kind() == kind::join_request;
  const std::uint32_t sequence = first ? request.as<wire::join_request>().sequence
                                       : request.as<wire::state_request>().sequence;
  w.hear(from, wire::state_reply{sequence, 0xc00c1e, 0, members}, named);
}

/// A seed names old members, which know next to nothing when the whole group has just been started.
TEST(JoinCrowd, GoesBackFromSomebodyWhoKnowsFarLessThanTheSeed) {
  for (const std::uint32_t known : {1U, 87U, 88U, 100U}) {
    engine_world w;
    ASSERT_EQ(w.node.join({two.at}), error::none);
    put_off(w, two, w.sent_now().at(0), 100, {alive(two)});
    const sent_list pulling = only_to(w.sent_now(), two.at);
    ASSERT_EQ(pulling.size(), 1U);
    put_off(w, two, pulling[0], 100, {alive(three)});
    const sent_list elsewhere = only(w.sent_now(), kind::join_request);
    ASSERT_EQ(elsewhere.size(), 1U) << "goes on at once";
    ASSERT_EQ(elsewhere[0].to, three.at);
    put_off(w, three, elsewhere[0], known, {alive(three)});
    const sent_list now = w.sent_now();
    if (known >= 88) {
      EXPECT_EQ(only_to(only(now, kind::state_request), three.at).size(), 1U) << known;
      continue;
    }
    EXPECT_TRUE(now.empty()) << known;
    w.live_for(w.settings().join_retry / 2 - 1ns, {two, three});
    EXPECT_TRUE(only(w.sent_now(), kind::join_request).empty()) << "many do at once";
    sent_list back;
    for (int i = 0; i < 20 && back.empty(); ++i) {
      w.next_tick();
      back = only(w.sent_now(), kind::join_request);
    }
    ASSERT_EQ(back.size(), 1U);
    EXPECT_EQ(back[0].to, two.at);
    EXPECT_LE(w.now(), w.start + w.settings().join_retry);
    put_off(w, two, back[0], 3, {alive(two)});
    EXPECT_EQ(only_to(only(w.sent_now(), kind::state_request), two.at).size(), 1U)
        << "the seed itself is believed, however little it knows";
  }
}

TEST(JoinCrowd, WhoKnowsNearlyAllLeavesTheRestToRepair) {
  for (const bool repairs : {true, false}) {
    for (const std::uint64_t known : {93U, 94U}) {
      config c = plain_config();
      if (repairs) c.repair_interval = 1s;
      engine_world w{c};
      ASSERT_EQ(w.node.join({two.at}), error::none);
      put_off(w, two, w.sent_now().at(0), 100, {alive(two)});
      const sent_list pulling = only_to(w.sent_now(), two.at);
      ASSERT_EQ(pulling.size(), 1U);
      for (std::uint64_t id = 3; id <= known; ++id) w.gossip(two, {alive(peer_of(id))});
      ASSERT_EQ(w.node.size(), known);
      w.events();
      put_off(w, two, pulling[0], 100, {});
      const bool left = repairs && known == 94;
      EXPECT_EQ(count<flotilla::join_completed>(w.events()), left ? 1U : 0U) << known;
      EXPECT_EQ(w.node.cancel_join(), left ? error::not_joining : error::none) << known;
    }
  }
}

/// Those that we knew before may be another group altogether: they say nothing of what we lack.
TEST(JoinCrowd, WhoBringsAGroupAlongDoesNotCountItAsTheSeeds) {
  config c = plain_config();
  c.repair_interval = 1s;
  engine_world w{c};
  const peer seed = peer_of(200);
  w.meet_all(100);
  ASSERT_EQ(w.node.join({seed.at}), error::none);
  put_off(w, seed, only_to(w.sent_now(), seed.at).at(0), 100, {alive(seed)});
  const sent_list pulling = only_to(only(w.sent_now(), kind::state_request), seed.at);
  ASSERT_EQ(pulling.size(), 1U);
  w.events();
  put_off(w, seed, pulling[0], 100, {});
  EXPECT_EQ(count<flotilla::join_completed>(w.events()), 0U) << "nobody of its group is known yet";
  EXPECT_EQ(w.node.cancel_join(), error::none);
}

/// A seed that never has time, and knows nobody who has it, does not keep us from one that is idle.
TEST(JoinCrowd, AskedInTurnAreAllSeedsThatHaveAnswered) {
  for (const bool sends_on : {false, true}) {
    engine_world w;
    ASSERT_EQ(w.node.join({two.at, three.at}), error::none);
    const sent_list all = w.sent_now();
    put_off(w, two, only_to(all, two.at).at(0), 100, {alive(two)});
    put_off(w, three, only_to(all, three.at).at(0), 100, {alive(three)});
    const sent_list first = w.sent_now();
    ASSERT_EQ(first.size(), 1U) << "one at a time";
    ASSERT_EQ(first[0].to, two.at);
    const time_point busy = w.now();
    put_off(w, two, first[0], 100, sends_on ? facts{alive(four)} : facts{});
    if (sends_on) put_off(w, four, only_to(w.sent_now(), four.at).at(0), 1, {alive(four)});
    EXPECT_TRUE(w.sent_now().empty()) << "no more requests than to one seed";
    sent_list next;
    for (int i = 0; i < 20 && next.empty(); ++i) {
      w.next_tick();
      next = only(w.sent_now(), kind::state_request);
    }
    ASSERT_EQ(next.size(), 1U) << sends_on;
    EXPECT_EQ(next[0].to, three.at);
    EXPECT_GE(w.now(), busy + w.settings().join_retry / 2);
    EXPECT_LE(w.now(), busy + w.settings().join_retry);
    put_off(w, three, next[0], 100, {});
    for (int i = 0; i < 20 && next[0].to != two.at; ++i) {
      w.next_tick();
      const sent_list more = only(w.sent_now(), kind::state_request);
      if (!more.empty()) next = more;
    }
    ASSERT_EQ(next[0].to, two.at) << "and again";
    if (sends_on) {
      put_off(w, two, next[0], 100, {});  // we left without its cookie, and have it now
      next = only(w.sent_now(), kind::state_request);
      ASSERT_EQ(next.size(), 1U);
      EXPECT_EQ(next[0].as<wire::state_request>().cookie, 0xc00c1eU);
    }
    reply(w, two, next[0], wire::end_of_state, {alive(two)});
    EXPECT_EQ(count<flotilla::join_completed>(w.events()), 1U) << sends_on;
  }
}

// ---- several seeds

TEST(JoinSeeds, ASeedOfTheSameGroupIsNotPulledFromAgain) {
  engine_world w;
  ASSERT_EQ(w.node.join({two.at, three.at}), error::none);
  const sent_list all = w.sent_now();
  reply(w, three, only_to(all, three.at).at(0), 0, {alive(three)});
  reply(w, two, only_to(all, two.at).at(0), 0, {alive(two)});
  const sent first = only(w.sent_now(), kind::state_request).at(0);
  reply(w, first.to == two.at ? two : three, first, wire::end_of_state, {alive(two), alive(three)});
  EXPECT_TRUE(only(w.sent_now(), kind::state_request).empty());
  EXPECT_EQ(count<flotilla::join_completed>(w.events()), 1U);
  EXPECT_EQ(w.node.cancel_join(), error::not_joining) << "all are done";
}

// It has told us of itself with its first answer; that is no reason not to ask it for the others.
TEST(JoinSeeds, ASeedOfAnotherGroupIsPulledFromToo) {
  for (const bool late : {false, true}) {
    engine_world w;
    ASSERT_EQ(w.node.join({two.at, three.at}), error::none);
    const sent_list all = w.sent_now();
    const sent to_three = only_to(all, three.at).at(0);
    reply(w, two, only_to(all, two.at).at(0), 0, {alive(two)});
    if (!late) reply(w, three, to_three, 0, {alive(three)});
    const sent first = only(w.sent_now(), kind::state_request).at(0);
    ASSERT_EQ(first.to, two.at);
    reply(w, two, first, wire::end_of_state, {alive(two)});
    if (late) reply(w, three, to_three, 0, {alive(three)});
    const sent_list more = only(w.sent_now(), kind::state_request);
    ASSERT_EQ(more.size(), 1U) << late;
    EXPECT_EQ(more[0].to, three.at);
    reply(w, three, more[0], wire::end_of_state, {alive(three), alive(four)});
    EXPECT_EQ(w.state_of(four.id), member_state::alive);
    EXPECT_EQ(count<flotilla::join_completed>(w.events()), 1U) << "the first has told it";
    EXPECT_EQ(w.node.cancel_join(), error::not_joining);
  }
}

// What a seed tells of our former life is heard with its first answer: it is no conflict.
TEST(JoinSeeds, AFormerLifeIsLearntFromTheFirstAnswer) {
  engine_world w;
  ASSERT_EQ(w.node.join({two.at, three.at}), error::none);
  const sent_list all = w.sent_now();
  reply(w, two, only_to(all, two.at).at(0), 0, {alive(self.from(address_of(50)), 5), alive(two)});
  EXPECT_EQ(w.own_number(), 6U);
  EXPECT_EQ(count<flotilla::identity_conflict>(w.events()), 0U);
  EXPECT_EQ(w.node.find(two.id), std::nullopt) << "not before one of them tells of it";
}

/// Two groups joined at once become one, by somebody who names a member of each.
TEST(JoinSeeds, TwoGroupsBecomeOne) {
  for (const bool member_joins : {false, true}) {
    group g{21};
    for (int i = 0; i < 9; ++i) g.add(plain_config_of_a_group());
    for (const std::size_t i : {1U, 2U, 3U}) g[i].join({address_of(0)});
    for (const std::size_t i : {5U, 6U, 7U}) g[i].join({address_of(4)});
    g.run_for(3s);
    EXPECT_EQ(g[0].size(), 4U);
    EXPECT_EQ(g[4].size(), 4U);
    if (member_joins) {
      g.crash(8);
      g[3].join({address_of(5)});
    } else {
      g[8].join({address_of(1), address_of(6)});
    }
    EXPECT_TRUE(g.run_until([&] { return g.full_mesh(); }, 5s));
  }
}

TEST(JoinSeeds, TwoJoiningEachOtherAndASeedThatIsNotThereYet) {
  group g{22};
  config c = plain_config_of_a_group();
  for (int i = 0; i < 3; ++i) g.add(c);
  g[0].join({address_of(1)});
  g[1].join({address_of(0)});
  g[2].join({address_of(3)});  // bound only later
  g.run_for(300ms);
  g.add(c);
  g[3].join({address_of(0)});
  EXPECT_TRUE(g.run_until([&] { return g.full_mesh(); }, 1500ms));
  for (std::size_t i = 0; i < g.size(); ++i) {
    EXPECT_EQ(count<flotilla::join_completed>(g.events(i)), 1U) << i;
    EXPECT_EQ(count<flotilla::join_failed>(g.events(i)), 0U) << i;
  }
}

TEST(JoinState, SurvivesLossAndManyChunks) {
  link_options lossy;
  lossy.loss = 0.2;
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    group g{seed, lossy};
    config c = plain_config_of_a_group();
    c.max_datagram_size = 200;      // a handful of rows in each
    c.suspicion_multiplier = 1000;  // most of them are not there, but stay in the state
    for (int i = 0; i < 2; ++i) g.add(c);
    facts many;
    const auto tag = wire::group_tag_of("");
    for (std::uint64_t n = 100; n < 160; n += 5) {
      many.clear();
      for (std::uint64_t k = 0; k < 5; ++k) many.push_back(alive(peer_of(n + k)));
      g[0].receive(g.now(), peer_of(100).at,
                   datagram(wire::ping{1}, many, {.group_tag = tag, .sender = member_id{100}}));
    }
    g[1].join({address_of(0)});
    EXPECT_TRUE(g.run_until([&] { return count<flotilla::join_completed>(g.events(1)) == 1; },
                            c.join_timeout));
    EXPECT_GE(g[1].members().size(), 61U) << seed << ": all but who told of itself unasked";
  }
}

// ---- serving

TEST(JoinServing, BelievesNothingOfAStrangerBeforeItHasEchoedTheCookie) {
  engine_world w;
  w.meet_all(2);
  w.events();
  w.hear(three, wire::join_request{1, 0}, {alive(three), dead(two.id, 0)});
  EXPECT_EQ(w.node.find(three.id), std::nullopt);
  EXPECT_EQ(w.state_of(two.id), member_state::alive);
  EXPECT_TRUE(w.events().empty());
  const sent first = w.sent_now().at(0);
  EXPECT_EQ(first.about(two.id), nullptr) << "nor does it learn more than who we are";
  ASSERT_NE(first.about(self.id), nullptr);
  const std::uint64_t cookie = first.as<wire::state_reply>().cookie;
  w.hear(three, wire::state_request{2, cookie, 0}, {alive(three)});
  EXPECT_EQ(w.state_of(three.id), member_state::alive);
  const sent chunk = only(w.sent_now(), kind::state_reply).at(0);
  ASSERT_NE(chunk.about(two.id), nullptr);
  EXPECT_EQ(chunk.as<wire::state_reply>().next, wire::end_of_state);
  EXPECT_EQ(chunk.as<wire::state_reply>().members, 3U);
}

TEST(JoinServing, TheStateIsSelfAndWhoIsActiveAndTheAskerIsLeftOut) {
  engine_world w;
  w.meet_all(5);
  w.gossip(two, {suspect(three.id, 0, two.id), dead(four.id, 0), left(member_id{5}, 0)});
  w.hear(two, wire::state_request{1, 0, 0});
  const sent chunk = only(w.sent_now(), kind::state_reply).at(0);
  const facts expected{alive(self), alive(three), suspect(three.id, 0, two.id)};
  EXPECT_EQ(text(chunk.what.facts), text(expected));
}

TEST(JoinServing, AtMostSoManyChunksAPeriod) {
  config c = plain_config();
  c.max_chunks = 2;
  engine_world w{c};
  w.meet_all(3);
  w.live_for(c.protocol_period, {two, three});
  for (std::uint32_t i = 0; i < 3; ++i) w.hear(two, wire::state_request{i, 0, 0});
  EXPECT_EQ(count(w.sent_now(), kind::state_reply), 3U) << "the last one says: not now";
  EXPECT_EQ(w.stats().chunks_served, 2U);
  EXPECT_EQ(w.stats().chunks_refused, 1U);
  w.live_for(c.protocol_period, {two, three});
  w.hear(two, wire::state_request{9, 0, 0});
  w.sent_now();
  EXPECT_EQ(w.stats().chunks_served, 3U);
}

TEST(JoinServing, ACursorBehindTheEndIsTheEnd) {
  engine_world w;
  w.meet_all(3);
  for (const std::uint32_t cursor : {3U, 4U, 1000U, wire::end_of_state}) {
    w.hear(two, wire::state_request{1, 0, cursor});
    const sent chunk = only(w.sent_now(), kind::state_reply).at(0);
    EXPECT_EQ(chunk.as<wire::state_reply>().next, wire::end_of_state);
    EXPECT_TRUE(chunk.what.facts.empty());
  }
}

/// Each chunk must bring at least one row, in the smallest datagrams and for the longest addresses:
/// else the asker asks for the same one for ever.
TEST(JoinServing, EveryChunkMovesOn) {
  for (const bool suspected : {false, true}) {
    for (const bool long_addresses : {false, true}) {
      config c = plain_config();
      c.max_datagram_size = flotilla::min_datagram_size;
      if (long_addresses) c.address = sample::opaque(18);
      engine_world w{c};
      std::vector<peer> others;
      for (std::uint64_t n = 2; n < 8; ++n) {
        peer p = peer_of(n);
        bytes at(18, static_cast<std::byte>(n));
        if (long_addresses) p.at = endpoint::opaque(at).value();
        others.push_back(p);
        w.meet(p);
        if (suspected && n != 2) w.gossip(p, {suspect(p.id, 0)});
      }
      std::uint32_t cursor = 0;
      std::set<member_id> seen;
      for (int i = 0; i < 30 && cursor != wire::end_of_state; ++i) {
        w.hear(others[0], wire::state_request{1, 0, cursor});
        const sent chunk = only(w.sent_now(), kind::state_reply).at(0);
        for (const wire::fact& f : chunk.what.facts) seen.insert(f.subject);
        const std::uint32_t next = chunk.as<wire::state_reply>().next;
        ASSERT_GT(next, cursor) << "suspected " << suspected << ", long " << long_addresses;
        cursor = next;
      }
      EXPECT_EQ(seen.size(), 6U) << "self and all but the asker";
    }
  }
}

// ---- what came by transfer is not passed on

TEST(JoinState, WhatCameByTransferIsNeverQueued) {
  engine_world w;
  ASSERT_EQ(w.node.join({two.at}), error::none);
  answer_join(w, two, w.sent_now().at(0), {alive(two), alive(three), alive(four)});
  EXPECT_EQ(w.node.size(), 4U);
  w.hear(two, wire::ping{1});
  const sent ack = w.sent_now().at(0);
  EXPECT_EQ(ack.about(three.id), nullptr);
  EXPECT_EQ(ack.about(four.id), nullptr);
}

}  // namespace
