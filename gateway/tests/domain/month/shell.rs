//! Everything around the core for a month: the clock, the studio with its outages, the records and their ages, the
//! relays, the sensor, and people who come, pay, come again and go.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use turnstile_gateway::domain::{
    AccessPointId, Answer, Basis, Core, CoreSettings, Credential, DecisionId, DenyReason, Effect, Input,
    MemberRecord, Monotonic, Now, Outcome, Passage, Recollection,
};

use super::audit::{Audit, Evidence};
use super::people::{Change, Dice, Person};
use crate::gym::{DAY, HOUR, MINUTE, SECOND, card, known, later, moment_of};

/// The lanes of the month: one that opens and is done, one with an exit and a sensor on both sides.
pub(crate) const FRONT: AccessPointId = AccessPointId(0);
pub(crate) const SIDE: AccessPointId = AccessPointId(1);
pub(crate) const OUT: AccessPointId = AccessPointId(2);

#[derive(Clone, Copy, Debug, PartialEq)]
enum Trouble {
    /// Nobody listens: known at once.
    Refuses,
    /// Answers, but seconds too late.
    Slow,
    /// No answer at all.
    Silent,
}

#[derive(Debug)]
enum Event {
    Swipe {
        who: usize,
        access_point: AccessPointId,
        tries: u32,
    },
    HeldStill {
        who: usize,
        access_point: AccessPointId,
    },
    Recalled {
        decision: DecisionId,
        who: usize,
    },
    Answered {
        decision: Option<DecisionId>,
        who: usize,
        reached: bool,
    },
    Relay {
        decision: DecisionId,
        works: bool,
    },
    Passes(AccessPointId),
    Roster,
}

pub(crate) struct Month {
    core: Core,
    dice: Dice,
    start: Now,
    now: Now,
    events: BTreeMap<(Duration, u64), Event>,
    scheduled: u64,
    people: Vec<Person>,
    records: BTreeMap<usize, MemberRecord>,
    nobody: BTreeMap<usize, Monotonic>,
    outages: Vec<(Duration, Duration, Trouble)>,
    /// Presentations under way.
    open: BTreeMap<DecisionId, Evidence>,
    tries: BTreeMap<usize, u32>,
    pub(crate) audit: Audit,
}

impl Month {
    pub(crate) fn new(settings: CoreSettings, start: Timestamp, people: u32, seed: u64) -> Self {
        let mut dice = Dice(seed);
        let time_zone = settings.time_zone.clone();
        let people = (1..=people)
            .map(|number| Person::draw(number, &mut dice, start, &time_zone))
            .collect();
        let mut outages = Vec::new();
        let mut at = 20 * HOUR;
        while at < 31 * DAY {
            let trouble = [Trouble::Refuses, Trouble::Slow, Trouble::Silent][outages.len() % 3];
            // Mostly minutes, sometimes hours, twice for days on end.
            let lasts = match outages.len() {
                4 => 90 * HOUR,
                14 => 9 * DAY,
                number if number % 4 == 0 => dice.between(HOUR, 20 * HOUR),
                _ => dice.between(MINUTE, 90 * MINUTE),
            };
            outages.push((at, at + lasts, trouble));
            at += lasts + dice.between(HOUR, 30 * HOUR);
        }
        Self {
            audit: Audit::new(&settings),
            core: Core::new(settings),
            dice,
            start: moment_of(start),
            now: moment_of(start),
            events: BTreeMap::new(),
            scheduled: 0,
            people,
            records: BTreeMap::new(),
            nobody: BTreeMap::new(),
            outages,
            open: BTreeMap::new(),
            tries: BTreeMap::new(),
        }
    }

    fn schedule(&mut self, after: Duration, event: Event) {
        let at = self.now.monotonic.since(self.start.monotonic) + after;
        self.scheduled += 1;
        self.events.insert((at, self.scheduled), event);
    }

    /// Plays so many days, and then what is still under way.
    pub(crate) fn play(&mut self, days: u32) {
        for day in 0..days {
            self.schedule(day * DAY + 3 * HOUR, Event::Roster);
            // Of a hundred people, 20 to 60 come today.
            let busy = 200 + self.dice.below(400);
            for who in 0..self.people.len() {
                if self.dice.chance(busy) {
                    let hour = [6, 7, 9, 12, 16, 17, 17, 18, 18, 19, 20, 21][self.dice.below(12) as usize];
                    let late = self.dice.between(Duration::ZERO, HOUR);
                    // A few stand at the door before it opens.
                    let early = if self.dice.chance(5) {
                        70 * MINUTE
                    } else {
                        Duration::ZERO
                    };
                    let access_point = if self.dice.chance(500) { FRONT } else { SIDE };
                    let event = Event::Swipe {
                        who,
                        access_point,
                        tries: 0,
                    };
                    self.schedule(day * DAY + hour * HOUR + late - early, event);
                }
            }
        }
        while self.next() {}
        assert!(self.open.is_empty(), "presentations without a decision");
    }

