// detail/long_addresses_test.cpp - flotilla/detail/long_addresses.hpp
// Each number names the address that was put there; places are used again, and bounded.
#include <flotilla/detail/long_addresses.hpp>

#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

namespace {

using flotilla::endpoint;
using flotilla::detail::long_addresses;

endpoint address(std::uint16_t i) { return endpoint::ipv6({0xfe, 0x80}, i); }

TEST(LongAddresses, AreKeptUnderTheirNumbersAndPlacesUsedAgain) {
  long_addresses pool{100, 0};
  EXPECT_EQ(pool.bytes_allocated(), 0U);
  std::vector<std::uint32_t> at;
  for (std::uint16_t i = 0; i < 100; ++i) {
    ASSERT_TRUE(pool.try_reserve_one());
    at.push_back(pool.add(address(i)));
  }
  EXPECT_FALSE(pool.try_reserve_one()) << "it has a limit";
  const std::size_t full = pool.bytes_allocated();
  for (std::uint16_t i = 0; i < 100; i += 3) pool.remove(at[i]);
  for (std::uint16_t i = 0; i < 100; i += 3) {
    ASSERT_TRUE(pool.try_reserve_one());
    at[i] = pool.add(address(static_cast<std::uint16_t>(i + 1000)));
  }
  EXPECT_EQ(pool.bytes_allocated(), full);
  for (std::uint16_t i = 0; i < 100; ++i) {
    EXPECT_EQ(pool[at[i]], address(static_cast<std::uint16_t>(i % 3 == 0 ? i + 1000 : i)));
  }
  const long_addresses copy = pool;
  EXPECT_EQ(copy, pool);
}

}  // namespace
