//! What every board can do for a gateway, ours or another maker's. Ports, threads and decisions are not its matter.

use core::time::Duration;

use super::Direction;
use super::frame::WireFrame;
use super::message::{AckStatus, BoardHello, BoardInput, BoardRead, Fault, Feedback};

/// A board on a serial line, seen from the gateway.
///
/// Call [`receive`](Self::receive) with what arrives and [`handle_timeout`](Self::handle_timeout) when the moment of
/// [`poll_timeout`](Self::poll_timeout) has come; after either of them, and after [`release`](Self::release) and
/// [`feedback`](Self::feedback), write what [`transmit`](Self::transmit) gives and take every
/// [`poll_event`](Self::poll_event).
///
/// A release that was taken comes to exactly one end: [`Refused`](BoardEvent::Refused), or
/// [`Opened`](BoardEvent::Opened) followed by one of [`Passed`](BoardEvent::Passed),
/// [`TimedOut`](BoardEvent::TimedOut), [`WrongWay`](BoardEvent::WrongWay), [`Fault`](BoardEvent::Fault) and
/// [`Unknown`](BoardEvent::Unknown); the last also without an opening before it.
pub trait Turnstile {
    /// How much the board tells about what happens after opening.
    fn observes(&self) -> Observes;

    /// Opens once, as soon as that direction is free, unless that is after [`Release::not_after`].
    ///
    /// # Errors
    /// The release was not taken and nothing will open.
    fn release(&mut self, release: Release, now: Duration) -> Result<(), Refusal>;

    /// Shows something to the person. Boards without an indicator of ours ignore it.
    fn feedback(&mut self, _feedback: Feedback, _now: Duration) {}

    /// Takes bytes from the line, in any portions.
    fn receive(&mut self, bytes: &[u8], now: Duration);

    /// The next frame to write, whole and alone.
    fn transmit(&mut self, now: Duration) -> Option<WireFrame>;

    /// The next thing that has happened.
    fn poll_event(&mut self) -> Option<BoardEvent>;

    /// When [`handle_timeout`](Self::handle_timeout) wants to be called.
    fn poll_timeout(&self) -> Option<Duration>;

    /// Does what is due. Calling it early or twice is harmless.
    fn handle_timeout(&mut self, now: Duration);

    /// The line is lost. Releases that were not sent are refused and are not sent when it is back. Of one that was sent
    /// and not answered nobody will learn, and it is not repeated.
    fn line_lost(&mut self);

    /// How many frames and stray bytes have been refused so far. A number that grows tells of a bad line.
    fn rejected(&self) -> u32;
}

/// A wish to let one person through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Release {
    /// The caller's name for it, given back in events.
    pub grant: u64,
    /// Which way.
    pub direction: Direction,
    /// How long the contact is closed, from 1 ms to [`super::firmware::MAX_PULSE`]. Other makers' boards have their
    /// own setting for it.
    pub pulse: Duration,
    /// How long the person has for passing, from opening. For another maker's board it must be what the board itself
    /// is set to.
    pub passage: Duration,
    /// From this moment on it must not open any more.
    pub not_after: Duration,
}

/// How much a board tells about what happens after opening.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Observes {
    /// Passages and their absence.
    Outcomes,
    /// Passages; their absence is judged here by [`Release::passage`].
    Passages,
    /// Nothing: every opening ends with [`BoardEvent::Unknown`].
    Nothing,
}

