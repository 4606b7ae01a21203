//! Every check alone, in pairs, and in every other combination: the first in the order gives the reason.

use std::collections::BTreeSet;

use jiff::civil::Date;
use turnstile_gateway::domain::lane::{
    AntiPassback, Capacity, OpenTime, OpeningHours, PassbackRule, Strictness,
};
use turnstile_gateway::domain::{
    AccessCode, AccessRestriction, Answer, BenefitState, Core, CoreSettings, Credential, DateRange,
    DenyReason, Input, LaneMode, MemberRecord, MemberStatus, Now, Offline, Outcome, Recollection,
    RequiredBenefits,
};

use crate::gym::{
    DAY, ENTRY, MINUTE, SECOND, Swipe, at, card, known, later, member, moment_of, settings, swipe,
};

/// All that can speak against a person, in the order of the checks as the design gives it.
const AGAINST: [DenyReason; 11] = [
    DenyReason::LaneClosed,
    DenyReason::NoContract,
    DenyReason::FormerMember,
    DenyReason::AccessRefused,
    DenyReason::Restricted,
    DenyReason::Paused,
    DenyReason::BenefitMissing,
    DenyReason::AccessCodeExpired,
    DenyReason::OutsideHours,
    DenyReason::Full,
    DenyReason::AntiPassback,
];

/// The last minute before a change of the clocks, the first one after it, and a plain noon.
const MOMENTS: [(&str, &str); 9] = [
    ("Europe/Berlin", "2026-03-29T01:59:59+01:00"),
    ("Europe/Berlin", "2026-10-25T02:00:00+01:00"),
    ("Europe/Berlin", "2026-06-15T12:00:00+02:00"),
    ("America/New_York", "2026-03-08T03:00:00-04:00"),
    ("America/New_York", "2026-11-01T01:59:59-04:00"),
    ("America/New_York", "2026-06-15T12:00:00-04:00"),
    ("Australia/Lord_Howe", "2026-04-05T01:30:00+10:30"),
    ("Australia/Lord_Howe", "2026-10-04T01:59:59+10:30"),
    ("Australia/Lord_Howe", "2026-06-15T12:00:00+10:30"),
];

const CODE: &str = "the code of the app";

fn against_the_record(against: &BTreeSet<DenyReason>, now: Now, today: Date) -> MemberRecord {
    let on_this_day = DateRange {
        first: today,
        last: today,
    };
    let as_of = now.wall - MINUTE;
    let mut record = member(as_of);
    record.access_code = Some(AccessCode {
        content: CODE.into(),
        expires_at: Some(now.wall + SECOND),
    });
    // From the last to the first: a person has one status only.
    for reason in against.iter().rev() {
        match reason {
            DenyReason::NoContract => record.status = MemberStatus::Prospect,
            DenyReason::FormerMember => record.status = MemberStatus::FormerMember,
            DenyReason::AccessRefused => record.access_refused = true,
            DenyReason::Restricted => record.restrictions.push(AccessRestriction {
                reason: "unpaid".into(),
                period: Some(on_this_day),
            }),
            DenyReason::Paused => record.idle_periods.push(on_this_day),
            DenyReason::BenefitMissing => {
                record
                    .benefits
                    .insert("GYM".into(), BenefitState { valid: false, as_of });
            }
            DenyReason::AccessCodeExpired => {
                record.access_code.as_mut().unwrap().expires_at = Some(now.wall);
            }
            _ => {}
        }
    }
    record
}

fn against_the_lane(against: &BTreeSet<DenyReason>, now: Now, mut settings: CoreSettings) -> CoreSettings {
    let zone = &mut settings.zones[0];
    zone.anti_passback = AntiPassback {
        strictness: Strictness::Hard,
        rule: PassbackRule::Presence,
    };
    let local = settings.time_zone.to_datetime(now.wall);
    // Open until this very second, or from it on.
    let (from, to) = if against.contains(&DenyReason::OutsideHours) {
        (local - SECOND, local)
    } else {
        (local, local + SECOND)
    };
    let mut hours = OpeningHours::default();
    let weekday = usize::try_from(from.weekday().to_monday_zero_offset()).unwrap();
    hours.week[weekday] = vec![OpenTime {
        from: from.time(),
        to: to.time(),
    }];
    if against.contains(&DenyReason::Full) {
        zone.capacity = Capacity::Presence(1);
    }
    let entry = &mut settings.access_points[ENTRY.0];
    entry.hours = Some(hours);
    entry.required_benefits = RequiredBenefits::All(["GYM".to_owned()].into());
    settings
}

