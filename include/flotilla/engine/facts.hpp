// flotilla/engine/facts.hpp - what a fact from somebody else does here
// Own ones are answered, known ones merged, unknown ones admitted or remembered as absent.
#pragma once

#include <flotilla/engine.hpp>
#include <flotilla/membership/fetch_ahead.hpp>

namespace flotilla {
inline namespace v1 {

/// `facts` has been checked: nothing in it can be malformed. `first_word`: of the sender itself
/// nothing is taken. It is the first answer of one of several seeds, and that this one is of the
/// same group as the others is for their state to say, or it would not be asked for its own.
inline void engine::absorb_all(const inbound& in, provenance from, bool first_word) noexcept {
  if (from != provenance::gossip) fetch_ahead(s_.table, in.facts);
  wire::fact_reader reader{in.facts};
  wire::fact fact;
  for (;;) {
    row_index at = no_row;
    const bool found = !first_word && absorb_plain(in, reader, at, from);
    switch (reader.next(fact)) {
      case wire::fact_read::fact:
        if (first_word && fact.subject == in.head.sender) break;
        absorb(in, fact, found ? at : s_.table.find(fact.subject), from);
        if (s_.life == engine_life::left) return;
        break;
      case wire::fact_read::digest: break;
      case wire::fact_read::skipped: ++stats_.facts_skipped; break;
      case wire::fact_read::malformed:
      case wire::fact_read::end: return;
    }
  }
}

/// What nearly all gossip is, and all of a large group's state: facts that repeat what a row says,
/// which are only counted, and such about members unknown here. Takes all of them that come next.
/// True when the subject of the one behind them has been looked for; then `at` is its row.
inline bool engine::absorb_plain(const inbound& in, wire::fact_reader& reader, row_index& at,
                                 provenance from) noexcept {
  if (!s_.denied.empty()) return false;  // what is said of those is counted apart
  const bool asked_for = !is_hearsay(from);
  for (;;) {
    std::optional<row_index> next;
    const std::size_t known = known_in_front(reader.rest(), asked_for, next);
    reader.skip(known);
    stats_.facts_received += known / wire::plain_fact::size;
    stats_.facts_known += known / wire::plain_fact::size;
    at = next.value_or(no_row);
    if (!next.has_value() || at != no_row) return next.has_value();
    const std::size_t unknown = absorb_newcomers(in, reader.rest(), from);
    if (unknown == 0) return true;
    reader.skip(unknown);
    stats_.facts_received += unknown / wire::plain_fact::size;
  }
}

/// How many bytes of facts say what the rows say, in front of whatever else comes; `next` is the
/// row of the one behind them, no_row included, when that has been looked for. What we have asked
/// for also settles whom we had only heard of: that takes a closer look.
[[gnu::noinline]] inline std::size_t engine::known_in_front(
    std::span<const std::byte> facts, bool asked_for,
    std::optional<row_index>& next) const noexcept {
  constexpr std::ptrdiff_t size = wire::plain_fact::size;
  const member_table& table = s_.table;
  const std::byte* at = facts.data();
  const std::byte* const end = at + facts.size();
  for (wire::plain_fact told; end - at >= size && wire::read_plain_fact(at, told); at += size) {
    const member_table::place held = table.look_up(told.subject);
    const bool other = held.at != no_row && held.at != member_table::self_row;
    const bool settles = asked_for && other && held.member->hearsay;
    if (other && !settles && held.member->covers(told)) continue;
    next = held.at;
    break;
  }
  return static_cast<std::size_t>(at - facts.data());
}

/// Takes the plain facts in front that are about members unknown here, of whom there is nothing
/// else to be said; returns how many bytes of them. Those whom a limit refuses are left.
inline std::size_t engine::absorb_newcomers(const inbound& in, std::span<const std::byte> facts,
                                            provenance from) noexcept {
  constexpr std::ptrdiff_t size = wire::plain_fact::size;
  const std::byte* at = facts.data();
  const std::byte* const end = at + facts.size();
  intake news;
  for (wire::plain_fact told; end - at >= size && wire::read_plain_fact(at, told); at += size) {
    const member_table::place held = s_.table.look_up(told.subject);
    if (held.at != no_row) break;
    const auto rest = static_cast<std::uint32_t>((end - at) / size);
    if (news.left == 0 && !begin_intake(in, rest, from, news)) break;
    if (s_.table.find_active_at(told.place) != no_row) break;  // our own address is there too
    if (news.hearsay && s_.order.crowded()) s_.asked.crowd = true;
    if (news.limited) static_cast<void>(s_.limits.trust(news.share, s_.settings.max_new_members));
    --news.left;
    enter(s_.table.add_plain(told, held.digest), from);
  }
  s_.order.place_arrivals(s_.table);
  return static_cast<std::size_t>(at - facts.data());
}

/// What came along with a message: mostly nothing.
inline void engine::absorb_heard(const inbound& in) noexcept {
  if (!wire::holds_no_fact(in.facts)) absorb_gossip(in);
}

/// Whoever is no member here may well be the one that was cut off:
/// its word about others' deaths is not taken, or the halves of a group that meet would report each
/// other's members failed. Nor does its own word let it in: that it speaks does not show that it
/// hears, so it is asked first.
inline void engine::absorb_gossip(const inbound& in) noexcept {
  if (in.from_member) {
    absorb_all(in, provenance::gossip);
    return;
  }
  wire::fact_reader reader{in.facts};
  wire::fact fact;
  for (wire::fact_read read = reader.next(fact); read != wire::fact_read::end;
       read = reader.next(fact)) {
    if (read != wire::fact_read::fact) continue;
    const bool accuses = fact.state == member_state::suspect || fact.state == member_state::dead;
    const bool admits = fact.state == member_state::alive && fact.subject == in.head.sender &&
                        s_.table.find(fact.subject) == no_row;
    if ((accuses && fact.subject != s_.self().id) || admits) {
      ++stats_.facts_received;
      ++stats_.facts_of_strangers;
      continue;
    }
    absorb(in, fact, s_.table.find(fact.subject), provenance::gossip);
    if (s_.life == engine_life::left) return;
  }
}

/// `at` is the subject's row, or no_row.
inline void engine::absorb(const inbound& in, const wire::fact& fact, row_index at,
                           provenance from) noexcept {
  ++stats_.facts_received;
  if (fact.subject == s_.self().id) {
    ++stats_.facts_about_self;
    absorb_own(fact);
    return;
  }
  if (s_.denied.contains(fact.subject)) {
    ++stats_.facts_about_denied;
    return;
  }
  if (at != no_row) {
    absorb_known(at, fact, from);
  } else {
    absorb_unknown(in, fact, from);
  }
}

inline void engine::absorb_own(const wire::fact& fact) noexcept {
  if (s_.settings.experiment.final_death && fact.state == member_state::dead &&
      s_.life == engine_life::running) {
    restate(s_.self().incarnation, s_.table.own_address(), member_state::dead);
    s_.life = engine_life::left;  // at once; take() sees to it that nothing more is said
    return;
  }
  switch (judge_own(self(), fact, s_.acknowledged)) {
    case own_word_answer::nothing: return;
    case own_word_answer::out_of_reach: ++stats_.accusations_out_of_reach; return;
    case own_word_answer::raise:
      // That others found us silent may well be our fault (Lifeguard); not so what they hold
      // against a former life of ours.
      if (s_.acknowledged &&
          (fact.state == member_state::suspect || fact.state == member_state::dead)) {
        s_.health.worsen(1, s_.settings.local_health_max);
      }
      raise_past(fact.incarnation);
      if (fact.state == member_state::dead) recant();
      return;
    case own_word_answer::conflict: break;
  }
  ++stats_.foreign_records;
  if (!s_.conflicts.allow(s_.now, s_.settings.protocol_period)) return;
  raise_past(fact.incarnation);
  tell(identity_conflict{self(), fact.address});
}

/// Others have held us dead, so we may have been cut off, and those that we found silent in the
/// best of health: accusations that are still waiting are not told on. At most once a period.
inline void engine::recant() noexcept {
  if (s_.recanted_in == s_.period) return;
  s_.recanted_in = s_.period;
  for (row_index at = 1; at < s_.table.end(); ++at) {
    const row& r = s_.table[at];
    const bool accused = r.state == member_state::suspect || r.state == member_state::dead;
    if (r.id != member_id{} && accused) unqueue(at);
  }
}

/// Speaks up: the own incarnation becomes one more than what we were told (SWIM, section 4.2). Only
/// called for what is not behind our own.
inline void engine::raise_past(flotilla::incarnation told) noexcept {
  if (!s_.settings.experiment.refutation) return;
  ++stats_.refutations;
  restate(told.next(), s_.table.own_address(), s_.self().state);
  requeue(member_table::self_row, true);
  tell_everybody(member_table::self_row);
}

inline void engine::absorb_known(row_index at, const wire::fact& fact, provenance from) noexcept {
  if (!doubts(at, fact, from)) merge_known(at, fact, from);
  // Heard of before, and now told by whom we have asked.
  if (fact.state == member_state::alive && !is_hearsay(from)) settle(at);
}

inline void engine::merge_known(row_index at, const wire::fact& fact, provenance from) noexcept {
  transition change;
  bool refused = false;
  const merge_outcome outcome = apply(
      s_.table, at, fact, [this](member_state state) { return reserve(state); }, change, refused,
      s_.settings.experiment.final_death);
  if (refused) {
    ++stats_.facts_refused_memory;
    return;
  }
  switch (outcome) {
    case merge_outcome::outside_window:
      ++stats_.facts_outside_window;
      contact(at, s_.table.address(at));
      return;
    case merge_outcome::known: {
      ++stats_.facts_known;
      const row& r = s_.table[at];
      const bool confirms = fact.state == member_state::suspect &&
                            r.state == member_state::suspect && fact.incarnation == r.incarnation;
      if (confirms) confirm(at, fact.accuser, from);
      return;
    }
    case merge_outcome::place:
    case merge_outcome::verdict:
    case merge_outcome::both: break;
  }
  ++stats_.facts_merged;
  evidence second_hand;
  second_hand.accuser = fact.accuser;
  commit(change, from, second_hand);
}

inline void engine::absorb_unknown(const inbound& in, const wire::fact& fact,
                                   provenance from) noexcept {
  if (fact.state != member_state::alive) {
    ++stats_.facts_about_unknown;
    const bool absent = fact.state != member_state::suspect;
    if (absent && !s_.absent.remember(fact)) ++stats_.notes_refused_memory;
    return;
  }
  if (s_.absent.overridden(fact.subject, fact.incarnation, s_.settings.experiment.final_death)) {
    ++stats_.facts_of_the_absent;
    // If it lives it has to raise itself, and will when it is told; nobody but us may hold this.
    if (s_.may_ask_absent) verify(fact.subject, fact.address);
    s_.may_ask_absent = false;
    return;
  }
  if (fact.address == s_.table.own_address()) {
    ++stats_.members_refused_own_address;
    return;
  }
  // Another id at a known address is only a candidate: the member there may be in the best of
  // health.
  if (s_.table.find_active_at(fact.address) != no_row) {
    verify(fact.subject, fact.address);
    return;
  }
  if (is_hearsay(from) && !takes_on_trust(in, from)) {
    ++stats_.members_refused_rate;
    s_.limits.refuse(refusal_reason::rate);
    // Let it speak for itself: what it answers is not limited.
    if (s_.limits.ask_for(s_.limits.share_of(in.from, is_known(in)))) {
      verify(fact.subject, fact.address);
    }
    return;
  }
  static_cast<void>(admit(fact, from));
}

}  // namespace v1
}  // namespace flotilla
