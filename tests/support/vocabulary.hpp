// tests/support/vocabulary.hpp - ids, addresses, incarnations and facts that a fuzzer's byte picks
// Chosen so that equal ones meet often, and so that every border of the rules lies among them.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <flotilla/flotilla.hpp>
#include <flotilla/wire/fact.hpp>
#include <vector>

#include <support/input.hpp>
#include <support/scene.hpp>

namespace fuzz {

/// Self, the six members, the one remembered as absent, seeds, strangers.
inline member_id pick_id(input& in) {
  constexpr std::array<std::uint64_t, 16> ids = {1,  2,  3,  4,  5,  6,  7,  absent_member,
                                                 30, 31, 40, 41, 42, 43, 44, 0};
  const std::uint8_t choice = in.u8();
  if (choice >= 0xf0) return member_id{in.u16()};
  return member_id{ids[choice % ids.size()]};
}

/// Where those live, and some places where nobody can.
inline endpoint pick_address(input& in) {
  const std::uint8_t choice = in.u8();
  switch (choice % 24) {
    case 16: return endpoint::ipv4({10, 0, 0, 2}, 7947);
    case 17: return endpoint::ipv4({224, 0, 0, 1}, 7946);
    case 18: return endpoint::ipv4({10, 0, 0, 2}, 0);
    case 19: return endpoint{};
    case 20: return endpoint::ipv6({0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, 7946);
    case 21: return *endpoint::opaque(std::array<std::byte, 3>{std::byte{1}});
    case 22: return *endpoint::opaque(std::array<std::byte, 18>{std::byte{9}});
    case 23: return address_of(in.u8());
    default: break;
  }
  constexpr std::array<std::uint64_t, 16> ids = {1,  2,  3,  4,  5,  6,  7,  absent_member,
                                                 30, 31, 40, 41, 42, 43, 44, 45};
  return address_of(ids[choice % 24]);
}

/// What is held about the subject, a little more or less, and the borders of the window.
inline incarnation pick_incarnation(input& in, const flotilla::engine& node, member_id subject) {
  const auto held = node.find(subject);
  const incarnation base = held ? held->incarnation : node.self().incarnation;
  constexpr std::uint32_t window = incarnation::window();
  constexpr std::array<std::uint32_t, 12> steps = {0,
                                                   1,
                                                   2,
                                                   0xffffffffU,
                                                   window,
                                                   window + 1,
                                                   window - 1,
                                                   0U - window,
                                                   0U - window - 1,
                                                   2 * window,
                                                   2 * window + 1,
                                                   2 * window - 1};
  const std::uint8_t choice = in.u8();
  if (choice >= 0xf0) return incarnation{in.u32()};
  return base.advanced(steps[choice % steps.size()]);
}

inline wire::fact pick_fact(input& in, const flotilla::engine& node) {
  wire::fact fact;
  fact.state = static_cast<member_state>(in.below(4));
  fact.subject = pick_id(in);
  fact.incarnation = pick_incarnation(in, node, fact.subject);
  if (fact.state == member_state::alive) fact.address = pick_address(in);
  if (fact.state == member_state::suspect || fact.state == member_state::dead) {
    fact.accuser = pick_id(in);
  }
  return fact;
}

inline std::vector<wire::fact> pick_facts(input& in, const flotilla::engine& node) {
  std::vector<wire::fact> facts(in.below(6));
  for (wire::fact& fact : facts) fact = pick_fact(in, node);
  return facts;
}

/// How far time moves on, or back.
inline flotilla::duration pick_step(input& in) {
  using namespace std::chrono_literals;
  constexpr std::array<flotilla::duration, 14> steps = {0ns, 1ns, 1ms, 10ms,      48ms, 60ms, 200ms,
                                                        1s,  6s,  1h,  24h * 365, -1ns, -1s,  -1h};
  return steps[in.below(steps.size())];
}

}  // namespace fuzz
