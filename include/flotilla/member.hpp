// flotilla/member.hpp - one member of the group as the engine believes it to be
// The identity, its states, and the plain record that views and events hand out.
#pragma once

#include <cstdint>
#include <string_view>

#include <flotilla/endpoint.hpp>
#include <flotilla/serial.hpp>

namespace flotilla {
inline namespace v1 {

/// Who a member is: chosen by the embedding program, never 0, unique in the group.
enum class member_id : std::uint64_t {};

/// What is believed of a member (SWIM, section 4.2; `left` is an extension). In the order in which
/// one overrides another at the same incarnation.
enum class member_state : std::uint8_t { alive, suspect, dead, left };

[[nodiscard]] constexpr std::string_view to_string(member_state state) noexcept {
  switch (state) {
    case member_state::alive: return "alive";
    case member_state::suspect: return "suspect";
    case member_state::dead: return "dead";
    case member_state::left: return "left";
  }
  return "invalid";
}

/// True for alive and suspect: a suspect counts as a member until the verdict (SWIM, section 4.2).
[[nodiscard]] constexpr bool is_active(member_state state) noexcept {
  return state == member_state::alive || state == member_state::suspect;
}

/// A copy of what is held about one member; stays valid when the engine changes.
struct member {
  member_id id{};
  endpoint address{};
  flotilla::incarnation incarnation{};
  member_state state{member_state::alive};

  friend bool operator==(const member&, const member&) noexcept = default;
};

}  // namespace v1
}  // namespace flotilla
