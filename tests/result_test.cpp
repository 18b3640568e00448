// result_test.cpp - flotilla/result.hpp
// Each answer has its own number and name: counters are indexed by the one, logs rely on the other.
#include <flotilla/result.hpp>

#include <gtest/gtest.h>

#include <cstddef>
#include <iterator>
#include <set>
#include <string_view>

namespace {

using flotilla::command_error;
using flotilla::receive_result;

template <typename Enum>
struct named {
  Enum value;
  std::string_view name;
};

#define NAMED(name) \
  { name, #name }

// The numbers run from 0 without a gap, every name is the enumerator's and occurs once, and what is
// no enumerator says so.
template <typename Enum, std::size_t Size>
void expect_complete(const named<Enum> (&rows)[Size]) {
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < Size; ++i) {
    EXPECT_EQ(static_cast<std::size_t>(rows[i].value), i) << rows[i].name;
    EXPECT_EQ(to_string(rows[i].value), rows[i].name);
    EXPECT_TRUE(names.insert(to_string(rows[i].value)).second) << rows[i].name;
  }
  for (std::size_t i = Size; i < 256; ++i)
    EXPECT_EQ(to_string(static_cast<Enum>(i)), "invalid") << i;
}

TEST(Result, ReceiveResultsAreNumberedAndNamed) {
  using enum receive_result;
  constexpr named<receive_result> rows[] = {
      NAMED(accepted),      NAMED(empty),          NAMED(too_large),
      NAMED(truncated),     NAMED(trailing_bytes), NAMED(unknown_version),
      NAMED(unknown_flags), NAMED(other_group),    NAMED(unknown_kind),
      NAMED(unknown_fact),  NAMED(bad_count),      NAMED(bad_address),
      NAMED(bad_id),        NAMED(own_id),         NAMED(wrong_target),
      NAMED(denied),        NAMED(left),           NAMED(inert)};
  static_assert(std::size(rows) == flotilla::receive_result_count);
  static_assert(receive_result{} == receive_result::accepted);  // the contract: the first value
  expect_complete(rows);
}

TEST(Result, CommandErrorsAreNumberedAndNamed) {
  using enum command_error;
  constexpr named<command_error> rows[] = {
      NAMED(none),           NAMED(inert),       NAMED(left),           NAMED(no_seeds),
      NAMED(too_many_seeds), NAMED(bad_address), NAMED(not_joining),    NAMED(unknown_member),
      NAMED(own_id),         NAMED(not_active),  NAMED(deny_list_full), NAMED(not_denied),
      NAMED(out_of_memory)};
  static_assert(std::size(rows) == flotilla::command_error_count);
  static_assert(command_error{} == command_error::none);  // the contract: the first value
  expect_complete(rows);
}

#undef NAMED

}  // namespace
