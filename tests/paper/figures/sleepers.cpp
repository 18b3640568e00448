// paper/figures/sleepers.cpp - members that sleep, are held up, hear half or cannot reach another
// Nobody else may be reported failed by anybody well, and crashes are seen all the same.

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include <flotilla/testing/cluster.hpp>
#include <paper/figures/alarms.hpp>
#include <paper/figures/members.hpp>
#include <paper/figures/series.hpp>

namespace {

using namespace figures;
using namespace std::chrono_literals;

constexpr node_index members = 128;
constexpr duration asleep = 8192ms;
constexpr duration awake = 64ms;
constexpr duration length = 5min;

enum class anomaly : std::uint8_t {
  blocked,     ///< Lifeguard's: messages are held, timers run
  frozen,      ///< nothing runs; on waking what is queued is read first
  tick_first,  ///< the same, but then the timers come first
};

/// lan() without any of what Lifeguard adds, nor our own checks: SWIM.
config swim() {
  config c = config::lan();
  c.suspicion_max_multiplier = 1;
  c.local_health_max = 0;
  c.notice_silence = false;
  c.checked_verdicts = false;
  c.weigh_accusers = false;
  return c;
}

config credulous() {
  config c = config::lan();
  c.weigh_accusers = false;
  return c;
}

/// Sleeps and wakes for ever.
void sleep(cluster& group, node_index i, anomaly kind) {
  kind == anomaly::blocked ? group.block(i) : group.freeze(i);
  group.sim().after(asleep, [&group, i, kind] {
    group.resume(i);
    group.sim().after(awake, [&group, i, kind] { sleep(group, i, kind); });
  });
}

/// One of the healthy crashes; the time until all the others that are well have told so.
void crash_one(cluster& group, alarm_watch& watch, alarms& into) {
  node_index victim = 0;
  while (watch.is_faulty(victim)) ++victim;
  const time_point crash = group.now();
  group.crash(victim);
  const auto removed = [&] { return watch.removed_at(victim) != never; };
  if (!group.sim().run_until(removed, 10min, 250ms)) {
    ++into.incomplete;
    return;
  }
  into.add_removal(watch.removed_at(victim) - crash);
}

/// All fall asleep at once in every other run, else each at a time of its own.
void run_sleepers(alarms& into, std::uint64_t seed, anomaly kind, node_index count,
                  const config& settings) {
  ++into.runs;
  const std::unique_ptr<cluster> group = calm_group(seed, members, settings);
  if (!group) {
    ++into.incomplete;
    return;
  }
  alarm_watch watch{*group, into};
  const auto phases = flotilla::testing::latency::uniform(duration::zero(), asleep + awake);
  for (const node_index i : some_nodes(*group, count)) {
    watch.set_faulty(i);
    if (kind == anomaly::tick_first) group->sim().set_driver(i, {.timers_first = true});
    const duration phase = seed % 2 == 0 ? duration::zero() : phases.draw(group->sim().random());
    group->sim().after(phase, [at = group.get(), i, kind] { sleep(*at, i, kind); });
  }
  group->run_for(length);
  into.member_seconds += members * static_cast<std::uint64_t>(length / 1s);
  watch.finish();
  crash_one(*group, watch, into);
}

/// One of 50 loses so many percent of what it is sent, and all that it sends arrives.
void run_half_connected(alarms& into, std::uint64_t seed, std::uint32_t loss,
                        const config& settings) {
  ++into.runs;
  const std::unique_ptr<cluster> group = calm_group(seed, 50, settings);
  if (!group) {
    ++into.incomplete;
    return;
  }
  alarm_watch watch{*group, into};
  const node_index faulty = some_nodes(*group, 1)[0];
  watch.set_faulty(faulty);
  group->net().set_ingress_loss(faulty, flotilla::testing::chance::percent(loss));
  group->run_for(length);
  into.member_seconds += group->size() * static_cast<std::uint64_t>(length / 1s);
  watch.finish();
  crash_one(*group, watch, into);
}

/// One cannot reach another, in one direction or in both, in groups of 3 to 20: long enough that
/// each probes the other at least twice.
void run_cut(alarms& into, std::uint64_t seed, bool both_ways) {
  ++into.runs;
  const auto count = static_cast<node_index>(3 + seed % 18);
  const std::unique_ptr<cluster> group = calm_group(seed, count, config::lan());
  if (!group) {
    ++into.incomplete;
    return;
  }
  alarms here;
  alarm_watch watch{*group, here};
  const std::vector<node_index> pair = some_nodes(*group, 2);
  group->net().cut(pair[0], pair[1]);
  if (both_ways) group->net().cut(pair[1], pair[0]);
  const std::int64_t seconds = 10 + std::int64_t{6} * count;
  group->run_for(seconds * 1s);
  into.member_seconds += count * static_cast<std::uint64_t>(seconds);
  into.healthy_failed += here.healthy_failed;
  into.healthy_suspected += here.healthy_suspected;
  into.broken_paths += here.broken_paths;
  if (here.broken_paths == 0) ++into.incomplete;
}

void sleepers(table& out, verdict& claims, const options& given, progress& bar) {
  constexpr std::array<const char*, 3> names = {"blocked", "frozen", "frozen, ticks first"};
  bool none = true;
  double slowest = 0;
  for (const node_index count : {4U, 16U, 32U}) {
    for (const anomaly kind : {anomaly::blocked, anomaly::frozen, anomaly::tick_first}) {
      alarms told;
      for (std::uint32_t n = 0; n < given.runs; ++n) {
        run_sleepers(told, given.seed + n, kind, count, config::lan());
        bar.advance();
      }
      out.row(told.row(std::to_string(count) + " " + names[static_cast<std::size_t>(kind)]));
      none = none && told.healthy_failed == 0 && told.incomplete == 0;
      slowest = std::max(slowest, told.slowest_removal);
    }
  }
  alarms control;
  for (std::uint32_t n = 0; n < given.runs; ++n) {
    run_sleepers(control, given.seed + n, anomaly::blocked, 32, swim());
  }
  out.row(control.row("32 blocked, plain SWIM"));
  claims.require(none, "nobody who never slept is reported failed, by anybody");
  claims.require(slowest <= 35,
                 "and who crashes meanwhile is removed by all that are well within " +
                     number(slowest, 1) + " s (at most 35)");
  claims.require(control.healthy_suspected > std::uint64_t{10'000} * given.runs,
                 "without Lifeguard and our own checks " +
                     std::to_string(control.healthy_suspected) + " are suspected");
}

/// Whoever hears nothing at all notices that (config::notice_silence) and accuses nobody until it
/// has been suspect to the others for long, or is dead to them, who then do not take its word about
/// anybody.
void half_connected(table& out, verdict& claims, const options& given, progress& bar) {
  struct hearing {
    std::uint32_t loss;
    bool notices;
    const char* label;
  };
  constexpr std::array<hearing, 3> all = {hearing{50, true, "hears 50 %"},
                                          hearing{100, false, "hears 0 %, unnoticed"},
                                          hearing{100, true, "hears 0 %"}};
  for (const hearing& one : all) {
    alarms weighed;
    alarms believed;
    config trusting = credulous();
    config settings = config::lan();
    settings.notice_silence = trusting.notice_silence = one.notices;
    for (std::uint32_t n = 0; n < given.runs; ++n) {
      run_half_connected(weighed, given.seed + n, one.loss, settings);
      run_half_connected(believed, given.seed + n, one.loss, trusting);
      bar.advance();
    }
    const std::string label = one.label;
    out.row(weighed.row(label));
    out.row(believed.row(label + ", all believed"));
    const bool well = weighed.healthy_failed == weighed.failed_at_faulty && weighed.incomplete == 0;
    claims.require(well, label + ": no healthy member is reported failed by one");
    const std::uint64_t with = weighed.healthy_suspected - weighed.suspected_at_faulty;
    const std::uint64_t without = believed.healthy_suspected - believed.suspected_at_faulty;
    claims.require(with < without, label + ": healthy ones suspect " + std::to_string(with) +
                                       ", fewer than the " + std::to_string(without) +
                                       " with all believed");
    if (one.loss == 100 && one.notices) {
      claims.require(with == 0, label + ": none is even suspected by one");
    }
  }
}

void cuts(table& out, verdict& claims, const options& given, progress& bar) {
  for (const bool both_ways : {false, true}) {
    alarms told;
    for (std::uint32_t n = 0; n < 50 * given.runs; ++n) run_cut(told, given.seed + n, both_ways);
    bar.advance();
    out.row(told.row(both_ways ? "pair cut both ways" : "pair cut one way"));
    claims.require(told.healthy_suspected == 0 && told.healthy_failed == 0 && told.incomplete == 0,
                   "a cut between two: nobody is suspected, and path_broken told, in each of " +
                       std::to_string(told.runs) + " groups");
  }
}

}  // namespace

int main(int argc, char** argv) {
  const options given = parse(argc, argv, 10, 1);
  progress bar{"sleepers", std::uint64_t{given.runs} * 12 + 2};
  table out{alarms::head()};
  verdict claims;
  sleepers(out, claims, given, bar);
  half_connected(out, claims, given, bar);
  cuts(out, claims, given, bar);
  std::printf(
      "\nlan(), %u members of whom some sleep 8,192 ms and are awake 64 ms, for five minutes;\n"
      "50 of whom one hears half or nothing; groups of 3 to 20 with a cut between two.\n\n",
      members);
  out.print();
  claims.require(out.write_csv(given.csv), "CSV written, where asked for");
  return claims.exit_code();
}
