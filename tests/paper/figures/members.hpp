// paper/figures/members.hpp - groups with the paper's settings, and who watches their datagrams
// What happens in them is decided by integers and one seed; floating point only reports.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <variant>
#include <vector>

#include <flotilla/flotilla.hpp>
#include <flotilla/testing/cluster.hpp>
#include <flotilla/wire/message.hpp>

namespace figures {

namespace wire = flotilla::wire;
using flotilla::config;
using flotilla::duration;
using flotilla::endpoint;
using flotilla::engine;
using flotilla::member_id;
using flotilla::time_point;
using flotilla::testing::cluster;
using flotilla::testing::engine_observer;
using flotilla::testing::no_node;
using flotilla::testing::node_index;

/// The paper's T' (section 5).
inline constexpr duration period = std::chrono::seconds{2};

/// A length of time in periods; for reporting.
[[nodiscard]] inline double in_periods(duration length) {
  return static_cast<double>(length.count()) / static_cast<double>(period.count());
}

/// 0 to one period, every nanosecond equally likely.
[[nodiscard]] inline duration some_phase(flotilla::testing::random_generator& random) {
  return flotilla::testing::latency::uniform(duration::zero(), period).draw(random);
}

/// How often a fact is passed on, and how many periods a suspicion lasts: 3 ceil(ln(n + 1)).
[[nodiscard]] inline std::uint32_t paper_budget(node_index members) {
  return flotilla::transmit_budget(config::swim_paper(), members);
}

/// A wait that looks only now and then: comparing all views costs more than a period of traffic.
template <class Done>
bool wait_coarsely(cluster& group, Done done, std::uint32_t most_periods) {
  return group.sim().run_until(done, period * most_periods, period / 4);
}

/// A group whose members have joined one after another through the first, know each other, and
/// have passed all news on; null when that did not come to pass. Four join in a period: without
/// repair, which the paper has not, a crowd of more than a hundred that joins at once may stay
/// incomplete.
[[nodiscard]] inline std::unique_ptr<cluster> settled_group(
    std::uint64_t seed, node_index members, const config& base = config::swim_paper()) {
  auto group = std::make_unique<cluster>(seed, base);
  for (node_index i = 0; i < members; ++i) {
    group->add();
    if (i != 0) group->join(i, 0);
    group->run_for(period / 4);
  }
  if (!wait_coarsely(
          *group, [&] { return group->full_mesh(); }, 100))
    return nullptr;
  group->run_for(period * 2 * paper_budget(members));
  return group;
}

/// Decodes a datagram of a group without a name; nothing when it is not one.
[[nodiscard]] inline std::optional<wire::message> decode(std::span<const std::byte> bytes) {
  static const std::uint32_t tag = wire::group_tag_of("");
  wire::message message;
  if (wire::read_message(bytes, tag, message) != flotilla::receive_result::accepted) {
    return std::nullopt;
  }
  return message;
}

/// How many facts a decoded datagram carries.
[[nodiscard]] inline std::uint32_t count_facts(const wire::message& message) {
  wire::fact_reader facts{message.facts};
  wire::fact scratch;
  std::uint32_t count = 0;
  for (auto read = facts.next(scratch); read != wire::fact_read::end; read = facts.next(scratch)) {
    count += read == wire::fact_read::fact ? 1U : 0U;
  }
  return count;
}

/// Tells the pings of protocol periods from those that have other reasons (a helper's, or to a
/// suspect or a stranger).
class probe_watch : public engine_observer {
 public:
  /// Watches all members from now on.
  explicit probe_watch(cluster& group) : group_{&group} {
    for (node_index i = 0; i < group.size(); ++i) probes_.push_back(group[i].stats().probes);
    group.sim().watch(*this);
  }

  void on_start(time_point now, node_index node, std::uint32_t life) override {
    (void)now, (void)life;
    if (probes_.size() <= node) probes_.resize(std::size_t{node} + 1);
    probes_[node] = 0;
  }
  void on_send(time_point now, node_index node, const engine& after, const endpoint& to,
               std::span<const std::byte> bytes) override {
    (void)to;
    if (after.stats().probes == probes_[node]) return;
    const auto message = decode(bytes);
    // Recheck, verification and healing ask for an introduction; helpers ping when they receive.
    if (!message || message->head.kind != wire::message_kind::ping || message->head.introduce) {
      return;
    }
    probes_[node] = after.stats().probes;
    on_probe(now, node, after, group_->node_of(message->head.target));
  }

 protected:
  /// The ping of a period; `prober.stats().probes` is the period's number.
  virtual void on_probe(time_point now, node_index node, const engine& prober,
                        node_index target) = 0;

 private:
  cluster* group_;
  std::vector<std::uint64_t> probes_{};
};

}  // namespace figures
