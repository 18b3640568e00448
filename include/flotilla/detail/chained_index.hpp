// flotilla/detail/chained_index.hpp - from digests to rows: chains through the rows themselves
// Linear hashing: it grows by 64 buckets at a time, so that it costs the same a row at any size.
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
/// `links.prefetch(row)` says that it will be looked at, `links.next(it)` is the number of the one
/// behind it, `links.set_next(it, number)` changes that, and `links.digest(it)` is the digest of
/// its key. Links have 24 bits; all ones (end_of_chain) stand for nobody. Digests are keyed, so
/// that nobody outside can aim at one chain. Whoever inserts equal digests (addresses) limits their
/// number.
///
/// A bucket has 24 bits for its first row and 8 marks, one for each value of three bits of the
/// digest: what is not there is mostly missed without a look at any row.
class chained_index {
  static constexpr unsigned step_bits = 6;
  static constexpr std::uint32_t step = 1U << step_bits;
  static constexpr std::uint32_t rows_a_step = step / 2 * 3;

 public:
  static constexpr std::uint32_t end_of_chain = 0xffffffU;

  chained_index() noexcept = default;
  /// For at most `limit` rows, with room for `reserved`. May throw std::bad_alloc.
  chained_index(std::uint32_t limit, std::uint32_t reserved)
      : heads_{buckets_for(limit), buckets_for(reserved)} {
    for (std::uint32_t i = 0; i < step; ++i) heads_.push_back(end_of_chain);
  }

  [[nodiscard]] std::uint32_t size() const noexcept { return size_; }
  [[nodiscard]] std::size_t bytes_allocated() const noexcept { return heads_.bytes_allocated(); }

  /// Calls `take(row)` for rows of this digest's bucket until it returns true; returns that row or
  /// no_row. All rows of the digest are among them. The caller compares keys.
  template <class Next, class Take>
  [[nodiscard]] std::uint32_t find(std::uint64_t digest, Next next, Take take) const noexcept {
    const std::uint32_t head = heads_[bucket_of(digest)];
    if ((head & mark_of(digest)) == 0) return no_row;
    std::uint32_t row = head & end_of_chain;
    do {
      if (take(row)) return row;
      row = next(row);
    } while (row != end_of_chain);
    return no_row;
  }

  /// The row that a search would look at first, or no_row.
  [[nodiscard]] std::uint32_t first(std::uint64_t digest) const noexcept {
    const std::uint32_t head = heads_[bucket_of(digest)];
    return (head & mark_of(digest)) == 0 ? no_row : head & end_of_chain;
  }
  /// A search for this digest will come soon.
  void prefetch(std::uint64_t digest) const noexcept { heads_.prefetch(bucket_of(digest)); }

  /// Makes room for `rows` in all; false, and nothing lost, without memory.
  [[nodiscard]] bool try_reserve(std::uint32_t rows) noexcept {
    return rows <= most_ || rows <= rows_for(heads_.capacity()) ||
           heads_.try_reserve(buckets_for(rows));
  }

  /// There must be room (try_reserve).
  template <class Links>
  void insert(std::uint64_t digest, std::uint32_t row, const Links& links) noexcept {
    if (size_ == most_) grow(links);
    ++size_;
    put_first(heads_[bucket_of(digest)], digest, row, links[row], links);
  }

  /// Spreads what is here over as many buckets as `rows` will need, as far as there is memory.
  template <class Links>
  void expect(std::uint32_t rows, const Links& links) noexcept {
    if (!try_reserve(rows)) return;
    while (most_ < rows) grow(links);
  }

