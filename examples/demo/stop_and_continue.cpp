// examples/demo/stop_and_continue.cpp - some members are stopped and continued, again and again
// A member's waking is the moment before its SIGCONT: whatever it reports afterwards is later.
#include <demo/stop_and_continue.hpp>

#include <unistd.h>

#include <algorithm>
#include <iostream>

namespace demo {
namespace {

using namespace std::chrono_literals;
using std::chrono::duration_cast;
using std::chrono::milliseconds;

constexpr milliseconds shortest_time = 100ms;  // stopped, or running between two stops
constexpr milliseconds longest_time = 3000ms;
constexpr milliseconds look_every = 5ms;

// Waiting longer only means that the group fails for good: these are no claims about speed.
constexpr std::chrono::seconds patience = 60s;

std::string in_s(flotilla::duration time) {
  const auto tenths = time / 100ms;
  return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + " s";
}

void print_row(const std::string& name, const stop_figures& what) {
  std::cout << padded(name, 15) << right_aligned(std::to_string(what.stops), 8)
            << right_aligned(in_s(what.stopped), 13)
            << right_aligned(std::to_string(what.suspected), 15)
            << right_aligned(std::to_string(what.failed_while_stopped), 22)
            << right_aligned(std::to_string(what.failed_while_running), 22) << "\n";
}

}  // namespace

void stop_figures::add(const stop_figures& other) {
  stops += other.stops;
  stopped += other.stopped;
  suspected += other.suspected;
  failed_while_stopped += other.failed_while_stopped;
  failed_while_running += other.failed_while_running;
}

stop_and_continue::stop_and_continue(group& processes, views& seen, std::uint64_t seed,
                                     flotilla::time_point start)
    : group_{processes},
      views_{seen},
      narrator_{processes, start},
      random_{seed},
      suspicion_{flotilla::suspicion_timeout(processes.preset(),
                                             static_cast<std::uint32_t>(processes.size()))},
      on_terminal_{::isatty(STDOUT_FILENO) == 1},
      members_(processes.size()) {}

std::vector<verdict> stop_and_continue::run(std::chrono::seconds length) {
  form();
  choose();
  cycle(length);
  continue_all();
  come_together();
  judge_failures();
  return verdicts_;
}

void stop_and_continue::form() {
  for (std::size_t i = 0; i < group_.size(); ++i) {
    if (i == 0) {
      group_.start(i, {});
    } else {
      group_.start(i, {0});
    }
  }
  const flotilla::time_point started = support::now();
  watch(started + patience, [this] { return is_full_mesh(); });
  const bool mesh = is_full_mesh();
  judge(mesh, "full mesh",
        mesh ? "everyone knows everyone " + in_ms(support::now() - started) + " after the start"
             : "NOT everyone knows everyone");
}

void stop_and_continue::choose() {
  std::string names;
  const std::size_t wanted = std::max<std::size_t>(1, group_.size() * 3 / 10);
  for (std::size_t chosen = 0; chosen < wanted;) {
    member& next = members_[static_cast<std::size_t>(random_.below(members_.size()))];
    if (next.chosen) continue;
    next.chosen = true;
    ++chosen;
  }
  for (std::size_t i = 0; i < members_.size(); ++i) {
    if (members_[i].chosen) names += " " + name_of(i);
  }
  print_line(support::now(), "--- stops and continues" + names + "; a suspicion takes at least " +
                                 in_ms(suspicion_));
}

void stop_and_continue::cycle(std::chrono::seconds length) {
  cycle_begin_ = support::now();
  const flotilla::time_point end = cycle_begin_ + length;
  for (member& each : members_) {
    if (each.chosen) each.turn = cycle_begin_ + random_time();
  }
  for (flotilla::time_point before = support::now(); before < end;) {
    watch(std::min(end, before + look_every), [] { return false; });
    const flotilla::time_point now = support::now();
    longest_turn_ = std::max(longest_turn_, now - before);
    before = now;
    for (std::size_t i = 0; i < members_.size(); ++i) {
      if (!members_[i].chosen || members_[i].turn > now || now >= end) continue;
      if (group_.is_running(i)) {
        stop(i, now);
      } else {
        wake(i);
      }
    }
    if (now >= progress_due_) show_progress();
  }
}

void stop_and_continue::stop(std::size_t at, flotilla::time_point now) {
  group_.freeze(at);
  members_[at].stopped_at = now;
  members_[at].turn = now + random_time();
  ++members_[at].figures.stops;
}

void stop_and_continue::wake(std::size_t at) {
  member& waking = members_[at];
  const flotilla::time_point now = support::now();
  waking.stops.push_back({waking.stopped_at, now});
  waking.figures.stopped += now - waking.stopped_at;
  waking.turn = now + random_time();
  group_.wake(at);
}

flotilla::duration stop_and_continue::random_time() {
  const auto span = static_cast<std::uint64_t>((longest_time - shortest_time).count()) + 1;
  return shortest_time + milliseconds{static_cast<std::int64_t>(random_.below(span))};
}

void stop_and_continue::continue_all() {
  for (std::size_t i = 0; i < group_.size(); ++i) {
    if (group_.condition_of(i) == condition::frozen) wake(i);
  }
}

// The last waking is followed for as long as every other, and until all see all again.
void stop_and_continue::come_together() {
  const flotilla::time_point woken = support::now();
  watch(woken + suspicion_, [] { return false; });
  watch(woken + suspicion_ + patience, [this] { return is_full_mesh(); });
  flotilla::time_point last = woken;
  for (const sighting& each : views_.history()) last = std::max(last, each.what.at);
  const bool mesh = is_full_mesh();
  judge(mesh, "together again",
        mesh ? "everyone sees everyone alive, the last one " + in_ms(last - woken) +
                   " after the last waking"
             : "NOT everyone sees everyone alive");
}

void stop_and_continue::watch(flotilla::time_point end, const std::function<bool()>& done) {
  do {
    const auto left = std::chrono::ceil<milliseconds>(end - support::now());
    for (const arrival& next : group_.read(std::clamp(left, milliseconds{0}, look_every))) {
      follow(next);
    }
  } while (!done() && support::now() < end);
}

void stop_and_continue::follow(const arrival& next) {
  if (next.what.kind == report_kind::events_lost) ++events_lost_;
  const auto seen = views_.follow(next);
  if (!seen) return;
  if (seen->what.kind == report_kind::suspected) ++members_[seen->subject].figures.suspected;
  if (seen->what.kind == report_kind::failed) follow_failure(*seen);
}

void stop_and_continue::follow_failure(const sighting& what) {
  ++failures_;
  member& about = members_[what.subject];
  const bool stopped = was_stopped(what.subject, what.what.at);
  ++(stopped ? about.figures.failed_while_stopped : about.figures.failed_while_running);
  const auto running = since_waking(what.subject, what.what.at);
  const bool judged = !what.what.evidence.empty();
  if (!stopped && judged && running) longest_running_ = std::max(longest_running_, *running);
  if (!about.chosen) {
    ++about_never_stopped_;
    print_line(what.what.at,
               padded(name_of(what.observer), 4) + narrator_.tell(what) + ": it was never stopped");
  }
  const auto awake = since_waking(what.observer, what.what.at);
  if (!awake) return;
  soonest_after_waking_ = std::min(soonest_after_waking_, *awake);
  if (*awake > suspicion_) return;
  ++after_own_waking_;
  if (judged) ++judged_after_own_waking_;
  print_line(what.what.at, padded(name_of(what.observer), 4) + narrator_.tell(what) + ": " +
                               in_ms(*awake) + " after its own waking, " +
                               (stopped ? "rightly" : "when the other was running"));
}

bool stop_and_continue::was_stopped(std::size_t at, flotilla::time_point when) const {
  const member& one = members_[at];
  if (group_.condition_of(at) == condition::frozen && when >= one.stopped_at) return true;
  return std::any_of(one.stops.begin(), one.stops.end(),
                     [when](const interval& each) { return when >= each.from && when < each.to; });
}

std::optional<flotilla::duration> stop_and_continue::since_waking(std::size_t at,
                                                                  flotilla::time_point when) const {
  const auto& stops = members_[at].stops;
  for (auto each = stops.rbegin(); each != stops.rend(); ++each) {
    if (each->to <= when) return when - each->to;
  }
  return std::nullopt;
}

bool stop_and_continue::is_full_mesh() const {
  for (std::size_t observer = 0; observer < group_.size(); ++observer) {
    for (std::size_t subject = 0; subject < group_.size(); ++subject) {
      const bool seen = views_.state(observer, subject) == flotilla::member_state::alive;
      if (observer != subject && !seen) return false;
    }
  }
  return true;
}

void stop_and_continue::judge(bool ok, std::string check, std::string figures) {
  verdicts_.push_back({ok, std::move(check), std::move(figures)});
}

void stop_and_continue::judge_failures() {
  std::size_t never_stopped = 0;
  for (const member& each : members_) {
    if (!each.chosen) ++never_stopped;
  }
  judge(about_never_stopped_ == 0, "never stopped",
        std::to_string(about_never_stopped_) + " of " + std::to_string(failures_) +
            " reports of a failure are about the " + std::to_string(never_stopped) +
            " that were never stopped");
  std::string figures = std::to_string(after_own_waking_) + " within a suspicion time-out (" +
                        in_ms(suspicion_) + ") of the reporter's own waking, " +
                        std::to_string(judged_after_own_waking_) + " of them its own verdicts";
  if (soonest_after_waking_ != flotilla::duration::max()) {
    figures += "; the soonest came " + in_ms(soonest_after_waking_) + " after it";
  }
  judge(after_own_waking_ == 0, "own waking", figures);

  std::size_t ended = 0;
  for (std::size_t i = 0; i < group_.size(); ++i) {
    if (group_.condition_of(i) == condition::ended) ++ended;
  }
  judge(ended == 0 && events_lost_ == 0, "nothing missed",
        std::to_string(ended) + " processes ended, " + std::to_string(events_lost_) +
            " times events were lost");
}

void stop_and_continue::show_progress() {
  progress_due_ = support::now() + (on_terminal_ ? 1s : 10s);
  stop_figures all;
  for (const member& each : members_) all.add(each.figures);
  const std::string text = "    " + in_s(support::now() - cycle_begin_) + ": " +
                           std::to_string(all.stops) + " stops, " + std::to_string(all.suspected) +
                           " suspicions, " + std::to_string(failures_) + " failures reported, " +
                           std::to_string(about_never_stopped_) + " of never stopped, " +
                           std::to_string(after_own_waking_) + " after waking";
  // On a terminal always the same line, which the next one overwrites.
  std::cout << text << (on_terminal_ ? "\x1b[K\r" : "\n") << std::flush;
}

void stop_and_continue::print_line(flotilla::time_point at, const std::string& text) {
  std::cout << narrator_.time(at) << "  " << text << (on_terminal_ ? "\x1b[K\n" : "\n")
            << std::flush;
}

void stop_and_continue::print_figures() const {
  std::cout << (on_terminal_ ? "\x1b[K\n" : "\n")
            << "                 stops  stopped for  suspicions of  failed while stopped  failed "
               "while running\n";
  stop_figures chosen;
  stop_figures others;
  for (std::size_t i = 0; i < members_.size(); ++i) {
    const member& each = members_[i];
    if (each.chosen) print_row(name_of(i), each.figures);
    (each.chosen ? chosen : others).add(each.figures);
  }
  print_row("all of these", chosen);
  print_row("never stopped", others);
  if (chosen.failed_while_running > 0) {
    std::cout << "Of those that were running again, nobody was judged later than "
              << in_ms(longest_running_) << " after its waking; the rest is hearsay.\n";
  }
  std::cout << "The demo itself had to wait up to " << in_ms(longest_turn_)
            << " for its turn, where it looks every " << in_ms(look_every) << ".\n";
}

}  // namespace demo
