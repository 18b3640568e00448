// flotilla/engine/newcomers.hpp - members that others speak of, until they speak for themselves
// Limits on whom gossip may bring, and the questions that part real newcomers from inventions.
#pragma once

#include <flotilla/engine.hpp>

namespace flotilla {
inline namespace v1 {

inline void engine::begin_newcomers_period() noexcept {
  s_.limits.begin_period(s_.settings.max_new_members);
  for (std::size_t i = 0; i < refusal_reason_count; ++i) {
    const auto why = static_cast<refusal_reason>(i);
    const std::uint32_t count = s_.limits.take_refused(why);
    if (count != 0) tell(members_refused{why, count});
  }
}

/// True for what we have not joined to learn: members that come so are hearsay until they are met.
/// That is also what a repair brings, but for those right after a join, which end what it began;
/// and a meeting, which any stranger can cause that answers.
inline bool engine::is_hearsay(provenance from) const noexcept {
  if (from == provenance::repair) return s_.repair_eager == 0;
  return from == provenance::gossip || from == provenance::offer || from == provenance::meeting;
}

/// True when a member may be added on this sender's word alone: within the sender's allowance, and
/// as long as not too many are known by hearsay.
inline bool engine::takes_on_trust(const inbound& in, provenance from) noexcept {
  if (s_.order.crowded()) s_.asked.crowd = true;
  if (room_for_hearsay() == 0) return false;
  // What we have asked for is not limited by who says it.
  if (from != provenance::gossip && from != provenance::offer) return true;
  return s_.limits.trust(s_.limits.share_of(in.from, is_known(in)), s_.settings.max_new_members);
}

/// Of how many members unknown here the next `most` facts may tell without a further look at any
/// limit, and room for them. False where each is to be looked at: a limit is reached, memory short,
/// deaths are remembered that their facts may have to override, or the sender is no member.
inline bool engine::begin_intake(const inbound& in, std::uint32_t most, provenance from,
                                 intake& news) noexcept {
  const std::uint32_t burst = s_.settings.max_new_members;
  const auto at_most = [&news](std::uint32_t count) {
    if (news.left > count) news.left = count;
  };
  news.hearsay = is_hearsay(from);
  news.limited = from == provenance::gossip || from == provenance::offer;
  if (s_.absent.size() != 0 || !is_active(s_.self().state)) return false;
  if (news.limited && in.at == no_row) return false;
  news.left = most;
  at_most(s_.table.limit() - s_.table.size());
  if (news.hearsay) at_most(room_for_hearsay());
  if (news.limited) {
    news.share = s_.limits.share_of(in.from, is_known(in));
    at_most(s_.limits.trust_left(news.share, burst));
  }
  const bool roomy = news.left != 0 && s_.table.try_reserve(news.left) &&
                     s_.order.try_reserve(news.left) && s_.events.try_reserve(news.left) &&
                     reserve(member_state::alive);
  if (!roomy) news.left = 0;
  return roomy;
}

/// How many more may be known by hearsay alone. An eighth of the table is kept for those who show
/// that they are there.
inline std::uint32_t engine::room_for_hearsay() const noexcept {
  const std::uint32_t heard = s_.order.heard();
  const std::uint32_t burst = s_.settings.max_new_members;
  const std::uint32_t kept = s_.table.limit() < 64 ? 0 : s_.table.limit() / 8;
  if (heard / 2 >= burst) return 0;
  const std::uint32_t left = burst < heard ? 2 * (burst - heard / 2) - heard % 2 : burst;
  if (kept == 0) return left;
  const std::uint32_t end = s_.table.limit() - kept;
  if (s_.table.size() >= end) return 0;
  return left < end - s_.table.size() ? left : end - s_.table.size();
}

/// True for one of a crowd of hearsay: it is asked in batches, and nothing is said of it to others.
inline bool engine::in_crowd(row_index at) const noexcept {
  return s_.asked.crowd && s_.table[at].hearsay;
}

/// Where hearsay outnumbers those that we know, its silence says nothing about our own health, and
/// its checks get every other turn only.
inline bool engine::is_doubtful(row_index at) const noexcept {
  return s_.table[at].hearsay && s_.order.outnumbered();
}
inline bool engine::must_wait(row_index at) const noexcept {
  return is_doubtful(at) && s_.order.heard_turn();
}

/// It has answered us, or a helper: no hearsay any more. In a crowd nothing was said of it before.
inline void engine::settle(row_index at) noexcept {
  const row& r = s_.table[at];
  if (!r.hearsay) return;
  const bool untold = in_crowd(at) && r.queued() == gossip_class::none;
  s_.order.settle(s_.table, at, s_.random);
  if (untold && r.state == member_state::alive && r.placed()) requeue(at, false);
}

/// One of a crowd is not worth a probe round with helpers: before the verdict it is asked twice
/// more, with the accusation. True while that goes on.
inline bool engine::awaits_answer(detail::timer_ref due) noexcept {
  suspicion& record = s_.suspicions[due];
  if (record.put_off >= hearsay_check::max_asked) return false;
  ++record.put_off;
  contact(record.subject(), s_.table.address(record.subject()));
  s_.suspicions.reschedule(due, detail::saturating_add(s_.now, s_.settings.protocol_period));
  return true;
}

/// In a crowd of hearsay, turns of the probe order are too few: a batch is asked directly, again a
/// period later, and who has not answered by the next is accused, with nobody told. A real newcomer
/// whose answers were lost is asked again before the verdict, and refutes the accusation.
[[gnu::noinline]] inline void engine::check_hearsay() noexcept {
  hearsay_check& batch = s_.asked;
  if (s_.order.heard() <= hearsay_check::few) batch.crowd = false;
  const bool sent = s_.waiting.empty();  // what was not pulled accuses nobody
  if (!sent || s_.deaf || !batch.crowd) batch.clear();
  const bool accuse = batch.asked == hearsay_check::max_asked;
  for (std::size_t i = 0; i < batch.count; ++i) {
    const row_index at = s_.table.find(batch.entries[i].id);
    if (at == no_row) continue;
    const row& r = s_.table[at];
    const bool silent = r.hearsay && r.state == member_state::alive &&
                        r.incarnation == batch.entries[i].incarnation;
    if (!silent) continue;
    if (!accuse) {
      contact(at, s_.table.address(at));
      continue;
    }
    const evidence ours{s_.self().id, 0, to_caller(s_.now), 0, s_.health.score()};
    verdict(at, member_state::suspect, s_.self().id, ours, true);
  }
  if (accuse) batch.clear();
  if (batch.count != 0) ++batch.asked;
  if (batch.count != 0 || !batch.crowd) return;
  for (std::size_t i = 0; i < 2 * hearsay_check::capacity && !batch.full(); ++i) {
    const row_index at = s_.order.next_heard(s_.table, s_.random);
    const row& r = s_.table[at];
    if (r.state != member_state::alive || r.contacted_in() == member_table::mark_of(s_.period))
      continue;
    batch.add(r.id, r.incarnation);
    contact(at, s_.table.address(at));
  }
  batch.asked = 1;
}

/// Asks a stranger, or a candidate at a known address, to prove that it is there; at most once a
/// period.
inline void engine::verify(member_id id, const endpoint& address, std::uint8_t reference) noexcept {
  if (address == s_.table.own_address() || s_.life != engine_life::running) return;
  if (s_.table.full()) return;  // there would be no room for it anyway
  const time_point since = detail::saturating_add(s_.now, -s_.settings.protocol_period);
  if (s_.pending.asked_since(ping_purpose::verify, id, address, since)) return;
  if (!s_.limits.ask_at(address)) return;
  ++stats_.newcomers_pinged;
  outgoing ping;
  ping.facts = cargo::about_target;
  ping.introduce = true;
  ping.to = address;
  ping.target = id;
  ping.sequence = s_.pending.ask(ping_purpose::verify, id, address, s_.now, reference);
  send_caused(ping);
}

}  // namespace v1
}  // namespace flotilla
