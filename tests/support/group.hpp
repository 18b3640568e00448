// tests/support/group.hpp - several engines on an in-memory link with virtual time
// Deterministic: one seed draws latency and loss. It uses nothing but the engine's public surface.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <flotilla/flotilla.hpp>
#include <functional>
#include <map>
#include <optional>
#include <random>
#include <utility>
#include <variant>
#include <vector>

namespace support {

using flotilla::duration;
using flotilla::endpoint;
using flotilla::engine;
using flotilla::event;
using flotilla::member_id;
using flotilla::time_point;
using bytes = std::vector<std::byte>;

/// The address of the i-th member of a group: 10.x.y.z:7946.
inline endpoint address_of(std::size_t i) {
  const auto n = static_cast<std::uint32_t>(i + 1);
  return endpoint::ipv4({10, static_cast<std::uint8_t>(n >> 16U),
                         static_cast<std::uint8_t>(n >> 8U), static_cast<std::uint8_t>(n)},
                        7946);
}

struct link_options {
  duration latency{std::chrono::microseconds{500}};
  duration jitter{std::chrono::microseconds{500}};  // added, uniform from zero
  double loss{0};
  double duplicate{0};  // how many datagrams arrive twice
};

/// A datagram on its way, and who may tamper with it.
struct packet {
  endpoint from;
  endpoint to;
  bytes data;
};

class group {
 public:
  explicit group(std::uint64_t seed, link_options link = {}) : random_{seed}, link_{link} {}

  /// Adds a member that has not joined anybody; its number is returned.
  std::size_t add(flotilla::config settings) {
    const std::size_t i = nodes_.size();
    if (settings.id == member_id{}) settings.id = member_id{i + 1};
    if (settings.address == endpoint{}) settings.address = address_of(i);
    if (settings.seed == 0) settings.seed = random_();
    by_address_[settings.address] = i;
    nodes_.push_back({engine{settings, now_}, settings, {}, {}, true, false});
    return i;
  }

  [[nodiscard]] std::size_t size() const { return nodes_.size(); }
  [[nodiscard]] time_point now() const { return now_; }
  [[nodiscard]] engine& operator[](std::size_t i) { return nodes_[i].node; }
  /// All events that the i-th member has told, in order.
  [[nodiscard]] std::vector<event>& events(std::size_t i) { return nodes_[i].events; }
  [[nodiscard]] bool running(std::size_t i) const { return nodes_[i].running; }

  /// The process is gone: it gets nothing, says nothing, and no time passes for it.
  void crash(std::size_t i) { nodes_[i].running = false; }
  /// The process is stopped; its socket still takes what arrives.
  void freeze(std::size_t i) {
    nodes_[i].running = false;
    nodes_[i].frozen = true;
  }
  /// A stopped process goes on where it was: it reads its socket, which is empty after a crash().
  void wake(std::size_t i) {
    nodes_[i].running = true;
    nodes_[i].frozen = false;
    for (const packet& what : std::exchange(nodes_[i].mail, {})) {
      nodes_[i].node.receive(now_, what.from, what.data);
    }
  }
  /// A new process at the same place with the same id.
  void restart(std::size_t i, flotilla::incarnation begin = flotilla::incarnation{0}) {
    flotilla::config settings = nodes_[i].settings;
    settings.seed = random_();
    settings.initial_incarnation = begin;
    nodes_[i] = {engine{settings, now_}, settings, {}, {}, true, false};
  }
  /// The member speaks from another address now (after engine::set_address); what is sent to the
  /// old one still arrives.
  void move(std::size_t i, const endpoint& to) {
    by_address_[to] = i;
    nodes_[i].settings.address = to;
  }

  /// Drops every datagram for which it returns true.
  std::function<bool(const endpoint& from, const endpoint& to)> drop;
  /// Sees every datagram that a member sends, before the link loses any.
  std::function<void(const packet&)> sent;
  /// Sees every datagram before it is delivered; may change it.
  std::function<void(packet&)> tap;

