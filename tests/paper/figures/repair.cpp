// paper/figures/repair.cpp - what repairing two views costs, beside other ways, and in whole groups
// Every way is really encoded: ours by two engines, the others by programs that decode as well.

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <random>
#include <string>
#include <vector>

#include <paper/figures/series.hpp>
#include <support/group.hpp>
#include <support/view_pair.hpp>

namespace {

using namespace figures;
using namespace flotilla;
using namespace std::chrono_literals;
namespace wire = flotilla::wire;

constexpr std::size_t datagram_room = 1400;
constexpr std::size_t reply_head = 49;
constexpr std::size_t request_size = 45;

config pair_config(std::uint32_t members) {
  config c = config::lan();
  c.max_members = 2 * members + 16;
  c.max_chunks = 1U << 20U;
  c.max_new_members = 1U << 20U;
  c.suspicion_multiplier = 1000;  // nobody but the two is there to answer
  c.healing_interval = duration::zero();
  c.notice_silence = false;
  c.helpers = 0;
  return c;
}

/// Two views of `members`, `differ` of which are held by one alone or in another life.
struct views {
  std::vector<wire::fact> first;
  std::vector<wire::fact> second;
  std::size_t different_bytes{0};
};

views make_views(std::uint32_t members, std::uint32_t differ, std::uint64_t seed) {
  std::mt19937_64 random{seed};
  views v;
  const std::uint32_t every = differ == 0 ? members + 1 : members / differ;
  for (std::uint32_t n = 1; n <= members; ++n) {
    wire::fact f{
        member_id{random() | 1U}, incarnation{0}, member_state::alive, support::address_of(n), {}};
    const bool different = n % every == 0;
    const std::uint32_t how = n / every % 3;
    if (!different || how != 0) v.first.push_back(f);
    if (different) v.different_bytes += wire::fact_size(f);
    if (different && how == 2) f.incarnation = incarnation{1};
    if (!different || how != 1) v.second.push_back(f);
  }
  return v;
}

/// Ours: what the engines say to each other, until a comparison finds nothing.
struct outcome {
  support::repair_bill bill;
  std::uint64_t bytes_until_equal{0};
  bool equal{false};
};
outcome ours(std::uint32_t members, const views& v) {
  support::view_pair pair{pair_config(members)};
  pair.played = true;
  pair.load(pair.first, v.first);
  pair.load(pair.second, v.second);
  outcome result;
  const auto differed = [&] { return pair.first.stats().views_differed; };
  for (int i = 0; i < 20 && !result.equal; ++i) {
    const std::uint64_t before = differed();
    if (!pair.compare(1, 4000)) break;
    if (i == 0) result.bill = pair.bill;
    result.equal = differed() == before;
  }
  result.bytes_until_equal = pair.bill.bytes;
  return result;
}

/// A whole view in chunks, as a join pulls it; what the other lacks is not even part of it.
std::size_t send_it_all(const std::vector<wire::fact>& view) {
  std::size_t bytes = 0;
  std::size_t room = 0;
  for (const wire::fact& f : view) {
    const std::size_t size = wire::fact_size(f);
    if (room < size) {
      bytes += request_size + reply_head;
      room = datagram_room - reply_head;
    }
    room -= size;
    bytes += size;
  }
  return bytes;
}

struct keyed {
  std::uint64_t id;
  std::uint64_t hash;
  std::size_t size;
};
std::vector<keyed> keyed_of(const std::vector<wire::fact>& view) {
  const range_digest hasher{"", 0};
  std::vector<keyed> all;
  for (const wire::fact& f : view) {
    all.push_back({static_cast<std::uint64_t>(f.subject),
                   hasher.record_of(f.subject, f.incarnation, f.address).hash, wire::fact_size(f)});
  }
  return all;
}
std::size_t framed(std::size_t bytes) {
  return bytes +
         (bytes + datagram_room - reply_head - 1) / (datagram_room - reply_head) * reply_head;
}

/// One level of 4,096 ranges, 8 bytes each; then both sides send what they hold in those that
/// differ.
std::size_t flat_ranges(const views& v) {
  constexpr std::size_t ranges = 4096;
  std::vector<std::uint64_t> sums(ranges);
  std::vector<std::size_t> sizes(ranges);
  const auto add = [&](const std::vector<wire::fact>& view, bool minus) {
    for (const keyed& k : keyed_of(view)) {
      const std::size_t at = detail::mix(k.id, detail::mix_key{}) >> 52U;
      sums[at] += minus ? std::uint64_t{0} - k.hash : k.hash;
      sizes[at] += k.size;
    }
  };
  add(v.first, false);
  add(v.second, true);
  std::size_t bytes = 8 * ranges;
  for (std::size_t i = 0; i < ranges; ++i) bytes += sums[i] != 0 ? sizes[i] : 0;
  return framed(bytes);
}

/// An invertible Bloom lookup table: cells of count (2), sum of ids (8) and sum of hashes (8),
/// three for each record. The number of differences is given away, and cells are added until it
/// decodes: nobody in life is so well informed. Then one side asks by id (8), and facts go both
/// ways.
std::size_t lookup_table(const views& v, std::uint32_t differ) {
  struct cell {
    std::int64_t count{0};
    std::uint64_t ids{0};
    std::uint64_t hashes{0};
  };
  const std::vector<keyed> first = keyed_of(v.first);
  const std::vector<keyed> second = keyed_of(v.second);
  for (std::size_t part = std::max<std::size_t>(4, differ / 3);; part += part / 10 + 1) {
    std::vector<cell> cells(3 * part);
    const auto toggle = [&](std::uint64_t id, std::uint64_t hash, int by) {
      for (std::uint64_t k = 0; k < 3; ++k) {
        cell& c = cells[k * part + detail::mix(hash ^ k, detail::mix_key{}) % part];
        c.count += by;
        c.ids ^= id;
        c.hashes ^= hash;
      }
    };
    std::vector<std::uint64_t> hashes;
    for (const keyed& k : first) toggle(k.id, k.hash, 1);
    for (const keyed& k : second) toggle(k.id, k.hash, -1);
    bool moved = true;
    std::size_t asked = 0;
    std::size_t found = 0;
    while (moved) {
      moved = false;
      for (std::size_t i = 0; i < cells.size(); ++i) {
        const cell c = cells[i];
        if (c.count != 1 && c.count != -1) continue;
        const std::size_t k = i / part;
        if (k * part + detail::mix(c.hashes ^ k, detail::mix_key{}) % part != i) continue;
        asked += c.count < 0 ? 1 : 0;
        ++found;
        toggle(c.ids, c.hashes, c.count > 0 ? -1 : 1);
        moved = true;
      }
      if (found > 4 * std::size_t{differ} + 64) break;  // it peels what is not there
    }
    const bool clean = std::all_of(cells.begin(), cells.end(), [](const cell& c) {
      return c.count == 0 && c.ids == 0 && c.hashes == 0;
    });
    if (clean) return framed(18 * cells.size() + 8 * asked + v.different_bytes);
  }
}

/// What a member sends and receives in a period at rest: two engines that hold the same view.
struct rest {
  double datagrams{0};
  double bytes{0};
  std::uint64_t repairs{0};
};
rest at_rest(std::uint32_t members) {
  support::view_pair pair{pair_config(members)};
  pair.played = pair.second_only_answers = true;
  const views v = make_views(members - 2, 0, 7);
  pair.load(pair.first, v.first);
  pair.load(pair.second, v.second);
  pair.hush(pair.first);
  pair.hush(pair.second);
  static_cast<void>(pair.compare(100, 4000));
  pair.bill = {};
  const std::uint64_t probes = pair.first.stats().probes;
  static_cast<void>(pair.compare(60, 4000));
  const auto periods = static_cast<double>(pair.first.stats().probes - probes);
  return {static_cast<double>(pair.bill.all_datagrams) / periods,
          static_cast<double>(pair.bill.all_bytes) / periods, pair.bill.requests};
}

/// A group in which one member alone knows of a newcomer, who is silent; nothing of it is ever
/// gossiped. Periods until all have learnt it, or -1.
struct spread {
  double periods{-1};
  double load{0};  ///< datagrams a member a period at rest before
};
spread lost_update(std::uint32_t members, std::uint64_t seed) {
  support::group g{seed};
  config c = config::lan();
  c.suspicion_multiplier = 1000;  // long enough to be waited for
  for (std::uint32_t i = 0; i < members; ++i) g.add(c);
  for (std::uint32_t i = 1; i < members; ++i) g[i].join({support::address_of(0)});
  const auto all_know = [&](std::size_t count) {
    for (std::uint32_t i = 0; i < members; ++i) {
      if (g[i].size() < count) return false;
    }
    return true;
  };
  for (int i = 0; i < 120 && !all_know(members); ++i) g.run_for(1s);
  g.run_for(60s);
  const auto sent = [&] {
    std::uint64_t sum = 0;
    for (std::uint32_t i = 0; i < members; ++i) sum += g[i].stats().datagrams_sent;
    return sum;
  };
  spread result;
  const std::uint64_t before = sent();
  g.run_for(30s);
  result.load = static_cast<double>(sent() - before) / (30.0 * members);
  const wire::fact news{
      member_id{0xabcdef}, {}, member_state::alive, support::address_of(members + 5), {}};
  std::vector<std::byte> room(1400);
  for (std::uint32_t k = 0; k == 0 || g[0].stats().gossip_pending != 0; ++k) {
    wire::writer out{room};
    const wire::frame head{wire::group_tag_of(""),   g[1].self().id,
                           g[1].self().incarnation,  g[0].self().id,
                           wire::message_kind::ping, false};
    wire::write_message(out, head, wire::ping{k});
    if (k == 0) wire::write_fact(out, news);
    wire::finish_frame(out);
    g[0].receive(g.now(), support::address_of(1), out.written());
    std::vector<std::byte> lost(1400);
    while (g[0].poll_transmit(lost)) {  // nobody hears it
    }
  }
  const time_point begun = g.now();
  while (g.now() - begun < 120s) {
    if (all_know(members + 1)) {
      result.periods = std::chrono::duration<double>(g.now() - begun).count();
      break;
    }
    g.run_for(1s);
  }
  return result;
}

}  // namespace

