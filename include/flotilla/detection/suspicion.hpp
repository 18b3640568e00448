// flotilla/detection/suspicion.hpp - the time a suspect has to speak up (SWIM, section 4.2)
// One record a suspect, due when the verdict falls. Bound to (member, incarnation, probe).
#pragma once

#include <array>
#include <cstdint>

#include <flotilla/config.hpp>
#include <flotilla/detail/logarithm.hpp>
#include <flotilla/detail/mix.hpp>
#include <flotilla/detail/timer_heap.hpp>
#include <flotilla/event.hpp>
#include <flotilla/member.hpp>
#include <flotilla/membership/row.hpp>
#include <flotilla/time.hpp>

namespace flotilla {
inline namespace v1 {

struct suspicion {
  /// K of Lifeguard: confirmations beyond this many tell nothing new.
  static constexpr std::size_t max_confirmations = 3;

  row_index subject{no_row};
  std::uint32_t probe{0};  ///< sequence number of our own failed probe, 0 if we only heard of it
  member_id accuser{};     ///< the first one
  time_point since{};
  flotilla::incarnation incarnation{};
  std::array<std::uint32_t, max_confirmations>
      confirmers{};  ///< 32 mixed bits of each id: enough to tell apart
  std::uint8_t confirmations{0};
  bool acked{false};        ///< the suspect has answered us since (rule (d) of the design)
  bool checked{false};      ///< a whole probe round of ours has failed since it began
  std::uint8_t put_off{0};  ///< how often the verdict has waited for such a round

  /// How often a verdict may wait for its check: for the round under way to end, for another check
  /// before its own, for its own, and for its own again if that ping was not pulled in time. Then
  /// the verdict falls without, so that each crash is reported however many there are at once.
  static constexpr std::uint8_t max_put_off = 4;

  /// Counts an accuser once; neither the first accuser nor a repetition confirms anything (S9).
  bool confirm(member_id by) noexcept {
    if (by == accuser || confirmations == max_confirmations) return false;
    const auto mark = static_cast<std::uint32_t>(
        detail::mix(static_cast<std::uint64_t>(by), detail::mix_key{}) >> 32U);
    for (std::size_t i = 0; i < confirmations; ++i) {
      if (confirmers[i] == mark) return false;
    }
    confirmers[confirmations++] = mark;
    return true;
  }

  friend bool operator==(const suspicion&, const suspicion&) noexcept = default;
};

/// A dead or left member stays for a while, so that old gossip cannot bring it back.
struct tombstone {
  row_index subject{no_row};
  member_id accuser{};  ///< of a dead member; told on with the fact

  friend bool operator==(const tombstone&, const tombstone&) noexcept = default;
};

using suspicion_heap = detail::timer_heap<suspicion>;
using tombstone_heap = detail::timer_heap<tombstone>;

/// suspicion_multiplier * ceil(ln(n+1)) protocol periods (SWIM, section 5), n counting ourselves.
[[nodiscard]] constexpr duration suspicion_timeout(const config& settings,
                                                   std::uint32_t members) noexcept {
  return detail::saturating_multiply(
      settings.protocol_period, settings.suspicion_multiplier * detail::ceil_ln_plus_one(members));
}

/// How often each fact is passed on (SWIM, section 4.1): lambda * ceil(ln(n+1)).
[[nodiscard]] constexpr std::uint32_t transmit_budget(const config& settings,
                                                      std::uint32_t members) noexcept {
  return settings.retransmit_multiplier * detail::ceil_ln_plus_one(members);
}

}  // namespace v1
}  // namespace flotilla
