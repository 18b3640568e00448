// tests/no_exceptions/other.hpp - what the second translation unit offers to the first
// Makes engines, so that construction is compiled apart from use.
#pragma once

#include <flotilla/flotilla.hpp>

#include <cstdint>

/// An engine on 127.0.0.1 that has just started.
flotilla::engine make_engine(std::uint64_t id, std::uint16_t port);
