// Tests of flotilla/engine/commit.hpp: what a change of the table does everywhere else.
// Replaying the events yields exactly (id, address, state) of members() (law of the events, S13).
#include <flotilla/engine/commit.hpp>

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>

#include <support/engine_world.hpp>

namespace {

using namespace support;
using namespace std::chrono_literals;
using kind = wire::message_kind;

const peer two = peer_of(2);
const peer three = peer_of(3);

/// What an embedding program knows that reads nothing but events.
class replay {
 public:
  void apply(const event& e) { std::visit(*this, e); }

  void operator()(const flotilla::member_joined& e) {
    EXPECT_FALSE(is_active(e.member.id)) << "joined twice: " << text(e.member);
    EXPECT_EQ(e.member.state, member_state::alive);
    seen_[e.member.id] = e.member;
  }
  void operator()(const flotilla::member_suspected& e) { turn(e.member, member_state::alive); }
  void operator()(const flotilla::member_recovered& e) { turn(e.member, member_state::suspect); }
  void operator()(const flotilla::member_failed& e) {
    EXPECT_TRUE(is_active(e.member.id)) << text(e.member);
    EXPECT_EQ(e.member.state, member_state::dead);
    seen_[e.member.id] = e.member;
  }
  void operator()(const flotilla::member_left& e) {
    EXPECT_TRUE(seen_.contains(e.member.id)) << text(e.member);
    EXPECT_NE(seen_[e.member.id].state, member_state::left) << text(e.member);
    seen_[e.member.id] = e.member;
  }
  void operator()(const flotilla::member_updated& e) {
    EXPECT_TRUE(seen_.contains(e.member.id)) << text(e.member);
    // It may come before the event that tells of a new state.
    seen_[e.member.id].address = e.member.address;
  }
  void operator()(const flotilla::member_forgotten& e) {
    EXPECT_FALSE(is_active(e.member.id)) << text(e.member);
    EXPECT_EQ(seen_.erase(e.member.id), 1U) << text(e.member);
  }
  template <class Other>
  void operator()(const Other&) {}

  void reread(const engine& node) {
    seen_.clear();
    for (const flotilla::member m : node.members()) {
      if (m.id != node.self().id) seen_[m.id] = m;
    }
  }
  void expect_equal(const engine& node) const {
    std::map<member_id, std::string> expected;
    std::map<member_id, std::string> told;
    for (const flotilla::member m : node.members()) {
      if (m.id != node.self().id) expected[m.id] = without_incarnation(m);
    }
    for (const auto& [id, m] : seen_) told[id] = without_incarnation(m);
    EXPECT_EQ(told, expected);
  }

 private:
  static std::string without_incarnation(flotilla::member m) {
    m.incarnation = incarnation{};
    return text(m);
  }
  [[nodiscard]] bool is_active(member_id id) const {
    const auto at = seen_.find(id);
    return at != seen_.end() && flotilla::is_active(at->second.state);
  }
  void turn(const flotilla::member& m, member_state before) {
    ASSERT_TRUE(seen_.contains(m.id)) << text(m);
    EXPECT_EQ(seen_[m.id].state, before) << text(m);
    seen_[m.id] = m;
  }
  std::map<member_id, flotilla::member> seen_;
};

/// Any fact about a few members in any order, with time passing, replacements and evictions.
TEST(CommitEvents, ReplayEqualsMembersAfterAnyFacts) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    std::mt19937_64 random{seed};
    config c = plain_config();
    c.tombstone_lifetime = 3 * c.protocol_period;
    c.seed = seed;
    engine_world w{c};
    w.meet_all(4);
    replay heard;
    for (int i = 0; i < 1500; ++i) {
      const peer subject = peer_of(2 + random() % 6);
      const auto n = static_cast<std::uint32_t>(random() % 8);
      const peer from = peer_of(2 + random() % 6);
      const auto say = [&](const facts& all) {  // the evicted may speak too
        w.hear(from, wire::ping{1}, all);
        w.sent_now();
      };
      switch (random() % 9) {
        case 0: say({suspect(subject.id, n)}); break;
        case 1: say({dead(subject.id, n)}); break;
        case 2: say({left(subject.id, n)}); break;
        case 3: say({alive(subject.from(address_of(1 + random() % 8)), n)}); break;
        case 4: w.live_for(w.settings().protocol_period, {subject.saying(n), from}); break;
        case 5: w.node.fail(subject.id); break;
        case 6: random() % 2 == 0 ? w.node.evict(subject.id) : w.node.allow(subject.id); break;
        case 7:
          w.hear(peer_of(20 + random() % 3).from(subject.at), wire::ping{1});
          for (std::uint64_t k = 20; k < 23; ++k) {
            w.answer(peer_of(k).from(subject.at), w.sent_now());
          }
          break;
        default: say({alive(subject, n), suspect(subject.id, n)}); break;
      }
      for (const event& e : w.events()) heard.apply(e);
      heard.expect_equal(w.node);
      if (::testing::Test::HasFailure()) FAIL() << "seed " << seed << ", step " << i;
    }
    EXPECT_EQ(w.stats().events_dropped, 0U);
  }
}

