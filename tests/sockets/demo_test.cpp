// tests/sockets/demo_test.cpp - the demo ends well, says so, and leaves nobody behind
// Its own verdicts are the test of the group; here is looked at whether it gives them.
#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <string>
#include <support/process.hpp>
#include <thread>
#include <vector>

namespace {

using support::eventually;
using support::process;
using namespace std::chrono_literals;

const std::vector<std::string> checks{"full mesh",       "freeze",  "kill",         "leave",
                                      "leave_completed", "restart", "member lists", "false alarms"};

bool has_line(process& demo, const std::string& begin) {
  for (const std::string& line : demo.out().lines()) {
    if (line.starts_with(begin)) return true;
  }
  return false;
}

bool contains(process& demo, const std::string& text) {
  return demo.out().text().find(text) != std::string::npos;
}

TEST(Demo, EveryMemberSawWhatWasDone) {
  process demo{{FLOTILLA_DEMO}};
  EXPECT_EQ(demo.wait(60s), 0) << demo.out().text() << demo.err().text();
  for (const std::string& check : checks) {
    EXPECT_TRUE(has_line(demo, "ok      " + check)) << check << "\n" << demo.out().text();
  }
  EXPECT_TRUE(has_line(demo, "demo: all " + std::to_string(checks.size()) + " checks ok"));
}

TEST(Demo, TellsWhatHappenedWithTheEvidence) {
  process demo{{FLOTILLA_DEMO, "--members", "4", "--seed", "1"}};
  EXPECT_EQ(demo.wait(60s), 0) << demo.out().text() << demo.err().text();
  for (const char* text : {"freezes m2", "kills m3", "reports m3 failed  (accused by m",
                           "reports m4 left", "starts m3 again", "sees m3 join"}) {
    EXPECT_TRUE(contains(demo, text)) << text << "\n" << demo.out().text();
  }
  EXPECT_FALSE(contains(demo, "\x1b")) << "escapes do not belong into a pipe";
}

// With lan(): its suspicions outlast all stops, and no machine is so busy that a process waits for
// that long.
TEST(Demo, StopsAndContinuesMembersAndNobodyIsReported) {
  process demo{{FLOTILLA_DEMO, "--stop-and-continue", "5", "--load", "--config", "lan"}};
  EXPECT_EQ(demo.wait(150s), 0) << demo.out().text() << demo.err().text();
  for (const char* check : {"full mesh", "together again", "never stopped", "own waking"}) {
    EXPECT_TRUE(has_line(demo, std::string{"ok      "} + check)) << demo.out().text();
  }
  EXPECT_TRUE(contains(demo, "stops and continues m")) << demo.out().text();
  EXPECT_FALSE(contains(demo, "\x1b")) << "escapes do not belong into a pipe";
}

TEST(Demo, EndsWhenItIsInterrupted) {
  process demo{{FLOTILLA_DEMO}};
  ASSERT_TRUE(eventually([&] { return contains(demo, "freezes m2"); }));
  demo.signal(SIGINT);
  EXPECT_EQ(demo.wait(), 130);
}

}  // namespace
