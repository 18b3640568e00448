// tests/swarm/main.cpp - chaos and calm for thousands of seeds, under all checkers
// Prints what broke, the smallest plan that breaks it, and the command that repeats that run.
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>
#include <swarm/shrink.hpp>
#include <utility>
#include <vector>

namespace {

using namespace swarm;

struct options {
  std::uint64_t first{1};
  std::uint64_t last{1000};
  std::vector<std::pair<std::string, std::string>> fixed;  // options of a plan, by the command line
  experiment switches{};
  bool verbose{false};
  bool may_be_vacuous{false};
};

constexpr const char* usage =
    "usage: swarm [--seeds FIRST:LAST] [--seed N] [--members 2..64] [--periods N]\n"
    "             [--preset lan|loopback|wan] [--datagram BYTES]\n"
    "             [--faults all|none|KIND,...] [--without SWITCH,...] [--verbose]\n"
    "What is not given is drawn from each seed. SWITCH turns a part of the protocol off, to see "
    "the\n"
    "checkers bite: refutation, round_robin, transmit_budget, timer_binding, suspicion; and "
    "helpers,\n"
    "without which nothing here breaks (tests/simulation/controls_test.cpp shows what does).\n"
    "Exit code: 0 when every property held, 1 when one broke, 2 for a wrong command line, 3 when "
    "a\n"
    "kind of fault or event never occurred in a campaign of 200 seeds or more.\n";

bool turn_off(experiment& switches, std::string_view names) {
  while (!names.empty()) {
    const std::size_t comma = names.find(',');
    const std::string_view name = names.substr(0, comma);
    bool* found = name == "refutation"        ? &switches.refutation
                  : name == "round_robin"     ? &switches.round_robin
                  : name == "helpers"         ? &switches.helpers
                  : name == "transmit_budget" ? &switches.transmit_budget
                  : name == "timer_binding"   ? &switches.timer_binding
                  : name == "suspicion"       ? &switches.suspicion
                                              : nullptr;
    if (found == nullptr) return false;
    *found = false;
    names = comma == std::string_view::npos ? std::string_view{} : names.substr(comma + 1);
  }
  return true;
}

bool set_range(options& to, std::string_view value) {
  const std::size_t colon = value.find(':');
  const auto first = number<std::uint64_t>(value.substr(0, colon), 0, UINT64_MAX);
  const auto last = colon == std::string_view::npos
                        ? first
                        : number<std::uint64_t>(value.substr(colon + 1), 0, UINT64_MAX - 1);
  if (!first || !last || *last < *first) return false;
  to.first = *first;
  to.last = *last;
  return true;
}

/// False when the command line is wrong.
bool parse(int argc, char** argv, options& to) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view name = argv[i];
    if (name == "--verbose") {
      to.verbose = true;
      continue;
    }
    if (i + 1 == argc) return false;
    const std::string_view value = argv[++i];
    plan trial;
    if (name == "--seeds" || name == "--seed") {
      if (!set_range(to, value)) return false;
    } else if (name == "--without") {
      if (!turn_off(to.switches, value)) return false;
    } else if (set_option(trial, name, value)) {
      to.fixed.emplace_back(name, value);
      to.may_be_vacuous = true;
    } else {
      return false;
    }
  }
  return true;
}

plan plan_of(std::uint64_t seed, const options& given) {
  plan p = draw_plan(seed);
  for (const auto& [name, value] : given.fixed) set_option(p, name, value);
  return p;
}

void show_progress(std::uint64_t done, std::uint64_t all) {
  const bool terminal = isatty(STDERR_FILENO) != 0;
  if (!terminal && (all < 20 || done % (all / 10) != 0)) return;
  if (terminal && done != all && done % 16 != 0) return;
  const auto filled = static_cast<int>(done * 40 / all);
  std::fprintf(stderr, "%s[%.*s%*s] %llu of %llu seeds%s", terminal ? "\r" : "", filled,
               "########################################", 40 - filled, "",
               static_cast<unsigned long long>(done), static_cast<unsigned long long>(all),
               terminal && done != all ? "" : "\n");
}

/// Says what broke, shrinks it, and prints the command that repeats it.
void explain(const plan& failed, const outcome& was, const options& given, const std::string& off) {
  const std::string property{was.found.violations().front().property};
  std::printf("\nFAILED: %s\n%s", to_string(failed).c_str(), was.found.to_string().c_str());
  plan start = failed;
  start.faults = was.chosen;
  const auto fails = [&](const plan& p) {
    return carry_out(p, given.switches).found.count(property) != 0;
  };
  const plan least = shrink(start, fails, 400);
  const outcome again = carry_out(least, given.switches);
  std::printf("the smallest that still breaks %s:\n%s", property.c_str(),
              again.found.to_string().c_str());
  std::printf("repeat it: swarm %s%s --verbose\n", to_string(least).c_str(), off.c_str());
}

