//! One visit at a time: what follows from what, step by step.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::date;
use jiff::tz::TimeZone;

use std::sync::Arc;
use std::time::Duration;

use super::super::policy::Verdict;
use super::super::*;
use super::*;

pub(super) const ENTRY: AccessPointId = AccessPointId(0);
pub(super) const EXIT: AccessPointId = AccessPointId(1);
pub(super) const SENSOR_ENTRY: AccessPointId = AccessPointId(2);

pub(super) fn settings(offline: Offline) -> CoreSettings {
    let side = |direction, check_in, required_benefits| AccessPoint {
        lane: "main".into(),
        direction,
        mode: LaneMode::Normal,
        hours: None,
        zone: None,
        pulse: Duration::from_millis(400),
        by_board: false,
        passage_time: Duration::from_secs(5),
        required_benefits,
        check_in,
    };
    let gym = RequiredBenefits::All(["GYM".to_owned()].into());
    CoreSettings {
        device: "entrance".into(),
        boot: 7,
        time_zone: TimeZone::UTC,
        decisions: DecisionSettings {
            deadline: Duration::from_millis(800),
            read_deadline: Duration::from_secs(3),
            repeat_window: Duration::from_secs(2),
            fresh: Duration::from_secs(300),
            usable: Duration::from_secs(72 * 3600),
            unknown: Duration::from_secs(30),
            offline,
            offline_limit: Duration::from_secs(7 * 24 * 3600),
        },
        zones: vec![],
        lockout: LockoutSettings {
            attempts: 10,
            window: Duration::from_secs(60),
            span: Duration::from_secs(300),
        },
        access_points: vec![
            side(Direction::In, CheckInMoment::OnGrant, gym.clone()),
            side(Direction::Out, CheckInMoment::OnGrant, gym.clone()),
            side(Direction::In, CheckInMoment::OnPassage, gym),
        ],
    }
}

fn noon() -> Timestamp {
    "2026-03-14T12:00:00Z".parse().unwrap()
}

/// `millis` after the start of the story, at noon of 14 March 2026.
pub(super) fn after(millis: u64) -> Now {
    let span = Duration::from_millis(millis);
    Now {
        monotonic: Monotonic(Duration::from_secs(1_000) + span),
        wall: noon() + span,
        wall_set: true,
    }
}

pub(super) fn card(number: u8) -> Credential {
    Credential::Card(CardNumber::from_uid(&[0x3F, 0x02, 0xB7, number]).unwrap())
}

/// A member in good standing whose record was given `age` before the start of the story.
pub(super) fn member(age: Duration) -> MemberRecord {
    let as_of = noon() - age;
    MemberRecord {
        customer: CustomerId(42),
        status: MemberStatus::Member,
        access_refused: false,
        restrictions: vec![],
        idle_periods: vec![],
        benefits: BTreeMap::from([("GYM".to_owned(), BenefitState { valid: true, as_of })]),
        access_code: None,
        access_code_as_of: None,
        credentials: vec![card(1)],
        language: None,
        as_of,
    }
}

pub(super) const MINUTE: Duration = Duration::from_secs(60);
pub(super) const DAY: Duration = Duration::from_secs(24 * 3600);

pub(super) struct Story {
    pub(super) core: Core,
}

impl Story {
    pub(super) fn new(offline: Offline) -> Self {
        Self {
            core: Core::new(settings(offline)),
        }
    }

    pub(super) fn handle(&mut self, input: Input, now: Now) -> Vec<Effect> {
        self.core.handle(input, now);
        self.effects()
    }

    pub(super) fn timeout(&mut self, now: Now) -> Vec<Effect> {
        self.core.handle_timeout(now);
        self.effects()
    }

    fn effects(&mut self) -> Vec<Effect> {
        std::iter::from_fn(|| self.core.poll_effect()).collect()
    }

    pub(super) fn read(&mut self, access_point: AccessPointId, millis: u64) -> DecisionId {
        let now = after(millis);
        let read = Input::Read {
            access_point,
            credential: card(1),
            staff: None,
            at: now.monotonic,
        };
        match self.handle(read, now).as_slice() {
            [Effect::Recall { decision, .. }] => *decision,
            other => panic!("expected a recall, got {other:?}"),
        }
    }

