// wire/writer_test.cpp - flotilla/wire/writer.hpp
// Big-endian fields, and that nothing behind the end of the buffer is ever touched.
#include <flotilla/wire/writer.hpp>

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include <support/bytes.hpp>

namespace {

using flotilla::wire::writer;
using support::bytes;
using support::hex;
using support::to_hex;

constexpr std::byte canary{0xa5};

TEST(Writer, WritesTheMostSignificantByteFirst) {
  bytes buffer(18);
  writer out{buffer};
  out.u8(0x01);
  out.u16(0x0203);
  out.u32(0x04050607);
  out.u64(0x08090a0b0c0d0e0f);
  out.bytes(hex("f0f1"));
  EXPECT_TRUE(out.ok());
  EXPECT_EQ(out.size(), 17U);
  EXPECT_EQ(out.room(), 1U);
  EXPECT_EQ(to_hex(out.written()), "0102030405060708090a0b0c0d0e0ff0f1");
}

TEST(Writer, KeepsAllBitsOfTheLargestNumbers) {
  bytes buffer(15);
  writer out{buffer};
  out.u8(UINT8_MAX);
  out.u16(UINT16_MAX);
  out.u32(UINT32_MAX);
  out.u64(UINT64_MAX);
  EXPECT_EQ(buffer, bytes(15, std::byte{0xff}));
}

// Each field into every buffer from none to one byte too many, with canaries behind it.
template <class Write>
void expect_whole_or_nothing(std::size_t field, Write write) {
  for (std::size_t size = 0; size <= field + 1; ++size) {
    bytes buffer(size + 16, canary);
    writer out{std::span{buffer}.first(size)};
    write(out);
    const std::size_t written = size < field ? 0 : field;
    EXPECT_EQ(out.ok(), size >= field) << size;
    EXPECT_EQ(out.size(), written) << size;
    EXPECT_EQ(out.room(), size - written) << size;
    EXPECT_EQ(out.free().size(), out.ok() ? size - written : 0U) << size;
    EXPECT_EQ(out.free().empty() || out.free().data() == buffer.data() + written, true) << size;
    for (std::size_t i = written; i < buffer.size(); ++i) EXPECT_EQ(buffer[i], canary) << size;
  }
}

TEST(Writer, AFieldThatDoesNotFitIsLeftOutWhole) {
  expect_whole_or_nothing(1, [](writer& out) { out.u8(1); });
  expect_whole_or_nothing(2, [](writer& out) { out.u16(1); });
  expect_whole_or_nothing(4, [](writer& out) { out.u32(1); });
  expect_whole_or_nothing(8, [](writer& out) { out.u64(1); });
  expect_whole_or_nothing(5, [](writer& out) { out.bytes(hex("0102030405")); });
}

TEST(Writer, AfterAFailureASmallerFieldIsLeftOutToo) {
  bytes buffer(4, canary);
  writer out{buffer};
  out.u16(0x0102);
  out.u32(0x03040506);
  out.u8(7);
  out.bytes(hex("08"));
  out.bytes({});
  EXPECT_FALSE(out.ok());
  EXPECT_EQ(out.size(), 2U);
  EXPECT_EQ(to_hex(buffer), "0102a5a5");
}

TEST(Writer, NoBytesFitIntoAFullBuffer) {
  writer out{{}};
  out.bytes({});
  EXPECT_TRUE(out.ok());
  EXPECT_TRUE(out.written().empty());
}

TEST(Writer, PatchesOnlyWhatWasWritten) {
  bytes buffer(6, canary);
  writer out{buffer};
  out.u32(0x01020304);
  out.patch_u16(1, 0xf0f1);
  EXPECT_EQ(to_hex(buffer), "01f0f104a5a5");
  out.patch_u16(2, 0xe0e1);
  EXPECT_EQ(to_hex(buffer), "01f0e0e1a5a5");
  out.patch_u16(3, 0xd0d1);
  out.patch_u16(4, 0xd0d1);
  out.patch_u16(100, 0xd0d1);
  EXPECT_EQ(to_hex(buffer), "01f0e0e1a5a5");
  EXPECT_EQ(out.size(), 4U);
}

TEST(Writer, PatchesFourBytes) {
  bytes buffer(8, canary);
  writer out{buffer};
  out.u16(0x0102);
  out.u32(0x03040506);
  out.patch_u32(1, 0xf0f1f2f3);
  EXPECT_EQ(to_hex(buffer), "01f0f1f2f306a5a5");
  out.patch_u32(2, 0xe0e1e2e3);
  EXPECT_EQ(to_hex(buffer), "01f0e0e1e2e3a5a5");
  out.patch_u32(5, 0xd0d1d2d3);
  out.patch_u32(6, 0xd0d1d2d3);
  EXPECT_EQ(to_hex(buffer), "01f0e0e1e2e3a5a5");
}

constexpr bool writes_at_compile_time() {
  std::array<std::byte, 3> buffer{};
  writer out{buffer};
  out.u16(0xff80);
  out.u16(0x0102);
  return !out.ok() && out.size() == 2 && buffer[0] == std::byte{0xff} &&
         buffer[1] == std::byte{0x80} && buffer[2] == std::byte{0};
}
static_assert(writes_at_compile_time());

}  // namespace
