// paper/figures/spread.cpp - SWIM's figure 3b: how long a piece of news takes to reach everybody
// From the moment the first member holds it to first receipt at each other, by gossip alone.

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <limits>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include <flotilla/testing/cluster.hpp>
#include <paper/figures/members.hpp>
#include <paper/figures/series.hpp>

namespace {

using namespace figures;

constexpr time_point never = time_point::max();

/// What the paper and its formulas say about one size of group, in periods; NaN where nothing.
struct reference {
  node_index members;
  double paper_median;  ///< digitised from figure 3b: one update each
  double paper_last;
  double model_median;  ///< ideal piggyback, no loss, unsynchronised: mean of 600 runs
  double model_last;
};
constexpr double none = std::numeric_limits<double>::quiet_NaN();
constexpr std::array<reference, 9> references = {{{6, 1.03, 2.55, 0.45, 1.23},
                                                  {13, 1.27, 2.50, 1.01, 2.17},
                                                  {20, 3.02, 4.98, 1.33, 2.60},
                                                  {28, 3.03, 5.53, 1.56, 2.93},
                                                  {35, 1.97, 3.47, 1.72, 3.14},
                                                  {43, 2.49, 5.49, 1.84, 3.35},
                                                  {52, 1.51, 4.26, 1.96, 3.47},
                                                  {56, 2.26, 3.55, 2.01, 3.57},
                                                  {128, none, none, 2.55, 4.28}}};
/// The worst that the paper measured, at any size up to 56.
constexpr double worst_median = 3.03;
constexpr double worst_last = 5.53;

/// Section 4.1: x = n / (1 + (n-1) e^(-(2-1/n) t)) reaches n/2 at this t, in periods.
double half_infected(double n) { return std::log(n - 1) / (2 - 1 / n); }

/// Notes when each member first holds a subject suspect, and dead.
class watcher final : public engine_observer {
 public:
  void await(member_id subject, node_index origin, node_index nodes) {
    subject_ = subject;
    origin_ = origin;
    suspected.assign(nodes, never);
    failed.assign(nodes, never);
  }
  void on_event(time_point now, node_index node, const engine& after,
                const flotilla::event& what) override {
    (void)after;
    if (const auto* s = std::get_if<flotilla::member_suspected>(&what)) {
      if (s->member.id == subject_) suspected[node] = std::min(suspected[node], now);
    } else if (const auto* f = std::get_if<flotilla::member_failed>(&what)) {
      // A verdict of the member's own (it has evidence) is no receipt.
      const bool told = f->evidence.empty() || node == origin_;
      if (f->member.id == subject_ && told) failed[node] = std::min(failed[node], now);
    }
  }
  std::vector<time_point> suspected{};
  std::vector<time_point> failed{};

