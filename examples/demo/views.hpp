// examples/demo/views.hpp - what each member believes of each other, as it has reported
// Members are meant by their number in the group; all times are the observers' own.
#pragma once

#include <cstddef>
#include <demo/group.hpp>
#include <demo/report.hpp>
#include <optional>
#include <vector>

namespace demo {

/// An event about a member, as another one told it.
struct sighting {
  std::size_t observer;
  std::size_t subject;
  report what;
};

class views {
 public:
  explicit views(const group& of);

  /// Follows one report. Returns it as a sighting if it is an event about a member.
  std::optional<sighting> follow(const arrival& next);
  /// Forgets what `observer` believes: it starts anew and knows nobody.
  void restart(std::size_t observer);
  /// Forgets all member lists, before new ones are asked for.
  void clear_lists();

  /// What `observer` believes of `subject`, replayed from its events; nothing if it knows none.
  std::optional<flotilla::member_state> state(std::size_t observer, std::size_t subject) const;
  /// When `observer` first reported `kind` of `subject` since `since`.
  std::optional<flotilla::time_point> first(report_kind kind, std::size_t observer,
                                            std::size_t subject, flotilla::time_point since) const;
  const std::vector<sighting>& history() const { return history_; }
  /// When the member left the group, by its own account.
  std::optional<flotilla::time_point> leave_completed(std::size_t at) const {
    return leave_completed_[at];
  }
  /// The member list that `observer` has sent, if all of it is here.
  const std::optional<std::vector<flotilla::member>>& list(std::size_t observer) const {
    return lists_[observer];
  }

 private:
  using row = std::vector<std::optional<flotilla::member_state>>;

  const group& group_;
  std::vector<row> states_;
  std::vector<sighting> history_;
  std::vector<std::optional<flotilla::time_point>> leave_completed_;
  std::vector<std::vector<flotilla::member>> partial_lists_;
  std::vector<std::optional<std::vector<flotilla::member>>> lists_;
};

}  // namespace demo
