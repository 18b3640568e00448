// paper/figures/round_robin.cpp - SWIM, section 4.3: all members are probed within 2n - 1 periods
// The worst cases over many seeds: crashes, all gaps, gaps while others join, and random targets.
#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

#include <paper/figures/members.hpp>
#include <paper/figures/series.hpp>

namespace {

using namespace figures;

/// Numbers of whole periods, held against a bound.
class gaps {
 public:
  void add(std::uint64_t periods, std::uint64_t bound) {
    ++trials_;
    sum_ += periods;
    longest_ = std::max(longest_, periods);
    if (periods > bound) ++beyond_;
    if (periods == bound) ++at_bound_;
  }
  void add(const gaps& more) {
    trials_ += more.trials_;
    sum_ += more.sum_;
    longest_ = std::max(longest_, more.longest_);
    beyond_ += more.beyond_;
    at_bound_ += more.at_bound_;
  }
  [[nodiscard]] std::uint64_t trials() const { return trials_; }
  [[nodiscard]] std::uint64_t longest() const { return longest_; }
  [[nodiscard]] std::uint64_t beyond() const { return beyond_; }
  [[nodiscard]] std::uint64_t at_bound() const { return at_bound_; }
  [[nodiscard]] double mean() const {
    return static_cast<double>(sum_) / static_cast<double>(trials_);
  }

 private:
  std::uint64_t trials_{0};
  std::uint64_t sum_{0};
  std::uint64_t longest_{0};
  std::uint64_t beyond_{0};
  std::uint64_t at_bound_{0};
};

/// The longest wait with a list of so many others: first in one traversal, last in the next.
std::uint64_t bound_of(const engine& prober) { return 2 * (prober.size() - 1) - 1; }

/// Counts in each prober's own periods, which is what the paper bounds.
class gap_watch final : public probe_watch {
 public:
  explicit gap_watch(cluster& group) : probe_watch{group}, group_{&group} {
    last_.resize(group.size());
  }

  [[nodiscard]] const gaps& between() const { return between_; }
  [[nodiscard]] const gaps& after_crash() const { return after_crash_; }

  /// From here on it is counted after how many periods each of the others probes the victim.
  void crash(node_index victim) {
    victim_ = victim;
    for (node_index i = 0; i < group_->size(); ++i) {
      crashed_at_.push_back((*group_)[i].stats().probes);
      waiting_ += i != victim ? 1U : 0U;
    }
    seen_.assign(group_->size(), false);
  }
  [[nodiscard]] bool all_have_probed() const { return waiting_ == 0; }

 private:
  void on_probe(time_point now, node_index node, const engine& prober, node_index target) override {
    (void)now;
    const std::uint64_t at = prober.stats().probes;
    if (last_.size() <= node) last_.resize(std::size_t{node} + 1);
    std::vector<std::uint64_t>& visits = last_[node];
    if (visits.size() <= target) visits.resize(std::size_t{target} + 1);
    if (visits[target] != 0) between_.add(at - visits[target], bound_of(prober));
    visits[target] = at;
    if (target != victim_ || seen_[node]) return;
    seen_[node] = true;
    --waiting_;
    after_crash_.add(at - crashed_at_[node], bound_of(prober));
  }

