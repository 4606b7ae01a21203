//! Lanes name zones and devices that exist, none that another one needs, and leave none unused.

use super::{LaneTable, Tables};
use crate::problem::Problem;
use crate::table::Table;
use crate::value::{did_you_mean, shown};

/// Who may use one zone or device at the same time, always for the same purpose.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sharing {
    /// Everybody.
    Everybody,
    /// Both sides of one lane.
    OneLane,
    /// Nobody: it belongs to one side of one lane.
    OneSide,
}

/// Settings of a lane that name something: setting, what it names, who may share it.
const OF_LANE: [(&str, &str, Sharing); 2] = [
    ("zone", "zone", Sharing::Everybody),
    ("fire_contact", "input", Sharing::Everybody),
];

/// The same of its sides.
const OF_SIDE: [(&str, &str, Sharing); 8] = [
    ("reader", "reader", Sharing::OneSide),
    ("relay", "relay", Sharing::OneLane),
    ("board", "board", Sharing::OneLane),
    ("passage_sensor", "input", Sharing::OneLane),
    ("button", "input", Sharing::OneSide),
    ("tamper", "input", Sharing::OneLane),
    ("indicator", "indicator", Sharing::OneLane),
    ("display", "display", Sharing::OneLane),
];

/// A setting of a lane or side that names something.
struct Use<'t, 'a> {
    key: &'static str,
    name: &'a str,
    sharing: Sharing,
    lane: usize,
    table: &'t Table<'a>,
}

/// Checks everything that lanes name.
pub(crate) fn references(tables: &Tables<'_>) {
    for (kind, list) in tables.named() {
        let known: Vec<&str> = list.iter().filter_map(|device| device.text_of("name")).collect();
        let uses = uses(&tables.lanes, kind);
        for (at, this) in uses.iter().enumerate() {
            if !known.contains(&this.name) {
                unknown(kind, this, &known);
            }
            let earlier = uses
                .iter()
                .take(at)
                .find(|earlier| earlier.name == this.name && !earlier.allows(this));
            if let Some(earlier) = earlier {
                shared(kind, this, earlier);
            }
        }
        for device in list {
            unused(kind, device, &uses, &known);
        }
    }
}

fn uses<'t, 'a>(lanes: &'t [LaneTable<'a>], kind: &str) -> Vec<Use<'t, 'a>> {
    let mut uses = Vec::new();
    for (lane, tables) in lanes.iter().enumerate() {
        let mut of = |table: &'t Table<'a>, settings: &[(&'static str, &str, Sharing)]| {
            for (key, _, sharing) in settings.iter().filter(|(_, names, _)| *names == kind) {
                if let Some(name) = table.text_of(key) {
                    uses.push(Use {
                        key,
                        name,
                        sharing: *sharing,
                        lane,
                        table,
                    });
                }
            }
        };
        of(&tables.table, &OF_LANE);
        tables.sides.iter().for_each(|(_, side)| of(side, &OF_SIDE));
    }
    uses
}

impl Use<'_, '_> {
    fn allows(&self, other: &Self) -> bool {
        self.key == other.key
            && match self.sharing {
                Sharing::Everybody => true,
                Sharing::OneLane => self.lane == other.lane,
                Sharing::OneSide => false,
            }
    }
}

fn unknown(kind: &str, this: &Use<'_, '_>, known: &[&str]) {
    let fix = match (did_you_mean(this.name, known), known) {
        (Some(known), _) => format!("did you mean {known:?}?"),
        (None, []) => format!("add a [[{kind}]] with `name = {:?}`", this.name),
        (None, known) => {
            let known: Vec<String> = known.iter().map(|name| shown(name)).collect();
            format!("the {kind}s in this file are {}", known.join(", "))
        }
    };
    let message = format!("there is no {kind} {}", shown(this.name));
    let label = format!("no [[{kind}]] has this name");
    let problem = Problem::new(message, this.table.place_of(this.key), label);
    this.table.report().add(problem.with_fix(fix).doubtful());
}

fn shared(kind: &str, this: &Use<'_, '_>, earlier: &Use<'_, '_>) {
    let article = if kind.starts_with('i') { "an" } else { "a" };
    let (message, fix) = match this.sharing {
        _ if this.key != earlier.key => (
            format!("one {kind} has two tasks"),
            format!("name another {kind} as `{}`", this.key),
        ),
        Sharing::OneSide => (
            format!("two access points share {article} {kind}"),
            format!("one {kind} belongs to one side of one lane: name another {kind}"),
        ),
        Sharing::OneLane | Sharing::Everybody => (
            format!("two lanes share {article} {kind}"),
            format!(
                "each lane needs its own {kind}, or nobody could tell one lane from the other: name another {kind}"
            ),
        ),
    };
    let message = format!("{message}: {}", shown(this.name));
    let problem = Problem::new(message, this.table.place_of(this.key), "and here again")
        .related(earlier.table.place_of(earlier.key), "first used here");
    this.table.report().add(problem.with_fix(fix));
}

fn unused(kind: &str, device: &Table<'_>, uses: &[Use<'_, '_>], known: &[&str]) {
    let Some(name) = device.text_of("name") else {
        return;
    };
    // What a misspelt name seems to mean is not reported as unused on top.
    let meant =
        |this: &Use<'_, '_>| !known.contains(&this.name) && did_you_mean(this.name, known) == Some(name);
    if uses.iter().any(|this| this.name == name || meant(this)) {
        return;
    }
    let settings = OF_LANE
        .iter()
        .chain(&OF_SIDE)
        .filter(|(_, names, _)| *names == kind);
    let settings: Vec<String> = settings.map(|(key, ..)| format!("`{key}`")).collect();
    let message = format!("no lane uses the {kind} {}", shown(name));
    let fix = format!(
        "write its name as {} of a lane, or remove the [[{kind}]]",
        settings.join(" or ")
    );
    let problem = Problem::new(message, device.place_of("name"), "it would do nothing");
    device.report().add(problem.with_fix(fix).doubtful());
}
