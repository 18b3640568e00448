// flotilla/testing/alarms.hpp - when each node wants to be woken
// A wheel of windows: setting an alarm, moving it and taking it off cost the same however many
// there are.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <flotilla/testing/pair_set.hpp>
#include <flotilla/time.hpp>

namespace flotilla {
inline namespace v1 {
namespace testing {

/// At most one alarm a node. Time is cut into windows of about a millisecond, and the wheel has a
/// bucket for each of 8,192 windows in turn, eight seconds in all; what lies further ahead waits in
/// its bucket for the wheel to come round. Within a window nothing is sorted: whoever takes the
/// alarms of one does that.
class alarms {
 public:
  using window = std::int64_t;
  static constexpr std::size_t buckets = 8192;

  /// The window of an instant; later ones have higher numbers.
  [[nodiscard]] static constexpr window window_of(time_point at) noexcept {
    return at.time_since_epoch().count() >> window_bits;
  }
  [[nodiscard]] static constexpr time_point begin_of(window which) noexcept {
    return time_point{duration{which << window_bits}};
  }

  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] bool contains(node_index node) const noexcept {
    return node < all_.size() && all_[node].set;
  }

  /// Sets the alarm of a node that has none; `order` is told with it.
  void set(node_index node, time_point at, std::uint64_t order) {
    if (node >= all_.size()) all_.resize(std::size_t{node} + 1);
    if (heads_.empty()) heads_.assign(buckets, no_node);
    const std::size_t bucket = bucket_of(window_of(at));
    const node_index head = heads_[bucket];
    all_[node] = {at, order, no_node, head, true};
    if (head != no_node) all_[head].before = node;
    heads_[bucket] = node;
    filled_[bucket / 64] |= std::uint64_t{1} << bucket % 64;
    ++size_;
  }

  /// Takes it off; the node must have one.
  void erase(node_index node) noexcept {
    alarm& a = all_[node];
    const std::size_t bucket = bucket_of(window_of(a.at));
    if (a.behind != no_node) all_[a.behind].before = a.before;
    if (a.before != no_node) {
      all_[a.before].behind = a.behind;
    } else {
      heads_[bucket] = a.behind;
      if (a.behind == no_node) filled_[bucket / 64] &= ~(std::uint64_t{1} << bucket % 64);
    }
    a.set = false;
    --size_;
  }

  /// The first window not before `from` that has an alarm; there must be one.
  [[nodiscard]] window next(window from) const noexcept {
    for (std::size_t turned = 0; turned < buckets;) {
      const std::size_t bucket = bucket_of(from + static_cast<window>(turned));
      const std::uint64_t rest = filled_[bucket / 64] >> bucket % 64;
      if (rest == 0) {
        turned += 64 - bucket % 64;
        continue;
      }
      turned += static_cast<std::size_t>(std::countr_zero(rest));
      const window found = from + static_cast<window>(turned);
      if (turned < buckets && has_one_in(found)) return found;
      ++turned;
    }
    return first_of_all();
  }

  /// Takes off all alarms of this window: `take(node, at, order)` for each.
  template <class Take>
  void take(window which, Take take) {
    for (node_index node = heads_[bucket_of(which)]; node != no_node;) {
      const alarm a = all_[node];
      if (window_of(a.at) == which) {
        erase(node);
        take(node, a.at, a.order);
      }
      node = a.behind;
    }
  }

 private:
  static constexpr unsigned window_bits = 20;

  struct alarm {
    time_point at{};
    std::uint64_t order{0};
    node_index before{no_node};  // of the same bucket
    node_index behind{no_node};
    bool set{false};
  };

  [[nodiscard]] static constexpr std::size_t bucket_of(window which) noexcept {
    return static_cast<std::size_t>(which) & (buckets - 1);
  }
  [[nodiscard]] bool has_one_in(window which) const noexcept {
    node_index node = heads_[bucket_of(which)];
    while (node != no_node && window_of(all_[node].at) != which) node = all_[node].behind;
    return node != no_node;
  }
  /// All of them are more than a turn of the wheel ahead.
  [[nodiscard]] window first_of_all() const noexcept {
    window first = window_of(time_point::max());
    for (const alarm& a : all_) {
      if (a.set && window_of(a.at) < first) first = window_of(a.at);
    }
    return first;
  }

  std::vector<alarm> all_{};
  std::vector<node_index> heads_{};
  std::array<std::uint64_t, buckets / 64> filled_{};  // which buckets have any
  std::size_t size_{0};
};

}  // namespace testing
}  // namespace v1
}  // namespace flotilla
