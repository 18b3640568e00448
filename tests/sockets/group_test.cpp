// tests/sockets/group_test.cpp - groups of ten real processes
// Whoever joins whom: everyone knows everyone in the end.
#include <gtest/gtest.h>

#include <cstddef>
#include <memory>
#include <string>
#include <support/process.hpp>
#include <support/udp.hpp>
#include <support/udp_node.hpp>
#include <vector>

namespace {

using support::eventually;
using support::udp_node;

constexpr std::size_t group_size = 10;

using nodes = std::vector<std::unique_ptr<udp_node>>;

bool is_full_mesh(const nodes& group) {
  for (const auto& observer : group) {
    for (const auto& subject : group) {
      if (observer != subject && observer->count("member_joined", subject->id()) == 0) return false;
    }
  }
  return true;
}

void expect_full_mesh(const nodes& group) {
  EXPECT_TRUE(eventually([&] { return is_full_mesh(group); }));
  for (const auto& node : group) {
    EXPECT_EQ(node->list().size(), group.size()) << node->process().out().text();
    EXPECT_EQ(node->last("members").at("size"), std::to_string(group.size()));
    EXPECT_EQ(node->count("member_failed"), 0U) << node->process().out().text();
  }
}

TEST(Group, TheSeedNeverJoinsAnyone) {
  nodes group;
  group.push_back(std::make_unique<udp_node>());
  const std::string seed = group[0]->address();
  while (group.size() < group_size) {
    group.push_back(std::make_unique<udp_node>(std::vector<std::string>{"--join", seed}));
  }
  expect_full_mesh(group);
}

TEST(Group, TwoJoinEachOtherAndTheOthersEither) {
  // The first one's join is sent before the second one's socket is bound.
  const std::string addresses[] = {support::free_address(), support::free_address()};
  nodes group;
  for (std::size_t i = 0; i < group_size; ++i) {
    const std::vector<std::string> join{"--join", addresses[(i + 1) % 2]};
    group.push_back(std::make_unique<udp_node>(join, i < 2 ? addresses[i] : "127.0.0.1:0"));
  }
  expect_full_mesh(group);
}

TEST(Group, AChainInWhichEachJoinsTheOneBefore) {
  nodes group;
  group.push_back(std::make_unique<udp_node>());
  while (group.size() < group_size) {
    const std::string before = group.back()->address();
    group.push_back(std::make_unique<udp_node>(std::vector<std::string>{"--join", before}));
  }
  expect_full_mesh(group);
}

}  // namespace
