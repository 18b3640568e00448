// Tests of flotilla/engine/repairing.hpp: what gossip has lost is fetched from others.
// Groups in memory; datagrams are lost on purpose.
#include <flotilla/engine/repairing.hpp>

#include <gtest/gtest.h>

#include <support/engine_world.hpp>

namespace {

using namespace support;

TEST(Repair, FetchesWhatGossipHasLost) {
  group g{23};
  config c = plain_config_of_a_group();
  c.repair_interval = c.protocol_period * 5;
  for (int i = 0; i < 3; ++i) g.add(c);
  for (std::size_t i = 1; i < 3; ++i) g[i].join({address_of(0)});
  ASSERT_TRUE(g.run_until([&] { return g.full_mesh(); }, 5s));
  g.run_for(2s);
  const peer lost = peer_of(4);  // known to one member only, and its gossip is spent
  g.drop = [](const endpoint& from, const endpoint&) { return from == address_of(0); };
  g.add(c);
  const auto tag = wire::group_tag_of("");
  g[0].receive(g.now(), peer_of(50).at,
               datagram(wire::ping{1}, {alive(lost)}, {.group_tag = tag, .sender = member_id{50}}));
  for (std::uint32_t i = 0; i < 40; ++i) {
    g[0].receive(g.now(), address_of(1),
                 datagram(wire::ping{i}, {}, {.group_tag = tag, .sender = member_id{2}}));
    g.drain(0);
  }
  g.drop = nullptr;
  EXPECT_EQ(g[0].stats().gossip_pending, 0U);
  EXPECT_TRUE(g.run_until([&] { return g.full_mesh(); }, 10 * c.repair_interval));
}

}  // namespace
