// detection/hearsay_check_test.cpp - flotilla/detection/hearsay_check.hpp
// A batch fills up, is cleared as a whole, and is state.
#include <flotilla/detection/hearsay_check.hpp>

#include <gtest/gtest.h>

#include <cstdint>

#include <flotilla/detection/pending_pings.hpp>

namespace {

using flotilla::hearsay_check;
using flotilla::incarnation;
using flotilla::member_id;
using flotilla::detail::state_hasher;

// Each of a batch is asked once a period, and those of the last one are asked again before their
// verdicts: every answer must find its question.
static_assert(flotilla::pending_pings::capacity(flotilla::ping_purpose::hearsay) >=
              2 * hearsay_check::capacity);

std::uint64_t hash_of(const hearsay_check& batch) {
  state_hasher out;
  batch.hash_into(out);
  return out.digest();
}

TEST(HearsayCheck, FillsUpAndIsClearedAsAWhole) {
  hearsay_check batch;
  EXPECT_TRUE(batch.idle());
  for (std::uint64_t i = 0; i < hearsay_check::capacity; ++i) {
    EXPECT_FALSE(batch.full());
    batch.add(member_id{i + 1}, incarnation{7});
  }
  EXPECT_TRUE(batch.full());
  EXPECT_EQ(batch.entries[3].id, member_id{4});
  EXPECT_EQ(batch.entries[3].incarnation, incarnation{7});
  batch.asked = 2;
  batch.crowd = true;
  EXPECT_FALSE(batch.idle());
  batch.clear();
  EXPECT_FALSE(batch.idle()) << "there is a crowd";
  EXPECT_EQ(batch.count, 0U);
  EXPECT_EQ(batch.asked, 0U);
  EXPECT_TRUE(batch.crowd) << "that is for others to say";
}

TEST(HearsayCheck, AllOfItIsState) {
  const hearsay_check fresh;
  hearsay_check added = fresh;
  added.add(member_id{1}, incarnation{0});
  hearsay_check asked = fresh;
  asked.asked = 1;
  hearsay_check crowd = fresh;
  crowd.crowd = true;
  for (const hearsay_check& changed : {added, asked, crowd}) {
    EXPECT_NE(changed, fresh);
    EXPECT_NE(hash_of(changed), hash_of(fresh));
  }
}

}  // namespace
