// paper/figures/lifeguard.cpp - Lifeguard's experiment: who is slow itself accuses the healthy
// arXiv 1707.00788, tables IV and the message loads, figure 2; and what each part of ours is for.
// `--only arms|blocked|frozen|timers-first|latency|parts` runs one part; `arms` are the three after
// it, together. `--runs 4` goes through the paper's whole grid.
#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include <paper/figures/lifeguard.hpp>
#include <paper/figures/lifeguard_controls.hpp>
#include <paper/figures/lifeguard_tables.hpp>
#include <paper/figures/series.hpp>

namespace {

using namespace figures;
using namespace figures::lifeguard;
using namespace std::chrono_literals;

/// The paper's.
constexpr std::array<duration, 6> away{128ms, 512ms, 2048ms, 8192ms, 16384ms, 32768ms};
constexpr std::array<duration, 8> between{1ms, 4ms, 16ms, 64ms, 256ms, 1024ms, 4096ms, 16384ms};

/// Of the paper's grid each number of members with each time away, and for these two of the eight
/// times between, a short and a long one, others for every next; four repetitions are the whole
/// grid. With one of the two all are in trouble at the same times, with the other at times of their
/// own.
std::vector<scenario> scenarios(const options& wanted, anomaly kind) {
  std::vector<scenario> all;
  for (std::uint32_t r = 0; r < wanted.runs; ++r) {
    for (std::size_t c = 0; c < concurrent.size(); ++c) {
      for (std::size_t a = 0; a < away.size(); ++a) {
        if (wanted.quick && (concurrent[c] != 16 || a != 5)) continue;
        for (const std::size_t half : {0U, 4U}) {
          const std::size_t b = half + (r + c + a) % 4;
          const std::uint64_t seed = wanted.seed * 1'000'003 + r * 10'007 + all.size();
          const bool in_step = (half == 0) == ((c + a) % 2 == 0);
          all.push_back({seed, kind, in_step, concurrent[c], away[a], between[b]});
        }
      }
    }
  }
  return all;
}

/// The file for another table beside the one that was asked for.
std::string beside(const std::string& csv, const char* what) {
  if (csv.empty()) return csv;
  const std::size_t dot = csv.rfind('.');
  const std::size_t end = dot == std::string::npos ? csv.size() : dot;
  return csv.substr(0, end) + "_" + what + csv.substr(end);
}

struct anomaly_name {
  anomaly kind;
  const char* option;
  const char* text;
};
constexpr std::array<anomaly_name, 3> anomalies{
    {{anomaly::blocked, "blocked", "blocked (their timers run)"},
     {anomaly::frozen, "frozen", "frozen, and read their sockets first on waking"},
     {anomaly::frozen_timers_first, "timers-first", "frozen, and look at their timers first"}}};

void judge_arms(const campaign& all, std::uint32_t parts, bool quick, verdict& result) {
  const outcome swim = sum(all[swim_arm]);
  const std::uint64_t least = quick ? 1000 : 10'000;
  bool settled = true;
  for (const auto& runs : all) settled = settled && sum(runs).settled;
  result.require(settled, "every group became whole");
  result.require(swim.false_positives >= least && swim.at_healthy >= 1000,
                 "SWIM shows enough false positives: " + std::to_string(swim.false_positives) +
                     ", " + std::to_string(swim.at_healthy) + " at healthy members");
  const auto band = [&](const char* what, figure which, double most) {
    const double upper = upper_percent(all, our_arm, which, parts);
    result.require(upper <= most,
                   std::string{"ours: "} + what + " at most " + number(most, 1) +
                       " % of SWIM's: " + number(percent(sum(all[our_arm]), swim, which), 4) +
                       " %, upper end of the 95 % interval " + number(upper, 4));
  };
  band("false positives", &outcome::false_positives, 0.5);
  band("false positives at healthy members", &outcome::at_healthy, 0.5);
  band("messages", &outcome::messages, 110);
  band("bytes", &outcome::bytes, 100);
}

/// What one anomaly makes of the bands that are held over all of them, as in the paper.
void show_upper_ends(const campaign& all) {
  std::printf("ours, upper ends of the 95 %% intervals: messages %s %%, bytes %s %%\n",
              number(upper_percent(all, our_arm, &outcome::messages), 2).c_str(),
              number(upper_percent(all, our_arm, &outcome::bytes), 2).c_str());
}

/// All anomalies that are wanted, each and together.
bool compare_arms(const options& wanted, const std::string& only, verdict& result) {
  const std::vector<arm> arms = papers_arms();
  campaign together;
  std::uint32_t parts = 0;
  bool written = true;
  for (const anomaly_name& one : anomalies) {
    if (!only.empty() && only != "arms" && only != one.option) continue;
    if (wanted.quick && one.kind == anomaly::frozen) continue;
    const auto what = scenarios(wanted, one.kind);
    const campaign all = run_all(arms, what, one.option);
    std::printf("\nMembers in trouble are %s: %zu runs an arm\n\n", one.text, what.size());
    arm_rows(arms, all).print();
    std::printf("\n");
    if (one.kind == anomaly::blocked) {
      const table figure = figure_rows(arms, what, all);
      if (!wanted.quick) figure.print();
      written = figure.write_csv(wanted.csv);
    }
    show_upper_ends(all);
    if (one.kind != anomaly::blocked) {
      // Who stands still harms nobody, in SWIM neither, since its timers stand as well: what is
      // left is the price.
      const std::uint64_t ours = sum(all[our_arm]).false_positives;
      result.require(ours <= sum(all[swim_arm]).false_positives,
                     "ours: no more false positives than SWIM: " + std::to_string(ours));
    }
    pool(together, all);
    ++parts;
  }
  if (together.empty()) return true;
  std::printf("\nTogether: %zu runs an arm\n\n", together[0].size());
  const table rows = arm_rows(arms, together);
  rows.print();
  std::printf("\n");
  if (only.empty() || only == "arms" || only == anomalies[0].option)
    judge_arms(together, parts, wanted.quick, result);
  return rows.write_csv(beside(wanted.csv, "arms")) && written;
}

std::vector<std::string> latency_cells(const char* name, const latencies& l, double swim) {
  return {name,
          std::to_string(l.full.size()),
          number(l.first.quantile(0.5), 2),
          number(l.first.quantile(0.99), 2),
          number(l.first.quantile(0.999), 2),
          number(l.full.quantile(0.5), 2),
          number(l.full.quantile(0.99), 2),
          number(l.full.quantile(0.999), 2),
          number(100 * l.full.quantile(0.5) / swim, 1)};
}
constexpr double papers_latency = 100.1;  // Lifeguard's median full latency in percent of SWIM's

/// Real crashes: of one, and of as many at once as are in trouble at once above.
bool compare_latency(const options& wanted, verdict& result) {
  const std::vector<arm> arms = papers_arms();
  const std::vector<std::string> head{"arm",         "crashes", "first median", "p99",      "p99.9",
                                      "full median", "p99",     "p99.9",        "% of SWIM"};
  table single(head);
  table pooled(head);
  std::vector<std::string> names{"C"};
  for (const arm& a : arms) names.emplace_back(a.name);
  table by_count(names);
  std::vector<latencies> all(arms.size());
  bool complete = true;
  double ours = 0;
  progress bar{"latency", (wanted.quick ? 1 : concurrent.size()) * arms.size()};
  for (const node_index count : concurrent) {
    if (wanted.quick && count != 1) continue;
    const std::uint32_t runs = wanted.quick ? 12 : (count == 1 ? 600 : (239 + count) / count);
    std::vector<std::string> medians{std::to_string(count)};
    double swim = 0;
    for (std::size_t a = 0; a < arms.size(); ++a) {
      if (wanted.quick && a != swim_arm && a != our_arm) continue;
      const latencies l = crash_all(arms[a].settings, wanted.seed, count, runs);
      bar.advance();
      complete = complete && l.complete;
      all[a].add(l);
      if (a == swim_arm) swim = l.full.quantile(0.5);
      if (count == 1) single.row(latency_cells(arms[a].name, l, swim));
      if (count == 1 && a == our_arm) ours = 100 * l.full.quantile(0.5) / swim;
      medians.push_back(number(100 * l.full.quantile(0.5) / swim, 2));
    }
    by_count.row(medians);
  }
  std::printf("\nSeconds from a crash of one until it is told first, and by everybody\n\n");
  single.print();
  if (!wanted.quick) {
    const double swim = all[swim_arm].full.quantile(0.5);
    for (std::size_t a = 0; a < arms.size(); ++a) {
      pooled.row(latency_cells(arms[a].name, all[a], swim));
    }
    std::printf("\nThe same, of 1 to 32 at once\n\n");
    pooled.print();
    std::printf("\nMedian of the full latency in percent of SWIM's, C crashing at once\n\n");
    by_count.print();
  }
  std::printf("\n");
  result.require(complete, "every crash was told everywhere");
  result.require(ours <= (wanted.quick ? 105 : 101),
                 "median full latency of a crash <= 101 % of SWIM's: " + number(ours, 2) +
                     " % (the paper: " + number(papers_latency, 1) + " %)");
  return by_count.write_csv(beside(wanted.csv, "latency"));
}

}  // namespace

int main(int argc, char** argv) {
  std::string only;
  std::vector<char*> rest;
  for (int i = 0; i < argc; ++i) {
    if (i + 1 < argc && std::strcmp(argv[i], "--only") == 0)
      only = argv[++i];
    else
      rest.push_back(argv[i]);
  }
  const options wanted = parse(static_cast<int>(rest.size()), rest.data(), 1, 1);
  std::printf(
      "%u members; SWIM is lan() with a fixed suspicion of %u s (the paper's alpha = 5: 10.5 s; "
      "ours is\na factor of ceil(ln(n + 1)), and 2 the closest) and every extension off; ours is "
      "the same with all on\n",
      members, alpha_5 * 5);
  verdict result;
  bool written = compare_arms(wanted, only, result);
  if (only.empty() || only == "latency") written = compare_latency(wanted, result) && written;
  if (!wanted.quick && (only.empty() || only == "parts")) show_controls(wanted.seed, result);
  return written ? result.exit_code() : 1;
}
