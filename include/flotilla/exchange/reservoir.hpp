// flotilla/exchange/reservoir.hpp - addresses of the dead, to be tried again (extension)
// When a cut heals, both sides hold each other dead and nobody would ever ask: so somebody must.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

#include <flotilla/detail/random.hpp>
#include <flotilla/detail/ring.hpp>
#include <flotilla/detail/state_hasher.hpp>
#include <flotilla/endpoint.hpp>
#include <flotilla/member.hpp>
#include <flotilla/time.hpp>

namespace flotilla {
inline namespace v1 {

/// The newest absences, the oldest make room. Each address is tried at intervals that double up to
/// 5 minutes and given up after 24 hours. All but the first are cut short by up to a half at
/// random: a cut kills half a group at once, and intervals in step would leave minutes in which
/// nobody tries anybody. Members that left are tried for as long as their tombstone lasts: two
/// forged farewells could otherwise part two members that never speak to each other again.
class reservoir {
 public:
  static constexpr std::size_t capacity = 64;
  static constexpr duration longest_interval = std::chrono::minutes{5};
  static constexpr duration lifetime = std::chrono::hours{24};

  struct entry {
    member_id id{};
    endpoint address{};
    time_point died{};
    time_point due{};
    duration interval{};
    friend bool operator==(const entry&, const entry&) noexcept = default;
  };

  reservoir() noexcept = default;
  /// For so many addresses, allocated now or when somebody dies. May throw std::bad_alloc.
  reservoir(std::size_t size, bool now) : entries_{size, now} {}

  /// Makes room for addresses; false without memory.
  [[nodiscard]] bool try_reserve() noexcept { return entries_.try_allocate(); }

  /// False when the address is not taken for want of memory.
  bool add(member_id id, const endpoint& address, time_point now,
           duration first_interval) noexcept {
    remove(id, address);
    if (entries_.capacity() == 0) return true;
    if (!entries_.try_allocate()) return false;
    if (entries_.full()) entries_.pop_front();
    entries_.push_back(
        {id, address, now, detail::saturating_add(now, first_interval), first_interval});
    return true;
  }

  /// The member is believed there again.
  void remove(member_id id, const endpoint& address) noexcept {
    for (std::size_t i = 0; i < entries_.size(); ++i) {
      if (entries_[i].id != id || entries_[i].address != address) continue;
      drop(i);
      return;
    }
  }

  /// The address that has been due longest; takes note of the attempt. False, without a draw, when
  /// none is due.
  [[nodiscard]] bool next(time_point now, detail::random_generator& random, entry& out) noexcept {
    while (!entries_.empty() && detail::elapsed(entries_.front().died, now) > lifetime) {
      entries_.pop_front();
    }
    std::size_t first = 0;
    for (std::size_t i = 1; i < entries_.size(); ++i) {
      if (entries_[i].due < entries_[first].due) first = i;
    }
    if (entries_.empty() || entries_[first].due > now) return false;
    entry& found = entries_[first];
    const duration doubled = detail::saturating_multiply(found.interval, 2);
    if (found.interval < longest_interval) {
      found.interval = doubled < longest_interval ? doubled : longest_interval;
    }
    const duration spared = found.interval / 2 / 1024 * random.below(1025);
    found.due = detail::saturating_add(now, found.interval - spared);
    out = found;
    return true;
  }

  [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }
  [[nodiscard]] std::size_t bytes_allocated() const noexcept { return entries_.bytes_allocated(); }
  void hash_into(detail::state_hasher& out) const noexcept {
    for (std::size_t i = 0; i < entries_.size(); ++i) {
      const entry& e = entries_[i];
      out.add_all(e.id, e.address, e.died, e.due, e.interval);
    }
  }
  friend bool operator==(const reservoir&, const reservoir&) noexcept = default;

 private:
  void drop(std::size_t at) noexcept {
    for (; at != 0; --at) entries_[at] = entries_[at - 1];
    entries_.pop_front();
  }

  detail::ring<entry> entries_{};
};

}  // namespace v1
}  // namespace flotilla
