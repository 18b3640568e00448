// flotilla/testing/checkers/own_word.hpp - S1, S6: only a member itself raises its incarnation
// What each member has said of itself in all of its lives is held against what others believe, and
// what it hears of itself against what it says next.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include <flotilla/testing/checkers/checker.hpp>
#include <flotilla/testing/checkers/views.hpp>

namespace flotilla {
inline namespace v1 {
namespace testing {

/// S1: the own incarnation never decreases within a life, and nobody holds an incarnation of a
/// member that is higher than the member has ever had, in serial order. A member that nobody has
/// answered yet in this life may be told of one farther than W, and raises itself past that.
///
/// S6: while it runs, a member is alive in its own eyes, until it leaves by its own command. After
/// it has heard a fact about itself that overrides what it says (an accusation at its incarnation
/// or above, within W) its incarnation is one more than that fact's; a stale one does not raise it,
/// nor does anything else but a command. A record of its id at another address may be answered or
/// not: that is limited in time. With experiment::final_death a member that heard of its death has
/// stopped, and S6 is about those that run.
class own_word_checker final : public checker {
 public:
  using checker::checker;

  /// From now on, what is held about this member is not judged (S1): a test forges facts about it.
  void exempt(member_id id) { tops_[key_of(id)].exempt = true; }

  /// What has been judged; where one stays 0, the run says nothing about that.
  struct tally {
    std::uint64_t held{0};       ///< incarnations of others, when they changed
    std::uint64_t accused{0};    ///< datagrams that called for another incarnation
    std::uint64_t stale{0};      ///< datagrams whose facts about the receiver called for nothing
    std::uint64_t farewells{0};  ///< members that left
  };
  [[nodiscard]] const tally& judged() const noexcept { return judged_; }

  void on_start(time_point now, node_index node, std::uint32_t life) override;
  void on_receive(time_point now, node_index node, const engine& before, const endpoint& from,
                  node_index source, std::span<const std::byte> bytes) override;
  void on_event(time_point now, node_index node, const engine& after, const event& what) override;
  void on_step(time_point now, node_index node, const engine& after, input_kind input) override;

 private:
  struct nothing {};
  using view = shadow_view<nothing>;
  /// The highest incarnations that a member has had; one, unless lives lie farther apart than W.
  struct top_list {
    std::vector<incarnation> tops{};
    bool exempt{false};
  };
  struct watched {
    view shown{};
    member own{};
    std::uint32_t tag{0};
    std::uint64_t mark{0};
    bool acknowledged{false};  // somebody has answered it in this life
  };
  /// What the datagram of this step calls for.
  struct call {
    bool about_self{false};
    bool refusable{false};  // a request: its facts count only if the sender is proven
    wire::message_kind kind{};
    incarnation quiet{};  // what it comes to when a foreign record is not answered
    incarnation loud{};   // and when the first of them is
    bool may_be_loud{true};
    std::uint64_t accepted{0};
    std::uint64_t unmatched{0};
  };

  [[nodiscard]] static std::uint64_t key_of(member_id id) noexcept {
    return static_cast<std::uint64_t>(id);
  }
  [[nodiscard]] static std::uint64_t unmatched(const statistics& s) noexcept {
    return s.acks_unmatched + s.replies_unmatched;
  }
  void note(const member& self);
  void judge_held(node_index node, const member& held);
  void judge_own(node_index node, const engine& after, input_kind input);
  void judge_answer(node_index node, const engine& after);
  [[nodiscard]] static incarnation answer(const watched& w, incarnation own, const wire::fact& told,
                                          bool& loud) noexcept;

  std::vector<watched> nodes_{};
  std::unordered_map<std::uint64_t, top_list> tops_{};
  call heard_{};
  tally judged_{};
};

inline void own_word_checker::on_start(time_point now, node_index node, std::uint32_t life) {
  (void)now, (void)life;
  if (node >= nodes_.size()) nodes_.resize(node + std::size_t{1});
  nodes_[node] = watched{};
  nodes_[node].tag = wire::group_tag_of(group().config_of(node).cluster);
  nodes_[node].own = group()[node].self();
  note(nodes_[node].own);
}

/// A member's own number: whoever holds this or less holds what it has said.
inline void own_word_checker::note(const member& self) {
  std::vector<incarnation>& tops = tops_[key_of(self.id)].tops;
  for (incarnation& top : tops) {
    if (!top.within_window(self.incarnation)) continue;
    if (self.incarnation > top) top = self.incarnation;
    return;
  }
  tops.push_back(self.incarnation);
}

inline void own_word_checker::judge_held(node_index node, const member& held) {
  ++judged_.held;
  const auto found = tops_.find(key_of(held.id));
  if (found != tops_.end()) {
    if (found->second.exempt) return;
    for (const incarnation top : found->second.tops) {
      if (held.incarnation == top || held.incarnation < top) return;
    }
  }
  violated("S1", node, "an incarnation that the member never had: " + view_text(held));
}

// ---- what it hears of itself

/// What a fact about the member makes of its incarnation. A foreign record is answered only if
/// `loud`, and then no further one: the limit is one at a time.
inline incarnation own_word_checker::answer(const watched& w, incarnation own,
                                            const wire::fact& told, bool& loud) noexcept {
  const bool accuses = told.state != member_state::alive;
  const bool elsewhere = !accuses && told.address != w.own.address;
  bool overrides = !w.acknowledged;
  if (told.incarnation == own) {
    overrides = elsewhere || (accuses && w.own.state == member_state::alive);
  } else if (own.within_window(told.incarnation)) {
    overrides = told.incarnation > own;
  }
  if (!overrides) return own;
  if (elsewhere && w.acknowledged) {
    if (!loud) return own;
    loud = false;
  }
  return told.incarnation.next();
}

inline void own_word_checker::on_receive(time_point now, node_index node, const engine& before,
                                         const endpoint& from, node_index source,
                                         std::span<const std::byte> bytes) {
  (void)now, (void)from, (void)source;
  const watched& w = nodes_[node];
  heard_ = call{};
  heard_.quiet = w.own.incarnation;
  heard_.loud = w.own.incarnation;
  wire::message message;
  if (wire::read_message(bytes, w.tag, message) != receive_result::accepted) return;
  heard_.kind = message.head.kind;
  heard_.refusable = heard_.kind == wire::message_kind::join_request ||
                     heard_.kind == wire::message_kind::state_request ||
                     heard_.kind == wire::message_kind::repair_request;
  wire::fact_reader facts{message.facts};
  wire::fact fact;
  for (;;) {
    const wire::fact_read read = facts.next(fact);
    if (read == wire::fact_read::end || read == wire::fact_read::malformed) break;
    if (read != wire::fact_read::fact || fact.subject != w.own.id) continue;
    heard_.about_self = true;
    bool never = false;
    heard_.quiet = answer(w, heard_.quiet, fact, never);
    heard_.loud = answer(w, heard_.loud, fact, heard_.may_be_loud);
  }
  if (!heard_.about_self && w.acknowledged) return;
  heard_.accepted = before.stats().count(receive_result::accepted);
  heard_.unmatched = unmatched(before.stats());
}

/// The incarnation after a datagram is the one that its facts about the member call for.
inline void own_word_checker::judge_answer(node_index node, const engine& after) {
  watched& w = nodes_[node];
  const incarnation own = after.self().incarnation;
  bool taken = false;
  if (heard_.about_self || !w.acknowledged) {
    const bool accepted = after.stats().count(receive_result::accepted) != heard_.accepted;
    const bool matched = accepted && unmatched(after.stats()) == heard_.unmatched;
    const bool reply = heard_.kind == wire::message_kind::state_reply ||
                       heard_.kind == wire::message_kind::repair_reply;
    taken = accepted && (matched || !reply);
    if (matched && (reply || heard_.kind == wire::message_kind::ack)) w.acknowledged = true;
  }
  const bool calls = taken && heard_.quiet != w.own.incarnation;
  if (heard_.about_self) ++(calls ? judged_.accused : judged_.stale);
  const bool stays = own == w.own.incarnation;
  if (!taken || heard_.refusable ? stays : own == heard_.quiet) return;
  if (taken && (own == heard_.quiet || own == heard_.loud)) return;
  const bool decreased = own < w.own.incarnation && w.own.incarnation.within_window(own);
  violated(decreased ? "S1" : "S6", node,
           "from " + std::to_string(w.own.incarnation.value()) + " it went to " +
               std::to_string(own.value()) + ", and what it heard of itself called for " +
               std::to_string((taken ? heard_.quiet : w.own.incarnation).value()));
}

// ---- each step

inline void own_word_checker::judge_own(node_index node, const engine& after, input_kind input) {
  const watched& w = nodes_[node];
  const member self = after.self();
  const bool stops = group().config_of(node).experiment.final_death;
  if (stops && self.state == member_state::dead) return;
  const bool leaves = input == input_kind::command && self.state == member_state::left;
  judged_.farewells += leaves && w.own.state == member_state::alive ? 1U : 0U;
  if (self.state != w.own.state && !(leaves && w.own.state == member_state::alive)) {
    violated("S6", node, "in its own eyes: " + view_text(w.own) + " became " + view_text(self));
  }
  if (input == input_kind::receive) return judge_answer(node, after);
  if (self.incarnation == w.own.incarnation) return;
  if (!(self.incarnation > w.own.incarnation)) {
    violated("S1", node,
             "its own incarnation decreased: " + view_text(w.own) + " became " + view_text(self));
  } else if (input != input_kind::command) {
    violated("S6", node, "raised its incarnation though it heard nothing: " + view_text(self));
  }
}

inline void own_word_checker::on_event(time_point now, node_index node, const engine& after,
                                       const event& what) {
  (void)now, (void)after;
  std::visit(
      [&](const auto& e) {
        if constexpr (requires { e.member; }) {
          if (e.member.id != nodes_[node].own.id) judge_held(node, e.member);
        }
      },
      what);
}

inline void own_word_checker::on_step(time_point now, node_index node, const engine& after,
                                      input_kind input) {
  (void)now;
  watched& w = nodes_[node];
  judge_own(node, after, input);
  w.own = after.self();
  note(w.own);
  const std::uint64_t mark = view_mark(after.stats());
  if (mark == w.mark && input != input_kind::start && input != input_kind::command) return;
  w.mark = mark;
  w.shown.look(
      after,
      [&](const view::entry& e, const member& held, bool fresh) {
        if (fresh || e.shown.incarnation != held.incarnation) judge_held(node, held);
      },
      [](const view::entry&) {});
}

}  // namespace testing
}  // namespace v1
}  // namespace flotilla
