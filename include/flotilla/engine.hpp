// flotilla/engine.hpp - the engine: wires the rooms, owns no algorithm
// Inputs change it, outputs are pulled from it. The wiring stands in engine/, one file an
// operation.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>

#include <flotilla/config.hpp>
#include <flotilla/endpoint.hpp>
#include <flotilla/engine/inbound.hpp>
#include <flotilla/engine/member_range.hpp>
#include <flotilla/engine/state.hpp>
#include <flotilla/event.hpp>
#include <flotilla/member.hpp>
#include <flotilla/membership/transition.hpp>
#include <flotilla/result.hpp>
#include <flotilla/statistics.hpp>
#include <flotilla/time.hpp>
#include <flotilla/wire/message.hpp>
#include <flotilla/wire/plain.hpp>

namespace flotilla {
inline namespace v1 {

/// A datagram to send: `bytes` lie in the buffer that was given to poll_transmit.
struct transmit {
  endpoint to;
  std::span<const std::byte> bytes;
};

/// One member of a group: a pure state machine (SWIM with Lifeguard's extensions). The embedding
/// program gives it datagrams and the time, and takes datagrams and events from it.
///
/// A regular value: copies are for testing, since two copies that both send are two processes with
/// one id. A moved-from engine may only be assigned to or destroyed. One thread at a time; distinct
/// engines share nothing. Only construction and copying may throw (std::bad_alloc).
class engine {
 public:
  /// Begins as a group of one that answers joins. `now` is any time of the caller's clock; no later
  /// input is to be earlier. From a config that does not validate: an inert engine, whose inputs
  /// answer `inert` and whose commands are refused.
  engine(const config& settings, time_point now);

  // ---- inputs

  /// Takes one datagram that came from `from`. Any bytes may be fed; what does not decode changes
  /// nothing but the time and is counted by its result. `from` is where replies go.
  receive_result receive(time_point now, const endpoint& from,
                         std::span<const std::byte> datagram) noexcept;

  /// Lets time pass: whatever is due at `now` happens. Early, late and repeated ticks are harmless.
  void tick(time_point now) noexcept;

  // ---- outputs

  /// Builds the next datagram in `buffer` and hands it out, or nothing when none waits. What is
  /// pulled counts as sent. A smaller buffer than config::max_datagram_size carries fewer facts;
  /// one that does not hold the bare message leaves it waiting, returns nothing and is counted.
  [[nodiscard]] std::optional<transmit> poll_transmit(std::span<std::byte> buffer) noexcept;

  /// The next event in the order in which they happened, or nothing.
  [[nodiscard]] std::optional<event> poll_event() noexcept;

  /// When tick is wanted next, in the caller's clock: never before the latest input's time, later
  /// than it after a tick, time_point::max() when nothing is scheduled. O(1).
  [[nodiscard]] time_point next_deadline() const noexcept;

  // ---- commands: an error other than `none` means that nothing changed

  /// Asks all of 1 to max_seeds seeds to be let in, at once and again until answered. Own addresses
  /// are skipped; if none is left, the join is complete at once. Replaces a join that is under way.
  command_error join(std::span<const endpoint> seeds) noexcept;
  command_error join(std::initializer_list<endpoint> seeds) noexcept;
  /// Ends a join that is under way, with join_failed unless a seed has already completed it.
  command_error cancel_join() noexcept;
  /// Says farewell; leave_completed tells the end of it, and afterwards the engine is inert. Alone,
  /// it is complete at once.
  command_error leave() noexcept;
  /// Tells the group another own address; raises the own incarnation.
  command_error set_address(const endpoint& address) noexcept;
  /// Declares a member dead by hand. It is told to all and at once to the member itself, which
  /// refutes it if it lives: within a round trip it is back here. evict() keeps a member out.
  command_error fail(member_id id) noexcept;
  /// Refuses a member here: it is shown as left, its messages and facts about it are ignored. Local
  /// policy, told to nobody.
  command_error evict(member_id id) noexcept;
  /// Lifts an eviction; the member is forgotten and asked once, and enters again when it answers or
  /// is heard of next.
  command_error allow(member_id id) noexcept;

  // ---- views: invalidated by any non-const call

  [[nodiscard]] member self() const noexcept { return s_.table.snapshot(member_table::self_row); }
  /// What is held about a member, dead and left ones included until member_forgotten.
  [[nodiscard]] std::optional<member> find(member_id id) const noexcept;
  /// Members believed alive or suspect, self included unless it has left. O(1).
  [[nodiscard]] std::size_t size() const noexcept { return s_.table.active(); }
  /// Self first; dead and left members included.
  [[nodiscard]] member_range members() const noexcept { return member_range{s_.table}; }
  [[nodiscard]] const config& settings() const noexcept { return s_.settings; }
  /// Counters since construction, and gauges of now.
  [[nodiscard]] const statistics& stats() const noexcept;
  /// A digest of the protocol state, queues, timers and generator; equal engines have equal digests
  /// on every platform.
  [[nodiscard]] std::uint64_t state_hash() const noexcept { return s_.hash(); }

  /// Compares protocol state, queues, timers and generator, not statistics.
  friend bool operator==(const engine& a, const engine& b) noexcept { return a.s_ == b.s_; }

 private:
  // engine/calm.hpp
  [[nodiscard]] bool is_calm() const noexcept;
  void disturb() noexcept;

  // engine/clock.hpp
  [[nodiscard]] bool advance_idly(time_point now) noexcept;
  [[nodiscard]] bool advance_in_time(time_point now) noexcept;
  void advance(time_point now) noexcept;
  void advance_to(time_point now) noexcept;
  void run_timers(time_point now) noexcept;
  void run_all_timers() noexcept;
  void return_from_absence(duration late) noexcept;
  void hold_verdicts(duration length) noexcept;
  [[nodiscard]] bool heard_nobody(const probe_round& ended) const noexcept;
  [[nodiscard]] bool holds_for_silence() noexcept;
  void hear_again(duration silence) noexcept;
  void forget_checks() noexcept;
  void ask_suspects_again() noexcept;
  [[nodiscard]] time_point round_due() const noexcept;
  [[nodiscard]] time_point earliest() const noexcept;
  [[nodiscard]] time_point due() const noexcept;
  [[nodiscard]] std::uint64_t quiet_until(time_point due) const noexcept;
  [[nodiscard]] time_point verdict_due() const noexcept;
  [[nodiscard]] time_point to_caller(time_point instant) const noexcept;

  // engine/receive.hpp
  receive_result take(const endpoint& from, std::span<const std::byte> datagram) noexcept;
  void dispatch(const inbound& in) noexcept;
  [[nodiscard]] receive_result admit_sender(inbound& in) noexcept;
  [[nodiscard]] row_index row_of_sender(const inbound& in) const noexcept;
  [[nodiscard]] bool is_known(const inbound& in) const noexcept;
  [[nodiscard]] bool is_held_active(member_id id) const noexcept;
  [[nodiscard]] bool is_proven(const inbound& in) const noexcept;
  void note_sender(const inbound& in) noexcept;
  [[nodiscard]] bool accuses_us(std::span<const std::byte> facts) const noexcept;
  void on_message(const inbound& in, const wire::ping& message) noexcept;
  void on_message(const inbound& in, const wire::ping_request& message) noexcept;
  void on_message(const inbound& in, const wire::ack& message) noexcept;
  void on_message(const inbound& in, const wire::relayed_ack& message) noexcept;
  void on_message(const inbound& in, const wire::nack& message) noexcept;
  void on_message(const inbound& in, const wire::join_request& message) noexcept;
  void on_message(const inbound& in, const wire::state_request& message) noexcept;
  void on_message(const inbound& in, const wire::state_reply& message) noexcept;
  void on_message(const inbound& in, const wire::repair_request& message) noexcept;
  void on_message(const inbound& in, const wire::repair_reply& message) noexcept;

  // engine/plain.hpp
  [[nodiscard]] row* usual_sender(const endpoint& from, const wire::plain_message& message,
                                  row_index& at) noexcept;
  [[nodiscard]] bool take_plain_ping(const endpoint& from,
                                     std::span<const std::byte> datagram) noexcept;
  [[nodiscard]] bool take_plain_ack(const endpoint& from,
                                    std::span<const std::byte> datagram) noexcept;
  [[nodiscard]] bool is_plain(const outgoing& what) const noexcept;
  [[nodiscard]] transmit send_plain(std::byte* buffer) noexcept;

  // engine/facts.hpp
  void absorb_all(const inbound& in, provenance from, bool first_word = false) noexcept;
  void absorb_heard(const inbound& in) noexcept;
  void absorb_gossip(const inbound& in) noexcept;
  std::size_t known_in_front(std::span<const std::byte> facts, bool asked_for,
                             std::optional<row_index>& next) const noexcept;
  [[nodiscard]] bool absorb_plain(const inbound& in, wire::fact_reader& reader, row_index& at,
                                  provenance from) noexcept;
  std::size_t absorb_newcomers(const inbound& in, std::span<const std::byte> facts,
                               provenance from) noexcept;
  void absorb(const inbound& in, const wire::fact& fact, row_index at, provenance from) noexcept;
  void absorb_own(const wire::fact& fact) noexcept;
  void absorb_known(row_index at, const wire::fact& fact, provenance from) noexcept;
  void merge_known(row_index at, const wire::fact& fact, provenance from) noexcept;
  void absorb_unknown(const inbound& in, const wire::fact& fact, provenance from) noexcept;
  void recant() noexcept;
  void raise_past(flotilla::incarnation told) noexcept;

  // engine/newcomers.hpp
  void begin_newcomers_period() noexcept;
  [[nodiscard]] bool is_hearsay(provenance from) const noexcept;
  [[nodiscard]] bool in_crowd(row_index at) const noexcept;
  [[nodiscard]] bool is_doubtful(row_index at) const noexcept;
  [[nodiscard]] bool must_wait(row_index at) const noexcept;
  [[nodiscard]] bool begin_intake(const inbound& in, std::uint32_t most, provenance from,
                                  intake& news) noexcept;
  [[nodiscard]] std::uint32_t room_for_hearsay() const noexcept;
  [[nodiscard]] bool takes_on_trust(const inbound& in, provenance from) noexcept;
  void settle(row_index at) noexcept;
  [[nodiscard]] bool awaits_answer(detail::timer_ref due) noexcept;
  void check_hearsay() noexcept;
  void verify(member_id id, const endpoint& address, std::uint8_t reference = 0) noexcept;

  // engine/accusers.hpp
  [[nodiscard]] bool has_no_weight(member_id accuser) const noexcept;
  void contradict(member_id accuser) noexcept;
  [[nodiscard]] bool doubts(row_index at, const wire::fact& fact, provenance from) noexcept;
  void settle_doubt(member_id subject, time_point asked) noexcept;
  void run_doubted() noexcept;

  // engine/first_hand.hpp
  void hear_first_hand(const inbound& in, const pending_ping& asked,
                       flotilla::incarnation number) noexcept;
  void meet(member_id id, flotilla::incarnation number, const endpoint& address,
            bool proven) noexcept;
  void adopt(row_index at, flotilla::incarnation number, const endpoint& address) noexcept;
  void note_life_of_suspect(row_index at) noexcept;

  // engine/commit.hpp
  [[nodiscard]] bool reserve(member_state state) noexcept;
  [[nodiscard]] bool admit(const wire::fact& fact, provenance from) noexcept;
  void enter(row_index at, provenance from) noexcept;
  void verdict(row_index at, member_state state, member_id accuser, const evidence& ours,
               bool told) noexcept;
  void commit(const transition& change, provenance from, const evidence& ours) noexcept;
  [[nodiscard]] const range_digest& ranges() noexcept;
  void digest(const transition& change) noexcept;
  void restate(flotilla::incarnation number, const endpoint& address, member_state state) noexcept;
  void retime(const transition& change, const evidence& ours) noexcept;
  [[nodiscard]] time_point verdict_time(const suspicion& record,
                                        std::uint8_t confirmed) const noexcept;
  void confirm(row_index at, member_id accuser, provenance from) noexcept;
  void hasten(detail::timer_ref timer) noexcept;
  void join_accusers(row_index at) noexcept;
  void requeue(row_index at, bool urgent) noexcept;
  void unqueue(row_index at) noexcept;
  [[nodiscard]] std::uint32_t flap_penalty(row_index at) const noexcept;
  void penalize(row_index at) noexcept;
  void take_note(row_index at, const row_note& note) noexcept;
  void announce(const transition& change, const evidence& ours) noexcept;
  template <class Event>
  void tell(const Event& what) noexcept;
  void forget(row_index at) noexcept;

  // engine/probing.hpp
  void run_period() noexcept;
  void renew_allowances() noexcept;
  void try_healing() noexcept;
  [[nodiscard]] duration direct_patience() const noexcept;
  [[nodiscard]] duration patience() const noexcept;
  void begin_round() noexcept;
  void end_round() noexcept;
  void fail_round() noexcept;
  [[nodiscard]] bool accused_by_others(member_id subject) const noexcept;
  [[nodiscard]] bool silent_to_many(row_index at) const noexcept;
  void ask_helpers() noexcept;
  void run_relays() noexcept;
  void run_suspicions() noexcept;
  void run_tombstones() noexcept;
  void contact(row_index at, const endpoint& where, std::uint8_t reference = 0) noexcept;

  // engine/checking.hpp
  [[nodiscard]] bool checks_verdicts() const noexcept;
  [[nodiscard]] bool is_near(time_point due) const noexcept;
  [[nodiscard]] bool heard_since(time_point asked) const noexcept;
  [[nodiscard]] bool wants_direct_check(const suspicion& record) const noexcept;
  [[nodiscard]] time_point wake_time(const suspicion& record) const noexcept;
  [[nodiscard]] bool awaits_direct_check(detail::timer_ref due) noexcept;
  std::uint32_t ask_suspect(row_index at) noexcept;
  void note_check_left(const outgoing& ping) noexcept;
  [[nodiscard]] row_index next_check() const noexcept;
  void note_failed_check(row_index at, const probe_round& ended) noexcept;
  [[nodiscard]] bool awaits_others(detail::timer_ref due) noexcept;
  [[nodiscard]] bool awaits_check(detail::timer_ref due) noexcept;

  // engine/backlog.hpp
  [[nodiscard]] std::uint32_t facts_in_a_ping() const noexcept;
  void spread_backlog() noexcept;

  // engine/joining.hpp
  void run_join() noexcept;
  void request_state(transfer& from, std::uint8_t reference) noexcept;
  void continue_join(std::size_t i, const wire::state_reply& message) noexcept;
  void complete_seed(std::size_t i) noexcept;
  void promote_seed() noexcept;
  void end_join() noexcept;
  void wait_for_turn(transfer& from) noexcept;
  [[nodiscard]] bool knows_nearly_all() const noexcept;
  void put_off(transfer& from, std::uint8_t reference, const inbound& in) noexcept;
  [[nodiscard]] std::uint32_t group_size() const noexcept;
  [[nodiscard]] bool knows_too_few() const noexcept;

  // engine/visiting.hpp
  void run_visit() noexcept;
  void continue_visit(const wire::state_reply& message) noexcept;
  void meet_parted(member_id id, const endpoint& address) noexcept;

  // engine/serving.hpp
  void renew_serving() noexcept;
  [[nodiscard]] std::uint32_t chunks_from(row_index cursor) const noexcept;
  [[nodiscard]] member_id somebody_whole(member_id asker) noexcept;
  void serve_state(const inbound& in, std::uint32_t sequence, std::uint64_t cookie,
                   std::uint32_t cursor) noexcept;

  // engine/repairing.hpp
  [[nodiscard]] bool compares_views() const noexcept;
  void compare_views(const inbound& in) noexcept;
  void compare_views(member_id id, const endpoint& address, std::uint32_t view) noexcept;
  void request_repair() noexcept;
  void run_repair() noexcept;
  void end_repair() noexcept;
  void contradict(std::span<const std::byte> facts) noexcept;
  [[nodiscard]] bool contradicts(const wire::fact& fact) const noexcept;
  bool settle_ranges(std::span<const std::byte> facts, std::uint32_t salt, bool merged) noexcept;
  void push_parts(const wire::digest_item& item, wire::range_code range, std::uint32_t salt,
                  std::uint32_t& budget) noexcept;
  bool note_missing(const wire::digest_item& item, wire::range_code range, std::uint32_t salt,
                    std::uint32_t& budget, bool& noted) noexcept;
  void write_questions(wire::writer& out) noexcept;
  [[nodiscard]] std::size_t answer_room() const noexcept;
  std::size_t write_question(wire::writer& out, std::size_t room, std::size_t& parts,
                             std::size_t& answer, std::uint32_t& budget) noexcept;

  // engine/answering_repair.hpp
  void take_questions(std::span<const std::byte> facts, repair_desk::slot& slot) noexcept;
  void write_answers(wire::writer& out, const outgoing& what) noexcept;
  bool write_digests(wire::writer& out, const wire::digest_item& question, std::uint32_t salt,
                     std::uint32_t& budget) noexcept;
  bool write_missing(wire::writer& out, const wire::digest_item& question, std::uint32_t salt,
                     std::uint32_t& budget) noexcept;
  bool write_lacking(wire::writer& out, const wire::digest_item& question, std::uint32_t salt,
                     std::uint32_t& budget) noexcept;
  bool write_record(wire::writer& out, row_index at) noexcept;
  bool write_record_of(wire::writer& out, member_id id) noexcept;

  // engine/leaving.hpp
  void say_farewell() noexcept;
  void run_farewell() noexcept;
  void fall_silent() noexcept;

  // engine/multicast.hpp
  void tell_everybody(row_index at) noexcept;

  // engine/transmit.hpp
  void send_own(const outgoing& what) noexcept;
  void send_caused(const outgoing& what) noexcept;
  void cap(outgoing& reply, std::size_t received) noexcept;
  void send_reply(outgoing& reply, const inbound& to) noexcept;
  void send_reply(outgoing& reply, const inbound& to, bool proven) noexcept;
  [[nodiscard]] std::optional<transmit> send_front(std::span<std::byte> buffer) noexcept;
  [[nodiscard]] std::optional<transmit> send_any(std::span<std::byte> buffer) noexcept;
  void note_ping_left(const outgoing& ping) noexcept;
  [[nodiscard]] transmit note_pulled(const outgoing& what,
                                     std::span<const std::byte> bytes) noexcept;
  [[nodiscard]] bool write_bare(wire::writer& out, const outgoing& what) const noexcept;
  void write_cargo(wire::writer& out, const outgoing& what) noexcept;
  bool put_fact(wire::writer& out, const wire::fact& fact) noexcept;
  [[nodiscard]] member_id accuser_of(const row& r) const noexcept;
  [[nodiscard]] bool write_about_receiver(wire::writer& out, const outgoing& what) noexcept;
  void write_about_subject(wire::writer& out, member_id subject) noexcept;
  [[nodiscard]] bool has_gossip() const noexcept;
  struct fact_encoder;
  void write_gossip(wire::writer& out, const outgoing& what, bool told) noexcept;
  void write_chunk(wire::writer& out, const outgoing& what) noexcept;
  [[nodiscard]] wire::fact fact_of(row_index at) const noexcept;

  /// Nothing is due for so many ns; 0 when that is not known, or something is due. Every input and
  /// command forgets it, but for those few that touch no timer: none is moved behind its back.
  mutable std::uint64_t quiet_{0};
  bool calm_{false};  ///< is_calm() was true, and since then nothing has disturbed it
  engine_state s_;
  mutable statistics stats_{};  // the gauges in it are filled in when they are read
};

}  // namespace v1
}  // namespace flotilla

#include <flotilla/engine/accusers.hpp>
#include <flotilla/engine/answering_repair.hpp>
#include <flotilla/engine/backlog.hpp>
#include <flotilla/engine/calm.hpp>
#include <flotilla/engine/checking.hpp>
#include <flotilla/engine/clock.hpp>
#include <flotilla/engine/commands.hpp>
#include <flotilla/engine/commit.hpp>
#include <flotilla/engine/facts.hpp>
#include <flotilla/engine/first_hand.hpp>
#include <flotilla/engine/joining.hpp>
#include <flotilla/engine/leaving.hpp>
#include <flotilla/engine/multicast.hpp>
#include <flotilla/engine/newcomers.hpp>
#include <flotilla/engine/plain.hpp>
#include <flotilla/engine/probing.hpp>
#include <flotilla/engine/receive.hpp>
#include <flotilla/engine/repairing.hpp>
#include <flotilla/engine/serving.hpp>
#include <flotilla/engine/transmit.hpp>
#include <flotilla/engine/visiting.hpp>
