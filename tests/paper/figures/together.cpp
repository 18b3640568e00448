// paper/figures/together.cpp - whole groups that start, restart and meet again at once
// Not in the paper: bootstrap through one seed, a restart into rumours of death, cuts that heal.
// `--only bootstrap|restart|halves|hundred|three|oneway|single|steady` runs one, `--size N` so
// large.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <functional>
#include <string>
#include <variant>
#include <vector>

#include <paper/figures/members.hpp>
#include <paper/figures/series.hpp>

namespace {

using namespace figures;
using namespace std::chrono_literals;
using flotilla::testing::chance;
using flotilla::testing::latency;
using flotilla::testing::link_options;

double seconds(duration length) { return static_cast<double>(length.count()) / 1e9; }

/// 1 ms one way, and each hundredth datagram is lost.
link_options lossy_lan() {
  link_options link;
  link.delay = latency::fixed(1ms);
  link.loss = chance::percent(1);
  return link;
}

/// Counts bytes, and verdicts about members that run.
class meter final : public engine_observer {
 public:
  static constexpr duration window = 100ms;

  explicit meter(cluster& group) : group_{&group} { group.sim().watch(*this); }

  void on_send(time_point now, node_index node, const engine& after, const endpoint& to,
               std::span<const std::byte> bytes) override {
    (void)after, (void)to;
    if (sent_.size() <= node) sent_.resize(std::size_t{node} + 1);
    sent_[node] += bytes.size();
    if (node != 0) return;
    if (now - window_begin_ >= window) {
      window_begin_ = now;
      in_window_ = 0;
    }
    in_window_ += bytes.size();
    burst_ = std::max(burst_, in_window_);
  }
  void on_event(time_point now, node_index node, const engine& after,
                const flotilla::event& what) override {
    (void)after;
    if (const auto* failed = std::get_if<flotilla::member_failed>(&what)) {
      const node_index subject = group_->node_of(failed->member.id);
      if (subject != no_node && group_->is_up(subject)) {
        ++failures_;
        if (first_.empty()) {
          first_ = std::to_string(subject) + " at " + std::to_string(node) + " after " +
                   number(seconds(now - begin_), 2) + " s";
        }
      }
    }
    if (std::holds_alternative<flotilla::member_suspected>(what)) ++suspicions_;
  }

  void clear(time_point now) {
    sent_.assign(group_->size(), 0);
    burst_ = in_window_ = 0;
    failures_ = suspicions_ = 0;
    begin_ = window_begin_ = now;
    first_.clear();
  }
  [[nodiscard]] double mean_bytes() const {
    double sum = 0;
    for (const std::uint64_t n : sent_) sum += static_cast<double>(n);
    return sum / static_cast<double>(sent_.size());
  }
  [[nodiscard]] double most_bytes() const {
    return static_cast<double>(*std::max_element(sent_.begin(), sent_.end()));
  }
  [[nodiscard]] double seed_bytes() const { return static_cast<double>(sent_[0]); }
  /// The most bytes that node 0 has sent in one window.
  [[nodiscard]] double burst() const { return static_cast<double>(burst_); }
  [[nodiscard]] std::uint64_t failures() const { return failures_; }
  [[nodiscard]] std::uint64_t suspicions() const { return suspicions_; }
  [[nodiscard]] const std::string& first() const { return first_; }

