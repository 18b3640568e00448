// examples/demo/main.cpp - a group of real processes, and what happens to it
// Ends within a minute; the exit status is 0 only if every member saw everything that was done, in
#include <unistd.h>

#include <charconv>
#include <cstdlib>
#include <demo/display.hpp>
#include <demo/group.hpp>
#include <demo/scenario.hpp>
#include <demo/views.hpp>
#include <iostream>
#include <stdexcept>

namespace {

constexpr std::string_view usage =
    R"(usage: demo [--members N] [--seed N]
Forms a group of processes on this machine's loopback interface, each with its own engine and socket.
Freezes one, kills one, lets one leave, starts the killed one again, and shows what each member saw
and when. Takes about ten seconds.

  --members N  how many processes, 4 to 32; 10 by default
  --seed N     makes ids and engine seeds repeat; otherwise they come from the operating system
  --help       this text

The exit status is 0 if every member saw everything in time, 1 if not, 2 for bad arguments.
)";

// A safety net far above what the bounds of all stages come to; members die with their parent.
constexpr unsigned most_seconds = 55;

struct bad_argument : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct options {
  std::size_t members = 10;
  std::optional<std::uint64_t> seed;
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

options to_options(std::span<char*> arguments) {
  options result;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string option = arguments[i];
    if (option == "--help") {
      result.help = true;
      return result;
    }
    if (option != "--members" && option != "--seed") throw bad_argument{option + ": unknown"};
    if (++i == arguments.size()) throw bad_argument{option + ": its value is missing"};
    if (option == "--members") {
      result.members = to_number<std::size_t>(option, arguments[i], 4, 32);
    } else {
      result.seed = to_number<std::uint64_t>(option, arguments[i], 0, UINT64_MAX);
    }
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

int run(const options& from) {
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
