// wire/nack_test.cpp - flotilla/wire/nack.hpp
// Golden bytes, and that nothing may stand behind them.
#include <flotilla/wire/nack.hpp>

#include <gtest/gtest.h>

#include <string_view>

#include <support/bytes.hpp>

namespace {

using flotilla::wire::nack;
using support::framed;
using support::hex;
namespace sample = support::sample;

TEST(Nack, GoldenBytes) {
  support::expect_golden(hex("01 00 0021"        // version, flags, length
                             "0a0b0c0d"          // group tag
                             "0102030405060708"  // sender: the helper
                             "11121314"          // its incarnation
                             "2122232425262728"  // target: who asked
                             "05"                // kind: nack
                             "51525354"),        // sequence
                         nack{.sequence = sample::sequence});
}

static_assert(support::round_trips(nack{.sequence = 0}));
static_assert(support::round_trips(nack{.sequence = 0xffffffffU}));

TEST(Nack, CarriesNoFacts) {
  const auto verdict = [](std::string_view body) { return support::verdict(framed(5, hex(body))); };
  EXPECT_EQ(verdict("51525354"), "accepted");
  EXPECT_EQ(verdict("51525354 00"), "trailing_bytes");
  EXPECT_EQ(verdict("51525354 ff00"), "trailing_bytes") << "not even padding";
  EXPECT_EQ(verdict("51525354 04 0c 3132333435363738 41424344"), "trailing_bytes");
}

}  // namespace
