//! From the text of the file to [`Settings`]: which settings there are, what they may be and what they default to.
//! What several devices or lanes must agree on is in [`crate::check`].

mod cards;
mod device;
mod hours;
mod indicator;
mod lane;
mod layout;
mod place;
mod reader;
mod secret;
mod studio;

use std::collections::BTreeSet;
use std::time::Duration;

use toml::de::DeTable;

use crate::check::{self, LaneTable, Tables};
use crate::choice::choice;
use crate::problem::{Problem, Report};
use crate::settings::{CardNumberFormat, Decisions, Gateway, Log, Settings};
use crate::table::Table;
use crate::{syntax, value};

pub(crate) use hours::DAYS;
use secret::secret;

/// A serial port as it would be written.
const PORT: &str = "\"/dev/serial/by-id/...\"";

const fn microseconds(count: u64) -> Duration {
    Duration::from_micros(count)
}

const fn milliseconds(count: u64) -> Duration {
    Duration::from_millis(count)
}

const fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

const fn days(count: u64) -> Duration {
    seconds(count * 86_400)
}

/// Reads the whole file. `None` means: there are problems in `report`.
pub(crate) fn document(text: &str, report: &Report) -> Option<Settings> {
    syntax::hide_secrets(text, report);
    let (document, errors) = DeTable::parse_recoverable(text);
    let root = Table::root(&document, text.len(), report);

    // A section that is not there is one without settings: its defaults are in force.
    let gateway = root
        .section("gateway", "[gateway]")
        .and_then(|table| gateway(&table));
    let studio_table = root.required_section(
        "studio",
        "[studio]",
        "add [studio] with base_url, time_zone and api_key",
    );
    let studio = studio_table.as_ref().and_then(studio::studio);
    let roster = root
        .section("roster", "[roster]")
        .and_then(|table| studio::roster(&table));
    let delivery_table = root.section("delivery", "[delivery]");
    let delivery = delivery_table.as_ref().and_then(studio::delivery);
    let decisions = root
        .section("decisions", "[decisions]")
        .and_then(|table| decisions(&table));
    let lockout = root
        .section("lockout", "[lockout]")
        .and_then(|table| place::lockout(&table));
    let gpio_table = root.section("gpio", "[gpio]");
    let gpio = gpio_table.as_ref().and_then(device::gpio);
    let tables = Tables {
        zones: root.list("zone"),
        staff: root.list("staff"),
        readers: root.list("reader"),
        relays: root.list("relay"),
        boards: root.list("board"),
        inputs: root.list("input"),
        indicators: root.list("indicator"),
        displays: root.list("display"),
        lanes: root.list("lane").into_iter().map(LaneTable::new).collect(),
    };
    let zones = all(&tables.zones, place::zone);
    let staff = all(&tables.staff, place::staff);
    let studio_cards = studio
        .as_ref()
        .map_or(CardNumberFormat::Decimal, |studio| studio.card_number_format);
    let readers = all(&tables.readers, |table| reader::reader(table, studio_cards));
    let relays = all(&tables.relays, device::relay);
    let boards = all(&tables.boards, device::board);
    let inputs = all(&tables.inputs, device::input);
    let indicators = all(&tables.indicators, indicator::indicator);
    let displays = all(&tables.displays, device::display);
    let lanes = all(&tables.lanes, lane::lane);
    let log = root.section("log", "[log]").and_then(|table| log(&table));

    if !root.has("lane") {
        let problem = Problem::new("there is no lane", root.header(), "the file ends without one");
        report.add(
            problem
                .with_fix("add [[lane]] with a name, and [lane.entry] with its reader and relay")
                .doubtful(),
        );
    }
    check::names(&tables);
    check::places(&tables, gpio_table.as_ref());
    check::references(&tables);
    check::zones(&tables);
    check::passages(&tables);
    check::boards(&tables);
    check::board_readers(&tables);
    check::osdp_lights(&tables);
    check::device_api(studio_table.as_ref(), delivery_table.as_ref());
    root.finish();
    report.add_syntax_errors(
        text,
        errors.iter().map(|error| syntax::problem(error, text)).collect(),
    );

    Some(Settings {
        gateway: gateway?,
        studio: studio?,
        roster: roster?,
        delivery: delivery?,
        decisions: decisions?,
        lockout: lockout?,
        zones: zones?,
        staff: staff?,
        gpio: gpio?,
        readers: readers?,
        relays: relays?,
        boards: boards?,
        inputs: inputs?,
        indicators: indicators?,
        displays: displays?,
        lanes: lanes?,
        log: log?,
    })
}

/// Reads every table, so that every problem is found, before it gives up.
fn all<T, S>(tables: &[T], read: impl Fn(&T) -> Option<S>) -> Option<Vec<S>> {
    let read: Vec<Option<S>> = tables.iter().map(read).collect();
    read.into_iter().collect()
}

