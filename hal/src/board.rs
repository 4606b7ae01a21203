//! Turnstile boards on a serial port: opening a lane and hearing what came of it. One task owns the port and drives
//! the board's protocol, ours or another maker's; the protocols themselves are in `firmware_protocol::board`. Who may
//! pass, and what a visit is, is not known here.

mod events;
mod protocols;
mod readers;
mod service;
mod task;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

pub use firmware_protocol::board::message::{Fault, Indicator};
pub use firmware_protocol::board::{Direction, Refusal};
use firmware_protocol::{Profile, board::PerDirection};
use thiserror::Error;
use tokio::sync::{mpsc, oneshot};

use crate::clock::monotonic;
use crate::connection::DisconnectReason;
use crate::reader::{Patience, ReaderEvent};
use crate::serial::{Port, PortSettings};

pub use self::events::{BoardEvent, BoardEventKind, BoardInput};
use self::readers::Readers;
pub(crate) use self::task::{Line, Task};

/// Releases and feedback that may wait for the board's task. It takes one in microseconds.
const WAITING_ORDERS: usize = 16;

/// A way through a lane, as the site sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Way {
    /// Into the studio.
    In,
    /// Out of it.
    Out,
}

impl Way {
    /// The other one.
    #[must_use]
    pub const fn opposite(self) -> Self {
        match self {
            Self::In => Self::Out,
            Self::Out => Self::In,
        }
    }
}

/// What kind of board it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BoardKind {
    /// A board that speaks our link protocol.
    Link,
    /// Digicon Tx1500 and CATRAX Master.
    Digicon,
    /// Mach Power AC-ATRI-018 with the address set at it.
    MachPower {
        /// The address.
        address: u8,
    },
    /// One-Tech 2B-ATT203.
    OneTech,
    /// Swing gate with frames that begin with 7E, with the machine number set at it.
    Swing {
        /// The machine number.
        machine: u8,
    },
}

impl BoardKind {
    /// Whether it can show something to the person: see [`Board::feedback`].
    #[must_use]
    pub const fn has_feedback(self) -> bool {
        matches!(self, Self::Link)
    }

    /// Whether it tells of passages at all. One that does not needs a passage sensor at an input of the gateway.
    #[must_use]
    pub const fn sees_passages(self) -> bool {
        !matches!(self, Self::MachPower { .. })
    }
}

/// How a board is installed at its lane.
#[derive(Clone, Debug)]
pub struct BoardSettings {
    /// Its name in the settings, for its events.
    pub name: Arc<str>,
    /// Which of the board's directions leads in. Documents contradict each other about it: it is settled by trying.
    pub entry: Direction,
    /// How long a person has for passing in, from opening. At most 65 s; another maker's board must
    /// be set to the same.
    pub passage_in: Duration,
    /// The same for passing out.
    pub passage_out: Duration,
    /// Ways that one may pass without a release, as an uncontrolled exit. Our own board has its own setting for it.
    pub free: Vec<Way>,
    /// Readers that are connected to the board.
    pub readers: Vec<BoardReader>,
}

impl BoardSettings {
    fn direction(&self, way: Way) -> Direction {
        match way {
            Way::In => self.entry,
            Way::Out => self.entry.opposite(),
        }
    }

    fn way(&self, direction: Direction) -> Way {
        if direction == self.entry {
            Way::In
        } else {
            Way::Out
        }
    }

    const fn passage(&self, way: Way) -> Duration {
        match way {
            Way::In => self.passage_in,
            Way::Out => self.passage_out,
        }
    }

    fn free(&self) -> PerDirection<bool> {
        let is_free = |direction| self.free.contains(&self.way(direction));
        PerDirection {
            a: is_free(Direction::A),
            b: is_free(Direction::B),
        }
    }
}

/// A reader that is connected to a board. It speaks as any other reader does.
#[derive(Clone, Debug)]
pub struct BoardReader {
    /// The board's number for it.
    pub number: u8,
    /// Its name in the settings, for its events.
    pub name: Arc<str>,
    /// How its frames are to be read.
    pub profile: Profile,
    /// How long the person before it is waited for. Its silence is the board's matter.
    pub patience: Patience,
}

/// What a person at one side of the lane is to see and hear.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BoardFeedback {
    /// The side from which one passes this way.
    pub way: Way,
    /// What the indicator shows.
    pub indicator: Indicator,
    /// For how long; then it is idle again. At most 65 s.
    pub shown: Duration,
    /// How long the buzzer sounds; zero for not at all. At most 65 s.
    pub buzzer: Duration,
}

/// A board that can be asked to open. Clones are the same board.
#[derive(Clone, Debug)]
pub struct Board {
    name: Arc<str>,
    kind: BoardKind,
    orders: mpsc::Sender<Order>,
}

