// flotilla/event.hpp - what the engine tells the embedding program
// Replaying the member events yields exactly (id, address, state) of engine::members().
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <variant>

#include <flotilla/endpoint.hpp>
#include <flotilla/member.hpp>
#include <flotilla/time.hpp>

namespace flotilla {
inline namespace v1 {

/// On what a verdict rests. `accuser` is the member whose probe failed, as the first accusation
/// that reached us says. The other fields are this engine's own; they are unset (`empty()`) where
/// it only adopted somebody else's verdict.
struct evidence {
  member_id accuser{};                  ///< 0 when nobody is named
  std::uint32_t probe{0};               ///< sequence number of our own failed probe, 0 if none
  time_point since{time_point::min()};  ///< when this engine began to suspect, the caller's clock
  std::uint8_t confirmations{0};        ///< distinct members that accused independently (Lifeguard)
  std::uint8_t local_health{0};         ///< our local health score at the verdict (Lifeguard, LHM)

  [[nodiscard]] bool empty() const noexcept { return since == time_point::min(); }
  friend bool operator==(const evidence&, const evidence&) noexcept = default;
};

/// A member that was not there (never heard of, dead, left or forgotten) is now: state alive.
/// `penalty` is 0 unless config::flap_half_life is set: what its failures have left until now,
/// 1,000 each and halving in that time, 16,000 at most.
struct member_joined {
  flotilla::member member;
  std::uint32_t penalty{0};
  friend bool operator==(const member_joined&, const member_joined&) = default;
};
/// alive -> suspect: a probe failed, here or elsewhere (SWIM, section 4.2). It still counts as a
/// member.
struct member_suspected {
  flotilla::member member;
  flotilla::evidence evidence;
  friend bool operator==(const member_suspected&, const member_suspected&) = default;
};
/// suspect -> alive: the member spoke up for itself.
struct member_recovered {
  flotilla::member member;
  friend bool operator==(const member_recovered&, const member_recovered&) = default;
};
/// -> dead: the verdict (SWIM's Confirm). Only the member itself can undo it, with a higher
/// incarnation.
struct member_failed {
  flotilla::member member;
  flotilla::evidence evidence;
  friend bool operator==(const member_failed&, const member_failed&) = default;
};
/// -> left: the member said farewell (extension), or was evicted here (engine::evict).
struct member_left {
  flotilla::member member;
  friend bool operator==(const member_left&, const member_left&) = default;
};
/// The member's address changed, or its state was replaced first-hand; `member` is what holds now.
struct member_updated {
  flotilla::member member;
  friend bool operator==(const member_updated&, const member_updated&) = default;
};
/// A dead or left member's tombstone expired: it is no longer in members().
struct member_forgotten {
  flotilla::member member;
  friend bool operator==(const member_forgotten&, const member_forgotten&) = default;
};
/// A join moved on: members known so far, of how many the answering seed told.
struct join_progress {
  std::uint32_t known{0};
  std::uint32_t expected{0};
  friend bool operator==(const join_progress&, const join_progress&) = default;
};
/// The first seed has given its whole state. `seed` is 0 and `members` 1 when there was nobody to
/// ask.
struct join_completed {
  member_id seed{};
  std::uint32_t members{0};  ///< alive or suspect, self included
  friend bool operator==(const join_completed&, const join_completed&) = default;
};
enum class join_failure : std::uint8_t {
  no_answer,   ///< no seed answered within config::join_timeout
  incomplete,  ///< a seed answered, but none gave its whole state in time
  cancelled,   ///< engine::cancel_join
};
[[nodiscard]] constexpr std::string_view to_string(join_failure reason) noexcept {
  switch (reason) {
    case join_failure::no_answer: return "no_answer";
    case join_failure::incomplete: return "incomplete";
    case join_failure::cancelled: return "cancelled";
  }
  return "invalid";
}
/// The join ended without a whole answer. The engine lives on as the group it is; join again at
/// will.
struct join_failed {
  join_failure reason{};
  friend bool operator==(const join_failed&, const join_failed&) = default;
};
/// The farewell is over and the engine inert: `acknowledged` members have heard it.
struct leave_completed {
  std::uint32_t acknowledged{0};
  friend bool operator==(const leave_completed&, const leave_completed&) = default;
};
/// Another process speaks with our id, or somebody says so; told at most once an interval that
/// doubles.
struct identity_conflict {
  flotilla::member member;  ///< self, as it stands after the refutation
  endpoint other;           ///< where the other one is said to be
  friend bool operator==(const identity_conflict&, const identity_conflict&) = default;
};
/// We cannot reach the member, but another can, in two rounds running: a broken edge, not a death
/// (extension). Told once; again only after the member has answered us directly in between.
struct path_broken {
  flotilla::member member;
  member_id helper{};  ///< through whom it answered
  friend bool operator==(const path_broken&, const path_broken&) = default;
};
/// Why new members are refused: a limit of the configuration has been reached.
enum class refusal_reason : std::uint8_t {
  rate,        ///< config::max_new_members: too many on one sender's word, or in all
  table_full,  ///< config::max_members
  memory,      ///< the table could not grow
};
inline constexpr std::size_t refusal_reason_count = 3;
[[nodiscard]] constexpr std::string_view to_string(refusal_reason reason) noexcept {
  switch (reason) {
    case refusal_reason::rate: return "rate";
    case refusal_reason::table_full: return "table_full";
    case refusal_reason::memory: return "memory";
  }
  return "invalid";
}
/// Facts about `count` members unknown here were refused (extension). Told at the end of a period,
/// once a reason.
struct members_refused {
  refusal_reason reason{};
  std::uint32_t count{0};
  friend bool operator==(const members_refused&, const members_refused&) = default;
};
/// Events were not drained and `count` of them are gone. It comes last: read members() anew now,
/// and all later events continue from there.
struct events_lost {
  std::uint64_t count{0};
  friend bool operator==(const events_lost&, const events_lost&) = default;
};

/// Everything that poll_event hands out. It will grow: visit it with a catch-all.
using event =
    std::variant<member_joined, member_suspected, member_recovered, member_failed, member_left,
                 member_updated, member_forgotten, join_progress, join_completed, join_failed,
                 leave_completed, identity_conflict, path_broken, events_lost, members_refused>;

}  // namespace v1
}  // namespace flotilla
