// testing/checkers/view_support.hpp - a rough day of a healthy group, and engines in wanted states
// Checkers of views are silent over the one, and must bite when they are fed others out of order.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include <flotilla/testing/checkers/checker.hpp>

namespace view_support {

using namespace std::chrono_literals;
using flotilla::command_error;
using flotilla::config;
using flotilla::endpoint;
using flotilla::engine;
using flotilla::event;
using flotilla::incarnation;
using flotilla::member;
using flotilla::member_id;
using flotilla::member_state;
using flotilla::time_point;
using flotilla::testing::cluster;
using flotilla::testing::engine_observer;
using flotilla::testing::input_kind;
using flotilla::testing::memory_kept;
using flotilla::testing::node_index;
using flotilla::testing::report;
namespace wire = flotilla::wire;

// ---- a rough day

/// How many events of each type were told.
class event_counts final : public engine_observer {
 public:
  void on_event(time_point now, node_index node, const engine& after, const event& what) override {
    (void)now, (void)node, (void)after;
    ++counts_[what.index()];
  }
  template <class Event>
  [[nodiscard]] std::uint64_t of() const {
    return counts_[event{Event{}}.index()];
  }

 private:
  std::uint64_t counts_[std::variant_size_v<event>]{};
};

/// Members that find a failure in two seconds and forget it after 15 more.
inline config quick() {
  config c = config::loopback();
  c.tombstone_lifetime = 15s;
  return c;
}

/// Ten members whose links lose 5 %, and one thing after another that happens to them: all that
/// the protocol promises to bear, and what a person may do by hand.
class rough_day {
 public:
  explicit rough_day(std::uint64_t seed, const config& base = quick()) : group{seed, base} {
    group.sim().watch(told);
  }

  /// Watchers come before this.
  void run() {
    group.add_joined(10);
    group.run_for(3s);
    flotilla::testing::link_options link;
    link.loss = flotilla::testing::chance::percent(5);
    group.net().set_link(link);
    processes_come_and_go();
    paths_and_clocks_fail();
    people_interfere();
  }

  cluster group;
  event_counts told{};

