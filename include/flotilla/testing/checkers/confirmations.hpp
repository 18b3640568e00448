// flotilla/testing/checkers/confirmations.hpp - S9: who confirms a suspicion, and what that does
// Each accuser counts once, the first one and the observer itself never, at most K in all; and a
// confirmation may bring the verdict forward, but never puts it off (Lifeguard).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <flotilla/testing/checkers/decoded.hpp>

namespace flotilla {
inline namespace v1 {
namespace testing {

/// Answers what a node has to send as a healthy group would in which `silent` alone is not to be
/// reached: other members ack its pings, and helpers find that they cannot help.
template <class Node>
void answer_for_the_others(Node& node, time_point local, std::uint32_t group_tag,
                           member_id silent) {
  std::array<std::byte, 2048> buffer;
  std::vector<std::pair<endpoint, std::vector<std::byte>>> answers;
  while (const auto sent = node.poll_transmit(buffer)) {
    wire::message message;
    if (wire::read_message(sent->bytes, group_tag, message) != receive_result::accepted) continue;
    const auto speaker = node.find(message.head.target);
    if (!speaker || speaker->id == silent) continue;
    std::array<std::byte, 128> room;
    wire::writer out{room};
    const wire::frame head{
        group_tag, speaker->id, speaker->incarnation, node.self().id, wire::message_kind::ack,
        false};
    if (const auto* ping = std::get_if<wire::ping>(&message.body)) {
      static_cast<void>(
          wire::write_message(out, head, wire::ack{ping->sequence, speaker->incarnation}));
    } else if (const auto* request = std::get_if<wire::ping_request>(&message.body)) {
      static_cast<void>(wire::write_message(out, head, wire::nack{request->sequence}));
    } else {
      continue;
    }
    wire::finish_frame(out);
    answers.emplace_back(sent->to,
                         std::vector<std::byte>{out.written().begin(), out.written().end()});
  }
  for (const auto& [from, bytes] : answers) node.receive(local, from, bytes);
}

/// Lets a node that stands at `local` run on, in a group that is healthy but for `subject`, until
/// it holds that no longer suspect; the time of its verdict, or time_point::max() if it never
/// falls. `node` is a copy to play with.
template <class Node>
[[nodiscard]] time_point verdict_alone(Node node, time_point local, std::uint32_t group_tag,
                                       member_id subject) {
  for (int i = 0; i < 4096; ++i) {
    while (node.poll_event()) {
    }
    answer_for_the_others(node, local, group_tag, subject);
    local = node.next_deadline();
    if (local == time_point::max()) break;
    node.tick(local);
    const auto held = node.find(subject);
    if (!held || held->state != member_state::suspect) return local;
  }
  return time_point::max();
}

/// The datagram with the suspicions of `subject` made padding: the same in all else.
[[nodiscard]] inline std::vector<std::byte> without_suspicion(std::span<const std::byte> datagram,
                                                              std::uint32_t group_tag,
                                                              member_id subject) {
  std::vector<std::byte> result{datagram.begin(), datagram.end()};
  wire::message message;
  if (wire::read_message(datagram, group_tag, message) != receive_result::accepted) return result;
  std::size_t at = datagram.size() - message.facts.size();
  while (at < result.size()) {
    wire::reader in{datagram.subspan(at)};
    const auto kind = static_cast<wire::fact_kind>(in.u8());
    const std::size_t size = wire::fact_head_size + in.u8();
    if (kind == wire::fact_kind::suspect && member_id{in.u64()} == subject) {
      result[at] = static_cast<std::byte>(wire::fact_kind::padding);
    }
    at += size;
  }
  return result;
}

/// By how much a node that is given `datagram` comes to its verdict about `subject` later than one
/// that is given the same without its suspicion of `subject`; negative when it comes sooner. Both
/// start as copies of `before`. 0 when the datagram does more than confirm.
template <class Node>
[[nodiscard]] duration confirmation_puts_off(const Node& before, time_point local,
                                             const endpoint& from,
                                             std::span<const std::byte> datagram,
                                             std::uint32_t group_tag, member_id subject) {
  Node with{before};
  Node without{before};
  with.receive(local, from, datagram);
  without.receive(local, from, without_suspicion(datagram, group_tag, subject));
  const auto held = with.find(subject);
  if (!held || held->state != member_state::suspect) return duration::zero();
  return verdict_alone(std::move(with), local, group_tag, subject) -
         verdict_alone(std::move(without), local, group_tag, subject);
}

/// Judges what the evidence in member_suspected and member_failed claims against the accusations
/// that were delivered to the observer, for each (subject, incarnation). Whether a confirmation
/// puts the verdict off is tried on copies of the engine, which run on in a group that is healthy
/// but for the suspect: right for a fixed time-out and for one that shrinks.
class confirmations_checker final : public traffic_checker {
 public:
  using traffic_checker::traffic_checker;

  /// K of Lifeguard.
  static constexpr std::size_t max_confirmations = 3;
  /// Copying engines is dear: so many times a run.
  static constexpr std::uint64_t max_trials = 256;

  struct tally {
    std::uint64_t verdicts{0};   ///< with evidence of the observer's own
    std::uint64_t confirmed{0};  ///< of these, with at least one confirmation
    std::uint64_t accusers{0};   ///< distinct (observer, subject, incarnation, accuser) heard
    std::uint64_t trials{0};     ///< confirmations tried on copies
  };
  [[nodiscard]] const tally& judged() const noexcept { return judged_; }

 private:
  /// Distinct accusers of a subject at an incarnation. Two more than K tell everything: of those
  /// the first accuser and the observer do not count.
  struct accusers {
    std::array<member_id, max_confirmations + 2> ids{};
    std::size_t count{0};

    [[nodiscard]] bool contains(member_id id) const noexcept {
      for (std::size_t i = 0; i < count; ++i) {
        if (ids[i] == id) return true;
      }
      return false;
    }
    [[nodiscard]] std::size_t others(member_id first, member_id self) const noexcept {
      std::size_t n = 0;
      for (std::size_t i = 0; i < count; ++i) n += ids[i] != first && ids[i] != self ? 1U : 0U;
      return n;
    }
  };
  using accusation = std::pair<std::uint64_t, std::uint32_t>;  // subject, incarnation
  using heard_of = std::map<accusation, accusers>;

  [[nodiscard]] static accusation key_of(member_id subject, incarnation number) noexcept {
    return {static_cast<std::uint64_t>(subject), number.value()};
  }

  void begin(node_index node, std::uint32_t life) override {
    (void)life;
    if (node >= heard_.size()) heard_.resize(node + std::size_t{1});
    heard_[node].clear();
    pending_ = false;
  }

  void heard(node_index node, const engine& before, std::span<const std::byte> bytes) override {
    pending_ = true;
    for (const wire::fact& fact : in().facts()) {
      if (fact.state != member_state::suspect || judged_.trials >= max_trials) continue;
      const auto held = before.find(fact.subject);
      if (!held || held->state != member_state::suspect || held->incarnation != fact.incarnation) {
        continue;
      }
      const auto known = heard_[node].find(key_of(fact.subject, fact.incarnation));
      const bool repeated = known != heard_[node].end() && known->second.contains(fact.accuser);
      if (!repeated && fact.accuser != before.self().id) try_out(node, before, bytes, fact.subject);
    }
  }
  void ticking(node_index node, const engine& before) override {
    (void)node, (void)before;
    pending_ = false;
  }

  void try_out(node_index node, const engine& before, std::span<const std::byte> bytes,
               member_id subject) {
    ++judged_.trials;
    const config& settings = group().config_of(node);
    const std::uint32_t tag = wire::group_tag_of(settings.cluster);
    // A time-out that shrinks may end before the check that the verdict needs (extension): it then
    // waits for the round under way, another suspect's and its own.
    const duration round = settings.protocol_period / 100 * (100 + settings.period_jitter_percent) *
                           (1 + static_cast<std::int64_t>(before.stats().local_health));
    const duration check = settings.checked_verdicts ? 3 * round : duration::zero();
    if (confirmation_puts_off(before, latest_input(node), in_from(), bytes, tag, subject) > check) {
      violated("S9", node, "a confirmation puts off the verdict about " + name_of(subject));
    }
  }

  /// Notes the accusations of a datagram as soon as it shows that the engine took it.
  void absorb(node_index node, const engine& after) {
    if (!pending_) return;
    pending_ = false;
    if (!accepted(node, after)) return;
    for (const wire::fact& fact : in().facts()) {
      if (fact.state != member_state::suspect) continue;
      accusers& known = heard_[node][key_of(fact.subject, fact.incarnation)];
      if (known.count == known.ids.size() || known.contains(fact.accuser)) continue;
      known.ids[known.count++] = fact.accuser;
      ++judged_.accusers;
    }
  }

  void told(node_index node, const engine& after, const event& what) override {
    absorb(node, after);
    if (const auto* suspected = std::get_if<member_suspected>(&what)) {
      check(node, after, suspected->member, suspected->evidence);
    } else if (const auto* failed = std::get_if<member_failed>(&what)) {
      if (!failed->evidence.empty()) ++judged_.verdicts;
      if (failed->evidence.confirmations != 0) ++judged_.confirmed;
      check(node, after, failed->member, failed->evidence);
    }
  }
  void done(node_index node, const engine& after, input_kind input) override {
    (void)input;
    absorb(node, after);
  }

  void check(node_index node, const engine& after, const member& subject, const evidence& claimed) {
    const auto known = heard_[node].find(key_of(subject.id, subject.incarnation));
    const std::size_t others =
        known == heard_[node].end() ? 0 : known->second.others(claimed.accuser, after.self().id);
    const std::size_t count = claimed.confirmations;
    if (count <= max_confirmations && count <= others) return;
    violated("S9", node,
             std::to_string(count) + " confirmations about " + name_of(subject.id) + "@" +
                 std::to_string(subject.incarnation.value()) + ", heard from " +
                 std::to_string(others) + " besides the first accuser and itself");
  }

  std::vector<heard_of> heard_{};
  bool pending_{false};
  tally judged_{};
};

}  // namespace testing
}  // namespace v1
}  // namespace flotilla
