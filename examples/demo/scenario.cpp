// examples/demo/scenario.cpp - what is done to the group, and whether all saw it in time
// Times are those at which the members' own processes noticed, not when the parent heard of it.
#include <demo/scenario.hpp>

#include <sys/wait.h>

#include <algorithm>
#include <cstdlib>

namespace demo {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

// What config::loopback() is expected to keep.
constexpr milliseconds mesh_bound = 1500ms;
constexpr milliseconds failed_bound = 5000ms;
constexpr milliseconds left_bound = 1000ms;
constexpr milliseconds leave_completed_bound = 2000ms;
constexpr milliseconds restarted_bound = 3000ms;
constexpr milliseconds lists_bound = 2000ms;

constexpr milliseconds between_starts = 40ms;  // slow enough to see the group form
constexpr milliseconds frozen_for = 300ms;
// Longer than a suspicion lasts, so that a verdict on the frozen member would have fallen.
constexpr milliseconds after_waking = 3000ms;
constexpr milliseconds between_stages = 500ms;

// Through whom all others join. It joins nobody itself.
constexpr std::size_t seed = 0;

std::string out_of(std::size_t part, std::size_t whole) {
  return std::to_string(part) + " of " + std::to_string(whole);
}

std::string at_most(flotilla::duration bound) { return " (at most " + in_ms(bound) + ")"; }

}  // namespace

scenario::scenario(group& processes, views& seen, display& screen)
    : group_{processes},
      views_{seen},
      display_{screen},
      frozen_{1},
      killed_{2},
      leaver_{processes.size() - 1} {}

std::vector<verdict> scenario::run() {
  form();
  freeze_and_wake();
  kill();
  leave();
  restart();
  compare_lists();
  look_for_false_alarms();
  return verdicts_;
}

void scenario::form() {
  display_.announce("starts " + std::to_string(group_.size()) + " processes; all join through " +
                    name_of(seed));
  flotilla::time_point last_start{};
  for (std::size_t i = 0; i < group_.size(); ++i) {
    if (i > 0) pass(between_starts);
    display_.begin_meeting(i);
    last_start = support::now();
    if (i == seed) {
      group_.start(i, {});
    } else {
      group_.start(i, {seed});
    }
  }
  watch(mesh_bound, [this] { return is_full_mesh(); });

  flotilla::time_point end = last_start;
  for (const sighting& each : views_.history()) {
    if (each.what.kind == report_kind::joined) end = std::max(end, each.what.at);
  }
  const bool mesh = is_full_mesh();
  judge(mesh && end - last_start <= mesh_bound, "full mesh",
        std::string{mesh ? "everyone" : "NOT everyone"} + " knows everyone " +
            in_ms(end - last_start) + " after the last start" + at_most(mesh_bound));
  for (std::size_t i = 0; i < group_.size(); ++i) display_.end_meeting(i);
  pass(between_stages);
}

void scenario::freeze_and_wake() {
  display_.announce("freezes " + name_of(frozen_) + " (SIGSTOP)");
  group_.freeze(frozen_);
  pass(frozen_for);
  display_.announce("wakes " + name_of(frozen_) + " after " + in_ms(frozen_for) + " (SIGCONT)");
  group_.wake(frozen_);
  pass(after_waking);

  const std::size_t suspected = count(report_kind::suspected, frozen_);
  const std::size_t failed = count(report_kind::failed, frozen_);
  judge(failed == 0, "freeze",
        std::to_string(suspected) + " suspected " + name_of(frozen_) + ", " +
            (failed == 0 ? "nobody" : std::to_string(failed)) + " reported it failed");
}

void scenario::kill() {
  display_.announce("kills " + name_of(killed_) + " (SIGKILL)");
  killed_at_ = support::now();
  group_.kill(killed_);
  const auto reports = [this] { return spread_of(report_kind::failed, killed_, killed_at_); };
  watch(failed_bound, [&] { return reports().complete(); });
  judge(reports().within(failed_bound), "kill",
        name_of(killed_) + " reported failed by " + reports().text(failed_bound));
  pass(between_stages);
}

void scenario::leave() {
  display_.announce("asks " + name_of(leaver_) + " to leave");
  const flotilla::time_point asked_at = support::now();
  group_.ask(leaver_, command::leave);
  const auto reports = [&] { return spread_of(report_kind::left, leaver_, asked_at); };
  watch(leave_completed_bound,
        [&] { return group_.condition_of(leaver_) == condition::ended && reports().complete(); });
  judge_leave(asked_at, reports());
  pass(between_stages);
}

void scenario::judge_leave(flotilla::time_point asked_at, const spread& left) {
  const std::size_t failed = count(report_kind::failed, leaver_);
  judge(left.within(left_bound) && failed == 0, "leave",
        name_of(leaver_) + " reported left by " + left.text(left_bound) + ", failed by " +
            (failed == 0 ? "nobody" : std::to_string(failed)));

  const int status = group_.wait_status(leaver_);
  const bool ended = group_.condition_of(leaver_) == condition::ended && WIFEXITED(status) &&
                     WEXITSTATUS(status) == EXIT_SUCCESS;
  const auto completed = views_.leave_completed(leaver_);
  judge(completed && *completed - asked_at <= leave_completed_bound && ended, "leave_completed",
        completed ? in_ms(*completed - asked_at) + " after it was asked to" +
                        at_most(leave_completed_bound) + (ended ? "" : ", but it did not end well")
                  : "never came");
}

