// tests/simulation/judged_group.hpp - a cluster with a judge of liveness, and ways to harm it
// What the tests of SWIM's liveness and their negative controls share.
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <cstdlib>
#include <flotilla/flotilla.hpp>
#include <flotilla/testing/checkers/liveness.hpp>
#include <functional>
#include <simulation/scenario.hpp>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace simulation {

using flotilla::endpoint;
using flotilla::engine;
using flotilla::time_point;
using flotilla::testing::bounds_of_time;
using flotilla::testing::chance;
using flotilla::testing::cluster;
using flotilla::testing::engine_observer;
using flotilla::testing::liveness;
using flotilla::testing::memory_kept;
using flotilla::testing::node_index;
using flotilla::testing::report;
namespace wire = flotilla::wire;

/// A group that knows each other, and who judges it.
struct judged_group {
  report found{};
  cluster group;
  liveness judge;

  judged_group(std::uint64_t seed, const config& settings, node_index members)
      : group{seed, settings}, judge{group, found} {
    group.sim().watch(judge);
    group.add_joined(members);
    judge.calm_begins();
    EXPECT_TRUE(judge.judge_views()) << said();
  }

  [[nodiscard]] std::string said() const { return found.to_string(); }
  /// Begins to judge after faults that have lasted since `begin`.
  void calm_since(time_point begin) { judge.calm_begins(group.now() - begin); }
};

/// A group of `members` that are on one of the sides: the i-th on side i modulo `sides`.
inline std::vector<std::uint32_t> sides(node_index members, std::uint32_t sides) {
  std::vector<std::uint32_t> side_of;
  for (node_index i = 0; i < members; ++i) side_of.push_back(i % sides);
  return side_of;
}

/// Tells `about` to a member along with a ping of `sender`'s from `from`.
inline void tell(cluster& group, node_index to, const std::vector<wire::fact>& about,
                 member_id sender, const endpoint& from, flotilla::incarnation number = {}) {
  std::array<std::byte, 1400> buffer{};
  wire::writer out{buffer};
  const wire::frame head{wire::group_tag_of(group.config_of(to).cluster), sender, number,
                         group.id_of(to), wire::message_kind::ping};
  wire::write_message(out, head, wire::ping{7});
  for (const wire::fact& f : about) wire::write_fact(out, f);
  wire::finish_frame(out);
  group.sim().inject(from, group.config_of(to).address, out.written());
}

/// As if somebody unknown had sent it: an accusation of others is not taken from there.
inline void tell(cluster& group, node_index to, const std::vector<wire::fact>& about) {
  tell(group, to, about, member_id{1'000'000}, flotilla::testing::default_address(1'000'000));
}

/// As if the member `from` had sent it.
inline void tell_as(cluster& group, node_index from, node_index to,
                    const std::vector<wire::fact>& about) {
  tell(group, to, about, group.id_of(from), group.config_of(from).address,
       group[from].self().incarnation);
}

/// Takes facts out of datagrams under way; all the rest arrives. So a fact can be kept from members
/// without anything being lost that would make them suspect anybody.
class censor final : public engine_observer {
 public:
  /// `hidden(from, to, fact)`: true for what the receiver must not learn.
  using rule = std::function<bool(node_index, node_index, const wire::fact&)>;

  explicit censor(cluster& group) : group_{&group} { group.sim().watch(*this); }
  void begin(rule hidden) { hidden_ = std::move(hidden); }
  void end() {
    hidden_ = nullptr;
    mend();
  }
  [[nodiscard]] std::uint64_t taken_out() const noexcept { return taken_out_; }

  void on_send(time_point now, node_index node, const engine& after, const endpoint& to,
               std::span<const std::byte> bytes) override {
    (void)now, (void)after;
    mend();
    const node_index target = group_->sim().node_at(to);
    if (!hidden_ || target == flotilla::testing::no_node) return;
    wire::message message;
    const auto tag = wire::group_tag_of(group_->config_of(node).cluster);
    if (wire::read_message(bytes, tag, message) != flotilla::receive_result::accepted) return;
    if (!rewrite(node, target, message)) return;
    group_->net().cut(node, target);  // the original is lost, the copy goes another way
    cut_ = {node, target};
  }

 private:
  /// Sends a copy without what is hidden; false when there is nothing of that.
  bool rewrite(node_index from, node_index to, const wire::message& message) {
    std::array<std::byte, 1400> buffer{};
    wire::writer out{buffer};
    std::visit([&](const auto& body) { wire::write_message(out, message.head, body); },
               message.body);
    std::uint64_t hidden = 0;
    wire::fact_reader reader{message.facts};
    wire::fact f;
    for (auto read = reader.next(f); read != wire::fact_read::end; read = reader.next(f)) {
      if (read != wire::fact_read::fact) continue;  // a digest of the view shows what is hidden
      if (hidden_(from, to, f)) {
        ++hidden;
      } else {
        wire::write_fact(out, f);
      }
    }
    if (hidden == 0) return false;
    taken_out_ += hidden;
    wire::finish_frame(out);
    group_->sim().inject(group_->config_of(from).address, group_->config_of(to).address,
                         out.written());
    return true;
  }
  void mend() {
    if (cut_.first != cut_.second) group_->net().mend(cut_.first, cut_.second);
    cut_ = {};
  }

  cluster* group_;
  rule hidden_{};
  std::pair<node_index, node_index> cut_{};
  std::uint64_t taken_out_{0};
};

/// True when nothing waits to be passed on at anybody who runs.
inline bool queues_are_empty(const cluster& group) {
  for (node_index i = 0; i < group.size(); ++i) {
    if (group.is_up(i) && group[i].stats().gossip_pending != 0) return false;
  }
  return true;
}

}  // namespace simulation
