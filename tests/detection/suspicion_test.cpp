// detection/suspicion_test.cpp - flotilla/detection/suspicion.hpp
// Who confirms a suspicion (S9), and time-outs and budgets as in the paper's figure 3c.
#include <flotilla/detection/suspicion.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>

namespace {

using namespace std::chrono_literals;
using flotilla::config;
using flotilla::confirmations_wanted;
using flotilla::duration;
using flotilla::longest_suspicion;
using flotilla::member_id;
using flotilla::shrunk_suspicion;
using flotilla::suspicion;
using flotilla::suspicion_timeout;
using flotilla::transmit_budget;

constexpr member_id self{1000};

suspicion accused_by(std::uint64_t accuser) {
  suspicion record;
  record.set_accuser(member_id{accuser}, self, 0);
  return record;
}

// Traps: the first accuser (which is the local node, when its own probe failed) and repetitions of
// whoever has confirmed already tell nothing new.
TEST(Suspicion, EachAccuserConfirmsOnceAndTheFirstNever) {
  suspicion record = accused_by(1);
  EXPECT_FALSE(record.confirm(member_id{1}, self));
  EXPECT_EQ(record, accused_by(1));
  EXPECT_TRUE(record.confirm(member_id{2}, self));
  EXPECT_FALSE(record.confirm(member_id{2}, self));
  EXPECT_FALSE(record.confirm(member_id{1}, self));
  EXPECT_TRUE(record.confirm(member_id{3}, self));
  EXPECT_FALSE(record.confirm(member_id{2}, self));
  EXPECT_EQ(record.confirmations, 2U);
}

TEST(Suspicion, ConfirmationsStopAtK) {
  suspicion record = accused_by(1);
  for (std::uint64_t id = 2; id < 2 + suspicion::max_confirmations; ++id) {
    EXPECT_TRUE(record.confirm(member_id{id}, self));
  }
  const suspicion full = record;
  EXPECT_FALSE(record.confirm(member_id{100}, self));
  EXPECT_EQ(record, full);
  EXPECT_EQ(record.confirmations, 3U);
}

/// Those without weight are counted apart, make room for those with, and come in once.
TEST(Suspicion, ConfirmersWithoutWeightAreCountedApart) {
  suspicion s;
  s.set_accuser(member_id{1}, self, 0);
  EXPECT_TRUE(s.confirm(member_id{2}, self, false));
  EXPECT_FALSE(s.confirm(member_id{2}, self, false));
  EXPECT_FALSE(s.confirm(member_id{1}, self, false));
  EXPECT_EQ(s.weight(), 0U);
  EXPECT_TRUE(s.confirm(member_id{3}, self));
  EXPECT_EQ(s.weight(), 1U);
  EXPECT_TRUE(s.confirm(member_id{4}, self, false));
  EXPECT_FALSE(s.confirm(member_id{5}, self, false)) << "full";
  EXPECT_EQ(s.weight(), 1U);
  EXPECT_TRUE(s.confirm(member_id{5}, self));
  EXPECT_TRUE(s.confirm(member_id{6}, self));
  EXPECT_FALSE(s.confirm(member_id{7}, self));
  EXPECT_EQ(s.confirmations, 3U);
  EXPECT_EQ(s.weight(), 3U);
  EXPECT_EQ(s.doubtful, 0U);
}

// Ids are the embedding program's: address and port in one word is a natural choice, and then whole
// groups share one half of the word.
TEST(Suspicion, AccusersAreToldApartByTheirWholeIds) {
  for (const std::uint64_t step : {std::uint64_t{1}, std::uint64_t{1} << 32U,
                                   std::uint64_t{0x100000001}, std::uint64_t{1} << 63U}) {
    suspicion record = accused_by(7946);
    EXPECT_TRUE(record.confirm(member_id{7946 + step}, self)) << std::hex << step;
    EXPECT_FALSE(record.confirm(member_id{7946 + step}, self)) << std::hex << step;
  }
  suspicion record = accused_by(0x0a00000100001f0aU);
  EXPECT_TRUE(record.confirm(member_id{0x0a00000200001f0aU}, self));
  EXPECT_TRUE(record.confirm(member_id{0x0a00000300001f0aU}, self));
}

// A record with fewer than K confirmations has free places; no id may look as if it were in one.
TEST(Suspicion, FreePlacesConfirmNobody) {
  suspicion record = accused_by(1);
  EXPECT_TRUE(record.confirm(member_id{std::uint64_t{1} << 32U}, self));  // its low half is 0
  EXPECT_EQ(record.confirmations, 1U);
}

// Our own failed probe takes the place of its accuser's id.
TEST(Suspicion, RemembersWhoBeganItAndByWhichProbe) {
  suspicion heard = accused_by(7);
  EXPECT_EQ(heard.accuser(self), member_id{7});
  EXPECT_EQ(heard.probe(), 0U);
  EXPECT_EQ(heard.told, member_id{7});
  EXPECT_FALSE(heard.failed_here(self));
  suspicion ours;
  ours.set_accuser(self, self, 0xffffffffU);
  EXPECT_EQ(ours.accuser(self), self);
  EXPECT_EQ(ours.probe(), 0xffffffffU);
  EXPECT_EQ(ours.told, self);
  EXPECT_TRUE(ours.failed_here(self));
  EXPECT_FALSE(ours.confirm(self, self));
  EXPECT_TRUE(ours.confirm(member_id{0xffffffffU}, self)) << "a number is nobody's id";
}

// The packed fields hold the most that each of them can be.
TEST(Suspicion, KeepsWhatIsPutIntoIt) {
  suspicion s = accused_by(1);
  s.set_subject(flotilla::max_members_limit - 1);
  s.set_heap_at(flotilla::max_members_limit - 1);
  s.put_off = suspicion::max_put_off;
  s.alone = suspicion::max_alone;
  s.logarithm = flotilla::detail::ceil_ln_plus_one(flotilla::max_members_limit) & 31U;
  for (const std::uint32_t sequence : {1U, 0xffffU, 0x10000U, 0xfffffffeU}) {
    s.end_check();
    EXPECT_FALSE(s.is_checking());
    EXPECT_FALSE(s.is_check(sequence));
    s.begin_check(sequence, flotilla::time_point{1h});
    EXPECT_TRUE(s.is_checking());
    EXPECT_TRUE(s.is_check(sequence));
    EXPECT_FALSE(s.is_check(sequence - 1));
  }
  s.asked = s.joined = s.expired = s.acked = s.checked = s.check_left = true;
  for (std::uint64_t id = 2; id <= 4; ++id) EXPECT_TRUE(s.confirm(member_id{id}, self));
  EXPECT_EQ(std::uint8_t{s.confirmations}, 3U);
  EXPECT_TRUE(s.is_check(0xfffffffeU) && s.asked && s.joined && s.expired && s.acked);
  EXPECT_TRUE(s.checked && s.check_left);
  EXPECT_EQ(s.subject(), flotilla::max_members_limit - 1);
  EXPECT_EQ(s.heap_at(), flotilla::max_members_limit - 1);
  EXPECT_EQ(std::uint8_t{s.put_off}, suspicion::max_put_off);
  EXPECT_EQ(std::uint8_t{s.alone}, suspicion::max_alone);
  for (const std::uint32_t n : {1U, 2U, 3U, 1'000U, flotilla::max_members_limit}) {
    s.logarithm = flotilla::detail::ceil_ln_plus_one(n) & 31U;
    EXPECT_EQ(s.least(config::lan()), suspicion_timeout(config::lan(), n)) << n;
  }
}

// SWIM, section 5: "the suspicion time-out is 3 ceil(log(N+1))" periods; figure 3c shows 9, 12, 15.
TEST(Suspicion, TimeoutsAreThoseOfThePapersFigure) {
  const config paper = config::swim_paper();
  const auto periods = [&](std::uint32_t n) {
    const duration timeout = suspicion_timeout(paper, n);
    EXPECT_EQ(timeout % paper.protocol_period, duration::zero()) << n;
    return timeout / paper.protocol_period;
  };
  for (std::uint32_t n = 8; n <= 19; ++n) EXPECT_EQ(periods(n), 9) << n;
  for (std::uint32_t n = 20; n <= 53; ++n) EXPECT_EQ(periods(n), 12) << n;
  for (std::uint32_t n = 54; n <= 147; ++n) EXPECT_EQ(periods(n), 15) << n;
  for (std::uint32_t n = 2; n <= 53; ++n) {
    EXPECT_EQ(transmit_budget(paper, n), static_cast<std::uint32_t>(periods(n))) << n;
  }
}

// With loopback() the suspicion lasts at least 1 s at 10 members.
TEST(Suspicion, LoopbackGivesTenMembersASecond) {
  EXPECT_GE(suspicion_timeout(config::loopback(), 10), 1s);
}

// Lifeguard's formula with memberlist's unit values: Min 2 s, Max 30 s, K = 3. One confirmation
// after 2 s leaves 14 s, a second after 3 s 4.81 s, a third none.
TEST(Suspicion, ShrinksWithItsConfirmations) {
  const auto lasts = [](std::uint8_t confirmations) {
    return shrunk_suspicion(2s, 30s, confirmations, 3);
  };
  EXPECT_EQ(lasts(0), 30s);
  EXPECT_EQ(lasts(1), 16s);
  EXPECT_EQ(lasts(2) / 1ms, 7810);
  EXPECT_EQ(lasts(3), 2s);
  EXPECT_EQ(lasts(255), 2s);
  for (std::uint8_t c = 0; c < 4; ++c) {
    EXPECT_EQ(shrunk_suspicion(2s, 2s, c, 3), 2s) << "beta = 1";
    EXPECT_EQ(shrunk_suspicion(2s, 30s, c, 0), 2s) << "a group too small for K";
  }
  // 1 - ln(3)/ln(4) of the longest time there is: no overflow, and 16 bits of it are right.
  const duration most = duration::max();
  EXPECT_EQ(shrunk_suspicion(0s, most, 0, 3) / 65536, most / 65536);
  const double share = static_cast<double>(shrunk_suspicion(0s, most, 2, 3).count()) /
                       static_cast<double>(most.count());
  EXPECT_NEAR(share, 0.20751874963942, 2.0 / 65536);
}

// The suspect, the first accuser and the observer confirm nothing: who is left must suffice.
TEST(Suspicion, GroupsTooSmallForThreeConfirmationsWaitForNone) {
  const config settings = config::lan();
  for (std::uint32_t n = 1; n <= 5; ++n) EXPECT_EQ(confirmations_wanted(settings, n), 0U) << n;
  for (std::uint32_t n = 6; n <= 64; ++n) EXPECT_EQ(confirmations_wanted(settings, n), 3U) << n;
  EXPECT_EQ(confirmations_wanted(config::swim_paper(), 64), 0U);
  EXPECT_EQ(longest_suspicion(settings, 10), 6 * suspicion_timeout(settings, 10));
  EXPECT_EQ(longest_suspicion(config::swim_paper(), 10),
            suspicion_timeout(config::swim_paper(), 10));
}

TEST(Suspicion, TimeoutsSaturate) {
  config settings;
  settings.protocol_period = duration::max() / 2;
  settings.suspicion_multiplier = 1000;
  EXPECT_EQ(suspicion_timeout(settings, 10), duration::max());
  settings.protocol_period = flotilla::max_duration;
  EXPECT_EQ(suspicion_timeout(settings, (1U << 24U) - 2), duration::max());
}

TEST(Suspicion, TimeoutsAndBudgetsGrowWithTheGroupAndAreNeverZero) {
  const config settings;
  duration last{};
  for (std::uint32_t n = 0; n < 100'000; ++n) {
    const duration timeout = suspicion_timeout(settings, n);
    ASSERT_GE(timeout, last) << n;
    ASSERT_GE(timeout, settings.suspicion_multiplier * settings.protocol_period);
    ASSERT_GE(transmit_budget(settings, n), settings.retransmit_multiplier);
    last = timeout;
  }
}

// The README's table of presets, row by row.
TEST(Suspicion, PresetsAreAsTheReadmeSays) {
  using namespace std::chrono_literals;
  struct promise {
    flotilla::config preset;
    flotilla::duration period, direct, suspicion_at_ten;
    std::uint32_t helpers, retransmissions_at_ten;
  };
  const promise table[] = {
      {flotilla::config::lan(), 1s, 500ms, 6s, 3, 9},
      {flotilla::config::wan(), 5s, 2s, 90s, 3, 12},
      {flotilla::config::loopback(), 200ms, 60ms, 1800ms, 3, 9},
      {flotilla::config::swim_paper(), 2s, 200ms, 18s, 1, 9},
  };
  for (const promise& p : table) {
    EXPECT_EQ(p.preset.protocol_period, p.period);
    EXPECT_EQ(p.preset.direct_timeout, p.direct);
    EXPECT_EQ(p.preset.helpers, p.helpers);
    EXPECT_EQ(flotilla::suspicion_timeout(p.preset, 10), p.suspicion_at_ten);
    EXPECT_EQ(flotilla::transmit_budget(p.preset, 10), p.retransmissions_at_ten);
  }
}

}  // namespace
