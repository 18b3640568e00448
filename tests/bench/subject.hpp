// bench/subject.hpp - the one engine that is measured, and the others of its group as datagrams
// All of it goes through the public surface and the wire's own writer.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <flotilla/flotilla.hpp>
#include <limits>
#include <optional>
#include <span>
#include <vector>

namespace bench {

using flotilla::duration;
using flotilla::endpoint;
using flotilla::engine;
using flotilla::incarnation;
using flotilla::member_id;
using flotilla::member_state;
using flotilla::time_point;
namespace wire = flotilla::wire;

/// Member `i` of the group; 0 is the engine itself, 1 the one that it joined through.
inline member_id id_of(std::uint32_t i) { return member_id{std::uint64_t{i} + 1}; }
inline endpoint address_of(std::uint32_t i) {
  return endpoint::ipv4(
      {10, static_cast<std::uint8_t>(i >> 16U & 0xffU), static_cast<std::uint8_t>(i >> 8U & 0xffU),
       static_cast<std::uint8_t>(i & 0xffU)},
      7946);
}
inline wire::fact alive_fact(std::uint32_t i, std::uint32_t life = 0) {
  return {id_of(i), incarnation{life}, member_state::alive, address_of(i), {}};
}
inline wire::fact suspect_fact(std::uint32_t i, std::uint32_t life = 0) {
  return {id_of(i), incarnation{life}, member_state::suspect, {}, id_of(1)};
}
inline wire::fact dead_fact(std::uint32_t i, std::uint32_t life = 0) {
  return {id_of(i), incarnation{life}, member_state::dead, {}, id_of(1)};
}

/// A benchmark that does not do what it says is worse than none.
inline void require(bool holds) {
  if (!holds) std::abort();
}

using datagram = std::vector<std::byte>;
using facts = std::span<const wire::fact>;

/// What member `from` sends to the engine. All facts must fit. A `view` goes first.
template <class Body>
datagram datagram_of(std::uint32_t from, const Body& body, facts carried = {},
                     std::optional<std::uint32_t> view = {}) {
  datagram out(flotilla::max_datagram_size_limit);
  wire::writer writer{out};
  wire::frame head;
  head.group_tag = wire::group_tag_of("");
  head.sender = id_of(from);
  head.target = id_of(0);
  wire::write_message(writer, head, body);
  if (view) require(wire::write_view(writer, *view));
  for (const wire::fact& fact : carried) require(wire::write_fact(writer, fact));
  wire::finish_frame(writer);
  out.resize(writer.size());
  return out;
}
/// Facts and nothing to answer: an ack that nobody waits for.
inline datagram facts_only(facts carried) { return datagram_of(1, wire::ack{}, carried); }

/// Facts about members from `first` to before `end`, in datagrams of at most `most` facts.
inline std::vector<datagram> introductions(std::uint32_t first, std::uint32_t end,
                                           std::uint32_t most, std::uint32_t life = 0) {
  std::vector<datagram> out;
  std::vector<wire::fact> carried;
  for (std::uint32_t i = first; i < end; ++i) {
    carried.push_back(alive_fact(i, life));
    if (carried.size() < most && i + 1 < end) continue;
    out.push_back(facts_only(carried));
    carried.clear();
  }
  return out;
}
/// Facts with an IPv4 address that 1,400 bytes hold behind an ack.
inline constexpr std::uint32_t facts_in_full = 61;

inline flotilla::config quiet_config() {
  flotilla::config c = flotilla::config::lan();
  c.id = id_of(0);
  c.address = address_of(0);
  c.seed = 1;
  c.max_members = flotilla::max_members_limit;
  c.max_new_members = std::numeric_limits<std::uint32_t>::max();
  c.repair_interval = duration::zero();  // what it exchanges is no part of a probe round
  c.healing_interval = duration::zero();
  return c;
}

class subject {
 public:
  explicit subject(const flotilla::config& settings)
      : now{std::chrono::hours{1}}, node{settings, now} {}

  /// Becomes one of a group of `members`, in the state in which a join leaves it: everybody known,
  /// nothing to pass on, member 1 proven.
  void learn(std::uint32_t members) {
    require(node.join({address_of(1)}) == flotilla::command_error::none);
    std::uint32_t next = 1;
    tell_all(members, next);
    require(node.size() == members);  // without repair nobody looks again
    drain_gossip();
  }

  void receive(std::uint32_t from, std::span<const std::byte> bytes) {
    require(node.receive(now, address_of(from), bytes) == flotilla::receive_result::accepted);
  }
  /// Everything that waits to be sent; returns how many bytes.
  std::size_t send_all() {
    std::size_t bytes = 0;
    while (const auto out = node.poll_transmit(buffer)) bytes += out->bytes.size();
    return bytes;
  }
  void drain_events() {
    while (node.poll_event()) {
    }
  }
  /// Passes on whatever is queued until it was passed on often enough.
  void drain_gossip() {
    const datagram ping = datagram_of(1, wire::ping{1});
    send_all();
    while (node.stats().gossip_pending != 0) {
      receive(1, ping);
      send_all();
    }
    drain_events();
  }
  /// One protocol period whose probe is answered at once.
  void probe_round() {
    now = node.next_deadline();
    node.tick(now);
    const auto ping = node.poll_transmit(buffer);
    require(ping.has_value());
    // The answer's sender is who was asked, and it has the ping's sequence number.
    constexpr std::size_t target_at = wire::frame_size - 9;
    constexpr std::size_t sender_at = 8;
    const std::byte* const asked = ping->bytes.data();
    std::memcpy(answer_.data() + sender_at, asked + target_at, sizeof(member_id));
    std::memcpy(answer_.data() + wire::frame_size, asked + wire::frame_size, sizeof(std::uint32_t));
    require(node.receive(now, ping->to, answer_) == flotilla::receive_result::accepted);
    require(!node.poll_transmit(buffer));
  }

  time_point now;
  engine node;
  std::array<std::byte, 2048> buffer{};

 private:
  datagram answer_{datagram_of(1, wire::ack{})};

  /// Answers what a joiner asks member 1, who knows `members`; has told those below `next`.
  void tell_all(std::uint32_t members, std::uint32_t& next) {
    while (const auto asked = node.poll_transmit(buffer)) {
      wire::message request;
      require(wire::read_message(asked->bytes, wire::group_tag_of(""), request) ==
              flotilla::receive_result::accepted);
      wire::state_reply reply;
      reply.cookie = 1;
      reply.members = members;
      reply.next = 1;
      std::vector<wire::fact> chunk{alive_fact(1)};
      if (const auto* join = std::get_if<wire::join_request>(&request.body)) {
        reply.sequence = join->sequence;
      } else {
        reply.sequence = std::get<wire::state_request>(request.body).sequence;
        chunk.clear();
        while (next < members && chunk.size() < facts_in_full) chunk.push_back(alive_fact(next++));
        reply.next = next < members ? next : wire::end_of_state;
      }
      receive(1, datagram_of(1, reply, chunk));
      drain_events();
    }
  }
};

}  // namespace bench
