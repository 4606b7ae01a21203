//! What is said on the control socket: one request of the command line as a line of JSON, and one line for each
//! answer. Both sides are the same program, so the words may change with it. Credentials are in here because an
//! operator typed them or asked for them; they are redacted in `Debug`.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::{CardNumber, CardNumberError, Credential, LaneMode};

/// What may be asked for.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "request", rename_all = "kebab-case")]
pub enum Request {
    /// How the gateway is. Answered by [`Response::Status`].
    Status,
    /// What would become of this credential. Answered by [`Response::Explanation`].
    Explain {
        /// What would be presented.
        credential: Presented,
        /// Where, as lane and direction (`main/in`); the first entry when absent.
        access_point: Option<String>,
        /// When; now when absent.
        at: Option<Timestamp>,
    },
    /// Changes how a lane works, until it is changed again or the gateway starts anew.
    SetMode {
        /// The lane's name.
        lane: String,
        /// How it works from now on.
        mode: Mode,
    },
    /// Takes one customer, or everybody, to be outside.
    Forgive {
        /// The studio's number of the customer; everybody when absent.
        customer: Option<i64>,
    },
    /// Fetches all member records anew.
    Resync,
    /// Asks the studio for one member record now.
    Refresh {
        /// The studio's number of the customer.
        customer: i64,
    },
    /// What the journal holds. Answered by [`Response::CheckIns`], several where there are many.
    CheckIns(CheckInRequest),
    /// The next credential at a reader, which is then not decided on. Answered by [`Response::Read`].
    NextRead {
        /// The reader's name.
        reader: String,
        /// How long to wait for it, at most [`LONGEST_WAIT_FOR_READ`](super::LONGEST_WAIT_FOR_READ).
        seconds: u64,
    },
    /// What happens at the lanes from now on. Answered by [`Response::Happened`] until one side leaves.
    Watch,
}

/// What a person may ask of the journal.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "kebab-case")]
pub enum CheckInRequest {
    /// All check-ins that the studio does not have.
    List {
        /// Those that it has as well, as far as they are kept.
        delivered: bool,
    },
    /// One of them.
    Show {
        /// Its name, such as `12-345`.
        id: String,
    },
    /// Parked ones are to be tried again.
    Retry {
        /// Its name.
        id: String,
    },
    /// It is taken out for good.
    Drop {
        /// Its name.
        id: String,
        /// Why; kept beside it.
        reason: String,
    },
}

/// What is answered.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "response", content = "with", rename_all = "kebab-case")]
pub enum Response {
    /// It is done, or there is nothing more to say.
    Done,
    /// It was not done, and why.
    Failed(String),
    /// How the gateway is.
    Status(Box<Status>),
    /// What would become of a credential.
    Explanation(Explanation),
    /// Check-ins; more may follow until [`Response::Done`].
    CheckIns(Vec<CheckIn>),
    /// What was read.
    Read(Presented),
    /// Something happened at a lane.
    Happened(Happening),
    /// So many happenings were left out, because they were read too slowly.
    Missed(u64),
}

/// A credential in full.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "content", rename_all = "kebab-case")]
pub enum Presented {
    /// A card by its number in decimal digits.
    Card(String),
    /// The text of a QR code or barcode.
    Code(String),
    /// The `uuid` in a QR code.
    CodeUuid(String),
    /// A PIN.
    Pin(String),
    /// A pass in a phone's wallet.
    WalletPass(String),
}

impl fmt::Debug for Presented {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Presented(***)")
    }
}

impl From<&Credential> for Presented {
    fn from(credential: &Credential) -> Self {
        match credential {
            Credential::Card(number) => Self::Card(number.decimal()),
            Credential::Code(text) => Self::Code(text.clone()),
            Credential::CodeUuid(text) => Self::CodeUuid(text.clone()),
            Credential::Pin(text) => Self::Pin(text.clone()),
            Credential::WalletPass(text) => Self::WalletPass(text.clone()),
        }
    }
}

impl TryFrom<Presented> for Credential {
    type Error = CardNumberError;

    fn try_from(presented: Presented) -> Result<Self, CardNumberError> {
        Ok(match presented {
            Presented::Card(number) => Self::Card(CardNumber::from_decimal(&number)?),
            Presented::Code(text) => Self::Code(text),
            Presented::CodeUuid(text) => Self::CodeUuid(text),
            Presented::Pin(text) => Self::Pin(text),
            Presented::WalletPass(text) => Self::WalletPass(text),
        })
    }
}

/// How a lane works.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// By the rules.
    Normal,
    /// Free passage.
    Open,
    /// Nobody gets in.
    Closed,
}

impl From<LaneMode> for Mode {
    fn from(mode: LaneMode) -> Self {
        match mode {
            LaneMode::Normal => Self::Normal,
            LaneMode::Open => Self::Open,
            LaneMode::Closed => Self::Closed,
        }
    }
}

impl From<Mode> for LaneMode {
    fn from(mode: Mode) -> Self {
        match mode {
            Mode::Normal => Self::Normal,
            Mode::Open => Self::Open,
            Mode::Closed => Self::Closed,
        }
    }
}

