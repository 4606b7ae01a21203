//! Finding our visits in a customer's history. The studio keeps no identity of ours, so a visit is known by its time;
//! every entry of the history stands for at most one visit.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::domain::Direction;
use crate::journal::{Visit, VisitId};
use crate::studio::PastCheckIn;

/// How far the time in the history may be from the time that was sent: the studio may round to minutes.
pub(super) const TOLERANCE: Duration = Duration::from_secs(60);

/// Which of `visits` are in `history`. Those that were `delivered` before take their entries first, so that none of
/// theirs is taken for another one.
pub(super) fn found(visits: &[Visit], delivered: &[Visit], history: &[PastCheckIn]) -> BTreeSet<VisitId> {
    let mut found = BTreeSet::new();
    for direction in [Direction::In, Direction::Out] {
        let mut entries: Vec<Timestamp> = history
            .iter()
            .filter_map(|entry| match direction {
                Direction::In => entry.checked_in,
                Direction::Out => entry.checked_out,
            })
            .collect();
        entries.sort_unstable();
        let mut open: Vec<&Visit> = delivered
            .iter()
            .chain(visits)
            .filter(|visit| visit.direction == direction)
            .collect();
        open.sort_by_key(|visit| (visit.at, visit.id));
        // The same second first; the studio is sent whole seconds.
        open.retain(|visit| {
            let second = visit.at.as_second();
            let taken = take(&mut entries, |entry| entry.as_second() == second);
            if taken {
                found.insert(visit.id);
            }
            !taken
        });
        // In the order of time, the earliest entry that fits: that leaves the most for those that come later.
        for visit in open {
            if take(&mut entries, |entry| {
                entry.duration_since(visit.at).unsigned_abs() <= TOLERANCE
            }) {
                found.insert(visit.id);
            }
        }
    }
    found.retain(|id| visits.iter().any(|visit| visit.id == *id));
    found
}

fn take(entries: &mut Vec<Timestamp>, fits: impl Fn(&Timestamp) -> bool) -> bool {
    match entries.iter().position(fits) {
        Some(position) => {
            entries.remove(position);
            true
        }
        None => false,
    }
}

/// The stretch of time that must be asked for to find these visits.
pub(super) fn stretch(visits: &[Visit]) -> Option<(Timestamp, Timestamp)> {
    // A day on either side, because the studio is asked for calendar days of its own zone.
    let day = SignedDuration::from_hours(24);
    let first = visits.iter().map(|visit| visit.at).min()?;
    let last = visits.iter().map(|visit| visit.at).max()?;
    Some((
        first.saturating_sub(day).unwrap_or(first),
        last.saturating_add(day).unwrap_or(last),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{CustomerId, Monotonic, Visitor};
    use crate::journal::{State, VisitClock};

    fn at(seconds: i64, direction: Direction) -> Visit {
        Visit {
            id: VisitId {
                boot: 1,
                sequence: u32::try_from(seconds).unwrap(),
            },
            visitor: Visitor::Customer(CustomerId(1)),
            access_point: "entry".into(),
            direction,
            at: Timestamp::from_millisecond(seconds * 1000 + 250).unwrap(),
            clock: VisitClock::Set,
            state: State::Sent,
            attempts: 0,
            not_before: Monotonic::default(),
        }
    }

    fn came(seconds: i64) -> PastCheckIn {
        PastCheckIn {
            id: seconds,
            checked_in: Timestamp::from_second(seconds).ok(),
            checked_out: None,
            studio: None,
            studio_name: None,
        }
    }

    fn found_at(visits: &[i64], delivered: &[i64], history: &[i64]) -> Vec<u32> {
        let visits: Vec<Visit> = visits.iter().map(|second| at(*second, Direction::In)).collect();
        let delivered: Vec<Visit> = delivered
            .iter()
            .map(|second| at(*second, Direction::In))
            .collect();
        let history: Vec<PastCheckIn> = history.iter().map(|second| came(*second)).collect();
        found(&visits, &delivered, &history)
            .into_iter()
            .map(|id| id.sequence)
            .collect()
    }

    #[test]
    fn a_visit_is_found_by_its_second_or_by_a_rounded_time() {
        assert_eq!(found_at(&[1000], &[], &[1000]), [1000]);
        assert_eq!(found_at(&[1019], &[], &[960]), [1019]);
        assert_eq!(found_at(&[1000], &[], &[900, 1100]), [] as [u32; 0]);
    }

    #[test]
    fn one_entry_stands_for_one_visit() {
        assert_eq!(found_at(&[1000, 1010], &[], &[1000]), [1000]);
        assert_eq!(found_at(&[1000, 1010], &[], &[1010]), [1010]);
        assert_eq!(found_at(&[1000, 1010], &[], &[960, 960]), [1000, 1010]);
    }

    #[test]
    fn the_entry_of_a_delivered_visit_is_not_taken_for_another_one() {
        assert_eq!(found_at(&[1010], &[1000], &[1000]), [] as [u32; 0]);
        assert_eq!(found_at(&[1010], &[1000], &[960]), [] as [u32; 0]);
    }

    #[test]
    fn rounding_never_hides_a_visit_behind_an_earlier_one() {
        // Rounded down to minutes: the delivered one stands at 960, the other one at 1020.
        assert_eq!(found_at(&[1040], &[1015], &[960, 1020]), [1040]);
    }

    #[test]
    fn a_departure_is_not_found_by_an_arrival() {
        let gone = at(1000, Direction::Out);
        assert!(found(std::slice::from_ref(&gone), &[], &[came(1000)]).is_empty());
        let both = PastCheckIn {
            checked_out: Timestamp::from_second(1000).ok(),
            ..came(10)
        };
        assert_eq!(found(std::slice::from_ref(&gone), &[], &[both]).len(), 1);
    }
}
