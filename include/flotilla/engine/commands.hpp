// flotilla/engine/commands.hpp - what the embedding program can ask for, and what it can read
// A command either does what it says or answers why not, and then nothing has changed.
#pragma once

#include <flotilla/engine.hpp>

namespace flotilla {
inline namespace v1 {

namespace detail {

[[nodiscard]] constexpr command_error refusal(engine_life life) noexcept {
  if (life == engine_life::inert) return command_error::inert;
  return life == engine_life::running ? command_error::none : command_error::left;
}

}  // namespace detail

inline command_error engine::join(std::span<const endpoint> seeds) noexcept {
  disturb();
  const command_error refused = detail::refusal(s_.life);
  if (refused != command_error::none) return refused;
  if (seeds.empty()) return command_error::no_seeds;
  if (seeds.size() > max_seeds) return command_error::too_many_seeds;
  for (const endpoint& seed : seeds) {
    if (!seed.is_unicast()) return command_error::bad_address;
  }
  s_.join.begin(s_.now, s_.settings.join_timeout, s_.table.active() > 1);
  for (const endpoint& seed : seeds) {
    if (seed != s_.table.own_address()) s_.join.add(seed, s_.now);
  }
  if (s_.join.count == 0) {
    s_.join = join_round{};
    tell(join_completed{member_id{}, s_.table.active()});
    return command_error::none;
  }
  run_join();
  return command_error::none;
}

inline command_error engine::join(std::initializer_list<endpoint> seeds) noexcept {
  return join(std::span<const endpoint>{seeds.begin(), seeds.size()});
}

inline command_error engine::cancel_join() noexcept {
  disturb();
  const command_error refused = detail::refusal(s_.life);
  if (refused != command_error::none) return refused;
  if (!s_.join.active) return command_error::not_joining;
  if (!s_.join.completed) tell(join_failed{join_failure::cancelled});
  s_.join = join_round{};
  return command_error::none;
}

inline command_error engine::leave() noexcept {
  disturb();
  const command_error refused = detail::refusal(s_.life);
  if (refused != command_error::none) return refused;
  const std::uint32_t others = s_.table.active() - 1;
  s_.life = engine_life::leaving;
  s_.join = join_round{};
  s_.repair = repair_session{};
  s_.visiting = visit{};
  s_.round = probe_round{};
  restate(s_.self().incarnation, s_.table.own_address(), member_state::left);
  requeue(member_table::self_row, true);
  s_.goodbye.begin(s_.now, others, s_.settings.leave_timeout);
  say_farewell();
  tell_everybody(member_table::self_row);
  if (others == 0) run_farewell();
  return command_error::none;
}

inline command_error engine::set_address(const endpoint& address) noexcept {
  disturb();
  const command_error refused = detail::refusal(s_.life);
  if (refused != command_error::none) return refused;
  if (!address.is_unicast()) return command_error::bad_address;
  if (address == s_.table.own_address()) return command_error::none;
  restate(s_.self().incarnation.next(), address, s_.self().state);
  s_.settings.address = address;
  requeue(member_table::self_row, true);
  tell_everybody(member_table::self_row);
  return command_error::none;
}

inline command_error engine::fail(member_id id) noexcept {
  disturb();
  const command_error refused = detail::refusal(s_.life);
  if (refused != command_error::none) return refused;
  if (id == s_.self().id) return command_error::own_id;
  const row_index at = s_.table.find(id);
  if (at == no_row) return command_error::unknown_member;
  if (!is_active(s_.table[at].state)) return command_error::not_active;
  if (!reserve(member_state::dead)) return command_error::out_of_memory;
  const evidence ours{s_.self().id, 0, to_caller(s_.now), 0, s_.health.score()};
  verdict(at, member_state::dead, s_.self().id, ours, true);
  // It is told itself, at once: others check a death that no suspicion has announced, find it wrong
  // and pass on nothing, and then only our own next meeting would tell it.
  s_.table[at].set_contacted_in(0);
  contact(at, s_.table.address(at));
  return command_error::none;
}

inline command_error engine::evict(member_id id) noexcept {
  disturb();
  const command_error refused = detail::refusal(s_.life);
  if (refused != command_error::none) return refused;
  if (id == member_id{}) return command_error::unknown_member;
  if (id == s_.self().id) return command_error::own_id;
  if (s_.denied.contains(id)) return command_error::none;
  if (s_.denied.full()) return command_error::deny_list_full;
  const row_index at = s_.table.find(id);
  if (at != no_row && s_.table[at].state != member_state::left) {
    if (!reserve(member_state::left)) return command_error::out_of_memory;
    verdict(at, member_state::left, s_.self().id, evidence{}, false);
  }
  if (at != no_row) s_.healing.remove(id, s_.table.address(at));
  s_.denied.add(id);
  return command_error::none;
}

inline command_error engine::allow(member_id id) noexcept {
  disturb();
  const command_error refused = detail::refusal(s_.life);
  if (refused != command_error::none) return refused;
  if (id == s_.self().id) return command_error::own_id;
  if (!s_.denied.remove(id)) return command_error::not_denied;
  const row_index at = s_.table.find(id);
  if (at == no_row) return command_error::none;
  const endpoint address = s_.table.address(at);
  forget(at);
  verify(id, address);  // both may have evicted each other, and then neither would ask
  return command_error::none;
}

inline std::optional<event> engine::poll_event() noexcept { return s_.events.poll(); }

inline std::optional<member> engine::find(member_id id) const noexcept {
  const row_index at = s_.table.find(id);
  if (at == no_row) return std::nullopt;
  return s_.table.snapshot(at);
}

inline const statistics& engine::stats() const noexcept {
  stats_.members_dead = s_.table.count(member_state::dead);
  stats_.members_left = s_.table.count(member_state::left);
  stats_.suspicions_held = s_.suspicions.size();
  stats_.local_health = s_.health.score();
  stats_.gossip_pending = s_.urgent.size() + s_.membership.size() + s_.hearsay.size();
  stats_.transmits_pending = s_.waiting.size();
  stats_.bytes_allocated = s_.bytes_allocated();
  return stats_;
}

}  // namespace v1
}  // namespace flotilla
