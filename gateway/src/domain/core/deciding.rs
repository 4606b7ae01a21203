//! How a read becomes a decision: what the tiers know, what the studio says, what the lane's own rules add.

use std::collections::BTreeSet;

use super::super::decision::{AccessDecision, Basis, DecisionId, DenyReason, Outcome};
use super::super::grants::Grant;
use super::super::lane::{LaneMode, Strictness, ZoneId};
use super::super::policy::{self, Verdict};
use super::super::presence::{Coming, ZoneFinding};
use super::super::settings::{AccessPoint, AccessPointId, Offline};
use super::super::{
    Answer, CustomerId, Direction, Effect, MemberRecord, Monotonic, Now, Passage, Recollection, Visitor,
};
use super::{Core, MOST_WAITING, Waiting};

/// What the lane's own rules say.
enum LaneVerdict {
    /// Nothing against it; the flag says that the person is inside already and it is only noted.
    Passed {
        passback: bool,
    },
    Refused(DenyReason),
}

impl Core {
    pub(super) fn read(&mut self, mut presented: Waiting, now: Now) {
        // Nobody has read anything in the future: a decision whose deadline never comes would wait for ever.
        presented.read_at = presented.read_at.min(now.monotonic);
        let Some(access_point) = self.settings.access_points.get(presented.access_point.0) else {
            return;
        };
        let (mode, direction) = (access_point.mode, access_point.direction);
        if self
            .repeat
            .is_repeat(presented.access_point, &presented.credential, presented.read_at)
        {
            return;
        }
        let decision = self.next_decision();
        let queue = self
            .waiting
            .values()
            .filter(|other| other.access_point == presented.access_point);
        let guessed = presented.credential.can_be_guessed();
        if self.out_of_service.contains(&presented.access_point) {
            self.deny(decision, &presented, None, DenyReason::OutOfService, now);
        } else if mode == LaneMode::Open || self.is_on_fire(presented.access_point) {
            self.grant(decision, &presented, None, Basis::FreePassage, false, now);
        } else if guessed && self.lockout.is_locked(presented.access_point, now.monotonic) {
            self.deny(decision, &presented, None, DenyReason::LockedOut, now);
        } else if mode == LaneMode::Closed && direction == Direction::In {
            self.deny_stranger(decision, &presented, DenyReason::LaneClosed, now);
        } else if self.is_too_late(&presented, now) {
            self.deny(decision, &presented, None, DenyReason::TooLate, now);
        } else if queue.count() >= MOST_WAITING {
            self.deny(decision, &presented, None, DenyReason::Busy, now);
        } else {
            self.effects.push_back(Effect::Recall {
                decision,
                credential: presented.credential.clone(),
            });
            self.waiting.insert(decision, presented);
        }
    }

    pub(super) fn recalled(&mut self, decision: DecisionId, recollection: Recollection, now: Now) {
        let Some(mut waiting) = self.waiting.remove(&decision) else {
            return;
        };
        if waiting.asked {
            self.waiting.insert(decision, waiting);
            return;
        }
        let settings = &self.settings.decisions;
        match recollection {
            Recollection::Member(record) => {
                let (verdict, as_of) = self.judge(&waiting, &record, now);
                // Where the clock cannot be believed, ages count as usable.
                let age = policy::age(as_of, now);
                let fresh = age.is_some_and(|age| age <= settings.fresh);
                let usable = age.is_none_or(|age| age <= settings.usable);
                match verdict {
                    Verdict::Yes if usable => {
                        if !fresh {
                            self.refresh(&waiting);
                        }
                        let age = age.unwrap_or_default();
                        self.admit(decision, &waiting, Some(&record), Basis::Cached { age }, now);
                    }
                    Verdict::No(reason) if fresh => {
                        self.deny(decision, &waiting, Some(&record), reason, now);
                    }
                    Verdict::Yes | Verdict::No(_) | Verdict::Incomplete => {
                        waiting.record = Some(record);
                        self.ask(decision, waiting, now);
                    }
                }
            }
            Recollection::Unknown { as_of } if now.monotonic.since(as_of) < settings.unknown => {
                self.deny_stranger(decision, &waiting, DenyReason::Unknown, now);
            }
            Recollection::Unknown { .. } | Recollection::Nothing => self.ask(decision, waiting, now),
        }
    }

    pub(super) fn answered(&mut self, decision: DecisionId, answer: Answer, now: Now) {
        let Some(mut waiting) = self.waiting.remove(&decision) else {
            return;
        };
        match answer {
            Answer::Known(record) => {
                let (verdict, _) = self.judge(&waiting, &record, now);
                match verdict {
                    Verdict::Yes => self.admit(decision, &waiting, Some(&record), Basis::Live, now),
                    Verdict::No(reason) => self.deny(decision, &waiting, Some(&record), reason, now),
                    Verdict::Incomplete => {
                        waiting.record = Some(record);
                        self.decide_without_studio(decision, &waiting, now);
                    }
                }
            }
            Answer::Unknown => self.deny_stranger(decision, &waiting, DenyReason::Unknown, now),
            Answer::Unavailable => self.decide_without_studio(decision, &waiting, now),
        }
    }

