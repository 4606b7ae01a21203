//! Each rule is shown a violation, and something like it that is none.

use std::collections::BTreeSet;

use crate::rules::{self, Package};
use crate::source::SourceFile;

const CORE: &str = "gateway/src/domain/policy.rs";

fn file(path: &str, text: &str) -> Vec<SourceFile> {
    vec![SourceFile::new(path, text)]
}

fn package(name: &str, dependencies: &[&str]) -> Package {
    Package {
        name: name.to_owned(),
        dependencies: dependencies.iter().map(|name| (*name).to_owned()).collect(),
        test_dependencies: BTreeSet::new(),
        workspace_lints: true,
    }
}

/// What the rule of the pure core says of this text, with two rooms of the gateway beside it.
fn core(text: &str) -> usize {
    let libraries = ["jiff", "tokio", "hal"].map(str::to_owned).into();
    let files = vec![
        SourceFile::new(CORE, text),
        SourceFile::new("gateway/src/clock.rs", ""),
        SourceFile::new("gateway/src/runtime/mod.rs", ""),
    ];
    rules::the_core_is_pure(&files, &libraries).len()
}

#[test]
fn a_core_that_uses_a_library_is_caught() {
    assert_eq!(core("use tokio::sync::mpsc;"), 1);
    assert_eq!(core("use tokio as runtime;"), 1);
    assert_eq!(core("fn f() { hal::clock::monotonic(); }"), 1);
    assert_eq!(core("fn f() { ::tokio::spawn(g()); }"), 1);
}

#[test]
fn a_core_that_leaves_itself_is_caught() {
    assert_eq!(core("use crate::clock::now;"), 1);
    assert_eq!(core("use crate::{clock, domain::Now, runtime::Stop};"), 2);
    assert_eq!(core("use super::super::runtime;"), 1);
}

#[test]
fn a_core_that_goes_through_a_door_of_std_is_caught() {
    assert_eq!(
        core("use std::{collections::BTreeMap, fs, thread::{self, spawn}};"),
        3
    );
    assert_eq!(core("fn f() -> std::time::Instant;"), 1);
}

#[test]
fn a_pure_core_is_let_be() {
    assert_eq!(
        core("use std::time::Duration;\nuse jiff::tz::TimeZone;\nuse crate::domain::Now;"),
        0
    );
    assert_eq!(
        core(
            "// use tokio::sync;\n/* hal::x */ const A: &str = \"std::fs\"; const B: &str = r#\"\"hal::x\"#;"
        ),
        0
    );
    assert_eq!(
        core("fn f<'a>(c: char) { if c == '\"' || c == '\\'' {} } // hal::x\n"),
        0
    );
    assert_eq!(
        core("#[cfg(test)] mod tests { use proptest::prelude::*; use super::*; }"),
        0
    );
}

#[test]
fn packages_that_know_too_much_are_caught() {
    for (name, known) in [
        ("firmware-protocol", "hal"),
        ("config", "hal"),
        ("hal", "config"),
        ("hal", "turnstile-gateway"),
    ] {
        let packages = [package(known, &[]), package(name, &["serde", known])];
        let wrong = rules::packages_know_only_whom_they_may(&packages);
        assert_eq!(wrong, [format!("{name}: must not depend on {known}")]);
    }
}

#[test]
fn tests_of_a_package_may_not_know_more_than_the_package() {
    let mut hal = package("hal", &["firmware-protocol"]);
    hal.test_dependencies.insert("config".to_owned());
    let packages = [package("config", &[]), package("firmware-protocol", &[]), hal];
    assert_eq!(rules::packages_know_only_whom_they_may(&packages).len(), 1);
}

#[test]
fn a_package_that_nobody_has_placed_is_caught() {
    assert_eq!(
        rules::packages_know_only_whom_they_may(&[package("helpers", &[])]).len(),
        1
    );
}

#[test]
fn a_package_with_lints_of_its_own_is_caught() {
    let mut config = package("config", &[]);
    config.workspace_lints = false;
    assert_eq!(rules::packages_know_only_whom_they_may(&[config]).len(), 1);
}

#[test]
fn a_device_that_knows_the_settings_is_caught() {
    let text = "fn open(settings: &config::Reader) {}";
    assert_eq!(
        rules::devices_know_no_settings(&file("hal/src/reader.rs", text)).len(),
        1
    );
    assert_eq!(
        rules::devices_know_no_settings(&file("gateway/src/wiring.rs", text)).len(),
        0
    );
}

#[test]
fn a_library_away_from_home_is_caught() {
    let sql = "use rusqlite::Connection;";
    assert_eq!(
        rules::libraries_stay_at_home(&file("gateway/src/delivery/mod.rs", sql)).len(),
        1
    );
    assert_eq!(
        rules::libraries_stay_at_home(&file("gateway/src/journal/store.rs", sql)).len(),
        0
    );
    let pin = "use rppal::gpio::OutputPin;";
    assert_eq!(
        rules::libraries_stay_at_home(&file("gateway/src/wiring.rs", pin)).len(),
        1
    );
    assert_eq!(
        rules::libraries_stay_at_home(&file("hal/src/relay/rppal.rs", pin)).len(),
        0
    );
}

