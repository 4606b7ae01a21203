//! The state machine of all lanes: reads, recollections and answers go in; decisions, openings and visits come out.
//! How a read becomes a decision stands in `core/deciding.rs`.

mod deciding;
mod explaining;
mod releases;
mod weighing;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use jiff::Timestamp;

pub use explaining::{Explained, Question, Seen};

use super::grants::{Grant, Grants};
use super::lockout::Lockout;
use super::presence::Presence;
use super::repeat::RepeatFilter;
use super::settings::{AccessPointId, CheckInMoment, CoreSettings};
use super::{
    CheckIn, CheckInId, Credential, DecisionId, Effect, Input, MemberRecord, Monotonic, Now, Passage, Visitor,
};

/// Presentations at one access point that may wait for an answer at the same time. More than people can stand
/// there; a reader gone mad meets [`DenyReason::Busy`](super::DenyReason::Busy).
pub const MOST_WAITING: usize = 32;

/// The core. Feed it with [`Core::handle`], then drain [`Core::poll_effect`]; call [`Core::handle_timeout`] when the
/// moment of [`Core::poll_timeout`] has come. Calling it early or twice is harmless.
#[derive(Debug)]
pub struct Core {
    settings: CoreSettings,
    repeat: RepeatFilter,
    waiting: BTreeMap<DecisionId, Waiting>,
    grants: Grants,
    effects: VecDeque<Effect>,
    presence: Presence,
    lockout: Lockout,
    /// Sides that cannot be opened.
    out_of_service: BTreeSet<AccessPointId>,
    /// Lanes whose fire contact is active, and when they have to be opened again; not those that open by themselves.
    fires: BTreeMap<String, Option<Monotonic>>,
    decisions: u64,
    visits: u64,
}

