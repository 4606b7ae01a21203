//! Patterns of an indicator as people write them: `red+buzzer 150ms, off 100ms, red 500ms`.

use std::ops::RangeInclusive;
use std::time::Duration;

use crate::duration;
use crate::settings::{Lamps, Pattern, Step};

/// How long a step may take: shorter ones nobody sees.
const STEP: RangeInclusive<Duration> = Duration::from_millis(20)..=Duration::from_secs(30);

/// Reads `text`; otherwise says what is wrong with it.
pub(crate) fn parse(text: &str) -> Result<Pattern, String> {
    let steps: Vec<Step> = text.split(',').map(step).collect::<Result<_, _>>()?;
    if steps.len() > Pattern::MOST_STEPS {
        return Err(format!("{} steps are the most", Pattern::MOST_STEPS));
    }
    Ok(Pattern { steps })
}

fn step(text: &str) -> Result<Step, String> {
    let (lamps, time) = text
        .trim()
        .split_once(' ')
        .ok_or("a step is what is on and for how long")?;
    let time = duration::parse(time.trim())
        .filter(|time| STEP.contains(time))
        .ok_or_else(|| {
            format!(
                "a step takes from {} to {}",
                duration::format(*STEP.start()),
                duration::format(*STEP.end())
            )
        })?;
    let mut on = Lamps::OFF;
    for lamp in lamps.split('+').filter(|_| lamps != "off") {
        match lamp {
            "green" => on.green = true,
            "red" => on.red = true,
            "buzzer" => on.buzzer = true,
            _ => return Err("only green, red and buzzer can be on, or it is off".to_owned()),
        }
    }
    Ok(Step { on, time })
}

/// Writes `pattern` so that [`parse`] reads the same.
pub(crate) fn format(pattern: &Pattern) -> String {
    let steps: Vec<String> = pattern
        .steps
        .iter()
        .map(|step| format!("{} {}", lamps(step.on), duration::format(step.time)))
        .collect();
    steps.join(", ")
}

/// `red+buzzer`
fn lamps(on: Lamps) -> String {
    let names: Vec<&str> = names(on).collect();
    if names.is_empty() {
        "off".to_owned()
    } else {
        names.join("+")
    }
}

/// The names of the lamps that are on.
pub(crate) fn names(on: Lamps) -> impl Iterator<Item = &'static str> {
    [(on.green, "green"), (on.red, "red"), (on.buzzer, "buzzer")]
        .into_iter()
        .filter_map(|(on, name)| on.then_some(name))
}

impl Lamps {
    /// Those of `self` that `other` has not.
    pub(crate) fn without(self, other: Self) -> Self {
        Self {
            green: self.green && !other.green,
            red: self.red && !other.red,
            buzzer: self.buzzer && !other.buzzer,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Patterns;

    #[test]
    fn the_patterns_of_the_default_are_written_as_people_write_them() {
        let patterns = Patterns::default();
        let written = [
            (&patterns.granted, "green 1s"),
            (
                &patterns.denied,
                "red+buzzer 150ms, off 100ms, red+buzzer 150ms, red 500ms",
            ),
            (&patterns.waiting, "green 100ms, off 100ms"),
            (&patterns.out_of_service, "red 1s, off 1s"),
        ];
        for (pattern, text) in written {
            assert_eq!(format(pattern), text);
            assert_eq!(parse(text).as_ref(), Ok(pattern));
        }
    }

    #[test]
    fn spaces_do_not_matter_and_everything_else_does() {
        assert_eq!(
            parse(" green  1s ,off 20ms").map(|pattern| format(&pattern)),
            Ok("green 1s, off 20ms".to_owned())
        );
        for wrong in [
            "",
            "green",
            "1s",
            "green 1s,",
            "blue 1s",
            "green+ 1s",
            "off+green 1s",
            "green 1",
            "green 1ms",
            "green 31s",
        ] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
        let long = vec!["off 1s"; Pattern::MOST_STEPS + 1].join(",");
        assert!(parse(&long).is_err());
    }
}
