// paper/figures/rapid.cpp - the faults of Rapid's evaluation (USENIX ATC 2018), in a group of 1,000
// No healthy member may be reported failed by anybody, the faulty included; crashes are removed in
// time.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include <flotilla/testing/cluster.hpp>
#include <paper/figures/alarms.hpp>
#include <paper/figures/members.hpp>
#include <paper/figures/series.hpp>

namespace {

using namespace figures;
using namespace std::chrono_literals;
using flotilla::testing::chance;

constexpr node_index faulty = 10;

enum class fault : std::uint8_t { crash, flip_flop, egress, ingress };

struct cell {
  const char* label;
  fault kind;
  duration length;
  config settings{config::lan()};
  alarms told{};
};

/// The control: who is not well itself does not wait for others to find what it has found.
config hasty() {
  config c = config::lan();
  c.experiment.waiting_for_others = false;
  return c;
}

/// All ingress lost for 20 s and none for 20 s, for ever.
void flip_flop(cluster& group, node_index i) {
  group.net().set_ingress_loss(i, chance::always());
  group.sim().after(20s, [&group, i] {
    group.net().set_ingress_loss(i, chance::never());
    group.sim().after(20s, [&group, i] { flip_flop(group, i); });
  });
}

void run(cell& into, std::uint64_t seed, node_index members) {
  ++into.told.runs;
  const std::unique_ptr<cluster> group = calm_group(seed, members, into.settings);
  if (!group) {
    ++into.told.incomplete;
    return;
  }
  alarm_watch watch{*group, into.told};
  const std::vector<node_index> chosen = some_nodes(*group, faulty);
  const time_point begin = group->now();
  for (const node_index i : chosen) {
    watch.set_faulty(i);
    switch (into.kind) {
      case fault::crash: group->crash(i); break;
      case fault::flip_flop: flip_flop(*group, i); break;
      case fault::egress: group->net().set_egress_loss(i, chance::percent(80)); break;
      case fault::ingress: group->net().set_ingress_loss(i, chance::percent(80)); break;
    }
  }
  group->run_for(into.length);
  into.told.member_seconds += members * static_cast<std::uint64_t>(into.length / 1s);
  watch.finish();
  if (into.kind != fault::crash) return;
  for (const node_index i : chosen) {
    if (watch.removed_at(i) == never)
      ++into.told.incomplete;
    else
      into.told.add_removal(watch.removed_at(i) - begin);
  }
}

}  // namespace

int main(int argc, char** argv) {
  const options given = parse(argc, argv, 3, 1);
  const node_index members = given.quick ? 200 : 1000;
  std::vector<cell> cells{{"10 crash", fault::crash, 60s},
                          {"ingress lost 20 s on, 20 s off", fault::flip_flop, 300s},
                          {"80 % egress loss", fault::egress, 300s},
                          {"80 % ingress loss", fault::ingress, 300s},
                          {"80 % egress loss, hasty", fault::egress, 300s, hasty()}};
  const cell& control = cells.back();
  progress bar{"rapid", std::uint64_t{given.runs} * cells.size()};
  table out{alarms::head()};
  for (cell& c : cells) {
    for (std::uint32_t n = 0; n < given.runs; ++n) {
      run(c, given.seed + n, members);
      bar.advance();
    }
    out.row(c.told.row(c.label));
  }
  std::printf("\nlan(), %u members, ten of them faulty, for five minutes\n\n", members);
  out.print();
  verdict claims;
  for (const cell& c : cells) {
    const std::string label = c.label;
    const alarms& t = c.told;
    claims.require(t.incomplete == 0, label + ": all groups formed, all crashes removed by all");
    if (&c != &control) {
      claims.require(t.healthy_failed == 0,
                     label + ": no healthy member is reported failed by anybody");
    }
    // Suspected and cleared, or failed and back: two events, about once in eight seconds.
    claims.require(t.most_told <= 100, label + ": " + std::to_string(t.most_told) +
                                           " events at most about a faulty one (at most 100)");
  }
  claims.require(control.told.healthy_failed != 0,
                 "were they not to wait for others, the faulty would have reported " +
                     std::to_string(control.told.failed_at_faulty));
  claims.require(cells[0].told.slowest_removal <= 25,
                 "ten that crash at once are removed everywhere within " +
                     number(cells[0].told.slowest_removal, 1) + " s (at most 25)");
  claims.require(out.write_csv(given.csv), "CSV written, where asked for");
  return claims.exit_code();
}
