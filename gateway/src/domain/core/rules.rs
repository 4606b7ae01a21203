//! The lane's own rules and what stands above them, story by story.

use std::sync::Arc;
use std::time::Duration;

use jiff::civil::time;

use super::super::lane::{
    AntiPassback, Capacity, OpenTime, OpeningHours, PassbackRule, Strictness, Zone, ZoneId,
};
use super::super::*;
use super::stories::{ENTRY, EXIT, after, card, member, settings};
use super::*;

/// A core whose entry and exit lead into one zone with these rules.
fn core(zone: Zone) -> Core {
    let mut settings = settings(Offline::Members);
    settings.zones = vec![zone];
    for side in &mut settings.access_points {
        side.zone = Some(ZoneId(0));
    }
    Core::new(settings)
}

fn zone(strictness: Strictness, capacity: Capacity) -> Zone {
    let rule = PassbackRule::Presence;
    Zone {
        name: "gym".into(),
        capacity,
        anti_passback: AntiPassback { strictness, rule },
        forgive_at: None,
    }
}

/// Presents a credential and answers everything that follows; gives back the decision.
fn present(
    core: &mut Core,
    access_point: AccessPointId,
    credential: Credential,
    staff: Option<&str>,
    recollection: &Recollection,
    millis: u64,
) -> AccessDecision {
    let now = after(millis);
    core.handle(
        Input::Read {
            access_point,
            credential,
            staff: staff.map(str::to_owned),
            at: now.monotonic,
        },
        now,
    );
    let mut decided = None;
    while let Some(effect) = core.poll_effect() {
        match effect {
            Effect::Recall { decision, .. } => {
                let recollection = recollection.clone();
                core.handle(
                    Input::Recalled {
                        decision,
                        recollection,
                    },
                    now,
                );
            }
            Effect::Ask { decision, .. } => {
                let answer = Answer::Unknown;
                core.handle(Input::Answered { decision, answer }, now);
            }
            Effect::Open { decision, .. } => core.handle(Input::Opened { decision }, now),
            Effect::Decided(decision) => decided = Some(decision),
            _ => {}
        }
    }
    decided.unwrap()
}

fn known(customer: i64) -> Recollection {
    let mut record = member(Duration::from_secs(60));
    record.customer = CustomerId(customer);
    Recollection::Member(Arc::new(record))
}

fn denied(decision: &AccessDecision) -> Option<DenyReason> {
    match decision.outcome {
        Outcome::Denied(reason) => Some(reason),
        Outcome::Granted(_) => None,
    }
}

#[test]
fn hard_anti_passback_refuses_who_is_inside_until_they_have_left() {
    let mut core = core(zone(Strictness::Hard, Capacity::Unlimited));
    let anna = known(1);
    assert_eq!(denied(&present(&mut core, ENTRY, card(1), None, &anna, 0)), None);
    let again = present(&mut core, ENTRY, card(1), None, &anna, 3_000);
    assert_eq!(denied(&again), Some(DenyReason::AntiPassback));
    assert_eq!(
        denied(&present(&mut core, EXIT, card(1), None, &anna, 6_000)),
        None
    );
    assert_eq!(
        denied(&present(&mut core, ENTRY, card(1), None, &anna, 9_000)),
        None
    );
    core.handle(
        Input::Forgive {
            customer: Some(CustomerId(1)),
        },
        after(10_000),
    );
    assert_eq!(
        denied(&present(&mut core, ENTRY, card(1), None, &anna, 13_000)),
        None
    );
}

#[test]
fn soft_anti_passback_opens_and_says_so() {
    let mut core = core(zone(Strictness::Soft, Capacity::Unlimited));
    let first = present(&mut core, ENTRY, card(1), None, &known(1), 0);
    let again = present(&mut core, ENTRY, card(1), None, &known(1), 3_000);
    assert!(denied(&again).is_none() && again.passback && !first.passback);
}

