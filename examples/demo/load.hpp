// examples/demo/load.hpp - processes that keep every processor busy
// They compete with the members for time, at the same priority.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <vector>

namespace demo {

class load {
 public:
  load() = default;
  load(const load&) = delete;
  load& operator=(const load&) = delete;
  /// Ends them all.
  ~load();

  /// Starts one process for each processor; they compute until they are killed. Throws
  /// std::system_error.
  void start();
  std::size_t size() const { return pids_.size(); }

 private:
  std::vector<pid_t> pids_;
};

}  // namespace demo
