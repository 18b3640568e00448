// bench/instructions.cpp - callgrind's part of the work, and the baseline
// A dump a piece of work; callgrind writes each into a file of its own, which is read here.
#include "instructions.hpp"

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "works.hpp"

#if __has_include(<valgrind/callgrind.h>)
// Its macros are written in C.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wold-style-cast"
#include <valgrind/callgrind.h>
#define FLOTILLA_BENCH_CALLGRIND 1
#endif

namespace bench {

std::string cannot_count() {
#if !defined(FLOTILLA_BENCH_CALLGRIND)
  return "built without <valgrind/callgrind.h> (Debian: package valgrind)";
#else
  if (std::system("valgrind --version > /dev/null 2>&1") != 0) {
    return "there is no valgrind (Debian: package valgrind)";
  }
  return {};
#endif
}

int count_inside([[maybe_unused]] const selection& what) {
#if defined(FLOTILLA_BENCH_CALLGRIND)
  for (const work_kind& kind : works()) {
    for (const std::uint32_t size : kind.sizes) {
      if (!what.takes(kind.name, size)) continue;
      const auto work = kind.make(size);
      work->prepare();
      work->run();
      work->prepare();
      CALLGRIND_START_INSTRUMENTATION;
      CALLGRIND_ZERO_STATS;
      const std::uint64_t operations = work->run();
      CALLGRIND_STOP_INSTRUMENTATION;
      std::ostringstream label;
      label << kind.name << ' ' << size << ' ' << operations;
      CALLGRIND_DUMP_STATS_AT(label.str().c_str());
    }
  }
#endif
  return 0;
}

namespace {

/// One dump: "desc: Trigger: Client Request: WORK N OPERATIONS" and "totals: INSTRUCTIONS".
void read_dump(const std::filesystem::path& path, instruction_counts& into) {
  std::ifstream in{path};
  std::string line;
  std::string work;
  std::uint32_t size = 0;
  double operations = 0;
  const std::string trigger = "desc: Trigger: Client Request: ";
  while (std::getline(in, line)) {
    if (line.rfind(trigger, 0) == 0) {
      std::istringstream{line.substr(trigger.size())} >> work >> size >> operations;
    }
    if (line.rfind("totals: ", 0) == 0 && operations > 0) {
      into[{work, size}] = std::strtod(line.c_str() + 8, nullptr) / operations;
    }
  }
}

}  // namespace

instruction_counts count_instructions(const char* program, const selection& what) {
  std::string directory =
      (std::filesystem::temp_directory_path() / "flotilla-bench-XXXXXX").string();
  if (mkdtemp(directory.data()) == nullptr) return {};
  const std::string out = "--callgrind-out-file=" + directory + "/out";
  const std::string log = "--log-file=" + directory + "/log";
  const std::string most = std::to_string(what.most);
  const pid_t child = fork();
  if (child == 0) {
    execlp("valgrind", "valgrind", "--tool=callgrind", "--instr-atstart=no", out.c_str(),
           log.c_str(), program, "--inside", "--work", what.only.c_str(), "--most", most.c_str(),
           static_cast<char*>(nullptr));
    _exit(127);
  }
  int status = 1;
  if (child < 0 || waitpid(child, &status, 0) != child) status = 1;
  instruction_counts counts;
  if (status == 0) {
    for (const auto& file : std::filesystem::directory_iterator{directory}) {
      if (file.path().filename() != "log") read_dump(file.path(), counts);
    }
  } else {
    std::fprintf(stderr, "valgrind has failed; its log is %s/log\n", directory.c_str());
    return {};
  }
  std::filesystem::remove_all(directory);
  return counts;
}

std::string build_of_counts() {
#if defined(__x86_64__)
  const std::string machine = "x86_64";
#elif defined(__aarch64__)
  const std::string machine = "aarch64";
#else
  const std::string machine = "other";
#endif
#if defined(__clang__)
  const std::string compiler = "clang";
#else
  const std::string compiler = "g++";
#endif
#if defined(NDEBUG) && defined(__OPTIMIZE__)
  const std::string type = "release";
#else
  const std::string type = "debug";
#endif
  return compiler + " " + __VERSION__ + ", " + machine + ", " + type;
}

namespace {

int write_baseline(const instruction_counts& counts, const std::string& path) {
  std::ofstream out{path};
  out << "# tests/bench/instructions.txt - instructions an operation: work, N, count\n"
      << "# Written by the target update_instructions; the target check_instructions compares.\n"
      << "build " << build_of_counts() << '\n';
  for (const auto& [key, count] : counts) {
    char text[32];
    std::snprintf(text, sizeof text, "%.1f", count);
    out << key.first << ' ' << key.second << ' ' << text << '\n';
  }
  out.flush();
  std::printf("%s: %zu counts written\n", path.c_str(), counts.size());
  return out.good() ? 0 : 1;
}

void read_baseline(const std::string& path, instruction_counts& into, std::string& build) {
  std::ifstream in{path};
  std::string line;
  while (std::getline(in, line)) {
    if (line.empty() || line[0] == '#') continue;
    if (line.rfind("build ", 0) == 0) {
      build = line.substr(6);
      continue;
    }
    std::string work;
    std::uint32_t size = 0;
    double count = 0;
    if (std::istringstream{line} >> work >> size >> count) into[{work, size}] = count;
  }
}

/// "g++ 12.2.0, x86_64, release" without what follows the major version: "g++ 12, x86_64, release".
std::string without_minor(const std::string& build) {
  const std::size_t dot = build.find('.');
  const std::size_t comma = build.find(',');
  if (dot == std::string::npos || comma == std::string::npos || dot > comma) return build;
  return build.substr(0, dot) + build.substr(comma);
}

}  // namespace

std::optional<double> tolerance_between(const std::string& baseline, const std::string& here) {
  if (baseline == here) return same_release_tolerance;
  if (without_minor(baseline) == without_minor(here)) return other_release_tolerance;
  return std::nullopt;
}

int check_baseline(const instruction_counts& counts, const std::string& path, bool rewrite) {
  if (rewrite) return write_baseline(counts, path);
  instruction_counts baseline;
  std::string build;
  read_baseline(path, baseline, build);
  if (baseline.empty()) {
    std::printf("there is no baseline in %s\n", path.c_str());
    return 1;
  }
  const std::optional<double> tolerance = tolerance_between(build, build_of_counts());
  if (!tolerance) {
    std::printf("SKIPPED: the baseline is of %s, this is %s\n", build.c_str(),
                build_of_counts().c_str());
    return 0;
  }
  int slower = 0;
  int faster = 0;
  for (const auto& [key, count] : counts) {
    const auto held = baseline.find(key);
    const double before = held == baseline.end() ? 0 : held->second;
    const double percent = before > 0 ? 100 * (count - before) / before : 0;
    const char* verdict = "";
    if (before <= 0) {
      verdict = "  NOT IN THE BASELINE";
      ++slower;
    } else if (percent > *tolerance) {
      verdict = "  SLOWER";
      ++slower;
    } else if (percent < -*tolerance) {
      verdict = "  faster";
      ++faster;
    }
    std::printf("%-20s %8u %12.1f -> %12.1f  %+6.1f %%%s\n", key.first.c_str(), key.second, before,
                count, percent, verdict);
  }
  std::printf("%zu counts, %d more than %.0f %% above the baseline (of %s), %d below\n",
              counts.size(), slower, *tolerance, build.c_str(), faster);
  if (slower != 0 || faster != 0) {
    std::printf("if that is meant: run the target update_instructions and commit %s\n",
                path.c_str());
  }
  return slower == 0 ? 0 : 1;
}

}  // namespace bench
