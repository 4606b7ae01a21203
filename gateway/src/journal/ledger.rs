//! All visits of the journal in memory: the one truth while the program runs, of which the disk holds a copy. It knows
//! no file; the writer asks it what has changed since the copy was made.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::visit::{State, Visit, VisitId};
use crate::domain::{CustomerId, Visitor};

/// Counts changes; the copy on disk is at some earlier revision.
pub(super) type Revision = u64;

/// What the disk says of a visit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum OnDisk {
    /// Nothing.
    Absent,
    /// That the studio may have it, of this person at this time: after a restart it is asked.
    MayBeSent,
    /// Anything else: after a restart it is sent without asking, or not asked for in the right way.
    NotSent,
}

#[derive(Clone, Debug)]
struct Held {
    visit: Visit,
    on_disk: OnDisk,
}

/// What is to be written: each visit as it is now, or nothing where its row is to go.
#[derive(Debug)]
pub(super) struct Batch {
    pub(super) rows: Vec<(VisitId, Option<Visit>)>,
    pub(super) dropped: Vec<Dropped>,
    pub(super) revision: Revision,
}

/// A visit that a person took out of the journal.
#[derive(Clone, Debug, PartialEq)]
pub struct Dropped {
    /// As it was then.
    pub visit: Visit,
    /// Why.
    pub reason: String,
    /// When, by the wall clock.
    pub at: Timestamp,
}

/// How many visits there are of each kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Not yet at the studio.
    pub waiting: usize,
    /// Sent, with the answer outstanding.
    pub sent: usize,
    /// Waiting for a person.
    pub parked: usize,
    /// At the studio, and still kept.
    pub delivered: usize,
    /// In memory only, or there in a newer state than on disk.
    pub unwritten: usize,
    /// When the oldest visit that is not at the studio happened; parked ones do not count.
    pub oldest: Option<Timestamp>,
}

impl Batch {
    pub(super) fn is_empty(&self) -> bool {
        self.rows.is_empty() && self.dropped.is_empty()
    }
}

#[derive(Debug, Default)]
pub(super) struct Ledger {
    boot: u32,
    undelivered: BTreeMap<VisitId, Held>,
    delivered: BTreeMap<VisitId, Held>,
    /// What differs from the disk, with the revision of its last change.
    unwritten: BTreeMap<VisitId, Revision>,
    dropped: Vec<(Dropped, Revision)>,
    revision: Revision,
    /// The last change that somebody waits for or that must not be lost.
    urgent: Revision,
    /// Must be on disk before a visit leaves: a later visit of the same person may find a parked one's place in the
    /// history taken by itself, if a crash brings the parked one back as sent.
    last_parked: Revision,
    /// Whether new visits are sent at once. Their row then says so from the start, which saves a second write.
    pub(super) eager: bool,
}

impl Ledger {
    /// An empty one for the `boot`-th start.
    pub(super) fn new(boot: u32) -> Self {
        Self {
            boot,
            ..Self::default()
        }
    }

    pub(super) fn boot(&self) -> u32 {
        self.boot
    }

    pub(super) fn append(&mut self, visit: Visit) {
        let id = visit.id;
        let held = Held {
            visit,
            on_disk: OnDisk::Absent,
        };
        self.undelivered.insert(id, held);
        self.changed(id);
        self.urgent = self.revision;
    }

    /// Takes over what was found on disk, and the number of this start that the disk gave. Visits that came before
    /// were numbered provisionally.
    pub(super) fn adopt(&mut self, boot: u32, visits: Vec<Visit>) {
        let provisional: Vec<Held> = std::mem::take(&mut self.undelivered)
            .into_values()
            .chain(std::mem::take(&mut self.delivered).into_values())
            .collect();
        self.boot = boot;
        self.unwritten.clear();
        for visit in visits {
            let on_disk = match visit.state {
                State::Waiting => OnDisk::NotSent,
                _ => OnDisk::MayBeSent,
            };
            self.put(Held { visit, on_disk });
        }
        for mut held in provisional {
            held.visit.id.boot = boot;
            held.on_disk = OnDisk::Absent;
            let id = held.visit.id;
            self.put(held);
            self.changed(id);
        }
        self.urgent = self.revision;
    }

