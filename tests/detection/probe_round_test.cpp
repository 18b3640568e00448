// detection/probe_round_test.cpp - flotilla/detection/probe_round.hpp
// What one round means for its subject (SWIM, section 3.1), and whom it asks for help (S10, S11).
#include <flotilla/detection/probe_round.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <set>
#include <vector>

namespace {

using namespace std::chrono_literals;
using flotilla::endpoint;
using flotilla::helper_set;
using flotilla::incarnation;
using flotilla::is_active;
using flotilla::member_id;
using flotilla::member_state;
using flotilla::member_table;
using flotilla::pick_helpers;
using flotilla::probe_order;
using flotilla::probe_round;
using flotilla::row;
using flotilla::row_index;
using flotilla::time_point;
using flotilla::detail::random_generator;
using outcome = probe_round::outcome;

constexpr time_point start{1h};
constexpr std::uint32_t sequence = 77;

probe_round begun() {
  row subject{};
  subject.id = member_id{7};
  subject.incarnation = incarnation{3};
  probe_round round;
  round.begin(subject, 1, sequence, start, 500ms);
  return round;
}

TEST(ProbeRound, BeginsWithThePingAndNothingElse) {
  const probe_round round = begun();
  EXPECT_TRUE(round.active);
  EXPECT_FALSE(round.answered);
  EXPECT_FALSE(round.pulled);
  EXPECT_EQ(round.subject, member_id{7});
  EXPECT_EQ(round.incarnation, incarnation{3});
  EXPECT_EQ(round.sequence, sequence);
  EXPECT_EQ(round.request_sequence, 0U);
  EXPECT_EQ(round.started, start);
  EXPECT_EQ(round.direct_due, start + 500ms);
  EXPECT_EQ(round.helpers.count, 0U);
}

TEST(ProbeRound, ANewRoundForgetsTheLastOne) {
  probe_round round = begun();
  round.on_pulled(sequence, start, 500ms);
  round.on_answer();
  round.extended = true;
  round.request_sequence = 9;
  round.helpers.count = 2;
  row subject{};
  subject.id = member_id{7};
  subject.incarnation = incarnation{3};
  round.begin(subject, 1, sequence, start, 500ms);
  EXPECT_EQ(round, begun());
}

TEST(ProbeRound, ResultByWhatHappened) {
  EXPECT_EQ(probe_round{}.result(), outcome::idle);
  probe_round round = begun();
  EXPECT_EQ(round.result(), outcome::unsent);  // never pulled: it accuses nobody
  round.on_pulled(sequence, start, 500ms);
  EXPECT_EQ(round.result(), outcome::failed);
  round.on_answer();
  EXPECT_EQ(round.result(), outcome::answered);
  EXPECT_EQ(round.direct_due, time_point::max());  // no helper is asked any more
  probe_round unsent = begun();
  unsent.on_answer();
  EXPECT_EQ(unsent.result(), outcome::answered);
}

// Law 3: pulled later than half its time-out, a ping accuses nobody.
TEST(ProbeRound, APingPulledLateAccusesNobody) {
  const auto pulled_after = [](flotilla::duration delay) {
    probe_round round = begun();
    round.on_pulled(sequence, start + delay, 500ms);
    return round.result();
  };
  EXPECT_EQ(pulled_after(0ms), outcome::failed);
  EXPECT_EQ(pulled_after(250ms), outcome::failed);
  EXPECT_EQ(pulled_after(250ms + 1ns), outcome::unsent);
  EXPECT_EQ(pulled_after(10s), outcome::unsent);
}

TEST(ProbeRound, OtherPingsPulledMeanNothing) {
  probe_round round = begun();
  round.on_pulled(sequence + 1, start, 500ms);
  EXPECT_EQ(round, begun());
  probe_round idle;
  idle.on_pulled(0, start, 500ms);
  EXPECT_EQ(idle, probe_round{});
}

TEST(ProbeRound, HashFollowsWhatHappens) {
  const auto digest = [](const probe_round& round) {
    flotilla::detail::state_hasher out;
    round.hash_into(out);
    return out.digest();
  };
  std::set<std::uint64_t> digests{digest(probe_round{})};
  probe_round round = begun();
  digests.insert(digest(round));
  round.on_pulled(sequence, start, 500ms);
  digests.insert(digest(round));
  round.helpers.ids[round.helpers.count++] = member_id{8};
  digests.insert(digest(round));
  ASSERT_TRUE(round.helpers.nack(member_id{8}));
  digests.insert(digest(round));
  round.on_answer();
  digests.insert(digest(round));
  EXPECT_EQ(digests.size(), 6U);
}

// S10: a nack counts once for each chosen helper, and from nobody else.
TEST(HelperSet, ANackCountsOnceForEachHelper) {
  helper_set helpers;
  for (std::uint64_t id = 10; id < 26; ++id) helpers.ids[helpers.count++] = member_id{id};
  for (std::uint64_t id = 0; id < 40; ++id) {
    const bool chosen = id >= 10 && id < 26;
    EXPECT_EQ(helpers.contains(member_id{id}), chosen) << id;
    EXPECT_EQ(helpers.nack(member_id{id}), chosen) << id;
    EXPECT_FALSE(helpers.nack(member_id{id})) << id;
  }
  EXPECT_FALSE(helper_set{}.contains(member_id{0}));
  EXPECT_FALSE(helper_set{}.nack(member_id{0}));
}

constexpr endpoint own_home = endpoint::ipv4({10, 0, 0, 1}, 7946);
endpoint home(std::uint32_t i) {
  return endpoint::ipv4({10, 0, 1, static_cast<std::uint8_t>(i)}, 7946);
}

/// Row 1 is the subject; some others are suspect, live at its address or at ours.
struct crowd {
  member_table table{{}, 200, 0, {member_id{1}, own_home}};
  probe_order order{200, 0};
  random_generator random;
  std::set<member_id> eligible;

