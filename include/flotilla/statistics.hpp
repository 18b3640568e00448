// flotilla/statistics.hpp - what the engine counts
// Plain counters since construction. They are not protocol state: == and state_hash() leave them
// out.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include <flotilla/result.hpp>

namespace flotilla {
inline namespace v1 {

/// Counters only grow (and wrap after 2^64); the gauges at the end say what is held now.
struct statistics {
  // datagrams
  std::array<std::uint64_t, receive_result_count> received{};  ///< by result
  std::uint64_t bytes_received{0};
  std::uint64_t datagrams_sent{0};  ///< pulled by poll_transmit
  std::uint64_t bytes_sent{0};
  /// not queued: the outbox was full, or the receiver's share of it
  std::uint64_t transmits_dropped{0};
  /// poll_transmit calls whose buffer did not hold the bare message
  std::uint64_t buffers_too_small{0};
  std::uint64_t replies_capped{0};  ///< kept at three times the request: the address is unproven

  // time
  std::uint64_t clock_went_backwards{0};  ///< inputs whose time lay before the previous one's
  std::uint64_t late_inputs{0};  ///< inputs so late that this engine counts as having been away

  // facts
  std::uint64_t facts_received{0};
  std::uint64_t facts_known{0};  ///< told nothing new
  std::uint64_t facts_merged{0};
  std::uint64_t facts_outside_window{0};  ///< farther than W from what is held; not merged
  std::uint64_t facts_about_self{0};
  std::uint64_t facts_about_denied{0};
  std::uint64_t facts_about_unknown{0};  ///< suspect, dead or left about a member never heard of
  std::uint64_t facts_of_the_absent{0};  ///< alive, but its death or farewell had been heard before
  /// told by somebody who is no member here: that others failed, or that it is alive itself
  std::uint64_t facts_of_strangers{0};
  std::uint64_t facts_skipped{0};  ///< optional fact kinds that this version does not know
  std::uint64_t facts_sent{0};
  std::uint64_t ranges_crowded{0};  ///< no memory to split the digests' ranges: repair costs more
  std::uint64_t facts_unqueued{0};  ///< held, but not passed on: no memory for the queue
  std::uint64_t members_refused_own_address{0};  ///< another id said to live where we do
  std::uint64_t members_refused_table_full{0};
  std::uint64_t members_refused_rate{
      0};  ///< more newcomers by hearsay than config::max_new_members
  std::uint64_t members_refused_memory{0};  ///< the table could not grow
  /// no room for a suspicion or a tombstone; nothing merged
  std::uint64_t facts_refused_memory{0};
  std::uint64_t notes_refused_memory{0};  ///< a penalty, doubt or absence that is not remembered

  // own word
  std::uint64_t refutations{0};               ///< own incarnation raised past an accusation
  std::uint64_t foreign_records{0};           ///< somebody says our id lives at another address
  std::uint64_t accusations_out_of_reach{0};  ///< about self and too far ahead to be raised past

  // detection
  std::uint64_t probes{0};  ///< probe rounds begun
  std::uint64_t probes_acknowledged{0};
  std::uint64_t probes_acknowledged_by_helper{0};
  std::uint64_t probes_failed{0};
  /// of these, those in which nothing was heard from anybody; they accused nobody
  std::uint64_t probes_unheard{0};
  std::uint64_t probes_unsent{0};    ///< pulled too late or never; accused nobody
  std::uint64_t probes_extended{0};  ///< granted more time because this engine was away
  std::uint64_t acks_unmatched{0};   ///< unknown sequence number, wrong sender, or too late
  std::uint64_t nacks_received{0};
  std::uint64_t nacks_unmatched{0};
  std::uint64_t relays{0};             ///< probes made for others
  std::uint64_t relays_refused{0};     ///< no relay free, or the subject unknown here
  std::uint64_t suspicions{0};         ///< begun here or adopted
  std::uint64_t verdicts{0};           ///< suspicion time-outs that ran out here
  std::uint64_t verdicts_deferred{0};  ///< put off: an ack was held, or this engine had been away
  /// of `probes`, those out of turn: of a suspect whose verdict was near (config::checked_verdicts)
  std::uint64_t checks{0};
  /// members pinged besides the round's, because facts were waiting (config::max_direct_probes)
  std::uint64_t backlog_pings{0};
  /// beside the probes: pings to suspects before a verdict, whom enough others accuse, or nobody
  std::uint64_t direct_checks{0};
  /// suspect or dead, by somebody without weight: they waited for a ping of ours (accusers.hpp)
  std::uint64_t accusations_doubted{0};
  std::uint64_t accusations_contradicted{0};  ///< of these: dropped, the accused has answered
  std::uint64_t verdicts_unchecked{0};  ///< fell without: too many at a time, or no ping was pulled

  // joining and repairing
  std::uint64_t newcomers_pinged{0};  ///< unknown senders and candidates asked to prove themselves
  std::uint64_t members_replaced{0};  ///< retired because another id answered at their address
  std::uint64_t adoptions{0};         ///< incarnations adopted first-hand from outside the window
  std::uint64_t join_requests_received{0};
  std::uint64_t chunks_served{0};
  std::uint64_t chunks_refused{0};   ///< beyond config::max_chunks a period, or with a wrong cookie
  std::uint64_t joiners_sent_on{0};  ///< of these, those that were told whom to ask instead
  std::uint64_t chunks_received{0};
  std::uint64_t replies_unmatched{0};  ///< state and repair replies that nobody here waits for
  std::uint64_t views_compared{0};     ///< probes that compared the two views
  std::uint64_t views_differed{0};
  std::uint64_t repairs{0};            ///< begun here, because views differed
  std::uint64_t repairs_completed{0};  ///< all that was found to differ has been exchanged
  std::uint64_t repairs_given_up{0};   ///< no answer, or too many of them
  std::uint64_t repair_requests_sent{0};
  std::uint64_t repair_requests_received{0};
  std::uint64_t repair_requests_served{0};
  /// beyond config::max_chunks a period, too many at once, or with a wrong cookie
  std::uint64_t repair_requests_refused{0};
  std::uint64_t repair_replies_received{0};
  std::uint64_t repair_ranges_dropped{0};  ///< left to the next repair: no room, or too full
  std::uint64_t healing_attempts{0};
  std::uint64_t meetings{0};  ///< states pulled from members that had been held dead, or forgotten

  // events
  std::uint64_t events{0};
  std::uint64_t events_dropped{0};

  // gauges
  std::size_t members_dead{0};
  std::size_t members_left{0};
  std::size_t suspicions_held{0};
  std::size_t local_health{0};  ///< Lifeguard's LHM: our own timing is stretched by one more
  std::size_t gossip_pending{0};
  std::size_t transmits_pending{0};
  std::size_t bytes_allocated{0};  ///< heap bytes held, config::cluster's left out

  [[nodiscard]] std::uint64_t count(receive_result result) const noexcept {
    const auto at = static_cast<std::size_t>(result);
    return at < receive_result_count ? received[at] : 0;
  }
  friend bool operator==(const statistics&, const statistics&) noexcept = default;
};

}  // namespace v1
}  // namespace flotilla