fn gateway(table: &Table<'_>) -> Option<Gateway> {
    let default = Gateway::default();
    let device = table.or("device", default.device, value::device);
    let data_dir = table.or("data_dir", default.data_dir, value::absolute_path);
    let clock = table.or("clock", default.clock, choice);
    table.finish();
    Some(Gateway {
        device: device?,
        data_dir: data_dir?,
        clock: clock?,
    })
}

fn decisions(table: &Table<'_>) -> Option<Decisions> {
    let default = Decisions::default();
    let deadline = table.or(
        "deadline",
        default.deadline,
        value::duration(
            milliseconds(50)..=seconds(10),
            "the person stands at the lane meanwhile",
        ),
    );
    let read_deadline = table.or(
        "read_deadline",
        default.read_deadline,
        value::duration(
            milliseconds(100)..=seconds(30),
            "a late opening would be for whoever stands there then",
        ),
    );
    let repeat_window = table.or(
        "repeat_window",
        default.repeat_window,
        value::duration(
            Duration::ZERO..=seconds(60),
            "a person who comes again would be ignored for so long",
        ),
    );
    let fresh = table.or(
        "fresh",
        default.fresh,
        value::duration(
            Duration::ZERO..=days(1),
            "someone who has just paid would be refused for so long",
        ),
    );
    let usable = table.or(
        "usable",
        default.usable,
        value::duration(
            Duration::ZERO..=days(30),
            "someone who has left would get in for so long",
        ),
    );
    let unknown = table.or(
        "unknown",
        default.unknown,
        value::duration(
            seconds(1)..=seconds(3600),
            "a new card would be refused for so long",
        ),
    );
    let offline = table.or("offline", default.offline, choice);
    let offline_limit = table.or(
        "offline_limit",
        default.offline_limit,
        value::duration(
            Duration::ZERO..=days(90),
            "someone who has left would get in for so long",
        ),
    );
    table.finish();
    let reason = "no answer of the studio could come in time to open the lane";
    check::order(
        table,
        ("deadline", deadline),
        ("read_deadline", read_deadline),
        reason,
    );
    let reason = "a record is fresh first, then usable";
    check::order(table, ("fresh", fresh), ("usable", usable), reason);
    let reason = "a record would be too old offline while it still opens online";
    check::order(
        table,
        ("usable", usable),
        ("offline_limit", offline_limit),
        reason,
    );
    Some(Decisions {
        deadline: deadline?,
        read_deadline: read_deadline?,
        repeat_window: repeat_window?,
        fresh: fresh?,
        usable: usable?,
        unknown: unknown?,
        offline: offline?,
        offline_limit: offline_limit?,
    })
}

fn log(table: &Table<'_>) -> Option<Log> {
    let default = Log::default();
    let level = table.or("level", default.level, choice);
    let format = table.or("format", default.format, choice);
    table.finish();
    Some(Log {
        level: level?,
        format: format?,
    })
}

/// The kinds that the tables of a list may have, each with the settings that it has besides those of all kinds.
type Kinds = &'static [(&'static str, &'static [&'static str])];

/// Which kind a table has; the settings of other kinds are reported. `None` means: reported, or unknown.
fn kind(table: &Table<'_>, kinds: Kinds) -> Option<&'static str> {
    let names: Vec<&str> = kinds.iter().map(|(name, _)| *name).collect();
    let example = format!("{:?}", names.first().unwrap_or(&""));
    let kind = table.required("kind", &example, |value| value::word(value, &names));
    let Some(kind) = kind else {
        kinds.iter().for_each(|(_, keys)| table.pass_over(keys));
        return None;
    };
    let kinds_with = |key: &str| -> Vec<&str> {
        let with = kinds.iter().filter(|(_, keys)| keys.contains(&key));
        with.map(|(name, _)| *name).collect()
    };
    let keys: BTreeSet<&'static str> = kinds.iter().flat_map(|(_, keys)| *keys).copied().collect();
    for key in keys {
        let with = kinds_with(key);
        if !with.contains(&kind) {
            table.refuse(key, &format!("only with `kind` {}", value::alternatives(&with)));
        }
    }
    Some(kind)
}

/// Of several settings that exclude each other, exactly one has to be there. `None` means: reported.
fn exactly_one(table: &Table<'_>, keys: &[&str]) -> Option<()> {
    let (label, fix) = match keys.iter().filter(|key| table.has(key)).count() {
        0 => ("none of them is here", "say which one it is"),
        1 => return Some(()),
        _ => ("more than one is here", "keep the one that is true"),
    };
    let message = format!("`{}` needs exactly one of {}", table.title(), keys.join(", "));
    table
        .report()
        .add(Problem::new(message, table.header(), label).with_fix(fix));
    None
}
