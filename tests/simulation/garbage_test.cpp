// tests/simulation/garbage_test.cpp - a group under a flood of its own datagrams, damaged
// For 20 s, 1,600 a second: mutated, cut, spliced, repeated, from members and strangers. Then calm.
#include <gtest/gtest.h>

#include <array>
#include <random>
#include <simulation/scenario.hpp>
#include <vector>

namespace simulation {
namespace {

constexpr std::size_t members = 16;

/// Keeps what the group says and says it again, badly.
class vandal {
 public:
  vandal(group& g, std::uint64_t seed) : group_{g}, random_{seed} {
    g.sent = [this](const support::packet& what) {
      if (heard_.size() < 512) {
        heard_.push_back(what);
      } else {
        heard_[random_() % heard_.size()] = what;
      }
    };
  }

  void speak() {
    if (heard_.empty()) return;
    const support::packet& original = any();
    support::bytes data = original.data;
    switch (random_() % 4) {
      case 0:
        for (std::uint64_t changes = 1 + random_() % 6; changes != 0; --changes) {
          data[random_() % data.size()] ^= std::byte{static_cast<std::uint8_t>(random_())};
        }
        break;
      case 1: data.resize(random_() % data.size()); break;
      case 2: {
        const support::bytes& other = any().data;
        const std::size_t at = random_() % data.size();
        const std::size_t from = random_() % other.size();
        data.resize(at);
        data.insert(data.end(), other.begin() + static_cast<std::ptrdiff_t>(from), other.end());
        break;
      }
      default: break;
    }
    // Most would be refused for their length alone.
    if (random_() % 2 == 0 && data.size() > 3) {
      data[2] = static_cast<std::byte>(data.size() >> 8U);
      data[3] = static_cast<std::byte>(data.size() & 0xffU);
    }
    // To anybody, who mostly refuses it as not addressed to him, or to whom it was addressed.
    const auto to = random_() % 2 == 0 ? original.to : address_of(random_() % members);
    const std::size_t from = random_() % (2 * members);  // the upper half: strangers
    group_.inject({address_of(from), to, std::move(data)});
  }

 private:
  const support::packet& any() { return heard_[random_() % heard_.size()]; }

  group& group_;
  std::mt19937_64 random_;
  std::vector<support::packet> heard_;
};

void calm_after_garbage(std::uint64_t seed, const config& settings) {
  group g = joined(seed, members, settings);
  ASSERT_TRUE(g.run_until([&] { return g.full_mesh(); }, 30s)) << blind_spots(g);
  vandal v{g, seed};
  for (int i = 0; i < 20 * 1600; ++i) {
    v.speak();
    g.run_for(625us);
  }
  duration calm{};
  while (!living_seen_alive(g) && calm < 60s) {
    g.run_for(100ms);
    calm += 100ms;
  }
  ASSERT_TRUE(living_seen_alive(g)) << "after 60 s:" << blind_spots(g);
  // From here on it stays so. What has not died down by the 60th second would show here.
  g.run_for(60s - calm);
  for (int second = 0; second < 120; ++second) {
    ASSERT_TRUE(living_seen_alive(g)) << second << " s later:" << blind_spots(g);
    g.run_for(1s);
  }
  for (std::size_t i = 0; i < members; ++i) {
    EXPECT_EQ(g[i].self().state, member_state::alive);
    EXPECT_EQ(g[i].stats().events_dropped, 0U);
  }
  expect_events_tell_the_members(g);
}

TEST(a_flood_of_garbage, leaves_a_loopback_group_whole) {
  for_each_seed(2, [](std::uint64_t seed) { calm_after_garbage(seed, config::loopback()); });
}

TEST(a_flood_of_garbage, leaves_a_lan_group_whole) {
  for_each_seed(2, [](std::uint64_t seed) { calm_after_garbage(seed, config::lan()); });
}

}  // namespace
}  // namespace simulation
