// Tests of flap damping in the engine: what member_joined tells about who fails and returns.
// An option: without it the penalty is 0, and in no case does the protocol change.
#include <flotilla/engine/commit.hpp>

#include <gtest/gtest.h>

#include <support/engine_world.hpp>

namespace {

using namespace support;

const peer two = peer_of(2);
const peer three = peer_of(3);

config damping(duration half_life) {
  config c = plain_config();
  c.flap_half_life = half_life;
  return c;
}

/// Two dies and returns with the next incarnation; the penalty that is told then.
std::uint32_t flap(engine_world& w, std::uint32_t number, duration dead_for) {
  w.gossip(three, {dead(two.id, number)});
  w.live_for(dead_for, {three});
  w.events();
  w.gossip(three, {alive(two, number + 1)});
  const auto all = w.events();
  const auto* joined = find<flotilla::member_joined>(all, two.id);
  EXPECT_NE(joined, nullptr);
  return joined == nullptr ? ~0U : joined->penalty;
}

TEST(Flapping, EachFailureAddsAndTimeTakesAway) {
  engine_world w{damping(10s)};
  w.meet_all(3);
  const auto first = w.events();
  ASSERT_NE(find<flotilla::member_joined>(first, two.id), nullptr);
  EXPECT_EQ(find<flotilla::member_joined>(first, two.id)->penalty, 0U) << "a newcomer";
  EXPECT_EQ(flap(w, 0, 0s), 1000U);
  EXPECT_EQ(flap(w, 1, 0s), 2000U);
  EXPECT_EQ(flap(w, 2, 10s), 1500U) << "3,000, halved";
  w.live_for(20s, {two.saying(3), three});
  EXPECT_EQ(flap(w, 3, 0s), 1375U) << "a quarter of it, and one more";
}

TEST(Flapping, HasAMost) {
  engine_world w{damping(1h)};
  w.meet_all(3);
  std::uint32_t penalty = 0;
  for (std::uint32_t n = 0; n < 40; ++n) penalty = flap(w, n, 0s);
  EXPECT_EQ(penalty, flotilla::max_flap_penalty);
}

/// Suspicions and farewells are no failures.
TEST(Flapping, OnlyFailuresCount) {
  engine_world w{damping(1h)};
  w.meet_all(3);
  for (std::uint32_t n = 0; n < 5; ++n) {
    w.gossip(three, {suspect(two.id, 2 * n)});
    w.gossip(three, {alive(two, 2 * n + 1)});
    w.gossip(three, {left(two.id, 2 * n + 1)});
    w.events();
    w.gossip(three, {alive(two, 2 * n + 2)});
    const auto all = w.events();
    ASSERT_NE(find<flotilla::member_joined>(all, two.id), nullptr);
    EXPECT_EQ(find<flotilla::member_joined>(all, two.id)->penalty, 0U);
  }
}

TEST(Flapping, IsOffUnlessAskedFor) {
  engine_world w;
  w.meet_all(3);
  for (std::uint32_t n = 0; n < 5; ++n) EXPECT_EQ(flap(w, n, 0s), 0U);
}

}  // namespace
