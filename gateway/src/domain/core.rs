//! The state machine of all lanes: reads, recollections and answers go in; decisions, openings and visits come out.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use super::decision::{AccessDecision, Basis, DecisionId, DenyReason, Outcome};
use super::grants::{Grant, Grants};
use super::policy::{self, Verdict};
use super::repeat::RepeatFilter;
use super::settings::{AccessPoint, AccessPointId, CoreSettings, Offline};
use super::{Answer, CheckIn, Credential, Direction, MemberRecord, Monotonic, Now, Recollection, Visitor};

/// Presentations at one access point that may wait for an answer at the same time. More than people can stand
/// there; a reader gone mad meets [`DenyReason::Busy`].
pub const MOST_WAITING: usize = 32;

/// Everything that can happen.
#[derive(Clone, Debug, PartialEq)]
pub enum Input {
    /// A reader has read a credential.
    Read {
        /// Where.
        access_point: AccessPointId,
        /// What.
        credential: Credential,
        /// When its last byte or edge arrived.
        at: Monotonic,
    },
    /// The tiers have answered an [`Effect::Recall`].
    Recalled {
        /// For which decision.
        decision: DecisionId,
        /// What they hold.
        recollection: Recollection,
    },
    /// The studio has answered an [`Effect::Ask`], in time or not.
    Answered {
        /// For which decision.
        decision: DecisionId,
        /// What it said.
        answer: Answer,
    },
    /// The relay has been switched on for an [`Effect::Open`].
    Opened {
        /// For which decision.
        decision: DecisionId,
    },
    /// The relay could not be switched on for an [`Effect::Open`], and will not be.
    NotOpened {
        /// For which decision.
        decision: DecisionId,
    },
    /// The passage sensor has seen somebody pass.
    Passed {
        /// Where.
        access_point: AccessPointId,
    },
}

/// Everything that can follow.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Look the credential up in the tiers and answer with [`Input::Recalled`].
    Recall {
        /// For which decision.
        decision: DecisionId,
        /// What was presented.
        credential: Credential,
    },
    /// Ask the studio and answer with [`Input::Answered`].
    Ask {
        /// For which decision.
        decision: DecisionId,
        /// What was presented.
        credential: Credential,
        /// The benefit keys to ask for.
        benefits: BTreeSet<String>,
    },
    /// Ask the studio behind the person's back: nobody waits for the answer.
    Refresh {
        /// What was presented.
        credential: Credential,
        /// The benefit keys to ask for.
        benefits: BTreeSet<String>,
    },
    /// Switch the relay on for the pulse, unless it is later than `not_after`.
    Open {
        /// For which decision.
        decision: DecisionId,
        /// Where.
        access_point: AccessPointId,
        /// For how long.
        pulse: Duration,
        /// From this moment on it must not be switched on any more.
        not_after: Monotonic,
    },
    /// A decision has been made.
    Decided(AccessDecision),
    /// What happened after a grant, or without one.
    Passage {
        /// Where.
        access_point: AccessPointId,
        /// After which decision; none for [`Passage::Forced`].
        decision: Option<DecisionId>,
        /// What happened.
        passage: Passage,
    },
    /// A visit to be reported.
    CheckIn(CheckIn),
}

/// What happened at a lane after a grant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Passage {
    /// The person passed.
    Taken,
    /// Nobody passed in the passage time.
    NotTaken,
    /// Somebody passed without a grant.
    Forced,
}

/// The core. Feed it with [`Core::handle`], then drain [`Core::poll_effect`]; call [`Core::handle_timeout`] when the
/// moment of [`Core::poll_timeout`] has come. Calling it early or twice is harmless.
#[derive(Debug)]
pub struct Core {
    settings: CoreSettings,
    repeat: RepeatFilter,
    waiting: BTreeMap<DecisionId, Waiting>,
    grants: Grants,
    effects: VecDeque<Effect>,
    decisions: u64,
    visits: u64,
}

/// A presentation that is not decided yet.
#[derive(Clone, Debug)]
struct Waiting {
    access_point: AccessPointId,
    credential: Credential,
    read_at: Monotonic,
    /// What the tiers hold, kept for the case that the studio cannot be asked.
    record: Option<Arc<MemberRecord>>,
    asked: bool,
}

