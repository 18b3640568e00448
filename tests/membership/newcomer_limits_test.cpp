// membership/newcomer_limits_test.cpp - flotilla/membership/newcomer_limits.hpp
// Allowances are used up, regained with time, and never larger than stated.
#include <flotilla/membership/newcomer_limits.hpp>

#include <gtest/gtest.h>

#include <cstdint>
#include <set>

#include <flotilla/detail/random.hpp>

namespace {

using flotilla::allowance;
using flotilla::endpoint;
using flotilla::newcomer_limits;
using flotilla::refusal_reason;
using flotilla::detail::random_generator;
using flotilla::detail::state_hasher;

endpoint address(std::uint32_t i) {
  return endpoint::ipv4({10, 0, static_cast<std::uint8_t>(i >> 8U), static_cast<std::uint8_t>(i)},
                        7946);
}

flotilla::detail::mix_key some_key() { return random_generator{1}.next_key(); }

std::uint64_t hash_of(const newcomer_limits& limits) {
  state_hasher out;
  limits.hash_into(out);
  return out.digest();
}

TEST(Allowance, IsUsedUpAndRegained) {
  allowance a;
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(a.take(3, 5)) << i;
  EXPECT_FALSE(a.take(3, 5));
  EXPECT_TRUE(a.take(4, 5)) << "another's is its own";
  a.regain(2);
  EXPECT_TRUE(a.take(3, 5));
  EXPECT_TRUE(a.take(3, 5));
  EXPECT_FALSE(a.take(3, 5));
  a.regain(1000);
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(a.take(3, 5)) << "never more than the burst";
  EXPECT_FALSE(a.take(3, 5));
}

TEST(NewcomerLimits, StrangersHaveOneShareForAllTogether) {
  const newcomer_limits limits{some_key()};
  std::set<std::uint32_t> shares;
  for (std::uint32_t i = 0; i < 1000; ++i) {
    EXPECT_EQ(limits.share_of(address(i), false), 0U);
    shares.insert(limits.share_of(address(i), true));
  }
  EXPECT_FALSE(shares.contains(0)) << "and no member is in it";
  EXPECT_EQ(shares.size(), allowance::slots - 1);
}

TEST(NewcomerLimits, ABurstAndASixteenthOfItAPeriod) {
  newcomer_limits limits{some_key()};
  const auto taken = [&] {
    std::uint32_t count = 0;
    while (limits.trust(7, 4096)) ++count;
    return count;
  };
  EXPECT_EQ(taken(), 4096U);
  limits.begin_period(4096);
  EXPECT_EQ(taken(), 256U);
  limits.begin_period(4096);
  limits.begin_period(4096);
  EXPECT_EQ(taken(), 512U);
  limits.begin_period(3);
  EXPECT_EQ(taken(), 1U) << "at least one";
}

TEST(NewcomerLimits, QuestionsToOneAddressAndForOneSenderAreFew) {
  newcomer_limits limits{some_key()};
  for (std::uint32_t i = 0; i < newcomer_limits::max_asked_at_address; ++i) {
    EXPECT_TRUE(limits.ask_at(address(1)));
    EXPECT_TRUE(limits.ask_for(9));
  }
  EXPECT_FALSE(limits.ask_at(address(1)));
  EXPECT_FALSE(limits.ask_for(9));
  EXPECT_TRUE(limits.ask_for(10));
  limits.begin_period(16);
  EXPECT_TRUE(limits.untouched()) << "all is regained";
  EXPECT_TRUE(limits.ask_at(address(1)));
  EXPECT_TRUE(limits.ask_for(9));
}

TEST(NewcomerLimits, RefusalsAreToldOnceEach) {
  newcomer_limits limits{some_key()};
  limits.refuse(refusal_reason::rate);
  limits.refuse(refusal_reason::rate);
  limits.refuse(refusal_reason::memory);
  EXPECT_EQ(limits.take_refused(refusal_reason::rate), 2U);
  EXPECT_EQ(limits.take_refused(refusal_reason::rate), 0U);
  EXPECT_EQ(limits.take_refused(refusal_reason::table_full), 0U);
  EXPECT_EQ(limits.take_refused(refusal_reason::memory), 1U);
}

TEST(NewcomerLimits, AllOfItIsState) {
  const newcomer_limits fresh{some_key()};
  EXPECT_TRUE(fresh.untouched());
  newcomer_limits trusted = fresh;
  EXPECT_TRUE(trusted.trust(7, 4096));
  newcomer_limits asked_for = fresh;
  EXPECT_TRUE(asked_for.ask_for(7));
  newcomer_limits asked_at = fresh;
  EXPECT_TRUE(asked_at.ask_at(address(7)));
  newcomer_limits refused = fresh;
  refused.refuse(refusal_reason::table_full);
  for (const newcomer_limits& changed : {trusted, asked_for, asked_at, refused}) {
    EXPECT_NE(changed, fresh);
    EXPECT_FALSE(changed.untouched());
    EXPECT_NE(hash_of(changed), hash_of(fresh));
  }
}

}  // namespace
