//! One visit as the journal holds it, from the lane until the studio has it. What may happen to it is said here; when
//! it happens is the delivery's business.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::domain::{CheckIn, Credential, Direction, Monotonic, Now, Visitor};

/// A way of telling the studio of a visit. Where several are set, the journal holds the visit once for each, and each
/// is delivered by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Way {
    /// The open API's check-in and check-out, which take the time of the visit.
    OpenApi,
    /// The device API's identification with action: the visit is at the time at which it arrives.
    DeviceApi,
    /// The use of a benefit, which counts a visit of a visit pass. Takes no time either.
    BenefitUse,
}

impl Way {
    /// All there are.
    pub const ALL: [Self; 3] = [Self::OpenApi, Self::DeviceApi, Self::BenefitUse];

    /// Its name in settings, logs and the names of visits.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::OpenApi => "open-api",
            Self::DeviceApi => "device-api",
            Self::BenefitUse => "benefit-use",
        }
    }

    /// Whether the studio is told when the visit was. Otherwise it takes the time at which it hears of it.
    #[must_use]
    pub fn keeps_time(self) -> bool {
        self == Self::OpenApi
    }

    /// Whether visits in this direction can be told: only the open API has a check-out.
    #[must_use]
    pub fn takes(self, direction: Direction) -> bool {
        direction == Direction::In || self == Self::OpenApi
    }
}

/// Names a visit within one journal, and the way in which the studio is told of it; ordered as the visits came.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VisitId {
    /// The how-manieth start of the gateway.
    pub boot: u32,
    /// The how-manieth visit since then.
    pub sequence: u32,
    /// The way.
    pub way: Way,
}

/// `boot-sequence` for the open API, `boot-sequence-way` for the others.
impl fmt::Display for VisitId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.boot, self.sequence)?;
        match self.way {
            Way::OpenApi => Ok(()),
            way => write!(f, "-{}", way.name()),
        }
    }
}

/// The text is no visit's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a visit's name is two numbers and perhaps a way, such as 3-17 or 3-17-benefit-use")]
pub struct NoVisitId;

impl FromStr for VisitId {
    type Err = NoVisitId;

    fn from_str(text: &str) -> Result<Self, NoVisitId> {
        let mut parts = text.splitn(3, '-');
        let mut number = || parts.next().and_then(|part| part.parse().ok()).ok_or(NoVisitId);
        let (boot, sequence) = (number()?, number()?);
        let named = |name: &str| {
            Way::ALL
                .into_iter()
                .find(|way| way.name() == name)
                .ok_or(NoVisitId)
        };
        let way = parts.next().map_or(Ok(Way::OpenApi), named)?;
        Ok(Self { boot, sequence, way })
    }
}

impl fmt::Debug for VisitId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A visit in the journal.
#[derive(Clone, Debug, PartialEq)]
pub struct Visit {
    /// Its identity; with the `device` of [`JournalSettings`](super::JournalSettings) it is unique for ever.
    pub id: VisitId,
    /// Who came.
    pub visitor: Visitor,
    /// What was presented, kept for [`Way::DeviceApi`] alone and only as long as the studio does not have the visit.
    pub presented: Option<Credential>,
    /// Where.
    pub access_point: String,
    /// Which way.
    pub direction: Direction,
    /// When, in whole milliseconds.
    pub at: Timestamp,
    /// What `at` is worth.
    pub clock: VisitClock,
    /// How far it is.
    pub state: State,
    /// How often it was sent without a clear answer, or asked about in vain.
    pub attempts: u32,
    /// Not to be touched by the delivery before. Forgotten at a restart, when everything is due.
    pub not_before: Monotonic,
}

/// What the time of a visit is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VisitClock {
    /// The clock was set when the person came.
    Set,
    /// It was not, but the visit's moment on the monotonic clock is known: the true time follows once the clock is
    /// set, as long as the machine runs on.
    Unset(Monotonic),
    /// It was not, and the true time was worked out afterwards.
    Corrected,
    /// It was not before the machine went down: the true time will never be known.
    NeverSet,
}

