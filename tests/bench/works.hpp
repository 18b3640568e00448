// bench/works.hpp - the pieces of work that are measured: for time, allocations and instructions
// One list for all programs, so that their figures speak of the same work.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace bench {

class work {
 public:
  work() = default;
  work(const work&) = delete;
  work& operator=(const work&) = delete;
  virtual ~work() = default;
  /// Brings things to where run() can begin; not measured.
  virtual void prepare() {}
  /// The work itself; returns how many operations that was.
  virtual std::uint64_t run() = 0;
};

struct work_kind {
  std::string_view name;
  std::string_view operation;  ///< what one operation is
  std::string_view size;       ///< what its N counts
  std::vector<std::uint32_t> sizes;
  std::unique_ptr<work> (*make)(std::uint32_t size);
};

/// All of them, in the order in which they are shown.
std::span<const work_kind> works();

/// The other half of the table: heap bytes a member in groups up to `most`, and the fixed cost.
void print_memory_and_fixed_cost(std::uint32_t most);

/// Facts in the datagrams of `ack_64`.
inline constexpr std::uint32_t facts_in_ack = 64;

}  // namespace bench
