//! Text that is not TOML: what is wrong in plain words, and what must not be shown of it.

use crate::problem::{Problem, Report};
use crate::value::shown;

/// A syntax error in the words of someone who has never heard of TOML.
pub(crate) fn problem(error: &toml::de::Error, text: &str) -> Problem {
    let place = error.span().unwrap_or(text.len()..text.len());
    let message = error.message();
    let (title, fix) = explain(message, text.get(place.clone()).unwrap_or_default());
    Problem::new(title, place, message).fix(fix)
}

fn explain(message: &str, found: &str) -> (String, &'static str) {
    let says = |part: &str| message.contains(part);
    let (title, fix) = if says("duplicate key") {
        let title = format!("{} is set twice", shown(found));
        return (
            title,
            "keep one of the two; a second device or lane needs its own line in [[double brackets]]",
        );
    } else if says("string values must be quoted") || says("invalid value") {
        (
            "this value cannot be understood",
            "put text and durations in double quotes, such as \"800ms\"",
        )
    } else if says("basic string") || says("literal string") || says("opening quote") {
        (
            "this text is not closed",
            "end it with the same quote that it begins with, on the same line",
        )
    } else if says("assignment") || says("key with no value") || says("missing value") {
        ("this line is not complete", "write a setting as `name = value`")
    } else if says("unclosed table") || says("unclosed array table") || says("table open") {
        (
            "this section header is not complete",
            "write [section], or [[reader]], [[relay]], [[lane]]",
        )
    } else if says("array") {
        ("this list is not complete", "write a list as [\"one\", \"two\"]")
    } else if says("inline table") {
        (
            "this group is not complete",
            "write it on one line as { name = \"value\" }",
        )
    } else if says("escape") {
        (
            "this text holds a backslash",
            "write \\\\ for a backslash, or put the text in single quotes",
        )
    } else if says("key") {
        (
            "this is no name of a setting",
            "write a setting as `name = value`",
        )
    } else {
        (
            "this line cannot be understood",
            "write a setting as `name = value`; a remark begins with #",
        )
    };
    (title.to_owned(), fix)
}

/// Hides whatever is written where a key, token or password may be: wherever the file has its mistakes, they are
/// shown with the line around them.
pub(crate) fn hide_secrets(text: &str, report: &Report) {
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        for (equals, _) in line.match_indices('=') {
            let (before, after) = line.split_at(equals);
            let name = before.trim_end_matches([' ', '\t', '"', '\'']);
            let name = name
                .rsplit([' ', '\t', '"', '\'', '.', ',', '{'])
                .next()
                .unwrap_or_default()
                .to_lowercase();
            let secret = ["key", "secret", "token", "password"]
                .iter()
                .any(|word| name.contains(word));
            let refers = after.trim_start_matches(['=', ' ', '\t']).starts_with('{');
            if secret && !refers {
                let value = after.trim_start_matches(['=', ' ', '\t']);
                let end = start + line.trim_end().len();
                report.hide(start + line.len() - value.len()..end);
            }
        }
        start += line.len();
    }
}
