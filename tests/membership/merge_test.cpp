// membership/merge_test.cpp - flotilla/membership/merge.hpp
// Law 8, exhaustively at 8 bits; then the paper's clauses (SWIM, section 4.2) and the traps.
#include <flotilla/membership/merge.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <ostream>
#include <utility>
#include <vector>

namespace flotilla {
inline namespace v1 {

// GoogleTest prints beliefs with it.
inline void PrintTo(const belief<std::uint8_t, int>& b, std::ostream* out) {
  *out << to_string(b.state) << '@' << +b.incarnation.value();
  if (b.has_place) *out << " at " << b.address << '@' << +b.place_incarnation.value();
}

}  // namespace v1
}  // namespace flotilla

namespace {

using flotilla::belief;
using flotilla::member_state;
using flotilla::merge;
using flotilla::merge_finally;
using flotilla::merge_outcome;
using flotilla::serial;

using number = serial<std::uint8_t>;
using belief8 = belief<std::uint8_t, int>;  // two addresses will do: 1 and 2
constexpr int window = 64;                  // W at 8 bits
constexpr member_state states[] = {member_state::alive, member_state::suspect, member_state::dead,
                                   member_state::left};
static_assert(number::window() == window);

constexpr number numbered(int n) { return number{static_cast<std::uint8_t>(n & 255)}; }

/// Only alive facts carry a place.
constexpr belief8 fact(member_state state, int incarnation, int address = 0) {
  const bool alive = state == member_state::alive;
  return {numbered(incarnation), state, alive, alive ? numbered(incarnation) : number{}, address};
}
constexpr belief8 alive(int incarnation, int address = 1) {
  return fact(member_state::alive, incarnation, address);
}
constexpr belief8 suspect(int incarnation) { return fact(member_state::suspect, incarnation); }
constexpr belief8 dead(int incarnation) { return fact(member_state::dead, incarnation); }
constexpr belief8 left(int incarnation) { return fact(member_state::left, incarnation); }
/// Every fact with this incarnation.
constexpr std::array<belief8, 5> facts(int incarnation) {
  return {alive(incarnation, 1), alive(incarnation, 2), suspect(incarnation), dead(incarnation),
          left(incarnation)};
}

constexpr belief8 joined(belief8 held, const belief8& told) {
  merge(held, told);
  return held;
}

static_assert(joined(alive(1), dead(1)).state == member_state::dead);  // at compile time too

// Incarnations as plain integers that never wrap: inside one window the order is theirs.
struct plain {
  int incarnation;
  member_state state;
  int place;  // meaningless while address is 0
  int address;
};
constexpr plain max(const plain& a, const plain& b) {
  plain result = a;
  if (std::pair{b.incarnation, b.state} > std::pair{a.incarnation, a.state}) {
    result.incarnation = b.incarnation;
    result.state = b.state;
  }
  if (b.address != 0 &&
      (a.address == 0 || std::pair{b.place, b.address} > std::pair{a.place, a.address})) {
    result.place = b.place;
    result.address = b.address;
  }
  // The place is never farther behind the verdict than W.
  result.place = std::max(result.place, result.incarnation - window);
  return result;
}
constexpr belief8 wrapped(const plain& p) {
  const bool placed = p.address != 0;
  return {numbered(p.incarnation), p.state, placed, placed ? numbered(p.place) : number{},
          p.address};
}
constexpr plain plain_fact(member_state state, int incarnation, int address) {
  return {incarnation, state, incarnation, state == member_state::alive ? address : 0};
}

// The laws of a join, for all facts a, b, c that lie pairwise within W. `a` is anchored; the next
// test shows that all anchors are alike.
TEST(Merge, IsCommutativeAssociativeAndIdempotentInsideTheWindow) {
  for (const int anchor : {0, 100, 255}) {
    for (int b = anchor - window; b <= anchor + window; ++b) {
      for (const belief8& x : facts(anchor)) {
        for (const belief8& y : facts(b)) {
          ASSERT_EQ(joined(x, y), joined(y, x));
          ASSERT_EQ(joined(joined(x, y), y), joined(x, y));
          ASSERT_EQ(joined(joined(x, y), x), joined(x, y));
          const int first = std::max(anchor, b) - window;
          const int last = std::min(anchor, b) + window;
          for (int c = first; c <= last; ++c) {
            for (const belief8& z : facts(c)) {
              const bool associative = joined(joined(x, y), z) == joined(x, joined(y, z));
              ASSERT_TRUE(associative)
                  << testing::PrintToString(x) << ", " << testing::PrintToString(y) << ", "
                  << testing::PrintToString(z);
            }
          }
        }
      }
    }
  }
}

// Every pair of facts inside the window, wherever on the ring it lies: the larger of each
// component, and the outcome names what was replaced.
TEST(Merge, IsTheLargerOfEachComponentWhereverTheWindowLies) {
  for (int anchor = 0; anchor < 256; ++anchor) {
    for (int other = anchor - window; other <= anchor + window; ++other) {
      for (const member_state x : states) {
        for (const member_state y : states) {
          for (const int address : {1, 2}) {
            const plain held = plain_fact(x, anchor, 3 - address);
            const plain told = plain_fact(y, other, address);
            const plain expected = max(held, told);
            belief8 actual = wrapped(held);
            const merge_outcome outcome = merge(actual, wrapped(told));
            ASSERT_EQ(actual, wrapped(expected)) << wrapped(held).incarnation.value();
            const bool verdict =
                actual.incarnation != wrapped(held).incarnation || x < actual.state;
            const bool place = actual.address != wrapped(held).address ||
                               actual.place_incarnation != wrapped(held).place_incarnation;
            ASSERT_EQ(static_cast<int>(outcome), (place ? 1 : 0) + (verdict ? 2 : 0));
          }
        }
      }
    }
  }
}

// A row's history can have led its verdict up to W ahead of its place. From each such belief every
// fact inside the window leads forward, tells nothing the second time, and keeps its address.
TEST(Merge, NeverDecreasesAndTellsNothingTwiceFromAnyBelief) {
  for (const int anchor : {0, 77, 255}) {
    for (const member_state state : states) {
      for (int behind = 0; behind <= window; ++behind) {
        for (const int address : {0, 1, 2}) {
          const plain held{anchor, state, anchor - behind, address};
          for (int other = anchor - window; other <= anchor + window; ++other) {
            for (const member_state told : states) {
              const plain said = plain_fact(told, other, 3 - std::max(address, 1));
              belief8 actual = wrapped(held);
              merge(actual, wrapped(said));
              ASSERT_EQ(actual, wrapped(max(held, said)))
                  << testing::PrintToString(wrapped(held)) << " told "
                  << testing::PrintToString(wrapped(said));
              ASSERT_EQ(merge(actual, wrapped(said)), merge_outcome::known)
                  << testing::PrintToString(wrapped(held)) << " told twice "
                  << testing::PrintToString(wrapped(said));
              ASSERT_EQ(actual, wrapped(max(held, said)));
            }
          }
        }
      }
    }
  }
}

// Serial numbers have no order out there: whatever is told, nothing is merged.
TEST(Merge, RefusesEveryFactOutsideTheWindow) {
  for (int anchor = 0; anchor < 256; ++anchor) {
    for (int distance = 0; distance < 256; ++distance) {
      const bool outside = distance > window && distance < 256 - window;
      for (const belief8& held : facts(anchor)) {
        for (const belief8& told : facts(anchor + distance)) {
          belief8 actual = held;
          const merge_outcome outcome = merge(actual, told);
          ASSERT_EQ(outcome == merge_outcome::outside_window, outside) << distance;
          ASSERT_TRUE(!outside || actual == held) << distance;
        }
      }
    }
  }
}

// SWIM, section 4.2: "{Alive M_l, inc = i} overrides ..." and so on; i is told, j is held.
// Departures: a Confirm overrides at i >= j only, where the paper's is final, so that a member
// declared dead in error can speak up; `left` is an extension that overrides the other three.
TEST(Merge, OverridesAsThePaperSays) {
  struct clause {
    member_state told;
    member_state held;
    bool at_equal;  // i >= j, otherwise i > j
  };
  constexpr auto a = member_state::alive;
  constexpr auto s = member_state::suspect;
  constexpr auto d = member_state::dead;
  constexpr auto l = member_state::left;
  constexpr clause clauses[] = {
      {a, a, false}, {a, s, false},  // Alive: i > j
      {s, s, false}, {s, a, true},   // Suspect: i > j over Suspect, i >= j over Alive
      {d, a, true},  {d, s, true},   // Confirm: in the paper any j
      {a, d, false}, {s, d, false}, {d, d, false},  // over Confirm: in the paper never
      {l, a, true},  {l, s, true},  {l, d, true},   // extension
      {a, l, false}, {s, l, false}, {d, l, false}, {l, l, false},
  };
  static_assert(std::size(clauses) == 16);
  for (const clause& c : clauses) {
    for (int i = 100 - window; i <= 100 + window; ++i) {
      belief8 held = fact(c.held, 100, 1);
      const auto outcome = static_cast<unsigned>(merge(held, fact(c.told, i, 1)));
      const bool overrides = i > 100 || (i == 100 && c.at_equal);
      EXPECT_EQ((outcome & static_cast<unsigned>(merge_outcome::verdict)) != 0, overrides)
          << to_string(c.told) << '@' << i << " over " << to_string(c.held) << "@100";
      EXPECT_EQ(held.state, overrides ? c.told : c.held);
      EXPECT_EQ(held.incarnation, numbered(std::max(i, 100)));
    }
  }
}

// Trap: dead@10 heard while dead@1 is held must raise the stored incarnation, or alive@2 would
// resurrect the member.
TEST(Merge, ANewerDeathRaisesTheIncarnationThatIsHeld) {
  belief8 held = joined(alive(1), dead(1));
  EXPECT_EQ(merge(held, dead(10)), merge_outcome::verdict);
  EXPECT_EQ(held.incarnation, numbered(10));
  EXPECT_EQ(merge(held, alive(2, 2)), merge_outcome::place);  // brings its address and no life
  EXPECT_EQ(held.state, member_state::dead);
  EXPECT_EQ(held.incarnation, numbered(10));
  EXPECT_EQ(merge(held, alive(11)), merge_outcome::both);
  EXPECT_EQ(held, alive(11));
}

// Trap: an accusation comes without address. It keeps the one that is held, and the alive fact of
// its incarnation, when it comes late, still brings its own.
TEST(Merge, AnAccusationKeepsTheAddressAndTheLateAliveFactBringsIts) {
  for (const belief8& accusation : {suspect(5), dead(5), left(5)}) {
    belief8 held = alive(4, 2);
    EXPECT_EQ(merge(held, accusation), merge_outcome::verdict);
    EXPECT_EQ(held.address, 2);
    EXPECT_EQ(merge(held, alive(3, 1)), merge_outcome::known);
    EXPECT_EQ(merge(held, alive(5, 1)), merge_outcome::place);
    EXPECT_EQ(held.address, 1);
    EXPECT_EQ(held.state, accusation.state);
  }
}

// Two processes with one id say different things at one incarnation: all hold the same in the end.
TEST(Merge, AtOneIncarnationTheLargerAddressIsKept) {
  belief8 held = alive(5, 1);
  EXPECT_EQ(merge(held, alive(5, 2)), merge_outcome::place);
  EXPECT_EQ(merge(held, alive(5, 1)), merge_outcome::known);
  EXPECT_EQ(held, alive(5, 2));
}

// An accusation may name an incarnation W ahead of the alive fact that is held, and the member may
// speak up W ahead of the accusation: the two alive facts are then half the range apart, where
// serials have no order. The new address counts all the same.
TEST(Merge, TheAddressFollowsAnAliveFactTwoWindowsAhead) {
  belief8 held = joined(alive(0, 2), dead(window));
  EXPECT_EQ(merge(held, alive(2 * window, 1)), merge_outcome::both);
  EXPECT_EQ(held, alive(2 * window, 1));
}

// Accusations alone can lead the verdict all around the ring. The old place is then not taken for
// a future one: the member's own word still brings its address.
TEST(Merge, ThePlaceNeverWrapsAroundToWinAgainstTheFuture) {
  belief8 held = alive(0, 2);
  for (int i = 1; i <= 300; ++i) {
    ASSERT_EQ(merge(held, dead(i)), merge_outcome::verdict) << i;
    ASSERT_EQ(held.address, 2) << i;
    belief8 revived = held;
    ASSERT_EQ(merge(revived, alive(i + 1, 1)), merge_outcome::both) << i;
    ASSERT_EQ(revived, alive(i + 1, 1)) << i;
  }
}

// ---- experiment::final_death

/// Exhaustively: dead is what merging with it gives, held or told, and otherwise nothing is new.
TEST(MergeFinally, DeadOverridesAliveAndSuspectAndNothingOverridesDead) {
  for (const member_state held_state : states) {
    for (const member_state told_state : states) {
      for (int n = 0; n < 256; ++n) {
        belief8 held = fact(held_state, 7, 1);
        const belief8 told = fact(told_state, n, 2);
        belief8 plain = held;
        const merge_outcome plainly = merge(plain, told);
        const belief8 before = held;
        const merge_outcome outcome = merge_finally(held, told);
        if (held_state == member_state::dead) {
          ASSERT_EQ(outcome, merge_outcome::known) << n;
          ASSERT_EQ(held, before) << n;
        } else if (told_state == member_state::dead && held_state != member_state::left) {
          ASSERT_EQ(outcome, merge_outcome::verdict) << n;
          ASSERT_EQ(held.state, member_state::dead) << n;
          ASSERT_EQ(held.incarnation, plain.incarnation) << n << ": it never decreases";
          ASSERT_EQ(held.address, before.address) << n;
        } else {
          ASSERT_EQ(outcome, plainly) << n;
          ASSERT_EQ(held, plain) << n;
        }
      }
    }
  }
}

}  // namespace
