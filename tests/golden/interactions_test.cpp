// Golden traces: whole interactions as text, one line a datagram and one an event.
// FLOTILLA_REWRITE_GOLDEN=1 writes tests/golden/*.txt anew; read the difference before you commit
// it.
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include <support/messages.hpp>

namespace {

using namespace support;

constexpr duration latency = 1ms;

/// Sequence numbers and cookies are unpredictable by design: they are told by their first
/// appearance, so that a trace changes only when the conversation does.
class short_names {
 public:
  std::string operator()(std::uint64_t value) {
    const auto [at, fresh] = names_.emplace(value, names_.size() + 1);
    static_cast<void>(fresh);
    return "#" + std::to_string(at->second);
  }

 private:
  std::map<std::uint64_t, std::size_t> names_;
};

struct message_text {
  short_names& sequences;
  short_names& cookies;

  std::string operator()(const wire::ping& m) const { return "ping " + sequences(m.sequence); }
  std::string operator()(const wire::ping_request& m) const {
    return "ping_request " + sequences(m.sequence) + " of " + name_of(m.subject) + " at " +
           m.address.to_string();
  }
  std::string operator()(const wire::ack& m) const {
    return "ack " + sequences(m.sequence) + " @" + std::to_string(m.incarnation.value());
  }
  std::string operator()(const wire::relayed_ack& m) const {
    return "relayed_ack " + sequences(m.sequence) + " of " + name_of(m.subject) + "@" +
           std::to_string(m.incarnation.value());
  }
  std::string operator()(const wire::nack& m) const { return "nack " + sequences(m.sequence); }
  std::string operator()(const wire::join_request& m) const {
    return "join_request " + sequences(m.sequence) + cookie(m.cookie);
  }
  std::string operator()(const wire::state_request& m) const {
    return "state_request " + sequences(m.sequence) + cookie(m.cookie) + " from row " +
           row(m.cursor);
  }
  std::string operator()(const wire::state_reply& m) const {
    return "state_reply " + sequences(m.sequence) + cookie(m.cookie) + " next row " + row(m.next) +
           ", members " + std::to_string(m.members);
  }

  std::string operator()(const wire::repair_request& m) const {
    return "repair_request " + sequences(m.sequence) + cookie(m.cookie);
  }
  std::string operator()(const wire::repair_reply& m) const {
    return "repair_reply " + sequences(m.sequence) + cookie(m.cookie);
  }

 private:
  [[nodiscard]] std::string cookie(std::uint64_t value) const {
    return value == 0 ? " no cookie" : " cookie " + cookies(value);
  }
  static std::string row(std::uint32_t at) {
    return at == wire::end_of_state ? "end" : std::to_string(at);
  }
};

/// Engines on a link that takes exactly a millisecond, and a pen.
class stage {
 public:
  std::size_t enter(std::uint64_t id, std::size_t place) {
    config c = config::loopback();
    c.id = member_id{id};
    c.address = address_of(place);
    c.seed = 1000 + next_seed_++;
    c.period_jitter_percent = 0;
    c.repair_interval = duration::zero();
    c.healing_interval = duration::zero();
    actors_.push_back({engine{c, now_}, c.address, true});
    return actors_.size() - 1;
  }
  /// `size` members that know each other, and have told all that there was to tell.
  void rehearse(std::size_t size) {
    for (std::size_t i = 0; i < size; ++i) enter(i + 1, i);
    for (std::size_t i = 1; i < size; ++i) actors_[i].node.join({address_of(0)});
    run_for(10s);
  }
  [[nodiscard]] engine& operator[](std::size_t i) { return actors_[i].node; }
  void die(std::size_t i) { actors_[i].lives = false; }
  void record() {
    begin_ = now_;
    recording_ = true;
  }
  void note(const std::string& what) { line("== " + what); }
  [[nodiscard]] std::string trace() const { return trace_; }
  [[nodiscard]] time_point now() const { return now_; }

  void run_for(duration length) {
    const time_point end = now_ + length;
    for (;;) {
      for (std::size_t i = 0; i < actors_.size(); ++i) act(i);
      time_point next = flying_.empty() ? time_point::max() : flying_.begin()->first;
      for (const actor& a : actors_) {
        if (a.lives) next = std::min(next, a.node.next_deadline());
      }
      if (next > end) break;
      now_ = std::max(now_, next);
      while (!flying_.empty() && flying_.begin()->first <= now_) deliver();
      for (actor& a : actors_) {
        if (a.lives && a.node.next_deadline() <= now_) a.node.tick(now_);
      }
    }
    now_ = end;
  }

 private:
  struct actor {
    engine node;
    endpoint at;
    bool lives;
  };

