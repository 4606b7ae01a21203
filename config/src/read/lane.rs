//! The list `[[lane]]` with its sides.

use super::{exactly_one, milliseconds, seconds};
use crate::check::{self, LaneTable};
use crate::choice::choice;
use crate::problem::Problem;
use crate::settings::{AccessPoint, CheckInMoment, Lane, RequiredBenefits};
use crate::table::Table;
use crate::value::{self, Complaint};

pub(super) fn lane(lane: &LaneTable<'_>) -> Option<Lane> {
    let table = &lane.table;
    let name = table.required("name", "\"main\"", value::name);
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
        entry: entry?,
        exit: exit?,
    })
}

fn access_point(table: &Table<'_>) -> Option<AccessPoint> {
    let reader = table.required("reader", "\"entry reader\"", value::name);
    let relay = table.required("relay", "\"entry relay\"", value::name);
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
    let check_in = table.or("check_in", CheckInMoment::OnGrant, |value| match value.as_str() {
        Some("on-passage") => Err(Complaint::new(
            "cannot be on-passage here",
            "this lane has no passage sensor",
            "write \"on-grant\": the visit counts when the lane opens",
        )),
        _ => choice(value),
    });
    table.finish();
    let reason = "the relay would still be on when the next person may be let in";
    check::order(table, ("pulse", pulse), ("passage_time", passage_time), reason);
    Some(AccessPoint {
        reader: reader?,
        relay: relay?,
        pulse: pulse?,
        passage_time: passage_time?,
        required_benefits: required_benefits?,
        check_in: check_in?,
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
