// flotilla/testing/chaos_faults.hpp - what each kind of fault does to a cluster
// Every draw stands in a statement of its own: the order of arguments is the compiler's.
#pragma once

#include <flotilla/testing/chaos.hpp>

namespace flotilla {
inline namespace v1 {
namespace testing {

inline chaos::chaos(cluster& group, std::uint64_t seed, fault_set allowed)
    : group_{&group}, random_{seed}, usual_link_{group.net().link()} {
  for (std::size_t i = 0; i < fault_count; ++i) {
    const auto kind = static_cast<fault>(i);
    const bool wanted = below(2) == 0;
    if (wanted && allowed.contains(kind)) chosen_.insert(kind);
  }
  worst_percent_ = 2 + below(40);
  const std::uint32_t tenths = 1 + below(60);
  gap_ = group.base().protocol_period * tenths / 10;
  period_ = group.base().protocol_period;
  group.sim().watch(*this);
}

inline void chaos::on_start(time_point now, node_index node, std::uint32_t life) {
  (void)now, (void)life;
  if (joined_.size() <= node) joined_.resize(std::size_t{node} + 1);
  // The first member of all is the group that others join.
  joined_[node] = node == 0 && life == 1;
  if (heard_.size() <= node) heard_.resize(std::size_t{node} + 1);
  heard_[node].clear();
}

inline void chaos::on_event(time_point now, node_index node, const engine& after,
                            const event& what) {
  (void)now, (void)after;
  if (std::holds_alternative<join_completed>(what)) joined_[node] = true;
  const auto hear = [&](const member& of) {
    for (const endpoint& known : heard_[node]) {
      if (known == of.address) return;
    }
    heard_[node].push_back(of.address);
  };
  if (const auto* joined = std::get_if<member_joined>(&what)) hear(joined->member);
  if (const auto* updated = std::get_if<member_updated>(&what)) hear(updated->member);
}

inline void chaos::run(duration length) {
  const time_point end = group_->now() + length;
  const latency gaps = latency::exponential(duration{1}, gap_);
  while (group_->now() < end) {
    const time_point next = group_->now() + gaps.draw(random_);
    group_->sim().run_to(detail::earlier(next, end));
    if (group_->now() >= end) return;
    const auto kind = static_cast<fault>(below(fault_count));
    if (chosen_.contains(kind)) happen(kind);
  }
}

inline void chaos::happen(fault kind) {
  if (kind <= fault::ingress_loss) return break_paths(kind);
  if (kind <= fault::block) return break_process(kind);
  if (kind >= fault::clock_drift && kind <= fault::clock_backwards) return break_clock(kind);
  if (kind >= fault::leave) return act_as_member(kind);
  break_driver(kind);
}

// ---- paths

inline void chaos::change_link(fault kind) {
  link_options link = group_->net().link();
  const std::uint32_t percent = below(worst_percent_ + 1);
  const std::uint32_t thousandths = 1 + below(20);
  if (kind == fault::loss) link.loss = chance::percent(percent);
  if (kind == fault::duplicate) link.duplicate = chance::percent(percent);
  if (kind == fault::burst) {
    link.burst = {chance::ratio(thousandths, 1000), chance::percent(2 + percent),
                  chance::percent(90)};
  }
  if (kind == fault::reorder) {
    link.reorder = chance::percent(percent);
    link.reorder_delay = latency::uniform(duration::zero(), some_time(5));
  }
  group_->net().set_link(link);
}

inline void chaos::later(duration length, std::function<void()> what) {
  group_->sim().after(length, [this, calms = calms_, what = std::move(what)] {
    if (calms == calms_) what();
  });
}

inline void chaos::break_paths(fault kind) {
  if (kind <= fault::reorder) {
    ++counts_[static_cast<std::size_t>(kind)];
    return change_link(kind);
  }
  network& net = group_->net();
  const node_index a = below(group_->size());
  const node_index b = below(group_->size());
  const duration length = some_time(20);
  const std::uint32_t percent = 30 + below(71);
  const bool pair = kind == fault::cut_one_way || kind == fault::cut_both_ways;
  if (pair && a == b) return;
  ++counts_[static_cast<std::size_t>(kind)];
  switch (kind) {
    case fault::cut_one_way: net.cut(a, b); return later(length, [&net, a, b] { net.mend(a, b); });
    case fault::cut_both_ways:
      net.cut_both_ways(a, b);
      return later(length, [&net, a, b] { net.mend_both_ways(a, b); });
    case fault::partition: {
      const std::uint32_t sides = 2 + below(3);
      std::vector<std::uint32_t> side_of(group_->size());
      for (std::uint32_t& side : side_of) side = below(sides);
      net.partition(side_of);
      return later(length, [&net] { net.mend_all(); });
    }
    case fault::isolate: net.isolate(a); return later(length, [&net] { net.mend_all(); });
    case fault::clog:
      net.clog(a, b);
      return later(length, [this, a, b] {
        group_->net().unclog(a, b);
        group_->sim().release_clogged();
      });
    case fault::egress_loss:
      net.set_egress_loss(a, chance::percent(percent));
      return later(length, [&net, a] { net.set_egress_loss(a, chance::never()); });
    default:
      net.set_ingress_loss(a, chance::percent(percent));
      return later(length, [&net, a] { net.set_ingress_loss(a, chance::never()); });
  }
}

// ---- processes

inline void chaos::break_process(fault kind) {
  const node_index i = any_up();
  if (i == no_node) return;
  bool done = false;
  switch (kind) {
    case fault::crash:
      done = enough_up();
      if (done) group_->crash(i);
      break;
    case fault::restart: done = come_back(memory_kept::nothing); break;
    case fault::restart_known: done = come_back(memory_kept::incarnation); break;
    case fault::restart_as_new: done = come_back(memory_kept::not_even_id); break;
    default: done = stop_for_a_while(i, kind == fault::block); break;
  }
  counts_[static_cast<std::size_t>(kind)] += done ? 1U : 0U;
}

inline bool chaos::stop_for_a_while(node_index i, bool block) {
  if (!group_->sim().running(i)) return false;
  const duration length = some_time(20);
  if (block) {
    group_->block(i);
  } else {
    group_->freeze(i);
  }
  const std::uint32_t life = group_->sim().process_of(i).lives;
  later(length, [this, i, life] {
    if (group_->sim().process_of(i).lives == life) group_->resume(i);
  });
  return true;
}

/// One that crashed or left, or one that runs: restarted without a farewell.
inline bool chaos::come_back(memory_kept kept) {
  node_index i = any_down();
  if (i == no_node) i = any_up();
  if (i == no_node || any_up(i) == no_node) return false;
  group_->restart(i, kept);
  join_somebody(i);
  return true;
}

// ---- clocks and drivers

inline void chaos::break_clock(fault kind) {
  ++counts_[static_cast<std::size_t>(kind)];
  const node_index i = below(group_->size());
  const duration length = some_time(20);
  const auto thousandths = static_cast<std::int32_t>(below(401)) - 200;
  const bool back = below(2) == 0;
  if (kind == fault::clock_jump) {
    group_->sim().jump_clock(i, back ? -length : length);
    return;
  }
  group_->sim().drift_clock(i, kind == fault::clock_drift ? thousandths * 1000 : -2'000'000);
  later(length, [this, i] { group_->sim().drift_clock(i, 0); });
}

inline void chaos::break_driver(fault kind) {
  ++counts_[static_cast<std::size_t>(kind)];
  const node_index i = below(group_->size());
  driver_options driver = group_->sim().process_of(i).driver;
  if (usual_drivers_.size() <= i) usual_drivers_.resize(std::size_t{i} + 1);
  if (!usual_drivers_[i]) usual_drivers_[i] = driver;
  const std::uint32_t amount = 1 + below(50);
  const duration length = some_time(20);
  const duration timeout = group_->base().direct_timeout;
  if (kind == fault::slow) driver.busy = timeout * amount / 1000;
  if (kind == fault::small_queue) driver.queue_datagrams = amount;
  if (kind == fault::late_timers)
    driver.timer_lateness = latency::uniform({}, timeout * amount / 20);
  if (kind == fault::timers_first) driver.timers_first = true;
  group_->sim().set_driver(i, driver);
  later(length, [this, i] { restore_driver(i); });
}

inline void chaos::restore_driver(node_index i) {
  if (i >= usual_drivers_.size() || !usual_drivers_[i]) return;
  group_->sim().set_driver(i, *usual_drivers_[i]);
  usual_drivers_[i].reset();
}

// ---- members

inline void chaos::act_as_member(fault kind) {
  const node_index i = any_up();
  if (i == no_node) return;
  if (kind == fault::join) {
    if (group_->size() >= max_members) return;
    join_somebody(group_->add());
  } else if (kind == fault::leave) {
    if (!enough_up() || !group_->sim().running(i)) return;
    (void)group_->leave(i);
  } else {
    if (!group_->sim().running(i)) return;
    ++moves_;
    const auto low = static_cast<std::uint8_t>(moves_ % 250 + 1);
    const auto high = static_cast<std::uint8_t>(moves_ / 250 % 250);
    const endpoint old = group_->sim().process_of(i).address;
    (void)group_->set_address(i, endpoint::ipv4({172, 16, high, low}, 7946));
    later(some_time(20), [this, i, old] { retire_address(i, old); });
  }
  ++counts_[static_cast<std::size_t>(kind)];
}

/// A move is over when everybody has heard of it. Closed sooner, two members that both moved during
/// a cut could never find each other again, whatever the protocol.
inline void chaos::retire_address(node_index i, const endpoint& old) {
  for (node_index at = 0; at < group_->size(); ++at) {
    if (!group_->is_up(at)) continue;
    const auto held = (*group_)[at].find(group_->id_of(i));
    if (!held || held->address == old) return;
  }
  group_->sim().close_address(old);
}

inline void chaos::join_somebody(node_index i) {
  const node_index seed = any_up(i);
  if (seed != no_node) (void)group_->join(i, seed);
}

inline node_index chaos::any_up(node_index not_this) {
  const node_index first = below(group_->size());
  for (node_index n = 0; n < group_->size(); ++n) {
    const node_index i = (first + n) % group_->size();
    if (i != not_this && group_->is_up(i)) return i;
  }
  return no_node;
}

inline node_index chaos::any_down() {
  const node_index first = below(group_->size());
  for (node_index n = 0; n < group_->size(); ++n) {
    const node_index i = (first + n) % group_->size();
    if (!group_->is_up(i)) return i;
  }
  return no_node;
}

inline duration chaos::some_time(std::uint32_t most) {
  const std::uint32_t widest = below(most * 10) + 1;
  return period_ * (below(widest) + 1) / 10;
}

// ---- calm

inline void chaos::calm() {
  ++calms_;
  group_->net().heal(usual_link_);
  group_->sim().release_clogged();
  for (node_index i = 0; i < group_->size(); ++i) {
    restore_driver(i);
    group_->sim().drift_clock(i, 0);
    group_->resume(i);
    if (group_->is_up(i) && !joined_[i]) join_somebody(i);
  }
  introduce_strangers();
}

/// Whoever knew both sides may have crashed: no protocol brings members together of whom neither
/// has heard of the other, in this life, even by way of others. Their programs' seeds do.
inline void chaos::introduce_strangers() {
  const node_index n = group_->size();
  std::vector<node_index> side(n);
  for (node_index i = 0; i < n; ++i) side[i] = i;
  const auto unite = [&](node_index a, node_index b) {
    const node_index from = side[a];
    const node_index into = side[b];
    for (node_index& s : side) s = s == from ? into : s;
  };
  for (node_index i = 0; i < n; ++i) {
    if (!group_->is_up(i)) continue;
    for (const endpoint& at : heard_[i]) {
      const node_index j = group_->sim().node_at(at);
      if (j != no_node && group_->is_up(j)) unite(i, j);
    }
  }
  node_index first = no_node;
  for (node_index i = 0; i < n; ++i) {
    if (!group_->is_up(i)) continue;
    if (first == no_node) first = i;
    if (side[i] == side[first]) continue;
    (void)group_->join(i, first);
    unite(i, first);
    ++introductions_;
  }
}

}  // namespace testing
}  // namespace v1
}  // namespace flotilla
