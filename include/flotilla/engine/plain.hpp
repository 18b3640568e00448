// flotilla/engine/plain.hpp - the usual datagrams of a group at rest, in few steps
// A ping from somebody who is just what we hold of it, and answers without anything to tell.
// receive.hpp and transmit.hpp do the same with them, and all that is not usual.
#pragma once

#include <flotilla/engine.hpp>
#include <flotilla/wire/plain.hpp>

namespace flotilla {
inline namespace v1 {

/// The row of the sender, mostly `at`, and its number, if it speaks from its address and is alive
/// at the incarnation that we hold, so that nothing about it is in doubt; otherwise null. Not while
/// we are ill ourselves.
[[gnu::always_inline]] inline row* engine::usual_sender(const endpoint& from,
                                                        const wire::plain_message& message,
                                                        row_index& at) noexcept {
  if (!calm_ && (s_.life != engine_life::running || s_.deaf)) return nullptr;
  at = s_.table.find(message.sender, at);
  if (at == no_row || at == member_table::self_row) return nullptr;
  row& r = s_.table[at];
  const bool usual = r.state == member_state::alive && r.incarnation == message.incarnation &&
                     s_.table.is_at(at, from);
  if (!calm_ && s_.denied.contains(message.sender)) return nullptr;
  return usual ? &r : nullptr;
}

/// Takes a ping without facts from a usual sender: there is nothing to do but to answer it. False,
/// and nothing done, for every other datagram.
inline bool engine::take_plain_ping(const endpoint& from,
                                    std::span<const std::byte> datagram) noexcept {
  constexpr wire::message_kind kind = wire::message_kind::ping;
  wire::plain_message ping;
  if (!wire::read_plain<kind>(datagram, s_.group_tag, s_.settings.id, ping)) return false;
  row_index at = no_row;
  const row* const sender = usual_sender(from, ping, at);
  if (sender == nullptr) return false;
  s_.may_ask_absent = true;
  s_.heard = s_.now;
  outgoing reply;
  reply.kind = wire::message_kind::ack;
  reply.sequence = ping.sequence;
  reply.compare = ping.shows_view;
  reply.to = from;
  reply.target = ping.sender;
  reply.cursor = at;
  if (!sender->proven) cap(reply, datagram.size());
  send_caused(reply);
  return true;
}

/// Takes the first answer to the ping of the round under way, without facts, from a usual sender,
/// while nobody is doubted: the round ends well. False, and nothing done, for all else.
[[gnu::noinline]] inline bool engine::take_plain_ack(const endpoint& from,
                                                     std::span<const std::byte> datagram) noexcept {
  constexpr wire::message_kind kind = wire::message_kind::ack;
  wire::plain_message ack;
  if (!wire::read_plain<kind>(datagram, s_.group_tag, s_.settings.id, ack)) return false;
  probe_round& round = s_.round;
  const bool awaited = round.active && !round.answered && round.sequence == ack.sequence;
  pending_ping* const asked = s_.pending.find_latest(ack.sequence);
  if (!awaited || asked == nullptr || asked->target != ack.sender || asked->to != from)
    return false;
  row_index at = round.at;
  row* const sender = usual_sender(from, ack, at);
  if (sender == nullptr || sender->hearsay) return false;
  if (!calm_ && s_.doubted.earliest() != time_point::max()) return false;
  s_.may_ask_absent = true;
  s_.heard = s_.now;
  asked->waiting = false;
  sender->broken_rounds = 0;
  sender->proven = true;
  ++stats_.facts_known;
  if (round.pulled && !round.extended) {
    s_.round_trips.add(detail::elapsed(round.pulled_at, s_.now));
  }
  ++stats_.probes_acknowledged;
  round.on_answer();
  quiet_ = calm_ ? quiet_until(round_due()) : 0;
  s_.acknowledged = true;
  if (ack.shows_view) compare_views(ack.sender, from, ack.view);
  return true;
}

/// True when nothing goes along with a ping or an ack but a view: its receiver is alive and knows
/// what we hold of it, and there is no gossip.
inline bool engine::is_plain(const outgoing& what) const noexcept {
  if (what.kind != wire::message_kind::ping && what.kind != wire::message_kind::ack) return false;
  if (what.facts != cargo::gossip || what.tell || what.introduce) return false;
  if (what.cursor >= s_.table.end() || (!calm_ && has_gossip())) return false;
  // Three times the shortest question holds any plain answer.
  static_assert(3 * wire::plain_size(wire::message_kind::ping) >= wire::max_plain_size);
  FLOTILLA_EXPECT(what.limit == 0 || what.limit >= wire::max_plain_size);
  const row& receiver = s_.table[what.cursor];
  return receiver.id == what.target && receiver.state == member_state::alive;
}

/// Builds the first datagram that waits, which is plain, in a buffer that holds any such.
inline transmit engine::send_plain(std::byte* buffer) noexcept {
  const outgoing& what = s_.waiting.front();
  const row& self_row = s_.self();
  wire::plain_message message;
  message.kind = what.kind;
  message.shows_view = what.compare;
  if (what.compare) message.view = ranges().view();
  message.sender = self_row.id;
  message.target = what.target;
  message.incarnation = self_row.incarnation;
  message.sequence = what.sequence;
  const std::size_t size = wire::write_plain(buffer, s_.group_tag, message);
  return note_pulled(what, {buffer, size});
}

}  // namespace v1
}  // namespace flotilla
