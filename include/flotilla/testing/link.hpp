// flotilla/testing/link.hpp - what a path does to datagrams when nothing is broken on purpose
// Latency, loss, bursts of loss, duplication and reordering; every path of a network has these.
#pragma once

#include <chrono>

#include <flotilla/testing/chance.hpp>
#include <flotilla/testing/latency.hpp>
#include <flotilla/time.hpp>

namespace flotilla {
inline namespace v1 {
namespace testing {

/// Loss that comes in bursts (Gilbert 1960, Elliott 1963): each path is in a good or a bad state
/// and may change it with every datagram.
struct burst_loss {
  chance begin{};                ///< good to bad
  chance end{chance::always()};  ///< bad to good
  chance loss{};                 ///< of a datagram sent in the bad state

  friend constexpr bool operator==(const burst_loss&, const burst_loss&) noexcept = default;
};

/// A path in one direction. Datagrams overtake one another when the latency is not fixed;
/// `reorder` holds some of them back on top of that.
struct link_options {
  latency delay{latency::uniform(std::chrono::microseconds{500}, std::chrono::milliseconds{1})};
  chance loss{};
  burst_loss burst{};
  chance duplicate{};  ///< arrives twice, each copy with a latency of its own
  chance reorder{};    ///< is held back by `reorder_delay` more
  latency reorder_delay{latency::uniform(duration::zero(), std::chrono::milliseconds{20})};

  friend constexpr bool operator==(const link_options&, const link_options&) noexcept = default;
};

}  // namespace testing
}  // namespace v1
}  // namespace flotilla
