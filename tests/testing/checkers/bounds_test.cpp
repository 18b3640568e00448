// testing/checkers/bounds_test.cpp - tests of flotilla/testing/checkers/bounds.hpp
// Silent over rough runs in tight settings; each limit bites when it is passed.
#include <flotilla/testing/checkers/bounds.hpp>

#include <string>

#include <gtest/gtest.h>

#include <testing/checkers/traffic_support.hpp>

namespace {

using namespace traffic;
using flotilla::testing::bounds_checker;

TEST(BoundsChecker, FindsNothingInRoughRuns) {
  const auto runs = judged_over_rough_runs<bounds_checker>(1, 8);
  EXPECT_GT(sum(runs, &bounds_checker::tally::steps), 40'000U);
  EXPECT_GT(sum(runs, &bounds_checker::tally::refused), 1'000U);
  EXPECT_EQ(sum(runs, &bounds_checker::tally::compared),
            sum(runs, &bounds_checker::tally::refused));
  EXPECT_GT(sum(runs, &bounds_checker::tally::most_gossip), 8U * 8U);
}

TEST(BoundsChecker, FindsNothingWhereAllLimitsAreTight) {
  config settings = config::lan();
  settings.max_members = 12;  // of 16, and some die
  settings.expected_members = 12;
  settings.max_transmits = 64;
  settings.helpers = 16;
  settings.max_absent = 2;
  settings.max_chunks = 1;
  settings.max_new_members = 1;
  for (const auto& run : judged_over_rough_runs<bounds_checker>(21, 24, settings)) {
    EXPECT_EQ(run.most_rows, 12U);
    EXPECT_LE(run.most_datagrams, 64U);
    EXPECT_EQ(run.most_bytes_per_row, 0U);  // all was reserved
  }
}

TEST(BoundsChecker, FindsNothingWhenTenThousandAreTold) {
  cluster group{3};
  report found;
  bounds_checker judge{group, found};
  group.sim().watch(judge);
  config settings = config::lan();
  settings.max_new_members = 100'000;
  group.add(settings);
  const endpoint from = flotilla::testing::default_address(1);
  const endpoint to = group.sim().process_of(0).address;
  // Whom they are told by is a member, or its accusations would not be heard.
  const wire::fact speaker{member_id{2}, incarnation{0}, member_state::alive, from, {}};
  group.sim().inject(flotilla::testing::default_address(2), to,
                     datagram(member_id{3}, group.id_of(0), wire::ping{1}, {speaker}));
  for (const member_state state :
       {member_state::alive, member_state::suspect, member_state::dead}) {
    for (std::uint32_t first = 10; first < 10'010; first += 40) {
      std::vector<wire::fact> facts;
      for (std::uint32_t i = first; i < first + 40; ++i) {
        const bool alive = state == member_state::alive;
        facts.push_back({member_id{i}, incarnation{0}, state,
                         alive ? flotilla::testing::default_address(i) : endpoint{},
                         alive ? member_id{} : member_id{2}});
      }
      group.sim().inject(from, to, datagram(member_id{2}, group.id_of(0), wire::ping{1}, facts));
    }
    group.run_for(100ms);
  }
  EXPECT_TRUE(found.empty()) << found.to_string();
  EXPECT_EQ(group[0].stats().facts_of_strangers, 0U);
  EXPECT_GT(judge.judged().most_rows, 10'000U);
  EXPECT_GE(judge.judged().most_events, 40U);
  EXPECT_GT(judge.judged().most_bytes_per_row, bounds_checker::row_bytes / 2);
}

/// Three members, and a judge that is told what the tests make up.
class BoundsCheckerTold : public testing::Test {
 protected:
  BoundsCheckerTold() { story.open(3); }

  [[nodiscard]] member_id id(node_index i) const { return group.id_of(i); }
  /// The judge is shown another engine in node 0's place.
  void show(const engine& other) {
    judge.on_tick(group.now(), 0, other);
    judge.on_step(group.now(), 0, other, input_kind::tick);
  }
  [[nodiscard]] config large() const {
    config settings = config::lan();
    settings.id = id(0);
    settings.address = story.address_of(0);
    settings.seed = 8;
    return settings;
  }

  cluster group{3, small()};
  report found{};
  bounds_checker judge{group, found};
  fiction story{group, judge};

 private:
  static config small() {
    config settings = config::lan();
    settings.max_members = 4;
    settings.max_transmits = 64;
    return settings;
  }
};

TEST_F(BoundsCheckerTold, TooManyRows) {
  engine crowd{large(), group.now()};
  const auto meet = [&](std::uint32_t i) {
    const wire::fact fact{member_id{i},
                          incarnation{0},
                          member_state::alive,
                          flotilla::testing::default_address(i),
                          {}};
    crowd.receive(group.now(), story.address_of(1), datagram(id(1), id(0), wire::ping{1}, {fact}));
  };
  for (const std::uint32_t i : {11U, 12U, 13U}) meet(i);
  show(crowd);
  EXPECT_TRUE(found.to_string().find("rows") == std::string::npos) << found.to_string();
  meet(14);
  show(crowd);
  EXPECT_NE(found.to_string().find("5 rows, at most 4"), std::string::npos) << found.to_string();
}

TEST_F(BoundsCheckerTold, TooMuchMemory) {
  config settings = large();
  show(engine{settings, group.now()});
  const std::uint64_t before = found.count();
  settings.expected_members = settings.max_members;
  show(engine{settings, group.now()});
  EXPECT_GT(found.count(), before);
  EXPECT_NE(found.to_string().find("bytes of memory"), std::string::npos) << found.to_string();
}

TEST_F(BoundsCheckerTold, TooMuchSaidAtOnce) {
  const bytes data = datagram(id(0), id(1), wire::ping{1});
  judge.on_tick(group.now(), 0, group[0]);
  for (int i = 0; i < 64; ++i) story.send(0, 1, data);
  story.step(0, input_kind::tick);
  EXPECT_TRUE(found.empty()) << found.to_string();
  for (int i = 0; i < 65; ++i) story.send(0, 1, data);
  story.step(0, input_kind::tick);
  EXPECT_NE(found.to_string().find("65 datagrams to pull, at most 64"), std::string::npos);

  const std::size_t ring = flotilla::engine_state::event_capacity(group.config_of(0));
  for (std::size_t i = 0; i < ring; ++i) story.happen(0, flotilla::leave_completed{});
  story.step(0, input_kind::tick);
  EXPECT_EQ(found.count(), 1U) << found.to_string();
  for (std::size_t i = 0; i <= ring; ++i) story.happen(0, flotilla::leave_completed{});
  story.step(0, input_kind::tick);
  EXPECT_EQ(found.count(), 2U) << found.to_string();
  story.happen(0, flotilla::events_lost{3});
  EXPECT_NE(found.to_string().find("events were lost"), std::string::npos);
}

TEST_F(BoundsCheckerTold, GarbageThatChangesSomething) {
  bytes ping = datagram(id(1), id(0), wire::ping{1}, {suspicion(id(2), 0, id(1))});
  bytes cut = ping;
  cut.pop_back();
  const bytes foreign = datagram(id(1), member_id{800}, wire::ping{1});
  for (const bytes& garbage : {cut, foreign, bytes{}, bytes(40)}) {
    story.receive(0, 1, garbage);
    story.step(0, input_kind::receive);
    EXPECT_TRUE(found.empty()) << found.to_string();
    group.run_for(50ms);
  }
  EXPECT_EQ(judge.judged().compared, 4U);
  story.receive(0, 1, cut, ping);  // as if it had been believed
  story.step(0, input_kind::receive);
  EXPECT_NE(found.to_string().find("changed the state"), std::string::npos) << found.to_string();
  EXPECT_NE(found.to_string().find("(truncated) was taken"), std::string::npos);
  EXPECT_NE(found.to_string().find("raised other counters"), std::string::npos);
  const std::uint64_t before = found.count();
  judge.on_receive(group.now(), 0, group[0], story.address_of(1), 1, cut);
  story.step(0, input_kind::receive);  // as if it had not been counted
  EXPECT_GT(found.count(), before);
  EXPECT_NE(found.to_string().find("was counted 0 times"), std::string::npos);
}

}  // namespace
