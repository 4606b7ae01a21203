//! Finding our visits in a customer's history. The studio keeps no identity of ours, so a visit is known by its time;
//! every entry of the history stands for at most one visit.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::domain::Direction;
use crate::journal::{State, Visit, VisitId, Way};
use crate::studio::PastCheckIn;

/// How far the time in the history may be from the time that was sent, where the studio keeps seconds and where it
/// seems to round to minutes.
const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);

/// How long before the studio's answer its entry may seem to be made: two clocks, one of them in whole seconds.
const CLOCKS_APART: Duration = Duration::from_secs(5);

/// Which of `visits` are in `history`. Those that were `delivered` before have their entries too, so that none of
/// theirs is taken for another one. `replay_within` is how old a visit may be that the device API is told of.
pub(super) fn found(
    visits: &[Visit],
    delivered: &[Visit],
    history: &[PastCheckIn],
    replay_within: Duration,
) -> BTreeSet<VisitId> {
    let times = history
        .iter()
        .flat_map(|entry| [entry.checked_in, entry.checked_out]);
    let rounded = times.flatten().all(|time| time.as_second() % 60 == 0);
    let tolerance = if rounded { MINUTE } else { SECOND };
    let mut found = BTreeSet::new();
    for direction in [Direction::In, Direction::Out] {
        let entry_time = |entry: &PastCheckIn| match direction {
            Direction::In => entry.checked_in,
            Direction::Out => entry.checked_out,
        };
        let mut entries: Vec<Entry<'_>> = history
            .iter()
            .filter_map(entry_time)
            .map(|at| Entry { at, of: None })
            .collect();
        entries.sort_unstable_by_key(|entry| entry.at);
        let fits = |visit: &Visit, entry: Timestamp| match visit.id.way {
            Way::OpenApi => {
                entry.as_second() == visit.at.as_second()
                    || entry.duration_since(visit.at).unsigned_abs() <= tolerance
            }
            Way::DeviceApi | Way::BenefitUse => arrival(visit, replay_within).contains(&entry),
        };
        // Those in doubt as they were sent: a later one is only there if the earlier ones are.
        for visit in delivered
            .iter()
            .chain(visits)
            .filter(|visit| visit.direction == direction)
        {
            let mut tried = BTreeSet::new();
            if place(visit, &mut entries, &fits, &mut tried) {
                found.insert(visit.id);
            }
        }
    }
    found.retain(|id| visits.iter().any(|visit| visit.id == *id));
    found
}

/// A time in the history, and the visit that it stands for.
struct Entry<'a> {
    at: Timestamp,
    of: Option<&'a Visit>,
}

/// Finds an entry for `visit`. Visits that were placed before may have to move to other ones, but none loses its own:
/// an augmenting path of a bipartite matching.
fn place<'a>(
    visit: &'a Visit,
    entries: &mut [Entry<'a>],
    fits: &impl Fn(&Visit, Timestamp) -> bool,
    tried: &mut BTreeSet<usize>,
) -> bool {
    for position in 0..entries.len() {
        let Some(entry) = entries.get(position) else {
            return false;
        };
        if !fits(visit, entry.at) || !tried.insert(position) {
            continue;
        }
        let before = entry.of;
        if before.is_none_or(|other| place(other, entries, fits, tried)) {
            if let Some(entry) = entries.get_mut(position) {
                entry.of = Some(visit);
            }
            return true;
        }
    }
    false
}

/// When the studio can have heard of a visit that it was not told the time of.
fn arrival(visit: &Visit, replay_within: Duration) -> RangeInclusive<Timestamp> {
    let after = |at: Timestamp, span: Duration| at.checked_add(span).unwrap_or(Timestamp::MAX);
    let latest = match (&visit.state, visit.id.way) {
        (State::Delivered { at }, _) => after(*at, CLOCKS_APART),
        (_, Way::DeviceApi) => after(visit.at, replay_within.saturating_add(MINUTE)),
        (_, Way::OpenApi | Way::BenefitUse) => Timestamp::MAX,
    };
    visit.at.checked_sub(MINUTE).unwrap_or(Timestamp::MIN)..=latest
}

