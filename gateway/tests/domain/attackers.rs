//! People with bad intentions and devices gone wrong: stolen lists of cards, guesses, replayed reads, copies of one
//! code, a reader gone mad.

use std::sync::Arc;

use turnstile_gateway::domain::lane::{AntiPassback, Capacity, PassbackRule, Strictness};
use turnstile_gateway::domain::{
    AccessPointId, AccessRestriction, Answer, Basis, Core, CoreSettings, Credential, CustomerId, DecisionId,
    DenyReason, Effect, Input, LaneMode, MOST_WAITING, Now, Offline, Outcome, Passage, Recollection,
};

use crate::gym::{
    ENTRY, EXIT, HOUR, MINUTE, SECOND, SENSOR_ENTRY, Studio, Swipe, at, card, known, later, member, settings,
    swipe,
};

fn night() -> Now {
    at("2026-06-15T23:00:00+02:00")
}

fn gym(change: impl FnOnce(&mut CoreSettings)) -> Core {
    let mut settings = settings("Europe/Berlin", Offline::Members);
    change(&mut settings);
    Core::new(settings)
}

fn guess(number: u32) -> Swipe {
    let mut guess = Swipe::of(Recollection::Nothing).answered(Answer::Unknown);
    guess.credential = Credential::Pin(format!("{number:04}"));
    guess
}

fn staff(mut swipe: Swipe) -> Swipe {
    swipe.staff = Some("owner".into());
    swipe
}

fn close(core: &mut Core) {
    let (lane, mode) = ("main".to_owned(), LaneMode::Closed);
    core.handle(Input::SetMode { lane, mode }, night());
}

/// Tries until the reader locks, and gives back after how many tries it did.
fn tries_until_locked(core: &mut Core, guess: impl Fn(u32) -> Swipe) -> Option<u32> {
    (1..=100).find(|number| {
        let visit = swipe(core, &guess(*number), later(night(), *number * SECOND / 10));
        assert!(matches!(visit.outcome(), Outcome::Denied(_)));
        visit
            .effects
            .iter()
            .any(|effect| matches!(effect, Effect::LockedOut { .. }))
    })
}

#[test]
fn a_stolen_list_of_cards_opens_nothing_and_locks_no_members_card_out() {
    let mut core = gym(|_| {});
    let paid = known(&member(night().wall - MINUTE));
    for number in 0..2_000 {
        let now = later(night(), number * SECOND / 10);
        let mut stolen = Swipe::of(Recollection::Nothing).answered(Answer::Unknown);
        stolen.credential = card(10 + number);
        let visit = swipe(&mut core, &stolen, now);
        assert_eq!(visit.outcome(), Outcome::Denied(DenyReason::Unknown));
        if number % 100 == 0 {
            let outcome = swipe(&mut core, &Swipe::of(paid.clone()), now).outcome();
            assert!(matches!(outcome, Outcome::Granted(_)));
        }
    }
}

#[test]
fn a_card_that_nobody_has_is_asked_for_once_in_30_seconds() {
    let mut core = gym(|_| {});
    let nobody = Swipe::of(Recollection::Unknown {
        as_of: night().monotonic,
    });
    for (seconds, asked) in [(3, false), (29, false), (32, true)] {
        let visit = swipe(&mut core, &nobody, later(night(), seconds * SECOND));
        assert_eq!(visit.asked(), asked, "after {seconds} s");
    }
}

#[test]
fn guessing_locks_the_reader_whether_the_studio_answers_or_not() {
    assert_eq!(tries_until_locked(&mut gym(|_| {}), guess), Some(11));
    let outage = |number| guess(number).answered(Answer::Unavailable);
    assert_eq!(tries_until_locked(&mut gym(|_| {}), outage), Some(11));
    let silent = |number| Swipe {
        studio: Studio::IsSilent,
        ..guess(number)
    };
    assert_eq!(tries_until_locked(&mut gym(|_| {}), silent), Some(11));
}

#[test]
fn every_kind_of_code_can_be_guessed_and_a_card_cannot() {
    let with = |credential: fn(String) -> Credential| {
        move |number: u32| Swipe {
            credential: credential(number.to_string()),
            ..guess(number)
        }
    };
    assert_eq!(
        tries_until_locked(&mut gym(|_| {}), with(Credential::Code)),
        Some(11)
    );
    assert_eq!(
        tries_until_locked(&mut gym(|_| {}), with(Credential::CodeUuid)),
        Some(11)
    );
    let cards = |number| Swipe {
        credential: card(number),
        ..guess(number)
    };
    assert_eq!(tries_until_locked(&mut gym(|_| {}), cards), None);
}

