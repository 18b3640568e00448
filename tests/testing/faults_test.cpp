// Tests of flotilla/testing/faults.hpp: sets of fault kinds, as text and back.
// A failing run is repeated from that text: it must lose nothing and refuse what it does not know.
#include <flotilla/testing/faults.hpp>

#include <gtest/gtest.h>

#include <set>

namespace {

using namespace flotilla::testing;

TEST(Faults, EachKindHasAnotherName) {
  std::set<std::string> names;
  for (std::size_t i = 0; i < fault_count; ++i) {
    names.emplace(to_string(static_cast<fault>(i)));
  }
  EXPECT_EQ(names.size(), fault_count);
  EXPECT_EQ(names.count("invalid"), 0U);
  EXPECT_EQ(names.count(""), 0U);
  EXPECT_EQ(to_string(static_cast<fault>(fault_count)), "invalid");
}

TEST(Faults, ASetHoldsWhatWasPutIn) {
  fault_set set;
  EXPECT_TRUE(set.empty());
  set.insert(fault::crash);
  set.insert(fault::move);
  EXPECT_TRUE(set.contains(fault::crash));
  EXPECT_TRUE(set.contains(fault::move));
  EXPECT_FALSE(set.contains(fault::loss));
  set.erase(fault::crash);
  EXPECT_FALSE(set.contains(fault::crash));
  EXPECT_FALSE(set.empty());
  for (std::size_t i = 0; i < fault_count; ++i) {
    EXPECT_TRUE(fault_set::all().contains(static_cast<fault>(i))) << i;
  }
}

TEST(Faults, TextAndBack) {
  EXPECT_EQ(fault_set{}.to_string(), "none");
  EXPECT_EQ(fault_set::parse("none"), fault_set{});
  EXPECT_EQ(fault_set::parse("all"), fault_set::all());
  EXPECT_EQ(fault_set::parse(fault_set::all().to_string()), fault_set::all());
  fault_set two;
  two.insert(fault::freeze);
  two.insert(fault::loss);
  EXPECT_EQ(two.to_string(), "loss,freeze");
  EXPECT_EQ(fault_set::parse("freeze,loss"), two);
}

TEST(Faults, WhatIsNoKindIsRefused) {
  for (const char* text :
       {"", "los", "loss,", ",loss", "loss,,crash", "loss crash", "LOSS", "invalid"}) {
    EXPECT_FALSE(fault_set::parse(text).has_value()) << text;
  }
}

}  // namespace
