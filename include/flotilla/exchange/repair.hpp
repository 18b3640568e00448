// flotilla/exchange/repair.hpp - what the two sides of a repair remember (extension)
// The client a bounded stack of ranges that differ, the server a few questions until it is pulled.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include <flotilla/detail/buffer.hpp>
#include <flotilla/detail/state_hasher.hpp>
#include <flotilla/endpoint.hpp>
#include <flotilla/member.hpp>
#include <flotilla/time.hpp>
#include <flotilla/wire/digest.hpp>

namespace flotilla {
inline namespace v1 {

/// The client's side. Its stack begins with the whole group; each request takes ranges from the
/// top, each answer takes them away and may put their parts on, so that what is deepest is settled
/// first.
struct repair_session {
  /// After a join views are compared in so many periods.
  static constexpr std::uint8_t eager_compares = 16;
  /// Unanswered requests after which the peer counts as gone.
  static constexpr std::uint8_t max_attempts = 5;
  static constexpr std::size_t max_ranges = 512;
  static constexpr std::size_t max_asked = 64;
  static constexpr std::size_t max_offers = 64;
  /// A range with as many own records is listed, not split: two bytes for each cost less than
  /// another split.
  static constexpr std::size_t max_listed = 10;
  /// Leaves and rows that one request, or one answer, may look at.
  static constexpr std::uint32_t walk_budget = 4096;

  bool active{false};
  /// We were away for longer than tombstones live: nothing of ours is offered.
  bool listening{false};
  std::uint8_t attempts{0};
  std::uint8_t asked{0};    ///< ranges from the top of the stack in the outstanding request
  std::uint8_t offered{0};  ///< offers in it, from the first on
  std::uint8_t offer_count{0};
  std::uint16_t range_count{0};
  endpoint address{};
  member_id id{};
  std::uint64_t cookie{0};
  std::uint32_t sequence{0};  ///< of the outstanding request
  std::uint32_t steps{0};     ///< answers so far
  std::uint32_t merged{0};    ///< facts that they brought
  time_point retry_due{time_point::max()};
  std::array<wire::range_code, max_ranges> ranges{};
  std::array<std::uint8_t, max_asked> bits{};  ///< how each asked range was asked for: 0 is a list
  std::array<member_id, max_offers> offers{};  ///< whose records the peer lacks

  void begin(member_id peer, const endpoint& at) noexcept {
    const bool only_listens = listening;
    *this = repair_session{};
    active = true;
    listening = only_listens;
    id = peer;
    address = at;
    ranges[0] = wire::whole_range;
    range_count = 1;
  }
  void stop() noexcept {
    const bool only_listens = listening;
    *this = repair_session{};
    listening = only_listens;
  }

  /// The i-th range from the top.
  [[nodiscard]] wire::range_code nth(std::size_t i) const noexcept {
    return ranges[range_count - 1 - i];
  }
  [[nodiscard]] bool push(wire::range_code range) noexcept {
    if (range_count == max_ranges) return false;
    ranges[range_count++] = range;
    return true;
  }
  [[nodiscard]] bool offer(member_id whom) noexcept {
    for (std::size_t i = 0; i < offer_count; ++i) {
      if (offers[i] == whom) return true;
    }
    if (offer_count == max_offers) return false;
    offers[offer_count++] = whom;
    return true;
  }
  /// The peer has got those that the outstanding request carried.
  void drop_offered() noexcept {
    for (std::size_t i = offered; i < offer_count; ++i) offers[i - offered] = offers[i];
    offer_count = static_cast<std::uint8_t>(offer_count - offered);
    offered = 0;
  }

  /// How long to wait before attempt `attempts` is repeated: doubles, up to four times the first.
  [[nodiscard]] duration patience(duration first) const noexcept {
    const std::uint32_t factor = attempts <= 1 ? 1 : (attempts == 2 ? 2 : 4);
    return detail::saturating_multiply(first, factor);
  }

  void hash_into(detail::state_hasher& out) const noexcept {
    out.add_all(active, listening, std::uint64_t{attempts}, std::uint64_t{asked},
                std::uint64_t{offered}, address, id, cookie, std::uint64_t{sequence},
                std::uint64_t{steps}, std::uint64_t{merged}, retry_due, std::uint64_t{range_count});
    for (std::size_t i = 0; i < range_count; ++i) out.add(std::uint64_t{ranges[i]});
    for (std::size_t i = 0; i < asked; ++i) out.add(std::uint64_t{bits[i]});
    for (std::size_t i = 0; i < offer_count; ++i) out.add(offers[i]);
  }
  friend bool operator==(const repair_session&, const repair_session&) noexcept = default;
};

/// The server's side: questions between the datagram that brought them and the poll that answers
/// them, in a few slots. Nothing is kept about who asked.
class repair_desk {
 public:
  static constexpr std::size_t slots = 2;
  /// Bytes of questions in one request; further ones stay unanswered, and are asked again.
  static constexpr std::size_t max_bytes = 1024;
  /// Records in one request that contradict what is held here. As many fit in 1,400 bytes.
  static constexpr std::size_t max_told = 62;

  struct slot {
    bool used{false};
    std::uint8_t told_count{0};
    std::uint16_t size{0};
    std::array<member_id, max_told> told{};  ///< whose death or farewell the asker has missed
    std::array<std::byte, max_bytes> questions{};

    friend bool operator==(const slot&, const slot&) noexcept = default;
  };

  repair_desk() noexcept = default;
  /// Its slots are allocated now, or with the first. May throw std::bad_alloc.
  explicit repair_desk(bool now) : slots_{now ? slots : 0} {}

  /// A free slot, which is empty; `slots` when there is none, or no memory for it.
  [[nodiscard]] std::size_t find_free() noexcept {
    if (slots_.size() == 0 && !slots_.try_allocate(slots)) return slots;
    for (std::size_t i = 0; i < slots_.size(); ++i) {
      if (!slots_[i].used) return i;
    }
    return slots;
  }
  [[nodiscard]] slot& operator[](std::size_t i) noexcept { return slots_[i]; }
  [[nodiscard]] const slot& operator[](std::size_t i) const noexcept { return slots_[i]; }
  void release(std::size_t i) noexcept { slots_[i] = slot{}; }
  void clear() noexcept {
    for (std::size_t i = 0; i < slots_.size(); ++i) release(i);
  }

  [[nodiscard]] std::size_t bytes_allocated() const noexcept { return slots_.bytes_allocated(); }
  void hash_into(detail::state_hasher& out) const noexcept {
    for (std::size_t i = 0; i < slots; ++i) {
      if (slots_.size() == 0) {
        out.add_all(false, std::uint64_t{0});
        continue;
      }
      const slot& s = slots_[i];
      out.add_all(s.used, std::uint64_t{s.size});
      for (std::size_t k = 0; k < s.told_count; ++k) out.add(s.told[k]);
      for (std::size_t k = 0; k < s.size; ++k)
        out.add(std::to_integer<std::uint64_t>(s.questions[k]));
    }
  }
  /// Equal when they hold the same, whatever is allocated.
  friend bool operator==(const repair_desk& a, const repair_desk& b) noexcept {
    if (a.slots_.size() == b.slots_.size()) return a.slots_ == b.slots_;
    const repair_desk& allocated = a.slots_.size() == 0 ? b : a;
    for (std::size_t i = 0; i < slots; ++i) {
      if (allocated[i].used) return false;
    }
    return true;
  }

 private:
  detail::buffer<slot> slots_{};
};

}  // namespace v1
}  // namespace flotilla
