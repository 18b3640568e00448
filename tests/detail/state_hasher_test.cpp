// detail/state_hasher_test.cpp - flotilla/detail/state_hasher.hpp
// Known answers for every type of word; order and number of the words matter.
#include <flotilla/detail/state_hasher.hpp>

#include <gtest/gtest.h>

#include <cstdint>
#include <initializer_list>

namespace {

using flotilla::duration;
using flotilla::endpoint;
using flotilla::incarnation;
using flotilla::member_id;
using flotilla::member_state;
using flotilla::time_point;
using flotilla::detail::state_hasher;

constexpr std::uint64_t digest_of(std::initializer_list<std::uint64_t> words) {
  state_hasher hasher;
  for (const std::uint64_t word : words) hasher.add(word);
  return hasher.digest();
}

// Calculated with Python's integers: d = mix(d ^ word) + word, beginning with 0.
static_assert(digest_of({}) == 0);
static_assert(digest_of({0}) == 0x7053604560e85bcdU);

TEST(StateHasher, GivesTheKnownAnswers) {
  EXPECT_EQ(digest_of({1}), 0x8dd90f88dcd15d6dU);
  EXPECT_EQ(digest_of({1, 2}), 0xbb853884b8898e60U);
  EXPECT_EQ(digest_of({2, 1}), 0x250b7b3f5da9bd87U);
  EXPECT_EQ(digest_of({0xffffffffffffffffU}), 0xfc2eed012309ead9U);
}

TEST(StateHasher, EveryTypeHasOneWordOnEveryPlatform) {
  const endpoint address = endpoint::ipv4({10, 0, 0, 1}, 7946);
  state_hasher typed;
  typed.add_all(address, member_id{7}, member_state::dead, incarnation{0xfffffffeU}, duration{-1},
                time_point{duration{5}}, true);
  EXPECT_EQ(typed.digest(), 0x715b81b1ad84e9a0U);
  EXPECT_EQ(typed.digest(),
            digest_of({0xff4f57ce42b53f93U, 7, 2, 0xfffffffeU, 0xffffffffffffffffU, 5, 1}));
}

TEST(StateHasher, ZeroesInFrontAndBehindCount) {
  EXPECT_NE(digest_of({0}), digest_of({0, 0}));
  EXPECT_NE(digest_of({1}), digest_of({0, 1}));
  EXPECT_NE(digest_of({1}), digest_of({1, 0}));
}

}  // namespace
