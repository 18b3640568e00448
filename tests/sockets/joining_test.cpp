// tests/sockets/joining_test.cpp - how joins of real processes end
// With whoever lives among the seeds, with a reason when nobody does, or when they are cancelled.
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <support/process.hpp>
#include <support/udp.hpp>
#include <support/udp_node.hpp>
#include <thread>
#include <vector>

namespace {

using support::eventually;
using support::udp_node;
using namespace std::chrono_literals;

TEST(Joining, OneSeedThatLivesIsEnough) {
  const support::udp_stranger silent;  // takes everything and never answers
  udp_node stopped;
  ASSERT_TRUE(stopped.has_started());
  stopped.process().signal(SIGSTOP);
  udp_node seed;
  udp_node other{{"--join", seed.address()}};
  ASSERT_TRUE(seed.sees("member_joined", other.id()));

  udp_node joins{{"--join", support::free_address(), "--join",
                  "127.0.0.1:" + std::to_string(silent.port()), "--join", stopped.address(),
                  "--join", seed.address()}};
  ASSERT_TRUE(joins.sees("join_completed")) << joins.process().out().text();
  EXPECT_EQ(joins.last("join_completed").at("seed"), seed.id());
  for (udp_node* node : {&seed, &other}) {
    EXPECT_TRUE(joins.sees("member_joined", node->id())) << joins.process().out().text();
    EXPECT_TRUE(node->sees("member_joined", joins.id())) << node->process().out().text();
  }

  // The other seeds are still asked: one that comes to life brings its group along.
  stopped.process().signal(SIGCONT);
  for (udp_node* node : {&seed, &other, &joins}) {
    EXPECT_TRUE(node->sees("member_joined", stopped.id())) << node->process().out().text();
    EXPECT_EQ(node->count("join_failed"), 0U);
  }
  EXPECT_EQ(joins.count("join_completed"), 1U);
}

TEST(Joining, WithoutAnswerFailsWithTheReasonAndMayBeRepeated) {
  const std::string address = support::free_address();
  const support::udp_stranger silent;
  udp_node joins{{"--join", address, "--join", "127.0.0.1:" + std::to_string(silent.port())}};
  ASSERT_TRUE(joins.sees("join_failed")) << joins.process().out().text();
  EXPECT_EQ(joins.last("join_failed").at("reason"), "no_answer");
  EXPECT_GE(std::stol(joins.last("join_failed").at("time_ms")), 10'000);  // loopback's join_timeout
  EXPECT_EQ(joins.count("join_completed"), 0U);
  EXPECT_EQ(joins.list().size(), 1U);

  udp_node seed{{}, address};  // it lives on, and udp_node has asked again
  EXPECT_TRUE(joins.sees("join_completed")) << joins.process().out().text();
  EXPECT_TRUE(seed.sees("member_joined", joins.id()));
}

TEST(Joining, CanBeCancelled) {
  const std::string address = support::free_address();
  udp_node joins{{"--join", address}};
  ASSERT_TRUE(joins.has_started());
  joins.process().signal(SIGUSR2);
  ASSERT_TRUE(joins.sees("join_failed"));
  EXPECT_EQ(joins.last("join_failed").at("reason"), "cancelled");
  joins.process().signal(SIGUSR2);  // there is none any more

  // Now the seed would answer, but is not asked.
  udp_node seed{{}, address};
  ASSERT_TRUE(seed.has_started());
  std::this_thread::sleep_for(1s);  // more than two of the longest pauses between requests
  EXPECT_EQ(seed.list().size(), 1U);
  EXPECT_EQ(seed.last("members").at("received"), "0");
  EXPECT_EQ(joins.count("join_failed"), 1U);
  EXPECT_EQ(joins.list().size(), 1U);
}

}  // namespace
