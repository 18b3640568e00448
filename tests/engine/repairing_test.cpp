// Tests of flotilla/engine/repairing.hpp: what gossip has lost is learnt by comparing views.
// Two engines and their datagrams; one engine against a peer that the test plays; a group.
#include <flotilla/engine/repairing.hpp>

#include <gtest/gtest.h>

#include <vector>

#include <support/engine_world.hpp>
#include <support/view_pair.hpp>

namespace {

using namespace support;
using kind = wire::message_kind;

const peer two = peer_of(2);
const peer three = peer_of(3);
const peer four = peer_of(4);

config repairing_config() {
  config c = plain_config();
  c.repair_interval = 5s;
  return c;
}
config pair_config() {
  config c = repairing_config();
  c.suspicion_multiplier = 1000;  // who is silent here shall not die of it
  c.helpers = 0;
  return c;
}
wire::digest_item view_in(const sent& s) {
  wire::message message;
  EXPECT_EQ(wire::read_message(s.raw, wire::group_tag_of(""), message), receive_result::accepted);
  wire::digest_item item;
  wire::digest_reader digests{message.facts};
  return digests.next(item) ? item : wire::digest_item{};
}
/// The ping of the next period.
sent next_ping(engine_world& w) {
  for (int i = 0; i < 50; ++i) {
    w.next_tick();
    const sent_list pings = only(w.sent_now(), kind::ping);
    if (!pings.empty()) return pings[0];
  }
  ADD_FAILURE() << "no ping";
  return {};
}
/// An ack of that ping with a view that is not ours.
void answer_with_another_view(engine_world& w, const peer& from, const sent& ping) {
  bytes ack = w.packet(from, wire::ack{ping.as<wire::ping>().sequence, from.number});
  const std::uint32_t other = view_in(ping).value + 1;
  for (const unsigned b :
       {0x81U, 4U, other >> 24U, other >> 16U & 0xffU, other >> 8U & 0xffU, other & 0xffU}) {
    ack.push_back(static_cast<std::byte>(b));
  }
  EXPECT_EQ(w.hear_raw(from.at, with_length(ack)), receive_result::accepted);
}

// ---- comparing

TEST(Repair, ProbesCompareViewsOnceNothingIsLeftToGossip) {
  engine_world w{repairing_config()};
  w.meet(two);
  const sent first = next_ping(w);
  EXPECT_EQ(view_in(first).kind, wire::digest_kind{}) << "gossip waits";
  w.answer(two, {first});
  w.flush_gossip(two);
  EXPECT_EQ(view_in(next_ping(w)).kind, wire::digest_kind::view);
}

TEST(Repair, AnAckShowsAViewToWhoShowsOne) {
  engine_world w{repairing_config()};
  w.meet(two);
  w.flush_gossip(two);
  w.hear(two, wire::ping{1});
  EXPECT_EQ(view_in(only(w.sent_now(), kind::ack).at(0)).kind, wire::digest_kind{});
  const bytes ping = with_length(joined(w.packet(two, wire::ping{2}), hex("81 04 00000000")));
  ASSERT_EQ(w.hear_raw(two.at, ping), receive_result::accepted);
  EXPECT_EQ(view_in(only(w.sent_now(), kind::ack).at(0)).kind, wire::digest_kind::view);
  EXPECT_EQ(w.stats().facts_skipped, 0U) << "it is known";
}

TEST(Repair, WithoutItNothingIsShown) {
  engine_world w;
  w.meet(two);
  w.flush_gossip(two);
  EXPECT_EQ(view_in(next_ping(w)).kind, wire::digest_kind{});
}

TEST(Repair, IdenticalViewsCostNoDatagram) {
  view_pair pair{pair_config()};
  pair.load(pair.first, {alive(three), alive(four)});
  pair.load(pair.second, {alive(three), alive(four)});
  pair.played = pair.second_only_answers = true;
  ASSERT_TRUE(pair.compare(20, 1000));
  EXPECT_EQ(pair.first.stats().views_differed, 0U);
  EXPECT_EQ(pair.bill.requests + pair.bill.replies, 0U);
}

// ---- what is exchanged

TEST(Repair, EachSideLearnsWhatItLacks) {
  view_pair pair{pair_config()};
  pair.load(pair.first, {alive(three)});
  pair.load(pair.second, {alive(four)});
  pair.played = pair.second_only_answers = true;
  ASSERT_TRUE(pair.compare(1, 1000));
  EXPECT_TRUE(pair.first.find(four.id).has_value());
  EXPECT_TRUE(pair.second.find(three.id).has_value());
  EXPECT_EQ(pair.first.stats().gossip_pending, 0U) << "what came by repair is never queued";
  EXPECT_EQ(pair.second.stats().gossip_pending, 0U);
  EXPECT_LE(pair.bill.requests, 3U) << "for a cookie, with a list, with an offer";
}

TEST(Repair, DeathsAndFarewellsAreTheAnswerToWhoShowsThemAlive) {
  for (const bool first_knows : {true, false}) {
    view_pair pair{pair_config()};
    const facts living{alive(three), alive(four)};
    const facts gone{alive(three), alive(four), dead(three.id, 0), left(four.id, 0)};
    pair.load(pair.first, first_knows ? gone : living);
    pair.load(pair.second, first_knows ? living : gone);
    pair.hush(pair.first);  // deaths are told on after a transfer
    pair.hush(pair.second);
    pair.played = pair.second_only_answers = true;
    ASSERT_TRUE(pair.compare(1, 1000));
    for (const engine* who : {&pair.first, &pair.second}) {
      EXPECT_EQ(who->find(three.id)->state, member_state::dead) << first_knows;
      EXPECT_EQ(who->find(four.id)->state, member_state::left) << first_knows;
    }
  }
}

TEST(Repair, AnEvictionStaysOurOwnAffair) {
  view_pair pair{pair_config()};
  pair.load(pair.first, {alive(three)});
  pair.load(pair.second, {alive(three)});
  ASSERT_EQ(pair.first.evict(three.id), flotilla::command_error::none);
  pair.played = pair.second_only_answers = true;
  ASSERT_TRUE(pair.compare(40, 4000));
  EXPECT_EQ(pair.second.find(three.id)->state, member_state::alive);
  EXPECT_EQ(pair.first.find(three.id)->state, member_state::left);
  EXPECT_GE(pair.first.stats().repairs, 2U);
  EXPECT_LE(pair.first.stats().repairs, 10U + flotilla::repair_session::eager_compares)
      << "in vain, and so less and less often once the join is over";
}

// ---- after a join

/// `two` has the same members that we have: nothing comes with the join.
void join_through_two(engine_world& w) {
  ASSERT_EQ(w.node.join({two.at}), flotilla::command_error::none);
  const sent asked = only(w.sent_now(), kind::join_request).at(0);
  w.hear(two, wire::state_reply{asked.as<wire::join_request>().sequence, 7, 0, 2});
  const sent more = only(w.sent_now(), kind::state_request).at(0);
  w.hear(two, wire::state_reply{more.as<wire::state_request>().sequence, 7, wire::end_of_state, 2});
  w.flush_gossip(two);
}

/// What a repair names of a crowd that gossip has brought meanwhile: how many of it a joiner is
/// then told of. Of hearsay it is told nothing.
std::size_t told_after_repair(engine_world& w) {
  answer_with_another_view(w, two, next_ping(w));
  const sent request = only(w.sent_now(), kind::repair_request).at(0);
  facts crowd;
  for (std::uint64_t n = 1000; n < 1200; ++n) crowd.push_back(alive(peer_of(n)));
  for (std::size_t i = 0; i < crowd.size(); i += 40) {
    w.gossip(two, {crowd.begin() + static_cast<std::ptrdiff_t>(i),
                   crowd.begin() + static_cast<std::ptrdiff_t>(i) + 40});
  }
  EXPECT_EQ(w.node.size(), 2 + crowd.size());
  crowd.resize(40);
  w.hear(two, wire::repair_reply{request.as<wire::repair_request>().sequence, 1}, crowd);
  static_cast<void>(w.sent_now());
  std::size_t named = 0;
  std::uint32_t cursor = 0;
  for (std::uint32_t i = 1; i < 100 && cursor != wire::end_of_state; ++i) {
    w.hear(two, wire::state_request{i, 0, cursor});
    const sent chunk = only(w.sent_now(), kind::state_reply).at(0);
    for (const wire::fact& f : chunk.what.facts) named += f.subject >= member_id{1000} ? 1U : 0U;
    cursor = chunk.as<wire::state_reply>().next;
  }
  return named;
}

/// Members that a repair names are hearsay, as with gossip; but right after a join it ends what the
/// join began, and who is named was asked for.
TEST(Repair, NamesNoHearsayRightAfterAJoin) {
  engine_world met{repairing_config()};
  met.meet(two);
  met.flush_gossip(two);
  EXPECT_EQ(told_after_repair(met), 0U);
  engine_world joined{repairing_config()};
  joined.meet(two);
  join_through_two(joined);
  EXPECT_EQ(told_after_repair(joined), 40U);
}

// ---- limits

TEST(Repair, ASilentPeerIsGivenUpAfterFiveAttempts) {
  engine_world w{repairing_config()};
  w.meet(two);
  w.flush_gossip(two);
  answer_with_another_view(w, two, next_ping(w));
  std::vector<time_point> asked;
  for (int i = 0; i < 60 && w.stats().repairs_given_up == 0; ++i) {
    const sent_list all = w.sent_now();
    if (!only(all, kind::repair_request).empty()) asked.push_back(w.now());
    w.answer(two, all);
    w.next_tick();
  }
  EXPECT_EQ(w.stats().repairs_given_up, 1U);
  ASSERT_EQ(asked.size(), 5U);
  const duration first = w.settings().join_retry;
  const duration expected[] = {first, 2 * first, 4 * first, 4 * first};
  for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ(asked[i + 1] - asked[i], expected[i]) << i;
}

TEST(Repair, AnAnswerOfSomebodyElseChangesNothing) {
  engine_world w{repairing_config()};
  w.meet(two);
  w.meet(three);
  w.flush_gossip(two);
  const sent ping = next_ping(w);
  const peer probed = ping.to == two.at ? two : three;
  const peer other = ping.to == two.at ? three : two;
  answer_with_another_view(w, probed, ping);
  const sent request = only(w.sent_now(), kind::repair_request).at(0);
  const std::uint32_t sequence = request.as<wire::repair_request>().sequence;
  w.hear(other, wire::repair_reply{sequence, 1}, {alive(four)});
  w.hear(probed, wire::repair_reply{sequence + 1, 1}, {alive(four)});
  w.hear(probed.from(four.at), wire::repair_reply{sequence, 1}, {alive(four)});
  EXPECT_EQ(w.stats().replies_unmatched, 3U);
  EXPECT_FALSE(w.node.find(four.id).has_value());
  w.hear(probed, wire::repair_reply{sequence, 1}, {alive(four)});
  EXPECT_TRUE(w.node.find(four.id).has_value());
}

TEST(Repair, WhoAnswersWithoutEndIsAskedSoOftenInAPeriod) {
  config c = repairing_config();
  c.max_chunks = 7;
  engine_world w{c};
  w.meet(two);
  w.flush_gossip(two);
  answer_with_another_view(w, two, next_ping(w));
  std::size_t asked = 0;
  for (std::uint64_t i = 0; i < 50; ++i) {
    const sent_list requests = only(w.sent_now(), kind::repair_request);
    if (requests.empty()) break;
    ++asked;
    w.hear(two, wire::repair_reply{requests[0].as<wire::repair_request>().sequence, i + 2});
  }
  EXPECT_EQ(asked, 7U) << "each answer brought a new cookie, and nothing else";
}

// ---- after a long absence

TEST(Repair, WhoWasAwayForTooLongListensBeforeItOffers) {
  config c = pair_config();
  c.tombstone_lifetime = 15s;
  view_pair pair{c};
  pair.load(pair.first, {alive(three)});
  pair.load(pair.second, {alive(four)});
  pair.played = true;
  pair.sleep(20s);
  ASSERT_TRUE(pair.compare(1, 1000));
  EXPECT_TRUE(pair.first.find(four.id).has_value()) << "it learns";
  EXPECT_FALSE(pair.second.find(three.id).has_value()) << "and does not tell whom it held alive";
}

// ---- in a group

TEST(Repair, FetchesWhatGossipHasLost) {
  group g{23};
  config c = plain_config_of_a_group();
  c.repair_interval = c.protocol_period * 5;
  for (int i = 0; i < 3; ++i) g.add(c);
  for (std::size_t i = 1; i < 3; ++i) g[i].join({address_of(0)});
  ASSERT_TRUE(g.run_until([&] { return g.full_mesh(); }, 5s));
  g.run_for(2s);
  const peer lost = peer_of(4);  // known to one member only, and its gossip is spent
  g.drop = [](const endpoint& from, const endpoint&) { return from == address_of(0); };
  g.add(c);
  const auto tag = wire::group_tag_of("");
  g[0].receive(g.now(), peer_of(50).at,
               datagram(wire::ping{1}, {alive(lost)}, {.group_tag = tag, .sender = member_id{50}}));
  for (std::uint32_t i = 0; i < 40; ++i) {
    g[0].receive(g.now(), address_of(1),
                 datagram(wire::ping{i}, {}, {.group_tag = tag, .sender = member_id{2}}));
    g.drain(0);
  }
  g.drop = nullptr;
  EXPECT_EQ(g[0].stats().gossip_pending, 0U);
  EXPECT_TRUE(g.run_until([&] { return g.full_mesh(); }, 10 * c.repair_interval));
}

}  // namespace
