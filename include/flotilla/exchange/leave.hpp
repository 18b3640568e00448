// flotilla/exchange/leave.hpp - saying farewell (extension)
// Done when min(3, others) distinct members have acknowledged it, or leave_timeout has passed.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include <flotilla/detail/state_hasher.hpp>
#include <flotilla/member.hpp>
#include <flotilla/time.hpp>

namespace flotilla {
inline namespace v1 {

struct farewell {
  static constexpr std::uint32_t enough = 3;

  bool active{false};
  std::uint32_t wanted{0};        ///< acknowledgements that complete it
  std::uint32_t acknowledged{0};  ///< distinct members
  std::array<member_id, enough> by{};
  time_point repeat_due{time_point::max()};
  time_point deadline{time_point::max()};

  void begin(time_point now, std::uint32_t others, duration timeout) noexcept {
    *this = farewell{};
    active = true;
    wanted = others < enough ? others : enough;
    deadline = detail::saturating_add(now, timeout);
  }

  void acknowledge(member_id id) noexcept {
    for (std::uint32_t i = 0; i < acknowledged; ++i) {
      if (by[i] == id) return;
    }
    if (acknowledged < enough) by[acknowledged++] = id;
  }

  [[nodiscard]] bool complete(time_point now) const noexcept {
    return active && (acknowledged >= wanted || now >= deadline);
  }
  [[nodiscard]] time_point earliest() const noexcept {
    return repeat_due < deadline ? repeat_due : deadline;
  }

  void hash_into(detail::state_hasher& out) const noexcept {
    out.add_all(active, std::uint64_t{wanted}, std::uint64_t{acknowledged}, repeat_due, deadline);
    for (const member_id id : by) out.add(id);
  }
  friend bool operator==(const farewell&, const farewell&) noexcept = default;
};

}  // namespace v1
}  // namespace flotilla
