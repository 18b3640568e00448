// tests/support/bounce_node.hpp - a sans-IO node that costs nothing, so that what costs is around
// it Sends on whatever it receives, to the next of the others in turn; may throw in more by a
// timer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <flotilla/testing/address_book.hpp>
#include <flotilla/time.hpp>
#include <optional>
#include <span>

namespace support {

class bounce_node {
 public:
  struct transmit {
    flotilla::endpoint to;
    std::span<const std::byte> bytes;
  };

  /// One of `count`; throws `balls` at `first`, and again every `period` when that is not 0. What
  /// it catches is thrown on only when there is no period.
  bounce_node(flotilla::testing::node_index self, flotilla::testing::node_index count,
              std::uint32_t balls, flotilla::time_point first, flotilla::duration period = {})
      : next_{self}, count_{count}, balls_{balls}, period_{period}, deadline_{first} {}

  void receive(flotilla::time_point, const flotilla::endpoint&, std::span<const std::byte>) {
    if (period_ == flotilla::duration::zero()) ++in_hand_;
  }
  void tick(flotilla::time_point now) {
    in_hand_ += balls_;
    deadline_ = flotilla::time_point::max();
    if (period_ != flotilla::duration::zero()) deadline_ = now + period_;
  }
  std::optional<transmit> poll_transmit(std::span<std::byte> buffer) {
    if (in_hand_ == 0) return std::nullopt;
    --in_hand_;
    next_ = (next_ + 7) % count_;
    return transmit{flotilla::testing::default_address(next_), buffer.first(size)};
  }
  std::optional<int> poll_event() { return std::nullopt; }
  [[nodiscard]] flotilla::time_point next_deadline() const { return deadline_; }

  static constexpr std::size_t size = 60;

 private:
  flotilla::testing::node_index next_;
  flotilla::testing::node_index count_;
  std::uint32_t balls_;
  std::uint32_t in_hand_{0};
  flotilla::duration period_;
  flotilla::time_point deadline_;
};

}  // namespace support
