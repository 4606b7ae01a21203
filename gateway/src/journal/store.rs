//! The copy of the ledger on disk: opening it, what was found in it, and writing a batch in one transaction. A
//! damaged file is set aside, and what can still be read of it is carried over.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, params, params_from_iter};
use tracing::{error, warn};

use super::ledger::{Batch, Dropped};
use super::schema::{self, COLUMNS, MIGRATIONS};
use super::visit::{State, Visit, VisitClock, VisitId};
use crate::database::{self, DatabaseError, Durability};

/// The open database file.
#[derive(Debug)]
pub(crate) struct Store {
    path: PathBuf,
    connection: Connection,
}

/// What was found on disk.
#[derive(Debug)]
pub(super) struct Found {
    /// The number of this start.
    pub(super) boot: u32,
    pub(super) visits: Vec<Visit>,
    /// Where a damaged file was put.
    pub(super) set_aside: Option<PathBuf>,
}

impl Store {
    /// Opens or makes the file, and counts this start.
    ///
    /// `machine_boot` names the run of the machine: monotonic times of another run mean nothing in this one.
    pub(super) fn open(
        path: &Path,
        device: &str,
        machine_boot: &str,
    ) -> Result<(Self, Found), DatabaseError> {
        let opened = database::open(path, MIGRATIONS, Durability::EveryCommit)?;
        let mut store = Self {
            path: path.to_owned(),
            connection: opened.connection,
        };
        let mut set_aside = opened.set_aside;
        let failed = |source| DatabaseError::Open {
            path: path.to_owned(),
            source,
        };
        if set_aside.is_none() && !store.is_sound().map_err(failed)? {
            set_aside = store.replace()?;
        }
        if let Some(damaged) = &set_aside {
            store.salvage(damaged).map_err(failed)?;
        }
        let mut found = store.load(machine_boot).map_err(failed)?;
        found.boot = found.boot.max(counted_beside(path)).saturating_add(1);
        store
            .count_start(found.boot, device, machine_boot)
            .map_err(failed)?;
        count_beside(path, found.boot);
        found.set_aside = set_aside;
        Ok((store, found))
    }

    /// Writes everything in the batch or nothing.
    pub(super) fn write(&mut self, batch: &Batch) -> rusqlite::Result<()> {
        let transaction = self.connection.transaction()?;
        for (id, visit) in &batch.rows {
            match visit {
                Some(visit) => write_visit(&transaction, visit)?,
                None => {
                    transaction
                        .prepare_cached("DELETE FROM visits WHERE id = ?1")?
                        .execute([schema::row_number(*id)])?;
                }
            }
        }
        for dropped in &batch.dropped {
            write_dropped(&transaction, dropped)?;
        }
        transaction.commit()
    }

    /// Sets the file aside and starts a new one, which is empty.
    pub(super) fn replace(&mut self) -> Result<Option<PathBuf>, DatabaseError> {
        let opened = database::replace(&self.path, MIGRATIONS, Durability::EveryCommit)?;
        self.connection = opened.connection;
        Ok(opened.set_aside)
    }

    /// Makes this start known to a new file.
    pub(super) fn count_start(&self, boot: u32, device: &str, machine_boot: &str) -> rusqlite::Result<()> {
        self.connection.execute(
            "INSERT OR REPLACE INTO starts VALUES (?1, ?2, ?3)",
            params![boot, device, machine_boot],
        )?;
        Ok(())
    }

    /// The disk is full once the file has this many pages.
    #[cfg(test)]
    pub(super) fn limit_pages(&self, pages: u32) {
        self.connection
            .pragma_update(None, "max_page_count", pages)
            .unwrap();
    }

    /// Every write fails, as on a file system that was remounted read-only.
    #[cfg(test)]
    pub(crate) fn set_read_only(&self, read_only: bool) {
        self.connection
            .pragma_update(None, "query_only", read_only)
            .unwrap();
    }

