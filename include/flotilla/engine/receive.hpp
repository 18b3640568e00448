// flotilla/engine/receive.hpp - one datagram: decode, check, hand to its handler
// Nothing is applied before everything was decoded (law 7); handlers answer through the outbox.
#pragma once

#include <flotilla/engine.hpp>

namespace flotilla {
inline namespace v1 {

inline receive_result engine::receive(time_point now, const endpoint& from,
                                      std::span<const std::byte> datagram) noexcept {
  advance(now);
  stats_.bytes_received += datagram.size();
  if (take_plain_ping(from, datagram) || take_plain_ack(from, datagram)) {
    ++stats_.received[static_cast<std::size_t>(receive_result::accepted)];
    return receive_result::accepted;
  }
  const receive_result result = take(from, datagram);
  ++stats_.received[static_cast<std::size_t>(result)];
  return result;
}

inline receive_result engine::take(const endpoint& from,
                                   std::span<const std::byte> datagram) noexcept {
  if (s_.life == engine_life::inert) return receive_result::inert;
  if (s_.life == engine_life::left) return receive_result::left;
  if (datagram.size() > s_.settings.max_datagram_size) return receive_result::too_large;
  if (!from.is_unicast()) return receive_result::bad_address;
  inbound in{from, datagram.size(), wire::reader{datagram}};
  const receive_result framed = wire::read_frame(in.fields, in.head, s_.group_tag);
  if (framed != receive_result::accepted) return framed;
  const receive_result checked = wire::check_rest(in.fields, in.head.kind, in.facts);
  if (checked != receive_result::accepted) return checked;
  const receive_result admitted = admit_sender(in);
  if (admitted != receive_result::accepted) return admitted;
  calm_ = false;
  // A ping without facts, as most are, moves no timer.
  const bool asks = in.head.kind == wire::message_kind::ping;
  if (!asks || !wire::holds_no_fact(in.facts)) quiet_ = 0;
  dispatch(in);
  note_sender(in);
  if (s_.life == engine_life::left) fall_silent();
  return receive_result::accepted;
}

inline void engine::dispatch(const inbound& in) noexcept {
  using kind = wire::message_kind;
  switch (in.head.kind) {
    case kind::ping: on_message(in, wire::body_of<wire::ping>(in.fields)); return;
    case kind::ping_request: on_message(in, wire::body_of<wire::ping_request>(in.fields)); return;
    case kind::ack: on_message(in, wire::body_of<wire::ack>(in.fields)); return;
    case kind::relayed_ack: on_message(in, wire::body_of<wire::relayed_ack>(in.fields)); return;
    case kind::nack: on_message(in, wire::body_of<wire::nack>(in.fields)); return;
    case kind::join_request: on_message(in, wire::body_of<wire::join_request>(in.fields)); return;
    case kind::state_request: on_message(in, wire::body_of<wire::state_request>(in.fields)); return;
    case kind::state_reply: on_message(in, wire::body_of<wire::state_reply>(in.fields)); return;
    case kind::repair_request:
      on_message(in, wire::body_of<wire::repair_request>(in.fields));
      return;
    case kind::repair_reply: on_message(in, wire::body_of<wire::repair_reply>(in.fields)); return;
  }
}

/// Whether a datagram that has been decoded is for us, and from somebody to whom we listen. Who
/// that is is looked up once for all that follows.
inline receive_result engine::admit_sender(inbound& in) noexcept {
  const member_id self = s_.settings.id;
  if (in.head.sender == self) return receive_result::own_id;
  if (in.head.target != member_id{} && in.head.target != self) return receive_result::wrong_target;
  if (s_.denied.contains(in.head.sender)) return receive_result::denied;
  s_.may_ask_absent = true;
  const time_point heard = s_.heard;
  s_.heard = s_.now;
  if (s_.deaf) hear_again(detail::elapsed(heard, s_.now));
  in.at = s_.table.find(in.head.sender);
  in.from_member = in.at != no_row && is_active(s_.table[in.at].state);
  return receive_result::accepted;
}

/// The sender's row, or no_row: what its datagram has brought may have let it in.
inline row_index engine::row_of_sender(const inbound& in) const noexcept {
  return in.at != no_row ? in.at : s_.table.find(in.head.sender);
}

/// True when the sender is a member that speaks from its own address.
inline bool engine::is_known(const inbound& in) const noexcept {
  const row_index at = row_of_sender(in);
  return at != no_row && is_active(s_.table[at].state) && s_.table.is_at(at, in.from);
}

inline bool engine::is_held_active(member_id id) const noexcept {
  const row_index at = s_.table.find(id);
  return at != no_row && is_active(s_.table[at].state);
}

/// True when that member has answered us from there before, or echoed our cookie. Others are
/// answered with at most three times what they sent: their address may be somebody else's.
inline bool engine::is_proven(const inbound& in) const noexcept {
  return is_known(in) && s_.table[row_of_sender(in)].proven;
}

/// A header never changes the table (rule (e)), but it shows whose record is in doubt here: then
/// the member is asked directly, with what we hold of it.
inline void engine::note_sender(const inbound& in) noexcept {
  const row_index at = row_of_sender(in);
  if (at == no_row || s_.life != engine_life::running) return;
  const row& r = s_.table[at];
  // It may have moved, or the address that we hold may be somebody's invention, which helpers with
  // a better record would hide from our probes for ever: so it is asked where it speaks from.
  // A leaver still speaks; if it has not left after all, our answers tell it what we believe.
  const bool suspect = r.state == member_state::suspect && s_.settings.experiment.buddy;
  const bool in_doubt =
      suspect || r.state == member_state::dead || r.incarnation != in.head.incarnation;
  if (in_doubt) contact(at, in.from);
  if (r.state == member_state::dead) recant();
}

/// True when one of the facts holds us suspect or dead.
inline bool engine::accuses_us(std::span<const std::byte> facts) const noexcept {
  wire::fact_reader reader{facts};
  wire::fact fact;
  for (;;) {
    const wire::fact_read read = reader.next(fact);
    if (read == wire::fact_read::end || read == wire::fact_read::malformed) return false;
    const bool ours = read == wire::fact_read::fact && fact.subject == s_.self().id;
    if (ours && (fact.state == member_state::suspect || fact.state == member_state::dead)) {
      return true;
    }
  }
}

inline void engine::on_message(const inbound& in, const wire::ping& message) noexcept {
  // Whoever does not name us tries the address of somebody dead (healing): we have been taken for
  // it.
  if (in.head.target == member_id{} && in.at != no_row) recant();
  const std::uint64_t told_before = stats_.facts_about_self;
  absorb_heard(in);
  const row_index at = row_of_sender(in);
  const row* const held = at == no_row ? nullptr : &s_.table[at];
  const bool at_home = held != nullptr && s_.table.is_at(at, in.from);
  const bool known = at_home && is_active(held->state);
  outgoing reply;
  reply.kind = wire::message_kind::ack;
  reply.sequence = message.sequence;
  reply.facts = known ? cargo::gossip : cargo::about_target;
  // Who accuses us hears at first hand that we have spoken up, and where we are; otherwise it would
  // have to ask again, since the queue passes our refutation on to so many only.
  const bool accused = stats_.facts_about_self != told_before && accuses_us(in.facts);
  reply.introduce = in.head.introduce || accused;
  reply.compare = known && wire::shows_view(in.facts);
  reply.tell = held != nullptr && !(at_home && held->incarnation == in.head.incarnation);
  reply.cursor = at;
  send_reply(reply, in, known && held->proven);
  const bool heals = in.head.target == member_id{} && !in.from_member;
  const std::uint8_t reference = heals ? visit::parted : std::uint8_t{0};
  if (at == no_row && s_.life == engine_life::running) verify(in.head.sender, in.from, reference);
  if (at != no_row && heals) contact(at, in.from, reference);
}

inline void engine::on_message(const inbound& in, const wire::ping_request& message) noexcept {
  absorb_heard(in);
  const std::size_t slot = s_.relays.find_free(in.head.sender);
  if (slot == relay_table::capacity || message.subject == s_.self().id ||
      message.subject == in.head.sender || !is_known(in) || s_.life != engine_life::running) {
    ++stats_.relays_refused;
    return;
  }
  const row_index at = s_.table.find(message.subject);
  const endpoint to = at != no_row ? s_.table.address(at) : message.address;
  if (to == s_.table.own_address()) {
    ++stats_.relays_refused;
    return;
  }
  ++stats_.relays;
  // 80 % of our own time-out: the nack must reach the prober while it still listens (Lifeguard).
  const duration patience = s_.settings.direct_timeout / 5 * 4;
  s_.relays.open(slot, {true, message.sequence, in.head.sender, in.from, message.subject,
                        detail::saturating_add(s_.now, patience)});
  outgoing ping;
  ping.kind = wire::message_kind::ping;
  ping.facts = at != no_row && s_.table[at].proven ? cargo::gossip : cargo::own;
  ping.to = to;
  ping.target = message.subject;
  ping.sequence = s_.pending.ask(ping_purpose::relay, ping.target, ping.to, s_.now,
                                 static_cast<std::uint8_t>(slot));
  s_.relays[slot].ping_sequence = ping.sequence;
  send_caused(ping);
}

inline void engine::on_message(const inbound& in, const wire::ack& message) noexcept {
  ping_purpose purpose{};
  pending_ping* const found = s_.pending.find(message.sequence, purpose);
  const bool expected = found != nullptr && purpose != ping_purpose::transfer &&
                        purpose != ping_purpose::request &&
                        (found->target == member_id{} || found->target == in.head.sender);
  if (!expected) {
    ++stats_.acks_unmatched;
    absorb_heard(in);
    return;
  }
  const pending_ping asked = *found;
  found->waiting = false;
  hear_first_hand(in, asked, message.incarnation);
  const bool of_round =
      purpose == ping_purpose::probe && s_.round.active && asked.sequence == s_.round.sequence;
  // Late answers count most. Those that lay in a socket while nobody read them do not.
  if (of_round && s_.round.pulled && !s_.round.extended) {
    s_.round_trips.add(detail::elapsed(s_.round.pulled_at, s_.now));
  }
  if (of_round && !s_.round.answered) {
    ++stats_.probes_acknowledged;
    s_.round.on_answer();
  }
  if (purpose == ping_purpose::heal) s_.healing.remove(in.head.sender, asked.to);
  if (purpose == ping_purpose::farewell) s_.goodbye.acknowledge(in.head.sender);
  if (purpose == ping_purpose::relay && s_.relays[asked.reference].used &&
      s_.relays[asked.reference].ping_sequence == asked.sequence) {
    const relay& open = s_.relays[asked.reference];
    outgoing reply;
    reply.kind = wire::message_kind::relayed_ack;
    reply.sequence = open.requester_sequence;
    reply.to = open.requester_address;
    reply.target = open.requester;
    reply.subject = in.head.sender;
    reply.incarnation = message.incarnation;
    send_caused(reply);
    s_.relays.close(asked.reference);
  }
  absorb_heard(in);
  s_.acknowledged = true;
  if (of_round) compare_views(in);
  const bool asked_parted = (purpose == ping_purpose::verify || purpose == ping_purpose::recheck) &&
                            asked.reference == visit::parted;
  if ((purpose == ping_purpose::heal || asked_parted) && !in.from_member &&
      is_held_active(in.head.sender)) {
    meet_parted(in.head.sender, in.from);
  }
  if (s_.life == engine_life::leaving) run_farewell();
}

inline void engine::on_message(const inbound& in, const wire::relayed_ack& message) noexcept {
  const bool expected = s_.round.active && s_.round.request_sequence != 0 &&
                        message.sequence == s_.round.request_sequence &&
                        message.subject == s_.round.subject &&
                        s_.round.helpers.contains(in.head.sender);
  const row_index at = expected ? s_.table.find(message.subject) : no_row;
  if (at == no_row) {
    ++stats_.acks_unmatched;
    absorb_heard(in);
    return;
  }
  if (!s_.round.answered) {
    ++stats_.probes_acknowledged_by_helper;
    s_.round.on_answer();
    settle(at);
    // Two rounds in a row: one lost datagram is no broken path.
    row& r = s_.table[at];
    if (is_active(r.state) && r.broken_rounds < 2 && ++r.broken_rounds == 2) {
      tell(path_broken{s_.table.snapshot(at), in.head.sender});
    }
  }
  // It proves life and no more: the incarnation in it comes without an address, and joining it to
  // the one we hold could invent a record that the member never told. Its own alive fact will come.
  if (s_.table[at].state == member_state::suspect) note_life_of_suspect(at);
  absorb_heard(in);
}

inline void engine::on_message(const inbound& in, const wire::nack& message) noexcept {
  const bool expected = s_.round.active && s_.round.request_sequence != 0 &&
                        message.sequence == s_.round.request_sequence &&
                        s_.round.helpers.nack(in.head.sender);
  ++(expected ? stats_.nacks_received : stats_.nacks_unmatched);
}

inline void engine::on_message(const inbound& in, const wire::join_request& message) noexcept {
  ++stats_.join_requests_received;
  serve_state(in, message.sequence, message.cookie, 0);
}

inline void engine::on_message(const inbound& in, const wire::state_request& message) noexcept {
  serve_state(in, message.sequence, message.cookie, message.cursor);
}

inline void engine::on_message(const inbound& in, const wire::state_reply& message) noexcept {
  ping_purpose purpose{};
  pending_ping* const found = s_.pending.find(message.sequence, purpose);
  if (found == nullptr || purpose != ping_purpose::transfer ||
      (found->reference >= max_seeds && found->reference != visit::reference) ||
      found->to != in.from || (found->target != member_id{} && found->target != in.head.sender)) {
    ++stats_.replies_unmatched;
    return;
  }
  const std::uint8_t reference = found->reference;
  transfer* const from =
      reference == visit::reference ? &s_.visiting.server : &s_.join.seeds[reference];
  found->waiting = false;
  if (from->sequence != message.sequence) {
    ++stats_.replies_unmatched;
    return;
  }
  ++stats_.chunks_received;
  from->id = in.head.sender;
  const bool parted = reference == visit::reference && s_.visiting.meeting;
  const bool first_word =
      reference != visit::reference && from->now == transfer::phase::asking && s_.join.count > 1;
  s_.table.expect(message.members);
  absorb_all(in, parted ? provenance::meeting : provenance::transfer, first_word);
  if (s_.life == engine_life::left) return;
  s_.acknowledged = true;
  const row_index sender = row_of_sender(in);
  if (sender != no_row && s_.table.is_at(sender, in.from)) {
    s_.table[sender].proven = true;
    settle(sender);
  }
  const bool new_cookie = from->cookie != message.cookie;
  const bool new_life = from->cookie != 0 && new_cookie;
  from->cookie = message.cookie;
  from->expected = message.members;
  if (reference != visit::reference && message.members > s_.join.expected) {
    s_.join.expected = message.members;
  }
  from->sequence = 0;
  if (new_life) from->cursor = 0;  // it has been restarted, and its rows have another order
  const bool pulling = from->now == transfer::phase::pulling;
  if (pulling && (new_life || message.next <= from->cursor)) {
    // Rows go up. A new cookie is worth another request at once; who just does not move on is busy,
    // and asked again when the time comes.
    if (new_cookie) {
      if (from->attempts < transfer::max_attempts) request_state(*from, reference);
    } else {
      put_off(*from, reference, in);
    }
    return;
  }
  if (pulling && message.next != wire::end_of_state) from->cursor = message.next;
  from->attempts = 0;
  from->retry_due = time_point::max();
  if (reference == visit::reference) {
    continue_visit(message);
  } else {
    continue_join(reference, message);
  }
}

}  // namespace v1
}  // namespace flotilla
