// bench/references.hpp - what others need for the same work, and what we mean to need
// The peers' figures were taken on a machine like ours, one core; 0 where there is none.
#pragma once

#include <cstdint>
#include <string_view>

namespace bench {

/// foca (Rust, sans-IO) and memberlist (Go).
struct peers {
  std::string_view work;
  std::uint32_t size;
  double foca_ns;
  double foca_instructions;
  double memberlist_ns;
};
inline constexpr peers peer_figures[] = {
    {"ping_ack", 16, 59, 856, 3'000},
    {"ping_ack", 1'024, 240, 6'282, 3'000},
    {"ping_ack", 16'384, 3'077, 90'860, 3'000},
    {"ping_ack", 131'072, 25'176, 692'923, 3'000},
    {"ack_64", 16, 1'245, 0, 25'800},  // facts of 11 bytes; memberlist: 20 facts of 64
    {"ack_64", 16'384, 4'208, 0, 25'800},
    {"new_member", 1'024, 430, 0, 5'004},
    {"new_member", 16'384, 6'171, 0, 5'690},
    {"new_member", 131'072, 110'624, 0, 0},
    {"fact_known", 1'024, 206, 0, 2'280},
    {"fact_known", 16'384, 3'087, 0, 2'193},
    {"fact_known", 131'072, 25'697, 0, 0},
    {"queue_add", 1'024, 0, 0, 286},
    {"queue_add", 16'384, 0, 0, 475},
    {"queue_add", 131'072, 0, 0, 1'655},
    {"full_datagram", 16'384, 777'000, 0, 13'745},  // 125 facts; memberlist: 21 facts
    {"probe_round", 16, 78, 0, 13'000},
    {"probe_round", 16'384, 3'130, 0, 13'000},
    {"probe_round", 131'072, 25'732, 0, 13'000},
};

/// The most that an operation is to cost; `size` 0 means every N.
struct target {
  std::string_view work;
  std::uint32_t size;
  double instructions;
  double ns;
};
inline constexpr target targets[] = {
    {"ping_ack", 0, 400, 0}, {"ping_ack", 16, 0, 30},         {"ping_ack", 1'024, 0, 45},
    {"ack_64", 0, 0, 400},   {"fact_encoded", 0, 60, 0},      {"fact_known", 0, 100, 0},
    {"queue_add", 0, 40, 0}, {"new_member", 131'072, 250, 0}, {"probe_round", 0, 600, 0},
    {"idle_tick", 0, 20, 0},
};

/// Heap bytes a member: the table alone, and with a fact about each queued.
inline constexpr double foca_bytes_at_rest = 12;
inline constexpr double foca_bytes_queued = 103;
inline constexpr double memberlist_bytes_at_rest = 217;
inline constexpr double memberlist_bytes_queued = 468;
inline constexpr double target_bytes_queued = 56;
/// The heap of an engine that knows nobody, and the object itself.
inline constexpr double target_fixed_bytes = 32 * 1024;

}  // namespace bench
