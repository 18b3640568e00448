// tests/bench/group.cpp - a whole group in one process: what it needs until all know all, and then
// bench_group N [SEED]: joins N engines through one, lets them rest, kills one. Progress on stderr.
#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <flotilla/testing/cluster.hpp>
#include <string>

namespace {

using flotilla::config;
using flotilla::duration;
using flotilla::member_state;
using flotilla::testing::cluster;
using flotilla::testing::node_index;

/// Wall and processor time since the last lap.
class stopwatch {
 public:
  struct lap_time {
    double wall;
    double cpu;
  };
  lap_time lap() {
    const auto wall = std::chrono::steady_clock::now();
    const double cpu = static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
    const lap_time result{std::chrono::duration<double>(wall - wall_).count(), cpu - cpu_};
    wall_ = wall;
    cpu_ = cpu;
    return result;
  }

 private:
  std::chrono::steady_clock::time_point wall_{std::chrono::steady_clock::now()};
  double cpu_{static_cast<double>(std::clock()) / CLOCKS_PER_SEC};
};

/// One line that is written over; nothing where nobody watches.
class progress_bar {
 public:
  void show(const char* what, double part) {
    if (!watched_) return;
    const int full = static_cast<int>(part * 40);
    std::fprintf(stderr, "\r%-22s [%-40.*s] %3.0f %%", what, full,
                 "########################################", part * 100);
    if (part >= 1) std::fprintf(stderr, "\n");
  }

 private:
  bool watched_{isatty(STDERR_FILENO) != 0};
};

struct traffic {
  std::uint64_t datagrams{0};
  std::uint64_t bytes{0};
};
traffic sent(const cluster& group) {
  traffic all;
  for (node_index i = 0; i < group.size(); ++i) {
    all.datagrams += group[i].stats().datagrams_sent;
    all.bytes += group[i].stats().bytes_sent;
  }
  return all;
}
double heap_a_member(const cluster& group) {
  double bytes = 0;
  for (node_index i = 0; i < group.size(); ++i) {
    bytes += static_cast<double>(group[i].stats().bytes_allocated);
  }
  return bytes / group.size();
}
double peak_megabytes() {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  return static_cast<double>(used.ru_maxrss) / 1024;
}

/// How many members hold `subject` in this state.
node_index holders(const cluster& group, node_index subject, member_state state) {
  node_index count = 0;
  for (node_index i = 0; i < group.size(); ++i) {
    count += i != subject && group.status(i, subject) == state ? 1U : 0U;
  }
  return count;
}
double share_known(const cluster& group) {
  std::uint64_t known = 0;
  for (node_index i = 0; i < group.size(); ++i) known += group[i].size();
  return static_cast<double>(known) / static_cast<double>(group.size()) / group.size();
}

double periods(const cluster& group, duration length) {
  return static_cast<double>(length.count()) /
         static_cast<double>(group.base().protocol_period.count());
}

bool join_all(cluster& group, node_index count, progress_bar& bar, stopwatch& watch) {
  const auto begin = group.now();
  group.add_joined(count);
  double known = 0;
  while (known < 1 && periods(group, group.now() - begin) < 600) {
    group.run_for(group.base().protocol_period / 4);
    known = share_known(group);
    bar.show("until all know all", known);
  }
  const auto took = watch.lap();
  const traffic all = sent(group);
  std::printf(
      "until all know all: %.2f periods, %.2f s wall, %.2f s processor, %.1f datagrams and "
      "%.0f bytes a member, %.0f heap bytes an engine\n",
      periods(group, group.now() - begin), took.wall, took.cpu,
      static_cast<double>(all.datagrams) / count, static_cast<double>(all.bytes) / count,
      heap_a_member(group));
  if (known >= 1) return true;
  std::printf("NOT REACHED: each knows %.2f %% on average\n", 100 * known);
  return false;
}

/// The gossip of the beginning is passed on first; then a hundred periods count.
void rest(cluster& group, progress_bar& bar, stopwatch& watch) {
  const auto settled = [&] {
    for (node_index i = 0; i < group.size(); ++i) {
      if (group[i].stats().gossip_pending != 0) return false;
    }
    return true;
  };
  int waited = 0;
  while (!settled() && waited < 600) {
    group.run_for(group.base().protocol_period);
    bar.show("until all is told", static_cast<double>(++waited) / 600);
  }
  auto took = watch.lap();
  std::printf("until all is told: %d periods more, %.2f s wall, %.2f s processor%s\n", waited,
              took.wall, took.cpu, settled() ? "" : "; NOT REACHED");
  const traffic before = sent(group);
  constexpr int count = 100;
  for (int i = 0; i < count; ++i) {
    group.run_for(group.base().protocol_period);
    bar.show("at rest", static_cast<double>(i + 1) / count);
  }
  took = watch.lap();
  const traffic after = sent(group);
  const double each = static_cast<double>(group.size()) * count;
  std::printf(
      "at rest, a member a period: %.0f ns wall, %.0f ns processor, simulator included; "
      "%.3f datagrams, %.1f bytes\n",
      1e9 * took.wall / each, 1e9 * took.cpu / each,
      static_cast<double>(after.datagrams - before.datagrams) / each,
      static_cast<double>(after.bytes - before.bytes) / each);
}

bool kill_one(cluster& group, progress_bar& bar, stopwatch& watch) {
  const node_index victim = group.size() / 2;
  const auto begin = group.now();
  group.sim().crash(victim);
  double suspected = -1;
  double detected = -1;
  node_index told = 0;
  while (told + 1 < group.size() && periods(group, group.now() - begin) < 600) {
    group.run_for(group.base().protocol_period / 10);
    const double now = periods(group, group.now() - begin);
    told = holders(group, victim, member_state::dead);
    if (suspected < 0 && (told != 0 || holders(group, victim, member_state::suspect) != 0)) {
      suspected = now;
    }
    if (detected < 0 && told != 0) detected = now;
    bar.show("one was killed", static_cast<double>(told) / (group.size() - 1));
  }
  const auto took = watch.lap();
  std::printf(
      "one killed: suspected after %.1f periods, dead at one after %.1f, at all after %.1f; "
      "%.2f s wall, %.2f s processor\n",
      suspected, detected, periods(group, group.now() - begin), took.wall, took.cpu);
  return told + 1 == group.size();
}

}  // namespace

int main(int argc, char** argv) {
  const unsigned long count = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 0;
  if (argc < 2 || argc > 3 || count < 2 || count > 1'000'000) {
    std::fprintf(stderr, "usage: %s N [SEED]    N: 2 to 1,000,000 members\n", argv[0]);
    return 2;
  }
  const std::uint64_t seed = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 1;
  const auto members = static_cast<node_index>(count);
  config base = config::lan();
  if (base.max_members < members) base.max_members = members;
  cluster group{seed, base};
  progress_bar bar;
  stopwatch watch;
  std::printf("%lu members, seed %llu, lan()\n", count, static_cast<unsigned long long>(seed));
  bool good = join_all(group, members, bar, watch);
  std::fflush(stdout);
  if (good) {
    rest(group, bar, watch);
    std::fflush(stdout);
    good = kill_one(group, bar, watch);
  }
  std::printf("peak memory of the process: %.0f MB, %.1f KB a member\n", peak_megabytes(),
              1024 * peak_megabytes() / static_cast<double>(count));
  return good ? 0 : 1;
}
