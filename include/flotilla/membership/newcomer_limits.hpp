// flotilla/membership/newcomer_limits.hpp - how many new members are taken on others' word
// Allowances a sender and an address, and what was refused. All of it is of a fixed size.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include <flotilla/detail/mix.hpp>
#include <flotilla/detail/state_hasher.hpp>
#include <flotilla/endpoint.hpp>
#include <flotilla/event.hpp>

namespace flotilla {
inline namespace v1 {

/// Counters shared by a keyed digest: no table that a flood of addresses could fill. Two that share
/// one get less than their due for a while, and nobody gets more.
class allowance {
 public:
  static constexpr std::uint32_t slots = 64;

  /// Uses one of `burst`; false when none is left.
  [[nodiscard]] bool take(std::uint32_t slot, std::uint32_t burst) noexcept {
    std::uint32_t& used = used_[slot % slots];
    if (used >= burst) return false;
    ++used;
    untouched_ = false;
    return true;
  }
  [[nodiscard]] bool untouched() const noexcept { return untouched_; }
  /// How often take() would be true now.
  [[nodiscard]] std::uint32_t left(std::uint32_t slot, std::uint32_t burst) const noexcept {
    const std::uint32_t used = used_[slot % slots];
    return used < burst ? burst - used : 0;
  }
  /// A period has passed.
  void regain(std::uint32_t count) noexcept {
    if (untouched_) return;
    std::uint32_t left = 0;
    for (std::uint32_t& used : used_) {
      used = used > count ? used - count : 0;
      left |= used;
    }
    untouched_ = left == 0;
  }

  void hash_into(detail::state_hasher& out) const noexcept {
    for (const std::uint32_t used : used_) out.add(std::uint64_t{used});
  }
  friend bool operator==(const allowance&, const allowance&) noexcept = default;

 private:
  std::array<std::uint32_t, slots> used_{};
  bool untouched_{true};  ///< all of them are 0, as in nearly every period
};

/// Newcomers that a run of facts may bring without a further look at any limit.
struct intake {
  std::uint32_t left{0};
  std::uint32_t share{0};  ///< of whoever names them, where `limited`
  bool hearsay{false};
  bool limited{false};
};

/// The limits on what is said unasked of members unknown here (extension).
class newcomer_limits {
 public:
  /// Newcomers of one sender that are asked in one period to answer for themselves, when no more
  /// are taken on its word.
  static constexpr std::uint32_t max_asked_for_sender = 4;
  /// Questions in one period to an address that somebody has named.
  static constexpr std::uint32_t max_asked_at_address = 4;

  newcomer_limits() noexcept = default;
  explicit newcomer_limits(detail::mix_key key) noexcept : key_{key} {}

  /// The share of who speaks from `from`. Those who are no members here have one for all together:
  /// they could have as many addresses as they like.
  [[nodiscard]] std::uint32_t share_of(const endpoint& from, bool member) const noexcept {
    return member ? 1 + slot_of(from) % (allowance::slots - 1) : 0;
  }
  /// One more on the word of this share, of at most `burst` at once.
  [[nodiscard]] bool trust(std::uint32_t share, std::uint32_t burst) noexcept {
    return trusted_.take(share, burst);
  }
  /// How many more on the word of this share.
  [[nodiscard]] std::uint32_t trust_left(std::uint32_t share, std::uint32_t burst) const noexcept {
    return trusted_.left(share, burst);
  }
  [[nodiscard]] bool ask_for(std::uint32_t share) noexcept {
    return asked_for_.take(share, max_asked_for_sender);
  }
  [[nodiscard]] bool ask_at(const endpoint& address) noexcept {
    return asked_at_.take(slot_of(address), max_asked_at_address);
  }

  void refuse(refusal_reason why) noexcept {
    std::uint32_t& count = refused_[static_cast<std::size_t>(why)];
    if (count != ~std::uint32_t{0}) ++count;
  }
  /// How many were refused for this reason since the last call.
  [[nodiscard]] std::uint32_t take_refused(refusal_reason why) noexcept {
    std::uint32_t& count = refused_[static_cast<std::size_t>(why)];
    const std::uint32_t taken = count;
    count = 0;
    return taken;
  }

  /// True when nothing is to be regained, and nobody was refused: a new period changes nothing.
  [[nodiscard]] bool untouched() const noexcept {
    std::uint32_t refused = 0;
    for (const std::uint32_t count : refused_) refused |= count;
    return refused == 0 && trusted_.untouched() && asked_for_.untouched() && asked_at_.untouched();
  }
  /// A period has passed: a sixteenth of the burst is regained.
  void begin_period(std::uint32_t burst) noexcept {
    trusted_.regain(burst < 16 ? 1 : burst / 16);
    asked_for_.regain(max_asked_for_sender);
    asked_at_.regain(max_asked_at_address);
  }

  void hash_into(detail::state_hasher& out) const noexcept {
    out.add_all(key_.a, key_.b);
    trusted_.hash_into(out);
    asked_for_.hash_into(out);
    asked_at_.hash_into(out);
    for (const std::uint32_t count : refused_) out.add(std::uint64_t{count});
  }
  friend bool operator==(const newcomer_limits&, const newcomer_limits&) noexcept = default;

 private:
  [[nodiscard]] std::uint32_t slot_of(const endpoint& address) const noexcept {
    return static_cast<std::uint32_t>(detail::endpoint_digest(address, key_) >> 32U);
  }

  detail::mix_key key_{};
  allowance trusted_{};
  allowance asked_for_{};
  allowance asked_at_{};
  std::array<std::uint32_t, refusal_reason_count> refused_{};
};

}  // namespace v1
}  // namespace flotilla
