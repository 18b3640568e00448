// tests/sockets/identity_test.cpp - who is who, when real processes come back changed
// The same id and address, another id, another address, and one id that two processes have.
#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <support/process.hpp>
#include <support/udp.hpp>
#include <support/udp_node.hpp>
#include <thread>
#include <vector>

namespace {

using support::eventually;
using support::flat_object;
using support::udp_node;
using namespace std::chrono_literals;

// Three that stay; whoever comes joins the first of them.
class Identity : public testing::Test {
 protected:
  using options = std::vector<std::string>;

  Identity() {
    stay_.push_back(std::make_unique<udp_node>());
    for (int i = 0; i < 2; ++i) {
      stay_.push_back(std::make_unique<udp_node>(options{"--join", stay_[0]->address()}));
    }
  }

  udp_node start(options more, const std::string& bind = "127.0.0.1:0") {
    more.insert(more.end(), {"--join", stay_[0]->address()});
    return udp_node{more, bind};
  }

  void expect_all_see(const std::string& event, const std::string& id, std::size_t times = 1) {
    for (const auto& node : stay_) {
      EXPECT_TRUE(node->sees(event, id, times)) << node->process().out().text();
    }
  }
  void expect_none_saw(const std::string& event, const std::string& id) {
    for (const auto& node : stay_) {
      EXPECT_EQ(node->count(event, id), 0U) << node->process().out().text();
    }
  }
  /// Waits until all list it so.
  void expect_all_list(const std::string& id, const std::string& state,
                       const std::string& address) {
    for (const auto& node : stay_) {
      EXPECT_TRUE(eventually([&] {
        const flat_object entry = node->entry_of(id);
        return udp_node::value(entry, "state") == state &&
               udp_node::value(entry, "address") == address;
      })) << node->process().out().text();
    }
  }

  std::vector<std::unique_ptr<udp_node>> stay_;
};

TEST_F(Identity, ARestartAtIncarnationZeroIsSeenAliveByAll) {
  std::string address;
  {
    udp_node dies = start({"--id", "7", "--incarnation", "1000"});
    address = dies.address();
    expect_all_see("member_joined", "7");
  }
  expect_all_see("member_failed", "7");
  udp_node again = start({"--id", "7"}, address);
  ASSERT_TRUE(again.has_started());
  EXPECT_EQ(again.records()[0].at("incarnation"), "0");
  expect_all_see("member_joined", "7", 2);
  expect_all_list("7", "alive", address);
  for (const auto& node : stay_)
    EXPECT_GT(std::stoul(node->entry_of("7").at("incarnation")), 1000U);
  EXPECT_EQ(again.list().size(), stay_.size() + 1);
}

TEST_F(Identity, ARestartThatNobodyMissedIsAdoptedAtItsNewIncarnation) {
  std::string address;
  {
    udp_node dies = start({"--id", "7", "--incarnation", "1000"});
    address = dies.address();
    expect_all_see("member_joined", "7");
  }
  udp_node again = start({"--id", "7"}, address);
  for (const auto& node : stay_) {
    EXPECT_TRUE(eventually([&] {
      return std::stoul(node->entry_of("7").at("incarnation")) > 1000;
    })) << node->process().out().text();
  }
  expect_all_list("7", "alive", address);
}

TEST_F(Identity, AnotherIdAtTheSameAddressRetiresTheOldOne) {
  std::string address;
  {
    udp_node dies = start({"--id", "7"});
    address = dies.address();
    expect_all_see("member_joined", "7");
  }
  udp_node next = start({"--id", "8"}, address);
  expect_all_see("member_joined", "8");
  expect_all_see("member_failed", "7");
  expect_all_list("8", "alive", address);
  expect_all_list("7", "dead", address);
  expect_none_saw("member_failed", "8");
  EXPECT_EQ(next.count("member_failed"), 0U) << next.process().out().text();
}

TEST_F(Identity, TheSameIdAtAnotherAddressIsAdoptedWhenNewer) {
  std::string before;
  {
    udp_node dies = start({"--id", "7", "--incarnation", "3"});
    before = dies.address();
    expect_all_see("member_joined", "7");
  }
  udp_node moved = start({"--id", "7", "--incarnation", "4"});
  ASSERT_NE(moved.address(), before);
  expect_all_list("7", "alive", moved.address());
  EXPECT_EQ(moved.list().size(), stay_.size() + 1);
  EXPECT_EQ(moved.count("identity_conflict"), 0U) << "the former life is over";
}

TEST_F(Identity, TwoProcessesWithOneIdBothHearOfItAndMakeNoStorm) {
  udp_node one = start({"--id", "7"});
  expect_all_see("member_joined", "7");
  udp_node two = start({"--id", "7"});
  for (udp_node* each : {&one, &two}) {
    EXPECT_TRUE(each->sees("identity_conflict")) << each->process().out().text();
  }

  std::vector<udp_node*> all{&one, &two};
  for (const auto& node : stay_) all.push_back(node.get());
  std::vector<flat_object> begin;
  for (udp_node* each : all) {
    EXPECT_TRUE(eventually([&] { return each->list().size() == stay_.size() + 1; }))
        << each->process().out().text();
    begin.push_back(each->last("members"));
  }
  std::this_thread::sleep_for(3s);
  for (std::size_t i = 0; i < all.size(); ++i) {
    EXPECT_EQ(all[i]->list().size(), stay_.size() + 1) << all[i]->process().out().text();
    const flat_object end = all[i]->last("members");
    const auto passed = [&](const char* name) {
      return std::stol(end.at(name)) - std::stol(begin[i].at(name));
    };
    // A healthy member sends two datagrams a period, ten a second here.
    EXPECT_LE(passed("sent") * 1000 / passed("time_ms"), 30) << i;
    EXPECT_LE(passed("received") * 1000 / passed("time_ms"), 30) << i;
    EXPECT_GT(passed("sent"), 0) << i;
    for (const auto& node : stay_) EXPECT_EQ(all[i]->count("member_failed", node->id()), 0U);
  }
  expect_none_saw("identity_conflict", "");
  // Each speaks up at intervals that double; without that, with every round of gossip, which is
  // three times a second. Twice the interval of silence ends the matter, and it begins anew.
  for (udp_node* each : {&one, &two}) {
    const long lasted = std::stol(each->last("members").at("time_ms"));
    EXPECT_LE(each->count("identity_conflict"), static_cast<std::size_t>(2 + lasted / 600));
  }
}

}  // namespace
