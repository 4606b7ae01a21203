//! The disk tier: member records in SQLite, so that the gateway decides from the first second after a start. It is
//! a copy of what the studio has: a damaged file is set aside and fills again. Here it is read; `writer` writes.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};
use tokio::sync::{mpsc, oneshot, watch};
use tracing::{error, warn};

use super::row::{Key, Row};
use super::visit_days::{Day, VisitDays};
use super::writer::{Change, Shared, Writer};
use crate::database;
use crate::domain::{Credential, CustomerId, MemberRecord};

/// Changes that may wait for the disk. What finds no place is left out and fetched again when it is needed.
pub(super) const MOST_CHANGES: usize = 4_096;

/// What can go wrong with the stored records.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A query failed.
    #[error("the member records cannot be read: {0}")]
    Query(#[from] rusqlite::Error),
    /// A stored record is not readable.
    #[error("the stored record of customer {customer} is damaged: {source}")]
    Record {
        /// Whose.
        customer: CustomerId,
        /// How.
        source: serde_json::Error,
    },
    /// The reading task was cut off.
    #[error("the gateway is ending")]
    Ending,
}

/// How far a roster is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Progress {
    /// The how-manieth roster.
    pub(super) roster: i64,
    pub(super) started: Timestamp,
    /// Where the next slice starts; none at the beginning and at the end.
    pub(super) next: Option<String>,
    pub(super) listed: i64,
    /// Records that could not be read.
    pub(super) unreadable: i64,
    pub(super) complete: bool,
}

/// The member records on disk. Clones share them; the writer ends with the last of them.
#[derive(Clone)]
pub struct Store {
    reading: Arc<Mutex<Option<Connection>>>,
    changes: mpsc::Sender<Change>,
    works: Arc<AtomicBool>,
    file: watch::Receiver<u64>,
}

impl Store {
    /// Opens `members.db` in `folder`, or makes it. Where that fails the gateway works from memory, and the file is
    /// tried again with later changes.
    #[must_use]
    pub fn open(folder: &Path) -> Self {
        let (changes, waiting) = mpsc::channel(MOST_CHANGES);
        let shared = Shared::default();
        let (reading, works) = (Arc::clone(&shared.reading), Arc::clone(&shared.works));
        let file = shared.file.subscribe();
        let writer = Writer::open(folder.join("members.db"), shared);
        let thread = std::thread::Builder::new().name("member-records".to_owned());
        if let Err(error) = thread.spawn(move || writer.work(waiting)) {
            error!(%error, "cannot start the thread that writes member records: going on in memory");
        }
        Self {
            reading,
            changes,
            works,
            file,
        }
    }

    /// Whether the last change has reached the file.
    pub(super) fn works(&self) -> bool {
        self.works.load(Ordering::Relaxed)
    }

    /// The how-manieth file this is: it changes when a damaged one is replaced by an empty one.
    pub(super) fn file(&self) -> watch::Receiver<u64> {
        self.file.clone()
    }

