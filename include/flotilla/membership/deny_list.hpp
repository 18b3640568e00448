// flotilla/membership/deny_list.hpp - members refused by local policy
// engine::evict puts them here, engine::allow takes them out; nothing of it is told to others.
#pragma once

#include <cstddef>

#include <flotilla/detail/ring.hpp>
#include <flotilla/detail/state_hasher.hpp>
#include <flotilla/member.hpp>

namespace flotilla {
inline namespace v1 {

/// Members that this engine refuses by local policy (engine::evict).
class deny_list {
 public:
  deny_list() noexcept = default;
  /// May throw std::bad_alloc.
  explicit deny_list(std::size_t capacity) : ids_{capacity} {}

  [[nodiscard]] bool contains(member_id id) const noexcept { return position(id) != ids_.size(); }
  [[nodiscard]] bool empty() const noexcept { return ids_.empty(); }
  [[nodiscard]] bool full() const noexcept { return ids_.full(); }
  void add(member_id id) noexcept { ids_.push_back(id); }
  /// False when it was not there.
  bool remove(member_id id) noexcept {
    std::size_t at = position(id);
    if (at == ids_.size()) return false;
    for (; at != 0; --at) ids_[at] = ids_[at - 1];
    ids_.pop_front();
    return true;
  }

  [[nodiscard]] std::size_t bytes_allocated() const noexcept { return ids_.bytes_allocated(); }
  void hash_into(detail::state_hasher& out) const noexcept {
    for (std::size_t i = 0; i < ids_.size(); ++i) out.add(ids_[i]);
  }
  friend bool operator==(const deny_list&, const deny_list&) noexcept = default;

 private:
  [[nodiscard]] std::size_t position(member_id id) const noexcept {
    std::size_t at = 0;
    while (at < ids_.size() && ids_[at] != id) ++at;
    return at;
  }

  detail::ring<member_id> ids_{};
};

}  // namespace v1
}  // namespace flotilla
