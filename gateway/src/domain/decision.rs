//! Access decisions: what was decided and why.

use std::fmt;
use std::time::Duration;

use super::{AccessPointId, Credential, CustomerId, Monotonic};

/// Numbers the decisions of one run of the gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DecisionId(pub u64);

/// What was decided about one presentation of a credential.
#[derive(Clone, Debug, PartialEq)]
pub struct AccessDecision {
    /// Which decision.
    pub id: DecisionId,
    /// Where the credential was presented.
    pub access_point: AccessPointId,
    /// What was presented.
    pub credential: Credential,
    /// When its last byte or edge arrived.
    pub read_at: Monotonic,
    /// Whose it is, as far as known.
    pub customer: Option<CustomerId>,
    /// The language that person prefers, as an ISO 639-1 code.
    pub language: Option<String>,
    /// The staff credential's name in the settings, if it is one.
    pub staff: Option<String>,
    /// Anti-passback would have refused it, were it strict.
    pub passback: bool,
    /// In or not.
    pub outcome: Outcome,
    /// Whether the wall clock could be believed at that moment.
    pub clock_set: bool,
}

/// The two ways a decision can go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The lane opens.
    Granted(Basis),
    /// The lane stays shut.
    Denied(DenyReason),
}

/// What a grant rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Basis {
    /// The studio's answer to this very presentation.
    Live,
    /// A stored record.
    Cached {
        /// How old the oldest value it rests on is; zero where the clock cannot be believed.
        age: Duration,
    },
    /// The `offline` setting, because the studio could not be asked in time.
    OfflineAllowance,
    /// A staff credential, which opens when all else fails.
    Staff,
    /// The lane is open for everybody.
    FreePassage,
    /// Nobody has the credential, but whoever is inside gets out.
    WayOut,
}

impl fmt::Display for Basis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Live => f.write_str("live"),
            Self::Cached { age } => write!(f, "cached {}s", age.as_secs()),
            Self::OfflineAllowance => f.write_str("offline-allowance"),
            Self::Staff => f.write_str("staff"),
            Self::FreePassage => f.write_str("free-passage"),
            Self::WayOut => f.write_str("way-out"),
        }
    }
}

/// Why a lane stays shut.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DenyReason {
    /// The lane cannot be opened: its relay or board is away, faulty or stopped.
    OutOfService,
    /// Too many unknown codes or PINs were tried at this reader.
    LockedOut,
    /// The lane is closed.
    LaneClosed,
    /// The studio knows nobody with this credential.
    Unknown,
    /// The person has no contract yet.
    NoContract,
    /// The person's contract has ended.
    FormerMember,
    /// The studio says that the person has an access block.
    AccessRefused,
    /// A restriction holds today.
    Restricted,
    /// The membership is paused today.
    Paused,
    /// A benefit that this access point requires is missing.
    BenefitMissing,
    /// The access code has expired.
    AccessCodeExpired,
    /// The lane has no open time now.
    OutsideHours,
    /// As many people are inside as may be.
    Full,
    /// The person is inside already.
    AntiPassback,
    /// The studio could not be asked in time and the `offline` setting does not let this person in.
    StudioUnreachable,
    /// The decision came after the deadline of the read.
    TooLate,
    /// More presentations are waiting for the studio than one access point may have.
    Busy,
}

impl DenyReason {
    /// Every reason, in the order of the checks.
    pub const ALL: [Self; 17] = [
        Self::OutOfService,
        Self::LockedOut,
        Self::LaneClosed,
        Self::Unknown,
        Self::NoContract,
        Self::FormerMember,
        Self::AccessRefused,
        Self::Restricted,
        Self::Paused,
        Self::BenefitMissing,
        Self::AccessCodeExpired,
        Self::OutsideHours,
        Self::Full,
        Self::AntiPassback,
        Self::StudioUnreachable,
        Self::TooLate,
        Self::Busy,
    ];

    /// Whether a staff credential opens in spite of it. What cannot open does not, a read that is too late opens nothing, and a reader that is
    /// being guessed at does not say which guess was right.
    #[must_use]
    pub fn yields_to_staff(self) -> bool {
        !matches!(
            self,
            Self::OutOfService | Self::TooLate | Self::Busy | Self::LockedOut
        )
    }

    /// The value in logs.
    #[must_use]
    pub fn log_value(self) -> &'static str {
        match self {
            Self::LaneClosed => "lane-closed",
            Self::OutOfService => "out-of-service",
            Self::LockedOut => "locked-out",
            Self::Unknown => "unknown",
            Self::NoContract => "no-contract",
            Self::FormerMember => "former-member",
            Self::AccessRefused => "access-refused",
            Self::Restricted => "restricted",
            Self::Paused => "paused",
            Self::BenefitMissing => "benefit-missing",
            Self::AccessCodeExpired => "access-code-expired",
            Self::OutsideHours => "outside-hours",
            Self::Full => "full",
            Self::AntiPassback => "anti-passback",
            Self::StudioUnreachable => "studio-unreachable",
            Self::TooLate => "too-late",
            Self::Busy => "busy",
        }
    }
}

impl fmt::Display for DenyReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.log_value())
    }
}
