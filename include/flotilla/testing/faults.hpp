// flotilla/testing/faults.hpp - the kinds of faults that chaos is made of, and their names
// A set of them is a word of bits, so that a failing run can be shrunk and its command repeated.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace flotilla {
inline namespace v1 {
namespace testing {

/// What can happen to a group. Paths and the network first, then processes, clocks and drivers,
/// then what members do of their own will.
enum class fault : std::uint8_t {
  loss,
  burst,
  duplicate,
  reorder,
  cut_one_way,
  cut_both_ways,
  partition,
  isolate,
  clog,
  egress_loss,
  ingress_loss,
  crash,
  restart,        ///< same id, incarnation lost
  restart_known,  ///< same id and incarnation
  restart_as_new,
  freeze,
  block,
  slow,
  clock_drift,
  clock_jump,
  clock_backwards,
  small_queue,
  late_timers,
  timers_first,
  leave,
  join,
  move,
};
inline constexpr std::size_t fault_count = 27;

[[nodiscard]] constexpr std::string_view to_string(fault kind) noexcept {
  constexpr std::string_view names[fault_count] = {
      "loss",        "burst",         "duplicate",
      "reorder",     "cut_one_way",   "cut_both_ways",
      "partition",   "isolate",       "clog",
      "egress_loss", "ingress_loss",  "crash",
      "restart",     "restart_known", "restart_as_new",
      "freeze",      "block",         "slow",
      "clock_drift", "clock_jump",    "clock_backwards",
      "small_queue", "late_timers",   "timers_first",
      "leave",       "join",          "move"};
  const auto at = static_cast<std::size_t>(kind);
  return at < fault_count ? names[at] : "invalid";
}

/// A set of kinds.
class fault_set {
 public:
  constexpr fault_set() noexcept = default;
  [[nodiscard]] static constexpr fault_set all() noexcept {
    fault_set result;
    result.bits_ = (1U << fault_count) - 1;
    return result;
  }

  [[nodiscard]] constexpr bool contains(fault kind) const noexcept {
    return (bits_ & bit(kind)) != 0;
  }
  constexpr void insert(fault kind) noexcept { bits_ |= bit(kind); }
  constexpr void erase(fault kind) noexcept { bits_ &= ~bit(kind); }
  [[nodiscard]] constexpr bool empty() const noexcept { return bits_ == 0; }

  /// "loss,crash,freeze"; "none" for the empty set.
  [[nodiscard]] std::string to_string() const {
    std::string text;
    for (std::size_t i = 0; i < fault_count; ++i) {
      const auto kind = static_cast<fault>(i);
      if (contains(kind)) text.append(text.empty() ? "" : ",").append(testing::to_string(kind));
    }
    return text.empty() ? "none" : text;
  }
  /// The inverse; "all" is understood too. Nothing when a name is unknown.
  [[nodiscard]] static std::optional<fault_set> parse(std::string_view text) {
    if (text == "all") return all();
    fault_set result;
    if (text == "none") return result;
    for (;;) {
      const std::size_t comma = text.find(',');
      const std::string_view name = text.substr(0, comma);
      std::size_t i = 0;
      while (i < fault_count && testing::to_string(static_cast<fault>(i)) != name) ++i;
      if (i == fault_count) return std::nullopt;
      result.insert(static_cast<fault>(i));
      if (comma == std::string_view::npos) return result;
      text = text.substr(comma + 1);
    }
  }

  friend constexpr bool operator==(fault_set, fault_set) noexcept = default;

 private:
  [[nodiscard]] static constexpr std::uint32_t bit(fault kind) noexcept {
    return 1U << static_cast<unsigned>(kind);
  }

  std::uint32_t bits_{0};
};

}  // namespace testing
}  // namespace v1
}  // namespace flotilla
