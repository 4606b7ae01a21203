//! Whatever happens in whatever order: what must always hold.

use std::collections::BTreeSet;

use proptest::prelude::*;

use std::sync::Arc;
use std::time::Duration;

use super::super::*;
use super::stories::{ENTRY, EXIT, SENSOR_ENTRY, after, card, member, settings};
use super::*;

#[derive(Clone, Debug)]
enum Step {
    Read {
        access_point: usize,
        card: u8,
        late: u64,
    },
    Advance(u64),
    Recall {
        which: usize,
        answer: u8,
    },
    Answer {
        which: usize,
        answer: u8,
    },
    Relay {
        which: usize,
        answer: u8,
    },
    Pass {
        access_point: usize,
    },
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (0..3usize, 0..6u8, prop_oneof![Just(0), 0..4_000u64]).prop_map(|(access_point, card, late)| {
            Step::Read {
                access_point,
                card,
                late,
            }
        }),
        prop_oneof![0..50u64, 0..2_000u64, 0..40_000u64].prop_map(Step::Advance),
        (any::<usize>(), 0..8u8).prop_map(|(which, answer)| Step::Recall { which, answer }),
        (any::<usize>(), 0..8u8).prop_map(|(which, answer)| Step::Answer { which, answer }),
        (any::<usize>(), 0..3u8).prop_map(|(which, answer)| Step::Relay { which, answer }),
        (0..3usize).prop_map(|access_point| Step::Pass { access_point }),
    ]
}

fn record(kind: u8) -> MemberRecord {
    const HOUR: u64 = 3600;
    let age = [1, 60, HOUR, 100 * HOUR, 300 * HOUR];
    let mut record = member(Duration::from_secs(age[usize::from(kind) % age.len()]));
    record.access_refused = kind == 5;
    if kind == 6 {
        record.benefits.clear();
    }
    record
}

/// Plays the steps with the shell's manners and checks after each one. Gives back all effects.
fn play(steps: &[Step], offline: Offline) -> Vec<Effect> {
    let mut core = Core::new(settings(offline));
    let mut millis: u64 = 10_000;
    let mut log = Vec::new();
    let (mut recalls, mut asks, mut opens) = (Vec::new(), Vec::new(), Vec::new());
    let mut drain = |core: &mut Core,
                     millis: u64,
                     recalls: &mut Vec<DecisionId>,
                     asks: &mut Vec<DecisionId>,
                     opens: &mut Vec<(DecisionId, Monotonic)>| {
        while let Some(effect) = core.poll_effect() {
            match &effect {
                Effect::Recall { decision, .. } => recalls.push(*decision),
                Effect::Ask { decision, .. } => asks.push(*decision),
                Effect::Open {
                    decision, not_after, ..
                } => {
                    assert!(*not_after >= after(millis).monotonic, "opened after its deadline");
                    opens.push((*decision, *not_after));
                }
                _ => {}
            }
            log.push(effect);
        }
    };
    for step in steps {
        match step {
            Step::Read {
                access_point,
                card: number,
                late,
            } => {
                let read = Input::Read {
                    access_point: [ENTRY, EXIT, SENSOR_ENTRY][*access_point],
                    credential: card(*number),
                    staff: None,
                    at: after(millis.saturating_sub(*late)).monotonic,
                };
                core.handle(read, after(millis));
            }
            Step::Advance(span) => {
                millis += span;
                core.handle_timeout(after(millis));
            }
            Step::Recall { which, answer } if !recalls.is_empty() => {
                // Not removed: a second answer to the same question must be harmless.
                let decision = recalls[which % recalls.len()];
                let recollection = match answer {
                    0 => Recollection::Nothing,
                    1 => Recollection::Unknown {
                        as_of: after(millis / 2).monotonic,
                    },
                    kind => Recollection::Member(Arc::new(record(*kind))),
                };
                let recalled = Input::Recalled {
                    decision,
                    recollection,
                };
                core.handle(recalled, after(millis));
            }
            Step::Answer { which, answer } if !asks.is_empty() => {
                let decision = asks[which % asks.len()];
                let answer = match answer {
                    0 => Answer::Unknown,
                    1 => Answer::Unavailable,
                    kind => Answer::Known(Arc::new(record(*kind))),
                };
                core.handle(Input::Answered { decision, answer }, after(millis));
            }
            Step::Relay { which, answer } if !opens.is_empty() => {
                let (decision, not_after) = opens.remove(which % opens.len());
                let in_time = after(millis).monotonic <= not_after;
                let input = match answer {
                    0 if in_time => Input::Opened { decision },
                    1 if in_time => Input::PerhapsOpened { decision },
                    _ => Input::NotOpened { decision },
                };
                core.handle(input, after(millis));
            }
            Step::Pass { access_point } => {
                let access_point = [ENTRY, EXIT, SENSOR_ENTRY][*access_point];
                core.handle(Input::Passed { access_point }, after(millis));
            }
            Step::Recall { .. } | Step::Answer { .. } | Step::Relay { .. } => {}
        }
        drain(&mut core, millis, &mut recalls, &mut asks, &mut opens);
    }
    // Left alone, everything settles.
    for _ in 0..1_000 {
        let Some(due) = core.poll_timeout() else { break };
        millis = millis.max(u64::try_from(due.since(after(0).monotonic).as_millis()).unwrap());
        core.handle_timeout(after(millis));
        drain(&mut core, millis, &mut recalls, &mut asks, &mut opens);
    }
    assert_eq!(core.poll_timeout(), None, "it does not settle");
    log
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn visits_are_at_most_openings_and_openings_at_most_decisions(
        steps in prop::collection::vec(step(), 1..120),
        offline in prop_oneof![Just(Offline::Deny), Just(Offline::Members), Just(Offline::Everyone)],
    ) {
        let log = play(&steps, offline);
        let (mut recalled, mut decided, mut granted, mut opened) =
            (BTreeSet::new(), BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        let mut visits = BTreeSet::new();
        for effect in &log {
            match effect {
                Effect::Recall { decision, .. } => { recalled.insert(*decision); }
                Effect::Open { decision, .. } => {
                    prop_assert!(opened.insert(*decision), "opened twice");
                }
                Effect::Decided(decision) => {
                    prop_assert!(decided.insert(decision.id), "decided twice");
                    if matches!(decision.outcome, Outcome::Granted(_)) {
                        granted.insert(decision.id);
                    }
                }
                Effect::CheckIn(visit) => {
                    prop_assert!(visits.insert(visit.id.clone()), "one identity for two visits");
                }
                _ => {}
            }
        }
        prop_assert!(visits.len() <= opened.len());
        prop_assert_eq!(&opened, &granted);
        prop_assert!(opened.len() <= decided.len());
        prop_assert!(recalled.is_subset(&decided), "a presentation without a decision");
    }

    #[test]
    fn the_same_inputs_give_the_same_effects(steps in prop::collection::vec(step(), 1..80)) {
        prop_assert_eq!(play(&steps, Offline::Members), play(&steps, Offline::Members));
    }
}
