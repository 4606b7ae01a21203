//! The devices of the lanes as the controller uses them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use firmware_protocol::Rendering;
use hal::board::{Board, BoardError, Way};
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

/// Why a side was not opened, or not for certain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct NotOpened {
    /// In words for the log.
    pub(super) why: String,
    /// It may have opened all the same.
    pub(super) perhaps: bool,
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
    /// The board that it is connected to, if it is connected to one.
    pub board: Option<Arc<str>>,
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
    /// What keeps it from opening now.
    pub(super) troubles: BTreeSet<Trouble>,
    /// Why it is not heard; none while it is.
    pub(super) away: Option<String>,
}

/// What keeps a board from opening.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Trouble {
    /// It is away.
    Away,
    /// It cannot work.
    Fault,
    /// Somebody has stopped it.
    Stop,
}

impl BoardSides {
    /// Of a board that opens nothing yet.
    #[must_use]
    pub fn new(lane: &str, silence_means_away: bool) -> Self {
        Self {
            lane: lane.to_owned(),
            entry: None,
            exit: None,
            silence_means_away,
            troubles: BTreeSet::new(),
            away: Some("not heard yet".to_owned()),
        }
    }

    /// The side at which one starts to pass this way.
    pub(super) fn side(&self, way: Way) -> Option<AccessPointId> {
        match way {
            Way::In => self.entry,
            Way::Out => self.exit,
        }
    }

    /// What is wrong with it, in words for the operator.
    pub(super) fn wrong(&self) -> Option<String> {
        let told = |trouble: &Trouble| match trouble {
            Trouble::Away => None,
            Trouble::Fault => Some("it reports a fault".to_owned()),
            Trouble::Stop => Some("its stop contact is active".to_owned()),
        };
        self.away.clone().or_else(|| self.troubles.iter().find_map(told))
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
    /// Why it did not open, or not for certain.
    pub(super) async fn open(self, pulse: Duration, not_after: Duration) -> Result<Duration, NotOpened> {
        match self {
            Self::Relay(relay) => relay.pulse(pulse, not_after).await.map_err(|error| NotOpened {
                why: error.to_string(),
                perhaps: false,
            }),
            Self::Board { board, way } => {
                board
                    .open(way, pulse, not_after)
                    .await
                    .map_err(|error| NotOpened {
                        why: error.to_string(),
                        perhaps: matches!(error, BoardError::Unknown { .. }),
                    })
            }
        }
    }
}
