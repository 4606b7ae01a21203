//! Text that is not TOML: what is wrong in plain words, and what must not be shown of it.

use crate::problem::{Problem, Report};
use crate::value::shown;

/// What to say of a syntax error: words of the parser's message, and in our words the problem, the remark at its
/// place, and the fix. The first one that fits counts.
const EXPLANATIONS: &[(&[&str], &str, &str, &str)] = &[
    (
        &["must be quoted"],
        "this value cannot be understood",
        "no quotes around it",
        "put text and durations in double quotes",
    ),
    (
        &["escape", "unicode value"],
        "this text holds a lone backslash",
        "a backslash has a meaning of its own",
        "write two for one backslash, or put the text in 'single quotes'",
    ),
    (
        &["basic string", "literal string", "opening quote"],
        "this text has no end",
        "the closing quote is missing",
        "end it with the quote that it begins with",
    ),
    (
        &["key with no value", "missing assignment", "keys cannot be empty"],
        "this line is no setting",
        "a setting has a name, `=` and a value",
        "write a setting as `name = value`",
    ),
    (
        &[
            "unclosed table",
            "unclosed array table",
            "missing table open",
            "invalid table",
        ],
        "this section header is not complete",
        "a bracket is missing",
        "write [studio] and the like, but [[reader]], [[lane]] and the like of what there may be several",
    ),
    (
        &["inline table", "between key-value pairs"],
        "this group of settings is not complete",
        "it breaks off here",
        "write it as { name = \"value\" }",
    ),
    (
        &["array"],
        "this list is not complete",
        "it breaks off here",
        "write a list as [\"one\", \"two\"]",
    ),
    (
        &[
            "zero", "`_`", "float", "integer", "sign", "radix", "number", "date", "time",
        ],
        "this number cannot be understood",
        "not a number",
        "write a plain number such as 9600, and everything else in double quotes",
    ),
    (
        &["unexpected key or value", "unexpected content"],
        "there is something behind the setting",
        "this does not belong here",
        "put each setting on a line of its own; a remark begins with #",
    ),
];

/// A syntax error in the words of someone who has never heard of TOML.
pub(crate) fn problem(error: &toml::de::Error, text: &str) -> Problem {
    let place = error.span().unwrap_or(text.len()..text.len());
    let found = text.get(place.clone()).unwrap_or_default();
    let message = error.message().split(", expected").next().unwrap_or_default();
    if message.contains("duplicate key") {
        return Problem::new(
            format!("{} is there twice", shown(found)),
            place,
            "the second one",
        )
        .with_fix("keep one of them; a second device or lane begins with [[double brackets]]");
    }
    if found.contains(['“', '”', '„', '‘', '’', '`', '´']) {
        return Problem::new(
            "these quotes are not understood",
            place,
            "not straight double quotes",
        )
        .with_fix("write straight ones: \"text\"");
    }
    if message.contains("must be quoted") && found.trim().is_empty() {
        return Problem::new("this setting has no value", place, "the value is missing")
            .with_fix("write a setting as `name = value`");
    }
    let says = |words: &[&str]| words.iter().any(|word| message.contains(word));
    match EXPLANATIONS.iter().find(|(words, ..)| says(words)) {
        Some((_, problem, label, fix)) => Problem::new(*problem, place, *label).with_fix(*fix),
        None => Problem::new("this line cannot be understood", place, "this is unexpected")
            .with_fix("write a setting as `name = value`; a remark begins with #"),
    }
}

/// Hides whatever is written where a key, token, password or credential may be: wherever the file has its mistakes, they are
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
            let secret = ["key", "secret", "token", "password", "credential"]
                .iter()
                .any(|word| name.contains(word))
                && name != "keypad";
            let value = after.trim_start_matches(['=', ' ', '\t']);
            let refers = value.starts_with('{');
            if secret && !refers {
                let end = start + line.trim_end().len();
                report.hide(start + line.len() - value.len()..end);
                break;
            }
        }
        start += line.len();
    }
}
