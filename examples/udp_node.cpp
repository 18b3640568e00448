// examples/udp_node.cpp - one member of a group, on a UDP socket
// The shortest honest loop around an engine, in class node: receive, tick, tell, send, wait.
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <flotilla/flotilla.hpp>
#include <iostream>
#include <limits>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <support/random.hpp>
#include <support/record.hpp>
#include <support/udp_socket.hpp>
#include <system_error>
#include <variant>
#include <vector>

namespace {

constexpr std::string_view usage =
    R"(usage: udp_node --bind ADDRESS [options]
One member of a group. Tells what it sees of the group, one line an event.

  --bind ADDRESS       where to receive: 127.0.0.1:7946, [::1]:7946; port 0: any that is free
  --join ADDRESS       a member to begin with; may be given up to 16 times
  --advertise ADDRESS  where others reach this member, if that is not what it is bound to
  --id N               who this is, 1 to 2^64-1, unique in the group; a random number by default
  --cluster NAME       name of the group; groups of other names are ignored
  --incarnation N      where to begin counting, for members that kept their last incarnation
  --config PRESET      timing: lan (the default), wan or loopback
  --json               one JSON object a line instead of plain text
  --help               this text

SIGUSR1 lists the members, and tells how many datagrams were sent and received so far. SIGUSR2 ends
a join that is under way. SIGTERM and SIGINT leave the group, then end with status 0. Bad arguments
end with status 2, what the system refuses (an address in use) with status 1.
)";

struct bad_argument : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct options {
  std::optional<flotilla::endpoint> bind;
  std::optional<flotilla::endpoint> advertise;
  std::vector<flotilla::endpoint> seeds;
  std::uint64_t id = support::random_id();
  std::string cluster;
  std::uint32_t incarnation = 0;
  flotilla::config preset = flotilla::config::lan();
  support::text_style style = support::text_style::plain;
  bool help = false;
};

std::string quoted(std::string_view text) { return "\"" + std::string{text} + "\""; }

flotilla::endpoint to_address(const std::string& option, std::string_view text) {
  if (const auto address = flotilla::endpoint::parse(text)) return *address;
  throw bad_argument{option + ": " + quoted(text) +
                     " is not a numeric address with a port, as 127.0.0.1:7946 or [::1]:7946"};
}

flotilla::endpoint to_member_address(const std::string& option, std::string_view text) {
  const flotilla::endpoint address = to_address(option, text);
  if (address.is_unicast()) return address;
  throw bad_argument{option + ": " + quoted(text) + " is not the address of one member"};
}

template <class Number>
Number to_number(const std::string& option, std::string_view text, Number least) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc{} && end == text.data() + text.size() && number >= least) return number;
  throw bad_argument{option + ": " + quoted(text) + " is not a number from " +
                     std::to_string(least) + " to " +
                     std::to_string(std::numeric_limits<Number>::max())};
}

flotilla::config to_preset(const std::string& option, std::string_view text) {
  if (text == "lan") return flotilla::config::lan();
  if (text == "wan") return flotilla::config::wan();
  if (text == "loopback") return flotilla::config::loopback();
  throw bad_argument{option + ": " + quoted(text) + " is none of lan, wan, loopback"};
}

// False for an option that does not exist.
bool set(options& to, const std::string& option, std::string_view value) {
  if (option == "--bind")
    to.bind = to_address(option, value);
  else if (option == "--advertise")
    to.advertise = to_member_address(option, value);
  else if (option == "--join")
    to.seeds.push_back(to_member_address(option, value));
  else if (option == "--id")
    to.id = to_number<std::uint64_t>(option, value, 1);
  else if (option == "--incarnation")
    to.incarnation = to_number<std::uint32_t>(option, value, 0);
  else if (option == "--cluster")
    to.cluster = value;
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
    if (option == "--json") {
      result.style = support::text_style::json;
      continue;
    }
    if (i + 1 == arguments.size()) throw bad_argument{option + ": unknown, or without its value"};
    if (!set(result, option, arguments[++i])) throw bad_argument{option + ": unknown"};
  }
  if (!result.bind) throw bad_argument{"--bind: is missing"};
  if (result.seeds.size() > flotilla::max_seeds) throw bad_argument{"--join: more than 16 of them"};
  return result;
}

flotilla::config to_config(const options& from, const support::udp_socket& socket) {
  flotilla::config config = from.preset;
  config.id = flotilla::member_id{from.id};
  config.address = from.advertise.value_or(socket.local());
  config.seed = support::random_number();
  config.cluster = from.cluster;
  config.initial_incarnation = flotilla::incarnation{from.incarnation};
  if (config.validate() == flotilla::config_error::address) {
    throw bad_argument{"--bind: nobody can send to " + config.address.to_string() +
                       ", so --advertise is needed"};
  }
  for (const flotilla::endpoint& seed : from.seeds) {
    if (!socket.can_reach(seed)) {
      throw bad_argument{"--join: " + seed.to_string() + " cannot be reached from " +
                         socket.local().to_string()};
    }
  }
  return config;
}

