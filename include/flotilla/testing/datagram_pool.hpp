// flotilla/testing/datagram_pool.hpp - datagrams under way, in memory that is used again
// Blocks by size class with a free list each: after the first second of a run nothing is allocated.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <vector>

#include <flotilla/endpoint.hpp>
#include <flotilla/testing/misuse.hpp>
#include <flotilla/testing/pair_set.hpp>

namespace flotilla {
inline namespace v1 {
namespace testing {

/// Where a datagram lies in its pool, until it is released.
using datagram_ref = std::uint32_t;
inline constexpr datagram_ref no_datagram = 0xffffffffU;

/// A datagram under way, or waiting in somebody's queue.
struct datagram {
  endpoint from{};                 ///< what the receiver is told
  node_index source{no_node};      ///< who sent it; no_node when it was injected
  node_index target{no_node};      ///< who gets it
  datagram_ref next{no_datagram};  ///< in a list, or in the free list
  std::uint32_t size{0};
  std::uint8_t size_class{0};
  std::byte* data{nullptr};

  [[nodiscard]] std::span<const std::byte> bytes() const noexcept { return {data, size}; }
};

class datagram_pool {
 public:
  /// The largest datagram, as UDP's.
  static constexpr std::size_t max_size = 65536;

  [[nodiscard]] datagram& operator[](datagram_ref at) noexcept { return all_[at]; }
  [[nodiscard]] const datagram& operator[](datagram_ref at) const noexcept { return all_[at]; }
  [[nodiscard]] std::size_t in_use() const noexcept { return in_use_; }

  /// Copies `bytes` (at most max_size) into a block.
  datagram_ref add(const endpoint& from, node_index source, node_index target,
                   std::span<const std::byte> bytes) {
    require(bytes.size() <= max_size, "a datagram of more than 65,536 bytes");
    const unsigned size_class = class_of(bytes.size());
    datagram_ref at = free_[size_class];
    if (at == no_datagram) at = grow(size_class);
    datagram& d = all_[at];
    free_[size_class] = d.next;
    d.from = from;
    d.source = source;
    d.target = target;
    d.next = no_datagram;
    d.size = static_cast<std::uint32_t>(bytes.size());
    if (!bytes.empty()) std::memcpy(d.data, bytes.data(), bytes.size());
    ++in_use_;
    return at;
  }

  void release(datagram_ref at) noexcept {
    all_[at].next = free_[all_[at].size_class];
    free_[all_[at].size_class] = at;
    --in_use_;
  }

 private:
  static constexpr unsigned smallest_bits = 6;
  static constexpr unsigned classes = 11;  // 64 bytes to 64 KiB

  [[nodiscard]] static unsigned class_of(std::size_t size) noexcept {
    const auto bits = static_cast<unsigned>(std::bit_width(size == 0 ? 0 : size - 1));
    return bits <= smallest_bits ? 0 : bits - smallest_bits;
  }

  /// Makes a few blocks of a class; the first of them is returned, and all are in the free list.
  datagram_ref grow(unsigned size_class) {
    const std::size_t size = std::size_t{1} << (smallest_bits + size_class);
    const std::size_t count = size >= 16384 ? 1 : 16384 / size;
    chunks_.emplace_back(new std::byte[size * count]);
    for (std::size_t i = 0; i < count; ++i) {
      datagram fresh;
      fresh.size_class = static_cast<std::uint8_t>(size_class);
      fresh.data = chunks_.back().get() + i * size;
      fresh.next = free_[size_class];
      free_[size_class] = static_cast<datagram_ref>(all_.size());
      all_.push_back(fresh);
    }
    return free_[size_class];
  }

  [[nodiscard]] static constexpr std::array<datagram_ref, classes> none() noexcept {
    std::array<datagram_ref, classes> result{};
    for (datagram_ref& r : result) r = no_datagram;
    return result;
  }

  std::vector<datagram> all_{};
  std::vector<std::unique_ptr<std::byte[]>> chunks_{};
  std::array<datagram_ref, classes> free_{none()};
  std::size_t in_use_{0};
};

/// A queue of datagrams, linked through the pool.
class datagram_list {
 public:
  [[nodiscard]] bool empty() const noexcept { return first_ == no_datagram; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }

  void push_back(datagram_pool& pool, datagram_ref at) noexcept {
    pool[at].next = no_datagram;
    if (empty()) {
      first_ = at;
    } else {
      pool[last_].next = at;
    }
    last_ = at;
    ++size_;
    bytes_ += pool[at].size;
  }
  [[nodiscard]] datagram_ref pop_front(const datagram_pool& pool) noexcept {
    const datagram_ref at = first_;
    first_ = pool[at].next;
    --size_;
    bytes_ -= pool[at].size;
    return at;
  }
  void clear(datagram_pool& pool) noexcept {
    while (!empty()) pool.release(pop_front(pool));
  }

 private:
  datagram_ref first_{no_datagram};
  datagram_ref last_{no_datagram};
  std::size_t size_{0};
  std::size_t bytes_{0};
};

}  // namespace testing
}  // namespace v1
}  // namespace flotilla