  cluster* group_;
  std::vector<std::vector<std::uint64_t>> last_{};  // by prober and target: in which period
  gaps between_{};
  gaps after_crash_{};
  node_index victim_{no_node};
  std::vector<std::uint64_t> crashed_at_{};
  std::vector<bool> seen_{};
  std::uint32_t waiting_{0};
};

struct outcome {
  gaps between{};  // of one prober and one target
  gaps crashes{};
  gaps joining{};
  bool stuck{false};
};

config settings(bool round_robin) {
  config c = config::swim_paper();
  // The verdict would end the probing of those that have not yet had the victim's turn.
  c.suspicion_multiplier = 1000;
  c.experiment.round_robin = round_robin;
  return c;
}

/// Gaps for some traversals, then a crash that all survivors find out for themselves.
void run_crash(std::uint64_t seed, node_index members, bool round_robin, outcome& out) {
  const auto group = settled_group(seed, members, settings(round_robin));
  if (group == nullptr) {
    out.stuck = true;
    return;
  }
  gap_watch watch{*group};
  auto& random = group->sim().random();
  // Gaps that end after this are not seen; at random there are some of any length.
  const std::uint32_t traversals = round_robin ? 4 : 20;
  group->run_for(period * traversals * members + some_phase(random));
  const node_index victim = random.below(members);
  group->crash(victim);
  watch.crash(victim);
  const std::uint32_t most = (round_robin ? 2 : 40) * members;
  const bool all =
      group->sim().run_until([&] { return watch.all_have_probed(); }, period * most, period / 4);
  out.stuck = out.stuck || (round_robin && !all);
  out.between.add(watch.between());
  out.crashes.add(watch.after_crash());
}

/// Half of the group is there; the others join at random moments, two in three periods, while the
/// gaps are counted.
void run_joins(std::uint64_t seed, node_index members, outcome& out) {
  const node_index first = members / 2 < 2 ? 2 : members / 2;
  const auto group = settled_group(seed, first, settings(true));
  if (group == nullptr) {
    out.stuck = true;
    return;
  }
  gap_watch watch{*group};
  auto& random = group->sim().random();
  group->run_for(period * first);
  while (group->size() < members) {
    const node_index through = random.below(group->size());
    const node_index newcomer = group->add();
    group->join(newcomer, through);
    const duration pause = some_phase(random);
    group->run_for(period / 2 + pause * 2);
  }
  group->run_for(period * 2 * members);
  out.stuck = out.stuck || !wait_coarsely(
                               *group, [&] { return group->full_mesh(); }, 100);
  out.joining.add(watch.between());
}

std::string part(std::uint64_t hits, std::uint64_t trials) {
  return number(100 * proportion{hits, trials}.value(), 2) + " %";
}

struct summary {
  outcome round_robin{};
  std::uint64_t random_beyond{0};
  std::uint64_t random_trials{0};
  bool reached{false};  // the bound itself was seen
  bool random_breaks{true};
};

void add_row(node_index n, const outcome& ours, const outcome& random, table& rows, summary& all) {
  const std::uint64_t bound = 2 * (std::uint64_t{n} - 1) - 1;
  rows.row({std::to_string(n), std::to_string(2 * std::uint64_t{n} - 1), std::to_string(bound),
            std::to_string(ours.crashes.trials()), number(ours.crashes.mean(), 2),
            std::to_string(ours.crashes.longest()), std::to_string(ours.between.trials()),
            std::to_string(ours.between.longest()), std::to_string(ours.joining.trials()),
            std::to_string(ours.joining.longest()), std::to_string(ours.joining.beyond()),
            std::to_string(random.between.longest()),
            part(random.between.beyond(), random.between.trials()),
            std::to_string(random.crashes.longest())});
  all.round_robin.between.add(ours.between);
  all.round_robin.crashes.add(ours.crashes);
  all.round_robin.joining.add(ours.joining);
  all.round_robin.stuck = all.round_robin.stuck || ours.stuck || random.stuck;
  all.random_beyond += random.between.beyond();
  all.random_trials += random.between.trials();
  all.reached = all.reached || ours.between.longest() == bound;
  all.random_breaks = all.random_breaks && random.between.longest() > 2 * std::uint64_t{n} - 1;
}

int judge(const summary& all) {
  const outcome& ours = all.round_robin;
  const auto claim = [](const char* what, const gaps& seen) {
    return std::string{what} + ": " + std::to_string(seen.beyond()) + " of " +
           std::to_string(seen.trials()) + " beyond, " + std::to_string(seen.at_bound()) +
           " exactly at it";
  };
  std::printf("\n");
  verdict result;
  result.require(!ours.stuck, "all groups formed, and every survivor probed the crashed member");
  result.require(
      ours.crashes.beyond() == 0 && ours.crashes.trials() != 0,
      claim("crashes are found within 2n - 1 own periods by every member", ours.crashes));
  result.require(ours.between.beyond() == 0 && ours.between.trials() != 0,
                 claim("no two probes of a member are farther apart", ours.between));
  result.require(ours.joining.beyond() == 0 && ours.joining.trials() != 0,
                 claim("nor while others join", ours.joining));
  result.require(all.reached, "and the bound is tight: it was reached");
  result.require(all.random_breaks, "random targets break it at every N: " +
                                        part(all.random_beyond, all.random_trials) + " of " +
                                        std::to_string(all.random_trials) + " gaps are longer");
  std::printf(
      "\nREADME: a crash is found by each member on its own within 2n - 1 periods: %s of %s "
      "probe gaps are longer, while others join %s of %s; with random targets %s are\n",
      std::to_string(ours.between.beyond()).c_str(), std::to_string(ours.between.trials()).c_str(),
      std::to_string(ours.joining.beyond()).c_str(), std::to_string(ours.joining.trials()).c_str(),
      part(all.random_beyond, all.random_trials).c_str());
  return result.exit_code();
}

}  // namespace

int main(int argc, char** argv) {
  const options wanted = parse(argc, argv, 200, 15);
  std::vector<node_index> sizes{3, 5, 8, 13, 21, 28};
  if (!wanted.quick) sizes.insert(sizes.end(), {40, 55});
  table rows({"N", "2N-1", "bound", "crashes", "mean", "worst", "gaps", "worst gap", "joining gaps",
              "worst", "beyond", "random worst", "beyond", "random worst crash"});
  summary all;
  progress bar{"round robin", std::uint64_t{wanted.runs} * sizes.size()};
  for (const node_index n : sizes) {
    outcome ours;
    outcome random;
    for (std::uint32_t run = 0; run < wanted.runs; ++run, bar.advance()) {
      const std::uint64_t seed = wanted.seed * 1'000'003 + n * 10'007 + run;
      run_crash(seed, n, true, ours);
      run_joins(seed + 5'000, n, ours);
      if (run % 8 == 0) run_crash(seed, n, false, random);
    }
    add_row(n, ours, random, rows, all);
  }
  std::printf(
      "Section 4.3: own periods from a crash to the own probe, and between two probes\n"
      "(n is the length of a member's list, the others: the bound is 2 (N - 1) - 1)\n\n");
  rows.print();
  const int exit_code = judge(all);
  return rows.write_csv(wanted.csv) ? exit_code : 1;
}
