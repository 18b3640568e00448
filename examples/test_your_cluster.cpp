// examples/test_your_cluster.cpp - a replicated program, tested on the simulator with RapidCheck
// For a test of your own, replace `replica`, and its promise in `world`. With --bug it saves a few
// datagrams too many: RapidCheck prints the shortest script that shows it, and how to repeat that.
#include <rapidcheck.h>

#include <flotilla/flotilla.hpp>
#include <flotilla/testing/simulation.hpp>
#include <iostream>
#include <map>
#include <set>

namespace {

using namespace flotilla::testing;
using namespace std::chrono_literals;
using flotilla::endpoint, flotilla::time_point;
using flags = std::uint64_t;
bool with_bug = false;

// ---- The program: 64 flags, raised by anybody and never lowered, the same at every member. Like
// the engine in it, it owns no socket and no clock: what drives an engine drives it.
class replica {
 public:
  replica(const flotilla::config& settings, std::vector<endpoint> seeds, time_point now)
      : engine_{settings, now}, seeds_{std::move(seeds)}, next_round_{now} {
    engine_.join(seeds_);
  }
  flags raised() const { return flags_; }
  void raise(flags more) {
    if ((more & ~flags_) != 0) settled_.clear();  // nobody is known to have heard of these
    flags_ |= more;
  }
  // The first byte tells whose a datagram is: the engine's is its wire format's version, 1.
  void receive(time_point now, const endpoint& from, std::span<const std::byte> in) {
    const bool ours = in.size() == 9 && (in[0] == question || in[0] == answer);
    if (!ours) return static_cast<void>(engine_.receive(now, from, in));
    flags theirs = 0;
    for (const std::byte b : in.subspan(1)) theirs = theirs << 8U | std::to_integer<flags>(b);
    raise(theirs);
    if (theirs == flags_) settled_.insert(from);
    if (in[0] == question) outbox_.push_back({from, answer});
  }
  // Asks all who may know of other flags, until they are known not to; the dead are spared.
  void tick(time_point now) {
    engine_.tick(now);
    if (now < next_round_) return;
    next_round_ = now + 100ms;
    if (with_bug && flags_ == 0) return;  // nothing to tell, so why send?
    for (const flotilla::member& m : engine_.members()) {
      const bool other = m.id != engine_.self().id && is_active(m.state);
      if (other && !settled_.contains(m.address)) outbox_.push_back({m.address, question});
    }
  }
  time_point next_deadline() const { return std::min(engine_.next_deadline(), next_round_); }
  // The engine's events, acted on as they pass. The simulation takes events before datagrams.
  std::optional<flotilla::event> poll_event() {
    const auto what = engine_.poll_event();
    if (!what) return what;
    // Whoever joins may be a new process that has lost everything: it is asked, and so told, anew.
    if (auto* e = std::get_if<flotilla::member_joined>(&*what)) settled_.erase(e->member.address);
    if (std::holds_alternative<flotilla::join_failed>(*what)) engine_.join(seeds_);
    return what;
  }
  std::optional<flotilla::transmit> poll_transmit(std::span<std::byte> buffer) {
    if (const auto out = engine_.poll_transmit(buffer); out || outbox_.empty()) return out;
    const auto [to, kind] = outbox_.back();
    outbox_.pop_back();
    buffer[0] = kind;
    for (unsigned i = 1; i <= 8; ++i) buffer[i] = std::byte(flags_ >> (64 - 8 * i) & 255U);
    return flotilla::transmit{to, buffer.first(9)};
  }

 private:
  static constexpr std::byte question{'q'}, answer{'a'};  // both carry the flags
  flotilla::engine engine_;
  std::vector<endpoint> seeds_;
  time_point next_round_;
  flags flags_{0};
  std::set<endpoint> settled_{};  // those who are known to hold the same flags
  std::vector<std::pair<endpoint, std::byte>> outbox_{};
};

// ---- The test. The promise: a flag stays raised as long as a process runs that knows it, and once
// faults have ended all come to know the same.
constexpr node_index group_size = 4;
std::map<std::string, std::uint64_t> done;  // what happened, in all cases
struct world {
  simulation<replica> sim;  // all chance in it comes from the seed
  flags promised{0}, next{1};
  explicit world(std::uint64_t seed) : sim{seed} {
    for (node_index i = 0; i < group_size; ++i) sim.add(fresh(i, sim.now()));
  }
  replica fresh(node_index i, time_point now) {
    auto settings = flotilla::config::loopback();
    settings.id = flotilla::member_id{i + 1};
    settings.address = default_address(i);
    settings.seed = sim.random().next();
    return {settings, {default_address(0), default_address(1), default_address(2)}, now};
  }
  flags known() const {
    flags all = 0;
    for (node_index i = 0; i < group_size; ++i) all |= sim.crashed(i) ? 0 : sim[i].raised();
    return all;
  }
  bool kept() const {
    bool yes = (promised & ~known()) == 0;
    for (node_index i = 0; i < group_size; ++i) yes &= sim[i].raised() == known();
    return yes;
  }
  void perform(const std::string& what, node_index who, int pause_ms) {
    if (!sim.running(who) && what != "heal") return;
    ++done[what];
    if (what == "lose half") sim.net().set_link({.loss = chance::percent(50)});
    if (what == "isolate") sim.net().isolate(who);
    if (what == "heal") sim.net().heal();
    if (what == "freeze") sim.freeze(who);
    if (what == "crash" || what == "restart") sim.crash(who);
    promised &= known();  // what only the crashed one knew is rightly lost
    if (what == "raise") sim.command(who, [this](replica& r) { r.raise(next); });
    if (what == "raise") promised |= std::exchange(next, next << 1U);
    const auto recover = [this, who] {
      sim.resume(who);
      if (sim.crashed(who)) sim.restart(who, fresh(who, sim.local_time(who)));
    };
    if (!sim.running(who)) sim.after(what == "restart" ? 0s : 4s, recover);
    sim.run_for(std::chrono::milliseconds{pause_ms});
    RC_ASSERT((promised & ~known()) == 0U);
  }
};
}  // namespace

int main(int argc, char** argv) {
  with_bug = argc > 1 && argv[1] == std::string{"--bug"};
  ::setenv("RC_PARAMS", "seed=20020623 max_success=1000", 0);  // the same at every run
  const bool ok = rc::check("all agree in the end, and no flag is lost that anybody knows", [] {
    world w{*rc::gen::arbitrary<std::uint64_t>()};
    const auto script = *rc::gen::container<std::vector<std::tuple<std::string, node_index, int>>>(
        rc::gen::tuple(rc::gen::element<std::string>("raise", "lose half", "isolate", "heal",
                                                     "freeze", "crash", "restart"),
                       rc::gen::inRange<node_index>(0, group_size), rc::gen::inRange(50, 3000)));
    for (const auto& [what, who, pause_ms] : script) w.perform(what, who, pause_ms);
    w.perform("heal", 0, 4000);  // the last freeze and crash are over then
    RC_ASSERT(w.sim.run_until([&] { return w.kept(); }, 5min));
    done["datagrams lost or cut"] += w.sim.stats().lost + w.sim.stats().cut;
  });
  for (const auto& [what, times] : done) std::cout << times << ' ' << what << '\n';
  return ok ? 0 : 1;
}
