//! Settings that only make sense together: counting people and seeing them pass, the device API and its uses.

use std::time::Duration;

use super::Tables;
use crate::duration;
use crate::problem::Problem;
use crate::table::Table;
use crate::value::did_you_mean;

/// Where people are counted as they come in, somebody must see them go out.
pub(crate) fn zones(tables: &Tables<'_>) {
    for zone in &tables.zones {
        let lanes = || {
            tables
                .lanes
                .iter()
                .filter(|lane| lane.table.text_of("zone") == zone.text_of("name"))
        };
        let has_exit = lanes().any(|lane| lane.side("exit").is_some());
        let passback = matches!(zone.text_of("anti_passback"), Some("soft" | "hard"));
        let counted = if zone.number_of("capacity").is_some() {
            "capacity"
        } else if passback && !zone.has("anti_passback_window") {
            "anti_passback"
        } else {
            continue;
        };
        // A zone that no lane names is reported as such.
        if lanes().next().is_none() || has_exit || zone.has("forgive_at") {
            continue;
        }
        let message = format!("nobody ever leaves the zone of `{counted}`");
        let problem = Problem::new(
            message,
            zone.place_of(counted),
            "its lanes have no exit, so all stay inside",
        );
        let fix = "add [lane.exit] to a lane of the zone, or `forgive_at = \"04:00\"` to begin each day with nobody inside";
        zone.report().add(problem.with_fix(fix).doubtful());
    }
}

/// A visit can only count on passage where the passage is seen.
pub(crate) fn passages(tables: &Tables<'_>) {
    let sides = tables
        .lanes
        .iter()
        .flat_map(|lane| lane.sides.iter().map(|(_, side)| side));
    for side in sides.filter(|side| side.text_of("check_in") == Some("on-passage")) {
        if side.has("passage_sensor") {
            continue;
        }
        let board = side.text_of("board");
        let kind = board.map(|name| {
            let board = tables
                .boards
                .iter()
                .find(|board| board.text_of("name") == Some(name));
            board.and_then(|board| board.text_of("kind"))
        });
        let label = match kind {
            None => "nothing at this side sees people pass",
            Some(Some("mach-power")) => "a mach-power board does not report passages",
            // A board that sees it, or that is reported as unknown.
            Some(_) => continue,
        };
        let problem = Problem::new(
            "`check_in` cannot be on-passage here",
            side.place_of("check_in"),
            label,
        );
        let fix =
            "name an input as `passage_sensor`, or write \"on-grant\": the visit counts when the lane opens";
        side.report().add(problem.with_fix(fix).doubtful());
    }
}

/// The longest that a board of our own takes: see `docs/board-protocol.md`.
const LINK_LIMITS: [(&str, Duration); 2] = [
    ("pulse", Duration::from_secs(10)),
    ("passage_time", Duration::from_secs(65)),
];

/// What a board is asked for at its sides is what it can do.
pub(crate) fn boards(tables: &Tables<'_>) {
    let sides = tables.lanes.iter().flat_map(|lane| &lane.sides);
    for (direction, side) in sides {
        let name = side.text_of("board");
        let board = tables
            .boards
            .iter()
            .find(|board| name.is_some() && board.text_of("name") == name);
        let Some(board) = board else { continue };
        if matches!(board.text_of("kind"), Some("link" | "simulated")) {
            for (key, longest) in LINK_LIMITS {
                let asked = side.text_of(key).and_then(duration::parse);
                if asked.is_none_or(|asked| asked <= longest) {
                    continue;
                }
                let longest = duration::format(longest);
                let label = format!("a \"link\" board takes at most {longest}");
                let problem = Problem::new(
                    format!("`{key}` is too long for the board"),
                    side.place_of(key),
                    label,
                );
                side.report()
                    .add(problem.with_fix(format!("write \"{longest}\" or less")));
            }
        }
        if *direction == "exit" && board.flag("free_exit") {
            let problem = Problem::new(
                "this exit is free and controlled at the same time",
                side.place_of("board"),
                "lets people out by their cards",
            )
            .related(board.place_of("free_exit"), "lets out everybody");
            side.report()
                .add(problem.with_fix("remove `free_exit`, or [lane.exit]"));
        }
    }
}

