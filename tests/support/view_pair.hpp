// support/view_pair.hpp - two engines whose views differ, and what they say to repair that
// Views of any size are given as facts, by a transfer; nobody else answers anything.
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <utility>
#include <vector>

#include <flotilla/flotilla.hpp>

namespace support {

namespace wire = flotilla::wire;

/// Datagrams of repair, both ways.
struct repair_bill {
  std::uint64_t requests{0};
  std::uint64_t replies{0};
  std::uint64_t bytes{0};
  std::uint64_t largest{0};
  std::uint64_t all_datagrams{0};  ///< of repair or not
  std::uint64_t all_bytes{0};
};

class view_pair {
 public:
  using packet_bytes = std::vector<std::byte>;
  static constexpr flotilla::member_id first_id{0xf157};
  static constexpr flotilla::member_id second_id{0x5ec0};
  static constexpr flotilla::member_id loader_id{0x10ad};

  /// `base` gives everything but the identities. Neither knows anybody
  /// before its first load().
  explicit view_pair(const flotilla::config& base)
      : first{settings_of(base, first_id, 1), start},
        second{settings_of(base, second_id, 2), start} {
    tag_ = wire::group_tag_of(base.cluster);
  }

  flotilla::engine first;
  flotilla::engine second;
  repair_bill bill;
  /// How many copies of a datagram of repair arrive, and by how many others it is overtaken.
  std::function<std::pair<unsigned, unsigned>()> link = [] { return std::pair{1U, 0U}; };
  /// When set, whoever the first one probes is played by the second: for views that are too large
  /// to wait until the other's turn has come. But not whom the second holds dead or gone: who
  /// answers would refute that, and who is played says nothing of itself.
  bool played{false};
  bool second_only_answers{false};  ///< its own timers stand still

  [[nodiscard]] flotilla::time_point now() const { return now_; }

  /// Tells `who` facts, and where the other one is, as the answer to a join: none of the first such
  /// facts is gossip, but for deaths and farewells.
  void load(flotilla::engine& who, std::vector<wire::fact> view) {
    const bool at_first = &who == &first;
    view.insert(
        view.begin(),
        {at_first ? second_id : first_id, {}, {}, (at_first ? second : first).self().address, {}});
    static_cast<void>(who.join({endpoint_of(loader_id)}));
    std::size_t next = 0;
    std::uint32_t cursor = 0;
    while (who.stats().chunks_received == loaded_[&who == &second] || next < view.size() ||
           cursor != wire::end_of_state) {
      const std::uint32_t asked = drain_for_request(who);
      const std::size_t most = std::min(buffer_.size(), who.settings().max_datagram_size);
      wire::writer out{std::span{buffer_}.first(most)};
      const bool cookie_only = cursor == 0;
      cursor = cookie_only ? 1 : cursor + 1;
      write(out, loader_id, who.self().id, wire::state_reply{asked, 7, 0, 0});
      while (!cookie_only && next < view.size() && wire::write_fact(out, view[next])) ++next;
      if (!cookie_only && next == view.size()) cursor = wire::end_of_state;
      const std::uint32_t tell = cookie_only ? 0 : cursor;
      out.patch_u32(wire::state_reply_next_at, tell);
      wire::finish_frame(out);
      who.receive(now_, endpoint_of(loader_id), out.written());
      if (cursor == wire::end_of_state) break;
    }
    static_cast<void>(who.cancel_join());
    drop_output(who);
    loaded_[&who == &second] = who.stats().chunks_received;
  }

  /// Spends the gossip that waits at `who`, unheard.
  void hush(flotilla::engine& who) {
    for (std::uint32_t i = 0; i < 100000 && who.stats().gossip_pending != 0; ++i) {
      const bool at_first = &who == &first;
      wire::writer out{buffer_};
      write(out, at_first ? second_id : first_id, who.self().id, wire::ping{i});
      wire::finish_frame(out);
      who.receive(now_, (at_first ? second : first).self().address, out.written());
      drop_output(who);
    }
  }

  /// Lets time pass until the first one has compared views with the second `times` more times and
  /// no repair is under way, or `most_ticks` have gone by (false).
  bool compare(std::uint64_t times, unsigned most_ticks) {
    const std::uint64_t wanted = first.stats().views_compared + times;
    for (unsigned i = 0; i < most_ticks; ++i) {
      if (first.stats().views_compared >= wanted && !repairing()) return true;
      now_ = std::max(first.next_deadline(), now_);
      first.tick(now_);
      if (!second_only_answers) second.tick(now_);
      deliver();
    }
    return false;
  }
  /// The first one's process stands still for so long.
  void sleep(flotilla::duration length) {
    const flotilla::time_point end = now_ + length;
    while (second.next_deadline() < end) {
      now_ = std::max(second.next_deadline(), now_);
      second.tick(now_);
      drop_output(second);
    }
    now_ = end;
  }
  [[nodiscard]] bool repairing() const {
    const auto& s = first.stats();
    return s.repairs != s.repairs_completed + s.repairs_given_up;
  }

 private:
  static constexpr flotilla::time_point start{std::chrono::hours{1}};

  struct in_flight {
    bool to_second;
    flotilla::endpoint from;
    packet_bytes data;
  };

