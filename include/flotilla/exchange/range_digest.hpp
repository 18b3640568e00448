// flotilla/exchange/range_digest.hpp - digests over ranges of hashed ids, kept incrementally
// Two views are compared by the digests of ever smaller ranges; equal ones are not looked into.
//
// A record is what one alive fact says of an active member: id, the incarnation that its address
// stood in, and that address. The ids' hashes are the same in the whole group, and the leading bits
// name a range (wire/digest.hpp); its digest is the sum of its records' hashes, so that one change
// touches one leaf and what lies above it, and no order matters. A leaf is meant to hold up to 16
// members; the tree doubles as the group grows.
//
// Why ranges, and not a Merkle search tree or an invertible Bloom lookup table: a search tree's
// shape hangs on its contents, so that a server without state must walk it and a hostile id can
// deepen it; a lookup table is up to twice as small on the wire, but decodes nothing at all when
// there is more to tell than it was made for, must be estimated first, and cannot be made finer
// where the difference lies. Ranges need neither, each answer is good for itself, any datagram may
// be lost, and what is sent stays below three times what differs (tests/paper/figures/repair.cpp
// has the bytes of all three). Short digests (two bytes on the wire) are salted by the request's
// number: what one comparison overlooks by chance the next one finds.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include <flotilla/detail/buffer.hpp>
#include <flotilla/detail/mix.hpp>
#include <flotilla/detail/state_hasher.hpp>
#include <flotilla/endpoint.hpp>
#include <flotilla/membership/member_table.hpp>
#include <flotilla/wire/digest.hpp>