// Signals arrive as bytes in a pipe, so that poll() waits for them as for packets: none is missed
// between looking and waiting, and a flood of packets cannot hide one.
int signal_pipe[2] = {-1, -1};

extern "C" void on_signal(int number) {
  const int saved = errno;
  const auto byte = static_cast<unsigned char>(number);
  if (::write(signal_pipe[1], &byte, 1) < 0) errno = 0;  // full: plenty of signals wait already
  errno = saved;
}

void catch_signals() {
  if (::pipe(signal_pipe) < 0 || ::fcntl(signal_pipe[0], F_SETFL, O_NONBLOCK) < 0 ||
      ::fcntl(signal_pipe[1], F_SETFL, O_NONBLOCK) < 0) {
    throw std::system_error{errno, std::generic_category(), "cannot make a pipe"};
  }
  struct sigaction action {};
  action.sa_handler = on_signal;
  action.sa_flags = SA_RESTART;
  for (const int number : {SIGTERM, SIGINT, SIGUSR1, SIGUSR2})
    ::sigaction(number, &action, nullptr);
}

class node {
 public:
  explicit node(const options& from)
      : socket_{*from.bind},
        engine_{to_config(from, socket_), support::now()},
        seeds_{from.seeds},
        style_{from.style} {}

  // Returns the exit status.
  int run() {
    print(support::record{style_, {}, "started"}.member(engine_.self()));
    join();
    while (!exit_status_) {
      handle_signals();
      receive();
      engine_.tick(support::now());
      tell();
      send();
      if (!exit_status_) wait();
    }
    return *exit_status_;
  }

 private:
  void join() {
    if (!seeds_.empty()) engine_.join(seeds_);  // refused once we leave: rightly
  }

  // Packets before timers, so that an answer that is here is not missed; but not for ever.
  void receive() {
    for (int i = 0; i < 64; ++i) {
      const auto packet = socket_.receive(buffer_);
      if (!packet) return;
      engine_.receive(support::now(), packet->from, packet->bytes);
    }
  }

  void send() {
    while (const auto out = engine_.poll_transmit(buffer_)) socket_.send(out->to, out->bytes);
  }

  // Before sending, as it may ask the engine for something.
  void tell() {
    while (const auto event = engine_.poll_event()) {
      std::cout << support::event_line(style_, start_, support::now(), *event) << std::endl;
      if (std::holds_alternative<flotilla::leave_completed>(*event)) exit_status_ = EXIT_SUCCESS;
      if (const auto* failed = std::get_if<flotilla::join_failed>(&*event)) {
        // The seeds may come yet.
        if (failed->reason != flotilla::join_failure::cancelled) join();
      }
      if (std::holds_alternative<flotilla::events_lost>(*event)) list_members();
    }
  }

  void wait() {
    pollfd waiting[] = {{socket_.fd(), POLLIN, 0}, {signal_pipe[0], POLLIN, 0}};
    // Whatever ends it, an interruption too: the loop looks at everything anyway.
    ::poll(waiting, 2, support::poll_timeout(engine_.next_deadline()));
  }

  void handle_signals() {
    unsigned char number = 0;
    while (::read(signal_pipe[0], &number, 1) == 1) {
      if (number == SIGUSR1) {
        list_members();
      } else if (number == SIGUSR2) {
        engine_.cancel_join();  // refused where there is none
      } else {
        engine_.leave();  // done at leave_completed; asked a second time, it refuses and goes on
      }
    }
  }

  void list_members() {
    std::int64_t lines = 0;
    for ([[maybe_unused]] const flotilla::member& member : engine_.members()) ++lines;
    print(record("members")
              .number("size", static_cast<std::int64_t>(engine_.size()))
              .number("lines", lines)
              .number("sent", static_cast<std::int64_t>(engine_.stats().datagrams_sent))
              .number("received", received()));
    for (const flotilla::member& member : engine_.members()) print(record("member").member(member));
  }

  // Whatever became of them.
  std::int64_t received() const {
    std::uint64_t sum = 0;
    for (const std::uint64_t count : engine_.stats().received) sum += count;
    return static_cast<std::int64_t>(sum);
  }

  support::record record(std::string_view event) const {
    return support::record{style_, support::now() - start_, event};
  }

  // Flushed line by line: whoever reads along sees an event when it happens.
  static void print(const support::record& record) { std::cout << record.line() << std::endl; }

  flotilla::time_point start_ = support::now();
  support::udp_socket socket_;
  flotilla::engine engine_;
  std::vector<flotilla::endpoint> seeds_;
  support::text_style style_;
  std::array<std::byte, 65536> buffer_{};  // no datagram is larger
  std::optional<int> exit_status_;
};

}  // namespace

int main(int argc, char** argv) {
  try {
    const options from = to_options({argv + 1, argv + argc});
    if (from.help) {
      std::cout << usage;
      return EXIT_SUCCESS;
    }
    catch_signals();
    return node{from}.run();
  } catch (const bad_argument& error) {
    std::cerr << "udp_node: " << error.what() << "\nTry udp_node --help.\n";
    return 2;
  } catch (const std::system_error& error) {
    std::cerr << "udp_node: " << error.what() << "\n";
    return EXIT_FAILURE;
  }
}
