// examples/demo/text.cpp - what members report, in words
// All the wording of the time line is here.
#include <demo/text.hpp>

#include <chrono>

namespace demo {

std::string name_of(std::size_t member) { return "m" + std::to_string(member + 1); }

std::string padded(std::string_view text, std::size_t width) {
  std::string result{text};
  if (result.size() < width) result.resize(width, ' ');
  return result;
}

std::string right_aligned(std::string_view text, std::size_t width) {
  const std::size_t blanks = text.size() < width ? width - text.size() : 0;
  return std::string(blanks, ' ').append(text);
}

std::string in_ms(flotilla::duration time) {
  return std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(time).count()) +
         " ms";
}

std::string narrator::time(flotilla::time_point at) const {
  return right_aligned(in_ms(at - start_), 9);
}

std::string narrator::name_of(flotilla::member_id id) const {
  const auto member = group_.find(id);
  return member ? demo::name_of(*member)
                : "stranger " + std::to_string(static_cast<std::uint64_t>(id));
}

std::string narrator::tell(const flotilla::evidence& evidence) const {
  std::string accused = "  (";
  if (evidence.accuser != flotilla::member_id{}) {
    accused += "accused by " + name_of(evidence.accuser) + ", ";
  }
  if (evidence.empty()) return accused + "heard from others)";
  const auto confirmations = std::to_string(evidence.confirmations) +
                             (evidence.confirmations == 1 ? " confirmation" : " confirmations");
  return accused + confirmations + ", suspected since " + in_ms(evidence.since - start_) + ")";
}

std::string narrator::accusation(const sighting& what) const {
  const flotilla::member_id accuser = what.what.evidence.accuser;
  if (accuser == group_.id(what.observer)) return "  (its own probe failed)";
  return accuser == flotilla::member_id{} ? "" : "  (accused by " + name_of(accuser) + ")";
}

std::string narrator::tell(const sighting& what) const {
  const std::string subject = demo::name_of(what.subject);
  switch (what.what.kind) {
    case report_kind::joined: return "sees " + subject + " join";
    case report_kind::suspected: return "suspects " + subject + accusation(what);
    case report_kind::recovered: return "trusts " + subject + " again";
    case report_kind::failed: return "reports " + subject + " failed" + tell(what.what.evidence);
    case report_kind::left: return "reports " + subject + " left";
    case report_kind::updated:
      return "learns that " + subject + " is " + std::string{to_string(what.what.member.state)} +
             " at " + what.what.member.address.to_string();
    case report_kind::forgotten: return "forgets " + subject;
    case report_kind::path_broken:
      return "does not reach " + subject + ", but " + name_of(what.what.other) + " does";
    default: return tell(what.what);
  }
}

std::string narrator::tell(const report& what) const {
  switch (what.kind) {
    case report_kind::conflict: return "hears that another process has its id";
    case report_kind::join_failed: return "could not join";
    case report_kind::leave_completed:
      return "has left, " + std::to_string(what.count) + " members acknowledged";
    case report_kind::events_lost: return "lost " + std::to_string(what.count) + " events";
    default: return {};
  }
}

}  // namespace demo
