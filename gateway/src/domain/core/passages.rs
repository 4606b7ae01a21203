//! What follows a grant, step by step: the relay, the sensor, nobody; and the way out.

use super::super::*;
use super::stories::{EXIT, MINUTE, SENSOR_ENTRY, Story, after, card, known, member, opens};

/// A member is granted entry where a sensor sees people pass, in the first millisecond.
fn let_in(story: &mut Story) -> DecisionId {
    let decision = story.read(SENSOR_ENTRY, 0);
    let recalled = Input::Recalled {
        decision,
        recollection: known(member(MINUTE)),
    };
    assert!(opens(&story.handle(recalled, after(1))));
    decision
}

#[test]
fn a_relay_that_does_not_switch_counts_no_visit() {
    let mut story = Story::new(Offline::Members);
    let (decision, _) = story.present(known(member(MINUTE)), 0);
    assert_eq!(story.handle(Input::NotOpened { decision }, after(2)), []);
    assert_eq!(story.handle(Input::Opened { decision }, after(3)), []);
}

#[test]
fn who_passes_although_nobody_knows_whether_the_lane_opened_is_counted_once() {
    let mut story = Story::new(Offline::Members);
    let decision = let_in(&mut story);
    let access_point = SENSOR_ENTRY;
    assert_eq!(story.handle(Input::PerhapsOpened { decision }, after(300)), []);
    // Its end is not known either: it is no end of what was never open for certain.
    assert_eq!(story.handle(Input::NotPassed { access_point }, after(310)), []);
    let effects = story.handle(Input::Passed { access_point }, after(5_000));
    assert!(matches!(
        effects.as_slice(),
        [
            Effect::Passage {
                passage: Passage::Taken,
                ..
            },
            Effect::CheckIn(_)
        ]
    ));
    assert_eq!(story.timeout(after(60_000)), []);
}

#[test]
fn a_visit_that_counts_when_the_lane_opens_is_none_when_nobody_knows_that_it_did() {
    let mut story = Story::new(Offline::Members);
    let (decision, _) = story.present(known(member(MINUTE)), 0);
    assert_eq!(story.handle(Input::PerhapsOpened { decision }, after(300)), []);
    assert_eq!(story.handle(Input::Opened { decision }, after(400)), []);
    assert_eq!(story.core.poll_timeout(), None);
}

#[test]
fn who_was_let_in_when_the_board_was_lost_is_counted_if_they_pass_and_before_nobody_else() {
    let access_point = SENSOR_ENTRY;
    let passed = Input::Passed { access_point };
    let whose = |effects: &[Effect]| match effects {
        [
            Effect::Passage {
                passage, decision, ..
            },
            ..,
        ] => (*passage, *decision),
        other => panic!("expected a passage, got {other:?}"),
    };
    let mut story = Story::new(Offline::Members);
    let lost = let_in(&mut story);
    story.handle(Input::Opened { decision: lost }, after(2));
    let unknown = Input::PassageUnknown { access_point };
    assert_eq!(story.handle(unknown.clone(), after(100)), []);
    let effects = story.handle(passed.clone(), after(1_000));
    assert_eq!(whose(&effects), (Passage::Taken, Some(lost)));

    // The same with somebody behind them, for whom the lane has opened again.
    let mut story = Story::new(Offline::Everyone);
    let lost = let_in(&mut story);
    story.handle(Input::Opened { decision: lost }, after(2));
    story.handle(unknown, after(100));
    let next = story.core.decisions + 1;
    let read = Input::Read {
        access_point,
        credential: card(2),
        staff: None,
        at: after(1_000).monotonic,
    };
    story.handle(read, after(1_000));
    let decision = DecisionId(next);
    let recollection = Recollection::Nothing;
    story.handle(
        Input::Recalled {
            decision,
            recollection,
        },
        after(1_001),
    );
    let answer = Answer::Unavailable;
    assert!(opens(
        &story.handle(Input::Answered { decision, answer }, after(1_002))
    ));
    story.handle(Input::Opened { decision }, after(1_003));
    let effects = story.handle(passed, after(2_000));
    assert_eq!(whose(&effects), (Passage::Taken, Some(decision)));
}

