//! What is to be done next with the visits in the journal: a pure look at them, in the order in which they came. A
//! visit that waits holds up the later ones of the same person and nobody else's; a parked one holds up none.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use jiff::{SignedDuration, Timestamp};

use crate::domain::{Credential, CustomerId, Monotonic, Now, Visitor};
use crate::journal::{State, Visit, VisitClock, VisitId};

/// One history call asks for at most this stretch of time; the studio allows a year.
const LONGEST_STRETCH: SignedDuration = SignedDuration::from_hours(30 * 24);

/// What to do. Each person occurs once.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Plan {
    /// Visits whose true time is known now.
    pub(super) correct: Vec<(VisitId, Timestamp)>,
    /// Visits whose true time will never be known.
    pub(super) timeless: Vec<VisitId>,
    /// To be sent.
    pub(super) send: Vec<(CustomerId, Visit)>,
    /// To be looked for in the customer's history.
    pub(super) ask: BTreeMap<CustomerId, Vec<Visit>>,
    /// Whose credential it is must be found out first.
    pub(super) resolve: Vec<(Credential, VisitId)>,
    /// When to look again, if nothing happens before.
    pub(super) wake: Option<Monotonic>,
}

/// What the plan has to go by beside the visits.
#[derive(Debug)]
pub(super) struct Planner<'a> {
    pub(super) now: Now,
    /// Visits that are being dealt with.
    pub(super) busy: &'a BTreeSet<VisitId>,
    /// Requests that may be begun.
    pub(super) most: usize,
    /// When a visit may be sent, asked for, resolved at the earliest.
    pub(super) send_from: Monotonic,
    pub(super) ask_from: Monotonic,
    pub(super) resolve_from: Monotonic,
    plan: Plan,
    held_customers: BTreeSet<CustomerId>,
    held_credentials: HashSet<Credential>,
}

impl<'a> Planner<'a> {
    /// Everything may go at once.
    pub(super) fn new(now: Now, busy: &'a BTreeSet<VisitId>, most: usize) -> Self {
        Self {
            now,
            busy,
            most,
            send_from: Monotonic::default(),
            ask_from: Monotonic::default(),
            resolve_from: Monotonic::default(),
            plan: Plan::default(),
            held_customers: BTreeSet::new(),
            held_credentials: HashSet::new(),
        }
    }

    /// Looks at the next visit; `false` when there is nothing more to look for.
    pub(super) fn look(&mut self, visit: &Visit) -> bool {
        if matches!(visit.state, State::Parked(_)) {
            return true;
        }
        if self.busy.contains(&visit.id) {
            self.hold(&visit.visitor);
            return true;
        }
        match visit.clock {
            VisitClock::Set | VisitClock::Corrected => {}
            VisitClock::NeverSet => {
                self.plan.timeless.push(visit.id);
                return true;
            }
            VisitClock::Unset(_) => {
                // Looked at again once it is corrected.
                self.hold(&visit.visitor);
                if let Some(at) = visit.corrected(self.now) {
                    self.plan.correct.push((visit.id, at));
                }
                return true;
            }
        }
        match &visit.visitor {
            Visitor::Unresolved(credential) => {
                if self.held_credentials.insert(credential.clone())
                    && self.is_due(visit.not_before.max(self.resolve_from))
                {
                    self.plan.resolve.push((credential.clone(), visit.id));
                }
            }
            Visitor::Customer(customer) if visit.state == State::Sent => {
                if let Some(others) = self.plan.ask.get_mut(customer) {
                    let first = others.first().map_or(visit.at, |first| first.at);
                    if visit.at.duration_since(first).abs() <= LONGEST_STRETCH {
                        others.push(visit.clone());
                    }
                } else if self.held_customers.insert(*customer)
                    && self.is_due(visit.not_before.max(self.ask_from))
                {
                    self.plan.ask.insert(*customer, vec![visit.clone()]);
                }
            }
            Visitor::Customer(customer) => {
                if self.held_customers.insert(*customer) && self.is_due(visit.not_before.max(self.send_from))
                {
                    self.plan.send.push((*customer, visit.clone()));
                }
            }
        }
        self.plan.send.len() + self.plan.ask.len() + self.plan.resolve.len() < self.most
    }

    pub(super) fn plan(self) -> Plan {
        self.plan
    }

    fn hold(&mut self, visitor: &Visitor) {
        match visitor {
            Visitor::Customer(customer) => {
                self.held_customers.insert(*customer);
            }
            Visitor::Unresolved(credential) => {
                self.held_credentials.insert(credential.clone());
            }
        }
    }

    fn is_due(&mut self, due: Monotonic) -> bool {
        if due <= self.now.monotonic {
            return true;
        }
        self.plan.wake = Some(self.plan.wake.map_or(due, |wake| wake.min(due)));
        false
    }
}