void scenario::restart() {
  display_.announce("starts " + name_of(killed_) +
                    " again, with its old id and address, incarnation 0");
  views_.restart(killed_);
  display_.begin_meeting(killed_);
  restarted_at_ = support::now();
  group_.start(killed_, {seed});
  const auto reports = [this] { return spread_of(report_kind::joined, killed_, restarted_at_); };
  watch(restarted_bound, [&] { return reports().complete() && is_full_mesh(); });
  judge(reports().within(restarted_bound), "restart",
        name_of(killed_) + " seen alive by " + reports().text(restarted_bound));
  pass(between_stages);
  display_.end_meeting(killed_);
}

// Not the replayed events but what the engines hold. Asked again for a while, as somebody may be
// under suspicion at the moment.
void scenario::compare_lists() {
  display_.announce("compares the member lists of all");
  const flotilla::time_point end = support::now() + lists_bound;
  do {
    views_.clear_lists();
    for (const std::size_t i : running()) group_.ask(i, command::list_members);
    watch(500ms, [this] { return have_all_lists(); });
  } while (!faults_in_lists().empty() && support::now() < end);

  const std::vector<std::string> faults = faults_in_lists();
  const std::size_t expected = group_.size() - 1;  // all but the leaver
  std::string figures = out_of(running().size() - faults.size(), expected) +
                        " members' own lists are as they must be";
  for (const std::string& fault : faults) figures += "; " + fault;
  judge(faults.empty() && running().size() == expected, "member lists", figures);
}

void scenario::look_for_false_alarms() {
  std::size_t suspicions = 0;
  std::string alarms;
  for (const sighting& each : views_.history()) {
    const bool is_dead =
        each.subject == killed_ && each.what.at >= killed_at_ && each.what.at < restarted_at_;
    if (is_dead) continue;
    if (each.what.kind == report_kind::suspected) ++suspicions;
    if (each.what.kind != report_kind::failed) continue;
    alarms += "; " + name_of(each.observer) + " reported " + name_of(each.subject) + " failed";
  }
  judge(alarms.empty(), "false alarms",
        alarms.empty() ? "none; " + std::to_string(suspicions) + " suspicions taken back"
                       : alarms.substr(2));
}

void scenario::judge(bool ok, std::string check, std::string figures) {
  verdicts_.push_back({ok, std::move(check), std::move(figures)});
}

void scenario::watch(milliseconds limit, const std::function<bool()>& done) {
  const flotilla::time_point end = support::now() + limit;
  do {
    for (const arrival& next : group_.read(10ms)) display_.show(next, views_.follow(next));
    display_.refresh();
  } while (!done() && support::now() < end);
}

void scenario::pass(milliseconds time) {
  watch(time, [] { return false; });
}

std::vector<std::size_t> scenario::running() const {
  std::vector<std::size_t> result;
  for (std::size_t i = 0; i < group_.size(); ++i) {
    if (group_.condition_of(i) == condition::running) result.push_back(i);
  }
  return result;
}

bool scenario::is_full_mesh() const {
  for (const std::size_t observer : running()) {
    for (const std::size_t subject : running()) {
      const bool seen = views_.state(observer, subject) == flotilla::member_state::alive;
      if (observer != subject && !seen) return false;
    }
  }
  return true;
}

std::string scenario::spread::text(flotilla::duration bound) const {
  if (reported == 0) return out_of(0, expected) + at_most(bound);
  return out_of(reported, expected) + ", " + in_ms(first) + " to " + in_ms(last) + " later" +
         at_most(bound);
}

scenario::spread scenario::spread_of(report_kind kind, std::size_t subject,
                                     flotilla::time_point since) const {
  spread result;
  for (const std::size_t observer : running()) {
    if (observer == subject) continue;
    ++result.expected;
    const auto at = views_.first(kind, observer, subject, since);
    if (!at) continue;
    ++result.reported;
    result.first = std::min(result.first, *at - since);
    result.last = std::max(result.last, *at - since);
  }
  return result;
}

std::size_t scenario::count(report_kind kind, std::size_t subject) const {
  const auto& history = views_.history();
  return static_cast<std::size_t>(std::count_if(
      history.begin(), history.end(),
      [&](const sighting& each) { return each.what.kind == kind && each.subject == subject; }));
}

bool scenario::have_all_lists() const {
  for (const std::size_t i : running()) {
    if (!views_.list(i)) return false;
  }
  return true;
}

std::vector<std::string> scenario::faults_in_lists() const {
  std::vector<std::string> result;
  for (const std::size_t i : running()) {
    if (std::string fault = fault_in_list(i); !fault.empty()) result.push_back(std::move(fault));
  }
  return result;
}

std::string scenario::fault_in_list(std::size_t observer) const {
  const auto& list = views_.list(observer);
  if (!list) return name_of(observer) + " sent no list";
  std::size_t known = 0;
  for (std::size_t i = 0; i < group_.size(); ++i) {
    const auto entry = std::find_if(list->begin(), list->end(), [&](const flotilla::member& each) {
      return each.id == group_.id(i);
    });
    const bool listed = entry != list->end();
    if (listed) ++known;
    // Who has come after the farewell need not know of it.
    if (!listed && i == leaver_ && observer == killed_) continue;
    if (!listed) return name_of(observer) + " does not list " + name_of(i);
    if (!is_right(observer, i, *entry)) {
      return name_of(observer) + " lists " + name_of(i) + " as " +
             std::string{to_string(entry->state)} + " at " + entry->address.to_string();
    }
  }
  return known == list->size() ? "" : name_of(observer) + " lists a stranger, or somebody twice";
}

bool scenario::is_right(std::size_t observer, std::size_t subject,
                        const flotilla::member& entry) const {
  const auto expected =
      subject == leaver_ ? flotilla::member_state::left : flotilla::member_state::alive;
  // What its events said must come to the same.
  const bool told = observer == subject || views_.state(observer, subject) == entry.state;
  return told && entry.state == expected && entry.address == group_.address(subject);
}

}  // namespace demo
