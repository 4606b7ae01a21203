//! Releases that have not been sent to the board yet: at most [`MOST`], oldest first. None is sent before its
//! direction is free.

use core::time::Duration;

use heapless::Vec;

use super::{Direction, Refusal, Release};

/// Most releases that wait at one board. More people than that do not present themselves within a time to live.
pub(super) const MOST: usize = 4;

/// The queue.
#[derive(Debug, Default)]
pub(super) struct Waiting(Vec<Entry, MOST>);

#[derive(Clone, Copy, Debug)]
struct Entry {
    release: Release,
    /// None once that has come.
    not_before: Option<Duration>,
    /// Why it has not been sent so far.
    why: Refusal,
}

impl Waiting {
    /// Takes a new one.
    ///
    /// # Errors
    /// [`Refusal::Busy`] if the queue is full, [`Refusal::Expired`] if it is too late already.
    pub(super) fn add(&mut self, release: Release, now: Duration) -> Result<(), Refusal> {
        if release.not_after <= now {
            return Err(Refusal::Expired);
        }
        let entry = Entry {
            release,
            not_before: None,
            why: Refusal::Busy,
        };
        self.0.push(entry).map_err(|_| Refusal::Busy)
    }

    /// Takes one back to the head of the queue that the board has not opened for now. Gives it back if the queue has
    /// filled up behind it.
    pub(super) fn again(
        &mut self,
        release: Release,
        not_before: Duration,
        why: Refusal,
    ) -> Result<(), Release> {
        self.0
            .insert(
                0,
                Entry {
                    release,
                    not_before: Some(not_before),
                    why,
                },
            )
            .map_err(|_| release)
    }

    /// Takes out the oldest one that may be sent now.
    pub(super) fn next(&mut self, now: Duration, is_free: impl Fn(Direction) -> bool) -> Option<Release> {
        let ready = |entry: &Entry| {
            let release = &entry.release;
            entry.not_before.is_none_or(|at| at <= now)
                && release.not_after > now
                && is_free(release.direction)
        };
        let position = self.0.iter().position(ready)?;
        Some(self.0.remove(position).release)
    }

    /// Takes out one that has become too late, with the reason.
    pub(super) fn expire(&mut self, now: Duration) -> Option<(Release, Refusal)> {
        for entry in &mut self.0 {
            entry.not_before = entry.not_before.filter(|at| *at > now);
        }
        let position = self.0.iter().position(|entry| entry.release.not_after <= now)?;
        let entry = self.0.remove(position);
        Some((entry.release, entry.why))
    }

    /// Takes out the oldest one, whatever it waits for.
    pub(super) fn give_up(&mut self) -> Option<Release> {
        (!self.0.is_empty()).then(|| self.0.remove(0).release)
    }

    /// When something becomes ready or too late, apart from directions that become free.
    pub(super) fn next_deadline(&self) -> Option<Duration> {
        self.0
            .iter()
            .flat_map(|entry| [entry.not_before, Some(entry.release.not_after)])
            .flatten()
            .min()
    }
}
