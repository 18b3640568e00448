// wire/repair_request_test.cpp - flotilla/wire/repair_request.hpp
// Golden bytes, alone and with a fact; the digests behind it stand in digest_test.cpp.
#include <flotilla/wire/repair_request.hpp>

#include <gtest/gtest.h>

#include <support/bytes.hpp>

namespace {

using flotilla::wire::repair_request;
using support::hex;
namespace sample = support::sample;

TEST(RepairRequest, GoldenBytes) {
  support::expect_golden(hex("01 00 0029"          // version, flags, length
                             "0a0b0c0d"            // group tag
                             "0102030405060708"    // sender
                             "11121314"            // its incarnation
                             "2122232425262728"    // target
                             "09"                  // kind: repair_request
                             "51525354"            // sequence
                             "7172737475767778"),  // cookie
                         repair_request{.sequence = sample::sequence, .cookie = sample::cookie});
}

TEST(RepairRequest, GoldenBytesWithAFact) {
  support::expect_golden(
      hex("01 00 003f 0a0b0c0d 0102030405060708 11121314 2122232425262728 09"  // frame
          "51525354 7172737475767778"                                          // message
          "01 14 3132333435363738 41424344 01 04 0a000001 1f0a"),              // alive
      repair_request{.sequence = sample::sequence, .cookie = sample::cookie}, {sample::alive()});
}

static_assert(support::round_trips(repair_request{.sequence = 1, .cookie = 0xffffffffffffffffU}));

}  // namespace
