// wire/digest_test.cpp - flotilla/wire/digest.hpp
// Golden bytes of every digest; each way to be refused; what is refused spoils the datagram.
#include <flotilla/wire/digest.hpp>

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <string_view>

#include <flotilla/wire/fact.hpp>
#include <support/bytes.hpp>

namespace {

using namespace flotilla::wire;
using support::bytes;
using support::hex;
using support::joined;

/// What becomes of a ping that carries this.
std::string_view verdict_of(const bytes& carried) {
  const bytes whole = joined(support::datagram(ping{7}), carried);
  return support::verdict(support::with_length(whole));
}
std::string_view verdict_of(std::string_view spelled) { return verdict_of(hex(spelled)); }

template <class Write>
bytes written(Write write) {
  std::array<std::byte, 300> room{};
  writer out{room};
  write(out);
  EXPECT_TRUE(out.ok());
  return {out.written().begin(), out.written().end()};
}
digest_item read(const bytes& from) {
  digest_item item;
  digest_reader reader{from};
  EXPECT_TRUE(reader.next(item));
  return item;
}

TEST(Digest, GoldenBytesOfAView) {
  const bytes golden = hex("81 04 a1a2a3a4");
  EXPECT_EQ(written([](writer& out) { write_view(out, 0xa1a2a3a4); }), golden);
  EXPECT_EQ(golden.size(), view_size);
  EXPECT_EQ(read(golden).value, 0xa1a2a3a4U);
  EXPECT_EQ(verdict_of(golden), "accepted");
}

/// Told apart without reading on: nothing, and a bare view. Whatever else comes is read.
TEST(Digest, NothingOrABareViewHoldsNoFact) {
  const bytes view = hex("81 04 a1a2a3a4");
  EXPECT_TRUE(holds_no_fact({}));
  EXPECT_TRUE(holds_no_fact(view));
  EXPECT_TRUE(begins_with_view(view));
  const bytes more = joined(view, hex("ff 00"));
  EXPECT_FALSE(holds_no_fact(more));
  EXPECT_TRUE(begins_with_view(more));
  for (const std::string_view other : {"81 03 a1a2a3", "81 04 a1a2a3", "81 05 a1a2a3a4",
                                       "82 04 a1a2a3a4", "ff 04 a1a2a3a4", "81"}) {
    EXPECT_FALSE(holds_no_fact(hex(other))) << other;
    EXPECT_FALSE(begins_with_view(hex(other))) << other;
  }
}

TEST(Digest, GoldenBytesOfASplit) {
  const bytes golden = hex("82 05 00000104 03");
  EXPECT_EQ(written([](writer& out) { write_split(out, 0x104, 3); }), golden);
  EXPECT_EQ(golden.size(), split_size);
  EXPECT_EQ(read(golden).value, 0x104U);
  EXPECT_EQ(read(golden).detail, 3U);
  EXPECT_EQ(verdict_of(golden), "accepted");
}

TEST(Digest, GoldenBytesOfAList) {
  const bytes golden = hex("83 08 00000104 b1b2 b3b4");
  EXPECT_EQ(written([](writer& out) {
              begin_list(out, 0x104, 2);
              out.u16(0xb1b2);
              out.u16(0xb3b4);
            }),
            golden);
  EXPECT_EQ(golden.size(), list_size(2));
  ASSERT_EQ(read(golden).count(), 2U);
  EXPECT_EQ(read(golden).mark(1), 0xb3b4U);
  EXPECT_EQ(verdict_of(golden), "accepted");
  EXPECT_EQ(verdict_of("83 04 00000001"), "accepted") << "nothing is held there";
}

TEST(Digest, GoldenBytesOfDigests) {
  const bytes golden = hex("84 08 0001 0002 0003 0004");
  EXPECT_EQ(written([](writer& out) {
              begin_digests(out, 2);
              for (std::uint16_t i = 1; i <= 4; ++i) out.u16(i);
            }),
            golden);
  EXPECT_EQ(golden.size(), digests_size(2));
  EXPECT_EQ(read(golden).detail, 2U);
  EXPECT_EQ(read(golden).mark(3), 4U);
  EXPECT_EQ(verdict_of(golden), "accepted");
}

TEST(Digest, GoldenBytesOfMissing) {
  const bytes golden = hex("85 05 01 b1b2 b3b4");
  EXPECT_EQ(written([](writer& out) {
              begin_missing(out, true, 2);
              out.u16(0xb1b2);
              out.u16(0xb3b4);
            }),
            golden);
  EXPECT_EQ(golden.size(), missing_size(2));
  EXPECT_EQ(read(golden).detail, 1U);
  EXPECT_EQ(read(golden).count(), 2U);
  EXPECT_EQ(verdict_of(golden), "accepted");
  EXPECT_EQ(verdict_of("85 01 00"), "accepted") << "all is there";
}

TEST(Digest, WhatIsMalformedSpoilsTheDatagram) {
  EXPECT_EQ(verdict_of("81 03 a1a2a3"), "truncated");
  EXPECT_EQ(verdict_of("81 05 a1a2a3a4a5"), "trailing_bytes");
  EXPECT_EQ(verdict_of("82 04 00000001"), "truncated");
  EXPECT_EQ(verdict_of("82 06 00000001 03 00"), "trailing_bytes");
  EXPECT_EQ(verdict_of("82 05 00000000 03"), "bad_count") << "no such range";
  EXPECT_EQ(verdict_of("82 05 00000001 00"), "bad_count");
  EXPECT_EQ(verdict_of("82 05 00000001 06"), "accepted");
  EXPECT_EQ(verdict_of("82 05 00000001 07"), "bad_count");
  EXPECT_EQ(verdict_of("82 05 0fffffff 01"), "accepted");
  EXPECT_EQ(verdict_of("82 05 0fffffff 02"), "bad_count") << "below the deepest";
  EXPECT_EQ(verdict_of("83 03 000001"), "truncated");
  EXPECT_EQ(verdict_of("83 05 00000001 aa"), "truncated");
  EXPECT_EQ(verdict_of("83 04 1fffffff"), "accepted");
  EXPECT_EQ(verdict_of("83 04 20000000"), "bad_count");
  EXPECT_EQ(verdict_of(joined(hex("83 84 00000001"), bytes(128))), "accepted") << "64 marks";
  EXPECT_EQ(verdict_of(joined(hex("83 86 00000001"), bytes(130))), "bad_count");
  EXPECT_EQ(verdict_of("84 00"), "bad_count");
  EXPECT_EQ(verdict_of("84 02 0000"), "bad_count") << "no split has one part";
  EXPECT_EQ(verdict_of("84 03 000000"), "truncated");
  EXPECT_EQ(verdict_of("84 06 000000000000"), "bad_count");
  EXPECT_EQ(verdict_of(joined(hex("84 80"), bytes(128))), "accepted");
  EXPECT_EQ(verdict_of("85 00"), "truncated");
  EXPECT_EQ(verdict_of("85 01 02"), "bad_count");
  EXPECT_EQ(verdict_of("85 02 00 aa"), "truncated");
}

TEST(Digest, TheReaderSkipsEverythingElse) {
  const bytes mixed =
      joined(joined(hex("ff 02 0000 80 01 00"), hex("81 04 00000005")), hex("fe 00"));
  digest_item item;
  digest_reader reader{mixed};
  ASSERT_TRUE(reader.next(item));
  EXPECT_EQ(item.value, 5U);
  EXPECT_FALSE(reader.next(item));
}

TEST(Digest, NothingIsWrittenThatDoesNotFit) {
  std::array<std::byte, 6> room{};
  writer small{std::span{room}.first(5)};
  EXPECT_FALSE(write_view(small, 1));
  EXPECT_FALSE(write_split(small, 1, 1));
  EXPECT_FALSE(begin_list(small, 1, 0));
  EXPECT_FALSE(begin_digests(small, 1));
  EXPECT_FALSE(begin_missing(small, false, 2));
  EXPECT_EQ(small.size(), 0U);
  EXPECT_TRUE(small.ok());
  writer exact{room};
  EXPECT_TRUE(write_view(exact, 1));
}

}  // namespace
