// flotilla/testing/report.hpp - what checkers found
// A violation names the property, when, where and what; the first ones are kept, all are counted.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <flotilla/testing/pair_set.hpp>
#include <flotilla/time.hpp>

namespace flotilla {
inline namespace v1 {
namespace testing {

/// A property that did not hold.
struct violation {
  std::string_view property;  ///< "S3", "L1"; a literal
  time_point at{};            ///< the simulation's time
  node_index node{no_node};   ///< at whom; no_node for a property of the whole group
  std::string what{};
};

class report {
 public:
  /// How many violations are kept with their texts.
  static constexpr std::size_t max_kept = 64;

  void add(std::string_view property, time_point at, node_index node, std::string what) {
    if (kept_.size() < max_kept) kept_.push_back({property, at, node, std::move(what)});
    ++count_;
    for (auto& [name, count] : by_property_) {
      if (name == property) {
        ++count;
        return;
      }
    }
    by_property_.emplace_back(property, 1);
  }
  [[nodiscard]] bool empty() const noexcept { return count_ == 0; }
  [[nodiscard]] std::uint64_t count() const noexcept { return count_; }
  [[nodiscard]] const std::vector<violation>& violations() const noexcept { return kept_; }
  /// How many there were of this property, kept or not.
  [[nodiscard]] std::uint64_t count(std::string_view property) const noexcept {
    for (const auto& [name, count] : by_property_) {
      if (name == property) return count;
    }
    return 0;
  }
  /// A line for each kept violation: property, seconds since the start, node, text.
  [[nodiscard]] std::string to_string() const;

 private:
  std::vector<violation> kept_{};
  std::vector<std::pair<std::string_view, std::uint64_t>> by_property_{};
  std::uint64_t count_{0};
};

inline std::string report::to_string() const {
  std::string text;
  for (const violation& v : kept_) {
    const auto ms =
        (v.at.time_since_epoch() - std::chrono::hours{1}) / std::chrono::milliseconds{1};
    text.append(v.property).append(" at ").append(std::to_string(ms)).append(" ms");
    if (v.node != no_node) text.append(", node ").append(std::to_string(v.node));
    text.append(": ").append(v.what).append("\n");
  }
  if (count_ > kept_.size()) {
    text.append("and ").append(std::to_string(count_ - kept_.size())).append(" more\n");
  }
  return text;
}

}  // namespace testing
}  // namespace v1
}  // namespace flotilla
