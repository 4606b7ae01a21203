//! A visit as it is reported to the studio.

use std::fmt;

use jiff::Timestamp;

use super::{Credential, CustomerId};

/// Names one visit for ever: no two visits of one studio share it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CheckInId {
    /// The gateway that saw the visit, by the `device` name of its configuration.
    pub device: String,
    /// The how-manieth start of that gateway.
    pub boot: u64,
    /// The how-manieth visit since that start.
    pub sequence: u64,
}

/// Who came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Visitor {
    /// A customer the gateway knows.
    Customer(CustomerId),
    /// Somebody let in by the offline setting; the studio is asked later whose credential it is.
    Unresolved(Credential),
}

/// Which way a person passes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Direction {
    /// Into the studio.
    In,
    /// Out of it.
    Out,
}

impl fmt::Display for Direction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::In => "in",
            Self::Out => "out",
        })
    }
}

/// One visit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckIn {
    /// Its identity.
    pub id: CheckInId,
    /// Who came.
    pub visitor: Visitor,
    /// What was presented, for a studio that wants to see it again.
    pub credential: Option<Credential>,
    /// Where.
    pub access_point: String,
    /// Which way.
    pub direction: Direction,
    /// When, to the studio's time.
    pub at: Timestamp,
    /// Whether the clock could be believed at that moment.
    pub clock_set: bool,
}