/// What is decided when all of this speaks against a member whose record is fresh.
fn decided(against: &BTreeSet<DenyReason>, time_zone: &str, now: Now) -> Outcome {
    let settings = against_the_lane(against, now, settings(time_zone, Offline::Everyone));
    let record = against_the_record(against, now, settings.time_zone.to_datetime(now.wall).date());
    let mut core = Core::new(settings);
    let before = moment_of(now.wall - 10 * SECOND);
    if against.contains(&DenyReason::Full) {
        // Somebody of the staff is inside; nothing keeps staff out, and nobody knows their name.
        let mut staff = Swipe::of(Recollection::Nothing);
        staff.staff = Some("owner".into());
        staff.credential = card(99);
        swipe(&mut core, &staff, before);
    }
    if against.contains(&DenyReason::AntiPassback) {
        // So is the member, let in with a staff credential in spite of everything.
        let mut earlier = Swipe::of(known(&record)).answered(Answer::Unavailable);
        earlier.staff = Some("duty manager".into());
        earlier.credential = card(98);
        swipe(&mut core, &earlier, before);
    }
    if against.contains(&DenyReason::LaneClosed) {
        let lane = "main".to_owned();
        let mode = LaneMode::Closed;
        core.handle(Input::SetMode { lane, mode }, now);
    }
    let mut presented = Swipe::of(known(&record));
    presented.credential = Credential::Code(CODE.into());
    swipe(&mut core, &presented, now).outcome()
}

fn expected(against: &BTreeSet<DenyReason>) -> Option<DenyReason> {
    let first = AGAINST.into_iter().find(|reason| against.contains(reason))?;
    // Who is inside takes no further place: for them the zone is never full.
    if first == DenyReason::Full && against.contains(&DenyReason::AntiPassback) {
        return Some(DenyReason::AntiPassback);
    }
    Some(first)
}

fn check(against: &BTreeSet<DenyReason>, time_zone: &str, moment: &str) {
    let outcome = decided(against, time_zone, at(moment));
    let reason = match outcome {
        Outcome::Denied(reason) => Some(reason),
        Outcome::Granted(_) => None,
    };
    assert_eq!(
        reason,
        expected(against),
        "{against:?} in {time_zone} at {moment}"
    );
}

#[test]
fn nothing_against_a_member_lets_them_in_everywhere() {
    for (time_zone, moment) in MOMENTS {
        check(&BTreeSet::new(), time_zone, moment);
    }
}

#[test]
fn every_check_alone_gives_its_reason() {
    for (time_zone, moment) in MOMENTS {
        for reason in AGAINST {
            check(&BTreeSet::from([reason]), time_zone, moment);
        }
    }
}

#[test]
fn of_two_reasons_the_first_in_the_order_is_given() {
    for (time_zone, moment) in MOMENTS {
        for (position, first) in AGAINST.into_iter().enumerate() {
            for second in &AGAINST[position + 1..] {
                check(&BTreeSet::from([first, *second]), time_zone, moment);
            }
        }
    }
}

#[test]
fn of_any_number_of_reasons_the_first_in_the_order_is_given() {
    for combination in 0..1_u32 << AGAINST.len() {
        let against = (0..)
            .zip(AGAINST)
            .filter(|(bit, _)| combination >> bit & 1 == 1)
            .map(|(_, reason)| reason)
            .collect();
        check(&against, "Europe/Berlin", "2026-03-29T01:59:59+01:00");
    }
}

#[test]
fn nobodys_credential_is_unknown_before_the_lane_has_its_say() {
    let against = BTreeSet::from([DenyReason::OutsideHours, DenyReason::Full]);
    let now = at("2026-06-15T12:00:00+02:00");
    let settings = against_the_lane(&against, now, settings("Europe/Berlin", Offline::Everyone));
    let mut core = Core::new(settings);
    let stranger = Swipe::of(Recollection::Nothing).answered(Answer::Unknown);
    let outcome = swipe(&mut core, &stranger, now).outcome();
    assert_eq!(outcome, Outcome::Denied(DenyReason::Unknown));
    let lane = "main".to_owned();
    let mode = LaneMode::Closed;
    core.handle(Input::SetMode { lane, mode }, now);
    let outcome = swipe(&mut core, &stranger, later(now, MINUTE)).outcome();
    assert_eq!(outcome, Outcome::Denied(DenyReason::LaneClosed));
}

#[test]
fn a_record_from_the_day_before_is_judged_by_todays_dates() {
    let now = at("2026-03-29T00:00:00+01:00");
    let today = jiff::civil::date(2026, 3, 29);
    let record = against_the_record(&BTreeSet::from([DenyReason::Restricted]), now, today);
    let old = MemberRecord {
        as_of: now.wall - DAY,
        ..record
    };
    let mut core = Core::new(settings("Europe/Berlin", Offline::Members));
    let outcome = |core: &mut Core, now: Now| swipe(core, &Swipe::of(known(&old)), now).outcome();
    let second_before = moment_of(now.wall - SECOND);
    assert!(matches!(outcome(&mut core, second_before), Outcome::Granted(_)));
    assert_eq!(
        outcome(&mut core, later(now, 5 * SECOND)),
        Outcome::Denied(DenyReason::Restricted)
    );
}