TEST(CommitEvents, ReplayEqualsMembersInRandomGroups) {
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    link_options link;
    link.loss = 0.1;
    group g{seed, link};
    std::mt19937_64 random{seed};
    config c = plain_config_of_a_group();
    c.healing_interval = 1s;
    c.repair_interval = 1s;
    c.tombstone_lifetime = 5s;
    for (int i = 0; i < 8; ++i) g.add(c);
    for (std::size_t i = 1; i < g.size(); ++i) g[i].join({address_of(0)});
    for (int step = 0; step < 12; ++step) {
      const std::size_t who = random() % g.size();
      if (g.running(who)) {
        g.crash(who);
      } else if (random() % 2 == 0) {
        g.wake(who);
      } else {
        g.restart(who);
        g[who].join({address_of(random() % 8), address_of(random() % 8)});
      }
      g.run_for(duration{2s});
    }
    for (std::size_t i = 0; i < g.size(); ++i) {
      if (!g.running(i)) continue;
      g.drain(i);
      replay heard;
      for (const event& e : g.events(i)) heard.apply(e);
      heard.expect_equal(g[i]);
      EXPECT_EQ(g[i].stats().events_dropped, 0U);
    }
    if (::testing::Test::HasFailure()) FAIL() << "seed " << seed;
  }
}

/// After events_lost the list is read anew, and everything later builds on it.
TEST(CommitEvents, AfterALossRereadingContinues) {
  engine_world w;
  w.meet_all(3);
  std::uint32_t n = 0;
  while (w.stats().events_dropped < 3) {
    w.gossip(three, {alive(two, ++n), dead(two.id, n)});
    ASSERT_LT(n, 10000U);
  }
  w.gossip(three, {alive(two, n + 1)});
  replay heard;
  for (const event& e : w.events()) {
    if (const auto* lost = std::get_if<flotilla::events_lost>(&e)) {
      EXPECT_EQ(lost->count, w.stats().events_dropped);
      heard.reread(w.node);
    }
  }
  heard.expect_equal(w.node);
  w.gossip(three, {suspect(two.id, n + 1), alive(peer_of(9))});
  for (const event& e : w.events()) heard.apply(e);
  heard.expect_equal(w.node);
}

/// The ring holds at least what one input can cause (law 2): a full datagram of news on an empty
/// ring loses nothing.
TEST(CommitEvents, OneInputNeverOverflowsAnEmptyRing) {
  for (const std::size_t size :
       {flotilla::min_datagram_size, std::size_t{1400}, std::size_t{9000}}) {
    config c = plain_config();
    c.max_datagram_size = size;
    engine_world w{c};
    w.meet_all(2);
    w.events();
    const std::size_t room = (size - 33) / 22;
    facts all;
    for (std::uint64_t k = 0; k < room; ++k) all.push_back(alive(peer_of(100 + k)));
    w.gossip(two, all);
    w.events();
    for (wire::fact& f : all) f = dead(f.subject, 0);
    w.gossip(two, all);
    w.events();
    for (wire::fact& f : all) f = suspect(f.subject, 1);  // joined and suspected: two each
    w.gossip(two, all);
    EXPECT_EQ(w.events().size(), 2 * room);
    EXPECT_EQ(w.stats().events_dropped, 0U);
  }
}

