// flotilla/testing/checkers/gossip_budget.hpp - S14: how often a fact is passed on, and which one
// At most lambda * ceil(ln(n+1)) times by each member (SWIM, section 4.1), never after a newer one,
// and in datagrams that keep to their size.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include <flotilla/detail/logarithm.hpp>
#include <flotilla/testing/checkers/decoded.hpp>

namespace flotilla {
inline namespace v1 {
namespace testing {

/// Counts what each member piggybacks out of its gossip queues. These are no gossip, and free:
///  - what the receiver should know about itself, first of all facts (Lifeguard's buddy system);
///  - everything in join requests, state requests and state replies: that is state transfer;
///  - everything in a ping to nobody in particular: whoever is there is introduced to, and told
///  what
///    is held about who was there;
///  - the own fact where it introduces the sender: first in an ack to a ping that asks for it or
///    accuses the receiver, and in a ping on behalf of somebody else;
///  - the own farewell (the leaver spends its budget at once, and again on those that are silent);
///  - the subject's alive fact, first of all behind a relayed ack.
///
/// An accusation that another member confirms is passed on anew (Lifeguard): one member passes on
/// those of at most max_accusers members about one incarnation, its own among them, each as often
/// as any fact, and none once another was told after it.
///
/// n is the largest group that the member believed in at any sending of the fact. A fact is queued
/// anew, and counted from 0, when the member was forgotten, when an incarnation was adopted from
/// outside the window, and while a join makes two groups one. With experiment::multicast nothing is
/// gossiped, and only the size is judged.
class gossip_budget_checker final : public traffic_checker {
 public:
  using traffic_checker::traffic_checker;

  /// The first accuser, three that confirm it, and oneself.
  static constexpr std::size_t max_accusers = 5;

  struct tally {
    std::uint64_t gossiped{0};    ///< facts counted
    std::uint64_t exempt{0};      ///< facts that are no gossip
    std::uint64_t exhausted{0};   ///< facts that were sent as often as they may be
    std::uint64_t superseded{0};  ///< facts followed by a newer one about the same member
    std::uint64_t confirmed{0};   ///< accusations followed by another member's
    std::size_t largest{0};       ///< datagram, in bytes
  };
  [[nodiscard]] const tally& judged() const noexcept { return judged_; }

 private:
  /// The newest fact about one subject that one member has gossiped.
  struct record {
    wire::fact newest{};
    std::uint32_t times{0};
    std::uint32_t members{0};
    std::array<member_id, max_accusers> accusers{};  // of an accusation: the last is being told
    std::size_t accused_by{0};
  };
  using memory = std::unordered_map<std::uint64_t, record>;  // only looked up, never walked

  void begin(node_index node, std::uint32_t life) override {
    (void)life;
    if (node >= sent_.size()) sent_.resize(node + std::size_t{1});
    sent_[node].clear();
  }

  void told(node_index node, const engine& after, const event& what) override {
    if (const auto* gone = std::get_if<member_forgotten>(&what)) {
      sent_[node].erase(static_cast<std::uint64_t>(gone->member.id));
    }
    if (std::holds_alternative<join_progress>(what) ||
        after.stats().adoptions != stats_before(node).adoptions) {
      sent_[node].clear();
    }
  }

  void sent(node_index node, const engine& after, const endpoint& to,
            std::span<const std::byte> bytes) override {
    (void)to;
    const config& settings = group().config_of(node);
    if (bytes.size() > judged_.largest) judged_.largest = bytes.size();
    if (bytes.size() > settings.max_datagram_size - settings.datagram_overhead) {
      violated("S14", node, "a datagram of " + std::to_string(bytes.size()) + " bytes");
    }
    if (!out().ok()) return;
    if (is_no_gossip() || settings.experiment.multicast) {
      judged_.exempt += out().facts().size();
      return;
    }
    const auto* relayed = out().as<wire::relayed_ack>();
    bool subject_to_come = relayed != nullptr;
    bool own_to_come = introduces_itself(after.self().id);
    for (const wire::fact& fact : out().facts()) {
      bool free = fact.subject == out().head().target;
      if (fact.subject == after.self().id) {
        free = free || own_to_come || fact.state == member_state::left;
        own_to_come = false;
      }
      if (subject_to_come && fact.subject == relayed->subject) {
        free = free || fact.state == member_state::alive;
        subject_to_come = false;
      }
      if (free) {
        ++judged_.exempt;
      } else {
        count(node, after, fact);
      }
    }
  }

  [[nodiscard]] bool is_no_gossip() const noexcept {
    using kind = wire::message_kind;
    const kind what = out().head().kind;
    return what == kind::join_request || what == kind::state_request || what == kind::state_reply ||
           what == kind::repair_request || what == kind::repair_reply ||
           out().head().target == member_id{};
  }

  /// The first own fact in this datagram would tell the receiver who is speaking.
  [[nodiscard]] bool introduces_itself(member_id self) const noexcept {
    switch (out().head().kind) {
      case wire::message_kind::ping: return received_as<wire::ping_request>() != nullptr;
      case wire::message_kind::ack:
        return received_as<wire::ping>() != nullptr && (in().head().introduce || accused(self));
      default: return false;
    }
  }

  [[nodiscard]] bool accused(member_id self) const noexcept {
    for (const wire::fact& fact : in().facts()) {
      const bool accuses = fact.state == member_state::suspect || fact.state == member_state::dead;
      if (fact.subject == self && accuses) return true;
    }
    return false;
  }

  void count(node_index node, const engine& after, const wire::fact& fact) {
    ++judged_.gossiped;
    record& known = sent_[node][static_cast<std::uint64_t>(fact.subject)];
    const auto members = static_cast<std::uint32_t>(after.size());
    const bool final_death = group().config_of(node).experiment.final_death;
    if (known.times == 0 || is_newer(fact, known.newest, final_death)) {
      if (known.times != 0) ++judged_.superseded;
      known = {fact, 1, members, {fact.accuser}, 1};
      return;
    }
    if (is_newer(known.newest, fact, final_death)) {
      violated("S14", node, text_of(fact) + " after " + text_of(known.newest));
      return;
    }
    if (fact.state == member_state::suspect && fact.accuser != known.newest.accuser) {
      confirm(node, known, fact);
      known.members = members;
      return;
    }
    if (members > known.members) known.members = members;
    ++known.times;
    const std::uint32_t budget =
        group().config_of(node).retransmit_multiplier * detail::ceil_ln_plus_one(known.members);
    if (known.times == budget) ++judged_.exhausted;
    if (known.times > budget) {
      violated("S14", node,
               text_of(fact) + " for the " + std::to_string(known.times) + "th time, of " +
                   std::to_string(budget));
    }
  }

  /// The same accusation by somebody else.
  void confirm(node_index node, record& known, const wire::fact& fact) {
    ++judged_.confirmed;
    for (std::size_t i = 0; i < known.accused_by; ++i) {
      if (known.accusers[i] != fact.accuser) continue;
      violated("S14", node,
               text_of(fact) + " by " + name_of(fact.accuser) + " again, after that by " +
                   name_of(known.newest.accuser));
      return;
    }
    if (known.accused_by == max_accusers) {
      violated("S14", node,
               text_of(fact) + " by " + name_of(fact.accuser) + ", the accuser number " +
                   std::to_string(max_accusers + 1));
      return;
    }
    known.accusers[known.accused_by++] = fact.accuser;
    known.newest = fact;
    known.times = 1;
  }

  /// The order in which facts about one member supersede each other (SWIM, section 4.2).
  [[nodiscard]] static bool is_newer(const wire::fact& a, const wire::fact& b,
                                     bool final_death) noexcept {
    if (final_death && (a.state == member_state::dead) != (b.state == member_state::dead)) {
      return a.state == member_state::dead;
    }
    if (a.incarnation != b.incarnation) return a.incarnation > b.incarnation;
    if (a.state != b.state) return a.state > b.state;
    return a.state == member_state::alive && a.address > b.address;
  }
  [[nodiscard]] static std::string text_of(const wire::fact& fact) {
    return name_of(fact.subject) + " " + std::string{to_string(fact.state)} + "@" +
           std::to_string(fact.incarnation.value());
  }

  std::vector<memory> sent_{};
  tally judged_{};
};

}  // namespace testing
}  // namespace v1
}  // namespace flotilla
