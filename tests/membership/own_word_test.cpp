// membership/own_word_test.cpp - flotilla/membership/own_word.hpp
// What a member answers to every fact about itself, at every distance where the answer changes.
#include <flotilla/membership/own_word.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <vector>

namespace {

using namespace std::chrono_literals;
using flotilla::conflict_limiter;
using flotilla::duration;
using flotilla::endpoint;
using flotilla::incarnation;
using flotilla::judge_own;
using flotilla::member;
using flotilla::member_id;
using flotilla::member_state;
using flotilla::own_word_answer;
using flotilla::time_point;
using flotilla::wire::fact;

constexpr endpoint here = endpoint::ipv4({10, 0, 0, 1}, 7946);
constexpr endpoint elsewhere = endpoint::ipv4({10, 0, 0, 2}, 7946);
constexpr std::uint32_t W = incarnation::window();

constexpr member self_at(std::uint32_t number, member_state state = member_state::alive) {
  return {member_id{1}, here, incarnation{number}, state};
}
constexpr fact about_self(member_state state, std::uint32_t number, const endpoint& where = here) {
  const bool alive = state == member_state::alive;
  return {member_id{1}, incarnation{number}, state, alive ? where : endpoint{},
          member_id{alive ? 0U : 9U}};
}

constexpr auto nothing = own_word_answer::nothing;
constexpr auto raise = own_word_answer::raise;
constexpr auto conflict = own_word_answer::conflict;
constexpr auto out_of_reach = own_word_answer::out_of_reach;

static_assert(judge_own(self_at(5), about_self(member_state::suspect, 5), true) == raise);

struct expectation {
  std::uint32_t ahead;  // of our own incarnation; "- n" is behind
  own_word_answer alive_here;
  own_word_answer accused;
  own_word_answer alive_elsewhere;
};

// Once somebody has acknowledged us, facts outside the window are others' to settle with us.
constexpr expectation acknowledged[] = {
    {0, nothing, raise, conflict},
    {1, raise, raise, conflict},
    {W / 2, raise, raise, conflict},
    {W / 2 + 1, raise, raise, conflict},  // the design's W/2 would leave a gap here
    {W, raise, raise, conflict},
    {W + 1, out_of_reach, out_of_reach, out_of_reach},
    {2 * W, out_of_reach, out_of_reach, out_of_reach},
    {0 - (W + 1), out_of_reach, out_of_reach, out_of_reach},
    {0 - W, nothing, nothing, nothing},
    {0 - std::uint32_t{1}, nothing, nothing, nothing},
};
// Rule (c): before that we know nothing of our former life, and raise past whatever is ahead or out
// of order; the other address may be the one that we had then.
constexpr expectation unacknowledged[] = {
    {0, nothing, raise, raise},         {1, raise, raise, raise},
    {W, raise, raise, raise},           {W + 1, raise, raise, raise},
    {2 * W, raise, raise, raise},       {0 - (W + 1), raise, raise, raise},
    {0 - W, nothing, nothing, nothing}, {0 - std::uint32_t{1}, nothing, nothing, nothing},
};

void expect_answers(const expectation& e, bool known) {
  for (const std::uint32_t own : {0U, 7U, 0x7fffffffU, 0xffffffffU}) {
    const std::uint32_t told = own + e.ahead;
    SCOPED_TRACE(testing::Message()
                 << "own " << own << ", told " << told << ", acknowledged " << known);
    const member self = self_at(own);
    EXPECT_EQ(judge_own(self, about_self(member_state::alive, told), known), e.alive_here);
    EXPECT_EQ(judge_own(self, about_self(member_state::alive, told, elsewhere), known),
              e.alive_elsewhere);
    for (const auto accusation : {member_state::suspect, member_state::dead, member_state::left}) {
      EXPECT_EQ(judge_own(self, about_self(accusation, told), known), e.accused)
          << to_string(accusation);
    }
  }
}

TEST(OwnWord, AnswersByDistanceOnceAcknowledged) {
  for (const expectation& e : acknowledged) expect_answers(e, true);
}
TEST(OwnWord, RaisesPastEverythingBeforeTheFirstAcknowledgement) {
  for (const expectation& e : unacknowledged) expect_answers(e, false);
}

// Trap: a suspicion below the own incarnation raises nothing (SWIM, section 4.2: only one "in its
// current incarnation" does). It is cleared by our reply, which shows the higher incarnation.
TEST(OwnWord, ASuspicionBelowTheOwnIncarnationRaisesNothing) {
  for (std::uint32_t below = 1; below <= 100; ++below) {
    const fact old = about_self(member_state::suspect, 100 - below);
    EXPECT_EQ(judge_own(self_at(100), old, true), nothing);
    EXPECT_EQ(judge_own(self_at(100), old, false), nothing);
  }
}

// Our farewell overrides every accusation of its incarnation: only a newer one is spoken past.
TEST(OwnWord, WhoLeavesRefutesNoAccusationOfItsFarewellsIncarnation) {
  const member leaving = self_at(5, member_state::left);
  for (const auto state :
       {member_state::alive, member_state::suspect, member_state::dead, member_state::left}) {
    EXPECT_EQ(judge_own(leaving, about_self(state, 5), true), nothing) << to_string(state);
    EXPECT_EQ(judge_own(leaving, about_self(state, 6), true), raise) << to_string(state);
  }
}

// Law 8: an answered fact is left behind by one step, and what is farther than W is refused by
// whoever holds us. So no distance is settled by neither.
TEST(OwnWord, EveryFactInsideTheWindowThatOverridesUsIsSpokenPast) {
  for (const std::uint32_t ahead : {1U, 2U, W / 4, W / 2, W / 2 + 1, W - 1, W}) {
    const incarnation told{0xfffffff0U + ahead};
    ASSERT_TRUE(incarnation{0xfffffff0U}.within_window(told));
    EXPECT_EQ(judge_own(self_at(0xfffffff0U), about_self(member_state::dead, told.value()), true),
              raise);
    EXPECT_GT(told.next(), told);
  }
}

constexpr time_point at(duration since_start) { return time_point{1000h} + since_start; }

/// When answers are allowed if one is asked for every `step` from 0 to `end`.
std::vector<duration> allowed(duration first, duration step, duration end) {
  conflict_limiter limiter;
  std::vector<duration> result;
  for (duration t{}; t <= end; t += step) {
    if (limiter.allow(at(t), first)) result.push_back(t);
  }
  return result;
}

// Own word, conflicts: refuted "at most once an interval that doubles up to 60 s".
TEST(ConflictLimiter, IntervalsDoubleUpToAMinute) {
  const std::vector<duration> expected = {0s, 1s, 3s, 7s, 15s, 31s, 63s, 123s, 183s, 243s, 303s};
  EXPECT_EQ(allowed(1s, 1s, 303s), expected);
  EXPECT_EQ(allowed(1s, 1ms, 303s), expected);  // a storm gets no more
}

TEST(ConflictLimiter, AnswersNotYetAtTheEndLessANanosecond) {
  conflict_limiter limiter;
  EXPECT_TRUE(limiter.allow(at(0s), 200ms));
  const conflict_limiter once = limiter;
  EXPECT_FALSE(limiter.allow(at(200ms - 1ns), 200ms));
  EXPECT_EQ(limiter, once);  // a refusal is not counted
  EXPECT_TRUE(limiter.allow(at(200ms), 200ms));
  EXPECT_FALSE(limiter.allow(at(600ms - 1ns), 200ms));
  EXPECT_TRUE(limiter.allow(at(600ms), 200ms));
}

TEST(ConflictLimiter, TwiceTheIntervalOfSilenceEndsTheMatter) {
  conflict_limiter limiter;
  ASSERT_TRUE(limiter.allow(at(0s), 1s));
  ASSERT_TRUE(limiter.allow(at(1s), 1s));  // the interval is now 2 s
  conflict_limiter same = limiter;
  EXPECT_TRUE(limiter.allow(at(5s), 1s));
  EXPECT_FALSE(limiter.allow(at(9s - 1ns), 1s));  // 4 s: it went on
  EXPECT_TRUE(same.allow(at(5s + 1ns), 1s));
  EXPECT_TRUE(same.allow(at(6s + 1ns), 1s));  // 1 s: it began anew
}

TEST(ConflictLimiter, ALongProtocolPeriodIsCutToAMinute) {
  EXPECT_EQ(allowed(1h, 1s, 200s), (std::vector<duration>{0s, 60s, 120s, 180s}));
}

TEST(ConflictLimiter, FirstAnswerIsFreeAtAnyTime) {
  for (const time_point now : {time_point::min(), time_point{}, time_point::max()}) {
    EXPECT_TRUE(conflict_limiter{}.allow(now, 1s));
  }
}

}  // namespace