int main(int argc, char** argv) {
  const options given = parse(argc, argv, 3, 1);
  const std::uint32_t members = given.quick ? 20000 : 100000;
  verdict claims;
  table bytes{{"differences", "their facts", "ours", "until equal", "datagrams", "at most allowed",
               "lookup table", "flat ranges", "all of it"}};
  for (const std::uint32_t differ : {10U, 100U, 1000U}) {
    const views v = make_views(members, differ, given.seed);
    const outcome o = ours(members, v);
    const std::size_t most = 3 * v.different_bytes + 16384;
    const auto text = [](std::size_t n) { return std::to_string(n); };
    bytes.row({text(differ), text(v.different_bytes), text(o.bill.bytes), text(o.bytes_until_equal),
               text(o.bill.requests + o.bill.replies), text(most), text(lookup_table(v, differ)),
               text(flat_ranges(v)), text(send_it_all(v.second))});
    claims.require(o.equal && o.bytes_until_equal <= most,
                   text(differ) + " differences among " + text(members) + ": " +
                       text(o.bytes_until_equal) + " bytes until equal, at most " + text(most));
  }
  std::printf("\nBytes, both ways, frames included, to repair two views of %u members\n\n",
              members);
  bytes.print();

  table idle{{"members", "datagrams a period", "bytes a period"}};
  double least = 0;
  double largest = 0;
  for (const std::uint32_t n : {10U, 100U, 1000U, 10000U}) {
    const rest r = at_rest(n);
    idle.row({std::to_string(n), number(r.datagrams, 3), number(r.bytes, 1)});
    if (least == 0 || r.bytes < least) least = r.bytes;
    largest = std::max(largest, r.bytes);
    claims.require(r.repairs == 0, "identical views of " + std::to_string(n) + " repair nothing");
  }
  std::printf("\nA member's own probes at rest\n\n");
  idle.print();
  claims.require(largest <= 1.02 * least, "the cost at rest is flat from 10 to 10,000 members: " +
                                              number(least, 1) + " to " + number(largest, 1));

  const std::uint32_t group = given.quick ? 200 : 1000;
  sample periods;
  sample load;
  bool all = true;
  for (std::uint32_t i = 0; i < given.runs; ++i) {
    const spread s = lost_update(group, given.seed + i);
    all = all && s.periods >= 0;
    periods.add(s.periods);
    load.add(s.load);
  }
  claims.require(all && periods.max() <= 60, "an update that nobody heard is known to all " +
                                                 std::to_string(group) + " by repair alone in " +
                                                 number(periods.max(), 0) + " periods, at most 60");
  claims.require(load.max() <= 2.05, "load at rest, repair included: " + number(load.max(), 3) +
                                         " messages a member a period, at most 2.05");
  claims.require(bytes.write_csv(given.csv), "CSV written, where asked for");
  return claims.exit_code();
}