    /// Presents the card at the entry and answers the recall.
    pub(super) fn present(&mut self, recollection: Recollection, millis: u64) -> (DecisionId, Vec<Effect>) {
        let decision = self.read(ENTRY, millis);
        let recalled = Input::Recalled {
            decision,
            recollection,
        };
        (decision, self.handle(recalled, after(millis + 1)))
    }
}

pub(super) fn known(record: MemberRecord) -> Recollection {
    Recollection::Member(Arc::new(record))
}

pub(super) fn outcome(effects: &[Effect]) -> Option<Outcome> {
    effects.iter().find_map(|effect| match effect {
        Effect::Decided(decision) => Some(decision.outcome),
        _ => None,
    })
}

pub(super) fn opens(effects: &[Effect]) -> bool {
    effects.iter().any(|effect| matches!(effect, Effect::Open { .. }))
}

pub(super) fn asks(effects: &[Effect]) -> bool {
    effects.iter().any(|effect| matches!(effect, Effect::Ask { .. }))
}

#[test]
fn a_fresh_yes_opens_at_once_and_the_visit_counts_when_the_relay_is_on() {
    let mut story = Story::new(Offline::Members);
    let (decision, effects) = story.present(known(member(MINUTE)), 0);
    assert!(matches!(
        effects.as_slice(),
        [Effect::Open { .. }, Effect::Decided(_)]
    ));
    let age = MINUTE + Duration::from_millis(1);
    assert_eq!(outcome(&effects), Some(Outcome::Granted(Basis::Cached { age })));

    let effects = story.handle(Input::Opened { decision }, after(2));
    let [Effect::CheckIn(check_in)] = effects.as_slice() else {
        panic!("expected a check-in, got {effects:?}");
    };
    assert_eq!(check_in.visitor, Visitor::Customer(CustomerId(42)));
    assert_eq!((check_in.id.boot, check_in.id.sequence), (7, 1));
    assert_eq!(check_in.at, after(1).wall);
    assert_eq!(check_in.access_point, "main/in");
    assert_eq!(story.core.poll_timeout(), None);
}

#[test]
fn a_stale_yes_opens_and_is_refreshed_behind_the_persons_back() {
    let mut story = Story::new(Offline::Members);
    let (_, effects) = story.present(known(member(DAY)), 0);
    assert!(opens(&effects));
    assert!(matches!(effects.first(), Some(Effect::Refresh { benefits, .. }) if benefits.contains("GYM")));
}

#[test]
fn a_stale_no_asks_first_and_who_has_just_paid_is_let_in() {
    let mut story = Story::new(Offline::Members);
    let mut record = member(DAY);
    record.status = MemberStatus::FormerMember;
    let (decision, effects) = story.present(known(record), 0);
    assert!(asks(&effects) && outcome(&effects).is_none());
    let answer = Answer::Known(Arc::new(member(Duration::ZERO)));
    let effects = story.handle(Input::Answered { decision, answer }, after(300));
    assert_eq!(outcome(&effects), Some(Outcome::Granted(Basis::Live)));
}

#[test]
fn a_stale_no_stays_a_no_when_the_studio_cannot_be_asked() {
    for offline in [Offline::Deny, Offline::Members, Offline::Everyone] {
        let mut story = Story::new(offline);
        let mut record = member(DAY);
        record.restrictions.push(AccessRestriction {
            reason: "unpaid".into(),
            period: None,
        });
        story.present(known(record), 0);
        let effects = story.timeout(after(800));
        assert_eq!(outcome(&effects), Some(Outcome::Denied(DenyReason::Restricted)));
    }
}

#[test]
fn a_benefit_that_was_never_asked_for_is_asked_for() {
    let mut story = Story::new(Offline::Members);
    let mut record = member(MINUTE);
    record.benefits.clear();
    let (_, effects) = story.present(known(record), 0);
    assert!(asks(&effects));
    // The studio stays silent: nothing speaks against a member, so the offline setting lets them in.
    let effects = story.timeout(after(800));
    assert_eq!(outcome(&effects), Some(Outcome::Granted(Basis::OfflineAllowance)));
}

