// flotilla/detail/long_addresses.hpp - addresses that do not fit into a row
// A pool of endpoints of any kind, named by number. Nothing is allocated before the first.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include <flotilla/detail/assert.hpp>
#include <flotilla/detail/flat_index.hpp>
#include <flotilla/detail/segmented_array.hpp>
#include <flotilla/endpoint.hpp>

namespace flotilla {
inline namespace v1 {
namespace detail {

class long_addresses {
 public:
  long_addresses() noexcept = default;
  /// At most `limit`, with room for `reserved`. May throw std::bad_alloc.
  long_addresses(std::uint32_t limit, std::uint32_t reserved) : places_{limit, reserved} {}

  [[nodiscard]] const endpoint& operator[](std::uint32_t at) const noexcept { return places_[at]; }
  [[nodiscard]] std::size_t bytes_allocated() const noexcept { return places_.bytes_allocated(); }

  /// Makes room for one more; false, and nothing lost, beyond the limit or without memory.
  [[nodiscard]] bool try_reserve_one() noexcept {
    return free_ != no_row || places_.try_reserve(places_.size() + 1);
  }

  /// There must be room (try_reserve_one).
  std::uint32_t add(const endpoint& address) noexcept {
    std::uint32_t at = free_;
    if (at != no_row) {
      free_ = next_of(at);
    } else {
      at = places_.size();
      places_.push_back(endpoint{});
    }
    places_[at] = address;
    return at;
  }
  void remove(std::uint32_t at) noexcept {
    std::array<std::byte, 4> next{};
    store_big(next.data(), free_);
    places_[at] = *endpoint::opaque(next);
    free_ = at;
  }

  friend bool operator==(const long_addresses&, const long_addresses&) noexcept = default;

 private:
  [[nodiscard]] std::uint32_t next_of(std::uint32_t at) const noexcept {
    return load_big<std::uint32_t>(places_[at].bytes().data());
  }

  /// In a free place stands an opaque one whose bytes name the next free place.
  segmented_array<endpoint, 4> places_{};
  std::uint32_t free_{no_row};
};

}  // namespace detail
}  // namespace v1
}  // namespace flotilla