/// Why a board has not opened, or not for certain.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum BoardError {
    /// It is away. Nothing has opened.
    #[error("turnstile board {board} is out of service: {reason}")]
    Away {
        /// Its name.
        board: Arc<str>,
        /// Why it is away.
        reason: BoardAway,
    },
    /// It was asked, or would have been, and nothing has opened.
    #[error("turnstile board {board} has not opened: {why}")]
    Refused {
        /// Its name.
        board: Arc<str>,
        /// Why.
        why: Refusal,
    },
    /// It was lost in the middle. It may have opened: do not ask again without looking.
    #[error("turnstile board {board} may have opened or not, it was lost in the middle: {reason}")]
    Unknown {
        /// Its name.
        board: Arc<str>,
        /// Why nobody knows.
        reason: BoardAway,
    },
    /// Its task has ended: the gateway is stopping.
    #[error("turnstile board {board} has stopped")]
    Stopped {
        /// Its name.
        board: Arc<str>,
    },
}

/// Why a board cannot be used, in words for the person who stands before it.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum BoardAway {
    /// Its port cannot be used.
    #[error("{0}")]
    Port(DisconnectReason),
    /// The port is there, the board says nothing.
    #[error("the board does not answer: check its power and the cable ({device})")]
    Silent {
        /// The port.
        device: Arc<str>,
    },
    /// It says something, but nothing that is right.
    #[error(
        "the board cannot be understood: check kind, speed and wiring, and the version of its firmware ({device})"
    )]
    Garbled {
        /// The port.
        device: Arc<str>,
    },
    /// It has started anew and is greeted again.
    #[error("the board has restarted ({device})")]
    Restarted {
        /// The port.
        device: Arc<str>,
    },
}

#[derive(Debug)]
pub(crate) enum Order {
    Open {
        way: Way,
        pulse: Duration,
        not_after: Duration,
        answer: oneshot::Sender<Result<Duration, NotOpened>>,
    },
    Feedback(BoardFeedback),
}

#[derive(Clone, Debug)]
pub(crate) enum NotOpened {
    Away(BoardAway),
    Refused(Refusal),
    Unknown(BoardAway),
}

impl Board {
    /// Its name in the settings.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What kind of board it is.
    #[must_use]
    pub const fn kind(&self) -> BoardKind {
        self.kind
    }

    /// Lets one person through: closes the contact of this way for `pulse`, which the board times itself, as soon as
    /// nobody is awaited on this way any more. Another maker's board has its own setting for the pulse.
    ///
    /// Resolves when the board has said that it has opened, or, if it never says so, when the command is written;
    /// with that moment on the monotonic clock. What comes of it follows as [`BoardEvent`]. A caller that goes away
    /// takes nothing back.
    ///
    /// # Errors
    /// At once when the board is away; latest some seconds after `not_after` on the monotonic clock, from which on
    /// nothing opens any more. [`BoardError::Unknown`] alone leaves open whether it has opened.
    pub async fn open(&self, way: Way, pulse: Duration, not_after: Duration) -> Result<Duration, BoardError> {
        let (answer, answered) = oneshot::channel();
        let order = Order::Open {
            way,
            pulse,
            not_after,
            answer,
        };
        let board = self.name.clone();
        // A task that has ended takes no order and gives no answer.
        if self.orders.send(order).await.is_err() {
            return Err(BoardError::Stopped { board });
        }
        match answered.await {
            Ok(Ok(at)) => Ok(at),
            Ok(Err(NotOpened::Away(reason))) => Err(BoardError::Away { board, reason }),
            Ok(Err(NotOpened::Refused(why))) => Err(BoardError::Refused { board, why }),
            Ok(Err(NotOpened::Unknown(reason))) => Err(BoardError::Unknown { board, reason }),
            Err(_task_ended) => Err(BoardError::Stopped { board }),
        }
    }

    /// Shows something to the person, if the board can ([`BoardKind::has_feedback`]) and is there. It waits for
    /// nothing: what finds no room is dropped, for nobody looks at it later.
    pub fn feedback(&self, feedback: BoardFeedback) {
        let _ = self.orders.try_send(Order::Feedback(feedback));
    }
}

/// The board at `port`: its handle, and its task, which keeps it in service until `stop`. What happens at it is sent
/// as `events`, what its readers say as `reads`.
///
/// Its events are never dropped. While `events` is full the board is not listened to: what it reports it keeps and
/// repeats. When the task ends, our own board goes to its safe state by itself; a contact of another maker's board
/// is opened by the board's own clock.
pub fn board(
    kind: BoardKind,
    port: PortSettings,
    settings: BoardSettings,
    events: mpsc::Sender<BoardEvent>,
    reads: mpsc::Sender<ReaderEvent>,
    stop: impl Future<Output = ()> + Send,
) -> (Board, impl Future<Output = ()> + Send) {
    let (board, task) = board_on(port.device(), kind, settings, events, reads);
    let connect = move || {
        let port = port.clone();
        async move { Port::open(&port).await }
    };
    (board, task.run(connect, stop))
}

/// The same on any line.
pub(crate) fn board_on(
    device: Arc<str>,
    kind: BoardKind,
    settings: BoardSettings,
    events: mpsc::Sender<BoardEvent>,
    reads: mpsc::Sender<ReaderEvent>,
) -> (Board, Task) {
    let (orders, taken) = mpsc::channel(WAITING_ORDERS);
    let board = Board {
        name: settings.name.clone(),
        kind,
        orders,
    };
    let turnstile = protocols::turnstile(kind, &settings, monotonic());
    let readers = Readers::new(&settings, reads);
    (
        board,
        Task::new(settings, device, turnstile, taken, events, readers),
    )
}
