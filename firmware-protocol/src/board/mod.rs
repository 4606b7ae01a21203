//! The turnstile board on a serial line: our own link protocol with both of its ends, and drivers of other makers'
//! boards behind the same [`Turnstile`]. `docs/board-protocol.md` describes our link for authors of firmware.
//!
//! Everything here is a state machine on bytes and times. It opens no port and knows no clock: the caller hands in
//! the monotonic time, the same clock in every call.

pub mod firmware;
pub mod frame;
pub mod host;
pub mod message;
pub mod third_party;

mod passages;
mod turnstile;
mod waiting;

pub use turnstile::{BoardEvent, Observes, OfflineReason, Refusal, Release, Turnstile};

/// The two ways through a lane. Which of them leads in is a matter of the site and is settled by trying.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Direction {
    /// The first way.
    A,
    /// The other way.
    B,
}

impl Direction {
    /// Both.
    pub const BOTH: [Self; 2] = [Self::A, Self::B];

    /// The other one.
    #[must_use]
    pub const fn opposite(self) -> Self {
        match self {
            Self::A => Self::B,
            Self::B => Self::A,
        }
    }
}

/// One value for each direction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PerDirection<T> {
    /// For [`Direction::A`].
    pub a: T,
    /// For [`Direction::B`].
    pub b: T,
}

impl<T> PerDirection<T> {
    /// The value for one direction.
    pub const fn get(&self, direction: Direction) -> &T {
        match direction {
            Direction::A => &self.a,
            Direction::B => &self.b,
        }
    }

    /// The value for one direction, to change it.
    pub const fn get_mut(&mut self, direction: Direction) -> &mut T {
        match direction {
            Direction::A => &mut self.a,
            Direction::B => &mut self.b,
        }
    }
}