namespace flotilla {
inline namespace v1 {

/// Where a member stands among the hashed ids, and the hash of its record.
struct range_record {
  std::uint32_t place{0};
  std::uint64_t hash{0};
};

/// 16 of 64 bits, other ones under each salt.
[[nodiscard]] constexpr std::uint16_t short_digest(std::uint64_t sum, std::uint32_t salt) noexcept {
  return static_cast<std::uint16_t>(
      detail::mix(sum ^ std::uint64_t{salt} * 0x9e3779b97f4a7c15U, detail::mix_key{}) >> 48U);
}

class range_digest {
 public:
  static constexpr std::uint32_t members_per_leaf = 16;
  static constexpr unsigned max_depth = 20;
  /// Members of one leaf that can be enumerated. More are there only by ids made for it, and those
  /// are compared, but not repaired.
  static constexpr std::uint32_t max_chain = 255;

  range_digest() noexcept = default;
  /// Of the group of this name, with room for `expected` members. May throw std::bad_alloc.
  range_digest(std::string_view cluster, std::uint32_t expected)
      : key_{key_of(cluster)},
        depth_{depth_for(expected)},
        sums_(2U << depth_),
        heads_(1U << depth_) {
    for (std::size_t i = 0; i < heads_.size(); ++i) heads_[i] = empty;
  }

  /// Bits of hash that a leaf fixes.
  [[nodiscard]] unsigned depth() const noexcept { return depth_; }
  /// The digest of the whole view, in 32 bits.
  [[nodiscard]] std::uint32_t view() const noexcept {
    return static_cast<std::uint32_t>(detail::mix(sum(wire::whole_range), key_) >> 32U);
  }
  /// The sum of a range that is no deeper than the leaves.
  [[nodiscard]] std::uint64_t sum(wire::range_code range) const noexcept { return sums_[range]; }

  [[nodiscard]] range_record record_of(member_id id, flotilla::incarnation number,
                                       const endpoint& address) const noexcept {
    return record_of(id, number, detail::endpoint_digest(address, key_));
  }
  [[nodiscard]] range_record record_of(const member_table& table, row_index at) const noexcept {
    return record_of(table[at].id, table.place_incarnation(at), table.address_digest(at, key_));
  }

  /// Adds an active member's record as its row has it. O(1), but for the tree's doubling: false
  /// without memory for that; the record is added, and the leaves hold more. All other active rows
  /// before `end` have been added.
  bool add(member_table& table, row_index at, row_index end = no_row) noexcept {
    const range_record record = record_of(table, at);
    const bool roomy = ++size_ <= members_per_leaf << depth_ || grow(table, at, end, size_);
    link(table, at, leaf_of(record.place));
    change(record.place, record.hash);
    return roomy;
  }
  /// Makes the tree deep enough for `more` records at once, if there is memory for it.
  void expect(member_table& table, std::uint32_t more, row_index end) noexcept {
    if (size_ + more > members_per_leaf << depth_) grow(table, no_row, end, size_ + more);
  }

  /// Removes the record that was added for this row; what it said then must be given.
  void remove(member_table& table, row_index at, flotilla::incarnation number,
              const endpoint& address) noexcept {
    const range_record record = record_of(table[at].id, number, address);
    --size_;
    unlink(table, at, leaf_of(record.place));
    change(record.place, std::uint64_t{0} - record.hash);
  }

  /// Calls `visit(row, record)` for each record in the range until it returns false. At most
  /// `budget` leaves and rows are looked at, and taken off it; false when that was not enough.
  template <class Visit>
  bool walk(const member_table& table, wire::range_code range, std::uint32_t& budget,
            Visit visit) const noexcept {
    const unsigned deep = wire::range_depth(range);
    const bool above = deep < depth_;
    std::uint32_t leaf = above ? range << (depth_ - deep) : range >> (deep - depth_);
    leaf -= 1U << depth_;
    const std::uint32_t end = leaf + (above ? 1U << (depth_ - deep) : 1U);
    for (; leaf < end; ++leaf) {
      if (budget == 0) return false;
      --budget;
      for (row_index at = first_of(leaf); at != no_row; at = table[at].range_next()) {
        if (budget == 0) return false;
        --budget;
        const range_record record = record_of(table, at);
        if (code_of(record.place, deep) != range) continue;
        if (!visit(at, record)) return true;
      }
    }
    return true;
  }

  /// The sums of the 2^bits parts of a range. False when `budget` rows were not enough.
  bool split(const member_table& table, wire::range_code range, unsigned bits,
             std::uint32_t& budget, std::span<std::uint64_t> sums) const noexcept {
    const unsigned deep = wire::range_depth(range) + bits;
    const std::uint32_t first = range << bits;
    if (deep <= depth_) {
      for (std::uint32_t i = 0; i < 1U << bits; ++i) sums[i] = sums_[first + i];
      return true;
    }
    for (std::uint32_t i = 0; i < 1U << bits; ++i) sums[i] = 0;
    return walk(table, range, budget, [&](row_index, const range_record& record) {
      sums[code_of(record.place, deep) - first] += record.hash;
      return true;
    });
  }

  [[nodiscard]] std::size_t bytes_allocated() const noexcept {
    return sums_.bytes_allocated() + heads_.bytes_allocated();
  }
  void hash_into(detail::state_hasher& out) const noexcept {
    out.add_all(std::uint64_t{depth_}, std::uint64_t{size_}, sum(wire::whole_range));
  }
  friend bool operator==(const range_digest&, const range_digest&) noexcept = default;

 private:
  /// The same in the whole group, so that it protects nothing: who can forge facts can forge ids.
  /// What many members at one hash cost is bounded by max_chain and by the budgets of walks.
  [[nodiscard]] static constexpr detail::mix_key key_of(std::string_view cluster) noexcept {
    detail::mix_key key;
    key.a = cluster.size();
    for (const char c : cluster) {
      key.a = detail::mix(key.a ^ static_cast<unsigned char>(c), detail::mix_key{});
    }
    key.a = detail::mix(key.a, detail::mix_key{});
    key.b = detail::mix(key.a, detail::mix_key{});
    return key;
  }
  [[nodiscard]] static constexpr unsigned depth_for(std::uint32_t members) noexcept {
    unsigned depth = 0;
    while (depth < max_depth && members > members_per_leaf << depth) ++depth;
    return depth;
  }
  [[nodiscard]] static constexpr wire::range_code code_of(std::uint32_t place,
                                                          unsigned depth) noexcept {
    return static_cast<wire::range_code>((std::uint64_t{1} << 32U | place) >> (32 - depth));
  }
  [[nodiscard]] std::uint32_t leaf_of(std::uint32_t place) const noexcept {
    return code_of(place, depth_) - (1U << depth_);
  }

  [[nodiscard]] range_record record_of(member_id id, flotilla::incarnation number,
                                       std::uint64_t where) const noexcept {
    const std::uint64_t place = detail::mix(static_cast<std::uint64_t>(id), key_);
    return {static_cast<std::uint32_t>(place >> 32U),
            detail::mix(detail::mix(place ^ number.value(), key_) ^ where, key_)};
  }

  /// The head of a leaf's chain: 24 bits of row and 8 of length.
  static constexpr std::uint32_t empty = 0xffffff00U;
  [[nodiscard]] row_index first_of(std::uint32_t leaf) const noexcept {
    const std::uint32_t first = heads_[leaf] >> 8U;
    return first == empty >> 8U ? no_row : first;
  }
  void set_first(std::uint32_t leaf, row_index first, std::uint32_t length) noexcept {
    heads_[leaf] = first << 8U | length;
  }
  /// A full leaf's further members are in its sum and in no chain.
  void link(member_table& table, row_index at, std::uint32_t leaf) noexcept {
    const std::uint32_t length = heads_[leaf] & 0xffU;
    if (length == max_chain) return;
    table[at].set_range_next(first_of(leaf));
    set_first(leaf, at, length + 1);
  }
  void unlink(member_table& table, row_index at, std::uint32_t leaf) noexcept {
    const row_index next = table[at].range_next();
    const std::uint32_t length = heads_[leaf] & 0xffU;
    table[at].set_range_next(no_row);
    if (first_of(leaf) == at) {
      set_first(leaf, next, length - 1);
      return;
    }
    for (row_index i = first_of(leaf); i != no_row; i = table[i].range_next()) {
      if (table[i].range_next() != at) continue;
      table[i].set_range_next(next);
      set_first(leaf, first_of(leaf), length - 1);
      return;
    }
  }

  void change(std::uint32_t place, std::uint64_t by) noexcept {
    for (wire::range_code at = code_of(place, depth_); at != 0; at >>= 1U) sums_[at] += by;
  }

  bool grow(member_table& table, row_index newcomer, row_index end, std::uint32_t size) noexcept {
    const unsigned depth = depth_for(size);
    if (depth <= depth_) return true;
    range_digest larger;
    if (!larger.sums_.try_allocate(2U << depth) || !larger.heads_.try_allocate(1U << depth)) {
      return false;
    }
    larger.key_ = key_;
    larger.depth_ = depth;
    for (std::size_t i = 0; i < larger.heads_.size(); ++i) larger.heads_[i] = empty;
    for (row_index at = 0; at < table.end() && at < end; ++at) {
      table[at].set_range_next(no_row);
      if (at == newcomer || table[at].id == member_id{} || !is_active(table[at].state)) continue;
      const range_record record = record_of(table, at);
      larger.link(table, at, larger.leaf_of(record.place));
      larger.change(record.place, record.hash);
    }
    sums_.swap(larger.sums_);
    heads_.swap(larger.heads_);
    depth_ = larger.depth_;
    return true;
  }

  detail::mix_key key_{};
  unsigned depth_{0};
  std::uint32_t size_{0};
  detail::buffer<std::uint64_t> sums_{};   ///< by range code
  detail::buffer<std::uint32_t> heads_{};  ///< of the leaves' chains
};

}  // namespace v1
}  // namespace flotilla
