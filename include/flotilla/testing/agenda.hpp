// flotilla/testing/agenda.hpp - what happens next in virtual time
// A four-ary heap; what is due at the same instant happens in the order in which it was put in.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

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
  std::uint32_t version{0};  ///< of the node's timer: an overtaken one is skipped

  [[nodiscard]] occasion kind() const noexcept { return static_cast<occasion>(order & 3U); }
  [[nodiscard]] bool before(const appointment& other) const noexcept {
    return at < other.at || (at == other.at && order < other.order);
  }
};

/// Timers have a heap of their own: each node has one, a second ahead, while all that is under way
/// arrives within milliseconds and would sink below them.
class agenda {
 public:
  [[nodiscard]] bool empty() const noexcept { return soon_.empty() && timers_.empty(); }
  [[nodiscard]] std::size_t size() const noexcept { return soon_.size() + timers_.size(); }
  [[nodiscard]] time_point next() const noexcept {
    return empty() ? time_point::max() : first_heap()[0].at;
  }

  void put(time_point at, occasion kind, std::uint32_t what, std::uint32_t version = 0) {
    const appointment fresh{at, ++count_ << 2U | static_cast<std::uint64_t>(kind), what, version};
    heap& into = kind == occasion::wake ? timers_ : soon_;
    into.push_back(fresh);
    rise(into.data(), into.size() - 1, fresh);
  }

  appointment take() {
    require(!empty(), "an appointment from an empty agenda");
    heap& from = &first_heap() == &soon_ ? soon_ : timers_;
    const appointment first = from[0];
    const appointment last = from.back();
    from.pop_back();
    if (!from.empty()) sink(from, last);
    return first;
  }

 private:
  using heap = std::vector<appointment>;

  /// The one whose first is the first of all; there is one.
  [[nodiscard]] const heap& first_heap() const noexcept {
    if (soon_.empty()) return timers_;
    return timers_.empty() || soon_[0].before(timers_[0]) ? soon_ : timers_;
  }

  /// Puts `what` where it belongs at or above the empty place.
  static void rise(appointment* all, std::size_t hole, const appointment& what) noexcept {
    while (hole != 0 && what.before(all[(hole - 1) / 4])) {
      all[hole] = all[(hole - 1) / 4];
      hole = (hole - 1) / 4;
    }
    all[hole] = what;
  }

  /// Puts `what` where it belongs below the empty root.
  static void sink(heap& into, const appointment& what) noexcept {
    appointment* const all = into.data();
    const std::size_t size = into.size();
    std::size_t hole = 0;
    for (std::size_t child = 1; child < size; child = 4 * hole + 1) {
      const std::size_t end = child + 4 < size ? child + 4 : size;
      std::size_t least = child;
      for (std::size_t i = child + 1; i < end; ++i) {
        if (all[i].before(all[least])) least = i;
      }
      if (!all[least].before(what)) break;
      all[hole] = all[least];
      hole = least;
    }
    all[hole] = what;
  }

  heap soon_{};
  heap timers_{};
  std::uint64_t count_{0};
};

}  // namespace testing
}  // namespace v1
}  // namespace flotilla
