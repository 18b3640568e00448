// wire/reader_test.cpp - flotilla/wire/reader.hpp
// Big-endian fields, and what happens at and behind the end of the bytes.
#include <flotilla/wire/reader.hpp>

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <cstdint>

#include <support/bytes.hpp>

namespace {

using flotilla::wire::reader;
using support::hex;
using support::to_hex;

TEST(Reader, ReadsTheMostSignificantByteFirst) {
  const auto data = hex("01 0203 04050607 08090a0b0c0d0e0f");
  reader in{data};
  EXPECT_EQ(in.u8(), 0x01U);
  EXPECT_EQ(in.u16(), 0x0203U);
  EXPECT_EQ(in.u32(), 0x04050607U);
  EXPECT_EQ(in.u64(), 0x08090a0b0c0d0e0fU);
  EXPECT_TRUE(in.ok());
  EXPECT_TRUE(in.empty());
}

TEST(Reader, KeepsAllBitsOfTheLargestNumbers) {
  const auto data = hex("ff ffff ffffffff ffffffffffffffff");
  reader in{data};
  EXPECT_EQ(in.u8(), UINT8_MAX);
  EXPECT_EQ(in.u16(), UINT16_MAX);
  EXPECT_EQ(in.u32(), UINT32_MAX);
  EXPECT_EQ(in.u64(), UINT64_MAX);
}

TEST(Reader, TakesBytesOutOfTheMiddle) {
  const auto data = hex("01 0203 04");
  reader in{data};
  in.u8();
  EXPECT_EQ(to_hex(in.bytes(2)), "0203");
  EXPECT_EQ(to_hex(in.rest()), "04");
  EXPECT_FALSE(in.empty());
  EXPECT_EQ(in.u8(), 4U);
}

TEST(Reader, NoBytesAreNoFailure) {
  reader in{{}};
  EXPECT_TRUE(in.empty());
  EXPECT_TRUE(in.bytes(0).empty());
  EXPECT_TRUE(in.ok());
}

// A number whose first bytes are there yields zero, not a part of itself.
TEST(Reader, AFieldThatIsNotWholeIsZeroAndFails) {
  const auto data = hex("01020304050607");
  for (std::size_t size = 0; size < 8; ++size) {
    const auto part = support::first(data, size);
    reader in64{part};
    EXPECT_EQ(in64.u64(), 0U) << size;
    EXPECT_FALSE(in64.ok()) << size;
    reader in32{part};
    EXPECT_EQ(in32.u32(), size < 4 ? 0U : 0x01020304U) << size;
    EXPECT_EQ(in32.ok(), size >= 4) << size;
    reader in16{part};
    EXPECT_EQ(in16.u16(), size < 2 ? 0U : 0x0102U) << size;
    EXPECT_EQ(in16.ok(), size >= 2) << size;
    reader in8{part};
    EXPECT_EQ(in8.u8(), size < 1 ? 0U : 0x01U) << size;
    EXPECT_EQ(in8.ok(), size >= 1) << size;
  }
}

TEST(Reader, AfterAFailureEverythingIsZeroAndNothingRepairsIt) {
  const auto data = hex("0102030405");
  reader in{data};
  EXPECT_TRUE(in.bytes(6).empty());
  EXPECT_FALSE(in.ok());
  EXPECT_TRUE(in.rest().empty());
  EXPECT_EQ(in.u8(), 0U);
  EXPECT_EQ(in.u32(), 0U);
  EXPECT_TRUE(in.bytes(0).empty());
  EXPECT_FALSE(in.ok());
}

TEST(Reader, ACountBeyondAllMemoryFails) {
  const auto data = hex("0102");
  reader in{data};
  EXPECT_TRUE(in.bytes(SIZE_MAX).empty());
  EXPECT_FALSE(in.ok());
}

constexpr bool reads_at_compile_time() {
  constexpr std::array data{std::byte{0xff}, std::byte{0x80}, std::byte{0x01}};
  reader in{data};
  return in.u8() == 0xff && in.u16() == 0x8001 && in.ok() && in.u64() == 0 && !in.ok();
}
static_assert(reads_at_compile_time());

}  // namespace
