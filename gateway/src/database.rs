//! Opening the program's SQLite files, one way for all of them: write-ahead log, a schema version, and a damaged
//! file set aside under a name that says when. It knows no table.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags};
use tracing::error;

use crate::clock;

/// How long a connection waits for another one of this program.
const BUSY: Duration = Duration::from_secs(5);

/// When a commit has reached the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Durability {
    /// With every commit: what was committed survives a power cut.
    EveryCommit,
    /// Later: a power cut may cost the last commits, never the file.
    Eventual,
}

/// A database that is ready for use.
pub(crate) struct Opened {
    pub(crate) connection: Connection,
    /// Where a damaged file was put.
    pub(crate) set_aside: Option<PathBuf>,
}

/// Why a database cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// It cannot be opened or made.
    #[error("cannot open the database {}: {source}. Does its folder exist, may the service user write there, is the disk full?", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// What SQLite says.
        source: rusqlite::Error,
    },
    /// It was written by a newer version of the program.
    #[error("the database {} was written by a newer version (schema {found}, this one knows up to {known}): install that version again or move the file away", path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its schema version.
        found: usize,
        /// The newest that is known.
        known: usize,
    },
    /// It is damaged and cannot be moved out of the way.
    #[error("the database {} is damaged and cannot be set aside: {source}", path.display())]
    SetAside {
        /// The file.
        path: PathBuf,
        /// What the file system says.
        source: std::io::Error,
    },
}

/// Opens or makes the database at `path` and brings its schema up to date: migration `n` leads from version `n` to
/// `n + 1`. A damaged file is set aside and a new one made.
///
/// # Errors
/// When it cannot be opened, is of a newer version, or is damaged and cannot be moved.
pub(crate) fn open(
    path: &Path,
    migrations: &[&str],
    durability: Durability,
) -> Result<Opened, DatabaseError> {
    match open_sound(path, migrations, durability) {
        Err(DatabaseError::Open { source, .. }) if is_damage(&source) => {
            replace(path, migrations, durability)
        }
        opened => opened.map(|connection| Opened {
            connection,
            set_aside: None,
        }),
    }
}

/// Sets a damaged database aside and makes a new one in its place.
///
/// # Errors
/// As [`open`].
pub(crate) fn replace(
    path: &Path,
    migrations: &[&str],
    durability: Durability,
) -> Result<Opened, DatabaseError> {
    let aside = set_aside(path)?;
    error!(
        file = %path.display(),
        set_aside = %aside.display(),
        "a damaged database was set aside and a new one started"
    );
    open_sound(path, migrations, durability).map(|connection| Opened {
        connection,
        set_aside: Some(aside),
    })
}

/// A second connection to a database that [`open`] has opened, for reading only.
///
/// # Errors
/// When it cannot be opened.
pub(crate) fn reader(path: &Path) -> Result<Connection, DatabaseError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let opened = Connection::open_with_flags(path, flags).and_then(|connection| {
        connection.busy_timeout(BUSY)?;
        Ok(connection)
    });
    opened.map_err(|source| DatabaseError::Open {
        path: path.to_owned(),
        source,
    })
}

/// Whether this error says that the file itself is damaged.
pub(crate) fn is_damage(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase)
    )
}

fn open_sound(path: &Path, migrations: &[&str], durability: Durability) -> Result<Connection, DatabaseError> {
    let failed = |source| DatabaseError::Open {
        path: path.to_owned(),
        source,
    };
    let mut connection = Connection::open(path).map_err(failed)?;
    let version = prepare(&connection, durability).map_err(failed)?;
    let Some(missing) = migrations.get(version..) else {
        return Err(DatabaseError::Newer {
            path: path.to_owned(),
            found: version,
            known: migrations.len(),
        });
    };
    migrate(&mut connection, missing, migrations.len()).map_err(failed)?;
    Ok(connection)
}

/// Sets the connection up and gives back the schema version.
fn prepare(connection: &Connection, durability: Durability) -> rusqlite::Result<usize> {
    connection.busy_timeout(BUSY)?;
    let synchronous = match durability {
        Durability::EveryCommit => {
            // A commit writes whole pages: small ones spare the SD card. Only a new file takes notice.
            connection.pragma_update(None, "page_size", 1024)?;
            "FULL"
        }
        Durability::Eventual => "NORMAL",
    };
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", synchronous)?;
    connection.pragma_query_value(None, "user_version", |row| row.get(0))
}

fn migrate(connection: &mut Connection, missing: &[&str], version: usize) -> rusqlite::Result<()> {
    if missing.is_empty() {
        return Ok(());
    }
    let transaction = connection.transaction()?;
    for migration in missing {
        transaction.execute_batch(migration)?;
    }
    transaction.pragma_update(None, "user_version", version)?;
    transaction.commit()
}

/// Moves the file and its companions away, to a name with the time.
fn set_aside(path: &Path) -> Result<PathBuf, DatabaseError> {
    let failed = |source| DatabaseError::SetAside {
        path: path.to_owned(),
        source,
    };
    let mut name = path.as_os_str().to_owned();
    name.push(clock::wall().strftime(".damaged-%Y%m%dT%H%M%S").to_string());
    let aside = PathBuf::from(name);
    for companion in ["-wal", "-shm"] {
        let with = |path: &Path| {
            let mut name = path.as_os_str().to_owned();
            name.push(companion);
            PathBuf::from(name)
        };
        match std::fs::rename(with(path), with(&aside)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(failed(error)),
            _ => {}
        }
    }
    std::fs::rename(path, &aside).map_err(failed)?;
    Ok(aside)
}
