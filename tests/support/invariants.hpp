// tests/support/invariants.hpp - an engine that is checked after every input and output
// Shared by fuzz targets, properties and simulations; says in words what does not hold.
#pragma once

#include <algorithm>
#include <array>
#include <flotilla/flotilla.hpp>
#include <flotilla/wire/message.hpp>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <support/event_replay.hpp>

namespace support {

/// The most that datagrams of one kind have brought forth, for each byte of theirs, in thousandths.
/// Kept for the whole process, so that a fuzzer's run ends with its worst.
struct amplification {
  std::size_t one_reply{0};  ///< the largest datagram to an unproven address that has sent one
  std::size_t replies{0};    ///< all datagrams to that address that its own has caused
  std::size_t in_all{0};     ///< all that it has caused, to whomever

  /// True when something is larger than before.
  bool note(const amplification& other) {
    const amplification before = *this;
    one_reply = std::max(one_reply, other.one_reply);
    replies = std::max(replies, other.replies);
    in_all = std::max(in_all, other.in_all);
    return *this != before;
  }
  friend bool operator==(const amplification&, const amplification&) = default;
};

/// The engine's own surface, with the laws of the design watched on the way through. The first
/// breach is kept in problem(); what follows it means little.
class watched_engine {
 public:
  using time_point = flotilla::time_point;
  using endpoint = flotilla::endpoint;

  /// Copies are compared at every `copy_every`-th datagram; it is the dearest of the checks.
  watched_engine(const flotilla::config& settings, time_point now, unsigned copy_every = 1)
      : copy_every_{copy_every},
        node_{settings, now},
        replay_{settings.id},
        tag_{flotilla::wire::group_tag_of(settings.cluster)},
        now_{now},
        own_{node_.self()} {}

  [[nodiscard]] const flotilla::engine& node() const { return node_; }
  [[nodiscard]] const std::string& problem() const { return problem_; }
  /// The worst of all engines so far.
  [[nodiscard]] static amplification& worst() {
    static amplification so_far;
    return so_far;
  }
  /// All events polled so far.
  [[nodiscard]] const std::vector<flotilla::event>& events() const { return events_; }

  flotilla::receive_result receive(time_point now, const endpoint& from,
                                   std::span<const std::byte> datagram) {
    const before_input before{*this};
    note_request(from, datagram);
    // What is refused is to change no more than an empty datagram does: the time, and a counter.
    std::optional<flotilla::engine> refusing;
    if (received_ % copy_every_ == 0) refusing.emplace(node_);
    if (refusing) check_copy(*refusing);
    const auto result = node_.receive(now, from, datagram);
    ++received_;
    ++results_[static_cast<std::size_t>(result)];
    expect(node_.stats().received == results_, "the counters by result are wrong");
    if (refusing) {
      refusing->receive(now, from, {});
      if (result != flotilla::receive_result::accepted) {
        expect(*refusing == node_, "a refused datagram changed the state");
      }
      if (request_) request_->others = refusing->stats().transmits_pending;
    } else {
      request_.reset();
    }
    after_input(before, now);
    return result;
  }

  void tick(time_point now) {
    const before_input before{*this};
    request_.reset();  // what the tick causes answers nobody
    node_.tick(now);
    after_input(before, now);
    expect(node_.next_deadline() > now || now == time_point::max(),
           "the deadline is not later than the tick");
  }

  /// Runs a command, `f(engine&)`, and checks what it left behind.
  template <class Command>
  flotilla::command_error command(Command f) {
    const before_input before{*this};
    request_.reset();
    const flotilla::engine refusing = node_;
    const flotilla::command_error result = f(node_);
    if (result != flotilla::command_error::none) {
      expect(refusing == node_, "a refused command changed the state");
    }
    after_input(before, now_);
    return result;
  }

  /// Pulls one datagram into a buffer of `room` bytes.
  std::optional<flotilla::transmit> pull(std::span<std::byte> buffer) {
    const auto pending = node_.stats().transmits_pending;
    const auto out = node_.poll_transmit(buffer);
    if (!out) {
      // No message is longer without facts, and no reply is limited to less.
      expect(pending == 0 || buffer.size() < flotilla::min_datagram_size,
             "a waiting datagram was not handed out");
      if (pending == 0) request_.reset();
      return out;
    }
    ++sent_;
    bytes_sent_ += out->bytes.size();
    expect(node_.stats().datagrams_sent == sent_ && node_.stats().bytes_sent == bytes_sent_,
           "what was pulled is miscounted");
    check_datagram(*out, buffer.size());
    return out;
  }

  /// Polls all events and compares their replay with members().
  void drain_events() {
    drained_ = true;
    while (const auto e = node_.poll_event()) {
      expect_empty(replay_.take(*e));
      if (const auto* loss = std::get_if<flotilla::events_lost>(&*e)) {
        lost_ += loss->count;
        replay_.start_over(node_);
      } else {
        ++told_;
      }
      check_evidence(*e);
      events_.push_back(*e);
    }
    expect(node_.stats().events == told_, "events are miscounted");
    expect(node_.stats().events_dropped == lost_, "lost events are miscounted");
    expect_empty(replay_.compare(node_));
  }

