//! Visits from the lane until the studio has them, surviving a crash and a power cut. Appending never waits: visits go
//! to memory and from there to disk, everything that has come together in one transaction. It does not talk to the
//! studio and decides nothing about a visit; that is `delivery`.

mod handle;
mod ledger;
mod schema;
mod store;
#[cfg(test)]
mod tests;
mod visit;
mod writer;

use std::path::PathBuf;
use std::time::Duration;

pub use handle::JournalHandle;
pub use ledger::{Counts, Dropped};
pub use visit::{NoVisitId, Parking, State, Visit, VisitClock, VisitId, Way};
pub use writer::{Journal, open};

pub use crate::database::DatabaseError;

/// The writer without its thread, for tests that say when it writes.
#[cfg(test)]
pub(crate) mod testing {
    pub(crate) use super::writer::Writer;
}

/// How the journal is kept.
#[derive(Clone, Debug)]
pub struct JournalSettings {
    /// The database file; its folder exists.
    pub path: PathBuf,
    /// The gateway's name; part of a visit's identity.
    pub device: String,
    /// Names the run of the machine, such as the kernel's `boot_id`: the monotonic clock starts anew with it.
    pub machine_boot: String,
    /// The ways in which the studio is told of new visits.
    pub ways: Vec<Way>,
    /// Most visits kept, one for each way, delivered or not. At this bound the oldest delivered ones go; undelivered ones never do.
    pub most_visits: usize,
    /// How long delivered visits are kept.
    pub keep_delivered: Duration,
}

/// What was found when the journal was opened.
#[derive(Debug, PartialEq, Eq)]
pub struct Opened {
    /// The how-manieth start of this gateway this is.
    pub boot: u64,
    /// How many visits were found that the studio does not have yet.
    pub recovered: usize,
    /// Where a damaged file was put.
    pub set_aside: Option<PathBuf>,
}

/// Why the journal cannot be opened. Everything else that ails a disk is an alarm, not an error: the lanes go on.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// It was written by a newer version of the program.
    #[error(transparent)]
    Newer(DatabaseError),
    /// Another gateway works with it.
    #[error("another turnstile-gateway works with the journal {}: stop it first", path.display())]
    InUse {
        /// The journal.
        path: PathBuf,
    },
    /// The thread that writes it cannot be started.
    #[error("cannot start the thread that writes the journal: {0}")]
    Thread(std::io::Error),
}