/// Readers at a board are at one that has readers, each under a number of its own.
pub(crate) fn board_readers(tables: &Tables<'_>) {
    let readers = || {
        tables
            .readers
            .iter()
            .filter(|reader| reader.text_of("kind") == Some("board"))
    };
    let place = |reader: &Table<'_>| {
        (
            reader.text_of("board").map(str::to_owned),
            reader.number_of("slot").unwrap_or(0),
        )
    };
    for (position, reader) in readers().enumerate() {
        let Some(name) = reader.text_of("board") else {
            continue;
        };
        let board = tables
            .boards
            .iter()
            .find(|board| board.text_of("name") == Some(name));
        let (message, label, fix) = match board.map(|board| board.text_of("kind")) {
            Some(Some("link" | "simulated")) => {
                if let Some(other) = readers()
                    .take(position)
                    .find(|other| place(other) == place(reader))
                {
                    let key = if reader.has("slot") { "slot" } else { "board" };
                    let problem = Problem::new(
                        "two readers at one place of a board",
                        reader.place_of(key),
                        "and here again",
                    )
                    .related(other.place_of("board"), "first used here");
                    reader
                        .report()
                        .add(problem.with_fix("write the board's number for it as `slot`"));
                }
                continue;
            }
            Some(_) => (
                "this board has no readers",
                "only a \"link\" board has",
                "connect the reader to a port or to GPIO lines of this machine",
            ),
            None => (
                "there is no board of this name",
                "no [[board]] has it",
                "name a [[board]] of `kind = \"link\"`",
            ),
        };
        let problem = Problem::new(message, reader.place_of("board"), label);
        reader.report().add(problem.with_fix(fix).doubtful());
    }
}

/// Lights at an OSDP reader are those of a reader that there is, and of one set of lights only.
pub(crate) fn osdp_lights(tables: &Tables<'_>) {
    let lights = || {
        tables
            .indicators
            .iter()
            .filter(|table| table.text_of("kind") == Some("osdp"))
    };
    for (position, table) in lights().enumerate() {
        let Some(name) = table.text_of("reader") else {
            continue;
        };
        let reader = tables
            .readers
            .iter()
            .find(|reader| reader.text_of("name") == Some(name));
        let taken = lights()
            .take(position)
            .any(|other| other.text_of("reader") == Some(name));
        let (message, fix) = match reader.map(|reader| reader.text_of("kind")) {
            Some(Some("osdp")) if taken => (
                "the lights of this reader are another indicator's already",
                "use one [[indicator]] for each reader",
            ),
            Some(Some("osdp")) => continue,
            _ => (
                "no OSDP reader has this name",
                "name a [[reader]] of `kind = \"osdp\"`",
            ),
        };
        let problem = Problem::new(message, table.place_of("reader"), "these are its lights");
        table.report().add(problem.with_fix(fix).doubtful());
    }
}

/// The device API is set up when something uses it, and only then.
pub(crate) fn device_api(studio: Option<&Table<'_>>, delivery: Option<&Table<'_>>) {
    const KEY: &str = "device_api";
    let Some(studio) = studio else { return };
    // A misspelt way is reported as such and counts as what it seems to mean.
    let uses = |way: &&str| did_you_mean(way, &["device-api"]).is_some();
    let delivery = delivery.filter(|delivery| delivery.texts_of("ways").iter().any(uses));
    match (delivery, studio.has(KEY)) {
        (Some(delivery), false) => {
            let message = "the way \"device-api\" needs [studio.device_api]";
            let problem = Problem::new(
                message,
                delivery.place_of("ways"),
                "nobody knows where that API is",
            );
            let fix = "add [studio.device_api] with its base_url and token";
            delivery.report().add(problem.with_fix(fix).doubtful());
        }
        (None, true) => {
            let problem = Problem::new(
                "nothing uses [studio.device_api]",
                studio.place_of(KEY),
                "no way of delivery",
            );
            let fix = "add \"device-api\" to `ways` in [delivery], or remove the section";
            studio.report().add(problem.with_fix(fix).doubtful());
        }
        _ => {}
    }
}
