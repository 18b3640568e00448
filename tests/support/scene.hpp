// tests/support/scene.hpp - an engine in mid-life, and the words to speak with it
// Eight features that can be combined; each scene is built once and copied for every input.
#pragma once

#include <array>
#include <chrono>
#include <cstdio>
#include <flotilla/flotilla.hpp>
#include <flotilla/wire/message.hpp>
#include <optional>
#include <span>
#include <support/invariants.hpp>
#include <utility>
#include <vector>

#include <support/input.hpp>

namespace fuzz {

namespace wire = flotilla::wire;
using flotilla::endpoint;
using flotilla::incarnation;
using flotilla::member_id;
using flotilla::member_state;
using flotilla::time_point;

inline constexpr std::uint64_t known_members = 6;  // ids 2 to 7
inline constexpr std::uint64_t absent_member = 20;
inline constexpr std::uint64_t seed_member = 30;

inline endpoint address_of(std::uint64_t id) {
  return endpoint::ipv4({10, 0, 0, static_cast<std::uint8_t>(id)}, 7946);
}

/// A datagram of the scene's group.
template <class Body>
std::vector<std::byte> datagram(std::uint32_t tag, member_id sender, incarnation number,
                                member_id target, const Body& body,
                                std::span<const wire::fact> facts = {}, bool introduce = false) {
  std::vector<std::byte> buffer(2048);
  wire::writer out{buffer};
  wire::write_message(out, wire::frame{tag, sender, number, target, {}, introduce}, body);
  for (const wire::fact& fact : facts) wire::write_fact(out, fact);
  wire::finish_frame(out);
  buffer.resize(out.size());
  return buffer;
}

/// Something that the engine sent and that can be answered.
struct question {
  endpoint to;
  wire::frame head;
  wire::message_body body;
};

/// The engine, the time, and what it has asked lately.
class scene {
 public:
  enum feature : unsigned {
    joining = 1,        // a transfer is under way
    probing = 2,        // helpers have been asked
    relaying = 4,       // relays are open
    leaving = 8,        // the farewell is being said
    tight = 16,         // every limit is small
    acknowledged = 32,  // somebody has answered
    evicting = 64,      // a member is refused
    wrapping = 128,     // incarnations are about to wrap
  };

  explicit scene(unsigned features) : node{settings(features), start()}, now{start()} {
    require(settings(features).validate() == flotilla::config_error::none, "the scene's config");
    tag = wire::group_tag_of(node.node().settings().cluster);
    const incarnation base = first_incarnation(features);
    for (std::uint64_t id = 2; id <= known_members + 1; ++id) {
      hear(2, {member_id{id}, base, member_state::alive, address_of(id), {}});
    }
    hear(3, {member_id{4}, base, member_state::suspect, {}, member_id{3}});
    hear(4, {member_id{6}, base, member_state::dead, {}, member_id{4}});
    hear(5, {member_id{7}, base, member_state::left, {}, {}});
    hear(5, {member_id{absent_member}, base, member_state::dead, {}, member_id{5}});
    if ((features & acknowledged) != 0) answer_a_probe();
    if ((features & evicting) != 0) {
      node.command([](flotilla::engine& e) { return e.evict(member_id{5}); });
    }
    if ((features & joining) != 0) {
      const std::array<endpoint, 3> seeds{address_of(seed_member), address_of(seed_member + 1),
                                          address_of(3)};
      node.command([&](flotilla::engine& e) { return e.join(seeds); });
      drain();
      answer_seed(7);
      answer_seed(7);
    }
    if ((features & relaying) != 0) {
      for (std::uint64_t subject = 3; subject <= 5; ++subject) {
        deliver(address_of(2), member_id{2}, base,
                wire::ping_request{90, member_id{subject}, address_of(subject)});
        drain();
      }
    }
    if ((features & probing) != 0) {
      // The period's ping, then silence until its direct time-out.
      for (int i = 0; i < 4 && node.node().stats().probes == 0; ++i) tick_at_deadline();
      drain();
      for (int i = 0; i < 4; ++i) {
        tick_at_deadline();
        drain();
      }
    }
    if ((features & leaving) != 0) {
      node.command([](flotilla::engine& e) { return e.leave(); });
    }
    drain();
  }

  void tick_at_deadline() {
    const time_point due = node.node().next_deadline();
    if (due != time_point::max()) now = due;
    node.tick(now);
  }

  /// Pulls everything and remembers what can be answered.
  void drain(std::size_t room = 65536) {
    static std::array<std::byte, 65536> buffer;
    while (const auto out = node.pull(std::span{buffer}.first(room))) remember(*out);
    node.drain_events();
  }

