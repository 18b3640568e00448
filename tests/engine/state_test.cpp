// Tests of flotilla/engine/state.hpp: an engine is one plain value (law 6).
// state_hash() and == see the same things, and neither sees the counters.
#include <flotilla/engine/state.hpp>

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>

#include <support/engine_world.hpp>

namespace {

using namespace support;

const peer two = peer_of(2);
const peer three = peer_of(3);

/// Some input, drawn at random; what it is does not matter here.
void poke(engine_world& w, std::mt19937_64& random) {
  const peer from = peer_of(2 + random() % 6);
  const peer subject = peer_of(1 + random() % 8);
  const auto n = static_cast<std::uint32_t>(random() % 5);
  switch (random() % 10) {
    case 0: w.hear(from, wire::ping{n}, {alive(subject, n)}); break;
    case 1: w.hear(from, wire::ping{n}, {suspect(subject.id, n)}); break;
    case 2: w.hear(from, wire::ping{n}, {dead(subject.id, n)}); break;
    case 3: w.hear(from, wire::ping_request{n, subject.id, subject.at}); break;
    case 4: w.hear(from, wire::join_request{n, 0}); break;
    case 5: w.answer_all({from, subject}, w.sent_now()); break;
    case 6: w.next_tick(); break;
    case 7: w.events(); break;
    case 8: w.node.join({subject.at, from.at}); break;
    default: w.tick_after(duration{static_cast<std::int64_t>(random() % 100'000'000)}); break;
  }
}

TEST(State, HashAndEqualityAgreeOverRandomRuns) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    engine_world w;
    w.meet_all(4);
    std::mt19937_64 random{seed};
    std::map<std::uint64_t, engine> seen;
    for (int i = 0; i < 300; ++i) {
      const engine before = w.node;
      poke(w, random);
      EXPECT_EQ(before == w.node, before.state_hash() == w.node.state_hash()) << i;
      const auto [at, fresh] = seen.emplace(w.node.state_hash(), w.node);
      if (!fresh) {
        EXPECT_TRUE(at->second == w.node) << i;
      }
    }
  }
}

TEST(State, TheSameInputsGiveTheSameStateAndBytes) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    engine_world a;
    engine_world b;
    std::mt19937_64 random_a{seed};
    std::mt19937_64 random_b{seed};
    for (int i = 0; i < 500; ++i) {
      poke(a, random_a);
      poke(b, random_b);
      ASSERT_TRUE(a.node == b.node);
      ASSERT_EQ(a.node.state_hash(), b.node.state_hash());
    }
    EXPECT_TRUE(a.stats() == b.stats());
  }
}

TEST(State, AnotherSeedIsAnotherEngine) {
  config c = plain_config();
  const engine a{c, time_point{}};
  c.seed = 8;
  const engine b{c, time_point{}};
  EXPECT_FALSE(a == b);
  EXPECT_NE(a.state_hash(), b.state_hash());
}

TEST(State, CountersAreNotPartOfIt) {
  engine_world w;
  w.meet_all(2);
  w.node.receive(w.now(), two.at, {});
  const engine before = w.node;
  w.node.receive(w.now(), two.at, {});
  EXPECT_FALSE(before.stats() == w.stats());
  EXPECT_TRUE(before == w.node);
}

/// What each kind of input touches is seen by both.
TEST(State, EveryRoomIsSeen) {
  engine_world w;
  w.meet_all(4);
  std::vector<engine> states{w.node};
  const auto note = [&](const char* what) {
    for (const engine& former : states) {
      EXPECT_FALSE(former == w.node) << what;
      EXPECT_NE(former.state_hash(), w.node.state_hash()) << what;
    }
    states.push_back(w.node);
  };
  w.hear(two, wire::ping{1});
  note("outbox");
  w.sent_now();
  w.hear(two, wire::ping{1}, {suspect(three.id, 0)});
  note("table, suspicion, queue, events");
  w.events();
  note("events");
  w.sent_now();
  note("sent");
  w.hear(two, wire::ping{2}, {dead(member_id{50}, 0)});
  w.sent_now();
  note("absent cache");
  w.node.evict(member_id{60});
  note("deny list");
  w.hear(two, wire::ping_request{1, three.id, three.at});
  note("relay");
  w.node.join({address_of(40)});
  note("join");
  w.node.set_address(address_of(61));
  note("self");
  w.tick_after(1ns);
  note("time");
  w.node.leave();
  note("farewell");
}

}  // namespace
