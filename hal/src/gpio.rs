//! GPIO lines: watching them for edges, reading and setting their level, by one of two libraries. Lines are called what
//! the kernel calls them. What an edge means and when a line is set is for the devices on them.

mod character_device;
mod registers;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::connection::DisconnectReason;

/// Which library moves the lines. `docs/decisions/0006-gpio.md` compares them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Backend {
    /// The kernel's GPIO character device, by the crate gpiocdev. It frees a line of a process that is killed, knows
    /// who holds a line and runs on every board. A line is named `GPIO17`; by chip and number `gpiochip0:17`; or by chip
    /// and name `gpiochip0:GPIO17`, where several chips have a line of that name. A chip is a path below `/dev`, or a
    /// whole path.
    #[default]
    CharacterDevice,
    /// The registers of a Raspberry Pi, by the crate rppal. An output keeps its level when the process is killed, and
    /// nobody is kept from a line that someone else uses. A line is named `GPIO17`, by its BCM number.
    Rppal,
}

/// The voltage of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// Ground.
    Low,
    /// 3.3 V on a Raspberry Pi.
    High,
}

impl Level {
    /// The level of a line that is active at this level.
    fn when(self, active: bool) -> Self {
        if active { self } else { self.other() }
    }

    fn other(self) -> Self {
        match self {
            Self::Low => Self::High,
            Self::High => Self::Low,
        }
    }
}

/// The resistor inside the chip that holds an open line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pull {
    /// None: something outside holds the line.
    #[default]
    None,
    /// To 3.3 V.
    Up,
    /// To ground.
    Down,
}

/// A line that switches something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutputLine {
    /// What sets it.
    pub backend: Backend,
    /// Its name, as [`Backend`] says.
    pub line: Arc<str>,
    /// The level at which it is on.
    pub active: Level,
}

/// Lines to be watched together.
#[derive(Clone, Debug)]
pub(crate) struct WatchSettings {
    pub(crate) lines: Vec<Arc<str>>,
    pub(crate) pull: Pull,
    pub(crate) edges: Edges,
    /// How long a level must hold before it counts. Zero: every edge counts.
    pub(crate) debounce: Duration,
}

/// Which edges are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Edges {
    Falling,
    Both,
}

/// A change of a watched line. `Debug` is redacted: on the lines of a reader it is a bit of a card.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Edge {
    /// Which of the watched lines, counted from 0.
    pub(crate) line: usize,
    /// The level from then on.
    pub(crate) level: Level,
    /// When, by the kernel, on the clock of [`crate::clock::monotonic`].
    pub(crate) at: Duration,
    /// Edges before it were lost.
    pub(crate) missed: bool,
}

impl fmt::Debug for Edge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Edge(..)")
    }
}

/// Lines under watch. They are free again when it is dropped.
#[derive(Debug)]
pub(crate) enum Watch {
    CharacterDevice(character_device::Watch),
    Rppal(registers::Watch),
}

impl Watch {
    /// Begins to watch. Edges are kept from now on.
    pub(crate) fn start(backend: Backend, settings: &WatchSettings) -> Result<Self, DisconnectReason> {
        Ok(match backend {
            Backend::CharacterDevice => Self::CharacterDevice(character_device::Watch::start(settings)?),
            Backend::Rppal => Self::Rppal(registers::Watch::start(settings)?),
        })
    }

    /// Waits for the next edge, in the order in which they happened on all lines. Cancelling it loses none.
    pub(crate) async fn edge(&mut self) -> Result<Edge, DisconnectReason> {
        match self {
            Self::CharacterDevice(watch) => watch.edge().await,
            Self::Rppal(watch) => watch.edge().await,
        }
    }

    /// The level of a watched line, counted from 0, now.
    pub(crate) fn level(&self, line: usize) -> Result<Level, DisconnectReason> {
        match self {
            Self::CharacterDevice(watch) => watch.level(line),
            Self::Rppal(watch) => Ok(watch.level(line)),
        }
    }

    /// How long after it happened an edge may still be handed out.
    pub(crate) fn delay(&self) -> Duration {
        match self {
            Self::CharacterDevice(_) => Duration::ZERO,
            Self::Rppal(_) => registers::SETTLE,
        }
    }
}

/// A line that is set. It is an input again when it is dropped, as far as the backend can do that.
#[derive(Debug)]
pub(crate) enum Output {
    CharacterDevice(character_device::Output),
    Rppal(registers::Output),
}

impl Output {
    /// Takes the line; it is off from the first moment on.
    pub(crate) fn start(line: &OutputLine) -> Result<Self, DisconnectReason> {
        Ok(match line.backend {
            Backend::CharacterDevice => Self::CharacterDevice(character_device::Output::start(line)?),
            Backend::Rppal => Self::Rppal(registers::Output::start(line)?),
        })
    }

    pub(crate) fn set(&mut self, on: bool) -> Result<(), DisconnectReason> {
        match self {
            Self::CharacterDevice(output) => output.set(on),
            Self::Rppal(output) => {
                output.set(on);
                Ok(())
            }
        }
    }
}
