// tests/support/udp.hpp - plain UDP sockets for tests of real programs
// To find free ports, and to throw datagrams at a program from an address that it does not know.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace support {

/// A socket on a free port of 127.0.0.1.
class udp_stranger {
 public:
  udp_stranger() : fd_{::socket(AF_INET, SOCK_DGRAM, 0)} {
    sockaddr_in address = loopback(0);
    socklen_t size = sizeof address;
    bound_ = ::bind(fd_, reinterpret_cast<sockaddr*>(&address), size) == 0 &&
             ::getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size) == 0;
    port_ = ntohs(address.sin_port);
  }
  udp_stranger(const udp_stranger&) = delete;
  udp_stranger& operator=(const udp_stranger&) = delete;
  ~udp_stranger() { ::close(fd_); }

  bool is_bound() const { return bound_; }
  std::uint16_t port() const { return port_; }

  void send(std::uint16_t port, std::span<const std::byte> bytes) const {
    const sockaddr_in to = loopback(port);
    // A full buffer drops datagrams; a test that floods does not mind.
    [[maybe_unused]] const auto sent = ::sendto(fd_, bytes.data(), bytes.size(), MSG_DONTWAIT,
                                                reinterpret_cast<const sockaddr*>(&to), sizeof to);
  }

 private:
  static sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
  }

  int fd_;
  bool bound_ = false;
  std::uint16_t port_ = 0;
};

/// An address whose port was free a moment ago.
inline std::string free_address() { return "127.0.0.1:" + std::to_string(udp_stranger{}.port()); }

inline std::uint16_t port_of(const std::string& address) {
  return static_cast<std::uint16_t>(std::stoul(address.substr(address.rfind(':') + 1)));
}

/// Whether [::1] exists here: containers often lack it.
inline bool has_ipv6() {
  const int fd = ::socket(AF_INET6, SOCK_DGRAM, 0);
  sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  address.sin6_addr = in6addr_loopback;
  const bool bound = ::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  if (fd >= 0) ::close(fd);
  return bound;
}

}  // namespace support
