// flotilla/detail/logarithm.hpp - ceil(ln(n + 1)) without floating point
// The natural logarithm of the group's size governs gossip and suspicion (SWIM, sections 4.1
// and 4.2).
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

namespace flotilla {
inline namespace v1 {
namespace detail {

/// floor(e^k). Not in the function, where each call would copy it.
inline constexpr std::uint64_t floor_of_e_to_the[] = {
    1,       2,        7,        20,        54,        148,        403,        1096,
    2980,    8103,     22026,    59874,     162754,    442413,     1202604,    3269017,
    8886110, 24154952, 65659969, 178482300, 485165195, 1318815734, 3584912846, 9744803446};

/// ceil(ln(n + 1)), at least 1: 0 to 1 member 1, 2 to 6 2, 7 to 19 3, 20 to 53 4, and so on. The
/// constants are floor(e^k): n + 1 <= floor(e^k) exactly when ln(n + 1) <= k, because e^k is never
/// whole.
[[nodiscard]] constexpr std::uint32_t ceil_ln_plus_one(std::uint32_t n) noexcept {
  // ln(n + 1) is at least as many times ln(2) as n + 1 has bits but one: at most two steps are
  // left.
  const auto bits = static_cast<std::uint32_t>(std::bit_width(std::uint64_t{n} + 1) - 1);
  std::uint32_t k = bits * 45426U >> 16U;  // ln(2) in parts of 65,536, rounded down
  if (k == 0) k = 1;
  while (std::uint64_t{n} + 1 > floor_of_e_to_the[k]) ++k;
  return k;
}

}  // namespace detail
}  // namespace v1
}  // namespace flotilla