 private:
  struct record {
    flotilla::incarnation incarnation;
    flotilla::member_state state{};
  };
  /// What the engine is allowed to answer to the last datagram, until the outbox was empty.
  struct request {
    endpoint from;
    std::size_t size{0};
    std::vector<flotilla::member_id> residents{};
    bool proven{false};      // has echoed its cookie
    std::size_t others{0};   // datagrams in front that the time has caused
    std::size_t replied{0};  // bytes to where it came from
    std::size_t caused{0};   // bytes to whomever
  };
  struct before_input {
    explicit before_input(const watched_engine& w)
        : drained{w.drained_},
          adoptions{w.node_.stats().adoptions},
          merged{w.node_.stats().facts_merged},
          refutations{w.node_.stats().refutations},
          acknowledged{w.node_.stats().probes_acknowledged + w.node_.stats().chunks_received != 0} {
    }
    bool drained;
    std::uint64_t adoptions;
    std::uint64_t merged;
    std::uint64_t refutations;
    bool acknowledged;  // surely: somebody answered us in this life
  };

  void expect(bool holds, const char* what) {
    if (!holds && problem_.empty()) problem_ = what;
  }
  void expect_empty(const std::string& what) {
    if (problem_.empty()) problem_ = what;
  }

  void check_copy(const flotilla::engine& copy) {
    expect(copy == node_ && copy.state_hash() == node_.state_hash(), "a copy is unequal");
    expect(copy.stats() == node_.stats(), "a copy counts differently");
  }

  static std::string hex_of(std::span<const std::byte> bytes) {
    std::string text;
    for (const std::byte b : bytes) {
      text += "0123456789abcdef"[std::to_integer<unsigned>(b >> 4U)];
      text += "0123456789abcdef"[std::to_integer<unsigned>(b & std::byte{15})];
    }
    return text;
  }

  void note_request(const endpoint& from, std::span<const std::byte> datagram) {
    if (node_.stats().transmits_pending != 0) {
      request_.reset();
      return;
    }
    request_ = request{from, datagram.size()};
    // Others that live there may be spoken to meanwhile, as one whose relay ends.
    for (const flotilla::member m : node_.members()) {
      if (is_active(m.state) && m.address == from) request_->residents.push_back(m.id);
    }
    flotilla::wire::message message;
    if (read_message(datagram, tag_, message) != flotilla::receive_result::accepted) return;
    const auto issued = cookies_.find(from);
    if (issued == cookies_.end()) return;
    const auto echoes = [&](const auto& body) {
      if constexpr (requires { body.cookie; }) return body.cookie == issued->second;
      return false;
    };
    request_->proven = std::visit(echoes, message.body);
  }

  void after_input(const before_input& before, time_point now) {
    now_ = now;
    const flotilla::engine& e = node_;
    // The ring holds what one input can cause (law 2).
    expect(!before.drained || e.stats().events_dropped == lost_, "one input lost events");
    drained_ = false;
    expect(e.next_deadline() >= now, "the deadline lies before the latest input");
    check_own(before);
    check_members(before);
    check_counters();
  }

  void check_own(const before_input& before) {
    const flotilla::member self = node_.self();
    expect(self.id == own_.id, "the own id changed");
    expect(
        self.state == flotilla::member_state::alive || self.state == flotilla::member_state::left,
        "the engine believes itself suspect or dead");
    expect(own_.state != flotilla::member_state::left || self.state == own_.state,
           "the engine is back after its farewell");
    // Each refutation leads at most W and one further; a change of address one (S1).
    const std::uint64_t raised = node_.stats().refutations - before.refutations;
    const std::uint64_t most = 1 + raised * (std::uint64_t{flotilla::incarnation::window()} + 1);
    if (raised == 0 || (before.acknowledged && raised == 1)) {
      expect(own_.incarnation.steps_to(self.incarnation) <= most,
             "the own incarnation went backwards");
    }
    own_ = self;
  }

  void check_members(const before_input& before) {
    const std::uint64_t merged = node_.stats().facts_merged - before.merged;
    // A serial number that was led around more than half of its range looks like one that fell.
    const bool ordered = merged <= 2 && node_.stats().adoptions == before.adoptions;
    std::map<flotilla::member_id, record> now;
    std::size_t active = 0;
    std::size_t count = 0;
    std::array<std::size_t, 4> in_state{};
    for (const flotilla::member m : node_.members()) {
      ++count;
      active += is_active(m.state) ? 1U : 0U;
      ++in_state[static_cast<std::size_t>(m.state)];
      expect(node_.find(m.id) == m, "find() differs from members()");
      expect(count != 1 || m.id == own_.id, "self does not come first");
      if (m.id == own_.id) continue;
      now[m.id] = {m.incarnation, m.state};
      const auto held = held_.find(m.id);
      if (held == held_.end() || !ordered) continue;
      check_step(m.id, held->second, now[m.id]);
    }
    for (const auto& [id, was] : held_) {
      if (now.count(id) == 0) {
        expect(!is_active(was.state), "an active member is gone without a verdict");
      }
    }
    expect(now.size() + 1 == count, "a member stands twice in members()");
    expect(count == node_.members().size(), "members().size() is wrong");
    expect(active == node_.size(), "size() is not the number of active members");
    expect(count <= std::max<std::size_t>(1, node_.settings().max_members), "too many members");
    const flotilla::statistics& s = node_.stats();
    expect(s.members_dead == in_state[2] && s.members_left == in_state[3] &&
               s.suspicions_held == in_state[1],
           "the gauges differ from members()");
    expect(s.gossip_pending <= count, "more than one pending fact a member (S14, S15)");
    held_ = std::move(now);
  }

