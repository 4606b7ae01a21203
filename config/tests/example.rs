//! The example file and the page of documentation hold every setting, and the settings survive being written.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by a panic"
)]

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use config::{
    CardNumberFormat, Content, DENY_REASONS, Decisions, FORMATS, Gateway, NUMBERS, ReaderKind, RelayKind,
    RequiredBenefits, SecretSource, Sends, Settings, parse,
};
use proptest as _;
use tempfile as _;

const EXAMPLE: &str = include_str!("../example.toml");
const PAGE: &str = include_str!("../../docs/configuration.md");

fn load(text: &str) -> Settings {
    parse(text, Path::new("config.toml")).unwrap_or_else(|problems| panic!("{problems}"))
}

/// The example with every default written out: the remarks that show a setting become settings.
fn example_with_defaults() -> String {
    let uncomment = |line: &str| match line.strip_prefix("# ") {
        Some(setting) if setting.split_once(" = ").is_some_and(|(name, _)| is_name(name)) => {
            setting.to_owned()
        }
        _ => line.to_owned(),
    };
    EXAMPLE.lines().map(uncomment).collect::<Vec<_>>().join("\n")
}

/// The example with everything that not every studio has: the lines that begin with `#` and no space.
fn example_with_everything() -> String {
    let uncomment = |line: &str| match line.strip_prefix('#') {
        Some(active) if !active.is_empty() && !active.starts_with(' ') => active.to_owned(),
        _ => line.to_owned(),
    };
    EXAMPLE.lines().map(uncomment).collect::<Vec<_>>().join("\n")
}

fn is_name(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    !text.is_empty() && text.bytes().all(plain)
}

#[test]
fn the_example_loads() {
    let settings = load(EXAMPLE);
    assert_eq!(settings.gateway, Gateway::default());
    assert_eq!(settings.decisions, Decisions::default());
    assert_eq!(
        settings.studio.api_key,
        SecretSource::Credential("studio-api-key".to_owned())
    );
    assert_eq!(settings.studio.card_number_format, CardNumberFormat::Decimal);
    let entry = settings.lanes[0].entry.as_ref().unwrap();
    assert_eq!(entry.pulse, Duration::from_millis(500));
    assert_eq!(
        entry.required_benefits,
        RequiredBenefits::All(["GYM".to_owned()].into())
    );
    let ReaderKind::Serial(scanner) = &settings.reader("exit scanner").unwrap().kind else {
        panic!()
    };
    let Sends::Lines(lines) = &scanner.frames.sends else {
        panic!()
    };
    assert_eq!(
        (scanner.frames.format.as_str(), lines.content),
        ("line", Content::Code)
    );
    let RelayKind::UsbRelay(board) = &settings.relay("exit relay").unwrap().kind else {
        panic!()
    };
    assert_eq!((board.channel, board.baud), (2, 9600));
}

#[test]
fn the_defaults_that_the_example_shows_are_the_defaults() {
    let written = load(&example_with_defaults());
    assert_eq!(written.studio.language.as_deref(), Some("en"));
    let mut written = written;
    written.studio.language = None;
    assert_eq!(written, load(EXAMPLE));
}

/// The names in the first column of the tables of settings.
fn settings_of_the_page() -> impl Iterator<Item = &'static str> {
    let tables = PAGE.split("\n\n").filter(|part| part.starts_with("| setting"));
    let rows = tables.flat_map(|table| table.lines());
    rows.filter_map(|line| Some(line.strip_prefix("| `")?.split_once('`')?.0))
}

#[test]
fn the_documentation_names_every_format_number_and_reason() {
    let formats = FORMATS.iter().map(|format| format.name);
    for name in formats.chain(NUMBERS.iter().chain(DENY_REASONS).copied()) {
        assert!(
            PAGE.contains(&format!("`{name}`")) || PAGE.contains(&format!("`\"{name}\"`")),
            "{name}"
        );
    }
}

#[test]
fn the_example_and_the_documentation_hold_the_same_settings() {
    let from_example: BTreeSet<&str> = EXAMPLE
        .lines()
        .filter_map(|line| line.trim_start_matches(['#', ' ']).split_once(" = "))
        .map(|(name, _)| name)
        .filter(|name| is_name(name))
        .collect();
    let from_page: BTreeSet<&str> = settings_of_the_page()
        // Of the three places of a key the example uses one and explains the others in a remark.
        .filter(|name| !["file", "env"].contains(name))
        .collect();
    assert_eq!(from_example, from_page);
    // Nothing that can be set is missing in either: the settings in force name them all.
    for line in load(&example_with_everything()).effective().lines() {
        if let Some((name, _)) = line.split_once(" = ") {
            assert!(from_page.contains(name), "{name} is not documented");
        }
    }
}

#[test]
fn the_settings_in_force_can_be_loaded_again() {
    for example in [EXAMPLE.to_owned(), example_with_everything()] {
        let settings = load(&example);
        assert_eq!(load(&settings.effective()), settings);
    }
    let simulated = "
        [studio]
        base_url = \"http://127.0.0.1:8490\"
        time_zone = \"America/New_York\"
        api_key = { file = \"/etc/a \\\\ \\\"key\\\"\" }
        language = \"de-CH\"
        [[reader]]
        name = \"Tür\"
        kind = \"simulated\"
        [[relay]]
        name = \"r\"
        kind = \"simulated\"
        [[lane]]
        name = \"main\"
        exit = { reader = \"Tür\", relay = \"r\", pulse = \"1500ms\", required_benefits = { any = [\"A\", \"B\"] } }
    ";
    let settings = load(simulated);
    assert_eq!(load(&settings.effective()), settings);
    assert!(
        settings.effective().contains("pulse = \"1500ms\""),
        "{}",
        settings.effective()
    );
}
