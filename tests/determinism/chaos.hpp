// tests/determinism/chaos.hpp - a simulated group through every kind of fault, as a single number
// What it says of the simulator, trace.cpp says of the engine alone.
#pragma once

#include <cstdint>

namespace determinism {

/// Plays it from a seed; the hash of all inputs, datagrams, events, counters and final states.
std::uint64_t chaos(std::uint64_t seed);

}  // namespace determinism