TEST(CommitEvents, ABareChangeOfIncarnationMakesNone) {
  engine_world w;
  w.meet_all(3);
  w.gossip(three, {suspect(two.id, 0)});
  w.events();
  w.gossip(three, {suspect(two.id, 5)});
  w.gossip(three, {alive(two, 5)});
  EXPECT_TRUE(w.events().empty()) << "older than the suspicion";
  w.gossip(three, {alive(two, 6)});
  EXPECT_EQ(w.events().size(), 1U);
  w.gossip(three, {alive(two, 7)});
  EXPECT_TRUE(w.events().empty());
}

/// Each event in full, for each way from one state to another.
TEST(CommitEvents, EveryTransition) {
  struct step {
    const char* name;
    wire::fact first;
    wire::fact second;
    const char* told;
  };
  const std::string at = two.at.to_string();
  const std::string there = address_of(60).to_string();
  const step steps[] = {
      {"alive to suspect", alive(two, 1), suspect(two.id, 1), "suspected suspect 2@1"},
      {"alive to dead", alive(two, 1), dead(two.id, 1), "failed dead 2@1"},
      {"alive to left", alive(two, 1), left(two.id, 1), "left left 2@1"},
      {"alive moves", alive(two, 1), alive(two.from(address_of(60)), 2), "updated alive 2@2"},
      {"suspect to alive", suspect(two.id, 1), alive(two, 2), "recovered alive 2@2"},
      {"suspect to dead", suspect(two.id, 1), dead(two.id, 1), "failed dead 2@1"},
      {"suspect to left", suspect(two.id, 1), left(two.id, 1), "left left 2@1"},
      {"dead to alive", dead(two.id, 1), alive(two, 2), "joined alive 2@2"},
      {"dead to suspect", dead(two.id, 1), suspect(two.id, 2), "joined alive 2@2"},
      {"dead to left", dead(two.id, 1), left(two.id, 1), "left left 2@1"},
      {"left to alive", left(two.id, 1), alive(two, 2), "joined alive 2@2"},
      {"left to dead", left(two.id, 1), dead(two.id, 2), "joined alive 2@2"},
      {"left to suspect", left(two.id, 1), suspect(two.id, 2), "joined alive 2@2"},
      {"dead stays dead", dead(two.id, 1), suspect(two.id, 1), ""},
      {"left stays left", left(two.id, 1), dead(two.id, 1), ""},
  };
  for (const step& s : steps) {
    SCOPED_TRACE(s.name);
    engine_world w;
    w.meet_all(3);
    w.gossip(three, {s.first});
    w.events();
    w.gossip(three, {s.second});
    EXPECT_EQ(text(w.events()).substr(0, std::string{s.told}.size()), s.told);
    if (std::string{s.told}.empty()) {
      EXPECT_EQ(w.state_of(two.id), s.first.state);
    }
  }
}

// ---- timers

/// ceil(ln(n + 1)) rises between six and seven members, ourselves counted: who comes back as a
/// suspect is one of them, as whoever was there all the time.
TEST(CommitTimers, WhoReturnsAsASuspectCountsAsAMember) {
  config c = plain_config();
  c.suspicion_max_multiplier = 1;
  c.checked_verdicts = false;
  ASSERT_LT(flotilla::suspicion_timeout(c, 6), flotilla::suspicion_timeout(c, 7));
  engine_world w{c};
  w.meet_all(7);
  w.gossip(two, {dead(three.id, 0)});
  ASSERT_EQ(w.node.size(), 6U);
  w.gossip(two, {suspect(three.id, 1)});
  ASSERT_EQ(w.state_of(three.id), member_state::suspect);
  const duration patience = flotilla::suspicion_timeout(c, 7);
  w.live_for(patience - 1ns, {two, peer_of(4), peer_of(5), peer_of(6), peer_of(7)});
  EXPECT_EQ(w.state_of(three.id), member_state::suspect);
  w.tick_after(1ns);
  EXPECT_EQ(w.state_of(three.id), member_state::dead);
}

