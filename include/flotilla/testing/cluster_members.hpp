// flotilla/testing/cluster_members.hpp - what the words of a cluster mean
// Adding, joining, restarting, and comparing what members believe with what is.
#pragma once

#include <flotilla/testing/cluster.hpp>

namespace flotilla {
inline namespace v1 {
namespace testing {

inline node_index cluster::add() {
  config settings = base_;
  settings.id = member_id{};
  settings.address = endpoint{};
  settings.seed = 0;
  return add(settings);
}

inline node_index cluster::add(config settings) {
  const node_index i = size();
  if (settings.id == member_id{}) settings.id = member_id{std::uint64_t{i} + 1};
  if (settings.address == endpoint{}) settings.address = default_address(i);
  if (settings.seed == 0) settings.seed = sim_.random().next();
  settings_.push_back(settings);
  by_id_[static_cast<std::uint64_t>(settings.id)] = i;
  return sim_.add(engine{settings, sim_.now()}, settings.address);
}

inline void cluster::add_joined(node_index count) {
  for (node_index n = 0; n < count; ++n) {
    const node_index i = add();
    if (i != 0) join(i, 0);
  }
}

inline node_index cluster::node_of(member_id id) const noexcept {
  const auto found = by_id_.find(static_cast<std::uint64_t>(id));
  return found == by_id_.end() ? no_node : found->second;
}

inline command_error cluster::join(node_index i, const endpoint& seed) {
  command_error result = command_error::inert;
  sim_.command(i, [&](engine& e) { result = e.join({seed}); });
  return result;
}

inline command_error cluster::leave(node_index i) {
  command_error result = command_error::inert;
  sim_.command(i, [&](engine& e) { result = e.leave(); });
  return result;
}

inline command_error cluster::set_address(node_index i, const endpoint& to) {
  if (!sim_.process_of(i).runs_timers()) return command_error::inert;
  // What it says of its move is to come from the new place; a command that fails says nothing.
  engine trial = sim_[i];
  if (const command_error refused = trial.set_address(to); refused != command_error::none) {
    return refused;
  }
  sim_.move(i, to);
  settings_[i].address = to;
  command_error result{};
  sim_.command(i, [&](engine& e) { result = e.set_address(to); });
  return result;
}

inline void cluster::restart(node_index i, memory_kept kept) {
  config& settings = settings_[i];
  const incarnation last = sim_[i].self().incarnation;
  settings.initial_incarnation = kept == memory_kept::incarnation ? last : incarnation{0};
  settings.seed = sim_.random().next();
  if (kept == memory_kept::not_even_id) {
    const std::uint64_t life = sim_.process_of(i).lives;
    settings.id = member_id{std::uint64_t{i} + 1 + (life << 32U)};
    by_id_[static_cast<std::uint64_t>(settings.id)] = i;
  }
  sim_.restart(i, engine{settings, sim_.local_time(i)});
}

inline node_index cluster::up() const noexcept {
  node_index count = 0;
  for (node_index i = 0; i < size(); ++i) count += is_up(i) ? 1U : 0U;
  return count;
}

inline std::optional<member_state> cluster::status(node_index at,
                                                   node_index subject) const noexcept {
  const auto held = sim_[at].find(settings_[subject].id);
  if (!held) return std::nullopt;
  return held->state;
}

inline bool cluster::status_everywhere(node_index subject, member_state state) const noexcept {
  const bool gone = state == member_state::dead || state == member_state::left;
  for (node_index i = 0; i < size(); ++i) {
    if (i == subject || !is_up(i)) continue;
    const auto held = status(i, subject);
    if (held ? *held != state : !gone) return false;
  }
  return true;
}

inline bool cluster::full_mesh() const noexcept {
  const node_index expected = up();
  for (node_index i = 0; i < size(); ++i) {
    if (is_up(i) && sim_[i].size() != expected) return false;
  }
  for (node_index i = 0; i < size(); ++i) {
    if (!is_up(i)) continue;
    for (node_index j = 0; j < size(); ++j) {
      if (is_up(j) && status(i, j) != member_state::alive) return false;
    }
  }
  return true;
}

}  // namespace testing
}  // namespace v1
}  // namespace flotilla
