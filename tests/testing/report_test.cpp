// tests/testing/report_test.cpp - flotilla/testing/report.hpp
// All violations are counted, the first are kept, and the text says what a person needs.
#include <flotilla/testing/report.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <string>

namespace {

using namespace std::chrono_literals;
using flotilla::time_point;
using flotilla::testing::no_node;
using flotilla::testing::report;

constexpr time_point start{1h};

TEST(Report, BeginsEmpty) {
  const report r;
  EXPECT_TRUE(r.empty());
  EXPECT_EQ(r.count(), 0U);
  EXPECT_EQ(r.count("S1"), 0U);
  EXPECT_EQ(r.to_string(), "");
}

TEST(Report, SaysPropertyTimeNodeAndText) {
  report r;
  r.add("S3", start + 1500ms, 7, "it went back");
  r.add("L1", start, no_node, "nobody converged");
  EXPECT_FALSE(r.empty());
  EXPECT_EQ(r.to_string(),
            "S3 at 1500 ms, node 7: it went back\n"
            "L1 at 0 ms: nobody converged\n");
  ASSERT_EQ(r.violations().size(), 2U);
  EXPECT_EQ(r.violations()[0].property, "S3");
  EXPECT_EQ(r.violations()[0].at, start + 1500ms);
  EXPECT_EQ(r.violations()[0].node, 7U);
  EXPECT_EQ(r.violations()[0].what, "it went back");
}

TEST(Report, CountsByProperty) {
  report r;
  for (int i = 0; i < 3; ++i) r.add("S1", start, 0, "");
  r.add("S2", start, 0, "");
  EXPECT_EQ(r.count("S1"), 3U);
  EXPECT_EQ(r.count("S2"), 1U);
  EXPECT_EQ(r.count("S"), 0U);
  EXPECT_EQ(r.count(), 4U);
}

TEST(Report, KeepsTheFirstAndCountsAll) {
  report r;
  for (std::size_t i = 0; i < report::max_kept; ++i) r.add("S1", start, 0, "early");
  EXPECT_EQ(r.to_string().find("more"), std::string::npos);
  for (int i = 0; i < 10; ++i) r.add("S2", start, 0, "late");
  EXPECT_EQ(r.count(), report::max_kept + 10);
  EXPECT_EQ(r.violations().size(), report::max_kept);
  EXPECT_EQ(r.count("S1"), report::max_kept);
  EXPECT_EQ(r.count("S2"), 10U) << "also those that are not kept";
  EXPECT_EQ(r.count("S3"), 0U);
  const std::string text = r.to_string();
  EXPECT_EQ(text.find("late"), std::string::npos);
  EXPECT_NE(text.find("and 10 more\n"), std::string::npos);
}

}  // namespace