#[test]
fn an_unknown_card_is_denied_while_the_studios_word_is_young_and_asked_for_after() {
    let mut story = Story::new(Offline::Everyone);
    let (_, effects) = story.present(
        Recollection::Unknown {
            as_of: after(0).monotonic,
        },
        10_000,
    );
    assert_eq!(outcome(&effects), Some(Outcome::Denied(DenyReason::Unknown)));
    let (decision, effects) = story.present(
        Recollection::Unknown {
            as_of: after(0).monotonic,
        },
        40_000,
    );
    assert!(asks(&effects));
    let unknown = Input::Answered {
        decision,
        answer: Answer::Unknown,
    };
    let effects = story.handle(unknown, after(40_100));
    assert_eq!(outcome(&effects), Some(Outcome::Denied(DenyReason::Unknown)));
}

#[test]
fn an_unknown_card_meets_the_offline_setting_when_the_studio_is_down() {
    let expected = [
        (Offline::Deny, Outcome::Denied(DenyReason::StudioUnreachable)),
        (Offline::Members, Outcome::Denied(DenyReason::StudioUnreachable)),
        (Offline::Everyone, Outcome::Granted(Basis::OfflineAllowance)),
    ];
    for (offline, expected) in expected {
        let mut story = Story::new(offline);
        let (decision, _) = story.present(Recollection::Nothing, 0);
        let down = Input::Answered {
            decision,
            answer: Answer::Unavailable,
        };
        let effects = story.handle(down, after(5));
        assert_eq!(outcome(&effects), Some(expected));
        if let Outcome::Granted(_) = expected {
            let effects = story.handle(Input::Opened { decision }, after(6));
            assert!(
                matches!(effects.as_slice(), [Effect::CheckIn(visit)] if visit.visitor == Visitor::Unresolved(card(1)))
            );
        }
    }
}

#[test]
fn an_answer_after_the_deadline_opens_nothing() {
    let mut story = Story::new(Offline::Deny);
    let (decision, _) = story.present(Recollection::Nothing, 0);
    assert_eq!(story.core.poll_timeout(), Some(after(800).monotonic));
    let effects = story.timeout(after(800));
    assert_eq!(
        outcome(&effects),
        Some(Outcome::Denied(DenyReason::StudioUnreachable))
    );
    let answer = Answer::Known(Arc::new(member(Duration::ZERO)));
    assert_eq!(story.handle(Input::Answered { decision, answer }, after(900)), []);
}

#[test]
fn a_read_that_comes_after_its_deadline_opens_nothing() {
    let mut story = Story::new(Offline::Everyone);
    let read = Input::Read {
        access_point: ENTRY,
        credential: card(1),
        staff: None,
        at: after(0).monotonic,
    };
    let effects = story.handle(read, after(3_001));
    assert_eq!(outcome(&effects), Some(Outcome::Denied(DenyReason::TooLate)));
}

#[test]
fn before_time_sync_ages_count_as_usable_and_dated_restrictions_hold_as_of_the_record() {
    let mut unset = after(0);
    unset.wall = Timestamp::UNIX_EPOCH;
    unset.wall_set = false;
    let mut record = member(30 * DAY);
    let examined = |record: &MemberRecord| {
        let required = RequiredBenefits::All(["GYM".to_owned()].into());
        policy::judge(&policy::examine(
            record,
            &card(1),
            &required,
            &TimeZone::UTC,
            unset,
        ))
        .0
    };
    assert_eq!(examined(&record), Verdict::Yes);
    assert_eq!(policy::age(record.as_of, unset), None);
    record.idle_periods.push(DateRange {
        first: date(2026, 2, 1),
        last: date(2026, 2, 28),
    });
    assert_eq!(examined(&record), Verdict::No(DenyReason::Paused));
}

#[test]
fn a_reader_gone_mad_is_held_at_a_bound() {
    let mut story = Story::new(Offline::Members);
    for number in 0..40 {
        let read = Input::Read {
            access_point: ENTRY,
            credential: card(number),
            staff: None,
            at: after(0).monotonic,
        };
        let effects = story.handle(read, after(0));
        let busy = outcome(&effects) == Some(Outcome::Denied(DenyReason::Busy));
        assert_eq!(busy, usize::from(number) >= MOST_WAITING);
    }
}
