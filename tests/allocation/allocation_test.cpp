// tests/allocation/allocation_test.cpp - when the engine allocates, and what it does when it cannot
// None in steady state; none at all with everything reserved; each one may fail (law 5).
#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <flotilla/flotilla.hpp>
#include <flotilla/wire/message.hpp>
#include <new>
#include <optional>
#include <random>
#include <support/acquaint.hpp>
#include <support/event_replay.hpp>
#include <utility>
#include <vector>

#include "counting.hpp"

namespace {

using namespace std::chrono_literals;
using allocation::counted;
using flotilla::endpoint;
using flotilla::engine;
using flotilla::incarnation;
using flotilla::member_id;
using flotilla::member_state;
using flotilla::time_point;
namespace wire = flotilla::wire;

constexpr time_point start{std::chrono::hours{1}};

endpoint address_of(std::uint64_t id) {
  return endpoint::ipv4({10, 0, static_cast<std::uint8_t>(id >> 8U), static_cast<std::uint8_t>(id)},
                        7946);
}

flotilla::config settings(std::uint64_t id, std::uint32_t most, std::uint32_t expected) {
  flotilla::config c = flotilla::config::loopback();
  c.id = member_id{id};
  c.address = address_of(id);
  c.seed = id;
  c.max_members = most;
  c.expected_members = expected;
  return c;
}

std::vector<std::byte> ping_with(std::uint64_t sender, std::uint32_t sequence,
                                 const std::vector<wire::fact>& facts) {
  std::vector<std::byte> buffer(1400);
  wire::writer out{buffer};
  wire::write_message(out, wire::frame{wire::group_tag_of(""), member_id{sender}, {}, {}, {}},
                      wire::ping{sequence});
  for (const wire::fact& fact : facts) EXPECT_TRUE(wire::write_fact(out, fact));
  wire::finish_frame(out);
  buffer.resize(out.size());
  return buffer;
}

std::vector<std::byte> ping_with_view(std::uint64_t sender, std::uint32_t sequence) {
  std::vector<std::byte> buffer(1400);
  wire::writer out{buffer};
  wire::write_message(out, wire::frame{wire::group_tag_of(""), member_id{sender}, {}, {}, {}},
                      wire::ping{sequence});
  EXPECT_TRUE(wire::write_view(out, 1));
  wire::finish_frame(out);
  buffer.resize(out.size());
  return buffer;
}

std::string problem_of(engine& e, support::event_replay& replay) {
  while (const auto what = e.poll_event()) {
    if (auto wrong = replay.take(*what); !wrong.empty()) return wrong;
    if (std::holds_alternative<flotilla::events_lost>(*what)) return "events are lost";
  }
  std::size_t active = 0;
  std::size_t all = 0;
  for (const flotilla::member m : e.members()) {
    ++all;
    active += is_active(m.state) ? 1U : 0U;
    if (e.find(m.id) != m) return "find() differs from members()";
  }
  if (active != e.size() || all != e.members().size()) return "the sizes are wrong";
  if (e.self().state != member_state::alive) return "the engine is not alive";
  return replay.compare(e);
}

/// A handful of engines that hear each other at once; every call of theirs is counted.
class counted_group {
 public:
  explicit counted_group(std::size_t count, std::uint32_t most, std::uint32_t expected) {
    for (std::size_t i = 0; i < count; ++i) {
      engines_.push_back(engine{settings(i + 1, most, expected), start});
    }
  }
  engine& operator[](std::size_t i) { return engines_[i]; }
  [[nodiscard]] std::size_t size() const { return engines_.size(); }

  void run_for(flotilla::duration length) {
    const time_point end = now_ + length;
    while (now_ < end) {
      time_point next = end;
      for (const engine& e : engines_) next = std::min(next, e.next_deadline());
      now_ = std::max(now_, next);
      for (engine& e : engines_) {
        if (e.next_deadline() <= now_) counted([&] { e.tick(now_); });
      }
      while (exchange()) {
      }
      for (engine& e : engines_) {
        counted([&] {
          while (e.poll_event()) {
          }
        });
      }
    }
  }

 private:
  bool exchange() {
    bool any = false;
    for (engine& e : engines_) {
      std::array<std::byte, 1400> buffer;
      const auto out = counted([&] { return e.poll_transmit(buffer); });
      if (!out) continue;
      any = true;
      for (engine& to : engines_) {
        if (to.self().address != out->to) continue;
        counted([&] { to.receive(now_, e.self().address, out->bytes); });
      }
    }
    return any;
  }

