// testing/checkers/traffic_support.hpp - rough but lawful runs, and lies, for tests of the checkers
// A checker must be silent over whatever a network and its processes may do, and speak up when what
// it is shown was tampered with.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <flotilla/testing/checkers/decoded.hpp>

namespace traffic {

using namespace std::chrono_literals;
using flotilla::config;
using flotilla::endpoint;
using flotilla::engine;
using flotilla::incarnation;
using flotilla::member_id;
using flotilla::member_state;
using flotilla::time_point;
using flotilla::testing::chance;
using flotilla::testing::cluster;
using flotilla::testing::decoded;
using flotilla::testing::engine_observer;
using flotilla::testing::input_kind;
using flotilla::testing::node_index;
using flotilla::testing::report;
namespace wire = flotilla::wire;

using bytes = std::vector<std::byte>;

// ---- datagrams

/// A datagram of the group without a name.
template <class Body>
bytes datagram(member_id sender, member_id target, const Body& body,
               const std::vector<wire::fact>& facts = {}, std::uint32_t number = 0) {
  std::array<std::byte, 1400> buffer{};
  wire::writer out{buffer};
  wire::frame head{};
  head.group_tag = wire::group_tag_of("");
  head.sender = sender;
  head.incarnation = incarnation{number};
  head.target = target;
  wire::write_message(out, head, body);
  for (const wire::fact& f : facts) wire::write_fact(out, f);
  wire::finish_frame(out);
  const auto written = out.written();
  return {written.begin(), written.end()};
}

inline wire::fact suspicion(member_id subject, std::uint32_t number, member_id by) {
  return {subject, incarnation{number}, member_state::suspect, {}, by};
}

// ---- rough runs

inline flotilla::testing::link_options rough_link() {
  flotilla::testing::link_options link;
  link.loss = chance::percent(5);
  link.duplicate = chance::percent(3);
  link.reorder = chance::percent(3);
  return link;
}

/// Everything that can happen to a group, for a while; all of it repairable, none of it a breach of
/// any rule by an engine. Forged datagrams come from outside throughout.
class rough_run {
 public:
  explicit rough_run(cluster& group) : group_{&group} {}

  void run(node_index members, std::chrono::seconds length) {
    group_->add_joined(members);
    group_->run_for(5s);
    const time_point end = group_->now() + length;
    while (group_->now() < end) {
      disturb();
      for (int i = 0; i < 8; ++i) {
        forge();
        group_->run_for(150ms);
      }
    }
    group_->net().mend_all();
    for (node_index i = 0; i < group_->size(); ++i) repair(i);
    group_->run_for(20s);
  }

  std::uint64_t disturbances{0};
  std::uint64_t forgeries{0};

 private:
  [[nodiscard]] std::uint32_t below(std::uint32_t n) { return group_->sim().random().below(n); }
  [[nodiscard]] node_index anyone() { return below(group_->size()); }

  void repair(node_index i) {
    using flotilla::testing::process_state;
    const process_state state = group_->sim().process_of(i).state;
    if (state == process_state::frozen || state == process_state::blocked) {
      group_->resume(i);
    } else if (!group_->is_up(i)) {
      group_->restart(i, below(2) == 0 ? flotilla::testing::memory_kept::nothing
                                       : flotilla::testing::memory_kept::incarnation);
      group_->join(i, i == 0 ? 1 : 0);
    }
  }

  void disturb() {
    ++disturbances;
    const node_index i = anyone();
    const node_index j = anyone();
    const bool sound = group_->is_up(i) && group_->sim().running(i);
    switch (below(9)) {
      case 0:
        if (sound) group_->crash(i);
        break;
      case 1:
        if (sound) group_->freeze(i);
        break;
      case 2:
        if (sound) group_->block(i);
        break;
      case 3:
        if (i != j) group_->net().cut_both_ways(i, j);
        break;
      case 4: group_->net().isolate(i); break;
      case 5:
        if (sound) group_->leave(i);
        break;
      case 6: group_->sim().jump_clock(i, below(2) == 0 ? -700ms : 1500ms); break;
      case 7: group_->net().mend_all(); break;
      default: repair(i); break;
    }
    repair(j);
  }

