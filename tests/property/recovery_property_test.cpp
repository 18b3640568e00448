// property/recovery_property_test.cpp - forged incarnations: whatever three members believe of one
// of them, they agree again once the forging stops. Exhaustive, with serials of 8 bits.
//
// The three are the owner of an incarnation and two that hold it. All that a rule of "own word"
// decides is decided by the library's own functions; the model only says who speaks with whom.
// Serials know distances and no origin, so the owner's incarnation is always 0 here, and what
// others hold is told by its distance from it. The address is the same in all facts, and left out.
#include <flotilla/membership/merge.hpp>
#include <flotilla/membership/own_word.hpp>

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <utility>
#include <vector>

namespace {

using flotilla::first_hand_answer;
using flotilla::member_state;
using flotilla::merge_outcome;
using flotilla::own_word_answer;
using serial8 = flotilla::serial<std::uint8_t>;
using belief8 = flotilla::belief<std::uint8_t, int>;

/// What one member holds: distance and state, in 10 bits.
using held = std::uint32_t;
constexpr held helds = 256 * 4;
constexpr held agreed = 0;  // alive, at the owner's own incarnation

constexpr held make(std::uint32_t distance, member_state state) {
  return (distance & 255U) << 2U | static_cast<held>(state);
}
constexpr std::uint32_t distance_of(held h) { return h >> 2U; }
constexpr member_state state_of(held h) { return static_cast<member_state>(h & 3U); }
constexpr serial8 serial_of(held h) { return serial8{static_cast<std::uint8_t>(distance_of(h))}; }
/// The same belief after the owner has raised itself by `raised`.
constexpr held seen_after(held h, std::uint32_t raised) {
  return make(distance_of(h) - raised, state_of(h));
}

constexpr belief8 belief_of(held h) {
  const bool alive = state_of(h) == member_state::alive;
  return {serial_of(h), state_of(h), alive, alive ? serial_of(h) : serial8{}, 0};
}
held merged(held mine, held told) {
  belief8 result = belief_of(mine);
  static_cast<void>(merge(result, belief_of(told)));
  return make(result.incarnation.value(), result.state);
}

/// What can be broken on purpose.
enum class broken : std::uint8_t {
  nothing,
  adoption,  ///< (b) left out: an answer from outside the window is dropped
  reach,     ///< (c) with half its reach: W/2
};

/// The rules, tabulated. An exchange: the holder tells the owner what it holds, the owner answers.
class rules {
 public:
  explicit rules(broken by = broken::nothing) : merges_(helds * helds) {
    for (held h = 0; h < helds; ++h) {
      for (const bool acknowledged : {false, true}) {
        raised_[acknowledged][h] = raise(h, acknowledged, by);
      }
      heard_[h] = hear(h, by);
      for (held told = 0; told < helds; ++told) {
        merges_[h * helds + told] = static_cast<std::uint16_t>(merged(h, told));
      }
    }
  }

  /// By how much the owner raises itself when it is told this.
  [[nodiscard]] std::uint32_t raised(held told, bool acknowledged) const {
    return raised_[acknowledged][told];
  }
  /// What a holder holds after the owner's answer to its question.
  [[nodiscard]] held heard(held h) const { return heard_[h]; }
  [[nodiscard]] held merge_of(held h, held told) const { return merges_[h * helds + told]; }

 private:
  static std::uint8_t raise(held told, bool acknowledged, broken by) {
    const own_word_answer answer = judge_own(serial8{0}, member_state::alive, serial_of(told),
                                             state_of(told), true, acknowledged);
    if (answer != own_word_answer::raise) return 0;
    const bool far = distance_of(told) > serial8::window() / 2U;
    if (by == broken::reach && acknowledged && far) return 0;
    return serial_of(told).next().value();
  }
  static held hear(held h, broken by) {
    switch (judge_first_hand(serial_of(h), state_of(h), serial8{0})) {
      case first_hand_answer::life: return h;
      case first_hand_answer::adopt: return by == broken::adoption ? h : agreed;
      case first_hand_answer::merge: return merged(h, agreed);
    }
    return h;
  }

  std::array<std::array<std::uint8_t, helds>, 2> raised_{};
  std::array<held, helds> heard_{};
  std::vector<std::uint16_t> merges_;
};

/// All three: what the two hold, and whether anybody has answered the owner in this life.
using world = std::uint32_t;
constexpr world worlds = helds * helds * 2;
constexpr world world_of(held first, held second, bool acknowledged) {
  return (acknowledged ? helds * helds : 0) + first * helds + second;
}

class group {
 public:
  explicit group(broken by = broken::nothing) : rules_{by} {}

