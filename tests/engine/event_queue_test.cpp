// Tests of flotilla/engine/event_queue.hpp: a bounded queue that never loses in silence.
// Once it overflows nothing more is queued until it is drained, and the loss is told last.
#include <flotilla/engine/event_queue.hpp>

#include <gtest/gtest.h>

#include <cstdint>
#include <string>

#include <support/messages.hpp>

namespace {

using namespace support;
using flotilla::event_queue;

event number(std::uint32_t n) { return flotilla::join_progress{n, n}; }

std::string drained(event_queue& queue) {
  std::string out;
  while (const auto e = queue.poll()) out += text(*e) + ";";
  return out;
}

TEST(EventQueue, FirstInFirstOut) {
  event_queue queue{4};
  EXPECT_FALSE(queue.poll());
  for (std::uint32_t n = 1; n <= 3; ++n) EXPECT_TRUE(queue.push(number(n)));
  EXPECT_EQ(queue.size(), 3U);
  EXPECT_EQ(drained(queue), "join_progress 1 of 1;join_progress 2 of 2;join_progress 3 of 3;");
  EXPECT_EQ(queue.size(), 0U);
}

TEST(EventQueue, TheLossIsToldLastAndOnlyThenItGoesOn) {
  event_queue queue{2};
  for (std::uint32_t n = 1; n <= 5; ++n) EXPECT_EQ(queue.push(number(n)), n <= 2);
  EXPECT_EQ(queue.size(), 3U);
  EXPECT_EQ(text(*queue.poll()), "join_progress 1 of 1");
  EXPECT_FALSE(queue.push(number(6))) << "room again, but what came between is gone";
  EXPECT_EQ(drained(queue), "join_progress 2 of 2;events_lost 4;");
  EXPECT_TRUE(queue.push(number(7)));
  EXPECT_EQ(drained(queue), "join_progress 7 of 7;");
}

TEST(EventQueue, WithoutRoomEverythingIsLostAndTold) {
  event_queue queue{0};
  EXPECT_FALSE(queue.push(number(1)));
  EXPECT_EQ(drained(queue), "events_lost 1;");
  EXPECT_FALSE(event_queue{}.poll());
}

TEST(EventQueue, EqualOnesHashEqualAndDifferentOnesDiffer) {
  const auto hash = [](const event_queue& queue) {
    flotilla::detail::state_hasher out;
    queue.hash_into(out);
    return out.digest();
  };
  const flotilla::member one{member_id{1}, address_of(0), incarnation{2}, member_state::alive};
  flotilla::member two = one;
  two.state = member_state::suspect;
  const flotilla::evidence grounds{member_id{3}, 4, time_point{5ns}, 1, 0};
  const event all[] = {flotilla::member_joined{one},
                       flotilla::member_joined{two},
                       flotilla::member_updated{one},
                       flotilla::member_suspected{two, {}},
                       flotilla::member_suspected{two, grounds},
                       flotilla::join_progress{1, 2},
                       flotilla::join_progress{2, 1},
                       flotilla::join_completed{member_id{1}, 2},
                       flotilla::join_failed{flotilla::join_failure::incomplete},
                       flotilla::join_failed{flotilla::join_failure::cancelled},
                       flotilla::leave_completed{1},
                       flotilla::leave_completed{2},
                       flotilla::identity_conflict{one, address_of(4)},
                       flotilla::identity_conflict{one, address_of(5)},
                       flotilla::path_broken{one, member_id{3}},
                       flotilla::path_broken{one, member_id{4}}};
  for (const event& a : all) {
    for (const event& b : all) {
      event_queue first{4};
      event_queue second{4};
      first.push(a);
      second.push(b);
      EXPECT_EQ(first == second, &a == &b) << text(a) << " and " << text(b);
      EXPECT_EQ(hash(first) == hash(second), &a == &b) << text(a) << " and " << text(b);
    }
  }
}

}  // namespace
