// flotilla/testing/checkers/replies.hpp - S12: one answer to each question, to whoever asked it
// A ping gets one ack, a relayed probe one relayed ack or one nack; everybody else gets none.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <flotilla/testing/checkers/decoded.hpp>

namespace flotilla {
inline namespace v1 {
namespace testing {

/// For each ping that an engine takes: exactly one ack in the same step, to where it came from,
/// with its number, the asker's id, the own id and incarnation; no other ack ever. For each ping
/// request it takes: it refuses and counts it, or pings the subject and answers once: with a
/// relayed ack when the subject answers that very ping, or with a nack at the first tick after 80 %
/// of its direct time-out; both only to the requester.
///
/// Exceptions: a full outbox (statistics::transmits_dropped) may cost an answer; a leaver that is
/// done, who stopped for good (experiment::final_death), and a crashed process, owe nothing.
/// Answers to unproven addresses are kept small (statistics::replies_capped), which costs facts and
/// never the answer itself.
class replies_checker final : public traffic_checker {
 public:
  using traffic_checker::traffic_checker;

  struct tally {
    std::uint64_t pings{0};            ///< taken and answered
    std::uint64_t not_for_us{0};       ///< pings that were not taken, and not answered
    std::uint64_t capped{0};           ///< answers to unproven addresses
    std::uint64_t relays{0};           ///< ping requests taken
    std::uint64_t relays_refused{0};   ///< ping requests refused: busy, stranger, unknown subject
    std::uint64_t relayed{0};          ///< ended in a relayed ack
    std::uint64_t relayed_overdue{0};  ///< of these, past their time but before a tick noticed
    std::uint64_t nacks{0};            ///< ended in a nack
    std::uint64_t dropped{0};          ///< answers missing because the outbox was full
  };
  [[nodiscard]] const tally& judged() const noexcept { return judged_; }

 private:
  /// A probe on behalf of another member that has not been answered.
  struct relay_watch {
    std::uint32_t sequence{0};
    member_id requester{};
    endpoint at{};
    member_id subject{};
    time_point due{};                    ///< engine time
    std::vector<std::uint32_t> pings{};  ///< sent to the subject in that step
  };

  void begin(node_index node, std::uint32_t life) override {
    (void)life;
    if (node >= open_.size()) open_.resize(node + std::size_t{1});
    open_[node].clear();
    clear_step();
  }
  void heard(node_index node, const engine& before, std::span<const std::byte> bytes) override {
    (void)node, (void)before, (void)bytes;
    clear_step();
  }
  void ticking(node_index node, const engine& before) override {
    (void)node, (void)before;
    clear_step();
  }
  void clear_step() noexcept {
    acks_ = 0;
    pings_.clear();
  }

  void told(node_index node, const engine& after, const event& what) override {
    (void)after;
    if (std::holds_alternative<leave_completed>(what)) open_[node].clear();
  }

  void sent(node_index node, const engine& after, const endpoint& to,
            std::span<const std::byte> bytes) override {
    (void)bytes;
    if (!out().ok()) {
      violated("S12", node, "sent what nobody can read: " + std::string{to_string(out().result())});
      return;
    }
    if (out().head().sender != after.self().id) violated("S12", node, "spoke for somebody else");
    if (is_multicast(node)) return;
    if (const auto* ping = out().as<wire::ping>()) {
      const auto* request = received_as<wire::ping_request>();
      if (request != nullptr && out().head().target == request->subject) {
        pings_.push_back(ping->sequence);
      }
    } else if (const auto* ack = out().as<wire::ack>()) {
      check_ack(node, after, to, *ack);
    } else if (const auto* relayed = out().as<wire::relayed_ack>()) {
      check_relayed(node, after, to, *relayed);
    } else if (const auto* nack = out().as<wire::nack>()) {
      check_nack(node, to, *nack);
    }
  }

  void check_ack(node_index node, const engine& after, const endpoint& to, const wire::ack& ack) {
    ++acks_;
    const auto* ping = received_as<wire::ping>();
    const std::string whom = "an ack to " + name_of(out().head().target);
    if (ping == nullptr || !accepted(node, after)) {
      violated("S12", node, whom + " that it owes nobody");
      return;
    }
    if (ping->sequence != ack.sequence || to != in_from() ||
        out().head().target != in().head().sender) {
      violated("S12", node, whom + " does not go with the ping of " + name_of(in().head().sender));
    }
    if (ack.incarnation != after.self().incarnation) {
      violated("S12", node, whom + " with an incarnation that is not its own");
    }
  }

  void check_relayed(node_index node, const engine& after, const endpoint& to,
                     const wire::relayed_ack& message) {
    const auto* ack = accepted(node, after) ? received_as<wire::ack>() : nullptr;
    std::vector<relay_watch>& open = open_[node];
    for (std::size_t i = 0; i < open.size(); ++i) {
      const relay_watch& r = open[i];
      if (ack == nullptr || !is_for(r, to, message.sequence) || r.subject != message.subject) {
        continue;
      }
      bool ours = false;
      for (const std::uint32_t sequence : r.pings) ours = ours || sequence == ack->sequence;
      if (!ours || in().head().sender != r.subject || message.incarnation != ack->incarnation) {
        continue;
      }
      ++judged_.relayed;
      if (engine_time(node) > r.due) ++judged_.relayed_overdue;
      open.erase(open.begin() + static_cast<std::ptrdiff_t>(i));
      return;
    }
    violated("S12", node,
             "a relayed ack of " + name_of(message.subject) + " to " +
                 name_of(out().head().target) + ", who did not ask or was answered, or which the " +
                 "subject has not said to that probe");
  }

  void check_nack(node_index node, const endpoint& to, const wire::nack& message) {
    std::vector<relay_watch>& open = open_[node];
    std::size_t first = open.size();  // of equal requests (copies) the oldest is answered first
    for (std::size_t i = 0; i < open.size(); ++i) {
      if (!is_for(open[i], to, message.sequence)) continue;
      if (first == open.size() || open[i].due < open[first].due) first = i;
    }
    if (first == open.size()) {
      violated("S12", node,
               "a nack to " + name_of(out().head().target) + ", who did not ask or was answered");
      return;
    }
    if (input() != input_kind::tick || engine_time(node) < open[first].due) {
      violated("S12", node, "a nack to " + name_of(out().head().target) + " before its time");
    }
    ++judged_.nacks;
    open.erase(open.begin() + static_cast<std::ptrdiff_t>(first));
  }

  [[nodiscard]] bool is_for(const relay_watch& r, const endpoint& to,
                            std::uint32_t sequence) const noexcept {
    return r.sequence == sequence && r.requester == out().head().target && r.at == to;
  }

  void done(node_index node, const engine& after, input_kind input) override {
    if (input == input_kind::receive) {
      if (received_as<wire::ping>() != nullptr) finish_ping(node, after);
      if (const auto* request = received_as<wire::ping_request>()) {
        if (accepted(node, after)) finish_request(node, after, *request);
      }
    }
    if (input == input_kind::tick) finish_relays(node, after);
  }

  void finish_ping(node_index node, const engine& after) {
    if (!accepted(node, after)) {
      ++judged_.not_for_us;  // an ack would have been found in sent()
      return;
    }
    if (after.stats().replies_capped != stats_before(node).replies_capped) ++judged_.capped;
    if (acks_ == 1) {
      ++judged_.pings;
    } else if (acks_ == 0 && is_excused(node, after)) {
      ++judged_.dropped;
    } else {
      violated("S12", node,
               std::to_string(acks_) + " acks to one ping of " + name_of(in().head().sender));
    }
  }

  void finish_request(node_index node, const engine& after, const wire::ping_request& request) {
    const statistics& now = after.stats();
    const std::uint64_t taken = now.relays - stats_before(node).relays;
    const std::uint64_t refused = now.relays_refused - stats_before(node).relays_refused;
    if (taken + refused != 1) violated("S12", node, "a ping request neither taken nor refused");
    judged_.relays_refused += refused;
    if (taken == 0) return;
    ++judged_.relays;
    if (pings_.empty() && !is_excused(node, after)) {
      violated("S12", node, "took a ping request and did not ask " + name_of(request.subject));
    }
    const duration patience = group().config_of(node).direct_timeout / 5 * 4;
    open_[node].push_back({request.sequence, in().head().sender, in_from(), request.subject,
                           detail::saturating_add(engine_time(node), patience), pings_});
  }

  void finish_relays(node_index node, const engine& after) {
    std::vector<relay_watch>& open = open_[node];
    for (std::size_t i = 0; i < open.size();) {
      if (open[i].due > engine_time(node)) {
        ++i;
        continue;
      }
      if (is_excused(node, after)) {
        ++judged_.dropped;
      } else {
        violated("S12", node,
                 "neither relayed ack nor nack to " + name_of(open[i].requester) + " about " +
                     name_of(open[i].subject));
      }
      open.erase(open.begin() + static_cast<std::ptrdiff_t>(i));
    }
  }

  /// In this step the outbox was full, what is in it could not be pulled, or it stopped for good.
  [[nodiscard]] bool is_excused(node_index node, const engine& after) const noexcept {
    return after.stats().transmits_dropped != stats_before(node).transmits_dropped ||
           after.stats().transmits_pending != 0 || after.self().state == member_state::dead;
  }

  std::vector<std::vector<relay_watch>> open_{};
  std::vector<std::uint32_t> pings_{};  // of this step, to the subject of the request
  std::uint32_t acks_{0};               // of this step
  tally judged_{};
};

}  // namespace testing
}  // namespace v1
}  // namespace flotilla
