//! The opening hours of a lane: `opening_hours` and `closed_on`.

use std::collections::BTreeSet;

use jiff::civil::{Date, Time};
use toml::Spanned;
use toml::de::DeValue;

use crate::problem::{Place, Problem};
use crate::settings::{OpenTime, OpeningHours};
use crate::table::Table;
use crate::value::{self, Complaint, shown};

pub(crate) const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const EXAMPLE: &str = "{ mon-fri = [\"06:00-22:00\"], sat = [\"08:00-20:00\"] }";
const MINUTES_OF_WEEK: u32 = 7 * 24 * 60;

/// `Some(None)` means: always open.
pub(super) fn opening_hours(lane: &Table<'_>) -> Option<Option<OpeningHours>> {
    let closed_on = lane.or("closed_on", BTreeSet::new(), |value| value::list(value, date));
    if !lane.has("opening_hours") {
        lane.pass_over(&["opening_hours"]);
        let closed_on = closed_on?;
        let always = || OpeningHours {
            week: std::array::from_fn(|_| vec![OpenTime::WHOLE_DAY]),
            closed_on: closed_on.clone(),
        };
        return Some((!closed_on.is_empty()).then(always));
    }
    let week = week(&lane.group("opening_hours", EXAMPLE)?);
    Some(Some(OpeningHours {
        week: week?,
        closed_on: closed_on?,
    }))
}

/// An open time and where it is written.
type Written = (usize, OpenTime, Place);

fn week(table: &Table<'_>) -> Option<[Vec<OpenTime>; 7]> {
    let mut times: Vec<Written> = Vec::new();
    let mut right = true;
    let mut reported = |problem: Problem| {
        table.report().add(problem);
        right = false;
    };
    for (name, place, value) in table.entries() {
        let Some(days) = days(name) else {
            let message = format!("{} is no day of the week", shown(name));
            let fix = format!("write one of {}, or a span such as mon-fri", DAYS.join(", "));
            reported(Problem::new(message, place, "opening hours are given by day").with_fix(fix));
            continue;
        };
        match open_times(value) {
            Ok(open) => {
                times.extend(days.flat_map(|day| open.iter().map(move |(time, at)| (day, *time, at.clone()))))
            }
            Err((complaint, place)) => reported(complaint.about(name, place)),
        }
    }
    for (at, later) in times.iter().enumerate() {
        if let Some(earlier) = times.iter().take(at).find(|earlier| overlap(earlier, later)) {
            let label = format!("this one on {}", DAYS.get(later.0).unwrap_or(&""));
            let problem = Problem::new("two opening times overlap", later.2.clone(), label)
                .related(earlier.2.clone(), "with this one")
                .with_fix("make one of the two, or correct a time; a day may be in one span only");
            reported(problem);
            break;
        }
    }
    if !right {
        return None;
    }
    let mut week: [Vec<OpenTime>; 7] = Default::default();
    for (day, open) in week.iter_mut().enumerate() {
        open.extend(
            times
                .iter()
                .filter(|(on, ..)| *on == day)
                .map(|(_, time, _)| *time),
        );
        open.sort();
    }
    Some(week)
}

/// `mon` or `mon-fri`.
fn days(name: &str) -> Option<std::ops::RangeInclusive<usize>> {
    let day = |name: &str| DAYS.iter().position(|day| *day == name);
    let (first, last) = name.split_once('-').unwrap_or((name, name));
    let (first, last) = (day(first)?, day(last)?);
    (first <= last).then_some(first..=last)
}

fn open_times(value: &Spanned<DeValue<'_>>) -> Result<Vec<(OpenTime, Place)>, (Complaint, Place)> {
    let Some(items) = value.get_ref().as_array() else {
        let complaint = Complaint::new(
            "must be a list of times",
            "even if it is only one",
            "write it like [\"06:00-22:00\"]",
        );
        return Err((complaint, value.span()));
    };
    items
        .iter()
        .map(|item| match open_time(item.get_ref()) {
            Ok(time) => Ok((time, item.span())),
            Err(complaint) => Err((complaint, item.span())),
        })
        .collect()
}

fn open_time(value: &DeValue<'_>) -> Result<OpenTime, Complaint> {
    let text = value::text(value)?;
    let ends = text.split_once('-').and_then(|(from, to)| {
        let from = value::clock(from)?;
        let to = if to == "24:00" {
            Time::midnight()
        } else {
            value::clock(to)?
        };
        (from != to || text == "00:00-24:00").then_some(OpenTime { from, to })
    });
    ends.ok_or_else(|| {
        Complaint::new(
            "holds something that is no opening time",
            "from when to when, on a clock of 24 hours",
            "write it like \"06:00-22:00\"; \"22:00-02:00\" ends on the next day",
        )
    })
}

fn overlap(one: &Written, other: &Written) -> bool {
    let span = |(day, time, _): &Written| {
        let minute =
            |time: Time| u32::from(time.hour().unsigned_abs()) * 60 + u32::from(time.minute().unsigned_abs());
        let from = minute(time.from);
        let length = match (minute(time.to) + 24 * 60 - from) % (24 * 60) {
            0 => 24 * 60,
            length => length,
        };
        let day = u32::try_from(*day).unwrap_or_default();
        (day * 24 * 60 + from, length)
    };
    let ((first, length), (second, other_length)) = (span(one), span(other));
    // A week is a ring: the night after Sunday is Monday's.
    let after = |from: u32, to: u32| (to + MINUTES_OF_WEEK - from) % MINUTES_OF_WEEK;
    after(first, second) < length || after(second, first) < other_length
}

fn date(value: &DeValue<'_>) -> Result<Date, Complaint> {
    let text = value::text(value)?;
    text.parse()
        .ok()
        .filter(|_| text.len() == "2026-12-25".len())
        .ok_or_else(|| {
            Complaint::new(
                "holds something that is no date",
                "year, month and day",
                "write it like \"2026-12-25\"",
            )
        })
}
