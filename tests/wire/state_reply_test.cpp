// wire/state_reply_test.cpp - flotilla/wire/state_reply.hpp
// Golden bytes of a chunk with members and of the last one.
#include <flotilla/wire/state_reply.hpp>

#include <gtest/gtest.h>

#include <support/bytes.hpp>

namespace {

using flotilla::wire::end_of_state;
using flotilla::wire::state_reply;
using support::hex;
namespace sample = support::sample;

constexpr state_reply chunk{.sequence = sample::sequence,
                            .cookie = sample::cookie,
                            .next = 0x91929394U,
                            .members = 0xc1c2c3c4U};
constexpr state_reply last{
    .sequence = sample::sequence, .cookie = sample::cookie, .next = end_of_state, .members = 1};

TEST(StateReply, GoldenBytes) {
  support::expect_golden(hex("01 00 0031"        // version, flags, length
                             "0a0b0c0d"          // group tag
                             "0102030405060708"  // sender
                             "11121314"          // its incarnation
                             "2122232425262728"  // target
                             "08"                // kind: state_reply
                             "51525354"          // sequence
                             "7172737475767778"  // cookie
                             "ffffffff"          // next cursor: none, the state ends here
                             "00000001"),        // members
                         last);
}

TEST(StateReply, GoldenBytesWithFacts) {
  support::expect_golden(
      hex("01 00 0077 0a0b0c0d 0102030405060708 11121314 2122232425262728 08"  // frame
          "51525354 7172737475767778 91929394 c1c2c3c4"                        // message
          "01 20 3132333435363738 41424344 01"                                 // alive
          "52 a1a2a3a4a5a6a7a8a9aaabacadaeafb0b1b2"                            // its address
          "03 14 3132333435363738 41424344 6162636465666768"                   // dead
          "04 0c 3132333435363738 41424344"),                                  // left
      chunk, {sample::alive(sample::opaque(18)), sample::dead, sample::left});
}

// The next cursor is put in when the rows have been written.
TEST(StateReply, TheNextCursorCanBePatched) {
  support::bytes buffer(128);
  flotilla::wire::writer out{buffer};
  ASSERT_TRUE(write_message(out, sample::head, chunk));
  ASSERT_TRUE(write_fact(out, sample::dead));
  out.patch_u32(flotilla::wire::state_reply_next_at, end_of_state);
  finish_frame(out);
  state_reply expected = chunk;
  expected.next = end_of_state;
  EXPECT_EQ(support::to_hex(out.written()),
            support::to_hex(support::datagram(expected, {sample::dead})));
}

static_assert(support::round_trips(chunk));
static_assert(support::round_trips(last));

}  // namespace