    /// Lets happen what is next: something around the core, or a moment that the core waits for.
    fn next(&mut self) -> bool {
        let due = self
            .core
            .poll_timeout()
            .map(|due| due.since(self.start.monotonic));
        let event = self.events.first_key_value().map(|((at, _), _)| *at);
        let event_first = match (event, due) {
            (Some(event), Some(due)) => event < due,
            (event, _) => event.is_some(),
        };
        if event_first {
            let ((at, _), event) = self.events.pop_first().unwrap();
            self.now = later(self.start, at);
            self.happens(event);
        } else if let Some(due) = due {
            self.now = later(self.start, due);
            self.core.handle_timeout(self.now);
        } else {
            return false;
        }
        self.carry_out();
        true
    }

    fn trouble(&self) -> Option<Trouble> {
        let now = self.now.monotonic.since(self.start.monotonic);
        let outage = self
            .outages
            .iter()
            .find(|(from, to, _)| (*from..*to).contains(&now));
        outage.map(|(_, _, trouble)| *trouble)
    }

    fn happens(&mut self, event: Event) {
        match event {
            Event::Swipe {
                who,
                access_point,
                tries,
            } => {
                if self.people[who].inside == (access_point == OUT) {
                    self.tries.insert(who, tries);
                    self.audit.presented += 1;
                    self.read(who, access_point);
                    // Some hold their card to the reader until it beeps, and longer.
                    if self.dice.chance(200) {
                        self.schedule(SECOND, Event::HeldStill { who, access_point });
                    }
                }
            }
            Event::HeldStill { who, access_point } => self.read(who, access_point),
            Event::Recalled { decision, who } => {
                let recollection = match (self.records.get(&who), self.nobody.get(&who)) {
                    (Some(record), _) => known(record),
                    (None, Some(as_of)) => Recollection::Unknown { as_of: *as_of },
                    (None, None) => Recollection::Nothing,
                };
                if let Some(evidence) = self.open.get_mut(&decision) {
                    evidence.stored = self.records.get(&who).cloned();
                    evidence.nobody = self.nobody.get(&who).copied();
                }
                let recalled = Input::Recalled {
                    decision,
                    recollection,
                };
                self.core.handle(recalled, self.now);
            }
            Event::Answered {
                decision,
                who,
                reached,
            } => self.answer(decision, who, reached),
            Event::Relay { decision, works } => {
                let input = if works {
                    Input::Opened { decision }
                } else {
                    self.audit.failed_relays += 1;
                    Input::NotOpened { decision }
                };
                self.core.handle(input, self.now);
            }
            Event::Passes(access_point) => self.core.handle(Input::Passed { access_point }, self.now),
            Event::Roster if self.trouble().is_some() => self.schedule(HOUR, Event::Roster),
            Event::Roster => {
                for who in 0..self.people.len() {
                    if let Some(record) = self.people[who].record(self.now.wall, false) {
                        self.keep(who, record);
                    }
                }
            }
        }
    }

    fn read(&mut self, who: usize, access_point: AccessPointId) {
        let read = Input::Read {
            access_point,
            credential: card(self.people[who].number),
            staff: None,
            at: self.now.monotonic,
        };
        self.core.handle(read, self.now);
    }

    fn answer(&mut self, decision: Option<DecisionId>, who: usize, reached: bool) {
        let said = reached.then(|| self.people[who].record(self.now.wall, true));
        let answer = match said {
            None => Answer::Unavailable,
            Some(None) => {
                self.nobody.insert(who, self.now.monotonic);
                Answer::Unknown
            }
            Some(Some(record)) => {
                self.keep(who, record);
                Answer::Known(Arc::new(self.records[&who].clone()))
            }
        };
        if let Some(decision) = decision {
            // Later than the deadline, this presentation is decided already.
            if let Some(evidence) = self.open.get_mut(&decision) {
                evidence.reached = reached;
            }
            self.core.handle(Input::Answered { decision, answer }, self.now);
        }
    }

    fn keep(&mut self, who: usize, record: MemberRecord) {
        self.nobody.remove(&who);
        let record = match self.records.get(&who) {
            Some(before) => record.joined(before),
            None => record,
        };
        self.records.insert(who, record);
    }

