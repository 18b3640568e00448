// bench/instructions.hpp - instructions an operation, counted by valgrind's callgrind
// The program runs itself under valgrind; counting is switched on around each piece of work only.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>

namespace bench {

/// (work, N) -> instructions an operation.
using instruction_counts = std::map<std::pair<std::string, std::uint32_t>, double>;

/// Which works are measured, and in which sizes.
struct selection {
  std::string only;  ///< one work, or all when empty
  std::uint32_t most{0xffffffffU};
  [[nodiscard]] bool takes(std::string_view work, std::uint32_t size) const {
    return (only.empty() || only == work) && size <= most;
  }
};

/// Why nothing can be counted here, or empty.
std::string cannot_count();
/// Runs `program` again under valgrind; empty when that fails.
instruction_counts count_instructions(const char* program, const selection& what);
/// What the program does when it runs under valgrind.
int count_inside(const selection& what);

/// What a count depends on besides the source: compiler, its version, machine, optimisation.
std::string build_of_counts();
/// By how much a count may rise, in percent: with the very compiler of the baseline, and with
/// another release of the same major version, which optimises a little differently.
inline constexpr double same_release_tolerance = 3;
inline constexpr double other_release_tolerance = 10;
/// How far a count may be above one of a baseline that was made with the build `baseline`; nothing
/// when the two cannot be compared: another compiler or major version, machine or optimisation.
std::optional<double> tolerance_between(const std::string& baseline, const std::string& here);
/// Compares with the baseline in `path`, or writes it anew. The exit code: 0 when no count is
/// above its baseline by more than the tolerance, or nothing can be compared.
int check_baseline(const instruction_counts& counts, const std::string& path, bool rewrite);

}  // namespace bench