    fn judge(&self, waiting: &Waiting, record: &MemberRecord, now: Now) -> (Verdict, jiff::Timestamp) {
        let Some(access_point) = self.access_point(waiting.access_point) else {
            return (Verdict::Incomplete, record.as_of);
        };
        // Whoever is inside must be able to leave, whatever has happened to the contract since.
        if access_point.direction == Direction::Out {
            return (Verdict::Yes, record.as_of);
        }
        policy::judge(&policy::examine(
            record,
            &waiting.credential,
            &access_point.required_benefits,
            &self.settings.time_zone,
            now,
        ))
    }

    /// Asks the studio, or decides without it when the decision has no time left for that.
    fn ask(&mut self, decision: DecisionId, mut waiting: Waiting, now: Now) {
        if self.decision_deadline(&waiting) <= now.monotonic {
            self.refresh(&waiting);
            self.decide_without_studio(decision, &waiting, now);
            return;
        }
        self.effects.push_back(Effect::Ask {
            decision,
            access_point: waiting.access_point,
            credential: waiting.credential.clone(),
            benefits: self.required_keys(waiting.access_point),
        });
        waiting.asked = true;
        self.waiting.insert(decision, waiting);
    }

    fn refresh(&mut self, waiting: &Waiting) {
        self.effects.push_back(Effect::Refresh {
            credential: waiting.credential.clone(),
            benefits: self.required_keys(waiting.access_point),
        });
    }

    /// The `offline` setting: the studio did not answer in time. A stored no stays a no.
    pub(super) fn decide_without_studio(&mut self, decision: DecisionId, waiting: &Waiting, now: Now) {
        let record = waiting.record.as_deref();
        let verdict = record.map(|record| (self.judge(waiting, record, now).0, record.as_of));
        let settings = &self.settings.decisions;
        let leaving = self
            .access_point(waiting.access_point)
            .is_some_and(|access_point| access_point.direction == Direction::Out);
        let within_limit = |as_of| policy::age(as_of, now).is_none_or(|age| age <= settings.offline_limit);
        let outcome = match (verdict, settings.offline) {
            _ if leaving => Ok(()),
            (Some((Verdict::No(reason), _)), _) => Err(reason),
            (_, Offline::Everyone) => Ok(()),
            (Some((_, as_of)), Offline::Members) if within_limit(as_of) => Ok(()),
            (_, Offline::Members | Offline::Deny) => Err(DenyReason::StudioUnreachable),
        };
        match outcome {
            Ok(()) => self.admit(decision, waiting, record, Basis::OfflineAllowance, now),
            Err(reason) if record.is_none() => self.deny_stranger(decision, waiting, reason, now),
            Err(reason) => self.deny(decision, waiting, record, reason, now),
        }
    }

    /// The lane's own rules, the last checks before the lane opens.
    fn admit(
        &mut self,
        decision: DecisionId,
        waiting: &Waiting,
        record: Option<&MemberRecord>,
        basis: Basis,
        now: Now,
    ) {
        match self.examine_lane(waiting, record, now) {
            LaneVerdict::Passed { passback } => self.grant(decision, waiting, record, basis, passback, now),
            LaneVerdict::Refused(reason) => self.deny(decision, waiting, record, reason, now),
        }
    }

    fn examine_lane(&self, waiting: &Waiting, record: Option<&MemberRecord>, now: Now) -> LaneVerdict {
        let entry = self
            .access_point(waiting.access_point)
            .filter(|access_point| access_point.direction == Direction::In);
        let Some(access_point) = entry else {
            return LaneVerdict::Passed { passback: false };
        };
        // Before time sync nobody knows the hour, and whoever has paid is not refused for that.
        let hours = access_point.hours.as_ref().filter(|_| now.wall_set);
        if hours.is_some_and(|hours| !hours.contains(self.settings.time_zone.to_datetime(now.wall))) {
            return LaneVerdict::Refused(DenyReason::OutsideHours);
        }
        let customer = record.map(|record| record.customer);
        match access_point.zone.map(|zone| {
            let coming = self.coming_into(zone, waiting.access_point, customer);
            self.presence.examine(zone, customer, coming, now)
        }) {
            Some(ZoneFinding { full: true, .. }) => LaneVerdict::Refused(DenyReason::Full),
            Some(ZoneFinding {
                passback: true,
                strictness: Strictness::Hard,
                ..
            }) => LaneVerdict::Refused(DenyReason::AntiPassback),
            Some(ZoneFinding { passback, .. }) => LaneVerdict::Passed { passback },
            None => LaneVerdict::Passed { passback: false },
        }
    }

