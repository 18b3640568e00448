// tests/sockets/arguments_test.cpp - the arguments of udp_node and demo
// A bad one ends with status 2 and a message that names it; what the system refuses ends with 1.
#include <gtest/gtest.h>

#include <string>
#include <support/process.hpp>
#include <support/udp.hpp>
#include <vector>

namespace {

using support::process;

struct outcome {
  int status = -1;
  std::string out;
  std::string err;
};

outcome run(const std::string& program, std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), program);
  process child{arguments};
  outcome result;
  result.status = child.wait().value_or(-1000);
  result.out = child.out().text();
  result.err = child.err().text();
  return result;
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

struct bad_arguments {
  std::vector<std::string> arguments;
  std::string named;  // what the message must name
};

void expect_refused(const std::string& program, const bad_arguments& each) {
  const outcome result = run(program, each.arguments);
  SCOPED_TRACE(testing::PrintToString(each.arguments));
  EXPECT_EQ(result.status, 2);
  EXPECT_EQ(result.out, "");
  EXPECT_TRUE(contains(result.err, each.named)) << result.err;
}

TEST(UdpNodeArguments, HelpNamesEveryOption) {
  const outcome result = run(FLOTILLA_UDP_NODE, {"--help"});
  EXPECT_EQ(result.status, 0);
  EXPECT_EQ(result.err, "");
  for (const char* option :
       {"--bind", "--join", "--advertise", "--id", "--cluster", "--incarnation", "--config",
        "--json", "--help", "SIGUSR1", "SIGUSR2"}) {
    EXPECT_TRUE(contains(result.out, option)) << option;
  }
}

TEST(UdpNodeArguments, BadOnesAreNamed) {
  const std::string here = "127.0.0.1:0";
  const bad_arguments all[] = {
      {{}, "--bind"},
      {{"--bind"}, "--bind"},
      {{"--bind", ""}, "--bind"},
      {{"--bind", "127.0.0.1"}, "--bind"},
      {{"--bind", "localhost:7946"}, "localhost:7946"},
      {{"--bind", "127.0.0.1:65536"}, "127.0.0.1:65536"},
      {{"--bind", "::1:7946:x"}, "--bind"},
      {{"--bind", "0.0.0.0:0"}, "--advertise"},
      {{"--bind", here, "--advertise", "0.0.0.0:1"}, "--advertise"},
      {{"--bind", here, "--advertise", "127.0.0.1:0"}, "--advertise"},
      {{"--bind", here, "--join"}, "--join"},
      {{"--bind", here, "--join", "nowhere"}, "--join: \"nowhere\""},
      {{"--bind", here, "--join", "127.0.0.1:0"}, "--join"},
      {{"--bind", here, "--join", "224.0.0.1:7946"}, "--join"},
      {{"--bind", here, "--join", "[::1]:7946"}, "--join"},
      {{"--bind", here, "--id", "0"}, "--id"},
      {{"--bind", here, "--id", "-1"}, "--id"},
      {{"--bind", here, "--id", "7x"}, "--id: \"7x\""},
      {{"--bind", here, "--id", "18446744073709551616"}, "--id"},
      {{"--bind", here, "--incarnation", "4294967296"}, "--incarnation"},
      {{"--bind", here, "--incarnation", "one"}, "--incarnation"},
      {{"--bind", here, "--config", "internet"}, "--config: \"internet\""},
      {{"--bind", here, "--cluster"}, "--cluster"},
      {{"--bind", here, "--verbose"}, "--verbose"},
      {{"--bind", here, "--verbose", "yes"}, "--verbose"},
      {{"127.0.0.1:0", "--bind"}, "127.0.0.1:0"},
  };
  for (const bad_arguments& each : all) expect_refused(FLOTILLA_UDP_NODE, each);
}

TEST(UdpNodeArguments, MoreSeedsThanAJoinTakes) {
  std::vector<std::string> arguments{"--bind", "127.0.0.1:0"};
  for (int i = 0; i < 17; ++i) {
    arguments.insert(arguments.end(), {"--join", "127.0.0.1:7946"});
  }
  expect_refused(FLOTILLA_UDP_NODE, {arguments, "--join"});
}

TEST(UdpNodeArguments, AnAddressInUseIsTheSystemsRefusal) {
  const support::udp_stranger holder;
  ASSERT_TRUE(holder.is_bound());
  const std::string address = "127.0.0.1:" + std::to_string(holder.port());
  const outcome result = run(FLOTILLA_UDP_NODE, {"--bind", address});
  EXPECT_EQ(result.status, 1);
  EXPECT_TRUE(contains(result.err, address)) << result.err;
}

TEST(DemoArguments, BadOnesAreNamed) {
  const bad_arguments all[] = {
      {{"--members"}, "--members"},
      {{"--members", "3"}, "--members"},
      {{"--members", "33"}, "--members"},
      {{"--members", "ten"}, "\"ten\""},
      {{"--seed", "-1"}, "--seed"},
      {{"--fast"}, "--fast"},
      {{"--members", "10", "20"}, "20"},
      {{"--stop-and-continue"}, "--stop-and-continue"},
      {{"--stop-and-continue", "0"}, "--stop-and-continue"},
      {{"--load"}, "only with --stop-and-continue"},
      {{"--config", "lan"}, "only with --stop-and-continue"},
      {{"--stop-and-continue", "1", "--config", "internet"}, "--config: \"internet\""},
  };
  for (const bad_arguments& each : all) expect_refused(FLOTILLA_DEMO, each);
}

TEST(DemoArguments, Help) {
  const outcome result = run(FLOTILLA_DEMO, {"--help"});
  EXPECT_EQ(result.status, 0);
  EXPECT_TRUE(contains(result.out, "--members"));
}

}  // namespace
