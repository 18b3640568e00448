// flotilla/testing/cluster.hpp - a group of engines on a simulated network, and the words of tests
// Adds to simulation<engine> what only members have: ids, joining, restarting, waiting for views.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <unordered_map>
#include <vector>

#include <flotilla/flotilla.hpp>
#include <flotilla/testing/simulation.hpp>

namespace flotilla {
inline namespace v1 {
namespace testing {

using engine_simulation = simulation<engine>;
using engine_observer = engine_simulation::observer_type;

/// What a restarted process still knows.
enum class memory_kept : std::uint8_t {
  nothing,      ///< the same id, counting from 0 again
  incarnation,  ///< the same id and the last incarnation
  not_even_id,  ///< comes back under a new id, at the same address
};

class cluster {
 public:
  /// `base` is what members are made from: id, address and seed are set for each.
  explicit cluster(std::uint64_t seed, const config& base = config::lan(),
                   const link_options& link = {})
      : sim_{seed, link}, base_{base} {}

  /// Adds a member that has joined nobody. Its id is its number plus one.
  node_index add();
  /// The same from settings of its own; id, address and seed are set when they are unset.
  node_index add(config settings);
  /// Adds so many, all joining through member 0 at once.
  void add_joined(node_index count);

  [[nodiscard]] node_index size() const noexcept { return sim_.size(); }
  [[nodiscard]] const engine& operator[](node_index i) const noexcept { return sim_[i]; }
  /// What members are made from.
  [[nodiscard]] const config& base() const noexcept { return base_; }
  [[nodiscard]] const config& config_of(node_index i) const noexcept { return settings_[i]; }
  [[nodiscard]] member_id id_of(node_index i) const noexcept { return settings_[i].id; }
  /// The node that has had this id, or no_node.
  [[nodiscard]] node_index node_of(member_id id) const noexcept;
  [[nodiscard]] engine_simulation& sim() noexcept { return sim_; }
  [[nodiscard]] const engine_simulation& sim() const noexcept { return sim_; }
  [[nodiscard]] network& net() noexcept { return sim_.net(); }
  [[nodiscard]] time_point now() const noexcept { return sim_.now(); }

  // ---- what members do; `inert` when the process has crashed or is frozen

  command_error join(node_index i, node_index seed) {
    return join(i, sim_.process_of(seed).address);
  }
  command_error join(node_index i, const endpoint& seed);
  command_error leave(node_index i);
  /// The member moves to another address and says so.
  command_error set_address(node_index i, const endpoint& to);

  // ---- what happens to their processes

  void crash(node_index i) { sim_.crash(i); }
  void freeze(node_index i) { sim_.freeze(i); }
  void block(node_index i) { sim_.block(i); }
  void resume(node_index i) { sim_.resume(i); }
  /// A new process; it has not joined anybody.
  void restart(node_index i, memory_kept kept = memory_kept::nothing);

  // ---- what they believe

  /// Has neither crashed nor left (nor died for ever, see experiment::final_death): others should
  /// believe it active.
  [[nodiscard]] bool is_up(node_index i) const noexcept {
    return sim_.process_of(i).state != process_state::crashed &&
           sim_[i].self().state == member_state::alive;
  }
  [[nodiscard]] node_index up() const noexcept;
  /// What member `at` holds about member `subject`; nothing when it knows nothing.
  [[nodiscard]] std::optional<member_state> status(node_index at,
                                                   node_index subject) const noexcept;
  /// True when all members that are up, except the subject, hold it in this state; for dead and
  /// left, having forgotten it counts as well.
  [[nodiscard]] bool status_everywhere(node_index subject, member_state state) const noexcept;
  /// True when every member that is up holds exactly those that are up as active, none suspected.
  [[nodiscard]] bool full_mesh() const noexcept;

  // ---- time; each wait is false when `limit` passed first

  void run_for(duration length) { sim_.run_for(length); }
  template <class Done>
  bool wait_until(Done done, duration limit) {
    return sim_.run_until(done, limit);
  }
  bool wait_full_mesh(duration limit) {
    return wait_until([this] { return full_mesh(); }, limit);
  }
  bool wait_status(node_index at, node_index subject, member_state state, duration limit) {
    return wait_until([=, this] { return status(at, subject) == state; }, limit);
  }
  bool wait_status_everywhere(node_index subject, member_state state, duration limit) {
    return wait_until([=, this] { return status_everywhere(subject, state); }, limit);
  }
  bool wait_size(node_index at, std::size_t size, duration limit) {
    return wait_until([=, this] { return sim_[at].size() == size; }, limit);
  }

 private:
  engine_simulation sim_;
  config base_;
  std::deque<config> settings_{};  // references to them last
  std::unordered_map<std::uint64_t, node_index> by_id_{};
};

}  // namespace testing
}  // namespace v1
}  // namespace flotilla

#include <flotilla/testing/cluster_members.hpp>
