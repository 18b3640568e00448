// tests/sockets/udp_node_test.cpp - real udp_node processes on real sockets
// Meeting, leaving, dying, coming back, and what must not disturb them.
#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <random>
#include <string>
#include <support/process.hpp>
#include <support/udp.hpp>
#include <support/udp_node.hpp>
#include <thread>
#include <vector>

namespace {

using support::eventually;
using support::flat_object;
using support::process;
using support::udp_node;
using namespace std::chrono_literals;

void expect_meeting(udp_node& a, udp_node& b) {
  ASSERT_TRUE(a.has_started() && b.has_started());
  EXPECT_TRUE(a.sees("member_joined", b.id())) << a.process().out().text();
  EXPECT_TRUE(b.sees("member_joined", a.id())) << b.process().out().text();
}

TEST(UdpNode, TwoMeet) {
  udp_node first;
  udp_node second{{"--join", first.address()}};
  expect_meeting(first, second);
  EXPECT_TRUE(second.sees("join_completed"));
  EXPECT_EQ(second.last("join_completed").at("seed"), first.id());
  EXPECT_EQ(second.last("join_completed").at("members"), "2");

  const flat_object joined = second.last("member_joined");
  EXPECT_EQ(joined.at("address"), first.address());
  EXPECT_EQ(joined.at("state"), "alive");
}

TEST(UdpNode, ThreeMeetThoughTwoOfThemNeverHeardOfEachOther) {
  udp_node seed;
  udp_node second{{"--join", seed.address()}};
  udp_node third{{"--join", seed.address()}};
  expect_meeting(seed, second);
  expect_meeting(seed, third);
  expect_meeting(second, third);
}

TEST(UdpNode, TheIdIsTheGivenOneOrRandom) {
  udp_node given{{"--id", "18446744073709551615", "--incarnation", "4294967295"}};
  ASSERT_TRUE(given.has_started());
  EXPECT_EQ(given.id(), "18446744073709551615");
  EXPECT_EQ(given.records()[0].at("incarnation"), "4294967295");
  udp_node one;
  udp_node other;
  EXPECT_NE(one.id(), other.id());
}

TEST(UdpNode, ListsTheMembersOnASignal) {
  udp_node first{{"--id", "1"}};
  EXPECT_EQ(first.list().size(), 1U);
  udp_node second{{"--id", "2", "--join", first.address()}};
  expect_meeting(first, second);
  for (udp_node* node : {&first, &second}) {
    EXPECT_EQ(node->list().size(), 2U);
    EXPECT_EQ(node->last("members").at("size"), "2");
    EXPECT_EQ(node->state_of("1"), "alive");
    EXPECT_EQ(node->state_of("2"), "alive");
  }
}

TEST(UdpNode, PlainTextIsOneLineAnEvent) {
  process node{{FLOTILLA_UDP_NODE, "--bind", "127.0.0.1:0", "--id", "7"}};
  ASSERT_TRUE(eventually([&] { return !node.out().lines().empty(); }));
  EXPECT_TRUE(node.out().lines()[0].starts_with("0 ms started id=7 address=127.0.0.1:"))
      << node.out().text();
  node.signal(SIGUSR1);
  ASSERT_TRUE(eventually([&] { return node.out().lines().size() >= 3; }));
  EXPECT_NE(node.out().lines()[1].find(" ms members size=1 lines=1"), std::string::npos);
  EXPECT_NE(node.out().lines()[2].find(" ms member id=7 "), std::string::npos);
  node.signal(SIGINT);
  EXPECT_EQ(node.wait(), 0);
  EXPECT_NE(node.out().text().find("leave_completed acknowledged=0"), std::string::npos);
}

class Leaving : public testing::TestWithParam<int> {};

TEST_P(Leaving, IsSeenAsLeftByAllAndNeverAsFailed) {
  udp_node stays;
  udp_node stays_too{{"--join", stays.address()}};
  udp_node leaves{{"--join", stays.address()}};
  expect_meeting(stays, leaves);
  expect_meeting(stays_too, leaves);

  leaves.process().signal(GetParam());
  EXPECT_EQ(leaves.process().wait(), 0);
  EXPECT_EQ(leaves.count("leave_completed"), 1U);
  EXPECT_NE(leaves.last("leave_completed").at("acknowledged"), "0");
  for (udp_node* node : {&stays, &stays_too}) {
    EXPECT_TRUE(node->sees("member_left", leaves.id())) << node->process().out().text();
    EXPECT_EQ(node->state_of(leaves.id()), "left");
    EXPECT_EQ(node->count("member_failed"), 0U);
  }
}
INSTANTIATE_TEST_SUITE_P(BySignal, Leaving, testing::Values(SIGTERM, SIGINT));

TEST(UdpNode, AFarewellThatNobodyAnswersEndsAllTheSame) {
  udp_node first;
  udp_node second{{"--join", first.address()}};
  expect_meeting(first, second);
  first.process().signal(SIGSTOP);
  second.process().signal(SIGTERM);
  std::this_thread::sleep_for(50ms);
  second.process().signal(SIGTERM);  // changes nothing
  EXPECT_EQ(second.process().wait(), 0);
  EXPECT_EQ(second.count("leave_completed"), 1U);
  EXPECT_EQ(second.last("leave_completed").at("acknowledged"), "0");
}

TEST(UdpNode, AKilledOneIsReportedFailedWithEvidence) {
  udp_node first;
  udp_node second{{"--join", first.address()}};
  udp_node third{{"--join", first.address()}};
  expect_meeting(first, third);
  expect_meeting(second, third);
  third.process().signal(SIGKILL);
  EXPECT_EQ(third.process().wait(), -SIGKILL);
  for (udp_node* node : {&first, &second}) {
    ASSERT_TRUE(node->sees("member_failed", third.id())) << node->process().out().text();
    const flat_object failed = node->last("member_failed");
    EXPECT_EQ(failed.at("state"), "dead");
    const std::string accuser = failed.at("accuser");
    EXPECT_TRUE(accuser == first.id() || accuser == second.id()) << accuser;
    for (const char* name : {"probe", "since_ms", "confirmations", "local_health"}) {
      EXPECT_TRUE(failed.contains(name)) << name;
    }
    EXPECT_EQ(node->state_of(third.id()), "dead");
  }
  EXPECT_EQ(first.count("member_failed", second.id()), 0U);
}

TEST(UdpNode, ARestartedOneIsSeenAgain) {
  udp_node stays;
  udp_node stays_too{{"--join", stays.address()}};
  std::string address;
  {
    udp_node dies{{"--id", "7", "--join", stays.address()}};
    address = dies.address();
    expect_meeting(stays, dies);
    expect_meeting(stays_too, dies);
  }
  EXPECT_TRUE(stays.sees("member_failed", "7"));
  EXPECT_TRUE(stays_too.sees("member_failed", "7"));

  udp_node again{{"--id", "7", "--join", stays.address()}, address};
  EXPECT_TRUE(stays.sees("member_joined", "7", 2)) << stays.process().out().text();
  EXPECT_TRUE(stays_too.sees("member_joined", "7", 2)) << stays_too.process().out().text();
  EXPECT_TRUE(again.sees("member_joined", stays_too.id()));
  EXPECT_EQ(stays.state_of("7"), "alive");
}

TEST(UdpNode, ARestartedOneThatNobodyMissedIsStillThere) {
  udp_node stays;
  std::string address;
  {
    udp_node dies{{"--id", "7", "--join", stays.address()}};
    address = dies.address();
    expect_meeting(stays, dies);
  }
  udp_node again{{"--id", "7", "--join", stays.address()}, address};
  EXPECT_TRUE(again.sees("join_completed"));
  // Longer than a suspicion: if one had begun, it would have ended in a verdict.
  std::this_thread::sleep_for(3s);
  EXPECT_EQ(stays.count("member_failed"), 0U) << stays.process().out().text();
  EXPECT_TRUE(eventually([&] { return stays.state_of("7") == "alive"; }));
}

TEST(UdpNode, JoinsThatWereSentBeforeTheSeedIsThere) {
  const std::string address = support::free_address();
  udp_node early{{"--join", address}};
  ASSERT_TRUE(early.has_started());
  std::this_thread::sleep_for(300ms);
  udp_node seed{{}, address};
  expect_meeting(seed, early);
  EXPECT_TRUE(early.sees("join_completed"));
}

TEST(UdpNode, AnotherClusterIsAnotherGroup) {
  udp_node first{{"--cluster", "blue"}};
  udp_node second{{"--cluster", "blue", "--join", first.address()}};
  udp_node other{{"--cluster", "green", "--join", first.address()}};
  expect_meeting(first, second);
  ASSERT_TRUE(other.has_started());
  std::this_thread::sleep_for(1500ms);  // a dozen repetitions of the join
  EXPECT_EQ(other.count("member_joined"), 0U);
  EXPECT_EQ(other.list().size(), 1U);
  EXPECT_EQ(first.list().size(), 2U);
  EXPECT_EQ(second.list().size(), 2U);
}

TEST(UdpNode, IPv6) {
  if (!support::has_ipv6()) GTEST_SKIP() << "no [::1] here";
  udp_node first{{}, "[::1]:0"};
  udp_node second{{"--join", first.address()}, "[::1]:0"};
  expect_meeting(first, second);
  EXPECT_TRUE(second.last("member_joined").at("address").starts_with("[::1]:"));
}

TEST(UdpNode, ASocketForBothFamiliesMeetsAnIPv4Member) {
  if (!support::has_ipv6()) GTEST_SKIP() << "no [::1] here";
  const std::string address = support::free_address();
  const std::string port = address.substr(address.rfind(':'));
  udp_node first{{"--advertise", address}, "[::]" + port};
  udp_node second{{"--join", address}};
  expect_meeting(first, second);
  EXPECT_EQ(second.last("member_joined").at("address"), address);
}

TEST(UdpNode, SurvivesGarbage) {
  udp_node first;
  udp_node second{{"--join", first.address()}};
  expect_meeting(first, second);
  const support::udp_stranger stranger;
  std::mt19937_64 random{1};
  const auto begin = std::chrono::steady_clock::now();
  while (std::chrono::steady_clock::now() - begin < 2s) {
    for (udp_node* node : {&first, &second}) {
      std::vector<std::byte> bytes(random() % (random() % 16 == 0 ? 60000 : 1500));
      for (std::byte& each : bytes) each = static_cast<std::byte>(random());
      stranger.send(support::port_of(node->address()), bytes);
    }
    std::this_thread::sleep_for(1ms);
  }
  EXPECT_EQ(first.list().size(), 2U);
  EXPECT_EQ(second.list().size(), 2U);
  EXPECT_EQ(first.count("member_failed"), 0U) << first.process().out().text();
  EXPECT_EQ(second.count("member_failed"), 0U) << second.process().out().text();
}

}  // namespace
