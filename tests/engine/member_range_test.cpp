// Tests of flotilla/engine/member_range.hpp: the members as a forward range of values.
// Self comes first; dead and left members are in it, forgotten ones are not.
#include <flotilla/engine/member_range.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <ranges>
#include <string>

#include <support/engine_world.hpp>

namespace {

using namespace support;
using flotilla::member_range;

static_assert(std::ranges::forward_range<member_range>);
static_assert(std::ranges::sized_range<member_range>);
static_assert(std::forward_iterator<member_range::iterator>);
static_assert(std::same_as<std::ranges::range_value_t<member_range>, flotilla::member>);

TEST(MemberRange, OfAGroupOfOne) {
  engine_world w;
  const member_range all = w.node.members();
  EXPECT_EQ(all.size(), 1U);
  EXPECT_FALSE(all.empty());
  EXPECT_EQ(*all.begin(), w.node.self());
  EXPECT_EQ(std::next(all.begin()), all.end());
}

TEST(MemberRange, SelfFirstThenEverybodyOnce) {
  engine_world w;
  w.meet_all(6);
  w.gossip(peer_of(2), {suspect(member_id{3}, 0), dead(member_id{4}, 0), left(member_id{5}, 0)});
  std::map<member_id, flotilla::member> seen;
  for (const flotilla::member m : w.node.members()) {
    EXPECT_TRUE(seen.emplace(m.id, m).second);
    EXPECT_EQ(w.node.find(m.id), m);
  }
  EXPECT_EQ(seen.size(), 6U);
  EXPECT_EQ(w.node.members().size(), 6U);
  EXPECT_EQ((*w.node.members().begin()).id, w.node.self().id);
  const auto active = std::ranges::count_if(
      w.node.members(), [](const flotilla::member& m) { return flotilla::is_active(m.state); });
  EXPECT_EQ(static_cast<std::size_t>(active), w.node.size());
}

TEST(MemberRange, SkipsTheRowsOfTheForgotten) {
  engine_world w;
  w.meet_all(5);
  for (const std::uint64_t n : {2U, 4U}) {
    ASSERT_EQ(w.node.evict(member_id{n}), command_error::none);
    ASSERT_EQ(w.node.allow(member_id{n}), command_error::none);
  }
  std::string ids;
  for (const flotilla::member m : w.node.members()) ids += name_of(m.id) + " ";
  EXPECT_EQ(ids, "1 3 5 ");
  EXPECT_EQ(w.node.members().size(), 3U);
  w.meet(peer_of(9));  // takes one of the free rows
  EXPECT_EQ(w.node.members().size(), 4U);
  EXPECT_EQ(std::ranges::distance(w.node.members()), 4);
}

TEST(MemberRange, IteratorsCopyAndCompare) {
  engine_world w;
  w.meet_all(3);
  const member_range all = w.node.members();
  auto it = all.begin();
  const auto before = it++;
  EXPECT_NE(before, it);
  EXPECT_EQ(*before, w.node.self());
  auto again = all.begin();
  EXPECT_EQ(*++again, *it);
  EXPECT_EQ(again, it);
  EXPECT_EQ(member_range::iterator{}, member_range::iterator{});
}

}  // namespace
