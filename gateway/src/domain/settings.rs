//! The settings of the core: already checked, in the core's own words.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::tz::TimeZone;

use super::lane::{LaneMode, OpeningHours, Zone, ZoneId};
use super::{Direction, LockoutSettings};

/// Everything the core is told at start.
#[derive(Clone, Debug)]
pub struct CoreSettings {
    /// Name of this gateway in the identity of its check-ins.
    pub device: String,
    /// The how-manieth start of this gateway.
    pub boot: u64,
    /// The studio's time zone: its dates are calendar days there.
    pub time_zone: TimeZone,
    /// Ages and deadlines.
    pub decisions: DecisionSettings,
    /// The parts of the studio whose people are counted; a [`ZoneId`] is a position in this list.
    pub zones: Vec<Zone>,
    /// Against guessing of codes and PINs.
    pub lockout: LockoutSettings,
    /// The sides of the lanes; an [`AccessPointId`] is a position in this list.
    pub access_points: Vec<AccessPoint>,
}

impl CoreSettings {
    /// The access point of this name: lane and direction (`main/in`), or a lane alone for its entry. The first entry of
    /// all lanes without a name.
    #[must_use]
    pub fn access_point_named(&self, name: Option<&str>) -> Option<AccessPointId> {
        let position = self.access_points.iter().position(|side| match name {
            Some(name) if name.contains('/') => side.name() == name,
            Some(lane) => side.lane == lane,
            None => side.direction == Direction::In,
        });
        position.map(AccessPointId)
    }
}

/// Position of an access point in [`CoreSettings::access_points`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccessPointId(pub usize);

/// One side of a lane.
#[derive(Clone, Debug)]
pub struct AccessPoint {
    /// The lane's name.
    pub lane: String,
    /// Which way people pass here.
    pub direction: Direction,
    /// How the lane works.
    pub mode: LaneMode,
    /// When people may come in; none means always.
    pub hours: Option<OpeningHours>,
    /// Which zone one comes into, or leaves, here.
    pub zone: Option<ZoneId>,
    /// How long the relay is on for one grant.
    pub pulse: Duration,
    /// Whether a turnstile's board opens it. Such a one lets one person pass for each opening, and one way at a time.
    pub by_board: bool,
    /// How long after the opening a person may take to pass.
    pub passage_time: Duration,
    /// What the person must be entitled to.
    pub required_benefits: RequiredBenefits,
    /// When a visit counts.
    pub check_in: CheckInMoment,
}

impl AccessPoint {
    /// The name in logs and check-ins: lane and direction, such as `main/in`.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{}/{}", self.lane, self.direction)
    }
}

/// The entitlements an access point asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum RequiredBenefits {
    /// None.
    #[default]
    None,
    /// Every one of these benefit keys.
    All(BTreeSet<String>),
    /// At least one of these benefit keys.
    Any(BTreeSet<String>),
}

impl RequiredBenefits {
    /// The benefit keys that the studio has to be asked about.
    #[must_use]
    pub fn keys(&self) -> BTreeSet<String> {
        match self {
            Self::None => BTreeSet::new(),
            Self::All(keys) | Self::Any(keys) => keys.clone(),
        }
    }
}

/// When a visit counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CheckInMoment {
    /// When the lane has opened: for lanes without a passage sensor.
    OnGrant,
    /// When the sensor has seen the person pass.
    OnPassage,
}

/// Ages and deadlines of decisions.
#[derive(Clone, Debug)]
pub struct DecisionSettings {
    /// How long a decision waits for the studio.
    pub deadline: Duration,
    /// How long after the read a lane may still open.
    pub read_deadline: Duration,
    /// How long after it was last seen the same credential on the same reader is the same presentation.
    pub repeat_window: Duration,
    /// Up to this age a record's no is final without asking.
    pub fresh: Duration,
    /// Up to this age a record's yes opens without asking.
    pub usable: Duration,
    /// How long the studio's "nobody has this credential" is believed.
    pub unknown: Duration,
    /// Whom to let in when the studio cannot be asked in time.
    pub offline: Offline,
    /// How old a record may be for [`Offline::Members`].
    pub offline_limit: Duration,
}

/// Whom to let in when the studio cannot be asked in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Offline {
    /// Nobody.
    Deny,
    /// Those whose stored record, within the offline limit, does not say no.
    Members,
    /// Everybody but those whose stored record says no.
    Everyone,
}