#[test]
fn on_a_closed_lane_nobody_finds_out_the_owners_pin() {
    let mut core = gym(|_| {});
    close(&mut core);
    assert_eq!(tries_until_locked(&mut core, guess), Some(11));
    let right = staff(guess(4711));
    let visit = swipe(&mut core, &right, later(night(), MINUTE));
    assert_eq!(visit.outcome(), Outcome::Denied(DenyReason::LockedOut));
    let visit = swipe(&mut core, &right, later(night(), 10 * MINUTE));
    assert_eq!(visit.outcome(), Outcome::Granted(Basis::Staff));
}

#[test]
fn free_passage_is_free_even_at_a_reader_that_was_guessed_at() {
    let mut core = gym(|_| {});
    assert!(tries_until_locked(&mut core, guess).is_some());
    let (lane, mode) = ("main".to_owned(), LaneMode::Open);
    core.handle(Input::SetMode { lane, mode }, night());
    let visit = swipe(&mut core, &guess(1234), later(night(), MINUTE));
    assert_eq!(visit.outcome(), Outcome::Granted(Basis::FreePassage));
}

#[test]
fn who_has_paid_gets_in_on_the_second_try_although_the_studio_was_too_slow_for_the_first() {
    let mut core = gym(|_| {});
    let mut unpaid = member(night().wall - HOUR);
    unpaid.restrictions = vec![AccessRestriction {
        reason: "unpaid".into(),
        period: None,
    }];
    let first = Swipe {
        studio: Studio::IsSilent,
        ..Swipe::of(known(&unpaid))
    };
    let visit = swipe(&mut core, &first, night());
    assert!(visit.asked());
    assert_eq!(visit.outcome(), Outcome::Denied(DenyReason::Restricted));
    // The answer came after five seconds and has filled the tiers.
    let now = later(night(), 6 * SECOND);
    let second = Swipe::of(known(&member(now.wall - SECOND)));
    let visit = swipe(&mut core, &second, now);
    assert!(!visit.asked());
    assert_eq!(visit.outcome(), Outcome::Granted(Basis::Cached { age: SECOND }));
}

/// Presents a member's card at a lane with a sensor, and lets nobody pass yet.
fn let_in(core: &mut Core, access_point: AccessPointId, customer: u32, now: Now) -> Outcome {
    let mut record = member(now.wall - MINUTE);
    record.customer = CustomerId(i64::from(customer));
    let presented = Swipe {
        access_point,
        credential: card(customer),
        ..Swipe::of(known(&record))
    };
    swipe(core, &presented, now).outcome()
}

fn passages(core: &mut Core, times: usize, now: Now) -> (Vec<Passage>, usize) {
    for _ in 0..times {
        let access_point = SENSOR_ENTRY;
        core.handle(Input::Passed { access_point }, now);
    }
    let effects: Vec<_> = std::iter::from_fn(|| core.poll_effect()).collect();
    let visits = effects
        .iter()
        .filter(|effect| matches!(effect, Effect::CheckIn(_)));
    let passages = effects.iter().filter_map(|effect| match effect {
        Effect::Passage { passage, .. } => Some(*passage),
        _ => None,
    });
    (passages.collect(), visits.count())
}

#[test]
fn a_card_presented_twice_before_passing_lets_one_person_pass() {
    let mut core = gym(|_| {});
    assert!(matches!(
        let_in(&mut core, SENSOR_ENTRY, 1, night()),
        Outcome::Granted(_)
    ));
    let again = later(night(), 3 * SECOND);
    assert!(matches!(
        let_in(&mut core, SENSOR_ENTRY, 1, again),
        Outcome::Granted(_)
    ));
    let (passages, visits) = passages(&mut core, 2, later(again, SECOND));
    assert_eq!(passages, [Passage::Taken, Passage::Forced]);
    assert_eq!(visits, 1);
}

#[test]
fn two_people_let_in_one_after_the_other_both_pass() {
    let mut core = gym(|_| {});
    let_in(&mut core, SENSOR_ENTRY, 1, night());
    let_in(&mut core, SENSOR_ENTRY, 2, later(night(), SECOND));
    let (passages, visits) = passages(&mut core, 2, later(night(), 2 * SECOND));
    assert_eq!(passages, [Passage::Taken; 2]);
    assert_eq!(visits, 2);
}

/// A second lane with a sensor into the same zone.
fn strict(settings: &mut CoreSettings) {
    let mut third = settings.access_points[SENSOR_ENTRY.0].clone();
    third.lane = "back".into();
    settings.access_points.push(third);
    settings.zones[0].anti_passback = AntiPassback {
        strictness: Strictness::Hard,
        rule: PassbackRule::Presence,
    };
}

