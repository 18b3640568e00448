// tests/testing/agenda_test.cpp - flotilla/testing/agenda.hpp
// Whatever the order of putting in, the earliest comes out first, and equals as they came.
#include <flotilla/testing/agenda.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <flotilla/detail/random.hpp>
#include <string>
#include <vector>

namespace {

using namespace std::chrono_literals;
using flotilla::duration;
using flotilla::time_point;
using flotilla::detail::random_generator;
using flotilla::testing::agenda;
using flotilla::testing::appointment;
using flotilla::testing::occasion;

constexpr time_point at(std::int64_t n) { return time_point{duration{n}}; }

TEST(Agenda, EmptyHasNothingNext) {
  agenda a;
  EXPECT_TRUE(a.empty());
  EXPECT_EQ(a.next(), time_point::max());
  a.set_alarm(at(5), 1);
  EXPECT_FALSE(a.empty());
  EXPECT_EQ(a.next(), at(5));
  appointment first;
  EXPECT_FALSE(a.take_until(at(4), first));
  EXPECT_TRUE(a.take_until(at(5), first));
  EXPECT_TRUE(a.empty());
  EXPECT_EQ(a.next(), time_point::max());
}

TEST(Agenda, HandsOutWhatWasPutIn) {
  agenda a;
  a.put(at(1), occasion::arrival, 0xffffffffU);
  a.set_alarm(at(2), 7);
  a.put(time_point::max(), occasion::action, 9);
  const appointment first = a.take();
  EXPECT_EQ(first.at, at(1));
  EXPECT_EQ(first.kind(), occasion::arrival);
  EXPECT_EQ(first.what, 0xffffffffU);
  const appointment second = a.take();
  EXPECT_EQ(second.kind(), occasion::wake);
  EXPECT_EQ(second.what, 7U);
  const appointment third = a.take();
  EXPECT_EQ(third.kind(), occasion::action);
  EXPECT_EQ(third.at, time_point::max());
}

TEST(Agenda, AtTheSameInstantTheFirstComesFirst) {
  agenda a;
  const occasion kinds[] = {occasion::action, occasion::wake, occasion::arrival};
  for (std::uint32_t i = 0; i < 1000; ++i) {
    if (kinds[i % 3] == occasion::wake) {
      a.set_alarm(at(3), i);
    } else {
      a.put(at(3), kinds[i % 3], i);
    }
  }
  for (std::uint32_t i = 0; i < 1000; ++i) {
    const appointment next = a.take();
    ASSERT_EQ(next.what, i);
    ASSERT_EQ(next.kind(), kinds[i % 3]);
  }
}

// Every size up to a few levels of the heap: the last child of a node is where they go wrong.
TEST(Agenda, SortsEverySize) {
  for (std::uint32_t size = 1; size <= 100; ++size) {
    agenda up;
    agenda down;
    for (std::uint32_t i = 0; i < size; ++i) {
      up.put(at(i), occasion::arrival, i);
      down.put(at(size - i), occasion::arrival, size - i);
    }
    for (std::uint32_t i = 0; i < size; ++i) {
      ASSERT_EQ(up.take().what, i);
      ASSERT_EQ(down.take().what, i + 1);
    }
  }
}

/// Arrivals, and alarms that are set, moved and taken off: within a window, across many, and more
/// than a turn of the wheel ahead.
TEST(Agenda, IsAStableQueueUnderRandomUse) {
  struct entry {
    time_point when;
    std::uint32_t what;
    bool alarm;
  };
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    random_generator random{seed};
    const std::int64_t step = std::int64_t{1} << (4 * (seed % 9));  // up to 4 s
    std::int64_t now = 0;
    agenda a;
    std::vector<entry> expected;
    const auto forget_alarm = [&](std::uint32_t node) {
      std::erase_if(expected, [&](const entry& e) { return e.alarm && e.what == node; });
    };
    for (std::uint32_t i = 0; i < 3000; ++i) {
      const std::uint32_t choice = random.below(10);
      const time_point when = at(now + step * random.below(40));
      const std::uint32_t node = random.below(20);
      if (choice < 3) {
        a.put(when, occasion::arrival, 1000 + i);
        expected.push_back({when, 1000 + i, false});
      } else if (choice < 6) {
        a.set_alarm(when, node);
        forget_alarm(node);
        expected.push_back({when, node, true});
      } else if (choice < 7) {
        a.cancel_alarm(node);
        forget_alarm(node);
      } else if (!expected.empty()) {
        // The first of the least: those put in before stand before.
        const auto least =
            std::min_element(expected.begin(), expected.end(),
                             [](const entry& x, const entry& y) { return x.when < y.when; });
        ASSERT_EQ(a.next(), least->when);
        const appointment next = a.take();
        ASSERT_EQ(next.at, least->when);
        ASSERT_EQ(next.what, least->what);
        ASSERT_EQ(next.kind() == occasion::wake, least->alarm);
        now = least->when.time_since_epoch().count();
        expected.erase(least);
      }
      ASSERT_EQ(a.size(), expected.size());
      ASSERT_EQ(a.empty(), expected.empty());
    }
  }
}

}  // namespace
