//! The disk tier: member records in SQLite, so that the gateway decides from the first second after a start. It is
//! a copy of what the studio has: a damaged file is set aside and fills again.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hal::clock::monotonic;
use rusqlite::{Connection, OptionalExtension, Transaction, params};
use tokio::sync::mpsc;
use tracing::{error, info, warn};

use super::row::{Key, Row};
use crate::database::{self, DatabaseError, Durability};
use crate::domain::{Credential, CustomerId, MemberRecord};

/// Changes that may wait for the disk. What finds no place is left out and fetched again when it is needed.
const MOST_CHANGES: usize = 4_096;

/// Pause before a file that could not be opened is tried again.
const RETRY: Duration = Duration::from_secs(10);

/// The database in the data folder.
const FILE: &str = "members.db";

/// A copy of what the studio has need not survive a power cut to the last record.
const DURABILITY: Durability = Durability::Eventual;

const MIGRATIONS: &[&str] = &["
    CREATE TABLE member (customer INTEGER PRIMARY KEY, record TEXT NOT NULL);
    CREATE TABLE credential (key TEXT PRIMARY KEY, customer INTEGER NOT NULL) WITHOUT ROWID;
    CREATE INDEX credential_customer ON credential (customer);
"];

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
    /// It cannot be opened.
    #[error(transparent)]
    Open(#[from] DatabaseError),
    /// The reading task was cut off.
    #[error("the gateway is ending")]
    Ending,
}

/// The member records on disk. Clones share them; the writer ends with the last of them.
#[derive(Clone)]
pub struct Store {
    /// None while the file cannot be opened.
    reading: Arc<Mutex<Option<Connection>>>,
    changes: mpsc::Sender<Change>,
}

enum Change {
    Put(Arc<MemberRecord>),
    Withdraw(Key),
}

impl Store {
    /// Opens `members.db` in `folder`, or makes it. Where that fails the gateway works from memory, and the file is
    /// tried again with later changes.
    #[must_use]
    pub fn open(folder: &Path) -> Self {
        let (changes, waiting) = mpsc::channel(MOST_CHANGES);
        let mut writer = Writer {
            path: folder.join(FILE),
            writing: None,
            reading: Arc::default(),
            failing: None,
        };
        writer.connect();
        let reading = Arc::clone(&writer.reading);
        let thread = std::thread::Builder::new().name("member-records".to_owned());
        if let Err(error) = thread.spawn(move || writer.work(waiting)) {
            error!(%error, "cannot start the thread that writes member records: going on in memory");
        }
        Self { reading, changes }
    }

    /// The record of whoever holds this credential.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub async fn find(&self, credential: &Credential) -> Result<Option<MemberRecord>, StoreError> {
        let key = Key::of(credential);
        self.read(move |connection| holder(connection, &key)).await
    }

    /// The record of this customer.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub async fn member(&self, customer: CustomerId) -> Result<Option<MemberRecord>, StoreError> {
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

    /// Writes a record soon. Never waits.
    pub fn put(&self, record: Arc<MemberRecord>) {
        self.change(Change::Put(record));
    }

    /// Notes soon that nobody holds this credential any more. Never waits.
    pub fn withdraw(&self, credential: &Credential) {
        self.change(Change::Withdraw(Key::of(credential)));
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
        tokio::task::spawn_blocking(move || {
            let reading = reading.lock().unwrap_or_else(PoisonError::into_inner);
            reading.as_ref().map(query).transpose()
        })
        .await
        .map_err(|_| StoreError::Ending)?
        .map(Option::unwrap_or_default)
    }
}

/// The record of whoever holds this credential, as a gateway that does not run has left it in `folder`.
///
/// # Errors
/// When the file cannot be read.
pub fn stored(folder: &Path, credential: &Credential) -> Result<Option<MemberRecord>, StoreError> {
    let path = folder.join(FILE);
    if !path.exists() {
        return Ok(None);
    }
    holder(&database::reader(&path)?, &Key::of(credential))
}

fn holder(connection: &Connection, key: &Key) -> Result<Option<MemberRecord>, StoreError> {
    let mut statement = connection.prepare_cached("SELECT customer FROM credential WHERE key = ?1")?;
    let customer = statement.query_row([key.as_str()], |row| row.get(0)).optional()?;
    match customer {
        Some(customer) => record(connection, CustomerId(customer)),
        None => Ok(None),
    }
}

