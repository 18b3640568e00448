// examples/demo/group.hpp - the processes of the group, as their parent handles them
// Starts, stops, freezes and reaps them, and collects what they report. None outlives this object.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <demo/channel.hpp>
#include <demo/report.hpp>
#include <flotilla/flotilla.hpp>
#include <optional>
#include <stdexcept>
#include <support/random.hpp>
#include <support/udp_socket.hpp>
#include <vector>

namespace demo {

/// SIGINT or SIGTERM has arrived.
struct interrupted : std::runtime_error {
  interrupted() : runtime_error{"interrupted"} {}
};

enum class condition : std::uint8_t { not_started, running, frozen, ended };

/// Something that member number `observer` reported.
struct arrival {
  std::size_t observer;
  report what;
};

class group {
 public:
  /// Finds an address for each of `size` members; their timing is that of `preset`. Without a seed,
  /// ids and seeds come from the operating system; with one, they repeat.
  group(std::size_t size, std::optional<std::uint64_t> seed,
        flotilla::config preset = flotilla::config::loopback());
  group(const group&) = delete;
  group& operator=(const group&) = delete;
  ~group();

  std::size_t size() const { return members_.size(); }
  const flotilla::config& preset() const { return preset_; }
  flotilla::member_id id(std::size_t at) const { return members_[at].id; }
  const flotilla::endpoint& address(std::size_t at) const { return members_[at].address; }
  std::optional<std::size_t> find(flotilla::member_id id) const;

  condition condition_of(std::size_t at) const { return members_[at].condition; }
  bool is_running(std::size_t at) const { return condition_of(at) == condition::running; }
  /// What waitpid said of its end.
  int wait_status(std::size_t at) const { return members_[at].wait_status; }

  /// Starts the process, which joins through the members `seeds`. One that ended may be started
  /// again, with the same id and address and without memory of its first life.
  void start(std::size_t at, std::initializer_list<std::size_t> seeds);
  void kill(std::size_t at);
  void freeze(std::size_t at);
  void wake(std::size_t at);
  void ask(std::size_t at, command what);

  /// What is reported within `patience`; returns as soon as there is something. Throws interrupted.
  std::vector<arrival> read(std::chrono::milliseconds patience);

 private:
  struct member {
    flotilla::member_id id{};
    flotilla::endpoint address{};
    std::optional<support::udp_socket> socket{};  // until the process has it
    channel control{};
    std::vector<std::byte> unread{};  // less than a whole report
    pid_t pid{-1};
    demo::condition condition{condition::not_started};
    int wait_status{0};
  };

  std::uint64_t random_number();
  flotilla::member_id random_id();
  flotilla::config config_of(std::size_t at);
  [[noreturn]] void become_member(std::size_t at, const flotilla::config& config, channel control,
                                  const std::vector<flotilla::endpoint>& seeds);
  void read_from(std::size_t at, std::vector<arrival>& to);
  void reap(member& of);

  flotilla::config preset_;
  std::optional<support::repeatable_numbers> repeatable_;
  std::vector<member> members_;
};

}  // namespace demo