  /// Puts a datagram on the link, as if `from` had sent it; arrives after the usual latency.
  void inject(packet what) { post(std::move(what)); }

  void run_for(duration length) {
    const time_point end = now_ + length;
    while (step(end)) {
    }
  }

  /// Runs until `done()` holds, checked after every step; false when `limit` passed first.
  template <class Done>
  bool run_until(Done done, duration limit) {
    const time_point end = now_ + limit;
    while (!done()) {
      if (!step(end)) return done();
    }
    return true;
  }

  /// True when every running member believes exactly the running members active.
  [[nodiscard]] bool full_mesh() {
    std::size_t alive = 0;
    for (const auto& n : nodes_) alive += n.running && n.node.size() != 0 ? 1U : 0U;
    for (const auto& n : nodes_) {
      if (!n.running || n.node.size() == 0) continue;
      if (n.node.size() != alive) return false;
      for (const auto& other : nodes_) {
        if (!other.running || other.node.size() == 0) continue;
        const auto seen = n.node.find(other.settings.id);
        if (!seen || seen->state != flotilla::member_state::alive) return false;
      }
    }
    return true;
  }

  /// Lets the i-th member act at once: pulls what it has to send and to tell.
  void drain(std::size_t i) {
    std::array<std::byte, 65536> buffer;
    while (auto out = nodes_[i].node.poll_transmit(buffer)) {
      packet what{nodes_[i].settings.address, out->to, bytes(out->bytes.begin(), out->bytes.end())};
      if (sent) sent(what);
      post(std::move(what));
    }
    while (auto e = nodes_[i].node.poll_event()) nodes_[i].events.push_back(*e);
  }

 private:
  struct node_state {
    engine node;
    flotilla::config settings;
    std::vector<event> events;
    std::vector<packet> mail;
    bool running;
    bool frozen;
  };

  void post(packet what) {
    if (drop && drop(what.from, what.to)) return;
    if (happens(link_.loss)) return;
    if (happens(link_.duplicate)) in_flight_.emplace(now_ + delay(), what);
    in_flight_.emplace(now_ + delay(), std::move(what));
  }

  bool happens(double probability) {
    return probability > 0 && std::uniform_real_distribution<double>{0, 1}(random_) < probability;
  }
  duration delay() {
    const auto extra = link_.jitter.count() == 0
                           ? 0
                           : static_cast<std::int64_t>(
                                 random_() % static_cast<std::uint64_t>(link_.jitter.count()));
    return link_.latency + duration{extra};
  }

  /// One delivery or one round of timers, whichever is first; false when nothing happens before
  /// `end`.
  bool step(time_point end) {
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
      if (nodes_[i].running) drain(i);
    }
    time_point next = in_flight_.empty() ? time_point::max() : in_flight_.begin()->first;
    for (const auto& n : nodes_) {
      if (n.running) next = std::min(next, n.node.next_deadline());
    }
    if (next > end) {
      now_ = end;
      return false;
    }
    now_ = std::max(now_, next);
    while (!in_flight_.empty() && in_flight_.begin()->first <= now_) deliver_first();
    for (auto& n : nodes_) {
      if (n.running && n.node.next_deadline() <= now_) n.node.tick(now_);
    }
    return true;
  }

  void deliver_first() {
    packet what = std::move(in_flight_.begin()->second);
    in_flight_.erase(in_flight_.begin());
    const auto to = by_address_.find(what.to);
    if (to == by_address_.end()) return;
    if (nodes_[to->second].frozen) nodes_[to->second].mail.push_back(what);
    if (!nodes_[to->second].running) return;
    if (tap) tap(what);
    nodes_[to->second].node.receive(now_, what.from, what.data);
    drain(to->second);
  }

  std::mt19937_64 random_;
  link_options link_;
  time_point now_{std::chrono::hours{1}};
  std::vector<node_state> nodes_;
  std::map<endpoint, std::size_t> by_address_;
  std::multimap<time_point, packet> in_flight_;
};

}  // namespace support