#[test]
fn a_library_with_two_homes_is_caught() {
    let lines = "fn f(request: gpiocdev::Request) {}";
    let files = [
        SourceFile::new("hal/src/a.rs", lines),
        SourceFile::new("hal/src/b.rs", lines),
    ];
    assert_eq!(rules::libraries_stay_at_home(&files).len(), 1);
}

#[test]
fn wire_types_outside_the_studio_are_caught() {
    let named_outside = |wire: &str, code: &str| {
        let files = [
            SourceFile::new("gateway/src/studio/customers.rs", wire),
            SourceFile::new("gateway/src/directory/ask.rs", code),
        ];
        rules::wire_types_stay_with_the_studio(&files).len()
    };
    let wire = "#[derive(Deserialize)] pub struct Customer { id: i64 } pub struct Page { next: u32 }";
    assert_eq!(named_outside(wire, "use crate::studio::{Customer, Page};"), 1);
    assert_eq!(
        named_outside(wire, "fn f(customer: studio::customers::Customer) {}"),
        1
    );
    assert_eq!(
        named_outside(wire, "use crate::studio::Page; struct Customer;"),
        0
    );
}

#[test]
fn a_wire_type_is_known_by_what_serde_makes_of_it() {
    for (code, shapes) in [
        ("#[derive(Deserialize)] pub struct Customer { id: i64 }", 1),
        (
            "#[derive(Clone, serde::Serialize)] #[serde(tag = \"a\")] pub(crate) enum Kind { A }",
            1,
        ),
        (
            "#[derive(Deserialize)] #[derive(Debug)] pub struct Period { days: i64 }",
            1,
        ),
        (
            "#[derive(Deserialize)] pub struct Slice<W> where W: Wire { content: Vec<W> }",
            1,
        ),
        (
            "#[derive(Deserialize)] pub(super) struct Customer { pub id: i64 }",
            0,
        ),
        (
            "#[derive(Deserialize)] struct Customer { pub id: i64 } pub struct Page { next: u32 }",
            0,
        ),
        ("#[derive(Deserialize)] pub struct CustomerId(pub i64);", 0),
        ("#[derive(Debug)] pub struct Customer { id: i64 }", 0),
    ] {
        assert_eq!(
            SourceFile::new("a.rs", code).exposed_shapes().len(),
            shapes,
            "{code}"
        );
    }
}

#[test]
fn a_long_file_is_caught() {
    let lines = "let a = 1;\n".repeat(rules::MOST_LINES);
    assert_eq!(rules::files_are_short(&file("config/src/a.rs", &lines)).len(), 0);
    let longer = format!("{lines}let b = 1;\n");
    assert_eq!(rules::files_are_short(&file("config/src/a.rs", &longer)).len(), 1);
}

#[test]
fn only_lines_of_code_are_counted() {
    let text = "\
//! Comment.

/* Another,
   longer one. */
const TEXT: &str = \"two
lines\";
fn f() {} // with a comment

#[cfg(test)]
mod elsewhere;
#[cfg(test)]
mod tests {
    fn g() { let brace = '{'; }
}
fn after() {}
";
    assert_eq!(SourceFile::new("a.rs", text).lines_of_code(), 4);
}

#[test]
fn a_file_that_does_not_say_what_it_is_is_caught() {
    assert_eq!(
        rules::files_say_what_they_are(&file("hal/src/a.rs", "use std::fmt;")).len(),
        1
    );
    assert_eq!(
        rules::files_say_what_they_are(&file("hal/src/a.rs", "#![no_std]\n//! Readers.\n")).len(),
        0
    );
}

#[test]
fn a_second_clock_is_caught() {
    for clock in [
        "fn f() { std::time::Instant::now(); }",
        "use rustix::time::{ClockId, clock_gettime};",
        "fn f() { jiff::Timestamp::now(); }",
        "#[allow(clippy::disallowed_methods)] fn f() {}",
        "#[expect(clippy::disallowed_methods, reason = \"in a hurry\")] fn f() {}",
    ] {
        let found = |path| rules::only_the_clock_modules_read_a_clock(&file(path, clock)).len();
        assert_eq!(found("hal/src/serial.rs"), 1, "{clock}");
        assert_eq!(found("hal/src/clock.rs"), 0, "{clock}");
    }
}

#[test]
fn a_machine_folder_is_caught() {
    let found = |path, text| rules::no_file_names_a_machine_folder(&file(path, text)).len();
    assert_eq!(found("docs/a.md", "see /work/notes.md"), 1);
    assert_eq!(found("docs/a.md", "see docs/work/notes.md"), 0);
    assert_eq!(found("hal/src/a.rs", "const PORT: &str = \"/tmp/reader\";"), 1);
    assert_eq!(found("docs/tutorial.md", "socat pty,link=/tmp/reader"), 0);
}

#[test]
fn an_open_end_is_caught() {
    assert_eq!(
        rules::nothing_is_left_open(&file("a.rs", "fn f() { todo!(\"later\") }")).len(),
        1
    );
    assert_eq!(
        rules::nothing_is_left_open(&file("a.rs", "// todo!\nfn todo() {}")).len(),
        0
    );
}
