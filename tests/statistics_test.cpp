// statistics_test.cpp - flotilla/statistics.hpp
// Every counter starts at zero, and every result of receive has a counter of its own.
#include <flotilla/statistics.hpp>

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <type_traits>
#include <vector>

namespace {

using flotilla::receive_result;
using flotilla::receive_result_count;
using flotilla::statistics;

static_assert(std::is_trivially_copyable_v<statistics>);  // a snapshot is a plain copy
static_assert(std::is_aggregate_v<statistics>);

// A counter that somebody adds without its {0} would start with whatever lay in memory.
TEST(Statistics, EveryCounterStartsAtZero) {
  alignas(statistics) std::byte memory[sizeof(statistics)];
  std::memset(memory, 0xff, sizeof memory);
  const statistics* fresh =
      new (memory) statistics;  // default-initialised: no braces that would help
  EXPECT_EQ(fresh->received.size(), receive_result_count);
  if constexpr (std::has_unique_object_representations_v<statistics>) {
    for (std::size_t i = 0; i < sizeof memory; ++i)
      EXPECT_EQ(memory[i], std::byte{0}) << "byte " << i;
  }
}

TEST(Statistics, EachResultHasItsOwnCounter) {
  statistics stats;
  for (std::size_t i = 0; i < receive_result_count; ++i) stats.received[i] = 100 + i;
  for (std::size_t i = 0; i < receive_result_count; ++i) {
    EXPECT_EQ(stats.count(static_cast<receive_result>(i)), 100 + i);
  }
  EXPECT_EQ(stats.count(receive_result::accepted), 100U);
  EXPECT_EQ(stats.count(receive_result::inert), 100U + receive_result_count - 1);
}

}  // namespace
