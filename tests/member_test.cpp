// member_test.cpp - flotilla/member.hpp
// The states in the order in which they override each other, and the record that compares whole.
#include <flotilla/member.hpp>

#include <gtest/gtest.h>

#include <concepts>
#include <cstdint>
#include <string_view>
#include <type_traits>
#include <unordered_set>

namespace {

using flotilla::endpoint;
using flotilla::incarnation;
using flotilla::is_active;
using flotilla::member;
using flotilla::member_id;
using flotilla::member_state;

static_assert(std::same_as<std::underlying_type_t<member_id>, std::uint64_t>);
static_assert(!std::is_convertible_v<std::uint64_t, member_id>);  // no number passes for an id
static_assert(std::is_trivially_copyable_v<member>);              // views hand it out by value
static_assert(std::is_aggregate_v<member>);
static_assert(member_state{} == member_state::alive && is_active(member{}.state));

// Law 8 orders facts of one incarnation by state, and the numbers stand on the wire.
TEST(Member, StatesAreNumberedInTheOrderInWhichTheyOverride) {
  struct row {
    member_state state;
    std::string_view name;
    bool active;
  };
  constexpr row rows[] = {{member_state::alive, "alive", true},
                          {member_state::suspect, "suspect", true},  // until the verdict
                          {member_state::dead, "dead", false},
                          {member_state::left, "left", false}};
  unsigned number = 0;
  for (const row& r : rows) {
    EXPECT_EQ(static_cast<unsigned>(r.state), number++) << r.name;
    EXPECT_EQ(to_string(r.state), r.name);
    EXPECT_EQ(is_active(r.state), r.active) << r.name;
  }
  EXPECT_EQ(to_string(static_cast<member_state>(number)), "invalid");
  EXPECT_FALSE(is_active(static_cast<member_state>(number)));
}

TEST(Member, ComparesEveryField) {
  const member a{member_id{7}, endpoint::ipv4({10, 0, 0, 1}, 1), incarnation{3},
                 member_state::dead};
  EXPECT_EQ(a, member{a});
  member b = a;
  b.id = member_id{8};
  EXPECT_NE(a, b);
  b = a;
  b.address = endpoint::ipv4({10, 0, 0, 1}, 2);
  EXPECT_NE(a, b);
  b = a;
  b.incarnation = incarnation{4};
  EXPECT_NE(a, b);
  b = a;
  b.state = member_state::left;
  EXPECT_NE(a, b);
}

TEST(Member, DefaultIsNobody) {
  EXPECT_EQ(member{}.id, member_id{0});
  EXPECT_EQ(member{}.address, endpoint{});
  EXPECT_EQ(member{}.incarnation, incarnation{0});
  EXPECT_FALSE(member{}.address.is_unicast());
}

TEST(Member, IdsServeAsKeys) {
  const std::unordered_set<member_id> ids{member_id{1}, member_id{2}, member_id{1}};
  EXPECT_EQ(ids.size(), 2U);
  EXPECT_LT(member_id{1}, member_id{2});
}

}  // namespace
