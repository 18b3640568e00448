// Tests of flotilla/engine/serving.hpp: who gets chunks of the state, and who is sent on.
// Chunks themselves are tested with joining; here it is about a server that is busy.
#include <flotilla/engine/serving.hpp>

#include <gtest/gtest.h>

#include <support/engine_world.hpp>

namespace {

using namespace support;
using kind = wire::message_kind;

const peer two = peer_of(2);
const peer three = peer_of(3);
const peer four = peer_of(4);

config busy_config() {
  config c = plain_config();
  c.max_chunks = 1;
  return c;
}

// "Not now": the cursor stays where it is, and within three times the request.
TEST(Serving, WhoIsRefusedIsToldSoAndWhomToAskInstead) {
  engine_world w{busy_config()};
  w.meet_all(4);
  w.live_for(w.settings().protocol_period, {two, three, four});
  w.hear(two, wire::state_request{1, 0, 0});
  const sent whole = only(w.sent_now(), kind::state_reply).at(0);
  ASSERT_EQ(whole.as<wire::state_reply>().next, wire::end_of_state);
  w.hear(three, wire::state_request{2, 0, 0});
  const sent busy = only(w.sent_now(), kind::state_reply).at(0);
  EXPECT_EQ(busy.as<wire::state_reply>().next, 0U);
  EXPECT_EQ(busy.as<wire::state_reply>().sequence, 2U);
  EXPECT_EQ(busy.what.facts, facts{alive(two)}) << "it has got everything";
  w.hear(three, wire::state_request{3, 0, 17});
  EXPECT_EQ(only(w.sent_now(), kind::state_reply).at(0).as<wire::state_reply>().next, 17U);
  EXPECT_EQ(w.stats().chunks_served, 1U);
  EXPECT_EQ(w.stats().chunks_refused, 2U);
  EXPECT_EQ(w.stats().joiners_sent_on, 2U);
}

// Nobody has got the state here, but those who have been members for long have it, too.
TEST(Serving, SendsOnToOldMembersWhenNobodyHasGotTheStateHere) {
  engine_world w{busy_config()};
  w.meet_all(4);
  w.live_for(3 * w.settings().protocol_period, {two, three, four});
  w.hear(two, wire::state_request{1, 0, 0}, {});
  const sent_list first = w.sent_now();
  std::size_t named = 0;
  for (std::uint32_t i = 2; i < 40; ++i) {
    w.hear(two, wire::state_request{i, 0, 0});
    const sent busy = only(w.sent_now(), kind::state_reply).at(0);
    EXPECT_EQ(busy.about(two.id), nullptr) << "that is the asker";
    EXPECT_EQ(busy.about(member_id{1}), nullptr) << "and that is us";
    named += busy.what.facts.size();
  }
  EXPECT_GE(named, 5U);
}

TEST(Serving, OneWhoTakesAllLeavesEnoughToOthersInTheNextPeriod) {
  config c = plain_config();
  c.max_chunks = 40;
  engine_world w{c};
  w.meet_all(3);
  const auto served = [&](const peer& to, int times) {
    std::uint64_t before = w.stats().chunks_served;
    for (int i = 0; i < times; ++i) {
      w.hear(to, wire::state_request{1, 0, 1});
      w.sent_now();
    }
    return w.stats().chunks_served - before;
  };
  w.live_for(c.protocol_period, {two, three});
  EXPECT_EQ(served(two, 50), 40U);
  EXPECT_EQ(served(three, 1), 0U);
  w.live_for(c.protocol_period, {two, three});
  EXPECT_EQ(served(two, 50), 11U);
  EXPECT_EQ(served(three, 10), 10U);
}

}  // namespace
