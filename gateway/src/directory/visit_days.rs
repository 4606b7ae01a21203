//! On which of the last days somebody came: one bit a day, which is all that is needed to know who comes often.
//! Days are those of UTC; for that it makes no difference in which zone midnight is.

use jiff::Timestamp;

/// A day, counted from 1970-01-01.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Day(pub(super) i64);

impl Day {
    pub(super) fn of(moment: Timestamp) -> Self {
        Self(moment.as_second().div_euclid(24 * 3600))
    }

    /// The first of the last `days` days.
    pub(super) fn back(self, days: u8) -> Self {
        Self(self.0 - i64::from(days) + 1)
    }
}

/// The days up to and including the latest visit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct VisitDays {
    /// The latest.
    pub(super) latest: Day,
    /// Bit `n` is set when there was a visit `n` days before the latest.
    pub(super) bits: u32,
}

impl VisitDays {
    /// On how many of the last `days` days up to today there was a visit.
    pub(super) fn count(self, days: u8, today: Day) -> u32 {
        let first = today.back(days);
        (0..u32::BITS)
            .filter(|back| self.bits >> back & 1 == 1)
            .map(|back| self.latest.0 - i64::from(back))
            .filter(|day| first.0 <= *day && *day <= today.0)
            .count()
            .try_into()
            .unwrap_or(u32::BITS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_visits_of_the_asked_days_count() {
        let visits = VisitDays {
            latest: Day(100),
            bits: 0b10_0000_0000_0101,
        };
        assert_eq!(visits.count(14, Day(100)), 3, "days 87, 98 and 100");
        assert_eq!(visits.count(14, Day(101)), 2, "day 87 is too long ago");
        assert_eq!(visits.count(14, Day(120)), 0);
        assert_eq!(visits.count(14, Day(99)), 2, "a clock that was set back");
        assert_eq!(visits.count(1, Day(100)), 1);
    }
}
