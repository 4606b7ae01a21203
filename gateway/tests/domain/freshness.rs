//! The freshness table, by random records, ages, settings and answers, against [`reference`](crate::reference).

use std::sync::Arc;
use std::time::Duration;

use jiff::civil::Time;
use proptest::prelude::*;
use turnstile_gateway::domain::lane::{
    AntiPassback, Capacity, OpenTime, OpeningHours, PassbackRule, Strictness,
};
use turnstile_gateway::domain::{
    AccessPointId, AccessRestriction, Answer, BenefitState, Core, Credential, DateRange, DenyReason,
    Direction, Effect, Input, LaneMode, MemberRecord, MemberStatus, Monotonic, Now, Offline, Recollection,
    RequiredBenefits,
};

use crate::gym::{self, ENTRY, EXIT, HOUR, MINUTE, SECOND, Swipe, at, card, known, later, member, swipe};
use crate::reference::{Case, DEADLINE, Expected, NOBODY, READ_DEADLINE, Studio, Tiers, Word};

/// When the credential is presented.
fn noon() -> Now {
    at("2026-06-15T12:00:00+02:00")
}

fn word() -> impl Strategy<Value = Word> {
    use DenyReason::{AccessRefused, BenefitMissing, FormerMember, NoContract, Paused, Restricted};
    let reasons = [
        NoContract,
        FormerMember,
        AccessRefused,
        Restricted,
        Paused,
        BenefitMissing,
    ];
    prop_oneof![
        4 => Just(Word::Yes),
        4 => prop::sample::select(reasons.to_vec()).prop_map(Word::No),
        1 => Just(Word::Gap),
    ]
}

/// Of any length, and often just on one of these borders or a millisecond to either side of it.
fn span(borders: &[Duration], longest: Duration) -> impl Strategy<Value = Duration> + use<> {
    let milli = Duration::from_millis(1);
    let near: Vec<Duration> = borders
        .iter()
        .flat_map(|border| [border.saturating_sub(milli), *border, *border + milli])
        .collect();
    let longest = u64::try_from(longest.as_millis()).unwrap();
    prop_oneof![
        prop::sample::select(near),
        (0..=longest).prop_map(Duration::from_millis),
    ]
}

/// The ages that a record may have in the settings: fresh, usable, offline limit.
fn limits() -> impl Strategy<Value = [Duration; 3]> {
    prop_oneof![
        Just([5 * MINUTE, 72 * HOUR, 168 * HOUR]),
        // `fresh` is never above `usable`; the offline limit may lie anywhere.
        prop::array::uniform3((0..1_000_u32).prop_map(|minutes| minutes * MINUTE))
            .prop_map(|[one, other, limit]| [one.min(other), one.max(other), limit]),
    ]
}

fn tiers(limits: [Duration; 3]) -> impl Strategy<Value = Tiers> {
    let longest = 2 * limits.into_iter().max().unwrap() + HOUR;
    let record = (word(), span(&limits, longest), span(&limits, longest));
    prop_oneof![
        1 => Just(Tiers::Nothing),
        1 => span(&[NOBODY], 2 * NOBODY).prop_map(|ago| Tiers::Nobody { ago }),
        6 => record.prop_map(|(word, age, benefits)| Tiers::Record { word, age, benefits }),
    ]
}

fn studio() -> impl Strategy<Value = Studio> {
    let after = || span(&[DEADLINE], 2 * DEADLINE);
    prop_oneof![
        1 => after().prop_map(|after| Studio::Down { after }),
        1 => after().prop_map(|after| Studio::Nobody { after }),
        4 => (word(), after()).prop_map(|(word, after)| Studio::Says { word, after }),
        1 => Just(Studio::Silent),
    ]
}

prop_compose! {
    fn case()(limits in limits())(
        tiers in tiers(limits),
        [fresh, usable, offline_limit] in Just(limits),
        (mode, direction, offline, strictness) in (
            prop_oneof![
                6 => Just(LaneMode::Normal),
                1 => Just(LaneMode::Open),
                1 => Just(LaneMode::Closed),
            ],
            prop_oneof![4 => Just(Direction::In), 1 => Just(Direction::Out)],
            prop::sample::select(vec![Offline::Deny, Offline::Members, Offline::Everyone]),
            prop::sample::select(vec![Strictness::Off, Strictness::Soft, Strictness::Hard]),
        ),
        (clock_set, pin, locked, staff) in (
            prop::bool::weighted(0.8),
            any::<bool>(),
            prop::bool::weighted(0.1),
            prop::bool::weighted(0.2),
        ),
        on_the_way in prop_oneof![
            6 => (0..50_u64).prop_map(Duration::from_millis),
            1 => span(&[DEADLINE, READ_DEADLINE], 2 * READ_DEADLINE),
        ],
        studio in studio(),
        (open_hours, full, inside) in (
            prop::bool::weighted(0.8),
            prop::bool::weighted(0.2),
            prop::bool::weighted(0.3),
        ),
    ) -> Case {
        Case {
            mode, direction, offline, fresh, usable, offline_limit, clock_set, pin, locked, staff, on_the_way,
            tiers, studio, open_hours, full, inside, strictness,
        }
    }
}

