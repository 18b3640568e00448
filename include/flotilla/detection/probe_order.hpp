// flotilla/detection/probe_order.hpp - whom to probe next (SWIM, section 4.3)
// Round robin over a shuffled list, shuffled again after each traversal; newcomers enter at random.
// Members known by hearsay alone take turns with the others.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>

#include <flotilla/detail/random.hpp>
#include <flotilla/detail/segmented_array.hpp>
#include <flotilla/detail/state_hasher.hpp>
#include <flotilla/membership/member_table.hpp>

namespace flotilla {
inline namespace v1 {

/// The active members but self, each once, in one array of two lanes:
///
///     | those we know            | known by hearsay (row::hearsay) |
///     | visited  | still to come | visited   | still to come       |
///                ^ next_         ^ known_    ^ next_heard_
///
/// Two visits of a member that we know lie at most 2n - 1 turns apart, n being their number: at
/// worst it comes first in one traversal and last in the next (SWIM, section 4.3). While there is
/// hearsay that has not been asked in this traversal, it gets every other turn and no more
/// (extension): however many members somebody invents, the distance at most doubles.
class probe_order {
 public:
  /// So much more hearsay than members that we know makes a crowd; so much more of it still counts
  /// as members where limits grow with the group.
  static constexpr std::uint32_t crowd = 128;
  static constexpr std::uint32_t usual = 64;

  probe_order() noexcept = default;
  /// May throw std::bad_alloc.
  probe_order(std::uint32_t limit, std::uint32_t reserved) : rows_{limit, reserved} {}

  /// Members of both lanes; those that we know come first.
  [[nodiscard]] std::uint32_t size() const noexcept { return rows_.size() + arrived_; }
  [[nodiscard]] std::uint32_t known() const noexcept { return known_ + arrived_; }
  [[nodiscard]] std::uint32_t heard() const noexcept { return rows_.size() - known_; }
  [[nodiscard]] row_index operator[](std::uint32_t i) const noexcept { return rows_[i]; }
  /// Makes room for so many more; false, and nothing lost, without memory.
  [[nodiscard]] bool try_reserve(std::uint32_t more) noexcept {
    return rows_.try_reserve(size() + more);
  }

  /// Puts a newcomer at a random place of its lane: among those still to come in this traversal, or
  /// among those that have had their turn. If all newcomers were still to come, a stream of them
  /// would keep the traversal from ending. Hearsay is always still to come: it has a lane of its
  /// own to fill. There must be room (try_reserve).
  void insert(member_table& table, row_index at, detail::random_generator& random) noexcept {
    arrive(table, at, random);
    place_arrivals(table);
  }
  /// The same for one of many: its place is drawn, and taken with place_arrivals, which must come
  /// before anything else is asked but how many there are.
  void arrive(member_table& table, row_index at, detail::random_generator& random) noexcept {
    if (table[at].hearsay) {
      place_arrivals(table);
      table[at].set_order_at(rows_.size());
      rows_.push_back(at);
      return;
    }
    if (arrived_ == arrivals_.size()) place_arrivals(table);
    ++arrived_;
    arrivals_[arrived_ - 1] = {at, random.below(known())};
  }
  /// Whoever has to make room for them lies anywhere: all are fetched before the first one moves.
  void place_arrivals(member_table& table) noexcept {
    const std::uint32_t count = arrived_;
    if (count > 1 && rows_.size() != 0) {
      for (std::uint32_t i = 0; i < count; ++i) rows_.prefetch(in_list(arrivals_[i].place));
      for (std::uint32_t i = 0; i < count; ++i) {
        table.prefetch(rows_[in_list(arrivals_[i].place)]);
      }
    }
    arrived_ = 0;
    for (std::uint32_t i = 0; i < count; ++i) place(table, arrivals_[i].row, arrivals_[i].place);
  }

  void remove(member_table& table, row_index at) noexcept {
    std::uint32_t hole = table[at].order_at();
    if (hole == no_row) return;
    // Keep each part whole: its last member fills the hole, and the hole moves to the border.
    if (hole < next_) hole = fill(table, hole, --next_);
    if (hole < known_) hole = fill(table, hole, --known_);
    if (hole < next_heard_) hole = fill(table, hole, --next_heard_);
    exchange(table, hole, rows_.size() - 1);
    rows_.pop_back();
    table[at].set_order_at(no_row);
  }

  /// It has answered: no hearsay any more. Needs no room.
  void settle(member_table& table, row_index at, detail::random_generator& random) noexcept {
    const bool listed = table[at].order_at() != no_row;
    if (listed) remove(table, at);
    table[at].hearsay = false;
    if (listed) insert(table, at, random);
  }

  /// The next member to probe, or no_row when there is nobody.
  [[nodiscard]] row_index next(member_table& table, detail::random_generator& random) noexcept {
    const bool unheard = next_heard_ < rows_.size();
    heard_turn_ = unheard && (!heard_turn_ || known_ == 0);
    if (heard_turn_) return rows_[next_heard_++];
    if (known_ == 0) return next_heard(table, random);
    if (next_ >= known_) begin_known(table, random);
    return rows_[next_++];
  }

  /// The next one of those known by hearsay, or no_row.
  [[nodiscard]] row_index next_heard(member_table& table,
                                     detail::random_generator& random) noexcept {
    if (heard() == 0) return no_row;
    if (next_heard_ >= rows_.size()) begin_heard(table, random);
    return rows_[next_heard_++];
  }

  /// A member at random; no_row when there is nobody.
  [[nodiscard]] row_index any(detail::random_generator& random) const noexcept {
    return rows_.size() == 0 ? no_row : rows_[random.below(rows_.size())];
  }

  /// True when hearsay so outnumbers those that we know that somebody may be inventing it. A group
  /// that is started at once may look like that as well, for some periods.
  [[nodiscard]] bool crowded() const noexcept { return heard() > known() + crowd; }
  /// How many of them to count on where limits grow with the group: the hearsay of a crowd beyond
  /// its usual share is left out.
  [[nodiscard]] std::uint32_t counted() const noexcept {
    const std::uint32_t most = known() + usual;
    return heard() <= most ? size() : known() + most;
  }
  /// True when we have met fewer than we have only heard of.
  [[nodiscard]] bool outnumbered() const noexcept { return known() != 0 && heard() > known(); }
  /// So many in front of the list are good as helpers, and to repair from: then only those that we
  /// know.
  [[nodiscard]] std::uint32_t trusted() const noexcept {
    return outnumbered() ? known_ : rows_.size();
  }
  /// True when the last turn was one of hearsay: the next is not. A turn taken out of order counts.
  [[nodiscard]] bool heard_turn() const noexcept { return heard_turn_; }
  void take_heard_turn() noexcept { heard_turn_ = true; }

  [[nodiscard]] std::size_t bytes_allocated() const noexcept { return rows_.bytes_allocated(); }
  void hash_into(detail::state_hasher& out) const noexcept {
    out.add_all(std::uint64_t{next_}, std::uint64_t{known_}, std::uint64_t{next_heard_},
                heard_turn_);
    for (std::uint32_t i = 0; i < rows_.size(); ++i) out.add(std::uint64_t{rows_[i]});
  }
  friend bool operator==(const probe_order& a, const probe_order& b) noexcept {
    return a.rows_ == b.rows_ && a.next_ == b.next_ && a.known_ == b.known_ &&
           a.next_heard_ == b.next_heard_ && a.heard_turn_ == b.heard_turn_;
  }

 private:
  struct arrival {
    row_index row;
    std::uint32_t place;
  };
  /// A place that is in the list now, for one that will be.
  [[nodiscard]] std::uint32_t in_list(std::uint32_t place) const noexcept {
    return place < rows_.size() ? place : 0;
  }
  void place(member_table& table, row_index at, std::uint32_t place) noexcept {
    const std::uint32_t end = rows_.size();
    rows_.push_back(at);
    // Each part of the other lane makes room by moving its first member behind its last one.
    if (end != known_) {
      exchange(table, end, next_heard_);
      exchange(table, next_heard_, known_);
    }
    ++next_heard_;
    ++known_;
    const std::uint32_t last = known_ - 1;
    if (place >= next_) {
      exchange(table, last, place);
    } else {
      exchange(table, last, next_);
      ++next_;
    }
  }
  void exchange(member_table& table, std::uint32_t a, std::uint32_t b) noexcept {
    std::swap(rows_[a], rows_[b]);
    table[rows_[a]].set_order_at(a);
    table[rows_[b]].set_order_at(b);
  }
  std::uint32_t fill(member_table& table, std::uint32_t hole, std::uint32_t last) noexcept {
    exchange(table, hole, last);
    return last;
  }
  [[gnu::noinline]] void begin_known(member_table& table,
                                     detail::random_generator& random) noexcept {
    shuffle(table, 0, known_, random);
    next_ = 0;
    if (next_heard_ >= rows_.size()) begin_heard(table, random);
  }
  void begin_heard(member_table& table, detail::random_generator& random) noexcept {
    shuffle(table, known_, rows_.size(), random);
    next_heard_ = known_;
  }
  /// Fisher and Yates. It is the one step whose cost grows with the group: once in n periods.
  void shuffle(member_table& table, std::uint32_t first, std::uint32_t end,
               detail::random_generator& random) noexcept {
    detail::random_generator draws = random;
    for (std::uint32_t i = end; i != first; --i) {
      const std::uint32_t drawn = first + (i - first > 1 ? draws.below(i - first) : 0);
      std::swap(rows_[i - 1], rows_[drawn]);
      table[rows_[i - 1]].set_order_at(i - 1);  // who is drawn stays there
    }
    random = draws;
  }

  detail::segmented_array<row_index> rows_{};
  std::uint32_t next_{0};
  std::uint32_t known_{0};
  std::uint32_t next_heard_{0};
  bool heard_turn_{false};
  std::uint32_t arrived_{0};  ///< 0 but between arrive() and place_arrivals()
  std::array<arrival, 64> arrivals_{};
};

}  // namespace v1
}  // namespace flotilla
