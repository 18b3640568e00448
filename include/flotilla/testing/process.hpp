// flotilla/testing/process.hpp - what can happen to the process around a node
// It runs, stands still, or is cut off from its socket; it reads a bounded queue, and takes its
// time.
#pragma once

#include <cstddef>
#include <cstdint>

#include <flotilla/endpoint.hpp>
#include <flotilla/testing/datagram_pool.hpp>
#include <flotilla/testing/latency.hpp>
#include <flotilla/testing/local_clock.hpp>
#include <flotilla/time.hpp>

namespace flotilla {
inline namespace v1 {
namespace testing {

enum class process_state : std::uint8_t {
  running,
  frozen,   ///< stopped (SIGSTOP, a long pause): no timers, its socket queues what arrives
  blocked,  ///< timers run; what it sends and what arrives is held (Lifeguard's anomaly)
  crashed,  ///< gone, with what its socket held
};

/// How a driver behaves.
struct driver_options {
  /// How long it is busy with each datagram and each timer: a slow member. What arrives meanwhile
  /// waits in the queue.
  duration busy{};
  /// How many datagrams it reads before it looks at its timers; 0 is taken for 1.
  std::uint32_t batch{64};
  /// It looks at its timers before its socket: the wrong way round.
  bool timers_first{false};
  /// What its socket's queue holds in each direction; more is dropped. Linux gives 208 KiB.
  std::size_t queue_bytes{std::size_t{208} * 1024};
  std::size_t queue_datagrams{4096};
  /// How late its timers fire.
  latency timer_lateness{};

  /// True when everything is done at once.
  [[nodiscard]] bool is_prompt() const noexcept {
    return busy == duration::zero() && timer_lateness.is_none();
  }
};

/// A node's process, as the simulation keeps it. What each datagram needs stands first, in few
/// cache lines: it is what a large simulation waits for.
struct process {
  process_state state{process_state::running};
  bool prompt{true};                    ///< its driver is (driver_options::is_prompt)
  std::uint32_t taken{0};               ///< datagrams read since it last looked at its timers
  std::uint32_t lives{1};               ///< 1, and one more with each restart
  time_point busy_until{};              ///< the simulation's time
  time_point armed{time_point::max()};  ///< when its next appointment is
  time_point due{time_point::max()};    ///< the same without its timer's lateness
  time_point deadline{};                ///< the node's, by its own clock, that `due` was made from
  local_clock clock{};
  datagram_list inbox{};  ///< arrived, not read
  endpoint address{};     ///< what its datagrams come from
  driver_options driver{};
  datagram_list outbox{};  ///< sent while blocked

  void set_driver(const driver_options& how) noexcept {
    driver = how;
    prompt = how.is_prompt();
  }
  [[nodiscard]] bool takes_input() const noexcept { return state == process_state::running; }
  [[nodiscard]] bool runs_timers() const noexcept {
    return state == process_state::running || state == process_state::blocked;
  }
};

}  // namespace testing
}  // namespace v1
}  // namespace flotilla
