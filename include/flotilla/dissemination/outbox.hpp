// flotilla/dissemination/outbox.hpp - datagrams that wait to be pulled
// Only what to say to whom: the bytes are made when the driver pulls, with the freshest gossip (law
// 2).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include <flotilla/detail/mix.hpp>
#include <flotilla/detail/ring.hpp>
#include <flotilla/detail/state_hasher.hpp>
#include <flotilla/endpoint.hpp>
#include <flotilla/member.hpp>
#include <flotilla/wire/frame.hpp>

namespace flotilla {
inline namespace v1 {

/// Which facts go along.
enum class cargo : std::uint8_t {
  gossip,        ///< what the receiver should know about itself, then the queues
  about_target,  ///< only what the receiver should know about itself
  own,           ///< that, and our own alive fact: to those who may not know us
  chunk,         ///< rows of the state from `cursor` on
  questions,     ///< our offers, and ranges where our views differ
  answers,       ///< to the questions on the desk at `cursor`
  subject,       ///< the fact about `subject` and nothing else (experiment::multicast)
};

struct outgoing {
  wire::message_kind kind{wire::message_kind::ping};
  cargo facts{cargo::gossip};
  bool reply{false};       ///< counts against its receiver's share
  bool introduce{false};   ///< ping: asks for the receiver's own fact; ack: ours comes first
  bool tell{false};        ///< the receiver's own record goes along even when it is alive
  bool compare{false};     ///< ping, ack: a digest of our view goes along
  std::uint16_t limit{0};  ///< most bytes, 0 for no limit but the datagram's
  std::uint32_t sequence{0};
  endpoint to{};
  member_id target{};
  member_id subject{};                  ///< ping_request, relayed_ack, cargo::subject
  flotilla::incarnation incarnation{};  ///< relayed_ack
  /// state_request, state_reply; repair_reply: the desk's slot; ping, ack: where the target's row
  /// was, so that it need not be looked for again
  std::uint32_t cursor{0};
  std::uint64_t cookie{0};  ///< join_request, state_request, repair

  void hash_into(detail::state_hasher& out) const noexcept {
    out.add_all(std::uint64_t(kind), std::uint64_t(facts), reply, introduce, tell, compare,
                std::uint64_t{limit}, std::uint64_t{sequence}, to, target, subject, incarnation,
                std::uint64_t{cursor}, cookie);
  }
  friend bool operator==(const outgoing&, const outgoing&) noexcept = default;
};

/// A bounded queue. Replies may fill three quarters of it, those to one receiver an eighth; the
/// rest is kept for what this engine itself begins. What does not fit is not queued: the newest is
/// dropped, and for its receiver that is a lost datagram.
class outbox {
  static constexpr std::size_t shares = 64;

 public:
  outbox() noexcept = default;
  /// Of this capacity, allocated now or as it fills; without memory for more it is full. May throw
  /// std::bad_alloc.
  outbox(detail::mix_key key, std::size_t capacity, bool now = true)
      : key_{key}, waiting_{capacity, now} {}

  /// One more, to be filled in at once; null when it is full.
  [[nodiscard]] outgoing* add_own() noexcept {
    return waiting_.try_extend() ? &waiting_.append() : nullptr;
  }
  [[nodiscard]] bool push_own(const outgoing& what) noexcept {
    outgoing* const place = add_own();
    if (place != nullptr) *place = what;
    return place != nullptr;
  }

  [[nodiscard]] bool push_reply(const outgoing& what) noexcept {
    // As long as all replies together are no more than one receiver may have, there is nothing to
    // count: mostly that is so, and no address is digested.
    if (counted_ || replies_ >= waiting_.capacity() / 8) return push_one_of_many(what);
    if (!waiting_.try_extend()) return false;
    place(what);
    return true;
  }

  [[nodiscard]] bool empty() const noexcept { return waiting_.empty(); }
  [[nodiscard]] std::size_t size() const noexcept { return waiting_.size(); }
  [[nodiscard]] const outgoing& front() noexcept { return waiting_.front(); }

  void pop_front() noexcept {
    if (waiting_.front().reply) {
      --replies_;
      if (counted_) give_share_back(waiting_.front().to);
    }
    waiting_.pop_front();
  }
  void clear() noexcept {
    waiting_.clear();
    replies_ = 0;
    counted_ = false;
  }

  [[nodiscard]] std::size_t bytes_allocated() const noexcept { return waiting_.bytes_allocated(); }
  void hash_into(detail::state_hasher& out) const noexcept {
    for (std::size_t i = 0; i < waiting_.size(); ++i) waiting_[i].hash_into(out);
  }
  /// All else follows from what waits.
  friend bool operator==(const outbox& a, const outbox& b) noexcept {
    return a.key_ == b.key_ && a.waiting_ == b.waiting_;
  }

 private:
  /// Receivers share counters by a keyed digest: no table that a flood of addresses could fill.
  [[nodiscard]] std::size_t share_of(const endpoint& to) const noexcept {
    return static_cast<std::size_t>(detail::endpoint_digest(to, key_)) % shares;
  }
  void place(const outgoing& reply) noexcept {
    waiting_.push_back(reply).reply = true;
    ++replies_;
  }
  [[gnu::noinline]] bool push_one_of_many(const outgoing& what) noexcept {
    if (replies_ >= waiting_.capacity() / 4 * 3 || !waiting_.try_extend()) return false;
    if (!counted_) {
      replies_to_.fill(0);
      for (std::size_t i = 0; i < waiting_.size(); ++i) {
        if (waiting_[i].reply) ++replies_to_[share_of(waiting_[i].to)];
      }
      counted_ = true;
    }
    std::uint16_t& share = replies_to_[share_of(what.to)];
    if (share >= waiting_.capacity() / 8) return false;
    ++share;
    place(what);
    return true;
  }
  void give_share_back(const endpoint& to) noexcept {
    --replies_to_[share_of(to)];
    counted_ = replies_ != 0;
  }

  detail::mix_key key_{};
  detail::ring<outgoing> waiting_{};
  std::size_t replies_{0};
  bool counted_{false};  ///< replies_to_ holds: from an eighth of replies until there are none
  std::array<std::uint16_t, shares> replies_to_{};
};

}  // namespace v1
}  // namespace flotilla