/// Every kind of fault and of verdict must have occurred, or the campaign has shown nothing.
bool is_vacuous(const tally& all) {
  bool vacuous = false;
  const auto need = [&](std::uint64_t count, std::string_view what) {
    if (count != 0) return;
    std::printf("never occurred: %.*s\n", static_cast<int>(what.size()), what.data());
    vacuous = true;
  };
  for (std::size_t i = 0; i < fault_count; ++i) {
    need(all.faults[i], to_string(static_cast<fault>(i)));
  }
  need(all.events[event{member_suspected{}}.index()], "suspect");
  need(all.events[event{member_failed{}}.index()], "dead");
  need(all.events[event{member_left{}}.index()], "left");
  need(all.events[event{member_recovered{}}.index()], "refuted");
  need(all.events[event{member_forgotten{}}.index()], "forgotten");
  need(all.rejoined, "rejoined");
  const network_statistics& net = all.network;
  need(net.lost, "a datagram lost");
  need(net.lost_in_burst, "a datagram lost in a burst");
  need(net.lost_leaving, "a datagram lost at its sender");
  need(net.lost_arriving, "a datagram lost at its receiver");
  need(net.cut, "a datagram cut off");
  need(net.process_gone, "a datagram to a crashed process");
  need(net.queue_overflown, "a queue full");
  need(net.duplicated, "a datagram twice");
  need(net.reordered, "a datagram held back");
  need(net.clogged, "a datagram on a clogged path");
  return vacuous;
}

void print_tally(const tally& all, double seconds) {
  std::printf(
      "%llu runs, %.1f simulated member-hours, %.0f member-hours a core-second, %.2f million"
      " datagrams\n",
      static_cast<unsigned long long>(all.runs), all.member_seconds / 3600,
      all.member_seconds / 3600 / seconds, static_cast<double>(all.network.delivered) / 1e6);
  std::printf("faults:");
  for (std::size_t i = 0; i < fault_count; ++i) {
    const std::string_view name = to_string(static_cast<fault>(i));
    std::printf(" %.*s %llu", static_cast<int>(name.size()), name.data(),
                static_cast<unsigned long long>(all.faults[i]));
  }
  const auto events = [&](const event& kind) {
    return static_cast<unsigned long long>(all.events[kind.index()]);
  };
  std::printf(
      "\nevents: joined %llu suspect %llu dead %llu refuted %llu left %llu forgotten %llu"
      " rejoined %llu; strangers introduced %llu\n",
      events(member_joined{}), events(member_suspected{}), events(member_failed{}),
      events(member_recovered{}), events(member_left{}), events(member_forgotten{}),
      static_cast<unsigned long long>(all.rejoined),
      static_cast<unsigned long long>(all.introduced));
}

/// All that were turned off, as one option.
std::string switches_as_given(const experiment& on) {
  std::string text;
  const auto add = [&](bool kept, const char* name) {
    if (!kept) text.append(text.empty() ? " --without " : ",").append(name);
  };
  add(on.refutation, "refutation");
  add(on.round_robin, "round_robin");
  add(on.helpers, "helpers");
  add(on.transmit_budget, "transmit_budget");
  add(on.timer_binding, "timer_binding");
  add(on.suspicion, "suspicion");
  return text;
}

}  // namespace

int main(int argc, char** argv) {
  options given;
  if (!parse(argc, argv, given)) {
    std::fputs(usage, stderr);
    return 2;
  }
  const std::uint64_t count = given.last - given.first + 1;
  std::printf("swarm: seeds %llu to %llu\n", static_cast<unsigned long long>(given.first),
              static_cast<unsigned long long>(given.last));
  tally all;
  const std::clock_t begin = std::clock();
  for (std::uint64_t i = 0; i < count; ++i) {
    const plan p = plan_of(given.first + i, given);
    const outcome result = carry_out(p, given.switches);
    all += result.happened;
    if (given.verbose) {
      std::printf("%s\ntrace %016llx\n", to_string(p).c_str(),
                  static_cast<unsigned long long>(result.trace));
    }
    if (!result.found.empty()) {
      explain(p, result, given, switches_as_given(given.switches));
      return 1;
    }
    show_progress(i + 1, count);
  }
  print_tally(all, static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC);
  if (count >= 200 && !given.may_be_vacuous && is_vacuous(all)) return 3;
  std::printf("every property held\n");
  return 0;
}
