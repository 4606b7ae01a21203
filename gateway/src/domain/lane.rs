//! The rules of a lane that no member record knows: its mode, its opening hours, its zone.

use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

use jiff::civil::{Date, DateTime, Time, Weekday};

/// How a lane works.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LaneMode {
    /// By the rules.
    #[default]
    Normal,
    /// Free passage: whatever is presented opens, and the visits are reported as far as their holders are known.
    Open,
    /// Nobody gets in. Whoever is inside still gets out.
    Closed,
}

impl fmt::Display for LaneMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Normal => "normal",
            Self::Open => "open",
            Self::Closed => "closed",
        })
    }
}

/// When a lane lets people in, on the studio's clock.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OpeningHours {
    /// The open times of each weekday, Monday first. A time that ends at or before its start ends on the next day.
    pub week: [Vec<OpenTime>; 7],
    /// Days on which no open time starts.
    pub closed: BTreeSet<Date>,
}

/// A time of a day in which a lane is open: the first minute is in it, the end is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenTime {
    /// From this time on.
    pub from: Time,
    /// Up to this time; midnight is the end of the day.
    pub to: Time,
}

impl OpeningHours {
    /// Whether the lane is open at this time on the studio's clock.
    #[must_use]
    pub fn contains(&self, at: DateTime) -> bool {
        let (day, time) = (at.date(), at.time());
        let today = self
            .starting(day)
            .any(|open| open.from <= time && (time < open.to || open.ends_next_day()));
        let since_yesterday = day.yesterday().is_ok_and(|yesterday| {
            self.starting(yesterday)
                .any(|open| open.ends_next_day() && time < open.to)
        });
        today || since_yesterday
    }

    fn starting(&self, day: Date) -> impl Iterator<Item = &OpenTime> {
        let weekday = usize::try_from(day.weekday().to_monday_zero_offset()).unwrap_or_default();
        let times = self.week.get(weekday).filter(|_| !self.closed.contains(&day));
        times.into_iter().flatten()
    }

    /// The open times of a weekday.
    #[must_use]
    pub fn on(&self, weekday: Weekday) -> &[OpenTime] {
        let weekday = usize::try_from(weekday.to_monday_zero_offset()).unwrap_or_default();
        self.week.get(weekday).map_or(&[], Vec::as_slice)
    }
}

impl OpenTime {
    fn ends_next_day(&self) -> bool {
        self.to <= self.from
    }
}

/// A part of the studio that one or more lanes lead into: who is in it is counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone {
    /// Its name.
    pub name: String,
    /// How many people may be in it.
    pub capacity: Capacity,
    /// Whether a person who is inside may come in again.
    pub anti_passback: AntiPassback,
    /// At this time of every day everybody is taken to be outside.
    pub forgive_at: Option<Time>,
}

/// Position of a zone in the settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ZoneId(pub usize);

/// How many people may be in a zone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Capacity {
    /// As many as come.
    #[default]
    Unlimited,
    /// So many, as this gateway counts them.
    Presence(u32),
    /// As many as the studio says, counted by the studio.
    Studio,
}

/// What follows when a credential is used to come in although its holder is inside.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AntiPassback {
    /// How strict.
    pub strictness: Strictness,
    /// What counts as being inside.
    pub rule: PassbackRule,
}

/// How strict anti-passback is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Strictness {
    /// It is not looked at.
    #[default]
    Off,
    /// The lane opens and the log says so.
    Soft,
    /// The lane stays shut.
    Hard,
}

/// What counts as being inside.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PassbackRule {
    /// Having come in and not gone out.
    #[default]
    Presence,
    /// Having come in within this time.
    Window(Duration),
}

#[cfg(test)]
mod tests {
    use jiff::civil::{datetime, time};

    use super::*;

    fn open(from: Time, to: Time) -> Vec<OpenTime> {
        vec![OpenTime { from, to }]
    }

    /// Mondays from 6 to 22, Fridays from 22 to 2 of the next day, Sundays until midnight.
    fn hours() -> OpeningHours {
        let mut hours = OpeningHours::default();
        hours.week[0] = open(time(6, 0, 0, 0), time(22, 0, 0, 0));
        hours.week[4] = open(time(22, 0, 0, 0), time(2, 0, 0, 0));
        hours.week[6] = open(time(8, 0, 0, 0), Time::midnight());
        hours
    }

    #[test]
    fn the_first_minute_is_open_and_the_last_one_is_not() {
        // 2 March 2026 is a Monday.
        let hours = hours();
        assert!(!hours.contains(datetime(2026, 3, 2, 5, 59, 59, 999_999_999)));
        assert!(hours.contains(datetime(2026, 3, 2, 6, 0, 0, 0)));
        assert!(hours.contains(datetime(2026, 3, 2, 21, 59, 59, 0)));
        assert!(!hours.contains(datetime(2026, 3, 2, 22, 0, 0, 0)));
        assert!(!hours.contains(datetime(2026, 3, 3, 12, 0, 0, 0)));
    }

    #[test]
    fn a_night_belongs_to_the_day_on_which_it_starts() {
        let mut hours = hours();
        assert!(hours.contains(datetime(2026, 3, 6, 23, 30, 0, 0)));
        assert!(hours.contains(datetime(2026, 3, 7, 1, 59, 0, 0)));
        assert!(!hours.contains(datetime(2026, 3, 7, 2, 0, 0, 0)));
        assert!(!hours.contains(datetime(2026, 3, 6, 1, 0, 0, 0)));
        hours.closed.insert(jiff::civil::date(2026, 3, 6));
        assert!(!hours.contains(datetime(2026, 3, 7, 1, 59, 0, 0)));
    }

    #[test]
    fn a_time_that_ends_at_midnight_fills_the_day() {
        let hours = hours();
        assert!(hours.contains(datetime(2026, 3, 8, 23, 59, 59, 0)));
        assert!(!hours.contains(datetime(2026, 3, 9, 0, 0, 0, 0)));
    }
}