 private:
  cluster* group_;
  std::vector<std::uint64_t> sent_{};
  std::uint64_t burst_{0};
  std::uint64_t in_window_{0};
  time_point window_begin_{};
  time_point begin_{};
  std::uint64_t failures_{0};
  std::uint64_t suspicions_{0};
  std::string first_{};
};

bool all_know(const cluster& group, node_index members) {
  for (node_index i = 0; i < group.size(); ++i) {
    if (group.is_up(i) && group[i].size() != members) return false;
  }
  return true;
}

/// The least, mean and most that members know, for progress on stderr.
void trace(const cluster& group, time_point begin, const char* what) {
  std::size_t least = ~std::size_t{0};
  std::size_t most = 0;
  std::size_t sum = 0;
  for (node_index i = 0; i < group.size(); ++i) {
    least = std::min(least, group[i].size());
    most = std::max(most, group[i].size());
    sum += group[i].size();
  }
  std::fprintf(stderr, "%s %7.2f s: %zu to %zu, mean %.1f\n", what, seconds(group.now() - begin),
               least, most, static_cast<double>(sum) / static_cast<double>(group.size()));
}

// ---- starting

void bootstrap(std::uint64_t seed, node_index members, duration limit, table& out,
               verdict& claims) {
  cluster group{seed, config::lan(), lossy_lan()};
  meter watch{group};
  for (node_index i = 0; i < members; ++i) group.add();
  watch.clear(group.now());
  const time_point begin = group.now();
  for (node_index i = 1; i < members; ++i) group.join(i, 0);
  time_point traced = begin;
  const bool whole = group.sim().run_until(
      [&] {
        if (group.now() >= traced) {
          trace(group, begin, "bootstrap");
          traced += 500ms;
        }
        return all_know(group, members);
      },
      60s, 50ms);
  const double took = seconds(group.now() - begin);
  const double mean = watch.mean_bytes();
  const double most = watch.most_bytes();
  const double at_seed = watch.seed_bytes();
  const double burst = watch.burst();
  group.run_for(60s);
  std::uint64_t refused = 0;
  for (node_index i = 0; i < members; ++i) refused += group[i].stats().chunks_refused;
  std::fprintf(stderr, "%llu requests sent on or put off, %llu suspicions; failed first: %s\n",
               static_cast<unsigned long long>(refused),
               static_cast<unsigned long long>(watch.suspicions()), watch.first().c_str());
  out.row({"bootstrap, 1 seed", std::to_string(members), number(took, 2), number(mean / 1024, 1),
           number(most / 1024, 1), number(at_seed / 1024, 1), number(burst / 1024, 1),
           std::to_string(watch.failures())});
  claims.require(
      whole && took <= seconds(limit) && watch.failures() == 0,
      std::to_string(members) + " members that start at once know each other in " +
          number(took, 2) + " s (at most " + number(seconds(limit), 0) +
          "), none reported failed in the next minute: " + std::to_string(watch.failures()));
}

// ---- starting anew

/// Tells one survivor, as if another had, that members `first` to `last` are what `state` says.
void tell(cluster& group, node_index to, node_index first, node_index last,
          flotilla::member_state state) {
  const node_index by = to == 0 ? 1 : 0;
  const member_id self = group.id_of(by);
  std::vector<std::byte> buffer(config::lan().max_datagram_size);
  for (node_index i = first; i < last;) {
    wire::writer out{buffer};
    wire::write_message(out, {wire::group_tag_of(""), self, {}, group.id_of(to)}, wire::ping{i});
    for (; i < last; ++i) {
      const flotilla::incarnation old{100};
      const bool alive = state == flotilla::member_state::alive;
      const endpoint at = alive ? flotilla::testing::default_address(i) : endpoint{};
      const member_id accuser = alive ? member_id{} : self;
      if (!wire::write_fact(out, {member_id{i + 1U}, old, state, at, accuser})) break;
    }
    wire::finish_frame(out);
    group.sim().inject(flotilla::testing::default_address(by),
                       flotilla::testing::default_address(to), out.written());
  }
}

/// All but a few members have crashed at incarnation 100; the few hold all of them dead, and pass
/// that on, when all start again at once, counting from 0.
void restart(std::uint64_t seed, node_index members, duration limit, table& out, verdict& claims) {
  constexpr node_index survivors = 8;
  const node_index all = members + survivors;
  cluster group{seed, config::lan(), lossy_lan()};
  for (node_index i = 0; i < survivors; ++i) group.add();
  for (node_index i = 1; i < survivors; ++i) group.join(i, 0);
  bool good = group.sim().run_until([&] { return all_know(group, survivors); }, 30s, 100ms);
  for (node_index first = survivors; first < all; first += 2000) {
    for (node_index to = 0; to < survivors; ++to) {
      tell(group, to, first, std::min(first + 2000, all), flotilla::member_state::alive);
      tell(group, to, first, std::min(first + 2000, all), flotilla::member_state::dead);
    }
    group.run_for(1s);
  }
  std::uint64_t rumours = 0;
  for (node_index i = 0; i < survivors; ++i) rumours += group[i].stats().members_dead;
  good = good && rumours >= std::uint64_t{survivors} * members * 9 / 10;  // some are lost
  for (node_index i = 0; i < members; ++i) group.add();
  meter watch{group};
  watch.clear(group.now());
  const time_point begin = group.now();
  for (node_index i = survivors; i < all; ++i) group.join(i, 0);
  time_point traced = begin;
  good = group.sim().run_until(
             [&] {
               if (group.now() >= traced) {
                 trace(group, begin, "restart");
                 traced += 2s;
               }
               return all_know(group, all);
             },
             limit * 3, 100ms) &&
         good;
  const double took = seconds(group.now() - begin);
  std::uint64_t raised = 0;
  for (node_index i = survivors; i < all; ++i) {
    raised += group[i].self().incarnation.value() > 100 ? 1U : 0U;
  }
  out.row({"restart into rumours", std::to_string(all), number(took, 2),
           number(watch.mean_bytes() / 1024, 1), number(watch.most_bytes() / 1024, 1),
           number(watch.seed_bytes() / 1024, 1), number(watch.burst() / 1024, 1),
           std::to_string(watch.failures())});
  claims.require(
      good && took <= seconds(limit),
      std::to_string(members) + " members that start again at incarnation 0, held dead at " +
          "100 by 8 others, are seen alive by all in " + number(took, 1) + " s (at most " +
          number(seconds(limit), 0) + "); " + std::to_string(raised) + " had to speak up");
}

// ---- steady state

/// Knows members that have met nobody, and answers their joins: a group is at rest at once. Its own
/// members would gossip about each other for many minutes first if they were many.
class who_knows_all final : public engine_observer {
 public:
  static constexpr endpoint address = endpoint::ipv4({192, 168, 0, 1}, 7946);

