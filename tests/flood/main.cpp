// flood/main.cpp - one sender tells a group of 20,000 members that do not exist
// Prints how a group fares with and without it, and fails when a promise is broken. `--quick` runs
// one seed of the smaller groups, a number so many seeds of all.
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <set>
#include <span>
#include <utility>
#include <variant>
#include <vector>

#include <flotilla/testing/cluster.hpp>
#include <flotilla/wire/message.hpp>

namespace {

using namespace flotilla::testing;
using namespace flotilla;
using namespace std::chrono_literals;

constexpr std::uint64_t first_fake = 1'000'000;
constexpr std::uint32_t table_limit = 8192;
constexpr duration period = 1s;

enum class sender : std::uint8_t { nobody, member, stranger };
enum class place : std::uint8_t {
  each_its_own,  ///< addresses where nobody is
  blackhole,     ///< one address for all of them, where nobody is
  real_host,     ///< the address of a process that is no member; it answers nothing
};

struct scenario {
  const char* name;
  node_index members;
  sender by;
  place at{place::each_its_own};
  bool to_all{false};      ///< told to every member, not to one
  std::uint32_t burst{1};  ///< periods over which the flood is spread
  std::uint32_t fakes{20'000};
};

endpoint fake_address(std::uint32_t i, place at) {
  if (at != place::each_its_own) return endpoint::ipv4({10, 200, 0, 1}, 7946);
  return endpoint::ipv4({10, 100, std::uint8_t(i >> 8U), std::uint8_t(i)}, 7946);
}
bool is_fake(const endpoint& at) {
  const auto text = at.to_string();
  return text.starts_with("10.100.") || text.starts_with("10.200.");
}

/// Watches what must never happen, and counts.
class witness : public engine_observer {
 public:
  void on_event(time_point now, node_index node, const engine& after, const event& what) override {
    static_cast<void>(now), static_cast<void>(node), static_cast<void>(after);
    if (const auto* failed = std::get_if<member_failed>(&what)) {
      const auto id = static_cast<std::uint64_t>(failed->member.id);
      if (id < first_fake && failed->member.id != crashed) ++wrong_failures;
    }
    if (const auto* refused = std::get_if<members_refused>(&what)) {
      ++refusal_events;
      refused_told += refused->count;
    }
  }
  void on_send(time_point now, node_index node, const engine& after, const endpoint& to,
               std::span<const std::byte> bytes) override {
    static_cast<void>(node), static_cast<void>(bytes);
    if (after.stats().bytes_allocated > most_bytes) most_bytes = after.stats().bytes_allocated;
    if (!is_fake(to)) return;
    ++to_fakes;
    const auto second = now.time_since_epoch() / period;
    in_second = second == this_second ? in_second + 1 : 1;
    this_second = second;
    if (in_second > worst_second) worst_second = in_second;
  }

  member_id crashed{};
  std::uint64_t wrong_failures{0};
  std::uint64_t refusal_events{0};
  std::uint64_t refused_told{0};
  std::uint64_t to_fakes{0};
  std::uint64_t in_second{0};
  std::uint64_t worst_second{0};
  std::int64_t this_second{0};
  std::size_t most_bytes{0};
};

struct outcome {
  double crash{0};  ///< periods until every member has found it, -1 never
  double join{0};   ///< periods until newcomer and members know each other, -1 never
  double gone{0};   ///< periods from the flood's end until no fake counts as a member, -1 never
  double forgotten{0};
  std::uint64_t wrong_failures{0};
  std::uint64_t refusal_events{0};
  std::uint64_t to_fakes{0};
  std::uint64_t worst_second{0};
  std::uint32_t most_fakes{0};  ///< active ones at one member
  std::size_t most_bytes{0};
};

class run {
 public:
  run(const scenario& what, std::uint64_t seed) : what_{what}, group_{seed, settings()} {
    group_.sim().watch(seen_);
    for (node_index i = 0; i < what.members; ++i) group_.add();
    for (node_index i = 1; i < what.members; ++i) group_.join(i, 0);
    group_.wait_full_mesh(120 * period);
    group_.run_for(3 * what.members * period);
  }

