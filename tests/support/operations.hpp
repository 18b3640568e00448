// tests/support/operations.hpp - what can be done to a scene, chosen by a fuzzer's bytes
// Datagrams raw, well-formed, damaged and in answer; times, small buffers and commands.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <flotilla/flotilla.hpp>
#include <support/input.hpp>
#include <support/scene.hpp>
#include <support/vocabulary.hpp>
#include <variant>
#include <vector>

namespace fuzz {

/// Puts right what no random byte would: version, flags, length, group tag, target, and one of the
/// engine's own sequence numbers, each if its bit is set.
inline void put_right(std::vector<std::byte>& bytes, unsigned what, const scene& on,
                      std::size_t which) {
  const auto put = [&](std::size_t at, std::uint64_t value, std::size_t size) {
    for (std::size_t i = 0; i < size && at + i < bytes.size(); ++i) {
      bytes[at + i] = static_cast<std::byte>(value >> (8 * (size - 1 - i)) & 0xffU);
    }
  };
  if ((what & 1U) != 0) put(0, wire::version, 1);
  if ((what & 2U) != 0) put(1, 0, 1);
  if ((what & 4U) != 0) put(2, bytes.size(), 2);
  if ((what & 8U) != 0) put(4, on.tag, 4);
  if ((what & 16U) != 0) put(20, 1, 8);
  if ((what & 32U) != 0 && bytes.size() > 28) {
    put(28, 1 + std::to_integer<unsigned>(bytes[28]) % 8, 1);
  }
  if ((what & 64U) != 0 && !on.questions.empty()) {
    const auto sequence_of = [](const auto& body) { return body.sequence; };
    put(29, std::visit(sequence_of, on.questions[which % on.questions.size()].body), 4);
  }
}

inline void raw(input& in, scene& on) {
  const endpoint from = pick_address(in);
  const unsigned fix = in.u8();
  const std::size_t which = in.u8();
  const auto taken = in.bytes(in.u8());
  std::vector<std::byte> bytes(taken.begin(), taken.end());
  put_right(bytes, fix, on, which);
  on.node.receive(on.now, from, bytes);
}

/// A well-formed message; with `damage` some of its bytes are changed, cut off or added.
inline void message(input& in, scene& on, bool damage) {
  const std::uint8_t kind = in.u8();
  const endpoint from = pick_address(in);
  const member_id sender = pick_id(in);
  const auto number = pick_incarnation(in, on.node.node(), sender);
  constexpr std::array<std::uint64_t, 4> targets = {1, 0, 1, 3};
  const member_id target{targets[kind >> 6U]};
  std::uint32_t sequence = in.u8();
  std::uint64_t cookie = in.u8() % 4;
  for (const question& q : on.questions) {
    const auto* reply = std::get_if<wire::state_reply>(&q.body);
    if (cookie == 3 && reply != nullptr && q.to == from) cookie = reply->cookie;
  }
  if (sequence >= 128 && !on.questions.empty()) {
    const auto sequence_of = [](const auto& body) { return body.sequence; };
    sequence = std::visit(sequence_of, on.questions[sequence % on.questions.size()].body);
  }
  const auto facts = pick_facts(in, on.node.node());
  std::vector<std::byte> bytes;
  const auto write = [&](const auto& body) {
    bytes = datagram(on.tag, sender, number, target, body, facts, (kind & 8U) != 0);
  };
  switch (kind % 8) {  // repair's own messages come from scenes and the corpus
    case 0: write(wire::ping{sequence}); break;
    case 1: write(wire::ping_request{sequence, pick_id(in), pick_address(in)}); break;
    case 2: write(wire::ack{sequence, number}); break;
    case 3: write(wire::relayed_ack{sequence, pick_id(in), number}); break;
    case 4: write(wire::nack{sequence}); break;
    case 5: write(wire::join_request{sequence, cookie}); break;
    case 6: write(wire::state_request{sequence, cookie, in.u8()}); break;
    default: write(wire::state_reply{sequence, cookie, in.u8() % 2 == 0 ? 3U : 0xffffffffU, 9});
  }
  if (damage) {
    const std::uint8_t how = in.u8();
    const std::size_t at = in.u8() % bytes.size();
    bytes[at] ^= std::byte{in.u8()};
    if ((how & 1U) != 0) bytes.resize(bytes.size() - bytes.size() / 4);
    if ((how & 2U) != 0) {
      const auto tail = in.bytes(in.u8() % 32);
      bytes.insert(bytes.end(), tail.begin(), tail.end());
    }
    if ((how & 4U) != 0) put_right(bytes, 4, on, 0);
  }
  on.node.receive(on.now, from, bytes);
}

inline void answer(input& in, scene& on) {
  if (on.questions.empty()) return;
  const question asked = on.questions[in.u8() % on.questions.size()];
  const std::uint8_t how = in.u8();
  member_id sender = asked.head.target;
  if (sender == member_id{} || how >= 192) sender = pick_id(in);
  const auto number = pick_incarnation(in, on.node.node(), sender);
  const auto facts = pick_facts(in, on.node.node());
  on.answer(asked, sender, number, facts, (how & 1U) != 0 ? 3 : wire::end_of_state);
}

inline void command(input& in, scene& on) {
  const std::uint8_t which = in.u8();
  on.node.command([&](flotilla::engine& e) {
    switch (which % 8) {
      case 0: {
        std::vector<endpoint> seeds(in.below(20));
        for (endpoint& seed : seeds) seed = pick_address(in);
        return e.join(seeds);
      }
      case 1: return e.cancel_join();
      case 2: return which < 64 ? e.leave() : e.join({address_of(seed_member)});
      case 3: return e.set_address(pick_address(in));
      case 4: return e.fail(pick_id(in));
      case 5: return e.evict(pick_id(in));
      case 6: return e.allow(pick_id(in));
      default: return e.join({e.self().address});
    }
  });
}

inline void operation(input& in, scene& on, std::uint8_t op) {
  switch (op % 8) {
    case 0: raw(in, on); break;
    case 1: message(in, on, false); break;
    case 2: answer(in, on); break;
    case 3: {
      const auto late = pick_step(in);
      const auto due = on.node.node().next_deadline();
      if (due != time_point::max()) on.now = flotilla::detail::saturating_add(due, late);
      on.node.tick(on.now);
      break;
    }
    case 4: on.now = flotilla::detail::saturating_add(on.now, pick_step(in)); break;
    case 5: {
      std::array<std::byte, 256> small;
      if (const auto out = on.node.pull(std::span{small}.first(in.u8()))) on.remember(*out);
      break;
    }
    case 6: command(in, on); break;
    default: message(in, on, true); break;
  }
}

}  // namespace fuzz
