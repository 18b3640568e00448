// tests/no_exceptions/other.cpp - the second translation unit
// Includes everything once more: what is not inline would be defined twice.
#include "other.hpp"

#include <array>

flotilla::engine make_engine(std::uint64_t id, std::uint16_t port) {
  flotilla::config cfg = flotilla::config::lan();
  cfg.id = flotilla::member_id{id};
  cfg.address = flotilla::endpoint::ipv4(std::array<std::uint8_t, 4>{127, 0, 0, 1}, port);
  cfg.seed = id * 1000 + 7;
  return flotilla::engine{cfg, flotilla::time_point{}};
}