// ---- what is passed on

TEST(CommitGossip, NewestSupersedesAndIsSentToOthersFirst) {
  engine_world w;
  w.meet_all(3);
  w.flush_gossip(three);
  w.gossip(two, {suspect(member_id{9}, 0)});  // about nobody known: not passed on
  w.hear(two, wire::ping{1}, {suspect(three.id, 0, two.id)});
  w.hear(two, wire::ping{2}, {alive(three, 1)});
  const sent_list acks = w.sent_now();
  ASSERT_EQ(acks.size(), 2U);
  const facts newest{alive(three, 1)};
  for (const sent& s : acks) EXPECT_EQ(s.what.facts, newest) << "built when pulled";
}

/// Each fact goes out lambda * ceil(ln(n+1)) times, then no more.
TEST(CommitGossip, EachFactIsSentOnlySoOften) {
  engine_world w;
  w.meet_all(6);
  w.flush_gossip(two);
  const std::uint32_t budget = flotilla::transmit_budget(w.settings(), 6);
  w.gossip(two, {suspect(three.id, 0)});
  std::uint32_t told = 1;  // with the ack that gossip() has dropped
  for (int i = 0; i < 40; ++i) {
    w.hear(two, wire::ping{1});
    for (const sent& s : w.sent_now()) told += s.about(three.id) != nullptr ? 1U : 0U;
  }
  EXPECT_EQ(told, budget);
}

/// Accusations carry no address: that a dead member's place became known is no news to anybody.
TEST(CommitGossip, APlaceUnderAVerdictIsNotToldAnew) {
  engine_world w;
  w.meet_all(6);
  w.flush_gossip(two);
  w.gossip(two, {dead(three.id, 1)});
  for (int i = 0; i < 40; ++i) {
    w.hear(two, wire::ping{1});
    w.sent_now();
  }
  ASSERT_EQ(w.stats().gossip_pending, 0U);
  w.gossip(two, {alive(three, 1)});
  EXPECT_EQ(w.node.find(three.id)->state, member_state::dead);
  EXPECT_EQ(w.stats().gossip_pending, 0U);
}

/// A farewell that is first learnt in a state reply may have reached nobody else (L9); of members
/// that are there the replier tells all itself.
TEST(CommitGossip, AFarewellThatCameByTransferIsToldOn) {
  engine_world w;
  const peer server = two;
  const peer gone = three;
  ASSERT_EQ(w.node.join({server.at}), flotilla::command_error::none);
  const sent_list request = only(w.sent_now(), kind::join_request);
  ASSERT_EQ(request.size(), 1U);
  w.hear(server, wire::state_reply{request[0].as<wire::join_request>().sequence, 1, 0, 5},
         {alive(server), alive(gone)});
  const sent_list more = only(w.sent_now(), kind::state_request);
  ASSERT_EQ(more.size(), 1U);
  w.hear(server,
         wire::state_reply{more[0].as<wire::state_request>().sequence, 1, wire::end_of_state, 5},
         {left(gone.id, 0), alive(peer_of(50))});
  EXPECT_EQ(w.node.find(gone.id)->state, member_state::left);
  ASSERT_TRUE(w.node.find(member_id{50}).has_value());
  w.hear(server, wire::ping{1});
  const sent_list acks = only(w.sent_now(), kind::ack);
  ASSERT_EQ(acks.size(), 1U);
  EXPECT_NE(acks[0].about(gone.id), nullptr);
  EXPECT_EQ(acks[0].about(member_id{50}), nullptr) << "what came by transfer is not told on";
}

}  // namespace
