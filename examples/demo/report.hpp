// examples/demo/report.hpp - what members and their parent process tell each other
// Records of fixed size over a stream: all processes are forks of one program, so bytes are copied.
#pragma once

#include <cstdint>
#include <flotilla/flotilla.hpp>
#include <type_traits>

namespace demo {

/// One event of a member's engine, or one line of its member list.
enum class report_kind : std::uint8_t {
  joined,
  suspected,
  recovered,
  failed,
  left,
  updated,
  forgotten,
  path_broken,  // other: the helper through whom the member answered
  conflict,     // somebody else has this member's id
  join_failed,
  leave_completed,  // count: how many acknowledged
  events_lost,      // count: how many
  listed,           // a line of the member list
  list_end,
};

struct report {
  report_kind kind{};
  flotilla::time_point at{};  // CLOCK_MONOTONIC is the same in all processes
  flotilla::member member{};
  flotilla::evidence evidence{};
  flotilla::member_id other{};
  std::uint64_t count{0};
};
static_assert(std::is_trivially_copyable_v<report>);

/// What the parent asks of a member.
enum class command : std::uint8_t { list_members, leave };

}  // namespace demo