  /// The holder asks the owner directly, tells what it holds, and hears the answer.
  [[nodiscard]] world exchange(world w, bool second) const {
    const world told = tell(w, second, true);
    held one = first(told);
    held two = this->second(told);
    (second ? two : one) = rules_.heard(second ? two : one);
    return world_of(one, two, true);
  }

  /// What else may happen, in any order and any number: gossip of what is held to the other holder
  /// and to the owner, gossip of the owner's word, a suspicion that runs out.
  static constexpr int moves = 8;
  [[nodiscard]] world move(world w, int which) const {
    const held one = first(w);
    const held two = second(w);
    const bool acknowledged = is_acknowledged(w);
    switch (which) {
      case 0: return world_of(one, rules_.merge_of(two, one), acknowledged);
      case 1: return world_of(rules_.merge_of(one, two), two, acknowledged);
      case 2: return tell(w, false, acknowledged);
      case 3: return tell(w, true, acknowledged);
      case 4: return world_of(rules_.merge_of(one, agreed), two, acknowledged);
      case 5: return world_of(one, rules_.merge_of(two, agreed), acknowledged);
      case 6: return world_of(expired(one), two, acknowledged);
      default: return world_of(one, expired(two), acknowledged);
    }
  }

  static bool agrees(world w) { return first(w) == agreed && second(w) == agreed; }

 private:
  static held first(world w) { return w / helds % helds; }
  static held second(world w) { return w % helds; }
  static bool is_acknowledged(world w) { return w >= helds * helds; }
  static held expired(held h) {
    return state_of(h) == member_state::suspect ? make(distance_of(h), member_state::dead) : h;
  }
  /// The owner is told what a holder holds, and may raise itself.
  [[nodiscard]] world tell(world w, bool second, bool then_acknowledged) const {
    const std::uint32_t by = rules_.raised(second ? this->second(w) : first(w), is_acknowledged(w));
    return world_of(seen_after(first(w), by), seen_after(this->second(w), by), then_acknowledged);
  }

  rules rules_;
};

/// All steps of a group against their direction, so that a search visits each once.
class steps_back {
 public:
  enum kind : std::uint32_t { any_move, first_exchange, second_exchange };

  explicit steps_back(const group& g) : begins_(worlds + 1) {
    each_step(g, [&](world, world to, kind) { ++begins_[to + 1]; });
    for (world w = 0; w < worlds; ++w) begins_[w + 1] += begins_[w];
    steps_.resize(begins_[worlds]);
    std::vector<std::uint32_t> next(begins_.begin(), begins_.end() - 1);
    each_step(g, [&](world from, world to, kind k) { steps_[next[to]++] = k << 30U | from; });
  }

  /// Calls `what(from, kind)` for each step that leads to `to`.
  template <class What>
  void before(world to, What what) const {
    for (std::uint32_t i = begins_[to]; i != begins_[to + 1]; ++i) {
      what(steps_[i] & 0x3fffffffU, static_cast<kind>(steps_[i] >> 30U));
    }
  }

 private:
  template <class What>
  static void each_step(const group& g, What what) {
    for (world w = 0; w < worlds; ++w) {
      for (int m = 0; m < group::moves; ++m) {
        if (const world to = g.move(w, m); to != w) what(w, to, any_move);
      }
      what(w, g.exchange(w, false), first_exchange);
      what(w, g.exchange(w, true), second_exchange);
    }
  }

