// examples/demo/scenario.hpp - what is done to the group, and whether all saw it in time
// Form, freeze and wake, kill, leave, restart; each ends in a verdict with its figures.
#pragma once

#include <chrono>
#include <cstddef>
#include <demo/display.hpp>
#include <demo/group.hpp>
#include <demo/views.hpp>
#include <functional>
#include <string>
#include <vector>

namespace demo {

struct verdict {
  bool ok;
  std::string check;
  std::string figures;
};

class scenario {
 public:
  scenario(group& processes, views& seen, display& screen);

  /// Runs all of it and returns one verdict a check. Throws interrupted.
  std::vector<verdict> run();

 private:
  /// How many of the running members have reported an event, and when the first and the last did.
  struct spread {
    std::size_t reported = 0;
    std::size_t expected = 0;
    flotilla::duration first = flotilla::duration::max();
    flotilla::duration last{};

    bool complete() const { return reported == expected; }
    bool within(flotilla::duration bound) const { return complete() && last <= bound; }
    std::string text(flotilla::duration bound) const;
  };

  void form();
  void freeze_and_wake();
  void kill();
  void leave();
  void restart();
  void compare_lists();
  void look_for_false_alarms();

  void judge(bool ok, std::string check, std::string figures);
  void judge_leave(flotilla::time_point asked_at, const spread& left);

  /// Follows reports until `done`, at most for `limit`.
  void watch(std::chrono::milliseconds limit, const std::function<bool()>& done);
  void pass(std::chrono::milliseconds time);

  std::vector<std::size_t> running() const;
  bool is_full_mesh() const;
  spread spread_of(report_kind kind, std::size_t subject, flotilla::time_point since) const;
  std::size_t count(report_kind kind, std::size_t subject) const;
  bool have_all_lists() const;
  std::vector<std::string> faults_in_lists() const;
  std::string fault_in_list(std::size_t observer) const;
  bool is_right(std::size_t observer, std::size_t subject, const flotilla::member& entry) const;

  group& group_;
  views& views_;
  display& display_;
  const std::size_t frozen_;
  const std::size_t killed_;
  const std::size_t leaver_;
  flotilla::time_point killed_at_ = flotilla::time_point::max();
  flotilla::time_point restarted_at_ = flotilla::time_point::max();
  std::vector<verdict> verdicts_;
};

}  // namespace demo
