// examples/demo/views.cpp - what each member believes of each other, as it has reported
// Replaying the events yields the member lists: the demo's last check holds the engine to that.
#include <demo/views.hpp>

namespace demo {

views::views(const group& of)
    : group_{of},
      states_(of.size(), row(of.size())),
      leave_completed_(of.size()),
      partial_lists_(of.size()),
      lists_(of.size()) {}

std::optional<sighting> views::follow(const arrival& next) {
  const auto& [observer, what] = next;
  switch (what.kind) {
    case report_kind::listed: partial_lists_[observer].push_back(what.member); return std::nullopt;
    case report_kind::list_end: lists_[observer] = partial_lists_[observer]; return std::nullopt;
    case report_kind::leave_completed: leave_completed_[observer] = what.at; return std::nullopt;
    case report_kind::conflict:
    case report_kind::join_failed:
    case report_kind::events_lost: return std::nullopt;
    case report_kind::joined:
    case report_kind::suspected:
    case report_kind::recovered:
    case report_kind::failed:
    case report_kind::left:
    case report_kind::updated:
    case report_kind::path_broken:
    case report_kind::forgotten: break;
  }
  const auto subject = group_.find(what.member.id);
  if (!subject) return std::nullopt;  // the member lists will show a stranger
  auto& state = states_[observer][*subject];
  state = what.member.state;
  if (what.kind == report_kind::forgotten) state.reset();
  history_.push_back({observer, *subject, what});
  return history_.back();
}

void views::restart(std::size_t observer) { states_[observer].assign(group_.size(), {}); }

void views::clear_lists() {
  for (auto& list : partial_lists_) list.clear();
  for (auto& list : lists_) list.reset();
}

std::optional<flotilla::member_state> views::state(std::size_t observer,
                                                   std::size_t subject) const {
  return states_[observer][subject];
}

std::optional<flotilla::time_point> views::first(report_kind kind, std::size_t observer,
                                                 std::size_t subject,
                                                 flotilla::time_point since) const {
  for (const sighting& each : history_) {
    if (each.what.kind == kind && each.observer == observer && each.subject == subject &&
        each.what.at >= since) {
      return each.what.at;
    }
  }
  return std::nullopt;
}

}  // namespace demo