#[test]
fn copies_of_one_card_at_two_lanes_at_once_let_one_person_in() {
    let mut core = gym(strict);
    let back = AccessPointId(3);
    assert!(matches!(
        let_in(&mut core, SENSOR_ENTRY, 1, night()),
        Outcome::Granted(_)
    ));
    let outcome = let_in(&mut core, back, 1, later(night(), SECOND / 10));
    assert_eq!(outcome, Outcome::Denied(DenyReason::AntiPassback));
    // Nobody passed: after the passage time the person may try again, at any lane.
    let now = later(night(), 6 * SECOND);
    core.handle_timeout(now);
    assert!(matches!(let_in(&mut core, back, 1, now), Outcome::Granted(_)));
}

#[test]
fn the_last_place_is_not_given_twice_to_people_who_are_still_on_the_way() {
    let mut core = gym(|settings| {
        strict(settings);
        settings.zones[0].capacity = Capacity::Presence(2);
    });
    assert!(matches!(
        let_in(&mut core, SENSOR_ENTRY, 1, night()),
        Outcome::Granted(_)
    ));
    assert!(matches!(
        let_in(&mut core, AccessPointId(3), 2, night()),
        Outcome::Granted(_)
    ));
    let full = Outcome::Denied(DenyReason::Full);
    assert_eq!(let_in(&mut core, ENTRY, 3, night()), full);
    // One of them turns round.
    let now = later(night(), 3 * SECOND);
    assert_eq!(passages(&mut core, 1, now).1, 1);
    let now = later(night(), 6 * SECOND);
    core.handle_timeout(now);
    assert!(matches!(let_in(&mut core, ENTRY, 3, now), Outcome::Granted(_)));
    assert_eq!(let_in(&mut core, ENTRY, 4, later(now, SECOND)), full);
}

#[test]
fn replayed_answers_and_relay_reports_count_nothing_twice() {
    let mut core = gym(|_| {});
    let visit = swipe(
        &mut core,
        &Swipe::of(known(&member(night().wall - MINUTE))),
        night(),
    );
    let decision = visit.decision.id;
    let count = |effects: &[Effect]| {
        let visits = effects
            .iter()
            .filter(|effect| matches!(effect, Effect::CheckIn(_)));
        visits.count()
    };
    assert_eq!(count(&visit.effects), 1);
    for decision in [decision, DecisionId(0), DecisionId(u64::MAX)] {
        let recollection = known(&member(night().wall));
        let answer = Answer::Known(Arc::new(member(night().wall)));
        for input in [
            Input::Recalled {
                decision,
                recollection,
            },
            Input::Answered { decision, answer },
            Input::Opened { decision },
            Input::NotOpened { decision },
        ] {
            core.handle(input, night());
            assert_eq!(core.poll_effect(), None);
        }
    }
}

#[test]
fn a_reader_gone_mad_leaves_the_other_lanes_alone() {
    let mut core = gym(|_| {});
    let mut busy = 0;
    for number in 0..500 {
        let read = Input::Read {
            access_point: ENTRY,
            credential: card(100 + number),
            staff: None,
            at: night().monotonic,
        };
        core.handle(read, night());
        while let Some(effect) = core.poll_effect() {
            if let Effect::Decided(decision) = effect {
                assert_eq!(decision.outcome, Outcome::Denied(DenyReason::Busy));
                busy += 1;
            }
        }
    }
    assert_eq!(busy, 500 - MOST_WAITING);
    for other in [EXIT, SENSOR_ENTRY] {
        let outcome = let_in(&mut core, other, 1, later(night(), SECOND / 10));
        assert!(matches!(outcome, Outcome::Granted(_)));
    }
    // The mad reader's own lane works again when the questions have run out.
    let now = later(night(), SECOND);
    core.handle_timeout(now);
    while core.poll_effect().is_some() {}
    assert!(matches!(let_in(&mut core, ENTRY, 1, now), Outcome::Granted(_)));
}

#[test]
fn an_access_point_that_does_not_exist_opens_nothing() {
    let mut core = gym(|_| {});
    let access_point = AccessPointId(99);
    let read = Input::Read {
        access_point,
        credential: card(1),
        staff: Some("owner".into()),
        at: night().monotonic,
    };
    core.handle(read, night());
    core.handle(Input::Passed { access_point }, night());
    let opens = std::iter::from_fn(|| core.poll_effect()).any(|effect| matches!(effect, Effect::Open { .. }));
    assert!(!opens && core.poll_timeout().is_none());
}
