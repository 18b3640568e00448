// tests/testing/address_book_test.cpp - flotilla/testing/address_book.hpp
// A map from addresses to nodes; several addresses a node, and they come and go.
#include <flotilla/testing/address_book.hpp>

#include <gtest/gtest.h>

#include <cstdint>
#include <flotilla/detail/random.hpp>
#include <map>
#include <set>
#include <string>

namespace {

using flotilla::endpoint;
using flotilla::testing::address_book;
using flotilla::testing::default_address;
using flotilla::testing::no_node;
using flotilla::testing::node_index;

TEST(AddressBook, DefaultAddressesAreDistinctAndReachOneMember) {
  std::set<endpoint> seen;
  for (const node_index first : {0U, 250U, 65'500U, 16'777'100U}) {
    for (node_index i = first; i < first + 100; ++i) {
      const endpoint at = default_address(i);
      EXPECT_TRUE(at.is_unicast()) << i;
      EXPECT_TRUE(seen.insert(at).second) << i;
    }
  }
  EXPECT_EQ(default_address(0), endpoint::ipv4({10, 0, 0, 1}, 7946));
  EXPECT_EQ(default_address(0x1fffe), endpoint::ipv4({10, 1, 255, 255}, 7946));
}

TEST(AddressBook, EmptyItKnowsNobody) {
  address_book book;
  EXPECT_EQ(book.find(default_address(0)), no_node);
  book.erase(default_address(0));
  EXPECT_EQ(book.find(endpoint{}), no_node);
}

TEST(AddressBook, ANodeMayHaveSeveralAddressesAndLeaveThem) {
  address_book book;
  book.put(default_address(1), 7);
  book.put(default_address(2), 7);
  EXPECT_EQ(book.find(default_address(1)), 7U);
  EXPECT_EQ(book.find(default_address(2)), 7U);
  book.erase(default_address(1));
  EXPECT_EQ(book.find(default_address(1)), no_node);
  EXPECT_EQ(book.find(default_address(2)), 7U);
  book.put(default_address(1), 8);
  EXPECT_EQ(book.find(default_address(1)), 8U);
}

TEST(AddressBook, TheLastOneAtAnAddressHasIt) {
  address_book book;
  book.put(default_address(1), 1);
  book.put(default_address(1), 2);
  EXPECT_EQ(book.find(default_address(1)), 2U);
  book.erase(default_address(1));
  EXPECT_EQ(book.find(default_address(1)), no_node);
}

TEST(AddressBook, HoldsAsManyAsAreAdded) {
  address_book book;
  constexpr node_index count = 50'000;
  for (node_index i = 0; i < count; ++i) book.put(default_address(i), i);
  for (node_index i = 0; i < count; ++i) ASSERT_EQ(book.find(default_address(i)), i);
  EXPECT_EQ(book.find(default_address(count)), no_node);
}

// Erased entries are passed over and dropped when it grows: neither may hide one behind them.
TEST(AddressBook, IsAMapUnderRandomUse) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    flotilla::detail::random_generator random{seed};
    address_book book;
    std::map<endpoint, node_index> expected;
    const std::uint32_t addresses = 1 + random.below(300);
    for (node_index i = 0; i < 3000; ++i) {
      const endpoint at = default_address(random.below(addresses));
      if (random.below(2) == 0) {
        book.put(at, i);
        expected[at] = i;
      } else {
        book.erase(at);
        expected.erase(at);
      }
    }
    for (node_index i = 0; i < addresses; ++i) {
      const auto found = expected.find(default_address(i));
      ASSERT_EQ(book.find(default_address(i)), found == expected.end() ? no_node : found->second);
    }
  }
}

}  // namespace
