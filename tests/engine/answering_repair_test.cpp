// Tests of flotilla/engine/answering_repair.hpp: questions of repair, from friends and strangers.
// No amplification, bounded work, nothing remembered; what is malformed is refused whole.
#include <flotilla/engine/answering_repair.hpp>

#include <gtest/gtest.h>

#include <vector>

#include <support/engine_world.hpp>

namespace {

using namespace support;
using kind = wire::message_kind;

const peer two = peer_of(2);
const peer three = peer_of(3);
const peer stranger = peer_of(77);

const bytes whole_list = hex("83 04 00000001");  // "I hold nobody"

bytes asking(const engine_world& w, const peer& from, std::uint64_t cookie, const bytes& questions,
             const facts& offers = {}) {
  return with_length(joined(w.packet(from, wire::repair_request{5, cookie}, offers), questions));
}
std::vector<wire::digest_item> answers_in(const sent& s) {
  static std::vector<bytes> kept;  // what the items point into
  kept.push_back(s.raw);
  std::vector<wire::digest_item> all;
  wire::digest_reader reader{std::span{kept.back()}.subspan(41)};
  for (wire::digest_item item; reader.next(item);) all.push_back(item);
  return all;
}
engine_world repairing_world(std::uint64_t members = 3) {
  config c = plain_config();
  c.repair_interval = 5s;
  engine_world w{c};
  w.meet_all(members);
  return w;
}

TEST(AnsweringRepair, ListsAndFactsForAFriend) {
  engine_world w = repairing_world();
  ASSERT_EQ(w.hear_raw(two.at, asking(w, two, 0, whole_list)), receive_result::accepted);
  const sent reply = only(w.sent_now(), kind::repair_reply).at(0);
  EXPECT_EQ(reply.as<wire::repair_reply>().sequence, 5U);
  ASSERT_EQ(answers_in(reply).size(), 1U);
  EXPECT_EQ(answers_in(reply)[0].count(), 0U);
  EXPECT_EQ(answers_in(reply)[0].detail, 0U) << "that is all";
  EXPECT_EQ(reply.what.facts.size(), 3U);
  EXPECT_EQ(w.stats().repair_requests_served, 1U);
}

TEST(AnsweringRepair, AStrangerGetsACookieAndNoMore) {
  engine_world w = repairing_world(40);
  const bytes request = asking(w, stranger, 0, whole_list, {alive(peer_of(99))});
  ASSERT_EQ(w.hear_raw(stranger.at, request), receive_result::accepted);
  const sent brief = only(w.sent_now(), kind::repair_reply).at(0);
  EXPECT_LE(brief.raw.size(), 3 * request.size());
  EXPECT_TRUE(brief.what.facts.empty());
  EXPECT_TRUE(answers_in(brief).empty());
  EXPECT_FALSE(w.node.find(member_id{99}).has_value()) << "nor is it believed";
  const std::uint64_t cookie = brief.as<wire::repair_reply>().cookie;
  w.hear_raw(stranger.at, asking(w, stranger, cookie + 1, whole_list));
  EXPECT_LT(only(w.sent_now(), kind::repair_reply).at(0).raw.size(), 60U);
  EXPECT_EQ(w.stats().repair_requests_refused, 1U);
  w.hear_raw(stranger.at, asking(w, stranger, cookie, whole_list));
  EXPECT_GT(only(w.sent_now(), kind::repair_reply).at(0).raw.size(), 500U);
}

TEST(AnsweringRepair, SoManyInAPeriodAndSoManyAtATime) {
  config c = plain_config();
  c.repair_interval = 5s;
  c.max_chunks = 3;
  engine_world w{c};
  w.meet_all(3);
  for (int i = 0; i < 5; ++i) w.hear_raw(two.at, asking(w, two, 0, whole_list));
  EXPECT_EQ(count(w.sent_now(), kind::repair_reply), flotilla::repair_desk::slots);
  for (int i = 0; i < 5; ++i) {
    w.hear_raw(two.at, asking(w, two, 0, whole_list));
    static_cast<void>(w.sent_now());
  }
  EXPECT_EQ(w.stats().repair_requests_served, 3U);
  EXPECT_EQ(w.stats().repair_requests_refused, 7U);
}

TEST(AnsweringRepair, SplitsInTheOrderOfTheQuestions) {
  engine_world w = repairing_world();
  const bytes questions =
      joined(joined(hex("82 05 00000001 03"), whole_list), hex("82 05 00000002 06"));
  w.hear_raw(two.at, asking(w, two, 0, questions));
  const auto answers = answers_in(only(w.sent_now(), kind::repair_reply).at(0));
  ASSERT_EQ(answers.size(), 3U);
  EXPECT_EQ(answers[0].count(), 8U);
  EXPECT_EQ(answers[1].kind, wire::digest_kind::missing);
  EXPECT_EQ(answers[2].count(), 64U);
}

TEST(AnsweringRepair, OffersAreTakenAndContradicted) {
  engine_world w = repairing_world();
  w.gossip(two, {dead(three.id, 0)});
  w.hear_raw(two.at, asking(w, two, 0, {}, {alive(three), alive(peer_of(50))}));
  EXPECT_TRUE(w.node.find(member_id{50}).has_value());
  EXPECT_EQ(w.node.find(three.id)->state, member_state::dead);
  const sent reply = only(w.sent_now(), kind::repair_reply).at(0);
  ASSERT_NE(reply.about(three.id), nullptr);
  EXPECT_EQ(reply.about(three.id)->state, member_state::dead);
}

TEST(AnsweringRepair, OffersCountAsNewcomers) {
  config c = plain_config();
  c.repair_interval = 5s;
  c.max_new_members = 2;
  engine_world w{c};
  w.meet(two);
  w.tick_after(w.settings().protocol_period * 2);
  w.hear_raw(two.at,
             asking(w, two, 0, {}, {alive(peer_of(50)), alive(peer_of(51)), alive(peer_of(52))}));
  EXPECT_EQ(w.stats().members_refused_rate, 1U);
}

TEST(AnsweringRepair, WhatDoesNotFitIsSaidToBeMore) {
  engine_world w = repairing_world(80);
  w.hear_raw(two.at, asking(w, two, 0, whole_list));
  const sent reply = only(w.sent_now(), kind::repair_reply).at(0);
  ASSERT_EQ(answers_in(reply).size(), 1U);
  EXPECT_EQ(answers_in(reply)[0].detail, 1U);
  EXPECT_LT(reply.what.facts.size(), 80U);
  EXPECT_GT(reply.what.facts.size(), 50U);
}

TEST(AnsweringRepair, WhatIsMalformedChangesNothing) {
  engine_world w = repairing_world();
  const std::uint64_t received = w.stats().repair_requests_received;
  const facts offer{alive(peer_of(50))};
  for (const char* const bad : {"82 05 00000000 03", "82 05 00000001 07", "83 05 00000001 00"}) {
    EXPECT_NE(w.hear_raw(two.at, asking(w, two, 0, hex(bad), offer)), receive_result::accepted);
  }
  EXPECT_FALSE(w.node.find(member_id{50}).has_value());
  EXPECT_EQ(w.stats().repair_requests_received, received);
  EXPECT_TRUE(w.sent_now().empty());
}

}  // namespace
