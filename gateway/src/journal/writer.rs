//! The one who writes the journal: brings the ledger's changes to disk, everything that has come together in one
//! transaction, and goes on trying when the disk does not take them.

use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use jiff::SignedDuration;
use tracing::{debug, error, info};

use super::handle::{Progress, Shared};
use super::ledger::{Batch, Ledger};
use super::store::{Found, Store};
use super::{DatabaseError, JournalError, JournalHandle, JournalSettings, Opened};
use crate::clock;
use crate::database;
use crate::domain::Monotonic;

/// How long a change that nobody waits for may stay in memory, to be written with others. A crash before costs a
/// question to the studio, never a visit.
const LAZY: Duration = Duration::from_secs(2);

/// Pause before the disk is tried again.
const RETRY: Duration = Duration::from_secs(1);

/// The running journal. Dropping it leaves unwritten what is unwritten, as a power cut would; see [`Journal::close`].
#[derive(Debug)]
pub struct Journal {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<Writer>>,
}

/// Opens the journal, counts this start and begins to write. When the disk is in trouble it goes on in memory.
///
/// # Errors
/// When the file is of a newer version, or another gateway works with it.
pub fn open(settings: JournalSettings) -> Result<(Journal, Opened), JournalError> {
    let (writer, opened) = Writer::open(settings)?;
    let shared = Arc::clone(&writer.shared);
    let thread = std::thread::Builder::new()
        .name("journal".to_owned())
        .spawn(move || writer.run())
        .map_err(JournalError::Thread)?;
    let journal = Journal {
        shared,
        thread: Some(thread),
    };
    Ok((journal, opened))
}

impl Journal {
    /// For the tasks that work with it.
    #[must_use]
    pub fn handle(&self) -> JournalHandle {
        JournalHandle {
            shared: Arc::clone(&self.shared),
        }
    }

    /// Writes what is left and ends. Blocks for as long as the disk takes.
    pub fn close(mut self) {
        if let Some(mut writer) = self.stop() {
            writer.step();
        }
    }

