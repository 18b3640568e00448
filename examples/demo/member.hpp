// examples/demo/member.hpp - the life of one member, in a process of its own
// The loop is that of udp_node, with the parent's channel in the place of signals and stdout.
#pragma once

#include <demo/channel.hpp>
#include <demo/report.hpp>
#include <flotilla/flotilla.hpp>
#include <span>
#include <support/udp_socket.hpp>

namespace demo {

class member_process {
 public:
  member_process(const flotilla::config& config, support::udp_socket socket, channel parent);

  /// Joins through `seeds` (nobody: waits to be joined), then lives until it has left the group, or
  /// until the parent is gone. Returns the exit status.
  int run(std::span<const flotilla::endpoint> seeds);

 private:
  void obey();
  void receive();
  void send();
  void tell();
  void tell(report what);
  void list_members();
  void wait();

  support::udp_socket socket_;
  channel parent_;
  flotilla::engine engine_;
  std::array<std::byte, 65536> buffer_{};
  bool has_left_ = false;
};

}  // namespace demo
