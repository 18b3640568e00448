// tests/no_exceptions/main.cpp - the engine without exceptions and run-time type information
// Built with -fno-exceptions -fno-rtti; also what a 32-bit build runs. Returns non-zero on failure.
#include <flotilla/flotilla.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdio>

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
  garbage_is_refused();
  if (failures == 0) std::puts("all expectations hold");
  return failures == 0 ? 0 : 1;
}
