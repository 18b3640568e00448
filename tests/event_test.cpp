// event_test.cpp - flotilla/event.hpp
// The set and order of events that programs compile against, and what makes two of them equal.
#include <flotilla/event.hpp>

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace {

using namespace flotilla;  // NOLINT: nearly every name of the header occurs below

// DESIGN.md, section 2. The set may grow at its end, it never shrinks or changes its order.
using contract =
    std::variant<member_joined, member_suspected, member_recovered, member_failed, member_left,
                 member_updated, member_forgotten, join_progress, join_completed, join_failed,
                 leave_completed, identity_conflict, path_broken, events_lost>;

template <std::size_t... I>
constexpr bool begins_as_agreed(std::index_sequence<I...>) {
  return (std::is_same_v<std::variant_alternative_t<I, event>,
                         std::variant_alternative_t<I, contract>> &&
          ...);
}
static_assert(std::variant_size_v<event> >= std::variant_size_v<contract>);
static_assert(begins_as_agreed(std::make_index_sequence<std::variant_size_v<contract>>{}));

// A ring of them is written in noexcept inputs: nothing in an event may allocate or throw.
static_assert(std::is_trivially_copyable_v<event>);
static_assert(std::is_nothrow_default_constructible_v<event>);

template <typename Event>
concept about_a_member = requires(const Event& e) {
  e.member;
};
template <typename Event>
concept has_evidence = requires(const Event& e) {
  e.evidence;
};

// "each has a `member` where it concerns one", "evidence in suspected and failed"
static_assert(about_a_member<member_joined> && about_a_member<member_suspected> &&
              about_a_member<member_recovered> && about_a_member<member_failed> &&
              about_a_member<member_left> && about_a_member<member_updated> &&
              about_a_member<member_forgotten> && about_a_member<identity_conflict> &&
              about_a_member<path_broken>);
static_assert(!about_a_member<join_progress> && !about_a_member<join_completed> &&
              !about_a_member<join_failed> && !about_a_member<leave_completed> &&
              !about_a_member<events_lost>);
static_assert(has_evidence<member_suspected> && has_evidence<member_failed> &&
              !has_evidence<member_joined> && !has_evidence<member_left>);

constexpr time_point at(std::int64_t nanoseconds) { return time_point{duration{nanoseconds}}; }

TEST(Event, EvidenceIsEmptyUntilThisEngineSuspected) {
  EXPECT_TRUE(evidence{}.empty());
  // A verdict of somebody else may name its accuser; that is hearsay, not evidence of our own.
  EXPECT_TRUE(evidence{.accuser = member_id{7}}.empty());
  EXPECT_FALSE(evidence{.since = at(0)}.empty());
  EXPECT_FALSE(evidence{.since = at(std::numeric_limits<std::int64_t>::min() + 1)}.empty());
  EXPECT_FALSE(evidence{.since = time_point::max()}.empty());
  EXPECT_EQ(evidence{}.accuser, member_id{0});
  EXPECT_EQ(evidence{}.probe, 0U);
  EXPECT_EQ(evidence{}.confirmations, 0U);
  EXPECT_EQ(evidence{}.local_health, 0U);
}

// One event of each kind and, for every field, one that differs in just it: no two of them are
// equal.
TEST(Event, ComparesKindAndEveryField) {
  const member m{member_id{7}, endpoint::ipv4({10, 0, 0, 1}, 1), incarnation{3},
                 member_state::alive};
  member n = m;
  n.incarnation = incarnation{4};
  const evidence why{member_id{1}, 2, at(3), 4, 5};
  const std::vector<event> all = {
      member_joined{m},
      member_joined{n},
      member_suspected{m, why},
      member_suspected{n, why},
      member_suspected{m, {}},
      member_suspected{m, {member_id{2}, 2, at(3), 4, 5}},
      member_suspected{m, {member_id{1}, 3, at(3), 4, 5}},
      member_suspected{m, {member_id{1}, 2, at(4), 4, 5}},
      member_suspected{m, {member_id{1}, 2, at(3), 5, 5}},
      member_suspected{m, {member_id{1}, 2, at(3), 4, 6}},
      member_recovered{m},
      member_recovered{n},
      member_failed{m, why},
      member_failed{n, why},
      member_failed{m, {}},
      member_left{m},
      member_left{n},
      member_updated{m},
      member_updated{n},
      member_forgotten{m},
      member_forgotten{n},
      join_progress{1, 2},
      join_progress{2, 2},
      join_progress{1, 1},
      join_completed{member_id{1}, 2},
      join_completed{member_id{2}, 2},
      join_completed{member_id{1}, 1},
      join_failed{join_failure::no_answer},
      join_failed{join_failure::incomplete},
      leave_completed{1},
      leave_completed{2},
      identity_conflict{m, m.address},
      identity_conflict{n, m.address},
      identity_conflict{m, endpoint::ipv4({10, 0, 0, 1}, 2)},
      path_broken{m, member_id{1}},
      path_broken{n, member_id{1}},
      path_broken{m, member_id{2}},
      events_lost{1},
      events_lost{std::uint64_t{1} << 32U},
  };
  std::vector<bool> seen(std::variant_size_v<contract>);
  for (std::size_t i = 0; i < all.size(); ++i) {
    seen.at(all[i].index()) = true;
    for (std::size_t j = 0; j < all.size(); ++j)
      EXPECT_EQ(all[i] == all[j], i == j) << i << ", " << j;
  }
  for (std::size_t kind = 0; kind < seen.size(); ++kind) EXPECT_TRUE(seen[kind]) << "kind " << kind;
}

// What the README tells users to write compiles, and reaches the member.
TEST(Event, VisitsWithACatchAll) {
  const auto subject = [](const event& e) {
    return std::visit(
        [](const auto& one) {
          if constexpr (requires { one.member; }) return one.member.id;
          return member_id{};
        },
        e);
  };
  EXPECT_EQ(subject(member_failed{{.id = member_id{7}}, {}}), member_id{7});
  EXPECT_EQ(subject(path_broken{{.id = member_id{8}}, member_id{1}}), member_id{8});
  EXPECT_EQ(subject(events_lost{3}), member_id{});
}

TEST(Event, JoinFailuresAreNamed) {
  EXPECT_EQ(to_string(join_failure::no_answer), "no_answer");
  EXPECT_EQ(to_string(join_failure::incomplete), "incomplete");
  EXPECT_EQ(to_string(join_failure::cancelled), "cancelled");
  EXPECT_EQ(to_string(static_cast<join_failure>(3)), "invalid");
  EXPECT_EQ(join_failed{}.reason, join_failure::no_answer);
}

}  // namespace
