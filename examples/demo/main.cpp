// examples/demo/main.cpp - a group of real processes, and what happens to it
// The exit status is 0 only if every member saw all that was done, in time, and nothing else.
#include <unistd.h>

#include <charconv>
#include <cstdlib>
#include <demo/display.hpp>
#include <demo/group.hpp>
#include <demo/load.hpp>
#include <demo/scenario.hpp>
#include <demo/stop_and_continue.hpp>
#include <demo/views.hpp>
#include <iostream>
#include <stdexcept>
#include <support/random.hpp>

namespace {

constexpr std::string_view usage =
    R"(usage: demo [--members N] [--seed N]
       demo --stop-and-continue SECONDS [--load] [--config PRESET] [--members N] [--seed N]
Forms a group of processes on this machine's loopback interface, each with its own engine and socket.
Freezes one, kills one, lets one leave, starts the killed one again, and shows what each member saw
and when. Takes about ten seconds.

With --stop-and-continue, three of ten processes are stopped (SIGSTOP) and continued (SIGCONT) again
and again, each for 0.1 to 3 s. Nobody may report as failed a member that was never stopped, nor any
member within one suspicion time-out of its own waking. With loopback, whose suspicions end sooner
than the longest stops, the stopped ones are rightly reported, also by those that have just woken.

  --members N      how many processes, 4 to 32; 10 by default
  --seed N         makes ids, engine seeds and the times of --stop-and-continue repeat; otherwise
                   they come from the operating system
  --stop-and-continue SECONDS  for how long, 1 to 86400
  --load           keeps every processor busy meanwhile, with one process each
  --config PRESET  the timing of that group: lan (the default), wan or loopback
  --help           this text

The exit status is 0 if every member saw everything in time, 1 if not, 2 for bad arguments.
)";

// A safety net far above what the bounds of all stages come to; members die with their parent.
constexpr unsigned most_seconds = 55;
constexpr unsigned most_seconds_around = 300;  // the stops and continues

struct bad_argument : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct options {
  std::size_t members = 10;
  std::optional<std::uint64_t> seed;
  std::optional<unsigned> stop_and_continue;  // seconds
  bool load = false;
  std::optional<flotilla::config> preset;
  bool help = false;
};

template <class Number>
Number to_number(const std::string& option, std::string_view text, Number least, Number most) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc{} && end == text.data() + text.size() && number >= least &&
      number <= most) {
    return number;
  }
  throw bad_argument{option + ": \"" + std::string{text} + "\" is not a number from " +
                     std::to_string(least) + " to " + std::to_string(most)};
}

flotilla::config to_preset(const std::string& option, std::string_view text) {
  if (text == "lan") return flotilla::config::lan();
  if (text == "wan") return flotilla::config::wan();
  if (text == "loopback") return flotilla::config::loopback();
  throw bad_argument{option + ": \"" + std::string{text} + "\" is none of lan, wan, loopback"};
}

// False for an option that does not exist, or has no value.
bool set(options& to, const std::string& option, std::string_view value) {
  if (option == "--members")
    to.members = to_number<std::size_t>(option, value, 4, 32);
  else if (option == "--seed")
    to.seed = to_number<std::uint64_t>(option, value, 0, UINT64_MAX);
  else if (option == "--stop-and-continue")
    to.stop_and_continue = to_number<unsigned>(option, value, 1, 86'400);
  else if (option == "--config")
    to.preset = to_preset(option, value);
  else
    return false;
  return true;
}

options to_options(std::span<char*> arguments) {
  options result;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string option = arguments[i];
    if (option == "--help") {
      result.help = true;
      return result;
    }
    if (option == "--load") {
      result.load = true;
      continue;
    }
    if (i + 1 == arguments.size()) throw bad_argument{option + ": unknown, or without its value"};
    if (!set(result, option, arguments[++i])) throw bad_argument{option + ": unknown"};
  }
  if (!result.stop_and_continue && (result.load || result.preset)) {
    throw bad_argument{"--load and --config: only with --stop-and-continue"};
  }
  return result;
}

// The exit status.
int print(const std::vector<demo::verdict>& verdicts, flotilla::duration time) {
  std::size_t failed = 0;
  std::cout << "\n";
  for (const demo::verdict& each : verdicts) {
    std::cout << demo::padded(each.ok ? "ok" : "FAILED", 8) << demo::padded(each.check, 17)
              << each.figures << "\n";
    if (!each.ok) ++failed;
  }
  std::cout << "demo: ";
  if (failed == 0) {
    std::cout << "all " << verdicts.size() << " checks ok";
  } else {
    std::cout << failed << " of " << verdicts.size() << " checks FAILED";
  }
  std::cout << ", " << demo::in_ms(time) << std::endl;
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

int run_stop_and_continue(const options& from) {
  const std::chrono::seconds length{*from.stop_and_continue};
  ::alarm(*from.stop_and_continue + most_seconds_around);
  const flotilla::time_point start = support::now();
  const std::uint64_t seed = from.seed.value_or(support::random_number());
  demo::load load;  // before there is any descriptor that its processes would hold open
  if (from.load) load.start();
  demo::group processes{from.members, seed, from.preset.value_or(flotilla::config::lan())};
  std::cout << processes.size() << " processes for " << length.count() << " s beside "
            << load.size() << " busy ones, --seed " << seed << std::endl;
  demo::views seen{processes};
  demo::stop_and_continue scenario{processes, seen, seed, start};
  const std::vector<demo::verdict> verdicts = scenario.run(length);
  scenario.print_figures();
  return print(verdicts, support::now() - start);
}

int run(const options& from) {
  if (from.stop_and_continue) return run_stop_and_continue(from);
  ::alarm(most_seconds);
  const flotilla::time_point start = support::now();
  demo::group processes{from.members, from.seed};
  demo::views seen{processes};
  demo::display screen{processes, seen, start};
  const std::vector<demo::verdict> verdicts = demo::scenario{processes, seen, screen}.run();
  screen.finish();
  return print(verdicts, support::now() - start);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const options from = to_options({argv + 1, argv + argc});
    if (!from.help) return run(from);
    std::cout << usage;
    return EXIT_SUCCESS;
  } catch (const bad_argument& error) {
    std::cerr << "demo: " << error.what() << "\nTry demo --help.\n";
    return 2;
  } catch (const demo::interrupted&) {
    return 130;  // as a shell reports SIGINT
  } catch (const std::system_error& error) {
    std::cerr << "demo: " << error.what() << "\n";
    return EXIT_FAILURE;
  }
}
