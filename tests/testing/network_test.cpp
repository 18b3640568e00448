// tests/testing/network_test.cpp - flotilla/testing/network.hpp
// Each kind of fault does what its name says, to whom it was meant for, and has a counter.
#include <flotilla/testing/network.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <vector>

namespace {

using namespace std::chrono_literals;
using flotilla::duration;
using flotilla::testing::chance;
using flotilla::testing::latency;
using flotilla::testing::link_options;
using flotilla::testing::network;
using flotilla::testing::network_statistics;
using flotilla::testing::no_node;
using flotilla::testing::node_index;

constexpr std::uint32_t many = 100'000;

network make(const link_options& link, node_index nodes = 4, std::uint64_t seed = 1) {
  network net{seed, link};
  net.resize(nodes);
  return net;
}

bool passes(network& net, node_index from, node_index to) { return net.send(from, to).copies != 0; }

std::uint32_t passed(network& net, node_index from, node_index to, std::uint32_t sent = many) {
  std::uint32_t count = 0;
  for (std::uint32_t i = 0; i < sent; ++i) count += passes(net, from, to) ? 1U : 0U;
  return count;
}

TEST(Network, UnharmedEverythingArrivesOnceInTime) {
  network net = make({});
  for (std::uint32_t i = 0; i < many; ++i) {
    const network::fate fate = net.send(0, 1);
    ASSERT_EQ(fate.copies, 1U);
    ASSERT_GE(fate.delays[0], 500us);
    ASSERT_LT(fate.delays[0], 1ms);
  }
  EXPECT_EQ(net.stats(), network_statistics{});
}

TEST(Network, LosesItsShareAndCountsIt) {
  link_options link;
  link.loss = chance::percent(30);
  network net = make(link);
  EXPECT_NEAR(passed(net, 0, 1), 0.7 * many, 0.01 * many);
  EXPECT_NEAR(static_cast<double>(net.stats().lost), 0.3 * many, 0.01 * many);
  EXPECT_EQ(net.stats().lost_in_burst, 0U);
}

/// How often a loss follows a loss, and a loss an arrival, in percent.
struct clustering {
  double after_loss;
  double after_arrival;
  double all;
};
clustering clustering_of(const link_options& link) {
  network net = make(link);
  std::uint32_t counts[2][2] = {};
  bool lost_before = false;
  for (std::uint32_t i = 0; i < many; ++i) {
    const bool lost = !passes(net, 0, 1);
    ++counts[lost_before ? 1 : 0][lost ? 1 : 0];
    lost_before = lost;
  }
  const auto share = [](std::uint32_t yes, std::uint32_t no) {
    return 100.0 * yes / static_cast<double>(yes + no);
  };
  return {share(counts[1][1], counts[1][0]), share(counts[0][1], counts[0][0]),
          share(counts[0][1] + counts[1][1], counts[0][0] + counts[1][0])};
}

TEST(Network, BurstsOfLossCluster) {
  link_options burst;
  burst.burst = {chance::percent(1), chance::percent(9), chance::always()};
  const clustering c = clustering_of(burst);
  EXPECT_NEAR(c.all, 10.0, 1.5);  // bad for 1 of (1 + 9)
  EXPECT_NEAR(c.after_loss, 91.0, 1.5);
  EXPECT_NEAR(c.after_arrival, 1.0, 0.3);

  link_options even;
  even.loss = chance::percent(10);
  const clustering e = clustering_of(even);
  EXPECT_NEAR(e.all, 10.0, 0.6);
  EXPECT_NEAR(e.after_loss, 10.0, 1.5);
  EXPECT_NEAR(e.after_arrival, 10.0, 0.6);
}

TEST(Network, EachPathHasBurstsOfItsOwn) {
  link_options link;
  link.burst = {chance::percent(1), chance::percent(9), chance::always()};
  network net = make(link);
  std::uint32_t both = 0;
  std::uint32_t one = 0;
  for (std::uint32_t i = 0; i < many; ++i) {
    const bool there = passes(net, 0, 1);
    const bool back = passes(net, 1, 0);
    both += !there && !back ? 1U : 0U;
    one += !there ? 1U : 0U;
  }
  // Independent: 10 % of 10 %. Shared state would give 10 %.
  EXPECT_NEAR(both, 0.01 * many, 0.006 * many);
  EXPECT_NEAR(one, 0.1 * many, 0.02 * many);
  EXPECT_EQ(net.stats().lost, 0U);
  EXPECT_GT(net.stats().lost_in_burst, one);
}

TEST(Network, AMildBurstLosesOnlyItsShare) {
  link_options link;
  link.burst = {chance::always(), chance::never(), chance::percent(40)};
  network net = make(link);
  EXPECT_NEAR(passed(net, 0, 1), 0.6 * many, 0.01 * many);
}

TEST(Network, DuplicatesEachWithADelayOfItsOwn) {
  link_options link;
  link.duplicate = chance::percent(20);
  network net = make(link);
  std::uint32_t twice = 0;
  std::uint32_t second_first = 0;
  for (std::uint32_t i = 0; i < many; ++i) {
    const network::fate fate = net.send(0, 1);
    ASSERT_GE(fate.copies, 1U);
    ASSERT_LE(fate.copies, 2U);
    if (fate.copies == 1) continue;
    ++twice;
    second_first += fate.delays[1] < fate.delays[0] ? 1U : 0U;
    ASSERT_GE(fate.delays[1], 500us);
    ASSERT_LT(fate.delays[1], 1ms);
  }
  EXPECT_NEAR(twice, 0.2 * many, 0.01 * many);
  EXPECT_NEAR(second_first, twice / 2.0, 0.03 * twice);
  EXPECT_EQ(net.stats().duplicated, twice);
}

TEST(Network, ReorderHoldsSomeBack) {
  link_options link;
  link.delay = latency::fixed(1ms);
  link.reorder = chance::percent(10);
  link.reorder_delay = latency::uniform(5ms, 6ms);
  network net = make(link);
  std::uint32_t held = 0;
  for (std::uint32_t i = 0; i < many; ++i) {
    const duration d = net.send(0, 1).delays[0];
    if (d == 1ms) continue;
    ++held;
    ASSERT_GE(d, 6ms);
    ASSERT_LT(d, 7ms);
  }
  EXPECT_NEAR(held, 0.1 * many, 0.01 * many);
  EXPECT_EQ(net.stats().reordered, held);
}

TEST(Network, CutsOneWayOnly) {
  network net = make({});
  net.cut(0, 1);
  EXPECT_TRUE(net.is_cut(0, 1) && !net.is_cut(1, 0) && net.any_cut());
  EXPECT_EQ(passed(net, 0, 1, 100), 0U);
  EXPECT_EQ(passed(net, 1, 0, 100), 100U);
  EXPECT_EQ(net.stats().cut, 100U);
  net.mend(0, 1);
  EXPECT_EQ(passed(net, 0, 1, 100), 100U);
  EXPECT_FALSE(net.any_cut());
}

TEST(Network, CutsBothWays) {
  network net = make({});
  net.cut_both_ways(2, 3);
  EXPECT_FALSE(passes(net, 2, 3) || passes(net, 3, 2));
  EXPECT_TRUE(passes(net, 0, 2) && passes(net, 3, 1) && passes(net, 0, 1));
  net.mend_both_ways(3, 2);
  EXPECT_TRUE(passes(net, 2, 3) && passes(net, 3, 2));
}

TEST(Network, CutsSetsFromSets) {
  network net = make({}, 6);
  const std::vector<node_index> from = {0, 1, 2};
  const std::vector<node_index> to = {2, 3};
  net.cut(from, to);
  for (node_index a = 0; a < 6; ++a) {
    for (node_index b = 0; b < 6; ++b) {
      const bool expected = a <= 2 && (b == 2 || b == 3) && a != b;
      EXPECT_EQ(net.is_cut(a, b), expected) << a << " to " << b;
    }
  }
}

TEST(Network, PartsIntoAnyNumberOfSides) {
  network net = make({}, 7);
  const std::vector<std::uint32_t> side_of = {5, 5, 1, 1, 1, 9};  // the seventh is on no side
  net.partition(side_of);
  for (node_index a = 0; a < 7; ++a) {
    for (node_index b = 0; b < 7; ++b) {
      const bool parted = a < 6 && b < 6 && side_of[a] != side_of[b];
      EXPECT_EQ(!passes(net, a, b), parted) << a << " to " << b;
    }
  }
  net.mend_all();
  for (node_index a = 0; a < 7; ++a) EXPECT_TRUE(passes(net, a, (a + 3) % 7));
}

TEST(Network, IsolatesOneFromAllButItself) {
  network net = make({}, 5);
  net.isolate(3);
  for (node_index a = 0; a < 5; ++a) {
    for (node_index b = 0; b < 5; ++b) {
      EXPECT_EQ(net.is_cut(a, b), (a == 3) != (b == 3)) << a << " to " << b;
    }
  }
}

TEST(Network, NewNodesAreConnectedAndOldCutsStay) {
  network net = make({}, 3);
  net.isolate(0);
  net.set_egress_loss(1, chance::always());
  net.clog(1, 2);
  for (node_index nodes = 4; nodes < 200; ++nodes) {
    net.resize(nodes);
    const node_index last = nodes - 1;
    ASSERT_TRUE(passes(net, 0, last) && passes(net, last, 0)) << nodes;
    ASSERT_TRUE(net.is_cut(0, 1) && net.is_cut(2, 0) && !net.is_cut(1, 2)) << nodes;
    ASSERT_TRUE(net.is_clogged(1, 2) && !net.is_clogged(2, 1)) << nodes;
    ASSERT_FALSE(passes(net, 1, 2));
    ASSERT_TRUE(passes(net, 2, 1));
  }
}

TEST(Network, LossAtOneNodeHasADirection) {
  network net = make({});
  net.set_egress_loss(0, chance::always());
  EXPECT_FALSE(passes(net, 0, 1));
  EXPECT_TRUE(passes(net, 1, 0));
  EXPECT_EQ(net.stats().lost_leaving, 1U);
  net.set_egress_loss(0, chance::never());
  net.set_ingress_loss(0, chance::always());
  EXPECT_TRUE(passes(net, 0, 1));
  EXPECT_FALSE(passes(net, 1, 0));
  EXPECT_EQ(net.stats().lost_arriving, 1U);
  net.set_ingress_loss(0, chance::percent(25));
  EXPECT_NEAR(passed(net, 1, 0), 0.75 * many, 0.01 * many);
}

TEST(Network, OnePathMayBeUnlikeTheOthers) {
  network net = make({});
  link_options bad;
  bad.loss = chance::always();
  net.set_link(0, 1, bad);
  EXPECT_FALSE(passes(net, 0, 1));
  EXPECT_TRUE(passes(net, 1, 0) && passes(net, 0, 2));
  net.set_link(bad);
  EXPECT_FALSE(passes(net, 0, 2));
  EXPECT_EQ(net.link(), bad);
  net.set_link(0, 1, {});
  EXPECT_TRUE(passes(net, 0, 1));
  net.reset_links();
  EXPECT_FALSE(passes(net, 0, 1));
}

TEST(Network, WhatNobodySentMeetsTheReceiversLossAndTheLink) {
  link_options link;
  link.burst = {chance::always(), chance::never(), chance::always()};
  network net = make(link);
  for (node_index a = 0; a < 4; ++a) net.isolate(a);
  EXPECT_TRUE(passes(net, no_node, 1));
  net.set_ingress_loss(1, chance::always());
  EXPECT_FALSE(passes(net, no_node, 1));
  EXPECT_EQ(net.stats().lost_arriving, 1U);
  link.loss = chance::always();
  net.set_link(link);
  EXPECT_FALSE(passes(net, no_node, 2));
  EXPECT_EQ(net.stats().lost, 1U);
}

TEST(Network, ClogsAPathInOneDirection) {
  network net = make({});
  net.clog(0, 1);
  net.clog(2, 3);
  EXPECT_TRUE(net.is_clogged(0, 1) && !net.is_clogged(1, 0));
  EXPECT_TRUE(passes(net, 0, 1)) << "it is held, not lost";
  net.unclog(0, 1);
  EXPECT_TRUE(!net.is_clogged(0, 1) && net.is_clogged(2, 3));
  net.unclog_all();
  EXPECT_FALSE(net.is_clogged(2, 3));
}

TEST(Network, TheSameSeedDecidesTheSame) {
  link_options link;
  link.loss = chance::percent(10);
  link.burst = {chance::percent(2), chance::percent(20), chance::percent(80)};
  link.duplicate = chance::percent(10);
  link.reorder = chance::percent(10);
  network a = make(link, 4, 7);
  network b = make(link, 4, 7);
  network other = make(link, 4, 8);
  std::uint32_t differences = 0;
  for (std::uint32_t i = 0; i < 10'000; ++i) {
    const network::fate mine = a.send(i % 4, (i + 1) % 4);
    const network::fate same = b.send(i % 4, (i + 1) % 4);
    const network::fate others = other.send(i % 4, (i + 1) % 4);
    ASSERT_EQ(mine.copies, same.copies);
    ASSERT_EQ(mine.delays, same.delays);
    differences += mine.delays != others.delays ? 1U : 0U;
  }
  EXPECT_EQ(a.stats(), b.stats());
  EXPECT_GT(differences, 5000U);
}

/// Whatever is broken on purpose is noticed, and what is mended too; a plain network's delays are
/// those that send() draws.
TEST(Network, IsPlainWhileNothingIsBroken) {
  network net = make({});
  EXPECT_TRUE(net.is_plain());
  network other = make({});
  for (int i = 0; i < 100; ++i) EXPECT_EQ(net.plain_delay(), other.send(0, 1).delays[0]);
  const auto breaks = [&](auto harm, auto mend) {
    harm();
    EXPECT_FALSE(net.is_plain());
    mend();
    EXPECT_TRUE(net.is_plain());
  };
  const auto heal = [&] { net.heal(); };
  breaks([&] { net.cut(0, 1); }, [&] { net.mend(0, 1); });
  breaks([&] { net.isolate(0); }, [&] { net.mend_all(); });
  breaks([&] { net.clog(0, 1); }, [&] { net.unclog(0, 1); });
  breaks([&] { net.clog(0, 1); }, [&] { net.unclog_all(); });
  breaks([&] { net.set_link(0, 1, {}); }, [&] { net.reset_links(); });
  breaks([&] { net.set_egress_loss(1, chance::percent(1)); },
         [&] { net.set_egress_loss(1, chance::never()); });
  breaks([&] { net.set_ingress_loss(1, chance::percent(1)); }, heal);
  for (const int fault : {0, 1, 2, 3}) {
    link_options link;
    if (fault == 0) link.loss = chance::percent(1);
    if (fault == 1) link.burst.begin = chance::percent(1);
    if (fault == 2) link.duplicate = chance::percent(1);
    if (fault == 3) link.reorder = chance::percent(1);
    breaks([&] { net.set_link(link); }, [&] { net.set_link({}); });
  }
}

TEST(Network, HealEndsEverything) {
  const link_options lossless;
  network net{1, lossless};
  net.resize(3);
  link_options bad = lossless;
  bad.loss = chance::always();
  net.set_link(bad);
  net.set_link(0, 1, bad);
  net.set_egress_loss(0, chance::always());
  net.set_ingress_loss(1, chance::always());
  net.cut_both_ways(0, 2);
  net.clog(1, 2);
  net.heal(lossless);
  for (node_index from = 0; from < 3; ++from) {
    for (node_index to = 0; to < 3; ++to) {
      EXPECT_EQ(net.send(from, to).copies, 1U) << from << " to " << to;
      EXPECT_FALSE(net.is_cut(from, to));
      EXPECT_FALSE(net.is_clogged(from, to));
    }
  }
  EXPECT_EQ(net.stats().lost + net.stats().cut, 0U);
}

}  // namespace
