//! What is to be done next with the visits in the journal: a pure look at them, in the order in which they came. A
//! visit that waits holds up the later ones of the same person, in all ways, and nobody else's; a parked one holds up
//! none. So at most one of a person's reports is in doubt at a time, and the history cannot be misread.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::pace::Paces;
use crate::domain::{Credential, CustomerId, Monotonic, Now, Visitor};
use crate::journal::{State, Visit, VisitClock, VisitId, Way};

/// One history call asks for at most this stretch of time; the studio allows a year.
const LONGEST_STRETCH: SignedDuration = SignedDuration::from_hours(30 * 24);

/// What to do. Each person occurs once.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Plan {
    /// Visits whose true time is known now.
    pub(super) correct: Vec<(VisitId, Timestamp)>,
    /// Visits whose true time will never be known.
    pub(super) timeless: Vec<VisitId>,
    /// Visits that the studio would take for visits of now, and are too old for that.
    pub(super) too_late: Vec<VisitId>,
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
    /// How old a visit may be that the device API is told of.
    pub(super) replay_within: Duration,
    /// When a visit may be sent in each way, asked for, resolved at the earliest.
    pub(super) send_from: &'a Paces,
    pub(super) ask_from: Monotonic,
    pub(super) resolve_from: Monotonic,
    plan: Plan,
    held_customers: BTreeSet<CustomerId>,
    held_credentials: HashSet<Credential>,
}

