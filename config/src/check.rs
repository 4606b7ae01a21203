//! What devices and lanes must agree on. Works on the tables as they are written, not on settings, so that a
//! mistake elsewhere in a table hides none of these.

use std::path::Path;
use std::time::Duration;

use crate::duration;
use crate::problem::Problem;
use crate::settings::UsbRelay;
use crate::table::Table;
use crate::value::{did_you_mean, shown};

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

/// Readers, relays and lanes have names of their own.
pub(crate) fn names(readers: &[Table<'_>], relays: &[Table<'_>], lanes: &[LaneTable<'_>]) {
    unique("reader", readers.iter());
    unique("relay", relays.iter());
    unique("lane", lanes.iter().map(|lane| &lane.table));
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

/// Every port has one owner; only relays of one board share theirs.
pub(crate) fn ports(readers: &[Table<'_>], relays: &[Table<'_>]) {
    let readers = readers.iter().map(|table| (false, table));
    let relays = relays.iter().map(|table| (true, table));
    let mut seen: Vec<(&Path, bool, &Table<'_>)> = Vec::new();
    let is_real = |(_, table): &(bool, &Table<'_>)| table.text_of("kind") != Some("simulated");
    for (is_relay, table) in readers.chain(relays).filter(is_real) {
        let Some(port) = table.text_of("port").map(Path::new) else {
            continue;
        };
        // One report is enough, even when several devices are on the port already.
        let problem =
            seen.iter()
                .filter(|(path, ..)| *path == port)
                .find_map(|(_, other_is_relay, other)| {
                    if is_relay && *other_is_relay {
                        same_board(table, other)
                    } else {
                        Some(same_port(table, other))
                    }
                });
        if let Some(problem) = problem {
            table.report().add(problem);
        }
        seen.push((port, is_relay, table));
    }
}

fn same_port(table: &Table<'_>, other: &Table<'_>) -> Problem {
    Problem::new(
        "two devices are on one port",
        table.place_of("port"),
        "this port is taken",
    )
    .related(other.place_of("port"), format!("the port of {}", other.title()))
    .with_fix("give each device its own port; `ls -l /dev/serial/by-id` lists what is plugged in")
}

/// Two relays on one port are two channels of one board, which has one speed.
fn same_board(table: &Table<'_>, other: &Table<'_>) -> Option<Problem> {
    let number = |table: &Table<'_>, key: &str, default: u64| {
        if table.has(key) {
            table.number_of(key)
        } else {
            Some(default)
        }
    };
    let both = |key, default| Some((number(table, key, default)?, number(other, key, default)?));
    if both("channel", UsbRelay::DEFAULT_CHANNEL.into()).is_some_and(|(one, two)| one == two) {
        let problem = Problem::new(
            "two relays are the same channel of one board",
            table.place_of("channel"),
            "this channel is taken",
        );
        return Some(
            problem
                .related(
                    other.place_of("channel"),
                    format!("the channel of {}", other.title()),
                )
                .with_fix("give each relay its own `channel`, as printed on the board"),
        );
    }
    both("baud", UsbRelay::DEFAULT_BAUD.into())
        .filter(|(one, two)| one != two)
        .map(|(one, two)| {
            Problem::new(
                "two relays of one board differ in speed",
                table.place_of("baud"),
                format!("{one} here"),
            )
            .related(other.place_of("baud"), format!("{two} for {}", other.title()))
            .with_fix("a board has one speed: write the same `baud` for both")
        })
}

/// Lanes name readers and relays that exist, none that another access point needs, and leave none unused.
pub(crate) fn references(lanes: &[LaneTable<'_>], readers: &[Table<'_>], relays: &[Table<'_>]) {
    for (key, devices) in [("reader", readers), ("relay", relays)] {
        let known: Vec<&str> = devices
            .iter()
            .filter_map(|device| device.text_of("name"))
            .collect();
        let mut used: Vec<(&str, usize, &Table<'_>)> = Vec::new();
        // What a misspelt name seems to mean is not reported as unused on top.
        let mut meant: Vec<&str> = Vec::new();
        for (lane, side) in lanes
            .iter()
            .enumerate()
            .flat_map(|(index, lane)| lane.sides.iter().map(move |(_, side)| (index, side)))
        {
            let Some(name) = side.text_of(key) else { continue };
            if !known.contains(&name) {
                unknown(key, name, &known, side);
                meant.extend(did_you_mean(name, &known));
            }
            // Both sides of a lane may open by the same relay; a reader stands on one side only.
            let taken = used
                .iter()
                .find(|(used, by, _)| *used == name && (key == "reader" || *by != lane));
            if let Some((.., first)) = taken {
                shared(key, name, side, first);
            }
            used.push((name, lane, side));
        }
        for device in devices {
            let Some(name) = device.text_of("name") else {
                continue;
            };
            if meant.contains(&name) || used.iter().any(|(used, ..)| *used == name) {
                continue;
            }
            let message = format!("no lane uses the {key} {}", shown(name));
            let fix = format!("write its name as `{key}` of a lane, or remove the [[{key}]]");
            let problem = Problem::new(message, device.place_of("name"), "it would do nothing");
            device.report().add(problem.with_fix(fix).doubtful());
        }
    }
}

fn unknown(key: &str, name: &str, known: &[&str], side: &Table<'_>) {
    let fix = match (did_you_mean(name, known), known) {
        (Some(known), _) => format!("did you mean {known:?}?"),
        (None, []) => format!("add a [[{key}]] with `name = {name:?}`"),
        (None, known) => {
            let known: Vec<String> = known.iter().map(|name| shown(name)).collect();
            format!("the {key}s in this file are {}", known.join(", "))
        }
    };
    let message = format!("there is no {key} {}", shown(name));
    let label = format!("no [[{key}]] has this name");
    side.report().add(
        Problem::new(message, side.place_of(key), label)
            .with_fix(fix)
            .doubtful(),
    );
}

fn shared(key: &str, name: &str, side: &Table<'_>, first: &Table<'_>) {
    let (message, fix) = match key {
        "reader" => (
            "two access points share a reader",
            "one reader stands on one side of one lane",
        ),
        _ => (
            "two lanes share a relay",
            "each lane needs its own relay, or one person would open both",
        ),
    };
    let problem = Problem::new(
        format!("{message}: {}", shown(name)),
        side.place_of(key),
        "and here again",
    )
    .related(first.place_of(key), "first used here")
    .with_fix(format!("{fix}: name another {key}"));
    side.report().add(problem);
}
