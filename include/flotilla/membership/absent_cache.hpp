// flotilla/membership/absent_cache.hpp - unknown members whose death or farewell was heard
// Bounded; without event and not in members(). Keeps old alive gossip from adding a ghost (S18).
#pragma once

#include <cstddef>
#include <cstdint>

#include <flotilla/detail/ring.hpp>
#include <flotilla/detail/state_hasher.hpp>
#include <flotilla/member.hpp>
#include <flotilla/membership/merge.hpp>
#include <flotilla/wire/fact.hpp>

namespace flotilla {
inline namespace v1 {

/// The newest `capacity` accusations of members that are not in the table. A hit costs one pass
/// over at most `capacity` entries and happens only for members unknown here.
class absent_cache {
 public:
  absent_cache() noexcept = default;
  /// For so many, allocated now or with the first. May throw std::bad_alloc.
  absent_cache(std::size_t capacity, bool now) : entries_{capacity, now} {}

  /// Remembers a dead or left fact; of one member the overriding one. The oldest makes room. False
  /// when it is not taken for want of memory.
  bool remember(const wire::fact& fact) noexcept {
    if (entries_.capacity() == 0) return true;
    if (wire::fact* held = find_held(fact.subject)) {
      const bool related = held->incarnation.within_window(fact.incarnation);
      if (!related ||
          detail::overrides(fact.incarnation, fact.state, held->incarnation, held->state)) {
        *held = fact;
      }
      return true;
    }
    if (!entries_.try_allocate()) return false;
    if (entries_.full()) entries_.pop_front();
    entries_.push_back(fact);
    return true;
  }

  /// What is remembered about `id`, or null.
  [[nodiscard]] const wire::fact* find(member_id id) const noexcept {
    for (std::size_t i = 0; i < entries_.size(); ++i) {
      if (entries_[i].subject == id) return &entries_[i];
    }
    return nullptr;
  }

  /// True when an alive fact at `number` is what the remembered death or farewell has overridden.
  /// `final_death` is that of config::experiment: then a death overrides all of them.
  [[nodiscard]] bool overridden(member_id id, incarnation number,
                                bool final_death = false) const noexcept {
    const wire::fact* held = find(id);
    if (held == nullptr) return false;
    if (final_death && held->state == member_state::dead) return true;
    if (!held->incarnation.within_window(number)) return false;
    return !(number > held->incarnation);
  }

  /// The member is in the table again, with a record of its own.
  void forget(member_id id) noexcept {
    for (std::size_t i = 0; i < entries_.size(); ++i) {
      if (entries_[i].subject != id) continue;
      for (; i != 0; --i) entries_[i] = entries_[i - 1];
      entries_.pop_front();
      return;
    }
  }

  [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }
  [[nodiscard]] std::size_t bytes_allocated() const noexcept { return entries_.bytes_allocated(); }
  void hash_into(detail::state_hasher& out) const noexcept {
    for (std::size_t i = 0; i < entries_.size(); ++i) {
      out.add_all(entries_[i].subject, entries_[i].incarnation, entries_[i].state,
                  entries_[i].accuser);
    }
  }
  friend bool operator==(const absent_cache&, const absent_cache&) noexcept = default;

 private:
  [[nodiscard]] wire::fact* find_held(member_id id) noexcept {
    for (std::size_t i = 0; i < entries_.size(); ++i) {
      if (entries_[i].subject == id) return &entries_[i];
    }
    return nullptr;
  }

  detail::ring<wire::fact> entries_{};
};

}  // namespace v1
}  // namespace flotilla
