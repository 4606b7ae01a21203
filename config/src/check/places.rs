//! What is where: no two devices are on one port, GPIO line or input device.

use super::Tables;
use crate::problem::Problem;
use crate::settings::UsbRelay;
use crate::table::Table;

/// Settings that name a GPIO line.
const LINES: [&str; 6] = ["d0", "d1", "line", "green", "red", "buzzer"];

/// Every port, GPIO line and input device has one owner; only relays of one board share their port.
pub(crate) fn places(tables: &Tables<'_>, gpio: Option<&Table<'_>>) {
    let with_ports = [&tables.readers, &tables.relays, &tables.boards, &tables.displays];
    ports(with_ports.into_iter().flatten());
    let with_lines = [
        &tables.readers,
        &tables.relays,
        &tables.inputs,
        &tables.indicators,
    ];
    let lines = |table| LINES.iter().map(move |key| (table, *key));
    let lines: Vec<(&Table<'_>, &str)> = with_lines.into_iter().flatten().flat_map(lines).collect();
    one_owner(
        &lines,
        "two things are on one GPIO line",
        "this line is taken",
        "give each its own line",
    );
    if gpio.is_some_and(|gpio| gpio.text_of("backend") == Some("rppal")) {
        lines.iter().for_each(|(table, key)| known_to_rppal(table, key));
    }
    let devices: Vec<(&Table<'_>, &str)> = tables.readers.iter().map(|table| (table, "device")).collect();
    let fix = "give each reader its own device; `ls -l /dev/input/by-id` lists what is plugged in";
    one_owner(
        &devices,
        "two readers are on one input device",
        "this device is taken",
        fix,
    );
}

/// No two of these settings have the same text.
fn one_owner(settings: &[(&Table<'_>, &str)], message: &str, label: &str, fix: &str) {
    let mut seen: Vec<(&str, &Table<'_>, &str)> = Vec::new();
    for (table, key) in settings {
        let Some(place) = table.text_of(key) else { continue };
        if let Some((_, other, other_key)) = seen.iter().find(|(known, ..)| *known == place) {
            let owner = format!("`{other_key}` of {}", other.title());
            let problem = Problem::new(message, table.place_of(key), label)
                .related(other.place_of(other_key), owner)
                .with_fix(fix);
            table.report().add(problem);
        }
        seen.push((place, table, key));
    }
}

/// `rppal` knows the lines of the Raspberry Pi by number only.
fn known_to_rppal(table: &Table<'_>, key: &str) {
    let Some(line) = table.text_of(key) else { return };
    let number = line
        .strip_prefix("GPIO")
        .and_then(|number| number.parse::<u8>().ok());
    if number.is_none() {
        let message = format!("`{key}` is a line that the rppal backend does not know");
        let label = "it knows the lines of the Raspberry Pi";
        let problem = Problem::new(message, table.place_of(key), label);
        let fix = "write it like \"GPIO17\", or use `backend = \"character-device\"` in [gpio]";
        table.report().add(problem.with_fix(fix));
    }
}

fn ports<'t, 'a: 't>(tables: impl Iterator<Item = &'t Table<'a>>) {
    const WITHOUT: [&str; 4] = ["simulated", "gpio", "wiegand", "keyboard"];
    let is_relay = |table: &Table<'_>| table.text_of("kind") == Some("usb-relay");
    let mut seen: Vec<(&str, &Table<'_>)> = Vec::new();
    for table in tables.filter(|table| !table.text_of("kind").is_some_and(|kind| WITHOUT.contains(&kind))) {
        let Some(port) = table.text_of("port") else {
            continue;
        };
        // One report is enough, even when several devices are on the port already.
        let problem = seen
            .iter()
            .filter(|(known, _)| *known == port)
            .find_map(|(_, other)| {
                if is_relay(table) && is_relay(other) {
                    same_board(table, other)
                } else {
                    Some(same_port(table, other))
                }
            });
        if let Some(problem) = problem {
            table.report().add(problem);
        }
        seen.push((port, table));
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
                .with_fix("give each relay its own `channel`, as printed on the card"),
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