  std::vector<engine> engines_;
  time_point now_{start};
};

TEST(allocation, none_in_steady_state) {
  counted_group g{12, 65536, 0};
  for (std::size_t i = 1; i < g.size(); ++i) g[i].join({address_of(1)});
  allocation::start();
  g.run_for(20s);
  for (std::size_t i = 0; i < g.size(); ++i) ASSERT_EQ(g[i].size(), g.size());
  EXPECT_GT(allocation::now().allocations, 0U) << "the counter counts nothing";
  allocation::start();
  g.run_for(10min);
  EXPECT_EQ(allocation::now().allocations, 0U);
}

/// A datagram of up to 50 facts, all that a storm can bring; as it goes on, incarnations rise.
std::vector<std::byte> storm(std::mt19937_64& random, std::uint32_t ids, int step) {
  constexpr std::array<member_state, 6> states = {member_state::alive, member_state::alive,
                                                  member_state::alive, member_state::suspect,
                                                  member_state::dead,  member_state::left};
  std::vector<wire::fact> facts(random() % 50);
  for (wire::fact& fact : facts) {
    const std::uint64_t id = 2 + random() % ids;
    fact.subject = member_id{id};
    fact.incarnation = incarnation{static_cast<std::uint32_t>(step) / 32 +
                                   static_cast<std::uint32_t>(random() % 3)};
    fact.state = states[random() % states.size()];
    if (fact.state == member_state::alive) fact.address = address_of(id);
    if (fact.state != member_state::left) fact.accuser = member_id{1 + random() % ids};
  }
  return ping_with(2 + random() % ids, static_cast<std::uint32_t>(random()), facts);
}

TEST(allocation, none_ever_when_all_members_are_expected) {
  for (const std::uint32_t most : {1U, 8U, 64U, 300U, 1000U}) {
    std::optional<engine> e;
    e.emplace(settings(1, most, most), start);
    std::mt19937_64 random{most};
    time_point now = start;
    allocation::start();
    counted([&] { e->join({address_of(2), address_of(3)}); });
    std::array<std::byte, 1400> buffer;
    for (int i = 0; i < 4000; ++i) {
      const std::uint64_t id = 2 + random() % (most + 50);
      const auto data = storm(random, most + 50, i);
      counted([&] { e->receive(now, address_of(id), data); });
      if (i % 3 == 0) now += 7ms;
      counted([&] {
        if (e->next_deadline() <= now) e->tick(now);
        if (i % 100 == 0) e->fail(member_id{id});
        if (i % 130 == 0) e->evict(member_id{id});
        if (i % 170 == 0) e->allow(member_id{id});
        if (i % 500 == 0) e->set_address(address_of(40000 + id));
        if (i % 2 == 0) {
          while (e->poll_transmit(buffer)) {
          }
        }
        while (e->poll_event()) {
        }
      });
    }
    counted([&] { e->tick(now + 1h); });  // tombstones expire
    counted([&] { e->leave(); });
    EXPECT_EQ(allocation::now().allocations, 0U) << "with " << most << " members";
    EXPECT_GT(e->stats().facts_merged + e->stats().members_refused_table_full, 500U);
  }
}

// A member costs the same at every size, while the table grows too: at most 56 bytes with a fact of
// its own waiting and its record in the digests of our view, or 72 where the last segments, the
// queue's ring and the tree are half empty.
TEST(allocation, a_member_takes_no_more_than_it_should) {
  flotilla::config c = settings(1, 1U << 20U, 0);
  c.max_new_members = 1U << 20U;
  c.doubt_hearsay = false;
  c.healing_interval = 0s;
  engine e{c, start};
  support::acquaint(e, start, member_id{2}, address_of(2));
  const std::size_t fixed = e.stats().bytes_allocated;
  allocation::now().peak_bytes = allocation::now().live_bytes;
  const std::uint64_t before = allocation::now().live_bytes;
  std::vector<wire::fact> facts;
  std::array<std::byte, 1400> buffer;
  for (std::uint32_t id = 3; id <= 16'384; ++id) {
    facts.push_back({member_id{id}, {}, member_state::alive, address_of(id), {}});
    if (facts.size() < 50 && id != 16'384) continue;
    const auto ping = ping_with(2, id, facts);
    facts.clear();
    e.receive(start, address_of(2), ping);
    while (e.poll_event()) {
    }
    ASSERT_EQ(e.size(), id);
    ASSERT_EQ(e.stats().gossip_pending, id - 1) << "a fact about everybody";
    e.receive(start, address_of(2), ping_with_view(2, id));
    while (e.poll_transmit(buffer)) {  // the answer has a digest of our view
    }
    if (id >= 4'096) {
      ASSERT_LE(e.stats().bytes_allocated - fixed, 72U * id) << "of " << id;
    }
  }
  EXPECT_LE(e.stats().bytes_allocated - fixed, 56U * e.size());
  // While a ring or a tree is doubled, both are there.
  EXPECT_LE(allocation::now().peak_bytes - before, 64U * e.size());
}

// An engine that knows nobody, its object included; and one of a small group, which has not needed
// much more.
TEST(allocation, an_engine_costs_little_before_it_knows_anybody) {
  flotilla::config c = flotilla::config::lan();
  c.id = member_id{1};
  c.address = address_of(1);
  c.seed = 1;
  const engine alone{c, start};
  EXPECT_LE(sizeof(engine) + alone.stats().bytes_allocated, 32U * 1024);
  counted_group g{12, c.max_members, 0};
  for (std::size_t i = 1; i < g.size(); ++i) g[i].join({address_of(1)});
  g.run_for(60s);
  for (std::size_t i = 0; i < g.size(); ++i) {
    ASSERT_EQ(g[i].size(), g.size());
    EXPECT_LE(sizeof(engine) + g[i].stats().bytes_allocated, 40U * 1024);
  }
}

TEST(allocation, bytes_allocated_is_what_the_allocator_counts) {
  for (const std::uint32_t expected : {0U, 1U, 65U, 700U}) {
    const std::uint64_t before = allocation::now().live_bytes;
    std::optional<engine> e;
    e.emplace(settings(1, 700, expected), start);
    ASSERT_EQ(e->stats().bytes_allocated, allocation::now().live_bytes - before);
    std::mt19937_64 random{expected};
    for (int i = 0; i < 3000; ++i) {
      const auto data = storm(random, 800, i);
      const std::uint64_t around = allocation::now().live_bytes - e->stats().bytes_allocated;
      e->receive(start + i * 1ms, address_of(2), data);
      e->tick(start + i * 1ms);
      ASSERT_EQ(e->stats().bytes_allocated + around, allocation::now().live_bytes);
    }
    const std::uint64_t around = allocation::now().live_bytes;
    const engine copy = *e;
    EXPECT_EQ(copy.stats().bytes_allocated, allocation::now().live_bytes - around);
    EXPECT_GE(e->size(), 100U);
  }
}

/// Growth by the book: members, suspicions, deaths, commands; nothing in it is refused or dropped
/// while memory lasts.
struct growth {
  static constexpr std::uint64_t members = 600;
  static constexpr std::uint64_t facts_each = 40;

  growth() {
    for (const auto& [state, number] :
         {std::pair{member_state::alive, 0U}, std::pair{member_state::suspect, 0U},
          std::pair{member_state::alive, 1U}, std::pair{member_state::dead, 1U},
          std::pair{member_state::alive, 2U}}) {
      for (std::uint64_t first = 2; first <= members; first += facts_each) {
        std::vector<wire::fact> facts;
        for (std::uint64_t id = first; id < first + facts_each && id <= members; ++id) {
          wire::fact fact{member_id{id}, incarnation{number}, state, {}, {}};
          if (state == member_state::alive) fact.address = address_of(id);
          if (state != member_state::alive) fact.accuser = member_id{2};
          facts.push_back(fact);
        }
        datagrams.push_back(ping_with(2, 1, facts));
      }
    }
  }

  /// Plays it once; returns how many commands were refused for want of memory.
  std::uint64_t play(engine& e, support::event_replay& replay) const {
    std::uint64_t refused = 0;
    time_point now = start;
    std::array<std::byte, 1400> buffer;
    support::acquaint(e, now, member_id{2}, address_of(2));
    for (const auto& data : datagrams) {
      counted([&] { e.receive(now, address_of(2), data); });
      counted([&] { e.tick(now); });
      while (counted([&] { return e.poll_transmit(buffer); })) {
      }
      const std::string problem = problem_of(e, replay);
      EXPECT_EQ(problem, "");
      if (!problem.empty()) return refused;
    }
    for (std::uint64_t id = 3; id < 3 + 80; ++id) {
      const auto result = counted([&] { return e.fail(member_id{id}); });
      refused += result == flotilla::command_error::out_of_memory ? 1U : 0U;
    }
    for (std::uint64_t id = 100; id < 100 + 50; ++id) {
      const auto result = counted([&] { return e.evict(member_id{id}); });
      refused += result == flotilla::command_error::out_of_memory ? 1U : 0U;
    }
    EXPECT_EQ(problem_of(e, replay), "");
    return refused;
  }

  std::vector<std::vector<std::byte>> datagrams;
};

flotilla::config growing() {
  flotilla::config c = settings(1, 1000, 0);
  c.max_new_members = 100000;
  return c;
}

std::uint64_t refusals(const engine& e) {
  const flotilla::statistics& s = e.stats();
  return s.members_refused_memory + s.facts_refused_memory + s.notes_refused_memory +
         s.facts_unqueued + s.ranges_crowded;
}

bool same_members(const engine& a, const engine& b) {
  bool same = a.members().size() == b.members().size();
  for (const flotilla::member m : a.members()) same = same && b.find(m.id) == m;
  return same;
}

TEST(allocation, every_one_of_them_may_fail) {
  const growth script;
  engine smooth{growing(), start};
  support::event_replay smooth_events{smooth.self().id};
  allocation::start();
  ASSERT_EQ(script.play(smooth, smooth_events), 0U);
  const std::uint64_t total = allocation::now().allocations;
  ASSERT_GT(total, 30U) << "the script hardly grows the engine";
  ASSERT_EQ(refusals(smooth), 0U);

  for (const bool for_ever : {false, true}) {
    for (std::uint64_t n = 0; n < total; ++n) {
      SCOPED_TRACE("allocation " + std::to_string(n) + (for_ever ? " and all later ones" : ""));
      engine e{growing(), start};
      support::event_replay events{e.self().id};
      allocation::start(n, for_ever ? ~std::uint64_t{0} : n + 1);
      const std::uint64_t refused = script.play(e, events);
      ASSERT_GT(allocation::now().failures, 0U);
      // Room for many at once may be missing where there is room for each of them, and a question
      // be noted elsewhere.
      const bool lacks_nothing = !for_ever && same_members(e, smooth);
      const bool dropped = e.stats().transmits_dropped > smooth.stats().transmits_dropped;
      EXPECT_TRUE(refused + refusals(e) > 0 || dropped || lacks_nothing)
          << "no counter tells of it";
      // With memory again it goes on as if nothing had happened.
      allocation::start();
      for (std::uint64_t id = 100; id < 100 + 50; ++id) e.allow(member_id{id});
      ASSERT_EQ(problem_of(e, events), "");
      const std::uint64_t before = refusals(e);
      EXPECT_EQ(script.play(e, events), 0U);
      EXPECT_EQ(refusals(e), before);
      for (std::uint64_t id = 2; id <= growth::members; ++id) {
        ASSERT_TRUE(e.find(member_id{id})) << "member " << id;
      }
    }
  }
}

TEST(allocation, construction_and_copying_throw_and_leak_nothing) {
  const flotilla::config c = settings(1, 1000, 500);
  const engine original{c, start};
  const auto fails_cleanly = [](auto make) {
    for (std::uint64_t n = 0;; ++n) {
      const std::uint64_t bytes = allocation::now().live_bytes;
      const std::uint64_t blocks = allocation::now().live_blocks;
      bool threw = false;
      allocation::start(n, n + 1);
      try {
        make();
      } catch (const std::bad_alloc&) {
        threw = true;
      }
      const bool failed = allocation::now().failures != 0;
      allocation::start();
      EXPECT_EQ(threw, failed);
      EXPECT_EQ(allocation::now().live_bytes, bytes) << "allocation " << n;
      EXPECT_EQ(allocation::now().live_blocks, blocks) << "allocation " << n;
      if (!failed) return n;
    }
  };
  EXPECT_GT(fails_cleanly([&] { counted([&] { const engine e{c, start}; }); }), 10U);
  EXPECT_GT(fails_cleanly([&] { counted([&] { const engine e{original}; }); }), 10U);
  EXPECT_GT(fails_cleanly([&] {
              engine target{settings(9, 50, 0), start};
              counted([&] { target = original; });
            }),
            10U);
}

TEST(allocation, moving_allocates_nothing) {
  engine a{settings(1, 1000, 0), start};
  engine b{settings(2, 1000, 0), start};
  const std::uint64_t hash = a.state_hash();
  allocation::start();
  counted([&] {
    engine c{std::move(a)};
    b = std::move(c);
  });
  EXPECT_EQ(allocation::now().allocations, 0U);
  EXPECT_EQ(b.state_hash(), hash);
}

}  // namespace
