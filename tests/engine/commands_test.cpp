// Tests of flotilla/engine/commands.hpp: every command, and every way in which it is refused.
// An error other than `none` means that nothing changed.
#include <flotilla/engine/commands.hpp>

#include <gtest/gtest.h>

#include <functional>
#include <optional>
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

/// The engine is exactly as before, and has nothing new to say.
void expect_refused(engine& node, error why, const std::function<error(engine&)>& command) {
  const engine before = node;
  EXPECT_EQ(to_string(command(node)), to_string(why));
  EXPECT_TRUE(node == before);
  EXPECT_EQ(node.state_hash(), before.state_hash());
  EXPECT_TRUE(node.stats() == before.stats());
}

using command = std::function<error(engine&)>;
const command join_one = [](engine& e) { return e.join({two.at}); };
const command cancel = [](engine& e) { return e.cancel_join(); };
const command leave = [](engine& e) { return e.leave(); };
const command move_away = [](engine& e) { return e.set_address(address_of(60)); };

command fail(member_id id) {
  return [id](engine& e) { return e.fail(id); };
}
command evict(member_id id) {
  return [id](engine& e) { return e.evict(id); };
}
command allow(member_id id) {
  return [id](engine& e) { return e.allow(id); };
}
command join(std::vector<endpoint> seeds) {
  return [seeds](engine& e) { return e.join(seeds); };
}

TEST(Commands, AreRefusedByAnInertEngineAndByOneThatLeavesOrHasLeft) {
  config broken = plain_config();
  broken.max_members = 0;
  engine inert{broken, time_point{}};
  engine_world gone;
  gone.meet_all(2);
  engine leaving = gone.node;
  ASSERT_EQ(leaving.leave(), error::none);
  engine left = engine{plain_config(), time_point{}};
  ASSERT_EQ(left.leave(), error::none);
  for (const command& c :
       {join_one, join({}), cancel, leave, move_away, fail(two.id), evict(two.id), allow(two.id)}) {
    expect_refused(inert, error::inert, c);
    expect_refused(leaving, error::left, c);
    expect_refused(left, error::left, c);
  }
}

TEST(Commands, EveryOtherError) {
  config c = plain_config();
  c.max_denied = 1;
  engine_world w{c};
  w.meet_all(4);
  w.gossip(two, {dead(three.id, 0), left(four.id, 0)});
  std::vector<endpoint> many;
  for (std::size_t i = 0; i < 17; ++i) many.push_back(address_of(40 + i));
  expect_refused(w.node, error::no_seeds, join({}));
  expect_refused(w.node, error::too_many_seeds, join(many));
  expect_refused(w.node, error::bad_address, join({two.at, endpoint{}}));
  expect_refused(w.node, error::bad_address, join({endpoint::ipv4({224, 0, 0, 1}, 1)}));
  expect_refused(w.node, error::not_joining, cancel);
  expect_refused(w.node, error::bad_address, [](engine& e) { return e.set_address({}); });
  expect_refused(w.node, error::unknown_member, fail(member_id{99}));
  expect_refused(w.node, error::unknown_member, fail(member_id{}));
  expect_refused(w.node, error::own_id, fail(self.id));
  expect_refused(w.node, error::not_active, fail(three.id));
  expect_refused(w.node, error::not_active, fail(four.id));
  expect_refused(w.node, error::unknown_member, evict(member_id{}));
  expect_refused(w.node, error::own_id, evict(self.id));
  expect_refused(w.node, error::own_id, allow(self.id));
  expect_refused(w.node, error::not_denied, allow(two.id));
  ASSERT_EQ(w.node.evict(two.id), error::none);
  expect_refused(w.node, error::deny_list_full, evict(member_id{99}));
  expect_refused(w.node, error::none, evict(two.id));  // is so already
}

// ---- set_address