  outcome play() {
    outcome result;
    if (what_.by != sender::nobody) schedule_flood();
    const time_point flooded = group_.now() + what_.burst * period;
    group_.run_for(3 * period);
    const time_point start = group_.now();
    const node_index victim = what_.members / 2;
    seen_.crashed = group_.id_of(victim);
    group_.crash(victim);
    const node_index newcomer = group_.add();
    group_.join(newcomer, 2);
    result.crash = result.join = result.gone = result.forgotten = -1;
    for (int tick = 0; tick < 20 * 3000; ++tick) {
      group_.run_for(period / 20);
      const auto since = [&](time_point t) { return double((group_.now() - t).count()) / 1e9; };
      if (result.crash < 0 && found(victim, newcomer)) result.crash = since(start);
      if (result.join < 0 && met(victim, newcomer)) result.join = since(start);
      if (tick % 20 != 0) continue;
      const auto [active, held] = count_fakes();
      if (active > result.most_fakes) result.most_fakes = active;
      if (group_.now() < flooded) continue;
      if (result.gone < 0 && active == 0) result.gone = since(flooded);
      if (held == 0) result.forgotten = since(flooded);
      if (held == 0 && result.crash >= 0 && result.join >= 0) break;
    }
    result.wrong_failures = seen_.wrong_failures;
    result.refusal_events = seen_.refusal_events;
    result.to_fakes = seen_.to_fakes;
    result.worst_second = seen_.worst_second;
    result.most_bytes = seen_.most_bytes;
    return result;
  }

 private:
  static config settings() {
    config c = config::lan();
    c.max_members = table_limit;
    return c;
  }

  void schedule_flood() {
    const std::uint32_t each = what_.fakes / what_.burst;
    for (std::uint32_t p = 0; p < what_.burst; ++p) {
      // Through one period, so that no queue is the limit.
      for (std::uint32_t i = 0; i < each; i += 40) {
        group_.sim().after(p * period + i * (period / each), [this, p, each, i] {
          const node_index last = what_.to_all ? what_.members : 2;
          for (node_index to = 1; to < last; ++to) say(to, p * each + i, 40);
        });
      }
    }
  }

  void say(node_index to, std::uint32_t first, std::uint32_t count) {
    const node_index liar = what_.members - 1;
    const bool inside = what_.by == sender::member;
    if (to == liar) return;
    std::vector<std::byte> buffer(1400);
    wire::writer out{buffer};
    const member_id id = inside ? group_.id_of(liar) : member_id{first_fake - 1};
    const auto number = inside ? group_[liar].self().incarnation : incarnation{0};
    static_cast<void>(wire::write_message(
        out, wire::frame{wire::group_tag_of(""), id, number, group_.id_of(to), {}, false},
        wire::ping{7}));
    for (std::uint32_t i = first; i < first + count; ++i) {
      static_cast<void>(wire::write_fact(out, {member_id{first_fake + i},
                                               incarnation{0},
                                               member_state::alive,
                                               fake_address(i, what_.at),
                                               {}}));
    }
    wire::finish_frame(out);
    const endpoint from =
        inside ? group_.config_of(liar).address : endpoint::ipv4({10, 250, 0, 1}, 7946);
    group_.sim().inject(from, group_.config_of(to).address, out.written());
  }

  bool found(node_index victim, node_index newcomer) const {
    for (node_index i = 0; i < what_.members; ++i) {
      if (i == victim || i == newcomer) continue;
      if (group_.status(i, victim) != member_state::dead) return false;
    }
    return true;
  }
  bool met(node_index victim, node_index newcomer) const {
    for (node_index i = 0; i < what_.members; ++i) {
      if (i == victim) continue;
      if (group_.status(i, newcomer) != member_state::alive) return false;
      if (group_.status(newcomer, i) != member_state::alive) return false;
    }
    return true;
  }
  std::pair<std::uint32_t, std::uint32_t> count_fakes() const {
    std::uint32_t most_active = 0;
    std::uint32_t most_held = 0;
    for (node_index i = 0; i < group_.size(); ++i) {
      if (!group_.is_up(i)) continue;
      std::uint32_t active = 0;
      std::uint32_t held = 0;
      for (const member& m : group_[i].members()) {
        if (static_cast<std::uint64_t>(m.id) < first_fake) continue;
        ++held;
        if (is_active(m.state)) ++active;
      }
      if (active > most_active) most_active = active;
      if (held > most_held) most_held = held;
    }
    return {most_active, most_held};
  }

