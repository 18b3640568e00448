// tests/consumer/other.cpp - the second of two translation units that use the whole library
// Does the same as the first, so that both instantiate the same functions.
#include "other.hpp"

#include <flotilla/flotilla.hpp>

std::size_t size_seen_elsewhere() {
  flotilla::config cfg = flotilla::config::lan();
  cfg.id = flotilla::member_id{2};
  cfg.address = *flotilla::endpoint::parse("127.0.0.1:7947");
  cfg.seed = 43;
  flotilla::engine node{cfg, flotilla::time_point{}};
  node.tick(flotilla::time_point{} + std::chrono::seconds{1});
  return node.size();
}
