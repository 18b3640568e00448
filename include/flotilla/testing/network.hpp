// flotilla/testing/network.hpp - the medium: what becomes of each datagram that a node sends
// Decides and counts, delivers nothing itself. Every fault kind has a counter: a run can prove that
// it happened.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <utility>
#include <vector>

#include <flotilla/testing/chance.hpp>
#include <flotilla/testing/link.hpp>
#include <flotilla/testing/pair_set.hpp>
#include <flotilla/time.hpp>

namespace flotilla {
inline namespace v1 {
namespace testing {

/// What became of the datagrams of a run. Each one sent (or injected), and each duplicate, ends in
/// exactly one of the first block: `sent` + `duplicated` is the sum of the others there and of what
/// is still under way.
struct network_statistics {
  std::uint64_t sent{0};
  std::uint64_t delivered{0};  ///< taken by a node
  std::uint64_t lost{0};       ///< at random: link_options::loss
  std::uint64_t lost_in_burst{0};
  std::uint64_t lost_leaving{0};   ///< at the sender: set_egress_loss
  std::uint64_t lost_arriving{0};  ///< at the receiver: set_ingress_loss
  std::uint64_t cut{0};
  std::uint64_t address_unknown{0};  ///< nobody is there
  std::uint64_t process_gone{0};     ///< came to a crashed process, or was in its queues
  std::uint64_t queue_overflown{0};  ///< a queue of a process that stood still or was slow was full

  std::uint64_t duplicated{0};
  std::uint64_t reordered{0};
  std::uint64_t clogged{0};  ///< held on a clogged path, each copy

  friend bool operator==(const network_statistics&, const network_statistics&) noexcept = default;
};

class network {
 public:
  /// How many copies of a datagram arrive, and after how long each.
  struct fate {
    std::size_t copies{0};
    std::array<duration, 2> delays{};
  };

  network(std::uint64_t seed, const link_options& link) : random_{seed}, link_{link} {}

  /// Makes room for nodes 0 to `nodes` - 1; new ones are connected with all.
  void resize(node_index nodes) {
    looked_ = false;
    nodes_ = nodes;
    egress_loss_.resize(nodes);
    ingress_loss_.resize(nodes);
    cuts_.resize(nodes);
    clogs_.resize(nodes);
    bad_.resize(nodes);
  }

  /// What paths do that have no options of their own.
  void set_link(const link_options& all) noexcept {
    looked_ = false;
    link_ = all;
  }
  [[nodiscard]] const link_options& link() const noexcept { return link_; }
  /// One path, in one direction.
  void set_link(node_index from, node_index to, const link_options& path) {
    looked_ = false;
    special_[{from, to}] = path;
  }
  void reset_links() noexcept {
    looked_ = false;
    special_.clear();
  }

  void set_egress_loss(node_index node, chance loss) noexcept {
    require(node < nodes_, "a loss at a node that there is not");
    looked_ = false;
    egress_loss_[node] = loss;
  }
  void set_ingress_loss(node_index node, chance loss) noexcept {
    require(node < nodes_, "a loss at a node that there is not");
    looked_ = false;
    ingress_loss_[node] = loss;
  }

  /// Nothing gets from one node to the other; the way back is another path.
  void cut(node_index from, node_index to) {
    looked_ = false;
    cuts_.insert(from, to);
  }
  void mend(node_index from, node_index to) noexcept {
    looked_ = false;
    cuts_.erase(from, to);
  }
  void cut_both_ways(node_index a, node_index b) {
    cut(a, b);
    cut(b, a);
  }
  void mend_both_ways(node_index a, node_index b) noexcept {
    mend(a, b);
    mend(b, a);
  }
  /// Nothing gets from any of `from` to any of `to`: an asymmetric partition.
  void cut(std::span<const node_index> from, std::span<const node_index> to) {
    for (const node_index a : from) {
      for (const node_index b : to) {
        if (a != b) cut(a, b);
      }
    }
  }
  /// Parts the nodes: those with different numbers in `side_of` (one a node) do not hear each
  /// other. Any number of sides.
  void partition(std::span<const std::uint32_t> side_of) {
    for (node_index a = 0; a < nodes_ && a < side_of.size(); ++a) {
      for (node_index b = 0; b < nodes_ && b < side_of.size(); ++b) {
        if (side_of[a] != side_of[b]) cut(a, b);
      }
    }
  }
  /// One node and all the others do not hear each other.
  void isolate(node_index node) {
    for (node_index other = 0; other < nodes_; ++other) {
      if (other != node) cut_both_ways(node, other);
    }
  }
  void mend_all() noexcept {
    looked_ = false;
    cuts_.clear();
  }
  /// Nothing is broken any more: no cuts, clogs, losses at nodes or paths of their own, and `all`
  /// for every path. What clogged paths hold waits for the simulation's release_clogged().
  void heal(const link_options& all = {}) noexcept {
    set_link(all);
    reset_links();
    mend_all();
    unclog_all();
    for (chance& loss : egress_loss_) loss = chance::never();
    for (chance& loss : ingress_loss_) loss = chance::never();
  }
  [[nodiscard]] bool is_cut(node_index from, node_index to) const noexcept {
    return cuts_.contains(from, to);
  }
  [[nodiscard]] bool any_cut() const noexcept { return !cuts_.empty(); }

  /// A clogged path holds what is sent over it; the simulation lets it go on when it is free.
  void clog(node_index from, node_index to) {
    looked_ = false;
    clogs_.insert(from, to);
  }
  void unclog(node_index from, node_index to) noexcept {
    looked_ = false;
    clogs_.erase(from, to);
  }
  void unclog_all() noexcept {
    looked_ = false;
    clogs_.clear();
  }
  [[nodiscard]] bool is_clogged(node_index from, node_index to) const noexcept {
    return clogs_.contains(from, to);
  }

  /// True when nothing can happen to a datagram but a delay, as long as nothing is broken on
  /// purpose: then there is nothing to decide.
  [[nodiscard]] bool is_plain() noexcept {
    if (!looked_) plain_ = look();
    looked_ = true;
    return plain_;
  }
  /// What send() decides about a datagram on such a network.
  [[nodiscard]] duration plain_delay() noexcept { return link_.delay.draw(random_); }

  /// Decides about one datagram that is sent now. `from` may be no_node: injected by nobody, it
  /// meets the receiver's loss and the link, whose bursts belong to paths between nodes.
  [[nodiscard]] fate send(node_index from, node_index to) {
    if (from != no_node) {
      if (cuts_.contains(from, to)) return lose(stats_.cut);
      if (egress_loss_[from].happens(random_)) return lose(stats_.lost_leaving);
    }
    if (ingress_loss_[to].happens(random_)) return lose(stats_.lost_arriving);
    const link_options& path = path_between(from, to);
    if (path.loss.happens(random_)) return lose(stats_.lost);
    if (path.burst.begin.possible() && from != no_node && is_lost_in_burst(path.burst, from, to)) {
      return lose(stats_.lost_in_burst);
    }
    fate result;
    result.copies = 1;
    result.delays[0] = delay(path);
    if (path.duplicate.happens(random_)) {
      ++stats_.duplicated;
      result.copies = 2;
      result.delays[1] = delay(path);
    }
    return result;
  }

  [[nodiscard]] network_statistics& stats() noexcept { return stats_; }
  [[nodiscard]] const network_statistics& stats() const noexcept { return stats_; }

 private:
  [[nodiscard]] bool look() const noexcept {
    bool lossy = link_.loss.possible() || link_.burst.begin.possible() ||
                 link_.duplicate.possible() || link_.reorder.possible();
    for (const chance& loss : egress_loss_) lossy = lossy || loss.possible();
    for (const chance& loss : ingress_loss_) lossy = lossy || loss.possible();
    return !lossy && special_.empty() && cuts_.empty() && clogs_.empty();
  }
  [[nodiscard]] static fate lose(std::uint64_t& counter) noexcept {
    ++counter;
    return fate{};
  }
  [[nodiscard]] const link_options& path_between(node_index from, node_index to) const {
    if (special_.empty()) return link_;
    const auto found = special_.find({from, to});
    return found == special_.end() ? link_ : found->second;
  }
  [[nodiscard]] bool is_lost_in_burst(const burst_loss& burst, node_index from, node_index to) {
    const bool bad = bad_.contains(from, to);
    if (!bad && burst.begin.happens(random_)) bad_.insert(from, to);
    if (bad && burst.end.happens(random_)) bad_.erase(from, to);
    return bad_.contains(from, to) && burst.loss.happens(random_);
  }
  [[nodiscard]] duration delay(const link_options& path) {
    const duration usual = path.delay.draw(random_);
    if (!path.reorder.happens(random_)) return usual;
    ++stats_.reordered;
    const duration more = path.reorder_delay.draw(random_);
    return detail::saturating_add(time_point{usual}, more).time_since_epoch();
  }

  random_generator random_;
  link_options link_;
  std::map<std::pair<node_index, node_index>, link_options> special_{};
  std::vector<chance> egress_loss_{};
  std::vector<chance> ingress_loss_{};
  pair_set cuts_{};
  pair_set clogs_{};
  pair_set bad_{};  // paths whose burst_loss is in its bad state
  node_index nodes_{0};
  bool looked_{false};  // `plain_` holds
  bool plain_{false};
  network_statistics stats_{};
};

}  // namespace testing
}  // namespace v1
}  // namespace flotilla