/// How the gateway is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// The program's version.
    pub version: String,
    /// The gateway's name.
    pub device: String,
    /// When it started.
    pub started: Timestamp,
    /// When this was said; ages are relative to it.
    pub now: Timestamp,
    /// Whether the wall clock can be believed.
    pub clock_set: bool,
    /// The studio as the gateway sees it.
    pub studio: Studio,
    /// By name.
    pub readers: Vec<Reader>,
    /// By name.
    pub relays: Vec<Relay>,
    /// Turnstile boards, by name.
    pub boards: Vec<Board>,
    /// In the order of the configuration file.
    pub lanes: Vec<Lane>,
    /// The member records.
    pub members: Members,
    /// The check-ins.
    pub check_ins: CheckInCounts,
}

/// The studio as the gateway sees it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Studio {
    /// When it last answered.
    pub answered: Option<Timestamp>,
    /// Since when it has not answered; absent while it does.
    pub silent_since: Option<Timestamp>,
    /// Questions that it has not answered since then.
    pub failed: u64,
}

/// A reader.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reader {
    /// Its name.
    pub name: String,
    /// Whether it is connected.
    pub connected: bool,
    /// Why it is not.
    pub trouble: Option<String>,
    /// Credentials read since the gateway started.
    pub reads: u64,
    /// Reads that could not be used since then.
    pub rejected: u64,
    /// When it last read a credential.
    pub last_read: Option<Timestamp>,
}

/// A relay.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Relay {
    /// Its name.
    pub name: String,
    /// Whether it is connected.
    pub connected: bool,
    /// Why it is not.
    pub trouble: Option<String>,
}

/// A turnstile board.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Board {
    /// Its name.
    pub name: String,
    /// Whether it opens when it is asked to.
    pub working: bool,
    /// Why it does not.
    pub trouble: Option<String>,
}

/// A lane.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lane {
    /// Its name.
    pub name: String,
    /// How it works.
    pub mode: Mode,
    /// How many people are in the zone it leads to; absent where none are counted.
    pub inside: Option<u32>,
    /// Whether its fire contact is active.
    pub fire: bool,
}

/// The member records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Members {
    /// How many are in memory.
    pub in_memory: u64,
    /// How many are on disk; absent when the disk cannot be read.
    pub on_disk: Option<u64>,
    /// When all of them were last fetched; absent when that never happened.
    pub roster: Option<Timestamp>,
}

/// The check-ins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckInCounts {
    /// Not yet at the studio.
    pub waiting: usize,
    /// Sent, with the answer outstanding.
    pub sent: usize,
    /// Waiting for a person.
    pub parked: usize,
    /// At the studio, and still kept.
    pub delivered: usize,
    /// Newer in memory than on disk.
    pub unwritten: usize,
    /// When the oldest happened that waits or was sent.
    pub oldest: Option<Timestamp>,
}

/// A check-in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckIn {
    /// Its name, such as `12-345`.
    pub id: String,
    /// When the person came.
    pub at: Timestamp,
    /// What that time is worth: `set`, `unset`, `corrected` or `never-set`.
    pub clock: String,
    /// The studio's number of the customer, where it is known.
    pub customer: Option<i64>,
    /// Where it is not: what was presented, masked.
    pub credential: Option<String>,
    /// Where, as lane and direction.
    pub access_point: String,
    /// `waiting`, `sent`, `parked` or `delivered`.
    pub state: String,
    /// How often it was sent without a clear answer.
    pub attempts: u32,
    /// Since when it is parked or delivered.
    pub since: Option<Timestamp>,
    /// Why it is parked.
    pub message: Option<String>,
    /// What to quote to the vendor's support.
    pub trace_id: Option<String>,
}

/// What would become of a credential.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Explanation {
    /// Where it would be presented, as lane and direction.
    pub access_point: String,
    /// When.
    pub at: Timestamp,
    /// Whose it is: the studio's number of the customer.
    pub customer: Option<i64>,
    /// The checks, in order.
    pub checks: Vec<CheckSeen>,
    /// `granted` or `denied`.
    pub outcome: String,
    /// What a grant rests on, or why it is denied: as in the log.
    pub because: String,
    /// What else there is to know, such as that the studio would be asked first.
    pub notes: Vec<String>,
}

/// One check with what it saw.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckSeen {
    /// Its name.
    pub check: String,
    /// `passed`, `refused`, `noted`, `not-known` or `opens`.
    pub finding: String,
    /// The value.
    pub saw: String,
    /// When the studio gave it; absent for settings and what the gateway counts itself.
    pub as_of: Option<Timestamp>,
    /// Where it is from: `memory`, `disk`, `studio` or `gateway`.
    pub source: String,
}

/// Something that happened at a lane.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Happening {
    /// When it was told.
    pub at: Timestamp,
    /// Where, as lane and direction.
    pub access_point: String,
    /// `opened`, `failed`, `denied`, `passage` or `check-in`.
    pub what: String,
    /// The basis, the reason, the failure or the kind of passage.
    pub detail: String,
    /// What was presented, masked.
    pub credential: Option<String>,
    /// The studio's number of the customer.
    pub customer: Option<i64>,
    /// From the last byte of the read to the relay command.
    pub milliseconds: Option<f64>,
}
