// examples/demo/member.cpp - the life of one member, in a process of its own
// It knows nothing of the scenario: it does what the parent asks and reports what its engine says.
#include <demo/member.hpp>

#include <poll.h>

#include <cstdlib>
#include <variant>

namespace demo {
namespace {

// What to report of an event; nothing of those that the demo does not show.
struct to_report {
  using result = std::optional<report>;

  static report about(report_kind kind, const flotilla::member& member,
                      const flotilla::evidence& evidence = {}) {
    report what;
    what.kind = kind;
    what.member = member;
    what.evidence = evidence;
    return what;
  }
  static report counting(report_kind kind, std::uint64_t count) {
    report what;
    what.kind = kind;
    what.count = count;
    return what;
  }

  result operator()(const flotilla::member_joined& event) {
    return about(report_kind::joined, event.member);
  }
  result operator()(const flotilla::member_suspected& event) {
    return about(report_kind::suspected, event.member, event.evidence);
  }
  result operator()(const flotilla::member_recovered& event) {
    return about(report_kind::recovered, event.member);
  }
  result operator()(const flotilla::member_failed& event) {
    return about(report_kind::failed, event.member, event.evidence);
  }
  result operator()(const flotilla::member_left& event) {
    return about(report_kind::left, event.member);
  }
  result operator()(const flotilla::member_updated& event) {
    return about(report_kind::updated, event.member);
  }
  result operator()(const flotilla::member_forgotten& event) {
    return about(report_kind::forgotten, event.member);
  }
  result operator()(const flotilla::path_broken& event) {
    report what = about(report_kind::path_broken, event.member);
    what.other = event.helper;
    return what;
  }
  result operator()(const flotilla::identity_conflict& event) {
    return about(report_kind::conflict, event.member);
  }
  result operator()(const flotilla::join_failed&) { return counting(report_kind::join_failed, 0); }
  result operator()(const flotilla::leave_completed& event) {
    return counting(report_kind::leave_completed, event.acknowledged);
  }
  result operator()(const flotilla::events_lost& event) {
    return counting(report_kind::events_lost, event.count);
  }
  template <class Other>
  result operator()(const Other&) {
    return std::nullopt;
  }
};

}  // namespace

member_process::member_process(const flotilla::config& config, support::udp_socket socket,
                               channel parent)
    : socket_{std::move(socket)}, parent_{std::move(parent)}, engine_{config, support::now()} {}

int member_process::run(std::span<const flotilla::endpoint> seeds) {
  if (!seeds.empty()) engine_.join(seeds);
  while (parent_.is_open()) {
    obey();
    receive();
    engine_.tick(support::now());
    tell();
    send();
    if (has_left_) return EXIT_SUCCESS;
    wait();
  }
  return EXIT_FAILURE;
}

void member_process::obey() {
  std::byte commands[16];
  const auto size = parent_.receive(commands);
  if (!size) return parent_.close();
  for (const std::byte byte : std::span{commands}.first(*size)) {
    switch (static_cast<command>(byte)) {
      case command::list_members: list_members(); break;
      case command::leave: engine_.leave(); break;
    }
  }
}

void member_process::receive() {
  for (int i = 0; i < 64; ++i) {  // packets before timers, but not for ever
    const auto packet = socket_.receive(buffer_);
    if (!packet) return;
    engine_.receive(support::now(), packet->from, packet->bytes);
  }
}

void member_process::send() {
  while (const auto out = engine_.poll_transmit(buffer_)) socket_.send(out->to, out->bytes);
}

void member_process::tell() {
  while (const auto event = engine_.poll_event()) {
    if (const auto what = std::visit(to_report{}, *event)) tell(*what);
    if (std::holds_alternative<flotilla::leave_completed>(*event)) has_left_ = true;
  }
}

void member_process::tell(report what) {
  what.at = support::now();
  if (!parent_.send(std::as_bytes(std::span{&what, 1}))) parent_.close();
}

void member_process::list_members() {
  report what;
  what.kind = report_kind::listed;
  for (const flotilla::member& member : engine_.members()) {
    what.member = member;
    tell(what);
  }
  what.kind = report_kind::list_end;
  tell(what);
}

void member_process::wait() {
  pollfd waiting[] = {{socket_.fd(), POLLIN, 0}, {parent_.fd(), POLLIN, 0}};
  ::poll(waiting, 2, support::poll_timeout(engine_.next_deadline()));
}

}  // namespace demo
