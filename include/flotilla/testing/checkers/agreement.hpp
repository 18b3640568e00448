// flotilla/testing/checkers/agreement.hpp - S7: one address within one incarnation, everywhere
// What each member has stated of itself is held against every alive fact on the wire and every
// view.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <unordered_map>
#include <variant>
#include <vector>

#include <flotilla/testing/checkers/checker.hpp>
#include <flotilla/testing/checkers/views.hpp>

namespace flotilla {
inline namespace v1 {
namespace testing {

/// S7: within one incarnation a member's address is the same everywhere, which follows from three
/// things that can be seen. A member changes its address only together with its incarnation. An
/// alive fact that anybody sends carries an incarnation and an address that the member itself has
/// stated together. And a view shows an address that the member has stated at the incarnation
/// shown or at an earlier one: an accusation carries no address, so it may be ahead of the address
/// (the merge is a product of (incarnation, state) and (incarnation, address)).
///
/// A new life may count from 0 again, and then states what its former one did, or another address
/// when it has moved since: both count as stated.
class agreement_checker final : public checker {
 public:
  using checker::checker;

  /// From now on, what is told about this member is not judged: a test forges facts about it.
  void exempt(member_id id) { stated_[key_of(id)].exempt = true; }

  /// What has been judged; where one stays 0, the run says nothing about that.
  struct tally {
    std::uint64_t facts{0};   ///< alive facts sent
    std::uint64_t views{0};   ///< members shown, when they changed
    std::uint64_t behind{0};  ///< shown with the address of an earlier incarnation
    std::uint64_t moves{0};   ///< addresses that members stated after their first
  };
  [[nodiscard]] const tally& judged() const noexcept { return judged_; }

  void on_start(time_point now, node_index node, std::uint32_t life) override;
  void on_event(time_point now, node_index node, const engine& after, const event& what) override;
  void on_send(time_point now, node_index node, const engine& after, const endpoint& to,
               std::span<const std::byte> bytes) override;
  void on_step(time_point now, node_index node, const engine& after, input_kind input) override;

 private:
  struct nothing {};
  using view = shadow_view<nothing>;
  struct statement {
    flotilla::incarnation incarnation{};
    endpoint address{};
    friend bool operator==(const statement&, const statement&) = default;
  };
  struct word {
    std::vector<statement> all{};  // the newest last
    bool exempt{false};
  };
  struct watched {
    view shown{};
    member own{};
    std::uint32_t tag{0};
    std::uint64_t mark{0};
  };

  [[nodiscard]] static std::uint64_t key_of(member_id id) noexcept {
    return static_cast<std::uint64_t>(id);
  }
  void note(const member& self);
  void look_at_self(node_index node, const engine& after);
  void judge_fact(node_index node, const wire::fact& fact);
  void judge_view(node_index node, const member& held);

  std::vector<watched> nodes_{};
  std::unordered_map<std::uint64_t, word> stated_{};
  tally judged_{};
};

inline void agreement_checker::on_start(time_point now, node_index node, std::uint32_t life) {
  (void)now, (void)life;
  if (node >= nodes_.size()) nodes_.resize(node + std::size_t{1});
  nodes_[node] = watched{};
  nodes_[node].tag = wire::group_tag_of(group().config_of(node).cluster);
  nodes_[node].own = group()[node].self();
  note(nodes_[node].own);
}

inline void agreement_checker::note(const member& self) {
  std::vector<statement>& all = stated_[key_of(self.id)].all;
  const statement now{self.incarnation, self.address};
  for (std::size_t i = all.size(); i != 0; --i) {
    if (all[i - 1] == now) return;
  }
  judged_.moves += !all.empty() && all.back().address != now.address ? 1U : 0U;
  all.push_back(now);
}

/// First in each callback: what a member says anew is stated before it can be told.
inline void agreement_checker::look_at_self(node_index node, const engine& after) {
  member& own = nodes_[node].own;
  const member self = after.self();
  if (self.incarnation == own.incarnation && self.address == own.address) return;
  if (self.incarnation == own.incarnation) {
    violated(
        "S7", node,
        "moved without raising its incarnation: " + view_text(own) + " became " + view_text(self));
  }
  own = self;
  note(self);
}

inline void agreement_checker::judge_fact(node_index node, const wire::fact& fact) {
  ++judged_.facts;
  const auto found = stated_.find(key_of(fact.subject));
  if (found != stated_.end()) {
    if (found->second.exempt) return;
    const std::vector<statement>& all = found->second.all;
    const statement told{fact.incarnation, fact.address};
    for (std::size_t i = all.size(); i != 0; --i) {
      if (all[i - 1] == told) return;
    }
  }
  violated("S7", node,
           "told what the member never stated: " +
               view_text({fact.subject, fact.address, fact.incarnation, fact.state}));
}

inline void agreement_checker::judge_view(node_index node, const member& held) {
  ++judged_.views;
  const auto found = stated_.find(key_of(held.id));
  if (found != stated_.end()) {
    if (found->second.exempt) return;
    const std::vector<statement>& all = found->second.all;
    bool earlier = false;
    for (std::size_t i = all.size(); i != 0; --i) {
      if (all[i - 1].address != held.address) continue;
      if (all[i - 1].incarnation == held.incarnation) return;
      earlier = earlier || all[i - 1].incarnation < held.incarnation;
    }
    judged_.behind += earlier ? 1U : 0U;
    if (earlier) return;
  }
  violated("S7", node, "not stated by that incarnation or an earlier one: " + view_text(held));
}

inline void agreement_checker::on_event(time_point now, node_index node, const engine& after,
                                        const event& what) {
  (void)now;
  look_at_self(node, after);
  std::visit(
      [&](const auto& e) {
        if constexpr (requires { e.member; }) {
          if (e.member.id != nodes_[node].own.id) judge_view(node, e.member);
        }
      },
      what);
}

inline void agreement_checker::on_send(time_point now, node_index node, const engine& after,
                                       const endpoint& to, std::span<const std::byte> bytes) {
  (void)now, (void)to;
  look_at_self(node, after);
  wire::message message;
  if (wire::read_message(bytes, nodes_[node].tag, message) != receive_result::accepted) {
    violated("S7", node, "sent what does not decode");
    return;
  }
  wire::fact_reader facts{message.facts};
  wire::fact fact;
  for (;;) {
    const wire::fact_read read = facts.next(fact);
    if (read == wire::fact_read::end || read == wire::fact_read::malformed) return;
    const bool placed = read == wire::fact_read::fact && fact.state == member_state::alive;
    if (placed) judge_fact(node, fact);
  }
}

inline void agreement_checker::on_step(time_point now, node_index node, const engine& after,
                                       input_kind input) {
  (void)now;
  watched& w = nodes_[node];
  look_at_self(node, after);
  const std::uint64_t mark = view_mark(after.stats());
  if (mark == w.mark && input != input_kind::start && input != input_kind::command) return;
  w.mark = mark;
  w.shown.look(
      after, [&](const view::entry&, const member& held, bool) { judge_view(node, held); },
      [](const view::entry&) {});
}

}  // namespace testing
}  // namespace v1
}  // namespace flotilla
