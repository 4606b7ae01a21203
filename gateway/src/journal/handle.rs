//! What the rest of the program does with the journal. Nothing here touches the disk: a handle changes the ledger and,
//! where its caller must know, waits until the writer has brought the change to disk.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use tokio::sync::{Notify, watch};
use tracing::error;

use super::ledger::{Counts, Ledger, Revision};
use super::visit::{Parking, State, Visit, VisitClock, VisitId, Way};
use crate::clock;
use crate::domain::{CheckIn, CustomerId, Monotonic, Now, Visitor};

/// How far the disk is.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Progress {
    /// Everything up to here is on disk.
    pub(super) written: Revision,
    /// The last attempt to write failed.
    pub(super) trouble: bool,
    /// There will be no further one.
    pub(super) closed: bool,
}

#[derive(Debug)]
pub(super) struct Shared {
    ledger: Mutex<Ledger>,
    /// Wakes the writer.
    pub(super) work: Condvar,
    pub(super) progress: watch::Sender<Progress>,
    /// Wakes the delivery.
    appended: Notify,
    ways: Vec<Way>,
    most_visits: usize,
}

impl Shared {
    pub(super) fn new(ledger: Ledger, ways: Vec<Way>, most_visits: usize) -> Self {
        Self {
            ledger: Mutex::new(ledger),
            work: Condvar::new(),
            progress: watch::Sender::default(),
            appended: Notify::new(),
            ways,
            most_visits,
        }
    }

    /// The ledger, held for moments only: everybody who has it works in memory.
    pub(super) fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Access to the journal, for every task that needs it.
#[derive(Clone, Debug)]
pub struct JournalHandle {
    pub(super) shared: Arc<Shared>,
}

impl JournalHandle {
    /// Takes a visit. Never waits; the visit is on disk a moment later. The number of this start is the journal's own,
    /// whatever the check-in says.
    pub fn append(&self, check_in: CheckIn) {
        self.append_at(check_in, clock::now());
    }

    /// As [`JournalHandle::append`], a moment after the visit.
    pub(crate) fn append_at(&self, check_in: CheckIn, now: Now) {
        let mut ledger = self.shared.ledger();
        let boot = ledger.boot();
        if ledger.unwritten_len() >= self.shared.most_visits {
            // Only when the disk has failed for as many visits as the journal may hold.
            drop(ledger);
            error!(
                visitor = ?check_in.visitor, access_point = check_in.access_point, direction = %check_in.direction,
                at = %check_in.at,
                "a visit is lost: the disk cannot be written and the memory for visits is full"
            );
            return;
        }
        for way in &self.shared.ways {
            if way.takes(check_in.direction) {
                ledger.append(Visit::new(boot, *way, check_in.clone(), now));
            }
        }
        let undelivered = ledger.undelivered_len();
        drop(ledger);
        self.warn_before_the_bound(undelivered);
        self.shared.work.notify_one();
        self.shared.appended.notify_one();
    }

    fn warn_before_the_bound(&self, undelivered: usize) {
        let most = self.shared.most_visits;
        // At nine tenths, and with every further twentieth.
        if undelivered >= most / 10 * 9 && undelivered.is_multiple_of((most / 20).max(1)) {
            error!(
                undelivered,
                most, "the journal is almost full of visits that the studio does not have; none is dropped"
            );
        }
    }

    /// The ways in which the studio is told of new visits.
    #[must_use]
    pub fn ways(&self) -> &[Way] {
        &self.shared.ways
    }

    /// Waits until everything so far is on disk; `false` when it cannot be written at present.
    pub async fn flush(&self) -> bool {
        let revision = {
            let mut ledger = self.shared.ledger();
            ledger.hurry();
            ledger.revision()
        };
        self.shared.work.notify_one();
        self.written(revision).await
    }

    /// Waits until `revision` is on disk, or until it turns out that it cannot be written now.
    async fn written(&self, revision: Revision) -> bool {
        let mut progress = self.shared.progress.subscribe();
        let reached =
            progress.wait_for(|progress| progress.written >= revision || progress.trouble || progress.closed);
        reached.await.is_ok_and(|progress| progress.written >= revision)
    }

    /// Waits for a visit that was appended since the last call.
    pub async fn appended(&self) {
        self.shared.appended.notified().await;
    }

