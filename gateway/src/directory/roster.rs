//! The roster: the records of all members, slice by slice, on a schedule and on demand. How far it is stands in the
//! store, so that a failure or a restart costs one slice.

use std::time::Duration;

use jiff::Timestamp;
use rand::RngExt;
use tracing::{info, warn};

use super::Directory;
use super::store::Progress;
use crate::budget::Rank;
use crate::clock;
use crate::domain::{MemberRecord, Monotonic};
use crate::studio::StudioError;

/// Records in one slice, the most that the studio gives.
const SLICE: u16 = 500;

/// A log line after so many slices.
const SLICES_PER_LINE: u32 = 10;

/// First and longest pause after a slice that could not be fetched.
const FIRST_PAUSE: Duration = Duration::from_secs(2);
const LONGEST_PAUSE: Duration = Duration::from_secs(300);

impl Progress {
    fn begin(roster: i64) -> Self {
        Self {
            roster,
            started: clock::wall(),
            next: None,
            listed: 0,
            unreadable: 0,
            complete: false,
        }
    }

    /// How long the next roster can wait.
    fn wait(&self, interval: Duration, now: Timestamp) -> Duration {
        if !self.complete {
            return Duration::ZERO;
        }
        // One from the future is of a clock that was wrong.
        Duration::try_from(now.duration_since(self.started))
            .map_or(Duration::ZERO, |age| interval.saturating_sub(age))
    }
}

/// Keeps the roster for ever.
pub(super) async fn run(directory: &Directory) {
    let inner = &directory.0;
    let mut file = inner.store.file();
    file.mark_unchanged();
    let mut last = inner.store.progress().await.ok().flatten();
    loop {
        // Spread, so that many gateways do not come at once.
        let interval = inner
            .settings
            .roster_interval
            .mul_f64(rand::rng().random_range(0.9..1.1));
        let wait = last
            .as_ref()
            .map_or(Duration::ZERO, |last| last.wait(interval, clock::wall()));
        tokio::select! {
            () = tokio::time::sleep(wait), if inner.settings.roster => {}
            () = inner.resync.notified() => {}
            // The writer may be gone at the end of the gateway: then there is nothing to wait for.
            Ok(()) = file.changed(), if inner.settings.roster => last = None,
        }
        last = Some(fetch(directory, last).await);
        inner.listed.notify_one();
    }
}

/// Fetches a roster to its end: the one that is half through, or a new one.
async fn fetch(directory: &Directory, last: Option<Progress>) -> Progress {
    let inner = &directory.0;
    let mut progress = match last {
        Some(unfinished) if !unfinished.complete => unfinished,
        last => Progress::begin(last.map_or(1, |last| last.roster + 1)),
    };
    let mut file = inner.store.file();
    let mut begin_anew = false;
    let mut failures = 0;
    let mut slices = 0;
    info!(
        roster = progress.roster,
        listed = progress.listed,
        "fetching the roster"
    );
    inner.store.put_slice(Vec::new(), &progress).await;
    loop {
        // A new file knows nothing of the slices before.
        if begin_anew || file.has_changed().unwrap_or(false) {
            file.mark_unchanged();
            begin_anew = false;
            progress = Progress::begin(progress.roster + 1);
            inner.store.put_slice(Vec::new(), &progress).await;
        }
        inner.budget.take(Rank::Roster, 1).await;
        let asked = clock::now().monotonic;
        let slice = inner.studio.members_slice(progress.next.as_deref(), SLICE).await;
        inner.budget.note(&slice);
        match slice {
            Ok(slice) => {
                inner.outage.over();
                if failures > 0 {
                    info!(listed = progress.listed, failures, "the roster goes on");
                    failures = 0;
                }
                progress.listed += i64::try_from(slice.items.len()).unwrap_or_default();
                progress.unreadable += i64::try_from(slice.unreadable).unwrap_or_default();
                progress.next = slice.next;
                let records = newest(directory, slice.items, asked).await;
                put(directory, records, &progress).await;
                slices += 1;
                if progress.next.is_none() && !file.has_changed().unwrap_or(false) {
                    break;
                }
                if slices % SLICES_PER_LINE == 0 {
                    info!(listed = progress.listed, "fetching the roster");
                }
            }
            // The studio does not know this place of its list any more.
            Err(StudioError::Refused { .. }) if progress.next.is_some() => begin_anew = true,
            Err(error) => {
                failures += 1;
                if failures == 1 {
                    warn!(%error, listed = progress.listed, "the roster has stopped and will go on from here");
                }
                tokio::time::sleep(pause(failures)).await;
            }
        }
    }
    end(directory, &mut progress).await;
    progress
}

