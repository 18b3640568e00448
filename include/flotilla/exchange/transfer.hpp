// flotilla/exchange/transfer.hpp - pulling the state of one other engine, chunk by chunk
// The asker holds the cursor, so the server keeps no state, and loss costs one retry (extension).
#pragma once

#include <cstdint>

#include <flotilla/detail/state_hasher.hpp>
#include <flotilla/endpoint.hpp>
#include <flotilla/member.hpp>
#include <flotilla/time.hpp>
#include <flotilla/wire/state_reply.hpp>

namespace flotilla {
inline namespace v1 {

/// One server as its client sees it.
struct transfer {
  enum class phase : std::uint8_t {
    idle,     ///< nothing is asked
    asking,   ///< has not answered yet; asked for a cookie
    waiting,  ///< has answered; another server is being pulled from
    pulling,  ///< asked for the chunk at `cursor`
    done,     ///< gave its whole state, or turned out to belong to the same group
  };
  /// Unanswered requests for one chunk after which another server gets its turn.
  static constexpr std::uint8_t max_attempts = 5;
  /// The same for a server that another has named: it may have gone since.
  static constexpr std::uint8_t max_attempts_elsewhere = 2;
  /// From server to server at most so often; then the last one is waited for.
  static constexpr std::uint8_t max_hops = 8;

  phase now{phase::idle};
  std::uint8_t attempts{0};
  std::uint8_t hops{0};  ///< how often a busy server has named another
  endpoint address{};
  endpoint home{};  ///< the seed's own address, where to return to
  member_id id{};   ///< 0 until it has answered
  std::uint64_t cookie{0};
  std::uint32_t cursor{0};
  std::uint32_t expected{0};
  std::uint32_t sequence{0};  ///< of the outstanding request
  time_point retry_due{time_point::max()};

  void stop(phase at) noexcept {
    now = at;
    sequence = 0;
    retry_due = time_point::max();
  }

  /// Begins anew at another address. The rows there have an order of their own.
  void move(const endpoint& to, std::uint8_t hop) noexcept {
    now = phase::asking;
    attempts = 0;
    hops = hop;
    address = to;
    id = member_id{};
    cookie = 0;
    cursor = 0;
  }

  /// How long to wait before attempt `attempts` is repeated: doubles, up to four times the first.
  [[nodiscard]] duration patience(duration first) const noexcept {
    const std::uint32_t factor = attempts <= 1 ? 1 : (attempts == 2 ? 2 : 4);
    return detail::saturating_multiply(first, factor);
  }

  void hash_into(detail::state_hasher& out) const noexcept {
    out.add_all(std::uint64_t(now), std::uint64_t{attempts}, std::uint64_t{hops}, address, home, id,
                cookie, std::uint64_t{cursor}, std::uint64_t{expected}, std::uint64_t{sequence},
                retry_due);
  }
  friend bool operator==(const transfer&, const transfer&) noexcept = default;
};

}  // namespace v1
}  // namespace flotilla
