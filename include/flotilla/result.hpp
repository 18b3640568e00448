// flotilla/result.hpp - what inputs and commands answer
// Every error is a value; each enumerator says whether anything changed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace flotilla {
inline namespace v1 {

/// What became of a datagram. Everything but `accepted` means: no state changed, except that engine
/// time moved on and one counter went up. It speaks of the datagram, not of the facts in it: facts
/// that are refused have counters of their own (statistics.hpp).
enum class receive_result : std::uint8_t {
  accepted,         ///< decoded whole and applied, though it may have told nothing new
  empty,            ///< no bytes
  too_large,        ///< longer than config::max_datagram_size
  truncated,        ///< ends inside the frame, the message or a fact
  trailing_bytes,   ///< bytes behind a whole field, or a fact longer than its kind
  unknown_version,  ///< another major version of the wire format
  unknown_flags,    ///< a flag that this version does not define
  other_group,      ///< another group's tag
  unknown_kind,     ///< a message kind that this version does not define
  unknown_fact,     ///< a fact kind below 128 that this version does not define
  bad_count,        ///< a count that the format does not allow
  bad_address,      ///< an address that is malformed, not canonical, or reaches no single member
  bad_id,           ///< an id of 0 where a member must stand
  own_id,           ///< the sender claims our own id (a reflection, or a second process with it)
  wrong_target,     ///< addressed to another member
  denied,           ///< the sender was evicted here (engine::evict)
  left,             ///< this engine has left the group
  inert,            ///< this engine was built from a config that does not validate
};
inline constexpr std::size_t receive_result_count = 18;

[[nodiscard]] constexpr std::string_view to_string(receive_result result) noexcept {
  switch (result) {
    case receive_result::accepted: return "accepted";
    case receive_result::empty: return "empty";
    case receive_result::too_large: return "too_large";
    case receive_result::truncated: return "truncated";
    case receive_result::trailing_bytes: return "trailing_bytes";
    case receive_result::unknown_version: return "unknown_version";
    case receive_result::unknown_flags: return "unknown_flags";
    case receive_result::other_group: return "other_group";
    case receive_result::unknown_kind: return "unknown_kind";
    case receive_result::unknown_fact: return "unknown_fact";
    case receive_result::bad_count: return "bad_count";
    case receive_result::bad_address: return "bad_address";
    case receive_result::bad_id: return "bad_id";
    case receive_result::own_id: return "own_id";
    case receive_result::wrong_target: return "wrong_target";
    case receive_result::denied: return "denied";
    case receive_result::left: return "left";
    case receive_result::inert: return "inert";
  }
  return "invalid";
}

/// Why a command was refused. Everything but `none` means: nothing changed.
enum class command_error : std::uint8_t {
  none,            ///< carried out
  inert,           ///< this engine was built from a config that does not validate
  left,            ///< this engine is leaving or has left the group
  no_seeds,        ///< join: an empty list
  too_many_seeds,  ///< join: more than max_seeds
  bad_address,     ///< an endpoint that reaches no single member
  not_joining,     ///< cancel_join: no join is under way
  unknown_member,  ///< fail: no such member; evict: not a member's id (0)
  own_id,          ///< fail, evict, allow: the member is this engine itself
  not_active,      ///< fail: the member is dead or has left already
  deny_list_full,  ///< evict: config::max_denied members are evicted already
  not_denied,      ///< allow: the member is not evicted
  out_of_memory,   ///< no memory for what the command must keep
};
inline constexpr std::size_t command_error_count = 13;

[[nodiscard]] constexpr std::string_view to_string(command_error error) noexcept {
  switch (error) {
    case command_error::none: return "none";
    case command_error::inert: return "inert";
    case command_error::left: return "left";
    case command_error::no_seeds: return "no_seeds";
    case command_error::too_many_seeds: return "too_many_seeds";
    case command_error::bad_address: return "bad_address";
    case command_error::not_joining: return "not_joining";
    case command_error::unknown_member: return "unknown_member";
    case command_error::own_id: return "own_id";
    case command_error::not_active: return "not_active";
    case command_error::deny_list_full: return "deny_list_full";
    case command_error::not_denied: return "not_denied";
    case command_error::out_of_memory: return "out_of_memory";
  }
  return "invalid";
}

}  // namespace v1
}  // namespace flotilla
