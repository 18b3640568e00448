// flotilla/testing/checkers/decoded.hpp - datagrams as members read them, for checkers of traffic
// Each datagram that a checker sees is decoded once, by the library's own decoder (the wire format
// is documented in flotilla/wire/frame.hpp); checkers of traffic share the book-keeping here.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include <flotilla/flotilla.hpp>
#include <flotilla/testing/checkers/checker.hpp>

namespace flotilla {
inline namespace v1 {
namespace testing {

/// A datagram in plain words. It owns what it holds: the bytes may be gone while it is looked at.
class decoded {
 public:
  /// Decodes anew; what was held before is forgotten.
  void read(std::span<const std::byte> bytes, std::uint32_t group_tag) {
    wire::message message;
    result_ = wire::read_message(bytes, group_tag, message);
    facts_.clear();
    if (!ok()) return;
    head_ = message.head;
    body_ = message.body;
    wire::fact_reader reader{message.facts};
    wire::fact one;
    for (;;) {
      const wire::fact_read read = reader.next(one);
      if (read == wire::fact_read::fact) facts_.push_back(one);
      if (read == wire::fact_read::end || read == wire::fact_read::malformed) return;
    }
  }

  [[nodiscard]] bool ok() const noexcept { return result_ == receive_result::accepted; }
  /// What is wrong with it; the rest means nothing unless this is `accepted`.
  [[nodiscard]] receive_result result() const noexcept { return result_; }
  [[nodiscard]] const wire::frame& head() const noexcept { return head_; }
  [[nodiscard]] const std::vector<wire::fact>& facts() const noexcept { return facts_; }
  /// The message, or null when it is one of another kind or none at all.
  template <class Body>
  [[nodiscard]] const Body* as() const noexcept {
    return ok() ? std::get_if<Body>(&body_) : nullptr;
  }

 private:
  receive_result result_{receive_result::empty};
  wire::frame head_{};
  wire::message_body body_{};
  std::vector<wire::fact> facts_{};
};

/// How many messages of each kind.
class message_counts {
 public:
  void add(wire::message_kind kind) noexcept { ++counts_[static_cast<std::size_t>(kind)]; }
  [[nodiscard]] std::uint64_t of(wire::message_kind kind) const noexcept {
    return counts_[static_cast<std::size_t>(kind)];
  }
  [[nodiscard]] std::uint64_t total() const noexcept {
    std::uint64_t sum = 0;
    for (const std::uint64_t n : counts_) sum += n;
    return sum;
  }

 private:
  std::array<std::uint64_t, 11> counts_{};  // by kind, from 1 on
};

/// A checker that looks at datagrams. It hands each step to the functions below: heard or ticking
/// (nothing for a command), then told and sent for what came of it, then done.
class traffic_checker : public checker {
 public:
  using checker::checker;

  void on_start(time_point now, node_index node, std::uint32_t life) final {
    (void)now;
    if (node >= nodes_.size()) nodes_.resize(node + std::size_t{1});
    nodes_[node].tag = wire::group_tag_of(group().config_of(node).cluster);
    nodes_[node].local = group().sim().local_time(node);
    nodes_[node].engine = nodes_[node].local;
    nodes_[node].before = group()[node].stats();
    in_kind_ = input_kind::start;
    begin(node, life);
  }
  void on_receive(time_point now, node_index node, const engine& before, const endpoint& from,
                  node_index source, std::span<const std::byte> bytes) final {
    (void)now, (void)source;
    enter(node, before, input_kind::receive);
    in_.read(bytes, nodes_[node].tag);
    in_from_ = from;
    heard(node, before, bytes);
  }
  void on_tick(time_point now, node_index node, const engine& before) final {
    (void)now;
    enter(node, before, input_kind::tick);
    ticking(node, before);
  }
  void on_event(time_point now, node_index node, const engine& after, const event& what) final {
    (void)now;
    told(node, after, what);
  }
  void on_send(time_point now, node_index node, const engine& after, const endpoint& to,
               std::span<const std::byte> bytes) final {
    (void)now;
    out_.read(bytes, nodes_[node].tag);
    sent(node, after, to, bytes);
  }
  void on_step(time_point now, node_index node, const engine& after, input_kind input) final {
    (void)now;
    done(node, after, input);
    nodes_[node].before = after.stats();
    in_kind_ = input_kind::command;  // unless the next input says otherwise
  }

 protected:
  /// A new life begins: nothing that an earlier one asked counts any more.
  virtual void begin(node_index node, std::uint32_t life) { (void)node, (void)life; }
  /// A datagram, decoded as in(), is about to be given to the node.
  virtual void heard(node_index node, const engine& before, std::span<const std::byte> bytes) {
    (void)node, (void)before, (void)bytes;
  }
  virtual void ticking(node_index node, const engine& before) { (void)node, (void)before; }
  virtual void told(node_index node, const engine& after, const event& what) {
    (void)node, (void)after, (void)what;
  }
  /// The node has handed out a datagram, decoded as out().
  virtual void sent(node_index node, const engine& after, const endpoint& to,
                    std::span<const std::byte> bytes) {
    (void)node, (void)after, (void)to, (void)bytes;
  }
  virtual void done(node_index node, const engine& after, input_kind input) {
    (void)node, (void)after, (void)input;
  }

  /// "member 7", for the texts of violations.
  [[nodiscard]] static std::string name_of(member_id id) {
    return "member " + std::to_string(static_cast<std::uint64_t>(id));
  }
  /// What the node is dealing with.
  [[nodiscard]] input_kind input() const noexcept { return in_kind_; }
  [[nodiscard]] const decoded& in() const noexcept { return in_; }
  [[nodiscard]] const endpoint& in_from() const noexcept { return in_from_; }
  [[nodiscard]] const decoded& out() const noexcept { return out_; }
  /// The message that the node was given, or null when it was something else.
  template <class Body>
  [[nodiscard]] const Body* received_as() const noexcept {
    return in_kind_ == input_kind::receive ? in_.as<Body>() : nullptr;
  }
  /// True for an ack that answers nothing: with experiment::multicast it carries news.
  [[nodiscard]] bool is_multicast(node_index node) const noexcept {
    if (!group().config_of(node).experiment.multicast) return false;
    const auto* ack = out_.as<wire::ack>();
    return ack != nullptr && ack->sequence == 0;
  }
  /// The node's statistics before this input.
  [[nodiscard]] const statistics& stats_before(node_index node) const noexcept {
    return nodes_[node].before;
  }
  /// True when the engine took the datagram: it decodes, is meant for it, and its sender is let in.
  [[nodiscard]] bool accepted(node_index node, const engine& after) const noexcept {
    return in_kind_ == input_kind::receive &&
           after.stats().count(receive_result::accepted) >
               stats_before(node).count(receive_result::accepted);
  }
  /// The time that the latest datagram or tick gave the node.
  [[nodiscard]] time_point latest_input(node_index node) const noexcept {
    return nodes_[node].local;
  }
  /// Engine time: it moves with the node's clock, but never back.
  [[nodiscard]] time_point engine_time(node_index node) const noexcept {
    return nodes_[node].engine;
  }

 private:
  struct watched {
    std::uint32_t tag{0};
    time_point local{};
    time_point engine{};
    statistics before{};
  };

  void enter(node_index node, const engine& before, input_kind kind) {
    watched& w = nodes_[node];
    const time_point local = group().sim().local_time(node);
    w.engine = detail::saturating_add(w.engine, detail::elapsed(w.local, local));
    w.local = local;
    w.before = before.stats();
    in_kind_ = kind;
  }

  std::vector<watched> nodes_{};
  decoded in_{};
  decoded out_{};
  endpoint in_from_{};
  input_kind in_kind_{input_kind::command};
};

}  // namespace testing
}  // namespace v1
}  // namespace flotilla
