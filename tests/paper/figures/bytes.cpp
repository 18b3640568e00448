// paper/figures/bytes.cpp - SWIM, section 5: how large messages are; its own had 15 to 135 bytes
// Ours name members by 64 bits, carry whole addresses, and say which group they belong to.
#include <array>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include <paper/figures/members.hpp>
#include <paper/figures/series.hpp>

namespace {

using namespace figures;

constexpr node_index members = 55;  // the paper's largest group
constexpr std::size_t paper_limit = 135;
constexpr std::uint32_t paper_updates = 6;

/// What was sent in one phase of a run.
struct phase {
  std::uint64_t datagrams{0};
  std::uint64_t bytes{0};
  std::uint64_t update_bytes{0};  // of ping, ping_request, ack and relayed_ack: what gossip adds
  std::uint64_t updates{0};
  std::uint64_t windows{0};  // periods
  std::uint64_t busiest{0};  // bytes of one member in one period

  [[nodiscard]] double a_member_a_period() const {
    return static_cast<double>(bytes) / static_cast<double>(windows) / members;
  }
  void add(const phase& more) {
    datagrams += more.datagrams;
    bytes += more.bytes;
    update_bytes += more.update_bytes;
    updates += more.updates;
    windows += more.windows;
    busiest = std::max(busiest, more.busiest);
  }
};

/// The largest datagrams of any phase.
struct sizes {
  std::size_t any{0};        // of all kinds, joining included
  std::size_t bare{0};       // ping or ack without updates
  std::size_t with_six{0};   // the largest that carries one to six
  std::size_t gossip{0};     // the largest that carries gossip at all
  std::uint32_t updates{0};  // the most in one ping, ping_request, ack or relayed_ack

  void add(const sizes& more) {
    any = std::max(any, more.any);
    bare = std::max(bare, more.bare);
    with_six = std::max(with_six, more.with_six);
    gossip = std::max(gossip, more.gossip);
    updates = std::max(updates, more.updates);
  }
};

bool is_gossip(wire::message_kind kind) {
  return kind == wire::message_kind::ping || kind == wire::message_kind::ping_request ||
         kind == wire::message_kind::ack || kind == wire::message_kind::relayed_ack;
}

class byte_watch final : public engine_observer {
 public:
  explicit byte_watch(cluster& group) : group_{&group}, window_(members) {
    group.sim().watch(*this);
  }

  /// Runs so many periods and returns what was sent in them.
  phase run(std::uint32_t periods) {
    now_ = phase{};
    for (std::uint32_t i = 0; i < periods; ++i) {
      group_->run_for(period);
      for (std::uint64_t& bytes : window_) {
        now_.busiest = std::max(now_.busiest, bytes);
        bytes = 0;
      }
      ++now_.windows;
    }
    return now_;
  }
  [[nodiscard]] const sizes& largest() const { return largest_; }
  [[nodiscard]] std::uint64_t undecoded() const { return undecoded_; }

  void on_send(time_point now, node_index node, const engine& after, const endpoint& to,
               std::span<const std::byte> bytes) override {
    (void)now, (void)after, (void)to;
    ++now_.datagrams;
    now_.bytes += bytes.size();
    window_[node] += bytes.size();
    largest_.any = std::max(largest_.any, bytes.size());
    const auto message = decode(bytes);
    if (!message) {
      ++undecoded_;
    } else if (is_gossip(message->head.kind)) {
      note_gossip(*message, bytes.size());
    }
  }

 private:
  void note_gossip(const wire::message& message, std::size_t size) {
    const std::uint32_t updates = count_facts(message);
    now_.updates += updates;
    now_.update_bytes += message.facts.size();
    largest_.updates = std::max(largest_.updates, updates);
    largest_.gossip = std::max(largest_.gossip, size);
    // The paper has ping and ack in mind: a ping_request also carries the subject's address.
    if (message.head.kind != wire::message_kind::ping &&
        message.head.kind != wire::message_kind::ack) {
      return;
    }
    if (updates == 0) largest_.bare = std::max(largest_.bare, size);
    if (updates != 0 && updates <= paper_updates) {
      largest_.with_six = std::max(largest_.with_six, size);
    }
  }

