// flotilla/exchange/cookie.hpp - proof that an address receives what is sent there
// A keyed digest of the address: the server keeps nothing, and answers strangers briefly until it
// is echoed.
#pragma once

#include <cstdint>

#include <flotilla/detail/mix.hpp>
#include <flotilla/endpoint.hpp>

namespace flotilla {
inline namespace v1 {

/// The cookie of an address; never 0, which stands for "none yet". It holds as long as the engine
/// lives: who once received at an address may ask from there again.
[[nodiscard]] constexpr std::uint64_t cookie_of(const endpoint& address,
                                                detail::mix_key key) noexcept {
  const std::uint64_t digest = detail::endpoint_digest(address, key);
  return digest != 0 ? digest : 1;
}

}  // namespace v1
}  // namespace flotilla
