// tests/no_exceptions/main.cpp - the engine without exceptions and run-time type information
// Built with -fno-exceptions -fno-rtti; also what a 32-bit build runs. Returns non-zero on failure.
#include <flotilla/flotilla.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <utility>
#include <variant>

#include "other.hpp"

namespace {

int failures = 0;

void expect(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "FAILED: %s\n", what);
  ++failures;
}

// One member tells another of itself: every input, every output and the way over the wire.
void two_members_meet() {
  flotilla::time_point now{};
  flotilla::engine first = make_engine(1, 7946);
  flotilla::engine second = make_engine(2, 7947);
  expect(first.size() == 1 && second.size() == 1, "a new engine knows itself");
  expect(second.join({first.self().address}) == flotilla::command_error::none, "join is accepted");

  std::array<std::byte, 1400> buffer{};
  for (int step = 0; step < 200; ++step) {
    now += std::chrono::milliseconds{50};
    first.tick(now);
    second.tick(now);
    while (const auto out = first.poll_transmit(buffer)) {
      if (out->to == second.self().address) {
        (void)second.receive(now, first.self().address, out->bytes);
      }
    }
    while (const auto out = second.poll_transmit(buffer)) {
      if (out->to == first.self().address) {
        (void)first.receive(now, second.self().address, out->bytes);
      }
    }
  }
  expect(first.size() == 2 && second.size() == 2, "both know both");
  expect(first.poll_event().has_value(), "the newcomer is told of");

  const flotilla::engine copy = first;
  expect(copy == first && copy.state_hash() == first.state_hash(), "a copy is equal");
}

// The commands, each once, and the events and results that they lead to.
void commands_answer_by_value() {
  using flotilla::command_error;
  flotilla::time_point now{};
  flotilla::engine node = make_engine(1, 7946);
  const flotilla::endpoint elsewhere = *flotilla::endpoint::parse("127.0.0.1:7999");
  expect(node.cancel_join() == command_error::not_joining, "nothing to cancel");
  expect(node.join({elsewhere}) == command_error::none, "a join begins");
  expect(node.cancel_join() == command_error::none, "and is cancelled");
  expect(node.fail(flotilla::member_id{9}) == command_error::unknown_member, "nobody to fail");
  expect(node.evict(flotilla::member_id{9}) == command_error::none, "a stranger is evicted");
  expect(node.allow(flotilla::member_id{9}) == command_error::none, "and allowed");
  expect(node.set_address(elsewhere) == command_error::none, "the address changes");
  expect(node.self().address == elsewhere, "and is shown");

  flotilla::engine moved = std::move(node);
  expect(moved.leave() == command_error::none, "it leaves");
  expect(moved.leave() == command_error::left, "once");
  bool completed = false;
  while (const auto event = moved.poll_event()) {
    completed = completed || std::holds_alternative<flotilla::leave_completed>(*event);
  }
  expect(completed, "alone, its farewell is complete at once");
  now += std::chrono::hours{1};
  moved.tick(now);
  expect(moved.next_deadline() == flotilla::time_point::max(), "nothing is scheduled any more");
  expect(moved.receive(now, elsewhere, {}) == flotilla::receive_result::left, "it is inert");
}

// What cannot be built is inert, instead of throwing.
void a_broken_config_makes_an_inert_engine() {
  const flotilla::engine node{flotilla::config{}, flotilla::time_point{}};
  expect(node.settings().id == flotilla::member_id{}, "it has no id");
  expect(node.next_deadline() == flotilla::time_point::max(), "and nothing to do");
}

void garbage_is_refused() {
  flotilla::engine node = make_engine(1, 7946);
  const std::array<std::byte, 3> garbage{};
  const auto result =
      node.receive(flotilla::time_point{}, *flotilla::endpoint::parse("127.0.0.1:9"), garbage);
  expect(result != flotilla::receive_result::accepted, "garbage is refused");
}

}  // namespace

int main() {
  two_members_meet();
  commands_answer_by_value();
  a_broken_config_makes_an_inert_engine();
  garbage_is_refused();
  if (failures == 0) std::puts("all expectations hold");
  return failures == 0 ? 0 : 1;
}
