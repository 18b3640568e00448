// tests/bench/engine_bench.cpp - what one engine's work costs: time, allocations and operations
// The works of works.hpp under Google Benchmark; `--benchmark_filter=ping_ack` runs one of them.
#include <benchmark/benchmark.h>

#include <memory>
#include <string>

#include "../allocation/counting.hpp"
#include "processor_time.hpp"
#include "works.hpp"

namespace {

/// The library asks for the same work several times until it knows how often to repeat it; a table
/// of a million members is built once for all of them.
bench::work& work_of(const bench::work_kind& kind, std::uint32_t size) {
  static const bench::work_kind* held = nullptr;
  static std::uint32_t held_size = 0;
  static std::unique_ptr<bench::work> what;
  if (held != &kind || held_size != size) {
    what.reset();
    what = kind.make(size);
    what->prepare();
    what->run();  // queues and caches are as they will be
    held = &kind;
    held_size = size;
  }
  return *what;
}

void measure(benchmark::State& state, const bench::work_kind& kind) {
  bench::work& what = work_of(kind, static_cast<std::uint32_t>(state.range(0)));
  std::uint64_t operations = 0;
  allocation::start();
  for (auto _ : state) {
    what.prepare();
    const double ns = bench::processor_ns_of(
        [&] { operations += allocation::counted([&] { return what.run(); }); });
    state.SetIterationTime(ns / 1e9);
  }
  const auto count = static_cast<double>(operations);
  using benchmark::Counter;
  state.counters["operations"] = Counter(count, Counter::kIsRate);
  state.counters["time_per_operation"] = Counter(count, Counter::kIsRate | Counter::kInvert);
  state.counters["allocations_per_operation"] =
      static_cast<double>(allocation::now().allocations) / count;
}

// Before main, which belongs to the library.
const bool registered = [] {
  for (const bench::work_kind& kind : bench::works()) {
    auto* const made = benchmark::RegisterBenchmark(
        std::string{kind.name}.c_str(), [&kind](benchmark::State& state) { measure(state, kind); });
    for (const std::uint32_t size : kind.sizes) made->Arg(size);
    made->UseManualTime();
  }
  return true;
}();

}  // namespace
