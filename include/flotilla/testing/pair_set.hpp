// flotilla/testing/pair_set.hpp - a set of directed pairs of nodes: the cut, clogged or bad paths
// One bit a pair, and no memory at all until the first one is put in.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include <flotilla/testing/misuse.hpp>

namespace flotilla {
inline namespace v1 {
namespace testing {

/// The number of a node in its simulation, from 0 in the order of adding.
using node_index = std::uint32_t;
inline constexpr node_index no_node = 0xffffffffU;

class pair_set {
 public:
  /// Room for pairs of nodes 0 to `nodes` - 1, never fewer than before; what is in the set stays.
  /// Rows have room to grow, so that adding nodes one by one is cheap.
  void resize(node_index nodes) {
    require(nodes >= nodes_, "fewer nodes than before");
    nodes_ = nodes;
    if (bits_.empty() || words(nodes) <= row_words_) {
      if (!bits_.empty()) bits_.resize(row_words_ * nodes);
      return;
    }
    rebuild(2 * words(nodes));
  }

  [[nodiscard]] bool empty() const noexcept { return count_ == 0; }
  [[nodiscard]] std::size_t size() const noexcept { return count_; }

  [[nodiscard]] bool contains(node_index from, node_index to) const noexcept {
    require(from < nodes_ && to < nodes_, "a path between nodes that there are not");
    if (count_ == 0) return false;
    return (bits_[at(from, to)] >> (to % 64) & 1U) != 0;
  }

  void insert(node_index from, node_index to) {
    require(from < nodes_ && to < nodes_, "a path between nodes that there are not");
    if (bits_.empty()) rebuild(words(nodes_));
    if (contains(from, to)) return;
    bits_[at(from, to)] |= std::uint64_t{1} << (to % 64);
    ++count_;
  }

  void erase(node_index from, node_index to) noexcept {
    if (!contains(from, to)) return;
    bits_[at(from, to)] &= ~(std::uint64_t{1} << (to % 64));
    --count_;
  }

  void clear() noexcept {
    if (count_ == 0) return;
    for (std::uint64_t& word : bits_) word = 0;
    count_ = 0;
  }

 private:
  [[nodiscard]] static std::size_t words(node_index nodes) noexcept {
    return (std::size_t{nodes} + 63) / 64;
  }
  [[nodiscard]] std::size_t at(node_index from, node_index to) const noexcept {
    return from * row_words_ + to / 64;
  }
  void rebuild(std::size_t row_words) {
    std::vector<std::uint64_t> wider(row_words * nodes_);
    if (row_words_ != 0) {
      for (std::size_t i = 0; i < bits_.size(); ++i) {
        wider[i / row_words_ * row_words + i % row_words_] = bits_[i];
      }
    }
    bits_ = static_cast<std::vector<std::uint64_t>&&>(wider);
    row_words_ = row_words;
  }

  std::vector<std::uint64_t> bits_{};
  std::size_t row_words_{0};
  std::size_t count_{0};
  node_index nodes_{0};
};

}  // namespace testing
}  // namespace v1
}  // namespace flotilla