    /// The disk holds nothing any more: a new file was started.
    pub(super) fn disk_is_empty(&mut self) {
        for held in self.undelivered.values_mut().chain(self.delivered.values_mut()) {
            held.on_disk = OnDisk::Absent;
        }
        let all: Vec<VisitId> = self.visits().map(|visit| visit.id).collect();
        for id in all {
            self.changed(id);
        }
        self.urgent = self.revision;
    }

    /// In the order in which they came.
    pub(super) fn undelivered(&self) -> impl Iterator<Item = &Visit> {
        self.undelivered.values().map(|held| &held.visit)
    }

    /// The undelivered ones, then the delivered ones.
    pub(super) fn visits(&self) -> impl Iterator<Item = &Visit> {
        self.undelivered()
            .chain(self.delivered.values().map(|held| &held.visit))
    }

    /// What is known to be at the studio of this customer.
    pub(super) fn delivered_of(&self, customer: CustomerId) -> impl Iterator<Item = &Visit> {
        let visitor = Visitor::Customer(customer);
        self.delivered
            .values()
            .map(|held| &held.visit)
            .filter(move |visit| visit.visitor == visitor)
    }

    /// Changes an undelivered visit; does nothing if there is none of this name.
    pub(super) fn update(&mut self, id: VisitId, change: impl FnOnce(&mut Visit)) {
        let Some(mut held) = self.undelivered.remove(&id) else {
            return;
        };
        change(&mut held.visit);
        let parked = matches!(held.visit.state, State::Parked(_));
        self.put(held);
        self.changed(id);
        if parked {
            self.last_parked = self.revision;
            self.urgent = self.revision;
        }
    }

    /// Changes who came or when. The disk must know before the visit leaves.
    pub(super) fn identify(&mut self, id: VisitId, change: impl FnOnce(&mut Visit)) {
        self.update(id, change);
        if let Some(held) = self.undelivered.get_mut(&id)
            && held.on_disk == OnDisk::MayBeSent
        {
            held.on_disk = OnDisk::NotSent;
        }
    }

    /// Marks visits as given to the network. They must not leave before [`Ledger::may_leave`].
    /// Returns the revision that must be on disk before.
    pub(super) fn mark_sent(&mut self, ids: &[VisitId]) -> Revision {
        let mut needed = self.last_parked;
        for id in ids {
            let Some(held) = self.undelivered.get_mut(id) else {
                continue;
            };
            held.visit.state = State::Sent;
            if held.on_disk != OnDisk::MayBeSent {
                self.changed(*id);
                self.urgent = self.revision;
                needed = self.revision;
            }
        }
        needed
    }

    /// Whether a visit that was marked as sent may leave: the disk says that it may be sent, or says nothing of it
    /// because it cannot be written, and will have forgotten it if the program ends now.
    pub(super) fn may_leave(&self, id: VisitId, disk_in_trouble: bool) -> bool {
        let Some(held) = self.undelivered.get(&id) else {
            return false;
        };
        // One whose holder is not known yet may be of the same person.
        let parked_before = |id| {
            let earlier: Option<&Held> = self.undelivered.get(id);
            earlier.is_some_and(|Held { visit, .. }| {
                let unresolved = matches!(visit.visitor, Visitor::Unresolved(_));
                matches!(visit.state, State::Parked(_)) && (unresolved || visit.visitor == held.visit.visitor)
            })
        };
        if disk_in_trouble && self.unwritten.keys().any(parked_before) {
            return false;
        }
        match held.on_disk {
            OnDisk::MayBeSent => true,
            OnDisk::Absent => disk_in_trouble,
            OnDisk::NotSent => false,
        }
    }

