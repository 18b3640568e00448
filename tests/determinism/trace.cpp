// tests/determinism/trace.cpp - scripted lives of a group, each as a single number
// The same on every compiler, word size and build type: no floating point, nothing of <random>.
#include <flotilla/flotilla.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cinttypes>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "chaos.hpp"

namespace {

using namespace std::chrono_literals;
using flotilla::duration;
using flotilla::endpoint;
using flotilla::engine;
using flotilla::member_id;
using flotilla::time_point;

/// What the scripts come to. A change of the protocol changes these, and a change of the simulator
/// the second: only they may. Run this program and put the numbers that it prints here. Two builds
/// that print different numbers are a bug.
constexpr std::uint64_t expected_trace = 0x33dd8f505b73da29;
constexpr std::uint64_t expected_chaos = 0x0f8d200e9920f35c;

/// FNV-1a, 64 bits.
class digest {
 public:
  void add(std::byte b) { value_ = (value_ ^ std::to_integer<std::uint64_t>(b)) * 0x100000001b3U; }
  void add(std::uint64_t number) {
    for (unsigned i = 0; i < 8; ++i) add(static_cast<std::byte>(number >> (8 * i) & 0xffU));
  }
  void add(const endpoint& address) {
    add(static_cast<std::uint64_t>(address.kind()));
    for (const std::byte b : address.bytes()) add(b);
  }
  void add(const flotilla::member& m) {
    add(static_cast<std::uint64_t>(m.id));
    add(m.address);
    add(std::uint64_t{m.incarnation.value()});
    add(static_cast<std::uint64_t>(m.state));
  }
  void add(time_point at) { add(static_cast<std::uint64_t>(at.time_since_epoch().count())); }
  [[nodiscard]] std::uint64_t value() const { return value_; }

 private:
  std::uint64_t value_{0xcbf29ce484222325U};
};

/// xorshift64*: chooses what the link does to a datagram.
class chance {
 public:
  std::uint64_t below(std::uint64_t bound) {
    state_ ^= state_ >> 12U;
    state_ ^= state_ << 25U;
    state_ ^= state_ >> 27U;
    return (state_ * 0x2545f4914f6cdd1dU >> 33U) % bound;
  }

 private:
  std::uint64_t state_{0x9e3779b97f4a7c15U};
};

endpoint address_of(std::size_t i) {
  const auto n = static_cast<std::uint8_t>(i + 1);
  // Every kind of address has its way through the wire.
  if (i % 4 == 1) {
    return endpoint::ipv6({0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, n}, 7946);
  }
  if (i % 4 == 2) {
    return *endpoint::opaque(
        std::array<std::byte, 3>{std::byte{'m'}, std::byte{'-'}, std::byte{n}});
  }
  return endpoint::ipv4({10, 0, 0, n}, 7946);
}

class world {
 public:
  static constexpr std::size_t members = 12;

  world() {
    for (std::size_t i = 0; i < members; ++i) processes_.push_back({engine{settings(i), now_}});
  }

  engine& operator[](std::size_t i) { return processes_[i].node; }
  void stop(std::size_t i) { processes_[i].running = false; }
  void wake(std::size_t i) { processes_[i].running = true; }
  void restart(std::size_t i) { processes_[i] = {engine{settings(i), now_}}; }
  void lose_one_in(std::uint64_t n) { loss_ = n; }
  void cut(std::size_t from, std::size_t to) { cut_ = {from, to}; }
  void part(bool parted) { parted_ = parted; }

  void run_for(duration length) {
    const time_point end = now_ + length;
    for (;;) {
      for (std::size_t i = 0; i < members; ++i) drain(i);
      time_point next = end;
      for (const process& p : processes_) {
        if (p.running) next = std::min(next, p.node.next_deadline());
      }
      for (const packet& p : in_flight_) next = std::min(next, p.due);
      if (next >= end) break;
      now_ = std::max(now_, next);
      deliver();
      for (process& p : processes_) {
        if (p.running && p.node.next_deadline() <= now_) p.node.tick(now_);
      }
    }
    now_ = end;
  }

  /// Everything that was said and told, and what every engine has become.
  std::uint64_t total() {
    for (const process& p : processes_) {
      trace_.add(p.node.state_hash());
      for (const flotilla::member m : p.node.members()) trace_.add(m);
    }
    return trace_.value();
  }
  [[nodiscard]] std::uint64_t datagrams() const { return datagrams_; }
  [[nodiscard]] std::uint64_t events() const { return events_; }

 private:
  struct process {
    engine node;
    bool running{true};
  };
  struct packet {
    time_point due;
    std::size_t from{0};
    std::size_t to{0};
    std::vector<std::byte> data;
  };

  static flotilla::config settings(std::size_t i) {
    flotilla::config c = flotilla::config::loopback();
    c.id = member_id{1000 + 7 * i};
    c.address = address_of(i);
    c.seed = 0xf107111a00000000U + i;
    c.cluster = "determinism";
    if (i % 5 == 0) c.initial_incarnation = flotilla::incarnation{0xfffffffeU};
    if (i % 3 == 0) c.max_datagram_size = 512;
    return c;
  }

