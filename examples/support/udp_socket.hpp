// examples/support/udp_socket.hpp - a non-blocking UDP socket that speaks in endpoints
// All that the examples need of POSIX sockets. A send or a receive that fails is a packet lost.
#pragma once

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <flotilla/flotilla.hpp>
#include <optional>
#include <span>
#include <string>
#include <system_error>
#include <utility>

namespace support {

/// The time that the engine is given.
inline flotilla::time_point now() {
  return flotilla::to_time_point(std::chrono::steady_clock::now());
}

/// How many milliseconds poll() may wait for `deadline`: -1 for ever, never too few, so that the
/// deadline has passed when poll() returns.
inline int poll_timeout(flotilla::time_point deadline) {
  using std::chrono::milliseconds;
  if (deadline == flotilla::time_point::max()) return -1;
  const auto wait = std::chrono::ceil<milliseconds>(deadline - now());
  return static_cast<int>(std::clamp(wait, milliseconds{0}, milliseconds{60'000}).count());
}

struct socket_address {
  sockaddr_storage storage{};
  socklen_t size{sizeof(sockaddr_storage)};

  sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

/// An endpoint's bytes are address and port in network order, which is how sockaddr has them. A
/// socket of family AF_INET6 reaches IPv4 members by their mapped addresses; one of AF_INET no IPv6
/// member.
inline std::optional<socket_address> to_socket_address(const flotilla::endpoint& to, int family) {
  const std::span<const std::byte> bytes = to.bytes();
  socket_address result;
  if (to.kind() == flotilla::endpoint_kind::ipv4 && family == AF_INET) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    std::memcpy(&address.sin_addr, bytes.data(), 4);
    std::memcpy(&address.sin_port, bytes.data() + 4, 2);
    std::memcpy(&result.storage, &address, result.size = sizeof address);
    return result;
  }
  const bool is_ipv4 = to.kind() == flotilla::endpoint_kind::ipv4;
  if (family != AF_INET6 || (!is_ipv4 && to.kind() != flotilla::endpoint_kind::ipv6)) return {};
  sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  if (is_ipv4) address.sin6_addr.s6_addr[10] = address.sin6_addr.s6_addr[11] = 0xff;
  const std::size_t address_size = bytes.size() - 2;
  std::memcpy(address.sin6_addr.s6_addr + 16 - address_size, bytes.data(), address_size);
  std::memcpy(&address.sin6_port, bytes.data() + address_size, 2);
  std::memcpy(&result.storage, &address, result.size = sizeof address);
  return result;
}

/// The inverse; a mapped address becomes the IPv4 endpoint again (endpoint::ipv6 sees to it).
inline flotilla::endpoint to_endpoint(const socket_address& from) {
  if (from.storage.ss_family == AF_INET) {
    sockaddr_in address{};
    std::memcpy(&address, &from.storage, sizeof address);
    std::array<std::uint8_t, 4> bytes{};
    std::memcpy(bytes.data(), &address.sin_addr, bytes.size());
    return flotilla::endpoint::ipv4(bytes, ntohs(address.sin_port));
  }
  if (from.storage.ss_family != AF_INET6) return {};
  sockaddr_in6 address{};
  std::memcpy(&address, &from.storage, sizeof address);
  std::array<std::uint8_t, 16> bytes{};
  std::memcpy(bytes.data(), &address.sin6_addr, bytes.size());
  return flotilla::endpoint::ipv6(bytes, ntohs(address.sin6_port));
}

struct packet {
  flotilla::endpoint from;
  std::span<const std::byte> bytes;
};

class udp_socket {
 public:
  /// Bound to `local`, whose port may be 0 for one that the system picks. Throws std::system_error.
  explicit udp_socket(const flotilla::endpoint& local)
      : family_{local.kind() == flotilla::endpoint_kind::ipv6 ? AF_INET6 : AF_INET},
        fd_{::socket(family_, SOCK_DGRAM, 0)} {
    const auto address = to_socket_address(local, family_);
    // IPv6 sockets take IPv4 as well where the system can do that; where not, they are still of
    // use.
    const int off = 0;
    if (family_ == AF_INET6) ::setsockopt(fd_, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
    if (fd_ < 0 || !address || ::fcntl(fd_, F_SETFL, O_NONBLOCK) < 0 ||
        ::fcntl(fd_, F_SETFD, FD_CLOEXEC) < 0 || ::bind(fd_, address->get(), address->size) < 0) {
      const std::error_code why{errno, std::generic_category()};
      close();
      throw std::system_error{why, "cannot bind a UDP socket to " + local.to_string()};
    }
  }
  udp_socket(udp_socket&& other) noexcept
      : family_{other.family_}, fd_{std::exchange(other.fd_, -1)} {}
  udp_socket& operator=(udp_socket&& other) noexcept {
    close();
    family_ = other.family_;
    fd_ = std::exchange(other.fd_, -1);
    return *this;
  }
  ~udp_socket() { close(); }

  int fd() const { return fd_; }

  /// Where it is bound, with the port that the system picked.
  flotilla::endpoint local() const {
    socket_address address;
    if (::getsockname(fd_, address.get(), &address.size) < 0) return {};
    return to_endpoint(address);
  }

  /// Whether a datagram for `to` can be sent at all: an IPv4 socket reaches no IPv6 address.
  bool can_reach(const flotilla::endpoint& to) const {
    return to_socket_address(to, family_).has_value();
  }

  /// The next datagram, in `buffer`, or nothing when none waits.
  std::optional<packet> receive(std::span<std::byte> buffer) const {
    // A call that a signal interrupts, or that reports and thereby clears an ICMP error of an
    // earlier send (ECONNREFUSED and its like), says nothing about the datagrams that wait.
    for (int attempt = 0; attempt < 8; ++attempt) {
      socket_address from;
      const auto size = ::recvfrom(fd_, buffer.data(), buffer.size(), 0, from.get(), &from.size);
      if (size >= 0) return packet{to_endpoint(from), buffer.first(static_cast<std::size_t>(size))};
      if (errno == EAGAIN || errno == EWOULDBLOCK) break;
    }
    return std::nullopt;
  }

  /// Tries to send. What cannot be sent is lost, as any packet may be: the protocol copes with
  /// that.
  void send(const flotilla::endpoint& to, std::span<const std::byte> bytes) const {
    const auto address = to_socket_address(to, family_);
    if (!address) return;
    for (int attempt = 0; attempt < 2; ++attempt) {
      if (::sendto(fd_, bytes.data(), bytes.size(), 0, address->get(), address->size) >= 0) return;
      if (errno != EINTR && errno != ECONNREFUSED) return;  // both are about something else
    }
  }

  void close() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }

 private:
  int family_;
  int fd_;
};

}  // namespace support
