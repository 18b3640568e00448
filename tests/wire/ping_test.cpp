// wire/ping_test.cpp - flotilla/wire/ping.hpp
// Golden bytes, alone and with a fact of each kind, and how many facts fit beside it.
#include <flotilla/wire/ping.hpp>

#include <gtest/gtest.h>

#include <cstddef>

#include <support/bytes.hpp>

namespace {

using flotilla::wire::ping;
using support::bytes;
using support::hex;
namespace sample = support::sample;

TEST(Ping, GoldenBytes) {
  support::expect_golden(hex("01 00 0021"        // version, flags, length
                             "0a0b0c0d"          // group tag
                             "0102030405060708"  // sender
                             "11121314"          // its incarnation
                             "2122232425262728"  // target
                             "01"                // kind: ping
                             "51525354"),        // sequence
                         ping{.sequence = sample::sequence});
}

TEST(Ping, GoldenBytesWithFacts) {
  support::expect_golden(
      hex("01 00 0071 0a0b0c0d 0102030405060708 11121314 2122232425262728 01"  // frame
          "51525354"                                                           // sequence
          "01 14 3132333435363738 41424344 01 04 0a000001 1f0a"                // alive
          "02 14 3132333435363738 41424344 6162636465666768"                   // suspect
          "03 14 3132333435363738 41424344 6162636465666768"                   // dead
          "04 0c 3132333435363738 41424344"),                                  // left
      ping{.sequence = sample::sequence}, sample::each);
}

static_assert(support::round_trips(ping{.sequence = 0}));
static_assert(support::round_trips(ping{.sequence = 0xffffffffU}));

// "At least 56 alive facts fit beside a ping in 1,400 bytes."
TEST(Ping, AtLeast56AliveFactsFitBesideIt) {
  bytes buffer(1400);
  flotilla::wire::writer out{buffer};
  ASSERT_TRUE(write_message(out, sample::head, ping{.sequence = sample::sequence}));
  std::size_t count = 0;
  while (write_fact(out, sample::alive())) ++count;
  finish_frame(out);
  EXPECT_EQ(count, 62U);
  EXPECT_GE(count, 56U);
  const auto back = support::decode(out.written());
  EXPECT_EQ(to_string(back.result), "accepted");
  EXPECT_TRUE(back.facts == support::facts(count, sample::alive()));
}

}  // namespace