    fn is_sound(&self) -> rusqlite::Result<bool> {
        let check = self
            .connection
            .query_row("PRAGMA quick_check(1)", [], |row| row.get::<_, String>(0));
        match check {
            Ok(answer) if answer != "ok" => {
                warn!(file = %self.path.display(), %answer, "the journal is damaged");
                Ok(false)
            }
            Ok(_) => Ok(self
                .read_visits()
                .inspect_err(|error| {
                    warn!(file = %self.path.display(), %error, "the journal cannot be read");
                })
                .is_ok()),
            Err(error) if database::is_damage(&error) => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn read_visits(&self) -> rusqlite::Result<Vec<Visit>> {
        self.connection
            .prepare(&format!("SELECT {COLUMNS} FROM visits ORDER BY id"))?
            .query_map([], schema::visit)?
            .collect()
    }

    fn load(&self, machine_boot: &str) -> rusqlite::Result<Found> {
        let mut visits = self.read_visits()?;
        // Starts without visits are only kept as long as they are the last.
        self.connection.execute(
            "DELETE FROM starts WHERE boot NOT IN (SELECT id >> 32 FROM visits)
                AND boot <> (SELECT max(boot) FROM starts)",
            [],
        )?;
        let starts: BTreeMap<u32, String> = self
            .connection
            .prepare("SELECT boot, machine_boot FROM starts")?
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<rusqlite::Result<_>>()?;
        for visit in &mut visits {
            let machine_runs_on = starts
                .get(&visit.id.boot)
                .is_some_and(|boot| boot == machine_boot);
            if matches!(visit.clock, VisitClock::Unset(_)) && !machine_runs_on {
                visit.clock = VisitClock::NeverSet;
            }
        }
        let last_start = starts.last_key_value().map_or(0, |(boot, _)| *boot);
        let last_visit = visits.last().map_or(0, |visit| visit.id.boot);
        Ok(Found {
            boot: last_start.max(last_visit),
            visits,
            set_aside: None,
        })
    }

    /// Carries over what can be read of a damaged file: every sound row from the front up to the damage, and from the
    /// back. How far an undelivered visit was is not believed; the studio is asked for it.
    fn salvage(&mut self, damaged: &Path) -> rusqlite::Result<()> {
        let mut visits = BTreeMap::new();
        for order in ["ASC", "DESC"] {
            if let Err(error) = read_until_damage(damaged, order, &mut visits) {
                warn!(file = %damaged.display(), order, %error, "reading the damaged journal ends here");
            }
        }
        let transaction = self.connection.transaction()?;
        for visit in visits.values_mut() {
            if visit.state == State::Waiting {
                visit.state = State::Sent;
            }
            write_visit(&transaction, visit)?;
        }
        transaction.commit()?;
        error!(
            file = %damaged.display(),
            visits = visits.len(),
            "visits were carried over from the damaged journal; others in it, if any, can only be read by hand"
        );
        Ok(())
    }
}

fn read_until_damage(
    damaged: &Path,
    order: &str,
    visits: &mut BTreeMap<VisitId, Visit>,
) -> rusqlite::Result<()> {
    let connection = Connection::open(damaged)?;
    let mut statement = connection.prepare(&format!("SELECT {COLUMNS} FROM visits ORDER BY id {order}"))?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        // A row that makes no sense may stand before others that do.
        if let Ok(visit) = schema::visit(row) {
            visits.insert(visit.id, visit);
        }
    }
    Ok(())
}

fn write_visit(connection: &Connection, visit: &Visit) -> rusqlite::Result<()> {
    let sql = "INSERT OR REPLACE INTO visits VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)";
    connection
        .prepare_cached(sql)?
        .execute(params_from_iter(schema::values(visit)))?;
    Ok(())
}

fn write_dropped(connection: &Connection, dropped: &Dropped) -> rusqlite::Result<()> {
    let visit = &dropped.visit;
    connection.execute(
        "INSERT OR REPLACE INTO dropped VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        params![
            schema::row_number(visit.id),
            schema::visitor(&visit.visitor),
            visit.access_point,
            visit.direction == crate::domain::Direction::Out,
            visit.at.as_millisecond(),
            dropped.reason,
            dropped.at.as_millisecond(),
        ],
    )?;
    Ok(())
}

/// The number of the last start is also kept beside the database, so that a visit's name is never given twice even
/// when the database is lost.
fn beside(path: &Path) -> PathBuf {
    path.with_extension("boot")
}

fn counted_beside(path: &Path) -> u32 {
    let counted = std::fs::read_to_string(beside(path)).ok();
    counted.and_then(|text| text.trim().parse().ok()).unwrap_or(0)
}

fn count_beside(path: &Path, boot: u32) {
    if let Err(error) = std::fs::write(beside(path), boot.to_string()) {
        warn!(file = %beside(path).display(), %error, "the number of this start could not be kept beside the journal");
    }
}
