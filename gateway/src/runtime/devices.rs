//! The devices of the lanes as the controller uses them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use firmware_protocol::Rendering;
use hal::board::{Board, Way};
use hal::relay::Relay;

use super::presentation::Content;
use super::signals::Signals;
use crate::domain::AccessPointId;

/// Everything at the lanes, by the names of the settings.
#[derive(Debug)]
pub struct Devices {
    /// What stands at each side, by position of the access point.
    pub sides: Vec<Side>,
    /// Readers.
    pub readers: BTreeMap<Arc<str>, Reader>,
    /// Boards.
    pub boards: BTreeMap<Arc<str>, BoardSides>,
    /// Inputs.
    pub inputs: BTreeMap<Arc<str>, InputTask>,
}

/// What an input is there for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InputTask {
    /// It sees people pass at these sides of one lane.
    Passage(Vec<AccessPointId>),
    /// It opens this side.
    Button(AccessPointId),
    /// It tells of a fire; its lane is held open.
    Fire {
        /// The lane's name.
        lane: String,
    },
    /// It tells that somebody meddles with the lane.
    Tamper {
        /// The lane's name.
        lane: String,
    },
}

/// What stands at one side of a lane.
#[derive(Clone, Debug)]
pub struct Side {
    /// What lets people pass.
    pub opener: Opener,
    /// What the person sees and hears.
    pub signals: Signals,
}

/// What lets people pass.
#[derive(Clone, Debug)]
pub enum Opener {
    /// A relay.
    Relay(Relay),
    /// A turnstile board.
    Board {
        /// Which.
        board: Board,
        /// Which way it opens here.
        way: Way,
    },
}

/// What the controller knows of a reader.
#[derive(Clone, Debug)]
pub struct Reader {
    /// Where it stands.
    pub access_point: AccessPointId,
    /// What its text means.
    pub content: Content,
    /// How the studio writes the numbers of its cards.
    pub number: Rendering,
}

/// The lane of a board.
#[derive(Clone, Debug)]
pub struct BoardSides {
    /// The lane's name.
    pub lane: String,
    /// Where people come in.
    pub entry: Option<AccessPointId>,
    /// Where people go out.
    pub exit: Option<AccessPointId>,
    /// Whether a board that is silent is away: it speaks by itself, or answers when it is asked again and again. Any
    /// other is only known to be back once it has been asked to open, so its silence takes no side out of service.
    pub silence_means_away: bool,
}

impl BoardSides {
    /// The side at which one starts to pass this way.
    pub(super) fn side(&self, way: Way) -> Option<AccessPointId> {
        match way {
            Way::In => self.entry,
            Way::Out => self.exit,
        }
    }

    pub(super) fn all(&self) -> impl Iterator<Item = AccessPointId> + use<> {
        self.entry.into_iter().chain(self.exit)
    }
}

impl Opener {
    /// Opens for one person, unless it is later than `not_after`; both moments are of the monotonic clock. Resolves
    /// as soon as it is open.
    ///
    /// # Errors
    /// Why it did not open, in words for the log.
    pub(super) async fn open(self, pulse: Duration, not_after: Duration) -> Result<Duration, String> {
        match self {
            Self::Relay(relay) => relay
                .pulse(pulse, not_after)
                .await
                .map_err(|error| error.to_string()),
            Self::Board { board, way } => board
                .open(way, pulse, not_after)
                .await
                .map_err(|error| error.to_string()),
        }
    }
}
