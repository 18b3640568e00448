// tests/testing/checkers/shadow_view_test.cpp - flotilla/testing/checkers/shadow_view.hpp
// It finds whatever has changed in a table, also where rows are reused, and its mark misses
// nothing.
#include <flotilla/testing/checkers/shadow_view.hpp>

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <testing/checkers/view_support.hpp>

namespace {

using namespace view_support;  // NOLINT(google-build-using-namespace)
using flotilla::testing::shadow_view;
using flotilla::testing::view_mark;
using flotilla::testing::view_text;

struct age {
  int value{0};
};

TEST(ShadowView, FindsWhatIsFreshChangedAndGone) {
  cluster group{1, quick()};
  group.add();
  shadow_view<age> shadow;
  std::vector<std::string> seen;
  const auto look = [&] {
    seen.clear();
    shadow.look(
        group[0],
        [&](auto& e, const member& now, bool fresh) {
          seen.push_back((fresh ? "fresh " : view_text(e.shown) + " -> ") + view_text(now));
          if (fresh) e.note.value = static_cast<int>(now.id);
        },
        [&](const auto& e) { seen.push_back("gone " + view_text(e.shown)); });
  };
  using strings = std::vector<std::string>;
  const auto feed = [&](const std::vector<wire::fact>& facts) {
    group.sim().command(0, [&](engine& e) { tell(e, group.now(), facts); });
  };
  look();
  EXPECT_EQ(seen, strings{});  // self is left out
  feed({living(2, 0), living(3, 5, elsewhere)});
  look();
  EXPECT_EQ(seen,
            (strings{"fresh alive 2@0 at 10.9.9.9:7946", "fresh alive 3@5 at 10.8.8.8:7946"}));
  look();
  EXPECT_EQ(seen, strings{});
  feed({living(2, 4)});
  look();
  EXPECT_EQ(seen, strings{"alive 2@0 at 10.9.9.9:7946 -> alive 2@4 at 10.9.9.9:7946"});
  EXPECT_EQ(shadow.find(member_id{2})->note.value, 2);
  group.sim().command(0, [](engine& e) {
    EXPECT_EQ(e.evict(member_id{2}), command_error::none);
    EXPECT_EQ(e.allow(member_id{2}), command_error::none);
  });
  look();
  EXPECT_EQ(seen, strings{"gone alive 2@4 at 10.9.9.9:7946"});
  EXPECT_EQ(shadow.find(member_id{2}), nullptr);
  EXPECT_EQ(shadow.size(), 1U);
  EXPECT_EQ(shadow.find(member_id{3})->note.value, 3);
}

TEST(ShadowView, KeepsNotesWhenRowsAreReused) {
  config base = quick();
  base.max_denied = 300;
  cluster group{1, base};
  group.add();
  shadow_view<age> shadow;
  std::map<std::uint64_t, int> expected;
  flotilla::testing::random_generator random{5};
  int next = 0;
  for (int round = 0; round < 60; ++round) {
    std::vector<wire::fact> news;
    for (int i = 0; i < 10; ++i) {
      const std::uint32_t id = 2 + random.below(200);
      news.push_back(living(id, 0, endpoint::ipv4({10, 1, 1, std::uint8_t(id)}, 7946)));
    }
    group.sim().command(0, [&](engine& e) {
      tell(e, group.now(), news);
      for (int i = 0; i < 5; ++i) {
        const member_id id{2 + random.below(200)};
        (void)e.evict(id);
        (void)e.allow(id);
      }
    });
    shadow.look(
        group[0],
        [&](auto& e, const member& now, bool fresh) {
          ASSERT_TRUE(fresh);
          e.note.value = ++next;
          ASSERT_TRUE(expected.emplace(std::uint64_t(now.id), next).second);
        },
        [&](const auto& e) { EXPECT_EQ(expected.erase(std::uint64_t(e.shown.id)), 1U); });
    ASSERT_EQ(shadow.size(), expected.size());
    ASSERT_EQ(shadow.size() + 1, group[0].members().size());
    for (const auto& [id, note] : expected) {
      ASSERT_NE(shadow.find(member_id{id}), nullptr);
      EXPECT_EQ(shadow.find(member_id{id})->note.value, note);
    }
  }
  EXPECT_GT(next, 200);
  ASSERT_FALSE(expected.empty());
  const member_id one{expected.begin()->first};
  shadow.erase(one);
  shadow.erase(one);  // it is not there any more
  EXPECT_EQ(shadow.find(one), nullptr);
  EXPECT_EQ(shadow.size(), expected.size() - 1);
}

/// Holds in every step of a rough day: where the mark stands still, so does the table.
class mark_watcher final : public engine_observer {
 public:
  void on_start(time_point now, node_index node, std::uint32_t life) override {
    (void)now, (void)life;
    if (node >= nodes_.size()) nodes_.resize(node + std::size_t{1});
    nodes_[node] = {};
  }
  void on_step(time_point now, node_index node, const engine& after, input_kind input) override {
    (void)now;
    std::vector<member> all;
    for (const member m : after.members()) all.push_back(m);
    all.erase(all.begin());
    const std::uint64_t mark = view_mark(after.stats());
    if ((input == input_kind::receive || input == input_kind::tick) && mark == nodes_[node].mark) {
      ++still;
      if (all != nodes_[node].all) ++missed;
    }
    nodes_[node] = {mark, std::move(all)};
  }
  std::uint64_t still{0};
  std::uint64_t missed{0};

 private:
  struct looked {
    std::uint64_t mark{0};
    std::vector<member> all{};
  };
  std::vector<looked> nodes_{};
};

TEST(ViewMark, MovesWithEveryChangeOfTheTable) {
  rough_day day{1};
  mark_watcher watching;
  day.group.sim().watch(watching);
  day.run();
  EXPECT_GT(watching.still, 5000U);
  EXPECT_EQ(watching.missed, 0U);
}

}  // namespace