TEST(CommandSetAddress, RaisesTheIncarnationAndIsTold) {
  engine_world w;
  w.meet_all(2);
  w.flush_gossip(two);
  ASSERT_EQ(w.node.set_address(address_of(60)), error::none);
  const flotilla::member now{self.id, address_of(60), incarnation{1}, member_state::alive};
  EXPECT_EQ(w.node.self(), now);
  EXPECT_EQ(w.node.find(self.id), now);
  EXPECT_TRUE(w.events().empty()) << "no member events about self";
  w.hear(two, wire::ping{1});
  EXPECT_EQ(*w.sent_now().at(0).about(self.id), alive(self.from(address_of(60)), 1));
  expect_refused(w.node, error::none,
                 [](engine& e) { return e.set_address(address_of(60)); });  // the same: no change
}

TEST(CommandSetAddress, OthersUpdateTheirs) {
  group g{3};
  for (int i = 0; i < 4; ++i) g.add(plain_config_of_a_group());
  for (std::size_t i = 1; i < g.size(); ++i) g[i].join({address_of(0)});
  ASSERT_TRUE(g.run_until([&] { return g.full_mesh(); }, 5s));
  for (std::size_t i = 0; i < g.size(); ++i) g.events(i).clear();
  ASSERT_EQ(g[3].set_address(address_of(60)), error::none);
  g.move(3, address_of(60));
  g.run_for(5s);
  EXPECT_TRUE(g.full_mesh());
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(g[i].find(member_id{4})->address, address_of(60));
    EXPECT_EQ(text(g.events(i)), "updated alive 4@1 at " + address_of(60).to_string() + "\n");
  }
  EXPECT_TRUE(g.events(3).empty()) << text(g.events(3));
}

// ---- fail

TEST(CommandFail, DeclaresDeadAndCanBeRefuted) {
  engine_world w;
  w.meet_all(3);
  w.flush_gossip(three);
  ASSERT_EQ(w.node.fail(two.id), error::none);
  const auto all = w.events();
  ASSERT_EQ(all.size(), 1U);
  const auto* failed = find<flotilla::member_failed>(all, two.id);
  ASSERT_NE(failed, nullptr);
  EXPECT_EQ(failed->evidence.accuser, self.id);
  EXPECT_EQ(failed->evidence.since, w.now());
  EXPECT_EQ(failed->evidence.probe, 0U) << "no probe failed";
  EXPECT_EQ(w.node.size(), 2U);
  const auto first = w.sent_now();
  ASSERT_EQ(first.size(), 1U) << "to the accused, without waiting for its turn";
  EXPECT_EQ(first[0].to, two.at);
  EXPECT_EQ(*first[0].about(two.id), dead(two.id, 0, self.id));
  w.hear(three, wire::ping{1});
  EXPECT_EQ(*w.sent_now().at(0).about(two.id), dead(two.id, 0, self.id)) << "told to all";
  w.hear(two, wire::ping{1});
  EXPECT_EQ(*w.sent_now().at(0).about(two.id), dead(two.id, 0, self.id)) << "and to itself";
  w.gossip(three, {alive(two, 1)});
  EXPECT_EQ(w.state_of(two.id), member_state::alive);
  EXPECT_EQ(count<flotilla::member_joined>(w.events()), 1U);
}

TEST(CommandFail, OfALivingMemberIsRefutedEverywhere) {
  group g{4};
  config c = plain_config_of_a_group();
  c.healing_interval = c.protocol_period;
  for (int i = 0; i < 4; ++i) g.add(c);
  for (std::size_t i = 1; i < g.size(); ++i) g[i].join({address_of(0)});
  ASSERT_TRUE(g.run_until([&] { return g.full_mesh(); }, 5s));
  ASSERT_EQ(g[0].fail(member_id{3}), error::none);
  EXPECT_FALSE(g.full_mesh());
  EXPECT_TRUE(g.run_until([&] { return g.full_mesh(); }, 10s));
  EXPECT_GE(g[2].self().incarnation.value(), 1U);
}

