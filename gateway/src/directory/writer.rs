//! The one thread that writes member records to disk. Everything that waits goes into one transaction; what cannot be
//! written stays in memory only.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hal::clock::monotonic;
use rusqlite::{Connection, OptionalExtension, Transaction, params};
use tokio::sync::{mpsc, oneshot, watch};
use tracing::{error, info, warn};

use super::row::{Key, Row};
use super::store::{MOST_CHANGES, Progress, StoreError, record};
use super::visit_days::Day;
use super::{ahead, joined};
use crate::clock;
use crate::database::{self, Durability};
use crate::domain::{Credential, CustomerId, MemberRecord};

/// Pause before a file that could not be opened is tried again.
const RETRY: Duration = Duration::from_secs(10);

/// A copy of what the studio has need not survive a power cut to the last record.
const DURABILITY: Durability = Durability::Eventual;

/// How long visits, and records of people who are no members, are of use.
const KEPT: Duration = Duration::from_secs(30 * 24 * 3600);

/// `heard` is the roster during or after which the studio has spoken of a member.
const MIGRATIONS: &[&str] = &[
    "
    CREATE TABLE member (customer INTEGER PRIMARY KEY, record TEXT NOT NULL);
    CREATE TABLE credential (key TEXT PRIMARY KEY, customer INTEGER NOT NULL) WITHOUT ROWID;
    CREATE INDEX credential_customer ON credential (customer);
    ",
    "
    ALTER TABLE member ADD COLUMN heard INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE member ADD COLUMN code_due INTEGER DEFAULT 0;
    CREATE INDEX member_code_due ON member (code_due);
    CREATE TABLE visit (customer INTEGER PRIMARY KEY, latest INTEGER NOT NULL, days INTEGER NOT NULL);
    CREATE TABLE roster (
        only INTEGER PRIMARY KEY CHECK (only = 1),
        roster INTEGER NOT NULL,
        started INTEGER NOT NULL,
        next TEXT,
        listed INTEGER NOT NULL,
        unreadable INTEGER NOT NULL,
        complete INTEGER NOT NULL
    );
    ",
];

/// What is to be written.
pub(super) enum Change {
    Put(Arc<MemberRecord>),
    Withdraw(Credential),
    Forget(CustomerId),
    Came {
        customer: CustomerId,
        day: Day,
    },
    Slice {
        records: Vec<MemberRecord>,
        progress: Progress,
        done: oneshot::Sender<()>,
    },
    End {
        progress: Progress,
        done: oneshot::Sender<Vec<CustomerId>>,
    },
    /// A reader has found this file damaged.
    Damaged {
        file: u64,
    },
}

/// What the writer shares with the readers.
#[derive(Default)]
pub(super) struct Shared {
    /// None while the file cannot be opened.
    pub(super) reading: Arc<Mutex<Option<Connection>>>,
    pub(super) works: Arc<AtomicBool>,
    /// Counts the files: it grows when a damaged one is replaced.
    pub(super) file: watch::Sender<u64>,
}

pub(super) struct Writer {
    path: PathBuf,
    shared: Shared,
    writing: Option<Connection>,
    /// The roster under way, or the last.
    roster: i64,
    /// When the disk was last tried in vain.
    failing: Option<Duration>,
}

impl Writer {
    pub(super) fn open(path: PathBuf, shared: Shared) -> Self {
        let mut writer = Self {
            path,
            shared,
            writing: None,
            roster: 0,
            failing: None,
        };
        writer.connect();
        writer
    }

    pub(super) fn work(mut self, mut changes: mpsc::Receiver<Change>) {
        let mut batch = Vec::new();
        while changes.blocking_recv_many(&mut batch, MOST_CHANGES) > 0 {
            if self.writing.is_none() && self.failing.is_none_or(|at| monotonic() >= at + RETRY) {
                self.connect();
            }
            let file = *self.shared.file.borrow();
            let found_damaged =
                |change: &Change| matches!(change, Change::Damaged { file: found } if *found == file);
            if batch.iter().any(found_damaged) {
                self.start_anew();
            }
            self.write(std::mem::take(&mut batch));
        }
    }

    /// Writes the changes, if there is a file to write to, and tells those who wait for it.
    fn write(&mut self, mut batch: Vec<Change>) {
        match self.transact(&batch) {
            Some(Ok(withdrawn)) => {
                self.works();
                tell(batch, withdrawn);
            }
            Some(Err(error)) => {
                self.fails(&error);
                if database::is_damage(&error) && self.start_anew() {
                    // It is empty and fills again from the studio; a roster that is half through has to begin anew.
                    batch.retain(|change| !matches!(change, Change::Slice { .. } | Change::End { .. }));
                    if let Some(Ok(withdrawn)) = self.transact(&batch) {
                        self.works();
                        tell(batch, withdrawn);
                    }
                }
            }
            None => {}
        }
    }

