// flotilla/detail/chained_index.hpp - from digests to rows: chains through the rows themselves
// Linear hashing: it grows by one bucket at a time, so that it costs the same a row at any size.
#pragma once

#include <cstddef>
#include <cstdint>

#include <flotilla/detail/assert.hpp>
#include <flotilla/detail/flat_index.hpp>
#include <flotilla/detail/segmented_array.hpp>

namespace flotilla {
inline namespace v1 {
namespace detail {

/// Three rows for two buckets, so that finding one looks at less than two rows more than it must.
/// Keys and links stay in the rows, and whoever calls says where: `links[row]` is the row itself,
/// `links.next(it)` the number of the one behind it or no_row, `links.set_next(it, number)` changes
/// that, and `links.digest(it)` is the digest of its key. Digests are keyed, so that nobody outside
/// can aim at one chain. Whoever inserts equal digests (addresses) limits their number.
class chained_index {
  static constexpr std::uint32_t smallest = 16;

 public:
  chained_index() noexcept = default;
  /// For at most `limit` rows, with room for `reserved`. May throw std::bad_alloc.
  chained_index(std::uint32_t limit, std::uint32_t reserved)
      : heads_{buckets_for(limit), buckets_for(reserved)} {
    while (heads_.size() < smallest) heads_.push_back(no_row);
  }

  [[nodiscard]] std::uint32_t size() const noexcept { return size_; }
  [[nodiscard]] std::size_t bytes_allocated() const noexcept { return heads_.bytes_allocated(); }

  /// Calls `take(row)` for the rows of this digest's bucket until it returns true; returns that row
  /// or no_row. The caller compares keys.
  template <class Next, class Take>
  [[nodiscard]] std::uint32_t find(std::uint64_t digest, Next next, Take take) const noexcept {
    std::uint32_t row = heads_[bucket_of(digest)];
    while (row != no_row && !take(row)) row = next(row);
    return row;
  }

  /// Makes room for `rows` in all; false, and nothing lost, without memory.
  [[nodiscard]] bool try_reserve(std::uint32_t rows) noexcept {
    return heads_.try_reserve(buckets_for(rows));
  }

  /// There must be room (try_reserve).
  template <class Links>
  void insert(std::uint64_t digest, std::uint32_t row, const Links& links) noexcept {
    ++size_;
    while (heads_.size() < buckets_for(size_)) split(links);
    std::uint32_t& head = heads_[bucket_of(digest)];
    links.set_next(links[row], head);
    head = row;
  }

  /// Removes `row`, which must be here under `digest`.
  template <class Links>
  void erase(std::uint64_t digest, std::uint32_t row, const Links& links) noexcept {
    std::uint32_t& head = heads_[bucket_of(digest)];
    const std::uint32_t behind = links.next(links[row]);
    if (head == row) {
      head = behind;
    } else {
      std::uint32_t before = head;
      while (links.next(links[before]) != row) {
        before = links.next(links[before]);
        FLOTILLA_EXPECT(before != no_row);
      }
      links.set_next(links[before], behind);
    }
    links.set_next(links[row], no_row);
    --size_;
  }

  friend bool operator==(const chained_index&, const chained_index&) noexcept = default;

 private:
  static constexpr std::uint32_t buckets_for(std::uint32_t rows) noexcept {
    const std::uint32_t buckets = rows - rows / 3;
    return buckets < smallest ? smallest : buckets;
  }
  /// Buckets behind the last power of two have been split off those in front of it.
  [[nodiscard]] std::uint32_t bucket_of(std::uint64_t digest) const noexcept {
    const std::uint32_t wide = static_cast<std::uint32_t>(digest) & mask_;
    return wide < heads_.size() ? wide : wide & (mask_ >> 1U);
  }
  /// One more bucket takes its part of the one that has held both.
  template <class Links>
  void split(const Links& links) noexcept {
    const std::uint32_t fresh = heads_.size();
    if (fresh > mask_) mask_ = 2 * mask_ + 1;
    heads_.push_back(no_row);
    const std::uint32_t old = fresh & (mask_ >> 1U);
    std::uint32_t row = heads_[old];
    std::uint32_t kept = no_row;
    std::uint32_t moved = no_row;
    // Turned round, which costs no look at the row before.
    while (row != no_row) {
      auto&& it = links[row];
      const std::uint32_t next = links.next(it);
      const bool moves = (static_cast<std::uint32_t>(links.digest(it)) & mask_) == fresh;
      links.set_next(it, moves ? moved : kept);
      (moves ? moved : kept) = row;
      row = next;
    }
    heads_[old] = kept;
    heads_[fresh] = moved;
  }

  segmented_array<std::uint32_t, 6> heads_{};  ///< at least `smallest`, once constructed
  std::uint32_t mask_{smallest - 1};           ///< one less than a power of two, at least size - 1
  std::uint32_t size_{0};
};

}  // namespace detail
}  // namespace v1
}  // namespace flotilla