/// How far a visit is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// The studio does not have it.
    Waiting,
    /// It was given to the network, and whether the studio has it is not known.
    Sent,
    /// Only a person can say what to do with it.
    Parked(Parking),
    /// The studio has it.
    Delivered {
        /// Since when, by the wall clock.
        at: Timestamp,
    },
}

/// Why a visit waits for a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parking {
    /// The reason, in the studio's words or ours.
    pub message: String,
    /// What to quote to the vendor's support.
    pub trace_id: Option<String>,
    /// Since when, by the wall clock.
    pub since: Timestamp,
}

impl Visit {
    /// A visit that just happened, to be told in this way. `now` is only needed for a clock that is not set.
    pub(super) fn new(boot: u32, way: Way, check_in: CheckIn, now: Now) -> Self {
        let at = whole_milliseconds(check_in.at);
        let clock = if check_in.clock_set {
            VisitClock::Set
        } else {
            // The same unset clock gave both times, a moment apart.
            let ago = Duration::try_from(now.wall.duration_since(check_in.at)).unwrap_or_default();
            VisitClock::Unset(Monotonic(now.monotonic.0.saturating_sub(ago)))
        };
        Self {
            id: VisitId {
                boot,
                sequence: u32::try_from(check_in.id.sequence).unwrap_or(u32::MAX),
                way,
            },
            visitor: check_in.visitor,
            presented: check_in.credential.filter(|_| way == Way::DeviceApi),
            access_point: check_in.access_point,
            direction: check_in.direction,
            at,
            clock,
            state: State::Waiting,
            attempts: 0,
            not_before: Monotonic::default(),
        }
    }

    /// The true time of a visit that came while the clock was not set, now that it is.
    #[must_use]
    pub fn corrected(&self, now: Now) -> Option<Timestamp> {
        let VisitClock::Unset(came) = self.clock else {
            return None;
        };
        let ago = SignedDuration::try_from(now.monotonic.since(came)).ok()?;
        let at = now.wall.checked_sub(ago).ok()?;
        now.wall_set.then(|| whole_milliseconds(at))
    }
}

fn whole_milliseconds(at: Timestamp) -> Timestamp {
    Timestamp::from_millisecond(at.as_millisecond()).unwrap_or(at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{CheckInId, CustomerId};

    fn now(monotonic: u64, wall: i64, wall_set: bool) -> Now {
        Now {
            monotonic: Monotonic(Duration::from_secs(monotonic)),
            wall: Timestamp::from_second(wall).unwrap(),
            wall_set,
        }
    }

    #[test]
    fn a_name_is_read_as_it_is_written() {
        for way in Way::ALL {
            let id = VisitId {
                boot: 3,
                sequence: 17,
                way,
            };
            assert_eq!(id.to_string().parse(), Ok(id));
        }
        assert_eq!(
            "3-17-benefit-use".parse::<VisitId>().map(|id| id.way),
            Ok(Way::BenefitUse)
        );
        for odd in ["", "3", "3-", "3-x", "3-17-", "3-17-post"] {
            assert_eq!(odd.parse::<VisitId>(), Err(NoVisitId));
        }
    }

    #[test]
    fn a_visit_before_the_clock_was_set_gets_its_true_time_afterwards() {
        let check_in = CheckIn {
            id: CheckInId {
                device: "gate".into(),
                boot: 3,
                sequence: 1,
            },
            visitor: Visitor::Customer(CustomerId(7)),
            credential: None,
            access_point: "north entry".into(),
            direction: Direction::In,
            at: Timestamp::from_second(40).unwrap(),
            clock_set: false,
        };
        let visit = Visit::new(3, Way::OpenApi, check_in, now(101, 41, false));
        assert_eq!(
            visit.clock,
            VisitClock::Unset(Monotonic(Duration::from_secs(100)))
        );
        assert_eq!(visit.corrected(now(160, 100, false)), None);
        let true_time = visit.corrected(now(160, 1_800_000_060, true)).unwrap();
        assert_eq!(true_time, Timestamp::from_second(1_800_000_000).unwrap());
    }
}
