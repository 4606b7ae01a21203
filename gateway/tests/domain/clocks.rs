//! Clocks that are wrong: not set, back by an hour, on by a day or a year, in 1970; and a monotonic clock that is none.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::{date, time};
use proptest::prelude::*;
use turnstile_gateway::domain::lane::{OpenTime, OpeningHours};
use turnstile_gateway::domain::{
    AccessCode, AccessRestriction, Answer, Basis, BenefitState, Core, Credential, DateRange, DenyReason,
    Effect, Input, MemberRecord, Monotonic, Now, Offline, Outcome, Recollection,
};

use crate::gym::{DAY, ENTRY, HOUR, MINUTE, SECOND, Swipe, at, card, known, later, member, settings, swipe};

fn noon() -> Now {
    at("2026-06-15T12:00:00+02:00")
}

/// The same moment, with the wall clock somewhere else.
fn with_wall(now: Now, wall: Timestamp, wall_set: bool) -> Now {
    Now {
        wall,
        wall_set,
        ..now
    }
}

fn core() -> Core {
    Core::new(settings("Europe/Berlin", Offline::Members))
}

fn restricted(period: Option<DateRange>) -> AccessRestriction {
    AccessRestriction {
        reason: "unpaid".into(),
        period,
    }
}

#[test]
fn a_clock_set_back_by_an_hour_makes_no_record_unusable_and_no_refusal_final() {
    let back = with_wall(noon(), noon().wall - HOUR, true);
    let paid = member(noon().wall - MINUTE);
    let visit = swipe(&mut core(), &Swipe::of(known(&paid)), back);
    let age = Duration::ZERO;
    assert_eq!(visit.outcome(), Outcome::Granted(Basis::Cached { age }));
    assert!(visit.refreshed(), "its age is not known, so it is not fresh");

    let mut unpaid = paid.clone();
    unpaid.restrictions = vec![restricted(None)];
    let has_paid = Swipe::of(known(&unpaid)).answered(Answer::Known(Arc::new(paid)));
    let visit = swipe(&mut core(), &has_paid, back);
    assert_eq!(visit.outcome(), Outcome::Granted(Basis::Live));
    let visit = swipe(&mut core(), &Swipe::of(known(&unpaid)), back);
    assert_eq!(visit.outcome(), Outcome::Denied(DenyReason::Restricted));
}

#[test]
fn a_clock_set_on_by_a_day_keeps_members_and_by_a_year_asks() {
    let record = member(noon().wall - MINUTE);
    let tomorrow = with_wall(noon(), noon().wall + DAY, true);
    let visit = swipe(&mut core(), &Swipe::of(known(&record)), tomorrow);
    assert!(matches!(visit.outcome(), Outcome::Granted(Basis::Cached { .. })) && visit.refreshed());

    let next_year = with_wall(noon(), noon().wall + 365 * DAY, true);
    let visit = swipe(&mut core(), &Swipe::of(known(&record)), next_year);
    assert!(visit.asked());
    assert_eq!(visit.outcome(), Outcome::Denied(DenyReason::StudioUnreachable));
    let mut answered = Swipe::of(known(&record));
    answered = answered.answered(Answer::Known(Arc::new(member(next_year.wall))));
    assert_eq!(
        swipe(&mut core(), &answered, next_year).outcome(),
        Outcome::Granted(Basis::Live)
    );
}

#[test]
fn a_step_of_the_wall_clock_moves_no_deadline() {
    let mut core = core();
    let read = Input::Read {
        access_point: ENTRY,
        credential: card(1),
        staff: None,
        at: noon().monotonic,
    };
    core.handle(read, noon());
    let Some(Effect::Recall { decision, .. }) = core.poll_effect() else {
        panic!("expected a recall");
    };
    let due = core.poll_timeout();
    let stepped = with_wall(noon(), noon().wall + 365 * DAY, true);
    let recollection = Recollection::Nothing;
    core.handle(
        Input::Recalled {
            decision,
            recollection,
        },
        stepped,
    );
    assert_eq!(core.poll_timeout(), due);
    core.handle_timeout(with_wall(later(noon(), SECOND / 2), Timestamp::UNIX_EPOCH, true));
    assert!(!std::iter::from_fn(|| core.poll_effect()).any(|effect| matches!(effect, Effect::Decided(_))));
}

#[test]
fn in_1970_members_come_in_at_any_hour_with_any_code_and_dated_restrictions_hold() {
    for wall_set in [false, true] {
        let start = with_wall(noon(), Timestamp::UNIX_EPOCH, wall_set);
        let mut record = member(noon().wall - 30 * DAY);
        record.access_code = Some(AccessCode {
            content: "shown by the app".into(),
            expires_at: Some(noon().wall - DAY),
        });
        let mut presented = Swipe::of(known(&record));
        presented.credential = Credential::Code("shown by the app".into());
        assert!(matches!(
            swipe(&mut core(), &presented, start).outcome(),
            Outcome::Granted(_)
        ));
        record.restrictions = vec![restricted(Some(DateRange {
            first: date(2026, 5, 1),
            last: date(2026, 12, 31),
        }))];
        let outcome = swipe(&mut core(), &Swipe::of(known(&record)), start).outcome();
        // The record was given in May 2026: whatever the clock says, it is not earlier than that.
        assert_eq!(outcome, Outcome::Denied(DenyReason::Restricted));
    }
    // The first of January 1970 was a Thursday; in the night the lane is closed, but who knows that it is night.
    let mut settings = settings("Europe/Berlin", Offline::Members);
    let mut hours = OpeningHours::default();
    hours.week[0] = vec![OpenTime {
        from: time(6, 0, 0, 0),
        to: time(22, 0, 0, 0),
    }];
    settings.access_points[ENTRY.0].hours = Some(hours);
    let unset = with_wall(noon(), Timestamp::UNIX_EPOCH, false);
    let visit = swipe(
        &mut Core::new(settings),
        &Swipe::of(known(&member(noon().wall - DAY))),
        unset,
    );
    assert!(matches!(visit.outcome(), Outcome::Granted(_)));
    assert!(!visit.decision.clock_set, "and it is marked");
}