  std::vector<std::uint32_t> begins_;
  std::vector<std::uint32_t> steps_;
};

/// One round: each holder has had an exchange with the owner, in either order, and anything else
/// has happened before, between and after. Keeps in `good` the worlds from which every such round
/// ends inside it, and returns how many others there are.
std::uint32_t play_round(const steps_back& back, std::vector<std::uint8_t>& good) {
  // From here one can escape when what is left of the round is ...
  constexpr std::uint8_t nothing = 1;
  constexpr std::uint8_t the_second = 2;
  constexpr std::uint8_t the_first = 4;
  constexpr std::uint8_t both = 8;
  std::vector<std::uint8_t> escapes(worlds);
  std::vector<std::pair<world, std::uint8_t>> open;
  const auto mark = [&](world w, std::uint8_t when) {
    if ((escapes[w] & when) != 0) return;
    escapes[w] |= when;
    open.emplace_back(w, when);
  };
  for (world w = 0; w < worlds; ++w) {
    if (good[w] == 0) mark(w, nothing);
  }
  while (!open.empty()) {
    const auto [to, when] = open.back();
    open.pop_back();
    back.before(to, [&, when = when](world from, steps_back::kind kind) {
      mark(from, when);  // a step that the round does not need
      if (kind == steps_back::first_exchange && when == nothing) mark(from, the_first);
      if (kind == steps_back::first_exchange && when == the_second) mark(from, both);
      if (kind == steps_back::second_exchange && when == nothing) mark(from, the_second);
      if (kind == steps_back::second_exchange && when == the_first) mark(from, both);
    });
  }
  std::uint32_t left = 0;
  for (world w = 0; w < worlds; ++w) {
    good[w] = (escapes[w] & both) == 0 ? 1 : 0;
    left += good[w] != 0 ? 0U : 1U;
  }
  return left;
}

/// Rounds after which all agree from everywhere, whatever else happens in them; 0 when some worlds
/// never come to it however many there are.
int rounds_to_agreement(const steps_back& back) {
  std::vector<std::uint8_t> good(worlds);
  for (world w = 0; w < worlds; ++w) good[w] = group::agrees(w) ? 1 : 0;
  std::uint32_t before = worlds;
  for (int rounds = 1;; ++rounds) {
    const std::uint32_t left = play_round(back, good);
    if (left == 0) return rounds;
    if (left == before) return 0;
    before = left;
  }
}

/// Worlds from which nothing at all leads to agreement: among them would be every bottom component
/// but agreement itself.
std::uint32_t worlds_without_return(const steps_back& back) {
  std::vector<std::uint8_t> returns(worlds);
  std::vector<world> open;
  std::uint32_t left = worlds;
  const auto mark = [&](world w) {
    if (returns[w] != 0) return;
    returns[w] = 1;
    --left;
    open.push_back(w);
  };
  for (world w = 0; w < worlds; ++w) {
    if (group::agrees(w)) mark(w);
  }
  while (!open.empty()) {
    const world to = open.back();
    open.pop_back();
    back.before(to, [&](world from, steps_back::kind) { mark(from); });
  }
  return left;
}

/// Forged facts lead from anything that is held to anything else, and a restart of the owner with
/// any incarnation shifts both distances at will: so every world can be reached, and none is left
/// out of what follows.
TEST(forged_incarnations, reach_every_state) {
  std::vector<std::uint8_t> reached(helds);
  std::vector<held> open{agreed};
  reached[agreed] = 1;
  while (!open.empty()) {
    const held from = open.back();
    open.pop_back();
    for (held forged = 0; forged < helds; ++forged) {
      const held to = merged(from, forged);
      if (reached[to] == 0) open.push_back(to);
      reached[to] = 1;
    }
  }
  for (held h = 0; h < helds; ++h) ASSERT_EQ(reached[h], 1) << h;
  // And from each of them the way leads back to where it began: one component.
  for (held h = 0; h < helds; ++h) {
    held at = h;
    for (int steps = 0; at != agreed && steps < 8; ++steps) {
      const std::uint32_t on = (0U - distance_of(at)) & 255U;
      const std::uint32_t most = serial8::window();
      at = merged(at,
                  make(distance_of(at) + (on == 0 || on > most ? most : on), member_state::alive));
    }
    ASSERT_EQ(at, agreed) << h;
  }
}

TEST(forged_incarnations, agreement_lasts_once_they_stop) {
  const group g;
  for (const bool acknowledged : {false, true}) {
    const world w = world_of(agreed, agreed, acknowledged);
    for (int m = 0; m < group::moves; ++m) ASSERT_TRUE(group::agrees(g.move(w, m))) << m;
    ASSERT_TRUE(group::agrees(g.exchange(w, false)));
    ASSERT_TRUE(group::agrees(g.exchange(w, true)));
  }
}

/// Every one of the 2,097,152 states of the three, whatever else happens in between.
TEST(forged_incarnations, are_overcome_from_every_state_in_two_exchanges_with_each) {
  const steps_back back{group{}};
  EXPECT_EQ(worlds_without_return(back), 0U);
  EXPECT_EQ(rounds_to_agreement(back), 2);
}

/// The same search finds what is missing when a rule is: it can fail.
TEST(forged_incarnations, are_not_overcome_without_rule_b) {
  const steps_back back{group{broken::adoption}};
  EXPECT_NE(worlds_without_return(back), 0U);
  EXPECT_EQ(rounds_to_agreement(back), 0);
}

TEST(forged_incarnations, are_not_overcome_with_half_the_reach_of_rule_c) {
  const steps_back back{group{broken::reach}};
  EXPECT_NE(worlds_without_return(back), 0U);
  EXPECT_EQ(rounds_to_agreement(back), 0);
}

}  // namespace
