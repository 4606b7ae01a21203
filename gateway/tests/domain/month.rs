//! A month of a gym: 3,000 members, two lanes, outages of minutes, hours and days, restrictions that come and go.
//! Every decision is looked at from above; the counts are printed (`cargo test --test domain month -- --nocapture`).

mod audit;
mod people;
mod shell;

use std::time::Duration;

use jiff::civil::date;
use turnstile_gateway::domain::lane::{
    AntiPassback, Capacity, OpenTime, OpeningHours, PassbackRule, Strictness,
};
use turnstile_gateway::domain::{
    AccessPoint, CheckInMoment, CoreSettings, Direction, Offline, RequiredBenefits,
};

use self::audit::{Audit, CLOSES, FORGIVEN, OPENS, PLACES};
use self::shell::Month;
use crate::gym;

fn settings(offline: Offline) -> CoreSettings {
    let mut settings = gym::settings("Europe/Berlin", offline);
    let zone = &mut settings.zones[0];
    zone.capacity = Capacity::Presence(PLACES);
    zone.anti_passback = AntiPassback {
        strictness: Strictness::Hard,
        rule: PassbackRule::Presence,
    };
    zone.forgive_at = Some(FORGIVEN);
    let day = OpenTime {
        from: OPENS,
        to: CLOSES,
    };
    let entry = AccessPoint {
        hours: Some(OpeningHours {
            week: std::array::from_fn(|_| vec![day]),
            closed: [].into(),
        }),
        required_benefits: RequiredBenefits::All(["GYM".to_owned()].into()),
        ..settings.access_points[0].clone()
    };
    let side = |direction| AccessPoint {
        lane: "side".into(),
        direction,
        check_in: CheckInMoment::OnPassage,
        ..entry.clone()
    };
    settings.access_points = vec![entry.clone(), side(Direction::In), side(Direction::Out)];
    settings
}

/// March, with the night in which the clocks change.
fn play(offline: Offline, people: u32, days: u32) -> Audit {
    let settings = settings(offline);
    let midnight = date(2026, 3, 2).at(0, 0, 0, 0);
    let start = settings.time_zone.to_timestamp(midnight).unwrap();
    let mut month = Month::new(settings, start, people, 2026);
    month.play(days);
    let audit = month.audit;
    println!("offline = {offline:?}, {people} people, {days} days");
    println!("  presented {}, decided {}", audit.presented, audit.decided);
    println!("  granted by basis: {:?}", audit.granted);
    println!("  refused by reason: {:?}", audit.denied);
    println!(
        "  let in wrongly, as the table allows: {:?}, on a record of at most {} h",
        audit.wrong_grants,
        audit.oldest_wrong_grant.as_secs() / 3600
    );
    println!(
        "  kept out wrongly, as the table allows: {:?}",
        audit.wrong_refusals
    );
    println!(
        "  openings {}, relay failed {}, not taken {}, forced {}, check-ins {}",
        audit.openings, audit.failed_relays, audit.not_taken, audit.forced, audit.check_ins
    );
    audit
}

fn check(audit: &Audit) {
    assert_eq!(
        audit.presented, audit.decided,
        "one decision for each presentation"
    );
    let grants: u64 = audit.granted.values().sum();
    let refusals: u64 = audit.denied.values().sum();
    assert_eq!(audit.decided, grants + refusals);
    assert_eq!(audit.openings, grants);
    assert_eq!(audit.forced, 0, "nobody passed without a grant");
    assert_eq!(
        audit.check_ins,
        audit.openings - audit.failed_relays - audit.not_taken,
        "a visit for every opening that was used"
    );
}

#[test]
fn a_month_with_members_allowed_offline() {
    let audit = play(Offline::Members, 3_000, 31);
    check(&audit);
    // The month is hard enough to show every kind of decision that the table speaks of.
    for basis in [
        "live",
        "cached, fresh",
        "cached, usable",
        "offline allowance",
        "leaving",
    ] {
        assert!(audit.granted.contains_key(basis), "nobody was let in by {basis}");
    }
    for reason in [
        "unknown",
        "former-member",
        "access-refused",
        "restricted",
        "paused",
        "benefit-missing",
        "outside-hours",
        "full",
        "anti-passback",
        "studio-unreachable",
    ] {
        assert!(
            audit.denied.contains_key(reason),
            "nobody was refused for {reason}"
        );
    }
    assert!(audit.oldest_wrong_grant <= Duration::from_secs(7 * 24 * 3600));
}

#[test]
fn a_week_in_which_nobody_is_allowed_offline() {
    let audit = play(Offline::Deny, 1_000, 10);
    check(&audit);
    assert!(!audit.granted.contains_key("offline allowance"));
}

#[test]
fn a_week_in_which_everybody_is_allowed_offline() {
    let audit = play(Offline::Everyone, 1_000, 10);
    check(&audit);
    assert!(!audit.denied.contains_key("studio-unreachable"));
}