fn record(connection: &Connection, customer: CustomerId) -> Result<Option<MemberRecord>, StoreError> {
    let mut statement = connection.prepare_cached("SELECT record FROM member WHERE customer = ?1")?;
    let text: Option<String> = statement.query_row([customer.0], |row| row.get(0)).optional()?;
    text.map(|text| serde_json::from_str::<Row>(&text))
        .transpose()
        .map(|row| row.map(|row| row.into_record(customer)))
        .map_err(|source| StoreError::Record { customer, source })
}

/// The one thread that writes. Everything that waits goes into one transaction.
struct Writer {
    path: PathBuf,
    writing: Option<Connection>,
    reading: Arc<Mutex<Option<Connection>>>,
    /// When the disk was last tried in vain.
    failing: Option<Duration>,
}

impl Writer {
    fn work(mut self, mut changes: mpsc::Receiver<Change>) {
        let mut batch = Vec::new();
        while changes.blocking_recv_many(&mut batch, MOST_CHANGES) > 0 {
            if self.writing.is_none() && self.failing.is_none_or(|at| monotonic() >= at + RETRY) {
                self.connect();
            }
            match self.write(&batch) {
                Some(Ok(())) => self.works(),
                Some(Err(error)) => {
                    self.fails(&error);
                    if database::is_damage(&error) && self.start_anew() {
                        // It is empty, and fills again from the studio.
                        let _ = self.write(&batch);
                    }
                }
                None => {}
            }
            batch.clear();
        }
    }

    /// Writes the changes, if there is a file to write to.
    fn write(&mut self, batch: &[Change]) -> Option<rusqlite::Result<()>> {
        let connection = self.writing.as_mut()?;
        let written = connection.transaction().and_then(|transaction| {
            for change in batch {
                match change {
                    Change::Put(record) => put(&transaction, record)?,
                    Change::Withdraw(key) => {
                        transaction
                            .prepare_cached("DELETE FROM credential WHERE key = ?1")?
                            .execute([key.as_str()])?;
                    }
                }
            }
            transaction.commit()
        });
        Some(written)
    }

    fn connect(&mut self) {
        match database::open(&self.path, MIGRATIONS, DURABILITY) {
            Ok(opened) => self.take(opened.connection),
            Err(error) => self.fails(&error),
        }
    }

    /// Puts a new file in the place of a damaged one.
    fn start_anew(&mut self) -> bool {
        match database::replace(&self.path, MIGRATIONS, DURABILITY) {
            Ok(opened) => self.take(opened.connection),
            Err(error) => self.fails(&error),
        }
        self.writing.is_some()
    }

    fn take(&mut self, connection: Connection) {
        match database::reader(&self.path) {
            Ok(reader) => {
                self.writing = Some(connection);
                *self.reading.lock().unwrap_or_else(PoisonError::into_inner) = Some(reader);
            }
            Err(error) => self.fails(&error),
        }
    }

    fn works(&mut self) {
        if self.failing.take().is_some() {
            info!(file = %self.path.display(), "member records are written to disk again");
        }
    }

    fn fails(&mut self, error: &dyn std::fmt::Display) {
        if self.failing.replace(monotonic()).is_none() {
            error!(%error, "member records cannot be written to disk: going on in memory");
        }
    }
}

fn put(transaction: &Transaction<'_>, record: &MemberRecord) -> rusqlite::Result<()> {
    let text = serde_json::to_string(&Row::from(record))
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))?;
    transaction
        .prepare_cached("INSERT OR REPLACE INTO member (customer, record) VALUES (?1, ?2)")?
        .execute(params![record.customer.0, text])?;
    transaction
        .prepare_cached("DELETE FROM credential WHERE customer = ?1")?
        .execute([record.customer.0])?;
    for credential in record.presentable() {
        transaction
            .prepare_cached("INSERT OR REPLACE INTO credential (key, customer) VALUES (?1, ?2)")?
            .execute(params![Key::of(&credential).as_str(), record.customer.0])?;
    }
    Ok(())
}