  /// S2 to S4, on what one input made of one entry.
  void check_step(flotilla::member_id id, const record& was, const record& is) {
    const std::uint32_t steps = was.incarnation.steps_to(is.incarnation);
    if (steps > 2 * std::uint64_t{flotilla::incarnation::window()}) {
      expect_empty("the incarnation held of member " + name_of(id) + " decreased (S2)");
    }
    if (steps == 0 && is.state < was.state) {
      expect_empty("member " + name_of(id) + " went from " + std::string{to_string(was.state)} +
                   " to " + std::string{to_string(is.state)} + " at one incarnation (S3, S4)");
    }
  }

  void check_counters() {
    const flotilla::statistics& s = node_.stats();
    const std::uint64_t ended =
        s.probes_acknowledged + s.probes_acknowledged_by_helper + s.probes_failed + s.probes_unsent;
    expect(ended <= s.probes, "more probes ended than began");
    expect(s.transmits_pending <= node_.settings().max_transmits, "the outbox overflows");
    std::uint64_t all = 0;
    for (const std::uint64_t one : s.received) all += one;
    expect(all == received_, "results do not sum up to the datagrams received");
  }

  void check_datagram(const flotilla::transmit& out, std::size_t room) {
    const flotilla::config& settings = node_.settings();
    const std::size_t most = settings.max_datagram_size - settings.datagram_overhead;
    expect(out.bytes.size() <= most && out.bytes.size() <= room, "a datagram is too large");
    expect(out.to.is_unicast(), "a datagram to an address that reaches no single member");
    flotilla::wire::message message;
    const auto result = read_message(out.bytes, tag_, message);
    if (result != flotilla::receive_result::accepted) {
      expect_empty("a datagram that others refuse: " + std::string{to_string(result)} + " in " +
                   hex_of(out.bytes));
      return;
    }
    expect(message.head.sender == own_.id && message.head.target != own_.id,
           "a datagram with a wrong head");
    if (request_ && request_->others != 0) {
      --request_->others;
    } else if (request_ && !request_->proven && request_->residents.empty()) {
      check_amplification(out);
    } else if (request_ && out.to == request_->from && !request_->proven &&
               std::count(request_->residents.begin(), request_->residents.end(),
                          message.head.target) == 0) {
      expect(out.bytes.size() <= 3 * request_->size, "an unproven address was answered at length");
    }
    if (const auto* reply = std::get_if<flotilla::wire::state_reply>(&message.body)) {
      cookies_[out.to] = reply->cookie;
    }
  }

  /// The last datagram came from an address where nobody is known.
  void check_amplification(const flotilla::transmit& out) {
    const auto ratio = [this](std::size_t bytes) { return bytes * 1000 / request_->size; };
    if (request_->size == 0) return;
    request_->caused += out.bytes.size();
    amplification now;
    now.in_all = ratio(request_->caused);
    if (out.to == request_->from) {
      request_->replied += out.bytes.size();
      now.one_reply = ratio(out.bytes.size());
      now.replies = ratio(request_->replied);
      expect(now.one_reply <= 3000, "an unproven address was answered at length");
    }
    worst().note(now);
  }

  void check_evidence(const flotilla::event& what) {
    const auto check = [this](const auto& e) {
      if constexpr (requires { e.evidence; }) {
        expect(e.evidence.empty() || e.evidence.accuser != flotilla::member_id{},
               "evidence of our own without an accuser");
      }
    };
    std::visit(check, what);
  }

  unsigned copy_every_;
  flotilla::engine node_;
  event_replay replay_;
  std::uint32_t tag_;
  time_point now_;
  flotilla::member own_;
  std::map<flotilla::member_id, record> held_;
  std::optional<request> request_;
  std::map<endpoint, std::uint64_t> cookies_;
  std::vector<flotilla::event> events_;
  std::array<std::uint64_t, flotilla::receive_result_count> results_{};
  std::uint64_t received_{0};
  std::uint64_t sent_{0};
  std::uint64_t bytes_sent_{0};
  std::uint64_t told_{0};
  std::uint64_t lost_{0};
  bool drained_{true};
  std::string problem_;
};

}  // namespace support
