// flotilla/detection/probe_round.hpp - one probe: ping, then helpers, then verdict (SWIM,
// section 3.1) The state of the round and its rules; the engine sends what it asks for.
#pragma once

#include <array>
#include <cstdint>

#include <flotilla/config.hpp>
#include <flotilla/detail/random.hpp>
#include <flotilla/detail/state_hasher.hpp>
#include <flotilla/detection/probe_order.hpp>
#include <flotilla/member.hpp>
#include <flotilla/membership/member_table.hpp>
#include <flotilla/time.hpp>

namespace flotilla {
inline namespace v1 {

/// Distinct helpers of one round, and which of them have answered with a nack.
struct helper_set {
  std::array<member_id, config::max_helpers> ids{};
  std::uint32_t count{0};
  std::uint32_t nacked{0};  ///< one bit a helper

  [[nodiscard]] bool contains(member_id id) const noexcept {
    for (std::uint32_t i = 0; i < count; ++i) {
      if (ids[i] == id) return true;
    }
    return false;
  }
  /// Takes note of a helper's nack; false when it is no helper of ours or has sent one before
  /// (S10).
  bool nack(member_id id) noexcept {
    for (std::uint32_t i = 0; i < count; ++i) {
      if (ids[i] != id || (nacked >> i & 1U) != 0) continue;
      nacked |= 1U << i;
      return true;
    }
    return false;
  }
  [[nodiscard]] std::uint32_t nacks() const noexcept {
    std::uint32_t n = 0;
    for (std::uint32_t bits = nacked; bits != 0; bits &= bits - 1) ++n;
    return n;
  }
  void clear() noexcept { count = nacked = 0; }
  /// What lies behind the last one means nothing.
  friend bool operator==(const helper_set& a, const helper_set& b) noexcept {
    if (a.count != b.count || a.nacked != b.nacked) return false;
    for (std::uint32_t i = 0; i < a.count; ++i) {
      if (a.ids[i] != b.ids[i]) return false;
    }
    return true;
  }
};

struct probe_round {
  /// What the end of the round means for its subject.
  enum class outcome : std::uint8_t { idle, answered, unsent, failed };

  bool active{false};
  bool answered{false};
  bool pulled{false};    ///< the ping left, in time to be answered
  bool extended{false};  ///< granted one more direct time-out after an absence
  member_id subject{};
  flotilla::incarnation incarnation{};  ///< the subject's when the round began
  row_index at{no_row};                 ///< where the subject's row was
  std::uint32_t sequence{0};
  std::uint32_t request_sequence{0};  ///< 0 until helpers are asked
  time_point started{};
  time_point pulled_at{};                    ///< when the ping left
  time_point helpers_asked{};                ///< while `helpers` has any
  time_point direct_due{time_point::max()};  ///< when helpers are asked; max() afterwards
  helper_set helpers{};

  /// As it was made.
  void clear() noexcept {
    active = answered = pulled = extended = false;
    subject = member_id{};
    incarnation = flotilla::incarnation{};
    at = no_row;
    sequence = request_sequence = 0;
    started = pulled_at = helpers_asked = time_point{};
    direct_due = time_point::max();
    helpers.clear();
  }

  /// Begins a round. The caller has asked for `ping_sequence` and queues the ping.
  void begin(const row& r, row_index where, std::uint32_t ping_sequence, time_point now,
             duration direct_timeout) noexcept {
    clear();
    at = where;
    active = true;
    subject = r.id;
    incarnation = r.incarnation;
    sequence = ping_sequence;
    started = now;
    direct_due = detail::saturating_add(now, direct_timeout);
  }

  /// The ping was pulled by the driver. Later than half the time-out is too late to accuse anybody:
  /// then the driver was slow, not the subject (law 3).
  void on_pulled(std::uint32_t ping_sequence, time_point now, duration direct_timeout) noexcept {
    if (!active || ping_sequence != sequence) return;
    pulled_at = now;
    pulled = detail::elapsed(started, now) <= direct_timeout / 2;
  }

  /// The subject answered, itself or through a helper; nothing more is asked.
  void on_answer() noexcept {
    answered = true;
    direct_due = time_point::max();
  }

  [[nodiscard]] outcome result() const noexcept {
    if (!active) return outcome::idle;
    if (answered) return outcome::answered;
    return pulled ? outcome::failed : outcome::unsent;
  }

  void hash_into(detail::state_hasher& out) const noexcept {
    out.add_all(active, answered, pulled, extended, subject, incarnation, std::uint64_t{sequence},
                std::uint64_t{request_sequence}, started, pulled_at, helpers_asked, direct_due,
                std::uint64_t{helpers.count}, std::uint64_t{helpers.nacked});
    for (std::uint32_t i = 0; i < helpers.count; ++i) out.add(helpers.ids[i]);
  }
  friend bool operator==(const probe_round&, const probe_round&) noexcept = default;
};

/// Picks up to `wanted` helpers for a probe of `subject`: distinct, never self or the subject, by
/// id or by address, and alive (S11). Bounded: in a small group it may find fewer than there are.
[[nodiscard]] inline helper_set pick_helpers(const member_table& table, const probe_order& order,
                                             row_index subject, std::uint32_t wanted,
                                             detail::random_generator& random) noexcept {
  helper_set chosen;
  const endpoint where = table.address(subject);
  if (order.trusted() == 0) return chosen;
  const std::uint32_t tries = order.trusted() <= 4 * wanted ? order.trusted() : 4 * wanted;
  // Consecutive places from a random start are as random as the shuffled order is.
  std::uint32_t place = random.below(order.trusted());
  for (std::uint32_t i = 0; i < tries && chosen.count < wanted; ++i) {
    const row_index at = order[place];
    const row& r = table[at];
    place = place + 1 == order.trusted() ? 0 : place + 1;
    if (at == subject || table.is_at(at, where)) continue;
    if (r.state != member_state::alive || table.is_at(at, table.own_address())) continue;
    chosen.ids[chosen.count++] = r.id;
  }
  return chosen;
}

}  // namespace v1
}  // namespace flotilla