 private:
  member_id subject_{};
  node_index origin_{no_node};
};

bool all_heard(const std::vector<time_point>& heard, node_index members) {
  return std::find(heard.begin(), heard.begin() + members, never) == heard.begin() + members;
}

/// One piece of news: when half of the group held it, the median of the others, and the last one;
/// in periods after the first holder.
struct spread {
  double half{none};
  double median{none};
  double last{none};
  bool complete{false};
};

spread measure(std::vector<time_point> heard) {
  std::sort(heard.begin(), heard.end());
  spread result;
  result.complete = heard.back() != never;
  const auto periods = [&](std::size_t i) {
    return heard[i] == never ? none : in_periods(heard[i] - heard[0]);
  };
  const std::size_t n = heard.size();  // heard[0] is the origin, the others are 1 to n - 1
  result.half = periods((n + 1) / 2 - 1);
  result.median = (periods(1 + (n - 2) / 2) + periods(1 + (n - 1) / 2)) / 2;
  result.last = periods(n - 1);
  return result;
}

struct size_result {
  sample half{};
  sample median{};
  sample last{};
  sample crash_median{};
  sample crash_last{};
  proportion within{};
  proportion crash_within{};
  proportion complete{};
};

void add(const spread& s, sample& median, sample& last, proportion& within, proportion& complete) {
  complete.add(s.complete);
  within.add(s.complete && s.median <= worst_median && s.last <= worst_last);
  if (!s.complete) return;
  median.add(s.median);
  last.add(s.last);
}

std::vector<time_point> first(const std::vector<time_point>& all, node_index members) {
  return {all.begin(), all.begin() + members};
}

/// Runs to just before the member's next period begins, where its verdicts fall: the ping of that
/// period carries them. Without jitter periods have one length.
void run_to_period(cluster& group, node_index member) {
  const std::uint64_t before = group[member].stats().probes;
  while (group[member].stats().probes == before && group.sim().step(group.now() + period)) {
  }
  group.sim().run_to(group.now() + period - duration{1});
}

/// A death notice: a process beyond the `members` crashes, and one of them declares it dead by hand
/// where a verdict of its own would fall. So there is one origin, and nobody comes to know
/// otherwise: others' own probes only make them suspect.
spread spread_notice(cluster& group, watcher& watch, node_index members) {
  const node_index condemned = members + 1;
  const node_index origin = group.sim().random().below(members);
  const member_id id = group.id_of(condemned);
  run_to_period(group, origin);
  watch.await(id, origin, group.size());
  group.crash(condemned);
  group.sim().command(origin, [&](engine& e) { static_cast<void>(e.fail(id)); });
  group.wait_until([&] { return all_heard(watch.failed, members); }, 30 * period);
  return measure(first(watch.failed, members));
}

/// A crash as it happens: the suspicion spreads from who is first to detect it, while others detect
/// it, too. Round robin finds it within 2n - 1 periods.
spread spread_crash(cluster& group, watcher& watch, node_index members) {
  const node_index victim = members;
  watch.await(group.id_of(victim), no_node, group.size());
  group.crash(victim);
  group.wait_until([&] { return all_heard(watch.suspected, members); },
                   (2 * members + 20) * period);
  return measure(first(watch.suspected, members));
}

/// False when the group did not form, or not again.
bool run(node_index members, std::uint64_t seed, size_result& into) {
  const std::unique_ptr<cluster> group = settled_group(seed, members + 2);
  if (!group) return false;
  watcher watch;
  group->sim().watch(watch);
  const spread notice = spread_notice(*group, watch, members);
  if (notice.complete) into.half.add(notice.half);
  add(notice, into.median, into.last, into.within, into.complete);
  group->run_for(period * 2 * paper_budget(members));
  if (!group->full_mesh()) return false;
  group->run_for(some_phase(group->sim().random()));
  const spread crash = spread_crash(*group, watch, members);
  add(crash, into.crash_median, into.crash_last, into.crash_within, into.complete);
  return true;
}

/// Nothing speaks against so large a share: where runs are few, one miss does not count for more
/// than it is worth.
bool is_at_least(const proportion& p, double share) { return p.wilson95().second >= share; }

std::string percent(const proportion& p) { return number(100 * p.value(), 2); }

table make_table(const std::vector<size_result>& results) {
  table out{{"members", "median", "last", "last_p99", "half", "crash_median", "crash_last",
             "crash_last_p99", "paper_median", "paper_last", "model_median", "model_last",
             "formula_half", "within_percent", "crash_within_percent", "reached_percent"}};
  for (std::size_t i = 0; i < results.size(); ++i) {
    const size_result& r = results[i];
    const reference& ref = references[i];
    const double others_half = half_infected(ref.members);
    out.row({std::to_string(ref.members), number(r.median.mean(), 2), number(r.last.mean(), 2),
             number(r.last.quantile(0.99), 2), number(r.half.mean(), 2),
             number(r.crash_median.mean(), 2), number(r.crash_last.mean(), 2),
             number(r.crash_last.quantile(0.99), 2), number(ref.paper_median, 2),
             number(ref.paper_last, 2), number(ref.model_median, 2), number(ref.model_last, 2),
             number(others_half, 2), percent(r.within), percent(r.crash_within),
             percent(r.complete)});
  }
  return out;
}

void judge(const std::vector<size_result>& results, verdict& claims) {
  proportion within;
  proportion complete;
  double worst_p99 = 0;
  double above_model = 0;  // the mean of the last member, less what chance explains
  for (std::size_t i = 0; i < results.size(); ++i) {
    const size_result& r = results[i];
    complete.hits += r.complete.hits;
    complete.trials += r.complete.trials;
    const double low = r.last.mean() - 2 * r.last.ci95();
    above_model = std::max(above_model, low - references[i].model_last);
    if (references[i].members > 56) continue;
    worst_p99 = std::max(worst_p99, r.last.quantile(0.99));
    for (const proportion* p : {&r.within, &r.crash_within}) {
      within.hits += p->hits;
      within.trials += p->trials;
      if (is_at_least(*p, 0.99)) continue;
      claims.require(false, "n = " + std::to_string(references[i].members) + ": only " +
                                percent(*p) + " % of runs within the paper's worst");
    }
  }
  claims.require(is_at_least(within, 0.99),
                 "n <= 56: median <= 3.03 and last <= 5.53 periods in " + percent(within) +
                     " % of runs (>= 99 %); 99th percentile of the last member " +
                     number(worst_p99, 2));
  claims.require(above_model <= 0.25,
                 "the last member hears of it as soon as with ideal piggybacking (within " +
                     number(std::max(0.0, above_model), 2) + " periods, 0.25 allowed)");
  claims.require(complete.hits == complete.trials, "everybody was reached in " +
                                                       std::to_string(complete.hits) + " of " +
                                                       std::to_string(complete.trials));
}

}  // namespace

int main(int argc, char** argv) {
  const options given = parse(argc, argv, 1000, 40);
  std::vector<size_result> results(references.size());
  progress bar{"spread", std::uint64_t{given.runs} * references.size()};
  verdict claims;
  std::uint32_t unformed = 0;
  for (std::size_t i = 0; i < references.size(); ++i) {
    for (std::uint32_t n = 0; n < given.runs; ++n) {
      if (!run(references[i].members, given.seed + n, results[i])) ++unformed;
      bar.advance();
    }
  }
  std::printf(
      "\nFigure 3b of SWIM: spread of one update in periods, first holder to the others; "
      "%u runs\n\n",
      given.runs);
  const table figures_table = make_table(results);
  figures_table.print();
  std::printf(
      "median, last: a death notice from one origin; crash_: a suspicion from its first accuser.\n"
      "half: when half of the members hold it; formula_half: section 4.1's (F8).\n\n");
  claims.require(unformed == 0, "all groups formed, nothing lost");
  judge(results, claims);
  claims.require(figures_table.write_csv(given.csv), "CSV written, where asked for");
  const size_result& at_56 = results[7];
  std::printf(
      "README: with 56 members an update is at half of the others after %s periods and at "
      "the last after %s (paper: 2.26 and 3.55; its worst 3.03 and 5.53)\n",
      number(at_56.median.mean(), 2).c_str(), number(at_56.last.mean(), 2).c_str());
  return claims.exit_code();
}
