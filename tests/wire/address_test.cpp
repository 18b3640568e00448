// wire/address_test.cpp - flotilla/wire/address.hpp
// The bytes of each sort of endpoint, and that every other spelling is refused.
#include <flotilla/wire/address.hpp>

#include <gtest/gtest.h>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include <support/bytes.hpp>

namespace {

using flotilla::endpoint;
using flotilla::wire::address_size;
using flotilla::wire::max_address_size;
using flotilla::wire::read_address;
using flotilla::wire::reader;
using flotilla::wire::writer;
using support::bytes;
using support::hex;
using support::to_hex;
namespace sample = support::sample;

std::string written(const endpoint& address) {
  bytes buffer(64);
  writer out{buffer};
  write_address(out, address);
  EXPECT_EQ(out.size(), address_size(address));
  return to_hex(out.written());
}

// The address that all of the bytes spell, or nothing.
std::optional<endpoint> whole(const bytes& data) {
  reader in{data};
  const std::optional<endpoint> address = read_address(in);
  EXPECT_TRUE(!address || (in.ok() && in.empty())) << to_hex(data);
  return address;
}

void expect_golden(std::string_view spelled, const endpoint& address) {
  const bytes golden = hex(spelled);
  EXPECT_EQ(written(address), to_hex(golden));
  EXPECT_EQ(whole(golden), address) << spelled;
}

TEST(Address, Ipv4) {
  expect_golden(
      "04"        // kind: IPv4
      "0a000001"  // 10.0.0.1
      "1f0a",     // port 7946
      sample::ipv4);
}

TEST(Address, Ipv6) {
  expect_golden(
      "06"                                // kind: IPv6
      "20010db8000000000000000000000001"  // 2001:db8::1
      "1f0a",                             // port 7946
      sample::ipv6);
}

TEST(Address, OpaqueOfEverySize) {
  expect_golden("41 a1", sample::opaque(1));
  expect_golden("42 a1a2", sample::opaque(2));
  expect_golden("52 a1a2a3a4a5a6a7a8a9aaabacadaeafb0b1b2", sample::opaque(18));
  for (std::size_t size = 1; size <= 18; ++size) {
    const bytes spelled = hex(written(sample::opaque(size)));
    EXPECT_EQ(spelled.size(), 1 + size);
    EXPECT_EQ(spelled[0], static_cast<std::byte>(64 + size));
    EXPECT_EQ(whole(spelled), sample::opaque(size));
  }
}

// Bytes of another transport are nobody's business: zeros and ones are as good as any.
TEST(Address, OpaqueBytesAreNotJudged) {
  EXPECT_TRUE(whole(hex("41 00")));
  EXPECT_TRUE(whole(hex("46 ffffffff 0000")));
  EXPECT_TRUE(whole(hex("52 00000000000000000000ffff0a000001 1f0a")));
}

TEST(Address, SizesAreThoseOfTheDrawing) {
  static_assert(max_address_size == 19);
  static_assert(address_size(sample::ipv4) == 7);
  static_assert(address_size(sample::ipv6) == 19);
  static_assert(address_size(sample::opaque(1)) == 2);
  static_assert(address_size(sample::opaque(18)) == 19);
}

TEST(Address, LeavesWhatStandsBehindIt) {
  const bytes data = hex("04 0a000001 1f0a ee");
  reader in{data};
  EXPECT_EQ(read_address(in), sample::ipv4);
  EXPECT_EQ(to_hex(in.rest()), "ee");
}

TEST(Address, OnlyTheKindsOfTheDrawingAreTaken) {
  for (unsigned kind = 0; kind < 256; ++kind) {
    bytes data = hex("00 200102030405060708090a0b0c0d0e0f 1f0a");
    data[0] = static_cast<std::byte>(kind);
    reader in{data};
    const bool known = kind == 4 || kind == 6 || (kind >= 64 + 1 && kind <= 64 + 18);
    EXPECT_EQ(read_address(in).has_value(), known) << kind;
    EXPECT_TRUE(in.ok()) << kind;
  }
}

TEST(Address, WhatReachesNoSingleMemberIsRefused) {
  EXPECT_FALSE(whole(hex("04 0a000001 0000"))) << "IPv4, port 0";
  EXPECT_FALSE(whole(hex("04 00000000 1f0a"))) << "IPv4, unspecified";
  EXPECT_FALSE(whole(hex("04 ffffffff 1f0a"))) << "IPv4, broadcast";
  EXPECT_FALSE(whole(hex("04 e0000000 1f0a"))) << "IPv4, first multicast";
  EXPECT_FALSE(whole(hex("04 efffffff 1f0a"))) << "IPv4, last multicast";
  EXPECT_FALSE(whole(hex("06 20010db8000000000000000000000001 0000"))) << "IPv6, port 0";
  EXPECT_FALSE(whole(hex("06 00000000000000000000000000000000 1f0a"))) << "IPv6, unspecified";
  EXPECT_FALSE(whole(hex("06 ff020000000000000000000000000001 1f0a"))) << "IPv6, multicast";
  EXPECT_FALSE(whole(hex("06 ff000000000000000000000000000000 1f0a"))) << "first multicast";
  EXPECT_FALSE(whole(hex("06 ffffffffffffffffffffffffffffffff ffff"))) << "last multicast";
}

TEST(Address, TheirNeighboursAreTaken) {
  EXPECT_TRUE(whole(hex("04 0a000001 0001"))) << "port 1";
  EXPECT_TRUE(whole(hex("04 0a000001 ffff"))) << "port 65535";
  EXPECT_TRUE(whole(hex("04 0a000001 0100"))) << "port 256: its low byte is 0";
  EXPECT_TRUE(whole(hex("04 00000001 1f0a")));
  EXPECT_TRUE(whole(hex("04 7f000001 1f0a"))) << "loopback";
  EXPECT_TRUE(whole(hex("04 dfffffff 1f0a"))) << "below multicast";
  EXPECT_TRUE(whole(hex("04 f0000000 1f0a"))) << "above multicast";
  EXPECT_TRUE(whole(hex("04 fffffffe 1f0a"))) << "below broadcast";
  EXPECT_TRUE(whole(hex("06 00000000000000000000000000000001 1f0a"))) << "loopback";
  EXPECT_TRUE(whole(hex("06 feffffffffffffffffffffffffffffff 1f0a"))) << "below multicast";
}

// One member, one spelling: else one member would be two (DESIGN, section 5, traps).
TEST(Address, AnIpv4AddressWrittenAsIpv6IsRefused) {
  EXPECT_FALSE(whole(hex("06 00000000000000000000ffff0a000001 1f0a")));
  EXPECT_FALSE(whole(hex("06 00000000000000000000ffff00000000 0000")));
  EXPECT_TRUE(whole(hex("06 00000000000000000000fffe0a000001 1f0a")));
  EXPECT_TRUE(whole(hex("06 000000000000000000000000 0a000001 1f0a"))) << "compatible, not mapped";
}

TEST(Address, CutAnywhereItIsTruncated) {
  for (const endpoint& address :
       {sample::ipv4, sample::ipv6, sample::opaque(1), sample::opaque(18)}) {
    const bytes data = hex(written(address));
    for (std::size_t size = 0; size < data.size(); ++size) {
      const bytes part = support::first(data, size);
      reader in{part};
      EXPECT_FALSE(read_address(in)) << size;
      EXPECT_FALSE(in.ok()) << size;
    }
  }
}

// The default endpoint has no spelling: what is written for it is refused by every reader.
TEST(Address, NoAddressIsRefusedWhenRead) {
  EXPECT_EQ(written(endpoint{}), "00");
  EXPECT_FALSE(whole(hex("00")));
}

}  // namespace
