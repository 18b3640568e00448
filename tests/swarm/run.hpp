// tests/swarm/run.hpp - one plan carried out: chaos under the safety checkers, then calm
// Then liveness is owed. What happened is counted: a campaign must not be vacuous.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <flotilla/testing/checkers/liveness.hpp>
#include <flotilla/testing/checkers/safety.hpp>
#include <flotilla/testing/trace_hash.hpp>
#include <swarm/plan.hpp>
#include <unordered_map>
#include <variant>

namespace swarm {

inline void add(network_statistics& to, const network_statistics& more) {
  to.sent += more.sent;
  to.delivered += more.delivered;
  to.lost += more.lost;
  to.lost_in_burst += more.lost_in_burst;
  to.lost_leaving += more.lost_leaving;
  to.lost_arriving += more.lost_arriving;
  to.cut += more.cut;
  to.address_unknown += more.address_unknown;
  to.process_gone += more.process_gone;
  to.queue_overflown += more.queue_overflown;
  to.duplicated += more.duplicated;
  to.reordered += more.reordered;
  to.clogged += more.clogged;
}

/// What happened in one run, or in many.
struct tally {
  std::uint64_t runs{0};
  std::array<std::uint64_t, fault_count> faults{};
  std::array<std::uint64_t, std::variant_size_v<event>> events{};
  std::uint64_t rejoined{0};     // joined, after having been seen dead or left
  std::uint64_t introduced{0};   // strangers, at the calm
  network_statistics network{};  // what became of datagrams
  double member_seconds{0};      // simulated

  void operator+=(const tally& other) {
    runs += other.runs;
    for (std::size_t i = 0; i < faults.size(); ++i) faults[i] += other.faults[i];
    for (std::size_t i = 0; i < events.size(); ++i) events[i] += other.events[i];
    rejoined += other.rejoined;
    introduced += other.introduced;
    swarm::add(network, other.network);
    member_seconds += other.member_seconds;
  }
};

/// Counts events by kind, and members that come back.
class event_meter final : public engine_observer {
 public:
  explicit event_meter(tally& to) : to_{&to} {}
  void on_event(time_point now, node_index node, const engine& after, const event& what) override {
    (void)now, (void)node, (void)after;
    ++to_->events[what.index()];
    if (const auto* failed = std::get_if<member_failed>(&what)) gone_[id(failed->member)] = true;
    if (const auto* left = std::get_if<member_left>(&what)) gone_[id(left->member)] = true;
    if (const auto* joined = std::get_if<member_joined>(&what)) {
      to_->rejoined += gone_[id(joined->member)] ? 1U : 0U;
    }
  }

 private:
  [[nodiscard]] static std::uint64_t id(const member& of) {
    return static_cast<std::uint64_t>(of.id);
  }
  tally* to_;
  std::unordered_map<std::uint64_t, bool> gone_{};
};

struct outcome {
  report found{};
  tally happened{};
  fault_set chosen{};
  std::uint64_t trace{0};  // trace_hash of everything
};

/// Liveness, once nothing is broken any more: views agree, a crash and a farewell reach everybody
/// in time, nobody who runs is accused, and silence returns.
inline void judge_calm(const cluster& group, liveness& live) {
  if (!live.judge_views()) return;
  if (group.up() > 2) {
    node_index victim = group.size() - 1;
    while (!group.is_up(victim)) --victim;
    if (!live.judge_crash(victim)) return;
  }
  if (group.up() > 2) {
    node_index leaver = 0;
    while (!group.is_up(leaver)) ++leaver;
    if (!live.judge_leave(leaver)) return;
  }
  live.judge_silence(50);
}

inline outcome carry_out(const plan& p, const experiment& switches = {}) {
  outcome result;
  config settings = config_of(p);
  settings.experiment = switches;
  cluster group{p.seed, settings};
  trace_hash<engine, event> trace;
  group.sim().watch(trace);
  safety_checkers safety{group, result.found};
  event_meter meter{result.happened};
  group.sim().watch(meter);
  chaos faults{group, p.seed, p.faults};
  liveness live{group, result.found};
  group.sim().watch(live);

  group.add_joined(p.members);
  faults.run(settings.protocol_period * p.periods);
  faults.calm();
  live.calm_begins();
  judge_calm(group, live);

  result.chosen = faults.chosen();
  result.trace = trace.value();
  tally& t = result.happened;
  t.runs = 1;
  for (std::size_t i = 0; i < fault_count; ++i) t.faults[i] = faults.count(static_cast<fault>(i));
  t.introduced = faults.introductions();
  t.network = group.sim().stats();
  t.member_seconds = std::chrono::duration<double>(group.now() - engine_simulation::start).count() *
                     static_cast<double>(group.size());
  return result;
}

}  // namespace swarm