  /// Removes `row`, which must be here under `digest`.
  template <class Links>
  void erase(std::uint64_t digest, std::uint32_t row, const Links& links) noexcept {
    std::uint32_t& head = heads_[bucket_of(digest)];
    std::uint32_t at = head & end_of_chain;
    std::uint32_t before = end_of_chain;
    head = end_of_chain;
    while (at != end_of_chain) {
      auto&& it = links[at];
      const std::uint32_t behind = links.next(it);
      if (at == row) {
        if (before != end_of_chain) links.set_next(links[before], behind);
      } else {
        if (before == end_of_chain) head = (head & ~end_of_chain) | at;
        head |= mark_of(links.digest(it));
        before = at;
      }
      at = behind;
    }
    links.set_next(links[row], end_of_chain);
    --size_;
  }

  friend bool operator==(const chained_index&, const chained_index&) noexcept = default;

 private:
  static constexpr std::uint32_t buckets_for(std::uint32_t rows) noexcept {
    const std::uint32_t steps = rows / rows_a_step + (rows % rows_a_step != 0 ? 1 : 0);
    return step * (steps == 0 ? 1 : steps);
  }
  static constexpr std::uint32_t rows_for(std::uint32_t buckets) noexcept {
    return buckets / step * rows_a_step;
  }
  static constexpr std::uint32_t mark_of(std::uint64_t digest) noexcept {
    return 0x1000000U << static_cast<unsigned>(digest >> 61U);
  }
  template <class It, class Links>
  static void put_first(std::uint32_t& head, std::uint64_t digest, std::uint32_t row, It&& it,
                        const Links& links) noexcept {
    links.set_next(it, head & end_of_chain);
    head = (head & ~end_of_chain) | mark_of(digest) | row;
  }
  /// Buckets behind the last power of two have been split off those in front of it.
  [[nodiscard]] std::uint32_t bucket_of(std::uint64_t digest) const noexcept {
    const std::uint32_t wide = static_cast<std::uint32_t>(digest) & mask_;
    return wide < heads_.size() ? wide : wide & (mask_ >> 1U);
  }
  /// 64 more buckets take their parts of those that have held both. What will be looked at next is
  /// on its way meanwhile.
  template <class Links>
  [[gnu::noinline]] void grow(const Links& links) noexcept {
    constexpr std::uint32_t ahead = 8;
    const std::uint32_t end = heads_.size();
    if (end > mask_) mask_ = 2 * mask_ + 1;
    for (std::uint32_t i = 0; i < step; ++i) heads_.push_back(end_of_chain);
    most_ += rows_a_step;
    // Both parts lie in one segment each.
    std::uint32_t* const old = &heads_[end & (mask_ >> 1U)];
    std::uint32_t* const fresh = &heads_[end];
    const std::uint32_t bit = (mask_ >> 1U) + 1;
    for (std::uint32_t i = 0; i < step + ahead; ++i) {
      if (i < step && old[i] != end_of_chain) links.prefetch(old[i] & end_of_chain);
      if (i >= ahead) split(old[i - ahead], fresh[i - ahead], bit, links);
    }
  }
  /// Rows whose digests have this bit go over. Chains are turned round, which costs no look at the
  /// row before.
  template <class Links>
  static void split(std::uint32_t& old, std::uint32_t& fresh, std::uint32_t bit,
                    const Links& links) noexcept {
    std::uint32_t row = old & end_of_chain;
    std::uint32_t stays = end_of_chain;
    std::uint32_t goes = end_of_chain;
    while (row != end_of_chain) {
      auto&& it = links[row];
      const std::uint32_t next = links.next(it);
      const std::uint64_t digest = links.digest(it);
      put_first((static_cast<std::uint32_t>(digest) & bit) != 0 ? goes : stays, digest, row, it,
                links);
      row = next;
    }
    old = stays;
    fresh = goes;
  }

  segmented_array<std::uint32_t, step_bits> heads_{};  ///< `step` at least, once constructed
  std::uint32_t mask_{step - 1};     ///< one less than a power of two, at least size - 1
  std::uint32_t most_{rows_a_step};  ///< rows for which there are buckets
  std::uint32_t size_{0};
};

}  // namespace detail
}  // namespace v1
}  // namespace flotilla
