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
  a.put(at(5), occasion::wake, 1);
  EXPECT_FALSE(a.empty());
  EXPECT_EQ(a.next(), at(5));
  (void)a.take();
  EXPECT_TRUE(a.empty());
  EXPECT_EQ(a.next(), time_point::max());
}

TEST(Agenda, HandsOutWhatWasPutIn) {
  agenda a;
  a.put(at(1), occasion::arrival, 0xffffffffU, 0xfffffffeU);
  a.put(at(2), occasion::wake, 7, 8);
  a.put(time_point::max(), occasion::action, 9);
  const appointment first = a.take();
  EXPECT_EQ(first.at, at(1));
  EXPECT_EQ(first.kind(), occasion::arrival);
  EXPECT_EQ(first.what, 0xffffffffU);
  EXPECT_EQ(first.version, 0xfffffffeU);
  const appointment second = a.take();
  EXPECT_EQ(second.kind(), occasion::wake);
  EXPECT_EQ(second.what, 7U);
  EXPECT_EQ(second.version, 8U);
  const appointment third = a.take();
  EXPECT_EQ(third.kind(), occasion::action);
  EXPECT_EQ(third.at, time_point::max());
}

TEST(Agenda, AtTheSameInstantTheFirstComesFirst) {
  agenda a;
  const occasion kinds[] = {occasion::action, occasion::wake, occasion::arrival};
  for (std::uint32_t i = 0; i < 1000; ++i) a.put(at(3), kinds[i % 3], i);
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
      up.put(at(i), occasion::wake, i);
      down.put(at(size - i), occasion::wake, size - i);
    }
    for (std::uint32_t i = 0; i < size; ++i) {
      ASSERT_EQ(up.take().what, i);
      ASSERT_EQ(down.take().what, i + 1);
    }
  }
}

TEST(Agenda, IsAStableQueueUnderRandomUse) {
  struct entry {
    time_point when;
    std::uint32_t what;
  };
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    random_generator random{seed};
    agenda a;
    std::vector<entry> expected;
    for (std::uint32_t i = 0; i < 3000; ++i) {
      if (expected.empty() || random.below(5) < 3) {
        const time_point when = at(random.below(40));
        a.put(when, occasion::wake, i);
        expected.push_back({when, i});
      } else {
        // The first of the least: those put in before stand before.
        const auto least =
            std::min_element(expected.begin(), expected.end(),
                             [](const entry& x, const entry& y) { return x.when < y.when; });
        ASSERT_EQ(a.next(), least->when);
        const appointment next = a.take();
        ASSERT_EQ(next.at, least->when);
        ASSERT_EQ(next.what, least->what);
        expected.erase(least);
      }
      ASSERT_EQ(a.size(), expected.size());
    }
  }
}

}  // namespace
