//! Durations as people write them: one whole number and one unit, such as `800ms`, `5min` or `7d`.

use std::time::Duration;

/// The units, smallest first, in microseconds.
const UNITS: [(&str, u64); 6] = [
    ("us", 1),
    ("ms", 1_000),
    ("s", 1_000_000),
    ("min", 60_000_000),
    ("h", 3_600_000_000),
    ("d", 86_400_000_000),
];

/// The units as a list for messages.
pub(crate) const UNIT_NAMES: &str = "us, ms, s, min, h or d";

/// Reads `text`; `None` when it is anything but one whole number and one unit.
pub(crate) fn parse(text: &str) -> Option<Duration> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at_checked(digits)?;
    let unit = unit.trim_start();
    let (_, size) = UNITS.iter().find(|(name, _)| *name == unit)?;
    Some(Duration::from_micros(
        number.parse::<u64>().ok()?.checked_mul(*size)?,
    ))
}

/// Writes `duration` in the largest unit that needs no fraction; parts of a microsecond are dropped.
pub(crate) fn format(duration: Duration) -> String {
    let microseconds = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
    let unit = UNITS
        .iter()
        .rev()
        .find(|(_, size)| microseconds != 0 && microseconds.is_multiple_of(*size));
    match unit {
        Some((name, size)) => format!("{}{name}", microseconds / size),
        None => "0s".to_owned(),
    }
}

/// The smallest unit with which `number` lies in `allowed`, to suggest for a number without a unit. Nobody means
/// microseconds where seconds are allowed.
pub(crate) fn suggest(number: u64, allowed: &std::ops::RangeInclusive<Duration>) -> Option<String> {
    let tiny = *allowed.end() < Duration::from_secs(1);
    UNITS
        .iter()
        .filter(|(name, _)| tiny || *name != "us")
        .find_map(|(name, size)| {
            let duration = Duration::from_micros(number.checked_mul(*size)?);
            allowed.contains(&duration).then(|| format!("{number}{name}"))
        })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_unit_is_understood() {
        let cases = [
            ("100us", 100),
            ("800ms", 800_000),
            ("2s", 2_000_000),
            ("5min", 300_000_000),
            ("72h", 259_200_000_000),
            ("7d", 604_800_000_000),
        ];
        for (text, microseconds) in cases {
            assert_eq!(parse(text), Some(Duration::from_micros(microseconds)), "{text}");
        }
    }

    #[test]
    fn anything_but_one_number_and_one_unit_is_refused() {
        for text in [
            "",
            "5",
            "ms",
            "5m",
            "-5s",
            "1.5s",
            "1h30min",
            "5 s ",
            "99999999999999999999s",
            "9999999999999999d",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_duration_is_written_in_the_largest_whole_unit() {
        for (text, written) in [
            ("72h", "3d"),
            ("90s", "90s"),
            ("60s", "1min"),
            ("0ms", "0s"),
            ("800ms", "800ms"),
        ] {
            assert_eq!(parse(text).map(format).as_deref(), Some(written));
        }
    }

    #[test]
    fn a_bare_number_gets_the_unit_that_fits() {
        let allowed = Duration::from_millis(500)..=Duration::from_secs(60);
        assert_eq!(suggest(10, &allowed).as_deref(), Some("10s"));
        assert_eq!(suggest(800, &allowed).as_deref(), Some("800ms"));
        assert_eq!(suggest(0, &allowed), None);
        let tiny = Duration::from_micros(50)..=Duration::from_millis(2);
        assert_eq!(suggest(100, &tiny).as_deref(), Some("100us"));
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back_the_same(microseconds: u64) {
            let duration = Duration::from_micros(microseconds);
            prop_assert_eq!(parse(&format(duration)), Some(duration));
        }
    }
}
