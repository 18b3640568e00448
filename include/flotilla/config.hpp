// flotilla/config.hpp - everything that can be set, with presets and their reasons
// An aggregate set by field name; only id, address and seed have no usable default.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <flotilla/endpoint.hpp>
#include <flotilla/experiment.hpp>
#include <flotilla/member.hpp>
#include <flotilla/serial.hpp>
#include <flotilla/time.hpp>

namespace flotilla {
inline namespace v1 {

/// The most endpoints that one join takes. Three are plenty to find a group; sixteen still fit in a
/// fixed array of the engine.
inline constexpr std::size_t max_seeds = 16;

/// The smallest max_datagram_size less datagram_overhead. Every message fits with the largest fact
/// (a state reply: 49 + 34 bytes), so that joining and refuting go on however small the transport's
/// packets.
inline constexpr std::size_t min_datagram_size = 96;
/// The largest payload of a UDP datagram over IPv4.
inline constexpr std::size_t max_datagram_size_limit = 65507;
/// Rows are numbered with 32 bits and the flat index keeps 8 bits of digest beside 24 of row.
inline constexpr std::uint32_t max_members_limit = (1U << 24U) - 2;
/// No duration may be longer than this.
inline constexpr duration max_duration = std::chrono::hours{24 * 30};

/// The first relation that a config breaks.
enum class config_error : std::uint8_t {
  none,
  id,                        ///< must not be 0
  address,                   ///< must reach exactly one member (endpoint::is_unicast)
  protocol_period,           ///< 1 ms to 30 days
  direct_timeout,            ///< at least 100 us, at most half of protocol_period
  tick_granularity,          ///< 0 to direct_timeout
  helpers,                   ///< at most max_helpers
  period_jitter_percent,     ///< at most 50
  suspicion_multiplier,      ///< 1 to 1000
  suspicion_max_multiplier,  ///< 1 to 100
  retransmit_multiplier,     ///< 1 to 16
  local_health_max,          ///< at most 64
  max_direct_probes,         ///< 1 to 32
  join_retry,                ///< 1 ms to join_timeout
  join_timeout,              ///< 1 ms to 30 days
  leave_timeout,             ///< 1 ms to 30 days
  tombstone_lifetime,        ///< protocol_period and 3 * repair_interval to 30 days
  repair_interval,           ///< 0 (off), or protocol_period to 10 days
  healing_interval,          ///< 0 (off), or protocol_period to 30 days
  flap_half_life,            ///< 0 (off), or protocol_period to 30 days
  max_datagram_size,         ///< 96 to 65,507
  datagram_overhead,         ///< must leave 96 bytes of max_datagram_size
  max_members,               ///< 1 to 2^24 - 2
  expected_members,          ///< at most max_members
  max_new_members,           ///< at least 1
  max_chunks,                ///< at least 1
  max_transmits,             ///< 64 to 65,536
  max_denied,                ///< at most 65,536
  max_absent,                ///< at most 65,536
};
inline constexpr std::size_t config_error_count = 29;

/// The name of the field that is out of its range; "none" for a config that validates.
[[nodiscard]] constexpr std::string_view to_string(config_error error) noexcept {
  constexpr std::string_view names[config_error_count] = {"none",
                                                          "id",
                                                          "address",
                                                          "protocol_period",
                                                          "direct_timeout",
                                                          "tick_granularity",
                                                          "helpers",
                                                          "period_jitter_percent",
                                                          "suspicion_multiplier",
                                                          "suspicion_max_multiplier",
                                                          "retransmit_multiplier",
                                                          "local_health_max",
                                                          "max_direct_probes",
                                                          "join_retry",
                                                          "join_timeout",
                                                          "leave_timeout",
                                                          "tombstone_lifetime",
                                                          "repair_interval",
                                                          "healing_interval",
                                                          "flap_half_life",
                                                          "max_datagram_size",
                                                          "datagram_overhead",
                                                          "max_members",
                                                          "expected_members",
                                                          "max_new_members",
                                                          "max_chunks",
                                                          "max_transmits",
                                                          "max_denied",
                                                          "max_absent"};
  const auto at = static_cast<std::size_t>(error);
  return at < config_error_count ? names[at] : "invalid";
}

/// What an engine is built from. The defaults are those of lan().
struct config {
  /// The most helpers that a probe asks; bounds the loop that picks them.
  static constexpr std::uint32_t max_helpers = 16;

  /// Who this member is. Never 0, and no other process of the group may have it.
  member_id id{};
  /// Where others reach this member: what they are told, not what a socket is bound to.
  endpoint address{};
  /// Feeds the generator and the secret keys. In production it comes from the operating system's
  /// generator: who knows it can forge sequence numbers and cookies. In tests it makes runs repeat.
  std::uint64_t seed{0};
  /// Name of the group, may be empty. Messages of groups with another name are ignored; it is no
  /// secret and protects against mistakes, not against attackers.
  std::string cluster{};
  /// Where to begin counting. Those who kept their last one across a restart give it here; those
  /// who did not learn it from whoever they meet.
  incarnation initial_incarnation{0};

  /// T' of SWIM, section 3.1: one member is probed in each. Shorter finds failures sooner and sends
  /// more: two datagrams a member a period.
  duration protocol_period{std::chrono::seconds{1}};
  /// How long a ping may take to be answered before helpers are asked. At most half of the period,
  /// so that the helpers have the other half. Too short asks helpers in vain, too long leaves them
  /// no time.
  duration direct_timeout{std::chrono::milliseconds{500}};
  /// Extension: helpers are asked as soon as a ping has taken longer than nearly all do here (the
  /// 99th percentile of recent round trips plus 10 %), direct_timeout at the latest. The helpers
  /// then have nearly the whole period, and an answer that is merely slow comes in time all the
  /// same.
  bool adaptive_timeout{true};
  /// How late the driver's timers may fire without this engine counting as having been away.
  duration tick_granularity{std::chrono::milliseconds{10}};
  /// K of SWIM, section 3.1: how many members are asked to probe on our behalf. 0 asks nobody.
  std::uint32_t helpers{3};
  /// A period lasts this much more or less, at random (extension), so that a group that was started
  /// at once does not ping in step.
  std::uint32_t period_jitter_percent{10};

  /// A suspect has this many times ceil(ln(n+1)) periods to speak up (SWIM, sections 4.2 and 5).
  /// Smaller is sooner and wrong more often. 2 is at least 4.6 times log10(n), between memberlist's
  /// 4 and the 5 of Lifeguard's experiments. It is the shortest time only: by then three others
  /// must have found the suspect silent as well, and so must we (suspicion_max_multiplier,
  /// checked_verdicts), and who is not well itself waits longer. So it costs the living nothing,
  /// and ten of a thousand that crash at once are removed everywhere within 25 periods.
  std::uint32_t suspicion_multiplier{2};
  /// beta of Lifeguard (LHA-Suspicion): a suspicion that nobody confirms lasts this many times as
  /// long; each member that accuses independently shortens it, and three bring it down to the time
  /// above. So whoever accuses alone, since it is the one that hears nothing, judges late; of a
  /// real crash all learn as soon as without, since all find out. 1: fixed, as in SWIM. Larger is
  /// right more often where few members see much, and slower for a lone survivor. Groups too small
  /// for three confirmations (suspicion.hpp) have the time above.
  std::uint32_t suspicion_max_multiplier{6};
  /// Extension: before a suspicion's time-out declares a member dead here, this engine itself has
  /// asked it once more, directly and through helpers, after the suspicion began; otherwise others'
  /// bad luck and one lost refutation are enough for a verdict. The check is a probe round out of
  /// turn just before the time-out, or when that has come sooner than foreseen, just after it.
  /// Where three others accuse the suspect as well, it is one ping beside the period's probe, one
  /// direct time-out before the verdict: their paths stand for those of helpers. Where hardly
  /// anybody does and this member is not well itself (local_health_max), the verdict waits for 64
  /// periods more at most, with a ping in each: who loses most of what it sends, but hears the
  /// others, is to report nobody whom they see.
  bool checked_verdicts{true};
  /// Extension: who hears nothing from anybody while its own probe is unanswered, not even from the
  /// helpers that it asked, takes itself for the one that is cut off: it begins no suspicion and
  /// gives no verdict until it hears something, and then asks its suspects again first. Together
  /// with all other absences that lasts one suspicion time-out at most (suspicion_multiplier), so
  /// that the only one left still reports every crash. In a group of two the other's silence is
  /// the only sign there is, and counts.
  bool notice_silence{true};
  /// Extension: accusations by members that are suspect or dead here, or whose accusations were
  /// contradicted repeatedly, and deaths of whom nobody had suspected here, are believed only after
  /// the accused has left a direct ping of our own unanswered for one direct time-out
  /// (detection/accusers.hpp). Costs one ping for each of them;
  /// without it one member that can send but not hear makes the whole group flap.
  bool weigh_accusers{true};
  /// Extension: a member that others merely speak of is hearsay until it has answered us. Hearsay
  /// has probe turns of its own, every other one at most, so that a flood of invented members costs
  /// little. Off: newcomers are probed among all others at once, and 2n - 1 turns (SWIM, section
  /// 4.3) are the bound for everybody even while others join.
  bool doubt_hearsay{true};
  /// lambda of SWIM, section 4.1: a fact is passed on at most this many times ceil(ln(n+1)).
  std::uint32_t retransmit_multiplier{3};
  /// S of Lifeguard (LHA-Probe): while there are signs that this member itself is slow or cut off,
  /// it probes up to this many times less often, and waits as much longer for answers. 0: never.
  /// Larger accuses fewer from a member in trouble, which then takes longer to find anything.
  std::uint32_t local_health_max{8};
  /// Extension: while more facts wait to be passed on than one datagram carries, so many members at
  /// most are pinged directly in a period, one for each datagram's worth. Facts are still passed on
  /// only as often as retransmit_multiplier says, but sooner. 1: always one, as in SWIM. Larger
  /// brings mass changes to all sooner, in larger bursts.
  std::uint32_t max_direct_probes{8};

  /// First repetition of an unanswered join request; the next ones double, up to four times this.
  duration join_retry{std::chrono::milliseconds{500}};
  /// After this time without a whole answer the join has failed.
  duration join_timeout{std::chrono::seconds{30}};
  /// A farewell is repeated until min(3, others) members acknowledged it, or this time has passed.
  duration leave_timeout{std::chrono::seconds{5}};
  /// How long dead and left members stay in the table, so that old gossip cannot bring them back.
  /// It must outlive the slowest spread plus three repair intervals.
  duration tombstone_lifetime{std::chrono::minutes{3}};
  /// Every probe compares the two views by a digest once nothing is left to gossip, and what
  /// differs is exchanged (extension): so facts are learnt whose gossip was lost. This is how often
  /// it is done even though gossip waits, and the longest rest after a repair that brought nothing.
  /// 0: never, and no digest is sent.
  duration repair_interval{std::chrono::seconds{30}};
  /// How soon a dead member's address is tried again, for halves of a group that have parted
  /// (extension); doubles up to 5 minutes, dropped after 24 hours; 0 never.
  duration healing_interval{std::chrono::seconds{10}};
  /// Flap damping (extension): each failure adds 1,000 to a member's penalty, which halves in this
  /// time, and member_joined tells what it has come to when the member returns, so that the program
  /// can hold back who keeps failing and returning; nothing else changes here. It is kept until
  /// member_forgotten. 0: off, and the penalty told is always 0.
  duration flap_half_life{0};

  /// No datagram is larger; received ones that are larger are refused, so it is to be the same in
  /// the whole group. 1,400 passes every usual network unfragmented.
  std::size_t max_datagram_size{1400};
  /// Bytes left free in every datagram for a layer below: sealing, or a transport's own header.
  std::size_t datagram_overhead{0};
  /// The table never holds more, self, dead and left ones included. Further ones are refused.
  std::uint32_t max_members{65536};
  /// Room reserved at construction. Equal to max_members it means: nothing is allocated afterwards.
  std::uint32_t expected_members{0};
  /// Newcomers that one sender's gossip may bring at once; a sixteenth of it is regained each
  /// period. At most twice as many are held in all that are known by hearsay alone, and they leave
  /// an eighth of a table of 64 rows or more free. Beyond that a few a period are asked to answer
  /// for themselves. Those that were asked for, or have answered, are limited by max_members alone.
  std::uint32_t max_new_members{4096};
  /// Chunks of state served in one period to joiners, and as many answers to repairs. and as many
  /// answers of repair are asked for.
  std::uint32_t max_chunks{256};
  /// Datagrams waiting to be pulled. Replies may fill three quarters, one receiver's an eighth.
  std::uint32_t max_transmits{128};
  /// Members that can be evicted at a time.
  std::uint32_t max_denied{64};
  /// Unknown members whose death or farewell is remembered, the oldest make room.
  std::uint32_t max_absent{256};

  /// For experiments only; the defaults are the protocol.
  flotilla::experiment experiment{};

  /// One data centre: 1 ms round trips, so 500 ms means trouble; memberlist's values where it has
  /// them, which people have run for years. A crash is known to all after 10 s in a group of ten,
  /// and after 22 s in one of a thousand.
  [[nodiscard]] static config lan() { return {}; }
  /// Between continents: round trips of 300 ms and bursts of loss.
  [[nodiscard]] static config wan();
  /// Processes of one machine: tests, demos, side cars.
  [[nodiscard]] static config loopback();
  /// The timing of the 2002 paper (section 5): no jitter, repair or healing.
  [[nodiscard]] static config swim_paper();

  /// config_error::none, or the first relation that does not hold. An engine built from a config
  /// that does not validate is inert.
  [[nodiscard]] constexpr config_error validate() const noexcept;

  friend bool operator==(const config&, const config&) noexcept = default;
};

inline config config::wan() {
  config c;
  c.protocol_period =
      std::chrono::seconds{5};  // an answer may take a second; two legs each for helpers
  c.direct_timeout = std::chrono::milliseconds{2000};
  c.tick_granularity = std::chrono::milliseconds{50};
  c.suspicion_multiplier = 6;   // bursts of loss last tens of seconds between continents
  c.retransmit_multiplier = 4;  // loss eats gossip: one more round of it
  c.join_retry = std::chrono::seconds{1};
  c.join_timeout = std::chrono::minutes{1};
  c.leave_timeout = std::chrono::seconds{15};
  c.tombstone_lifetime = std::chrono::minutes{10};  // three repairs and a spread of 4*12 periods
  c.repair_interval = std::chrono::minutes{1};
  c.healing_interval = std::chrono::seconds{30};
  return c;
}

inline config config::loopback() {
  config c;
  c.protocol_period = std::chrono::milliseconds{200};  // a failure is known in about two seconds
  c.direct_timeout = std::chrono::milliseconds{60};    // loaded machines schedule in tens of ms
  c.tick_granularity = std::chrono::milliseconds{10};
  c.suspicion_multiplier = 3;  // 1.8 s at 10 members: longer than a process is usually stopped
  c.join_retry = std::chrono::milliseconds{100};
  c.join_timeout = std::chrono::seconds{10};
  c.leave_timeout = std::chrono::milliseconds{1500};
  c.tombstone_lifetime = std::chrono::seconds{30};  // three repairs and a spread of 3*12 periods
  c.repair_interval = std::chrono::seconds{5};
  c.healing_interval = std::chrono::seconds{2};
  return c;
}

inline config config::swim_paper() {
  config c;
  c.protocol_period = std::chrono::seconds{2};
  c.direct_timeout = std::chrono::milliseconds{200};
  c.helpers = 1;
  c.period_jitter_percent = 0;
  c.suspicion_multiplier = 3;  // 3*ceil(ln(n+1)) periods, figure 3c
  c.adaptive_timeout = false;
  c.local_health_max = 0;
  c.max_direct_probes = 1;
  c.notice_silence = false;
  c.doubt_hearsay = false;
  c.weigh_accusers = false;
  c.suspicion_max_multiplier = 1;  // whoever confirms it
  c.checked_verdicts = false;      // and not a period more
  c.retransmit_multiplier = 3;     // 3*ceil(ln(n+1)) messages, section 5
  c.repair_interval = duration::zero();
  c.healing_interval = duration::zero();
  c.tombstone_lifetime = std::chrono::minutes{10};  // the paper keeps the dead for ever
  return c;
}

constexpr config_error config::validate() const noexcept {
  constexpr auto within = [](duration value, duration least, duration most) {
    return value >= least && value <= most;
  };
  constexpr duration ms = std::chrono::milliseconds{1};
  constexpr duration off = duration::zero();
  using e = config_error;
  if (id == member_id{}) return e::id;
  if (!address.is_unicast()) return e::address;
  if (!within(protocol_period, ms, max_duration)) return e::protocol_period;
  if (!within(direct_timeout, ms / 10, protocol_period / 2)) return e::direct_timeout;
  if (!within(tick_granularity, off, direct_timeout)) return e::tick_granularity;
  if (helpers > max_helpers) return e::helpers;
  if (period_jitter_percent > 50) return e::period_jitter_percent;
  if (suspicion_multiplier < 1 || suspicion_multiplier > 1000) return e::suspicion_multiplier;
  if (suspicion_max_multiplier < 1 || suspicion_max_multiplier > 100) {
    return e::suspicion_max_multiplier;
  }
  if (retransmit_multiplier < 1 || retransmit_multiplier > 16) return e::retransmit_multiplier;
  if (local_health_max > 64) return e::local_health_max;
  if (max_direct_probes < 1 || max_direct_probes > 32) return e::max_direct_probes;
  if (!within(join_timeout, ms, max_duration)) return e::join_timeout;
  if (!within(join_retry, ms, join_timeout)) return e::join_retry;
  if (!within(leave_timeout, ms, max_duration)) return e::leave_timeout;
  if (repair_interval != off && !within(repair_interval, protocol_period, max_duration / 3)) {
    return e::repair_interval;
  }
  if (!within(tombstone_lifetime, protocol_period, max_duration) ||
      tombstone_lifetime / 3 < repair_interval) {
    return e::tombstone_lifetime;
  }
  if (healing_interval != off && !within(healing_interval, protocol_period, max_duration)) {
    return e::healing_interval;
  }
  if (flap_half_life != off && !within(flap_half_life, protocol_period, max_duration)) {
    return e::flap_half_life;
  }
  if (max_datagram_size < min_datagram_size || max_datagram_size > max_datagram_size_limit) {
    return e::max_datagram_size;
  }
  if (datagram_overhead > max_datagram_size - min_datagram_size) return e::datagram_overhead;
  if (max_members < 1 || max_members > max_members_limit) return e::max_members;
  if (expected_members > max_members) return e::expected_members;
  if (max_new_members < 1) return e::max_new_members;
  if (max_chunks < 1) return e::max_chunks;
  if (max_transmits < 64 || max_transmits > 65536) return e::max_transmits;
  if (max_denied > 65536) return e::max_denied;
  if (max_absent > 65536) return e::max_absent;
  return e::none;
}

}  // namespace v1
}  // namespace flotilla
