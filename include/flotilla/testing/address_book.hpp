// flotilla/testing/address_book.hpp - which node is reached at an address
// Open addressing over the endpoint's digest; a node may have several addresses, and leave them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include <flotilla/endpoint.hpp>
#include <flotilla/testing/pair_set.hpp>

namespace flotilla {
inline namespace v1 {
namespace testing {

/// 10.x.y.z:7946 for the i-th node, i below 2^24 - 2; none of them ends in 0.0.0.
[[nodiscard]] constexpr endpoint default_address(node_index i) noexcept {
  const std::uint32_t n = i + 1;
  return endpoint::ipv4(
      {10, static_cast<std::uint8_t>(n >> 16U & 0xffU), static_cast<std::uint8_t>(n >> 8U & 0xffU),
       static_cast<std::uint8_t>(n & 0xffU)},
      7946);
}

class address_book {
 public:
  /// `at` leads to `node` from now on, whoever was there before.
  void put(const endpoint& at, node_index node) {
    if (2 * (used_ + 1) > slots_.size()) grow();
    slot& s = slots_[place_of(at)];
    if (!s.used) ++used_;
    s = {at, node, true};
  }

  /// Nobody is there any more. The entry stays, so that probing goes on past it.
  void erase(const endpoint& at) noexcept {
    if (slots_.empty()) return;
    slot& s = slots_[place_of(at)];
    if (s.used) s.node = no_node;
  }

  /// The node reached there, or no_node.
  [[nodiscard]] node_index find(const endpoint& at) const noexcept {
    if (slots_.empty()) return no_node;
    const slot& s = slots_[place_of(at)];
    return s.used ? s.node : no_node;
  }

 private:
  struct slot {
    endpoint at{};
    node_index node{no_node};
    bool used{false};
  };

  /// Where the address lies, or would.
  [[nodiscard]] std::size_t place_of(const endpoint& at) const noexcept {
    const std::size_t mask = slots_.size() - 1;
    auto i = static_cast<std::size_t>(detail::endpoint_digest(at, detail::mix_key{})) & mask;
    while (slots_[i].used && slots_[i].at != at) i = (i + 1) & mask;
    return i;
  }

  /// Makes room. Where most entries are of addresses that were left, they go, and that is enough.
  void grow() {
    std::size_t live = 0;
    for (const slot& s : slots_) live += s.used && s.node != no_node ? 1U : 0U;
    const bool crowded = 4 * live >= slots_.size();
    std::vector<slot> old(slots_.empty() ? 16 : crowded ? 2 * slots_.size() : slots_.size());
    old.swap(slots_);
    used_ = 0;
    for (const slot& s : old) {
      if (!s.used || s.node == no_node) continue;
      slots_[place_of(s.at)] = s;
      ++used_;
    }
  }

  std::vector<slot> slots_{};
  std::size_t used_{0};
};

}  // namespace testing
}  // namespace v1
}  // namespace flotilla
