// membership/fetch_ahead_test.cpp - flotilla/membership/fetch_ahead.hpp
// It reads what it is given and nothing behind it, and the table stays as it is.
#include <flotilla/membership/fetch_ahead.hpp>

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace {

using namespace flotilla;

endpoint address_of(std::uint32_t i) {
  return endpoint::ipv4({10, 0, static_cast<std::uint8_t>(i >> 8U), static_cast<std::uint8_t>(i)},
                        7);
}

TEST(FetchAhead, ReadsWholePlainFactsAndChangesNothing) {
  member_table table{{}, 1000, 0, {member_id{1}, address_of(1), {}, member_state::alive}};
  for (std::uint32_t i = 2; i <= 300; ++i) {
    ASSERT_NE(table.add({member_id{i}, address_of(i), {}, member_state::alive}), no_row);
  }
  const member_table before = table;
  for (const std::size_t count : {0U, 1U, 7U, 64U, 200U}) {
    std::vector<std::byte> bytes(count * wire::plain_fact::size);
    wire::writer out{bytes};
    for (std::uint32_t i = 0; i < count; ++i) {
      const wire::fact told{member_id{3 * i + 2}, {}, member_state::alive, address_of(i), {}};
      ASSERT_TRUE(wire::write_fact(out, told));
    }
    fetch_ahead(table, bytes);
    // Whatever lies behind them: a sanitizer sees what is read too far.
    for (const std::size_t cut : {1U, 21U}) {
      if (count == 0) continue;
      std::vector<std::byte> shorter = bytes;
      shorter.resize(bytes.size() - cut);
      shorter.shrink_to_fit();
      fetch_ahead(table, shorter);
    }
    bytes.insert(bytes.begin(), {std::byte{2}, std::byte{20}});
    fetch_ahead(table, bytes);
  }
  EXPECT_EQ(table, before);
}

}  // namespace