    /// Says whether new visits are sent at once.
    pub fn set_eager(&self, eager: bool) {
        self.shared.ledger().eager = eager;
    }

    /// Calls `visit` with every undelivered visit in the order in which they came, until it returns `false`.
    pub fn each_undelivered(&self, mut visit: impl FnMut(&Visit) -> bool) {
        let ledger = self.shared.ledger();
        for undelivered in ledger.undelivered() {
            if !visit(undelivered) {
                return;
            }
        }
    }

    /// What the studio is known to have of this customer.
    #[must_use]
    pub fn delivered_of(&self, customer: CustomerId) -> Vec<Visit> {
        self.shared.ledger().delivered_of(customer).cloned().collect()
    }

    /// Marks visits as given to the network, durably, and returns those that may leave now. Others stay marked and
    /// count as ambiguous.
    pub async fn mark_sent(&self, ids: &[VisitId]) -> Vec<VisitId> {
        let revision = {
            let mut ledger = self.shared.ledger();
            ledger.mark_sent(ids)
        };
        self.shared.work.notify_one();
        self.written(revision).await;
        let trouble = self.shared.progress.borrow().trouble;
        let ledger = self.shared.ledger();
        let may_leave = |id: &VisitId| ledger.may_leave(*id, trouble);
        ids.iter().copied().filter(may_leave).collect()
    }

    /// The studio has it, as is known `at` this time.
    pub fn delivered(&self, id: VisitId, at: Timestamp) {
        self.update(id, |visit| {
            visit.state = State::Delivered { at };
            visit.presented = None;
        });
    }

    /// The studio does not have it; to be sent again, not before the given moment.
    pub fn wait(&self, id: VisitId, attempts: u32, not_before: Monotonic) {
        self.update(id, |visit| {
            visit.state = State::Waiting;
            visit.attempts = attempts;
            visit.not_before = not_before;
        });
    }

    /// Whether the studio has it is not known; to be asked, not before the given moment.
    pub fn ambiguous(&self, id: VisitId, attempts: u32, not_before: Monotonic) {
        self.update(id, |visit| {
            visit.state = State::Sent;
            visit.attempts = attempts;
            visit.not_before = not_before;
        });
    }

    /// Not to be touched before the given moment.
    pub fn postpone(&self, id: VisitId, not_before: Monotonic) {
        self.update(id, |visit| visit.not_before = not_before);
    }

    /// It waits for a person.
    pub fn park(&self, id: VisitId, message: String, trace_id: Option<String>) {
        let since = clock::wall();
        self.update(id, |visit| {
            visit.state = State::Parked(Parking {
                message,
                trace_id,
                since,
            });
        });
    }

    /// Whose credential it was.
    pub fn resolve(&self, id: VisitId, customer: CustomerId) {
        let change = |visit: &mut Visit| visit.visitor = Visitor::Customer(customer);
        self.shared.ledger().identify(id, change);
    }

    /// When it really was.
    pub fn correct(&self, id: VisitId, at: Timestamp) {
        self.shared.ledger().identify(id, |visit| {
            visit.at = at;
            visit.clock = VisitClock::Corrected;
        });
    }

    /// A person wants a parked visit to be tried again: the studio is asked first whether it has it. `false` when it
    /// is not parked.
    pub async fn retry(&self, id: VisitId) -> bool {
        let mut found = false;
        self.update(id, |visit| {
            if matches!(visit.state, State::Parked(_)) {
                visit.state = State::Sent;
                visit.attempts = 0;
                visit.not_before = Monotonic::default();
                found = true;
            }
        });
        self.shared.appended.notify_one();
        self.flush().await && found
    }

    /// A person takes an undelivered visit out for good; who, what and why stays on disk. `false` when there is none
    /// of this name or the disk cannot be written.
    pub async fn drop_visit(&self, id: VisitId, reason: String) -> bool {
        let found = self.shared.ledger().drop_visit(id, reason, clock::wall());
        self.flush().await && found
    }

    /// How many there are of each kind.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.shared.ledger().counts()
    }

    /// Every visit: the undelivered ones in the order in which they came, then the delivered ones.
    #[must_use]
    pub fn visits(&self) -> Vec<Visit> {
        self.shared.ledger().visits().cloned().collect()
    }

    fn update(&self, id: VisitId, change: impl FnOnce(&mut Visit)) {
        self.shared.ledger().update(id, change);
    }
}
