//! What is wrong with a file is said with its place and its fix, everything at once, and nothing secret.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by a panic"
)]

mod devices;
mod lanes;
mod page;
mod readers;
mod studio;
mod values;

use std::path::Path;

use config::{Problems, load, parse};
use proptest as _;

/// A file without a mistake, for the tests to make one in.
const GOOD: &str = r#"
[studio]
base_url = "https://example.open-api.perfectgym.com"
time_zone = "Europe/Berlin"
api_key = { credential = "studio-api-key" }

[decisions]
fresh = "5min"

[[reader]]
name = "entry reader"
kind = "serial"
port = "/dev/ttyUSB0"
format = "rdm6300"

[[reader]]
name = "exit reader"
kind = "serial"
port = "/dev/ttyUSB1"
format = "line"
content = "decimal"

[[relay]]
name = "main relay"
kind = "usb-relay"
port = "/dev/ttyUSB2"
channel = 1

[[relay]]
name = "side relay"
kind = "usb-relay"
port = "/dev/ttyUSB2"
channel = 2

[[lane]]
name = "main"
[lane.entry]
reader = "entry reader"
relay = "main relay"
pulse = "400ms"
passage_time = "5s"

[[lane]]
name = "side"
[lane.exit]
reader = "exit reader"
relay = "side relay"
"#;

/// Another one, with the devices and rules that not every studio has.
const RICH: &str = r#"
[studio]
base_url = "https://example.open-api.perfectgym.com"
time_zone = "Europe/Berlin"
api_key = { credential = "studio-api-key" }

[studio.device_api]
base_url = "https://example.devices.example"
token = { credential = "studio-device-token" }

[delivery]
ways = ["device-api", "benefit-use"]
benefit = "VISIT_PASS"

[[zone]]
name = "gym"
capacity = 120
anti_passback = "soft"
anti_passback_window = "10min"

[[staff]]
name = "duty manager"
credential = "hmac-sha256:00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

[gpio]
backend = "character-device"

[[reader]]
name = "card reader"
kind = "wiegand"
d0 = "GPIO17"
d1 = "gpiochip0:18"
format = "custom"
keypad = "w4"
number = "facility-card-digits"
[reader.layout]
bits = 32
facility = [1, 11]
card = [12, 30]
issue = [0, 0]
parity = [{ at = 31, odd = true, over = [[1, 15]] }]

[[reader]]
name = "desk scanner"
kind = "keyboard"
device = "/dev/input/event3"
content = "code"

[[relay]]
name = "side relay"
kind = "gpio"
line = "GPIO23"

[[board]]
name = "turnstile"
kind = "digicon"
port = "/dev/ttyUSB0"

[[input]]
name = "passage"
kind = "gpio"
line = "GPIO24"

[[input]]
name = "desk"
kind = "simulated"

[[indicator]]
name = "lights"
kind = "gpio"
red = "GPIO6"
[indicator.patterns]
denied = "red 1s"

[[display]]
name = "panel"
kind = "serial"
port = "/dev/ttyUSB1"

[[lane]]
name = "main"
zone = "gym"
opening_hours = { mon-fri = ["06:00-22:00"], sun = ["20:00-02:00"] }
closed_on = ["2026-12-25"]
[lane.entry]
reader = "card reader"
board = "turnstile"
check_in = "on-passage"
indicator = "lights"
display = "panel"
[lane.exit]
reader = "desk scanner"
relay = "side relay"
check_in = "on-passage"
passage_sensor = "passage"
button = "desk"
"#;

fn problems(text: &str) -> Problems {
    parse(text, Path::new("config.toml")).expect_err("the file has a mistake")
}

/// The one problem of a file after this change: line, message, fix.
#[track_caller]
fn problem_of(file: &str, good: &str, bad: &str) -> (usize, String, String) {
    assert!(file.contains(good), "{good}");
    let problems = problems(&file.replacen(good, bad, 1));
    let all: Vec<_> = problems.iter().collect();
    let [problem] = all[..] else {
        panic!("one problem, please:\n{problems}")
    };
    (
        problem.position().unwrap().0,
        problem.message().to_owned(),
        problem.fix().to_owned(),
    )
}

/// The one problem of the good file after this change: line, message, fix.
#[track_caller]
fn problem(good: &str, bad: &str) -> (usize, String, String) {
    problem_of(GOOD, good, bad)
}

/// After this change of the good file the only problem has this message and a fix with these words.
#[track_caller]
fn refused(good: &str, bad: &str, message: &str, fix: &str) {
    let (_, said, fix_said) = problem(good, bad);
    assert_eq!(said, message);
    assert!(fix_said.contains(fix), "{fix_said}");
}

/// The same of the rich file.
#[track_caller]
fn refused_in_rich(good: &str, bad: &str, message: &str, fix: &str) {
    let (_, said, fix_said) = problem_of(RICH, good, bad);
    assert_eq!(said, message);
    assert!(fix_said.contains(fix), "{fix_said}");
}

#[test]
fn the_files_that_the_tests_spoil_are_good() {
    for file in [GOOD, RICH] {
        parse(file, Path::new("config.toml")).unwrap_or_else(|problems| panic!("{problems}"));
    }
}