  cluster* group_;
  std::vector<std::uint64_t> window_;  // bytes of each member in this period
  phase now_{};
  sizes largest_{};
  std::uint64_t undecoded_{0};
};

struct outcome {
  std::size_t limit{0};
  phase storm{};
  phase steady{};
  phase crash{};
  sizes largest{};
  sample mesh{};  // periods from the storm to a full mesh
  bool stuck{false};
  bool oversized{false};
};

/// All join at once; then nothing happens for a while; then one crashes and is buried.
void measure(std::uint64_t seed, std::uint32_t steady_periods, outcome& out) {
  config settings = config::swim_paper();
  settings.max_datagram_size = out.limit;
  cluster group{seed, settings};
  byte_watch watch{group};
  group.add_joined(members);
  const time_point begin = group.now();
  out.storm.add(watch.run(10));
  if (!wait_coarsely(
          group, [&] { return group.full_mesh(); }, 400))
    out.stuck = true;
  out.mesh.add(in_periods(group.now() - begin));
  watch.run(4 * paper_budget(members));
  out.steady.add(watch.run(steady_periods));
  const node_index victim = group.sim().random().below(members);
  group.crash(victim);
  // Detection, the suspicion's time-out, and both facts spread.
  out.crash.add(watch.run(2 * paper_budget(members) + 5));
  out.stuck = out.stuck || !group.status_everywhere(victim, flotilla::member_state::dead);
  out.stuck = out.stuck || watch.undecoded() != 0;
  out.oversized = out.oversized || watch.largest().any > out.limit;
  out.largest.add(watch.largest());
}

double update_size(const outcome& o) {
  phase all = o.storm;
  all.add(o.steady);
  all.add(o.crash);
  return static_cast<double>(all.update_bytes) / static_cast<double>(all.updates);
}

void add_row(const outcome& o, table& rows) {
  rows.row({std::to_string(o.limit), std::to_string(o.largest.bare),
            std::to_string(o.largest.with_six), std::to_string(o.largest.updates),
            std::to_string(o.largest.gossip), std::to_string(o.largest.any),
            number(update_size(o), 1), number(o.steady.a_member_a_period(), 1),
            number(o.storm.a_member_a_period(), 0), std::to_string(o.storm.busiest),
            number(o.crash.a_member_a_period(), 1), number(o.mesh.mean(), 1)});
}

int judge(const outcome& small, const outcome& six, const outcome& large) {
  std::printf("\n");
  verdict result;
  for (const outcome* o : {&small, &six, &large}) {
    result.require(!o->stuck && !o->oversized,
                   "with datagrams of at most " + std::to_string(o->limit) +
                       " bytes all get to know each other and the crash, and none is larger: " +
                       std::to_string(o->largest.any));
  }
  result.require(small.largest.any <= paper_limit && small.largest.updates >= 4,
                 "at most the paper's 135 bytes are enough: " +
                     std::to_string(small.largest.updates) + " updates fit");
  // In 135 bytes six updates have no room: reported, and held to what they are.
  result.require(six.largest.updates == paper_updates && six.largest.with_six <= six.limit,
                 "six updates need " + std::to_string(six.largest.with_six) +
                     " bytes where the paper needs 135");
  const double update = std::max({update_size(small), update_size(six), update_size(large)});
  result.require(update <= 22, "an update takes " + number(update, 1) + " bytes (paper: 20)");
  result.require(large.largest.bare <= 37, "a message without updates takes at most " +
                                               std::to_string(large.largest.bare) +
                                               " bytes (paper: 15)");
  const double steady = large.steady.a_member_a_period();
  result.require(std::fabs(steady - 70) <= 1.4,
                 "steady state is a bare ping and a bare ack a member and period, 33 + 37 bytes: " +
                     number(steady, 2));
  std::printf(
      "\nREADME: bytes: %s a member and period in steady state; %s an update (paper: 20); "
      "%zu with six updates (paper: 135), %zu bare (paper: 15)\n",
      number(steady, 1).c_str(), number(update, 1).c_str(), six.largest.with_six,
      large.largest.bare);
  return result.exit_code();
}

}  // namespace

int main(int argc, char** argv) {
  const options wanted = parse(argc, argv, 50, 3);
  // The paper's, what six updates need beside an ack, and the default.
  std::array<outcome, 3> all;
  all[0].limit = paper_limit;
  all[1].limit = 37 + paper_updates * 22;
  all[2].limit = config{}.max_datagram_size;
  progress bar{"bytes", std::uint64_t{wanted.runs} * all.size()};
  table rows({"limit", "bare", "1-6 updates", "most updates", "largest gossip", "largest",
              "bytes/update", "steady", "join storm", "busiest", "crash", "mesh after"});
  rows.row({"paper", "15", std::to_string(paper_limit), "6", "135", "135", "20"});
  for (outcome& o : all) {
    for (std::uint32_t run = 0; run < wanted.runs; ++run, bar.advance()) {
      measure(wanted.seed * 1'000'003 + run, wanted.quick ? 50 : 200, o);
    }
    add_row(o, rows);
  }
  std::printf(
      "Section 5: bytes, N = %u; steady, join storm (the first 10 periods after all joined "
      "at once) and crash\n(until it is buried) are bytes a member and period, busiest is "
      "the most that one member sent in one period\n\n",
      members);
  rows.print();
  const int exit_code = judge(all[0], all[1], all[2]);
  return rows.write_csv(wanted.csv) ? exit_code : 1;
}
