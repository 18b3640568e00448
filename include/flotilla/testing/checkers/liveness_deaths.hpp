// flotilla/testing/checkers/liveness_deaths.hpp - how liveness judges the end of one member
// A crash is found by everybody in time, and a farewell is not taken for one.
#pragma once

#include <flotilla/testing/checkers/liveness.hpp>

namespace flotilla {
inline namespace v1 {
namespace testing {

// ---- watching

inline void liveness::on_tick(time_point now, node_index node, const engine& before) {
  (void)now;
  if (victim_ == no_node) return;
  turn_ = {node, before.stats().probes, before.stats().repair_requests_sent, 0, 0};
}

inline void liveness::on_send(time_point now, node_index node, const engine& after,
                              const endpoint& to, std::span<const std::byte> bytes) {
  (void)now, (void)after, (void)bytes;
  if (victim_ == no_node || turn_.node != node) return;
  ++turn_.sent;
  if (turn_.first_to_victim == 0 && to == group().config_of(victim_).address) {
    turn_.first_to_victim = turn_.sent;
  }
}

/// Only the tick that begins a probe round counts, since a member also pings for others. There the
/// last datagram is a repair's request when one was due as well.
inline void liveness::on_step(time_point now, node_index node, const engine& after,
                              input_kind input) {
  const turn done = turn_;
  turn_ = turn{};
  if (done.node != node || input != input_kind::tick || done.first_to_victim == 0) return;
  if (after.stats().probes == done.probes) return;
  const bool repaired = after.stats().repair_requests_sent != done.repairs;
  if (repaired && done.first_to_victim == done.sent) return;
  observation& o = observer(node);
  if (o.probed == time_point::max()) o.probed = now;
}

inline void liveness::on_event(time_point now, node_index node, const engine& after,
                               const event& what) {
  (void)after;
  if (const auto* joined = std::get_if<member_joined>(&what)) {
    if (victim_ != no_node && joined->member.id == group().id_of(victim_)) {
      observer(node) = {now, time_point::max(), time_point::max()};
    }
  } else if (const auto* suspected = std::get_if<member_suspected>(&what)) {
    note_accusation(node, suspected->member, member_state::suspect);
  } else if (const auto* failed = std::get_if<member_failed>(&what)) {
    note_accusation(node, failed->member, member_state::dead);
    if (victim_ != no_node && failed->member.id == group().id_of(victim_)) {
      observer(node).dead = now;
    }
  }
}

inline void liveness::note_accusation(node_index at, const member& accused, member_state as) {
  if (leaver_ != no_node && as == member_state::dead && accused.id == group().id_of(leaver_)) {
    breach("L9", at, "tells of the failure of " + name(accused.id) + ", which has left");
  }
  if (!is_running(accused.id)) return;
  ++accusations_;
  if (as == member_state::dead) ++false_deaths_;
  if (forbidden_.empty()) return;
  std::string text = "holds " + name(accused.id);
  text.append(" ").append(to_string(as)).append(" though it runs");
  breach(forbidden_, at, std::move(text));
}

// ---- one crash

inline bool liveness::is_buried() const {
  for (node_index i = 0; i < group().size(); ++i) {
    if (!group().is_up(i)) continue;
    const auto held = group()[i].find(group().id_of(victim_));
    if (held && is_active(held->state)) return false;
  }
  return true;
}

inline void liveness::judge_observer(node_index i, duration soonest) {
  const observation o = observer(i);
  if (o.known == time_point::max()) return;
  const time_point from = detail::later(crashed_, o.known);
  const bounds_of_time now = bounds();
  const std::string who = name(group().id_of(victim_));
  if (detail::earlier(o.probed, o.dead) > from + now.first_probe()) {
    breach("L2", i,
           "has not probed " + who + " within " + in_ms(now.first_probe()) + " of its crash");
  }
  if (o.dead > from + now.death()) {
    breach("L2", i, "does not hold " + who + " dead " + in_ms(now.death()) + " after its crash");
    const auto held = group()[i].find(group().id_of(victim_));
    if (held && is_active(held->state)) breach("L1", i, "holds " + who + " active");
  }
  if (o.dead < crashed_ + soonest) {
    breach("L2", i,
           "held " + who + " dead " + in_ms(o.dead - crashed_) + " after its crash, sooner than " +
               in_ms(soonest));
  }
}

/// The bounds are those of members that find themselves in good health (Lifeguard).
inline void liveness::wait_for_health() {
  const auto healthy = [this] {
    for (node_index i = 0; i < group().size(); ++i) {
      if (group().is_up(i) && group()[i].stats().local_health != 0) return false;
    }
    return true;
  };
  const duration step = group().config_of(0).protocol_period / 4;
  if (cluster_->sim().run_until(healthy, bounds().recovery(), step)) return;
  breach("L8", no_node,
         "a member still finds itself in bad health " + in_ms(bounds().recovery()) +
             " after the last fault");
}

inline bool liveness::judge_crash(node_index victim) {
  const std::uint64_t before = breaches_;
  wait_for_health();
  const node_index members = group().size();
  const duration soonest = bounds().suspicion();
  const duration step = group().config_of(0).protocol_period / 4;
  observers_.clear();
  cluster_->crash(victim);
  victim_ = victim;
  crashed_ = group().now();
  for (node_index i = 0; i < group().size(); ++i) {
    if (!group().is_up(i)) continue;
    const auto held = group().status(i, victim);
    if (held && is_active(*held)) observer(i).known = crashed_;
  }
  // The bounds grow with the members that join meanwhile, and so does what is waited for.
  time_point last = crashed_;
  for (;;) {
    for (const observation& o : observers_) {
      if (o.known != time_point::max()) last = detail::later(last, o.known);
    }
    if (group().now() >= last + bounds().death() || is_buried()) break;
    cluster_->run_for(step);
  }
  const bool nobody_came = group().size() == members;
  for (node_index i = 0; i < group().size(); ++i) {
    if (group().is_up(i)) judge_observer(i, nobody_came ? soonest : duration::zero());
  }
  victim_ = no_node;
  return breaches_ == before;
}

// ---- farewells

inline bool liveness::judge_leave(node_index leaver) {
  const std::uint64_t before = breaches_;
  const bounds_of_time by = bounds();
  leaver_ = leaver;
  cluster_->leave(leaver);
  // The farewell is repeated until it is acknowledged or given up; from the first copy that arrives
  // on it is gossip.
  const duration limit = group().config_of(leaver).leave_timeout + by.spread();
  if (!cluster_->wait_status_everywhere(leaver, member_state::left, limit)) {
    for (node_index i = 0; i < group().size(); ++i) {
      const auto held = group().status(i, leaver);
      if (i == leaver || !group().is_up(i) || !held || held == member_state::left) continue;
      std::string text = "holds " + name(group().id_of(leaver));
      text.append(" ").append(to_string(*held)).append(" though it left ").append(in_ms(limit));
      breach("L9", i, std::move(text.append(" ago")));
    }
  }
  // Whoever has not heard would find it silent, and tell of its failure.
  cluster_->run_for(by.death());
  leaver_ = no_node;
  return breaches_ == before;
}

}  // namespace testing
}  // namespace v1
}  // namespace flotilla