TEST(CommandFail, ASuspectToo) {
  engine_world w;
  w.meet_all(3);
  w.gossip(three, {suspect(two.id, 0)});
  ASSERT_EQ(w.node.fail(two.id), error::none);
  EXPECT_EQ(w.state_of(two.id), member_state::dead);
  EXPECT_EQ(w.stats().suspicions_held, 0U);
  w.events();
  w.live_for(10s, {three});
  EXPECT_TRUE(w.events().empty()) << "no second verdict";
}

// ---- evict and allow

TEST(CommandEvict, IsLocalAndSilent) {
  engine_world w;
  w.meet_all(3);
  w.flush_gossip(three);
  ASSERT_EQ(w.node.evict(two.id), error::none);
  EXPECT_EQ(w.state_of(two.id), member_state::left);
  EXPECT_EQ(text(w.events()), "left " + text(*w.node.find(two.id)) + "\n");
  EXPECT_EQ(w.hear(two, wire::ping{1}), receive_result::denied);
  EXPECT_TRUE(w.sent_now().empty());
  w.hear(three, wire::ping{1});
  EXPECT_EQ(w.sent_now().at(0).about(two.id), nullptr) << "not gossiped";
  w.live_for(2 * w.settings().tombstone_lifetime, {three});
  EXPECT_EQ(w.state_of(two.id), member_state::left) << "shown as left as long as it is evicted";
  EXPECT_TRUE(w.events().empty());
  EXPECT_TRUE(only_to(w.sent_now(), two.at).empty());
}

TEST(CommandEvict, SomebodyNotKnownYetNeverEnters) {
  engine_world w;
  w.meet_all(2);
  ASSERT_EQ(w.node.evict(three.id), error::none);
  w.events();
  EXPECT_EQ(w.hear(three, wire::ping{1}), receive_result::denied);
  w.gossip(two, {alive(three)});
  EXPECT_EQ(w.node.find(three.id), std::nullopt);
  EXPECT_TRUE(w.events().empty());
}

TEST(CommandEvict, InTheMiddleOfItsProbe) {
  engine_world w;
  w.meet_all(3);
  static_cast<void>(w.probe_of(two, {three}));
  ASSERT_EQ(w.node.evict(two.id), error::none);
  w.events();
  w.live_for(10s, {three});
  EXPECT_TRUE(w.events().empty());
  EXPECT_EQ(w.state_of(two.id), member_state::left);
}

TEST(CommandAllow, ForgetsAndLetsInAgain) {
  engine_world w;
  w.meet_all(3);
  ASSERT_EQ(w.node.evict(two.id), error::none);
  w.events();
  ASSERT_EQ(w.node.allow(two.id), error::none);
  EXPECT_EQ(w.node.find(two.id), std::nullopt);
  EXPECT_EQ(count<flotilla::member_forgotten>(w.events()), 1U);
  w.gossip(three, {alive(two)});
  EXPECT_EQ(w.state_of(two.id), member_state::alive);
  EXPECT_EQ(count<flotilla::member_joined>(w.events()), 1U);
  ASSERT_EQ(w.node.evict(member_id{99}), error::none);
  EXPECT_EQ(w.node.allow(member_id{99}), error::none) << "somebody never heard of";
  EXPECT_TRUE(w.events().empty());
}

// ---- views

TEST(CommandViews, FindAndSizeAndSelf) {
  engine_world w;
  EXPECT_EQ(w.node.size(), 1U);
  EXPECT_EQ(w.node.find(self.id), w.node.self());
  EXPECT_EQ(w.node.find(member_id{}), std::nullopt);
  w.meet_all(4);
  w.gossip(two, {suspect(two.id, 0), dead(three.id, 0), left(four.id, 0)});
  EXPECT_EQ(w.node.size(), 2U) << "self and the suspect";
  EXPECT_EQ(w.stats().members_dead, 1U);
  EXPECT_EQ(w.stats().members_left, 1U);
  EXPECT_EQ(w.stats().suspicions_held, 1U);
  for (const peer& p : {two, three, four}) EXPECT_NE(w.node.find(p.id), std::nullopt);
}

}  // namespace
