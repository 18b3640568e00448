// paper/figures/lifeguard.hpp - Lifeguard's experiment: its arms, its anomalies, and one run of it
// arXiv 1707.00788. What happens in a run is decided by integers and its seed.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <variant>
#include <vector>

#include <flotilla/flotilla.hpp>
#include <flotilla/testing/cluster.hpp>

namespace figures::lifeguard {

using flotilla::config;
using flotilla::duration;
using flotilla::engine;
using flotilla::time_point;
using flotilla::testing::cluster;
using flotilla::testing::engine_observer;
using flotilla::testing::node_index;
using flotilla::testing::random_generator;

/// As many as in the paper.
inline constexpr node_index members = 128;
/// An experiment of the paper lasts at least so long.
inline constexpr duration least_length = std::chrono::seconds{120};
/// What its last anomaly has begun is still to be seen.
inline constexpr duration aftermath = std::chrono::seconds{20};

// ---- arms

/// The paper's alpha is a factor of log10(n); ours of ceil(ln(n + 1)). Of 128 members the paper's 5
/// makes 10.5 s, our 2 makes 10 s.
inline constexpr std::uint32_t alpha_5 = 2;

/// lan() at alpha = 5, everything on.
[[nodiscard]] inline config everything() {
  config c = config::lan();
  c.suspicion_multiplier = alpha_5;
  c.expected_members = members;
  return c;
}

/// SWIM: the same K, period and gossip, and every extension off. Repair and healing stay, as
/// push-pull does in the paper's: groups form and become whole again by them.
[[nodiscard]] inline config plain_swim() {
  config c = everything();
  c.suspicion_max_multiplier = 1;
  c.local_health_max = 0;
  c.checked_verdicts = false;
  c.notice_silence = false;
  c.weigh_accusers = false;
  c.doubt_hearsay = false;
  c.adaptive_timeout = false;
  c.experiment.waiting_for_others = false;
  c.experiment.buddy = false;
  c.experiment.nacks = false;
  c.experiment.passing_on_confirmations = false;
  c.experiment.late_inputs = false;
  return c;
}

/// The paper's components, each alone or together, on top of SWIM.
struct components {
  bool probe{false};
  bool suspicion{false};
  bool buddy{false};
  bool late_ticks{false};  ///< ours: what is overdue when a tick comes late is given time
};

[[nodiscard]] inline config swim_with(components which) {
  config c = plain_swim();
  const config all = everything();
  if (which.probe) {
    c.local_health_max = all.local_health_max;
    c.experiment.nacks = true;
  }
  if (which.suspicion) {
    c.suspicion_max_multiplier = all.suspicion_max_multiplier;
    c.experiment.passing_on_confirmations = true;
  }
  c.experiment.buddy = which.buddy;
  c.experiment.late_inputs = which.late_ticks;
  return c;
}

// ---- anomalies

enum class anomaly : std::uint8_t {
  blocked,             ///< timers run; what is sent and what arrives is held (the paper's)
  frozen,              ///< timers stand still too; afterwards the socket is read first
  frozen_timers_first  ///< the same, and the timers come first
};

/// One run: `concurrent` members are in trouble for `away` again and again, with `between` to
/// recover: all at the same times, or each at times of its own.
struct scenario {
  std::uint64_t seed{1};
  anomaly kind{anomaly::blocked};
  bool in_step{true};
  node_index concurrent{1};
  duration away{};
  duration between{};
};

struct outcome {
  std::uint64_t false_positives{0};  ///< failures told of members that were well, by anybody
  std::uint64_t at_healthy{0};       ///< of these, those told by members that were well
  std::uint64_t connected{0};        ///< of these again, those whose first teller was not cut off
  std::uint64_t suspicions{0};       ///< of members that were well, told by anybody
  std::uint64_t messages{0};
  std::uint64_t bytes{0};
  bool settled{true};

