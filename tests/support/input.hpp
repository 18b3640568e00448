// tests/support/input.hpp - reads choices out of a fuzzer's bytes
// An input that ends early yields zeros, so that every prefix of an input is an input too.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <string>

namespace fuzz {

class input {
 public:
  input(const std::uint8_t* data, std::size_t size) : rest_{data, size} {}

  [[nodiscard]] bool empty() const { return rest_.empty(); }

  std::uint8_t u8() {
    if (rest_.empty()) return 0;
    const std::uint8_t value = rest_.front();
    rest_ = rest_.subspan(1);
    return value;
  }
  std::uint16_t u16() {
    const std::uint8_t high = u8();
    return static_cast<std::uint16_t>(high << 8U | u8());
  }
  std::uint32_t u32() {
    const std::uint32_t high = u16();
    return high << 16U | u16();
  }
  std::uint64_t u64() {
    const std::uint64_t high = u32();
    return high << 32U | u32();
  }
  /// One of `count` choices.
  std::size_t below(std::size_t count) { return u8() % count; }
  /// Up to `count` of the bytes that are left.
  std::span<const std::byte> bytes(std::size_t count) {
    const auto taken = rest_.first(std::min(count, rest_.size()));
    rest_ = rest_.subspan(taken.size());
    return std::as_bytes(taken);
  }

 private:
  std::span<const std::uint8_t> rest_;
};

/// Ends the program with the reason, which is how a finding is told to every fuzzer.
inline void require(const std::string& problem, const char* where) {
  if (problem.empty()) return;
  std::fprintf(stderr, "%s: %s\n", where, problem.c_str());
  std::abort();
}
inline void require(bool holds, const char* what) {
  if (!holds) require(std::string{"this does not hold"}, what);
}

}  // namespace fuzz
