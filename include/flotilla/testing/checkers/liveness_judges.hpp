// flotilla/testing/checkers/liveness_judges.hpp - how liveness judges a group as a whole
// Views that agree, queues that drain, load that is healthy, and nobody accused.
#pragma once

#include <flotilla/testing/checkers/liveness.hpp>

namespace flotilla {
inline namespace v1 {
namespace testing {

// ---- views

inline bool liveness::view_is_right(node_index at) const {
  const engine& e = group()[at];
  if (e.size() != group().up()) return false;
  for (node_index i = 0; i < group().size(); ++i) {
    if (!group().is_up(i)) continue;
    const auto held = e.find(group().id_of(i));
    if (!held || held->state != member_state::alive) return false;
    if (held->address != group().config_of(i).address) return false;
  }
  return true;
}

inline bool liveness::views_are_right() const {
  for (node_index i = 0; i < group().size(); ++i) {
    if (group().is_up(i) && !view_is_right(i)) return false;
  }
  return true;
}

inline void liveness::report_view(node_index at) {
  const engine& e = group()[at];
  for (const member& m : e.members()) {
    if (is_active(m.state) && !is_running(m.id)) {
      breach("L1", at, "holds " + name(m.id) + " active, which does not run");
    }
  }
  for (node_index i = 0; i < group().size(); ++i) {
    if (!group().is_up(i)) continue;
    const member_id id = group().id_of(i);
    const auto held = e.find(id);
    if (!held) {
      breach("L6", at, "does not know " + name(id));
    } else if (held->state != member_state::alive) {
      std::string text = "holds " + name(id);
      text.append(" ").append(to_string(held->state)).append(" at incarnation ");
      text.append(std::to_string(held->incarnation.value())).append(", its own is ");
      text.append(std::to_string(group()[i].self().incarnation.value()));
      breach("L3", at, std::move(text));
    } else if (held->address != group().config_of(i).address) {
      breach("L4", at, "holds " + name(id) + " at " + held->address.to_string());
    }
  }
}

/// What was right for a moment may be upset by the last round of the storm.
inline time_point liveness::last_round() const {
  return calm_since_ + bounds().longest_period() + group().config_of(0).direct_timeout;
}

inline bool liveness::judge_views() {
  const std::uint64_t before = breaches_;
  const time_point limit = calm_since_ + bounds().convergence(storm_);
  const duration step = group().config_of(0).protocol_period / 4;
  time_point right_since = time_point::max();
  const auto done = [&] {
    if (!views_are_right()) {
      right_since = time_point::max();
    } else if (right_since == time_point::max()) {
      right_since = group().now();
    }
    return right_since != time_point::max() && group().now() >= last_round();
  };
  if (cluster_->sim().run_until(done, detail::elapsed(group().now(), limit), step)) {
    converged_ = right_since - calm_since_;
    return true;
  }
  std::uint32_t wrong = 0;
  for (node_index i = 0; i < group().size(); ++i) {
    if (!group().is_up(i) || view_is_right(i)) continue;
    ++wrong;
    report_view(i);
  }
  breach("L4", no_node,
         std::to_string(wrong) + " of " + std::to_string(group().up()) + " views are wrong " +
             in_ms(limit - calm_since_) + " after the calm began");
  return breaches_ == before;
}

// ---- silence

inline std::uint64_t liveness::pending() const {
  std::uint64_t sum = 0;
  for (node_index i = 0; i < group().size(); ++i) {
    if (!group().is_up(i)) continue;
    const statistics& s = group()[i].stats();
    sum += s.gossip_pending + s.transmits_pending + s.suspicions_held;
  }
  return sum;
}

inline liveness::load liveness::load_so_far() const {
  load sum;
  for (node_index i = 0; i < group().size(); ++i) {
    if (!group().is_up(i)) continue;
    const statistics& s = group()[i].stats();
    sum.probes += s.probes;
    sum.sent += s.datagrams_sent;
    // a reply, and the request for one
    sum.repair += s.chunks_served + s.chunks_received;
    sum.repair += s.repair_requests_served + s.repair_replies_received;
    sum.tries += s.healing_attempts;
  }
  return sum;
}

inline void liveness::drain(const bounds_of_time& by) {
  const time_point limit =
      detail::later(calm_since_ + by.silence(storm_), group().now() + by.spread() + by.drain());
  const auto drained = [this] {
    return group().now() >= last_round() && pending() == 0 && views_are_right();
  };
  const duration step = group().config_of(0).protocol_period / 4;
  if (cluster_->sim().run_until(drained, detail::elapsed(group().now(), limit), step)) return;
  if (pending() == 0) return;  // who waits for what is for judge_views to say
  breach("L8", no_node,
         std::to_string(pending()) + " facts, datagrams and suspicions are still held");
}

/// A member probes once a period, whatever its length; each probe is a ping and an ack. A try of a
/// dead member's address is one message, or two when somebody else is there now.
inline void liveness::judge_load(const bounds_of_time& by, std::uint32_t periods) {
  const duration length = periods * group().config_of(0).protocol_period;
  const load first = load_so_far();
  cluster_->run_for(length);
  const load last = load_so_far();
  const std::uint64_t probes = last.probes - first.probes;
  const std::uint64_t sent = last.sent - first.sent;
  const std::uint64_t repair = last.repair - first.repair;
  const std::uint64_t tries = last.tries - first.tries;
  // What is under way when the count begins or ends belongs to it by half: a ping's ack, or a ping.
  const std::uint64_t ends = 2 * std::uint64_t{group().up()};
  const bool too_many = 100 * sent > 205 * probes + 100 * (repair + ends) + 200 * tries;
  const bool too_few = 100 * (sent + ends) < 195 * probes + 100 * (repair + tries);
  const std::uint64_t fewest =
      group().up() * static_cast<std::uint64_t>(length / by.longest_period());
  if (!too_many && !too_few && probes >= fewest) return;
  breach("L8", no_node,
         std::to_string(sent) + " messages in " + std::to_string(periods) + " periods: for " +
             std::to_string(probes) + " probes, " + std::to_string(repair) + " to repair, " +
             std::to_string(tries) + " to heal");
}

inline bool liveness::judge_silence(std::uint32_t periods) {
  if (group().up() < 2) return true;  // there is nobody to tell anything
  const std::uint64_t before = breaches_;
  const bounds_of_time by = bounds();
  drain(by);
  wait_for_health();  // whose score is high probes less often
  forbidden_ = "L3";
  judge_load(by, periods);
  forbidden_ = {};
  return breaches_ == before;
}

inline bool liveness::judge_accusations(duration length, std::string_view property) {
  const std::uint64_t before = breaches_;
  forbidden_ = property;
  cluster_->run_for(length);
  forbidden_ = {};
  return breaches_ == before;
}

}  // namespace testing
}  // namespace v1
}  // namespace flotilla
