// flotilla/engine/event_queue.hpp - events that wait to be polled
// Bounded. Once it overflows, nothing more is queued until it is drained; then the loss is told
// last.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <type_traits>
#include <variant>

#include <flotilla/detail/ring.hpp>
#include <flotilla/detail/state_hasher.hpp>
#include <flotilla/event.hpp>

namespace flotilla {
inline namespace v1 {

class event_queue {
 public:
  event_queue() noexcept = default;
  /// Of this capacity, allocated now or as it fills. May throw std::bad_alloc.
  explicit event_queue(std::size_t capacity, bool now = true) : waiting_{capacity, now} {}

  /// Makes room for so many more, unless they are more than it may hold; false, and nothing lost,
  /// without memory.
  [[nodiscard]] bool try_reserve(std::size_t more) noexcept { return waiting_.try_reserve(more); }

  /// False when the event, one of those of `event`, is lost.
  template <class Event>
  bool push(const Event& what) noexcept {
    if (lost_ != 0 || !waiting_.try_extend()) {
      ++lost_;
      return false;
    }
    waiting_.push_back(what);
    return true;
  }

  /// After `events_lost` the queue is empty: the table read then is exactly what later events build
  /// on.
  [[nodiscard]] std::optional<event> poll() noexcept {
    if (!waiting_.empty()) {
      std::optional<event> front{waiting_.front()};
      waiting_.pop_front();
      return front;
    }
    if (lost_ == 0) return std::nullopt;
    const events_lost loss{lost_};
    lost_ = 0;
    return loss;
  }

  [[nodiscard]] std::size_t size() const noexcept { return waiting_.size() + (lost_ != 0 ? 1 : 0); }
  [[nodiscard]] std::size_t bytes_allocated() const noexcept { return waiting_.bytes_allocated(); }

  void hash_into(detail::state_hasher& out) const noexcept {
    out.add_all(lost_, std::uint64_t{waiting_.size()});
    for (std::size_t i = 0; i < waiting_.size(); ++i) {
      out.add(std::uint64_t{waiting_[i].index()});
      std::visit([&out](const auto& e) { hash_one(out, e); }, waiting_[i]);
    }
  }
  friend bool operator==(const event_queue&, const event_queue&) noexcept = default;

 private:
  template <class Event>
  static void hash_one(detail::state_hasher& out, const Event& e) noexcept {
    if constexpr (requires { e.member; }) {
      out.add_all(e.member.id, e.member.address, e.member.incarnation, e.member.state);
    }
    if constexpr (requires { e.penalty; }) out.add(std::uint64_t{e.penalty});
    if constexpr (requires { e.evidence; }) {
      out.add_all(e.evidence.accuser, std::uint64_t{e.evidence.probe}, e.evidence.since,
                  std::uint64_t{e.evidence.confirmations}, std::uint64_t{e.evidence.local_health});
    }
    if constexpr (std::is_same_v<Event, join_progress>) {
      out.add_all(std::uint64_t{e.known}, std::uint64_t{e.expected});
    } else if constexpr (std::is_same_v<Event, join_completed>) {
      out.add_all(e.seed, std::uint64_t{e.members});
    } else if constexpr (std::is_same_v<Event, join_failed>) {
      out.add(std::uint64_t(e.reason));
    } else if constexpr (std::is_same_v<Event, leave_completed>) {
      out.add(std::uint64_t{e.acknowledged});
    } else if constexpr (std::is_same_v<Event, identity_conflict>) {
      out.add(e.other);
    } else if constexpr (std::is_same_v<Event, path_broken>) {
      out.add(e.helper);
    } else if constexpr (std::is_same_v<Event, members_refused>) {
      out.add_all(std::uint64_t(e.reason), std::uint64_t{e.count});
    }
  }

  detail::ring<event> waiting_{};
  std::uint64_t lost_{0};
};

}  // namespace v1
}  // namespace flotilla
