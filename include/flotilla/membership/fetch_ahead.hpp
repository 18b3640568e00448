// flotilla/membership/fetch_ahead.hpp - whom a datagram tells of, before they are needed
// In a large table each lies somewhere else, and in no cache. Nothing is changed by it.
#pragma once

#include <cstddef>
#include <span>

#include <flotilla/membership/member_table.hpp>
#include <flotilla/wire/fact.hpp>

namespace flotilla {
inline namespace v1 {

/// Of a chunk of state each fact is about somebody else: the buckets of all of them are on their
/// way before the first is asked whom it names, and so are the rows. Looks at the plain facts in
/// front, which have been checked, and at most at as many as a full datagram holds.
inline void fetch_ahead(const member_table& table, std::span<const std::byte> facts) noexcept {
  constexpr std::size_t size = wire::plain_fact::size;
  constexpr std::size_t at_once = 64;
  wire::plain_fact told;
  std::size_t count = 0;
  while (count < at_once && facts.size() - count * size >= size &&
         wire::read_plain_fact(facts.data() + count * size, told)) {
    table.prefetch(told.subject, told.place);
    ++count;
  }
  for (std::size_t i = 0; i < count; ++i) {
    static_cast<void>(wire::read_plain_fact(facts.data() + i * size, told));
    const row_index at = table.first(told.subject);
    if (at != no_row) table.prefetch(at);
  }
}

}  // namespace v1
}  // namespace flotilla
