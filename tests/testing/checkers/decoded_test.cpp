// testing/checkers/decoded_test.cpp - tests of flotilla/testing/checkers/decoded.hpp
// What a datagram says, that it may be gone while it is looked at, and the order of a step.
#include <flotilla/testing/checkers/decoded.hpp>

#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <testing/checkers/traffic_support.hpp>

namespace {

using namespace traffic;
using flotilla::receive_result;
using flotilla::testing::message_counts;
using flotilla::testing::traffic_checker;

TEST(Decoded, SaysWhatTheDatagramSays) {
  const wire::fact accused = suspicion(member_id{3}, 7, member_id{4});
  bytes data = datagram(member_id{1}, member_id{2}, wire::ping{77}, {accused}, 5);
  decoded what;
  what.read(data, wire::group_tag_of(""));
  data.assign(data.size(), std::byte{0});  // it does not look at the bytes again

  ASSERT_TRUE(what.ok());
  EXPECT_EQ(what.head().sender, member_id{1});
  EXPECT_EQ(what.head().target, member_id{2});
  EXPECT_EQ(what.head().incarnation, incarnation{5});
  ASSERT_NE(what.as<wire::ping>(), nullptr);
  EXPECT_EQ(what.as<wire::ping>()->sequence, 77U);
  EXPECT_EQ(what.as<wire::ack>(), nullptr);
  EXPECT_EQ(what.facts(), std::vector<wire::fact>{accused});
}

TEST(Decoded, SaysWhatIsWrongAndForgetsWhatWasBefore) {
  bytes data = datagram(member_id{1}, member_id{2}, wire::ack{7, incarnation{1}},
                        {suspicion(member_id{3}, 7, member_id{4})});
  decoded what;
  what.read(data, wire::group_tag_of(""));
  ASSERT_TRUE(what.ok());
  what.read(data, wire::group_tag_of("another"));
  EXPECT_EQ(what.result(), receive_result::other_group);
  EXPECT_EQ(what.as<wire::ack>(), nullptr);
  EXPECT_TRUE(what.facts().empty());
  data.pop_back();
  what.read(data, wire::group_tag_of(""));
  EXPECT_EQ(what.result(), receive_result::truncated);
}

TEST(Decoded, PassesOverFactsThatItDoesNotKnow) {
  bytes data = datagram(
      member_id{1}, member_id{2}, wire::ping{1},
      {suspicion(member_id{3}, 7, member_id{4}), suspicion(member_id{5}, 8, member_id{4})});
  data[wire::frame_size + 4] = static_cast<std::byte>(wire::fact_kind::padding);
  decoded what;
  what.read(data, wire::group_tag_of(""));
  ASSERT_TRUE(what.ok());
  ASSERT_EQ(what.facts().size(), 1U);
  EXPECT_EQ(what.facts()[0].subject, member_id{5});
}

TEST(MessageCounts, CountEachKind) {
  message_counts counts;
  EXPECT_EQ(counts.total(), 0U);
  counts.add(wire::message_kind::ping);
  counts.add(wire::message_kind::ping);
  counts.add(wire::message_kind::state_reply);
  EXPECT_EQ(counts.of(wire::message_kind::ping), 2U);
  EXPECT_EQ(counts.of(wire::message_kind::state_reply), 1U);
  EXPECT_EQ(counts.of(wire::message_kind::ack), 0U);
  EXPECT_EQ(counts.total(), 3U);
}

/// Notes what it is told, to see the order and the accessors.
class notes final : public traffic_checker {
 public:
  using traffic_checker::traffic_checker;
  std::string text;
  std::uint64_t taken{0};
  std::uint64_t answers{0};

 private:
  void begin(node_index, std::uint32_t life) override { text += life == 1 ? "b" : "B"; }
  void heard(node_index, const engine&, std::span<const std::byte>) override { text += "h"; }
  void ticking(node_index, const engine&) override { text += "t"; }
  void told(node_index, const engine&, const flotilla::event&) override { text += "e"; }
  void sent(node_index, const engine&, const endpoint& to, std::span<const std::byte>) override {
    text += "s";
    const bool answer = received_as<wire::ping>() != nullptr && out().as<wire::ack>() != nullptr;
    answers += answer && to == in_from() ? 1U : 0U;
  }
  void done(node_index node, const engine& after, input_kind kind) override {
    text += "d";
    EXPECT_EQ(kind, input());
    taken += accepted(node, after) ? 1U : 0U;
    EXPECT_EQ(accepted(node, after) ? 1U : 0U,
              after.stats().count(receive_result::accepted) -
                  stats_before(node).count(receive_result::accepted));
    EXPECT_GE(engine_time(node), latest_input(node));
  }
};

TEST(TrafficChecker, IsToldOfEachStepInOrder) {
  cluster group{4};
  report found;
  notes pad{group, found};
  group.sim().watch(pad);
  group.add();
  EXPECT_EQ(pad.text, "bd");
  group.add();
  group.join(1, 0);
  EXPECT_EQ(pad.text, "bdbdsd");
  pad.text.clear();
  group.run_for(10s);
  EXPECT_EQ(pad.text.find("hh"), std::string::npos);  // each input is finished before the next
  EXPECT_EQ(pad.text.find("ht"), std::string::npos);
  EXPECT_NE(pad.text.find("hsd"), std::string::npos);
  EXPECT_NE(pad.text.find("tsd"), std::string::npos);
  EXPECT_NE(pad.text.find("hesd"), std::string::npos);
  EXPECT_EQ(pad.taken, group.net().stats().delivered);
  EXPECT_GE(pad.answers, 18U);  // a ping a second from both
  const std::uint64_t taken = pad.taken;
  group.sim().inject(flotilla::testing::default_address(7), group.sim().process_of(0).address,
                     bytes(5));
  group.run_for(10ms);
  EXPECT_EQ(pad.taken, taken);
  group.restart(1);
  EXPECT_NE(pad.text.find('B'), std::string::npos);
}

/// How engine time goes when the clock jumps.
class clock_notes final : public traffic_checker {
 public:
  using traffic_checker::engine_time;
  using traffic_checker::latest_input;
  using traffic_checker::traffic_checker;
};

TEST(TrafficChecker, KeepsEngineTimeLikeTheEngine) {
  cluster group{4};
  report found;
  clock_notes clock{group, found};
  group.sim().watch(clock);
  group.add_joined(2);
  group.run_for(5s);
  EXPECT_EQ(clock.engine_time(0) - clock.latest_input(0), 0s);
  group.sim().jump_clock(0, -30s);
  group.run_for(5s);
  const flotilla::duration ahead = clock.engine_time(0) - clock.latest_input(0);
  EXPECT_GT(ahead, 28s);  // what the other one sent came first, within two periods
  EXPECT_LE(ahead, 30s);
  group.sim().jump_clock(0, 300s);
  group.run_for(5s);
  EXPECT_EQ(clock.engine_time(0) - clock.latest_input(0), ahead);
}

}  // namespace
