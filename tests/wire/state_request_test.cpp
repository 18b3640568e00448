// wire/state_request_test.cpp - flotilla/wire/state_request.hpp
// Golden bytes, alone and with a fact.
#include <flotilla/wire/state_request.hpp>

#include <gtest/gtest.h>

#include <support/bytes.hpp>

namespace {

using flotilla::wire::state_request;
using support::hex;
namespace sample = support::sample;

constexpr state_request request{
    .sequence = sample::sequence, .cookie = sample::cookie, .cursor = 0x91929394U};

TEST(StateRequest, GoldenBytes) {
  support::expect_golden(hex("01 00 002d"        // version, flags, length
                             "0a0b0c0d"          // group tag
                             "0102030405060708"  // sender
                             "11121314"          // its incarnation
                             "2122232425262728"  // target
                             "07"                // kind: state_request
                             "51525354"          // sequence
                             "7172737475767778"  // cookie
                             "91929394"),        // cursor
                         request);
}

TEST(StateRequest, GoldenBytesWithFact) {
  support::expect_golden(
      hex("01 00 003b 0a0b0c0d 0102030405060708 11121314 2122232425262728 07"  // frame
          "51525354 7172737475767778 91929394"                                 // message
          "04 0c 3132333435363738 41424344"),                                  // left
      request, {sample::left});
}

static_assert(support::round_trips(request));
static_assert(support::round_trips(state_request{.cursor = 0xffffffffU}));

}  // namespace