/// A presentation that is not decided yet.
#[derive(Clone, Debug)]
struct Waiting {
    access_point: AccessPointId,
    credential: Credential,
    staff: Option<String>,
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
            presence: Presence::new(settings.zones.clone()),
            lockout: Lockout::new(settings.lockout),
            settings,
            waiting: BTreeMap::new(),
            grants: Grants::default(),
            effects: VecDeque::new(),
            out_of_service: BTreeSet::new(),
            fires: BTreeMap::new(),
            decisions: 0,
            visits: 0,
        }
    }

    /// The settings it works by.
    #[must_use]
    pub fn settings(&self) -> &CoreSettings {
        &self.settings
    }

    /// Whether somebody who was let in here has not passed yet.
    #[must_use]
    pub fn awaits_passage(&self, access_point: AccessPointId) -> bool {
        self.grants.awaits_passage(access_point)
    }

    /// Whether this side can be opened, as far as its relay or board has told.
    #[must_use]
    pub fn works(&self, access_point: AccessPointId) -> bool {
        !self.out_of_service.contains(&access_point)
    }

    /// Who is inside.
    #[must_use]
    pub fn presence(&self) -> &Presence {
        &self.presence
    }

    /// Takes in what happened. Inputs that belong to nothing any more, such as an answer after its deadline, are
    /// ignored.
    pub fn handle(&mut self, input: Input, now: Now) {
        self.presence.forgive_when_due(&self.settings.time_zone, now);
        match input {
            Input::Read {
                access_point,
                credential,
                staff,
                at,
            } => {
                let presented = Waiting {
                    access_point,
                    credential,
                    staff,
                    read_at: at,
                    record: None,
                    asked: false,
                };
                self.read(presented, now);
            }
            Input::Recalled {
                decision,
                recollection,
            } => self.recalled(decision, recollection, now),
            Input::Answered { decision, answer } => self.answered(decision, answer, now),
            Input::Opened { decision } => self.opened(decision, now),
            Input::NotOpened { decision } => {
                self.grants.remove(decision);
            }
            Input::PerhapsOpened { decision } => self.grants.perhaps_opened(decision, now.monotonic),
            Input::Passed { access_point } => self.passed(access_point, now),
            Input::NotPassed { access_point } => self.not_passed(access_point),
            Input::PassageUnknown { access_point } => self.grants.doubt(access_point),
            Input::WrongWay { access_point, ended } => self.wrong_way(access_point, ended),
            Input::Service {
                access_point,
                working: true,
            } => {
                self.out_of_service.remove(&access_point);
            }
            Input::Service {
                access_point,
                working: false,
            } => {
                self.out_of_service.insert(access_point);
            }
            Input::Button { access_point } => self.button(access_point, now),
            Input::Fire {
                lane,
                active,
                by_board,
            } => self.fire(&lane, active, by_board, now),
            Input::Utilization { count, capacity } => self.presence.set_utilization(count, capacity),
            Input::Forgive { customer } => self.presence.forgive(customer),
            Input::SetMode { lane, mode } => {
                let sides = self.settings.access_points.iter_mut();
                for side in sides.filter(|side| side.lane == lane) {
                    side.mode = mode;
                }
            }
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
        self.renew_fire_releases(now);
    }

    /// When [`Core::handle_timeout`] has to be called at the latest.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Monotonic> {
        self.waiting
            .values()
            .map(|waiting| self.decision_deadline(waiting))
            .chain(self.grants.next_expiry())
            .chain(self.next_fire_release())
            .min()
    }

    /// The next effect, in the order in which they are to be carried out.
    pub fn poll_effect(&mut self) -> Option<Effect> {
        self.effects.pop_front()
    }

    fn opened(&mut self, decision: DecisionId, now: Now) {
        if let Some(grant) = self.grants.opened(decision, now.monotonic) {
            let (at, clock_set) = (grant.granted_at, grant.clock_set);
            self.visit(grant, at, clock_set, now);
        }
    }

    fn passed(&mut self, access_point: AccessPointId, now: Now) {
        let counts_passages = self
            .access_point(access_point)
            .is_some_and(|side| side.check_in == CheckInMoment::OnPassage);
        if !counts_passages {
            // The visit counted when the lane opened.
            return;
        }
        let grant = self.grants.take_passage(access_point);
        if grant.is_none() && self.is_on_fire(access_point) {
            return;
        }
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
            self.visit(grant, now.wall, now.wall_set, now);
        }
    }

    fn not_passed(&mut self, access_point: AccessPointId) {
        if let Some(grant) = self.grants.take_opened(access_point) {
            self.effects.push_back(Effect::Passage {
                access_point,
                decision: Some(grant.decision),
                passage: Passage::NotTaken,
            });
        }
    }

    fn wrong_way(&mut self, access_point: AccessPointId, ended: bool) {
        let grant = ended.then(|| self.grants.take_opened(access_point)).flatten();
        self.effects.push_back(Effect::Passage {
            access_point,
            decision: grant.map(|grant| grant.decision),
            passage: Passage::WrongWay,
        });
    }

    fn next_decision(&mut self) -> DecisionId {
        self.decisions += 1;
        DecisionId(self.decisions)
    }

    /// Somebody with a grant has passed: from now on they are inside or outside, and the studio hears of it.
    fn visit(&mut self, grant: Grant, at: Timestamp, clock_set: bool, now: Now) {
        let Some(access_point) = self.settings.access_points.get(grant.access_point.0) else {
            return;
        };
        if let Some(zone) = access_point.zone {
            let customer = match grant.visitor {
                Some(Visitor::Customer(customer)) => Some(customer),
                Some(Visitor::Unresolved(_)) | None => None,
            };
            self.presence
                .pass(zone, customer, access_point.direction, now.monotonic);
        }
        // Staff who are nobody's customers visit no studio.
        if let Some(visitor) = grant.visitor {
            self.visits += 1;
            self.effects.push_back(Effect::CheckIn(CheckIn {
                id: CheckInId {
                    device: self.settings.device.clone(),
                    boot: self.settings.boot,
                    sequence: self.visits,
                },
                visitor,
                credential: grant.credential,
                access_point: access_point.name(),
                direction: access_point.direction,
                at,
                clock_set,
            }));
        }
    }
}

#[cfg(test)]
mod explained;
#[cfg(test)]
mod passages;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod rules;
#[cfg(test)]
mod stories;