  explicit who_knows_all(cluster& group) : group_{&group} { group.sim().watch(*this); }

  void on_send(time_point now, node_index node, const engine& after, const endpoint& to,
               std::span<const std::byte> bytes) override {
    (void)now, (void)node;
    wire::message message;
    if (to != address) return;
    if (wire::read_message(bytes, tag_, message) != flotilla::receive_result::accepted) return;
    if (const auto* join = std::get_if<wire::join_request>(&message.body)) {
      answer(after.self(), join->sequence, nothing);
    } else if (const auto* more = std::get_if<wire::state_request>(&message.body)) {
      answer(after.self(), more->sequence, more->cursor);
    }
  }

 private:
  static constexpr std::uint32_t nothing = wire::end_of_state;

  /// Tells of the members from number `first` on.
  void answer(const flotilla::member& who, std::uint32_t sequence, std::uint32_t first) {
    const node_index members = group_->size();
    std::vector<std::byte> buffer(config::lan().max_datagram_size);
    wire::writer out{buffer};
    wire::write_message(out, {tag_, member_id{0xffff'ffff}, {}, who.id},
                        wire::state_reply{sequence, 1, 0, members});
    if (first != nothing) {
      node_index i = first;
      while (i < members && wire::write_fact(out, fact_of(i))) ++i;
      out.patch_u32(wire::state_reply_next_at, i < members ? i : wire::end_of_state);
    }
    wire::finish_frame(out);
    group_->sim().inject(address, who.address, out.written());
  }
  [[nodiscard]] wire::fact fact_of(node_index i) const {
    return {group_->id_of(i), {}, flotilla::member_state::alive, group_->config_of(i).address, {}};
  }

  cluster* group_;
  std::uint32_t tag_{wire::group_tag_of("")};
};

/// What nothing costs: bytes a member sends in a second when all know each other and nobody's
/// gossip waits.
void steady(std::uint64_t seed, node_index members, table& out, verdict& claims) {
  link_options at_once;
  at_once.delay = latency::fixed(0ms);
  cluster group{seed, config::lan(), at_once};
  who_knows_all server{group};
  for (node_index i = 0; i < members; ++i) group.add();
  for (node_index i = 0; i < members; ++i) group.join(i, who_knows_all::address);
  group.run_for(1ms);
  group.net().set_link(lossy_lan());
  const time_point begin = group.now();
  const auto at_rest = [&] {
    trace(group, begin, "settling");
    bool quiet = all_know(group, members);
    for (node_index i = 0; i < members; ++i) quiet = quiet && group[i].stats().gossip_pending == 0;
    return quiet;
  };
  group.run_for(60s);  // round trips are measured, members have met
  const bool good = group.sim().run_until(at_rest, 10min, 30s);
  meter watch{group};
  watch.clear(group.now());
  for (int i = 0; i < 4; ++i) {
    group.run_for(30s);
    trace(group, begin, "at rest");
  }
  const double rate = watch.mean_bytes() / 120;
  out.row({"steady, bytes a second", std::to_string(members), number(rate, 0),
           number(watch.mean_bytes() / 1024, 1), number(watch.most_bytes() / 1024, 1),
           number(watch.seed_bytes() / 1024, 1), number(watch.burst() / 1024, 1),
           std::to_string(watch.failures())});
  claims.require(good && watch.failures() == 0,
                 std::to_string(members) + " members at rest send " + number(rate, 0) +
                     " bytes a second each, digests for repair included");
}

// ---- healing

/// Which side a member is on while the group is parted.
using sides = std::function<std::uint32_t(node_index)>;

struct parting {
  const char* name;
  node_index members;
  duration apart;
  duration limit;
  sides side;
  bool one_way;
};

void heal(std::uint64_t seed, const parting& what, table& out, verdict& claims) {
  cluster group{seed, config::lan(), lossy_lan()};
  for (node_index i = 0; i < what.members; ++i) group.add();
  for (node_index i = 1; i < what.members; ++i) group.join(i, 0);
  meter watch{group};
  bool good = group.sim().run_until([&] { return all_know(group, what.members); }, 120s, 100ms);
  group.run_for(30s);
  for (node_index a = 0; a < what.members; ++a) {
    for (node_index b = 0; b < what.members; ++b) {
      if (what.one_way ? what.side(a) < what.side(b) : what.side(a) != what.side(b)) {
        group.net().cut(a, b);
      }
    }
  }
  const time_point cut = group.now();
  time_point traced = cut;
  while (group.now() - cut < what.apart) {
    group.run_for(10s);
    if (group.now() >= traced) {
      trace(group, cut, "apart");
      traced += 60s;
    }
  }
  // By all on other sides; but one alone takes hours to find out that everybody else has gone.
  std::vector<node_index> on_side(what.members);
  for (node_index i = 0; i < what.members; ++i) ++on_side[what.side(i)];
  bool forgotten = true;
  for (node_index i = 0; i < what.members; ++i) {
    for (node_index j = 0; j < what.members; ++j) {
      if (what.side(i) != what.side(j) && on_side[what.side(i)] > 1) {
        forgotten = forgotten && !group[i].find(group.id_of(j)).has_value();
      }
    }
  }
  group.net().mend_all();
  watch.clear(group.now());
  const time_point begin = group.now();
  traced = begin;
  good = group.sim().run_until(
             [&] {
               if (group.now() >= traced) {
                 trace(group, begin, what.name);
                 traced += 5s;
               }
               return all_know(group, what.members);
             },
             what.limit * 5, 100ms) &&
         good;
  const double took = seconds(group.now() - begin);
  const double mean = watch.mean_bytes();
  const double most = watch.most_bytes();
  const double burst = watch.burst();
  const double at_seed = watch.seed_bytes();
  group.run_for(60s);
  std::fprintf(stderr, "suspicions %llu failed %llu %s\n",
               static_cast<unsigned long long>(watch.suspicions()),
               static_cast<unsigned long long>(watch.failures()), watch.first().c_str());
  out.row({what.name, std::to_string(what.members), number(took, 2), number(mean / 1024, 1),
           number(most / 1024, 1), number(at_seed / 1024, 1), number(burst / 1024, 1),
           std::to_string(watch.failures())});
  claims.require(good && took <= seconds(what.limit) && watch.failures() == 0 && forgotten,
                 std::string{what.name} + ", " + std::to_string(what.members) +
                     " members: one group again after " + number(took, 1) + " s (at most " +
                     number(seconds(what.limit), 0) +
                     "), reported failed meanwhile: " + std::to_string(watch.failures()) +
                     (forgotten ? "" : "; NOT forgotten before"));
}

}  // namespace

int main(int argc, char** argv) {
  const char* only = "";
  node_index size = 0;
  std::vector<char*> rest;
  for (int i = 0; i < argc; ++i) {
    if (i + 1 < argc && std::strcmp(argv[i], "--only") == 0) {
      only = argv[++i];
    } else if (i + 1 < argc && std::strcmp(argv[i], "--size") == 0) {
      size = static_cast<node_index>(std::strtoul(argv[++i], nullptr, 10));
    } else {
      rest.push_back(argv[i]);
    }
  }
  const options given = parse(static_cast<int>(rest.size()), rest.data(), 1, 1);
  const auto wanted = [&](const char* name) {
    return *only == '\0' || std::strcmp(only, name) == 0;
  };
  table out{{"what", "members", "seconds", "KiB a member", "the most", "at the seed",
             "seed, worst 100 ms", "failed wrongly"}};
  verdict claims;
  const std::uint64_t seed = given.seed;
  const bool quick = given.quick;
  const auto of = [size, quick](node_index full, node_index few) {
    return size != 0 ? size : quick ? few : full;
  };
  const auto halves = [](node_index n) {
    return [n](node_index i) { return i < n / 2 ? 0U : 1U; };
  };
  const sides thirds = [](node_index i) { return i % 3; };
  const sides seventh = [](node_index i) { return i == 7 ? 1U : 0U; };
  const node_index some = of(100, 60);
  if (wanted("bootstrap")) bootstrap(seed, of(2000, 200), 12s, out, claims);
  if (wanted("restart")) restart(seed, of(4500, 200), 120s, out, claims);
  if (wanted("halves") && !quick) {
    const node_index n = of(1000, 0);
    heal(seed, {"halves", n, 600s, 120s, halves(n), false}, out, claims);
  }
  if (wanted("hundred")) heal(seed, {"halves", some, 480s, 60s, halves(some), false}, out, claims);
  if (wanted("three")) heal(seed, {"three ways", some, 480s, 60s, thirds, false}, out, claims);
  if (wanted("oneway")) heal(seed, {"one way", some, 480s, 60s, halves(some), true}, out, claims);
  if (wanted("single")) heal(seed, {"one alone", some, 480s, 60s, seventh, false}, out, claims);
  if (wanted("steady")) {
    const std::vector<node_index> sizes = size != 0 ? std::vector<node_index>{size}
                                          : quick   ? std::vector<node_index>{50, 100}
                                                    : std::vector<node_index>{100, 1000, 10000};
    for (const node_index n : sizes) steady(seed, n, out, claims);
  }
  out.print();
  claims.require(out.write_csv(given.csv), "CSV written, where asked for");
  return claims.exit_code();
}
