// paper/figures/alarms.hpp - who was suspected and reported failed, by whom, and rightly or not
// An observer that counts the member events of a group in which some members are faulty.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include <flotilla/testing/cluster.hpp>
#include <paper/figures/members.hpp>
#include <paper/figures/series.hpp>

namespace figures {

/// What has not happened.
inline constexpr time_point never = time_point::max();

/// What was told in a run, or in many.
struct alarms {
  std::uint64_t healthy_failed{0};       ///< failures of members that nothing was wrong with: false
  std::uint64_t failed_at_faulty{0};     ///< of these, told by a member that is faulty itself
  std::uint64_t healthy_suspected{0};    ///< of these members, too; each was cleared unless failed
  std::uint64_t suspected_at_faulty{0};  ///< of these, at a member that is faulty itself
  std::uint64_t broken_paths{0};
  std::uint64_t faulty_failed{0};  ///< failures of faulty members, at healthy ones
  std::uint64_t faulty_told{0};    ///< all changes of state of faulty members, at healthy ones
  std::uint64_t most_told{0};      ///< of one faulty member at one healthy one, in one run
  std::uint64_t pairs{0};          ///< of a faulty and a healthy member, in all runs
  std::uint64_t member_seconds{0};
  std::uint32_t runs{0};
  std::uint32_t incomplete{0};  ///< runs in which the group did not form, or a crash stayed unseen
  double slowest_removal{0};    ///< seconds from a crash until the last healthy member told of it
  double sum_of_removals{0};
  std::uint32_t removals{0};

  /// The cells of a table's row, as alarms::head() names them.
  [[nodiscard]] std::vector<std::string> row(const std::string& label) const {
    const auto each = [](double sum, std::uint64_t n, int decimals) {
      return n == 0 ? std::string{"-"} : number(sum / static_cast<double>(n), decimals);
    };
    return {label,
            std::to_string(runs),
            number(static_cast<double>(member_seconds) / 3600, 1),
            std::to_string(healthy_failed - failed_at_faulty),
            std::to_string(failed_at_faulty),
            std::to_string(healthy_suspected),
            std::to_string(suspected_at_faulty),
            each(static_cast<double>(faulty_failed), pairs, 2),
            each(static_cast<double>(faulty_told), pairs, 1),
            std::to_string(most_told),
            std::to_string(broken_paths),
            each(sum_of_removals, removals, 1),
            removals == 0 ? "-" : number(slowest_removal, 1)};
  }
  /// `failed` and `suspected`: of healthy members. `a faulty one`: each, at each healthy member.
  [[nodiscard]] static std::vector<std::string> head() {
    return {"case",
            "seeds",
            "member_hours",
            "failed",
            "failed_at_faulty",
            "suspected",
            "suspected_at_faulty",
            "a_faulty_one_failed",
            "events",
            "events_most",
            "broken_paths",
            "removal_s",
            "slowest_s"};
  }

  void add_removal(duration took) {
    const double seconds = std::chrono::duration<double>(took).count();
    slowest_removal = std::max(slowest_removal, seconds);
    sum_of_removals += seconds;
    ++removals;
  }
};

/// Watches all members from now on; who is faulty is told with `set_faulty`.
class alarm_watch final : public engine_observer {
 public:
  alarm_watch(cluster& group, alarms& into) : group_{&group}, into_{&into} {
    faulty_.assign(group.size(), false);
    told_.assign(std::size_t{group.size()} * group.size(), 0);
    failed_at_.assign(told_.size(), never);
    group.sim().watch(*this);
  }

  void set_faulty(node_index node) { faulty_[node] = true; }
  [[nodiscard]] bool is_faulty(node_index node) const { return faulty_[node]; }