    /// Who is on the way into a zone by an open grant. A second presentation of the same person at the same place is
    /// no second person: it replaces their grant.
    fn coming_into(&self, zone: ZoneId, here: AccessPointId, customer: Option<CustomerId>) -> Coming {
        let visitor = customer.map(Visitor::Customer);
        let mut coming = Coming::default();
        for grant in self.grants.iter() {
            let leads_in = self
                .access_point(grant.access_point)
                .is_some_and(|side| side.zone == Some(zone) && side.direction == Direction::In);
            if !leads_in {
                continue;
            }
            if visitor.is_none() || grant.visitor != visitor {
                coming.others += 1;
            } else if grant.access_point != here {
                coming.the_same = true;
            }
        }
        coming
    }

    fn grant(
        &mut self,
        decision: DecisionId,
        waiting: &Waiting,
        record: Option<&MemberRecord>,
        basis: Basis,
        passback: bool,
        now: Now,
    ) {
        if self.is_too_late(waiting, now) {
            self.deny(decision, waiting, record, DenyReason::TooLate, now);
            return;
        }
        let Some(access_point) = self.access_point(waiting.access_point) else {
            return;
        };
        let (pulse, passage_time, check_in) = (
            access_point.pulse,
            access_point.passage_time,
            access_point.check_in,
        );
        self.effects.push_back(Effect::Open {
            decision,
            access_point: waiting.access_point,
            pulse,
            not_after: waiting.read_at + self.settings.decisions.read_deadline,
        });
        let visitor = match record {
            Some(record) => Some(Visitor::Customer(record.customer)),
            None if basis == Basis::Staff => None,
            None => Some(Visitor::Unresolved(waiting.credential.clone())),
        };
        // Whoever presents again before passing still passes once.
        let earlier = record.and_then(|record| self.grants.replaced(waiting.access_point, record.customer));
        if let Some(earlier) = earlier {
            self.effects.push_back(Effect::Passage {
                access_point: earlier.access_point,
                decision: Some(earlier.decision),
                passage: Passage::NotTaken,
            });
        }
        self.grants.add(Grant {
            decision,
            access_point: waiting.access_point,
            visitor,
            granted_at: now.wall,
            clock_set: now.wall_set,
            expires: now.monotonic + passage_time,
            check_in,
            opened: false,
        });
        self.decided(decision, waiting, record, Outcome::Granted(basis), passback, now);
    }

    /// Nobody is known to have this credential: too many guesses lock the reader for codes and PINs, also during an
    /// outage and on a closed lane, where staff's would still open.
    fn deny_stranger(&mut self, decision: DecisionId, waiting: &Waiting, reason: DenyReason, now: Now) {
        if waiting.credential.can_be_guessed() && waiting.staff.is_none() {
            let tried = self.lockout.note_unknown(waiting.access_point, now.monotonic);
            if let Some(tried) = tried {
                self.effects.push_back(Effect::LockedOut {
                    access_point: waiting.access_point,
                    tried,
                    span: self.lockout.span(),
                });
            }
        }
        self.deny(decision, waiting, None, reason, now);
    }

    /// The lane stays shut, unless the credential is one of the staff's and the reason yields to that.
    fn deny(
        &mut self,
        decision: DecisionId,
        waiting: &Waiting,
        record: Option<&MemberRecord>,
        reason: DenyReason,
        now: Now,
    ) {
        if waiting.staff.is_some() && reason.yields_to_staff() {
            self.grant(decision, waiting, record, Basis::Staff, false, now);
        } else {
            let outcome = Outcome::Denied(reason);
            self.decided(decision, waiting, record, outcome, false, now);
        }
    }

    fn decided(
        &mut self,
        decision: DecisionId,
        waiting: &Waiting,
        record: Option<&MemberRecord>,
        outcome: Outcome,
        passback: bool,
        now: Now,
    ) {
        self.effects.push_back(Effect::Decided(AccessDecision {
            id: decision,
            access_point: waiting.access_point,
            credential: waiting.credential.clone(),
            read_at: waiting.read_at,
            customer: record.map(|record| record.customer),
            language: record.and_then(|record| record.language.clone()),
            staff: waiting.staff.clone(),
            passback,
            outcome,
            clock_set: now.wall_set,
        }));
    }

    pub(super) fn access_point(&self, id: AccessPointId) -> Option<&AccessPoint> {
        self.settings.access_points.get(id.0)
    }

    fn required_keys(&self, id: AccessPointId) -> BTreeSet<String> {
        self.access_point(id)
            .map(|access_point| access_point.required_benefits.keys())
            .unwrap_or_default()
    }

    pub(super) fn decision_deadline(&self, waiting: &Waiting) -> Monotonic {
        waiting.read_at + self.settings.decisions.deadline
    }

    fn is_too_late(&self, waiting: &Waiting, now: Now) -> bool {
        waiting.read_at + self.settings.decisions.read_deadline < now.monotonic
    }
}
