// bench/memory.hpp - heap bytes a member, and what an engine costs before it knows anybody
// Counted where operator new is called, without the allocator's own overhead.
#pragma once

#include <cstdint>
#include <cstdio>
#include <flotilla/engine/state.hpp>
#include <memory>

#include "../allocation/counting.hpp"
#include "references.hpp"
#include "subject.hpp"

namespace bench {

/// In a group of `size`: of an engine that has joined it, or of one that has then heard news of all
/// the others and passes them on.
inline double bytes_a_member(std::uint32_t size, bool queued, bool reserved) {
  flotilla::config settings = quiet_config();
  settings.max_members = size < 65'536 ? 65'536 : size;
  const std::uint64_t before = allocation::now().live_bytes;
  subject alone{settings};
  const std::uint64_t fixed = allocation::now().live_bytes - before;
  if (reserved) settings.expected_members = size;
  const std::uint64_t begin = allocation::now().live_bytes;
  subject at{settings};
  at.learn(size);
  if (queued) {
    for (std::uint32_t i = 2; i < size; i += facts_in_full) {
      const std::uint32_t end = i + facts_in_full < size ? i + facts_in_full : size;
      for (const datagram& news : introductions(i, end, facts_in_full, 1)) at.receive(1, news);
      at.drain_events();
    }
    require(at.node.stats().gossip_pending == size - 2);
  }
  require(at.node.size() == size);
  return static_cast<double>(allocation::now().live_bytes - begin - fixed) / (size - 1);
}

inline void print_room(const char* name, std::size_t object, std::size_t heap) {
  std::printf("  %-22s %8zu %8zu\n", name, object, heap);
}

/// The fixed cost by room: bytes of the object and on the heap, with lan() as it is.
inline void print_fixed_cost() {
  flotilla::config settings = flotilla::config::lan();
  settings.id = id_of(0);
  settings.address = address_of(0);
  const time_point now{std::chrono::hours{1}};
  const auto s =
      std::make_unique<flotilla::engine_state>(settings, flotilla::engine_life::running, now);
  const auto whole = std::make_unique<engine>(settings, now);
  std::printf("fixed cost of an engine with lan(): bytes of the object and on the heap\n");
  print_room("member table", sizeof s->table, s->table.bytes_allocated());
  print_room("suspicions", sizeof s->suspicions, s->suspicions.bytes_allocated());
  print_room("tombstones", sizeof s->tombstones, s->tombstones.bytes_allocated());
  print_room("probe order", sizeof s->order, s->order.bytes_allocated());
  print_room("pending pings", sizeof s->pending, s->pending.bytes_allocated());
  print_room("probe round", sizeof s->round, 0);
  print_room("relays", sizeof s->relays, 0);
  print_room("round-trip times", sizeof s->round_trips, 0);
  print_room("urgent queue", sizeof s->urgent, s->urgent.bytes_allocated());
  print_room("membership queue", sizeof s->membership, s->membership.bytes_allocated());
  print_room("hearsay queue", sizeof s->hearsay, s->hearsay.bytes_allocated());
  print_room("outbox", sizeof s->waiting, s->waiting.bytes_allocated());
  print_room("events", sizeof s->events, s->events.bytes_allocated());
  print_room("join round", sizeof s->join, 0);
  print_room("doubted accusations", sizeof s->doubted, 0);
  print_room("range digests", sizeof s->ranges, s->ranges.bytes_allocated());
  print_room("repair desk", sizeof s->desk, s->desk.bytes_allocated());
  print_room("repair session", sizeof s->repair, 0);
  print_room("visit", sizeof s->visiting, 0);
  print_room("newcomer limits", sizeof s->limits, 0);
  print_room("hearsay check", sizeof s->asked, 0);
  print_room("chunks served", sizeof s->serving, 0);
  print_room("healing", sizeof s->healing, s->healing.bytes_allocated());
  print_room("absent cache", sizeof s->absent, s->absent.bytes_allocated());
  print_room("deny list", sizeof s->denied, s->denied.bytes_allocated());
  print_room("conflicts", sizeof s->conflicts, 0);
  print_room("config", sizeof s->settings, 0);
  print_room("statistics", sizeof(flotilla::statistics), 0);
  const std::size_t all = whole->stats().bytes_allocated + sizeof(engine);
  print_room("the whole engine", sizeof(engine), whole->stats().bytes_allocated);
  std::printf("  together %zu, target %.0f%s\n", all, target_fixed_bytes,
              static_cast<double>(all) > target_fixed_bytes ? "  MISSED" : "");
}

inline void print_memory(std::uint32_t most) {
  std::printf("heap bytes a member   N    joined    all facts queued    the same, reserved\n");
  for (const std::uint32_t size : {1'024U, 16'384U, 131'072U, 1'048'576U}) {
    if (size > most) continue;
    const double queued = bytes_a_member(size, true, false);
    std::printf("  %21u %9.1f %19.1f %21.1f%s\n", size, bytes_a_member(size, false, false), queued,
                bytes_a_member(size, true, true),
                queued > target_bytes_queued ? "  target 56  MISSED" : "  target 56  met");
  }
  std::printf("  foca, at 16,384       %9.0f %19.0f\n", foca_bytes_at_rest, foca_bytes_queued);
  std::printf("  memberlist, at 16,384 %9.0f %19.0f\n", memberlist_bytes_at_rest,
              memberlist_bytes_queued);
}

}  // namespace bench
