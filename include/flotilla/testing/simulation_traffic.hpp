// flotilla/testing/simulation_traffic.hpp - how a simulation moves: arrivals, timers, sending
// The driver's loop of each node, in virtual time.
#pragma once

#include <flotilla/testing/simulation.hpp>

namespace flotilla {
inline namespace v1 {
namespace testing {

template <sans_io_node Node>
bool simulation<Node>::step(time_point end) {
  require_outside();
  appointment what;
  if (!agenda_.take_until(end, what)) {
    if (end > now_) now_ = end;
    return false;
  }
  fetch_next();
  now_ = detail::later(now_, what.at);
  if (now_ != busy_at_) busy_steps_ = 0;
  busy_at_ = now_;
  require(++busy_steps_ < most_steps_at_once,
          "time stands still: after a tick a node's deadline must be later than its time, and "
          "answers need a latency");
  switch (what.kind()) {
    case occasion::arrival: arrive(what.what); break;
    case occasion::wake: wake(what.what); break;
    case occasion::action: {
      const action run = std::move(actions_[what.what]);
      free_actions_.push_back(what.what);
      run();
      break;
    }
  }
  return true;
}

/// Calls for the memory of the node that probably has the next turn: that of thousands fits into no
/// cache, and until then there is something else to do.
template <sans_io_node Node>
void simulation<Node>::fetch_next() const noexcept {
#if defined(__GNUC__)
  const appointment* const next = agenda_.likely_next();
  if (next == nullptr || next->kind() == occasion::action) return;
  const bool arrives = next->kind() == occasion::arrival;
  const slot* const s = slots_[arrives ? pool_[next->what].target : next->what].get();
  constexpr std::size_t size = sizeof(slot) < fetched ? sizeof(slot) : fetched;
  for (std::size_t at = 0; at < size; at += 64) {
    __builtin_prefetch(reinterpret_cast<const char*>(s) + at);
  }
#endif
}

template <sans_io_node Node>
template <class Done>
bool simulation<Node>::run_until(Done done, duration limit, duration interval) {
  require(interval > duration::zero(), "run_until with no time between its questions");
  const time_point end = from_now(limit);
  while (!done()) {
    if (now_ >= end) return false;
    run_to(detail::earlier(end, from_now(interval)));
  }
  return true;
}

template <sans_io_node Node>
void simulation<Node>::at(time_point when, action what) {
  std::uint32_t place = static_cast<std::uint32_t>(actions_.size());
  if (free_actions_.empty()) {
    actions_.push_back(std::move(what));
  } else {
    place = free_actions_.back();
    free_actions_.pop_back();
    actions_[place] = std::move(what);
  }
  agenda_.put(detail::later(when, now_), occasion::action, place);
}

// ---- arriving

template <sans_io_node Node>
void simulation<Node>::arrive(datagram_ref at) {
  const node_index i = pool_[at].target;
  process& p = slot_of(i).around;
  if (p.state == process_state::crashed) {
    ++network_.stats().process_gone;
    pool_.release(at);
    return;
  }
  if (p.takes_input() && p.busy_until <= now_ && p.inbox.empty()) {
    give(i, at);
    return;
  }
  hold(p, p.inbox, at);
  if (p.takes_input()) arm(i);
}

/// Puts a datagram into a queue of the process, or drops it when that is full.
template <sans_io_node Node>
void simulation<Node>::hold(const process& p, datagram_list& queue, datagram_ref at) {
  if (queue.size() < p.driver.queue_datagrams &&
      queue.bytes() + pool_[at].size <= p.driver.queue_bytes) {
    queue.push_back(pool_, at);
    return;
  }
  ++network_.stats().queue_overflown;
  pool_.release(at);
}

/// Gives a datagram to its node; the driver is running and has time.
template <sans_io_node Node>
void simulation<Node>::give(node_index i, datagram_ref at) {
  slot& s = slot_of(i);
  if (!observers_.empty()) {
    const datagram d = pool_[at];  // a copy: whoever watches may put more into the pool
    tell([&](observer_type& by) { by.on_receive(now_, i, s.node, d.from, d.source, d.bytes()); });
  }
  ++network_.stats().delivered;
  s.node.receive(s.around.clock.at(now_), pool_[at].from, pool_[at].bytes());
  pool_.release(at);
  s.around.busy_until = from_now(s.around.driver.busy);
  finish_input(i, input_kind::receive);
}

// ---- timers

template <sans_io_node Node>
void simulation<Node>::tick(node_index i) {
  slot& s = slot_of(i);
  tell([&](observer_type& by) { by.on_tick(now_, i, s.node); });
  s.node.tick(s.around.clock.at(now_));
  s.around.busy_until = from_now(s.around.driver.busy);
  finish_input(i, input_kind::tick);
}

template <sans_io_node Node>
void simulation<Node>::wake(node_index i) {
  slot& s = slot_of(i);
  s.around.armed = time_point::max();
  s.around.due = time_point::max();
  if (!s.around.runs_timers()) return;
  if (s.around.busy_until > now_) return arm(i);
  bool armed = false;  // each input ends with that
  if (s.around.driver.timers_first && is_due(s)) {
    tick(i);
    armed = true;
  }
  armed = read_inbox(i) || armed;
  if (s.around.busy_until <= now_) {
    s.around.taken = 0;
    if (is_due(s)) {
      tick(i);
      armed = true;
    }
  }
  if (!armed) arm(i);
}

/// As many as the driver reads in one go. One that is slow reads one at a time, and still no more
/// of them than that before it looks at its timers. False when it has read none.
template <sans_io_node Node>
bool simulation<Node>::read_inbox(node_index i) {
  process& p = slot_of(i).around;
  for (bool any = false;; any = true) {
    if (!p.takes_input() || p.inbox.empty() || p.busy_until > now_) return any;
    if (p.taken != 0 && p.taken >= p.driver.batch) return any;
    ++p.taken;
    give(i, p.inbox.pop_front(pool_));
  }
}

/// Makes the appointment for whatever the process does next, unless an earlier one stands.
template <sans_io_node Node>
void simulation<Node>::arm(node_index i) {
  slot& s = slot_of(i);
  process& p = s.around;
  const time_point deadline = s.node.next_deadline();
  const bool stands = deadline == p.deadline && p.due != time_point::max() && p.clock.is_steady();
  if (!stands || !p.inbox.empty()) arm_anew(i, p, deadline);
}

template <sans_io_node Node>
void simulation<Node>::arm_anew(node_index i, process& p, time_point deadline) {
  if (!p.runs_timers()) return;
  const bool reads = p.takes_input() && !p.inbox.empty();
  time_point when = reads ? now_ : p.clock.when(deadline, now_);
  if (when == time_point::max()) return;
  when = detail::later(when, p.busy_until);
  // A timer that is late already is not set anew, or traffic could put it off for ever.
  if (when >= (reads ? p.armed : p.due)) return;
  p.deadline = deadline;
  p.due = when;
  if (!reads && !p.prompt) {
    when = detail::saturating_add(when, p.driver.timer_lateness.draw(random_));
  }
  p.armed = when;
  agenda_.set_alarm(when, i);
}

// ---- sending

template <sans_io_node Node>
void simulation<Node>::finish_input(node_index i, input_kind input) {
  slot& s = slot_of(i);
  while (auto what = s.node.poll_event()) {
    tell([&](observer_type& by) { by.on_event(now_, i, s.node, *what); });
  }
  while (const auto out = s.node.poll_transmit(buffer_)) {
    tell([&](observer_type& by) { by.on_send(now_, i, s.node, out->to, out->bytes); });
    send(i, out->to, out->bytes);
  }
  tell([&](observer_type& by) { by.on_step(now_, i, s.node, input); });
  arm(i);
}

template <sans_io_node Node>
void simulation<Node>::send(node_index i, const endpoint& to, std::span<const std::byte> bytes) {
  process& p = slot_of(i).around;
  ++network_.stats().sent;
  const node_index target = book_.find(to);
  if (target == no_node) {
    ++network_.stats().address_unknown;
  } else if (p.state == process_state::blocked) {
    hold(p, p.outbox, pool_.add(p.address, i, target, bytes));
  } else {
    route(p.address, i, target, bytes);
  }
}

template <sans_io_node Node>
void simulation<Node>::flush(node_index i) {
  datagram_list& held = slot_of(i).around.outbox;
  while (!held.empty()) {
    const datagram_ref at = held.pop_front(pool_);
    const datagram d = pool_[at];  // a copy: routing puts more into the pool
    route(d.from, i, d.target, d.bytes());
    pool_.release(at);
  }
}

template <sans_io_node Node>
void simulation<Node>::inject(const endpoint& from, const endpoint& to,
                              std::span<const std::byte> bytes) {
  ++network_.stats().sent;
  const node_index target = book_.find(to);
  if (target == no_node) {
    ++network_.stats().address_unknown;
    return;
  }
  route(from, no_node, target, bytes);
}

template <sans_io_node Node>
void simulation<Node>::route(const endpoint& from, node_index source, node_index target,
                             std::span<const std::byte> bytes) {
  if (network_.is_plain()) {
    const duration delay = network_.plain_delay();
    agenda_.put(from_now(delay), occasion::arrival, pool_.add(from, source, target, bytes));
    return;
  }
  const network::fate fate = network_.send(source, target);
  const bool held = source != no_node && network_.is_clogged(source, target);
  for (std::size_t copy = 0; copy < fate.copies; ++copy) {
    const datagram_ref at = pool_.add(from, source, target, bytes);
    if (held) {
      ++network_.stats().clogged;
      clogged_.push_back(at);
    } else {
      agenda_.put(from_now(fate.delays[copy]), occasion::arrival, at);
    }
  }
}

template <sans_io_node Node>
void simulation<Node>::release_clogged() {
  std::size_t kept = 0;
  for (const datagram_ref at : clogged_) {
    if (network_.is_clogged(pool_[at].source, pool_[at].target)) {
      clogged_[kept++] = at;
    } else {
      agenda_.put(now_, occasion::arrival, at);
    }
  }
  clogged_.resize(kept);
}

}  // namespace testing
}  // namespace v1
}  // namespace flotilla