#[test]
fn the_passage_time_begins_when_the_lane_opens() {
    let mut story = Story::new(Offline::Members);
    let decision = let_in(&mut story);
    // Somebody else was awaited at the lane for so long.
    story.handle(Input::Opened { decision }, after(2_500));
    assert_eq!(story.timeout(after(7_400)), []);
    let passed = Input::Passed {
        access_point: SENSOR_ENTRY,
    };
    assert!(matches!(
        story.handle(passed, after(7_450)).as_slice(),
        [Effect::Passage { passage: Passage::Taken, .. }, Effect::CheckIn(visit)] if visit.at == after(7_450).wall
    ));
}

#[test]
fn who_comes_from_the_other_side_ends_no_opening_that_the_board_does_not_end() {
    let mut story = Story::new(Offline::Members);
    let decision = let_in(&mut story);
    story.handle(Input::Opened { decision }, after(2));
    let access_point = SENSOR_ENTRY;
    let wrong_way = |ended| Input::WrongWay { access_point, ended };
    let passage = |effects: &[Effect]| match effects {
        [
            Effect::Passage {
                passage, decision, ..
            },
            ..,
        ] => (*passage, *decision),
        other => panic!("expected a passage, got {other:?}"),
    };
    let effects = story.handle(wrong_way(false), after(100));
    assert_eq!(passage(&effects), (Passage::WrongWay, None));
    assert!(story.core.awaits_passage(access_point));
    let effects = story.handle(wrong_way(true), after(200));
    assert_eq!(passage(&effects), (Passage::WrongWay, Some(decision)));
    assert!(!story.core.awaits_passage(access_point));
}

#[test]
fn whoever_is_inside_can_leave_whatever_the_record_says() {
    let mut story = Story::new(Offline::Deny);
    let decision = story.read(EXIT, 0);
    let mut record = member(MINUTE);
    record.access_refused = true;
    let recalled = Input::Recalled {
        decision,
        recollection: known(record),
    };
    assert!(opens(&story.handle(recalled, after(1))));
}

#[test]
fn with_a_sensor_the_visit_counts_when_the_person_has_passed() {
    let mut story = Story::new(Offline::Members);
    let decision = let_in(&mut story);
    assert_eq!(story.handle(Input::Opened { decision }, after(2)), []);
    let passed = Input::Passed {
        access_point: SENSOR_ENTRY,
    };
    let effects = story.handle(passed.clone(), after(1_500));
    assert!(matches!(
        effects.as_slice(),
        [Effect::Passage { passage: Passage::Taken, .. }, Effect::CheckIn(visit)] if visit.at == after(1_500).wall
    ));
    let effects = story.handle(passed, after(1_600));
    assert!(matches!(
        effects.as_slice(),
        [Effect::Passage {
            passage: Passage::Forced,
            decision: None,
            ..
        }]
    ));
}

#[test]
fn who_passes_before_the_board_says_that_it_opened_is_counted_once() {
    let mut story = Story::new(Offline::Members);
    let decision = let_in(&mut story);
    let passed = Input::Passed {
        access_point: SENSOR_ENTRY,
    };
    let effects = story.handle(passed, after(100));
    assert!(matches!(
        effects.as_slice(),
        [
            Effect::Passage {
                passage: Passage::Taken,
                ..
            },
            Effect::CheckIn(_)
        ]
    ));
    assert_eq!(story.handle(Input::Opened { decision }, after(110)), []);
    assert_eq!(story.timeout(after(6_000)), []);
}

#[test]
fn a_grant_that_nobody_takes_counts_no_visit() {
    let mut story = Story::new(Offline::Members);
    let decision = let_in(&mut story);
    story.handle(Input::Opened { decision }, after(2));
    let effects = story.timeout(after(5_003));
    assert!(matches!(
        effects.as_slice(),
        [Effect::Passage {
            passage: Passage::NotTaken,
            ..
        }]
    ));
    assert_eq!(story.core.poll_timeout(), None);
}
