// exchange/cookie_test.cpp - flotilla/exchange/cookie.hpp
// Proof of an address: it differs with the address and the key, stays the same, and is never 0.
#include <flotilla/exchange/cookie.hpp>

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <set>
#include <span>

#include <flotilla/detail/random.hpp>

namespace {

using flotilla::cookie_of;
using flotilla::endpoint;
using flotilla::detail::mix_key;
using flotilla::detail::random_generator;

constexpr mix_key key{0x0123456789abcdefU, 0xfedcba9876543210U};
constexpr endpoint where = endpoint::ipv4({10, 0, 0, 1}, 7946);

static_assert(cookie_of(where, key) == cookie_of(where, key));

TEST(Cookie, DiffersByAddressPortAndKey) {
  std::set<std::uint64_t> cookies;
  for (std::uint8_t host = 1; host <= 100; ++host) {
    for (std::uint16_t port = 1; port <= 100; ++port) {
      cookies.insert(cookie_of(endpoint::ipv4({10, 0, 0, host}, port), key));
    }
  }
  EXPECT_EQ(cookies.size(), 10000U);
  for (unsigned bit = 0; bit < 64; ++bit) {
    const std::uint64_t flip = std::uint64_t{1} << bit;
    EXPECT_NE(cookie_of(where, key), cookie_of(where, mix_key{key.a ^ flip, key.b})) << bit;
  }
}

TEST(Cookie, EveryByteOfALongAddressCounts) {
  std::array<std::byte, endpoint::max_bytes> bytes{};
  const std::uint64_t plain = cookie_of(*endpoint::opaque(bytes), key);
  for (std::byte& b : bytes) {
    b = std::byte{1};
    EXPECT_NE(cookie_of(*endpoint::opaque(bytes), key), plain);
    b = std::byte{0};
  }
  EXPECT_NE(cookie_of(*endpoint::opaque(std::span{bytes}.first(17)), key), plain);
}

// 0 stands for "none yet": a key under which the plain digest is 0 is easily made.
TEST(Cookie, IsNeverZero) {
  random_generator random{1};
  for (int i = 0; i < 1'000'000; ++i) ASSERT_NE(cookie_of(where, random.next_key()), 0U);
  // mix(word, {a, b}) is 0 when word == a and b == 0, since one factor is then 0 in both folds.
  const std::uint64_t head = std::uint64_t{4} << 8U | 6U;
  const std::uint64_t word = 0x0a1f0100000aU ^ head << 48U;
  ASSERT_EQ(flotilla::detail::endpoint_digest(where, mix_key{word, 0}), 0U);
  EXPECT_NE(cookie_of(where, mix_key{word, 0}), 0U);
}

// Who has many cookies of other addresses does not see the next one in them.
TEST(Cookie, NeighboursHaveNothingInCommon) {
  std::set<std::uint64_t> steps;
  for (std::uint16_t port = 1; port <= 1000; ++port) {
    const auto next = static_cast<std::uint16_t>(port + 1);
    steps.insert(cookie_of(endpoint::ipv4({10, 0, 0, 1}, next), key) -
                 cookie_of(endpoint::ipv4({10, 0, 0, 1}, port), key));
  }
  EXPECT_EQ(steps.size(), 1000U);
}

}  // namespace
