// tests/consumer/other.hpp - what the second translation unit offers to the first
// Deliberately without a header of the library: each source includes it for itself.
#pragma once

#include <cstddef>

std::size_t size_seen_elsewhere();
