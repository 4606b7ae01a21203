//! A warning while check-ins wait: what an owner reads in the log who never asks for the status. It delivers nothing.

use std::time::Duration;

use jiff::Timestamp;
use tokio::time::sleep;
use tracing::warn;

use crate::clock;
use crate::domain::Monotonic;
use crate::journal::{Counts, JournalHandle};

/// A check-in that waits longer is a sign of trouble.
const LATE: Duration = Duration::from_secs(5 * 60);

/// At most one line in this time.
const INTERVAL: Duration = Duration::from_secs(10 * 60);

/// How often the journal is looked at.
const LOOK: Duration = Duration::from_secs(30);

/// Watches the journal for ever.
pub async fn warn_of_backlog(journal: JournalHandle) {
    let mut warned = None;
    loop {
        sleep(LOOK).await;
        let now = clock::now();
        let counts = journal.counts();
        if let Some(age) = late(&counts, now.wall).filter(|_| is_due(warned, now.monotonic)) {
            warned = Some(now.monotonic);
            warn!(
                waiting = counts.waiting,
                sent = counts.sent,
                parked = counts.parked,
                oldest_minutes = age.as_secs() / 60,
                "check-ins wait for the studio: none is lost, they are delivered when it takes them again"
            );
        }
    }
}

/// How long the oldest check-in has been waiting, if that is too long.
fn late(counts: &Counts, now: Timestamp) -> Option<Duration> {
    let age = Duration::try_from(now.duration_since(counts.oldest?)).ok()?;
    (age >= LATE).then_some(age)
}

fn is_due(warned: Option<Monotonic>, now: Monotonic) -> bool {
    warned.is_none_or(|warned| now.since(warned) >= INTERVAL)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_waits_for_minutes_is_worth_a_line_and_parked_ones_are_not() {
        let now = Timestamp::from_second(10_000).unwrap();
        let waiting_since = |second| Counts {
            waiting: 1,
            oldest: Some(Timestamp::from_second(second).unwrap()),
            ..Counts::default()
        };
        assert_eq!(late(&waiting_since(9_701), now), None);
        assert_eq!(late(&waiting_since(9_700), now), Some(LATE));
        let parked = Counts {
            parked: 3,
            ..Counts::default()
        };
        assert_eq!(late(&parked, now), None);
        assert_eq!(late(&waiting_since(20_000), now), None, "a clock that went back");
    }

    #[test]
    fn the_line_comes_once_in_ten_minutes() {
        let at = |secs| Monotonic(Duration::from_secs(secs));
        assert!(is_due(None, at(0)));
        assert!(!is_due(Some(at(30)), at(629)));
        assert!(is_due(Some(at(30)), at(630)));
    }
}
