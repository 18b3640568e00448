// flotilla/detail/state_hasher.hpp - a running digest of an engine's state
// The same words in the same order give the same digest on every platform.
#pragma once

#include <concepts>
#include <cstdint>
#include <type_traits>

#include <flotilla/detail/mix.hpp>
#include <flotilla/endpoint.hpp>
#include <flotilla/member.hpp>
#include <flotilla/serial.hpp>
#include <flotilla/time.hpp>

namespace flotilla {
inline namespace v1 {
namespace detail {

class state_hasher {
 public:
  constexpr void add(std::uint64_t word) noexcept {
    digest_ = mix(digest_ ^ word, mix_key{}) + word;
  }
  constexpr void add(const endpoint& address) noexcept { add(endpoint_digest(address, mix_key{})); }
  constexpr void add(member_id id) noexcept { add(static_cast<std::uint64_t>(id)); }
  constexpr void add(member_state state) noexcept { add(static_cast<std::uint64_t>(state)); }
  constexpr void add(incarnation number) noexcept { add(std::uint64_t{number.value()}); }
  constexpr void add(duration length) noexcept { add(static_cast<std::uint64_t>(length.count())); }
  constexpr void add(time_point instant) noexcept { add(instant.time_since_epoch()); }
  constexpr void add(bool flag) noexcept { add(std::uint64_t{flag}); }

  template <class... Values>
  constexpr void add_all(const Values&... values) noexcept {
    (add(values), ...);
  }

  [[nodiscard]] constexpr std::uint64_t digest() const noexcept { return digest_; }

 private:
  std::uint64_t digest_{0};
};

}  // namespace detail
}  // namespace v1
}  // namespace flotilla