/// Everything that a board can bring about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BoardEvent {
    /// The board can be used from now on.
    Online {
        /// How it introduced itself, if it does.
        hello: Option<BoardHello>,
    },
    /// The board cannot be used; ends that are still open follow as [`BoardEvent::Unknown`].
    Offline(OfflineReason),
    /// The lane is open for this grant.
    Opened {
        /// Which.
        grant: u64,
        /// Which way.
        direction: Direction,
    },
    /// The lane has not opened for this grant and will not.
    Refused {
        /// Which.
        grant: u64,
        /// Which way it would have been.
        direction: Direction,
        /// Why.
        why: Refusal,
    },
    /// Somebody has passed.
    Passed {
        /// On which grant; none where the direction is free, or where the grant has come to its end already.
        grant: Option<u64>,
        /// Which way.
        direction: Direction,
        /// Passages in this direction as the board counts them, if it does.
        counter: Option<u32>,
    },
    /// Nobody has passed in the passage time.
    TimedOut {
        /// On which grant; none if it has come to its end already.
        grant: Option<u64>,
        /// Which way it was open.
        direction: Direction,
    },
    /// Somebody has passed in a direction that was not open.
    WrongWay {
        /// The grant of the other direction that has ended by that, if there was one.
        grant: Option<u64>,
        /// Which way the person went.
        direction: Direction,
    },
    /// The board says that it cannot work, or that it can again.
    Fault {
        /// The grant that has ended by that, if there was one.
        grant: Option<u64>,
        /// What is wrong; none once it is right again.
        fault: Option<Fault>,
    },
    /// What came of this grant, nobody will learn: the board cannot tell, went silent, or started anew. It may have
    /// opened, so it must not be released again without asking a person.
    Unknown {
        /// Which.
        grant: u64,
        /// Which way.
        direction: Direction,
    },
    /// The state of a contact at the board.
    Input {
        /// Which.
        input: BoardInput,
        /// Whether it is active now.
        active: bool,
        /// Whether it was found so, as after the board came back. Otherwise the board has seen it change, and every
        /// change is told once. Only a change is a press of a button.
        initial: bool,
    },
    /// The housing of the board has been opened or closed.
    Tamper {
        /// Whether it is open now.
        open: bool,
    },
    /// A reader at the board has read something.
    Read(BoardRead),
    /// The board says something that is not known here, and that is passed over: its firmware is newer. Told once
    /// while the board is there.
    NotUnderstood {
        /// The message type.
        kind: u8,
    },
}

/// Why a board cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OfflineReason {
    /// Nothing was heard of it for too long.
    Silent,
    /// It has started anew.
    Rebooted,
}

/// Why a release has not opened anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The board is not there.
    Offline,
    /// Too many wait, or the direction did not become free in time.
    Busy,
    /// It came too late.
    Expired,
    /// Another host has released on the same board.
    Superseded,
    /// The stop contact is active.
    Stopped,
    /// The fire contact is active.
    Fire,
    /// The board has a fault.
    Faulty,
    /// The board did not understand the command.
    NotUnderstood,
    /// The pulse, the passage time or the time to live is out of bounds.
    Invalid,
}

impl Refusal {
    /// The value in logs.
    #[must_use]
    pub const fn log_value(self) -> &'static str {
        match self {
            Self::Offline => "offline",
            Self::Busy => "busy",
            Self::Expired => "expired",
            Self::Superseded => "superseded",
            Self::Stopped => "stopped",
            Self::Fire => "fire",
            Self::Faulty => "faulty",
            Self::NotUnderstood => "not-understood",
            Self::Invalid => "invalid",
        }
    }

    /// Why a board did not open; none if it did.
    pub(super) const fn from_status(status: AckStatus) -> Option<Self> {
        Some(match status {
            AckStatus::Opened => return None,
            AckStatus::Busy => Self::Busy,
            AckStatus::Expired => Self::Expired,
            AckStatus::WrongNonce | AckStatus::OutOfService => Self::Offline,
            AckStatus::Superseded => Self::Superseded,
            AckStatus::Stopped => Self::Stopped,
            AckStatus::Fire => Self::Fire,
            AckStatus::Faulty => Self::Faulty,
            AckStatus::Invalid => Self::Invalid,
        })
    }
}

impl core::fmt::Display for Refusal {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Offline => "the turnstile board does not answer",
            Self::Busy => "the lane is still busy with others",
            Self::Expired => "the release came too late",
            Self::Superseded => "another program releases on the same board",
            Self::Stopped => "the stop contact at the board is active",
            Self::Fire => "the fire contact at the board is active",
            Self::Faulty => "the turnstile board reports a fault",
            Self::NotUnderstood => {
                "the turnstile board does not understand commands: check its protocol and line settings"
            }
            Self::Invalid => "pulse, passage time or time to live is out of bounds for the board",
        })
    }
}

impl core::error::Error for Refusal {}
