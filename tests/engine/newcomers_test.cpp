// engine/newcomers_test.cpp - flotilla/engine/newcomers.hpp
// Members that others speak of: how many are taken on their word, who is asked, what is refused.
#include <flotilla/engine/newcomers.hpp>

#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <optional>
#include <variant>
#include <vector>

#include <support/engine_world.hpp>

namespace {

using namespace support;
using flotilla::members_refused;
using flotilla::probe_order;
using flotilla::refusal_reason;
using kind = wire::message_kind;

const peer two = peer_of(2);
const peer three = peer_of(3);
constexpr std::uint64_t first_fake = 1000;

/// `teller` speaks of `count` members from `first` on, in as many datagrams as it takes.
void tell_of(engine_world& w, const peer& teller, std::uint64_t first, std::uint64_t count) {
  facts some;
  for (std::uint64_t n = first; n < first + count; ++n) {
    some.push_back(alive(peer_of(n)));
    if (some.size() < 40 && n + 1 != first + count) continue;
    w.gossip(teller, some);
    some.clear();
  }
}

std::vector<members_refused> refusals(engine_world& w) {
  std::vector<members_refused> all;
  for (const event& e : w.events()) {
    if (const auto* refused = std::get_if<members_refused>(&e)) all.push_back(*refused);
  }
  return all;
}

TEST(Hearsay, IsTakenOnASendersWordUpToItsBurst) {
  config c = plain_config();
  c.max_new_members = 32;
  engine_world w{c};
  w.meet_all(3);
  tell_of(w, two, first_fake, 40);
  EXPECT_EQ(w.node.size(), 3U + 32U);
  EXPECT_EQ(w.stats().members_refused_rate, 8U);
  tell_of(w, three, first_fake + 100, 5);
  EXPECT_EQ(w.node.size(), 3U + 32U + 5U) << "another sender has its own";
}

TEST(Hearsay, IsHeldUpToTwiceTheBurstInAll) {
  config c = plain_config();
  c.max_new_members = 16;
  engine_world w{c};
  w.meet_all(6);
  for (std::uint64_t n = 2; n <= 6; ++n) tell_of(w, peer_of(n), first_fake + 100 * n, 16);
  EXPECT_EQ(w.node.size(), 6U + 32U);
}

TEST(Hearsay, LeavesAnEighthOfTheTableFree) {
  config c = plain_config();
  c.max_members = 64;
  engine_world w{c};
  w.meet_all(3);
  tell_of(w, two, first_fake, 100);
  EXPECT_EQ(w.node.size(), 56U);
  w.live_for(2 * w.settings().protocol_period, {two, three});
  w.meet(peer_of(500));
  EXPECT_EQ(w.node.size(), 57U) << "who answers is let in";
}

TEST(Hearsay, ThatIsRefusedIsCountedAndToldOnceAPeriod) {
  config c = plain_config();
  c.max_new_members = 4;
  engine_world w{c};
  w.meet_all(3);
  w.live_for(w.settings().protocol_period, {two, three});
  w.events();
  tell_of(w, two, first_fake, 10);
  tell_of(w, two, first_fake + 10, 4);
  EXPECT_TRUE(refusals(w).empty()) << "not at once";
  w.live_for(w.settings().protocol_period, {two, three});
  EXPECT_EQ(refusals(w), (std::vector<members_refused>{{refusal_reason::rate, 10}}));
  EXPECT_EQ(w.stats().members_refused_rate, 10U);
  w.live_for(3 * w.settings().protocol_period, {two, three});
  EXPECT_TRUE(refusals(w).empty());
}

TEST(Hearsay, BeyondTheLimitMaySpeakForItself) {
  config c = plain_config();
  c.max_new_members = 4;
  engine_world w{c};
  w.meet_all(3);
  tell_of(w, two, first_fake, 4);
  const peer real = peer_of(77);
  w.hear(two, wire::ping{5}, {alive(real)});
  EXPECT_EQ(w.node.find(real.id), std::nullopt);
  EXPECT_EQ(w.answer(real, w.sent_now()), 1U) << "it is asked";
  EXPECT_EQ(w.state_of(real.id), member_state::alive);
}

TEST(Hearsay, OfOneAddressCausesFewQuestions) {
  engine_world w;
  w.meet_all(3);
  facts named;
  for (std::uint64_t n = 0; n < 40; ++n)
    named.push_back(alive(peer_of(first_fake + n).from(three.at)));
  std::size_t pings = 0;
  for (int i = 0; i < 10; ++i) {
    w.hear(two, wire::ping{5}, named);
    for (const sent& s : w.sent_now())
      pings += s.to == three.at && s.kind() == kind::ping ? 1U : 0U;
  }
  EXPECT_EQ(1 + pings, flotilla::newcomer_limits::max_asked_at_address)
      << "the first was when we met";
}

/// Until it answers; then it is one of us.
TEST(Hearsay, EndsWithItsAnswer) {
  engine_world w;
  w.meet_all(3);
  const peer real = peer_of(77);
  w.gossip(two, {alive(real)});
  const sent ping = w.probe_of(real, {two, three});
  w.hear(real, wire::ack{ping.as<wire::ping>().sequence, real.number});
  EXPECT_EQ(w.state_of(real.id), member_state::alive);
  w.live_for(20 * w.settings().protocol_period, {two, three, real});
  EXPECT_EQ(w.state_of(real.id), member_state::alive);
  EXPECT_EQ(count<flotilla::member_suspected>(w.events()), 0U);
}

/// More than turns of the probe order can settle: they are asked in batches, twice, accused, asked
/// twice more, and gone; nobody is told, and those that answer stay.
TEST(ACrowdOfHearsay, IsAskedInBatchesAndGoes) {
  engine_world w;
  w.meet_all(3);
  constexpr std::uint32_t count = 200;
  tell_of(w, two, first_fake, count);
  w.flush_gossip(two);
  const peer real = peer_of(first_fake + 7);
  std::size_t told = 0;
  std::map<member_id, int> asked;
  const time_point begin = w.now();
  while (w.node.size() != 4 && w.now() < begin + 100 * w.settings().protocol_period) {
    w.next_tick();
    for (int round = 0; round < 4; ++round) {
      const sent_list all = w.sent_now();
      for (const sent& s : all) {
        if (s.kind() == kind::ping) ++asked[s.what.head.target];
        if (s.to != two.at) continue;
        for (const wire::fact& f : s.what.facts) {
          told += f.subject >= member_id{first_fake} && f.subject != real.id ? 1U : 0U;
        }
      }
      w.answer_all({two, three, real}, all);
    }
  }
  EXPECT_EQ(w.node.size(), 4U);
  EXPECT_EQ(w.state_of(real.id), member_state::alive);
  EXPECT_LE(told, probe_order::usual * 2 + probe_order::crowd) << "but for the few at the edges";
  for (std::uint64_t n = first_fake; n < first_fake + count; ++n) {
    EXPECT_LE(asked[member_id{n}], n == first_fake + 7 ? 100 : 12) << n;
  }
}

/// How many members the whole state names that this engine gives to `asker`.
std::size_t served_to(engine_world& w, const peer& asker) {
  std::size_t named = 0;
  std::uint32_t cursor = 0;
  for (std::uint32_t i = 1; i < 100 && cursor != wire::end_of_state; ++i) {
    w.hear(asker, wire::state_request{i, 0, cursor});
    const sent chunk = only(w.sent_now(), kind::state_reply).at(0);
    named += chunk.what.facts.size();
    cursor = chunk.as<wire::state_reply>().next;
  }
  return named;
}

/// Who was heard of before a server names it in the state that we have asked for is hearsay no
/// more.
TEST(ACrowdOfHearsay, IsNoneOnceATransferNamesIt) {
  constexpr std::uint32_t heard = 200;
  engine_world w;
  w.meet_all(3);
  tell_of(w, two, first_fake, heard);
  ASSERT_EQ(w.node.size(), 3U + heard);
  const std::size_t before = served_to(w, two);
  EXPECT_LT(before, heard) << "of a crowd nothing is told";

  ASSERT_EQ(w.node.join({three.at}), flotilla::command_error::none);
  const sent_list asked = only(w.sent_now(), kind::join_request);
  ASSERT_EQ(asked.size(), 1U);
  w.hear(three, wire::state_reply{asked[0].as<wire::join_request>().sequence, 7, 0, heard});
  for (std::uint32_t told = 0; told < heard; told += 40) {
    const sent_list more = only(w.sent_now(), kind::state_request);
    ASSERT_EQ(more.size(), 1U);
    facts chunk;
    for (std::uint64_t n = told; n < told + 40; ++n)
      chunk.push_back(alive(peer_of(first_fake + n)));
    const std::uint32_t next = told + 40 < heard ? told + 40 : wire::end_of_state;
    w.hear(three, wire::state_reply{more[0].as<wire::state_request>().sequence, 7, next, heard},
           chunk);
  }
  w.sent_now();
  EXPECT_GE(served_to(w, two), heard);
}

/// However many there are, those that we know get every other turn.
TEST(ACrowdOfHearsay, DoesNotDelayTheProbesOfThoseWeKnow) {
  engine_world w;
  w.meet_all(5);
  tell_of(w, two, first_fake, 2000);
  std::map<member_id, time_point> met;
  for (std::uint64_t n = 2; n <= 5; ++n) met[member_id{n}] = w.now();
  const time_point end = w.now() + 200 * w.settings().protocol_period;
  // Four members, 2n - 1 turns at most, every other turn, and the period that is under way.
  const duration most = (2 * (2 * 4 - 1) + 1) * w.settings().protocol_period;
  while (w.now() < end) {
    w.next_tick();
    for (int round = 0; round < 4; ++round) {
      const sent_list all = w.sent_now();
      for (const sent& s : all) {
        const auto found = met.find(s.what.head.target);
        if (s.kind() != kind::ping || found == met.end()) continue;
        EXPECT_LE(w.now() - found->second, most) << name_of(found->first);
        found->second = w.now();
      }
      w.answer_all({two, three, peer_of(4), peer_of(5)}, all);
    }
  }
  for (const auto& [id, when] : met) EXPECT_LE(end - when, most) << name_of(id);
}

}  // namespace
