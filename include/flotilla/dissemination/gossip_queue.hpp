// flotilla/dissemination/gossip_queue.hpp - which facts to pass on next (SWIM, section 4.1)
// One ring buffer, sorted by how often each fact was sent: adding and sending are O(1).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include <flotilla/config.hpp>
#include <flotilla/detail/assert.hpp>
#include <flotilla/detail/buffer.hpp>
#include <flotilla/detail/logarithm.hpp>
#include <flotilla/detail/state_hasher.hpp>
#include <flotilla/membership/member_table.hpp>

namespace flotilla {
inline namespace v1 {

/// The ring is a row of buckets: those never sent in front, those sent most often at the back. The
/// oldest of a bucket lies at its end, so that sending it moves it to the front of the next bucket
/// by moving nothing but the border between the two:
///
///     front                                             back
///     | never sent | sent once | sent twice | ...          |
///            new ->|         ^ send: this border steps left
///
/// A member has at most one place in it (row::queue_at has its low bits). Taking one out from the
/// middle moves one entry a bucket, which may thereby overtake older ones of its bucket.
class gossip_queue {
 public:
  /// Sixteen times ceil(ln(2^24 + 1)): what config::validate allows.
  static constexpr std::uint32_t max_budget = 16 * 17;

  gossip_queue() noexcept = default;
  /// Room for `reserved` facts. `endless`: none is ever retired (experiment::transmit_budget off).
  /// May throw std::bad_alloc.
  gossip_queue(gossip_class which, std::uint32_t reserved, bool endless = false)
      : which_{which}, endless_{endless}, slots_{slots_for(reserved)} {}

  [[nodiscard]] std::uint32_t size() const noexcept { return end() - borders_[0]; }
  [[nodiscard]] bool empty() const noexcept { return size() == 0; }

  /// Makes room for one more; false, and nothing lost, without memory.
  [[nodiscard]] bool try_reserve_one() noexcept { return size() < slots_.size() || grow(); }

  /// Adds a member's fact as never sent. It must not be queued; there must be room.
  void push(member_table& table, row_index at) noexcept {
    FLOTILLA_EXPECT(table[at].queued() == gossip_class::none && size() < slots_.size());
    const std::uint32_t position = --borders_[0];
    slots_[position & (slots_.size() - 1)] = at;
    table[at].set_queued(which_, position);
  }

  /// Takes a member's fact out, wherever it is.
  void remove(member_table& table, row_index at) noexcept {
    FLOTILLA_EXPECT(table[at].queued() == which_);
    // There are fewer than 2^24 in the ring: the low bits say how far behind the front it is.
    std::uint32_t hole = borders_[0] + ((table[at].queue_at() - borders_[0]) & 0xffffffU);
    std::uint32_t bucket = 0;
    while (borders_[bucket + 1] - borders_[0] <= hole - borders_[0]) ++bucket;
    for (;; --bucket) {
      const std::uint32_t first = borders_[bucket];
      if (hole != first) place(table, hole, slot(first));
      hole = first;
      ++borders_[bucket];
      if (bucket == 0) break;
    }
    table[at].unqueue();
  }

  /// Takes all facts out.
  void clear(member_table& table) noexcept {
    for (std::uint32_t at = borders_[0]; at != end(); ++at) {
      table[slot(at)].unqueue();
    }
    borders_.fill(borders_[0]);
  }

  /// Offers facts, those sent least often and longest ago first, to `encode(row)`, until it returns
  /// false (it did not fit) or each fact was offered once. What was accepted counts as sent; after
  /// `budget` times it leaves the queue; in an endless one those sent most often take turns.
  /// Returns `encode` as it is then.
  template <class Encode>
  Encode send(member_table& table, std::uint32_t budget, Encode encode) noexcept {
    if (endless_) budget = max_budget;
    set_budget(table, budget);
    bool room = !empty();
    std::uint32_t arrived = 0;  // sent from the bucket before, now at this one's front: not again
    for (std::uint32_t bucket = 0; room && bucket < budget; ++bucket) {
      const std::uint32_t waiting = borders_[bucket + 1] - borders_[bucket] - arrived;
      arrived = 0;
      if (endless_ && bucket + 1 == budget) {
        return take_turns(table, waiting, encode);
      }
      const std::uint32_t last = borders_[bucket + 1] - 1;
      while (arrived < waiting && (room = encode(slot(last - arrived)))) ++arrived;
      borders_[bucket + 1] -= arrived;
      if (bucket + 1 != budget) continue;
      // Behind the last bucket is nothing: who was sent often enough is out.
      for (std::uint32_t i = 0; i < arrived; ++i) table[slot(end() + i)].unqueue();
    }
    return encode;
  }

  [[nodiscard]] std::size_t bytes_allocated() const noexcept { return slots_.bytes_allocated(); }
  void hash_into(detail::state_hasher& out) const noexcept {
    for (std::uint32_t i = 0; i <= budget_; ++i) out.add(std::uint64_t{borders_[i]});
    for (std::uint32_t at = borders_[0]; at != end(); ++at) out.add(std::uint64_t{slot(at)});
  }
  friend bool operator==(const gossip_queue& a, const gossip_queue& b) noexcept {
    if (a.which_ != b.which_ || a.endless_ != b.endless_ || a.budget_ != b.budget_) return false;
    for (std::uint32_t i = 0; i <= a.budget_; ++i) {
      if (a.borders_[i] != b.borders_[i]) return false;
    }
    for (std::uint32_t at = a.borders_[0]; at != a.end(); ++at) {
      if (a.slot(at) != b.slot(at)) return false;
    }
    return true;
  }

 private:
  [[nodiscard]] bool grow() noexcept {
    detail::buffer<row_index> larger;
    if (!larger.try_allocate(slots_for(size() + 1))) return false;
    for (std::uint32_t at = borders_[0]; at != end(); ++at) {
      larger[at & (larger.size() - 1)] = slots_[at & (slots_.size() - 1)];
    }
    larger.swap(slots_);
    return true;
  }
  static constexpr std::size_t slots_for(std::uint32_t facts) noexcept {
    std::size_t slots = 64;
    while (slots < facts) slots *= 2;
    return slots;
  }
  [[nodiscard]] std::uint32_t end() const noexcept { return borders_[budget_]; }
  [[nodiscard]] row_index slot(std::uint32_t position) const noexcept {
    return slots_[position & (slots_.size() - 1)];
  }
  void place(member_table& table, std::uint32_t position, row_index at) noexcept {
    slots_[position & (slots_.size() - 1)] = at;
    table[at].set_queued(which_, position);
  }
  /// Offers the oldest `waiting` of the last bucket, and moves those that were accepted to its
  /// front.
  template <class Encode>
  Encode take_turns(member_table& table, std::uint32_t waiting, Encode encode) noexcept {
    std::uint32_t sent = 0;
    while (sent < waiting && encode(slot(end() - 1 - sent))) ++sent;
    if (sent == 0) return encode;
    const std::uint32_t first = borders_[budget_ - 1];
    reverse(table, first, end());
    reverse(table, first, first + sent);
    reverse(table, first + sent, end());
    return encode;
  }
  void reverse(member_table& table, std::uint32_t from, std::uint32_t to) noexcept {
    for (; to - from > 1; ++from) {
      const row_index at = slot(from);
      place(table, from, slot(--to));
      place(table, to, at);
    }
  }
  /// The budget follows the size of the group; what was sent more often than a smaller one allows
  /// is dropped.
  void set_budget(member_table& table, std::uint32_t budget) noexcept {
    FLOTILLA_EXPECT(budget >= 1 && budget <= max_budget);
    if (budget == budget_) return;
    for (std::uint32_t i = budget_ + 1; i <= budget; ++i) borders_[i] = end();
    if (budget < budget_) {
      for (std::uint32_t at = borders_[budget]; at != end(); ++at) {
        table[slot(at)].unqueue();
      }
    }
    budget_ = budget;
  }

  gossip_class which_{gossip_class::membership};
  bool endless_{false};
  detail::buffer<row_index> slots_{};
  /// borders_[i]: where the facts sent i times begin; borders_[budget_] is the end, those above
  /// mean nothing. Positions count on and wrap; the ring's slot is the position modulo its size, so
  /// that growing renumbers nothing.
  std::array<std::uint32_t, max_budget + 1> borders_{};
  std::uint32_t budget_{1};
};

}  // namespace v1
}  // namespace flotilla
