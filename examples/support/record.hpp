// examples/support/record.hpp - events and members as lines of text
// A line is "123 ms event name=value ..." or a flat JSON object with the same names and values.
#pragma once

#include <chrono>
#include <cstdint>
#include <flotilla/flotilla.hpp>
#include <string>
#include <string_view>
#include <variant>

namespace support {

enum class text_style { plain, json };

inline std::int64_t milliseconds(flotilla::duration time) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(time).count();
}

/// Builds one line. Values are names, numbers and addresses: nothing that JSON would have to
/// escape.
class record {
 public:
  record(text_style style, flotilla::duration time, std::string_view event) : style_{style} {
    const std::string ms = std::to_string(milliseconds(time));
    line_ = json() ? "{\"time_ms\":" + ms : ms + " ms ";
    if (json())
      text("event", event);
    else
      line_ += event;
  }

  record& text(std::string_view name, std::string_view value) {
    return json() ? put(name, "\"" + std::string{value} + "\"") : put(name, value);
  }
  record& number(std::string_view name, std::int64_t value) {
    return put(name, std::to_string(value));
  }
  /// A JSON number is mostly read as a double, which keeps 53 bits: ids are text there.
  record& id(std::string_view name, flotilla::member_id value) {
    return text(name, std::to_string(static_cast<std::uint64_t>(value)));
  }
  /// Something that this engine does not know: null in JSON, left out of plain text.
  record& unknown(std::string_view name) { return json() ? put(name, "null") : *this; }

  record& member(const flotilla::member& value) {
    return id("id", value.id)
        .text("address", value.address.to_string())
        .number("incarnation", value.incarnation.value())
        .text("state", to_string(value.state));
  }

  std::string line() const { return json() ? line_ + "}" : line_; }

 private:
  bool json() const { return style_ == text_style::json; }
  record& put(std::string_view name, std::string_view value) {
    line_.append(json() ? ",\"" : " ").append(name).append(json() ? "\":" : "=").append(value);
    return *this;
  }

  text_style style_;
  std::string line_;
};

/// Names of events: those of their types.
struct event_name {
  std::string_view operator()(const flotilla::member_joined&) { return "member_joined"; }
  std::string_view operator()(const flotilla::member_suspected&) { return "member_suspected"; }
  std::string_view operator()(const flotilla::member_recovered&) { return "member_recovered"; }
  std::string_view operator()(const flotilla::member_failed&) { return "member_failed"; }
  std::string_view operator()(const flotilla::member_left&) { return "member_left"; }
  std::string_view operator()(const flotilla::member_updated&) { return "member_updated"; }
  std::string_view operator()(const flotilla::member_forgotten&) { return "member_forgotten"; }
  std::string_view operator()(const flotilla::join_progress&) { return "join_progress"; }
  std::string_view operator()(const flotilla::join_completed&) { return "join_completed"; }
  std::string_view operator()(const flotilla::join_failed&) { return "join_failed"; }
  std::string_view operator()(const flotilla::leave_completed&) { return "leave_completed"; }
  std::string_view operator()(const flotilla::identity_conflict&) { return "identity_conflict"; }
  std::string_view operator()(const flotilla::path_broken&) { return "path_broken"; }
  std::string_view operator()(const flotilla::events_lost&) { return "events_lost"; }
  template <class Newer>
  std::string_view operator()(const Newer&) {
    return "other";  // the variant grows with the library
  }
};

/// Adds to a record what its event has besides a name.
struct event_details {
  record& to;
  flotilla::time_point start;  // times are told since then

  template <class Event>
  void operator()(const Event& event) {
    if constexpr (requires { event.member; }) to.member(event.member);
    if constexpr (requires { event.evidence; }) put(event.evidence);
    put(event);
  }

 private:
  void put(const flotilla::evidence& evidence) {
    const bool named = evidence.accuser != flotilla::member_id{};
    named ? to.id("accuser", evidence.accuser) : to.unknown("accuser");
    if (evidence.empty()) {  // the verdict is somebody else's
      to.unknown("probe").unknown("since_ms").unknown("confirmations").unknown("local_health");
      return;
    }
    to.number("probe", evidence.probe)
        .number("since_ms", milliseconds(evidence.since - start))
        .number("confirmations", evidence.confirmations)
        .number("local_health", evidence.local_health);
  }
  void put(const flotilla::join_progress& event) {
    to.number("known", event.known).number("expected", event.expected);
  }
  void put(const flotilla::join_completed& event) {
    to.id("seed", event.seed).number("members", event.members);
  }
  void put(const flotilla::join_failed& event) { to.text("reason", to_string(event.reason)); }
  void put(const flotilla::leave_completed& event) {
    to.number("acknowledged", event.acknowledged);
  }
  void put(const flotilla::identity_conflict& event) { to.text("other", event.other.to_string()); }
  void put(const flotilla::path_broken& event) { to.id("helper", event.helper); }
  void put(const flotilla::events_lost& event) {
    to.number("count", static_cast<std::int64_t>(event.count));
  }
  template <class Event>
  void put(const Event&) {}
};

/// The line for an event that was told at `now`.
inline std::string event_line(text_style style, flotilla::time_point start,
                              flotilla::time_point now, const flotilla::event& event) {
  record result{style, now - start, std::visit(event_name{}, event)};
  std::visit(event_details{result, start}, event);
  return result.line();
}

}  // namespace support
