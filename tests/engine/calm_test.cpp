// Tests of flotilla/engine/calm.hpp: a calm engine does what one does that looks everywhere.
// A refused command disturbs the calm and changes nothing else: twins, one of which hears one
// before each input, must stay the same through a group's whole life.
#include <flotilla/engine/calm.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <flotilla/testing/simulation.hpp>
#include <optional>
#include <vector>

#include <support/engine_world.hpp>

namespace {

using namespace support;
using namespace std::chrono_literals;

/// Two engines that are given the same; all that they say is compared.
struct twins {
  engine calm;
  engine disturbed;
  std::vector<std::byte> other_buffer = std::vector<std::byte>(65536);

  explicit twins(const config& settings, time_point now)
      : calm{settings, now}, disturbed{settings, now} {}

  void disturb() {
    const command_error refused = disturbed.join(std::initializer_list<endpoint>{});
    EXPECT_NE(refused, command_error::none);
  }
  void receive(time_point now, const endpoint& from, std::span<const std::byte> bytes) {
    disturb();
    EXPECT_EQ(calm.receive(now, from, bytes), disturbed.receive(now, from, bytes));
  }
  void tick(time_point now) {
    disturb();
    calm.tick(now);
    disturbed.tick(now);
  }
  std::optional<flotilla::transmit> poll_transmit(std::span<std::byte> buffer) {
    disturb();
    const auto ours = calm.poll_transmit(buffer);
    const auto theirs = disturbed.poll_transmit({other_buffer.data(), buffer.size()});
    EXPECT_EQ(ours.has_value(), theirs.has_value());
    if (ours && theirs) {
      EXPECT_EQ(ours->to, theirs->to);
      EXPECT_EQ(to_hex(bytes(ours->bytes.begin(), ours->bytes.end())),
                to_hex(bytes(theirs->bytes.begin(), theirs->bytes.end())));
    }
    return ours;
  }
  std::optional<flotilla::event> poll_event() {
    disturb();
    auto ours = calm.poll_event();
    EXPECT_TRUE(ours == disturbed.poll_event());
    return ours;
  }
  [[nodiscard]] time_point next_deadline() const {
    EXPECT_EQ(calm.next_deadline(), disturbed.next_deadline());
    return calm.next_deadline();
  }
  [[nodiscard]] bool agree() const {
    return calm == disturbed && calm.state_hash() == disturbed.state_hash() &&
           calm.stats() == disturbed.stats();
  }
};

using twin_simulation = flotilla::testing::simulation<twins>;

config settings_of(std::uint32_t i, bool repairs) {
  config c = repairs ? config::lan() : plain_config_of_a_group();
  c.id = member_id{i + 1};
  c.address = flotilla::testing::default_address(i);
  c.seed = 100 + i;
  return c;
}

/// Everybody joins through the first one.
void add_joined(twin_simulation& sim, std::uint32_t count, bool repairs) {
  for (std::uint32_t i = 0; i < count; ++i) {
    sim.add(twins{settings_of(i, repairs), sim.now()});
    if (i == 0) continue;
    const endpoint seed = flotilla::testing::default_address(0);
    sim.command(i, [&](twins& t) {
      EXPECT_EQ(t.calm.join({seed}), command_error::none);
      EXPECT_EQ(t.disturbed.join({seed}), command_error::none);
    });
  }
}
void expect_agreement(const twin_simulation& sim) {
  for (std::uint32_t i = 0; i < sim.size(); ++i) EXPECT_TRUE(sim[i].agree()) << "node " << i;
}

TEST(Calm, AGroupAtRestDoesTheSameAsOneThatIsDisturbed) {
  for (const bool repairs : {false, true}) {
    twin_simulation sim{3};
    add_joined(sim, 8, repairs);
    sim.run_for(120s);
    expect_agreement(sim);
    for (std::uint32_t i = 0; i < sim.size(); ++i) EXPECT_EQ(sim[i].calm.size(), 8U);
  }
}

/// Losses, a crash, a pause and a return: calm is disturbed and comes back.
TEST(Calm, SoDoesAGroupThatHasItsTroubles) {
  for (const bool repairs : {false, true}) {
    flotilla::testing::link_options lossy;
    lossy.loss = flotilla::testing::chance::percent(3);
    twin_simulation sim{4, lossy};
    add_joined(sim, 6, repairs);
    sim.run_for(20s);
    sim.freeze(1);
    sim.run_for(4s);
    sim.resume(1);
    sim.run_for(20s);
    sim.crash(5);
    sim.run_for(40s);
    sim.restart(5, twins{settings_of(5, repairs), sim.local_time(5)});
    sim.command(5, [](twins& t) {
      const endpoint seed = flotilla::testing::default_address(0);
      EXPECT_EQ(t.calm.join({seed}), command_error::none);
      EXPECT_EQ(t.disturbed.join({seed}), command_error::none);
    });
    sim.run_for(30s);
    sim.command(2, [](twins& t) {
      EXPECT_EQ(t.calm.leave(), command_error::none);
      EXPECT_EQ(t.disturbed.leave(), command_error::none);
    });
    sim.run_for(30s);
    expect_agreement(sim);
    EXPECT_GT(sim[0].calm.stats().probes_failed, 0U);
  }
}

/// A tick may come at the deadline, or so late that it ends an absence, and either side of that.
TEST(Calm, ALateTickIsNoticedAtTheSameTime) {
  config settings = plain_config();
  const duration tolerated = settings.direct_timeout + settings.tick_granularity;
  for (const duration late : {duration{0}, tolerated, tolerated + duration{1}, 3 * tolerated}) {
    engine_world w{settings};
    w.meet_all(3);
    w.flush_gossip(peer_of(2));
    twins pair{settings, w.now()};
    pair.calm = pair.disturbed = w.node;
    for (int i = 0; i < 4; ++i) {
      pair.tick(pair.next_deadline() + late);
      std::vector<std::byte> buffer(1400);
      while (pair.poll_transmit(buffer)) {
      }
      EXPECT_TRUE(pair.agree());
    }
    EXPECT_EQ(pair.calm.stats().late_inputs != w.stats().late_inputs, late > tolerated);
  }
}

}  // namespace
