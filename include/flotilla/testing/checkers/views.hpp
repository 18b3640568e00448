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
#include <utility>
#include <variant>
#include <vector>

#include <flotilla/detail/flat_index.hpp>
#include <flotilla/detail/mix.hpp>
#include <flotilla/testing/checkers/checker.hpp>

namespace flotilla {
inline namespace v1 {
namespace testing {

/// "suspect 3@7 at 10.0.0.3:7946", for the texts of violations.
[[nodiscard]] inline std::string view_text(const member& m) {
  std::string text{to_string(m.state)};
  text += " " + std::to_string(static_cast<std::uint64_t>(m.id));
  text += "@" + std::to_string(m.incarnation.value());
  return text + " at " + m.address.to_string();
}

/// A sum of counters that moves with every change of an engine's table that an input causes:
/// merged and admitted facts, facts about self, verdicts and all that is told by events. Commands
/// change the table without counting, so after those one looks in any case. While it stands still,
/// looking is pointless; were the engine to change its table and count nothing, the next look would
/// still find the change, only later.
[[nodiscard]] inline std::uint64_t view_mark(const statistics& s) noexcept {
  return s.facts_merged + s.facts_about_self + s.adoptions + s.members_replaced + s.probes_failed +
         s.verdicts + s.events + s.events_dropped;
}

/// What an engine showed of the others when it was looked at last, in the order of members(), so
/// that one linear pass finds what has changed since. `Note` is what a checker keeps with each.
template <class Note>
class shadow_view {
 public:
  struct entry {
    member shown{};
    Note note{};
  };

  void clear() { *this = shadow_view{}; }
  [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }

  /// What was shown of it, or null. Pointers are good until the next put, erase or look.
  [[nodiscard]] entry* find(member_id id) noexcept {
    const std::uint32_t at = place_of(id);
    return at == detail::no_row ? nullptr : &entries_[at];
  }
  /// Shows it like this from now on; its note stays, or is a new one.
  entry& put(const member& now) {
    std::uint32_t at = place_of(now.id);
    if (at == detail::no_row) at = append(now.id);
    entries_[at].shown = now;
    return entries_[at];
  }
  void erase(member_id id) {
    const std::uint32_t at = place_of(id);
    if (at == detail::no_row) return;
    exchange(at, static_cast<std::uint32_t>(entries_.size() - 1));
    drop_last();
  }

  /// Looks at the whole table: `changed(entry, now, fresh)` for each member that is shown unlike
  /// before (with the entry as it was), `gone(entry)` for each that is no longer there. Self is
  /// left out.
  template <class Changed, class Gone>
  void look(const engine& node, Changed changed, Gone gone) {
    const member_range all = node.members();
    std::uint32_t at = 0;
    auto each = all.begin();
    for (++each; each != all.end(); ++each, ++at) {
      const member now = *each;
      if (at < entries_.size() && entries_[at].shown == now) continue;
      const bool fresh = bring(now.id, at);
      entry& e = entries_[at];
      if (e.shown == now) continue;
      changed(e, now, fresh);
      e.shown = now;
    }
    while (entries_.size() > at) {
      gone(std::as_const(entries_.back()));
      drop_last();
    }
  }

 private:
  [[nodiscard]] static std::uint64_t digest(member_id id) noexcept {
    return detail::mix(static_cast<std::uint64_t>(id), detail::mix_key{});
  }
  [[nodiscard]] std::uint64_t digest_at(std::uint32_t at) const noexcept {
    return digest(entries_[at].shown.id);
  }
  [[nodiscard]] std::uint32_t place_of(member_id id) const noexcept {
    return index_.find(digest(id), [&](std::uint32_t at) { return entries_[at].shown.id == id; });
  }

  std::uint32_t append(member_id id) {
    const auto at = static_cast<std::uint32_t>(entries_.size());
    const bool room = index_.try_reserve(at + 1, [this](std::uint32_t i) { return digest_at(i); });
    FLOTILLA_EXPECT(room);
    static_cast<void>(room);
    entries_.push_back({});
    entries_.back().shown.id = id;
    index_.insert(digest(id), at);
    return at;
  }
  void remove_from_index(std::uint32_t at) noexcept {
    index_.erase(digest_at(at), at, [this](std::uint32_t i) { return digest_at(i); });
  }
  void drop_last() {
    remove_from_index(static_cast<std::uint32_t>(entries_.size() - 1));
    entries_.pop_back();
  }
  void exchange(std::uint32_t a, std::uint32_t b) {
    if (a == b) return;
    remove_from_index(a);
    remove_from_index(b);
    std::swap(entries_[a], entries_[b]);
    index_.insert(digest_at(a), a);
    index_.insert(digest_at(b), b);
  }
  /// Puts the entry of `id` at this place; true when there was none.
  bool bring(member_id id, std::uint32_t to) {
    std::uint32_t at = to < entries_.size() && entries_[to].shown.id == id ? to : place_of(id);
    const bool fresh = at == detail::no_row;
    if (fresh) at = append(id);
    exchange(at, to);
    return fresh;
  }

  std::vector<entry> entries_{};
  detail::flat_index index_{};
};

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
  /// An accusation of this member may wait for a check until then.
  struct doubt {
    member_id subject{};
    time_point until{};
  };
  struct watched {
    view shown{};
    std::uint32_t tag{0};
    std::uint64_t mark{0};
    std::uint64_t adoptions{0};  // by the end of the last step; the excused ones of this step too
    std::uint64_t merged{0};     // by the end of the last step
    std::uint64_t dropped{0};
    std::uint64_t skipped{0};  // facts that were heard and not merged, for a stated reason
    std::uint64_t facts{0};    // received by the end of the last step
    std::uint64_t doubted{0};  // by the end of the last step, like those that follow
    std::uint64_t contradicted{0};
    std::uint64_t late{0};
    std::vector<doubt> doubts{};
  };

  template <class Event>
  void take(node_index node, const engine& after, const Event& what);
  void judge(node_index node, const engine& after, const member& was, const member& now);
  void judge_other_incarnation(node_index node, const engine& after, const member& was,
                               const member& now);
  void judge_heard(time_point now, node_index node, const engine& after);
  void follow_doubts(time_point now, node_index node, const statistics& counted);
  [[nodiscard]] bool waits(time_point now, node_index node, const wire::fact& told,
                           std::uint64_t& fresh);
  /// No accusation waits for longer, unless its engine was away.
  [[nodiscard]] duration longest_doubt(node_index node) const {
    const config& c = group().config_of(node);
    return 2 * (c.local_health_max + 1) * c.direct_timeout + c.tick_granularity;
  }
  [[nodiscard]] static bool overrides(const wire::fact& told, const member& held) noexcept {
    if (told.incarnation == held.incarnation) return told.state > held.state;
    return told.incarnation > held.incarnation && held.incarnation.within_window(told.incarnation);
  }
  [[nodiscard]] static std::uint64_t skipped(const statistics& s) noexcept {
    return s.facts_about_denied + s.facts_of_strangers + s.accusations_doubted +
           s.facts_refused_memory + s.adoptions;
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
  follow_doubts(now, node, counted);
  if (!news_.empty()) judge_heard(now, node, after);
  w.mark = mark;
  w.adoptions = counted.adoptions;
  w.merged = counted.facts_merged;
  w.dropped = counted.events_dropped;
  w.skipped = skipped(counted);
  w.facts = counted.facts_received;
  w.doubted = counted.accusations_doubted;
  w.contradicted = counted.accusations_contradicted;
  w.late = counted.late_inputs;
  sender_ = member_id{};
  news_.clear();
  vouched_.clear();
}

/// What was heard has been merged, unless the engine says that it has ignored facts: the datagram
/// was refused, a stranger accused somebody, a subject is evicted, memory is short, or the word of
/// a member counted for more.
inline void views_checker::judge_heard(time_point now, node_index node, const engine& after) {
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
    if (!overrides(fact, held->shown) || waits(now, node, fact, fresh) || excused) continue;
    violated("S2", node,
             "heard " + std::string{to_string(fact.state)} + "@" +
                 std::to_string(fact.incarnation.value()) + ", but holds " +
                 view_text(held->shown));
  }
}

/// Forgets the doubts that are over: the accused has answered, or time is up.
inline void views_checker::follow_doubts(time_point now, node_index node,
                                         const statistics& counted) {
  watched& w = nodes_[node];
  const bool away = counted.late_inputs != w.late;  // all that waits is granted more time
  const bool answered = counted.accusations_contradicted != w.contradicted;
  for (doubt& d : w.doubts) {
    if (away) d.until = now + longest_doubt(node);
  }
  std::erase_if(w.doubts, [&](const doubt& d) {
    return d.until < now || (answered && d.subject == sender_);
  });
}

/// True for an accusation that waits with an earlier one, or is one of the `fresh` ones that the
/// engine has just begun to doubt.
inline bool views_checker::waits(time_point now, node_index node, const wire::fact& told,
                                 std::uint64_t& fresh) {
  if (told.state != member_state::suspect && told.state != member_state::dead) return false;
  std::vector<doubt>& doubts = nodes_[node].doubts;
  const bool known = std::any_of(doubts.begin(), doubts.end(),
                                 [&](const doubt& d) { return d.subject == told.subject; });
  if (!known && fresh == 0) return false;
  if (!known) {
    --fresh;
    doubts.push_back({told.subject, now + longest_doubt(node)});
  }
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