fn record(word: Word, as_of: jiff::Timestamp, benefits: jiff::Timestamp) -> MemberRecord {
    let always = DateRange {
        first: jiff::civil::date(2000, 1, 1),
        last: jiff::civil::date(2099, 12, 31),
    };
    let mut record = member(as_of);
    let state = |valid| BenefitState {
        valid,
        as_of: benefits,
    };
    record.benefits = [("GYM".to_owned(), state(true))].into();
    match word {
        Word::Yes => {}
        Word::Gap => record.benefits.clear(),
        Word::No(DenyReason::NoContract) => record.status = MemberStatus::Prospect,
        Word::No(DenyReason::FormerMember) => record.status = MemberStatus::FormerMember,
        Word::No(DenyReason::AccessRefused) => record.access_refused = true,
        Word::No(DenyReason::Restricted) => record.restrictions.push(AccessRestriction {
            reason: "unpaid".into(),
            period: Some(always),
        }),
        Word::No(DenyReason::Paused) => record.idle_periods.push(always),
        Word::No(DenyReason::BenefitMissing) => {
            record.benefits = [("GYM".to_owned(), state(false))].into();
        }
        Word::No(other) => panic!("no record says {other}"),
    }
    record
}

fn core(case: &Case) -> Core {
    let mut settings = gym::settings("Europe/Berlin", case.offline);
    settings.decisions.fresh = case.fresh;
    settings.decisions.usable = case.usable;
    settings.decisions.offline_limit = case.offline_limit;
    let zone = &mut settings.zones[0];
    zone.anti_passback = AntiPassback {
        strictness: case.strictness,
        rule: PassbackRule::Presence,
    };
    zone.capacity = if case.full {
        Capacity::Presence(1)
    } else {
        Capacity::Unlimited
    };
    let mut hours = OpeningHours::default();
    if case.open_hours {
        let all_day = OpenTime {
            from: Time::midnight(),
            to: Time::midnight(),
        };
        hours.week = std::array::from_fn(|_| vec![all_day]);
    }
    for side in &mut settings.access_points {
        side.hours = Some(hours.clone());
        side.required_benefits = RequiredBenefits::All(["GYM".to_owned()].into());
    }
    let mut core = Core::new(settings);
    prepare(&mut core, case);
    core
}

/// What has happened at the lane in the minute before.
fn prepare(core: &mut Core, case: &Case) {
    let before = gym::moment_of(noon().wall - MINUTE);
    let mut staff = Swipe::of(Recollection::Nothing);
    staff.staff = Some("owner".into());
    if case.full {
        staff.credential = card(98);
        swipe(core, &staff, before);
    }
    if case.inside {
        staff.credential = card(99);
        staff.tiers = known(&member(before.wall));
        swipe(core, &staff, before);
    }
    if case.locked {
        for number in 0..=core.settings().lockout.attempts {
            let mut guess = Swipe::of(Recollection::Nothing).answered(Answer::Unknown);
            guess.access_point = access_point(case);
            guess.credential = Credential::Pin(format!("{number:04}"));
            swipe(core, &guess, later(before, 50 * SECOND));
        }
    }
    let (lane, mode) = ("main".to_owned(), case.mode);
    core.handle(Input::SetMode { lane, mode }, before);
}

fn access_point(case: &Case) -> AccessPointId {
    match case.direction {
        Direction::In => ENTRY,
        Direction::Out => EXIT,
    }
}

/// Both clocks so long after the read; the wall clock stands in 1970 where it is not set.
fn clock(case: &Case, span: Duration) -> Now {
    let now = later(noon(), span);
    if case.clock_set {
        return now;
    }
    Now {
        wall: jiff::Timestamp::UNIX_EPOCH + span,
        wall_set: false,
        ..now
    }
}

/// Plays the case through the core, second by second as the clock would.
fn played(case: &Case) -> Expected {
    let mut core = core(case);
    let credential = if case.pin {
        Credential::Pin("4711".into())
    } else {
        card(1)
    };
    let start = clock(case, case.on_the_way);
    let read = Input::Read {
        access_point: access_point(case),
        credential,
        staff: case.staff.then(|| "duty manager".to_owned()),
        at: noon().monotonic,
    };
    // Ages count from the moment of the decision.
    let as_of = |age: Duration| later(noon(), case.on_the_way).wall - age;
    core.handle(read, start);
    let (mut asked, mut refreshed, mut decided) = (false, false, None);
    while let Some(effect) = core.poll_effect() {
        match effect {
            Effect::Recall { decision, .. } => {
                let recollection = match case.tiers {
                    Tiers::Nothing => Recollection::Nothing,
                    Tiers::Nobody { ago } => Recollection::Unknown {
                        as_of: Monotonic(start.monotonic.0 - ago),
                    },
                    Tiers::Record { word, age, benefits } => {
                        known(&record(word, as_of(age), as_of(benefits)))
                    }
                };
                core.handle(
                    Input::Recalled {
                        decision,
                        recollection,
                    },
                    start,
                );
            }
            Effect::Ask { decision, .. } => {
                asked = true;
                let (answer, after) = match case.studio {
                    Studio::Silent => (Answer::Unavailable, READ_DEADLINE),
                    Studio::Down { after } => (Answer::Unavailable, after),
                    Studio::Nobody { after } => (Answer::Unknown, after),
                    Studio::Says { word, after } => {
                        let told = later(noon(), case.on_the_way + after).wall;
                        (Answer::Known(Arc::new(record(word, told, told))), after)
                    }
                };
                let due = core.poll_timeout().unwrap();
                let arrives = clock(case, case.on_the_way + after);
                if due <= arrives.monotonic {
                    core.handle_timeout(clock(case, due.since(noon().monotonic)));
                }
                core.handle(Input::Answered { decision, answer }, arrives);
            }
            Effect::Refresh { .. } => refreshed = true,
            Effect::Decided(decision) => {
                assert!(decided.replace(decision).is_none(), "decided twice");
            }
            _ => {}
        }
    }
    let decision = decided.unwrap();
    Expected {
        outcome: decision.outcome,
        asked,
        refreshed,
        passback: decision.passback,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8_192))]

    #[test]
    fn the_core_decides_as_the_table_says(case in case()) {
        prop_assert_eq!(played(&case), case.expected());
    }
}
