//! Text that is not TOML: what is wrong in plain words, and what must not be shown of it.

use crate::problem::{Problem, Report};
use crate::value::shown;

/// A syntax error in the words of someone who has never heard of TOML.
pub(crate) fn problem(error: &toml::de::Error, text: &str) -> Problem {
    let place = error.span().unwrap_or(text.len()..text.len());
    let found = text.get(place.clone()).unwrap_or_default();
    let message = error.message().split(", expected").next().unwrap_or_default();
    let says = |words: &[&str]| words.iter().any(|word| message.contains(word));
    let (title, label, fix) = if says(&["duplicate key"]) {
        let fix = "keep one of them; a second device or lane begins with [[double brackets]]";
        return Problem::new(
            format!("{} is there twice", shown(found)),
            place,
            "the second one",
        )
        .with_fix(fix);
    } else if found.contains(['“', '”', '„', '‘', '’', '`', '´']) {
        (
            "these quotes are not understood",
            "not straight double quotes",
            "write straight ones: \"text\"",
        )
    } else if says(&["must be quoted", "missing value"]) && found.trim().is_empty() {
        (
            "this setting has no value",
            "the value is missing",
            "write a setting as `name = value`",
        )
    } else if says(&["must be quoted"]) {
        (
            "this value cannot be understood",
            "no quotes around it",
            "put text and durations in double quotes",
        )
    } else if says(&["escape", "unicode value"]) {
        let fix = "write two for one backslash, or put the text in 'single quotes'";
        (
            "this text holds a lone backslash",
            "a backslash has a meaning of its own",
            fix,
        )
    } else if says(&["basic string", "literal string", "opening quote"]) {
        (
            "this text has no end",
            "the closing quote is missing",
            "end it with the quote that it begins with",
        )
    } else if says(&["key with no value", "missing assignment", "keys cannot be empty"]) {
        (
            "this line is no setting",
            "`=` is missing",
            "write a setting as `name = value`",
        )
    } else if says(&[
        "unclosed table",
        "unclosed array table",
        "missing table open",
        "invalid table",
    ]) {
        let fix = "write [studio] and the like, but [[reader]], [[relay]] and [[lane]]";
        ("this section header is not complete", "a bracket is missing", fix)
    } else if says(&["inline table", "between key-value pairs"]) {
        (
            "this group of settings is not complete",
            "it breaks off here",
            "write it as { name = \"value\" }",
        )
    } else if says(&["array"]) {
        (
            "this list is not complete",
            "it breaks off here",
            "write a list as [\"one\", \"two\"]",
        )
    } else if says(&[
        "zero", "`_`", "float", "integer", "sign", "radix", "number", "date", "time",
    ]) {
        let fix = "write a plain number such as 9600, and everything else in double quotes";
        ("this number cannot be understood", "not a number", fix)
    } else if says(&["unexpected key or value", "unexpected content"]) {
        let fix = "put each setting on a line of its own; a remark begins with #";
        (
            "there is something behind the setting",
            "this does not belong here",
            fix,
        )
    } else {
        let fix = "write a setting as `name = value`; a remark begins with #";
        ("this line cannot be understood", "this is unexpected", fix)
    };
    Problem::new(title, place, label).with_fix(fix)
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