/// The stretch of time that must be asked for to find these visits.
pub(super) fn stretch(visits: &[Visit], now: Timestamp) -> Option<(Timestamp, Timestamp)> {
    // A day on either side, because the studio is asked for calendar days of its own zone.
    let day = SignedDuration::from_hours(24);
    let first = visits.iter().map(|visit| visit.at).min()?;
    // Of the ways that take no time, the studio may have heard at any time since.
    let until = |visit: &Visit| {
        if visit.id.way.keeps_time() {
            visit.at
        } else {
            visit.at.max(now)
        }
    };
    let last = visits.iter().map(until).max()?;
    Some((
        first.saturating_sub(day).unwrap_or(first),
        last.saturating_add(day).unwrap_or(last),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{CustomerId, Monotonic, Visitor};
    use crate::journal::VisitClock;

    const REPLAY_WITHIN: Duration = Duration::from_secs(120);

    fn at(seconds: i64, direction: Direction) -> Visit {
        Visit {
            id: VisitId {
                boot: 1,
                sequence: u32::try_from(seconds).unwrap(),
                way: Way::OpenApi,
            },
            visitor: Visitor::Customer(CustomerId(1)),
            presented: None,
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
        found(&visits, &delivered, &history, REPLAY_WITHIN)
            .into_iter()
            .map(|id| id.sequence)
            .collect()
    }

    #[test]
    fn a_visit_is_found_by_its_second_or_by_a_rounded_time() {
        assert_eq!(found_at(&[1000], &[], &[1000]), [1000]);
        assert_eq!(found_at(&[1019], &[], &[960]), [1019]);
        assert_eq!(found_at(&[1000], &[], &[900, 1080]), [] as [u32; 0]);
    }

    #[test]
    fn a_studio_that_keeps_seconds_is_taken_at_its_word() {
        assert_eq!(found_at(&[1000], &[], &[1010]), [] as [u32; 0]);
        assert_eq!(found_at(&[1000], &[], &[960, 70]), [] as [u32; 0]);
        assert_eq!(found_at(&[1000], &[], &[1001]), [1000]);
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
        assert!(found(std::slice::from_ref(&gone), &[], &[came(1000)], REPLAY_WITHIN).is_empty());
        let both = PastCheckIn {
            checked_out: Timestamp::from_second(1000).ok(),
            ..came(10)
        };
        assert_eq!(
            found(std::slice::from_ref(&gone), &[], &[both], REPLAY_WITHIN).len(),
            1
        );
    }

    fn in_way(way: Way, seconds: i64) -> Visit {
        let visit = at(seconds, Direction::In);
        Visit {
            id: VisitId { way, ..visit.id },
            ..visit
        }
    }

    fn told_at(visit: Visit, seconds: i64) -> Visit {
        Visit {
            state: State::Delivered {
                at: Timestamp::from_second(seconds).unwrap(),
            },
            ..visit
        }
    }

    #[test]
    fn a_visit_told_without_its_time_is_found_by_the_time_of_its_arrival() {
        let there = |way, entry| !found(&[in_way(way, 1000)], &[], &[came(entry)], REPLAY_WITHIN).is_empty();
        assert!(there(Way::DeviceApi, 1090) && there(Way::BenefitUse, 1090));
        // The device API is never told so late, and nothing before it has happened.
        assert!(!there(Way::DeviceApi, 1400) && there(Way::BenefitUse, 90_000));
        assert!(!there(Way::DeviceApi, 900) && !there(Way::BenefitUse, 900));
    }

    #[test]
    fn the_check_in_of_a_visit_is_not_taken_for_its_use_of_a_benefit() {
        let check_in = told_at(at(1000, Direction::In), 1001);
        let uses = [in_way(Way::BenefitUse, 1000)];
        let found = |history: &[PastCheckIn]| {
            found(&uses, std::slice::from_ref(&check_in), history, REPLAY_WITHIN).len()
        };
        assert_eq!(found(&[came(1000)]), 0);
        assert_eq!(found(&[came(1000), came(1002)]), 1);
    }

    #[test]
    fn what_was_told_before_takes_the_entry_of_before() {
        let before = told_at(in_way(Way::BenefitUse, 1000), 4000);
        let uses = [in_way(Way::BenefitUse, 1500)];
        let found = |history: &[PastCheckIn]| {
            found(&uses, std::slice::from_ref(&before), history, REPLAY_WITHIN).len()
        };
        assert_eq!(found(&[came(3999)]), 0);
        assert_eq!(found(&[came(3999), came(4001)]), 1);
        assert_eq!(
            found(&[came(4020)]),
            1,
            "it came after the answer for the one before"
        );
    }
}
