// detail/logarithm_test.cpp - flotilla/detail/logarithm.hpp
// The integer table against the real logarithm, and at every boundary up to 2^32 members.
#include <flotilla/detail/logarithm.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <limits>

namespace {

using flotilla::detail::ceil_ln_plus_one;

static_assert(ceil_ln_plus_one(0) == 1 && ceil_ln_plus_one(1) == 1 && ceil_ln_plus_one(2) == 2);

std::uint32_t real(std::uint32_t n) {
  const long double ln = std::log(static_cast<long double>(n) + 1.0L);
  const auto rounded = static_cast<std::uint32_t>(std::ceil(ln));
  return rounded == 0 ? 1 : rounded;
}

TEST(Logarithm, IsTheRealOneUpToAMillionMembers) {
  for (std::uint32_t n = 0; n <= 1'000'000; ++n) ASSERT_EQ(ceil_ln_plus_one(n), real(n)) << n;
}

// The largest n with ceil(ln(n+1)) = k is floor(e^k) - 1; e^22 is the last power below 2^32.
TEST(Logarithm, StepsExactlyWhereTheRealOneDoes) {
  for (std::uint32_t k = 1; k <= 22; ++k) {
    const auto last = static_cast<std::uint32_t>(std::exp(static_cast<long double>(k))) - 1;
    EXPECT_EQ(ceil_ln_plus_one(last), k) << last;
    EXPECT_EQ(ceil_ln_plus_one(last + 1), k + 1) << last + 1;
    EXPECT_EQ(real(last), k) << last;
    EXPECT_EQ(real(last + 1), k + 1) << last + 1;
  }
  EXPECT_EQ(ceil_ln_plus_one(std::numeric_limits<std::uint32_t>::max()), 23U);
}

// SWIM, figure 3c: the time-outs step at 20 and 54 members.
TEST(Logarithm, StepsOfThePapersFigure) {
  EXPECT_EQ(ceil_ln_plus_one(6), 2U);
  EXPECT_EQ(ceil_ln_plus_one(7), 3U);
  EXPECT_EQ(ceil_ln_plus_one(19), 3U);
  EXPECT_EQ(ceil_ln_plus_one(20), 4U);
  EXPECT_EQ(ceil_ln_plus_one(53), 4U);
  EXPECT_EQ(ceil_ln_plus_one(54), 5U);
}

}  // namespace
