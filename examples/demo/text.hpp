// examples/demo/text.hpp - what members report, in words
// Members are called m1, m2 ... by their number; times are milliseconds since the demo's start.
#pragma once

#include <cstddef>
#include <demo/group.hpp>
#include <demo/views.hpp>
#include <flotilla/flotilla.hpp>
#include <string>
#include <string_view>

namespace demo {

std::string name_of(std::size_t member);
std::string padded(std::string_view text, std::size_t width);
std::string right_aligned(std::string_view text, std::size_t width);
std::string in_ms(flotilla::duration time);

/// The words for events, about the members of one group.
class narrator {
 public:
  narrator(const group& of, flotilla::time_point start) : group_{of}, start_{start} {}

  /// "reports m3 failed  (accused by m7, 2 confirmations, suspected since 843 ms)"
  std::string tell(const sighting& what) const;
  /// For reports that are not about another member; empty if there is nothing to say.
  std::string tell(const report& what) const;
  /// "1843 ms", right-aligned.
  std::string time(flotilla::time_point at) const;

 private:
  std::string name_of(flotilla::member_id id) const;
  std::string tell(const flotilla::evidence& evidence) const;
  std::string accusation(const sighting& what) const;

  const group& group_;
  flotilla::time_point start_;
};

}  // namespace demo
