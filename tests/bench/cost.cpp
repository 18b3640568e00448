// tests/bench/cost.cpp - where the engine stands: the whole table, and the check of instructions
// One program for all figures. The targets bench_table and check_instructions run it.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "../allocation/counting.hpp"
#include "growth.hpp"
#include "instructions.hpp"
#include "processor_time.hpp"
#include "references.hpp"
#include "works.hpp"

namespace {

using bench::instruction_counts;

struct options {
  bench::selection what;
  bool inside{false};
  bool rewrite{false};
  std::string baseline;
  std::string csv;
};

[[noreturn]] void usage(const char* program) {
  std::fprintf(stderr,
               "usage: %s [--work NAME] [--most N] [--csv FILE]         the table\n"
               "       %s [--work NAME] [--most N] --check FILE         against the baseline\n"
               "       %s [--most N] --update FILE                      writes the baseline\n",
               program, program, program);
  std::exit(2);
}

options parse(int argc, char** argv) {
  options result;
  for (int i = 1; i < argc; ++i) {
    const std::string_view name = argv[i];
    if (name == "--inside") {  // under valgrind
      result.inside = true;
      continue;
    }
    if (i + 1 == argc) usage(argv[0]);
    const char* value = argv[++i];
    if (name == "--work") {
      result.what.only = value;
    } else if (name == "--most") {
      result.what.most = static_cast<std::uint32_t>(std::strtoul(value, nullptr, 10));
    } else if (name == "--csv") {
      result.csv = value;
    } else if (name == "--check" || name == "--update") {
      result.baseline = value;
      result.rewrite = name == "--update";
    } else {
      usage(argv[0]);
    }
  }
  return result;
}

struct cost {
  double ns{0};
  double instructions{0};  ///< 0 when they were not counted
  double allocations{0};
};

/// The quickest of many runs: on a machine that does other things too, the others say more of
/// those.
cost measure(const bench::work_kind& kind, std::uint32_t size) {
  const auto work = kind.make(size);
  work->prepare();
  work->run();
  cost best;
  const double end = bench::processor_ns() + 4e8;
  for (int runs = 0; runs < 3 || (bench::processor_ns() < end && runs < 5000); ++runs) {
    work->prepare();
    allocation::start();
    double operations = 0;
    const double took = bench::processor_ns_of([&] {
      operations = static_cast<double>(allocation::counted([&] { return work->run(); }));
    });
    if (runs == 0 || took / operations < best.ns) best.ns = took / operations;
    best.allocations = static_cast<double>(allocation::now().allocations) / operations;
  }
  return best;
}

std::string text(double value, const char* format = "%.0f") {
  if (value == 0) return "-";
  char out[32];
  std::snprintf(out, sizeof out, format, value);
  return out;
}

/// "<= 400 instructions: MISSED", or nothing where there is no target.
std::string verdict(std::string_view work, std::uint32_t size, const cost& c) {
  std::string out;
  for (const bench::target& t : bench::targets) {
    if (t.work != work || (t.size != 0 && t.size != size)) continue;
    if (t.ns != 0) {
      out += "  <= " + text(t.ns) + " ns: " + (c.ns <= t.ns ? "met" : "MISSED");
    }
    if (t.instructions != 0 && c.instructions != 0) {
      out += "  <= " + text(t.instructions) +
             " instructions: " + (c.instructions <= t.instructions ? "met" : "MISSED");
    }
  }
  return out;
}

struct table_row {
  std::uint32_t size;
  cost measured;
};

void print_heading(std::string_view name, std::string_view operation, std::string_view size) {
  std::printf("\n%.*s: %.*s; N: %.*s\n", static_cast<int>(name.size()), name.data(),
              static_cast<int>(operation.size()), operation.data(), static_cast<int>(size.size()),
              size.data());
  std::printf("%9s %10s %8s %8s | %9s %9s %10s |%s\n", "N", "ns", "instr", "alloc", "foca ns",
              "instr", "memberlist", "  target");
}

void print_row(std::string_view name, const table_row& row, std::FILE* csv) {
  bench::peers others{};
  for (const bench::peers& p : bench::peer_figures) {
    if (p.work == name && p.size == row.size) others = p;
  }
  const cost& c = row.measured;
  std::printf("%9u %10s %8s %8s | %9s %9s %10s |%s\n", row.size, text(c.ns, "%.1f").c_str(),
              text(c.instructions, "%.1f").c_str(), text(c.allocations, "%.4f").c_str(),
              text(others.foca_ns).c_str(), text(others.foca_instructions).c_str(),
              text(others.memberlist_ns).c_str(), verdict(name, row.size, c).c_str());
  std::fflush(stdout);
  if (csv != nullptr) {
    std::fprintf(csv, "%.*s,%u,%.3f,%.1f,%.5f,%.0f,%.0f\n", static_cast<int>(name.size()),
                 name.data(), row.size, c.ns, c.instructions, c.allocations, others.foca_ns,
                 others.memberlist_ns);
  }
}

void print_growth(const std::vector<table_row>& rows) {
  std::vector<bench::point> time;
  std::vector<bench::point> instructions;
  for (const table_row& row : rows) {
    time.push_back({static_cast<double>(row.size), row.measured.ns});
    if (row.measured.instructions != 0) {
      instructions.push_back({static_cast<double>(row.size), row.measured.instructions});
    }
  }
  std::printf("  growth of time: %s\n", bench::growth_of(time).c_str());
  if (!instructions.empty()) {
    std::printf("  growth of instructions: %s\n", bench::growth_of(instructions).c_str());
  }
}

/// What a fact more costs in an ack: the difference between the one with 64 and the bare one.
void print_fact_encoded(const std::vector<table_row>& bare, const std::vector<table_row>& full,
                        std::FILE* csv) {
  if (bare.size() != full.size() || bare.empty()) return;
  std::vector<table_row> rows = full;
  print_heading("fact_encoded", "a fact more in an ack: (ack_64 - ping_ack) / 64", "members");
  for (std::size_t i = 0; i < rows.size(); ++i) {
    cost& c = rows[i].measured;
    c.ns = (c.ns - bare[i].measured.ns) / bench::facts_in_ack;
    if (c.instructions != 0) {
      c.instructions = (c.instructions - bare[i].measured.instructions) / bench::facts_in_ack;
    }
    c.allocations = 0;
    print_row("fact_encoded", rows[i], csv);
  }
  print_growth(rows);
}

/// A full datagram is to cost the same within 10 % whether 16,384 or 1,048,576 facts wait.
void print_flatness(const std::vector<table_row>& rows) {
  const cost* small = nullptr;
  const cost* large = nullptr;
  for (const table_row& row : rows) {
    if (row.size == 16'384) small = &row.measured;
    if (row.size == 1'048'576) large = &row.measured;
  }
  if (small == nullptr || large == nullptr) return;
  const double time = 100 * (large->ns / small->ns - 1);
  std::printf("  from 16,384 to 1,048,576: %+.1f %% time, target 10 %%: %s", time,
              time <= 10 ? "met" : "MISSED");
  if (small->instructions != 0) {
    const double count = 100 * (large->instructions / small->instructions - 1);
    std::printf("; %+.1f %% instructions: %s", count, count <= 10 ? "met" : "MISSED");
  }
  std::printf("\n");
}

int print_table(const options& o, const char* program) {
  instruction_counts counts;
  if (const std::string why = bench::cannot_count(); !why.empty()) {
    std::printf("SKIPPED: instructions are not counted: %s\n", why.c_str());
  } else {
    std::printf("counting instructions under valgrind ...\n");
    std::fflush(stdout);
    counts = bench::count_instructions(program, o.what);
  }
  std::FILE* const csv = o.csv.empty() ? nullptr : std::fopen(o.csv.c_str(), "w");
  if (csv != nullptr)
    std::fprintf(csv, "work,n,ns,instructions,allocations,foca_ns,memberlist_ns\n");
  std::printf(
      "%s; processor time, the quickest of many runs; foca and memberlist: on a machine like "
      "ours\n",
      bench::build_of_counts().c_str());
  std::vector<table_row> bare;
  for (const bench::work_kind& kind : bench::works()) {
    std::vector<table_row> rows;
    for (const std::uint32_t size : kind.sizes) {
      if (!o.what.takes(kind.name, size)) continue;
      if (rows.empty()) print_heading(kind.name, kind.operation, kind.size);
      table_row row{size, measure(kind, size)};
      const auto counted = counts.find({std::string{kind.name}, size});
      if (counted != counts.end()) row.measured.instructions = counted->second;
      print_row(kind.name, row, csv);
      rows.push_back(row);
    }
    if (rows.empty()) continue;
    print_growth(rows);
    if (kind.name == "ping_ack") bare = rows;
    if (kind.name == "ack_64") print_fact_encoded(bare, rows, csv);
    if (kind.name == "full_datagram") print_flatness(rows);
  }
  if (csv != nullptr) std::fclose(csv);
  if (!o.what.only.empty()) return 0;
  std::printf("\n");
  bench::print_memory_and_fixed_cost(o.what.most);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const options o = parse(argc, argv);
  if (o.inside) return bench::count_inside(o.what);
  if (o.baseline.empty()) return print_table(o, argv[0]);
  if (const std::string why = bench::cannot_count(); !why.empty()) {
    std::printf("SKIPPED: %s\n", why.c_str());
    return 0;
  }
  const instruction_counts counts = bench::count_instructions(argv[0], o.what);
  if (counts.empty()) {
    std::fprintf(stderr, "nothing was counted\n");
    return 1;
  }
  return bench::check_baseline(counts, o.baseline, o.rewrite);
}
