// flotilla/engine/answering_repair.hpp - the server's side of a repair (extension)
// Questions wait in a few slots until they are pulled; nothing is kept about who asked.
#pragma once

#include <flotilla/engine.hpp>
#include <flotilla/exchange/cookie.hpp>

namespace flotilla {
inline namespace v1 {

namespace detail {

/// The bits of those listed marks that are this one.
[[nodiscard]] inline std::uint64_t listed(const wire::digest_item& list,
                                          std::uint16_t mark) noexcept {
  std::uint64_t bits = 0;
  for (std::size_t i = 0; i < list.count(); ++i) {
    if (list.mark(i) == mark) bits |= std::uint64_t{1} << i;
  }
  return bits;
}

}  // namespace detail

/// Whoever has not proved to receive at its address gets our cookie and nothing else.
inline void engine::on_message(const inbound& in, const wire::repair_request& message) noexcept {
  ++stats_.repair_requests_received;
  outgoing reply;
  reply.kind = wire::message_kind::repair_reply;
  reply.facts = cargo::answers;
  reply.sequence = message.sequence;
  reply.cookie = cookie_of(in.from, s_.cookie_key);
  reply.cursor = repair_desk::slots;
  reply.to = in.from;
  reply.target = in.head.sender;
  const bool echoed = message.cookie == reply.cookie;
  if (!echoed && !is_proven(in)) {
    if (message.cookie != 0) ++stats_.repair_requests_refused;
    send_reply(reply, in);
    return;
  }
  const std::size_t slot = s_.desk.find_free();
  const bool answers = s_.life == engine_life::running && !s_.repair.listening;
  if (!answers || slot == repair_desk::slots || s_.answers_left == 0) {
    ++stats_.repair_requests_refused;
    return;
  }
  absorb_all(in, provenance::offer);
  if (s_.life != engine_life::running) return;
  const row_index at = row_of_sender(in);
  if (echoed && at != no_row && s_.table.is_at(at, in.from)) s_.table[at].proven = true;
  if (at == no_row) verify(in.head.sender, in.from);
  reply.cursor = static_cast<std::uint32_t>(slot);
  if (!s_.waiting.push_reply(reply)) {
    ++stats_.transmits_dropped;
    return;
  }
  --s_.answers_left;
  ++stats_.repair_requests_served;
  take_questions(in.facts, s_.desk[slot]);
}

inline void engine::take_questions(std::span<const std::byte> facts,
                                   repair_desk::slot& slot) noexcept {
  slot.used = true;
  wire::fact_reader offers{facts};
  wire::fact fact;
  for (wire::fact_read read = offers.next(fact); read != wire::fact_read::end;
       read = offers.next(fact)) {
    if (read == wire::fact_read::malformed || slot.told_count == repair_desk::max_told) break;
    if (read == wire::fact_read::fact && contradicts(fact)) {
      slot.told[slot.told_count++] = fact.subject;
    }
  }
  wire::writer copy{slot.questions};
  wire::digest_reader questions{facts};
  for (wire::digest_item item; questions.next(item);) {
    const bool split = item.kind == wire::digest_kind::split;
    if (!split && item.kind != wire::digest_kind::list) continue;
    if (split ? !wire::write_split(copy, item.value, item.detail)
              : !wire::begin_list(copy, item.value, item.count())) {
      break;
    }
    if (!split) copy.bytes(item.marks);
  }
  slot.size = static_cast<std::uint16_t>(copy.size());
}

/// What contradicts the offers; an answer to each question, in order, as many as fit; and then the
/// records that the asker lacks.
inline void engine::write_answers(wire::writer& out, const outgoing& what) noexcept {
  if (what.cursor >= repair_desk::slots) return;
  repair_desk::slot& slot = s_.desk[what.cursor];
  for (std::size_t i = 0; i < slot.told_count; ++i) {
    static_cast<void>(write_record_of(out, slot.told[i]));
  }
  const auto asked = std::span<const std::byte>{slot.questions}.first(slot.size);
  std::uint32_t budget = repair_session::walk_budget;
  std::array<std::uint16_t, repair_session::max_asked> flags{};  // where each list's `more` stands
  std::size_t answered = 0;
  wire::digest_reader questions{asked};
  for (wire::digest_item item; answered < flags.size() && questions.next(item); ++answered) {
    flags[answered] = static_cast<std::uint16_t>(out.size() + 2);
    const bool written = item.kind == wire::digest_kind::split
                             ? write_digests(out, item, what.sequence, budget)
                             : write_missing(out, item, what.sequence, budget);
    if (!written) break;
  }
  questions = wire::digest_reader{asked};
  wire::digest_item item;
  for (std::size_t i = 0; i < answered && questions.next(item); ++i) {
    if (item.kind == wire::digest_kind::split) continue;
    if (!write_lacking(out, item, what.sequence, budget)) out.patch_u8(flags[i], 1);
  }
  s_.desk.release(what.cursor);
}

inline bool engine::write_digests(wire::writer& out, const wire::digest_item& question,
                                  std::uint32_t salt, std::uint32_t& budget) noexcept {
  std::array<std::uint64_t, std::size_t{1} << wire::max_split_bits> sums{};
  if (!ranges().split(s_.table, question.value, question.detail, budget, sums)) return false;
  if (!wire::begin_digests(out, question.detail)) return false;
  for (std::uint32_t i = 0; i < 1U << question.detail; ++i) out.u16(short_digest(sums[i], salt));
  return true;
}

/// Which of the listed records we lack, as many as fit.
inline bool engine::write_missing(wire::writer& out, const wire::digest_item& question,
                                  std::uint32_t salt, std::uint32_t& budget) noexcept {
  std::uint64_t held = 0;
  const bool whole =
      ranges().walk(s_.table, question.value, budget, [&](row_index, const range_record& record) {
        held |= detail::listed(question, short_digest(record.hash, salt));
        return true;
      });
  if (out.room() < wire::missing_size(0)) return false;
  // In a range too full to be walked nobody knows what is missing.
  std::size_t missing = 0;
  for (std::size_t i = 0; whole && i < question.count(); ++i) {
    if ((held >> i & 1U) == 0) ++missing;
  }
  const std::size_t room = (out.room() - wire::missing_size(0)) / 2;
  const bool all = whole && missing <= room;
  if (missing > room) missing = room;
  static_cast<void>(wire::begin_missing(out, !all, missing));
  for (std::size_t i = 0; missing != 0; ++i) {
    if ((held >> i & 1U) != 0) continue;
    out.u16(question.mark(i));
    --missing;
  }
  return true;
}

/// Our records that are not listed. False when not all of them fit.
inline bool engine::write_lacking(wire::writer& out, const wire::digest_item& question,
                                  std::uint32_t salt, std::uint32_t& budget) noexcept {
  bool fits = true;
  const bool whole =
      ranges().walk(s_.table, question.value, budget, [&](row_index at, const range_record& r) {
        if (detail::listed(question, short_digest(r.hash, salt)) != 0) return true;
        fits = write_record(out, at);
        return fits;
      });
  return whole && fits;
}

/// What we hold of a member, whole or not at all; nothing of a crowd of hearsay, which is told to
/// nobody. A suspect goes as alive with the accusation
/// behind it, where that fits: only an alive fact carries the address.
inline bool engine::write_record(wire::writer& out, row_index at) noexcept {
  const row& r = s_.table[at];
  if (in_crowd(at)) return true;
  if (!is_active(r.state)) return put_fact(out, fact_of(at));
  if (!put_fact(out, {r.id, s_.table.place_incarnation(at), member_state::alive,
                      s_.table.address(at), member_id{}})) {
    return false;
  }
  if (r.state == member_state::suspect) put_fact(out, fact_of(at));
  return true;
}

/// The same by id. True also when nothing is held that could be told.
inline bool engine::write_record_of(wire::writer& out, member_id id) noexcept {
  if (s_.denied.contains(id)) return true;
  const row_index at = s_.table.find(id);
  if (at != no_row) return write_record(out, at);
  const wire::fact* const remembered = s_.absent.find(id);
  return remembered == nullptr || put_fact(out, *remembered);
}

}  // namespace v1
}  // namespace flotilla
