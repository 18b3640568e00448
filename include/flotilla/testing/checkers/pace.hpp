// flotilla/testing/checkers/pace.hpp - S17: deadlines, clocks that jump, and no stacked probes; Q1
// However time behaves, an engine wants to be woken later than now, begins one round at a time and
// says little; and how much each member sends and receives in a period is measured.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <flotilla/testing/checkers/decoded.hpp>

namespace flotilla {
inline namespace v1 {
namespace testing {

/// Messages a member a protocol period (SWIM, section 5.1 and figure 2): 2.0 sent and 2.0 received
/// when nothing is lost and nothing happens. A period counts when the member ran through all of it.
struct load {
  std::uint64_t periods{0};  ///< of all members together
  std::uint64_t sent{0};
  std::uint64_t received{0};
  std::uint64_t below_five{0};  ///< periods with fewer than 5 messages sent

  [[nodiscard]] double mean_sent() const noexcept { return share(sent); }
  [[nodiscard]] double mean_received() const noexcept { return share(received); }
  /// The paper's Q1: 0.99 at 28 members.
  [[nodiscard]] double share_below_five() const noexcept { return share(below_five); }

 private:
  [[nodiscard]] double share(std::uint64_t part) const noexcept {
    return periods == 0 ? 0 : static_cast<double>(part) / static_cast<double>(periods);
  }
};

/// The rules:
///  - next_deadline() is never before the time of the latest datagram or tick, and later than it
///    after a tick, also when that time ran backwards or far ahead;
///  - a tick begins at most one probe round, a datagram or command none; two rounds lie at least a
///    direct time-out apart, by engine time, which never runs back;
///  - a tick sends a probe and config::max_direct_probes in all, a healing ping, rechecks (one for
///  each verdict put off, those for at
///    most 32 suspects after an absence), at most `helpers` ping requests, a nack for each of 32
///    relays, a request to each of 16 seeds and one for repair; a leaver pings at most 32. Answers
///    (acks, relayed acks, replies of state and repair) are sent by datagrams alone, one at most.
///
/// What experiment::multicast sends to everybody is left out of these.
class pace_checker final : public traffic_checker {
 public:
  using traffic_checker::traffic_checker;

  static constexpr std::uint64_t max_relays = 32;
  static constexpr std::uint64_t max_rechecks = 32;
  static constexpr std::uint64_t max_farewells = 32;

  struct tally {
    std::uint64_t ticks{0};
    std::uint64_t rounds{0};
    std::uint64_t late{0};       ///< inputs so late that the engine counted as away
    std::uint64_t backwards{0};  ///< inputs whose time lay before the one before
    std::uint64_t most_sent{0};  ///< by one tick
  };
  [[nodiscard]] const tally& judged() const noexcept { return judged_; }
  /// What was measured since the beginning, or since measure_anew().
  [[nodiscard]] const load& measured() const noexcept { return load_; }
  /// Forgets what was measured, for example when a group has come together.
  void measure_anew() {
    load_ = load{};
    for (node_index i = 0; i < nodes_.size(); ++i) restart_period(i);
  }

 private:
  struct paced {
    time_point last_round{};  ///< engine time
    bool any_round{false};
    time_point previous{};      ///< the input before the latest, local time
    time_point period_began{};  ///< the simulation's time
    bool whole{false};          ///< it has run since then
    std::uint64_t sent{0};
    std::uint64_t received{0};
  };

  void begin(node_index node, std::uint32_t life) override {
    (void)life;
    if (node >= nodes_.size()) nodes_.resize(node + std::size_t{1});
    nodes_[node] = paced{};
    nodes_[node].previous = latest_input(node);
    restart_period(node);
    counts_ = message_counts{};
  }
  void on_process(time_point now, node_index node) override {
    (void)now;
    nodes_[node].whole = false;  // this period does not count
  }

  // ---- Q1

  void restart_period(node_index node) {
    paced& p = nodes_[node];
    p.period_began = group().now();
    p.whole = group().sim().running(node);
    p.sent = p.received = 0;
  }
  /// Ends the periods that are over. Nothing was sent in those that are over but one.
  void roll(node_index node) {
    paced& p = nodes_[node];
    const duration period = group().config_of(node).protocol_period;
    while (group().now() - p.period_began >= period) {
      if (p.whole) {
        ++load_.periods;
        load_.sent += p.sent;
        load_.received += p.received;
        load_.below_five += p.sent < 5 ? 1U : 0U;
      }
      p.sent = p.received = 0;
      p.period_began += period;
      p.whole = group().sim().running(node) && group().is_up(node);
    }
  }

  void heard(node_index node, const engine& before, std::span<const std::byte> bytes) override {
    (void)before, (void)bytes;
    roll(node);
    ++nodes_[node].received;
    counts_ = message_counts{};
  }
  void ticking(node_index node, const engine& before) override {
    (void)before;
    roll(node);
    counts_ = message_counts{};
  }
  void sent(node_index node, const engine& after, const endpoint& to,
            std::span<const std::byte> bytes) override {
    (void)after, (void)to, (void)bytes;
    ++nodes_[node].sent;
    if (out().ok() && !is_multicast(node)) counts_.add(out().head().kind);
  }

  // ---- S17

  void done(node_index node, const engine& after, input_kind input) override {
    if (input == input_kind::receive || input == input_kind::tick) check_clock(node, after);
    check_deadline(node, after, input);
    check_rounds(node, after, input);
    if (input == input_kind::tick) check_tick(node, after);
    if (input == input_kind::receive) check_answers(node);
    counts_ = message_counts{};
  }

  void check_clock(node_index node, const engine& after) {
    paced& p = nodes_[node];
    const bool back = latest_input(node) < p.previous;
    const std::uint64_t counted =
        after.stats().clock_went_backwards - stats_before(node).clock_went_backwards;
    if (counted != (back ? 1U : 0U)) violated("S17", node, "a step of the clock was miscounted");
    judged_.backwards += back ? 1U : 0U;
    judged_.late += after.stats().late_inputs - stats_before(node).late_inputs;
    p.previous = latest_input(node);
  }

  void check_deadline(node_index node, const engine& after, input_kind input) {
    const time_point due = after.next_deadline();
    const time_point latest = latest_input(node);
    if (latest == time_point::max()) return;
    if (due < latest) violated("S17", node, "a deadline that has passed");
    if (input == input_kind::tick && due == latest) violated("S17", node, "a tick left it due");
  }

  void check_rounds(node_index node, const engine& after, input_kind input) {
    const std::uint64_t begun = after.stats().probes - stats_before(node).probes;
    if (begun == 0) return;
    paced& p = nodes_[node];
    judged_.rounds += begun;
    if (begun > 1) violated("S17", node, std::to_string(begun) + " probe rounds in one input");
    if (input != input_kind::tick) violated("S17", node, "a probe round that no tick began");
    const time_point now = engine_time(node);
    if (p.any_round &&
        detail::elapsed(p.last_round, now) < group().config_of(node).direct_timeout) {
      violated("S17", node, "a probe round right behind another");
    }
    p.last_round = now;
    p.any_round = true;
  }

  void check_tick(node_index node, const engine& after) {
    ++judged_.ticks;
    if (counts_.total() > judged_.most_sent) judged_.most_sent = counts_.total();
    const config& settings = group().config_of(node);
    const statistics& now = after.stats();
    const statistics& was = stats_before(node);
    using kind = wire::message_kind;
    std::uint64_t pings = 1 + settings.max_direct_probes;
    pings += now.verdicts_deferred - was.verdicts_deferred;
    pings += now.direct_checks - was.direct_checks;
    if (now.late_inputs != was.late_inputs) pings += max_rechecks;
    if (after.self().state == member_state::left) pings += max_farewells;
    limit(node, "pings", kind::ping, pings);
    limit(node, "ping requests", kind::ping_request, settings.helpers);
    limit(node, "nacks", kind::nack, max_relays);
    const std::uint64_t asked = counts_.of(kind::join_request) + counts_.of(kind::state_request) +
                                counts_.of(kind::repair_request);
    if (asked > max_seeds + 1) violated("S17", node, "too many requests for state in a tick");
    limit(node, "acks", kind::ack, 0);
    limit(node, "relayed acks", kind::relayed_ack, 0);
    limit(node, "state replies", kind::state_reply, 0);
    limit(node, "repair replies", kind::repair_reply, 0);
  }

  void check_answers(node_index node) {
    using kind = wire::message_kind;
    limit(node, "acks", kind::ack, 1);
    limit(node, "relayed acks", kind::relayed_ack, 1);
    limit(node, "state replies", kind::state_reply, 1);
    limit(node, "repair replies", kind::repair_reply, 1);
    limit(node, "repair requests", kind::repair_request, 1);
    limit(node, "ping requests", kind::ping_request, 0);
    limit(node, "nacks", kind::nack, 0);
  }

  void limit(node_index node, const char* what, wire::message_kind kind, std::uint64_t most) {
    if (counts_.of(kind) <= most) return;
    violated("S17", node,
             std::to_string(counts_.of(kind)) + " " + what + " of one input, at most " +
                 std::to_string(most));
  }

  std::vector<paced> nodes_{};
  message_counts counts_{};
  load load_{};
  tally judged_{};
};

}  // namespace testing
}  // namespace v1
}  // namespace flotilla
