// flotilla/testing/checkers/checker.hpp - what all checkers of SWIM's properties have in common
// A checker watches a cluster step by step and reports what breaks its properties; it changes
// nothing.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include <flotilla/testing/cluster.hpp>
#include <flotilla/testing/report.hpp>

namespace flotilla {
inline namespace v1 {
namespace testing {

/// Create it before the cluster's first member, with `group.sim().watch(checker)`; both the cluster
/// and the report must outlive it, and it must be there for as long as the cluster is run.
class checker : public engine_observer {
 public:
  checker(const cluster& group, report& found) : group_{&group}, found_{&found} {}

 protected:
  [[nodiscard]] const cluster& group() const noexcept { return *group_; }
  void violated(std::string_view property, node_index node, std::string what) {
    found_->add(property, group_->now(), node, std::move(what));
  }

 private:
  const cluster* group_;
  report* found_;
};

}  // namespace testing
}  // namespace v1
}  // namespace flotilla
