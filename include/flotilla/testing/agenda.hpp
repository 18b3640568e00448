// flotilla/testing/agenda.hpp - what happens next in virtual time
// What is due at the same instant happens in the order in which it was put in.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include <flotilla/testing/alarms.hpp>
#include <flotilla/testing/misuse.hpp>
#include <flotilla/time.hpp>

namespace flotilla {
inline namespace v1 {
namespace testing {

enum class occasion : std::uint8_t { arrival, wake, action };

/// Something that happens at an instant.
struct appointment {
  time_point at{};
  std::uint64_t order{0};  ///< for those at the same instant; its two lowest bits are the occasion
  std::uint32_t what{0};   ///< the datagram, the node or the action

  [[nodiscard]] occasion kind() const noexcept { return static_cast<occasion>(order & 3U); }
  [[nodiscard]] bool before(const appointment& other) const noexcept {
    return at < other.at || (at == other.at && order < other.order);
  }
};

/// A four-ary heap of what comes soon. The nodes' alarms lie beside it until their window begins:
/// each node has one, a second ahead, while all that is under way arrives within milliseconds and
/// would sink below them; and most of them are moved before they ring.
class agenda {
 public:
  [[nodiscard]] bool empty() const noexcept { return size() == 0; }
  [[nodiscard]] std::size_t size() const noexcept { return soon_.size() - off_ + later_.size(); }
  [[nodiscard]] time_point next() {
    settle();
    return soon_.empty() ? time_point::max() : soon_[0].at;
  }

  /// An arrival or an action.
  void put(time_point at, occasion kind, std::uint32_t what) {
    require(kind != occasion::wake, "a node's alarm is set, not put");
    push({at, order_of(kind), what});
  }

  /// A node is woken at that time, and at no other that was set for it before.
  void set_alarm(time_point at, node_index node) {
    cancel_alarm(node);
    const std::uint64_t order = order_of(occasion::wake);
    if (node >= ringing_.size()) ringing_.resize(std::size_t{node} + 1);
    const alarms::window when = alarms::window_of(at);
    if (when >= swept_) {
      later_.set(node, at, order);
      if (at < coming_) coming_ = alarms::begin_of(when);
    } else {
      ringing_[node] = order;
      push({at, order, node});
    }
  }
  void cancel_alarm(node_index node) {
    if (later_.contains(node)) {
      later_.erase(node);
    } else if (node < ringing_.size() && ringing_[node] != 0) {
      ringing_[node] = 0;
      ++off_;
    }
  }

  /// Takes the first of all if it is not after `end`; false, and nothing changed, otherwise.
  [[nodiscard]] bool take_until(time_point end, appointment& first) {
    settle();
    if (soon_.empty() || soon_[0].at > end) return false;
    first = soon_[0];
    if (first.kind() == occasion::wake) ringing_[first.what] = 0;
    pop();
    return true;
  }
  /// What probably comes next, or null: something may still come before it, or take it off.
  [[nodiscard]] const appointment* likely_next() const noexcept {
    return soon_.empty() ? nullptr : soon_.data();
  }
  appointment take() {
    appointment first;
    require(take_until(time_point::max(), first), "an appointment from an empty agenda");
    return first;
  }

 private:
  [[nodiscard]] std::uint64_t order_of(occasion kind) noexcept {
    return ++count_ << 2U | static_cast<std::uint64_t>(kind);
  }

  /// The first of all then stands in front of the heap.
  void settle() {
    if (off_ == 0 && is_sooner()) return;
    for (;;) {
      while (off_ != 0 && !soon_.empty() && is_off(soon_[0])) {
        pop();
        --off_;
      }
      if (later_.size() == 0 || is_sooner()) return;
      const alarms::window first = later_.next(alarms::window_of(coming_));
      coming_ = alarms::begin_of(first);
      if (is_sooner()) return;
      swept_ = first + 1;
      coming_ = first == alarms::window_of(time_point::max()) ? time_point::max()
                                                              : alarms::begin_of(swept_);
      later_.take(first, [this](node_index node, time_point at, std::uint64_t order) {
        ringing_[node] = order;
        push({at, order, node});
      });
    }
  }
  /// True when what is first in the heap comes before all alarms beside it.
  [[nodiscard]] bool is_sooner() const noexcept { return !soon_.empty() && soon_[0].at < coming_; }
  [[nodiscard]] bool is_off(const appointment& what) const noexcept {
    return what.kind() == occasion::wake && ringing_[what.what] != what.order;
  }

  /// Puts `fresh` where it belongs at or above the new end.
  void push(const appointment& fresh) {
    soon_.push_back(fresh);
    appointment* const all = soon_.data();
    std::size_t hole = soon_.size() - 1;
    while (hole != 0 && fresh.before(all[(hole - 1) / 4])) {
      all[hole] = all[(hole - 1) / 4];
      hole = (hole - 1) / 4;
    }
    all[hole] = fresh;
  }

  /// Takes the first away, and puts the last where it belongs below the empty root.
  void pop() noexcept {
    const appointment last = soon_.back();
    soon_.pop_back();
    appointment* const all = soon_.data();
    const std::size_t size = soon_.size();
    if (size == 0) return;
    std::size_t hole = 0;
    for (std::size_t child = 1; child < size; child = 4 * hole + 1) {
      const std::size_t end = child + 4 < size ? child + 4 : size;
      std::size_t least = child;
      for (std::size_t i = child + 1; i < end; ++i) {
        if (all[i].before(all[least])) least = i;
      }
      if (!all[least].before(last)) break;
      all[hole] = all[least];
      hole = least;
    }
    all[hole] = last;
  }

  std::vector<appointment> soon_{};
  alarms later_{};
  // Alarms before this window are in the heap, and those beside it are not before `coming_`.
  alarms::window swept_{alarms::window_of(time_point::min())};
  time_point coming_{time_point::min()};
  std::vector<std::uint64_t> ringing_{};  // a node's alarm in the heap, by its order; 0 for none
  std::size_t off_{0};                    // alarms in the heap that ring no more
  std::uint64_t count_{0};
};

}  // namespace testing
}  // namespace v1
}  // namespace flotilla
