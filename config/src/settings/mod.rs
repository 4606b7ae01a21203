//! The settings in force: already checked, in field terms. How the file is written and checked is elsewhere.

mod device;
mod format;
mod lane;
mod reader;
mod studio;

use std::path::PathBuf;

pub use device::*;
pub use format::*;
pub use lane::*;
pub use reader::*;
pub use studio::*;

/// Everything that the configuration file says, defaults filled in. Its parts fit together: every device and zone
/// that a lane names exists, names are unique, no port, GPIO line or input device has two owners.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// This gateway itself.
    pub gateway: Gateway,
    /// The studio and how to ask it.
    pub studio: Studio,
    /// The bulk copy of all member records.
    pub roster: Roster,
    /// How visits are reported.
    pub delivery: Delivery,
    /// Ages and deadlines of decisions.
    pub decisions: Decisions,
    /// How much guessing is too much.
    pub lockout: Lockout,
    /// The zones, in the order of the file.
    pub zones: Vec<Zone>,
    /// The staff, in the order of the file.
    pub staff: Vec<Staff>,
    /// How GPIO lines are reached.
    pub gpio: Gpio,
    /// The readers, in the order of the file.
    pub readers: Vec<Reader>,
    /// The relays, in the order of the file.
    pub relays: Vec<Relay>,
    /// The boards, in the order of the file.
    pub boards: Vec<Board>,
    /// The inputs, in the order of the file.
    pub inputs: Vec<Input>,
    /// The indicators, in the order of the file.
    pub indicators: Vec<Indicator>,
    /// The displays, in the order of the file.
    pub displays: Vec<Display>,
    /// The lanes, in the order of the file; at least one.
    pub lanes: Vec<Lane>,
    /// What is logged, and how.
    pub log: Log,
}

impl Settings {
    /// The reader of this name; an [`AccessPoint`]'s is always there.
    #[must_use]
    pub fn reader(&self, name: &str) -> Option<&Reader> {
        self.readers.iter().find(|reader| reader.name == name)
    }

    /// The relay of this name; an [`AccessPoint`]'s is always there.
    #[must_use]
    pub fn relay(&self, name: &str) -> Option<&Relay> {
        self.relays.iter().find(|relay| relay.name == name)
    }
}

/// This gateway itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gateway {
    /// Its name in the identity of check-ins: letters, digits, `-`, `_` and `.`.
    pub device: String,
    /// Absolute path of the folder for what must survive a restart.
    pub data_dir: PathBuf,
    /// When the wall clock is believed.
    pub clock: Clock,
}

/// When the wall clock is believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clock {
    /// Once the time synchronisation of the system says so.
    Synchronised,
    /// Always: there is a battery clock.
    Trusted,
}

impl Default for Gateway {
    fn default() -> Self {
        Self {
            device: "gateway".to_owned(),
            data_dir: PathBuf::from("/var/lib/turnstile-gateway"),
            clock: Clock::Synchronised,
        }
    }
}

/// What is logged, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Log {
    /// The least important events that are logged.
    pub level: LogLevel,
    /// How a line is written.
    pub format: LogFormat,
}

impl Default for Log {
    fn default() -> Self {
        Self {
            level: LogLevel::Info,
            format: LogFormat::Text,
        }
    }
}

/// The least important events that are logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogLevel {
    /// What needs a person now.
    Error,
    /// What may need a person soon.
    Warn,
    /// What happened: decisions, starts, outages.
    Info,
    /// What led to it.
    Debug,
    /// Everything.
    Trace,
}

/// How a line of the log is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}
