//! Lanes, zones and staff.

use std::fmt::{self, Formatter};

use super::{Clock, Span, Text, Word, list, optional, setting};
use crate::read::DAYS;
use crate::settings::{
    AccessPoint, Capacity, Lane, OpenTime, Opener, OpeningHours, RequiredBenefits, Staff, Zone,
};

pub(super) fn zone(out: &mut Formatter<'_>, zone: &Zone) -> fmt::Result {
    writeln!(out, "\n[[zone]]")?;
    setting(out, "name", Text(&zone.name))?;
    match zone.capacity {
        Capacity::Unlimited => {}
        Capacity::People(most) => setting(out, "capacity", most)?,
        Capacity::Studio => setting(out, "capacity", Text("studio"))?,
    }
    setting(out, "anti_passback", Word(zone.anti_passback))?;
    optional(out, "anti_passback_window", zone.anti_passback_window.map(Span))?;
    let forgive_at = zone.forgive_at.map(|time| Clock(time).to_string());
    optional(out, "forgive_at", forgive_at.as_deref().map(Text))
}

pub(super) fn staff(out: &mut Formatter<'_>, staff: &Staff) -> fmt::Result {
    writeln!(out, "\n[[staff]]")?;
    setting(out, "name", Text(&staff.name))?;
    write!(out, "credential = \"hmac-sha256:")?;
    staff
        .credential
        .iter()
        .try_for_each(|byte| write!(out, "{byte:02x}"))?;
    writeln!(out, "\"")
}

pub(super) fn lane(out: &mut Formatter<'_>, lane: &Lane) -> fmt::Result {
    writeln!(out, "\n[[lane]]")?;
    setting(out, "name", Text(&lane.name))?;
    setting(out, "mode", Word(lane.mode))?;
    optional(out, "zone", lane.zone.as_deref().map(Text))?;
    if let Some(hours) = &lane.opening_hours {
        opening_hours(out, hours)?;
    }
    optional(out, "fire_contact", lane.fire_contact.as_deref().map(Text))?;
    for (side, access_point) in [("entry", &lane.entry), ("exit", &lane.exit)] {
        if let Some(access_point) = access_point {
            writeln!(out, "[lane.{side}]")?;
            write_access_point(out, access_point)?;
        }
    }
    Ok(())
}

fn opening_hours(out: &mut Formatter<'_>, hours: &OpeningHours) -> fmt::Result {
    let days = DAYS.iter().zip(&hours.week).map(|(day, open)| {
        let times = open
            .iter()
            .map(|OpenTime { from, to }| match Clock(*to).to_string().as_str() {
                "00:00" => format!("\"{}-24:00\"", Clock(*from)),
                to => format!("\"{}-{to}\"", Clock(*from)),
            });
        format!("{day} = {}", list(times))
    });
    let days: Vec<String> = days.collect();
    writeln!(out, "opening_hours = {{ {} }}", days.join(", "))?;
    setting(
        out,
        "closed_on",
        list(hours.closed_on.iter().map(|date| format!("\"{date}\""))),
    )
}

fn write_access_point(out: &mut Formatter<'_>, access_point: &AccessPoint) -> fmt::Result {
    setting(out, "reader", Text(&access_point.reader))?;
    match &access_point.opener {
        Opener::Relay(relay) => setting(out, "relay", Text(relay))?,
        Opener::Board(board) => setting(out, "board", Text(board))?,
    }
    setting(out, "pulse", Span(access_point.pulse))?;
    setting(out, "passage_time", Span(access_point.passage_time))?;
    let benefits = match &access_point.required_benefits {
        RequiredBenefits::None => None,
        RequiredBenefits::All(keys) => Some(("all", keys)),
        RequiredBenefits::Any(keys) => Some(("any", keys)),
    };
    if let Some((which, keys)) = benefits {
        let keys = list(keys.iter().map(|key| Text(key)));
        writeln!(out, "required_benefits = {{ {which} = {keys} }}")?;
    }
    setting(out, "check_in", Word(access_point.check_in))?;
    optional(
        out,
        "passage_sensor",
        access_point.passage_sensor.as_deref().map(Text),
    )?;
    optional(out, "button", access_point.button.as_deref().map(Text))?;
    optional(out, "tamper", access_point.tamper.as_deref().map(Text))?;
    optional(out, "indicator", access_point.indicator.as_deref().map(Text))?;
    optional(out, "display", access_point.display.as_deref().map(Text))
}
