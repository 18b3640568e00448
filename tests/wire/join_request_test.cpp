// wire/join_request_test.cpp - flotilla/wire/join_request.hpp
// Golden bytes: the first request without a cookie, one with it, and one padded.
#include <flotilla/wire/join_request.hpp>

#include <gtest/gtest.h>

#include <cstddef>
#include <variant>

#include <support/bytes.hpp>

namespace {

using flotilla::wire::join_request;
using support::bytes;
using support::hex;
namespace sample = support::sample;

TEST(JoinRequest, GoldenBytesOfTheFirst) {
  support::expect_golden(hex("01 00 0029"          // version, flags, length
                             "0a0b0c0d"            // group tag
                             "0102030405060708"    // sender
                             "11121314"            // its incarnation
                             "2122232425262728"    // target
                             "06"                  // kind: join_request
                             "51525354"            // sequence
                             "0000000000000000"),  // no cookie yet
                         join_request{.sequence = sample::sequence});
}

TEST(JoinRequest, GoldenBytesWithCookieAndFact) {
  support::expect_golden(
      hex("01 00 003f 0a0b0c0d 0102030405060708 11121314 2122232425262728 06"  // frame
          "51525354"                                                           // sequence
          "7172737475767778"                                                   // cookie
          "01 14 3132333435363738 41424344 01 04 0a000001 1f0a"),              // alive: itself
      join_request{.sequence = sample::sequence, .cookie = sample::cookie}, {sample::alive()});
}

static_assert(support::round_trips(join_request{.sequence = 1, .cookie = 0xffffffffffffffffU}));

// Whoever knows no member sends to target 0; padding buys a larger answer (no amplification).
TEST(JoinRequest, PaddedToWhomeverIsThere) {
  bytes golden =
      hex("01 00 0078 0a0b0c0d 0102030405060708 11121314"  // frame ...
          "0000000000000000 06"                            // ... to whoever is there
          "51525354 0000000000000000"                      // message
          "ff 4d");                                        // padding: 77 bytes follow
  golden.resize(golden.size() + 77);
  ASSERT_EQ(golden.size(), 120U);
  const auto back = support::decode(golden);
  EXPECT_EQ(to_string(back.result), "accepted");
  EXPECT_EQ(back.head.target, flotilla::member_id{});
  EXPECT_TRUE(std::get<join_request>(back.body) == join_request{.sequence = sample::sequence});
  EXPECT_EQ(back.skipped, 1U);
}

}  // namespace
