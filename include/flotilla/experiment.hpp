// flotilla/experiment.hpp - switches that take parts of the protocol away (config::experiment)
// What the papers' variants and the negative controls need, in one place; never in production.
#pragma once

namespace flotilla {
inline namespace v1 {

/// Switches for experiments: the 2002 paper's variants, and negative controls that show that
/// checkers bite. Never in production. Every combination is valid, and each switch means the same
/// in all of them; to compare variants, the whole group is to have the same.
struct experiment {
  /// SWIM, section 4.2. Off: the own incarnation is never raised past an accusation, nor past
  /// anything else that is told; set_address still raises it.
  bool refutation{true};
  /// SWIM, section 4.3. Off: every period draws its target at random from all others (section 3.1).
  bool round_robin{true};
  /// SWIM, section 3.1. Off: nobody is asked to probe on our behalf.
  bool helpers{true};
  /// SWIM, section 4.1. Off: no fact leaves the gossip queue for having been sent often enough.
  bool transmit_budget{true};
  /// Extension. Off: a suspicion's timer runs on when the subject refutes or returns with a newer
  /// incarnation, and then declares it dead at the incarnation that is held by then (a classic
  /// bug).
  bool timer_binding{true};
  /// SWIM, section 4.2. Off: a failed probe declares the member dead at once.
  bool suspicion{true};
  /// SWIM, section 4.2, "Confirm". On: dead overrides alive and suspect whatever the incarnations;
  /// nothing revives a member while it is held dead; and a member that learns of its own death
  /// stops for ever, without farewell or event: from then on it is as inert as after leave, and
  /// dead in its own eyes.
  bool final_death{false};
  /// SWIM, section 3 (SWIM:Basic). On: no fact is gossiped. Instead who learns of a change
  /// first-hand (a newcomer that it let in, a member that it declared suspect or dead, its own
  /// raised incarnation or farewell) sends that fact once to every active member that it knows,
  /// each in a datagram of its own; so max_transmits is to be larger than the group.
  bool multicast{false};
  /// Lifeguard, "Buddy System". Off: a suspect is not told of the accusation before all else, and
  /// is not asked again because it has spoken; it learns of it by gossip alone, and until it has
  /// raised its incarnation nothing that it says holds up the verdict.
  bool buddy{true};
  /// Lifeguard, LHA-Probe. Off: a helper without an answer for its asker says nothing, and failed
  /// probes count the same whoever was to help.
  bool nacks{true};
  /// Lifeguard, LHA-Suspicion. Off: a confirmation shortens the time-out here and is not passed on.
  bool passing_on_confirmations{true};
  /// Extension. Off: an input that comes late is like any other: what is overdue expires at once.
  bool late_inputs{true};
  /// Extension. Off: a member that is not well itself judges as soon as the time has come, though
  /// hardly anybody else accuses the suspect.
  bool waiting_for_others{true};

  friend bool operator==(const experiment&, const experiment&) noexcept = default;
};

}  // namespace v1
}  // namespace flotilla
