// tests/testing/checkers/agreement_test.cpp - flotilla/testing/checkers/agreement.hpp
// Silent over rough days, also where an accusation is ahead of the address; bites when anybody
// tells or shows what the member never stated.
#include <flotilla/testing/checkers/agreement.hpp>

#include <gtest/gtest.h>

#include <cstddef>
#include <vector>

#include <testing/checkers/view_support.hpp>

namespace {

using namespace view_support;  // NOLINT(google-build-using-namespace)
using flotilla::testing::agreement_checker;

using agreement_stage = stage<agreement_checker>;

TEST(Agreement, HasNothingToSayAboutRoughDays) {
  expect_silence<agreement_checker>([](const agreement_checker::tally& judged) {
    EXPECT_GT(judged.facts, 3000U);
    EXPECT_GT(judged.views, 300U);
    EXPECT_EQ(judged.moves, 1U);
  });
}

TEST(Agreement, HoldsWhereAnAccusationIsAheadOfTheAddress) {
  agreement_stage s;
  for (const node_index i : {1U, 2U}) {
    s.group.add();
    s.group.join(i, 0);
  }
  s.group.run_for(3s);
  const endpoint old = s.group.sim().process_of(1).address;
  s.group.net().isolate(1);
  s.group.set_address(1, elsewhere);
  s.group.sim().inject(s.group.sim().process_of(2).address, s.group.sim().process_of(0).address,
                       ping({held(2, 1, member_state::suspect)}, s.group.id_of(2)));
  s.group.run_for(10ms);
  EXPECT_EQ(s.group[0].find(member_id{2}),
            (member{member_id{2}, old, incarnation{1}, member_state::suspect}));
  EXPECT_GT(s.watching.judged().behind, 0U);
  s.group.net().mend_all();
  s.group.run_for(10s);
  EXPECT_TRUE(s.found.empty()) << s.found.to_string();
  EXPECT_EQ(s.group[0].find(member_id{2})->address, elsewhere);
}

TEST(Agreement, LetsANewLifeCountFromZeroAtAnotherAddress) {
  agreement_stage s;
  s.group.add();
  s.group.join(1, 0);
  s.group.run_for(3s);
  s.group.set_address(1, elsewhere);
  s.group.run_for(3s);
  s.group.restart(1, memory_kept::nothing);
  EXPECT_EQ(s.group[1].self(), (member{member_id{2}, elsewhere, {}, member_state::alive}));
  s.group.join(1, 0);
  s.group.run_for(10s);
  EXPECT_TRUE(s.found.empty()) << s.found.to_string();
  EXPECT_TRUE(s.group.full_mesh());
}

TEST(Agreement, BitesWhenAMemberMovesWithinOneIncarnation) {
  agreement_stage s;
  config moved = s.group.config_of(0);
  moved.address = elsewhere;
  s.step(engine{moved, s.group.now()});
  EXPECT_EQ(s.found.count("S7"), 1U) << s.found.to_string();
  moved.initial_incarnation = incarnation{1};
  moved.address = there;
  s.step(engine{moved, s.group.now()});
  EXPECT_EQ(s.found.count(), 1U) << s.found.to_string();
}

TEST(Agreement, BitesWhenAFactIsTold) {
  const auto bites = [](const wire::fact& fact) {
    agreement_stage s;
    s.watching.on_send(s.group.now(), 0, s.group[0], there, ping({fact}));
    EXPECT_EQ(s.found.count("S7"), s.found.count());
    return s.found.count();
  };
  const endpoint own = flotilla::testing::default_address(0);
  EXPECT_EQ(bites(living(1, 0, own)), 0U);
  EXPECT_EQ(bites(living(1, 0, elsewhere)), 1U);
  EXPECT_EQ(bites(living(1, 1, own)), 1U);
  EXPECT_EQ(bites(living(9, 0, own)), 1U);                  // nobody has that id
  EXPECT_EQ(bites(held(1, 7, member_state::suspect)), 0U);  // carries no address
}

TEST(Agreement, BitesWhenAnAddressIsShownBeforeItWasStated) {
  agreement_stage s;
  s.group.add();
  s.group.set_address(1, elsewhere);
  const endpoint first = flotilla::testing::default_address(1);
  s.step(s.told({living(2, 0, first)}));
  s.step(s.told({living(2, 1, elsewhere)}));
  s.step(s.told({living(2, 1, first)}));  // an earlier one may be shown
  EXPECT_TRUE(s.found.empty()) << s.found.to_string();
  s.step(s.told({living(2, 0, elsewhere)}));
  EXPECT_EQ(s.found.count("S7"), 1U) << s.found.to_string();
  s.event_of(flotilla::member_updated{shown(2, 0, member_state::alive, elsewhere)});
  EXPECT_EQ(s.found.count("S7"), 2U) << s.found.to_string();
}

TEST(Agreement, BitesWhenAForgedAddressIsBelievedUnlessExempt) {
  for (const bool exempt : {false, true}) {
    agreement_stage s;
    s.group.add();
    s.group.join(1, 0);
    s.group.run_for(3s);
    if (exempt) s.watching.exempt(member_id{2});
    s.group.sim().inject(there, s.group.sim().process_of(0).address,
                         ping({living(2, 1, elsewhere)}));
    s.group.run_for(1s);
    EXPECT_EQ(s.found.empty(), exempt) << s.found.to_string();
    EXPECT_EQ(s.found.count("S7"), s.found.violations().size());
  }
}

TEST(Agreement, BitesWhenWhatIsSentDoesNotDecode) {
  agreement_stage s;
  const std::vector<std::byte> nonsense(40);
  s.watching.on_send(s.group.now(), 0, s.group[0], there, nonsense);
  EXPECT_EQ(s.found.count("S7"), 1U) << s.found.to_string();
}

}  // namespace