  void line(const std::string& what) {
    if (!recording_) return;
    const auto us = std::chrono::duration_cast<std::chrono::microseconds>(now_ - begin_).count();
    char time[32];
    std::snprintf(time, sizeof time, "%4lld.%03lld  ", static_cast<long long>(us / 1000),
                  static_cast<long long>(us % 1000));
    trace_ += time + what + "\n";
  }
  /// Everything that one member has to send and to tell.
  void act(std::size_t i) {
    if (!actors_[i].lives) return;
    const std::string who = name_of(actors_[i].node.self().id);
    for (const sent& s : pull(actors_[i].node)) {
      std::string what = who + " -> " + s.to.to_string() + "  " + to(s.what.head.target) +
                         std::visit(message_text{sequences_, cookies_}, s.what.body);
      if (s.what.head.introduce) what += " introduce";
      if (!s.what.facts.empty()) what += "  [" + text(s.what.facts) + "]";
      if (find(s.to) == actors_.size()) what += "  (lost)";
      line(what);
      flying_.emplace(now_ + latency, packet{actors_[i].at, s.to, s.raw});
    }
    for (const event& e : pull_events(actors_[i].node)) line(who + " *  " + text(e));
  }
  static std::string to(member_id target) {
    return target == member_id{} ? "to anybody: " : "to " + name_of(target) + ": ";
  }
  [[nodiscard]] std::size_t find(const endpoint& at) const {
    std::size_t i = 0;
    while (i < actors_.size() && !(actors_[i].lives && actors_[i].at == at)) ++i;
    return i;
  }
  void deliver() {
    const packet p = flying_.begin()->second;
    flying_.erase(flying_.begin());
    const std::size_t i = find(p.to);
    if (i == actors_.size()) return;
    const auto result = actors_[i].node.receive(now_, p.from, p.data);
    if (result != receive_result::accepted) {
      line(name_of(actors_[i].node.self().id) + " refuses: " + std::string{to_string(result)});
    }
    act(i);
  }

  time_point now_{1h};
  time_point begin_{};
  bool recording_{false};
  std::uint64_t next_seed_{0};
  std::vector<actor> actors_;
  std::multimap<time_point, packet> flying_;
  short_names sequences_;
  short_names cookies_;
  std::string trace_;
};

void compare(const std::string& name, const std::string& trace) {
  const std::string path = std::string{FLOTILLA_SOURCE_DIR} + "/tests/golden/" + name + ".txt";
  const char* rewrite = std::getenv("FLOTILLA_REWRITE_GOLDEN");
  if (rewrite != nullptr && std::string{rewrite} == "1") {
    std::ofstream{path, std::ios::binary} << trace;
    GTEST_SKIP() << "rewritten: " << path;
  }
  std::ifstream file{path, std::ios::binary};
  ASSERT_TRUE(file) << "missing: " << path;
  std::ostringstream golden;
  golden << file.rdbuf();
  EXPECT_EQ(trace, golden.str()) << path << " (FLOTILLA_REWRITE_GOLDEN=1 rewrites it)";
}

TEST(Golden, JoinOfTwo) {
  stage s;
  s.enter(1, 0);
  s.enter(2, 1);
  s.record();
  s.note("2 joins 1");
  s[1].join({address_of(0)});
  s.run_for(1s);
  EXPECT_EQ(s[0].size(), 2U);
  EXPECT_EQ(s[1].size(), 2U);
  compare("join_of_two", s.trace());
}

TEST(Golden, CrashWithHelpers) {
  stage s;
  s.rehearse(4);
  s.record();
  s.note("4 crashes");
  s.die(3);
  s.run_for(3s);
  for (const std::size_t i : {0U, 1U, 2U}) {
    EXPECT_EQ(s[i].find(member_id{4})->state, member_state::dead);
  }
  compare("crash_with_helpers", s.trace());
}

TEST(Golden, Refutation) {
  stage s;
  s.rehearse(3);
  s.record();
  s.note("1 is told that 9 suspects 2");
  const auto tag = wire::group_tag_of("");
  s[0].receive(s.now(), address_of(8),
               datagram(wire::nack{}, {}, {.group_tag = tag, .sender = member_id{9}}));
  s[0].receive(s.now(), address_of(8),
               datagram(wire::ack{}, {suspect(member_id{2}, s[1].self().incarnation.value())},
                        {.group_tag = tag, .sender = member_id{9}}));
  s.run_for(1s);
  EXPECT_EQ(s[0].find(member_id{2})->state, member_state::alive);
  compare("refutation", s.trace());
}

TEST(Golden, Leave) {
  stage s;
  s.rehearse(4);
  s.record();
  s.note("3 leaves");
  s[2].leave();
  s.run_for(1s);
  for (const std::size_t i : {0U, 1U, 3U}) {
    EXPECT_EQ(s[i].find(member_id{3})->state, member_state::left);
  }
  compare("leave", s.trace());
}

TEST(Golden, RestartWithIncarnationZero) {
  stage s;
  s.rehearse(3);
  s.die(2);
  s.run_for(5s);
  ASSERT_EQ(s[0].find(member_id{3})->state, member_state::dead);
  s.record();
  s.note("3 starts again where it was, with incarnation 0, and joins 2");
  s[s.enter(3, 2)].join({address_of(1)});
  s.run_for(1s);
  for (const std::size_t i : {0U, 1U}) {
    EXPECT_EQ(s[i].find(member_id{3})->state, member_state::alive);
  }
  compare("restart_with_incarnation_zero", s.trace());
}

TEST(Golden, CandidateReplacement) {
  stage s;
  s.rehearse(3);
  s.die(2);
  s.record();
  s.note("9 starts where 3 was until a moment ago, and joins 1");
  s[s.enter(9, 2)].join({address_of(0)});
  s.run_for(1s);
  for (const std::size_t i : {0U, 1U}) {
    EXPECT_EQ(s[i].find(member_id{9})->state, member_state::alive);
    EXPECT_EQ(s[i].find(member_id{3})->state, member_state::dead);
  }
  compare("candidate_replacement", s.trace());
}

}  // namespace
