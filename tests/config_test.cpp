// config_test.cpp - flotilla/config.hpp
// Every limit from both sides, one error for each, and the figures that the presets promise.
#include <flotilla/config.hpp>

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <set>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace {

using namespace std::chrono_literals;
using flotilla::config;
using flotilla::config_error;
using flotilla::duration;
using flotilla::endpoint;
using flotilla::max_duration;
using flotilla::member_id;

static_assert(std::is_aggregate_v<config>);  // set by field name

constexpr duration ns{1};
constexpr std::uint32_t most = std::numeric_limits<std::uint32_t>::max();

config complete(config c) {
  c.id = member_id{1};
  c.address = endpoint::ipv4({10, 0, 0, 1}, 7946);
  return c;
}

const std::array<std::pair<const char*, config>, 4> presets{{{"lan", config::lan()},
                                                             {"wan", config::wan()},
                                                             {"loopback", config::loopback()},
                                                             {"swim_paper", config::swim_paper()}}};

// One limit: the last value that is allowed and the first one that is not, both set on a complete
// lan(). Where a limit depends on other fields, they are moved out of its way.
struct limit {
  config_error error;
  std::string_view field;
  void (*keep)(config&);
  void (*breach)(config&);
};

// Fails to compile when no field has the error's name.
#define LIMIT(name, keep, breach)                                                        \
  {                                                                                      \
    config_error::name, sizeof(config::name) != 0 ? #name : "", [](config& c) { keep; }, \
        [](config& c) { breach; }                                                        \
  }

const limit limits[] = {
    LIMIT(id, c.id = member_id{1}, c.id = member_id{0}),
    LIMIT(id, c.id = member_id{~std::uint64_t{0}}, c.id = member_id{0}),
    LIMIT(address, c.address = endpoint::ipv4({10, 0, 0, 1}, 1),
          c.address = endpoint::ipv4({10, 0, 0, 1}, 0)),
    LIMIT(address, c.address = endpoint::ipv4({223, 255, 255, 255}, 1),
          c.address = endpoint::ipv4({224, 0, 0, 0}, 1)),
    LIMIT(address, c.address = endpoint::ipv6({1}, 1), c.address = endpoint{}),
    LIMIT(protocol_period,
          (c.protocol_period = 1ms, c.direct_timeout = 500us, c.tick_granularity = 0ns),
          (c.protocol_period = 1ms - ns, c.direct_timeout = 400us, c.tick_granularity = 0ns)),
    LIMIT(protocol_period,
          (c.protocol_period = max_duration, c.tombstone_lifetime = max_duration,
           c.repair_interval = c.healing_interval = 0ns),
          (c.protocol_period = max_duration + ns, c.tombstone_lifetime = max_duration,
           c.repair_interval = c.healing_interval = 0ns)),
    LIMIT(protocol_period, c.protocol_period = 1s, c.protocol_period = duration::min()),
    LIMIT(direct_timeout, (c.direct_timeout = 100us, c.tick_granularity = 0ns),
          (c.direct_timeout = 100us - ns, c.tick_granularity = 0ns)),
    LIMIT(direct_timeout, c.direct_timeout = 500ms, c.direct_timeout = 500ms + ns),
    LIMIT(direct_timeout, (c.protocol_period = 1s + 2 * ns, c.direct_timeout = 500ms + ns),
          (c.protocol_period = 1s + ns, c.direct_timeout = 500ms + ns)),
    LIMIT(tick_granularity, c.tick_granularity = 0ns, c.tick_granularity = -ns),
    LIMIT(tick_granularity, c.tick_granularity = c.direct_timeout,
          c.tick_granularity = c.direct_timeout + ns),
    LIMIT(helpers, c.helpers = config::max_helpers, c.helpers = config::max_helpers + 1),
    LIMIT(helpers, c.helpers = 0, c.helpers = most),
    LIMIT(period_jitter_percent, c.period_jitter_percent = 50, c.period_jitter_percent = 51),
    LIMIT(period_jitter_percent, c.period_jitter_percent = 0, c.period_jitter_percent = most),
    LIMIT(suspicion_multiplier, c.suspicion_multiplier = 1, c.suspicion_multiplier = 0),
    LIMIT(suspicion_multiplier, c.suspicion_multiplier = 1000, c.suspicion_multiplier = 1001),
    LIMIT(suspicion_max_multiplier, c.suspicion_max_multiplier = 1, c.suspicion_max_multiplier = 0),
    LIMIT(suspicion_max_multiplier, c.suspicion_max_multiplier = 100,
          c.suspicion_max_multiplier = 101),
    LIMIT(retransmit_multiplier, c.retransmit_multiplier = 1, c.retransmit_multiplier = 0),
    LIMIT(retransmit_multiplier, c.retransmit_multiplier = 16, c.retransmit_multiplier = 17),
    LIMIT(local_health_max, c.local_health_max = 64, c.local_health_max = 65),
    LIMIT(local_health_max, c.local_health_max = 0, c.local_health_max = most),
    LIMIT(max_direct_probes, c.max_direct_probes = 32, c.max_direct_probes = 33),
    LIMIT(max_direct_probes, c.max_direct_probes = 1, c.max_direct_probes = 0),
    LIMIT(join_retry, c.join_retry = 1ms, c.join_retry = 1ms - ns),
    LIMIT(join_retry, c.join_retry = c.join_timeout, c.join_retry = c.join_timeout + ns),
    LIMIT(join_timeout, c.join_retry = c.join_timeout = 1ms,
          c.join_retry = c.join_timeout = 1ms - ns),
    LIMIT(join_timeout, c.join_timeout = max_duration, c.join_timeout = max_duration + ns),
    LIMIT(leave_timeout, c.leave_timeout = 1ms, c.leave_timeout = 1ms - ns),
    LIMIT(leave_timeout, c.leave_timeout = max_duration, c.leave_timeout = max_duration + ns),
    LIMIT(tombstone_lifetime, (c.repair_interval = 0ns, c.tombstone_lifetime = c.protocol_period),
          (c.repair_interval = 0ns, c.tombstone_lifetime = c.protocol_period - ns)),
    LIMIT(tombstone_lifetime, c.tombstone_lifetime = 3 * c.repair_interval,
          c.tombstone_lifetime = 3 * c.repair_interval - ns),
    LIMIT(tombstone_lifetime, c.tombstone_lifetime = max_duration,
          c.tombstone_lifetime = max_duration + ns),
    LIMIT(repair_interval, c.repair_interval = 0ns, c.repair_interval = -ns),
    LIMIT(repair_interval, c.repair_interval = c.protocol_period,
          c.repair_interval = c.protocol_period - ns),
    LIMIT(repair_interval,
          (c.repair_interval = max_duration / 3, c.tombstone_lifetime = max_duration),
          (c.repair_interval = max_duration / 3 + ns, c.tombstone_lifetime = max_duration)),
    LIMIT(healing_interval, c.healing_interval = 0ns, c.healing_interval = -ns),
    LIMIT(healing_interval, c.healing_interval = c.protocol_period,
          c.healing_interval = c.protocol_period - ns),
    LIMIT(healing_interval, c.healing_interval = max_duration,
          c.healing_interval = max_duration + ns),
    LIMIT(flap_half_life, c.flap_half_life = 0ns, c.flap_half_life = -ns),
    LIMIT(flap_half_life, c.flap_half_life = c.protocol_period,
          c.flap_half_life = c.protocol_period - ns),
    LIMIT(flap_half_life, c.flap_half_life = max_duration, c.flap_half_life = max_duration + ns),
    LIMIT(max_datagram_size, c.max_datagram_size = 96, c.max_datagram_size = 95),
    LIMIT(max_datagram_size, c.max_datagram_size = 65507, c.max_datagram_size = 65508),
    LIMIT(datagram_overhead, c.datagram_overhead = 1400 - 96, c.datagram_overhead = 1400 - 95),
    LIMIT(datagram_overhead, c.datagram_overhead = 0,
          c.datagram_overhead = std::numeric_limits<std::size_t>::max()),
    LIMIT(max_members, c.max_members = 1, c.max_members = 0),
    LIMIT(max_members, c.max_members = 0xfffffe, c.max_members = 0xffffff),
    LIMIT(expected_members, c.expected_members = c.max_members,
          c.expected_members = c.max_members + 1),
    LIMIT(max_new_members, c.max_new_members = 1, c.max_new_members = 0),
    LIMIT(max_chunks, c.max_chunks = 1, c.max_chunks = 0),
    LIMIT(max_transmits, c.max_transmits = 64, c.max_transmits = 63),
    LIMIT(max_transmits, c.max_transmits = 65536, c.max_transmits = 65537),
    LIMIT(max_denied, c.max_denied = 65536, c.max_denied = 65537),
    LIMIT(max_denied, c.max_denied = 0, c.max_denied = most),
    LIMIT(max_absent, c.max_absent = 65536, c.max_absent = 65537),
    LIMIT(max_absent, c.max_absent = 0, c.max_absent = most),
};

#undef LIMIT

TEST(Config, EveryLimitFromBothSides) {
  std::set<config_error> covered;
  for (const limit& l : limits) {
    const auto row = &l - limits;
    config inside = complete(config::lan());
    l.keep(inside);
    EXPECT_EQ(inside.validate(), config_error::none)
        << l.field << ", row " << row << ": " << to_string(inside.validate());
    config outside = complete(config::lan());
    l.breach(outside);
    EXPECT_EQ(outside.validate(), l.error)
        << l.field << ", row " << row << ": " << to_string(outside.validate());
    covered.insert(l.error);
  }
  EXPECT_EQ(covered.size(), flotilla::config_error_count - 1) << "an error without a row above";
}

// Users print the error to learn which field to change.
TEST(Config, ErrorsAreNamedAfterTheirFields) {
  for (const limit& l : limits) EXPECT_EQ(to_string(l.error), l.field);
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < flotilla::config_error_count; ++i) {
    const std::string_view name = to_string(static_cast<config_error>(i));
    EXPECT_TRUE(names.insert(name).second) << name;
    EXPECT_NE(name, "invalid") << i;
  }
  EXPECT_EQ(to_string(config_error{}), "none");
  for (std::size_t i = flotilla::config_error_count; i < 256; ++i) {
    EXPECT_EQ(to_string(static_cast<config_error>(i)), "invalid") << i;
  }
}

