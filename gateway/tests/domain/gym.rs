//! A gym with one lane and a member in good standing, to be changed by each test.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use turnstile_gateway::domain::lane::{AntiPassback, Capacity, Zone, ZoneId};
use turnstile_gateway::domain::{
    AccessDecision, AccessPoint, AccessPointId, Answer, BenefitState, CardNumber, CheckInMoment, Core,
    CoreSettings, Credential, CustomerId, DecisionSettings, Direction, Effect, Input, LaneMode,
    LockoutSettings, MemberRecord, MemberStatus, Monotonic, Now, Offline, Outcome, Recollection,
    RequiredBenefits,
};

pub(crate) const ENTRY: AccessPointId = AccessPointId(0);
pub(crate) const EXIT: AccessPointId = AccessPointId(1);
/// An entry with a passage sensor, of a second lane into the same zone.
pub(crate) const SENSOR_ENTRY: AccessPointId = AccessPointId(2);

pub(crate) const SECOND: Duration = Duration::from_secs(1);
pub(crate) const MINUTE: Duration = Duration::from_secs(60);
pub(crate) const HOUR: Duration = Duration::from_secs(3600);
pub(crate) const DAY: Duration = Duration::from_secs(24 * 3600);

/// The zones of the tests: an hour of daylight saving in the north, the same in the west, half an hour in the south.
pub(crate) const ZONES: [&str; 3] = ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe"];

pub(crate) fn settings(time_zone: &str, offline: Offline) -> CoreSettings {
    let side = |lane: &str, direction, check_in| AccessPoint {
        lane: lane.into(),
        direction,
        mode: LaneMode::Normal,
        hours: None,
        zone: Some(ZoneId(0)),
        pulse: Duration::from_millis(400),
        by_board: false,
        passage_time: 5 * SECOND,
        required_benefits: RequiredBenefits::None,
        check_in,
    };
    CoreSettings {
        device: "entrance".into(),
        boot: 1,
        time_zone: TimeZone::get(time_zone).unwrap(),
        decisions: DecisionSettings {
            deadline: Duration::from_millis(800),
            read_deadline: 3 * SECOND,
            repeat_window: 2 * SECOND,
            fresh: 5 * MINUTE,
            usable: 72 * HOUR,
            unknown: 30 * SECOND,
            offline,
            offline_limit: 7 * DAY,
        },
        zones: vec![Zone {
            name: "gym".into(),
            capacity: Capacity::Unlimited,
            anti_passback: AntiPassback::default(),
            forgive_at: None,
        }],
        lockout: LockoutSettings {
            attempts: 10,
            window: MINUTE,
            span: 5 * MINUTE,
        },
        access_points: vec![
            side("main", Direction::In, CheckInMoment::OnGrant),
            side("main", Direction::Out, CheckInMoment::OnGrant),
            side("side", Direction::In, CheckInMoment::OnPassage),
        ],
    }
}

/// Both clocks at a moment such as `2026-03-29T01:59:59+01:00`. The monotonic one goes with the wall clock.
pub(crate) fn at(moment: &str) -> Now {
    moment_of(moment.parse().unwrap())
}

pub(crate) fn moment_of(wall: Timestamp) -> Now {
    Now {
        monotonic: Monotonic(Duration::from_millis(
            u64::try_from(wall.as_millisecond()).unwrap(),
        )),
        wall,
        wall_set: true,
    }
}

/// `span` later, on both clocks.
pub(crate) fn later(now: Now, span: Duration) -> Now {
    Now {
        monotonic: now.monotonic + span,
        wall: now.wall + span,
        ..now
    }
}

pub(crate) fn card(number: u32) -> Credential {
    Credential::Card(CardNumber::from_decimal(&(1_000_000 + u64::from(number)).to_string()).unwrap())
}

/// A member in good standing as the studio described them at `as_of`, with both benefits.
pub(crate) fn member(as_of: Timestamp) -> MemberRecord {
    let benefit = |key: &str| (key.to_owned(), BenefitState { valid: true, as_of });
    MemberRecord {
        customer: CustomerId(1),
        status: MemberStatus::Member,
        access_refused: false,
        restrictions: vec![],
        idle_periods: vec![],
        benefits: BTreeMap::from([benefit("GYM"), benefit("POOL")]),
        access_code: None,
        access_code_as_of: None,
        credentials: vec![card(1)],
        language: None,
        as_of,
    }
}

pub(crate) fn known(record: &MemberRecord) -> Recollection {
    Recollection::Member(Arc::new(record.clone()))
}

/// What the studio does when it is asked.
#[derive(Clone, Debug)]
pub(crate) enum Studio {
    Says(Answer),
    IsSilent,
}

/// Somebody at a reader.
#[derive(Clone, Debug)]
pub(crate) struct Swipe {
    pub(crate) access_point: AccessPointId,
    pub(crate) credential: Credential,
    pub(crate) staff: Option<String>,
    pub(crate) tiers: Recollection,
    pub(crate) studio: Studio,
}

impl Swipe {
    /// The member's card at the entry, with this in the tiers and a studio that cannot be reached.
    pub(crate) fn of(tiers: Recollection) -> Self {
        Self {
            access_point: ENTRY,
            credential: card(1),
            staff: None,
            tiers,
            studio: Studio::Says(Answer::Unavailable),
        }
    }

    pub(crate) fn answered(mut self, answer: Answer) -> Self {
        self.studio = Studio::Says(answer);
        self
    }
}

/// What became of a swipe.
#[derive(Debug)]
pub(crate) struct Visit {
    pub(crate) decision: AccessDecision,
    pub(crate) effects: Vec<Effect>,
}

impl Visit {
    pub(crate) fn outcome(&self) -> Outcome {
        self.decision.outcome
    }

    pub(crate) fn asked(&self) -> bool {
        self.effects
            .iter()
            .any(|effect| matches!(effect, Effect::Ask { .. }))
    }

    pub(crate) fn refreshed(&self) -> bool {
        self.effects
            .iter()
            .any(|effect| matches!(effect, Effect::Refresh { .. }))
    }
}

/// Plays one swipe to its end, with everything else answering at once.
pub(crate) fn swipe(core: &mut Core, swipe: &Swipe, now: Now) -> Visit {
    let read = Input::Read {
        access_point: swipe.access_point,
        credential: swipe.credential.clone(),
        staff: swipe.staff.clone(),
        at: now.monotonic,
    };
    core.handle(read, now);
    let (mut effects, mut decided) = (Vec::new(), None);
    while let Some(effect) = core.poll_effect() {
        match &effect {
            Effect::Recall { decision, .. } => {
                let (decision, recollection) = (*decision, swipe.tiers.clone());
                core.handle(
                    Input::Recalled {
                        decision,
                        recollection,
                    },
                    now,
                );
            }
            Effect::Ask { decision, .. } => match &swipe.studio {
                Studio::Says(answer) => {
                    let (decision, answer) = (*decision, answer.clone());
                    core.handle(Input::Answered { decision, answer }, now);
                }
                Studio::IsSilent => {
                    let deadline = core.settings().decisions.deadline;
                    core.handle_timeout(later(now, deadline));
                }
            },
            Effect::Open { decision, .. } => core.handle(Input::Opened { decision: *decision }, now),
            Effect::Decided(decision) => decided = Some(decision.clone()),
            _ => {}
        }
        effects.push(effect);
    }
    Visit {
        decision: decided.unwrap_or_else(|| panic!("nothing was decided: {effects:?}")),
        effects,
    }
}
