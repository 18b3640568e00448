// tests/support/event_replay.hpp - the member list that an engine's events tell
// Says in words which event broke the rules (S13), and where the list differs from members().
#pragma once

#include <flotilla/flotilla.hpp>
#include <map>
#include <string>
#include <variant>

namespace support {

/// An id as people read it.
inline std::string name_of(flotilla::member_id id) {
  return std::to_string(static_cast<std::uint64_t>(id));
}

class event_replay {
 public:
  /// What is shown of one member.
  struct shown {
    flotilla::endpoint address;
    flotilla::member_state state{};
    friend bool operator==(const shown&, const shown&) = default;
  };

  explicit event_replay(flotilla::member_id self) : self_{self} {}

  /// Takes the next event. Returns what is wrong with it, or an empty text.
  [[nodiscard]] std::string take(const flotilla::event& what) {
    return std::visit([this](const auto& e) { return step(e); }, what);
  }

  /// Events were lost: what is shown now is where later ones continue.
  void start_over(const flotilla::engine& node) {
    shown_.clear();
    for (const flotilla::member m : node.members()) {
      if (m.id != self_) shown_[m.id] = {m.address, m.state};
    }
    lost_ = 0;
  }
  /// How many events are gone since the last start_over().
  [[nodiscard]] std::uint64_t lost() const { return lost_; }

  /// Empty when the engine shows exactly what its events told.
  [[nodiscard]] std::string compare(const flotilla::engine& node) const {
    std::size_t others = 0;
    for (const flotilla::member m : node.members()) {
      if (m.id == self_) continue;
      ++others;
      const auto told = shown_.find(m.id);
      if (told == shown_.end()) return "no event told of member " + name_of(m.id);
      if (told->second == shown{m.address, m.state}) continue;
      return "events show member " + name_of(m.id) + " as " +
             std::string{to_string(told->second.state)} + " at " +
             told->second.address.to_string() + ", members() as " +
             std::string{to_string(m.state)} + " at " + m.address.to_string();
    }
    if (others == shown_.size()) return {};
    for (const auto& [id, what] : shown_) {
      if (!node.find(id)) return "events still show member " + name_of(id);
    }
    return "members() and the events differ in size";
  }

 private:
  using state = flotilla::member_state;

  /// The rules that all events about members share; `before` is null for one not shown.
  std::string concerns(const flotilla::member& m, const shown*& before) {
    before = nullptr;
    if (m.id == self_) return "an event about the engine itself";
    const auto at = shown_.find(m.id);
    if (at != shown_.end()) before = &at->second;
    return {};
  }
  std::string put(const char* event, bool allowed, const flotilla::member& m, state now) {
    if (!allowed) return std::string{event} + " of member " + name_of(m.id) + " out of turn";
    if (m.state != now) return std::string{event} + " carries another state";
    shown_[m.id] = {m.address, now};
    return {};
  }

  std::string step(const flotilla::member_joined& e) {
    const shown* before = nullptr;
    if (auto wrong = concerns(e.member, before); !wrong.empty()) return wrong;
    return put("joined", before == nullptr || !is_active(before->state), e.member, state::alive);
  }
  std::string step(const flotilla::member_suspected& e) {
    const shown* before = nullptr;
    if (auto wrong = concerns(e.member, before); !wrong.empty()) return wrong;
    if (before == nullptr || before->state != state::alive || before->address == e.member.address) {
      return put("suspected", before != nullptr && before->state == state::alive, e.member,
                 state::suspect);
    }
    return "suspected moves member " + name_of(e.member.id);
  }
  std::string step(const flotilla::member_recovered& e) {
    const shown* before = nullptr;
    if (auto wrong = concerns(e.member, before); !wrong.empty()) return wrong;
    return put("recovered", before != nullptr && before->state == state::suspect, e.member,
               state::alive);
  }
  std::string step(const flotilla::member_failed& e) {
    const shown* before = nullptr;
    if (auto wrong = concerns(e.member, before); !wrong.empty()) return wrong;
    return put("failed", before != nullptr && is_active(before->state), e.member, state::dead);
  }
  std::string step(const flotilla::member_left& e) {
    const shown* before = nullptr;
    if (auto wrong = concerns(e.member, before); !wrong.empty()) return wrong;
    return put("left", before != nullptr && before->state != state::left, e.member, state::left);
  }
  std::string step(const flotilla::member_updated& e) {
    const shown* before = nullptr;
    if (auto wrong = concerns(e.member, before); !wrong.empty()) return wrong;
    if (before == nullptr) return "updated of unknown member " + name_of(e.member.id);
    // The address changes before a change of state is told; until then the state shown is older.
    shown_[e.member.id].address = e.member.address;
    return {};
  }
  std::string step(const flotilla::member_forgotten& e) {
    const shown* before = nullptr;
    if (auto wrong = concerns(e.member, before); !wrong.empty()) return wrong;
    if (before == nullptr || is_active(before->state)) {
      return "forgotten, though not dead or left: member " + name_of(e.member.id);
    }
    shown_.erase(e.member.id);
    return {};
  }
  std::string step(const flotilla::events_lost& e) {
    if (e.count == 0) return "events_lost, but none is";
    lost_ += e.count;
    return {};
  }
  template <class Other>
  std::string step(const Other&) {
    return {};
  }

  flotilla::member_id self_;
  std::map<flotilla::member_id, shown> shown_;
  std::uint64_t lost_{0};
};

}  // namespace support