    /// The record of whoever holds this credential.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub(super) async fn find(&self, credential: &Credential) -> Result<Option<MemberRecord>, StoreError> {
        let key = Key::of(credential);
        self.read(move |connection| {
            let sql = "SELECT customer FROM credential WHERE key = ?1";
            let mut statement = connection.prepare_cached(sql)?;
            let customer = statement.query_row([key.as_str()], |row| row.get(0)).optional()?;
            match customer {
                Some(customer) => record(connection, CustomerId(customer)),
                None => Ok(None),
            }
        })
        .await
    }

    /// The record of this customer.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub(super) async fn member(&self, customer: CustomerId) -> Result<Option<MemberRecord>, StoreError> {
        self.read(move |connection| record(connection, customer)).await
    }

    /// How many records there are; none while there is no file.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub async fn count(&self) -> Result<Option<u64>, StoreError> {
        self.read(|connection| {
            let sql = "SELECT count(*) FROM member";
            Ok(Some(connection.query_row(sql, [], |row| row.get(0))?))
        })
        .await
    }

    /// What `wanted` makes of the next members after `after` who came on `since` or later, at most `most`.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub(super) async fn visitors<T: Send + 'static>(
        &self,
        after: CustomerId,
        since: Day,
        most: usize,
        wanted: impl Fn(VisitDays, MemberRecord) -> Option<T> + Send + 'static,
    ) -> Result<Vec<T>, StoreError> {
        self.read(move |connection| {
            let sql = "SELECT customer, latest, days, record FROM visit JOIN member USING (customer)
                WHERE customer > ?1 AND latest >= ?2 ORDER BY customer";
            let mut statement = connection.prepare_cached(sql)?;
            let mut rows = statement.query(params![after.0, since.0])?;
            let mut found = Vec::new();
            while let Some(row) = rows.next()?.filter(|_| found.len() < most) {
                let visits = VisitDays {
                    latest: Day(row.get(1)?),
                    bits: row.get(2)?,
                };
                // One that is damaged is put right when its owner comes.
                let customer = CustomerId(row.get(0)?);
                if let Ok(record) = serde_json::from_str::<Row>(row.get_ref(3)?.as_str().unwrap_or_default())
                {
                    found.extend(wanted(visits, record.into_record(customer)));
                }
            }
            Ok(found)
        })
        .await
    }

    /// The next members after `after` whose access code has to be fetched by `now`, at most `most`.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub(super) async fn codes_due(
        &self,
        after: CustomerId,
        now: Timestamp,
        most: usize,
    ) -> Result<Vec<CustomerId>, StoreError> {
        self.read(move |connection| {
            let sql = "SELECT customer FROM member WHERE code_due <= ?2 AND customer > ?1
                ORDER BY customer LIMIT ?3";
            let mut statement = connection.prepare_cached(sql)?;
            let rows = statement.query_map(params![after.0, now.as_second(), most], |row| row.get(0))?;
            Ok(rows
                .map(|customer| customer.map(CustomerId))
                .collect::<Result<_, _>>()?)
        })
        .await
    }

    /// How far the last roster got.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub(super) async fn progress(&self) -> Result<Option<Progress>, StoreError> {
        self.read(|connection| {
            let sql = "SELECT roster, started, next, listed, unreadable, complete FROM roster";
            let mut statement = connection.prepare_cached(sql)?;
            let progress = statement.query_row([], |row| {
                Ok(Progress {
                    roster: row.get(0)?,
                    started: Timestamp::from_second(row.get(1)?).unwrap_or(Timestamp::MIN),
                    next: row.get(2)?,
                    listed: row.get(3)?,
                    unreadable: row.get(4)?,
                    complete: row.get(5)?,
                })
            });
            Ok(progress.optional()?)
        })
        .await
    }

    /// Writes a record soon. Never waits.
    pub(super) fn put(&self, record: Arc<MemberRecord>) {
        self.change(Change::Put(record));
    }

    /// Notes soon that nobody holds this credential any more. Never waits.
    pub(super) fn withdraw(&self, credential: &Credential) {
        self.change(Change::Withdraw(credential.clone()));
    }

    /// Notes soon that this person is no customer any more. Never waits.
    pub(super) fn forget(&self, customer: CustomerId) {
        self.change(Change::Forget(customer));
    }

    /// Notes soon that somebody came. Never waits.
    pub(super) fn came(&self, customer: CustomerId, day: Day) {
        self.change(Change::Came { customer, day });
    }

    /// Writes a slice of the roster, and how far it is, in one transaction.
    ///
    /// Whether it is on disk.
    pub(super) async fn put_slice(&self, records: Vec<MemberRecord>, progress: &Progress) -> bool {
        let progress = progress.clone();
        let (done, written) = oneshot::channel();
        let slice = Change::Slice {
            records,
            progress,
            done,
        };
        self.changes.send(slice).await.is_ok() && written.await.is_ok()
    }

    /// Ends a roster: whoever has not been heard of since it began is no member any more.
    ///
    /// Those, or nothing when it is not on disk.
    pub(super) async fn end_roster(&self, progress: &Progress) -> Option<Vec<CustomerId>> {
        let progress = progress.clone();
        let (done, withdrawn) = oneshot::channel();
        let end = Change::End { progress, done };
        self.changes.send(end).await.ok()?;
        withdrawn.await.ok()
    }

    fn change(&self, change: Change) {
        if self.changes.try_send(change).is_err() {
            warn!("the disk is too slow for the member records: a change stays in memory only");
        }
    }

    async fn read<T: Default + Send + 'static>(
        &self,
        query: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let reading = Arc::clone(&self.reading);
        let file = *self.file.borrow();
        let read = tokio::task::spawn_blocking(move || {
            let reading = reading.lock().unwrap_or_else(PoisonError::into_inner);
            reading.as_ref().map(query).transpose()
        })
        .await
        .map_err(|_| StoreError::Ending)?;
        if let Err(StoreError::Query(error)) = &read
            && database::is_damage(error)
        {
            self.change(Change::Damaged { file });
        }
        read.map(Option::unwrap_or_default)
    }
}

/// The stored record of this customer.
pub(super) fn record(
    connection: &Connection,
    customer: CustomerId,
) -> Result<Option<MemberRecord>, StoreError> {
    let mut statement = connection.prepare_cached("SELECT record FROM member WHERE customer = ?1")?;
    let text: Option<String> = statement.query_row([customer.0], |row| row.get(0)).optional()?;
    text.map(|text| serde_json::from_str::<Row>(&text))
        .transpose()
        .map(|row| row.map(|row| row.into_record(customer)))
        .map_err(|source| StoreError::Record { customer, source })
}
