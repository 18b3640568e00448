// wire/repair_reply_test.cpp - flotilla/wire/repair_reply.hpp
// Golden bytes, alone and with a fact; the digests behind it stand in digest_test.cpp.
#include <flotilla/wire/repair_reply.hpp>

#include <gtest/gtest.h>

#include <support/bytes.hpp>

namespace {

using flotilla::wire::repair_reply;
using support::hex;
namespace sample = support::sample;

TEST(RepairReply, GoldenBytes) {
  support::expect_golden(hex("01 00 0029"          // version, flags, length
                             "0a0b0c0d"            // group tag
                             "0102030405060708"    // sender
                             "11121314"            // its incarnation
                             "2122232425262728"    // target
                             "0a"                  // kind: repair_reply
                             "51525354"            // sequence
                             "7172737475767778"),  // cookie
                         repair_reply{.sequence = sample::sequence, .cookie = sample::cookie});
}

TEST(RepairReply, GoldenBytesWithAFact) {
  support::expect_golden(
      hex("01 00 003f 0a0b0c0d 0102030405060708 11121314 2122232425262728 0a"  // frame
          "51525354 7172737475767778"                                          // message
          "01 14 3132333435363738 41424344 01 04 0a000001 1f0a"),              // alive
      repair_reply{.sequence = sample::sequence, .cookie = sample::cookie}, {sample::alive()});
}

static_assert(support::round_trips(repair_reply{.sequence = 1, .cookie = 0xffffffffffffffffU}));

}  // namespace
