// property/flat_index_property_test.cpp - flotilla/detail/flat_index.hpp
// Against a plain map, with digests chosen to collide in place, in tag and in both.
#include <flotilla/detail/flat_index.hpp>

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <map>
#include <set>

namespace {

using flotilla::detail::flat_index;
using flotilla::detail::no_row;

/// The place is in the low bits, the tag in the highest byte: homes at both ends of any size of
/// table, so that chains run into each other around the end.
std::uint64_t any_digest() {
  const std::uint64_t home =
      *rc::gen::weightedOneOf<std::uint64_t>({{3, rc::gen::inRange<std::uint64_t>(0, 3)},
                                              {3, rc::gen::inRange<std::uint64_t>(0xfffd, 0x10000)},
                                              {1, rc::gen::inRange<std::uint64_t>(0, 0x10000)}});
  return home | *rc::gen::inRange<std::uint64_t>(0, 3) << 56U;
}

TEST(FlatIndexProperty, IsAMultimapFromDigestsToRows) {
  EXPECT_TRUE(rc::check([] {
    flat_index index{*rc::gen::element<std::uint32_t>(0, 1, 48, 49, 1000)};
    std::map<std::uint32_t, std::uint64_t> model;  // the rows' digests
    const auto digest_of = [&](std::uint32_t row) { return model.at(row); };
    const auto steps = *rc::gen::inRange(0, 250);
    for (int i = 0; i < steps; ++i) {
      const auto row = *rc::gen::inRange<std::uint32_t>(0, 120);
      const auto held = model.find(row);
      if (held == model.end()) {
        const std::uint64_t digest = any_digest();
        RC_ASSERT(index.try_reserve(static_cast<std::uint32_t>(model.size() + 1), digest_of));
        index.insert(digest, row);
        model.emplace(row, digest);
      } else {
        index.erase(held->second, row, digest_of);
        model.erase(held);
      }
      RC_ASSERT(index.size() == model.size());
    }
    for (std::uint32_t row = 0; row < 120; ++row) {
      const auto held = model.find(row);
      const std::uint64_t digest = held == model.end() ? any_digest() : held->second;
      // All rows with this digest are offered, none twice, and none that is not held.
      std::multiset<std::uint32_t> offered;
      const std::uint32_t none = index.find(digest, [&](std::uint32_t candidate) {
        offered.insert(candidate);
        return false;
      });
      RC_ASSERT(none == no_row);
      for (const std::uint32_t candidate : offered) {
        RC_ASSERT(model.count(candidate) == 1U);
        RC_ASSERT(offered.count(candidate) == 1U);
      }
      for (const auto& [other, of_other] : model) {
        if (of_other == digest) RC_ASSERT(offered.count(other) == 1U);
      }
      if (held != model.end()) {
        RC_ASSERT(index.find(digest, [&](std::uint32_t r) { return r == row; }) == row);
      }
    }
    const flat_index copy = index;
    RC_ASSERT(copy == index);
  }));
}

}  // namespace