impl Core {
    /// With every lane at rest.
    #[must_use]
    pub fn new(settings: CoreSettings) -> Self {
        Self {
            repeat: RepeatFilter::new(settings.decisions.repeat_window),
            settings,
            waiting: BTreeMap::new(),
            grants: Grants::default(),
            effects: VecDeque::new(),
            decisions: 0,
            visits: 0,
        }
    }

    /// The settings it was made with.
    #[must_use]
    pub fn settings(&self) -> &CoreSettings {
        &self.settings
    }

    /// Takes in what happened. Inputs that belong to nothing any more, such as an answer after its deadline, are
    /// ignored.
    pub fn handle(&mut self, input: Input, now: Now) {
        match input {
            Input::Read {
                access_point,
                credential,
                at,
            } => self.read(access_point, credential, at, now),
            Input::Recalled {
                decision,
                recollection,
            } => self.recalled(decision, recollection, now),
            Input::Answered { decision, answer } => self.answered(decision, answer, now),
            Input::Opened { decision } => self.opened(decision),
            Input::NotOpened { decision } => {
                self.grants.remove(decision);
            }
            Input::Passed { access_point } => self.passed(access_point, now),
        }
    }

    /// Settles what is due: decisions whose deadline has come and grants nobody took.
    pub fn handle_timeout(&mut self, now: Now) {
        let due: Vec<DecisionId> = self
            .waiting
            .iter()
            .filter(|(_, waiting)| self.decision_deadline(waiting) <= now.monotonic)
            .map(|(decision, _)| *decision)
            .collect();
        for decision in due {
            if let Some(waiting) = self.waiting.remove(&decision) {
                self.decide_without_studio(decision, &waiting, now);
            }
        }
        for grant in self.grants.remove_expired(now.monotonic) {
            self.effects.push_back(Effect::Passage {
                access_point: grant.access_point,
                decision: Some(grant.decision),
                passage: Passage::NotTaken,
            });
        }
    }