  /// When `at` told last that `subject` has failed; never() before.
  [[nodiscard]] time_point failed_at(node_index at, node_index subject) const {
    return failed_at_[place(at, subject)];
  }
  /// When the last healthy member told that `subject` has failed; never while one has not.
  [[nodiscard]] time_point removed_at(node_index subject) const {
    time_point last = time_point::min();
    for (node_index i = 0; i < group_->size(); ++i) {
      if (!faulty_[i] && i != subject) last = std::max(last, failed_at(i, subject));
    }
    return last;
  }

  /// From now on nothing is counted; removals are still seen.
  void finish() {
    counting_ = false;
    for (node_index i = 0; i < group_->size(); ++i) {
      for (node_index j = 0; j < group_->size(); ++j) {
        if (faulty_[i] || !faulty_[j]) continue;
        ++into_->pairs;
        into_->most_told = std::max(into_->most_told, told_[place(i, j)]);
      }
    }
  }

  void on_event(time_point now, node_index node, const engine& after,
                const flotilla::event& what) override {
    (void)after;
    std::visit([&](const auto& e) { note(now, node, e); }, what);
  }

 private:
  [[nodiscard]] std::size_t place(node_index at, node_index subject) const {
    return std::size_t{at} * group_->size() + subject;
  }
  void note_change(node_index node, node_index subject) {
    if (!counting_ || !faulty_[subject] || faulty_[node]) return;
    ++into_->faulty_told;
    ++told_[place(node, subject)];
  }
  void note(time_point now, node_index node, const flotilla::member_failed& e) {
    const node_index subject = group_->node_of(e.member.id);
    note_change(node, subject);
    failed_at_[place(node, subject)] = now;
    if (!counting_) return;
    if (!faulty_[subject]) ++into_->healthy_failed;
    if (!faulty_[subject] && faulty_[node]) ++into_->failed_at_faulty;
    if (faulty_[subject] && !faulty_[node]) ++into_->faulty_failed;
  }
  void note(time_point now, node_index node, const flotilla::member_suspected& e) {
    (void)now;
    const node_index subject = group_->node_of(e.member.id);
    note_change(node, subject);
    if (!counting_ || faulty_[subject]) return;
    ++into_->healthy_suspected;
    if (faulty_[node]) ++into_->suspected_at_faulty;
  }
  void note(time_point now, node_index node, const flotilla::member_recovered& e) {
    (void)now;
    note_change(node, group_->node_of(e.member.id));
  }
  void note(time_point now, node_index node, const flotilla::member_joined& e) {
    (void)now;
    note_change(node, group_->node_of(e.member.id));
  }
  void note(time_point now, node_index node, const flotilla::path_broken& e) {
    (void)now, (void)node, (void)e;
    ++into_->broken_paths;
  }
  template <class Other>
  void note(time_point, node_index, const Other&) {}

  cluster* group_;
  alarms* into_;
  bool counting_{true};
  std::vector<bool> faulty_{};
  std::vector<std::uint64_t> told_{};
  std::vector<time_point> failed_at_{};
};

/// A group of `members` with `settings` that know each other and have passed it all on; null when
/// that did not come to pass within two minutes.
[[nodiscard]] inline std::unique_ptr<cluster> calm_group(std::uint64_t seed, node_index members,
                                                         const config& settings) {
  auto group = std::make_unique<cluster>(seed, settings);
  group->add_joined(members);
  using std::chrono::seconds;
  const auto whole = [&] { return group->full_mesh(); };
  if (!group->sim().run_until(whole, seconds{120}, seconds{1})) return nullptr;
  group->run_for(seconds{30});
  return group->full_mesh() ? std::move(group) : nullptr;
}

/// `count` different nodes, each set equally likely.
[[nodiscard]] inline std::vector<node_index> some_nodes(cluster& group, node_index count) {
  std::vector<node_index> all(group.size());
  for (node_index i = 0; i < group.size(); ++i) all[i] = i;
  for (node_index i = 0; i < count; ++i) {
    const node_index with = i + group.sim().random().below(group.size() - i);
    std::swap(all[i], all[with]);
  }
  all.resize(count);
  return all;
}

}  // namespace figures