  void drain(std::size_t i) {
    if (!processes_[i].running) return;
    std::array<std::byte, 1400> buffer;
    while (const auto out = processes_[i].node.poll_transmit(buffer)) {
      ++datagrams_;
      trace_.add(now_);
      trace_.add(std::uint64_t{i});
      trace_.add(out->to);
      for (const std::byte b : out->bytes) trace_.add(b);
      post(i, out->to, {out->bytes.begin(), out->bytes.end()});
    }
    while (const auto e = processes_[i].node.poll_event()) {
      ++events_;
      trace_.add(std::uint64_t{i});
      trace_.add(std::uint64_t{e->index()});
      std::visit([this](const auto& what) { add_event(what); }, *e);
    }
  }

  template <class Event>
  void add_event(const Event& what) {
    if constexpr (requires { what.member; }) trace_.add(what.member);
    if constexpr (requires { what.evidence; }) {
      trace_.add(static_cast<std::uint64_t>(what.evidence.accuser));
      trace_.add(std::uint64_t{what.evidence.probe});
      trace_.add(what.evidence.since);
      trace_.add(std::uint64_t{what.evidence.confirmations});
    }
    if constexpr (requires { what.members; }) trace_.add(std::uint64_t{what.members});
    if constexpr (requires { what.acknowledged; }) trace_.add(std::uint64_t{what.acknowledged});
  }

  void post(std::size_t from, const endpoint& address, std::vector<std::byte> data) {
    const std::uint64_t luck = chance_.below(1000000);
    for (std::size_t to = 0; to < members; ++to) {
      if (address_of(to) != address) continue;
      if (loss_ != 0 && luck % loss_ == 0) return;
      if (cut_ == std::pair{from, to} || (parted_ && from % 2 != to % 2)) return;
      const duration delay = 300us + std::chrono::microseconds{luck % 3000};
      // One in fifty arrives twice, and one in eighty damaged.
      if (luck % 50 == 7) in_flight_.push_back({now_ + 2 * delay, from, to, data});
      if (luck % 80 == 9) data[static_cast<std::size_t>(luck) % data.size()] ^= std::byte{0x41};
      in_flight_.push_back({now_ + delay, from, to, std::move(data)});
      return;
    }
  }

  /// What is due, in the order of its times; of equal times the first sent goes first.
  void deliver() {
    for (;;) {
      const auto first =
          std::min_element(in_flight_.begin(), in_flight_.end(),
                           [](const packet& a, const packet& b) { return a.due < b.due; });
      if (first == in_flight_.end() || first->due > now_) return;
      const packet what = std::move(*first);
      in_flight_.erase(first);
      if (!processes_[what.to].running) continue;
      processes_[what.to].node.receive(now_, address_of(what.from), what.data);
      drain(what.to);
    }
  }

  std::vector<process> processes_;
  std::vector<packet> in_flight_;
  std::pair<std::size_t, std::size_t> cut_{members, members};
  std::uint64_t loss_{0};
  bool parted_{false};
  chance chance_;
  digest trace_;
  std::uint64_t datagrams_{0};
  std::uint64_t events_{0};
  time_point now_{1h};
};

/// The engine alone, in a world of this file's own.
std::uint64_t play() {
  world w;
  for (std::size_t i = 1; i < 9; ++i) w[i].join({address_of(0), address_of(i - 1)});
  w.run_for(3s);
  for (std::size_t i = 9; i < world::members; ++i) w[i].join({address_of(1), address_of(2)});
  w.run_for(4s);
  w.lose_one_in(8);
  w.run_for(10s);
  w.cut(3, 4);
  w.stop(5);  // crashes
  w.run_for(5s);
  w.stop(6);  // is frozen
  w.run_for(700ms);
  w.wake(6);
  w[7].fail(w[8].self().id);
  w.run_for(3s);
  w.restart(5);
  w[5].join({address_of(9)});
  w[2].evict(w[10].self().id);
  w.run_for(4s);
  w[2].allow(w[10].self().id);
  w[11].leave();
  w.run_for(3s);
  w.lose_one_in(0);
  w.part(true);
  w.run_for(20s);
  w.part(false);
  w.run_for(100s);
  std::printf("trace: %" PRIu64 " datagrams, %" PRIu64 " events\n", w.datagrams(), w.events());
  return w.total();
}

/// The engine in the simulator.
std::uint64_t play_chaos() { return determinism::chaos(0xf107111a); }

struct script {
  const char* name;
  std::uint64_t (*play)();
  std::uint64_t expected;
};
constexpr script scripts[] = {{"trace", play, expected_trace},
                              {"chaos", play_chaos, expected_chaos}};

bool holds(const script& s) {
  const std::uint64_t first = s.play();
  const std::uint64_t second = s.play();
  std::printf("%s 0x%016" PRIx64 "\n", s.name, first);
  if (first != second) {
    std::fprintf(stderr, "FAILED: the same script gave 0x%016" PRIx64 " the second time\n", second);
    return false;
  }
  if (first != s.expected) {
    std::fprintf(stderr,
                 "FAILED: expected 0x%016" PRIx64
                 "\n"
                 "If the protocol was meant to change, set `expected_%s` in "
                 "tests/determinism/trace.cpp to the number above,\n"
                 "after g++, clang++, a 32-bit and an unoptimised build have all printed it.\n",
                 s.expected, s.name);
    return false;
  }
  return true;
}

}  // namespace

int main() {
  bool all = true;
  for (const script& s : scripts) all = holds(s) && all;
  return all ? 0 : 1;
}
