// examples/demo/load.cpp - processes that keep every processor busy
// Plain loops: they need processors and nothing else.
#include <demo/load.hpp>

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <demo/child.hpp>
#include <system_error>
#include <thread>

namespace demo {
namespace {

[[noreturn]] void compute() {
  for (volatile std::uint32_t number = 0;;) number = number + 1;
}

}  // namespace

load::~load() {
  for (const pid_t pid : pids_) {
    ::kill(pid, SIGKILL);
    while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
    }
  }
}

void load::start() {
  const unsigned processors = std::max(1U, std::thread::hardware_concurrency());
  const pid_t parent = ::getpid();
  for (unsigned i = 0; i < processors; ++i) {
    const pid_t pid = ::fork();
    if (pid < 0) throw std::system_error{errno, std::generic_category(), "cannot fork"};
    if (pid == 0) {
      die_with(parent);
      ::signal(SIGINT, SIG_IGN);  // a terminal sends it to all; the parent decides
      ::signal(SIGTERM, SIG_DFL);
      compute();
    }
    pids_.push_back(pid);
  }
}

}  // namespace demo