    fn stop(&mut self) -> Option<Writer> {
        self.shared
            .progress
            .send_modify(|progress| progress.closed = true);
        // Not while the writer stands between its look at `closed` and its sleep.
        drop(self.shared.ledger());
        self.shared.work.notify_one();
        self.thread.take()?.join().ok()
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Since when the disk does not take what is written.
#[derive(Debug)]
struct Trouble {
    since: Monotonic,
}

#[derive(Debug)]
pub(crate) struct Writer {
    settings: JournalSettings,
    pub(super) shared: Arc<Shared>,
    pub(crate) store: Option<Store>,
    trouble: Option<Trouble>,
    /// Held as long as the journal is open.
    _lock: Option<File>,
}

impl Writer {
    pub(crate) fn open(settings: JournalSettings) -> Result<(Self, Opened), JournalError> {
        let lock = lock(&settings.path)?;
        // Provisional; the disk says better when it can be read.
        let shared = Arc::new(Shared::new(Ledger::new(1), settings.most_visits));
        let mut writer = Self {
            settings,
            shared,
            store: None,
            trouble: None,
            _lock: lock,
        };
        let set_aside = match writer.connect() {
            Ok(set_aside) => set_aside,
            Err(error @ DatabaseError::Newer { .. }) => return Err(JournalError::Newer(error)),
            Err(error) => {
                writer.failed(&error);
                None
            }
        };
        let ledger = writer.shared.ledger();
        let opened = Opened {
            boot: u64::from(ledger.boot()),
            recovered: ledger.undelivered_len(),
            set_aside,
        };
        drop(ledger);
        Ok((writer, opened))
    }

    #[cfg(test)]
    pub(crate) fn handle(&self) -> JournalHandle {
        JournalHandle {
            shared: Arc::clone(&self.shared),
        }
    }

    /// Writes until the journal is closed.
    fn run(mut self) -> Self {
        loop {
            {
                let mut ledger = self.shared.ledger();
                let written = self.shared.progress.borrow().written;
                let waiting = |ledger: &mut Ledger| {
                    let urgent = ledger.urgent() > written && self.trouble.is_none();
                    !urgent && !self.shared.progress.borrow().closed
                };
                let pause = if self.trouble.is_some() { RETRY } else { LAZY };
                if waiting(&mut ledger) {
                    let woken = self.shared.work.wait_timeout_while(ledger, pause, waiting);
                    drop(woken);
                }
            }
            if self.shared.progress.borrow().closed {
                return self;
            }
            self.step();
        }
    }

    /// Brings everything to disk that is not there yet.
    pub(crate) fn step(&mut self) {
        if self.store.is_none()
            && let Err(error) = self.connect()
        {
            return self.failed(&error);
        }
        let batch = {
            let mut ledger = self.shared.ledger();
            let keep = SignedDuration::try_from(self.settings.keep_delivered).unwrap_or(SignedDuration::MAX);
            let before = clock::wall().checked_sub(keep).unwrap_or(jiff::Timestamp::MIN);
            ledger.forget_delivered(self.settings.most_visits, before);
            ledger.batch(self.trouble.is_some())
        };
        let Some(store) = &mut self.store else {
            return;
        };
        if !batch.is_empty() {
            if let Err(error) = store.write(&batch) {
                if database::is_damage(&error) {
                    self.rebuild();
                }
                return self.failed(&error);
            }
            self.shared.ledger().written(&batch);
            report(&batch);
        }
        self.recovered(batch.rows.len());
        self.shared.progress.send_modify(|progress| {
            progress.written = batch.revision;
            progress.trouble = false;
        });
    }

    /// Opens the file and takes over what is in it.
    fn connect(&mut self) -> Result<Option<PathBuf>, DatabaseError> {
        let settings = &self.settings;
        let (store, found) = Store::open(&settings.path, &settings.device, &settings.machine_boot)?;
        let Found {
            boot,
            visits,
            set_aside,
        } = found;
        self.shared.ledger().adopt(boot, visits);
        self.store = Some(store);
        Ok(set_aside)
    }

    /// The file was damaged while we worked with it. Everything is in memory: a new one is filled from there.
    fn rebuild(&mut self) {
        let Some(store) = &mut self.store else {
            return;
        };
        let boot = self.shared.ledger().boot();
        let settings = &self.settings;
        let replaced = store.replace().map_err(|error| error.to_string()).and_then(|_| {
            store
                .count_start(boot, &settings.device, &settings.machine_boot)
                .map_err(|error| error.to_string())
        });
        if let Err(error) = replaced {
            error!(file = %settings.path.display(), error, "the damaged journal cannot be replaced");
        }
        self.shared.ledger().disk_is_empty();
    }

    fn failed(&mut self, error: &dyn std::fmt::Display) {
        if self.trouble.is_none() {
            error!(
                file = %self.settings.path.display(), %error,
                "the journal cannot be written: visits are kept in memory until it can"
            );
            self.trouble = Some(Trouble {
                since: clock::now().monotonic,
            });
        }
        self.shared
            .progress
            .send_modify(|progress: &mut Progress| progress.trouble = true);
    }

    fn recovered(&mut self, rows: usize) {
        if let Some(trouble) = self.trouble.take() {
            info!(
                file = %self.settings.path.display(),
                seconds = clock::now().monotonic.since(trouble.since).as_secs(),
                rows,
                "the journal can be written again; what was kept in memory is on disk"
            );
        }
    }
}

/// Says what is on disk from now on, for whoever measures it.
fn report(batch: &Batch) {
    if !tracing::enabled!(tracing::Level::DEBUG) {
        return;
    }
    let monotonic = clock::now().monotonic.0.as_micros();
    for visit in batch.rows.iter().filter_map(|(_, visit)| visit.as_ref()) {
        debug!(visit = %visit.id, visitor = ?visit.visitor, at = %visit.at, monotonic, "visit on disk");
    }
}

/// Two gateways on one journal would deliver everything twice. Where no lock can be made, on a disk that cannot be
/// written, there is none.
fn lock(path: &std::path::Path) -> Result<Option<File>, JournalError> {
    let Ok(file) = File::create(path.with_extension("lock")) else {
        return Ok(None);
    };
    match file.try_lock() {
        Err(std::fs::TryLockError::WouldBlock) => Err(JournalError::InUse {
            path: path.to_owned(),
        }),
        _ => Ok(Some(file)),
    }
}
