// flotilla/testing/checkers/event_replay.hpp - S13: events tell exactly what members() shows
// Each event must follow from those before it, and after each step they must add up to the table.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <type_traits>
#include <variant>
#include <vector>

#include <flotilla/testing/checkers/checker.hpp>
#include <flotilla/testing/checkers/views.hpp>

namespace flotilla {
inline namespace v1 {
namespace testing {

/// S13: the events of one life, replayed, yield (id, address, state) of members() after each step;
/// after events_lost they go on from what members() shows then. So no event repeats another, and
/// about each member they take turns: it joins before it can be suspected, fail or leave, and again
/// after that before it joins. A suspect that speaks up recovers and does not join. member_updated
/// comes when the address shown changes; or, once each, when a state is replaced first-hand from
/// outside the window (statistics::adoptions). Who is dead when first heard of makes no event, nor
/// does the engine itself.
class event_replay_checker final : public checker {
 public:
  using checker::checker;

  /// What has been judged; where one stays 0, the run says nothing about that.
  struct tally {
    std::uint64_t joined{0};
    std::uint64_t suspected{0};
    std::uint64_t recovered{0};
    std::uint64_t failed{0};
    std::uint64_t left{0};
    std::uint64_t updated{0};
    std::uint64_t forgotten{0};
    std::uint64_t lost{0};  ///< events_lost
  };
  [[nodiscard]] const tally& judged() const noexcept { return judged_; }

  void on_start(time_point now, node_index node, std::uint32_t life) override;
  void on_event(time_point now, node_index node, const engine& after, const event& what) override;
  void on_step(time_point now, node_index node, const engine& after, input_kind input) override;

 private:
  struct nothing {};
  using view = shadow_view<nothing>;
  struct watched {
    view told{};
    member_id self{};
    std::uint64_t mark{0};
    std::uint64_t adoptions{0};  // by the end of the last step; the excused ones of this step too
  };

  template <class Event>
  void take(node_index node, const engine& after, const Event& what);
  /// The member is told to be in `state` from now on, if that `may` follow.
  void turn(node_index node, const char* event, bool may, const member* before, const member& now,
            member_state state);
  void start_over(node_index node, const engine& after) {
    const auto ignore = [](const auto&...) {};
    nodes_[node].told.look(after, ignore, ignore);
  }

  std::vector<watched> nodes_{};
  tally judged_{};
};

inline void event_replay_checker::on_start(time_point now, node_index node, std::uint32_t life) {
  (void)now, (void)life;
  if (node >= nodes_.size()) nodes_.resize(node + std::size_t{1});
  nodes_[node] = watched{};
  nodes_[node].self = group().config_of(node).id;
}

inline void event_replay_checker::on_event(time_point now, node_index node, const engine& after,
                                           const event& what) {
  (void)now;
  if (std::holds_alternative<events_lost>(what)) {
    ++judged_.lost;
    return start_over(node, after);
  }
  std::visit([&](const auto& e) { take(node, after, e); }, what);
}

inline void event_replay_checker::turn(node_index node, const char* event, bool may,
                                       const member* before, const member& now,
                                       member_state state) {
  const std::string shown = before == nullptr ? "nothing" : view_text(*before);
  const bool moves =
      before != nullptr && state != member_state::alive && before->address != now.address;
  const bool recovers_elsewhere =
      before != nullptr && before->state == member_state::suspect && before->address != now.address;
  if (!may) {
    violated("S13", node,
             std::string{event} + " out of turn: " + view_text(now) + ", shown was " + shown);
  } else if (now.state != state) {
    violated("S13", node, std::string{event} + " carries another state: " + view_text(now));
  } else if (moves || recovers_elsewhere) {
    violated("S13", node,
             std::string{event} + " moves without member_updated: " + view_text(now) +
                 ", shown was " + shown);
  }
  nodes_[node].told.put(now).shown.state = state;
}

template <class Event>
void event_replay_checker::take(node_index node, const engine& after, const Event& what) {
  if constexpr (requires { what.member; } && !std::is_same_v<Event, identity_conflict>) {
    watched& w = nodes_[node];
    const member& now = what.member;
    if (now.id == w.self) {
      violated("S13", node, "an event about itself: " + view_text(now));
      return;
    }
    const typename view::entry* held = w.told.find(now.id);
    const member shown = held == nullptr ? member{} : held->shown;
    const member* before = held == nullptr ? nullptr : &shown;
    const bool active = before != nullptr && is_active(shown.state);
    using state = member_state;
    if constexpr (std::is_same_v<Event, member_joined>) {
      ++judged_.joined;
      turn(node, "member_joined", !active, before, now, state::alive);
    } else if constexpr (std::is_same_v<Event, member_suspected>) {
      ++judged_.suspected;
      turn(node, "member_suspected", active && shown.state == state::alive, before, now,
           state::suspect);
    } else if constexpr (std::is_same_v<Event, member_recovered>) {
      ++judged_.recovered;
      turn(node, "member_recovered", active && shown.state == state::suspect, before, now,
           state::alive);
    } else if constexpr (std::is_same_v<Event, member_failed>) {
      ++judged_.failed;
      turn(node, "member_failed", active, before, now, state::dead);
    } else if constexpr (std::is_same_v<Event, member_left>) {
      ++judged_.left;
      turn(node, "member_left", before != nullptr && shown.state != state::left, before, now,
           state::left);
    } else if constexpr (std::is_same_v<Event, member_updated>) {
      ++judged_.updated;
      const bool adopted = after.stats().adoptions != w.adoptions;
      if (before == nullptr) {
        violated("S13", node, "member_updated of an unknown member: " + view_text(now));
      } else if (shown.address == now.address && !adopted) {
        violated("S13", node, "member_updated, but nothing has changed: " + view_text(now));
      } else if (shown.address == now.address) {
        ++w.adoptions;
      }
      // A change of state is told after that of the address; until then the state shown is older.
      w.told.put(now).shown.state = before == nullptr ? now.state : shown.state;
    } else if constexpr (std::is_same_v<Event, member_forgotten>) {
      ++judged_.forgotten;
      if (before == nullptr || active || shown.state != now.state) {
        violated("S13", node, "member_forgotten out of turn: " + view_text(now));
      }
      w.told.erase(now.id);
    } else if (!active) {
      violated("S13", node, "an event about somebody who is not there: " + view_text(now));
    }
  }
}

inline void event_replay_checker::on_step(time_point now, node_index node, const engine& after,
                                          input_kind input) {
  (void)now;
  watched& w = nodes_[node];
  const statistics& counted = after.stats();
  const std::uint64_t mark = view_mark(counted);
  w.adoptions = counted.adoptions;
  if (mark == w.mark && input != input_kind::start && input != input_kind::command) return;
  w.mark = mark;
  w.told.look(
      after,
      [&](const view::entry& told, const member& held, bool fresh) {
        if (fresh) {
          violated("S13", node, "no event told of " + view_text(held));
        } else if (told.shown.address != held.address || told.shown.state != held.state) {
          violated("S13", node,
                   "events show " + view_text(told.shown) + ", members() " + view_text(held));
        }
      },
      [&](const view::entry& told) {
        violated("S13", node, "events still show " + view_text(told.shown));
      });
}

}  // namespace testing
}  // namespace v1
}  // namespace flotilla
