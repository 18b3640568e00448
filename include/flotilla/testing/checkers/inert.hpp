// flotilla/testing/checkers/inert.hpp - S16: who has left, crashed or stands still does nothing
// An engine that said farewell is compared with a copy of itself that only time has passed for.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include <flotilla/testing/checkers/checker.hpp>

namespace flotilla {
inline namespace v1 {
namespace testing {

/// S16: after leave_completed an engine sends nothing, tells nothing and wants no tick
/// (next_deadline is time_point::max()), and no datagram and no tick changes anything in it but the
/// time: it stays equal to a copy that was made when it had left and that only time passes for.
/// With experiment::final_death the same holds from its own death on, without that event. A crashed
/// process neither reads nor ticks nor sends, and a frozen one does not either; a blocked one does
/// not read.
class inert_checker final : public checker {
 public:
  using checker::checker;

  /// What has been judged; where one stays 0, the run says nothing about that.
  struct tally {
    std::uint64_t ended{0};  ///< engines that completed their farewell, or heard of their death
    std::uint64_t after{0};  ///< datagrams and ticks that they were given later
  };
  [[nodiscard]] const tally& judged() const noexcept { return judged_; }

  void on_start(time_point now, node_index node, std::uint32_t life) override;
  void on_receive(time_point now, node_index node, const engine& before, const endpoint& from,
                  node_index source, std::span<const std::byte> bytes) override;
  void on_tick(time_point now, node_index node, const engine& before) override;
  void on_event(time_point now, node_index node, const engine& after, const event& what) override;
  void on_send(time_point now, node_index node, const engine& after, const endpoint& to,
               std::span<const std::byte> bytes) override;
  void on_step(time_point now, node_index node, const engine& after, input_kind input) override;

 private:
  struct watched {
    bool left{false};                 // it has completed its farewell in this life
    std::optional<engine> witness{};  // it, as it was then, at its latest time
  };

  /// A process that does not run must not `act`.
  void judge_process(node_index node, const char* act) {
    const process_state state = group().sim().process_of(node).state;
    if (state == process_state::crashed) violated("S16", node, std::string{"crashed, but "} + act);
    if (state == process_state::frozen) violated("S16", node, std::string{"frozen, but "} + act);
  }
  [[nodiscard]] bool is_dead_for_good(node_index node, const engine& after) const {
    return group().config_of(node).experiment.final_death &&
           after.self().state == member_state::dead;
  }

  std::vector<watched> nodes_{};
  tally judged_{};
};

inline void inert_checker::on_start(time_point now, node_index node, std::uint32_t life) {
  (void)now, (void)life;
  if (node >= nodes_.size()) nodes_.resize(node + std::size_t{1});
  nodes_[node] = watched{};
}

inline void inert_checker::on_receive(time_point now, node_index node, const engine& before,
                                      const endpoint& from, node_index source,
                                      std::span<const std::byte> bytes) {
  (void)now, (void)before, (void)from, (void)source, (void)bytes;
  judge_process(node, "reads");
  if (group().sim().process_of(node).state == process_state::blocked) {
    violated("S16", node, "blocked, but reads");
  }
}

inline void inert_checker::on_tick(time_point now, node_index node, const engine& before) {
  (void)now, (void)before;
  judge_process(node, "ticks");
}

inline void inert_checker::on_event(time_point now, node_index node, const engine& after,
                                    const event& what) {
  (void)now, (void)after;
  judge_process(node, "tells");
  if (nodes_[node].left) violated("S16", node, "left, but tells an event");
  if (std::holds_alternative<leave_completed>(what)) nodes_[node].left = true;
}

inline void inert_checker::on_send(time_point now, node_index node, const engine& after,
                                   const endpoint& to, std::span<const std::byte> bytes) {
  (void)now, (void)to, (void)bytes;
  judge_process(node, "sends");
  if (nodes_[node].left || is_dead_for_good(node, after)) {
    violated("S16", node, "left, but sends");
  }
}

inline void inert_checker::on_step(time_point now, node_index node, const engine& after,
                                   input_kind input) {
  (void)now;
  watched& w = nodes_[node];
  w.left = w.left || is_dead_for_good(node, after);
  if (!w.left) return;
  if (after.next_deadline() != time_point::max()) violated("S16", node, "left, but wants a tick");
  if (is_active(after.self().state)) violated("S16", node, "left, but active in its own eyes");
  if (!w.witness) {
    ++judged_.ended;
    w.witness.emplace(after);
    return;
  }
  // A command brings no time along, and all are refused.
  if (input != input_kind::receive && input != input_kind::tick) return;
  ++judged_.after;
  const time_point local = group().sim().local_time(node);
  engine seen{after};
  seen.tick(local);
  w.witness->tick(local);
  if (seen == *w.witness) return;
  violated("S16", node, "left, but an input has changed more than its time");
  *w.witness = seen;
}

}  // namespace testing
}  // namespace v1
}  // namespace flotilla