  void add(const outcome& other) {
    false_positives += other.false_positives;
    at_healthy += other.at_healthy;
    connected += other.connected;
    suspicions += other.suspicions;
    messages += other.messages;
    bytes += other.bytes;
    settled = settled && other.settled;
  }
};

/// Counts failures and suspicions told of members that were well all the time.
class failure_watch final : public engine_observer {
 public:
  failure_watch(cluster& group, std::vector<bool> ill)
      : group_{&group}, ill_{std::move(ill)}, stories_(ill_.size()) {
    group.sim().watch(*this);
  }

  void on_event(time_point now, node_index node, const engine& after,
                const flotilla::event& what) override {
    (void)after;
    if (const auto* suspected = std::get_if<flotilla::member_suspected>(&what)) {
      if (!ill_[group_->node_of(suspected->member.id)]) ++seen_.suspicions;
    }
    const auto* failed = std::get_if<flotilla::member_failed>(&what);
    if (failed == nullptr) return;
    const node_index subject = group_->node_of(failed->member.id);
    if (ill_[subject]) return;
    ++seen_.false_positives;
    const bool cut_off = tell(now, node, subject);
    if (ill_[node]) return;
    ++seen_.at_healthy;
    if (!cut_off) ++seen_.connected;
  }
  [[nodiscard]] const outcome& seen() const { return seen_; }

 private:
  /// A failure is told by one after another; told again after so long, it is another one.
  static constexpr duration story_length = std::chrono::seconds{40};
  struct story {
    time_point begin{};
    bool told{false};
    bool cut_off{false};  ///< who told it first was, at that time
  };

  /// True when the first of this story was cut off.
  bool tell(time_point now, node_index by, node_index subject) {
    story& of = stories_[subject];
    if (!of.told || now - of.begin > story_length) {
      const auto state = group_->sim().process_of(by).state;
      of = {now, true, state == flotilla::testing::process_state::blocked};
    }
    return of.cut_off;
  }

  cluster* group_;
  std::vector<bool> ill_;
  std::vector<story> stories_;
  outcome seen_{};
};

/// A group in which everybody knows everybody, and no news is left to pass on; null when that did
/// not come to pass.
[[nodiscard]] inline std::unique_ptr<cluster> calm_group(std::uint64_t seed, const config& base) {
  using namespace std::chrono_literals;
  flotilla::testing::link_options link;
  link.delay = flotilla::testing::latency::exponential(100us, 400us);
  auto group = std::make_unique<cluster>(seed, base, link);
  group->add_joined(members);
  if (!group->sim().run_until([&] { return group->full_mesh(); }, 60s, 1s)) return nullptr;
  group->run_for(20s);
  return group;
}

/// So many different members.
[[nodiscard]] inline std::vector<node_index> some_members(random_generator& random,
                                                          node_index count) {
  std::vector<node_index> chosen;
  std::vector<bool> taken(members);
  while (chosen.size() < count) {
    const node_index i = random.below(members);
    if (!taken[i]) chosen.push_back(i);
    taken[i] = true;
  }
  return chosen;
}

inline void add_traffic(const cluster& group, outcome& to, bool subtract) {
  for (node_index i = 0; i < group.size(); ++i) {
    const auto& stats = group[i].stats();
    to.messages += subtract ? 0 - stats.datagrams_sent : stats.datagrams_sent;
    to.bytes += subtract ? 0 - stats.bytes_sent : stats.bytes_sent;
  }
}

/// Puts members into trouble and out of it, again and again, until it is stopped.
class trouble {
 public:
  trouble(cluster& group, const scenario& what) : group_{&group}, what_{what} {}
  trouble(const trouble&) = delete;
  trouble& operator=(const trouble&) = delete;

  void begin(node_index i, duration phase) {
    flotilla::testing::driver_options driver;
    driver.timers_first = what_.kind == anomaly::frozen_timers_first;
    group_->sim().set_driver(i, driver);
    group_->sim().after(phase, [this, i] { hold(i); });
  }
  void stop() { stopped_ = true; }

 private:
  void hold(node_index i) {
    if (stopped_) return;
    if (what_.kind == anomaly::blocked)
      group_->block(i);
    else
      group_->freeze(i);
    group_->sim().after(what_.away, [this, i] { release(i); });
  }
  void release(node_index i) {
    group_->resume(i);
    group_->sim().after(what_.between, [this, i] { hold(i); });
  }

