// tests/property/deadline_property_test.cpp - next_deadline() against brute force
// An engine is copied and ticked: nothing happens before its deadline, something happens at it.
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <support/operations.hpp>
#include <vector>

namespace {

using flotilla::duration;
using flotilla::engine;
using flotilla::time_point;
using instruction = std::vector<std::uint8_t>;

/// All of them from the first case on: RapidCheck begins with small numbers.
rc::Gen<unsigned> any_features() {
  return rc::gen::resize(rc::kNominalSize, rc::gen::inRange(0U, 256U));
}

fuzz::scene any_scene() {
  fuzz::scene on = fuzz::scene_of(*any_features());
  const auto script = *rc::gen::container<std::vector<instruction>>(
      rc::gen::container<instruction>(24, rc::gen::arbitrary<std::uint8_t>()));
  for (const instruction& what : script) {
    fuzz::input in{what.data(), what.size()};
    fuzz::operation(in, on, in.u8());
    on.drain();
  }
  // The script may have moved the clock without telling the engine.
  if (*rc::gen::arbitrary<bool>()) {
    on.node.tick(on.now);
  } else {
    on.node.receive(on.now, fuzz::address_of(2), {});
  }
  on.drain();
  return on;
}

bool shows_the_same(const engine& a, const engine& b) {
  return a.stats() == b.stats() &&
         std::equal(a.members().begin(), a.members().end(), b.members().begin(), b.members().end());
}

RC_GTEST_PROP(deadline_property, nothing_happens_before_it, ()) {
  const fuzz::scene on = any_scene();
  const engine& e = on.node.node();
  const time_point due = e.next_deadline();
  if (due <= on.now) return;
  // With nothing scheduled, anywhere in the next ten days is before the deadline.
  const duration gap = due == time_point::max() ? duration{std::chrono::hours{240}} : due - on.now;
  const auto span = static_cast<std::uint64_t>(gap.count());
  const auto share =
      *rc::gen::container<std::vector<std::uint64_t>>(4, rc::gen::inRange<std::uint64_t>(0, span));
  std::vector<std::uint64_t> steps = share;
  steps.push_back(span - 1);
  for (const std::uint64_t step : steps) {
    engine early = e;
    early.tick(on.now + duration{static_cast<std::int64_t>(step)});
    RC_ASSERT(shows_the_same(early, e));
    RC_ASSERT(!early.poll_event());
    RC_ASSERT(early.next_deadline() == due);
    // Nor does it matter later that the early tick was there.
    if (due == time_point::max()) continue;
    engine plain = e;
    early.tick(due);
    plain.tick(due);
    RC_ASSERT(early == plain);
  }
}

/// Deadline after deadline, just before each: so every timer is once the first that is due.
RC_GTEST_PROP(deadline_property, nothing_happens_just_before_any, ()) {
  const fuzz::scene on = any_scene();
  engine e = on.node.node();
  std::array<std::byte, 1400> buffer;
  time_point now = on.now;
  for (int i = 0; i < 150 && e.next_deadline() != time_point::max(); ++i) {
    const time_point due = e.next_deadline();
    if (due > now + duration{1}) {
      engine early = e;
      early.tick(due - duration{1});
      RC_ASSERT(shows_the_same(early, e));
      RC_ASSERT(early.next_deadline() == due);
    }
    now = std::max(now, due);
    e.tick(now);
    while (e.poll_transmit(buffer)) {
    }
  }
}

RC_GTEST_PROP(deadline_property, something_happens_at_it, ()) {
  const fuzz::scene on = any_scene();
  engine e = on.node.node();
  const time_point due = e.next_deadline();
  if (due == time_point::max()) return;
  const engine before = e;
  e.tick(due);
  RC_ASSERT(!shows_the_same(e, before) || e.next_deadline() > due + duration{1});
}

/// A driver that does nothing but sleep until the deadline and tick must not spin.
RC_GTEST_PROP(deadline_property, a_driver_does_not_spin, ()) {
  const fuzz::scene on = any_scene();
  engine e = on.node.node();
  time_point now = on.now;
  const time_point end = now + 10 * e.settings().protocol_period;
  int ticks = 0;
  while (e.next_deadline() < end && ticks < 1000) {
    now = std::max(now, e.next_deadline());
    e.tick(now);
    ++ticks;
  }
  // A period ends at most a few timers of its own, and each of 48 members at most two.
  RC_ASSERT(ticks < 250);
}

RC_GTEST_PROP(deadline_property, repeating_a_tick_changes_nothing, ()) {
  const fuzz::scene on = any_scene();
  engine e = on.node.node();
  if (e.next_deadline() == time_point::max()) return;
  const time_point now = e.next_deadline();
  e.tick(now);
  if (e.next_deadline() <= now + duration{1}) return;  // more was due than one tick handles
  const engine once = e;
  e.tick(now);
  RC_ASSERT(e == once);
}

}  // namespace
