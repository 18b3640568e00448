// tests/simulation/scenario.hpp - what the simulations share: seeds, groups, and what to ask them
// FLOTILLA_SEED runs one seed, FLOTILLA_SEEDS=n runs n of them instead of the usual few.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <flotilla/flotilla.hpp>
#include <string>
#include <support/event_replay.hpp>
#include <support/group.hpp>
#include <utility>
#include <variant>

namespace simulation {

using namespace std::chrono_literals;
using flotilla::config;
using flotilla::duration;
using flotilla::event;
using flotilla::member_id;
using flotilla::member_state;
using support::address_of;
using support::group;
using support::link_options;

/// Runs `body(seed)` for `usual` seeds; a failure names its seed.
template <class Body>
void for_each_seed(std::uint64_t usual, Body body) {
  std::uint64_t first = 1;
  std::uint64_t count = usual;
  if (const char* many = std::getenv("FLOTILLA_SEEDS")) count = std::strtoull(many, nullptr, 10);
  if (const char* one = std::getenv("FLOTILLA_SEED")) {
    first = std::strtoull(one, nullptr, 10);
    count = 1;
  }
  for (std::uint64_t seed = first; seed != first + count; ++seed) {
    SCOPED_TRACE("FLOTILLA_SEED=" + std::to_string(seed));
    body(seed);
    if (testing::Test::HasFatalFailure()) return;
  }
}

inline member_id id_of(std::size_t i) { return member_id{i + 1}; }

/// `count` members, all but the first of which join the first.
inline group joined(std::uint64_t seed, std::size_t count, const config& settings,
                    link_options link = {}) {
  group g{seed, link};
  for (std::size_t i = 0; i < count; ++i) g.add(settings);
  for (std::size_t i = 1; i < count; ++i) g[i].join({address_of(0)});
  return g;
}

inline bool sees(group& g, std::size_t i, std::size_t whom, member_state as) {
  const auto m = g[i].find(id_of(whom));
  return m && m->state == as;
}

/// True when every other running member sees member `whom` so.
inline bool all_see(group& g, std::size_t whom, member_state as) {
  for (std::size_t i = 0; i < g.size(); ++i) {
    if (i != whom && g.running(i) && !sees(g, i, whom, as)) return false;
  }
  return true;
}

/// True when every running member sees every other running one alive, whatever else it sees.
inline bool living_seen_alive(group& g) {
  for (std::size_t i = 0; i < g.size(); ++i) {
    if (g.running(i) && !all_see(g, i, member_state::alive)) return false;
  }
  return true;
}

/// Who does not see whom alive, for a failure's message.
inline std::string blind_spots(group& g) {
  std::string text;
  for (std::size_t i = 0; i < g.size(); ++i) {
    for (std::size_t j = 0; j < g.size(); ++j) {
      if (i == j || !g.running(i) || !g.running(j) || sees(g, i, j, member_state::alive)) continue;
      const auto m = g[i].find(id_of(j));
      text += " " + support::name_of(id_of(i)) + "->" + support::name_of(id_of(j)) + ":";
      text += m ? std::string{to_string(m->state)} + "@" + std::to_string(m->incarnation.value()) +
                      " at " + m->address.to_string()
                : "unknown";
      text += " (own " + std::to_string(g[j].self().incarnation.value()) + ")";
    }
  }
  return text;
}

/// How many events of this kind member `i` has told about `whom`, or about anybody.
template <class Event>
std::size_t told(group& g, std::size_t i, member_id whom = member_id{}) {
  std::size_t count = 0;
  for (const event& e : g.events(i)) {
    const auto* what = std::get_if<Event>(&e);
    if (what == nullptr) continue;
    if constexpr (requires { what->member; }) {
      if (whom != member_id{} && what->member.id != whom) continue;
    }
    ++count;
  }
  return count;
}

/// How many members have reported `whom` failed.
inline std::size_t reports_of_failure(group& g, std::size_t whom) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < g.size(); ++i) {
    count += told<flotilla::member_failed>(g, i, id_of(whom));
  }
  return count;
}

/// Each engine's events follow the rules, and their replay is what its members() show.
inline void expect_events_tell_the_members(group& g) {
  for (std::size_t i = 0; i < g.size(); ++i) {
    g.drain(i);
    support::event_replay replay{g[i].self().id};
    for (const event& e : g.events(i)) ASSERT_EQ(replay.take(e), "") << "member " << i + 1;
    ASSERT_EQ(replay.lost(), 0U);
    ASSERT_EQ(replay.compare(g[i]), "") << "member " << i + 1;
  }
}

}  // namespace simulation
