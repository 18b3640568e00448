// wire/relayed_ack_test.cpp - flotilla/wire/relayed_ack.hpp
// Golden bytes, alone and with facts, and the subject that is refused.
#include <flotilla/wire/relayed_ack.hpp>

#include <gtest/gtest.h>

#include <support/bytes.hpp>

namespace {

using flotilla::incarnation;
using flotilla::wire::relayed_ack;
using support::framed;
using support::hex;
namespace sample = support::sample;

constexpr relayed_ack answer{.sequence = sample::sequence,
                             .subject = sample::subject,
                             .incarnation = incarnation{0x81828384U}};

TEST(RelayedAck, GoldenBytes) {
  support::expect_golden(hex("01 00 002d"        // version, flags, length
                             "0a0b0c0d"          // group tag
                             "0102030405060708"  // sender: the helper
                             "11121314"          // its incarnation
                             "2122232425262728"  // target: who asked
                             "04"                // kind: relayed_ack
                             "51525354"          // sequence
                             "3132333435363738"  // subject
                             "81828384"),        // subject's incarnation
                         answer);
}

TEST(RelayedAck, GoldenBytesWithFacts) {
  support::expect_golden(
      hex("01 00 0054 0a0b0c0d 0102030405060708 11121314 2122232425262728 04"  // frame
          "51525354 3132333435363738 81828384"                                 // message
          "03 14 3132333435363738 41424344 6162636465666768"                   // dead
          "01 0f 3132333435363738 41424344 01 41 a1"),                         // alive
      answer, {sample::dead, sample::alive(sample::opaque(1))});
}

static_assert(support::round_trips(answer));

TEST(RelayedAck, ASubjectHasAnId) {
  EXPECT_EQ(support::verdict(framed(4, hex("51525354 0000000000000000 81828384"))), "bad_id");
  EXPECT_EQ(support::verdict(framed(4, hex("51525354 0000000000000001 81828384"))), "accepted");
}

}  // namespace
