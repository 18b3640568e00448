// Tests of flotilla/engine/facts.hpp: facts about oneself, about members and about strangers.
// Rules (c) and (e) of "own word"; what does not merge is counted.
#include <flotilla/engine/facts.hpp>

#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <string>

#include <flotilla/detail/random.hpp>
#include <support/engine_world.hpp>

namespace {

using namespace support;
using kind = wire::message_kind;

const peer self = peer_of(1);
const peer two = peer_of(2);
const peer three = peer_of(3);
const peer stranger = peer_of(77);
constexpr std::uint32_t window = incarnation::window();

/// Numbers around those where the serials wrap.
constexpr std::uint32_t begins[] = {0, 5, 0xfffffffeU, 0x80000000U};

engine_world world_at(std::uint32_t own, bool acknowledged = true) {
  config c = plain_config();
  c.initial_incarnation = incarnation{own};
  engine_world w{c};
  if (acknowledged) w.meet_all(2);
  return w;
}

/// What an acknowledged engine answers to a fact about itself at a distance from its own number.
struct own_case {
  const char* name;
  member_state state;
  std::uint32_t ahead;   // of the own incarnation, modulo 2^32
  bool here;             // an alive fact tells our own address
  std::uint32_t raised;  // by how much the own incarnation rises
  bool conflict;         // identity_conflict is told
  bool out_of_reach;
};

constexpr auto al = member_state::alive;
constexpr auto su = member_state::suspect;
constexpr auto de = member_state::dead;
constexpr auto le = member_state::left;
constexpr own_case own_cases[] = {
    {"our own word", al, 0, true, 0, false, false},
    {"suspected", su, 0, true, 1, false, false},
    {"declared dead", de, 0, true, 1, false, false},
    {"somebody says that we left", le, 0, true, 1, false, false},
    {"an older word", al, 0U - 1, true, 0, false, false},
    {"an older suspicion", su, 0U - 1, true, 0, false, false},
    {"an older death", de, 0U - 1, true, 0, false, false},
    {"an older farewell", le, 0U - window, true, 0, false, false},
    {"an older word elsewhere", al, 0U - 1, false, 0, false, false},
    {"a newer word", al, 1, true, 2, false, false},
    {"a newer suspicion", su, 1, true, 2, false, false},
    {"a newer death", de, 100, true, 101, false, false},
    {"a newer farewell", le, 7, true, 8, false, false},
    {"W/2 ahead", de, window / 2, true, window / 2 + 1, false, false},
    {"W ahead", de, window, true, window + 1, false, false},
    {"beyond W", de, window + 1, true, 0, false, true},
    {"half the range away", su, 0x80000000U, true, 0, false, true},
    {"beyond W behind", al, 0U - window - 1, true, 0, false, true},
    {"a foreign record", al, 0, false, 1, true, false},
    {"a newer foreign record", al, 3, false, 4, true, false},
    {"a foreign record beyond W", al, window + 1, false, 0, false, true},
};

TEST(FactsAboutSelf, EveryStateAndDistance) {
  for (const std::uint32_t own : begins) {
    for (const own_case& c : own_cases) {
      SCOPED_TRACE(std::string{c.name} + " at " + std::to_string(own));
      engine_world w = world_at(own);
      w.events();
      const peer told = (c.here ? self : self.from(address_of(60))).saying(own + c.ahead);
      wire::fact f = alive(told);
      if (c.state != al) {
        f = {self.id, told.number, c.state, {}, c.state == le ? member_id{} : three.id};
      }
      w.hear(two, wire::ping{1}, {f});
      EXPECT_EQ(w.own_number(), own + c.raised);
      EXPECT_EQ(w.stats().facts_about_self, 1U);
      EXPECT_EQ(w.stats().refutations, c.raised != 0 ? 1U : 0U);
      EXPECT_EQ(w.stats().accusations_out_of_reach, c.out_of_reach ? 1U : 0U);
      EXPECT_EQ(w.stats().foreign_records, c.conflict ? 1U : 0U);
      EXPECT_EQ(w.node.self().state, member_state::alive);
      EXPECT_EQ(w.node.self().address, self.at);
      const auto all = w.events();
      EXPECT_EQ(all.size(), c.conflict ? 1U : 0U) << text(all);
      if (c.conflict) {
        const auto& told_of = std::get<flotilla::identity_conflict>(all.at(0));
        EXPECT_EQ(told_of.member, w.node.self());
        EXPECT_EQ(told_of.other, address_of(60));
      }
      // Whoever raises itself says so at once: the ack is the first to carry it. So does whoever is
      // accused, though it be an old story, lest the accuser ask again.
      const sent ack = w.sent_now().at(0);
      EXPECT_EQ(ack.as<wire::ack>().incarnation.value(), own + c.raised);
      const wire::fact* spoken = ack.about(self.id);
      EXPECT_EQ(spoken != nullptr, c.raised != 0 || c.state == su || c.state == de);
      if (spoken != nullptr) {
        EXPECT_EQ(*spoken, alive(self, own + c.raised));
      }
    }
  }
}

/// (c) Nobody has answered us in this life: we know nothing of our former one.
TEST(FactsAboutSelf, BeforeAnybodyHasAcknowledgedWhateverIsToldIsRaisedPast) {
  for (const std::uint32_t ahead : {window + 1, 0x80000000U, 0U - window - 1}) {
    for (const bool here : {true, false}) {
      engine_world w = world_at(5, false);
      const peer told = (here ? self : self.from(address_of(60))).saying(5 + ahead);
      w.hear(two, wire::ping{1}, {alive(told)});
      EXPECT_EQ(w.own_number(), 5 + ahead + 1);
      EXPECT_TRUE(w.events().empty()) << "a restart at another address is no conflict";
    }
  }
}

TEST(FactsAboutSelf, OnlyUntilSomebodyHasAcknowledged) {
  engine_world w = world_at(0, false);
  w.meet(two);
  w.gossip(two, {dead(self.id, 0x80000000U)});
  EXPECT_EQ(w.own_number(), 0U);
  EXPECT_EQ(w.stats().accusations_out_of_reach, 1U);
}

/// Two processes with one id must not drive each other's incarnation in a storm.
TEST(FactsAboutSelf, ForeignRecordsAreAnsweredOnceAnIntervalThatDoubles) {
  engine_world w = world_at(0);
  const peer double_ = self.from(address_of(60));
  std::uint32_t answered = 0;
  const duration first = w.settings().protocol_period;
  for (int i = 0; i < 64; ++i) {  // 16 s in quarter periods... each time one ahead of us
    const auto before = w.own_number();
    w.gossip(two, {alive(double_, before + 1)});
    answered += w.own_number() != before ? 1U : 0U;
    w.live_for(first / 4, {two});
  }
  EXPECT_EQ(answered, 5U) << "at 0, 1, 3, 7 and 15 periods";
  EXPECT_EQ(count<flotilla::identity_conflict>(w.events()), answered);
}

/// (e) An incarnation in a frame's header never changes the table; it only makes us ask.
TEST(FactsInHeaders, ChangeNothing) {
  for (const std::uint32_t claimed : {1U, 1000U, window + 7, 0xffffffffU}) {
    engine_world w;
    w.meet_all(3);
    w.events();
    for (const wire::message_body& body :
         {wire::message_body{wire::ping{1}}, wire::message_body{wire::nack{1}},
          wire::message_body{wire::ack{1, incarnation{claimed}}},
          wire::message_body{wire::ping_request{1, three.id, three.at}}}) {
      w.hear(two.saying(claimed), body);
    }
    EXPECT_EQ(w.number_of(two.id), 0U);
    EXPECT_TRUE(w.events().empty());
    const sent_list asked = only_to(only(w.sent_now(), kind::ping), two.at);
    EXPECT_EQ(asked.size(), 1U) << "asked directly, at most once a period";
  }
}

// ---- law 8: farther than W from what is held

TEST(FactsOutsideTheWindow, AreCountedAndCauseOneDirectProbeAPeriod) {
  engine_world w;
  w.meet_all(3);
  w.events();
  const std::uint32_t far = window + 1;
  for (int i = 0; i < 3; ++i) {
    w.hear(three, wire::ping{1}, {dead(two.id, far), suspect(two.id, far), left(two.id, far)});
  }
  EXPECT_EQ(w.stats().facts_outside_window, 9U);
  EXPECT_EQ(w.state_of(two.id), member_state::alive);
  EXPECT_EQ(w.number_of(two.id), 0U);
  EXPECT_TRUE(w.events().empty());
  EXPECT_EQ(only_to(w.sent_now(), two.at).size(), 1U);
  w.live_for(w.settings().protocol_period, {two, three});
  w.hear(three, wire::ping{1}, {dead(two.id, far)});
  EXPECT_EQ(only_to(only(w.sent_now(), kind::ping), two.at).size(), 1U) << "in the next period";
  w.gossip(three, {suspect(two.id, window)});
  EXPECT_EQ(w.number_of(two.id), window) << "at W exactly it merges";
}

// ---- members never heard of

TEST(FactsAboutStrangers, AliveAddsOtherFactsDoNot) {
  engine_world w;
  w.meet_all(2);
  w.events();
  w.gossip(two, {suspect(stranger.id, 3)});
  w.gossip(two, {alive(stranger, 3)});
  const auto all = w.events();
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(find<flotilla::member_joined>(all, stranger.id)->member,
            (flotilla::member{stranger.id, stranger.at, incarnation{3}, member_state::alive}));
  EXPECT_EQ(w.state_of(stranger.id), member_state::alive) << "a suspicion is not remembered";
}

/// Cold-start gossip in the wrong order must not bring back the dead (S18).
TEST(FactsAboutStrangers, TheAbsentAreAddedOnlyByANewerWord) {
  for (const wire::fact& gone : {dead(stranger.id, 10), left(stranger.id, 10)}) {
    engine_world w;
    w.meet_all(2);
    w.gossip(two, {gone});
    for (const std::uint32_t old : {0U, 9U, 10U}) {
      w.gossip(two, {alive(stranger, old)});
      EXPECT_EQ(w.node.find(stranger.id), std::nullopt) << old;
    }
    EXPECT_EQ(w.stats().facts_of_the_absent, 3U);
    w.gossip(two, {alive(stranger, 11)});
    EXPECT_EQ(w.state_of(stranger.id), member_state::alive);
    EXPECT_EQ(count<flotilla::member_failed>(w.events()), 0U);
  }
}

TEST(FactsAboutStrangers, TheCacheOfTheAbsentIsBounded) {
  config c = plain_config();
  c.max_absent = 4;
  engine_world w{c};
  w.meet_all(2);
  for (std::uint64_t n = 100; n < 105; ++n) w.gossip(two, {dead(member_id{n}, 10)});
  w.gossip(two, {alive(peer_of(104), 10)});
  EXPECT_EQ(w.node.find(member_id{104}), std::nullopt);
  w.gossip(two, {alive(peer_of(100), 10)});
  EXPECT_NE(w.node.find(member_id{100}), std::nullopt) << "the oldest made room";
}

TEST(FactsAboutStrangers, OurOwnAddressIsNobodyElses) {
  engine_world w;
  w.meet_all(2);
  w.gossip(two, {alive(stranger.from(self.at))});
  w.hear(stranger.from(self.at), wire::ping{1});
  EXPECT_EQ(w.node.find(stranger.id), std::nullopt);
  EXPECT_EQ(w.stats().members_refused_own_address, 1U);
  EXPECT_EQ(count(w.sent_now(), kind::ping), 0U) << "nor do we ask ourselves";
}

TEST(FactsAboutStrangers, NewcomersByGossipAreLimitedPerPeriod) {
  config c = plain_config();
  c.max_new_members = 2;
  engine_world w{c};
  w.meet_all(2);
  w.live_for(w.settings().protocol_period, {two});
  w.gossip(two, {alive(peer_of(10)), alive(peer_of(11)), alive(peer_of(12))});
  EXPECT_EQ(w.node.find(member_id{12}), std::nullopt);
  EXPECT_EQ(w.stats().members_refused_rate, 1U);
  w.meet(peer_of(13));  // asked for: does not count
  w.live_for(w.settings().protocol_period, {two, peer_of(10), peer_of(11), peer_of(13)});
  w.gossip(two, {alive(peer_of(12))});
  EXPECT_NE(w.node.find(member_id{12}), std::nullopt) << "in the next period";
}

TEST(FactsAboutStrangers, AFullTableRefusesAndLosesNothing) {
  config c = plain_config();
  c.max_members = 3;
  engine_world w{c};
  w.meet_all(3);
  w.gossip(two, {alive(peer_of(10)), dead(three.id, 0)});
  w.hear(peer_of(11), wire::ping{1});
  EXPECT_TRUE(only(w.sent_now(), kind::ping).empty()) << "a stranger is not even asked";
  EXPECT_EQ(w.stats().members_refused_table_full, 1U);
  EXPECT_EQ(w.node.members().size(), 3U);
  EXPECT_EQ(w.state_of(three.id), member_state::dead) << "what is held goes on";
}

TEST(FactsAboutTheEvicted, AreIgnored) {
  engine_world w;
  w.meet_all(3);
  ASSERT_EQ(w.node.evict(three.id), command_error::none);
  w.events();
  w.gossip(two, {alive(three, 9), dead(three.id, 10)});
  EXPECT_EQ(w.stats().facts_about_denied, 2U);
  EXPECT_EQ(w.state_of(three.id), member_state::left);
  EXPECT_TRUE(w.events().empty());
}

/// All kinds of facts about members 3 to 79, most of them new.
facts news(flotilla::detail::random_generator& random) {
  facts some;
  for (int i = 0; i < 40; ++i) {
    const peer who = peer_of(3 + random.below(77));
    const std::uint32_t sort = random.below(12);
    if (sort == 0) {
      some.push_back(suspect(who.id, 0));
    } else if (sort == 1) {
      some.push_back(alive(who.from(*endpoint::parse("[2001:db8::1]:7946"))));
    } else if (sort == 2) {
      some.push_back(alive(who.from(peer_of(1 + random.below(20)).at)));  // ours among them
    } else {
      some.push_back(alive(who, random.below(8) == 0 ? 1 : 0));
    }
  }
  return some;
}

// Newcomers come in runs, whose limits are looked at once: it makes no difference.
TEST(FactsInOneDatagram, DoWhatEachOfThemDoesAlone) {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    flotilla::detail::random_generator random{seed};
    config c = plain_config();
    c.doubt_hearsay = seed % 2 == 0;
    c.max_new_members = seed % 3 == 0 ? 16 : 4096;
    c.max_members = seed % 5 == 0 ? 50 : 1000;
    engine_world together{c};
    engine_world alone{c};
    together.meet_all(3);
    alone.meet_all(3);
    for (int i = 0; i < 4; ++i) {
      const facts told = news(random);
      together.hear(two, wire::ack{}, told);
      for (const wire::fact& one : told) alone.hear(two, wire::ack{}, {one});
    }
    ASSERT_EQ(together.node.state_hash(), alone.node.state_hash()) << "seed " << seed;
    ASSERT_EQ(together.stats().facts_known, alone.stats().facts_known);
    ASSERT_EQ(together.stats().facts_merged, alone.stats().facts_merged);
    ASSERT_EQ(together.stats().facts_received, alone.stats().facts_received);
    ASSERT_EQ(together.stats().members_refused_rate, alone.stats().members_refused_rate);
    ASSERT_GT(together.node.size(), 15U);
  }
}

}  // namespace
