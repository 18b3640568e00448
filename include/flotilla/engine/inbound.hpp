// flotilla/engine/inbound.hpp - a datagram in the hands of its handler
// Decoded and checked as a whole; who has sent it is looked up once for all that follows.
#pragma once

#include <cstddef>
#include <span>

#include <flotilla/endpoint.hpp>
#include <flotilla/membership/row.hpp>
#include <flotilla/wire/frame.hpp>
#include <flotilla/wire/reader.hpp>

namespace flotilla {
inline namespace v1 {

struct inbound {
  const endpoint& from;
  std::size_t size;
  wire::reader fields;  ///< behind the frame
  wire::frame head{};
  std::span<const std::byte> facts{};
  row_index at{no_row};     ///< its sender's row when it came; no row goes while it is taken
  bool from_member{false};  ///< its sender was believed alive or suspect when it came
};

}  // namespace v1
}  // namespace flotilla