    fn ask(&mut self, decision: Option<DecisionId>, credential: &Credential) {
        let who = self.who(credential);
        let millis = Duration::from_millis;
        let (reached, after) = match self.trouble() {
            Some(Trouble::Refuses) => (false, millis(5)),
            Some(Trouble::Silent) => (false, 10 * SECOND),
            Some(Trouble::Slow) => (true, self.dice.between(millis(1_500), millis(6_000))),
            None if self.dice.chance(10) => (true, self.dice.between(millis(500), millis(3_000))),
            None => (true, self.dice.between(millis(40), millis(600))),
        };
        let event = Event::Answered {
            decision,
            who,
            reached,
        };
        self.schedule(after, event);
    }

    fn who(&self, credential: &Credential) -> usize {
        let Credential::Card(number) = credential else {
            panic!("the month knows cards only");
        };
        let number: usize = number.decimal().parse().unwrap();
        number - 1_000_001
    }

    fn carry_out(&mut self) {
        while let Some(effect) = self.core.poll_effect() {
            match effect {
                Effect::Recall { decision, credential } => {
                    let who = self.who(&credential);
                    self.open.insert(decision, Evidence::default());
                    let after = Duration::from_millis(1 + self.dice.below(5));
                    self.schedule(after, Event::Recalled { decision, who });
                }
                Effect::Ask {
                    decision, credential, ..
                } => self.ask(Some(decision), &credential),
                Effect::Refresh { credential, .. } => self.ask(None, &credential),
                Effect::Open {
                    decision,
                    access_point,
                    ..
                } => {
                    let works = !self.dice.chance(1);
                    self.audit.openings += 1;
                    self.schedule(Duration::from_millis(10), Event::Relay { decision, works });
                    if works && access_point != FRONT && self.dice.chance(970) {
                        let after = self.dice.between(SECOND / 2, 3 * SECOND);
                        self.schedule(after, Event::Passes(access_point));
                    }
                }
                Effect::Decided(decision) => {
                    let evidence = self.open.remove(&decision.id).unwrap_or_default();
                    let who = self.who(&decision.credential);
                    self.audit
                        .decision(&decision, &evidence, &self.people[who], self.now);
                    self.goes_on(who, decision.access_point, decision.outcome);
                }
                Effect::Passage { passage, .. } => match passage {
                    Passage::Taken => {}
                    Passage::NotTaken => self.audit.not_taken += 1,
                    Passage::Forced => self.audit.forced += 1,
                    Passage::WrongWay => panic!("nobody goes the wrong way here"),
                },
                Effect::Released { .. } => panic!("there is no button and no fire"),
                Effect::CheckIn(visit) => self.audit.visit(&visit),
                Effect::LockedOut { .. } => panic!("cards lock nothing"),
            }
        }
    }

    /// What the person does next.
    fn goes_on(&mut self, who: usize, access_point: AccessPointId, outcome: Outcome) {
        let tries = self.tries.remove(&who).unwrap_or_default();
        let again = |tries| Event::Swipe {
            who,
            access_point,
            tries,
        };
        match outcome {
            Outcome::Granted(_) if access_point == OUT => self.people[who].inside = false,
            Outcome::Granted(basis) => {
                assert_ne!(basis, Basis::FreePassage);
                self.people[who].inside = true;
                let stays = self.dice.between(40 * MINUTE, 110 * MINUTE);
                if self.dice.chance(20) {
                    // Out behind a friend without presenting anything, and back for the forgotten bag.
                    self.people[who].inside = false;
                    self.schedule(stays, again(0));
                } else {
                    let leaves = Event::Swipe {
                        who,
                        access_point: OUT,
                        tries: 0,
                    };
                    self.schedule(stays, leaves);
                }
            }
            Outcome::Denied(DenyReason::Restricted)
                if self.people[who].facts(self.now.wall).restricted_until_paid() && self.dice.chance(700) =>
            {
                // To the desk, pays, and back to the lane.
                let paid = self.dice.between(30 * SECOND, 6 * MINUTE);
                self.people[who].change(self.now.wall + paid, Change::Lifted);
                let back = paid + self.dice.between(3 * SECOND, 2 * MINUTE);
                self.schedule(back, again(tries + 1));
            }
            Outcome::Denied(_) if tries < 2 => {
                let waits = self.dice.between(4 * SECOND, 20 * SECOND);
                self.schedule(waits, again(tries + 1));
            }
            Outcome::Denied(_) => {}
        }
    }
}