  /// Answers nobody asked for, questions to others, and noise.
  void forge() {
    ++forgeries;
    const node_index to = anyone();
    const node_index as = anyone();
    const member_id sender = group_->id_of(as);
    const member_id target = group_->id_of(to);
    const std::uint32_t sequence = static_cast<std::uint32_t>(group_->sim().random().next());
    const incarnation number = (*group_)[as].self().incarnation;
    bytes data;
    switch (below(7)) {
      case 0: data = datagram(sender, target, wire::ack{sequence, number}); break;
      case 1: data = datagram(sender, target, wire::nack{sequence}); break;
      case 2:
        data = datagram(sender, target, wire::relayed_ack{sequence, group_->id_of(0), number});
        break;
      case 3: data = datagram(sender, member_id{99'999}, wire::ping{sequence}); break;
      case 4: data = datagram(member_id{77'777}, target, wire::ping{sequence}); break;
      case 5:
        data = datagram(sender, target, wire::ping{sequence});
        data.pop_back();
        break;
      default:
        data.resize(below(80));
        for (std::byte& b : data) b = static_cast<std::byte>(below(256));
        break;
    }
    group_->sim().inject(group_->sim().process_of(as).address, group_->sim().process_of(to).address,
                         data);
  }

  cluster* group_;
};

/// What a checker has judged in rough runs of 16 members; it must not have found anything, and the
/// faults must have happened.
template <class Checker>
auto judged_over_rough_runs(std::uint64_t first_seed, std::uint64_t last_seed,
                            const config& settings = config::lan()) {
  std::vector<typename Checker::tally> result;
  for (std::uint64_t seed = first_seed; seed <= last_seed; ++seed) {
    cluster group{seed, settings, rough_link()};
    report found;
    Checker judge{group, found};
    group.sim().watch(judge);
    rough_run chaos{group};
    chaos.run(16, 60s);
    EXPECT_TRUE(found.empty()) << "seed " << seed << "\n" << found.to_string();
    const flotilla::testing::network_statistics& net = group.net().stats();
    EXPECT_TRUE(net.lost > 100 && net.duplicated > 100 && net.reordered > 100) << "seed " << seed;
    EXPECT_GT(net.cut + net.process_gone, 0U) << "seed " << seed;
    EXPECT_GT(chaos.disturbances, 20U);
    EXPECT_GT(chaos.forgeries, 200U);
    result.push_back(judge.judged());
  }
  return result;
}
/// The sum of one number over such runs.
template <class Tally, class Number>
std::uint64_t sum(const std::vector<Tally>& all, Number Tally::*what) {
  std::uint64_t total = 0;
  for (const Tally& one : all) total += one.*what;
  return total;
}

// ---- made-up histories

/// A group that the simulation shows to nobody, and an observer that is told whatever a test likes.
class fiction {
 public:
  fiction(cluster& group, engine_observer& to) : group_{&group}, to_{&to} {}

  /// Members 1 to `count` become a group, and the observer hears that they have started.
  void open(node_index count) {
    group_->add_joined(count);
    EXPECT_TRUE(group_->wait_full_mesh(20s));
    group_->run_for(10s);  // until all gossip is spent
    for (node_index i = 0; i < count; ++i) to_->on_start(group_->now(), i, 1);
  }
  [[nodiscard]] const engine& node(node_index i) const { return (*group_)[i]; }
  [[nodiscard]] endpoint address_of(node_index i) const {
    return group_->sim().process_of(i).address;
  }

  /// The observer is told that node `i` gets `shown` from member `from`; the engine gets `real`.
  /// What follows is for the test to tell, until step().
  void receive(node_index i, node_index from, const bytes& shown, const bytes& real) {
    to_->on_receive(group_->now(), i, node(i), address_of(from), from, shown);
    group_->sim().command(
        i, [&](engine& e) { e.receive(group_->sim().local_time(i), address_of(from), real); });
  }
  void receive(node_index i, node_index from, const bytes& data) { receive(i, from, data, data); }
  /// The observer is told of a tick; the engine is ticked at each of `times` instead.
  void tick(node_index i, const std::vector<time_point>& times) {
    to_->on_tick(group_->now(), i, node(i));
    group_->sim().command(i, [&](engine& e) {
      for (const time_point t : times) e.tick(t);
    });
  }
  void send(node_index i, node_index to, const bytes& data) {
    to_->on_send(group_->now(), i, node(i), address_of(to), data);
  }
  void happen(node_index i, const flotilla::event& what) {
    to_->on_event(group_->now(), i, node(i), what);
  }
  void step(node_index i, input_kind input) { to_->on_step(group_->now(), i, node(i), input); }

 private:
  cluster* group_;
  engine_observer* to_;
};

// ---- lies

/// Stands between a simulation and an observer, and lies to it about datagrams and events.
class liar final : public engine_observer {
 public:
  explicit liar(engine_observer& to) : to_{&to} {}

  /// Given a datagram that was sent (decoded, and as it may be changed): how often the observer is
  /// told of it.
  std::function<int(node_index, const decoded&, endpoint&, bytes&)> about_sent{};
  std::function<flotilla::event(const flotilla::event&)> about_event{};
  /// Whether the observer is told that this datagram arrives.
  std::function<bool(const decoded&)> hears{};

  void on_start(time_point now, node_index node, std::uint32_t life) override {
    to_->on_start(now, node, life);
  }
  void on_process(time_point now, node_index node) override { to_->on_process(now, node); }
  void on_receive(time_point now, node_index node, const engine& before, const endpoint& from,
                  node_index source, std::span<const std::byte> data) override {
    in_.read(data, wire::group_tag_of(""));
    if (hears && !hears(in_)) return;
    to_->on_receive(now, node, before, from, source, data);
  }
  void on_tick(time_point now, node_index node, const engine& before) override {
    to_->on_tick(now, node, before);
  }
  void on_event(time_point now, node_index node, const engine& after,
                const flotilla::event& what) override {
    to_->on_event(now, node, after, about_event ? about_event(what) : what);
  }
  void on_send(time_point now, node_index node, const engine& after, const endpoint& to,
               std::span<const std::byte> data) override {
    out_.read(data, wire::group_tag_of(""));
    endpoint where = to;
    bytes said{data.begin(), data.end()};
    const int times = about_sent ? about_sent(node, out_, where, said) : 1;
    for (int i = 0; i < times; ++i) to_->on_send(now, node, after, where, said);
  }
  void on_step(time_point now, node_index node, const engine& after, input_kind input) override {
    to_->on_step(now, node, after, input);
  }

 private:
  engine_observer* to_;
  decoded in_{};
  decoded out_{};
};

}  // namespace traffic