#[test]
fn a_full_studio_lets_nobody_in_and_everybody_out() {
    let mut core = core(zone(Strictness::Off, Capacity::Presence(1)));
    assert_eq!(
        denied(&present(&mut core, ENTRY, card(1), None, &known(1), 0)),
        None
    );
    let second = present(&mut core, ENTRY, card(2), None, &known(2), 100);
    assert_eq!(denied(&second), Some(DenyReason::Full));
    assert_eq!(
        denied(&present(&mut core, EXIT, card(1), None, &known(1), 3_000)),
        None
    );
    assert_eq!(
        denied(&present(&mut core, ENTRY, card(2), None, &known(2), 6_000)),
        None
    );
}

#[test]
fn a_closed_lane_lets_nobody_in_and_everybody_out() {
    let mut core = Core::new(settings(Offline::Members));
    let lane = "main".to_owned();
    core.handle(
        Input::SetMode {
            lane,
            mode: LaneMode::Closed,
        },
        after(0),
    );
    let decision = present(&mut core, ENTRY, card(1), None, &known(1), 0);
    assert_eq!(denied(&decision), Some(DenyReason::LaneClosed));
    assert_eq!(
        denied(&present(&mut core, EXIT, card(1), None, &known(1), 100)),
        None
    );
}

#[test]
fn an_open_lane_opens_for_everybody_at_once() {
    let mut settings = settings(Offline::Deny);
    settings.access_points[ENTRY.0].mode = LaneMode::Open;
    let mut core = Core::new(settings);
    let decision = present(&mut core, ENTRY, card(9), None, &Recollection::Nothing, 0);
    assert_eq!(decision.outcome, Outcome::Granted(Basis::FreePassage));
}

#[test]
fn outside_the_open_times_the_lane_stays_shut_to_the_minute() {
    // The stories play at noon of a Saturday, UTC.
    for (to, expected) in [
        (time(12, 0, 0, 0), Some(DenyReason::OutsideHours)),
        (time(12, 1, 0, 0), None),
    ] {
        let mut settings = settings(Offline::Members);
        let mut hours = OpeningHours::default();
        hours.week[5] = vec![OpenTime {
            from: time(6, 0, 0, 0),
            to,
        }];
        settings.access_points[ENTRY.0].hours = Some(hours);
        let mut core = Core::new(settings);
        assert_eq!(
            denied(&present(&mut core, ENTRY, card(1), None, &known(1), 0)),
            expected
        );
    }
}

#[test]
fn a_staff_credential_opens_when_all_else_fails_and_counts_no_visit() {
    let mut core = Core::new(settings(Offline::Deny));
    let decision = present(
        &mut core,
        ENTRY,
        card(7),
        Some("duty manager"),
        &Recollection::Nothing,
        0,
    );
    assert_eq!(decision.outcome, Outcome::Granted(Basis::Staff));
    assert_eq!(decision.staff.as_deref(), Some("duty manager"));
    let next = present(&mut core, ENTRY, card(1), None, &known(1), 10);
    assert_eq!(denied(&next), None);
    assert_eq!(core.visits, 1, "only the member's visit counts");
}

#[test]
fn guessing_codes_locks_the_reader_for_codes_and_not_for_cards() {
    let mut core = Core::new(settings(Offline::Members));
    let pin = |number: u64| Credential::Pin(format!("{number:04}"));
    for number in 0..10 {
        let tried = present(
            &mut core,
            ENTRY,
            pin(number),
            None,
            &Recollection::Nothing,
            number,
        );
        assert_eq!(denied(&tried), Some(DenyReason::Unknown));
    }
    present(&mut core, ENTRY, pin(10), None, &Recollection::Nothing, 10);
    // Even the right one, and even staff's: a locked reader does not say which guess was right.
    let right = present(&mut core, ENTRY, pin(11), Some("owner"), &known(1), 11);
    assert_eq!(denied(&right), Some(DenyReason::LockedOut));
    assert_eq!(
        denied(&present(&mut core, ENTRY, card(1), None, &known(1), 12)),
        None
    );
    let later = present(&mut core, ENTRY, pin(11), None, &known(1), 300_011);
    assert_eq!(denied(&later), None);
}
