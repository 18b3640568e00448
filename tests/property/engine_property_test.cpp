// tests/property/engine_property_test.cpp - whatever an engine is told, its laws hold
// The fuzzers' scenes and checks, driven by RapidCheck, which shrinks what it finds.
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <support/operations.hpp>
#include <utility>
#include <variant>
#include <vector>

namespace {

/// One operation with bytes of its own, so that leaving one out changes no other.
using instruction = std::vector<std::uint8_t>;
using script = std::vector<instruction>;

rc::Gen<script> scripts() {
  return rc::gen::container<script>(
      rc::gen::container<instruction>(24, rc::gen::arbitrary<std::uint8_t>()));
}

/// All of them from the first case on: RapidCheck begins with small numbers.
rc::Gen<unsigned> any_features() {
  return rc::gen::resize(rc::kNominalSize, rc::gen::inRange(0U, 256U));
}

void follow(fuzz::scene& on, const instruction& what) {
  fuzz::input in{what.data(), what.size()};
  const std::uint8_t op = in.u8();
  fuzz::operation(in, on, op);
  if ((op & 0xc0U) != 0xc0U) on.drain();
}

/// All that an engine says and tells.
struct output {
  std::vector<std::pair<flotilla::endpoint, std::vector<std::byte>>> datagrams;
  std::vector<flotilla::event> events;
  friend bool operator==(const output&, const output&) = default;
};

output drain(flotilla::engine& e) {
  output all;
  std::array<std::byte, 1400> buffer;
  while (const auto out = e.poll_transmit(buffer)) {
    all.datagrams.push_back({out->to, {out->bytes.begin(), out->bytes.end()}});
  }
  while (const auto what = e.poll_event()) all.events.push_back(*what);
  return all;
}

/// Lets an engine live on by itself for a while and collects what it does.
output live_on(flotilla::engine e, flotilla::time_point now) {
  output all = drain(e);
  for (int i = 0; i < 20 && e.next_deadline() != flotilla::time_point::max(); ++i) {
    now = std::max(now, e.next_deadline());
    e.tick(now);
    output more = drain(e);
    all.datagrams.insert(all.datagrams.end(), more.datagrams.begin(), more.datagrams.end());
    all.events.insert(all.events.end(), more.events.begin(), more.events.end());
  }
  return all;
}

RC_GTEST_PROP(engine_property, no_input_breaks_a_law, ()) {
  const unsigned features = *any_features();
  fuzz::scene on = fuzz::scene_of(features);
  for (const instruction& what : *scripts()) {
    follow(on, what);
    RC_ASSERT(on.node.problem() == "");
  }
  on.drain();
  RC_ASSERT(on.node.problem() == "");
}

/// A datagram that introduces its own sender proves nothing: its address may be somebody else's.
TEST(engine_property, whoever_introduces_itself_is_still_answered_briefly) {
  fuzz::scene on = fuzz::scene_of(0);
  const auto alive = [](std::uint64_t id) {
    return fuzz::wire::fact{fuzz::member_id{id},
                            fuzz::incarnation{1},
                            fuzz::member_state::alive,
                            fuzz::address_of(id),
                            {}};
  };
  std::vector<fuzz::wire::fact> news;
  for (std::uint64_t id = 100; id < 135; ++id) news.push_back(alive(id));
  on.deliver(fuzz::address_of(2), fuzz::member_id{2}, fuzz::incarnation{5}, fuzz::wire::ping{1},
             news);
  on.drain();
  const auto stranger = alive(200);
  on.deliver(fuzz::address_of(200), fuzz::member_id{200}, fuzz::incarnation{1}, fuzz::wire::ping{1},
             {&stranger, 1});
  on.drain();
  EXPECT_EQ(on.node.problem(), "");
}

RC_GTEST_PROP(engine_property, the_same_seed_and_inputs_give_the_same_bytes, ()) {
  const unsigned features = *any_features();
  const script inputs = *scripts();
  fuzz::scene first{features};
  fuzz::scene second{features};
  for (const instruction& what : inputs) {
    follow(first, what);
    follow(second, what);
    RC_ASSERT(first.node.node().state_hash() == second.node.node().state_hash());
  }
  RC_ASSERT(first.node.node() == second.node.node());
  RC_ASSERT(first.node.node().stats() == second.node.node().stats());
  RC_ASSERT(first.node.events() == second.node.events());
  RC_ASSERT(live_on(first.node.node(), first.now) == live_on(second.node.node(), second.now));
}

RC_GTEST_PROP(engine_property, another_seed_gives_other_bytes, ()) {
  flotilla::config c = flotilla::config::loopback();
  c.id = flotilla::member_id{1};
  c.address = fuzz::address_of(1);
  c.seed = *rc::gen::arbitrary<std::uint64_t>();
  const flotilla::time_point now{};
  flotilla::engine one{c, now};
  ++c.seed;
  flotilla::engine other{c, now};
  one.join({fuzz::address_of(2)});
  other.join({fuzz::address_of(2)});
  RC_ASSERT(one.state_hash() != other.state_hash());
  RC_ASSERT(!(drain(one) == drain(other)));
}

RC_GTEST_PROP(engine_property, copies_and_moved_engines_live_the_same_life, ()) {
  const unsigned features = *any_features();
  fuzz::scene on = fuzz::scene_of(features);
  for (const instruction& what : *scripts()) follow(on, what);
  const flotilla::engine& original = on.node.node();
  const output life = live_on(original, on.now);
  flotilla::engine copy = original;
  RC_ASSERT(copy == original);
  RC_ASSERT(copy.state_hash() == original.state_hash());
  flotilla::engine assigned = fuzz::scene_of(features + 1).node.node();
  assigned = copy;
  RC_ASSERT(assigned == original);
  flotilla::engine moved{std::move(copy)};
  RC_ASSERT(moved == original);
  RC_ASSERT(live_on(std::move(moved), on.now) == life);
  RC_ASSERT(live_on(std::move(assigned), on.now) == life);
}

}  // namespace
