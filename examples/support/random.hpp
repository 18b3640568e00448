// examples/support/random.hpp - random numbers of the operating system, and some that repeat
// The former for engine seeds and ids: who can guess a seed can forge that engine's numbers.
#pragma once

#include <sys/random.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <system_error>

namespace support {

inline std::uint64_t random_number() {
  std::uint64_t number = 0;
  if (::getentropy(&number, sizeof number) != 0) {
    throw std::system_error{errno, std::generic_category(), "cannot read random numbers"};
  }
  return number;
}

/// 64 random bits never meet by accident; 0 is no id.
inline std::uint64_t random_id() {
  for (;;) {
    if (const std::uint64_t number = random_number(); number != 0) return number;
  }
}

/// splitmix64 (Steele, Lea and Flood, 2014): a different number for each of 2^64 steps.
class repeatable_numbers {
 public:
  explicit repeatable_numbers(std::uint64_t seed) : state_{seed} {}

  std::uint64_t next() {
    std::uint64_t z = state_ += 0x9e3779b97f4a7c15U;
    z = (z ^ z >> 30U) * 0xbf58476d1ce4e5b9U;
    z = (z ^ z >> 27U) * 0x94d049bb133111ebU;
    return z ^ z >> 31U;
  }
  /// 0 to bound - 1; even enough for bounds that are small beside 2^64.
  std::uint64_t below(std::uint64_t bound) { return next() % bound; }

 private:
  std::uint64_t state_;
};

}  // namespace support