    /// When [`Core::handle_timeout`] has to be called at the latest.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Monotonic> {
        self.waiting
            .values()
            .map(|waiting| self.decision_deadline(waiting))
            .chain(self.grants.next_expiry())
            .min()
    }

    /// The next effect, in the order in which they are to be carried out.
    pub fn poll_effect(&mut self) -> Option<Effect> {
        self.effects.pop_front()
    }

    fn read(&mut self, access_point: AccessPointId, credential: Credential, at: Monotonic, now: Now) {
        if self.settings.access_points.get(access_point.0).is_none()
            || self.repeat.is_repeat(access_point, &credential, at)
        {
            return;
        }
        self.decisions += 1;
        let decision = DecisionId(self.decisions);
        let waiting = Waiting {
            access_point,
            credential,
            read_at: at,
            record: None,
            asked: false,
        };
        let queue = self
            .waiting
            .values()
            .filter(|other| other.access_point == access_point);
        if queue.count() >= MOST_WAITING {
            self.deny(decision, &waiting, None, DenyReason::Busy, now);
        } else if self.is_too_late(&waiting, now) {
            self.deny(decision, &waiting, None, DenyReason::TooLate, now);
        } else {
            self.effects.push_back(Effect::Recall {
                decision,
                credential: waiting.credential.clone(),
            });
            self.waiting.insert(decision, waiting);
        }
    }

    fn recalled(&mut self, decision: DecisionId, recollection: Recollection, now: Now) {
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
                        self.grant(decision, &waiting, Some(&record), Basis::Cached { age }, now);
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
                self.deny(decision, &waiting, None, DenyReason::Unknown, now);
            }
            Recollection::Unknown { .. } | Recollection::Nothing => self.ask(decision, waiting, now),
        }
    }

    fn answered(&mut self, decision: DecisionId, answer: Answer, now: Now) {
        let Some(mut waiting) = self.waiting.remove(&decision) else {
            return;
        };
        match answer {
            Answer::Known(record) => {
                let (verdict, _) = self.judge(&waiting, &record, now);
                match verdict {
                    Verdict::Yes => self.grant(decision, &waiting, Some(&record), Basis::Live, now),
                    Verdict::No(reason) => self.deny(decision, &waiting, Some(&record), reason, now),
                    Verdict::Incomplete => {
                        waiting.record = Some(record);
                        self.decide_without_studio(decision, &waiting, now);
                    }
                }
            }
            Answer::Unknown => self.deny(decision, &waiting, None, DenyReason::Unknown, now),
            Answer::Unavailable => self.decide_without_studio(decision, &waiting, now),
        }
    }

    fn opened(&mut self, decision: DecisionId) {
        if let Some(grant) = self.grants.opened(decision) {
            let (at, clock_set) = (grant.granted_at, grant.clock_set);
            self.check_in(grant, at, clock_set);
        }
    }

    fn passed(&mut self, access_point: AccessPointId, now: Now) {
        let grant = self.grants.take_passage(access_point);
        self.effects.push_back(Effect::Passage {
            access_point,
            decision: grant.as_ref().map(|grant| grant.decision),
            passage: if grant.is_some() {
                Passage::Taken
            } else {
                Passage::Forced
            },
        });
        if let Some(grant) = grant {
            self.check_in(grant, now.wall, now.wall_set);
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
    fn decide_without_studio(&mut self, decision: DecisionId, waiting: &Waiting, now: Now) {
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
            Ok(()) => self.grant(decision, waiting, record, Basis::OfflineAllowance, now),
            Err(reason) => self.deny(decision, waiting, record, reason, now),
        }
    }

    fn grant(
        &mut self,
        decision: DecisionId,
        waiting: &Waiting,
        record: Option<&MemberRecord>,
        basis: Basis,
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
        self.grants.add(Grant {
            decision,
            access_point: waiting.access_point,
            visitor: record.map_or_else(
                || Visitor::Unresolved(waiting.credential.clone()),
                |record| Visitor::Customer(record.customer),
            ),
            granted_at: now.wall,
            clock_set: now.wall_set,
            expires: now.monotonic + passage_time,
            check_in,
            opened: false,
        });
        self.decided(decision, waiting, record, Outcome::Granted(basis), now);
    }

    fn deny(
        &mut self,
        decision: DecisionId,
        waiting: &Waiting,
        record: Option<&MemberRecord>,
        reason: DenyReason,
        now: Now,
    ) {
        self.decided(decision, waiting, record, Outcome::Denied(reason), now);
    }

    fn decided(
        &mut self,
        decision: DecisionId,
        waiting: &Waiting,
        record: Option<&MemberRecord>,
        outcome: Outcome,
        now: Now,
    ) {
        self.effects.push_back(Effect::Decided(AccessDecision {
            id: decision,
            access_point: waiting.access_point,
            credential: waiting.credential.clone(),
            read_at: waiting.read_at,
            customer: record.map(|record| record.customer),
            outcome,
            clock_set: now.wall_set,
        }));
    }

    fn check_in(&mut self, grant: Grant, at: jiff::Timestamp, clock_set: bool) {
        let Some(access_point) = self.access_point(grant.access_point) else {
            return;
        };
        let (name, direction) = (access_point.name(), access_point.direction);
        self.visits += 1;
        self.effects.push_back(Effect::CheckIn(CheckIn {
            id: super::CheckInId {
                device: self.settings.device.clone(),
                boot: self.settings.boot,
                sequence: self.visits,
            },
            visitor: grant.visitor,
            access_point: name,
            direction,
            at,
            clock_set,
        }));
    }

    fn access_point(&self, id: AccessPointId) -> Option<&AccessPoint> {
        self.settings.access_points.get(id.0)
    }

    fn required_keys(&self, id: AccessPointId) -> BTreeSet<String> {
        self.access_point(id)
            .map(|access_point| access_point.required_benefits.keys())
            .unwrap_or_default()
    }

    fn decision_deadline(&self, waiting: &Waiting) -> Monotonic {
        waiting.read_at + self.settings.decisions.deadline
    }

    fn is_too_late(&self, waiting: &Waiting, now: Now) -> bool {
        waiting.read_at + self.settings.decisions.read_deadline < now.monotonic
    }
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod stories;
