// Tests of flotilla/engine.hpp: the engine as a value, and the loop of an embedding program.
// Copies are equal and independent; a moved-from engine may be assigned to (law 6).
#include <flotilla/engine.hpp>

#include <gtest/gtest.h>

#include <type_traits>
#include <utility>
#include <vector>

#include <support/engine_world.hpp>

namespace {

using namespace support;

static_assert(std::is_copy_constructible_v<engine> && std::is_copy_assignable_v<engine>);
static_assert(std::is_nothrow_move_constructible_v<engine>);
static_assert(std::is_nothrow_move_assignable_v<engine>);
static_assert(std::equality_comparable<engine>);

const peer two = peer_of(2);
const peer three = peer_of(3);

engine_world busy_world() {
  engine_world w;
  w.meet_all(5);
  w.gossip(three, {suspect(two.id, 0), dead(member_id{4}, 0)});
  w.node.join({address_of(40)});
  w.hear(two, wire::ping{1});
  return w;
}

TEST(EngineCopy, EqualsItsOriginalAndDiverges) {
  engine_world w = busy_world();
  engine copy = w.node;
  EXPECT_TRUE(copy == w.node);
  EXPECT_EQ(copy.state_hash(), w.node.state_hash());
  EXPECT_TRUE(copy.stats() == w.stats());
  EXPECT_EQ(copy.next_deadline(), w.node.next_deadline());
  const engine before = copy;
  w.live_for(20s, {three});
  EXPECT_FALSE(copy == w.node);
  EXPECT_TRUE(copy == before) << "what the original does is nothing to the copy";
  EXPECT_EQ(copy.find(two.id)->state, member_state::suspect);
  copy = w.node;
  EXPECT_TRUE(copy == w.node);
}

/// Two copies given the same go the same way: that is what simulators build on.
TEST(EngineCopy, TheSameInputsLeadTheSameWay) {
  engine_world w = busy_world();
  engine_world other = w;
  for (int i = 0; i < 200; ++i) {
    w.next_tick();
    other.next_tick();
    const sent_list a = w.sent_now();
    const sent_list b = other.sent_now();
    ASSERT_EQ(a.size(), b.size());
    for (std::size_t k = 0; k < a.size(); ++k) EXPECT_EQ(a[k].raw, b[k].raw);
    w.answer_all({two, three}, a);
    other.answer_all({two, three}, b);
    EXPECT_EQ(text(w.events()), text(other.events()));
    ASSERT_TRUE(w.node == other.node);
  }
}

TEST(EngineMove, TakesEverythingAndLeavesSomethingAssignable) {
  engine_world w = busy_world();
  const engine before = w.node;
  engine moved = std::move(w.node);
  EXPECT_TRUE(moved == before);
  EXPECT_TRUE(moved.stats() == before.stats());
  w.node = before;  // a moved-from engine may be assigned to, by copy
  EXPECT_TRUE(w.node == before);
  engine again = std::move(moved);
  moved = std::move(again);  // and by move
  EXPECT_TRUE(moved == before);
  moved.tick(w.now() + 10s);
  EXPECT_FALSE(moved == before);
  { engine only_destroyed = std::move(moved); }
  std::vector<engine> many;
  for (int i = 0; i < 20; ++i) many.push_back(before);
  for (const engine& e : many) EXPECT_TRUE(e == before);
}

TEST(EngineCopy, ToItself) {
  engine_world w = busy_world();
  const engine before = w.node;
  engine& same = w.node;
  w.node = same;
  EXPECT_TRUE(w.node == before);
}

TEST(EngineCopy, OfTheInertAndTheLeft) {
  config broken = plain_config();
  broken.helpers = 99;
  const engine inert{broken, time_point{}};
  engine copy = inert;
  EXPECT_TRUE(copy == inert);
  EXPECT_EQ(copy.self().id, broken.id) << "the identity as it was given";
  engine_world gone;
  gone.node.leave();
  copy = gone.node;
  EXPECT_TRUE(copy == gone.node);
  EXPECT_EQ(copy.next_deadline(), time_point::max());
}

TEST(Engine, BeginsAsAGroupOfOneThatAnswersJoins) {
  engine_world w;
  EXPECT_EQ(w.node.size(), 1U);
  EXPECT_EQ(w.node.self(), (flotilla::member{member_id{1}, address_of(0), {}, {}}));
  EXPECT_TRUE(w.events().empty());
  EXPECT_TRUE(w.sent_now().empty());
  w.hear(two, wire::join_request{1, 0});
  EXPECT_EQ(w.sent_now().size(), 1U);
}

TEST(Engine, InitialIncarnationIsKept) {
  config c = plain_config();
  c.initial_incarnation = incarnation{41};
  EXPECT_EQ(engine_world{c}.own_number(), 41U);
}

TEST(Engine, AnotherClusterIsAnotherGroup) {
  config c = plain_config();
  c.cluster = "blue";
  engine_world blue{c};
  c.cluster = "green";
  engine_world green{c};
  EXPECT_EQ(green.hear_raw(two.at, blue.packet(two, wire::ping{1})), receive_result::other_group);
  EXPECT_EQ(blue.hear_raw(two.at, blue.packet(two, wire::ping{1})), receive_result::accepted);
}

}  // namespace
