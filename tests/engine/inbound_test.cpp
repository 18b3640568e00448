// engine/inbound_test.cpp - flotilla/engine/inbound.hpp
// Before anything was looked up, its sender is nobody.
#include <flotilla/engine/inbound.hpp>

#include <gtest/gtest.h>

#include <array>
#include <cstddef>

namespace {

TEST(Inbound, BeginsWithASenderWhoIsNobodyHere) {
  const auto from = flotilla::endpoint::ipv4({10, 0, 0, 1}, 7946);
  const std::array<std::byte, 3> datagram{};
  const flotilla::inbound in{from, datagram.size(), flotilla::wire::reader{datagram}};
  EXPECT_EQ(in.at, flotilla::no_row);
  EXPECT_FALSE(in.from_member);
  EXPECT_TRUE(in.facts.empty());
  EXPECT_EQ(in.fields.rest().size(), 3U);
}

}  // namespace
