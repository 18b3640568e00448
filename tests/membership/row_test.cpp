// membership/row_test.cpp - flotilla/membership/row.hpp
// A free row names nobody; equality and hash see every field, so that no difference hides.
#include <flotilla/membership/row.hpp>

#include <gtest/gtest.h>

#include <cstdint>
#include <set>
#include <type_traits>
#include <vector>

namespace {

using flotilla::endpoint;
using flotilla::gossip_class;
using flotilla::incarnation;
using flotilla::member;
using flotilla::member_id;
using flotilla::member_state;
using flotilla::no_row;
using flotilla::row;

static_assert(std::is_trivially_copyable_v<row>);  // segments are copied as bytes

constexpr endpoint where = endpoint::ipv4({10, 0, 0, 1}, 7946);

std::uint64_t digest(const row& r) {
  flotilla::detail::state_hasher out;
  r.hash_into(out);
  return out.digest();
}

TEST(Row, AFreshOneIsNowhere) {
  const row fresh{};
  EXPECT_EQ(fresh.id, member_id{0});
  EXPECT_EQ(fresh.queued, gossip_class::none);
  EXPECT_EQ(fresh.order_at, no_row);
  EXPECT_EQ(fresh.timer, flotilla::detail::no_timer);
  EXPECT_FALSE(fresh.address_indexed);
}

TEST(Row, SnapshotIsTheMember) {
  row r{};
  r.id = member_id{7};
  r.incarnation = incarnation{3};
  r.place_incarnation = incarnation{2};
  r.address = where;
  r.state = member_state::suspect;
  EXPECT_EQ(r.snapshot(), (member{member_id{7}, where, incarnation{3}, member_state::suspect}));
}

TEST(Row, EqualityAndHashSeeEveryField) {
  std::vector<row> rows(17);
  rows[1].id = member_id{1};
  rows[2].incarnation = incarnation{1};
  rows[3].place_incarnation = incarnation{1};
  rows[4].address = where;
  rows[5].state = member_state::suspect;
  rows[6].queued = gossip_class::urgent;
  rows[7].address_indexed = true;
  rows[8].broken_rounds = 1;
  rows[9].queue_at = 1;
  rows[10].order_at = 1;
  rows[11].timer = 1;
  rows[12].contacted_in = 1;
  rows[13].penalty = 1;
  rows[14].penalized = flotilla::time_point{flotilla::duration{1}};
  rows[15].doubt = 1;
  rows[16].doubted = flotilla::time_point{flotilla::duration{1}};
  std::set<std::uint64_t> digests;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    digests.insert(digest(rows[i]));
    for (std::size_t j = 0; j < rows.size(); ++j) EXPECT_EQ(rows[i] == rows[j], i == j);
  }
  EXPECT_EQ(digests.size(), rows.size());
}

}  // namespace
