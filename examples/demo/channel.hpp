// examples/demo/channel.hpp - one end of a stream between the parent and a member
// It closes by itself when the process at the other end is gone, however that ended.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <utility>

namespace demo {

class channel {
 public:
  channel() = default;
  /// Two ends that are connected to each other. Throws std::system_error.
  static std::pair<channel, channel> make_pair();

  channel(channel&& other) noexcept : fd_{std::exchange(other.fd_, -1)} {}
  channel& operator=(channel&& other) noexcept {
    close();
    fd_ = std::exchange(other.fd_, -1);
    return *this;
  }
  ~channel() { close(); }

  int fd() const { return fd_; }
  bool is_open() const { return fd_ >= 0; }
  void close();

  /// Sends all of it, waiting where it must; false when nobody is at the other end.
  bool send(std::span<const std::byte> bytes) const;
  /// What has arrived, without waiting: 0 bytes when nothing has, nothing when the other end is
  /// gone.
  std::optional<std::size_t> receive(std::span<std::byte> buffer) const;

 private:
  explicit channel(int fd) : fd_{fd} {}

  int fd_{-1};
};

}  // namespace demo
