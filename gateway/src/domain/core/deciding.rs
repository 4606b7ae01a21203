//! How a read becomes a decision, step by step. What is looked at on the way, and what follows from it, stands in
//! `weighing.rs`.

use std::collections::BTreeSet;

use super::super::decision::{AccessDecision, Basis, DecisionId, DenyReason, Outcome};
use super::super::grants::Grant;
use super::super::policy::Finding;
use super::super::settings::AccessPointId;
use super::super::{Answer, Effect, MemberRecord, Monotonic, Now, Passage, Recollection, Visitor};
use super::weighing::{Weighed, is_settled};
use super::{Core, MOST_WAITING, Waiting};

impl Core {
    pub(super) fn read(&mut self, mut presented: Waiting, now: Now) {
        // Nobody has read anything in the future: a decision whose deadline never comes would wait for ever.
        presented.read_at = presented.read_at.min(now.monotonic);
        if self.access_point(presented.access_point).is_none() {
            return;
        }
        if self
            .repeat
            .is_repeat(presented.access_point, &presented.credential, presented.read_at)
        {
            return;
        }
        let decision = self.next_decision();
        let door = self.examine_door(presented.access_point, &presented.credential, now);
        let settled = door.iter().map(|examined| examined.finding).find(is_settled);
        let waiting = self.waiting.values();
        let queue = waiting.filter(|other| other.access_point == presented.access_point);
        match settled {
            Some(Finding::Opens) => {
                self.grant(decision, &presented, None, Basis::FreePassage, false, now);
            }
            Some(Finding::Refused(reason @ DenyReason::LaneClosed)) => {
                self.deny_stranger(decision, &presented, reason, now);
            }
            Some(Finding::Refused(reason)) => self.deny(decision, &presented, None, reason, now),
            _ if self.is_too_late(&presented, now) => {
                self.deny(decision, &presented, None, DenyReason::TooLate, now);
            }
            _ if queue.count() >= MOST_WAITING => {
                self.deny(decision, &presented, None, DenyReason::Busy, now);
            }
            _ => {
                self.effects.push_back(Effect::Recall {
                    decision,
                    credential: presented.credential.clone(),
                });
                self.waiting.insert(decision, presented);
            }
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
        let weighed = self.weigh(waiting.access_point, &waiting.credential, &recollection, now);
        if let Recollection::Member(record) = recollection {
            waiting.record = Some(record);
        }
        self.follow(decision, waiting, weighed, now);
    }

    pub(super) fn answered(&mut self, decision: DecisionId, answer: Answer, now: Now) {
        let Some(mut waiting) = self.waiting.remove(&decision) else {
            return;
        };
        let weighed = self.weigh_answer(waiting.access_point, &waiting.credential, &answer, now);
        match answer {
            Answer::Known(record) => waiting.record = Some(record),
            Answer::Unknown => waiting.record = None,
            Answer::Unavailable => {}
        }
        self.follow(decision, waiting, weighed, now);
    }

    fn follow(&mut self, decision: DecisionId, waiting: Waiting, weighed: Weighed, now: Now) {
        let record = waiting.record.clone();
        match weighed {
            Weighed::Admit { basis, refresh } => {
                if refresh {
                    self.refresh(&waiting);
                }
                self.admit(decision, &waiting, record.as_deref(), basis, now);
            }
            Weighed::Deny(reason @ DenyReason::Unknown) => {
                self.deny_stranger(decision, &waiting, reason, now);
            }
            Weighed::Deny(reason) => self.deny(decision, &waiting, record.as_deref(), reason, now),
            Weighed::Ask => self.ask(decision, waiting, now),
            Weighed::WithoutStudio => self.decide_without_studio(decision, &waiting, now),
        }
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

    pub(super) fn decide_without_studio(&mut self, decision: DecisionId, waiting: &Waiting, now: Now) {
        let record = waiting.record.as_deref();
        match self.without_studio(waiting.access_point, &waiting.credential, record, now) {
            Ok(basis) => self.admit(decision, waiting, record, basis, now),
            Err(reason) if record.is_none() => self.deny_stranger(decision, waiting, reason, now),
            Err(reason) => self.deny(decision, waiting, record, reason, now),
        }
    }

    fn admit(
        &mut self,
        decision: DecisionId,
        waiting: &Waiting,
        record: Option<&MemberRecord>,
        basis: Basis,
        now: Now,
    ) {
        let customer = record.map(|record| record.customer);
        let lane = self.examine_lane(waiting.access_point, customer, now);
        match lane.iter().map(|examined| examined.finding).find(is_settled) {
            Some(Finding::Refused(reason)) => self.deny(decision, waiting, record, reason, now),
            _ => {
                let passback = lane.iter().any(|examined| examined.finding == Finding::Noted);
                self.grant(decision, waiting, record, basis, passback, now);
            }
        }
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
        let not_after = waiting.read_at + self.settings.decisions.read_deadline;
        self.effects.push_back(Effect::Open {
            decision,
            access_point: waiting.access_point,
            pulse,
            not_after,
        });
        let visitor = match record {
            Some(record) => Some(Visitor::Customer(record.customer)),
            None if matches!(basis, Basis::Staff | Basis::WayOut) => None,
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
            credential: Some(waiting.credential.clone()),
            granted_at: now.wall,
            clock_set: now.wall_set,
            passage_time,
            expires: not_after + passage_time,
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