  scenario what_;
  witness seen_;
  cluster group_;
};

/// What an engine with a table of this size holds when nothing can be added any more.
std::size_t bytes_of_full_engine() {
  config c = config::lan();
  c.id = member_id{1};
  c.address = default_address(0);
  c.seed = 1;
  c.max_members = c.expected_members = table_limit;
  return engine{c, time_point{}}.stats().bytes_allocated;
}

bool hold(bool kept, const char* promise) {
  if (!kept) std::printf("  BROKEN: %s\n", promise);
  return kept;
}

}  // namespace

int main(int argc, char** argv) {
  const bool quick = argc == 2 && std::strcmp(argv[1], "--quick") == 0;
  std::uint64_t seeds = quick ? 1 : 5;
  if (!quick && argc == 2) seeds = std::strtoull(argv[1], nullptr, 10);
  if (argc > 2 || seeds == 0) {
    std::fprintf(stderr, "usage: %s [--quick | SEEDS], 5 seeds without\n", argv[0]);
    return 2;
  }
  const scenario all[] = {
      {"10 quiet", 10, sender::nobody},
      {"10 a member's burst", 10, sender::member},
      {"10 a member, 20 s", 10, sender::member, place::each_its_own, false, 20},
      {"10 a stranger's burst", 10, sender::stranger},
      {"10 a member to all", 10, sender::member, place::each_its_own, true, 1},
      {"10 240 at one", 10, sender::member, place::each_its_own, false, 1, 240},
      {"10 120 at all", 10, sender::member, place::each_its_own, true, 1, 120},
      {"10 one blackhole", 10, sender::member, place::blackhole, true, 1},
      {"100 quiet", 100, sender::nobody},
      {"100 a member's burst", 100, sender::member},
      {"100 a stranger's burst", 100, sender::stranger},
      {"100 a member to all", 100, sender::member, place::each_its_own, true, 1},
      {"100 one blackhole", 100, sender::member, place::blackhole, true, 1},
  };
  const std::size_t full = bytes_of_full_engine();
  std::printf("times in periods; the worst of %llu seeds; a full engine holds %zu bytes\n",
              static_cast<unsigned long long>(seeds), full);
  std::printf("%-24s %7s %7s %7s %7s %7s %9s %8s %7s %7s\n", "", "crash", "join", "fakes", "gone",
              "forgot", "bytes", "to fakes", "in 1 s", "events");
  bool good = true;
  double quiet = 0;
  for (const scenario& what : all) {
    if (quick && what.members > 10) break;
    outcome worst;
    for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
      const outcome one = run{what, seed}.play();
      const auto raise = [](auto& most, auto value) {
        if (value > most || value < 0) most = value;
      };
      good &= hold(one.crash >= 0 && one.join >= 0 && (what.by == sender::nobody || one.gone >= 0),
                   "everything comes to an end");
      raise(worst.crash, one.crash), raise(worst.join, one.join), raise(worst.gone, one.gone);
      raise(worst.forgotten, one.forgotten), raise(worst.wrong_failures, one.wrong_failures);
      raise(worst.to_fakes, one.to_fakes), raise(worst.most_bytes, one.most_bytes);
      raise(worst.worst_second, one.worst_second), raise(worst.most_fakes, one.most_fakes);
      raise(worst.refusal_events, one.refusal_events);
    }
    std::printf("%-24s %7.1f %7.1f %7u %7.0f %7.0f %9zu %8llu %7llu %7llu\n", what.name,
                worst.crash, worst.join, worst.most_fakes, worst.gone, worst.forgotten,
                worst.most_bytes, static_cast<unsigned long long>(worst.to_fakes),
                static_cast<unsigned long long>(worst.worst_second),
                static_cast<unsigned long long>(worst.refusal_events));
    std::fflush(stdout);
    if (what.by == sender::nobody) quiet = worst.crash;
    good &= hold(worst.wrong_failures == 0, "no real member is failed");
    good &= hold(worst.crash <= 2 * quiet, "a crash is found in twice the quiet time");
    good &= hold(worst.most_bytes <= full, "memory stays within max_members");
  }
  return good ? 0 : 1;
}
