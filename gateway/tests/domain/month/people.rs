//! The people of the month: what is true of each of them at every moment, whatever the gateway believes.

use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use turnstile_gateway::domain::{AccessRestriction, CustomerId, DateRange, MemberRecord, MemberStatus};

use crate::gym::{DAY, HOUR, card, member};

/// Random numbers that are the same in every run (SplitMix64, by Steele, Lea and Flood, 2014).
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.roll() % end
    }

    /// So many times in a thousand.
    pub(crate) fn chance(&mut self, per_mille: u64) -> bool {
        self.below(1_000) < per_mille
    }

    pub(crate) fn between(&mut self, from: Duration, to: Duration) -> Duration {
        let width = u64::try_from((to - from).as_millis()).unwrap();
        from + Duration::from_millis(self.below(width.max(1)))
    }
}

/// Something that changes in the studio.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Change {
    SignsUp,
    ContractEnds,
    Restricted(Option<DateRange>),
    /// Every restriction is lifted: the person has paid.
    Lifted,
    Paused(DateRange),
    Refused(bool),
    Entitled(bool),
}

/// What is true of a person at one moment.
#[derive(Clone, Debug, Default)]
pub(crate) struct Facts {
    signed_up: bool,
    contract_ended: bool,
    refused: bool,
    not_entitled: bool,
    restrictions: Vec<Option<DateRange>>,
    pauses: Vec<DateRange>,
}

impl Facts {
    pub(crate) fn signed_up(&self) -> bool {
        self.signed_up
    }

    /// Nothing that the record speaks of is against them on this day; benefits are another matter.
    pub(crate) fn in_good_standing(&self, day: Date) -> bool {
        let holds = |range: &DateRange| day >= range.first && day <= range.last;
        self.signed_up
            && !self.contract_ended
            && !self.refused
            && self
                .restrictions
                .iter()
                .all(|period| period.is_some_and(|period| !holds(&period)))
            && !self.pauses.iter().any(holds)
    }

    pub(crate) fn entitled(&self) -> bool {
        !self.not_entitled
    }

    pub(crate) fn restricted_until_paid(&self) -> bool {
        self.restrictions.contains(&None)
    }
}

/// A person and all that changes for them.
pub(crate) struct Person {
    pub(crate) number: u32,
    changes: Vec<(Timestamp, Change)>,
    pub(crate) inside: bool,
}

impl Person {
    /// Most people pay and train; for every fourth something happens in the month.
    pub(crate) fn draw(number: u32, dice: &mut Dice, start: Timestamp, time_zone: &TimeZone) -> Self {
        let mut moment = |within: Duration| start + dice.between(Duration::ZERO, within);
        let (one, other) = (moment(28 * DAY), moment(10 * DAY));
        let then = one + (other.duration_since(start)).unsigned_abs() + HOUR;
        let period = DateRange {
            first: time_zone.to_datetime(one).date(),
            last: time_zone.to_datetime(then).date(),
        };
        let mut changes = vec![(start - 300 * DAY, Change::SignsUp)];
        match dice.below(100) {
            0..=4 => changes.push((one, Change::ContractEnds)),
            5..=10 => changes.extend([(one, Change::Restricted(None)), (then, Change::Lifted)]),
            // Entered in the studio some days ahead, or late on its first day.
            11..=13 => changes.push((one - 3 * DAY, Change::Restricted(Some(period)))),
            14 => changes.push((one, Change::Restricted(Some(period)))),
            15..=16 => changes.push((start - 30 * DAY, Change::Paused(period))),
            17..=18 => changes.extend([(one, Change::Refused(true)), (then, Change::Refused(false))]),
            19..=21 => changes[0].0 = one,
            22 => changes.extend([(one, Change::Entitled(false)), (then, Change::Entitled(true))]),
            23 => changes.extend([
                (one - DAY, Change::Restricted(Some(period))),
                (one + DAY, Change::Restricted(None)),
                (then, Change::Lifted),
            ]),
            _ => {}
        }
        Self {
            number,
            changes,
            inside: false,
        }
    }

    pub(crate) fn change(&mut self, moment: Timestamp, change: Change) {
        self.changes.push((moment, change));
    }

    pub(crate) fn facts(&self, moment: Timestamp) -> Facts {
        let mut past: Vec<_> = self.changes.iter().filter(|(at, _)| *at <= moment).collect();
        past.sort_by_key(|(at, _)| *at);
        let mut facts = Facts::default();
        for (_, change) in past {
            match *change {
                Change::SignsUp => facts.signed_up = true,
                Change::ContractEnds => facts.contract_ended = true,
                Change::Restricted(period) => facts.restrictions.push(period),
                Change::Lifted => facts.restrictions.clear(),
                Change::Paused(period) => facts.pauses.push(period),
                Change::Refused(refused) => facts.refused = refused,
                Change::Entitled(entitled) => facts.not_entitled = !entitled,
            }
        }
        facts
    }

    /// What the studio says of the person at this moment; nothing before they have signed up.
    pub(crate) fn record(&self, moment: Timestamp, with_benefits: bool) -> Option<MemberRecord> {
        let facts = self.facts(moment);
        let mut record = member(moment);
        record.customer = CustomerId(i64::from(self.number));
        record.credentials = vec![card(self.number)];
        record.status = if facts.contract_ended {
            MemberStatus::FormerMember
        } else {
            MemberStatus::Member
        };
        record.access_refused = facts.refused;
        record.restrictions = facts
            .restrictions
            .iter()
            .map(|period| AccessRestriction {
                reason: "unpaid".into(),
                period: *period,
            })
            .collect();
        record.idle_periods.clone_from(&facts.pauses);
        record.benefits.remove("POOL");
        record
            .benefits
            .values_mut()
            .for_each(|state| state.valid = facts.entitled());
        if !with_benefits {
            record.benefits.clear();
        }
        facts.signed_up.then_some(record)
    }
}
