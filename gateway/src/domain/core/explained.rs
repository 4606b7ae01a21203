//! What is explained is what would be decided, in every story, and each check says what it saw.

use std::sync::Arc;
use std::time::Duration;

use jiff::civil::{date, time};

use super::super::lane::{Capacity, OpenTime, OpeningHours, Strictness, Zone, ZoneId};
use super::super::policy::{Check, Finding};
use super::super::*;
use super::stories::{DAY, ENTRY, EXIT, MINUTE, Story, after, card, known, member, outcome, settings};
use super::*;

fn question(recollection: Recollection, answer: Option<Answer>) -> Question {
    Question {
        access_point: ENTRY,
        credential: card(1),
        staff: None,
        recollection,
        answer,
    }
}

/// A member in good standing, and one whom each check of the record refuses or knows nothing of.
fn records(age: Duration) -> Vec<MemberRecord> {
    type Change = fn(&mut MemberRecord);
    let changes: [Change; 8] = [
        |_| {},
        |r| r.status = MemberStatus::Prospect,
        |r| r.status = MemberStatus::FormerMember,
        |r| r.access_refused = true,
        |r| {
            r.restrictions.push(AccessRestriction {
                reason: "unpaid".into(),
                period: None,
            });
        },
        |r| {
            r.idle_periods.push(DateRange {
                first: date(2026, 3, 14),
                last: date(2026, 3, 20),
            });
        },
        |r| r.benefits.values_mut().for_each(|state| state.valid = false),
        |r| r.benefits.clear(),
    ];
    let changed = |change: &Change| {
        let mut record = member(age);
        change(&mut record);
        record
    };
    changes.iter().map(changed).collect()
}

#[test]
fn what_is_explained_is_what_is_decided() {
    let mut compared = 0;
    let mut denied = 0;
    for offline in [Offline::Deny, Offline::Members, Offline::Everyone] {
        let ages = [MINUTE, DAY, 4 * DAY, 30 * DAY];
        let mut stories: Vec<Recollection> = ages.into_iter().flat_map(records).map(known).collect();
        stories.push(Recollection::Nothing);
        for millis in [1_000, 35_000] {
            stories.push(Recollection::Unknown {
                as_of: after(40_000 - millis).monotonic,
            });
        }
        let fresh = records(Duration::ZERO)
            .into_iter()
            .map(Arc::new)
            .map(Answer::Known);
        let answers: Vec<Answer> = fresh.chain([Answer::Unknown, Answer::Unavailable]).collect();
        for recollection in &stories {
            for answer in &answers {
                let mut story = Story::new(offline);
                // Explained at the moments at which it is decided.
                let explain = |core: &Core, answer: Option<&Answer>, millis| {
                    let question = question(recollection.clone(), answer.cloned());
                    core.explain(&question, after(millis)).unwrap()
                };
                let expected = explain(&story.core, None, 40_001);
                let (decision, effects) = story.present(recollection.clone(), 40_000);
                let decided = match outcome(&effects) {
                    Some(outcome) => {
                        assert!(!expected.asks);
                        assert_eq!(expected.outcome, outcome);
                        outcome
                    }
                    None => {
                        assert!(expected.asks, "{recollection:?}");
                        let expected = explain(&story.core, Some(answer), 40_100);
                        let answered = Input::Answered {
                            decision,
                            answer: answer.clone(),
                        };
                        let decided = outcome(&story.handle(answered, after(40_100))).unwrap();
                        assert_eq!(expected.outcome, decided, "{recollection:?}, {answer:?}");
                        decided
                    }
                };
                compared += 1;
                denied += usize::from(matches!(decided, Outcome::Denied(_)));
            }
        }
    }
    assert_eq!(compared, 3 * 35 * 10);
    assert!(
        denied > compared / 4 && denied < compared,
        "{denied} of {compared}"
    );
}

