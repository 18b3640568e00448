// tests/simulation/accusers_test.cpp - a member that can send but not hear, among others who can
// The group does not flap for it, and crashes are reported in time though nobody is trusted.
#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <simulation/judged_group.hpp>
#include <variant>
#include <vector>

namespace simulation {
namespace {

using flotilla::testing::no_node;

/// Counts what others tell of members that nothing is wrong with, and sees one crash reported.
class onlooker final : public engine_observer {
 public:
  explicit onlooker(cluster& group) : group_{&group} { group.sim().watch(*this); }

  node_index faulty{no_node};
  std::uint64_t suspected{0};
  std::uint64_t failed{0};
  std::uint64_t reports{0};

  void on_event(time_point now, node_index node, const engine& after,
                const flotilla::event& what) override {
    (void)now, (void)after;
    if (node == faulty) return;
    if (const auto* s = std::get_if<flotilla::member_suspected>(&what)) {
      suspected += group_->node_of(s->member.id) == faulty ? 0U : 1U;
    } else if (const auto* f = std::get_if<flotilla::member_failed>(&what)) {
      ++(group_->node_of(f->member.id) == faulty ? reports : failed);
    }
  }

 private:
  cluster* group_;
};

struct outcome {
  std::uint64_t suspected{0};
  std::uint64_t failed{0};
};

/// How little the one hears, and whether it notices that it hears nothing.
struct hearing {
  std::uint32_t loss;
  bool notices;
};

/// 50 members, one of which loses so many percent of what it is sent, for two minutes.
outcome half_connected(std::uint64_t seed, hearing one, bool weighed) {
  config settings = config::loopback();
  settings.weigh_accusers = weighed;
  settings.notice_silence = one.notices;
  cluster group{seed, settings};
  group.add_joined(50);
  EXPECT_TRUE(group.wait_full_mesh(10s));
  group.run_for(5s);
  onlooker seen{group};
  seen.faulty = static_cast<node_index>(seed % 50);
  group.net().set_ingress_loss(seen.faulty, chance::percent(one.loss));
  group.run_for(120s);
  return {seen.suspected, seen.failed};
}

TEST(a_half_connected_member, makes_nobody_flap) {
  for (const hearing one : {hearing{50, true}, hearing{95, true}, hearing{100, false}}) {
    outcome with{};
    outcome without{};
    for_each_seed(2, [&](std::uint64_t seed) {
      for (const bool weighed : {true, false}) {
        const outcome seen = half_connected(seed, one, weighed);
        (weighed ? with : without).suspected += seen.suspected;
        (weighed ? with : without).failed += seen.failed;
      }
    });
    EXPECT_EQ(with.failed, 0U) << one.loss;
    EXPECT_LT(2 * with.suspected, without.suspected) << one.loss << ": with the rule and without";
    RecordProperty("suspected_with_" + std::to_string(one.loss), std::to_string(with.suspected));
    RecordProperty("suspected_without_" + std::to_string(one.loss),
                   std::to_string(without.suspected));
  }
}

/// It notices its silence and accuses nobody until the others hold it dead, and the word of
/// somebody dead about others is not taken: there is nothing left to weigh.
TEST(a_deaf_member, makes_nobody_suspect_anybody) {
  for_each_seed(2, [](std::uint64_t seed) {
    for (const bool weighed : {true, false}) {
      const outcome seen = half_connected(seed, {100, true}, weighed);
      EXPECT_EQ(seen.suspected, 0U) << "weighed " << weighed;
      EXPECT_EQ(seen.failed, 0U) << "weighed " << weighed;
    }
  });
}

/// Each member hears thrice of each other that it accuses somebody, who refutes at once.
void discredit_all(cluster& group) {
  const node_index n = group.size();
  for (node_index step = 1; step <= 3; ++step) {
    for (node_index accuser = 0; accuser < n; ++accuser) {
      const node_index subject = (accuser + step) % n;
      const wire::fact accused{group.id_of(subject),
                               group[subject].self().incarnation,
                               flotilla::member_state::suspect,
                               {},
                               group.id_of(accuser)};
      for (node_index i = 0; i < n; ++i) tell_as(group, accuser, i, {accused});
    }
    group.run_for(3s);
    EXPECT_TRUE(group.full_mesh()) << "all have refuted";
  }
}

/// All have lost their weight everywhere, and a crash is reported by all, in the same bound.
TEST(a_group_where_nobody_has_weight, reports_every_crash_in_time) {
  for_each_seed(5, [](std::uint64_t seed) {
    duration took[2];
    for (const bool weighed : {true, false}) {
      config settings = config::loopback();
      settings.weigh_accusers = weighed;
      cluster group{seed, settings};
      group.add_joined(12);
      ASSERT_TRUE(group.wait_full_mesh(10s));
      discredit_all(group);
      onlooker seen{group};
      seen.faulty = static_cast<node_index>(seed % 12);
      const time_point crash = group.now();
      group.crash(seen.faulty);
      std::uint64_t doubted = 0;
      for (node_index i = 0; i < group.size(); ++i) doubted -= group[i].stats().accusations_doubted;
      const auto n = group.size();
      const duration bound = bounds_of_time{settings, n}.death();
      ASSERT_TRUE(group.wait_status_everywhere(seen.faulty, flotilla::member_state::dead, bound))
          << "weighed " << weighed;
      took[weighed ? 1 : 0] = group.now() - crash;
      EXPECT_EQ(seen.reports, n - 1U);
      EXPECT_EQ(seen.failed, 0U);
      for (node_index i = 0; i < n; ++i) doubted += group[i].stats().accusations_doubted;
      EXPECT_EQ(doubted != 0, weighed) << "the test does something";
    }
    // It is known by suspicion's time-out after the first accusation, plus a check here and there.
    EXPECT_LT(took[1], took[0] + 6 * config::loopback().protocol_period);
  });
}

}  // namespace
}  // namespace simulation