/// Records that were asked for from `asked` on. Somebody who was asked about by themselves since is as they
/// were then, or gone: what is late must not lift a block that was just set.
pub(super) async fn newest(
    directory: &Directory,
    slice: Vec<MemberRecord>,
    asked: Monotonic,
) -> Vec<MemberRecord> {
    let mut records = Vec::with_capacity(slice.len());
    for record in slice {
        match directory.0.asked.get(&record.customer).await {
            Some(at) if at >= asked => {
                let known = directory.0.memory.member(record.customer).await;
                records.extend(known.as_deref().cloned());
            }
            _ => records.push(record),
        }
    }
    records
}

async fn put(directory: &Directory, records: Vec<MemberRecord>, progress: &Progress) {
    for record in &records {
        directory.brief(record).await;
    }
    directory.0.store.put_slice(records, progress).await;
}

async fn end(directory: &Directory, progress: &mut Progress) {
    progress.complete = true;
    let withdrawn = directory.0.store.end_roster(progress).await;
    for customer in withdrawn.iter().flatten() {
        directory.0.memory.forget(*customer).await;
    }
    info!(
        listed = progress.listed,
        unreadable = progress.unreadable,
        withdrawn = withdrawn.as_ref().map_or(0, Vec::len),
        stored = withdrawn.is_some(),
        seconds = clock::wall().duration_since(progress.started).as_secs(),
        "the roster is complete"
    );
}

/// Twice as long after each failure, half of it by chance.
fn pause(failures: u32) -> Duration {
    let whole = FIRST_PAUSE
        .saturating_mul(1 << failures.saturating_sub(1).min(16))
        .min(LONGEST_PAUSE);
    whole.mul_f64(rand::rng().random_range(0.5..1.0))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::budget::Budget;
    use crate::directory::{DirectorySettings, Store};
    use crate::domain::{CustomerId, MemberStatus};
    use crate::studio::{ApiKey, StudioClient, StudioSettings};

    #[test]
    fn a_roster_is_due_when_it_is_old_unfinished_or_from_the_future() {
        let hour = Duration::from_secs(3600);
        let now = clock::wall();
        let started = |ago: i64| Progress {
            started: now.saturating_sub(jiff::SignedDuration::from_secs(ago)).unwrap(),
            complete: true,
            ..Progress::begin(1)
        };
        assert_eq!(started(600).wait(hour, now), Duration::from_secs(3000));
        assert_eq!(started(3600).wait(hour, now), Duration::ZERO);
        assert_eq!(started(-600).wait(hour, now), Duration::ZERO);
        let unfinished = Progress {
            complete: false,
            ..started(600)
        };
        assert_eq!(unfinished.wait(hour, now), Duration::ZERO);
    }

    #[tokio::test]
    async fn a_slice_that_is_late_brings_nobody_back_as_they_were_before_they_were_asked_about() {
        let folder = tempfile::tempdir().unwrap();
        let studio = StudioSettings::new(
            "http://localhost".parse().unwrap(),
            ApiKey::new("key", "the test"),
        );
        let directory = Directory::new(
            Store::open(folder.path()),
            StudioClient::new(studio).unwrap(),
            Budget::new(600),
            DirectorySettings::default(),
        );
        let member = |id, access_refused| MemberRecord {
            customer: CustomerId(id),
            status: MemberStatus::Member,
            access_refused,
            restrictions: Vec::new(),
            idle_periods: Vec::new(),
            benefits: BTreeMap::new(),
            access_code: None,
            access_code_as_of: None,
            credentials: Vec::new(),
            language: None,
            as_of: clock::wall(),
        };
        let slice = || (1..=3).map(|id| member(id, false)).collect();
        let asked = clock::now().monotonic;
        directory.keep(member(1, true)).await;
        directory.forget(CustomerId(2)).await;
        let seen = |records: Vec<MemberRecord>| -> Vec<_> {
            let seen = |record: &MemberRecord| (record.customer.0, record.access_refused);
            records.iter().map(seen).collect()
        };
        let late = seen(newest(&directory, slice(), asked).await);
        assert_eq!(late, [(1, true), (3, false)]);
        tokio::time::sleep(Duration::from_millis(2)).await;
        let later = clock::now().monotonic;
        let timely = seen(newest(&directory, slice(), later).await);
        assert_eq!(timely, [(1, false), (2, false), (3, false)]);
    }

    #[test]
    fn the_pauses_grow_up_to_the_longest() {
        for (failures, longest) in [(1, 2), (2, 4), (3, 8), (60, 300)] {
            let seconds = pause(failures).as_secs_f64();
            assert!(
                seconds <= f64::from(longest) && seconds >= f64::from(longest) / 2.0,
                "{seconds}"
            );
        }
    }
}
