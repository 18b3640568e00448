// flotilla/testing/checkers/probes.hpp - S10 and S11: whose answers count, and who is asked to help
// S10: an answer counts only for a question that is open and from whom it was put to; any other
// changes nothing but a counter. S11: helpers are distinct, never self or target, active, at most
// K.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include <flotilla/testing/checkers/decoded.hpp>

namespace flotilla {
inline namespace v1 {
namespace testing {

/// Judges from outside: it notes each ping and ping request that a member sends in one life, and
/// holds the acks, relayed acks and nacks that are delivered to it against them. A ping is open
/// until its first ack; a ping request until the next probe begins (Lifeguard: later nacks say
/// nothing). What answers none of them must raise statistics::acks_unmatched or nacks_unmatched,
/// and may change the member's view only by the facts that it carries.
class probes_checker final : public traffic_checker {
 public:
  using traffic_checker::traffic_checker;

  /// What has been judged; where one stays 0, the run says nothing about that.
  struct tally {
    std::uint64_t acks{0};            ///< answered an open ping
    std::uint64_t acks_unmatched{0};  ///< forged, repeated, of another life
    std::uint64_t relayed{0};         ///< relayed acks in time, from a chosen helper
    std::uint64_t relayed_unmatched{0};
    std::uint64_t nacks{0};
    std::uint64_t nacks_unmatched{0};
    std::uint64_t rounds_with_helpers{0};
  };
  [[nodiscard]] const tally& judged() const noexcept { return judged_; }

 private:
  struct helper {
    member_id id{};
    endpoint at{};
    bool nacked{false};
  };
  /// The ping requests of the round that is the `round`-th of this life.
  struct request {
    std::uint64_t round{0};
    std::uint32_t sequence{0};
    member_id subject{};
    std::vector<helper> helpers{};
  };
  struct asked {
    std::unordered_map<std::uint32_t, member_id> pings{};  // whom each open sequence number asks
    request last{};
  };
  enum class answer : std::uint8_t { none, matched, unmatched };

  void begin(node_index node, std::uint32_t life) override {
    (void)life;
    if (node >= asked_.size()) asked_.resize(node + std::size_t{1});
    asked_[node] = asked{};
  }

  // ---- S11

  void sent(node_index node, const engine& after, const endpoint& to,
            std::span<const std::byte> bytes) override {
    (void)bytes;
    if (const auto* ping = out().as<wire::ping>()) {
      asked_[node].pings[ping->sequence] = out().head().target;
    }
    if (const auto* message = out().as<wire::ping_request>()) ask(node, after, to, *message);
  }

  void ask(node_index node, const engine& after, const endpoint& to,
           const wire::ping_request& message) {
    request& last = asked_[node].last;
    const std::uint64_t round = after.stats().probes;
    if (last.helpers.empty() || last.round != round) {
      last = {round, message.sequence, message.subject, {}};
      ++judged_.rounds_with_helpers;
    }
    const member_id id = out().head().target;
    const std::string whom = name_of(id) + " asked to probe " + name_of(message.subject);
    const auto breach = [&](const char* what) { violated("S11", node, whom + what); };
    if (last.sequence != message.sequence || last.subject != message.subject) {
      breach(": a second question in the same round");
    }
    for (const helper& other : last.helpers) {
      if (other.id == id) breach(" twice in one round");
    }
    if (id == after.self().id || to == after.self().address) breach(": that is itself");
    // A subject forgotten since has no address: the helper is given its own, and refuses.
    const bool same_place = to == message.address && after.find(message.subject).has_value();
    if (id == message.subject || same_place) breach(": that is the target");
    const auto held = after.find(id);
    if (!held || !is_active(held->state)) breach(", which it does not hold alive or suspect");
    last.helpers.push_back({id, to, false});
    const std::uint32_t most = group().config_of(node).helpers;
    if (last.helpers.size() > most) breach((", one more than " + std::to_string(most)).c_str());
  }

  // ---- S10

  void heard(node_index node, const engine& before, std::span<const std::byte> bytes) override {
    (void)bytes;
    answer_ = judge(node, before);
    if (answer_ != answer::unmatched) return;
    view_.clear();
    for (const member m : before.members()) view_.push_back(m);
  }

  /// Whether the datagram that is being given answers an open question.
  [[nodiscard]] answer judge(node_index node, const engine& before) const {
    const asked& by = asked_[node];
    const member_id sender = in().head().sender;
    const auto verdict = [](bool open) { return open ? answer::matched : answer::unmatched; };
    if (const auto* ack = received_as<wire::ack>()) {
      const auto found = by.pings.find(ack->sequence);
      return verdict(found != by.pings.end() &&
                     (found->second == member_id{} || found->second == sender));
    }
    const bool open =
        by.last.round == before.stats().probes && before.self().state == member_state::alive;
    const helper* from = find_helper(by.last, sender);
    if (const auto* relayed = received_as<wire::relayed_ack>()) {
      return verdict(open && from != nullptr && relayed->sequence == by.last.sequence &&
                     relayed->subject == by.last.subject);
    }
    if (const auto* nack = received_as<wire::nack>()) {
      return verdict(open && from != nullptr && nack->sequence == by.last.sequence &&
                     !from->nacked);
    }
    return answer::none;
  }

  [[nodiscard]] static const helper* find_helper(const request& of, member_id id) noexcept {
    for (const helper& h : of.helpers) {
      if (h.id == id) return &h;
    }
    return nullptr;
  }

  void done(node_index node, const engine& after, input_kind input) override {
    if (input != input_kind::receive || answer_ == answer::none || !accepted(node, after)) return;
    if (answer_ == answer::matched) {
      close(node);
    } else {
      check_counted(node, after);
      check_view(node, after);
    }
    answer_ = answer::none;
  }

  /// A question that has been answered is not open any more.
  void close(node_index node) {
    asked& by = asked_[node];
    if (const auto* ack = received_as<wire::ack>()) {
      by.pings.erase(ack->sequence);
      ++judged_.acks;
    } else if (received_as<wire::relayed_ack>() != nullptr) {
      ++judged_.relayed;
    } else {
      ++judged_.nacks;
      for (helper& h : by.last.helpers) h.nacked = h.nacked || h.id == in().head().sender;
    }
  }

  void check_counted(node_index node, const engine& after) {
    const statistics& now = after.stats();
    const statistics& was = stats_before(node);
    const bool nack = received_as<wire::nack>() != nullptr;
    const std::string what = std::string{nack ? "a nack" : "an ack"} + " from " +
                             name_of(in().head().sender) + " that answers no open question";
    if (nack) ++judged_.nacks_unmatched;
    if (received_as<wire::ack>() != nullptr) ++judged_.acks_unmatched;
    if (received_as<wire::relayed_ack>() != nullptr) ++judged_.relayed_unmatched;
    const bool counted = nack ? now.nacks_unmatched == was.nacks_unmatched + 1
                              : now.acks_unmatched == was.acks_unmatched + 1;
    if (!counted) violated("S10", node, what + " was not counted as unmatched");
    const bool believed = now.nacks_received != was.nacks_received ||
                          now.probes_acknowledged != was.probes_acknowledged ||
                          now.probes_acknowledged_by_helper != was.probes_acknowledged_by_helper;
    if (believed) violated("S10", node, what + " ended a probe or counted for one");
  }

  /// The view before, and the facts of the datagram, account for the view now. A datagram adds
  /// members and takes none out, so that both stand in the same order.
  void check_view(node_index node, const engine& after) {
    std::size_t at = 0;
    const bool final_death = group().config_of(node).experiment.final_death;
    const auto breach = [&](const member& m, const char* what) {
      violated(
          "S10", node,
          name_of(m.id) + what + " by an unsolicited answer of " + name_of(in().head().sender));
    };
    for (const member m : after.members()) {
      const bool known = at < view_.size() && view_[at].id == m.id;
      if (!known) {
        const wire::fact fact{m.id, m.incarnation, member_state::alive, m.address, {}};
        const auto& facts = in().facts();
        if (std::find(facts.begin(), facts.end(), fact) == facts.end()) breach(m, " was added");
        continue;
      }
      const member& was = view_[at++];
      if (!(was == m) && !is_told(was, m, after.self().id, final_death)) breach(m, " was changed");
    }
    if (at != view_.size()) violated("S10", node, "an unsolicited answer took a member out");
  }

  /// True when facts of the datagram say what `now` has and `was` had not.
  [[nodiscard]] bool is_told(const member& was, const member& now, member_id self,
                             bool final_death) const {
    bool verdict = was.state == now.state && was.incarnation == now.incarnation;
    bool place = was.address == now.address;
    for (const wire::fact& f : in().facts()) {
      if (f.subject != now.id) continue;
      if (now.id == self) return true;  // it speaks up against what it is told about itself
      const bool final = final_death && now.state == member_state::dead;  // at any incarnation
      verdict = verdict || (f.state == now.state && (final || f.incarnation == now.incarnation));
      place = place || (f.state == member_state::alive && f.address == now.address);
    }
    return verdict && place;
  }

  std::vector<asked> asked_{};
  std::vector<member> view_{};
  answer answer_{answer::none};
  tally judged_{};
};

}  // namespace testing
}  // namespace v1
}  // namespace flotilla
