// flotilla/exchange/visit.hpp - pulling state from a member for other reasons than joining
// A second look after a join, and the first one at a group that had parted from ours (extension).
#pragma once

#include <cstdint>

#include <flotilla/detail/state_hasher.hpp>
#include <flotilla/exchange/transfer.hpp>
#include <flotilla/member.hpp>
#include <flotilla/time.hpp>

namespace flotilla {
inline namespace v1 {

/// Who joins in a crowd gets the state as it is then, and misses those that come right after: their
/// gossip goes to members that know of each other already. So it asks the same server again for
/// what has been added since, until nothing has.
struct visit {
  /// The most looks after one join; repair does the rest.
  static constexpr std::uint8_t max_looks = 8;
  /// What its requests are known by; those below max_seeds are the join's seeds.
  static constexpr std::uint8_t reference = 0xfe;
  /// The same of a ping to somebody who takes us for dead: its answer makes a meeting.
  static constexpr std::uint8_t parted = 1;

  transfer server{};
  bool meeting{false};      ///< two groups have met: what it tells is news to ours
  std::uint8_t looks{0};    ///< begun, at a server that let us in
  std::uint32_t known{0};   ///< members before this look
  std::uint32_t met_in{0};  ///< period in which the last meeting began: at most one in each
  /// A look or a meeting that has not come to its end by then is given up: who tells of ever more
  /// rows, or of no time, shall not keep us from meeting others.
  time_point deadline{time_point::max()};

  /// Asks `served` again, where its last chunk began, in `wait`; from then on each look may take
  /// `timeout`.
  void look_again(const transfer& served, std::uint32_t members, time_point now, duration wait,
                  duration timeout) noexcept {
    server = served;
    server.now = transfer::phase::pulling;
    server.attempts = 0;
    server.sequence = 0;
    server.retry_due = detail::saturating_add(now, wait);
    deadline = detail::saturating_add(server.retry_due, timeout);
    meeting = false;
    looks = 1;
    known = members;
  }

  /// The state has been told to its end. True when it is worth another look in `wait` times the
  /// number of looks; otherwise the visit is over.
  bool look_on(std::uint32_t members, time_point now, duration wait, duration timeout) noexcept {
    if (meeting || members <= known || looks == max_looks) {
      server.stop(transfer::phase::idle);
      return false;
    }
    known = members;
    ++looks;
    server.attempts = 0;
    server.retry_due = detail::saturating_add(now, detail::saturating_multiply(wait, looks));
    deadline = detail::saturating_add(server.retry_due, timeout);
    return true;
  }

  /// Begins with a member of another group, for so long at most; the first request is the caller's.
  void meet(member_id id, const endpoint& address, std::uint32_t period,
            time_point until) noexcept {
    server = transfer{};
    server.now = transfer::phase::pulling;
    server.address = address;
    server.home = address;
    server.id = id;
    meeting = true;
    looks = 0;
    met_in = period;
    deadline = until;
  }

  void hash_into(detail::state_hasher& out) const noexcept {
    server.hash_into(out);
    out.add_all(meeting, std::uint64_t{looks}, std::uint64_t{known}, std::uint64_t{met_in},
                deadline);
  }
  friend bool operator==(const visit&, const visit&) noexcept = default;
};

}  // namespace v1
}  // namespace flotilla
