// examples/demo/child.hpp - child processes that never outlive the demo
// To be called first thing after fork().
#pragma once

#include <signal.h>
#include <sys/types.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

#include <cstdlib>

namespace demo {

/// The calling process dies with `parent`, even if that is killed while this one is frozen.
/// Elsewhere than on Linux it ends when it next looks at the channel.
inline void die_with(pid_t parent) {
#ifdef __linux__
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
#endif
  if (::getppid() != parent) ::_exit(EXIT_FAILURE);  // it was quicker
}

}  // namespace demo
