//! Lanes, what stands at their sides, and the rules of the place: zones, opening hours, staff, guessing.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::civil::{Date, Time};

/// One physical passage, with one side or two.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lane {
    /// Unique among the lanes.
    pub name: String,
    /// How it works.
    pub mode: LaneMode,
    /// Name of the zone that it leads into.
    pub zone: Option<String>,
    /// When people may come in; none means always.
    pub opening_hours: Option<OpeningHours>,
    /// Name of the input while which is active the lane is open.
    pub fire_contact: Option<String>,
    /// The side at which people come in.
    pub entry: Option<AccessPoint>,
    /// The side at which people go out.
    pub exit: Option<AccessPoint>,
}

/// How a lane works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LaneMode {
    /// By the rules.
    Normal,
    /// Free passage.
    Open,
    /// Nobody gets in.
    Closed,
}

/// One side of a lane. `pulse <= passage_time`. All names are those of devices that exist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessPoint {
    /// Name of its reader; no other access point has it.
    pub reader: String,
    /// What lets people pass.
    pub opener: Opener,
    /// How long it is open for one grant.
    pub pulse: Duration,
    /// How long after a grant a person may take to pass.
    pub passage_time: Duration,
    /// What the person must be entitled to.
    pub required_benefits: RequiredBenefits,
    /// When a visit counts.
    pub check_in: CheckInMoment,
    /// Name of the input that sees people pass; the other side of the lane may have the same.
    pub passage_sensor: Option<String>,
    /// Name of the input that opens this side; no other access point has it.
    pub button: Option<String>,
    /// Name of the input that raises an alarm; the other side of the lane may have the same.
    pub tamper: Option<String>,
    /// Name of its indicator; the other side of the lane may have the same.
    pub indicator: Option<String>,
    /// Name of its display; the other side of the lane may have the same.
    pub display: Option<String>,
}

impl AccessPoint {
    /// The pulse unless the file says otherwise.
    pub const DEFAULT_PULSE: Duration = Duration::from_millis(500);
    /// The passage time unless the file says otherwise.
    pub const DEFAULT_PASSAGE_TIME: Duration = Duration::from_secs(5);
}

/// What lets people pass; no other lane has it, but both sides of one lane may share it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Opener {
    /// The relay of this name.
    Relay(String),
    /// The board of this name.
    Board(String),
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

/// When a visit counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CheckInMoment {
    /// When the lane has opened.
    OnGrant,
    /// When the person has been seen to pass; there is a passage sensor or a board that sees it.
    OnPassage,
}

/// When a lane lets people in, on the studio's clock. No two open times overlap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpeningHours {
    /// The open times that begin on each weekday, Monday first.
    pub week: [Vec<OpenTime>; 7],
    /// Days on which none begins.
    pub closed_on: BTreeSet<Date>,
}

/// A time of a day in which a lane is open. When it ends at or before its start, it ends on the next day: midnight is
/// the end of the day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct OpenTime {
    /// The first minute.
    pub from: Time,
    /// The first minute after it.
    pub to: Time,
}

impl OpenTime {
    /// From midnight to midnight.
    pub const WHOLE_DAY: Self = Self {
        from: Time::MIN,
        to: Time::MIN,
    };
}

/// A part of the studio that one or more lanes lead into.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone {
    /// Unique among the zones.
    pub name: String,
    /// How many people may be in it.
    pub capacity: Capacity,
    /// What follows when a credential comes in although its holder is inside.
    pub anti_passback: AntiPassback,
    /// Inside is who has come in within this time; without it, who has come in and not gone out.
    pub anti_passback_window: Option<Duration>,
    /// At this time of every day everybody is taken to be outside.
    pub forgive_at: Option<Time>,
}

/// How many people may be in a zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Capacity {
    /// As many as come.
    Unlimited,
    /// So many, as this gateway counts them.
    People(u32),
    /// As many as the studio says, counted by the studio.
    Studio,
}

/// What follows when a credential comes in although its holder is inside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AntiPassback {
    /// Nothing.
    Off,
    /// The lane opens and the log says so.
    Soft,
    /// The lane stays shut.
    Hard,
}

/// A person whose credential opens when all else fails.
#[derive(Clone, PartialEq, Eq)]
pub struct Staff {
    /// Unique among the staff.
    pub name: String,
    /// HMAC-SHA-256 of the credential, as `turnstile-gateway staff-hash` prints it. No two are equal.
    pub credential: [u8; 32],
}

impl std::fmt::Debug for Staff {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Staff")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// How much guessing of codes and PINs at one reader is too much.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lockout {
    /// So many unknown codes or PINs are borne.
    pub attempts: u32,
    /// Within this time.
    pub window: Duration,
    /// For how long the reader then takes none.
    pub span: Duration,
}

impl Default for Lockout {
    fn default() -> Self {
        Self {
            attempts: 10,
            window: Duration::from_secs(60),
            span: Duration::from_secs(5 * 60),
        }
    }
}
