// wire/ack_test.cpp - flotilla/wire/ack.hpp
// Golden bytes, alone and with a fact.
#include <flotilla/wire/ack.hpp>

#include <gtest/gtest.h>

#include <support/bytes.hpp>

namespace {

using flotilla::incarnation;
using flotilla::wire::ack;
using support::hex;
namespace sample = support::sample;

constexpr ack answer{.sequence = sample::sequence, .incarnation = incarnation{0x81828384U}};

TEST(Ack, GoldenBytes) {
  support::expect_golden(hex("01 00 0025"        // version, flags, length
                             "0a0b0c0d"          // group tag
                             "0102030405060708"  // sender
                             "11121314"          // its incarnation
                             "2122232425262728"  // target
                             "03"                // kind: ack
                             "51525354"          // sequence
                             "81828384"),        // own incarnation
                         answer);
}

TEST(Ack, GoldenBytesWithFacts) {
  support::expect_golden(
      hex("01 00 0047 0a0b0c0d 0102030405060708 11121314 2122232425262728 03"  // frame
          "51525354 81828384"                                                  // message
          "01 20 3132333435363738 41424344 01"                                 // alive
          "06 20010db8000000000000000000000001 1f0a"),                         // its address
      answer, {sample::alive(sample::ipv6)});
}

static_assert(support::round_trips(answer));
static_assert(support::round_trips(ack{.sequence = 0xffffffffU}));

}  // namespace
