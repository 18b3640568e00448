// tests/testing/observer_test.cpp - flotilla/testing/observer.hpp
// Told everything, in the order in which it happens, with the node as it is at that moment.
#include <flotilla/testing/observer.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <support/test_node.hpp>
#include <vector>

namespace {

using namespace std::chrono_literals;
using flotilla::endpoint;
using flotilla::time_point;
using flotilla::testing::default_address;
using flotilla::testing::input_kind;
using flotilla::testing::no_node;
using flotilla::testing::node_index;
using flotilla::testing::observer;
using flotilla::testing::process_state;
using support::number;
using support::test_node;
using support::test_simulation;

/// Everything it is told, as text.
class scribe final : public observer<test_node, int> {
 public:
  explicit scribe(const test_simulation& sim) : sim_{&sim} {}

  void on_start(time_point, node_index node, std::uint32_t life) override {
    note(node, "start", life);
  }
  void on_process(time_point, node_index node) override {
    note(node, "process", static_cast<std::uint64_t>(sim_->process_of(node).state));
  }
  void on_receive(time_point, node_index node, const test_node& before, const endpoint&,
                  node_index source, std::span<const std::byte> bytes) override {
    EXPECT_EQ(&before, &(*sim_)[node]);
    note(node, source == no_node ? "receive injected" : "receive", bytes.size());
    note(node, "  before", before.inputs.size());
  }
  void on_tick(time_point, node_index node, const test_node& before) override {
    note(node, "tick", before.inputs.size());
  }
  void on_event(time_point, node_index node, const test_node& after, const int& what) override {
    note(node, "event", static_cast<std::uint64_t>(what));
    note(node, "  after", after.inputs.size());
  }
  void on_send(time_point, node_index node, const test_node&, const endpoint&,
               std::span<const std::byte> bytes) override {
    note(node, "send", bytes.size());
  }
  void on_step(time_point, node_index node, const test_node&, input_kind input) override {
    constexpr const char* names[] = {"start", "receive", "tick", "command"};
    lines.push_back(std::to_string(node) + " done with " + names[static_cast<int>(input)]);
  }

  std::vector<std::string> lines{};

 private:
  void note(node_index node, const char* what, std::uint64_t figure) {
    lines.push_back(std::to_string(node) + " " + what + " " + std::to_string(figure));
  }

  const test_simulation* sim_;
};

using lines = std::vector<std::string>;

TEST(Observer, IsToldEverythingInOrder) {
  test_simulation sim{1, support::exactly(1ms)};
  scribe seen{sim};
  sim.watch(seen);
  sim.add(test_node{});
  test_node talks;
  talks.echoes = true;
  talks.tells = true;
  sim.add(talks);
  EXPECT_EQ(seen.lines,
            (lines{"0 start 1", "0 done with start", "1 start 1", "1 done with start"}));

  seen.lines.clear();
  support::say(sim, 0, 1, 5, 9);
  sim.run_for(1s);
  EXPECT_EQ(seen.lines, (lines{"0 send 9", "0 done with command", "1 receive 9", "1   before 0",
                               "1 event 9", "1   after 1", "1 send 9", "1 done with receive",
                               "0 receive 9", "0   before 0", "0 done with receive"}));

  seen.lines.clear();
  support::set_timer(sim, 0, 10ms);
  sim.inject(default_address(9), default_address(0), number(1));
  sim.run_for(1s);
  EXPECT_EQ(seen.lines, (lines{"0 done with command", "0 receive injected 4", "0   before 1",
                               "0 done with receive", "0 tick 2", "0 done with tick"}));
}

TEST(Observer, IsToldOfProcesses) {
  test_simulation sim{1};
  scribe seen{sim};
  sim.watch(seen);
  sim.add(test_node{});
  seen.lines.clear();
  sim.freeze(0);
  sim.resume(0);
  sim.block(0);
  sim.resume(0);
  sim.crash(0);
  sim.crash(0);
  sim.restart(0, test_node{});
  sim.restart(0, test_node{});
  EXPECT_EQ(seen.lines, (lines{"0 process 1", "0 process 0", "0 process 2", "0 process 0",
                               "0 process 3", "0 start 2", "0 done with start", "0 process 3",
                               "0 start 3", "0 done with start"}));
}

TEST(Observer, SeveralAreToldTheSame) {
  test_simulation sim{1, support::exactly(1ms)};
  scribe first{sim};
  scribe second{sim};
  sim.watch(first);
  sim.watch(second);
  support::add_nodes(sim, 2);
  support::say(sim, 0, 1, 5);
  sim.run_for(1s);
  EXPECT_EQ(first.lines, second.lines);
  EXPECT_EQ(first.lines.size(), 9U);
}

TEST(Observer, SeesOnlyWhatComesAfterItBeganToWatch) {
  test_simulation sim{1};
  support::add_nodes(sim, 2);
  scribe late{sim};
  sim.watch(late);
  EXPECT_TRUE(late.lines.empty());
}

/// Answers what it sees with more datagrams, from outside.
class heckler final : public observer<test_node, int> {
 public:
  explicit heckler(test_simulation& sim) : sim_{&sim} {}
  void on_receive(time_point, node_index, const test_node&, const endpoint& from, node_index,
                  std::span<const std::byte> bytes) override {
    for (std::uint32_t i = 0; shouts < 2000 && i < 100; ++i, ++shouts) {
      sim_->inject(from, default_address(0), bytes);
    }
  }
  std::uint32_t shouts{0};

 private:
  test_simulation* sim_;
};

// The pool grows while a datagram is being handed over.
TEST(Observer, MayInjectWhileItIsTold) {
  test_simulation sim{1};
  heckler shouts{sim};
  sim.watch(shouts);
  support::add_nodes(sim, 2);
  support::say(sim, 1, 0, 77);
  sim.run_for(10s);
  EXPECT_EQ(shouts.shouts, 2000U);
  ASSERT_EQ(sim[0].inputs.size(), 2001U);
  for (const support::test_input& in : sim[0].inputs) {
    ASSERT_EQ(in.from, default_address(1));
    ASSERT_EQ(in.number(), 77U);
  }
}

}  // namespace
