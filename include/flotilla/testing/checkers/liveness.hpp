// flotilla/testing/checkers/liveness.hpp - what must happen in the end, and by when
// Judged in a calm phase, by bounds that follow from the configuration; it runs the cluster there.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <flotilla/testing/checkers/bounds_of_time.hpp>
#include <flotilla/testing/checkers/checker.hpp>

namespace flotilla {
inline namespace v1 {
namespace testing {

/// Judges L1 to L9 of a cluster in which nothing is broken any more: no cut, no loss, nobody
/// frozen, blocked or late, and all that run have joined. Each `judge_` function runs the cluster
/// until what it waits for has happened, or until its bound, and reports what is violated; true
/// when nothing is. Members are taken to be configured like the first one.
class liveness final : public checker {
 public:
  liveness(cluster& group, report& found) : checker{group, found}, cluster_{&group} {}

  /// From now on nothing is broken. `storm`: for how long something was; how far healing has backed
  /// off follows from it.
  void calm_begins(duration storm) {
    calm_since_ = group().now();
    storm_ = storm;
    converged_.reset();
  }
  /// The same when it is not known: faults may have begun with the simulation.
  void calm_begins() { calm_begins(group().now() - engine_simulation::start); }

  /// All members that run hold exactly each other, at their addresses, as alive. Otherwise L1
  /// (somebody holds one active that does not run), L3 (holds a running one suspect, dead or left),
  /// L6 (does not know it, or not any more), and in any case L4 (two views differ from what is).
  bool judge_views();
  /// Crashes `victim` and judges L1 and L2: every member probes it within 2n - 1 periods unless it
  /// holds it dead by then, nobody holds it dead before a suspicion time-out has passed, and all do
  /// by the bound. It waits first until no member's local health is stretched (L8 if that lasts).
  /// Members may join meanwhile: each is bound from when it knows the victim, and the
  /// lower bound is left out, since who knows few members yet takes the group for a small one.
  bool judge_crash(node_index victim);
  /// Lets `leaver` leave and judges L9: all hold it left, and nobody ever tells of its failure.
  bool judge_leave(node_index leaver);
  /// L8: the queues drain, and then healthy load remains: at most 2.05 messages a member a period
  /// (section 5.1) beside those of repair and healing, counted over `periods`.
  bool judge_silence(std::uint32_t periods = 100);
  /// Nobody who runs is accused for so long: L7 while links are broken, L3 when none is.
  bool judge_accusations(duration length, std::string_view property = "L3");

  /// How long after calm_begins the views agreed; nothing unless judge_views has seen it.
  [[nodiscard]] std::optional<duration> converged_after() const noexcept { return converged_; }
  /// The bounds for the members that are up, or were when the one that crashed last did.
  [[nodiscard]] bounds_of_time bounds() const {
    return {group().config_of(0), group().up() + (victim_ == no_node ? 0U : 1U)};
  }
  /// Events that accuse a member that runs, since the beginning: suspected or failed.
  [[nodiscard]] std::uint64_t accusations() const noexcept { return accusations_; }
  /// Those of them that tell of a failure.
  [[nodiscard]] std::uint64_t false_deaths() const noexcept { return false_deaths_; }

  void on_tick(time_point now, node_index node, const engine& before) override;
  void on_send(time_point now, node_index node, const engine& after, const endpoint& to,
               std::span<const std::byte> bytes) override;
  void on_step(time_point now, node_index node, const engine& after, input_kind input) override;
  void on_event(time_point now, node_index node, const engine& after, const event& what) override;

 private:
  /// What is known of one member as an observer of the victim.
  struct observation {
    time_point known{time_point::max()};  ///< since when it has known the victim
    time_point probed{time_point::max()};
    time_point dead{time_point::max()};
  };
  /// What a member sends in the tick in which it begins a probe round.
  struct turn {
    node_index node{no_node};
    std::uint64_t probes{0};
    std::uint64_t repairs{0};
    std::uint32_t sent{0};
    std::uint32_t first_to_victim{0};  ///< counted from 1, 0 for none
  };
  /// What the members have counted since they were started.
  struct load {
    std::uint64_t probes{0};
    std::uint64_t sent{0};
    std::uint64_t repair{0};  ///< requests and replies of repair
    std::uint64_t tries{0};   ///< of healing
  };

  [[nodiscard]] bool view_is_right(node_index at) const;
  [[nodiscard]] bool views_are_right() const;
  void report_view(node_index at);
  void note_accusation(node_index at, const member& accused, member_state as);
  [[nodiscard]] time_point last_round() const;
  void drain(const bounds_of_time& by);
  void judge_load(const bounds_of_time& by, std::uint32_t periods);
  [[nodiscard]] std::uint64_t pending() const;
  [[nodiscard]] load load_so_far() const;
  [[nodiscard]] observation& observer(node_index i) {
    if (observers_.size() <= i) observers_.resize(std::size_t{i} + 1);
    return observers_[i];
  }
  [[nodiscard]] bool is_running(member_id id) const noexcept {
    const node_index i = group().node_of(id);
    return i != no_node && group().id_of(i) == id && group().is_up(i);
  }
  [[nodiscard]] static std::string name(member_id id) {
    return "id " + std::to_string(static_cast<std::uint64_t>(id));
  }
  [[nodiscard]] static std::string in_ms(duration d) {
    return std::to_string(d / std::chrono::milliseconds{1}) + " ms";
  }
  void breach(std::string_view property, node_index at, std::string what) {
    ++breaches_;
    violated(property, at, std::move(what));
  }
  void wait_for_health();
  void judge_observer(node_index i, duration soonest);
  [[nodiscard]] bool is_buried() const;

  cluster* cluster_;
  time_point calm_since_{engine_simulation::start};
  duration storm_{};
  std::optional<duration> converged_{};

  node_index victim_{no_node};  ///< whose crash is being judged
  time_point crashed_{};
  std::vector<observation> observers_{};
  turn turn_{};

  std::string_view forbidden_{};  ///< the property that accusations break just now
  node_index leaver_{no_node};
  std::uint64_t accusations_{0};
  std::uint64_t false_deaths_{0};
  std::uint64_t breaches_{0};
};

}  // namespace testing
}  // namespace v1
}  // namespace flotilla

#include <flotilla/testing/checkers/liveness_deaths.hpp>
#include <flotilla/testing/checkers/liveness_judges.hpp>