    /// Takes a visit out for good.
    pub(super) fn drop_visit(&mut self, id: VisitId, reason: String, at: Timestamp) -> bool {
        let Some(held) = self.undelivered.remove(&id) else {
            return false;
        };
        self.changed(id);
        self.urgent = self.revision;
        let dropped = Dropped {
            visit: held.visit,
            reason,
            at,
        };
        self.dropped.push((dropped, self.revision));
        true
    }

    /// Lets the oldest delivered visits go: those delivered before `before`, and as many as there are above `most`.
    pub(super) fn forget_delivered(&mut self, most: usize, before: Timestamp) {
        let room = most.saturating_sub(self.undelivered.len());
        while let Some((&id, oldest)) = self.delivered.first_key_value() {
            let old = matches!(oldest.visit.state, State::Delivered { at } if at < before);
            if !old && self.delivered.len() <= room {
                return;
            }
            self.delivered.remove(&id);
            self.changed(id);
        }
    }

    pub(super) fn counts(&self) -> Counts {
        let mut counts = Counts {
            delivered: self.delivered.len(),
            unwritten: self.unwritten.len(),
            ..Counts::default()
        };
        for visit in self.undelivered() {
            match visit.state {
                State::Waiting => counts.waiting += 1,
                State::Parked(_) => counts.parked += 1,
                State::Sent | State::Delivered { .. } => counts.sent += 1,
            }
            if !matches!(visit.state, State::Parked(_)) {
                counts.oldest = Some(counts.oldest.map_or(visit.at, |oldest| oldest.min(visit.at)));
            }
        }
        counts
    }

    pub(super) fn undelivered_len(&self) -> usize {
        self.undelivered.len()
    }

    pub(super) fn unwritten_len(&self) -> usize {
        self.unwritten.len()
    }

    pub(super) fn revision(&self) -> Revision {
        self.revision
    }

    /// Somebody waits for everything.
    pub(super) fn hurry(&mut self) {
        self.urgent = self.revision;
    }

    pub(super) fn urgent(&self) -> Revision {
        self.urgent
    }

    /// Everything that differs from the disk. A waiting visit is written as sent where it may leave before it could
    /// be written again: when new visits are sent at once, and while the disk is in trouble.
    pub(super) fn batch(&mut self, disk_in_trouble: bool) -> Batch {
        let early = self.eager || disk_in_trouble;
        let mut rows = Vec::with_capacity(self.unwritten.len());
        for id in self.unwritten.keys() {
            let held = self
                .undelivered
                .get_mut(id)
                .or_else(|| self.delivered.get_mut(id));
            let row = held.map(|held| {
                let mut row = held.visit.clone();
                if row.state == State::Waiting {
                    if early {
                        row.state = State::Sent;
                    } else {
                        // Already now: even a commit that fails can be found on disk after a crash.
                        held.on_disk = OnDisk::NotSent;
                    }
                }
                row
            });
            rows.push((*id, row));
        }
        Batch {
            rows,
            dropped: self.dropped.iter().map(|(dropped, _)| dropped.clone()).collect(),
            revision: self.revision,
        }
    }

    /// The batch is on disk.
    pub(super) fn written(&mut self, batch: &Batch) {
        self.unwritten.retain(|_, changed| *changed > batch.revision);
        self.dropped.retain(|(_, changed)| *changed > batch.revision);
        for (id, row) in &batch.rows {
            let held = self
                .undelivered
                .get_mut(id)
                .or_else(|| self.delivered.get_mut(id));
            if let (Some(held), Some(row)) = (held, row) {
                let same = (&row.visitor, row.at) == (&held.visit.visitor, held.visit.at);
                held.on_disk = match row.state {
                    State::Waiting => OnDisk::NotSent,
                    _ if same => OnDisk::MayBeSent,
                    _ => OnDisk::NotSent,
                };
            }
        }
    }

    fn put(&mut self, held: Held) {
        let map = match held.visit.state {
            State::Delivered { .. } => &mut self.delivered,
            _ => &mut self.undelivered,
        };
        map.insert(held.visit.id, held);
    }

    fn changed(&mut self, id: VisitId) {
        self.revision += 1;
        self.unwritten.insert(id, self.revision);
    }
}
