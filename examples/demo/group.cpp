// examples/demo/group.cpp - the processes of the group, as their parent handles them
// Plain fork(): a member is this program with another loop.
#include <demo/group.hpp>

#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <demo/child.hpp>
#include <demo/member.hpp>
#include <system_error>

namespace demo {
namespace {

volatile sig_atomic_t interrupt = 0;

extern "C" void on_interrupt(int) { interrupt = 1; }

void set_handler(int number, void (*handler)(int)) {
  struct sigaction action {};
  action.sa_handler = handler;
  ::sigaction(number, &action, nullptr);
}

}  // namespace

group::group(std::size_t size, std::optional<std::uint64_t> seed, flotilla::config preset)
    : preset_{std::move(preset)}, members_(size) {
  if (seed) repeatable_.emplace(*seed);
  for (member& each : members_) {
    each.id = random_id();
    // Bound before any process starts, so that no two are given the same port.
    each.socket.emplace(flotilla::endpoint::ipv4({127, 0, 0, 1}, 0));
    each.address = each.socket->local();
  }
  set_handler(SIGINT, on_interrupt);
  set_handler(SIGTERM, on_interrupt);
}

group::~group() {
  for (member& each : members_) {
    if (each.pid < 0) continue;
    ::kill(each.pid, SIGKILL);
    reap(each);
  }
}

std::optional<std::size_t> group::find(flotilla::member_id id) const {
  for (std::size_t i = 0; i < size(); ++i) {
    if (members_[i].id == id) return i;
  }
  return std::nullopt;
}

std::uint64_t group::random_number() {
  return repeatable_ ? repeatable_->next() : support::random_number();
}

flotilla::member_id group::random_id() {
  for (;;) {
    if (const flotilla::member_id id{random_number()}; id != flotilla::member_id{}) return id;
  }
}

flotilla::config group::config_of(std::size_t at) {
  flotilla::config config = preset_;
  config.id = members_[at].id;
  config.address = members_[at].address;
  config.seed = random_number();
  config.cluster = "demo";
  return config;
}

void group::start(std::size_t at, std::initializer_list<std::size_t> seeds) {
  member& starting = members_[at];
  // A second life begins with a fresh socket at the old address: what was sent meanwhile is lost.
  if (!starting.socket) starting.socket.emplace(starting.address);
  std::vector<flotilla::endpoint> addresses;
  for (const std::size_t seed : seeds) addresses.push_back(address(seed));
  const flotilla::config config = config_of(at);
  auto [ours, theirs] = channel::make_pair();

  const pid_t parent = ::getpid();
  starting.pid = ::fork();
  if (starting.pid < 0) throw std::system_error{errno, std::generic_category(), "cannot fork"};
  if (starting.pid == 0) {
    die_with(parent);
    ours.close();
    become_member(at, config, std::move(theirs), addresses);
  }
  starting.socket.reset();  // only the process has it now: its port closes when it dies
  starting.control = std::move(ours);
  starting.unread.clear();
  starting.condition = condition::running;
}

void group::become_member(std::size_t at, const flotilla::config& config, channel control,
                          const std::vector<flotilla::endpoint>& seeds) {
  int status = EXIT_FAILURE;
  try {
    set_handler(SIGINT, SIG_IGN);  // a terminal sends it to all; the parent decides
    set_handler(SIGTERM, SIG_DFL);
    support::udp_socket socket = std::move(*members_[at].socket);
    for (member& each : members_) {  // what belongs to the parent and to the others
      each.control.close();
      each.socket.reset();
    }
    status = member_process{config, std::move(socket), std::move(control)}.run(seeds);
  } catch (const std::exception&) {
    // The exit status tells the parent.
  }
  ::_exit(status);  // without the parent's destructors
}

void group::kill(std::size_t at) {
  ::kill(members_[at].pid, SIGKILL);
  reap(members_[at]);
}

void group::freeze(std::size_t at) {
  ::kill(members_[at].pid, SIGSTOP);
  members_[at].condition = condition::frozen;
}

void group::wake(std::size_t at) {
  ::kill(members_[at].pid, SIGCONT);
  members_[at].condition = condition::running;
}

void group::ask(std::size_t at, command what) {
  members_[at].control.send(std::as_bytes(std::span{&what, 1}));
}

std::vector<arrival> group::read(std::chrono::milliseconds patience) {
  if (interrupt != 0) throw interrupted{};
  std::vector<pollfd> waiting;
  // poll() skips the descriptors of -1, those of members that are not running.
  for (const member& each : members_) waiting.push_back({each.control.fd(), POLLIN, 0});
  ::poll(waiting.data(), waiting.size(), static_cast<int>(patience.count()));
  std::vector<arrival> result;
  for (std::size_t i = 0; i < size(); ++i) {
    if (members_[i].control.is_open()) read_from(i, result);
  }
  return result;
}

void group::read_from(std::size_t at, std::vector<arrival>& to) {
  member& from = members_[at];
  std::byte buffer[64 * sizeof(report)];
  const auto size = from.control.receive(buffer);
  if (!size) return reap(from);
  from.unread.insert(from.unread.end(), buffer, buffer + *size);
  std::size_t used = 0;
  for (; from.unread.size() - used >= sizeof(report); used += sizeof(report)) {
    arrival next{at, {}};
    std::memcpy(&next.what, from.unread.data() + used, sizeof(report));
    to.push_back(next);
  }
  from.unread.erase(from.unread.begin(), from.unread.begin() + static_cast<std::ptrdiff_t>(used));
}

// The process is dead or about to be: it has closed its channel, or was killed.
void group::reap(member& of) {
  while (::waitpid(of.pid, &of.wait_status, 0) < 0 && errno == EINTR) {
  }
  of.pid = -1;
  of.control.close();
  of.condition = condition::ended;
}

}  // namespace demo
