// property/repair_property_test.cpp - flotilla/engine/repairing.hpp
// Whatever two views hold, and however the link treats their datagrams, they end up the same.
#include <flotilla/engine/repairing.hpp>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cstdint>
#include <map>
#include <random>
#include <utility>
#include <vector>

#include <support/view_pair.hpp>

namespace {

using namespace flotilla;
using support::view_pair;
namespace wire = flotilla::wire;

/// What one engine believes of the members that it holds active.
std::map<member_id, std::pair<std::uint32_t, endpoint>> active_of(const engine& who) {
  std::map<member_id, std::pair<std::uint32_t, endpoint>> all;
  for (const member m : who.members()) {
    if (is_active(m.state)) all[m.id] = {m.incarnation.value(), m.address};
  }
  return all;
}

config base_config() {
  config c = config::lan();
  c.suspicion_multiplier = 1000;  // who is silent here shall not die of it
  c.healing_interval = duration::zero();
  c.helpers = 0;
  c.local_health_max = 0;
  c.notice_silence = false;
  return c;
}

/// Facts as somebody may hold them of one member: in some life, at some place, maybe dead or gone.
void add_history(std::vector<wire::fact>& view, std::uint64_t id, std::mt19937_64& random) {
  static constexpr std::uint32_t lives[] = {0, 1, 2, 7, (1U << 30U) - 1};  // the last one is forged
  const auto draw = [&](std::uint64_t bound) { return random() % bound; };
  const std::uint32_t life = lives[draw(8) == 0 ? 4 : draw(4)];
  const auto place =
      endpoint::ipv4({10, static_cast<std::uint8_t>(id >> 8U), static_cast<std::uint8_t>(id),
                      static_cast<std::uint8_t>(life % 251)},
                     7946);
  view.push_back({member_id{id}, incarnation{life}, member_state::alive, place, {}});
  const std::uint64_t fate = draw(8);
  if (fate < 5) return;
  const auto state = static_cast<member_state>(fate - 4);
  view.push_back({member_id{id},
                  incarnation{life},
                  state,
                  {},
                  state == member_state::left ? member_id{} : member_id{77}});
}

bool become_equal(view_pair& pair, unsigned comparisons) {
  for (unsigned i = 0; i < comparisons; ++i) {
    if (active_of(pair.first) == active_of(pair.second)) return true;
    if (!pair.compare(1, 2000)) return false;
  }
  return active_of(pair.first) == active_of(pair.second);
}

void compare_views(bool lossy) {
  const auto seed = *rc::gen::arbitrary<std::uint64_t>();
  const auto members = *rc::gen::inRange<std::uint64_t>(0, 120);
  const auto alike = *rc::gen::inRange<std::uint64_t>(0, 101);
  const auto room = *rc::gen::element<std::size_t>(96, 200, 1400);
  std::mt19937_64 random{seed};
  std::vector<wire::fact> first;
  std::vector<wire::fact> second;
  for (std::uint64_t id = 1000; id < 1000 + members; ++id) {
    if (random() % 100 < alike) {
      std::mt19937_64 same{id};
      std::mt19937_64 again{id};
      add_history(first, id, same);
      add_history(second, id, again);
      continue;
    }
    const auto who = random() % 3;
    if (who != 0) add_history(first, id, random);
    if (who != 1) add_history(second, id, random);
  }
  config c = base_config();
  c.max_datagram_size = room;
  view_pair pair{c};
  pair.played = true;
  pair.load(pair.first, first);
  pair.load(pair.second, second);
  if (lossy) {
    pair.link = [&random] {
      const auto copies = static_cast<unsigned>(random() % 10);
      return std::pair{copies < 2 ? 0U : (copies < 4 ? 2U : 1U),
                       static_cast<unsigned>(random() % 3)};
    };
  }
  const bool differ = active_of(pair.first) != active_of(pair.second);
  RC_TAG(differ, room);
  RC_ASSERT(become_equal(pair, lossy ? 40 : 4));
  RC_ASSERT(pair.bill.largest <= room);
}

RC_GTEST_PROP(repair_property, views_become_equal, ()) { compare_views(false); }

RC_GTEST_PROP(repair_property, views_become_equal_though_datagrams_are_lost_doubled_and_overtaken,
              ()) {
  compare_views(true);
}

}  // namespace
