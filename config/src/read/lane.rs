//! The list `[[lane]]` with its sides.

use super::{exactly_one, hours, milliseconds, seconds};
use crate::check::{self, LaneTable};
use crate::choice::choice;
use crate::problem::Problem;
use crate::settings::{AccessPoint, CheckInMoment, Lane, LaneMode, Opener, RequiredBenefits};
use crate::table::Table;
use crate::value;

pub(super) fn lane(lane: &LaneTable<'_>) -> Option<Lane> {
    let table = &lane.table;
    let name = table.required("name", "\"main\"", value::name);
    let mode = table.or("mode", LaneMode::Normal, choice);
    let zone = named(table, "zone");
    let opening_hours = hours::opening_hours(table);
    let fire_contact = named(table, "fire_contact");
    // An outer `Some` says that all is well, be the side there or not.
    let side = |key| match lane.side(key) {
        Some(side) => access_point(side).map(Some),
        None => (!table.has(key)).then_some(None),
    };
    let (entry, exit) = (side("entry"), side("exit"));
    if !table.has("entry") && !table.has("exit") {
        let problem = Problem::new(
            "a lane needs an entry or an exit",
            table.header(),
            "this lane has neither",
        );
        table.report().add(
            problem
                .with_fix("add [lane.entry] with its reader and relay below")
                .doubtful(),
        );
    }
    table.finish();
    Some(Lane {
        name: name?,
        mode: mode?,
        zone: zone?,
        opening_hours: opening_hours?,
        fire_contact: fire_contact?,
        entry: entry?,
        exit: exit?,
    })
}

/// The name of a zone or device that need not be there.
fn named(table: &Table<'_>, key: &'static str) -> Option<Option<String>> {
    table.or(key, None, |value| value::name(value).map(Some))
}

fn access_point(table: &Table<'_>) -> Option<AccessPoint> {
    let reader = table.required("reader", "\"entry reader\"", value::name);
    let relay = named(table, "relay");
    let board = named(table, "board");
    let opener = exactly_one(table, &["relay", "board"]);
    let pulse = table.or(
        "pulse",
        AccessPoint::DEFAULT_PULSE,
        value::duration(
            milliseconds(50)..=seconds(30),
            "a turnstile misses a shorter pulse, and a longer one lets several people in",
        ),
    );
    let passage_time = table.or(
        "passage_time",
        AccessPoint::DEFAULT_PASSAGE_TIME,
        value::duration(
            milliseconds(500)..=seconds(120),
            "the time in which one person walks through",
        ),
    );
    let required_benefits = required_benefits(table);
    let check_in = table.or("check_in", CheckInMoment::OnGrant, choice);
    let passage_sensor = named(table, "passage_sensor");
    let button = named(table, "button");
    let tamper = named(table, "tamper");
    let indicator = named(table, "indicator");
    let display = named(table, "display");
    table.finish();
    let reason = "the relay would still be on when the next person may be let in";
    check::order(table, ("pulse", pulse), ("passage_time", passage_time), reason);
    opener?;
    Some(AccessPoint {
        reader: reader?,
        opener: relay?.map(Opener::Relay).or(board?.map(Opener::Board))?,
        pulse: pulse?,
        passage_time: passage_time?,
        required_benefits: required_benefits?,
        check_in: check_in?,
        passage_sensor: passage_sensor?,
        button: button?,
        tamper: tamper?,
        indicator: indicator?,
        display: display?,
    })
}

fn required_benefits(side: &Table<'_>) -> Option<RequiredBenefits> {
    if !side.has("required_benefits") {
        side.pass_over(&["required_benefits"]);
        return Some(RequiredBenefits::None);
    }
    let table = side.group("required_benefits", "{ all = [\"GYM\"] }")?;
    let all = table.or("all", None, |value| {
        value::benefit_keys(value).map(|keys| Some(RequiredBenefits::All(keys)))
    });
    let any = table.or("any", None, |value| {
        value::benefit_keys(value).map(|keys| Some(RequiredBenefits::Any(keys)))
    });
    table.finish();
    exactly_one(&table, &["all", "any"])?;
    all?.or(any?)
}
