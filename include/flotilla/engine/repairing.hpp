// flotilla/engine/repairing.hpp - what gossip has lost is learnt by comparing views (extension)
// Every probe compares: its ping and ack carry a digest of the whole view. Where they differ
// although nothing is left to gossip, the ranges that differ are looked for, and settled.
#pragma once

#include <flotilla/engine.hpp>

namespace flotilla {
inline namespace v1 {

/// The reference of repair's questions; those below max_seeds are the join's seeds.
inline constexpr std::uint8_t repair_reference = 0xff;

/// When our ping shall compare views: as long as our gossip waits it says nothing that others
/// differ. But now and then it does even so, or a group that is never at rest would not repair; and
/// after a join in each period, for the gossip of a crowd of joiners never rests.
inline bool engine::compares_views() const noexcept {
  if (s_.settings.repair_interval == duration::zero()) return false;
  return calm_ || s_.repair_due <= s_.now || s_.repair_eager != 0 || !has_gossip();
}

/// The probed member has answered with its view.
inline void engine::compare_views(const inbound& in) noexcept {
  wire::digest_item item;
  wire::digest_reader digests{in.facts};
  if (s_.life != engine_life::running || !digests.next(item) ||
      item.kind != wire::digest_kind::view) {
    return;
  }
  compare_views(in.head.sender, in.from, item.value);
}

[[gnu::noinline]] inline void engine::compare_views(member_id id, const endpoint& address,
                                                    std::uint32_t view) noexcept {
  if (!compares_views()) return;
  ++stats_.views_compared;
  if (s_.repair_due <= s_.now) {
    // Between three and five quarters, so that a group that was started at once does not repair at
    // once.
    const duration interval = s_.settings.repair_interval;
    const duration wait = interval / 4 * 3 + interval / 2 / 1024 * s_.random.below(1025);
    s_.repair_due = detail::saturating_add(s_.now, wait);
  }
  const bool eager = s_.repair_eager != 0;
  if (eager) --s_.repair_eager;
  if (view == ranges().view()) {
    s_.repair.listening = false;
    return;
  }
  ++stats_.views_differed;
  if (s_.join.active || s_.repair.active || (s_.now < s_.repair_rest && !eager)) return;
  ++stats_.repairs;
  disturb();
  s_.repair.begin(id, address);
  request_repair();
}

inline void engine::request_repair() noexcept {
  repair_session& session = s_.repair;
  if (s_.requests_left == 0) {  // whoever answers at once shall not make us ask without end
    session.retry_due = s_.period_due;
    return;
  }
  --s_.requests_left;
  outgoing request;
  request.kind = wire::message_kind::repair_request;
  request.facts = cargo::questions;
  request.to = session.address;
  request.target = session.id;
  request.cookie = session.cookie;
  request.sequence = session.sequence =
      s_.pending.ask(ping_purpose::transfer, session.id, session.address, s_.now, repair_reference);
  session.asked = session.offered = 0;  // until it is pulled
  ++session.attempts;
  session.retry_due = detail::saturating_add(s_.now, session.patience(s_.settings.join_retry));
  ++stats_.repair_requests_sent;
  send_own(request);
}

inline void engine::run_repair() noexcept {
  if (s_.repair.attempts >= repair_session::max_attempts) {
    ++stats_.repairs_given_up;
    end_repair();
    return;
  }
  request_repair();
}

/// After one that brought nothing, longer and longer rests: views that stay different (a member
/// evicted here, a record that no fact settles) must not cost an exchange with every probe.
inline void engine::end_repair() noexcept {
  if (s_.repair.merged != 0) {
    s_.repair_pause = duration::zero();
  } else {
    const duration twice = detail::saturating_multiply(s_.repair_pause, 2);
    s_.repair_pause = twice > s_.settings.protocol_period ? twice : s_.settings.protocol_period;
    if (s_.repair_pause > s_.settings.repair_interval) {
      s_.repair_pause = s_.settings.repair_interval;
    }
  }
  s_.repair_rest = detail::saturating_add(s_.now, s_.repair_pause);
  s_.repair.stop();
}

inline void engine::on_message(const inbound& in, const wire::repair_reply& message) noexcept {
  ping_purpose purpose{};
  pending_ping* const found = s_.pending.find(message.sequence, purpose);
  repair_session& session = s_.repair;
  if (found == nullptr || purpose != ping_purpose::transfer ||
      found->reference != repair_reference || found->to != in.from ||
      found->target != in.head.sender || session.sequence != message.sequence) {
    ++stats_.replies_unmatched;
    return;
  }
  found->waiting = false;
  session.sequence = 0;
  ++stats_.repair_replies_received;
  const std::uint64_t before = stats_.facts_merged;
  absorb_all(in, provenance::repair);
  if (s_.life != engine_life::running || !session.active) return;
  s_.acknowledged = true;
  const auto merged = static_cast<std::uint32_t>(stats_.facts_merged - before);
  session.merged += merged;
  ++session.steps;
  bool moved = merged != 0 || session.offered != 0 || session.cookie != message.cookie;
  session.cookie = message.cookie;
  session.drop_offered();
  const std::uint8_t offers = session.offer_count;
  contradict(in.facts);
  moved = settle_ranges(in.facts, message.sequence, merged != 0) || moved;
  moved = moved || session.offer_count != offers;
  if (session.range_count == 0 && session.offer_count == 0) {
    ++stats_.repairs_completed;
    session.listening = false;
    end_repair();
  } else if (session.steps >= 1024 + 4 * s_.table.size()) {
    ++stats_.repairs_given_up;
    end_repair();
  } else if (moved) {
    session.attempts = 0;
    request_repair();
  }
}

/// The peer holds alive whom we hold dead, or gone: it is told so.
inline void engine::contradict(std::span<const std::byte> facts) noexcept {
  if (s_.table.active() == s_.table.size() && s_.absent.size() == 0) return;  // there is none
  wire::fact_reader reader{facts};
  wire::fact fact;
  for (wire::fact_read read = reader.next(fact); read != wire::fact_read::end;
       read = reader.next(fact)) {
    if (read == wire::fact_read::malformed) return;
    if (read != wire::fact_read::fact || !contradicts(fact)) continue;
    if (!s_.repair.offer(fact.subject)) return;
  }
}

/// True for an alive fact about a member of whose death or farewell we know. An evicted member's is
/// our own affair.
inline bool engine::contradicts(const wire::fact& fact) const noexcept {
  if (fact.state != member_state::alive || s_.denied.contains(fact.subject)) return false;
  const row_index at = s_.table.find(fact.subject);
  return at != no_row ? !is_active(s_.table[at].state) : s_.absent.find(fact.subject) != nullptr;
}

/// Takes the ranges that were answered off the stack, and puts those parts on that differ. True
/// when that changed anything.
inline bool engine::settle_ranges(std::span<const std::byte> facts, std::uint32_t salt,
                                  bool merged) noexcept {
  repair_session& session = s_.repair;
  std::uint32_t budget = 4 * repair_session::walk_budget;  // for what we chose to ask about
  std::array<wire::range_code, repair_session::max_asked> asked{};
  for (std::size_t i = 0; i < session.asked; ++i) asked[i] = session.nth(i);
  std::array<bool, repair_session::max_asked> again{};
  wire::digest_reader answers{facts};
  wire::digest_item item;
  std::size_t answered = 0;
  for (; answered < session.asked && answers.next(item); ++answered) {
    const unsigned bits = session.bits[answered];
    if (bits != 0 && (item.kind != wire::digest_kind::digests || item.detail != bits)) break;
    if (bits == 0 && item.kind != wire::digest_kind::missing) break;
    if (bits == 0) {
      bool noted = false;
      const bool all = note_missing(item, asked[answered], salt, budget, noted);
      again[answered] = !all || (item.detail != 0 && (merged || noted));
    }
  }
  if (answered == 0) return false;
  session.range_count = static_cast<std::uint16_t>(session.range_count - answered);
  for (std::size_t i = answered; i-- > 0;) {
    if (again[i]) static_cast<void>(session.push(asked[i]));
  }
  answers = wire::digest_reader{facts};
  for (std::size_t i = 0; i < answered && answers.next(item); ++i) {
    if (session.bits[i] != 0) push_parts(item, asked[i], salt, budget);
  }
  session.asked = 0;
  return true;
}

inline void engine::push_parts(const wire::digest_item& item, wire::range_code range,
                               std::uint32_t salt, std::uint32_t& budget) noexcept {
  std::array<std::uint64_t, std::size_t{1} << wire::max_split_bits> own{};
  if (!ranges().split(s_.table, range, item.detail, budget, own)) {
    ++stats_.repair_ranges_dropped;
    return;
  }
  for (std::uint32_t i = 0; i < item.count(); ++i) {
    if (short_digest(own[i], salt) == item.mark(i)) continue;
    if (!s_.repair.push((range << item.detail) + i)) ++stats_.repair_ranges_dropped;
  }
}

/// The peer lacks records of a range that we have listed. What has changed here since then is not
/// found, and need not be. False when there was not room for all of them.
inline bool engine::note_missing(const wire::digest_item& item, wire::range_code range,
                                 std::uint32_t salt, std::uint32_t& budget, bool& noted) noexcept {
  if (item.count() == 0 || s_.repair.listening) return true;
  bool all = true;
  ranges().walk(s_.table, range, budget, [&](row_index at, const range_record& record) {
    const std::uint16_t mark = short_digest(record.hash, salt);
    bool wanted = false;
    for (std::size_t i = 0; i < item.count(); ++i) wanted = wanted || item.mark(i) == mark;
    if (!wanted) return true;
    all = s_.repair.offer(s_.table[at].id);
    noted = noted || all;
    return all;
  });
  return all;
}

/// Our offers, then as many questions as fit: ranges from the top of the stack.
inline void engine::write_questions(wire::writer& out) noexcept {
  repair_session& session = s_.repair;
  session.offered = session.asked = 0;
  while (session.offered < session.offer_count) {
    if (!write_record_of(out, session.offers[session.offered])) break;
    ++session.offered;
  }
  if (session.offered < session.offer_count) return;
  std::size_t room = out.room() < repair_desk::max_bytes ? out.room() : repair_desk::max_bytes;
  std::uint32_t budget = repair_session::walk_budget;
  std::size_t parts = repair_session::max_ranges - session.range_count;
  std::size_t answer = answer_room();
  while (session.asked < session.range_count && session.asked < repair_session::max_asked) {
    const std::size_t written = write_question(out, room, parts, answer, budget);
    if (written == 0) break;
    room -= written;
    ++session.asked;
  }
}

/// Bytes of digests that an answer holds.
inline std::size_t engine::answer_room() const noexcept {
  const std::size_t room = s_.settings.max_datagram_size - s_.settings.datagram_overhead;
  return room - wire::frame_size - 12;
}

/// Asks about the next range in at most `room` bytes, whose answer takes at most `answer` bytes and
/// puts no more than `parts` ranges on the stack. Returns the bytes written, 0 when that is full.
inline std::size_t engine::write_question(wire::writer& out, std::size_t room, std::size_t& parts,
                                          std::size_t& answer, std::uint32_t& budget) noexcept {
  repair_session& session = s_.repair;
  const wire::range_code range = session.nth(session.asked);
  const unsigned depth = wire::range_depth(range);
  std::array<std::uint16_t, wire::max_marks> marks{};
  std::size_t count = 0;
  if (depth >= ranges().depth()) {
    ranges().walk(s_.table, range, budget, [&](row_index, const range_record& record) {
      marks[count++] = short_digest(record.hash, session.sequence);
      return count < wire::max_marks;
    });
  }
  const bool deepest = depth == wire::max_range_depth;
  const bool listed = deepest || (depth >= ranges().depth() && count <= repair_session::max_listed);
  const std::size_t before = out.size();
  if (listed) {
    if (wire::list_size(count) > room || answer < wire::missing_size(0)) return 0;
    if (!wire::begin_list(out, range, count)) return 0;
    for (std::size_t i = 0; i < count; ++i) out.u16(marks[i]);
    const std::size_t most = wire::missing_size(1) + 24;  // it differs by one record, mostly
    answer -= answer < most ? answer : most;
    session.bits[session.asked] = 0;
    return out.size() - before;
  }
  // Few are split at once as far as one answer tells; among many, each into eight.
  const bool few = session.range_count <= repair_session::max_asked;
  unsigned bits = few ? wire::max_split_bits - (session.range_count == 1 ? 0U : 1U) : 3U;
  const unsigned wanted = depth <= ranges().depth() ? ranges().depth() + 1 - depth : 1U;
  if (bits > wanted) bits = wanted;
  if (bits > wire::max_range_depth - depth) bits = wire::max_range_depth - depth;
  const auto fits = [&](unsigned b) {
    return (1U << b) <= parts + 1 && wire::digests_size(b) <= answer;
  };
  while (bits > 1 && !fits(bits)) --bits;
  if (!fits(bits) && session.asked != 0) return 0;
  if (wire::split_size > room || !wire::write_split(out, range, bits)) return 0;
  const std::size_t more = (std::size_t{1} << bits) - 1;
  parts -= more < parts ? more : parts;
  answer -= wire::digests_size(bits) < answer ? wire::digests_size(bits) : answer;
  session.bits[session.asked] = static_cast<std::uint8_t>(bits);
  return out.size() - before;
}

}  // namespace v1
}  // namespace flotilla