impl<'a> Planner<'a> {
    /// Everything may go at once.
    pub(super) fn new(now: Now, busy: &'a BTreeSet<VisitId>, send_from: &'a Paces, most: usize) -> Self {
        Self {
            now,
            busy,
            most,
            replay_within: Duration::MAX,
            send_from,
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
        if visit.id.way == Way::DeviceApi && visit.state == State::Waiting {
            let age = Duration::try_from(self.now.wall.duration_since(visit.at)).unwrap_or_default();
            if !self.now.wall_set {
                self.hold(&visit.visitor);
                return true;
            }
            if age > self.replay_within {
                self.plan.too_late.push(visit.id);
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
                let send_from = self.send_from.next(visit.id.way);
                if self.held_customers.insert(*customer) && self.is_due(visit.not_before.max(send_from)) {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{CardNumber, Direction};
    use crate::journal::Parking;

    const NOW: u64 = 1000;

    fn now() -> Now {
        Now {
            monotonic: Monotonic(Duration::from_secs(NOW)),
            wall: Timestamp::from_second(1_700_000_000).unwrap(),
            wall_set: true,
        }
    }

    fn open_api(sequence: u32) -> VisitId {
        VisitId {
            boot: 1,
            sequence,
            way: Way::OpenApi,
        }
    }

    fn visit(sequence: u32, customer: i64, state: State) -> Visit {
        Visit {
            id: open_api(sequence),
            visitor: Visitor::Customer(CustomerId(customer)),
            presented: None,
            access_point: "entry".into(),
            direction: Direction::In,
            at: Timestamp::from_second(1_699_990_000 + i64::from(sequence)).unwrap(),
            clock: VisitClock::Set,
            state,
            attempts: 0,
            not_before: Monotonic::default(),
        }
    }

    fn unresolved(sequence: u32) -> Visit {
        let card = CardNumber::from_decimal("17").unwrap();
        Visit {
            visitor: Visitor::Unresolved(Credential::Card(card)),
            ..visit(sequence, 0, State::Waiting)
        }
    }

    fn later(visit: Visit) -> Visit {
        Visit {
            not_before: Monotonic(Duration::from_secs(NOW + 7)),
            ..visit
        }
    }

    fn plan(visits: &[Visit]) -> Plan {
        let (busy, paces) = (BTreeSet::new(), Paces::new(&Way::ALL, 60_000));
        let mut planner = Planner::new(now(), &busy, &paces, 8);
        planner.replay_within = Duration::from_secs(60);
        for visit in visits {
            if !planner.look(visit) {
                break;
            }
        }
        planner.plan()
    }

    fn sent(plan: &Plan) -> Vec<u32> {
        plan.send.iter().map(|(_, visit)| visit.id.sequence).collect()
    }

    fn parked() -> State {
        State::Parked(Parking {
            message: "no".into(),
            trace_id: None,
            since: now().wall,
        })
    }

    #[test]
    fn a_person_has_one_visit_on_its_way_and_others_do_not_wait_for_it() {
        let visits = [
            visit(1, 1, State::Waiting),
            visit(2, 1, State::Waiting),
            visit(3, 2, State::Waiting),
        ];
        assert_eq!(sent(&plan(&visits)), [1, 3]);
    }

    #[test]
    fn a_visit_that_waits_holds_up_the_later_ones_of_its_person_and_says_until_when() {
        let plan = plan(&[
            later(visit(1, 1, State::Waiting)),
            visit(2, 1, State::Waiting),
            visit(3, 2, State::Waiting),
        ]);
        assert_eq!(sent(&plan), [3]);
        assert_eq!(plan.wake, Some(Monotonic(Duration::from_secs(NOW + 7))));
    }

    #[test]
    fn a_parked_visit_holds_up_none() {
        assert_eq!(
            sent(&plan(&[visit(1, 1, parked()), visit(2, 1, State::Waiting)])),
            [2]
        );
    }

    #[test]
    fn an_ambiguous_visit_is_asked_for_before_a_later_one_is_sent() {
        let plan = plan(&[visit(1, 1, State::Sent), visit(2, 1, State::Waiting)]);
        assert_eq!(plan.ask[&CustomerId(1)].len(), 1);
        assert_eq!(sent(&plan), [] as [u32; 0]);
    }

    #[test]
    fn the_ambiguous_visits_of_one_person_share_a_question() {
        let plan = plan(&[
            visit(1, 1, State::Sent),
            visit(2, 2, State::Sent),
            visit(3, 1, State::Sent),
        ]);
        let asked: Vec<usize> = plan.ask.values().map(Vec::len).collect();
        assert_eq!(asked, [2, 1]);
    }

    #[test]
    fn a_credential_is_looked_up_once_and_before_anything_is_sent() {
        let plan = plan(&[unresolved(1), unresolved(2), visit(3, 2, State::Waiting)]);
        assert_eq!(plan.resolve.len(), 1);
        assert_eq!(sent(&plan), [3]);
    }

    #[test]
    fn a_visit_of_unknown_time_is_corrected_or_given_up_but_not_sent() {
        let unset = |sequence, clock| Visit {
            clock,
            ..visit(sequence, 1, State::Waiting)
        };
        let came = VisitClock::Unset(Monotonic(Duration::from_secs(NOW - 60)));
        let plan = plan(&[
            unset(1, VisitClock::NeverSet),
            unset(2, came),
            unset(3, VisitClock::Set),
        ]);
        assert_eq!(plan.timeless, [open_api(1)]);
        let corrected = (open_api(2), Timestamp::from_second(1_699_999_940).unwrap());
        assert_eq!(plan.correct, [corrected]);
        assert_eq!(sent(&plan), [] as [u32; 0]);
    }

    fn in_way(way: Way, visit: Visit) -> Visit {
        Visit {
            id: VisitId { way, ..visit.id },
            ..visit
        }
    }

    #[test]
    fn the_ways_of_a_visit_are_gone_one_after_the_other() {
        let first = visit(1, 1, State::Waiting);
        let second = in_way(Way::BenefitUse, first.clone());
        let plan = plan(&[first.clone(), second]);
        assert_eq!(plan.send, [(CustomerId(1), first)]);
    }

    #[test]
    fn the_device_api_is_not_told_of_visits_that_are_too_old_unless_it_may_have_them() {
        let young = Visit {
            at: Timestamp::from_second(1_699_999_950).unwrap(),
            ..visit(3, 3, State::Waiting)
        };
        let plan = plan(&[
            in_way(Way::DeviceApi, visit(1, 1, State::Waiting)),
            in_way(Way::DeviceApi, visit(2, 2, State::Sent)),
            in_way(Way::DeviceApi, young),
            in_way(Way::BenefitUse, visit(4, 4, State::Waiting)),
        ]);
        let late: Vec<u32> = plan.too_late.iter().map(|id| id.sequence).collect();
        assert_eq!(late, [1]);
        assert_eq!(plan.ask[&CustomerId(2)].len(), 1);
        assert_eq!(sent(&plan), [3, 4]);
    }

    #[test]
    fn no_more_is_begun_than_there_is_room_for() {
        let visits: Vec<Visit> = (1..20).map(|n| visit(n, i64::from(n), State::Waiting)).collect();
        assert_eq!(sent(&plan(&visits)).len(), 8);
    }
}
