// fuzz/group.cpp - a sequence of operations on a small group, checked after each
// Two to five engines on a link that drops, repeats, reorders, cuts and damages; processes that
// crash, freeze and come back.
#include <flotilla/flotilla.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <support/invariants.hpp>
#include <utility>
#include <vector>

#include <support/input.hpp>
#include <support/vocabulary.hpp>

namespace {

using flotilla::duration;
using fuzz::endpoint;
using fuzz::incarnation;
using fuzz::input;
using fuzz::member_id;
using fuzz::member_state;
using fuzz::time_point;
namespace wire = flotilla::wire;

constexpr int max_operations = 200;
constexpr std::size_t max_in_flight = 256;
constexpr unsigned copy_every = 16;

struct packet {
  endpoint from;
  std::size_t to{0};
  std::vector<std::byte> data;
  bool damaged{false};
};

struct process {
  support::watched_engine node;
  flotilla::config settings;
  endpoint address;
  bool running{true};
  bool restarted{false};
  duration clock_ahead{};  // its own clock, as its inputs show it
};

class world {
 public:
  explicit world(std::uint8_t shape) {
    const std::size_t count = 2 + shape % 4;
    for (std::size_t i = 0; i < count; ++i) add(i, shape);
    // Most inputs begin with a group that has met.
    if ((shape & 8U) == 0) meet();
  }

  void operation(input& in) {
    const std::uint8_t op = in.u8();
    const std::size_t i = op / 16 % processes_.size();
    process& p = processes_[i];
    switch (op % 16) {
      case 0: deliver(in.u8(), false, false); break;
      case 1: deliver(in.u8(), true, false); break;
      case 2: drop(in.u8()); break;
      case 3: cut_[{i, in.u8() % processes_.size()}] = (op & 0x80U) == 0; break;
      case 4: advance(in); break;
      case 5: run(in.u8() % 24); break;
      case 6: p.running = !p.running; break;
      case 7: restart(i, in); break;
      case 8: command(p, in); break;
      case 9: damage(in); break;
      case 10: p.clock_ahead += fuzz::pick_step(in) / 16; break;
      case 11: join(i, in.u8() % processes_.size()); break;
      case 12: inject(i, in); break;
      case 13: deliver_all(); break;
      case 14: tick(p); break;
      default: run(in.u8() % 8); break;
    }
    for (process& each : processes_) {
      if (each.running) settle(each);
    }
  }

 private:
  void add(std::size_t i, std::uint8_t shape) {
    flotilla::config c =
        (shape & 16U) != 0 ? flotilla::config::swim_paper() : flotilla::config::loopback();
    c.id = member_id{i + 1};
    c.address = fuzz::address_of(i + 1);
    c.seed = 77 + i;
    c.max_members = (shape & 32U) != 0 ? 3 : 16;
    c.max_absent = 4;
    c.max_denied = 2;
    if ((shape & 64U) != 0) c.max_datagram_size = flotilla::min_datagram_size;
    if ((shape & 128U) != 0) c.initial_incarnation = incarnation{0xfffffffeU};
    processes_.push_back({support::watched_engine{c, now_, copy_every}, c, c.address, true, false,
                          duration::zero()});
  }

  void meet() {
    for (std::size_t i = 1; i < processes_.size(); ++i) join(i, 0);
    for (process& p : processes_) settle(p);
    run(30);
  }

  [[nodiscard]] time_point clock_of(const process& p) const {
    return flotilla::detail::saturating_add(now_, p.clock_ahead);
  }

  void tick(process& p) {
    if (p.running) p.node.tick(clock_of(p));
  }

  /// Pulls what a process has to say, and checks it and what it shows.
  void settle(process& p) {
    std::array<std::byte, 2048> buffer;
    while (const auto out = p.node.pull(buffer)) {
      listen(p, out->bytes);
      for (std::size_t to = 0; to < processes_.size(); ++to) {
        if (processes_[to].address != out->to) continue;
        const auto cut = cut_.find({index_of(p), to});
        if (cut != cut_.end() && cut->second) continue;
        if (in_flight_.size() == max_in_flight) in_flight_.erase(in_flight_.begin());
        in_flight_.push_back({p.address, to, {out->bytes.begin(), out->bytes.end()}, false});
      }
    }
    p.node.drain_events();
    fuzz::require(p.node.problem(), "group");
  }

  /// Of a member that never came back as a new process, nobody knows more than it has said itself
  /// (S1), and all say the same of each of its incarnations (S7). A forgery voids both.
  void listen(const process& from, std::span<const std::byte> datagram) {
    wire::message message;
    const auto tag = wire::group_tag_of(from.settings.cluster);
    if (forged_ || read_message(datagram, tag, message) != flotilla::receive_result::accepted) {
      return;
    }
    wire::fact_reader reader{message.facts};
    wire::fact fact;
    for (auto read = reader.next(fact); read != wire::fact_read::end; read = reader.next(fact)) {
      if (read != wire::fact_read::fact) continue;
      const auto at = static_cast<std::size_t>(fact.subject) - 1;
      if (at >= processes_.size() || processes_[at].restarted) continue;
      const flotilla::member self = processes_[at].node.node().self();
      fuzz::require(!(fact.incarnation > self.incarnation),
                    "group: an incarnation that its owner never gave itself (S1)");
      if (fact.state != member_state::alive) continue;
      const auto told =
          places_.emplace(std::pair{fact.subject, fact.incarnation.value()}, fact.address);
      if (told.first->second == fact.address) continue;
      fuzz::require("member " + support::name_of(fact.subject) + " at " + fact.address.to_string() +
                        " and at " + told.first->second.to_string() + " in incarnation " +
                        std::to_string(fact.incarnation.value()) + " (S7)",
                    "group");
    }
  }

