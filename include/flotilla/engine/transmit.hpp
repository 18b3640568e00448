// flotilla/engine/transmit.hpp - datagrams are built when they are pulled (law 2)
// The frame and the message, then facts from a fixed list of sources, as many as fit.
#pragma once

#include <flotilla/engine.hpp>

namespace flotilla {
inline namespace v1 {

namespace detail {

/// Writes any fact in front of `room`: returns its size, 0 if it does not fit.
[[nodiscard]] inline std::size_t write_whole(std::span<std::byte> room,
                                             const wire::fact& what) noexcept {
  wire::writer out{room};
  return wire::write_fact(out, what) ? out.size() : 0;
}

}  // namespace detail

inline void engine::send_own(const outgoing& what) noexcept {
  if (!s_.waiting.push_own(what)) ++stats_.transmits_dropped;
}

/// Queues what others have caused: it must not crowd out what this engine itself begins.
inline void engine::send_caused(const outgoing& what) noexcept {
  if (!s_.waiting.push_reply(what)) ++stats_.transmits_dropped;
}

/// No more than three times what was received: the address may be somebody else's.
inline void engine::cap(outgoing& reply, std::size_t received) noexcept {
  const std::size_t most = 3 * received;
  reply.limit = static_cast<std::uint16_t>(most < 0xffff ? most : 0xffff);
  ++stats_.replies_capped;
}

/// Queues an answer to where the question came from; to an address that has not proved that it
/// receives, with at most three times the bytes of the question. Completes `reply` for that.
inline void engine::send_reply(outgoing& reply, const inbound& to, bool proven) noexcept {
  reply.to = to.from;
  reply.target = to.head.sender;
  if (!proven) cap(reply, to.size);
  send_caused(reply);
}

inline void engine::send_reply(outgoing& reply, const inbound& to) noexcept {
  send_reply(reply, to, is_proven(to) || reply.facts == cargo::chunk);
}

inline std::optional<transmit> engine::poll_transmit(std::span<std::byte> buffer) noexcept {
  return s_.waiting.empty() ? std::nullopt : send_front(buffer);
}

[[gnu::noinline]] inline std::optional<transmit> engine::send_front(
    std::span<std::byte> buffer) noexcept {
  if (is_plain(s_.waiting.front()) && buffer.size() >= wire::max_plain_size) {
    return send_plain(buffer.data());
  }
  return send_any(buffer);
}

[[gnu::noinline]] inline std::optional<transmit> engine::send_any(
    std::span<std::byte> buffer) noexcept {
  while (!s_.waiting.empty() && s_.waiting.front().kind == wire::message_kind::repair_request &&
         s_.waiting.front().sequence != s_.repair.sequence) {
    s_.waiting.pop_front();  // answered, or asked anew, before it was pulled
  }
  if (s_.waiting.empty()) return std::nullopt;
  const outgoing& what = s_.waiting.front();
  std::size_t room = s_.settings.max_datagram_size - s_.settings.datagram_overhead;
  if (what.limit != 0 && what.limit < room) room = what.limit;
  if (buffer.size() < room) room = buffer.size();
  wire::writer out{buffer.first(room)};
  if (!write_bare(out, what)) {
    ++stats_.buffers_too_small;
    return std::nullopt;
  }
  write_cargo(out, what);
  wire::finish_frame(out);
  return note_pulled(what, out.written());
}

/// The first datagram that waits has been built, and counts as sent.
[[gnu::always_inline]] inline transmit engine::note_pulled(
    const outgoing& what, std::span<const std::byte> bytes) noexcept {
  if (what.kind == wire::message_kind::ping) note_ping_left(what);
  ++stats_.datagrams_sent;
  stats_.bytes_sent += bytes.size();
  const transmit out{what.to, bytes};
  s_.waiting.pop_front();
  return out;
}

inline void engine::note_ping_left(const outgoing& ping) noexcept {
  s_.round.on_pulled(ping.sequence, s_.now, patience());
  if (!s_.suspicions.empty()) note_check_left(ping);
}

inline bool engine::write_bare(wire::writer& out, const outgoing& what) const noexcept {
  using kind = wire::message_kind;
  const row& self_row = s_.self();
  wire::write_frame(out, {s_.group_tag, self_row.id, self_row.incarnation, what.target, what.kind,
                          what.introduce});
  switch (what.kind) {
    case kind::ping: write_body(out, wire::ping{what.sequence}); break;
    case kind::ack: write_body(out, wire::ack{what.sequence, self_row.incarnation}); break;
    case kind::ping_request: {
      const row_index at = s_.table.find(what.subject);
      // The subject may have been forgotten since; its helper then has nothing to do.
      const endpoint where = at != no_row ? s_.table.address(at) : what.to;
      write_body(out, wire::ping_request{what.sequence, what.subject, where});
      break;
    }
    case kind::relayed_ack:
      write_body(out, wire::relayed_ack{what.sequence, what.subject, what.incarnation});
      break;
    case kind::nack: write_body(out, wire::nack{what.sequence}); break;
    case kind::join_request: write_body(out, wire::join_request{what.sequence, what.cookie}); break;
    case kind::state_request:
      write_body(out, wire::state_request{what.sequence, what.cookie, what.cursor});
      break;
    case kind::state_reply:
      write_body(out,
                 wire::state_reply{what.sequence, what.cookie, what.cursor, s_.table.active()});
      break;
    case kind::repair_request:
      write_body(out, wire::repair_request{what.sequence, what.cookie});
      break;
    case kind::repair_reply: write_body(out, wire::repair_reply{what.sequence, what.cookie}); break;
  }
  return out.ok();
}

inline void engine::write_cargo(wire::writer& out, const outgoing& what) noexcept {
  if (what.kind == wire::message_kind::nack) return;
  if (what.facts == cargo::subject) {
    const row_index at = s_.table.find(what.subject);
    if (at != no_row) put_fact(out, fact_of(at));
    return;
  }
  const bool about = write_about_receiver(out, what);
  const bool introduces = what.introduce && what.kind == wire::message_kind::ack;
  if (introduces) put_fact(out, fact_of(member_table::self_row));
  if (what.kind == wire::message_kind::relayed_ack) write_about_subject(out, what.subject);
  if (what.compare) wire::write_view(out, ranges().view());
  switch (what.facts) {
    case cargo::gossip:
      if (has_gossip()) write_gossip(out, what, about);
      return;
    case cargo::questions: write_questions(out); return;
    case cargo::answers: write_answers(out, what); return;
    case cargo::about_target: return;
    case cargo::own: put_fact(out, fact_of(member_table::self_row)); return;
    case cargo::chunk: write_chunk(out, what); return;
    case cargo::subject: return;  // done above: nothing else goes along
  }
}

/// To the asker of a probe that we have relayed: it may have missed the refutation, and cannot hear
/// it from the subject itself.
inline void engine::write_about_subject(wire::writer& out, member_id subject) noexcept {
  const row_index at = s_.table.find(subject);
  if (at != no_row && s_.table[at].state == member_state::alive) put_fact(out, fact_of(at));
}

inline bool engine::put_fact(wire::writer& out, const wire::fact& fact) noexcept {
  const bool written = wire::write_fact(out, fact);
  if (written) ++stats_.facts_sent;
  return written;
}

/// Who accuses a member that is suspect or dead.
inline member_id engine::accuser_of(const row& r) const noexcept {
  return r.state == member_state::suspect ? s_.suspicions[r.timer()].told
                                          : s_.tombstones[r.timer()].accuser;
}

/// First of all what the receiver should know about itself: an accusation that it can refute at
/// once (Lifeguard's buddy system), or a record that differs from what it shows.
inline bool engine::write_about_receiver(wire::writer& out, const outgoing& what) noexcept {
  const bool named = what.target != member_id{};
  const member_id receiver = named ? what.target : what.subject;
  if (receiver == member_id{}) return false;
  const row_index at = s_.table.find(receiver, what.cursor);
  if (at != no_row) {
    const member_state state = s_.table[at].state;
    if (state == member_state::alive && !what.tell) return false;
    if (state == member_state::suspect && !s_.settings.experiment.buddy) return false;
    return put_fact(out, fact_of(at));
  }
  const wire::fact* remembered = s_.absent.find(receiver);
  return remembered != nullptr && put_fact(out, *remembered);
}

/// Something waits to be passed on.
inline bool engine::has_gossip() const noexcept {
  return !(s_.urgent.empty() && s_.membership.empty() && s_.hearsay.empty());
}

/// Writes what is queued about one row after the other, as long as it fits. It is handed on by
/// value, so that where it stands needs no memory but registers.
struct engine::fact_encoder {
  engine* from;
  std::span<std::byte> room;
  row_index receiver;   ///< what these two should hear was said
  row_index ourselves;  ///< already, in front: it counts as sent
  std::uint64_t sent{0};

  [[gnu::always_inline]] bool operator()(row_index at) noexcept {
    if (at == receiver || at == ourselves) return true;
    const row& r = from->s_.table[at];
    std::size_t size = wire::plain_fact::size;
    if (r.is_plain() && room.size() >= size) {
      wire::store_plain_fact(room.data(), r.plain_fact());
    } else if (r.is_accused() && room.size() >= size) {
      wire::store_accusation(room.data(), r.state, r.id, r.incarnation, from->accuser_of(r));
    } else {
      size = detail::write_whole(room, from->fact_of(at));
      if (size == 0) return false;
    }
    room = room.subspan(size);
    ++sent;
    return true;
  }
};

/// The queues: urgent facts (refutations and farewells) first, but where others wait too they get
/// at most half of the room, so that neither starves; then whatever still fits. Where there is not
/// room for one fact of each, the sequence number's last bit tosses for it.
inline void engine::write_gossip(wire::writer& out, const outgoing& what, bool told) noexcept {
  const std::uint32_t budget = transmit_budget(s_.settings, s_.group_size());
  const bool named = told && what.target != member_id{};
  const row_index receiver = named ? s_.table.find(what.target, what.cursor) : no_row;
  const bool introduced = what.introduce && what.kind == wire::message_kind::ack;
  const row_index ourselves = introduced ? member_table::self_row : no_row;
  fact_encoder encode{this, out.free(), receiver, ourselves};
  const bool both = !s_.urgent.empty() && !(s_.membership.empty() && s_.hearsay.empty());
  const bool tight = out.room() < 2 * wire::max_fact_size;
  const auto send_others = [&] {
    encode = s_.membership.send(s_.table, budget, encode);
    encode = s_.hearsay.send(s_.table, budget, encode);
  };
  if (both && tight && what.sequence % 2 != 0) send_others();
  const std::size_t reserved = both && !tight ? out.room() / 2 : 0;
  const auto encode_urgent = [&](row_index at) {
    return encode.room.size() >= reserved + wire::fact_size(fact_of(at)) && encode(at);
  };
  s_.urgent.send(s_.table, budget, encode_urgent);
  send_others();
  stats_.facts_sent += encode.sent;
  static_cast<void>(out.claim(out.free().size() - encode.room.size()));
}

/// Members from row `cursor` on, as many as fit, and where to go on. Suspects go as alive with the
/// accusation behind it, since only an alive fact carries the address. The dead and those that left
/// are not part of the state: whoever shows one of them as alive is told.
inline void engine::write_chunk(wire::writer& out, const outgoing& what) noexcept {
  row_index at = what.cursor;
  for (; at < s_.table.end(); ++at) {
    const row& r = s_.table[at];
    if (r.id == member_id{} || r.id == what.target) continue;
    if (!is_active(r.state) || in_crowd(at)) continue;
    if (r.is_plain()) {
      if (!wire::write_plain_fact(out, r.plain_fact())) break;
      ++stats_.facts_sent;
      continue;
    }
    const wire::fact alive{r.id, s_.table.place_incarnation(at), member_state::alive,
                           s_.table.address(at), member_id{}};
    if (!put_fact(out, alive)) break;
    // Where both do not fit, the accusation is left to gossip: the chunk must move on.
    if (r.state == member_state::suspect) put_fact(out, fact_of(at));
  }
  const bool more = at < s_.table.end();
  out.patch_u32(wire::state_reply_next_at, more ? at : wire::end_of_state);
  // Who has it all can serve others, unless we have not got it all ourselves.
  if (!more && (!s_.join.active || s_.join.completed)) {
    s_.serving.remember_whole(what.target, s_.table.active());
  }
}

/// What this engine says about the member of a row.
inline wire::fact engine::fact_of(row_index at) const noexcept {
  const row& r = s_.table[at];
  wire::fact fact{r.id, r.incarnation, r.state, endpoint{}, member_id{}};
  if (r.state == member_state::alive) {
    fact.incarnation = s_.table.place_incarnation(at);
    fact.address = s_.table.address(at);
  }
  if (r.is_accused()) fact.accuser = accuser_of(r);
  return fact;
}

}  // namespace v1
}  // namespace flotilla
