// support/messages.hpp - datagrams, facts and members in few words, for tests of whole engines
// What is said here goes through the wire's own writer; what comes back through its reader.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include <flotilla/flotilla.hpp>
#include <support/bytes.hpp>
#include <support/group.hpp>

namespace support {

using flotilla::command_error;
using flotilla::config;
using flotilla::incarnation;
using flotilla::member_state;
using flotilla::receive_result;
using namespace std::chrono_literals;

/// Somebody else on the link, played by the test.
struct peer {
  member_id id{};
  endpoint at{};
  flotilla::incarnation number{0};

  [[nodiscard]] peer from(const endpoint& elsewhere) const { return {id, elsewhere, number}; }
  [[nodiscard]] peer saying(std::uint32_t n) const { return {id, at, incarnation{n}}; }
};

/// Member `n` where the in-memory group would put it; 1 is the engine under test.
inline peer peer_of(std::uint64_t n) { return {member_id{n}, address_of(n - 1), incarnation{0}}; }

inline wire::fact alive(const peer& who) { return {who.id, who.number, {}, who.at, {}}; }
inline wire::fact alive(const peer& who, std::uint32_t n) { return alive(who.saying(n)); }
inline wire::fact suspect(member_id who, std::uint32_t n, member_id by = member_id{9}) {
  return {who, incarnation{n}, member_state::suspect, {}, by};
}
inline wire::fact dead(member_id who, std::uint32_t n, member_id by = member_id{9}) {
  return {who, incarnation{n}, member_state::dead, {}, by};
}
inline wire::fact left(member_id who, std::uint32_t n) {
  return {who, incarnation{n}, member_state::left, {}, {}};
}

/// A datagram that the engine under test has sent.
struct sent {
  endpoint to{};
  bytes raw;
  decoded what;

  [[nodiscard]] wire::message_kind kind() const { return what.head.kind; }
  template <class Body>
  [[nodiscard]] const Body& as() const {
    return std::get<Body>(what.body);
  }
  /// The first fact about `who`, or null.
  [[nodiscard]] const wire::fact* about(member_id who) const {
    for (const wire::fact& f : what.facts) {
      if (f.subject == who) return &f;
    }
    return nullptr;
  }
};
using sent_list = std::vector<sent>;

inline std::size_t count(const sent_list& all, wire::message_kind kind) {
  std::size_t n = 0;
  for (const sent& s : all) n += s.kind() == kind ? 1U : 0U;
  return n;
}
inline sent_list only(const sent_list& all, wire::message_kind kind) {
  sent_list some;
  for (const sent& s : all) {
    if (s.kind() == kind) some.push_back(s);
  }
  return some;
}
inline sent_list only_to(const sent_list& all, const endpoint& to) {
  sent_list some;
  for (const sent& s : all) {
    if (s.to == to) some.push_back(s);
  }
  return some;
}

template <class Event>
std::size_t count(const std::vector<event>& all) {
  std::size_t n = 0;
  for (const event& e : all) n += std::holds_alternative<Event>(e) ? 1U : 0U;
  return n;
}
/// The first event of this type about `who`, or null.
template <class Event>
const Event* find(const std::vector<event>& all, member_id who) {
  for (const event& e : all) {
    const Event* found = std::get_if<Event>(&e);
    if (found != nullptr && found->member.id == who) return found;
  }
  return nullptr;
}

// ---- as text, for golden traces and for messages of failed tests

inline std::string name_of(member_id id) {
  return id == member_id{} ? "-" : std::to_string(static_cast<std::uint64_t>(id));
}
inline std::string text(const wire::fact& f) {
  std::string out{to_string(f.state)};
  out += " " + name_of(f.subject) + "@" + std::to_string(f.incarnation.value());
  if (f.state == member_state::alive) out += " at " + f.address.to_string();
  if (f.accuser != member_id{}) out += " by " + name_of(f.accuser);
  return out;
}
inline std::string text(const facts& all) {
  std::string out;
  for (const wire::fact& f : all) out += (out.empty() ? "" : ", ") + text(f);
  return out;
}
inline std::string text(const flotilla::member& m) {
  return std::string{to_string(m.state)} + " " + name_of(m.id) + "@" +
         std::to_string(m.incarnation.value()) + " at " + m.address.to_string();
}

struct event_text {
  std::string operator()(const flotilla::member_joined& e) const {
    return "joined " + text(e.member);
  }
  std::string operator()(const flotilla::member_suspected& e) const {
    return "suspected " + text(e.member) + grounds(e.evidence);
  }
  std::string operator()(const flotilla::member_recovered& e) const {
    return "recovered " + text(e.member);
  }
  std::string operator()(const flotilla::member_failed& e) const {
    return "failed " + text(e.member) + grounds(e.evidence);
  }
  std::string operator()(const flotilla::member_left& e) const { return "left " + text(e.member); }
  std::string operator()(const flotilla::member_updated& e) const {
    return "updated " + text(e.member);
  }
  std::string operator()(const flotilla::member_forgotten& e) const {
    return "forgotten " + text(e.member);
  }
  std::string operator()(const flotilla::join_progress& e) const {
    return "join_progress " + std::to_string(e.known) + " of " + std::to_string(e.expected);
  }
  std::string operator()(const flotilla::join_completed& e) const {
    return "join_completed by " + name_of(e.seed) + ", members " + std::to_string(e.members);
  }
  std::string operator()(const flotilla::join_failed& e) const {
    return "join_failed " + std::string{to_string(e.reason)};
  }
  std::string operator()(const flotilla::leave_completed& e) const {
    return "leave_completed, acknowledged " + std::to_string(e.acknowledged);
  }
  std::string operator()(const flotilla::identity_conflict& e) const {
    return "identity_conflict " + text(e.member) + ", other " + e.other.to_string();
  }
  std::string operator()(const flotilla::path_broken& e) const {
    return "path_broken " + text(e.member) + ", helper " + name_of(e.helper);
  }
  std::string operator()(const flotilla::events_lost& e) const {
    return "events_lost " + std::to_string(e.count);
  }
  template <class Later>
  std::string operator()(const Later&) const {
    return "an event that the tests do not know yet";
  }

 private:
  static std::string grounds(const flotilla::evidence& e) {
    if (e.empty()) return ", accuser " + name_of(e.accuser);
    return ", accuser " + name_of(e.accuser) + (e.probe != 0 ? ", own probe" : "") +
           ", confirmations " + std::to_string(e.confirmations);
  }
};
inline std::string text(const event& e) { return std::visit(event_text{}, e); }
inline std::string text(const std::vector<event>& all) {
  std::string out;
  for (const event& e : all) out += text(e) + "\n";
  return out;
}

/// Pulls whatever an engine has to send.
inline sent_list pull(engine& node, std::size_t buffer_size = 65536, std::uint32_t tag = 0) {
  if (tag == 0) tag = wire::group_tag_of(node.settings().cluster);
  bytes buffer(buffer_size);
  sent_list all;
  while (const auto out = node.poll_transmit(buffer)) {
    all.push_back({out->to, bytes(out->bytes.begin(), out->bytes.end()), decode(out->bytes, tag)});
    EXPECT_EQ(to_string(all.back().what.result), "accepted") << to_hex(out->bytes);
  }
  return all;
}
inline std::vector<event> pull_events(engine& node) {
  std::vector<event> all;
  while (const auto e = node.poll_event()) all.push_back(*e);
  return all;
}

}  // namespace support
