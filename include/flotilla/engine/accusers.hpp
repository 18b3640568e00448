// flotilla/engine/accusers.hpp - accusations by those who have lost their weight (extension)
// They wait for one direct ping of ours; its answer drops them, silence proves them.
#pragma once

#include <flotilla/engine.hpp>

namespace flotilla {
inline namespace v1 {

/// True when this member's accusations wait for a check of our own. Our own word and that of
/// members that we do not know have weight.
inline bool engine::has_no_weight(member_id accuser) const noexcept {
  if (!s_.settings.weigh_accusers) return false;
  const row_index at = s_.table.find(accuser);
  if (at == no_row || at == member_table::self_row) return false;
  return has_lost_weight(s_.table[at].state, s_.table.note_of(at), s_.settings, s_.now);
}

/// An accusation of this member's has turned out wrong.
inline void engine::contradict(member_id accuser) noexcept {
  const row_index at = s_.table.find(accuser);
  if (at == no_row || at == member_table::self_row) return;
  row_note note = s_.table.note_of(at);
  add_doubt(note, s_.settings, s_.now);
  take_note(at, note);
}

/// True when the fact is an accusation that would change what we hold, and waits now instead. One
/// that has not been checked since a suspicion began is doubted no less for coming as a death.
inline bool engine::doubts(row_index at, const wire::fact& fact, provenance from) noexcept {
  const row& r = s_.table[at];
  const bool accuses = fact.state == member_state::suspect || fact.state == member_state::dead;
  if (!accuses || !is_active(r.state) || from == provenance::first_hand ||
      s_.life != engine_life::running || s_.settings.experiment.final_death) {
    return false;
  }
  belief<std::uint32_t, endpoint> held = belief_of(s_.table, at);
  if (merge(held, belief_of(fact)) != merge_outcome::verdict) return false;
  const bool failed_here =
      r.state == member_state::suspect && s_.suspicions[r.timer()].failed_here(s_.self().id);
  // A death follows a suspicion that has reached everybody, as a rule: one that comes without is
  // the word of somebody whom the refutations did not reach.
  const bool unheralded = fact.state == member_state::dead && r.state == member_state::alive &&
                          s_.settings.weigh_accusers && s_.settings.experiment.suspicion;
  if (failed_here || !(unheralded || has_no_weight(fact.accuser))) return false;
  const std::size_t known = s_.doubted.find(fact.subject);
  if (known != doubted_accusations::capacity) {
    ++stats_.accusations_doubted;
    belief<std::uint32_t, endpoint> waiting = belief_of(s_.doubted[known].fact);
    if (merge(waiting, belief_of(fact)) == merge_outcome::verdict) s_.doubted[known].fact = fact;
    return true;
  }
  const std::size_t free = s_.doubted.find_free();
  if (free == doubted_accusations::capacity) return false;
  ++stats_.accusations_doubted;
  s_.doubted.open(free,
                  {true, false, fact, from, s_.now, detail::saturating_add(s_.now, patience())});
  s_.table[at].set_contacted_in(0);  // asked in any case, or its silence means nothing
  contact(at, s_.table.address(at));
  return true;
}

/// The accused has answered a ping of ours, sent at `asked`.
inline void engine::settle_doubt(member_id subject, time_point asked) noexcept {
  const std::size_t at = s_.doubted.find(subject);
  if (at == doubted_accusations::capacity || asked < s_.doubted[at].since) return;
  ++stats_.accusations_contradicted;
  contradict(s_.doubted[at].fact.accuser);
  s_.doubted.close(at);
}

/// No answer in time: the accusation is as good as anybody's.
inline void engine::run_doubted() noexcept {
  for (std::size_t i = s_.doubted.find_due(s_.now); i != doubted_accusations::capacity;
       i = s_.doubted.find_due(s_.now)) {
    const doubted_accusation proven = s_.doubted[i];
    s_.doubted.close(i);
    const row_index at = s_.table.find(proven.fact.subject);
    if (at == no_row || s_.denied.contains(proven.fact.subject)) continue;
    merge_known(at, proven.fact, proven.from);
  }
}

}  // namespace v1
}  // namespace flotilla
