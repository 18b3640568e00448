// flotilla/testing/checkers/shadow_view.hpp - what an engine showed of the others, kept by a
// checker One linear pass finds what has changed since, and a sum of counters tells when to look.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <flotilla/detail/assert.hpp>
#include <flotilla/detail/flat_index.hpp>
#include <flotilla/detail/mix.hpp>
#include <flotilla/flotilla.hpp>

namespace flotilla {
inline namespace v1 {
namespace testing {

/// "suspect 3@7 at 10.0.0.3:7946", for the texts of violations.
[[nodiscard]] inline std::string view_text(const member& m) {
  std::string text{to_string(m.state)};
  text += " " + std::to_string(static_cast<std::uint64_t>(m.id));
  text += "@" + std::to_string(m.incarnation.value());
  return text + " at " + m.address.to_string();
}

/// A sum of counters that moves with every change of an engine's table that an input causes:
/// merged and admitted facts, facts about self, verdicts and all that is told by events. Commands
/// change the table without counting, so after those one looks in any case. While it stands still,
/// looking is pointless; were the engine to change its table and count nothing, the next look would
/// still find the change, only later.
[[nodiscard]] inline std::uint64_t view_mark(const statistics& s) noexcept {
  return s.facts_merged + s.facts_about_self + s.adoptions + s.members_replaced + s.probes_failed +
         s.verdicts + s.events + s.events_dropped;
}

/// What an engine showed of the others when it was looked at last, in the order of members(), so
/// that one linear pass finds what has changed since. `Note` is what a checker keeps with each.
template <class Note>
class shadow_view {
 public:
  struct entry {
    member shown{};
    Note note{};
  };

  void clear() { *this = shadow_view{}; }
  [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }

  /// What was shown of it, or null. Pointers are good until the next put, erase or look.
  [[nodiscard]] entry* find(member_id id) noexcept {
    const std::uint32_t at = place_of(id);
    return at == detail::no_row ? nullptr : &entries_[at];
  }
  /// Shows it like this from now on; its note stays, or is a new one.
  entry& put(const member& now) {
    std::uint32_t at = place_of(now.id);
    if (at == detail::no_row) at = append(now.id);
    entries_[at].shown = now;
    return entries_[at];
  }
  void erase(member_id id) {
    const std::uint32_t at = place_of(id);
    if (at == detail::no_row) return;
    exchange(at, static_cast<std::uint32_t>(entries_.size() - 1));
    drop_last();
  }

  /// Looks at the whole table: `changed(entry, now, fresh)` for each member that is shown unlike
  /// before (with the entry as it was), `gone(entry)` for each that is no longer there. Self is
  /// left out.
  template <class Changed, class Gone>
  void look(const engine& node, Changed changed, Gone gone) {
    const member_range all = node.members();
    std::uint32_t at = 0;
    auto each = all.begin();
    for (++each; each != all.end(); ++each, ++at) {
      const member now = *each;
      if (at < entries_.size() && entries_[at].shown == now) continue;
      const bool fresh = bring(now.id, at);
      entry& e = entries_[at];
      if (e.shown == now) continue;
      changed(e, now, fresh);
      e.shown = now;
    }
    while (entries_.size() > at) {
      gone(std::as_const(entries_.back()));
      drop_last();
    }
  }

 private:
  [[nodiscard]] static std::uint64_t digest(member_id id) noexcept {
    return detail::mix(static_cast<std::uint64_t>(id), detail::mix_key{});
  }
  [[nodiscard]] std::uint64_t digest_at(std::uint32_t at) const noexcept {
    return digest(entries_[at].shown.id);
  }
  [[nodiscard]] std::uint32_t place_of(member_id id) const noexcept {
    return index_.find(digest(id), [&](std::uint32_t at) { return entries_[at].shown.id == id; });
  }

  std::uint32_t append(member_id id) {
    const auto at = static_cast<std::uint32_t>(entries_.size());
    const bool room = index_.try_reserve(at + 1, [this](std::uint32_t i) { return digest_at(i); });
    FLOTILLA_EXPECT(room);
    static_cast<void>(room);
    entries_.push_back({});
    entries_.back().shown.id = id;
    index_.insert(digest(id), at);
    return at;
  }
  void remove_from_index(std::uint32_t at) noexcept {
    index_.erase(digest_at(at), at, [this](std::uint32_t i) { return digest_at(i); });
  }
  void drop_last() {
    remove_from_index(static_cast<std::uint32_t>(entries_.size() - 1));
    entries_.pop_back();
  }
  void exchange(std::uint32_t a, std::uint32_t b) {
    if (a == b) return;
    remove_from_index(a);
    remove_from_index(b);
    std::swap(entries_[a], entries_[b]);
    index_.insert(digest_at(a), a);
    index_.insert(digest_at(b), b);
  }
  /// Puts the entry of `id` at this place; true when there was none.
  bool bring(member_id id, std::uint32_t to) {
    std::uint32_t at = to < entries_.size() && entries_[to].shown.id == id ? to : place_of(id);
    const bool fresh = at == detail::no_row;
    if (fresh) at = append(id);
    exchange(at, to);
    return fresh;
  }

  std::vector<entry> entries_{};
  detail::flat_index index_{};
};

}  // namespace testing
}  // namespace v1
}  // namespace flotilla
