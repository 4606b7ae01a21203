//! What an operator may ask of the controller, the only owner of lane state. How the operator's words get here is the
//! business of `control`.

use jiff::Timestamp;
use tokio::sync::oneshot;

use crate::domain::{Credential, CustomerId, Explained, LaneMode, Now, Question};

/// Commands that may wait for the controller. When they are full, whoever asks waits.
pub const COMMANDS: usize = 16;

/// One command, with the way back for its answer.
#[derive(Debug)]
pub enum Command {
    /// How readers and lanes are.
    Look {
        /// Takes them.
        answer: oneshot::Sender<Seen>,
    },
    /// What would become of a credential; nothing follows from asking.
    Explain {
        /// What is asked.
        question: Box<Question>,
        /// For which moment.
        now: Now,
        /// Takes it; none when there is no such access point.
        answer: oneshot::Sender<Option<Explained>>,
    },
    /// A lane's mode is changed, until it is changed again or the gateway starts anew.
    SetMode {
        /// The lane's name.
        lane: String,
        /// Its mode from now on.
        mode: LaneMode,
        /// Takes whether there is such a lane.
        answer: oneshot::Sender<bool>,
    },
    /// The studio has said how many people are in it.
    Utilization {
        /// How many.
        count: u32,
        /// How many may be; `None` when the studio sets no limit.
        capacity: Option<u32>,
    },
    /// Anti-passback is forgiven: for one customer or for everybody.
    Forgive {
        /// Whom; `None` for everybody.
        customer: Option<CustomerId>,
        /// Takes that it is done.
        answer: oneshot::Sender<()>,
    },
    /// The next credential at a reader is handed over and not decided on.
    NextRead {
        /// The reader's name.
        reader: String,
        /// Takes the credential. Dropped at once when there is no such reader; once the other side is gone, reads are
        /// decided on again.
        answer: oneshot::Sender<Credential>,
    },
}

/// Readers, boards and lanes as the controller sees them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// By name.
    pub readers: Vec<ReaderSeen>,
    /// By name.
    pub boards: Vec<BoardSeen>,
    /// In the order of the settings.
    pub lanes: Vec<LaneSeen>,
}

/// A reader as the controller sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReaderSeen {
    /// Its name.
    pub name: String,
    /// Why it is not connected; none while it is.
    pub trouble: Option<String>,
    /// Credentials read.
    pub reads: u64,
    /// Reads that could not be used.
    pub rejected: u64,
    /// When it last read a credential.
    pub last_read: Option<Timestamp>,
}

/// A turnstile board as the controller sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BoardSeen {
    /// Its name.
    pub name: String,
    /// Why it opens nothing; none while it works.
    pub trouble: Option<String>,
}

/// A lane as the controller sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LaneSeen {
    /// Its name.
    pub name: String,
    /// How it works.
    pub mode: LaneMode,
    /// How many people are in the zone it leads to; none where none are counted.
    pub inside: Option<u32>,
    /// Whether its fire contact is active.
    pub fire: bool,
}
