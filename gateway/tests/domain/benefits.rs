//! Required benefits: all or any of them, valid, not valid, never asked for, and of any age.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use turnstile_gateway::domain::{
    Answer, Basis, BenefitState, Core, DenyReason, MemberRecord, Offline, Outcome, RequiredBenefits,
};

use crate::gym::{DAY, ENTRY, HOUR, MINUTE, Swipe, Visit, at, known, member, settings, swipe};

#[derive(Clone, Copy, Debug, PartialEq)]
enum Says {
    Yes,
    No,
    Asks,
}

fn keys() -> BTreeSet<String> {
    ["GYM".to_owned(), "POOL".to_owned()].into()
}

fn record(states: [Option<bool>; 2], ages: [Duration; 2]) -> MemberRecord {
    let now = at("2026-06-15T12:00:00Z").wall;
    let benefits = ["GYM", "POOL"].into_iter().zip(states).zip(ages);
    let mut record = member(now - MINUTE);
    record.benefits = benefits
        .filter_map(|((key, valid), age)| {
            let as_of = now - age;
            valid.map(|valid| (key.to_owned(), BenefitState { valid, as_of }))
        })
        .collect::<BTreeMap<_, _>>();
    record
}

fn visit(required: &RequiredBenefits, record: &MemberRecord, answer: Answer) -> Visit {
    let mut settings = settings("Europe/Berlin", Offline::Deny);
    settings.access_points[ENTRY.0].required_benefits = required.clone();
    let presented = Swipe::of(known(record)).answered(answer);
    swipe(&mut Core::new(settings), &presented, at("2026-06-15T12:00:00Z"))
}

#[test]
fn all_needs_every_benefit_and_any_needs_one() {
    const YES: Option<bool> = Some(true);
    const NO: Option<bool> = Some(false);
    // Both states, what `all` says of them and what `any` says.
    let table = [
        ([YES, YES], Says::Yes, Says::Yes),
        ([YES, NO], Says::No, Says::Yes),
        ([NO, YES], Says::No, Says::Yes),
        ([NO, NO], Says::No, Says::No),
        ([YES, None], Says::Asks, Says::Yes),
        ([None, YES], Says::Asks, Says::Yes),
        ([NO, None], Says::No, Says::Asks),
        ([None, NO], Says::No, Says::Asks),
        ([None, None], Says::Asks, Says::Asks),
    ];
    for (states, all, any) in table {
        for (required, expected) in [
            (RequiredBenefits::All(keys()), all),
            (RequiredBenefits::Any(keys()), any),
            (RequiredBenefits::None, Says::Yes),
        ] {
            let visit = visit(&required, &record(states, [MINUTE; 2]), Answer::Unavailable);
            let says = match visit.outcome() {
                Outcome::Granted(_) => Says::Yes,
                Outcome::Denied(DenyReason::BenefitMissing) => Says::No,
                Outcome::Denied(reason) => {
                    assert_eq!(reason, DenyReason::StudioUnreachable);
                    assert!(visit.asked());
                    Says::Asks
                }
            };
            assert_eq!(says, expected, "{required:?} of {states:?}");
        }
    }
}

#[test]
fn a_yes_is_as_old_as_the_benefits_that_it_needs() {
    let ages = [100 * HOUR, HOUR];
    let both = record([Some(true), Some(true)], ages);
    // Of all, the oldest counts: too old to open without asking.
    let all = visit(&RequiredBenefits::All(keys()), &both, Answer::Unavailable);
    assert_eq!(all.outcome(), Outcome::Denied(DenyReason::StudioUnreachable));
    // Of any, the newest yes counts.
    let any = visit(&RequiredBenefits::Any(keys()), &both, Answer::Unavailable);
    assert_eq!(any.outcome(), Outcome::Granted(Basis::Cached { age: HOUR }));
    assert!(any.refreshed() && !any.asked());
    // What is not required makes nothing older.
    let none = visit(&RequiredBenefits::None, &both, Answer::Unavailable);
    assert_eq!(none.outcome(), Outcome::Granted(Basis::Cached { age: MINUTE }));
    assert!(!none.refreshed());
}

#[test]
fn a_benefit_refused_an_hour_ago_is_asked_about_and_may_have_been_bought() {
    let required = RequiredBenefits::All(keys());
    let refused = record([Some(true), Some(false)], [MINUTE, HOUR]);
    let bought = record([Some(true), Some(true)], [Duration::ZERO; 2]);
    let visit = visit(&required, &refused, Answer::Known(Arc::new(bought)));
    assert!(visit.asked());
    assert_eq!(visit.outcome(), Outcome::Granted(Basis::Live));
}

#[test]
fn a_benefit_refused_a_minute_ago_is_refused_without_asking() {
    let required = RequiredBenefits::All(keys());
    let refused = record([Some(false), None], [MINUTE, DAY]);
    let visit = visit(&required, &refused, Answer::Unavailable);
    assert!(!visit.asked());
    assert_eq!(visit.outcome(), Outcome::Denied(DenyReason::BenefitMissing));
}

#[test]
fn a_lane_asks_for_its_own_benefits_and_no_others() {
    use turnstile_gateway::domain::Effect;
    let unknown = record([None, None], [MINUTE; 2]);
    let required = RequiredBenefits::Any(["POOL".to_owned()].into());
    let visit = visit(&required, &unknown, Answer::Unavailable);
    let asked = visit.effects.iter().find_map(|effect| match effect {
        Effect::Ask { benefits, .. } => Some(benefits.clone()),
        _ => None,
    });
    assert_eq!(asked, Some(["POOL".to_owned()].into()));
}