  cluster* group_;
  scenario what_;
  bool stopped_{false};
};

/// The paper's interval experiment.
[[nodiscard]] inline outcome run(const config& base, const scenario& what) {
  outcome result;
  const auto group = calm_group(what.seed, base);
  if (group == nullptr) {
    result.settled = false;
    return result;
  }
  random_generator random{what.seed};
  const auto phase = flotilla::testing::latency::uniform({}, base.protocol_period).draw(random);
  const duration cycle = what.away + what.between;
  const auto phases = flotilla::testing::latency::uniform({}, cycle);
  const std::vector<node_index> victims = some_members(random, what.concurrent);
  group->run_for(phase);
  std::vector<bool> ill(members);
  trouble all{*group, what};
  for (const node_index i : victims) {
    ill[i] = true;
    all.begin(i, what.in_step ? duration::zero() : phases.draw(random));
  }
  failure_watch watch{*group, ill};
  outcome traffic;
  add_traffic(*group, traffic, true);
  group->run_for((least_length + cycle - duration{1}) / cycle * cycle);
  all.stop();
  group->run_for(what.away + aftermath);
  add_traffic(*group, traffic, false);
  result = watch.seen();
  result.messages = traffic.messages;
  result.bytes = traffic.bytes;
  return result;
}

// ---- latency

/// How long after a crash it was first told anywhere, and then everywhere. Seconds.
struct detection {
  double first{0};
  double full{0};
};

/// When each of several crashed members was declared by whom.
class crash_watch final : public engine_observer {
 public:
  crash_watch(cluster& group, const std::vector<node_index>& victims)
      : group_{&group},
        of_(members, none),
        first_(victims.size()),
        last_(victims.size()),
        told_(victims.size()) {
    for (std::size_t v = 0; v < victims.size(); ++v) of_[victims[v]] = v;
    group.sim().watch(*this);
  }

  void on_event(time_point now, node_index node, const engine& after,
                const flotilla::event& what) override {
    (void)node, (void)after;
    const auto* failed = std::get_if<flotilla::member_failed>(&what);
    if (failed == nullptr) return;
    const std::size_t v = of_[group_->node_of(failed->member.id)];
    if (v == none) return;
    if (told_[v]++ == 0) first_[v] = now;
    last_[v] = now;
  }
  /// True when each of `observers` members has declared every victim.
  [[nodiscard]] bool all_told(std::uint32_t observers) const {
    for (const std::uint32_t told : told_) {
      if (told < observers) return false;
    }
    return true;
  }
  [[nodiscard]] detection of(std::size_t v, time_point crashed) const {
    return {in_seconds(first_[v] - crashed), in_seconds(last_[v] - crashed)};
  }

 private:
  static constexpr std::size_t none = members;
  [[nodiscard]] static double in_seconds(duration length) {
    return static_cast<double>(length.count()) / 1e9;
  }
  cluster* group_;
  std::vector<std::size_t> of_;
  std::vector<time_point> first_;
  std::vector<time_point> last_;
  std::vector<std::uint32_t> told_;
};

/// So many crash at once; one entry each, none when the group did not settle or some crash was not
/// told everywhere in time.
[[nodiscard]] inline std::vector<detection> crash(const config& base, std::uint64_t seed,
                                                  node_index concurrent) {
  using namespace std::chrono_literals;
  std::vector<detection> result;
  const auto group = calm_group(seed, base);
  if (group == nullptr) return result;
  random_generator random{seed};
  const auto phase = flotilla::testing::latency::uniform({}, base.protocol_period).draw(random);
  const std::vector<node_index> victims = some_members(random, concurrent);
  group->run_for(phase);
  crash_watch watch{*group, victims};
  const time_point crashed = group->now();
  for (const node_index i : victims) group->crash(i);
  const std::uint32_t observers = members - concurrent;
  if (!group->sim().run_until([&] { return watch.all_told(observers); }, 600s, 500ms)) {
    return result;
  }
  for (std::size_t v = 0; v < victims.size(); ++v) result.push_back(watch.of(v, crashed));
  return result;
}

}  // namespace figures::lifeguard
