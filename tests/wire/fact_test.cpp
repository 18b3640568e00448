// wire/fact_test.cpp - flotilla/wire/fact.hpp
// The bytes of every kind of fact, and what is wrong with those that are refused.
#include <flotilla/wire/fact.hpp>

#include <gtest/gtest.h>

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include <support/bytes.hpp>

namespace {

using flotilla::incarnation;
using flotilla::member_id;
using flotilla::wire::check_facts;
using flotilla::wire::fact;
using flotilla::wire::fact_kind;
using flotilla::wire::fact_read;
using flotilla::wire::fact_reader;
using flotilla::wire::fact_size;
using flotilla::wire::max_fact_size;
using flotilla::wire::writer;
using support::bytes;
using support::hex;
using support::joined;
using support::to_hex;
namespace sample = support::sample;

std::string_view verdict(const bytes& data) { return to_string(check_facts(data)); }
std::string_view verdict(std::string_view spelled) { return verdict(hex(spelled)); }

bytes written(const fact& what) {
  bytes buffer(64);
  writer out{buffer};
  EXPECT_TRUE(write_fact(out, what));
  EXPECT_EQ(out.size(), fact_size(what));
  buffer.resize(out.size());
  return buffer;
}

void expect_golden(const bytes& golden, const fact& what) {
  EXPECT_EQ(to_hex(written(what)), to_hex(golden));
  EXPECT_EQ(verdict(golden), "accepted");
  // Reading leaves nothing of what the variable held before.
  fact back{.subject = member_id{9},
            .incarnation = incarnation{9},
            .state = flotilla::member_state::left,
            .address = sample::opaque(18),
            .accuser = member_id{9}};
  fact_reader reader{golden};
  EXPECT_EQ(reader.next(back), fact_read::fact);
  EXPECT_TRUE(back == what);
  EXPECT_EQ(reader.next(back), fact_read::end);
}

TEST(Fact, AliveWithIpv4) {
  expect_golden(hex("01"                  // kind: alive
                    "14"                  // 20 bytes follow
                    "3132333435363738"    // subject
                    "41424344"            // incarnation
                    "01"                  // one address
                    "04 0a000001 1f0a"),  // 10.0.0.1:7946
                sample::alive());
}

TEST(Fact, AliveWithIpv6) {
  expect_golden(hex("01"                                          // kind: alive
                    "20"                                          // 32 bytes follow
                    "3132333435363738"                            // subject
                    "41424344"                                    // incarnation
                    "01"                                          // one address
                    "06 20010db8000000000000000000000001 1f0a"),  // [2001:db8::1]:7946
                sample::alive(sample::ipv6));
}

TEST(Fact, AliveWithOpaqueAddress) {
  expect_golden(hex("01"                // kind: alive
                    "0f"                // 15 bytes follow
                    "3132333435363738"  // subject
                    "41424344"          // incarnation
                    "01"                // one address
                    "41 a1"),           // opaque, 1 byte
                sample::alive(sample::opaque(1)));
  expect_golden(hex("01"                                         // kind: alive
                    "20"                                         // 32 bytes follow
                    "3132333435363738"                           // subject
                    "41424344"                                   // incarnation
                    "01"                                         // one address
                    "52 a1a2a3a4a5a6a7a8a9aaabacadaeafb0b1b2"),  // opaque, 18 bytes
                sample::alive(sample::opaque(18)));
}

TEST(Fact, Suspect) {
  expect_golden(hex("02"                  // kind: suspect
                    "14"                  // 20 bytes follow
                    "3132333435363738"    // subject
                    "41424344"            // incarnation
                    "6162636465666768"),  // accuser
                sample::suspect);
}

TEST(Fact, Dead) {
  expect_golden(hex("03"                  // kind: dead
                    "14"                  // 20 bytes follow
                    "3132333435363738"    // subject
                    "41424344"            // incarnation
                    "6162636465666768"),  // accuser
                sample::dead);
}

TEST(Fact, Left) {
  expect_golden(hex("04"                // kind: left
                    "0c"                // 12 bytes follow
                    "3132333435363738"  // subject
                    "41424344"),        // incarnation
                sample::left);
}

// The short ways of writing write what the long one does, and nothing where it does not fit.
TEST(Fact, PlainFactsAndAccusationsAreThoseOfTheDrawing) {
  for (const std::uint32_t number : {0U, 1U, 0xfffefdfcU}) {
    const member_id id{0x0102030405060708U};
    const fact alive{id,
                     incarnation{number},
                     flotilla::member_state::alive,
                     flotilla::endpoint::ipv4({10, 1, 2, 3}, 7946),
                     {}};
    const flotilla::wire::plain_fact plain{id, incarnation{number}, 0x0a0102031f0aU};
    for (std::size_t room = 0; room < 30; ++room) {
      bytes buffer(room);
      writer out{buffer};
      const bool fits = room >= flotilla::wire::plain_fact::size;
      EXPECT_EQ(flotilla::wire::write_plain_fact(out, plain), fits);
      EXPECT_TRUE(out.ok());
      buffer.resize(out.size());
      EXPECT_EQ(to_hex(buffer), fits ? to_hex(written(alive)) : "");
    }
    flotilla::wire::plain_fact back;
    ASSERT_TRUE(flotilla::wire::read_plain_fact(written(alive).data(), back));
    EXPECT_EQ(back.subject, id);
    EXPECT_EQ(back.incarnation, incarnation{number});
    EXPECT_EQ(back.place, plain.place);
    for (const auto state : {flotilla::member_state::suspect, flotilla::member_state::dead}) {
      const fact accusation{id, incarnation{number}, state, {}, member_id{77}};
      bytes buffer(22);
      flotilla::wire::store_accusation(buffer.data(), state, id, incarnation{number},
                                       member_id{77});
      EXPECT_EQ(to_hex(buffer), to_hex(written(accusation)));
      EXPECT_FALSE(flotilla::wire::read_plain_fact(buffer.data(), back));
    }
  }
}

// Each byte of a plain fact takes each value: the short check finds nothing wrong only where the
// long one does not.
TEST(Fact, ThePlainCheckTakesNothingThatTheOtherRefuses) {
  const fact alive{member_id{1},
                   incarnation{0},
                   flotilla::member_state::alive,
                   flotilla::endpoint::ipv4({10, 1, 2, 3}, 80),
                   {}};
  std::size_t taken = 0;
  for (const bytes& whole :
       {written(alive), hex("0114 0000000000000001 00000000 0104 e0000001 0050"),
        hex("0114 0000000000000001 00000000 0104 00000000 0050"),
        hex("0114 0000000000000001 00000000 0104 ffffffff 0050"),
        hex("0114 0000000000000000 00000000 0104 0a000001 0050")}) {
    ASSERT_EQ(whole.size(), flotilla::wire::plain_fact::size);
    for (std::size_t i = 0; i < whole.size(); ++i) {
      for (unsigned value = 0; value < 256; ++value) {
        bytes changed = whole;
        changed[i] = static_cast<std::byte>(value);
        const bool plain = flotilla::wire::begins_with_plain_fact(changed);
        fact read;
        const bool sound = fact_reader{changed}.next(read) == fact_read::fact;
        const bool expected = sound && read.state == flotilla::member_state::alive &&
                              read.address.kind() == flotilla::endpoint_kind::ipv4;
        ASSERT_EQ(plain, expected) << to_hex(changed);
        taken += plain ? 1U : 0U;
      }
    }
  }
  EXPECT_GT(taken, 4000U);
}

TEST(Fact, PaddingIsSkipped) {
  const bytes golden =
      hex("ff"          // kind: padding
          "04"          // 4 bytes follow
          "00000000");  // of no meaning
  fact untouched = sample::dead;
  fact_reader reader{golden};
  EXPECT_EQ(reader.next(untouched), fact_read::skipped);
  EXPECT_TRUE(untouched == sample::dead);
  EXPECT_EQ(reader.next(untouched), fact_read::end);
  EXPECT_EQ(static_cast<int>(fact_kind::padding), 255);
  EXPECT_EQ(verdict("ff00"), "accepted");
  EXPECT_EQ(verdict(joined(hex("ffff"), bytes(255))), "accepted");
}

TEST(Fact, IncarnationsAndIdsAreNotJudged) {
  fact what = sample::suspect;
  what.incarnation = incarnation{0};
  what.accuser = what.subject;
  expect_golden(hex("02 14 3132333435363738 00000000 3132333435363738"), what);
  what.incarnation = incarnation{0xffffffff};
  what.subject = member_id{1};
  expect_golden(hex("02 14 0000000000000001 ffffffff 3132333435363738"), what);
}

// "An alive fact with an IPv4 address costs at most 24 bytes, a suspect or dead fact at most 24."
TEST(Fact, SizesAreThoseOfTheDrawing) {
  static_assert(fact_size(sample::alive()) == 22);
  static_assert(fact_size(sample::suspect) == 22);
  static_assert(fact_size(sample::dead) == 22);
  static_assert(fact_size(sample::left) == 14);
  static_assert(fact_size(sample::alive(sample::ipv6)) == 34);
  static_assert(fact_size(sample::alive(sample::opaque(18))) == 34);
  static_assert(max_fact_size == 34);
}

TEST(Fact, AFactThatDoesNotFitIsNotBegun) {
  for (const fact& what : {sample::alive(), sample::alive(sample::ipv6), sample::suspect,
                           sample::dead, sample::left}) {
    for (std::size_t room = 0; room <= fact_size(what); ++room) {
      bytes buffer(64, std::byte{0xa5});
      writer out{std::span{buffer}.first(room)};
      const bool fits = room == fact_size(what);
      EXPECT_EQ(write_fact(out, what), fits) << room;
      EXPECT_TRUE(out.ok()) << "a smaller fact may still follow";
      EXPECT_EQ(out.size(), fits ? room : 0) << room;
      for (std::size_t i = out.size(); i < buffer.size(); ++i) {
        EXPECT_EQ(buffer[i], std::byte{0xa5}) << room;
      }
    }
  }
}

TEST(Fact, CutAnywhereItIsTruncated) {
  for (const fact& what :
       {sample::alive(), sample::alive(sample::ipv6), sample::alive(sample::opaque(1)),
        sample::suspect, sample::dead, sample::left}) {
    const bytes golden = written(what);
    for (std::size_t size = 1; size < golden.size(); ++size) {
      EXPECT_EQ(verdict(support::first(golden, size)), "truncated") << size;
    }
  }
}

// The same, with a size that agrees with the cut: the fields inside are what is missing.
TEST(Fact, ASizeTooSmallForItsKindIsTruncated) {
  for (const fact& what :
       {sample::alive(), sample::alive(sample::ipv6), sample::alive(sample::opaque(1)),
        sample::suspect, sample::dead, sample::left}) {
    const bytes golden = written(what);
    for (std::size_t size = 2; size < golden.size(); ++size) {
      const bytes cut = support::with_byte(support::first(golden, size), 1, unsigned(size - 2));
      EXPECT_EQ(verdict(cut), "truncated") << size;
      // What follows does not make good what is missing.
      EXPECT_EQ(verdict(joined(cut, golden)), "truncated") << size;
      EXPECT_EQ(verdict(support::with_byte(golden, 1, unsigned(size - 2))), "truncated") << size;
    }
  }
}

TEST(Fact, ASizeTooLargeForItsKindIsTrailingBytes) {
  for (const fact& what : sample::each) {
    const bytes golden = written(what);
    for (const std::size_t more : {std::size_t{1}, std::size_t{7}, 257 - golden.size()}) {
      const bytes longer = joined(golden, bytes(more));
      const auto size = static_cast<unsigned>(longer.size() - 2);
      EXPECT_EQ(verdict(support::with_byte(longer, 1, size)), "trailing_bytes") << more;
    }
    EXPECT_EQ(verdict(support::with_byte(golden, 1, 0xff)), "truncated");
  }
}

TEST(Fact, KindsBelow128MustBeKnown) {
  for (unsigned kind = 0; kind < 256; ++kind) {
    bytes data = hex("00 0c 3132333435363738 41424344");  // a left fact, but for its kind
    data[0] = static_cast<std::byte>(kind);
    std::string_view expected = "unknown_fact";
    if (kind >= 1 && kind <= 3) expected = "truncated";
    if (kind == 4 || kind >= 128) expected = "accepted";
    if (kind == 129 || kind == 130) expected = "trailing_bytes";  // digests of another size
    if (kind >= 131 && kind <= 133) expected = "bad_count";
    EXPECT_EQ(verdict(data), expected) << kind;
  }
}

TEST(Fact, TheKindOfAnEvictionIsReserved) {
  EXPECT_EQ(static_cast<int>(fact_kind::reserved_evicted), 5);
  EXPECT_EQ(verdict("05 0c 3132333435363738 41424344"), "unknown_fact");
  EXPECT_EQ(verdict("05 14 3132333435363738 41424344 6162636465666768"), "unknown_fact");
}

TEST(Fact, IdsOfZeroAreRefused) {
  EXPECT_EQ(verdict("01 14 0000000000000000 41424344 01 04 0a000001 1f0a"), "bad_id");
  EXPECT_EQ(verdict("02 14 0000000000000000 41424344 6162636465666768"), "bad_id");
  EXPECT_EQ(verdict("02 14 3132333435363738 41424344 0000000000000000"), "bad_id");
  EXPECT_EQ(verdict("03 14 0000000000000000 41424344 6162636465666768"), "bad_id");
  EXPECT_EQ(verdict("03 14 3132333435363738 41424344 0000000000000000"), "bad_id");
  EXPECT_EQ(verdict("04 0c 0000000000000000 41424344"), "bad_id");
}

TEST(Fact, ExactlyOneAddressIsCounted) {
  const std::string head = "3132333435363738 41424344 ";
  const std::string address = "04 0a000001 1f0a ";
  EXPECT_EQ(verdict("01 0d" + head + "00"), "bad_count");
  EXPECT_EQ(verdict("01 14" + head + "00" + address), "bad_count");
  EXPECT_EQ(verdict("01 14" + head + "02" + address), "bad_count");
  EXPECT_EQ(verdict("01 1b" + head + "02" + address + address), "bad_count");
  EXPECT_EQ(verdict("01 14" + head + "ff" + address), "bad_count");
  EXPECT_EQ(verdict("01 1b" + head + "01" + address + address), "trailing_bytes");
}

TEST(Fact, AddressesThatReachNoSingleMemberAreRefused) {
  const std::string of_7 = "01 14 3132333435363738 41424344 01";
  const std::string of_19 = "01 20 3132333435363738 41424344 01";
  EXPECT_EQ(verdict(of_7 + "00 0a000001 1f0a"), "bad_address") << "unknown kind";
  EXPECT_EQ(verdict(of_7 + "05 0a000001 1f0a"), "bad_address") << "unknown kind";
  EXPECT_EQ(verdict(of_7 + "ff 0a000001 1f0a"), "bad_address") << "unknown kind";
  EXPECT_EQ(verdict(of_7 + "04 0a000001 0000"), "bad_address") << "port 0";
  EXPECT_EQ(verdict(of_7 + "04 e0000001 1f0a"), "bad_address") << "multicast";
  EXPECT_EQ(verdict(of_7 + "04 ffffffff 1f0a"), "bad_address") << "broadcast";
  EXPECT_EQ(verdict(of_7 + "04 00000000 1f0a"), "bad_address") << "unspecified";
  EXPECT_EQ(verdict(of_19 + "06 20010db8000000000000000000000001 0000"), "bad_address");
  EXPECT_EQ(verdict(of_19 + "06 ff020000000000000000000000000001 1f0a"), "bad_address");
  EXPECT_EQ(verdict(of_19 + "06 00000000000000000000000000000000 1f0a"), "bad_address");
  EXPECT_EQ(verdict(of_19 + "06 00000000000000000000ffff0a000001 1f0a"), "bad_address");
  EXPECT_EQ(verdict("01 0e 3132333435363738 41424344 01 40"), "bad_address") << "opaque, size 0";
  EXPECT_EQ(verdict("01 21 3132333435363738 41424344 01"
                    "53 a1a2a3a4a5a6a7a8a9aaabacadaeafb0b1b2b3"),
            "bad_address")
      << "opaque, size 19";
}

TEST(Fact, OptionalFactsAreSkippedByTheirSizeAnywhere) {
  const bytes optional = hex("80 03 010203");
  const bytes golden = written(sample::alive());
  const bytes data = joined(joined(joined(optional, golden), optional), hex("fe00"));
  fact_reader reader{data};
  fact what;
  EXPECT_EQ(reader.next(what), fact_read::skipped);
  EXPECT_EQ(reader.next(what), fact_read::fact);
  EXPECT_TRUE(what == sample::alive());
  EXPECT_EQ(reader.next(what), fact_read::skipped);
  EXPECT_EQ(reader.next(what), fact_read::skipped);
  EXPECT_EQ(reader.next(what), fact_read::end);
  EXPECT_EQ(verdict("80"), "truncated");
  EXPECT_EQ(verdict("80 03 0102"), "truncated");
  EXPECT_EQ(verdict(joined(hex("80ff"), bytes(254))), "truncated");
}

TEST(Fact, NoFactsAreFine) {
  EXPECT_EQ(verdict(""), "accepted");
  fact_reader reader{{}};
  fact what;
  EXPECT_EQ(reader.next(what), fact_read::end);
  EXPECT_EQ(to_string(reader.error()), "accepted");
}

TEST(Fact, OneBadFactSpoilsThemAll) {
  const bytes good = written(sample::suspect);
  const bytes bad = hex("04 0c 0000000000000000 41424344");
  EXPECT_EQ(verdict(joined(bad, good)), "bad_id");
  EXPECT_EQ(verdict(joined(good, bad)), "bad_id");
  EXPECT_EQ(verdict(joined(joined(good, bad), good)), "bad_id");
  EXPECT_EQ(verdict(joined(joined(good, good), hex("00"))), "truncated");
}

TEST(Fact, TheReaderSaysWhatIsWrong) {
  const bytes bad = hex("04 0c 0000000000000000 41424344");
  fact_reader reader{bad};
  fact what;
  EXPECT_EQ(reader.next(what), fact_read::malformed);
  EXPECT_EQ(to_string(reader.error()), "bad_id");
}

}  // namespace