  [[nodiscard]] std::size_t index_of(const process& p) const {
    return static_cast<std::size_t>(&p - processes_.data());
  }

  void deliver(std::size_t which, bool again, bool damaged) {
    if (in_flight_.empty()) return;
    const auto at = in_flight_.begin() + static_cast<std::ptrdiff_t>(which % in_flight_.size());
    const packet what = *at;
    if (!again) in_flight_.erase(at);
    process& p = processes_[what.to];
    if (!p.running) return;
    const auto result = p.node.receive(clock_of(p), what.from, what.data);
    if ((damaged || what.damaged) && result == flotilla::receive_result::accepted) forged_ = true;
  }

  void deliver_all() {
    for (std::size_t left = in_flight_.size(); left != 0; --left) deliver(0, false, false);
  }

  void drop(std::size_t which) {
    if (in_flight_.empty()) return;
    in_flight_.erase(in_flight_.begin() + static_cast<std::ptrdiff_t>(which % in_flight_.size()));
  }

  void advance(input& in) {
    now_ = flotilla::detail::saturating_add(now_, fuzz::pick_step(in));
    for (process& p : processes_) tick(p);
  }

  /// Lets the group run undisturbed for so many steps: everything arrives, timers fire in time.
  void run(std::size_t steps) {
    for (std::size_t i = 0; i < steps; ++i) {
      deliver_all();
      duration wait = std::chrono::seconds{1};
      for (const process& p : processes_) {
        const time_point due = p.node.node().next_deadline();
        if (!p.running || due == time_point::max()) continue;
        wait = std::min(wait, flotilla::detail::elapsed(clock_of(p), due));
      }
      now_ = flotilla::detail::saturating_add(now_, wait);
      for (process& p : processes_) {
        if (p.running && p.node.node().next_deadline() <= clock_of(p)) tick(p);
        if (p.running) settle(p);
      }
    }
  }

  void restart(std::size_t i, input& in) {
    process& p = processes_[i];
    flotilla::config c = p.settings;
    c.seed = in.u8();
    c.initial_incarnation = incarnation{(c.seed & 1U) != 0 ? 0U : 9U};
    c.address = p.address;
    p.node = support::watched_engine{c, clock_of(p), copy_every};
    p.running = true;
    p.restarted = true;
    places_.clear();
    join(i, (i + 1) % processes_.size());
  }

  void join(std::size_t i, std::size_t seed) {
    process& p = processes_[i];
    const endpoint to = processes_[seed].address;
    if (p.running) p.node.command([&](flotilla::engine& e) { return e.join({to}); });
  }

  void command(process& p, input& in) {
    const std::uint8_t which = in.u8();
    const member_id id{1 + in.u8() % (processes_.size() + 1)};
    if (!p.running) return;
    p.node.command([&](flotilla::engine& e) {
      switch (which % 8) {
        case 0: return e.leave();
        case 1: return e.evict(id);
        case 2: return e.allow(id);
        case 3: return e.cancel_join();
        case 4: {
          // To a free port of the same host, or back; the socket moves along.
          const auto port = static_cast<std::uint16_t>(7946 + which / 8 % 3);
          const endpoint to =
              endpoint::ipv4({10, 0, 0, static_cast<std::uint8_t>(index_of(p) + 1)}, port);
          const auto result = e.set_address(to);
          if (result == flotilla::command_error::none) p.address = to;
          return result;
        }
        default: return e.fail(id);
      }
    });
  }

  void damage(input& in) {
    if (in_flight_.empty()) return;
    packet& what = in_flight_[in.u8() % in_flight_.size()];
    const std::size_t changes = 1 + in.u8() % 4;
    for (std::size_t i = 0; i < changes && !what.data.empty(); ++i) {
      what.data[in.u8() % what.data.size()] ^= std::byte{in.u8()};
    }
    what.damaged = true;
  }

  /// A well-formed lie, told by a member or by a stranger.
  void inject(std::size_t to, input& in) {
    process& p = processes_[to];
    const member_id sender = fuzz::pick_id(in);
    const auto number = fuzz::pick_incarnation(in, p.node.node(), sender);
    const auto facts = fuzz::pick_facts(in, p.node.node());
    const auto data = fuzz::datagram(wire::group_tag_of(p.settings.cluster), sender, number,
                                     member_id{}, wire::ping{in.u8()}, facts);
    forged_ = true;
    if (p.running) p.node.receive(clock_of(p), fuzz::pick_address(in), data);
  }

  time_point now_{std::chrono::hours{1}};
  std::vector<process> processes_;
  std::vector<packet> in_flight_;
  std::map<std::pair<std::size_t, std::size_t>, bool> cut_;
  std::map<std::pair<member_id, std::uint32_t>, endpoint> places_;
  bool forged_{false};
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  input in{data, size};
  // Each beginning is played once and copied for every input.
  static std::array<std::optional<world>, 256> beginnings;
  const std::uint8_t shape = in.u8();
  if (!beginnings[shape]) beginnings[shape].emplace(shape);
  world group = *beginnings[shape];
  for (int i = 0; i < max_operations && !in.empty(); ++i) group.operation(in);
  fuzz::tell_amplification();
  return 0;
}
