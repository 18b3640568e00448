// wire/ping_request_test.cpp - flotilla/wire/ping_request.hpp
// Golden bytes for each sort of address, and the subjects that are refused.
#include <flotilla/wire/ping_request.hpp>

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include <support/bytes.hpp>

namespace {

using flotilla::endpoint;
using flotilla::wire::ping_request;
using support::hex;
namespace sample = support::sample;

constexpr ping_request request(const endpoint& address) {
  return {.sequence = sample::sequence, .subject = sample::subject, .address = address};
}

std::string_view verdict(const std::string& body) {
  return support::verdict(support::framed(2, hex(body)));
}

TEST(PingRequest, GoldenBytesWithIpv4) {
  support::expect_golden(hex("01 00 0030"          // version, flags, length
                             "0a0b0c0d"            // group tag
                             "0102030405060708"    // sender
                             "11121314"            // its incarnation
                             "2122232425262728"    // target: the helper
                             "02"                  // kind: ping_request
                             "51525354"            // sequence
                             "3132333435363738"    // subject
                             "04 0a000001 1f0a"),  // its address
                         request(sample::ipv4));
}

TEST(PingRequest, GoldenBytesWithIpv6AndFacts) {
  support::expect_golden(
      hex("01 00 0060 0a0b0c0d 0102030405060708 11121314 2122232425262728 02"  // frame
          "51525354"                                                           // sequence
          "3132333435363738"                                                   // subject
          "06 20010db8000000000000000000000001 1f0a"                           // its address
          "02 14 3132333435363738 41424344 6162636465666768"                   // suspect
          "04 0c 3132333435363738 41424344"),                                  // left
      request(sample::ipv6), {sample::suspect, sample::left});
}

TEST(PingRequest, GoldenBytesWithOpaqueAddress) {
  support::expect_golden(
      hex("01 00 002b 0a0b0c0d 0102030405060708 11121314 2122232425262728 02"  // frame
          "51525354"                                                           // sequence
          "3132333435363738"                                                   // subject
          "41 a1"),                                                            // its address
      request(sample::opaque(1)));
}

static_assert(support::round_trips(request(sample::ipv4)));
static_assert(support::round_trips(request(sample::ipv6)));
static_assert(support::round_trips(request(sample::opaque(18))));

TEST(PingRequest, ASubjectHasAnId) {
  EXPECT_EQ(verdict("51525354 0000000000000000 04 0a000001 1f0a"), "bad_id");
  EXPECT_EQ(verdict("51525354 0000000000000001 04 0a000001 1f0a"), "accepted");
}

TEST(PingRequest, ASubjectHasAnAddressThatReachesIt) {
  const std::string head = "51525354 3132333435363738";
  EXPECT_EQ(verdict(head + "00 0a000001 1f0a"), "bad_address") << "unknown kind";
  EXPECT_EQ(verdict(head + "05 0a000001 1f0a"), "bad_address") << "unknown kind";
  EXPECT_EQ(verdict(head + "04 0a000001 0000"), "bad_address") << "port 0";
  EXPECT_EQ(verdict(head + "04 e0000001 1f0a"), "bad_address") << "multicast";
  EXPECT_EQ(verdict(head + "04 ffffffff 1f0a"), "bad_address") << "broadcast";
  EXPECT_EQ(verdict(head + "04 00000000 1f0a"), "bad_address") << "unspecified";
  EXPECT_EQ(verdict(head + "06 00000000000000000000ffff0a000001 1f0a"), "bad_address") << "mapped";
  EXPECT_EQ(verdict(head + "40"), "bad_address") << "opaque, size 0";
  EXPECT_EQ(verdict(head + "53 a1a2a3a4a5a6a7a8a9aaabacadaeafb0b1b2b3"), "bad_address");
  EXPECT_EQ(verdict(head + "06 0a000001 1f0a"), "truncated") << "IPv4, called IPv6";
  EXPECT_EQ(verdict(head), "truncated");
}

}  // namespace