#[test]
fn a_question_that_the_studio_must_answer_says_what_follows_if_it_does_not() {
    let story = Story::new(Offline::Members);
    let explained = story
        .core
        .explain(&question(Recollection::Nothing, None), after(0))
        .unwrap();
    assert!(explained.asks);
    assert_eq!(explained.outcome, Outcome::Denied(DenyReason::StudioUnreachable));
}

#[test]
fn each_check_says_what_it_saw_in_the_order_in_which_it_is_made() {
    let mut settings = settings(Offline::Members);
    settings.zones = vec![Zone {
        name: "gym".into(),
        capacity: Capacity::Presence(80),
        anti_passback: lane::AntiPassback {
            strictness: Strictness::Soft,
            ..lane::AntiPassback::default()
        },
        forgive_at: None,
    }];
    let mut hours = OpeningHours::default();
    hours.week[5] = vec![OpenTime {
        from: time(6, 0, 0, 0),
        to: time(22, 0, 0, 0),
    }];
    settings.access_points[ENTRY.0].zone = Some(ZoneId(0));
    settings.access_points[ENTRY.0].hours = Some(hours);
    let mut core = Core::new(settings);
    core.presence
        .pass(ZoneId(0), Some(CustomerId(42)), Direction::In, after(0).monotonic);
    let mut record = member(MINUTE);
    record.restrictions.push(AccessRestriction {
        reason: "unpaid".into(),
        period: None,
    });
    let explained = core
        .explain(&question(known(record), None), after(600_000))
        .unwrap();
    let seen: Vec<(Check, &str)> = explained
        .checks
        .iter()
        .map(|seen| (seen.examined.check, seen.saw.as_str()))
        .collect();
    assert_eq!(
        seen,
        [
            (Check::Service, "in service"),
            (Check::Lockout, "cards are not guessed"),
            (Check::LaneMode, "normal"),
            (Check::Known, "customer 42"),
            (Check::MemberStatus, "member"),
            (Check::AccessRefusal, "no access block"),
            (
                Check::AccessRestrictions,
                "unpaid (until lifted); today is 2026-03-14"
            ),
            (Check::IdlePeriod, "none"),
            (Check::RequiredBenefits, "all of GYM: yes"),
            (Check::AccessCodeExpiry, "no access code"),
            (Check::OpeningHours, "06:00 to 22:00; it is Sat 12:10"),
            (Check::Capacity, "1 of 80 in gym"),
            (Check::AntiPassback, "inside for 10 min (soft)"),
        ]
    );
    assert!(seen.is_sorted_by_key(|(check, _)| *check));
    let finding = |check| {
        let found = explained.checks.iter().find(|seen| seen.examined.check == check);
        found.unwrap().examined.finding
    };
    assert_eq!(
        finding(Check::AccessRestrictions),
        Finding::Refused(DenyReason::Restricted)
    );
    assert_eq!(finding(Check::AntiPassback), Finding::Noted);
}

#[test]
fn the_lanes_mode_and_a_staff_credential_stand_above_what_the_record_says() {
    let mut story = Story::new(Offline::Deny);
    let mut set = |mode| {
        let lane = "main".to_owned();
        story.handle(Input::SetMode { lane, mode }, after(0));
        let ask = |staff: Option<&str>, access_point| {
            let question = Question {
                access_point,
                staff: staff.map(str::to_owned),
                ..question(Recollection::Nothing, Some(Answer::Unknown))
            };
            story.core.explain(&question, after(0)).unwrap().outcome
        };
        (ask(None, ENTRY), ask(Some("front desk"), ENTRY), ask(None, EXIT))
    };
    let (free, staff) = (
        Outcome::Granted(Basis::FreePassage),
        Outcome::Granted(Basis::Staff),
    );
    let (unknown, out) = (
        Outcome::Denied(DenyReason::Unknown),
        Outcome::Granted(Basis::WayOut),
    );
    assert_eq!(set(LaneMode::Open), (free, free, free));
    assert_eq!(
        set(LaneMode::Closed),
        (Outcome::Denied(DenyReason::LaneClosed), staff, out)
    );
    assert_eq!(set(LaneMode::Normal), (unknown, staff, out));
}
