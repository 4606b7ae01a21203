//! What devices and lanes must agree on. Works on the tables as they are written, not on settings, so that a
//! mistake elsewhere in a table hides none of these.

mod places;
mod references;
mod rules;

use std::time::Duration;

use crate::duration;
use crate::problem::Problem;
use crate::table::Table;
use crate::value::shown;

pub(crate) use places::places;
pub(crate) use references::references;
pub(crate) use rules::{board_readers, boards, device_api, osdp_lights, passages, zones};

/// The tables of all lists of the file.
pub(crate) struct Tables<'a> {
    pub(crate) zones: Vec<Table<'a>>,
    pub(crate) staff: Vec<Table<'a>>,
    pub(crate) readers: Vec<Table<'a>>,
    pub(crate) relays: Vec<Table<'a>>,
    pub(crate) boards: Vec<Table<'a>>,
    pub(crate) inputs: Vec<Table<'a>>,
    pub(crate) indicators: Vec<Table<'a>>,
    pub(crate) displays: Vec<Table<'a>>,
    pub(crate) lanes: Vec<LaneTable<'a>>,
}

impl<'a> Tables<'a> {
    /// The lists whose tables lanes name, each with the word for one of them.
    fn named(&self) -> [(&'static str, &[Table<'a>]); 7] {
        [
            ("zone", &self.zones),
            ("reader", &self.readers),
            ("relay", &self.relays),
            ("board", &self.boards),
            ("input", &self.inputs),
            ("indicator", &self.indicators),
            ("display", &self.displays),
        ]
    }
}

/// The table of a lane with those of its sides.
pub(crate) struct LaneTable<'a> {
    pub(crate) table: Table<'a>,
    sides: Vec<(&'static str, Table<'a>)>,
}

impl<'a> LaneTable<'a> {
    pub(crate) fn new(table: Table<'a>) -> Self {
        let side = |key| {
            let title = format!("[lane.{key}]");
            table
                .has(key)
                .then(|| table.section(key, &title))
                .flatten()
                .map(|side| (key, side))
        };
        let sides = ["entry", "exit"].into_iter().filter_map(side).collect();
        table.pass_over(&["entry", "exit"]);
        Self { table, sides }
    }

    pub(crate) fn side(&self, key: &str) -> Option<&Table<'a>> {
        self.sides
            .iter()
            .find(|(name, _)| *name == key)
            .map(|(_, side)| side)
    }
}

/// `lesser` must not be longer than `greater`, as far as both are known; `reason` says what would happen.
pub(crate) fn order(
    table: &Table<'_>,
    lesser: (&str, Option<Duration>),
    greater: (&str, Option<Duration>),
    reason: &str,
) {
    let ((short, Some(short_value)), (long, Some(long_value))) = (lesser, greater) else {
        return;
    };
    if short_value <= long_value {
        return;
    }
    let with_default = |key: &str, value| {
        let source = if table.has(key) { "" } else { ", its default" };
        format!("`{key}` is {}{source}", duration::format(value))
    };
    // The caret goes to a value that is in the file.
    let (at, other) = if table.has(short) {
        (short, long)
    } else {
        (long, short)
    };
    let label = if at == short {
        with_default(long, long_value)
    } else {
        with_default(short, short_value)
    };
    let mut problem = Problem::new(
        format!("`{short}` is longer than `{long}`"),
        table.place_of(at),
        label,
    )
    .with_fix(format!("{reason}: make `{short}` shorter or `{long}` longer"));
    if table.has(other) {
        problem = problem.related(table.place_of(other), "");
    }
    table.report().add(problem);
}

/// Devices of a kind, zones, staff and lanes have names of their own, and so has each staff credential.
pub(crate) fn names(tables: &Tables<'_>) {
    for (kind, list) in tables.named() {
        unique(kind, list.iter());
    }
    unique("lane", tables.lanes.iter().map(|lane| &lane.table));
    unique("staff member", tables.staff.iter());
    let credential = |table: &Table<'_>| table.text_of("credential").map(str::to_lowercase);
    for (at, table) in tables.staff.iter().enumerate() {
        let mut earlier = tables.staff.iter().take(at);
        let same =
            earlier.find(|other| credential(table).is_some() && credential(other) == credential(table));
        if let Some(other) = same {
            let label = "this credential is taken";
            let problem = Problem::new(
                "two staff members have one credential",
                table.place_of("credential"),
                label,
            )
            .related(other.place_of("name"), "first used here")
            .with_fix("give each person a credential of their own, so that the log can tell them apart");
            table.report().add(problem);
        }
    }
}

fn unique<'t, 'a: 't>(kind: &str, tables: impl Iterator<Item = &'t Table<'a>>) {
    let mut seen: Vec<(&str, &Table<'_>)> = Vec::new();
    for table in tables {
        let Some(name) = table.text_of("name") else {
            continue;
        };
        if let Some((_, first)) = seen.iter().find(|(known, _)| *known == name) {
            let message = format!("two {kind}s are called {}", shown(name));
            let problem = Problem::new(message, table.place_of("name"), "this name is taken")
                .related(first.place_of("name"), "first used here")
                .with_fix("give one of them another name");
            table.report().add(problem);
        } else {
            seen.push((name, table));
        }
    }
}
