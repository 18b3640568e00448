// examples/support/random.hpp - random numbers of the operating system
// For engine seeds and for ids: who can guess a seed can forge that engine's sequence numbers.
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

}  // namespace support
