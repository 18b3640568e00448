// flotilla/testing/checkers/views.hpp - S2, S3, S4, S18: how a view of others may change
// Every change is judged twice over: as each event tells it, and as the whole table shows it after
// the step.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <type_traits>
#include <variant>
#include <vector>

#include <flotilla/testing/checkers/checker.hpp>
#include <flotilla/testing/checkers/shadow_view.hpp>

namespace flotilla {
inline namespace v1 {
namespace testing {

/// What one member may come to believe of another, as long as it keeps it in its table:
///
/// S2: the incarnation never decreases, also where the state stays as it is. The one exception is
/// that of the merge: a member that answers first-hand from farther than W is believed
/// (statistics::adoptions counts it). Nothing else is merged from outside the window. And what it
/// hears of a member that it knows counts, also where the state stays as it is: who hears dead@10
/// while it holds dead@1 holds at least dead@10 afterwards, lest alive@2 revive it. An accusation
/// that waits for a check (statistics::accusations_doubted) counts when nobody answers that.
/// S3: within one incarnation it goes alive, suspect, dead (SWIM, section 4.2), never back; so each
/// is entered at most once.
/// S4: dead or left at i becomes alive or suspect only at more than i, or after it was forgotten;
/// what left does not become dead at that incarnation either.
/// S18: a member that is unknown is added only by an alive fact about it or by its own answer. An
/// accusation neither adds it nor is told of by an event.
///
/// evict, allow and fail keep to these, and so do all experiments.
class views_checker final : public checker {
 public:
  using checker::checker;

  /// What has been judged; where one stays 0, the run says nothing about that.
  struct tally {
    std::uint64_t changes{0};    ///< of (incarnation, state), by events and by looks
    std::uint64_t silent{0};     ///< those that no event told: bare incarnations
    std::uint64_t newcomers{0};  ///< members that were unknown
    std::uint64_t returns{0};    ///< from dead or left, at a higher incarnation
    std::uint64_t adoptions{0};  ///< from outside the window
    std::uint64_t heard{0};      ///< facts that overrode what was held
    std::uint64_t doubted{0};    ///< of these, accusations that wait for a check
  };
  [[nodiscard]] const tally& judged() const noexcept { return judged_; }

  void on_start(time_point now, node_index node, std::uint32_t life) override;
  void on_receive(time_point now, node_index node, const engine& before, const endpoint& from,
                  node_index source, std::span<const std::byte> bytes) override;
  void on_event(time_point now, node_index node, const engine& after, const event& what) override;
  void on_step(time_point now, node_index node, const engine& after, input_kind input) override;

 private:
  struct nothing {
    friend bool operator==(const nothing&, const nothing&) = default;
  };
  using view = shadow_view<nothing>;
  struct watched {
    view shown{};
    std::uint32_t tag{0};
    std::uint64_t mark{0};
    std::uint64_t adoptions{0};  // by the end of the last step; the excused ones of this step too
    std::uint64_t merged{0};     // by the end of the last step
    std::uint64_t dropped{0};
    std::uint64_t skipped{0};  // facts that were heard and not merged, for a stated reason
    std::uint64_t facts{0};    // received by the end of the last step
    std::uint64_t doubted{0};  // by the end of the last step
  };

  template <class Event>
  void take(node_index node, const engine& after, const Event& what);
  void judge(node_index node, const engine& after, const member& was, const member& now);
  void judge_other_incarnation(node_index node, const engine& after, const member& was,
                               const member& now);
  void judge_heard(node_index node, const engine& after);
  [[nodiscard]] bool waits(const wire::fact& told, std::uint64_t& fresh);
  [[nodiscard]] static bool overrides(const wire::fact& told, const member& held) noexcept {
    if (told.incarnation == held.incarnation) return told.state > held.state;
    return told.incarnation > held.incarnation && held.incarnation.within_window(told.incarnation);
  }
  [[nodiscard]] static std::uint64_t skipped(const statistics& s) noexcept {
    return s.facts_about_denied + s.facts_of_strangers + s.facts_refused_memory + s.adoptions;
  }
  void found(const char* property, node_index node, const char* what, const member& was,
             const member& now) {
    violated(property, node, what + (": " + view_text(was)) + " became " + view_text(now));
  }

  std::vector<watched> nodes_{};
  member_id sender_{};                // of the datagram of this step; 0 without one
  std::vector<wire::fact> news_{};    // its facts about others that override what was held
  std::vector<member_id> vouched_{};  // whom it calls alive and nobody here knew
  tally judged_{};
};

inline void views_checker::on_start(time_point now, node_index node, std::uint32_t life) {
  (void)now, (void)life;
  if (node >= nodes_.size()) nodes_.resize(node + std::size_t{1});
  nodes_[node] = watched{};
  nodes_[node].tag = wire::group_tag_of(group().config_of(node).cluster);
}

inline void views_checker::on_receive(time_point now, node_index node, const engine& before,
                                      const endpoint& from, node_index source,
                                      std::span<const std::byte> bytes) {
  (void)now, (void)before, (void)from, (void)source;
  watched& w = nodes_[node];
  wire::message message;
  if (wire::read_message(bytes, w.tag, message) != receive_result::accepted) return;
  sender_ = message.head.sender;
  wire::fact_reader facts{message.facts};
  wire::fact fact;
  for (;;) {
    const wire::fact_read read = facts.next(fact);
    if (read == wire::fact_read::end || read == wire::fact_read::malformed) return;
    if (read != wire::fact_read::fact) continue;
    const view::entry* held = w.shown.find(fact.subject);
    if (held == nullptr) {
      const bool vouched =
          std::find(vouched_.begin(), vouched_.end(), fact.subject) != vouched_.end();
      if (fact.state == member_state::alive) {
        vouched_.push_back(fact.subject);
      } else if (vouched) {
        news_.push_back(fact);
      }
    } else if (overrides(fact, held->shown)) {
      news_.push_back(fact);
    }
  }
}

inline void views_checker::on_event(time_point now, node_index node, const engine& after,
                                    const event& what) {
  (void)now;
  std::visit([&](const auto& e) { take(node, after, e); }, what);
}

template <class Event>
void views_checker::take(node_index node, const engine& after, const Event& what) {
  constexpr bool joined = std::is_same_v<Event, member_joined>;
  constexpr bool verdict = std::is_same_v<Event, member_suspected> ||
                           std::is_same_v<Event, member_failed> ||
                           std::is_same_v<Event, member_left>;
  constexpr bool forgotten = std::is_same_v<Event, member_forgotten>;
  if constexpr (joined || verdict || forgotten || std::is_same_v<Event, member_recovered> ||
                std::is_same_v<Event, member_updated>) {
    view& shown = nodes_[node].shown;
    const view::entry* before = shown.find(what.member.id);
    if (before != nullptr) {
      judge(node, after, before->shown, what.member);
    } else if (verdict) {
      violated("S18", node, "an accusation of an unknown member: " + view_text(what.member));
    } else if (joined && what.member.id != sender_ &&
               std::find(vouched_.begin(), vouched_.end(), what.member.id) == vouched_.end()) {
      violated("S18", node, "added without its or an alive fact's word: " + view_text(what.member));
    }
    judged_.newcomers += joined && before == nullptr ? 1U : 0U;
    if (forgotten) {
      shown.erase(what.member.id);
    } else {
      shown.put(what.member);
    }
  }
}

inline void views_checker::on_step(time_point now, node_index node, const engine& after,
                                   input_kind input) {
  (void)now;
  watched& w = nodes_[node];
  const statistics& counted = after.stats();
  const std::uint64_t mark = view_mark(counted);
  if (mark != w.mark || input == input_kind::start || input == input_kind::command) {
    const bool lost = counted.events_dropped != w.dropped;
    w.shown.look(
        after,
        [&](const view::entry& e, const member& held, bool fresh) {
          ++judged_.silent;
          if (!fresh) return judge(node, after, e.shown, held);
          if (held.state != member_state::alive && !lost) {
            violated("S18", node, "an unknown member appears as " + view_text(held));
          }
        },
        [](const view::entry&) {});
  }
  if (!news_.empty()) judge_heard(node, after);
  w.mark = mark;
  w.adoptions = counted.adoptions;
  w.merged = counted.facts_merged;
  w.dropped = counted.events_dropped;
  w.skipped = skipped(counted);
  w.facts = counted.facts_received;
  w.doubted = counted.accusations_doubted;
  sender_ = member_id{};
  news_.clear();
  vouched_.clear();
}

/// What was heard has been merged, unless the engine says that it has ignored facts: the datagram
/// was refused, a stranger accused somebody, a subject is evicted, memory is short, or the word of
/// a member counted for more.
inline void views_checker::judge_heard(node_index node, const engine& after) {
  watched& w = nodes_[node];
  const statistics& counted = after.stats();
  if (group().config_of(node).experiment.final_death) return;  // nothing overrides a death there
  if (counted.facts_received == w.facts) return;
  const bool excused = skipped(counted) != w.skipped;
  std::uint64_t fresh = counted.accusations_doubted - w.doubted;
  for (const wire::fact& fact : news_) {
    const view::entry* held = w.shown.find(fact.subject);
    if (held == nullptr) continue;
    judged_.heard += excused ? 0U : 1U;
    if (!overrides(fact, held->shown) || waits(fact, fresh) || excused) continue;
    violated("S2", node,
             "heard " + std::string{to_string(fact.state)} + "@" +
                 std::to_string(fact.incarnation.value()) + ", but holds " +
                 view_text(held->shown));
  }
}

/// True for an accusation that waits: the engine has counted as many in this step.
inline bool views_checker::waits(const wire::fact& told, std::uint64_t& fresh) {
  if (told.state != member_state::suspect && told.state != member_state::dead) return false;
  if (fresh == 0) return false;
  --fresh;
  ++judged_.doubted;
  return true;
}

inline void views_checker::judge(node_index node, const engine& after, const member& was,
                                 const member& now) {
  const bool moved = was.incarnation != now.incarnation;
  judged_.changes += moved || was.state != now.state ? 1U : 0U;
  if (moved) return judge_other_incarnation(node, after, was, now);
  if (now.state >= was.state) return;
  if (is_active(was.state)) {
    found("S3", node, "went back within one incarnation", was, now);
  } else {
    found("S4", node, "rose again within one incarnation", was, now);
  }
}

inline void views_checker::judge_other_incarnation(node_index node, const engine& after,
                                                   const member& was, const member& now) {
  watched& w = nodes_[node];
  const bool near = was.incarnation.within_window(now.incarnation);
  const bool adopted = after.stats().adoptions != w.adoptions;
  if (!near && adopted && now.state == member_state::alive) {
    ++w.adoptions;
    ++judged_.adoptions;
    return;
  }
  const bool higher = now.incarnation > was.incarnation;
  // Two facts of one datagram may lead on twice, each within the window of what was held then.
  const bool walked = after.stats().facts_merged - w.merged > 1;
  if (now.incarnation < was.incarnation) {
    found("S2", node, "its incarnation decreased", was, now);
  } else if (!near && !walked) {
    found("S2", node, "merged from outside the window", was, now);
  }
  if (is_active(was.state) || !is_active(now.state)) return;
  if (higher) {
    ++judged_.returns;
  } else {
    found("S4", node, "rose again at no higher incarnation", was, now);
  }
}

}  // namespace testing
}  // namespace v1
}  // namespace flotilla
