// flotilla/detection/hearsay_check.hpp - members known by hearsay that are asked out of turn
// A few at a time, twice each; who stays silent is accused (extension).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include <flotilla/detail/state_hasher.hpp>
#include <flotilla/member.hpp>
#include <flotilla/serial.hpp>

namespace flotilla {
inline namespace v1 {

/// The members that are being asked, and how often they have been. Named by id and incarnation:
/// who has spoken up since is not accused.
struct hearsay_check {
  static constexpr std::size_t capacity = 40;
  /// Pings before an accusation, and again between the time-out and the verdict: one may be lost.
  static constexpr std::uint8_t max_asked = 2;

  struct entry {
    member_id id{};
    flotilla::incarnation incarnation{};
    friend bool operator==(const entry&, const entry&) noexcept = default;
  };

  /// A crowd is over when no more than so many are left.
  static constexpr std::uint32_t few = 8;

  std::array<entry, capacity> entries{};
  std::size_t count{0};
  std::uint8_t asked{0};
  bool crowd{false};  ///< there is more hearsay than turns of the probe order can settle

  /// True when nobody is asked, or is to be.
  [[nodiscard]] bool idle() const noexcept { return count == 0 && asked == 0 && !crowd; }
  [[nodiscard]] bool full() const noexcept { return count == capacity; }
  void clear() noexcept {
    count = 0;
    asked = 0;
  }
  void add(member_id id, flotilla::incarnation number) noexcept { entries[count++] = {id, number}; }

  void hash_into(detail::state_hasher& out) const noexcept {
    out.add_all(std::uint64_t{count}, std::uint64_t{asked}, crowd);
    for (std::size_t i = 0; i < count; ++i) out.add_all(entries[i].id, entries[i].incarnation);
  }
  friend bool operator==(const hearsay_check&, const hearsay_check&) noexcept = default;
};

}  // namespace v1
}  // namespace flotilla
