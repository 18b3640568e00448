// flotilla/testing/checkers/timers.hpp - S8: no timer outlives the incarnation it was started for
// Each verdict is held against how long its member was suspected at that very incarnation, each
// accusation against the ping that failed.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include <flotilla/detail/logarithm.hpp>
#include <flotilla/testing/checkers/checker.hpp>
#include <flotilla/testing/checkers/views.hpp>

namespace flotilla {
inline namespace v1 {
namespace testing {

/// The shortest time that a suspect has to speak up in a group of `members` (SWIM, sections 4.2 and
/// 5): suspicion_multiplier * ceil(ln(n+1)) protocol periods.
[[nodiscard]] inline duration least_suspicion(const config& settings, std::uint32_t members) {
  const std::uint32_t periods = settings.suspicion_multiplier * detail::ceil_ln_plus_one(members);
  return detail::saturating_multiply(settings.protocol_period, periods);
}

/// S8: what runs out after its member has refuted, come back or moved must not harm the new
/// incarnation.
///
/// A verdict of this member's own (member_failed with evidence, from a tick) needs that it has
/// suspected that member at that very incarnation for the shortest suspicion time at least, in its
/// engine's time. An accusation of its own (member_suspected with evidence of a probe) needs that
/// it held that very incarnation when it sent the ping that failed.
///
/// Where experiment::suspicion is off, there is no suspicion to outlive, and nothing is judged.
class timers_checker final : public checker {
 public:
  using checker::checker;

  /// What has been judged; where one stays 0, the run says nothing about that.
  struct tally {
    std::uint64_t verdicts{0};
    std::uint64_t accusations{0};
    std::uint64_t cleared{0};  ///< suspicions that ended otherwise: the timers that must not fire
  };
  [[nodiscard]] const tally& judged() const noexcept { return judged_; }

  void on_start(time_point now, node_index node, std::uint32_t life) override;
  void on_receive(time_point now, node_index node, const engine& before, const endpoint& from,
                  node_index source, std::span<const std::byte> bytes) override {
    (void)now, (void)before, (void)from, (void)source, (void)bytes;
    advance(node, input_kind::receive);
  }
  void on_tick(time_point now, node_index node, const engine& before) override {
    (void)now, (void)before;
    advance(node, input_kind::tick);
  }
  void on_event(time_point now, node_index node, const engine& after, const event& what) override;
  void on_send(time_point now, node_index node, const engine& after, const endpoint& to,
               std::span<const std::byte> bytes) override;
  void on_step(time_point now, node_index node, const engine& after, input_kind input) override;

 private:
  /// Since when the incarnation shown is suspected, while it is.
  struct record {
    time_point suspected_since{};  // engine time
    duration patience{};
  };
  using view = shadow_view<record>;
  struct ping {
    member_id target{};  // 0 in an unused place
    flotilla::incarnation held{};
    std::uint32_t sequence{0};
  };
  struct watched {
    view shown{};
    std::array<ping, 256> pings{};  // the latest ones, in a ring
    std::size_t pinged{0};
    std::uint32_t tag{0};
    std::uint64_t mark{0};
    time_point local{};
    time_point engine_time{};   // moves with its clock, but never back
    std::uint32_t before{1};    // active members before this step
    std::uint32_t joined{0};    // in this step
    std::uint32_t departed{0};  // in this step
    bool ticking{false};
  };

  void advance(node_index node, input_kind input) {
    watched& w = nodes_[node];
    const time_point local = group().sim().local_time(node);
    w.engine_time = detail::saturating_add(w.engine_time, detail::elapsed(w.local, local));
    w.local = local;
    w.ticking = input == input_kind::tick;
  }
  void track(node_index node, view::entry& e, const member& now, std::uint32_t members);
  void judge_verdict(node_index node, const member& failed);
  void judge_accusation(node_index node, const member& accused, std::uint32_t probe);

  std::vector<watched> nodes_{};
  tally judged_{};
};

inline void timers_checker::on_start(time_point now, node_index node, std::uint32_t life) {
  (void)now, (void)life;
  if (node >= nodes_.size()) nodes_.resize(node + std::size_t{1});
  nodes_[node] = watched{};
  nodes_[node].tag = wire::group_tag_of(group().config_of(node).cluster);
  nodes_[node].local = group().sim().local_time(node);
}

/// Notes when the suspicion of an incarnation begins. `members` are active then, at least.
inline void timers_checker::track(node_index node, view::entry& e, const member& now,
                                  std::uint32_t members) {
  const watched& w = nodes_[node];
  const bool fresh = e.shown.address == endpoint{};
  const bool moved = fresh || e.shown.incarnation != now.incarnation;
  const bool was_suspect = !fresh && e.shown.state == member_state::suspect;
  const bool ends = was_suspect && (moved || now.state == member_state::alive);
  judged_.cleared += ends ? 1U : 0U;
  if (now.state == member_state::suspect && (moved || !was_suspect)) {
    e.note.suspected_since = w.engine_time;
    e.note.patience = least_suspicion(group().config_of(node), members == 0 ? 1 : members);
  }
  e.shown = now;
}

inline void timers_checker::judge_verdict(node_index node, const member& failed) {
  ++judged_.verdicts;
  watched& w = nodes_[node];
  const view::entry* held = w.shown.find(failed.id);
  if (held == nullptr || held->shown.state != member_state::suspect ||
      held->shown.incarnation != failed.incarnation) {
    violated("S8", node,
             "a verdict on whom it did not suspect: " + view_text(failed) +
                 (held == nullptr ? "" : ", held as " + view_text(held->shown)));
    return;
  }
  const duration lasted = w.engine_time - held->note.suspected_since;
  if (lasted >= held->note.patience) return;
  violated("S8", node,
           "a verdict after " + std::to_string(lasted / std::chrono::milliseconds{1}) + " of " +
               std::to_string(held->note.patience / std::chrono::milliseconds{1}) +
               " ms that this incarnation has: " + view_text(failed));
}

inline void timers_checker::judge_accusation(node_index node, const member& accused,
                                             std::uint32_t probe) {
  for (const ping& sent : nodes_[node].pings) {
    if (sent.sequence != probe || sent.target != accused.id) continue;
    ++judged_.accusations;
    if (sent.held == accused.incarnation) return;
    violated("S8", node,
             "accused for a ping that was sent while incarnation " +
                 std::to_string(sent.held.value()) + " was held: " + view_text(accused));
    return;
  }
}

inline void timers_checker::on_event(time_point now, node_index node, const engine& after,
                                     const event& what) {
  (void)now;
  if (!group().config_of(node).experiment.suspicion) return;
  watched& w = nodes_[node];
  if (const auto* e = std::get_if<member_failed>(&what)) {
    if (w.ticking && !e->evidence.empty()) judge_verdict(node, e->member);
    ++w.departed;
  } else if (const auto* s = std::get_if<member_suspected>(&what)) {
    const bool ours = s->evidence.accuser == after.self().id && s->evidence.probe != 0;
    if (w.ticking && ours) judge_accusation(node, s->member, s->evidence.probe);
  } else if (const auto* f = std::get_if<member_forgotten>(&what)) {
    w.shown.erase(f->member.id);
    return;
  }
  w.joined += std::holds_alternative<member_joined>(what) ? 1U : 0U;
  w.departed += std::holds_alternative<member_left>(what) ? 1U : 0U;
  const std::uint32_t most = w.before + w.joined;
  std::visit(
      [&](const auto& e) {
        if constexpr (requires { e.member; }) {
          if (e.member.id == after.self().id) return;
          view::entry* held = w.shown.find(e.member.id);
          if (held == nullptr) held = &w.shown.put({e.member.id, {}, {}, {}});
          track(node, *held, e.member, most > w.departed ? most - w.departed : 1);
        }
      },
      what);
}

inline void timers_checker::on_send(time_point now, node_index node, const engine& after,
                                    const endpoint& to, std::span<const std::byte> bytes) {
  (void)now, (void)after, (void)to;
  watched& w = nodes_[node];
  wire::reader in{bytes};
  wire::frame head;
  if (wire::read_frame(in, head, w.tag) != receive_result::accepted) return;
  if (head.kind != wire::message_kind::ping) return;
  const view::entry* held = w.shown.find(head.target);
  if (held == nullptr) return;
  w.pings[w.pinged++ % w.pings.size()] = {head.target, held->shown.incarnation, in.u32()};
}

inline void timers_checker::on_step(time_point now, node_index node, const engine& after,
                                    input_kind input) {
  (void)now;
  watched& w = nodes_[node];
  const std::uint64_t mark = view_mark(after.stats());
  if (mark != w.mark || input == input_kind::start || input == input_kind::command) {
    const std::uint32_t least = w.before > w.departed ? w.before - w.departed : 1;
    w.shown.look(
        after, [&](view::entry& e, const member& held, bool) { track(node, e, held, least); },
        [](const view::entry&) {});
  }
  w.mark = mark;
  w.before = static_cast<std::uint32_t>(after.size());
  w.joined = 0;
  w.departed = 0;
  w.ticking = false;
}

}  // namespace testing
}  // namespace v1
}  // namespace flotilla
