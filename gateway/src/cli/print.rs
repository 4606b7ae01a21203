//! How answers look on a terminal: tables, colours, ages.

use std::time::Duration;

use comfy_table::{Table, presets};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use owo_colors::{OwoColorize, Stream, Style};

/// A text in a style, if standard output shows styles.
pub(super) fn styled(text: &str, style: Style) -> String {
    text.if_supports_color(Stream::Stdout, |text| text.style(style))
        .to_string()
}

pub(super) fn good(text: &str) -> String {
    styled(text, Style::new().green())
}

pub(super) fn bad(text: &str) -> String {
    styled(text, Style::new().red().bold())
}

pub(super) fn pale(text: &str) -> String {
    styled(text, Style::new().dimmed())
}

pub(super) fn bold(text: &str) -> String {
    styled(text, Style::new().bold())
}

/// An empty table with these headings.
pub(super) fn table<const N: usize>(headings: [&str; N]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::UTF8_FULL_CONDENSED);
    table.set_header(headings.map(bold));
    table
}

/// A moment on the studio's clock.
pub(super) fn time(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned_datetime(zone.clone())
        .strftime("%Y-%m-%d %H:%M:%S")
        .to_string()
}

/// How long `then` is ago at `now`.
pub(super) fn ago(now: Timestamp, then: Timestamp) -> String {
    match Duration::try_from(now.duration_since(then)) {
        Ok(age) => format!("{} ago", span(age)),
        Err(_) => "in the future".to_owned(),
    }
}

/// A length of time in its largest fitting unit, from two of them on.
pub(super) fn span(span: Duration) -> String {
    let seconds = span.as_secs();
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds / 60),
        7_200..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} days", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_is_told_in_the_unit_that_fits() {
        let texts = [119, 120, 7_199, 7_200, 172_799, 172_800].map(|secs| span(Duration::from_secs(secs)));
        assert_eq!(texts, ["119 s", "2 min", "119 min", "2 h", "47 h", "2 days"]);
        let now = Timestamp::from_second(1_000).unwrap();
        assert_eq!(ago(now, Timestamp::from_second(2_000).unwrap()), "in the future");
    }
}
