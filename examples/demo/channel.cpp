// examples/demo/channel.cpp - one end of a stream between the parent and a member
// A pair of Unix sockets: both directions in one descriptor, and no SIGPIPE when the other end
#include <demo/channel.hpp>

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace demo {

std::pair<channel, channel> channel::make_pair() {
  int fds[2] = {-1, -1};
  if (::socketpair(AF_UNIX, SOCK_STREAM, 0, fds) < 0) {
    throw std::system_error{errno, std::generic_category(), "cannot make a pair of sockets"};
  }
  return {channel{fds[0]}, channel{fds[1]}};
}

void channel::close() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

bool channel::send(std::span<const std::byte> bytes) const {
  while (!bytes.empty()) {
    const auto sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno != EINTR) return false;
    if (sent > 0) bytes = bytes.subspan(static_cast<std::size_t>(sent));
  }
  return true;
}

std::optional<std::size_t> channel::receive(std::span<std::byte> buffer) const {
  for (;;) {
    const auto size = ::recv(fd_, buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (size > 0) return static_cast<std::size_t>(size);
    if (size == 0) return std::nullopt;
    if (errno == EAGAIN || errno == EWOULDBLOCK) return 0;
    if (errno != EINTR) return std::nullopt;
  }
}

}  // namespace demo
