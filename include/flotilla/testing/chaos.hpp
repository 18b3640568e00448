// flotilla/testing/chaos.hpp - faults upon faults for a cluster, all drawn from one seed, then calm
// Two phases: in chaos only safety is owed; after calm() nothing is broken, and liveness is owed
// too.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include <flotilla/testing/cluster.hpp>
#include <flotilla/testing/faults.hpp>

namespace flotilla {
inline namespace v1 {
namespace testing {

/// Each run uses some of the allowed kinds and leaves the others out (swarm testing, Groce et al.
/// 2012: a fault that hides another is absent in half of the runs). Rates are drawn as well.
class chaos final : public engine_observer {
 public:
  /// Watches the cluster from now on: neither is to be used without the other. Its link is what
  /// calm() brings back. Members are added and joined after this.
  chaos(cluster& group, std::uint64_t seed, fault_set allowed);

  /// The kinds that this run may use.
  [[nodiscard]] fault_set chosen() const noexcept { return chosen_; }
  /// How often each kind happened.
  [[nodiscard]] std::uint64_t count(fault kind) const noexcept {
    return counts_[static_cast<std::size_t>(kind)];
  }
  /// No more members than this, those that crashed or left included.
  static constexpr node_index max_members = 64;

  /// Lets faults happen for `length`. What was broken stays so until its time or calm().
  void run(duration length);
  /// Ends whatever is broken: paths, losses, stopped processes, odd clocks and drivers; nothing of
  /// chaos happens afterwards. Link and drivers are again what they were before. Members
  /// that never got into the group in this life try to join again, as their programs would, and
  /// those that never heard of one another are introduced. Those that crashed or left stay away.
  void calm();
  /// How many had to be introduced.
  [[nodiscard]] std::uint32_t introductions() const noexcept { return introductions_; }

  void on_start(time_point now, node_index node, std::uint32_t life) override;
  void on_event(time_point now, node_index node, const engine& after, const event& what) override;

 private:
  void happen(fault kind);
  void break_paths(fault kind);
  void break_process(fault kind);
  void break_clock(fault kind);
  void break_driver(fault kind);
  void act_as_member(fault kind);

  void change_link(fault kind);
  /// Does `what` after `length`, unless calm() has come before.
  void later(duration length, std::function<void()> what);
  void restore_driver(node_index i);
  bool stop_for_a_while(node_index i, bool block);
  bool come_back(memory_kept kept);
  void join_somebody(node_index i);
  void introduce_strangers();
  void retire_address(node_index i, const endpoint& old);
  /// A member that is up, except `not_this`; no_node when there is none.
  [[nodiscard]] node_index any_up(node_index not_this = no_node);
  [[nodiscard]] node_index any_down();
  [[nodiscard]] bool enough_up() const noexcept { return group_->up() > 2; }
  [[nodiscard]] std::uint32_t below(std::uint32_t bound) noexcept { return random_.below(bound); }
  /// From a tenth of a period to `most` periods, short ones more often than long ones.
  [[nodiscard]] duration some_time(std::uint32_t most);

  cluster* group_;
  random_generator random_;
  link_options usual_link_{};
  std::vector<std::optional<driver_options>> usual_drivers_{};  // by node: while another is set
  std::uint32_t calms_{0};
  fault_set chosen_{};
  duration period_{};
  duration gap_{};                   // mean time from one fault to the next
  std::uint32_t worst_percent_{20};  // of loss
  std::uint32_t moves_{0};
  std::vector<bool> joined_{};                  // by node: is in the group in this life
  std::vector<std::vector<endpoint>> heard_{};  // by node: addresses of members, in this life
  std::uint32_t introductions_{0};
  std::array<std::uint64_t, fault_count> counts_{};
};

}  // namespace testing
}  // namespace v1
}  // namespace flotilla

#include <flotilla/testing/chaos_faults.hpp>
