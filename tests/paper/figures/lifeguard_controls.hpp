// paper/figures/lifeguard_controls.hpp - what each part is for: the figure that worsens without it
// Negative controls. Each part has the trouble that it was made for; groups of 128 in all of them.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

#include <paper/figures/lifeguard.hpp>
#include <paper/figures/lifeguard_tables.hpp>
#include <paper/figures/series.hpp>

namespace figures::lifeguard {

/// What a group is put through.
enum class ordeal : std::uint8_t {
  blocked,      ///< the paper's, 8.2 s and longer, of 4, 16 and 32 members at the same times
  apart,        ///< the same, each at times of its own
  crashes,      ///< 32 crash at once
  loss_30,      ///< every datagram is lost with 30 %
  slow_paths,   ///< 125 to 140 ms one way, so round trips of half the time-out, and 5 % loss
  sends_20,     ///< of what four members send, 80 % is lost
  hears_20,     ///< of what four members are sent
  deaf_half,    ///< four members hear nothing for 20 s of 40
  late_drivers  ///< 16 freeze for 2 s again and again, and look at timers first; 30 % loss
};

/// The figure that is compared: smaller is better.
enum class measured : std::uint8_t { false_positives, at_healthy, connected, suspicions, latency };
inline constexpr const char* measured_names[] = {"false positives", "the same, at the healthy",
                                                 "and first told by one not cut off", "suspicions",
                                                 "full latency"};

[[nodiscard]] inline flotilla::testing::link_options lossy(flotilla::testing::latency delay,
                                                           std::uint32_t percent) {
  flotilla::testing::link_options link;
  link.delay = delay;
  link.loss = flotilla::testing::chance::percent(percent);
  return link;
}

/// Deaf for 20 s and well for 20 s, for ever.
inline void deafen(cluster& group, node_index i, bool now) {
  using flotilla::testing::chance;
  group.net().set_ingress_loss(i, now ? chance::always() : chance::never());
  group.sim().after(std::chrono::seconds{20}, [&group, i, now] { deafen(group, i, !now); });
}

/// Faults of paths, for five minutes, and those of `late_drivers`.
[[nodiscard]] inline outcome run_paths(const config& settings, ordeal what, std::uint64_t seed) {
  using namespace std::chrono_literals;
  using flotilla::testing::chance;
  using flotilla::testing::latency;
  outcome failed;
  failed.settled = false;
  const auto group = calm_group(seed, settings);
  if (group == nullptr) return failed;
  random_generator random{seed};
  const bool all = what == ordeal::loss_30 || what == ordeal::slow_paths;
  const node_index count = all ? 0 : what == ordeal::late_drivers ? 16 : 4;
  trouble freezing{*group, {seed, anomaly::frozen_timers_first, false, count, 2048ms, 256ms}};
  std::vector<bool> ill(members);
  if (what == ordeal::loss_30) group->net().set_link(lossy(latency::exponential(100us, 400us), 30));
  if (what == ordeal::slow_paths) group->net().set_link(lossy(latency::uniform(125ms, 140ms), 5));
  if (what == ordeal::late_drivers) group->net().set_link(lossy(latency::uniform(20ms, 60ms), 30));
  for (const node_index i : some_members(random, count)) {
    ill[i] = true;
    if (what == ordeal::sends_20) group->net().set_egress_loss(i, chance::percent(80));
    if (what == ordeal::hears_20) group->net().set_ingress_loss(i, chance::percent(80));
    if (what == ordeal::deaf_half) deafen(*group, i, true);
    if (what == ordeal::late_drivers) freezing.begin(i, latency::uniform({}, 2304ms).draw(random));
  }
  failure_watch watch{*group, ill};
  group->run_for(all || what == ordeal::late_drivers ? 120s : 300s);
  return watch.seen();
}

[[nodiscard]] inline outcome run_blocked(const config& settings, bool in_step, std::uint64_t seed) {
  using namespace std::chrono_literals;
  outcome total;
  for (const node_index c : {4U, 16U, 32U}) {
    for (const duration away : {8192ms, 16384ms, 32768ms}) {
      for (const duration between : {1ms, 64ms, 1024ms}) {
        total.add(run(settings, {++seed, anomaly::blocked, in_step, c, away, between}));
      }
    }
  }
  return total;
}

/// The same seeds whatever the settings.
[[nodiscard]] inline double measure(const config& settings, ordeal what, measured which,
                                    std::uint64_t seed) {
  if (what == ordeal::crashes) return crash_all(settings, seed, 32, 20).full.quantile(0.5);
  outcome total;
  if (what == ordeal::blocked || what == ordeal::apart) {
    total = run_blocked(settings, what == ordeal::blocked, seed * 1'000'003);
  } else {
    for (std::uint64_t r = 0; r < 4; ++r) total.add(run_paths(settings, what, seed * 1000 + r));
  }
  if (!total.settled) return -1;
  const std::uint64_t value = which == measured::false_positives ? total.false_positives
                              : which == measured::at_healthy    ? total.at_healthy
                              : which == measured::connected     ? total.connected
                                                                 : total.suspicions;
  return static_cast<double>(value);
}

struct control {
  const char* part;
  const char* trouble;
  ordeal what;
  measured which;
  config with;
  config without;
  double paper{0};       ///< the paper's factor, 0 where it gives none
  const char* note{""};  ///< why the factor is another
  bool worsens{true};    ///< false where the note says why it does not
};

/// Lifeguard's parts as the paper has them: each alone on top of SWIM.
[[nodiscard]] inline std::vector<control> added_to_swim() {
  std::vector<control> rows;
  const auto add = [&](const char* part, components which, double all, double healthy,
                       const char* in_step = "") {
    for (const ordeal what : {ordeal::apart, ordeal::blocked}) {
      const bool apart = what == ordeal::apart;
      const char* trouble = apart ? "blocked, each at its times" : "blocked in step";
      rows.push_back({part, trouble, what, measured::false_positives, swim_with(which),
                      plain_swim(), all, apart ? "" : in_step});
      rows.push_back({part, trouble, what, measured::at_healthy, swim_with(which), plain_swim(),
                      healthy, apart ? "" : in_step});
    }
  };
  add("SWIM + LHA-Probe", {true, false, false}, 100 / 67.72, 100 / 32.88);
  add("SWIM + LHA-Suspicion", {false, true, false}, 100 / 3.00, 100 / 6.71,
      "released together, they confirm each other's accusations");
  add("SWIM + Buddy System", {false, false, true}, 100 / 94.08, 100 / 44.57,
      "less than where each has times of its own");
  rows.push_back(
      {"SWIM + Buddy System", "blocked, each at its times", ordeal::apart, measured::connected,
       swim_with({false, false, true}), plain_swim(), 100 / 44.57,
       "most verdicts fall while no ping leaves the accuser; in the paper its probes stop"});
  add("SWIM + all three", {true, true, true}, 65.3, 53.0);
  rows.push_back({"SWIM + late ticks", "late drivers", ordeal::late_drivers,
                  measured::false_positives, swim_with({false, false, false, true}), plain_swim()});
  return rows;
}

/// Ours without one part each.
[[nodiscard]] inline std::vector<control> taken_from_ours() {
  std::vector<control> rows;
  const auto add = [&](const char* part, const char* trouble, ordeal what, measured which,
                       auto change, const char* note = "", bool worsens = true) {
    config without = everything();
    change(without);
    rows.push_back({part, trouble, what, which, everything(), without, 0, note, worsens});
  };
  constexpr auto failures = measured::false_positives;
  constexpr auto suspicions = measured::suspicions;
  const auto health = [](config& c) { c.local_health_max = 0; };
  const auto shrinking = [](config& c) { c.suspicion_max_multiplier = 1; };
  const auto buddy = [](config& c) { c.experiment.buddy = false; };
  const auto nacks = [](config& c) { c.experiment.nacks = false; };
  const auto passing = [](config& c) { c.experiment.passing_on_confirmations = false; };
  const auto late = [](config& c) { c.experiment.late_inputs = false; };
  const auto lifeguard = [&](config& c) { health(c), shrinking(c), buddy(c), nacks(c); };
  add("Lifeguard, whole", "blocked in step", ordeal::blocked, failures, lifeguard);
  add("local health", "blocked in step", ordeal::blocked, failures, health);
  add("local health", "deaf 20 s of 40", ordeal::deaf_half, suspicions, health);
  add("shrinking suspicion", "blocked in step", ordeal::blocked, failures, shrinking);
  add("shrinking suspicion", "30 % loss", ordeal::loss_30, failures, shrinking);
  add("buddy system", "30 % loss", ordeal::loss_30, failures, buddy);
  add("nacks", "blocked in step", ordeal::blocked, failures, nacks,
      "they speak for a prober that is well; who is blocked gets none either way", false);
  add("nacks", "slow paths", ordeal::slow_paths, suspicions, nacks);
  add("confirmations passed on", "32 crash", ordeal::crashes, measured::latency, passing);
  add("checked verdicts", "80 % egress lost", ordeal::sends_20, failures,
      [](config& c) { c.checked_verdicts = false; });
  add("waiting for others", "80 % egress lost", ordeal::sends_20, failures,
      [](config& c) { c.experiment.waiting_for_others = false; });
  add("silence noticed", "deaf 20 s of 40", ordeal::deaf_half, suspicions,
      [](config& c) { c.notice_silence = false; });
  add("accusers weighed", "80 % ingress lost", ordeal::hears_20, suspicions,
      [](config& c) { c.weigh_accusers = false; });
  add("adaptive time-out", "slow paths", ordeal::slow_paths, suspicions,
      [](config& c) { c.adaptive_timeout = false; });
  add("late ticks", "late drivers", ordeal::late_drivers, failures, late,
      "a verdict that is checked first does not fall on a late tick either", false);
  return rows;
}

inline void show_controls(std::uint64_t seed, verdict& result) {
  table rows({"part", "trouble", "figure", "with", "without", "factor", "paper", "why"});
  std::vector<control> all = added_to_swim();
  for (const control& c : taken_from_ours()) all.push_back(c);
  progress bar{"parts", all.size()};
  bool settled = true;
  std::string no_worse;
  for (const control& c : all) {
    const double with = measure(c.with, c.what, c.which, seed);
    const double without = measure(c.without, c.what, c.which, seed);
    bar.advance();
    settled = settled && with >= 0 && without >= 0;
    const int digits = c.which == measured::latency ? 2 : 0;
    const double factor = without / std::max(with, 1.0);
    const std::string times = with == 0 && without == 0 ? "-" : number(factor, 2);
    rows.row({c.part, c.trouble, measured_names[static_cast<std::size_t>(c.which)],
              number(with, digits), number(without, digits),
              (with == 0 && without != 0 ? "> " : "") + times, published(c.paper), c.note});
    if (c.worsens && without <= with) no_worse += std::string{" "} + c.part + ";";
  }
  std::printf("\nWhat each part is for: its figure with it, and without\n\n");
  rows.print();
  std::printf("\n");
  result.require(settled, "every group became whole");
  result.require(no_worse.empty(), "each figure is worse without its part" +
                                       (no_worse.empty() ? "" : ", but not for" + no_worse));
}

}  // namespace figures::lifeguard