 private:
  void come_back(node_index i, memory_kept kept) {
    group.restart(i, kept);
    group.join(i, 0);
    group.run_for(3s);
  }
  void processes_come_and_go() {
    for (const node_index i : {3U, 4U, 5U}) group.crash(i);
    group.run_for(6s);
    come_back(3, memory_kept::nothing);
    come_back(4, memory_kept::incarnation);
    come_back(5, memory_kept::not_even_id);
    come_back(3, memory_kept::nothing);  // nobody has missed it yet
    group.freeze(6);
    group.run_for(4s);
    group.resume(6);
    group.run_for(3s);
    group.block(7);
    group.run_for(1200ms);
    group.resume(7);
    group.run_for(3s);
    group.crash(6);  // for good: it is forgotten in the end
  }
  void paths_and_clocks_fail() {
    group.net().partition(std::vector<std::uint32_t>{0, 0, 0, 0, 0, 1, 1, 1, 1, 1});
    group.run_for(6s);
    group.net().mend_all();
    group.run_for(10s);
    group.sim().jump_clock(1, 30s);
    group.sim().jump_clock(2, -5s);
    group.sim().drift_clock(8, 100'000);
    group.run_for(5s);
    group.net().isolate(2);
    group.run_for(1300ms);
    group.net().mend_all();
    group.run_for(5s);
  }
  void people_interfere() {
    const endpoint old = group.sim().process_of(8).address;
    group.set_address(8, endpoint::ipv4({172, 16, 0, 8}, 7946));
    group.run_for(1s);
    group.sim().close_address(old);
    group.run_for(4s);
    group.leave(9);
    group.run_for(4s);
    command(0, [this](engine& e) { return e.fail(group.id_of(1)); });
    command(2, [this](engine& e) { return e.evict(group.id_of(4)); });
    group.run_for(3s);
    command(2, [this](engine& e) { return e.allow(group.id_of(4)); });
    group.run_for(30s);
  }
  template <class Command>
  void command(node_index i, Command what) {
    group.sim().command(i, [&](engine& e) { EXPECT_EQ(what(e), command_error::none); });
  }
};

/// Several rough days under the eyes of one checker, which must have nothing to say;
/// `judged(tally)` then tells whether it has looked at all.
template <class Checker, class Judged>
void expect_silence(Judged judged, const config& base = quick(), std::uint64_t days = 5) {
  for (std::uint64_t seed = 1; seed <= days; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    rough_day day{seed, base};
    report found;
    Checker watching{day.group, found};
    day.group.sim().watch(watching);
    day.run();
    EXPECT_TRUE(found.empty()) << found.to_string();
    EXPECT_GT(day.told.of<flotilla::member_joined>(), 90U);
    EXPECT_GT(day.told.of<flotilla::member_suspected>(), 20U);
    EXPECT_GT(day.told.of<flotilla::member_recovered>(), 5U);
    EXPECT_GT(day.told.of<flotilla::member_failed>(), 20U);
    EXPECT_GT(day.told.of<flotilla::member_left>(), 5U);
    EXPECT_GT(day.told.of<flotilla::member_updated>(), 5U);
    EXPECT_GT(day.told.of<flotilla::member_forgotten>(), 5U);
    EXPECT_EQ(day.told.of<flotilla::events_lost>(), 0U);
    judged(watching.judged());
  }
}

// ---- engines in wanted states

inline constexpr endpoint there = endpoint::ipv4({10, 9, 9, 9}, 7946);
inline constexpr endpoint elsewhere = endpoint::ipv4({10, 8, 8, 8}, 7946);

inline member shown(std::uint64_t id, std::uint32_t number, member_state state,
                    const endpoint& at = there) {
  return {member_id{id}, at, incarnation{number}, state};
}
inline wire::fact living(std::uint64_t id, std::uint32_t number, const endpoint& at = there) {
  return {member_id{id}, incarnation{number}, member_state::alive, at, {}};
}
/// Suspect, dead or left.
inline wire::fact held(std::uint64_t id, std::uint32_t number, member_state state) {
  const member_id by = state == member_state::left ? member_id{} : member_id{77};
  return {member_id{id}, incarnation{number}, state, {}, by};
}

/// A ping with these facts, from a member that nobody knows.
inline std::vector<std::byte> ping(const std::vector<wire::fact>& facts,
                                   member_id sender = member_id{88}, member_id target = {}) {
  std::vector<std::byte> bytes(1400);
  wire::writer out{bytes};
  wire::frame head;
  head.group_tag = wire::group_tag_of("");
  head.sender = sender;
  head.target = target;
  wire::write_message(out, head, wire::ping{4711});
  for (const wire::fact& f : facts) wire::write_fact(out, f);
  wire::finish_frame(out);
  bytes.resize(out.size());
  return bytes;
}
inline void tell(engine& node, time_point now, const std::vector<wire::fact>& facts) {
  node.receive(now, endpoint::ipv4({10, 7, 7, 7}, 7946), ping(facts));
}
/// The same from a member, since a stranger's accusations are not heard. Somebody else speaks of it
/// before, and it is forgotten afterwards.
inline void tell_as_member(engine& node, time_point now, const std::vector<wire::fact>& facts) {
  const member_id speaker{88};
  const endpoint at = endpoint::ipv4({10, 7, 7, 7}, 7946);
  node.receive(now, elsewhere, ping({living(88, 0, at)}, member_id{99}));
  EXPECT_TRUE(node.find(speaker).has_value());
  tell(node, now, facts);
  EXPECT_EQ(node.stats().facts_of_strangers, 0U);
  EXPECT_EQ(node.evict(speaker), command_error::none);
  EXPECT_EQ(node.allow(speaker), command_error::none);
  EXPECT_FALSE(node.find(speaker).has_value());
}

/// A checker that watches a group of one and is fed by hand.
template <class Checker>
struct stage {
  stage() {
    group.sim().watch(watching);
    group.add();
  }

  /// Another engine of member 1 that has been told these facts and of which nobody heard. It takes
  /// a death at once, also where no suspicion went before.
  [[nodiscard]] engine told(const std::vector<wire::fact>& facts) const {
    config trusting = group.config_of(0);
    trusting.weigh_accusers = false;
    engine node{trusting, group.now()};
    tell_as_member(node, group.now(), facts);
    return node;
  }
  void event_of(const event& what) { watching.on_event(group.now(), 0, group[0], what); }
  void step(const engine& after, input_kind input = input_kind::command) {
    watching.on_step(group.now(), 0, after, input);
  }
  /// Shows the checker an engine that was told these facts, one after the other.
  void begin(const std::vector<wire::fact>& facts) {
    step(told({facts.front()}));
    step(told(facts));
    ASSERT_TRUE(found.empty()) << found.to_string();
  }
  /// Then one that was told `after` instead.
  void swap(const std::vector<wire::fact>& before, const std::vector<wire::fact>& after) {
    begin(before);
    step(told(after));
  }

  cluster group{1, quick()};
  report found{};
  Checker watching{group, found};
};

}  // namespace view_support
