// examples/demo/stop_and_continue.hpp - some members are stopped and continued, again and again
// Who only pauses, or pauses itself, is no ground for a report of failure about anybody else.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <demo/group.hpp>
#include <demo/scenario.hpp>
#include <demo/text.hpp>
#include <demo/views.hpp>
#include <functional>
#include <optional>
#include <string>
#include <support/random.hpp>
#include <vector>

namespace demo {

/// How often a member was stopped, and what was reported about it.
struct stop_figures {
  std::size_t stops = 0;
  flotilla::duration stopped{};
  std::size_t suspected = 0;
  std::size_t failed_while_stopped = 0;
  std::size_t failed_while_running = 0;  // false alarms: at that moment it was well

  void add(const stop_figures& other);
};

/// Three of ten members are stopped (SIGSTOP) and continued (SIGCONT) for random times, each on its
/// own. Everything is collected with the times of the members' own processes; what must not be is
/// told as soon as it is heard of.
class stop_and_continue {
 public:
  stop_and_continue(group& processes, views& seen, std::uint64_t seed, flotilla::time_point start);

  /// Does so for `length` and returns one verdict a check. Throws interrupted.
  std::vector<verdict> run(std::chrono::seconds length);
  /// Of each stopped member, of those together, and of the others together.
  void print_figures() const;

 private:
  struct interval {
    flotilla::time_point from;
    flotilla::time_point to;
  };
  struct member {
    bool chosen = false;
    flotilla::time_point turn{};  // when it is stopped or continued next
    flotilla::time_point stopped_at{};
    std::vector<interval> stops{};
    stop_figures figures{};
  };

  void form();
  void choose();
  void cycle(std::chrono::seconds length);
  void continue_all();
  void come_together();

  void stop(std::size_t at, flotilla::time_point now);
  void wake(std::size_t at);
  flotilla::duration random_time();

  /// Follows reports until `done`, at most until `end`.
  void watch(flotilla::time_point end, const std::function<bool()>& done);
  void follow(const arrival& next);
  void follow_failure(const sighting& what);
  bool was_stopped(std::size_t at, flotilla::time_point when) const;
  std::optional<flotilla::duration> since_waking(std::size_t at, flotilla::time_point when) const;
  bool is_full_mesh() const;

  void judge(bool ok, std::string check, std::string figures);
  void judge_failures();
  void show_progress();
  void print_line(flotilla::time_point at, const std::string& text);

  group& group_;
  views& views_;
  narrator narrator_;
  support::repeatable_numbers random_;
  flotilla::duration suspicion_;  // the shortest that a verdict takes in this group
  bool on_terminal_;
  std::vector<member> members_;
  flotilla::time_point cycle_begin_{};
  flotilla::time_point progress_due_{};
  flotilla::duration longest_turn_{};  // of the demo itself: how long it waited for a processor
  std::size_t failures_ = 0;
  std::size_t about_never_stopped_ = 0;
  std::size_t after_own_waking_ = 0;
  std::size_t judged_after_own_waking_ = 0;  // the others of those it heard from others
  flotilla::duration soonest_after_waking_ = flotilla::duration::max();
  flotilla::duration longest_running_{};  // of a subject, when a reporter's own verdict fell on it
  std::size_t events_lost_ = 0;
  std::vector<verdict> verdicts_;
};

}  // namespace demo
