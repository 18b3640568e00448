// support/engine_world.hpp - one engine under test; the test plays everybody else
// Virtual time, every datagram by hand. Member 1 is the engine, peers are 2, 3, ...
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <initializer_list>
#include <utility>
#include <vector>

#include <flotilla/flotilla.hpp>
#include <support/messages.hpp>

namespace support {

/// The loopback preset without chance: no jitter, no repair, no healing; and with even periods,
/// since whom a test does not let speak is silent, and nobody's fault. A test turns on what it
/// needs.
inline config plain_config() {
  config c = config::loopback();
  c.id = member_id{1};
  c.address = address_of(0);
  c.seed = 7;
  c.period_jitter_percent = 0;
  c.repair_interval = duration::zero();
  c.healing_interval = duration::zero();
  c.local_health_max = 0;
  c.notice_silence = false;
  c.weigh_accusers = false;
  c.adaptive_timeout = false;
  return c;
}

/// The same for a member of the in-memory group, which chooses id, address and seed; with jitter,
/// as in life.
inline config plain_config_of_a_group() {
  config c = plain_config();
  c.id = member_id{};
  c.address = endpoint{};
  c.seed = 0;
  c.period_jitter_percent = config::loopback().period_jitter_percent;
  return c;
}

class engine_world {
 public:
  static constexpr time_point start{std::chrono::hours{1}};

  explicit engine_world(const config& settings = plain_config())
      : node{settings, start}, tag_{wire::group_tag_of(settings.cluster)} {}

  engine node;

  [[nodiscard]] time_point now() const { return now_; }
  [[nodiscard]] const config& settings() const { return node.settings(); }
  [[nodiscard]] const flotilla::statistics& stats() const { return node.stats(); }

  [[nodiscard]] bytes packet(const peer& from, const wire::message_body& body,
                             const facts& with = {}) const {
    return packet_to(node.self().id, from, body, with);
  }
  [[nodiscard]] bytes packet_to(member_id target, const peer& from, const wire::message_body& body,
                                const facts& with = {}) const {
    return datagram(
        body, with,
        {.group_tag = tag_, .sender = from.id, .incarnation = from.number, .target = target});
  }

  // ---- inputs
  receive_result hear_raw(const endpoint& from, const bytes& data) {
    return node.receive(now_, from, data);
  }
  receive_result hear(const peer& from, const wire::message_body& body, const facts& with = {}) {
    return hear_raw(from.at, packet(from, body, with));
  }
  /// A ping that carries facts: how gossip comes in. The ack and all else that it causes is
  /// dropped.
  void gossip(const peer& from, const facts& with) {
    EXPECT_EQ(hear(from, wire::ping{next_number_++}, with), receive_result::accepted);
    static_cast<void>(pull(node));
  }
  void tick_after(duration length) {
    now_ += length;
    node.tick(now_);
  }
  void tick_at(time_point instant) {
    now_ = instant;
    node.tick(now_);
  }
  /// Jumps to the next deadline and ticks there; false when there is none.
  bool next_tick() {
    const time_point due = node.next_deadline();
    if (due == time_point::max()) return false;
    tick_at(std::max(due, now_));
    return true;
  }

  // ---- outputs
  sent_list sent_now() { return pull(node); }
  std::vector<event> events() { return pull_events(node); }

  // ---- scenes
  /// Makes `who` a member: it pings, and answers the verifying ping. Leaves nothing to send.
  void meet(const peer& who) {
    hear(who, wire::ping{next_number_++});
    answer(who, pull(node));
    ASSERT_TRUE(node.find(who.id)) << "not met: " << name_of(who.id);
    static_cast<void>(pull(node));
  }
  void meet_all(std::uint64_t last) {
    for (std::uint64_t n = 2; n <= last; ++n) meet(peer_of(n));
  }
  /// Spends the gossip that waits, so that what follows is alone.
  void flush_gossip(const peer& with) {
    for (int i = 0; i < 64 && stats().gossip_pending != 0; ++i) {
      hear(with, wire::ping{next_number_++});
      static_cast<void>(pull(node));
    }
    static_cast<void>(events());
  }
  /// Answers every ping to `who` among `all` with its ack.
  std::size_t answer(const peer& who, const sent_list& all, const facts& with = {}) {
    std::size_t answered = 0;
    for (const sent& s : all) {
      if (s.to != who.at || s.kind() != wire::message_kind::ping) continue;
      if (s.what.head.target != who.id && s.what.head.target != member_id{}) continue;
      facts said = with;
      if (s.what.head.introduce) said.insert(said.begin(), alive(who, who.number.value()));
      hear(who, wire::ack{s.as<wire::ping>().sequence, who.number}, said);
      ++answered;
    }
    return answered;
  }
  /// Answers everything that `living` are asked, also on behalf of each other.
  void answer_all(std::initializer_list<peer> living, const sent_list& all) {
    for (const peer& p : living) {
      answer(p, all);
      for (const sent& s : all) {
        if (s.to != p.at || s.kind() != wire::message_kind::ping_request) continue;
        const auto& request = s.as<wire::ping_request>();
        for (const peer& subject : living) {
          if (subject.id != request.subject) continue;
          hear(p, wire::relayed_ack{request.sequence, subject.id, subject.number});
        }
      }
    }
  }
  /// Lets time pass; `living` answer all that they are asked at once, everybody else is silent.
  void live_for(duration length, std::initializer_list<peer> living) {
    const time_point end = now_ + length;
    for (;;) {
      for (int round = 0; round < 8; ++round) {
        const sent_list all = pull(node);
        if (all.empty()) break;
        answer_all(living, all);
      }
      if (node.next_deadline() > end) break;
      next_tick();
    }
    now_ = end;
    node.tick(now_);
  }
  /// Ticks on until a probe of `who` goes out, everything else unanswered but by `living`; returns
  /// that ping. It has been pulled at its own time.
  sent probe_of(const peer& who, std::initializer_list<peer> living = {}) {
    for (int i = 0; i < 400; ++i) {
      const auto before = stats().probes;
      next_tick();
      const sent_list all = pull(node);
      const bool begun = stats().probes != before;
      for (const sent& s : all) {
        const bool whom = s.to == who.at && s.what.head.target == who.id;
        if (begun && whom && s.kind() == wire::message_kind::ping) return s;
      }
      for (const peer& p : living) answer(p, all);
      static_cast<void>(pull(node));
    }
    ADD_FAILURE() << "never probed: " << name_of(who.id);
    return {};
  }
  /// Makes our own probe of `who` fail; the others answer all that they are asked.
  void suspect_by_probe(const peer& who, std::initializer_list<peer> living = {}) {
    static_cast<void>(probe_of(who, living));
    for (int i = 0; i < 20 && state_of(who.id) == member_state::alive; ++i) {
      next_tick();
      const sent_list all = pull(node);
      for (const peer& p : living) answer(p, all);
    }
    EXPECT_EQ(state_of(who.id), member_state::suspect);
  }

  [[nodiscard]] member_state state_of(member_id id) const {
    const auto found = node.find(id);
    EXPECT_TRUE(found) << "no such member: " << name_of(id);
    return found ? found->state : member_state::left;
  }
  [[nodiscard]] std::uint32_t number_of(member_id id) const {
    const auto found = node.find(id);
    EXPECT_TRUE(found) << "no such member: " << name_of(id);
    return found ? found->incarnation.value() : 0;
  }
  [[nodiscard]] std::uint32_t own_number() const { return node.self().incarnation.value(); }

 private:
  time_point now_{start};
  std::uint32_t tag_;
  std::uint32_t next_number_{0x7000};
};

}  // namespace support
