// membership/deny_list_test.cpp - flotilla/membership/deny_list.hpp
// A bounded set of ids: what was put in is there until it is taken out.
#include <flotilla/membership/deny_list.hpp>

#include <gtest/gtest.h>

#include <cstdint>

namespace {

using flotilla::deny_list;
using flotilla::member_id;

deny_list filled(std::uint64_t count, std::size_t capacity) {
  deny_list list{capacity};
  for (std::uint64_t id = 1; id <= count; ++id) list.add(member_id{id});
  return list;
}

TEST(DenyList, ContainsWhatWasAddedUntilItIsRemoved) {
  for (std::uint64_t gone = 1; gone <= 4; ++gone) {
    deny_list list = filled(4, 4);
    EXPECT_TRUE(list.full());
    EXPECT_TRUE(list.remove(member_id{gone}));
    EXPECT_FALSE(list.remove(member_id{gone}));
    EXPECT_FALSE(list.full());
    for (std::uint64_t id = 1; id <= 5; ++id) {
      EXPECT_EQ(list.contains(member_id{id}), id <= 4 && id != gone) << id << " without " << gone;
    }
    list.add(member_id{gone});
    EXPECT_TRUE(list.contains(member_id{gone}));
    EXPECT_TRUE(list.full());
  }
}

TEST(DenyList, WithoutCapacityIsFullAndRefusesNobody) {
  for (const deny_list& list : {deny_list{}, deny_list{0}}) {
    EXPECT_TRUE(list.full());
    EXPECT_FALSE(list.contains(member_id{0}));
    EXPECT_EQ(list.bytes_allocated(), 0U);
  }
}

TEST(DenyList, IsAValueWhoseHashFollowsItsContents) {
  const auto digest = [](const deny_list& list) {
    flotilla::detail::state_hasher out;
    list.hash_into(out);
    return out.digest();
  };
  const deny_list list = filled(3, 4);
  deny_list copy = list;
  EXPECT_EQ(copy, list);
  EXPECT_EQ(digest(copy), digest(list));
  ASSERT_TRUE(copy.remove(member_id{2}));
  EXPECT_NE(copy, list);
  EXPECT_NE(digest(copy), digest(list));
  EXPECT_TRUE(list.contains(member_id{2}));
}

}  // namespace
