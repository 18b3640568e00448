// tests/support/process.hpp - programs as child processes, with their output
// A program is killed and reaped when its object ends, whatever became of the test.
#pragma once

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

#include <array>
#include <cerrno>
#include <chrono>
#include <optional>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

namespace support {

/// Generous: only a test that fails waits so long.
inline constexpr std::chrono::seconds patience{20};

/// Asks again and again until it is so; false if it is not so in time.
template <class Condition>
bool eventually(Condition condition, std::chrono::milliseconds limit = patience) {
  const auto end = std::chrono::steady_clock::now() + limit;
  while (!condition()) {
    if (std::chrono::steady_clock::now() >= end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds{5});
  }
  return true;
}

/// The reading end of a pipe, cut into lines.
class line_reader {
 public:
  explicit line_reader(int fd) : fd_{fd} { ::fcntl(fd_, F_SETFL, O_NONBLOCK); }
  line_reader(line_reader&& other) noexcept
      : fd_{std::exchange(other.fd_, -1)},
        rest_{std::move(other.rest_)},
        lines_{std::move(other.lines_)} {}
  line_reader& operator=(line_reader&&) = delete;
  ~line_reader() {
    if (fd_ >= 0) ::close(fd_);
  }

  /// All whole lines that have arrived, without waiting.
  const std::vector<std::string>& lines() {
    std::array<char, 4096> buffer{};
    for (;;) {
      const auto size = ::read(fd_, buffer.data(), buffer.size());
      if (size <= 0 && !(size < 0 && errno == EINTR)) break;
      if (size > 0) rest_.append(buffer.data(), static_cast<std::size_t>(size));
    }
    for (std::size_t end = 0; (end = rest_.find('\n')) != std::string::npos;) {
      lines_.push_back(rest_.substr(0, end));
      rest_.erase(0, end + 1);
    }
    return lines_;
  }

  /// Everything so far, an unfinished line included.
  std::string text() {
    std::string result;
    for (const std::string& line : lines()) result += line + "\n";
    return result + rest_;
  }

 private:
  int fd_;
  std::string rest_;
  std::vector<std::string> lines_;
};

class process {
 public:
  /// Starts the program `arguments[0]`.
  explicit process(const std::vector<std::string>& arguments)
      : process{arguments, make_pipe(), make_pipe()} {}
  process(process&& other) noexcept
      : pid_{std::exchange(other.pid_, -1)},
        status_{other.status_},
        out_{std::move(other.out_)},
        err_{std::move(other.err_)} {}
  process& operator=(process&&) = delete;
  ~process() {
    if (pid_ < 0 || status_) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }

  line_reader& out() { return out_; }
  line_reader& err() { return err_; }

  void signal(int number) const {
    if (!status_) ::kill(pid_, number);
  }

  bool ended() {
    int status = 0;
    if (!status_ && ::waitpid(pid_, &status, WNOHANG) == pid_) status_ = status;
    return status_.has_value();
  }

  /// The exit status, or minus the number of the signal that ended it; nothing if it goes on. Reads
  /// on meanwhile: a pipe that is full would stop the program.
  std::optional<int> wait(std::chrono::milliseconds limit = patience) {
    const auto read_and_look = [this] {
      out_.lines();
      err_.lines();
      return ended();
    };
    if (!eventually(read_and_look, limit)) return std::nullopt;
    return WIFEXITED(*status_) ? WEXITSTATUS(*status_) : -WTERMSIG(*status_);
  }

 private:
  struct pipe_ends {
    int read = -1;
    int write = -1;
  };

  process(const std::vector<std::string>& arguments, pipe_ends out, pipe_ends err)
      : out_{out.read}, err_{err.read} {
    std::vector<char*> argv;
    argv.reserve(arguments.size() + 1);
    for (const std::string& each : arguments) argv.push_back(const_cast<char*>(each.c_str()));
    argv.push_back(nullptr);
    pid_ = ::fork();
    if (pid_ == 0) execute(argv, out, err);
    ::close(out.write);
    ::close(err.write);
    if (pid_ < 0) throw std::system_error{errno, std::generic_category(), "cannot fork"};
  }

  // Between fork and exec, where little is allowed.
  [[noreturn]] static void execute(std::vector<char*>& argv, pipe_ends out, pipe_ends err) {
#ifdef __linux__
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
#endif
    ::dup2(out.write, STDOUT_FILENO);
    ::dup2(err.write, STDERR_FILENO);
    ::execv(argv[0], argv.data());
    ::_exit(127);
  }

  static pipe_ends make_pipe() {
    int fds[2] = {-1, -1};
    if (::pipe(fds) < 0) throw std::system_error{errno, std::generic_category(), "cannot pipe"};
    // Not for the other programs that are started later: they would hold the pipe open.
    for (const int fd : fds) ::fcntl(fd, F_SETFD, FD_CLOEXEC);
    return {fds[0], fds[1]};
  }

  pid_t pid_{-1};
  std::optional<int> status_;
  line_reader out_;
  line_reader err_;
};

}  // namespace support
