// tests/consumer/main.cpp - the first of two translation units that use the whole library
// Linked with other.cpp: a function that is not inline would be defined twice.
#include <flotilla/flotilla.hpp>

#include "other.hpp"

int main() {
  flotilla::config cfg = flotilla::config::lan();
  cfg.id = flotilla::member_id{1};
  cfg.address = *flotilla::endpoint::parse("127.0.0.1:7946");
  cfg.seed = 42;
  const flotilla::engine node{cfg, flotilla::time_point{}};
  return node.size() == 1 && size_seen_elsewhere() == 1 ? 0 : 1;
}