// Fixing what is reported, one field at a time, leads through the fields from top to bottom.
TEST(Config, TheFirstBrokenRelationIsReported) {
  const config good = complete(config::lan());
  config c = good;
  c.id = member_id{0};
  c.address = endpoint{};
  for (duration config::*field :
       {&config::protocol_period, &config::direct_timeout, &config::tick_granularity,
        &config::join_retry, &config::join_timeout, &config::leave_timeout,
        &config::tombstone_lifetime, &config::repair_interval, &config::healing_interval,
        &config::flap_half_life}) {
    c.*field = -ns;
  }
  c.helpers = c.period_jitter_percent = c.local_health_max = c.max_direct_probes = most;
  c.suspicion_multiplier = c.suspicion_max_multiplier = c.retransmit_multiplier = 0;
  c.max_datagram_size = 0;
  c.datagram_overhead = 65507;
  c.max_members = 0;
  c.expected_members = most;
  c.max_new_members = c.max_chunks = c.max_transmits = 0;
  c.max_denied = c.max_absent = most;

#define FIX(name)                                              \
  EXPECT_EQ(to_string(c.validate()), std::string_view{#name}); \
  c.name = good.name
  FIX(id);
  FIX(address);
  FIX(protocol_period);
  FIX(direct_timeout);
  FIX(tick_granularity);
  FIX(helpers);
  FIX(period_jitter_percent);
  FIX(suspicion_multiplier);
  FIX(suspicion_max_multiplier);
  FIX(retransmit_multiplier);
  FIX(local_health_max);
  FIX(max_direct_probes);
  FIX(join_timeout);  // before join_retry, which may not exceed it
  FIX(join_retry);
  FIX(leave_timeout);
  FIX(repair_interval);  // before tombstone_lifetime, which must outlive three of them
  FIX(tombstone_lifetime);
  FIX(healing_interval);
  FIX(flap_half_life);
  FIX(max_datagram_size);
  FIX(datagram_overhead);
  FIX(max_members);
  FIX(expected_members);
  FIX(max_new_members);
  FIX(max_chunks);
  FIX(max_transmits);
  FIX(max_denied);
  FIX(max_absent);
#undef FIX
  EXPECT_EQ(c.validate(), config_error::none);
}

TEST(Config, PresetsNeedOnlyIdAndAddress) {
  for (const auto& [name, preset] : presets) {
    config c = preset;
    EXPECT_EQ(c.validate(), config_error::id) << name;
    c.id = member_id{1};
    EXPECT_EQ(c.validate(), config_error::address) << name;
    EXPECT_EQ(complete(preset).validate(), config_error::none)
        << name << ": " << to_string(complete(preset).validate());
    EXPECT_EQ(preset.initial_incarnation, flotilla::incarnation{0}) << name;
    EXPECT_TRUE(preset.cluster.empty()) << name;
    EXPECT_EQ(preset.datagram_overhead, 0U) << name;
    EXPECT_EQ(preset.flap_half_life, 0s) << name << ": an option";
    EXPECT_EQ(preset.expected_members, 0U) << name;
  }
}

// DESIGN.md, sections 1, 2 and 4: "at least 65,536 by default", "default 1400", "burst at least
// 4,096", "at least 128 by default".
TEST(Config, DefaultLimitsAreThosePromised) {
  for (const auto& [name, preset] : presets) {
    EXPECT_GE(preset.max_members, 65536U) << name;
    EXPECT_EQ(preset.max_datagram_size, 1400U) << name;
    EXPECT_GE(preset.max_new_members, 4096U) << name;
    EXPECT_GE(preset.max_chunks, 128U) << name;
  }
  EXPECT_EQ(max_duration, 30 * 24h);
  EXPECT_EQ(flotilla::min_datagram_size, 96U);
  EXPECT_EQ(flotilla::max_datagram_size_limit, 65507U);
}

// ceil(ln(n + 1)), the paper's logarithm. Tests may use floating point, the engine may not.
std::uint32_t log_of(std::uint32_t members) {
  return static_cast<std::uint32_t>(std::ceil(std::log(static_cast<double>(members) + 1)));
}

// "Tombstones outlive the slowest spread plus three repair intervals": else old gossip raises the
// dead.
TEST(Config, TombstonesOutliveSpreadAndRepair) {
  for (const auto& [name, preset] : presets) {
    const duration spread =
        preset.protocol_period * (preset.retransmit_multiplier * log_of(preset.max_members));
    EXPECT_GE(preset.tombstone_lifetime, spread + 3 * preset.repair_interval) << name;
  }
}

TEST(Config, LoopbackIsQuickButNotHasty) {
  const config c = config::loopback();
  EXPECT_GE(c.protocol_period, 100ms);
  EXPECT_LE(c.protocol_period, 250ms);
  EXPECT_EQ(log_of(10), 3U);
  EXPECT_GE(c.protocol_period * (c.suspicion_multiplier * log_of(10)), 1s);
  EXPECT_GE(c.direct_timeout, 10ms);
  EXPECT_LE(c.join_retry, 250ms);
}

TEST(Config, LanRepeatsAJoinWithinHalfASecond) { EXPECT_LE(config::lan().join_retry, 500ms); }

TEST(Config, WiderNetworksWaitLonger) {
  const config near = config::loopback();
  const config middle = config::lan();
  const config far = config::wan();
  for (const auto field : {&config::protocol_period, &config::direct_timeout, &config::join_retry,
                           &config::join_timeout, &config::leave_timeout, &config::repair_interval,
                           &config::healing_interval, &config::tombstone_lifetime}) {
    EXPECT_LT(near.*field, middle.*field);
    EXPECT_LT(middle.*field, far.*field);
  }
}

// DESIGN.md, section 4: K = 1, period 2 s, time-out 200 ms, 3*ceil(ln(n+1)), no jitter, repair or
// healing.
TEST(Config, SwimPaperIsThePapersTiming) {
  const config c = config::swim_paper();
  EXPECT_EQ(c.helpers, 1U);
  EXPECT_EQ(c.protocol_period, 2s);
  EXPECT_EQ(c.direct_timeout, 200ms);
  EXPECT_EQ(c.retransmit_multiplier, 3U);
  EXPECT_EQ(c.suspicion_multiplier, 3U);
  EXPECT_EQ(c.suspicion_max_multiplier, 1U) << "Lifeguard came 15 years later";
  EXPECT_FALSE(c.checked_verdicts);
  EXPECT_EQ(c.local_health_max, 0U);
  EXPECT_EQ(c.max_direct_probes, 1U);
  EXPECT_EQ(c.period_jitter_percent, 0U);
  EXPECT_EQ(c.repair_interval, 0s);
  EXPECT_EQ(c.healing_interval, 0s);
}

// DESIGN.md, section 4: "never in production". The defaults are the protocol, whatever the preset;
// and since switches only choose between rules, none of their combinations is refused.
TEST(Config, ExperimentsAreOffAndEveryCombinationIsValid) {
  for (const auto& [name, preset] : presets) {
    EXPECT_EQ(preset.experiment, flotilla::experiment{}) << name;
    for (unsigned bits = 0; bits < 4096; ++bits) {
      const auto bit = [bits](unsigned i) { return (bits >> i & 1U) != 0; };
      config c = complete(preset);
      c.experiment = {bit(0), bit(1), bit(2), bit(3), bit(4),  bit(5),
                      bit(6), bit(7), bit(8), bit(9), bit(10), bit(11)};
      EXPECT_EQ(c.validate(), config_error::none) << name << ", " << bits;
      EXPECT_EQ(c == complete(preset), c.experiment == flotilla::experiment{}) << bits;
    }
  }
}

}  // namespace
