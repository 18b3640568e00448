// flotilla/exchange/chunk_budget.hpp - who gets chunks of the state, and who is sent elsewhere
// Sums and small tables only: nothing is kept for any one joiner (extension).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include <flotilla/detail/state_hasher.hpp>
#include <flotilla/member.hpp>

namespace flotilla {
inline namespace v1 {

/// Chunks are given to few until they have the whole state, not a little to everybody: who is whole
/// can serve others, so that a crowd is served by ever more members. So in each period somebody is
/// let in only while what is left suffices for those that have been. And when others had to go
/// without, no receiver gets more than a quarter, or what it needs up to one half.
class chunk_budget {
 public:
  static constexpr std::size_t shares = 64;
  /// The newest members that have got the whole state here.
  static constexpr std::size_t remembered = 16;

  chunk_budget() noexcept = default;
  explicit chunk_budget(std::uint32_t a_period) noexcept : left_{a_period} {}

  /// A new period: who still goes on is let in anew, and joiners that have vanished are not.
  void renew(std::uint32_t a_period) noexcept {
    left_ = a_period;
    promised_ = 0;
    contested_ = starved_;
    starved_ = false;
    if (untouched_) return;
    taken_.fill(place{});
    untouched_ = true;
  }

  /// True when renew(a_period) would change nothing.
  [[nodiscard]] bool untouched(std::uint32_t a_period) const noexcept {
    return untouched_ && left_ == a_period && promised_ == 0 && !contested_ && !starved_;
  }

  /// True when a chunk may be given, of `a_period` in all, to the receiver whose address has this
  /// digest; it then counts as given. `needed`: this and all that it still needs, of about `whole`.
  [[nodiscard]] bool take(std::uint64_t digest, std::uint32_t needed, std::uint32_t whole,
                          std::uint32_t a_period) noexcept {
    place& at = taken_[static_cast<std::size_t>(digest % shares)];
    const auto who = static_cast<std::uint16_t>(digest / shares);
    // Two may have the same place in the table: who begins is let in by no other's. But who has
    // lost its first chunk, or begins again and again, has been let in once.
    const bool enters = at.taken == 0 || (needed >= whole && at.who != who);
    const bool modest = at.taken < share(whole, a_period);
    const std::uint32_t promise = promised_of(needed, a_period);
    const bool crowded =
        enters && promised_ != 0 && (promised_ > left_ || promise > left_ - promised_);
    const bool greedy = (contested_ || starved_) && !modest;
    if (left_ == 0 || crowded || greedy) {
      starved_ = starved_ || modest;
      return false;
    }
    --left_;
    if (at.taken != 0xffff) ++at.taken;
    at.who = who;
    untouched_ = false;
    if (enters) promised_ += promise;
    if (promised_ != 0) --promised_;
    return true;
  }

  /// `id` has got the whole state, of so many members.
  void remember_whole(member_id id, std::uint32_t members) noexcept {
    for (holder& held : whole_) {
      if (held.id != id) continue;
      held.members = members;
      return;
    }
    whole_[newest_] = {id, members};
    newest_ = static_cast<std::uint8_t>((newest_ + 1U) % remembered);
  }

  /// In turn, each of those with the whole state for which `fits(id)`; 0 when there is none. There
  /// are `members` now: who got the state when there were fewer by more than an eighth has not the
  /// whole of it any more.
  template <class Fits>
  [[nodiscard]] member_id next_whole(std::uint32_t members, Fits fits) noexcept {
    for (std::size_t i = 0; i < remembered; ++i) {
      turn_ = static_cast<std::uint8_t>((turn_ + 1U) % remembered);
      const holder& held = whole_[turn_];
      if (held.id == member_id{} || held.members < members - members / 8) continue;
      if (fits(held.id)) return held.id;
    }
    return member_id{};
  }

  [[nodiscard]] std::uint32_t left() const noexcept { return left_; }
  /// Chunks that those who have begun are still to get.
  [[nodiscard]] std::uint32_t promised() const noexcept { return promised_; }

  void hash_into(detail::state_hasher& out) const noexcept {
    out.add_all(std::uint64_t{left_}, std::uint64_t{promised_}, contested_, starved_,
                std::uint64_t{newest_}, std::uint64_t{turn_});
    for (const place& at : taken_) out.add_all(std::uint64_t{at.taken}, std::uint64_t{at.who});
    for (const holder& held : whole_) out.add_all(held.id, std::uint64_t{held.members});
  }
  friend bool operator==(const chunk_budget&, const chunk_budget&) noexcept = default;

 private:
  /// Nearly the whole state is of little use: who has been let in shall end, and serve others.
  [[nodiscard]] static constexpr std::uint32_t share(std::uint32_t whole,
                                                     std::uint32_t a_period) noexcept {
    const std::uint32_t quarter = a_period / 4 + 1;
    const std::uint32_t half = a_period / 2 + 1;
    if (whole < quarter) return quarter;
    return whole < half ? whole : half;
  }

  /// Nobody is promised more than a share: the rest would be kept for somebody who may not take it.
  [[nodiscard]] std::uint32_t promised_of(std::uint32_t needed,
                                          std::uint32_t a_period) const noexcept {
    const std::uint32_t half = a_period < 2 ? 1 : a_period / 2;
    const std::uint32_t most = contested_ || starved_ ? half : a_period;
    return needed < most ? needed : most;
  }

  /// What was taken in this period, and by whom last: what else its digest says.
  struct place {
    std::uint16_t taken{0};  ///< up to 65,535
    std::uint16_t who{0};
    friend bool operator==(const place&, const place&) noexcept = default;
  };

  struct holder {
    member_id id{};
    std::uint32_t members{0};
    friend bool operator==(const holder&, const holder&) noexcept = default;
  };

  std::uint32_t left_{0};
  std::uint32_t promised_{0};
  bool contested_{false};  ///< in the period before, somebody modest went without
  bool starved_{false};    ///< in this one
  bool untouched_{true};   ///< in this one nobody has taken any, as in nearly every one
  std::uint8_t newest_{0};
  std::uint8_t turn_{0};
  std::array<place, shares> taken_{};  ///< by digest of the receiver, in this period
  std::array<holder, remembered> whole_{};
};

}  // namespace v1
}  // namespace flotilla