  void remember(const flotilla::transmit& out) {
    wire::message message;
    if (read_message(out.bytes, tag, message) != flotilla::receive_result::accepted) return;
    if (questions.size() == 64) questions.erase(questions.begin());
    questions.push_back({out.to, message.head, message.body});
  }

  /// Answers a question as the one that was asked would do.
  void answer(const question& asked, member_id sender, incarnation number,
              std::span<const wire::fact> facts, std::uint32_t next = wire::end_of_state) {
    const auto respond = [&](const auto& body) {
      using body_type = std::decay_t<decltype(body)>;
      if constexpr (std::is_same_v<body_type, wire::ping>) {
        deliver(asked.to, sender, number, wire::ack{body.sequence, number}, facts);
      } else if constexpr (std::is_same_v<body_type, wire::ping_request>) {
        deliver(asked.to, sender, number, wire::relayed_ack{body.sequence, body.subject, number},
                facts);
      } else if constexpr (std::is_same_v<body_type, wire::join_request> ||
                           std::is_same_v<body_type, wire::state_request>) {
        deliver(asked.to, sender, number, wire::state_reply{body.sequence, 77, next, 9}, facts);
      } else if constexpr (std::is_same_v<body_type, wire::state_reply>) {
        deliver(asked.to, sender, number, wire::state_request{5, body.cookie, 0}, facts);
      }
    };
    std::visit(respond, asked.body);
  }

  template <class Body>
  flotilla::receive_result deliver(const endpoint& from, member_id sender, incarnation number,
                                   const Body& body, std::span<const wire::fact> facts = {}) {
    return node.receive(now, from,
                        datagram(tag, sender, number, node.node().self().id, body, facts));
  }

  support::watched_engine node;
  time_point now;
  std::uint32_t tag{0};
  std::vector<question> questions;

 private:
  static time_point start() { return time_point{std::chrono::hours{1}}; }
  static incarnation first_incarnation(unsigned features) {
    return incarnation{(features & wrapping) != 0 ? 0xffffffffU : 5U};
  }

  static flotilla::config settings(unsigned features) {
    flotilla::config c = flotilla::config::loopback();
    c.id = member_id{1};
    c.address = address_of(1);
    c.seed = 1000 + features;
    c.cluster = "fuzz";
    c.initial_incarnation = first_incarnation(features);
    c.max_members = 48;
    c.max_absent = 8;
    c.tombstone_lifetime = std::chrono::seconds{6};
    c.repair_interval = std::chrono::seconds{2};
    if ((features & tight) != 0) {
      c.max_members = 8;
      c.expected_members = 8;
      c.max_datagram_size = 128;
      c.datagram_overhead = 32;
      c.max_transmits = 64;
      c.max_chunks = 1;
      c.max_absent = 1;
      c.max_denied = 1;
      c.helpers = 1;
      c.period_jitter_percent = 0;
      c.max_new_members = 6;
    }
    return c;
  }

  /// A member says something about another, from its own address.
  void hear(std::uint64_t sender, const wire::fact& fact) {
    deliver(address_of(sender), member_id{sender}, fact.incarnation, wire::ping{1}, {&fact, 1});
    drain();
  }

  void answer_a_probe() {
    for (int i = 0; i < 8 && node.node().stats().probes_acknowledged == 0; ++i) {
      tick_at_deadline();
      drain();
      const std::vector<question> asked = std::exchange(questions, {});
      for (const question& q : asked) {
        if (std::holds_alternative<wire::ping>(q.body)) {
          answer(q, q.head.target, node.node().self().incarnation, {});
          drain();
        }
      }
    }
  }

  void answer_seed(std::uint32_t next) {
    const std::vector<question> asked = questions;
    for (const question& q : asked) {
      if (q.to != address_of(seed_member)) continue;
      answer(q, member_id{seed_member}, node.node().self().incarnation, {}, next);
    }
    drain();
  }
};

/// Tells when a datagram from an unproven address has brought forth more than any before.
inline void tell_amplification() {
  static support::amplification told;
  const support::amplification& worst = support::watched_engine::worst();
  if (!told.note(worst)) return;
  std::printf(
      "caused by an unproven address, a byte of its own: %zu.%03zu in one reply, %zu.%03zu "
      "in all replies, %zu.%03zu to all addresses\n",
      told.one_reply / 1000, told.one_reply % 1000, told.replies / 1000, told.replies % 1000,
      told.in_all / 1000, told.in_all % 1000);
}

/// A fresh copy of the scene with these features.
inline scene scene_of(unsigned features) {
  static std::array<std::optional<scene>, 256> built;
  std::optional<scene>& kept = built[features % 256];
  if (!kept) kept.emplace(features % 256);
  return *kept;
}

}  // namespace fuzz
