// detail/big_endian_test.cpp - flotilla/detail/big_endian.hpp
// The most significant byte first, whether the compiler computes it or the machine.
#include <flotilla/detail/big_endian.hpp>

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <cstdint>

namespace {

using flotilla::detail::load_big;
using flotilla::detail::store_big;

constexpr std::array<std::byte, 9> bytes{std::byte{0xff}, std::byte{0x80}, std::byte{0x01},
                                         std::byte{0x02}, std::byte{0x03}, std::byte{0x04},
                                         std::byte{0x05}, std::byte{0x06}, std::byte{0x87}};

static_assert(load_big<std::uint8_t>(bytes.data() + 1) == 0x80);
static_assert(load_big<std::uint16_t>(bytes.data() + 1) == 0x8001);
static_assert(load_big<std::uint32_t>(bytes.data() + 1) == 0x80010203);
static_assert(load_big<std::uint64_t>(bytes.data() + 1) == 0x8001020304050687);

template <class Word>
constexpr std::array<std::byte, 10> stored(Word value) {
  std::array<std::byte, 10> out{};
  store_big(out.data() + 1, value);
  return out;
}

template <class Word>
class big_endian : public testing::Test {};
using words = testing::Types<std::uint8_t, std::uint16_t, std::uint32_t, std::uint64_t>;
TYPED_TEST_SUITE(big_endian, words);

TYPED_TEST(big_endian, loads_where_nothing_is_aligned) {
  constexpr TypeParam expected = load_big<TypeParam>(bytes.data() + 1);
  const std::byte* volatile from = bytes.data() + 1;  // not known to the compiler
  EXPECT_EQ(load_big<TypeParam>(from), expected);
}

TYPED_TEST(big_endian, stores_its_own_bytes_and_no_others) {
  constexpr TypeParam value = load_big<TypeParam>(bytes.data() + 1);
  constexpr std::array<std::byte, 10> expected = stored(value);
  volatile TypeParam hidden = value;
  const std::array<std::byte, 10> out = stored(static_cast<TypeParam>(hidden));
  EXPECT_EQ(out, expected);
  EXPECT_EQ(out[0], std::byte{});
  EXPECT_EQ(out[1], bytes[1]);
  EXPECT_EQ(out[sizeof(TypeParam)], bytes[sizeof(TypeParam)]);
  EXPECT_EQ(out[sizeof(TypeParam) + 1], std::byte{});
}

}  // namespace
