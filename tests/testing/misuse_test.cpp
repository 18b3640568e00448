// Tests of flotilla/testing/misuse.hpp: mistakes of a test are told and stop it, in every build.
// Each of them once led to reads behind an array, or to a run that never ended.
#include <flotilla/testing/misuse.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <flotilla/testing/cluster.hpp>
#include <vector>

namespace {

using namespace flotilla;
using namespace flotilla::testing;
using namespace std::chrono_literals;

TEST(MisuseDeathTest, SaysWhatIsWrong) {
  EXPECT_DEATH(misuse("a mistake"), "flotilla/testing: a mistake");
  require(true, "nothing");
  EXPECT_DEATH(require(false, "another"), "another");
}

TEST(MisuseDeathTest, NodesThatThereAreNot) {
  cluster group{1};
  group.add_joined(2);
  EXPECT_DEATH(group.net().cut(700, 0), "there are not");
  EXPECT_DEATH(group.net().set_egress_loss(no_node, chance::always()), "there is not");
  EXPECT_DEATH(group.crash(no_node), "no such node");
  EXPECT_DEATH(group.freeze(2), "no such node");
}

TEST(MisuseDeathTest, ValuesThatMeanNothing) {
  cluster group{1};
  group.add();
  const std::vector<std::byte> long_one(200'000);
  EXPECT_DEATH(group.sim().inject(default_address(0), default_address(0), long_one), "65,536");
  EXPECT_DEATH((void)chance::ratio(1, 0), "in 0");
  EXPECT_DEATH(group.sim().run_until([] { return false; }, 1s, 0s), "no time");
}

/// Whoever looks on changes nothing: others would be told things in the wrong order.
class meddler final : public engine_observer {
 public:
  explicit meddler(cluster& group) : group_{&group} {}
  void on_send(time_point, node_index node, const engine&, const endpoint&,
               std::span<const std::byte>) override {
    group_->crash(node);
  }

 private:
  cluster* group_;
};

TEST(MisuseDeathTest, ObserversThatInterfere) {
  cluster group{1};
  meddler by{group};
  group.sim().watch(by);
  EXPECT_DEATH(group.add_joined(2), "an observer may");
}

/// The likeliest mistake in a node of one's own.
struct restless {
  struct nothing {};
  time_point now{};
  void receive(time_point, const endpoint&, std::span<const std::byte>) {}
  void tick(time_point at) { now = at; }
  std::optional<transmit> poll_transmit(std::span<std::byte>) { return {}; }
  std::optional<nothing> poll_event() { return {}; }
  [[nodiscard]] time_point next_deadline() const { return now; }
};

TEST(MisuseDeathTest, ANodeWhoseDeadlineStands) {
  simulation<restless> sim{1};
  sim.add(restless{});
  EXPECT_DEATH(sim.run_for(1s), "time stands still");
}

}  // namespace