    fn transact(&mut self, batch: &[Change]) -> Option<rusqlite::Result<Vec<CustomerId>>> {
        let connection = self.writing.as_mut()?;
        let mut withdrawn = Vec::new();
        let mut roster = self.roster;
        let written = connection.transaction().and_then(|transaction| {
            for change in batch {
                match change {
                    Change::Put(record) => put(&transaction, record, roster)?,
                    Change::Withdraw(credential) => withdraw(&transaction, credential, roster)?,
                    Change::Forget(customer) => forget(&transaction, *customer)?,
                    Change::Came { customer, day } => came(&transaction, *customer, *day)?,
                    Change::Slice {
                        records, progress, ..
                    } => {
                        roster = progress.roster;
                        for record in records {
                            put(&transaction, record, roster)?;
                        }
                        put_progress(&transaction, progress)?;
                    }
                    Change::End { progress, .. } => {
                        withdrawn.extend(withdraw_unheard(&transaction, progress)?);
                        put_progress(&transaction, progress)?;
                    }
                    Change::Damaged { .. } => {}
                }
            }
            transaction.commit()
        });
        Some(written.map(|()| {
            self.roster = roster;
            withdrawn
        }))
    }

    fn connect(&mut self) {
        match database::open(&self.path, MIGRATIONS, DURABILITY) {
            Ok(opened) => self.take(opened.connection, opened.set_aside.is_some()),
            Err(error) => self.fails(&error),
        }
    }

    /// Puts a new file in the place of a damaged one.
    fn start_anew(&mut self) -> bool {
        match database::replace(&self.path, MIGRATIONS, DURABILITY) {
            Ok(opened) => self.take(opened.connection, true),
            Err(error) => self.fails(&error),
        }
        self.writing.is_some()
    }

    fn take(&mut self, connection: Connection, is_new: bool) {
        let roster = connection
            .query_row("SELECT roster FROM roster", [], |row| row.get(0))
            .optional();
        match (roster, database::reader(&self.path)) {
            (Ok(roster), Ok(reader)) => {
                self.roster = roster.unwrap_or_default();
                self.writing = Some(connection);
                *self.shared.reading.lock().unwrap_or_else(PoisonError::into_inner) = Some(reader);
                self.shared.works.store(true, Ordering::Relaxed);
                if is_new {
                    self.shared.file.send_modify(|file| *file += 1);
                }
            }
            (Err(error), _) => self.fails(&error),
            (_, Err(error)) => self.fails(&error),
        }
    }

    fn works(&mut self) {
        self.shared.works.store(true, Ordering::Relaxed);
        if self.failing.take().is_some() {
            info!(file = %self.path.display(), "member records are written to disk again");
        }
    }

    fn fails(&mut self, error: &dyn std::fmt::Display) {
        self.shared.works.store(false, Ordering::Relaxed);
        if self.failing.replace(monotonic()).is_none() {
            error!(%error, "member records cannot be written to disk: going on in memory");
        }
    }
}

/// Who waits no longer does not want to know.
fn tell(batch: Vec<Change>, withdrawn: Vec<CustomerId>) {
    let mut withdrawn = Some(withdrawn);
    for change in batch {
        match change {
            Change::Slice { done, .. } => drop(done.send(())),
            Change::End { done, .. } => drop(done.send(withdrawn.take().unwrap_or_default())),
            _ => {}
        }
    }
}

/// Joins a record with the stored one.
fn put(transaction: &Transaction<'_>, new: &MemberRecord, roster: i64) -> rusqlite::Result<()> {
    let new = joined(new.clone(), stored(transaction, new.customer)?);
    let text = serde_json::to_string(&Row::from(&new))
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))?;
    let code_due = ahead::code_due(&new).map(|due| due.as_second());
    transaction
        .prepare_cached(
            "INSERT INTO member (customer, record, heard, code_due) VALUES (?1, ?2, ?3, ?4)
            ON CONFLICT DO UPDATE SET record = ?2, heard = ?3, code_due = ?4",
        )?
        .execute(params![new.customer.0, text, roster, code_due])?;

    // Most records hold the credentials they held before: then nothing is written.
    let mut gone: Vec<String> = transaction
        .prepare_cached("SELECT key FROM credential WHERE customer = ?1")?
        .query_map([new.customer.0], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    for credential in new.presentable() {
        let key = Key::of(&credential);
        if let Some(place) = gone.iter().position(|held| held == key.as_str()) {
            gone.swap_remove(place);
            continue;
        }
        transaction
            .prepare_cached("INSERT OR REPLACE INTO credential (key, customer) VALUES (?1, ?2)")?
            .execute(params![key.as_str(), new.customer.0])?;
    }
    for key in gone {
        transaction
            .prepare_cached("DELETE FROM credential WHERE key = ?1")?
            .execute([key])?;
    }
    Ok(())
}

