// flotilla/detection/relay.hpp - probing on behalf of others (SWIM, section 3.1; nack: Lifeguard)
// A fixed number of slots; each ends in one relayed ack or one nack, never both.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include <flotilla/detail/state_hasher.hpp>
#include <flotilla/endpoint.hpp>
#include <flotilla/member.hpp>
#include <flotilla/time.hpp>

namespace flotilla {
inline namespace v1 {

struct relay {
  bool used{false};
  std::uint32_t requester_sequence{0};
  member_id requester{};
  endpoint requester_address{};
  member_id subject{};
  time_point nack_due{};
  std::uint32_t ping_sequence{0};  ///< of our own ping to the subject; no other ack is passed on

  friend bool operator==(const relay&, const relay&) noexcept = default;
};

class relay_table {
 public:
  /// As many as there are slots for their pings.
  static constexpr std::size_t capacity = 32;

  [[nodiscard]] relay& operator[](std::size_t i) noexcept { return relays_[i]; }

  /// A free slot, or `capacity` when all are busy. One requester holds at most a quarter of them.
  [[nodiscard]] std::size_t find_free(member_id requester) const noexcept {
    std::size_t free = capacity;
    std::size_t held = 0;
    for (std::size_t i = 0; i < capacity; ++i) {
      if (!relays_[i].used)
        free = i;
      else if (relays_[i].requester == requester)
        ++held;
    }
    return held < capacity / 4 ? free : capacity;
  }

  void open(std::size_t i, const relay& what) noexcept {
    relays_[i] = what;
    relays_[i].used = true;
    if (what.nack_due < earliest_) earliest_ = what.nack_due;
  }

  void close(std::size_t i) noexcept {
    const bool first = relays_[i].nack_due == earliest_;
    relays_[i] = relay{};
    if (first) find_earliest();
  }

  /// A relay whose nack is due at `now`, or `capacity`.
  [[nodiscard]] std::size_t find_due(time_point now) const noexcept {
    if (earliest_ > now) return capacity;
    std::size_t i = 0;
    while (i < capacity && !(relays_[i].used && relays_[i].nack_due <= now)) ++i;
    return i;
  }

  [[nodiscard]] time_point earliest() const noexcept { return earliest_; }

  void hash_into(detail::state_hasher& out) const noexcept {
    for (const relay& r : relays_) {
      out.add_all(r.used, std::uint64_t{r.requester_sequence}, r.requester, r.requester_address,
                  r.subject, r.nack_due, std::uint64_t{r.ping_sequence});
    }
  }
  friend bool operator==(const relay_table&, const relay_table&) noexcept = default;

 private:
  void find_earliest() noexcept {
    earliest_ = time_point::max();
    for (const relay& r : relays_) {
      if (r.used && r.nack_due < earliest_) earliest_ = r.nack_due;
    }
  }

  std::array<relay, capacity> relays_{};
  time_point earliest_{time_point::max()};
};

}  // namespace v1
}  // namespace flotilla
