// flotilla/testing/simulation_nodes.hpp - what happens to the nodes and processes of a simulation
// Adding, crashing, restarting, freezing, blocking, clocks.
#pragma once

#include <flotilla/testing/simulation.hpp>

namespace flotilla {
inline namespace v1 {
namespace testing {

template <sans_io_node Node>
node_index simulation<Node>::add(Node node, const endpoint& at, const driver_options& driver) {
  require_outside();
  const node_index i = size();
  slots_.push_back(std::make_unique<slot>(slot{process{}, std::move(node)}));
  slot_of(i).around.address = at;
  slot_of(i).around.set_driver(driver);
  book_.put(at, i);
  network_.resize(size());
  tell([&](observer_type& by) { by.on_start(now_, i, 1); });
  finish_input(i, input_kind::start);
  return i;
}

template <sans_io_node Node>
void simulation<Node>::set_state(node_index i, process_state state) {
  slot_of(i).around.state = state;
  tell([&](observer_type& by) { by.on_process(now_, i); });
}

template <sans_io_node Node>
void simulation<Node>::crash(node_index i) {
  require_node(i);
  process& p = slot_of(i).around;
  if (p.state == process_state::crashed) return;
  network_.stats().process_gone += p.inbox.size() + p.outbox.size();
  p.inbox.clear(pool_);
  p.outbox.clear(pool_);
  p.armed = time_point::max();
  p.due = time_point::max();
  p.taken = 0;
  agenda_.cancel_alarm(i);
  set_state(i, process_state::crashed);
}

template <sans_io_node Node>
bool simulation<Node>::freeze(node_index i) {
  require_node(i);
  if (crashed(i)) return false;
  set_state(i, process_state::frozen);
  return true;
}

template <sans_io_node Node>
bool simulation<Node>::block(node_index i) {
  require_node(i);
  if (crashed(i)) return false;
  set_state(i, process_state::blocked);
  arm(i);  // one that was frozen has missed its timer
  return true;
}

template <sans_io_node Node>
void simulation<Node>::restart(node_index i, Node fresh) {
  crash(i);
  slot_of(i).node = std::move(fresh);
  slot_of(i).around.busy_until = now_;
  ++slot_of(i).around.lives;
  slot_of(i).around.state = process_state::running;
  tell([&](observer_type& by) { by.on_start(now_, i, slot_of(i).around.lives); });
  finish_input(i, input_kind::start);
}

template <sans_io_node Node>
bool simulation<Node>::resume(node_index i) {
  require_node(i);
  if (crashed(i) || running(i)) return false;
  set_state(i, process_state::running);
  flush(i);
  // Woken at once: it reads its socket and looks at its timers in its driver's order.
  slot_of(i).around.armed = now_;
  slot_of(i).around.due = now_;
  agenda_.set_alarm(now_, i);
  return true;
}

template <sans_io_node Node>
void simulation<Node>::jump_clock(node_index i, duration by) {
  require_node(i);
  slot_of(i).around.clock.jump(by);
  arm_anew(i, slot_of(i).around, slot_of(i).node.next_deadline());
}

template <sans_io_node Node>
void simulation<Node>::drift_clock(node_index i, std::int32_t parts_per_million) {
  require_node(i);
  slot_of(i).around.clock.drift(now_, parts_per_million);
  arm_anew(i, slot_of(i).around, slot_of(i).node.next_deadline());
}

template <sans_io_node Node>
void simulation<Node>::move(node_index i, const endpoint& to) {
  require_node(i);
  slot_of(i).around.address = to;
  book_.put(to, i);
}

}  // namespace testing
}  // namespace v1
}  // namespace flotilla