/// The stored record; one that is damaged counts for nothing and is replaced.
fn stored(
    transaction: &Transaction<'_>,
    customer: CustomerId,
) -> rusqlite::Result<Option<Arc<MemberRecord>>> {
    match record(transaction, customer) {
        Ok(record) => Ok(record.map(Arc::new)),
        Err(StoreError::Query(error)) => Err(error),
        Err(error) => {
            warn!(%error, "a stored member record is replaced");
            Ok(None)
        }
    }
}

/// Nobody holds this credential any more; whoever held it keeps the others.
fn withdraw(transaction: &Transaction<'_>, credential: &Credential, roster: i64) -> rusqlite::Result<()> {
    let holder = transaction
        .prepare_cached("DELETE FROM credential WHERE key = ?1 RETURNING customer")?
        .query_row([Key::of(credential).as_str()], |row| row.get(0))
        .optional()?;
    match holder {
        Some(holder) => match stored(transaction, CustomerId(holder))? {
            Some(record) => put(transaction, &record.without(credential), roster),
            None => Ok(()),
        },
        None => Ok(()),
    }
}

fn forget(transaction: &Transaction<'_>, customer: CustomerId) -> rusqlite::Result<()> {
    for sql in [
        "DELETE FROM member WHERE customer = ?1",
        "DELETE FROM credential WHERE customer = ?1",
        "DELETE FROM visit WHERE customer = ?1",
    ] {
        transaction.prepare_cached(sql)?.execute([customer.0])?;
    }
    Ok(())
}

fn came(transaction: &Transaction<'_>, customer: CustomerId, day: Day) -> rusqlite::Result<()> {
    transaction
        .prepare_cached(
            "INSERT INTO visit (customer, latest, days) VALUES (?1, ?2, 1)
            ON CONFLICT DO UPDATE SET latest = ?2, days = (days << (?2 - latest) | 1) & 0xFFFFFFFF
            WHERE latest < ?2",
        )?
        .execute(params![customer.0, day.0])?;
    Ok(())
}

fn put_progress(transaction: &Transaction<'_>, progress: &Progress) -> rusqlite::Result<()> {
    transaction
        .prepare_cached(
            "INSERT OR REPLACE INTO roster (only, roster, started, next, listed, unreadable, complete)
            VALUES (1, ?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![
            progress.roster,
            progress.started.as_second(),
            progress.next,
            progress.listed,
            progress.unreadable,
            progress.complete,
        ])?;
    Ok(())
}

/// Whoever is stored as a member and was heard of neither in this roster nor otherwise since it began. The roster lists
/// members only: other people go when nothing was heard of them for long.
fn withdraw_unheard(transaction: &Transaction<'_>, progress: &Progress) -> rusqlite::Result<Vec<CustomerId>> {
    let kept_since = clock::wall().saturating_sub(KEPT).unwrap_or(jiff::Timestamp::MIN);
    let unheard: Vec<CustomerId> = transaction
        .prepare_cached(
            "SELECT customer FROM member
            WHERE heard < ?1 AND (record ->> 's' = 'm' OR record ->> 't' < ?2)",
        )?
        .query_map(params![progress.roster, kept_since.to_string()], |row| row.get(0))?
        .map(|customer| customer.map(CustomerId))
        .collect::<Result<_, _>>()?;
    transaction
        .prepare_cached("DELETE FROM visit WHERE latest < ?1")?
        .execute([Day::of(kept_since).0])?;
    // An empty roster is nobody's, and who cannot be read has not gone.
    let vanished = i64::try_from(unheard.len()).unwrap_or(i64::MAX);
    if progress.listed == 0 || vanished <= progress.unreadable {
        if vanished > 0 {
            warn!(
                vanished,
                unreadable = progress.unreadable,
                "members are missing in the roster, but they may only have been unreadable: nobody is withdrawn"
            );
        }
        return Ok(Vec::new());
    }
    for customer in &unheard {
        forget(transaction, *customer)?;
    }
    Ok(unheard)
}