#[test]
fn the_studios_new_word_counts_even_when_the_old_one_has_a_later_time() {
    // Stored while the clock was a day ahead; asked again with the clock set right.
    let stored = member(noon().wall + DAY);
    let mut said = member(noon().wall);
    said.access_refused = true;
    said.benefits = [(
        "GYM".to_owned(),
        BenefitState {
            valid: false,
            as_of: noon().wall,
        },
    )]
    .into();
    let joined = said.joined(&stored);
    assert!(joined.access_refused);
    assert!(!joined.benefits["GYM"].valid && joined.benefits["POOL"].valid);
    assert_eq!(joined.as_of, noon().wall);
}

#[test]
fn what_was_not_spoken_of_stays_as_it_was_known() {
    let mut stored = member(noon().wall - DAY);
    stored.access_code = Some(AccessCode {
        content: "shown by the app".into(),
        expires_at: None,
    });
    stored.access_code_as_of = Some(noon().wall - DAY);
    let mut roster = member(noon().wall);
    roster.benefits.clear();
    let joined = roster.joined(&stored);
    assert_eq!(joined.benefits, stored.benefits);
    assert_eq!(joined.access_code, stored.access_code);
    // Asked for, and the person has none any more: that is an answer too.
    let mut asked = member(noon().wall);
    asked.access_code_as_of = Some(noon().wall);
    assert_eq!(asked.joined(&stored).access_code, None);
}

#[test]
fn a_read_from_the_future_does_not_wait_for_ever() {
    let mut core = core();
    let read = Input::Read {
        access_point: ENTRY,
        credential: card(1),
        staff: None,
        at: noon().monotonic + 365 * DAY,
    };
    core.handle(read, noon());
    let deadline = core.settings().decisions.deadline;
    assert_eq!(core.poll_timeout(), Some(noon().monotonic + deadline));
}

/// Someone who owes the studio, someone who does not, nobody, in any order, while both clocks do what they like.
fn jumps() -> impl Strategy<Value = Vec<(u8, u64, i64, bool)>> {
    prop::collection::vec(
        (0..4_u8, 0..100_000_u64, 0..3_000_000_000_i64, any::<bool>()),
        1..60,
    )
}

fn debtor() -> MemberRecord {
    let mut record = member(noon().wall);
    record.restrictions = vec![restricted(None)];
    record
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_024))]

    #[test]
    fn however_the_clocks_jump_debtors_stay_out_and_everything_is_decided_once(jumps in jumps()) {
        let mut core = core();
        let (mut read, mut decided, mut members) = (0, BTreeSet::new(), BTreeSet::new());
        let mut latest = Monotonic::default();
        for (kind, millis, seconds, wall_set) in jumps {
            let now = Now {
                monotonic: Monotonic(Duration::from_millis(millis)),
                wall: Timestamp::from_second(seconds).unwrap(),
                wall_set,
            };
            latest = latest.max(now.monotonic);
            let access_point = ENTRY;
            core.handle(
                Input::Read { access_point, credential: card(read), staff: None, at: now.monotonic },
                now,
            );
            read += 1;
            while let Some(effect) = core.poll_effect() {
                match effect {
                    Effect::Recall { decision, .. } => {
                        if kind == 3 {
                            members.insert(decision);
                        }
                        let recollection = match kind {
                            0 => Recollection::Nothing,
                            1 => Recollection::Unknown { as_of: now.monotonic },
                            2 => known(&debtor()),
                            _ => known(&member(noon().wall)),
                        };
                        core.handle(Input::Recalled { decision, recollection }, now);
                    }
                    Effect::Open { decision, .. } => {
                        prop_assert!(members.contains(&decision), "only the member may come in");
                        core.handle(Input::Opened { decision }, now);
                    }
                    Effect::Decided(decision) => {
                        prop_assert!(decided.insert(decision.id));
                    }
                    _ => {}
                }
            }
            core.handle_timeout(now);
        }
        while let Some(due) = core.poll_timeout() {
            latest = latest.max(due);
            core.handle_timeout(Now { monotonic: latest, ..noon() });
        }
        while let Some(effect) = core.poll_effect() {
            prop_assert!(!matches!(effect, Effect::Ask { .. }), "nothing more is asked at the end");
            if let Effect::Decided(decision) = effect {
                prop_assert!(decided.insert(decision.id));
            }
        }
        prop_assert_eq!(decided.len(), usize::try_from(read).unwrap());
    }
}
