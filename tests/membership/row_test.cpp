// membership/row_test.cpp - flotilla/membership/row.hpp
// A free row names nobody; equality and hash see every field, so that no difference hides.
#include <flotilla/membership/row.hpp>

#include <gtest/gtest.h>

#include <cstdint>
#include <flotilla/config.hpp>
#include <flotilla/detail/chained_index.hpp>
#include <set>
#include <type_traits>
#include <utility>
#include <vector>

namespace {

using flotilla::gossip_class;
using flotilla::incarnation;
using flotilla::member_id;
using flotilla::member_state;
using flotilla::no_row;
using flotilla::row;
using flotilla::row_note;

static_assert(std::is_trivially_copyable_v<row>);  // segments are copied as bytes

std::uint64_t digest(const row& r) {
  flotilla::detail::state_hasher out;
  r.hash_into(out);
  return out.digest();
}

TEST(Row, AFreshOneIsNowhere) {
  const row fresh{};
  EXPECT_EQ(fresh.id, member_id{0});
  EXPECT_EQ(fresh.queued(), gossip_class::none);
  EXPECT_EQ(fresh.order_at(), no_row);
  EXPECT_EQ(fresh.range_next(), no_row);
  EXPECT_EQ(fresh.id_next(), flotilla::detail::chained_index::end_of_chain);
  EXPECT_EQ(fresh.address_next(), flotilla::detail::chained_index::end_of_chain);
  EXPECT_EQ(fresh.timer(), flotilla::detail::no_timer);
  EXPECT_FALSE(fresh.address_indexed);
  EXPECT_TRUE(fresh.placed());
}

// The largest of each number, and "none", come back as they went in, and touch no neighbour.
TEST(Row, PackedNumbersDoNotTouchEachOther) {
  using get = std::uint32_t (row::*)() const noexcept;
  using set = void (row::*)(std::uint32_t) noexcept;
  const std::pair<get, set> numbers[] = {{&row::order_at, &row::set_order_at},
                                         {&row::timer, &row::set_timer},
                                         {&row::range_next, &row::set_range_next},
                                         {&row::id_next, &row::set_id_next},
                                         {&row::address_next, &row::set_address_next}};
  const row fresh{};
  for (const auto& [read, write] : numbers) {
    row r{};
    r.set_contacted_in(0xffff);
    r.port = 0xffff;
    r.set_queued(gossip_class::hearsay, 0xffffff);
    const row before = r;
    for (const std::uint32_t number : {0U, 1U, 0xabcdefU, flotilla::max_members_limit - 1}) {
      (r.*write)(number);
      EXPECT_EQ((r.*read)(), number);
      EXPECT_EQ(r.contacted_in(), 0xffffU);
      EXPECT_EQ(r.port, 0xffffU);
      EXPECT_EQ(r.queue_at(), 0xffffffU);
      EXPECT_EQ(r.queued(), gossip_class::hearsay);
    }
    (r.*write)((fresh.*read)());
    EXPECT_EQ(r, before);
    (r.*write)(no_row);
    EXPECT_EQ(r, before);
  }
}

TEST(Row, EqualityAndHashSeeEveryField) {
  std::vector<row> rows(14);
  rows[1].id = member_id{1};
  rows[2].incarnation = incarnation{1};
  rows[3].set_range_next(1);
  rows[4].is_ipv4 = true;
  rows[5].state = member_state::suspect;
  rows[6].set_queued(gossip_class::urgent, 0);
  rows[7].address_indexed = true;
  rows[8].broken_rounds = 1;
  rows[9].set_queued(gossip_class::none, 1);
  rows[10].set_order_at(1);
  rows[11].set_timer(1);
  rows[12].set_contacted_in(1);
  rows[13].noted = true;
  std::set<std::uint64_t> digests;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    digests.insert(digest(rows[i]));
    for (std::size_t j = 0; j < rows.size(); ++j) EXPECT_EQ(rows[i] == rows[j], i == j);
  }
  EXPECT_EQ(digests.size(), rows.size());
}

TEST(RowNote, EqualityAndHashSeeEveryField) {
  std::vector<row_note> notes(6);
  notes[1].place_incarnation = incarnation{1};
  notes[2].penalty = 1;
  notes[3].penalized = flotilla::time_point{flotilla::duration{1}};
  notes[4].doubt = 1;
  notes[5].doubted = flotilla::time_point{flotilla::duration{1}};
  std::set<std::uint64_t> digests;
  for (std::size_t i = 0; i < notes.size(); ++i) {
    flotilla::detail::state_hasher out;
    notes[i].hash_into(out);
    digests.insert(out.digest());
    for (std::size_t j = 0; j < notes.size(); ++j) EXPECT_EQ(notes[i] == notes[j], i == j);
  }
  EXPECT_EQ(digests.size(), notes.size());
}

}  // namespace
