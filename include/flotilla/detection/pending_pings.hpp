// flotilla/detection/pending_pings.hpp - what we asked and still wait for
// A fixed table: each purpose has slots of its own, so that a flood of one cannot evict another.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include <flotilla/detail/assert.hpp>
#include <flotilla/detail/buffer.hpp>
#include <flotilla/detail/state_hasher.hpp>
#include <flotilla/detection/sequence.hpp>
#include <flotilla/endpoint.hpp>
#include <flotilla/member.hpp>
#include <flotilla/time.hpp>

namespace flotilla {
inline namespace v1 {

/// Why something was asked, which decides what its answer means.
enum class ping_purpose : std::uint8_t {
  probe,     ///< the probe round (SWIM, section 3.1)
  request,   ///< the round's ping requests: one number for all helpers
  recheck,   ///< a member whose record is in doubt: suspect, outside the window, behind us
  relay,     ///< on behalf of another member
  verify,    ///< an unknown sender, or a candidate at a known address
  heal,      ///< the address of a dead member
  farewell,  ///< our leaving
  transfer,  ///< a chunk of state: joining and repair
  hearsay,   ///< one of a crowd of members known by hearsay alone
};
inline constexpr std::size_t ping_purpose_count = 9;

struct pending_ping {
  std::uint32_t sequence{0};
  bool waiting{false};
  std::uint8_t reference{0};  ///< relay: its slot; transfer: its seed
  member_id target{};         ///< 0: whoever is there
  endpoint to{};
  time_point asked{};

  void hash_into(detail::state_hasher& out) const noexcept {
    out.add_all(std::uint64_t{sequence}, waiting, std::uint64_t{reference}, target, to, asked);
  }
  friend bool operator==(const pending_ping&, const pending_ping&) noexcept = default;
};

/// The slot's number stands in the low bits of the counter behind each sequence number, so that an
/// answer finds its slot in one step, and no search grows with what is outstanding.
class pending_pings {
  static constexpr std::size_t slot_bits = 8;
  static constexpr std::array<std::uint8_t, ping_purpose_count> capacities = {4, 4,  32, 32, 32,
                                                                              4, 32, 24, 80};
  static constexpr std::size_t total = 244;
  static constexpr std::size_t usual = total - capacities[ping_purpose_count - 1];

 public:
  pending_pings() noexcept = default;
  /// With the slots for hearsay, which is the last purpose, allocated now or with the first
  /// question of it; without memory for them it is asked in slots of `recheck`. May throw
  /// std::bad_alloc.
  explicit pending_pings(detail::mix_key key, bool now = true)
      : cipher_{key}, slots_{now ? total : usual} {}

  [[nodiscard]] static constexpr std::size_t capacity(ping_purpose purpose) noexcept {
    return capacities[static_cast<std::size_t>(purpose)];
  }

  /// Takes the slot of this purpose that was used longest ago and returns its new sequence number.
  std::uint32_t ask(ping_purpose purpose, member_id target, const endpoint& to, time_point now,
                    std::uint8_t reference = 0) noexcept {
    if (purpose == ping_purpose::hearsay && !try_extend()) purpose = ping_purpose::recheck;
    const auto p = static_cast<std::size_t>(purpose);
    const std::size_t slot = first_slot(purpose) + turn_[p];
    turn_[p] = static_cast<std::uint8_t>(turn_[p] + 1U == capacities[p] ? 0U : turn_[p] + 1U);
    const std::uint32_t sequence = next_sequence(static_cast<std::uint32_t>(slot));
    slots_[slot] = {sequence, true, reference, target, to, now};
    latest_ = static_cast<std::uint8_t>(slot);
    return sequence;
  }

  /// The waiting question of this sequence number, or null. `purpose` says which it was.
  [[nodiscard]] pending_ping* find(std::uint32_t sequence, ping_purpose& purpose) noexcept {
    const std::size_t slot = cipher_.counter_of(sequence) & ((1U << slot_bits) - 1);
    if (slot >= slots_.size() || !slots_[slot].waiting || slots_[slot].sequence != sequence) {
      return nullptr;
    }
    std::size_t p = 0;
    for (std::size_t end = capacities[0]; slot >= end; end += capacities[++p]) {
    }
    purpose = static_cast<ping_purpose>(p);
    return &slots_[slot];
  }

  /// The same if it is the latest question: then there is nothing to decipher.
  [[nodiscard]] pending_ping* find_latest(std::uint32_t sequence) noexcept {
    pending_ping& latest = slots_[latest_];
    return latest.waiting && latest.sequence == sequence ? &latest : nullptr;
  }

  /// True when this member was asked there for this purpose at `since` or later, whether it has
  /// answered or not. (An answer that settles nothing must not be a reason to ask at once again.)
  [[nodiscard]] bool asked_since(ping_purpose purpose, member_id target, const endpoint& to,
                                 time_point since) const noexcept {
    const std::size_t first = first_slot(purpose);
    for (std::size_t i = first; i < first + capacity(purpose) && i < slots_.size(); ++i) {
      const pending_ping& asked = slots_[i];
      const bool ever = asked.sequence != 0;
      if (ever && asked.target == target && asked.to == to && asked.asked >= since) return true;
    }
    return false;
  }

  /// Forgets all questions of this purpose; their answers will match nothing.
  void cancel(ping_purpose purpose) noexcept {
    const std::size_t first = first_slot(purpose);
    for (std::size_t i = first; i < first + capacity(purpose) && i < slots_.size(); ++i) {
      slots_[i].waiting = false;
    }
  }

  [[nodiscard]] std::size_t bytes_allocated() const noexcept { return slots_.bytes_allocated(); }
  void hash_into(detail::state_hasher& out) const noexcept {
    out.add(std::uint64_t{generation_});
    for (const std::uint8_t turn : turn_) out.add(std::uint64_t{turn});
    for (std::size_t i = 0; i < total; ++i) nth(i).hash_into(out);
  }
  /// Equal when they hold the same, whatever is allocated.
  friend bool operator==(const pending_pings& a, const pending_pings& b) noexcept {
    for (std::size_t i = 0; i < total; ++i) {
      if (!(a.nth(i) == b.nth(i))) return false;
    }
    return a.cipher_ == b.cipher_ && a.turn_ == b.turn_ && a.generation_ == b.generation_ &&
           a.latest_ == b.latest_;
  }

 private:
  [[nodiscard]] pending_ping nth(std::size_t i) const noexcept {
    return i < slots_.size() ? slots_[i] : pending_ping{};
  }
  [[nodiscard]] bool try_extend() noexcept {
    if (slots_.size() == total) return true;
    detail::buffer<pending_ping> larger;
    if (!larger.try_allocate(total)) return false;
    for (std::size_t i = 0; i < slots_.size(); ++i) larger[i] = slots_[i];
    slots_.swap(larger);
    return true;
  }
  [[gnu::noinline]] std::uint32_t next_sequence(std::uint32_t slot) noexcept {
    std::uint32_t sequence = 0;  // which stands for "none", so it is skipped
    while (sequence == 0) sequence = cipher_.sequence_of(++generation_ << slot_bits | slot);
    return sequence;
  }
  [[nodiscard]] static constexpr std::size_t first_slot(ping_purpose purpose) noexcept {
    std::size_t first = 0;
    for (std::size_t p = 0; p < static_cast<std::size_t>(purpose); ++p) first += capacities[p];
    return first;
  }

  sequence_cipher cipher_{};
  detail::buffer<pending_ping> slots_{};
  std::array<std::uint8_t, ping_purpose_count> turn_{};
  std::uint32_t generation_{0};
  std::uint8_t latest_{0};  ///< the slot of the latest question
};

}  // namespace v1
}  // namespace flotilla
