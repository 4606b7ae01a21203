//! What a board tells the gateway. What is done about it is for others to say.

use std::sync::Arc;
use std::time::Duration;

use firmware_protocol::board::message::Fault;

use super::{BoardAway, Way};

/// Something that happened at a board, or to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BoardEvent {
    /// The board's name in the settings.
    pub board: Arc<str>,
    /// When the gateway learnt of it, on the monotonic clock.
    pub at: Duration,
    /// What.
    pub kind: BoardEventKind,
}

/// What happened at a board, or to it.
///
/// Every opening that [`Board::open`](super::Board::open) has answered with `Ok` comes to one end: a passage that was
/// `granted`, `TimedOut`, a `WrongWay` or `Fault` that `ended` it, or `Unknown`. A board that sees nobody pass
/// ([`BoardKind::sees_passages`](super::BoardKind::sees_passages)) tells of none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BoardEventKind {
    /// It can be used from now on.
    Online,
    /// It cannot: its lane is out of service. Sent once, and again when the reason changes. Whoever was let in
    /// and has not been seen to pass follows as `Unknown`, at the latest when the time for it is over.
    Offline(BoardAway),
    /// Somebody has passed.
    Passed {
        /// Which way.
        way: Way,
        /// On an opening of ours. Otherwise the way is free, or the person was late.
        granted: bool,
    },
    /// Nobody has passed in the passage time.
    TimedOut(Way),
    /// Somebody has passed on a way that was not open.
    WrongWay {
        /// Which way the person went.
        way: Way,
        /// The way whose opening has ended by that, if there was one.
        ended: Option<Way>,
    },
    /// What came of the opening, nobody will learn. Somebody may have passed.
    Unknown(Way),
    /// The board says that it cannot work, or that it can again.
    Fault {
        /// What is wrong; none once it is right again.
        fault: Option<Fault>,
        /// The way whose opening has ended by that, if there was one.
        ended: Option<Way>,
    },
    /// Its housing has been opened (`true`) or closed.
    Tamper(bool),
    /// The state of a contact at it.
    Input {
        /// Which.
        input: BoardInput,
        /// Whether it is active now.
        active: bool,
        /// Whether it was found so, as when the board came back. Otherwise it has just changed. Only a change is a
        /// press of a button; a fire contact counts either way.
        initial: bool,
    },
}

/// A contact at a board.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BoardInput {
    /// The fire panel. The wired release is the turnstile's; this one tells.
    Fire,
    /// Stop: nobody is let through.
    Stop,
    /// A button that asks to be let through this way.
    Button(Way),
    /// Free for the site.
    Auxiliary,
}
