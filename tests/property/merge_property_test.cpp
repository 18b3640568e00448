// property/merge_property_test.cpp - flotilla/membership/merge.hpp on the engine's own facts
// Any facts inside one window, in any order, grouping and number, lead to the same belief.
#include <flotilla/membership/merge.hpp>

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include <flotilla/membership/transition.hpp>
#include <flotilla/wire/fact.hpp>

namespace {

using flotilla::belief_of;
using flotilla::endpoint;
using flotilla::incarnation;
using flotilla::member_id;
using flotilla::member_state;
using flotilla::merge;
using flotilla::merge_outcome;
using flotilla::wire::fact;
using belief32 = flotilla::belief<std::uint32_t, endpoint>;

constexpr std::uint32_t W = incarnation::window();

/// An incarnation is `start` plus this; the window's ends and equal numbers are drawn often.
std::uint32_t any_offset() {
  const auto near = *rc::gen::inRange<std::uint32_t>(0, 4);
  switch (*rc::gen::inRange(0, 4)) {
    case 0: return near;
    case 1: return W - near;
    case 2: return W / 2 + near;
    default: return *rc::gen::inRange<std::uint32_t>(0, W + 1);
  }
}
struct told_fact {
  std::uint32_t offset;
  fact what;
};
told_fact any_fact(std::uint32_t start) {
  const std::uint32_t offset = any_offset();
  const auto state = static_cast<member_state>(*rc::gen::inRange(0, 4));
  fact what{.subject = member_id{1}, .incarnation = incarnation{start + offset}, .state = state};
  if (state == member_state::alive) {
    what.address = endpoint::ipv4({10, 0, 0, 1}, *rc::gen::inRange<std::uint16_t>(1, 4));
  }
  return {offset, what};
}
std::vector<told_fact> any_facts(std::uint32_t start) {
  std::vector<told_fact> facts(*rc::gen::inRange<std::size_t>(1, 12));
  for (told_fact& f : facts) f = any_fact(start);
  // Rows begin with an alive fact.
  facts[0].what.state = member_state::alive;
  facts[0].what.address = endpoint::ipv4({10, 0, 0, 1}, 2);
  return facts;
}

/// Every index at least once, some twice, in any order.
std::vector<std::size_t> any_order(std::size_t count) {
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < count; ++i) {
    order.push_back(i);
    if (*rc::gen::arbitrary<bool>()) order.push_back(i);
  }
  for (std::size_t i = order.size(); i > 1; --i) {
    std::swap(order[i - 1], order[*rc::gen::inRange<std::size_t>(0, i)]);
  }
  return order;
}
belief32 joined(belief32 held, const belief32& told) {
  RC_ASSERT(merge(held, told) != merge_outcome::outside_window);
  return held;
}
/// What merging facts[order[first]] to facts[order[last - 1]] gives.
belief32 folded(const std::vector<told_fact>& facts, const std::vector<std::size_t>& order,
                std::size_t first, std::size_t last) {
  belief32 held = belief_of(facts[order[first]].what);
  for (std::size_t i = first + 1; i < last; ++i) {
    held = joined(held, belief_of(facts[order[i]].what));
  }
  return held;
}
bool same(const belief32& a, const belief32& b) {
  if (a.incarnation != b.incarnation || a.state != b.state || a.has_place != b.has_place) {
    return false;
  }
  return !a.has_place || (a.place_incarnation == b.place_incarnation && a.address == b.address);
}

TEST(MergeProperty, IsTheLargestOfEachComponentInAnyOrderGroupingAndNumber) {
  EXPECT_TRUE(rc::check([] {
    const auto start = *rc::gen::arbitrary<std::uint32_t>();
    const std::vector<told_fact> facts = any_facts(start);
    // Plain maxima over offsets that do not wrap.
    std::pair<std::uint32_t, member_state> verdict{0, member_state::alive};
    std::pair<std::uint32_t, endpoint> place{0, endpoint{}};
    for (const told_fact& f : facts) {
      verdict = std::max(verdict, {f.offset, f.what.state});
      if (f.what.state == member_state::alive) place = std::max(place, {f.offset, f.what.address});
    }
    const belief32 expected{incarnation{start + verdict.first}, verdict.second, true,
                            incarnation{start + place.first}, place.second};

    const std::vector<std::size_t> order = any_order(facts.size());
    RC_ASSERT(same(folded(facts, order, 0, order.size()), expected));
    if (order.size() < 2) return;
    // Two members that each heard a part tell each other.
    const auto cut = *rc::gen::inRange<std::size_t>(1, order.size());
    const belief32 front = folded(facts, order, 0, cut);
    const belief32 back = folded(facts, order, cut, order.size());
    RC_ASSERT(same(joined(front, back), expected));
    RC_ASSERT(same(joined(back, front), expected));
  }));
}

// Without any window: whatever is told for however long, a belief moves forward only, by at most W
// a fact, and a fact told twice tells nothing the second time.
TEST(MergeProperty, NeverDecreasesWhateverIsTold) {
  EXPECT_TRUE(rc::check([] {
    belief32 held = belief_of(any_fact(*rc::gen::arbitrary<std::uint32_t>()).what);
    for (int i = 0; i < 30; ++i) {
      const belief32 before = held;
      // From twice the window behind to twice the window ahead of what is held.
      const std::uint32_t base = held.incarnation.value() -
                                 (*rc::gen::arbitrary<bool>() ? 2 * W : 0) +
                                 (*rc::gen::arbitrary<bool>() ? W : 0);
      const belief32 told = belief_of(any_fact(base).what);
      const merge_outcome outcome = merge(held, told);
      if (!before.incarnation.within_window(told.incarnation)) {
        RC_ASSERT(outcome == merge_outcome::outside_window);
        RC_ASSERT(held == before);
        continue;
      }
      const std::uint32_t forward = before.incarnation.steps_to(held.incarnation);
      RC_ASSERT(forward <= W);
      RC_ASSERT(forward != 0 || held.state >= before.state);
      RC_ASSERT(held.incarnation == before.incarnation || held.incarnation == told.incarnation);
      if (before.has_place) {
        RC_ASSERT(held.has_place);
        RC_ASSERT(before.place_incarnation.steps_to(held.place_incarnation) <= 2 * W);
      }
      if (held.has_place) RC_ASSERT(held.place_incarnation.steps_to(held.incarnation) <= W);
      const belief32 after = held;
      RC_ASSERT(merge(held, told) == merge_outcome::known);
      RC_ASSERT(held == after);
    }
  }));
}

}  // namespace