  [[nodiscard]] static flotilla::endpoint endpoint_of(flotilla::member_id id) {
    const auto n = static_cast<std::uint64_t>(id);
    return flotilla::endpoint::ipv4(
        {192, 168, static_cast<std::uint8_t>(n >> 8U), static_cast<std::uint8_t>(n)}, 7946);
  }
  [[nodiscard]] static flotilla::config settings_of(flotilla::config c, flotilla::member_id id,
                                                    std::uint64_t seed) {
    c.id = id;
    c.address = endpoint_of(id);
    c.seed = seed;
    return c;
  }

  template <class Body>
  void write(wire::writer& out, flotilla::member_id from, flotilla::member_id to,
             const Body& body) const {
    wire::write_message(out, {tag_, from, {}, to, Body::kind, false}, body);
  }
  /// The sequence number of the request for state that waits at `who`.
  std::uint32_t drain_for_request(flotilla::engine& who) {
    std::uint32_t asked = 0;
    std::array<std::byte, 65536> room{};
    while (const auto out = who.poll_transmit(room)) {
      wire::message message;
      if (wire::read_message(out->bytes, tag_, message) != flotilla::receive_result::accepted) {
        continue;
      }
      if (const auto* join = std::get_if<wire::join_request>(&message.body)) asked = join->sequence;
      if (const auto* more = std::get_if<wire::state_request>(&message.body)) {
        asked = more->sequence;
      }
    }
    return asked;
  }
  static void drop_output(flotilla::engine& who) {
    std::array<std::byte, 65536> room{};
    while (who.poll_transmit(room)) {
    }
    while (who.poll_event()) {
    }
  }

  void deliver() {
    for (;;) {
      collect(first, true);
      collect(second, false);
      if (flying_.empty()) return;
      const in_flight next = flying_.front();
      flying_.erase(flying_.begin());
      (next.to_second ? second : first).receive(now_, next.from, next.data);
      while (first.poll_event()) {
      }
      while (second.poll_event()) {
      }
    }
  }
  void collect(flotilla::engine& who, bool at_first) {
    std::array<std::byte, 65536> room{};
    while (const auto out = who.poll_transmit(room)) {
      const flotilla::endpoint peer = (at_first ? second : first).self().address;
      packet_bytes data{out->bytes.begin(), out->bytes.end()};
      flotilla::endpoint from = who.self().address;
      if (at_first) played_now_ = false;
      if (at_first && played && out->to != peer) {
        if (!plays(data)) continue;
        stranger_ = out->to;
        for (std::size_t i = 0; i < 8; ++i) stranger_id_[i] = data[20 + i];
        put_id(data, 20, second_id);
        played_now_ = true;
      } else if (out->to != peer) {
        continue;
      } else if (!at_first && played && played_now_) {
        from = stranger_;
        for (std::size_t i = 0; i < 8; ++i) data[8 + i] = stranger_id_[i];
        // Who is played says nothing new of itself.
        for (std::size_t i = 0; i < 4; ++i) data[16 + i] = std::byte{0};
        const bool ack = data[28] == static_cast<std::byte>(wire::message_kind::ack);
        for (std::size_t i = 0; ack && i < 4; ++i) data[33 + i] = std::byte{0};
      }
      const bool is_repair = count(data);
      const auto [copies, overtaken] = is_repair ? link() : std::pair{1U, 0U};
      for (unsigned i = 0; i < copies; ++i) {
        const std::size_t back = std::min<std::size_t>(overtaken, flying_.size());
        flying_.insert(flying_.end() - static_cast<std::ptrdiff_t>(back), {at_first, from, data});
      }
    }
  }
  /// True when the second one plays the receiver of this.
  [[nodiscard]] bool plays(const packet_bytes& data) const {
    std::uint64_t id = 0;
    for (std::size_t i = 0; i < 8; ++i) id = id << 8U | static_cast<std::uint8_t>(data[20 + i]);
    const auto held = second.find(flotilla::member_id{id});
    return !held || flotilla::is_active(held->state);
  }
  static void put_id(packet_bytes& data, std::size_t at, flotilla::member_id id) {
    for (std::size_t i = 0; i < 8; ++i) {
      data[at + i] = static_cast<std::byte>(static_cast<std::uint64_t>(id) >> (56 - 8 * i));
    }
  }
  /// Puts it on the bill if it belongs there.
  bool count(const packet_bytes& data) {
    const auto kind = static_cast<wire::message_kind>(data[28]);
    ++bill.all_datagrams;
    bill.all_bytes += data.size();
    const bool request = kind == wire::message_kind::repair_request;
    if (!request && kind != wire::message_kind::repair_reply) return false;
    ++(request ? bill.requests : bill.replies);
    bill.bytes += data.size();
    bill.largest = std::max<std::uint64_t>(bill.largest, data.size());
    return true;
  }

  std::uint32_t tag_{0};
  flotilla::time_point now_{start};
  std::array<std::byte, 1400> buffer_{};
  std::array<std::uint64_t, 2> loaded_{};
  std::vector<in_flight> flying_;
  flotilla::endpoint stranger_{};
  std::array<std::byte, 8> stranger_id_{};
  bool played_now_{false};
};

}  // namespace support
