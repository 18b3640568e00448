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
    return at != other.at ? at < other.at : order < other.order;
  }
};

class agenda {
 public:
  [[nodiscard]] bool empty() const noexcept { return heap_.empty(); }
  [[nodiscard]] std::size_t size() const noexcept { return heap_.size(); }
  [[nodiscard]] time_point next() const noexcept {
    return heap_.empty() ? time_point::max() : heap_[0].at;
  }

  void put(time_point at, occasion kind, std::uint32_t what, std::uint32_t version = 0) {
    heap_.push_back({});
    const appointment fresh{at, ++count_ << 2U | static_cast<std::uint64_t>(kind), what, version};
    std::size_t hole = heap_.size() - 1;
    while (hole != 0 && fresh.before(heap_[(hole - 1) / 4])) {
      heap_[hole] = heap_[(hole - 1) / 4];
      hole = (hole - 1) / 4;
    }
    heap_[hole] = fresh;
  }

  appointment take() {
    require(!heap_.empty(), "an appointment from an empty agenda");
    const appointment first = heap_[0];
    const appointment last = heap_.back();
    heap_.pop_back();
    if (!heap_.empty()) sink(last);
    return first;
  }

 private:
  /// Puts `what` where it belongs below the empty root.
  void sink(const appointment& what) noexcept {
    const std::size_t size = heap_.size();
    std::size_t hole = 0;
    for (std::size_t child = 1; child < size; child = 4 * hole + 1) {
      const std::size_t end = child + 4 < size ? child + 4 : size;
      std::size_t least = child;
      for (std::size_t i = child + 1; i < end; ++i) {
        if (heap_[i].before(heap_[least])) least = i;
      }
      if (!heap_[least].before(what)) break;
      heap_[hole] = heap_[least];
      hole = least;
    }
    heap_[hole] = what;
  }

  std::vector<appointment> heap_{};
  std::uint64_t count_{0};
};

}  // namespace testing
}  // namespace v1
}  // namespace flotilla
