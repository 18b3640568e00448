// flotilla/membership/row.hpp - what the table keeps about one member
// Rows never move; other rooms name them by number and keep their own positions in them.
#pragma once

#include <cstdint>

#include <flotilla/detail/flat_index.hpp>
#include <flotilla/detail/state_hasher.hpp>
#include <flotilla/detail/timer_heap.hpp>
#include <flotilla/member.hpp>
#include <flotilla/time.hpp>
#include <flotilla/wire/fact.hpp>

namespace flotilla {
inline namespace v1 {

/// The number of a row; `detail::no_row` for none.
using row_index = std::uint32_t;
using detail::no_row;

/// In which gossip queue a member's fact waits.
enum class gossip_class : std::uint8_t { none, urgent, membership, hearsay };

/// 40 bytes: what every member has. Numbers of rows and timers take 24 bits, which is what
/// max_members_limit leaves; an IPv4 address lies here, any other one beside the table; and what
/// few members have (an address of another incarnation, a penalty, doubt) is a row_note.
struct row {
  member_id id{};  ///< 0 in a free row
  flotilla::incarnation incarnation{};
  /// The IPv4 address, most significant byte first, or where the table keeps the longer one.
  std::uint32_t place{0};

 private:
  static constexpr std::uint32_t none = 0xffffffU;
  static constexpr std::uint32_t unpacked(std::uint64_t number) noexcept {
    return number == none ? no_row : static_cast<std::uint32_t>(number);
  }

  std::uint64_t order_at_ : 24 {none};

 public:
  member_state state : 2 {member_state::alive};
  bool is_ipv4 : 1 {false};
  bool address_indexed : 1 {false};
  bool proven : 1 {false};     ///< has answered us from this address, or echoed our cookie there
  bool hearsay : 1 {false};    ///< others told of it, unasked; it has never answered us
  bool noted : 1 {false};      ///< has a row_note
  bool displaced : 1 {false};  ///< its address is of another incarnation, which is noted
  std::uint8_t broken_rounds : 2 {0};  ///< rounds in a row that only a helper got through

 private:
  std::uint64_t unused_ : 4 {0};
  std::uint64_t queue_ : 26 {0};  ///< class and place, since they change together
  std::uint64_t timer_ : 24 {none};
  std::uint64_t range_next_ : 24 {none};

 public:
  std::uint64_t port : 16 {0};  ///< of an IPv4 address

 private:
  std::uint64_t id_next_ : 24 {none};
  std::uint64_t address_next_ : 24 {none};
  std::uint64_t contacted_in_ : 16 {0};

 public:
  /// dissemination/gossip_queue.hpp: in which queue the member's fact waits, and the low 24 bits of
  /// its position there.
  [[nodiscard]] gossip_class queued() const noexcept {
    return static_cast<gossip_class>(queue_ & 3U);
  }
  [[nodiscard]] std::uint32_t queue_at() const noexcept { return queue_ >> 2U; }
  void set_queued(gossip_class which, std::uint32_t position) noexcept {
    queue_ = (std::uint64_t{position} << 2U | static_cast<std::uint64_t>(which)) & 0x3ffffffU;
  }
  void unqueue() noexcept { queue_ = 0; }
  /// detection/probe_order.hpp, or no_row; in a free row the next one.
  [[nodiscard]] std::uint32_t order_at() const noexcept { return unpacked(order_at_); }
  void set_order_at(std::uint32_t place_in_order) noexcept { order_at_ = place_in_order & none; }
  /// Suspicion or tombstone, by state; detail::no_timer for none.
  [[nodiscard]] detail::timer_ref timer() const noexcept { return unpacked(timer_); }
  void set_timer(detail::timer_ref timer) noexcept { timer_ = timer & none; }
  /// exchange/range_digest.hpp: the next one of its leaf.
  [[nodiscard]] row_index range_next() const noexcept { return unpacked(range_next_); }
  void set_range_next(row_index next) noexcept { range_next_ = next & none; }
  /// The chains of the table's two indexes: 24 bits, as detail::chained_index wants them.
  [[nodiscard]] std::uint32_t id_next() const noexcept { return id_next_; }
  void set_id_next(std::uint32_t next) noexcept { id_next_ = next & none; }
  [[nodiscard]] std::uint32_t address_next() const noexcept { return address_next_; }
  void set_address_next(std::uint32_t next) noexcept { address_next_ = next & none; }
  /// The mark (member_table::mark_of) of the period of the last ping outside the probe round, or 0.
  [[nodiscard]] std::uint16_t contacted_in() const noexcept {
    return static_cast<std::uint16_t>(contacted_in_);
  }
  void set_contacted_in(std::uint16_t mark) noexcept { contacted_in_ = mark; }

  /// True when the address stood in the alive fact of this very incarnation. Otherwise the two must
  /// not be told on as one fact, which the member has never stated.
  [[nodiscard]] bool placed() const noexcept { return !displaced; }

  /// IPv4 address and port, six bytes, most significant first.
  [[nodiscard]] std::uint64_t ipv4_place() const noexcept {
    return std::uint64_t{place} << 16U | port;
  }
  /// True for an alive fact that the row has had or overridden: merging it would change nothing.
  [[nodiscard]] bool covers(const wire::plain_fact& told) const noexcept {
    const std::uint32_t behind = incarnation.value() - told.incarnation.value();
    if (displaced || behind > flotilla::incarnation::window()) return false;
    return behind != 0 || (is_ipv4 && ipv4_place() == told.place);
  }
  /// True when the member's fact is a plain one: alive at this incarnation and IPv4 address.
  [[nodiscard]] bool is_plain() const noexcept {
    return state == member_state::alive && is_ipv4 && !displaced;
  }
  /// True when its fact is an accusation.
  [[nodiscard]] bool is_accused() const noexcept {
    return state == member_state::suspect || state == member_state::dead;
  }
  /// What a plain fact introduces.
  [[nodiscard]] static row of(const wire::plain_fact& told) noexcept {
    row fresh;
    fresh.id = told.subject;
    fresh.incarnation = told.incarnation;
    fresh.is_ipv4 = true;
    fresh.place = static_cast<std::uint32_t>(told.place >> 16U);
    fresh.port = told.place & 0xffffU;
    return fresh;
  }
  [[nodiscard]] wire::plain_fact plain_fact() const noexcept {
    return {id, incarnation, ipv4_place()};
  }

  /// All but the address and what is noted elsewhere.
  void hash_into(detail::state_hasher& out) const noexcept {
    out.add_all(id, incarnation, member_state{state}, std::uint64_t{queue_}, bool{is_ipv4},
                bool{address_indexed}, bool{proven}, bool{hearsay}, bool{noted}, bool{displaced},
                std::uint64_t{broken_rounds}, std::uint64_t{order_at_}, std::uint64_t{timer_},
                std::uint64_t{range_next_}, std::uint64_t{contacted_in_});
  }
  friend bool operator==(const row&, const row&) noexcept = default;
};
static_assert(sizeof(row) == 40);

/// What is noted about few members (member_table::note_of).
struct row_note {
  flotilla::incarnation place_incarnation{};  ///< of the address, where row::displaced
  std::uint16_t penalty{0};  ///< detection/flap_damping.hpp, as it was at `penalized`
  std::uint16_t doubt{0};    ///< detection/accusers.hpp, as it was at `doubted`
  time_point penalized{};    ///< when it failed last
  time_point doubted{};      ///< when an accusation of its was contradicted last

  void hash_into(detail::state_hasher& out) const noexcept {
    out.add_all(place_incarnation, std::uint64_t{penalty}, std::uint64_t{doubt}, penalized,
                doubted);
  }
  friend bool operator==(const row_note&, const row_note&) noexcept = default;
};

}  // namespace v1
}  // namespace flotilla
