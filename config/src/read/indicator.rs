//! The list `[[indicator]]` with its patterns.

use std::collections::BTreeMap;

use toml::de::DeValue;

use super::{Kinds, kind};
use crate::choice::choice;
use crate::pattern;
use crate::problem::Problem;
use crate::settings::{
    Active, DENY_REASONS, GpioIndicator, Indicator, IndicatorKind, Lamps, Pattern, Patterns, Step,
};
use crate::table::Table;
use crate::value::{self, Complaint};

const LAMPS: [&str; 3] = ["green", "red", "buzzer"];

pub(super) fn indicator(table: &Table<'_>) -> Option<Indicator> {
    const KINDS: Kinds = &[
        ("gpio", &["green", "red", "buzzer", "active"]),
        ("osdp", &["reader"]),
        ("simulated", &[]),
    ];
    let name = table.required("name", "\"entry lights\"", value::name);
    let kind = kind(table, KINDS).and_then(|kind| match kind {
        "gpio" => gpio_indicator(table).map(IndicatorKind::Gpio),
        "osdp" => table
            .required("reader", "\"entry reader\"", value::name)
            .map(|reader| IndicatorKind::Osdp { reader }),
        _ => Some(IndicatorKind::Simulated),
    });
    let has = match &kind {
        Some(IndicatorKind::Gpio(gpio)) => Lamps {
            green: gpio.green.is_some(),
            red: gpio.red.is_some(),
            buzzer: gpio.buzzer.is_some(),
        },
        _ => Lamps::ALL,
    };
    let patterns = table
        .section("patterns", "[indicator.patterns]")
        .and_then(|section| patterns(&section, has));
    table.finish();
    Some(Indicator {
        name: name?,
        kind: kind?,
        patterns: patterns?,
    })
}

fn gpio_indicator(table: &Table<'_>) -> Option<GpioIndicator> {
    let line = |key| table.or(key, None, |value| value::gpio_line(value).map(Some));
    let (green, red, buzzer) = (line("green"), line("red"), line("buzzer"));
    let active = table.or("active", Active::High, choice);
    if !LAMPS.iter().any(|lamp| table.has(lamp)) {
        let problem = Problem::new(
            format!("{} has nothing to show", table.title()),
            table.header(),
            "no lamp and no buzzer",
        );
        let fix = "say on which lines its `green`, `red` and `buzzer` are, as far as it has them";
        table.report().add(problem.with_fix(fix).doubtful());
        return None;
    }
    Some(GpioIndicator {
        green: green?,
        red: red?,
        buzzer: buzzer?,
        active: active?,
    })
}

/// The patterns of an indicator that has these lamps. What is not in the file shows as much of the default as it can.
fn patterns(table: &Table<'_>, has: Lamps) -> Option<Patterns> {
    let default = Patterns::default();
    let read = |value: &DeValue<'_>| pattern(value, has);
    let granted = table.or("granted", possible(default.granted, has), read);
    let denied = table.or("denied", possible(default.denied, has), read);
    let waiting = table.or("waiting", possible(default.waiting, has), read);
    let out_of_service = table.or("out_of_service", possible(default.out_of_service, has), read);
    let reasons: Vec<(&str, Option<Option<Pattern>>)> = DENY_REASONS
        .iter()
        .map(|reason| (*reason, table.or(reason, None, |value| read(value).map(Some))))
        .collect();
    table.finish();
    let mut by_reason = BTreeMap::new();
    for (reason, pattern) in reasons {
        if let Some(pattern) = pattern? {
            by_reason.insert(reason.to_owned(), pattern);
        }
    }
    Some(Patterns {
        granted: granted?,
        denied: denied?,
        waiting: waiting?,
        out_of_service: out_of_service?,
        by_reason,
    })
}

fn possible(pattern: Pattern, has: Lamps) -> Pattern {
    let steps = pattern.steps.into_iter().map(|step| Step {
        on: step.on.without(step.on.without(has)),
        time: step.time,
    });
    Pattern {
        steps: steps.collect(),
    }
}

fn pattern(value: &DeValue<'_>, has: Lamps) -> Result<Pattern, Complaint> {
    const EXAMPLE: &str = "write it like \"red+buzzer 150ms, off 100ms, red 500ms\"";
    let pattern = pattern::parse(value::text(value)?)
        .map_err(|label| Complaint::new("is not a pattern", label, EXAMPLE))?;
    let missing = pattern
        .steps
        .iter()
        .flat_map(|step| pattern::names(step.on.without(has)))
        .next();
    match missing {
        None => Ok(pattern),
        Some(lamp) => Err(Complaint::new(
            "shows what is not there",
            format!("this indicator has no `{lamp}`"),
            format!("add its line above as `{lamp} = \"GPIO6\"`, or leave it out of the pattern"),
        )),
    }
}
