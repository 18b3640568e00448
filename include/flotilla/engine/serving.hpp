// flotilla/engine/serving.hpp - giving the state to those who ask for it (extension)
// Needs no memory of who asked; who asks too much of us is sent on to others that have it.
#pragma once

#include <flotilla/engine.hpp>
#include <flotilla/exchange/cookie.hpp>

namespace flotilla {
inline namespace v1 {

inline void engine::renew_serving() noexcept {
  s_.serving.renew(s_.settings.max_chunks);
  s_.settled = s_.settling;
  s_.settling = s_.table.end();
}

/// How many chunks the state takes from this row on, about: with IPv4 addresses, and few suspects.
inline std::uint32_t engine::chunks_from(row_index cursor) const noexcept {
  constexpr std::size_t fact = 22;
  const std::size_t room =
      s_.settings.max_datagram_size - s_.settings.datagram_overhead - wire::state_reply_size;
  const std::size_t rows = room < fact ? 1 : room / fact;
  const row_index left = cursor < s_.table.end() ? s_.table.end() - cursor : 0;
  return left / static_cast<std::uint32_t>(rows) + 1;
}

/// Somebody else who can serve the asker: one that has got the whole state here, or else one that
/// has been a member for more than a period, if most have been. 0 when there is none.
inline member_id engine::somebody_whole(member_id asker) noexcept {
  const auto fits = [&](row_index at) {
    if (at == no_row || at == member_table::self_row) return false;
    const row& r = s_.table[at];
    return r.id != member_id{} && r.id != asker && r.state == member_state::alive && r.placed();
  };
  const member_id whole = s_.serving.next_whole(
      s_.table.active(), [&](member_id id) { return fits(s_.table.find(id)); });
  if (whole != member_id{} || s_.settled == 0 || s_.settled < s_.table.end() / 2) return whole;
  const row_index drawn = s_.random.below(s_.settled);
  return drawn < s_.table.end() && fits(drawn) ? s_.table[drawn].id : member_id{};
}

/// Answers a join or state request. A stranger without our cookie gets it, what we hold of the
/// stranger and of ourselves, within three times its request; nothing that it says is believed
/// before.
inline void engine::serve_state(const inbound& in, std::uint32_t sequence, std::uint64_t cookie,
                                std::uint32_t cursor) noexcept {
  outgoing reply;
  reply.kind = wire::message_kind::state_reply;
  reply.sequence = sequence;
  reply.cookie = cookie_of(in.from, s_.cookie_key);
  reply.cursor = cursor;
  const bool echoed = cookie == reply.cookie;
  if (!echoed && !is_proven(in)) {
    reply.facts = cargo::own;
    if (cookie != 0) ++stats_.chunks_refused;
    send_reply(reply, in);
    return;
  }
  const bool held_before = is_held_active(in.head.sender);
  absorb_all(in, provenance::gossip);
  const row_index at = row_of_sender(in);
  if (!held_before && is_held_active(in.head.sender)) tell_everybody(at);  // it was let in here
  if (echoed && at != no_row && s_.table.is_at(at, in.from)) {
    s_.table[at].proven = true;
    settle(at);
  }
  if (s_.join.active && at != no_row)
    s_.join.bridging = true;  // somebody joins through us meanwhile
  if (at == no_row && s_.life == engine_life::running) verify(in.head.sender, in.from);
  const std::uint64_t receiver = detail::endpoint_digest(in.from, s_.cookie_key);
  if (!s_.serving.take(receiver, chunks_from(cursor), chunks_from(0), s_.settings.max_chunks)) {
    // The cursor stays where it is: not now, but this one may have time.
    ++stats_.chunks_refused;
    reply.facts = cargo::subject;
    reply.subject = somebody_whole(in.head.sender);
    if (reply.subject != member_id{}) ++stats_.joiners_sent_on;
    send_reply(reply, in);
    return;
  }
  ++stats_.chunks_served;
  reply.facts = cargo::chunk;
  reply.tell = at != no_row && s_.table[at].incarnation != in.head.incarnation;
  send_reply(reply, in);
}

}  // namespace v1
}  // namespace flotilla