  crowd(std::uint32_t others, std::uint64_t seed, bool mixed) : random{seed} {
    add(2, home(2), member_state::alive);
    for (std::uint32_t i = 3; i < 3 + others; ++i) {
      const std::uint32_t kind = mixed ? random.below(6) : 5;
      const endpoint address = kind == 0 ? home(2) : kind == 1 ? own_home : home(i);
      const auto state = kind == 2 ? member_state::suspect : member_state::alive;
      add(i, address, state);
      if (kind > 2) eligible.insert(member_id{i});
    }
  }
  void add(std::uint32_t id, const endpoint& address, member_state state) {
    const row_index at = table.add({member_id{id}, address, incarnation{0}, state});
    EXPECT_TRUE(order.try_reserve(1));
    order.insert(table, at, random);
  }
  helper_set pick(std::uint32_t wanted) { return pick_helpers(table, order, 1, wanted, random); }
};

// S11: distinct, alive, never self or the subject, by id or by address; at most as many as wanted.
TEST(PickHelpers, AreDistinctAliveAndNeitherSelfNorSubject) {
  for (std::uint64_t seed = 0; seed < 2000; ++seed) {
    crowd members{static_cast<std::uint32_t>(seed % 60), seed, true};
    for (const std::uint32_t wanted : {0U, 1U, 3U, 16U}) {
      const helper_set helpers = members.pick(wanted);
      ASSERT_LE(helpers.count, wanted);
      std::set<member_id> distinct;
      for (std::uint32_t i = 0; i < helpers.count; ++i) {
        distinct.insert(helpers.ids[i]);
        ASSERT_EQ(members.eligible.count(helpers.ids[i]), 1U) << "seed " << seed;
      }
      ASSERT_EQ(distinct.size(), helpers.count) << "seed " << seed;
      ASSERT_EQ(helpers.nacked, 0U);
      // Where it may look at everybody it finds all that it wants.
      if (members.order.size() <= 4 * wanted) {
        ASSERT_EQ(helpers.count, std::min<std::size_t>(wanted, members.eligible.size()));
      }
    }
  }
}

TEST(PickHelpers, AmongTheHealthyAllThatAreWantedAreFound) {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    crowd members{100, seed, false};
    EXPECT_EQ(members.pick(3).count, 3U);
    EXPECT_EQ(members.pick(16).count, 16U);
  }
}

TEST(PickHelpers, NobodyIsThere) {
  crowd alone{0, 1, false};
  EXPECT_EQ(alone.pick(3).count, 0U);
  alone.order.remove(alone.table, 1);
  EXPECT_EQ(alone.pick(3).count, 0U);
}

TEST(PickHelpers, EverybodyIsAskedInTheEnd) {
  crowd members{30, 1, false};
  std::set<member_id> asked;
  for (int i = 0; i < 500; ++i) {
    const helper_set helpers = members.pick(3);
    asked.insert(helpers.ids.begin(), helpers.ids.begin() + helpers.count);
  }
  EXPECT_EQ(asked, members.eligible);
}

}  // namespace
