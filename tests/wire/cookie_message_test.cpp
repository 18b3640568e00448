// wire/cookie_message_test.cpp - flotilla/wire/cookie_message.hpp
// What the three messages with this body have in common: each byte short is told. Their golden
// bytes stand with each of them.
#include <flotilla/wire/cookie_message.hpp>

#include <gtest/gtest.h>

#include <cstddef>
#include <span>
#include <type_traits>

#include <flotilla/wire/join_request.hpp>
#include <flotilla/wire/repair_reply.hpp>
#include <flotilla/wire/repair_request.hpp>
#include <support/bytes.hpp>

namespace {

namespace wire = flotilla::wire;
using flotilla::receive_result;
using support::bytes;
using support::hex;

static_assert(!std::is_same_v<wire::repair_request, wire::repair_reply>);
static_assert(!std::is_same_v<wire::repair_request, wire::join_request>);

template <class Message>
class CookieMessage : public testing::Test {};
using all = testing::Types<wire::join_request, wire::repair_request, wire::repair_reply>;
TYPED_TEST_SUITE(CookieMessage, all);

TYPED_TEST(CookieMessage, IsToldWhenAByteIsMissing) {
  const bytes whole = hex("51525354 7172737475767778");
  for (std::size_t size = 0; size <= whole.size(); ++size) {
    wire::reader in{std::span{whole}.first(size)};
    TypeParam message;
    const receive_result expected =
        size == whole.size() ? receive_result::accepted : receive_result::truncated;
    EXPECT_EQ(wire::read_body(in, message), expected) << size;
    if (expected != receive_result::accepted) continue;
    EXPECT_EQ(message, (TypeParam{0x51525354U, 0x7172737475767778U}));
  }
}

}  // namespace
