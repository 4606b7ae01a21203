//! What is wrong with a file is said with its place and its fix, everything at once, and nothing secret.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by a panic"
)]

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

fn problems(text: &str) -> Problems {
    parse(text, Path::new("config.toml")).expect_err("the file has a mistake")
}

/// The one problem of the good file after this change: line, message, fix.
#[track_caller]
fn problem(good: &str, bad: &str) -> (usize, String, String) {
    assert!(GOOD.contains(good), "{good}");
    let problems = problems(&GOOD.replacen(good, bad, 1));
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

/// After this change the only problem has this message and a fix with these words.
#[track_caller]
fn refused(good: &str, bad: &str, message: &str, fix: &str) {
    let (_, said, fix_said) = problem(good, bad);
    assert_eq!(said, message);
    assert!(fix_said.contains(fix), "{fix_said}");
}

#[test]
fn the_file_that_the_tests_spoil_is_good() {
    assert!(parse(GOOD, Path::new("config.toml")).is_ok());
}

#[test]
fn a_problem_is_shown_with_its_line_a_caret_and_the_fix() {
    let spoilt = GOOD
        .replace("pulse =", "pulze =")
        .replace("\"entry reader\"\nrelay", "\"entry raeder\"\nrelay");
    let page = r#"error: there is no reader "entry raeder"
  --> config.toml:38:10
   |
38 | reader = "entry raeder"
   |          ^^^^^^^^^^^^^^ no [[reader]] has this name
   |
   = help: did you mean "entry reader"?

error: unknown setting "pulze"
  --> config.toml:40:1
   |
40 | pulze = "400ms"
   | ^^^^^ [lane.entry] has no such setting
   |
   = help: did you mean `pulse`?

2 problems in config.toml: nothing was started
"#;
    assert_eq!(problems(&spoilt).render(false), page);
}

#[test]
fn two_places_that_contradict_each_other_are_both_shown() {
    let spoilt = GOOD.replace("ttyUSB1", "ttyUSB0").replace("\"400ms\"", "\"6s\"");
    let page = r#"error: two devices are on one port
  --> config.toml:19:8
   |
13 | port = "/dev/ttyUSB0"
   |        -------------- the port of [[reader]] "entry reader"
...
19 | port = "/dev/ttyUSB0"
   |        ^^^^^^^^^^^^^^ this port is taken
   |
   = help: give each device its own port; `ls -l /dev/serial/by-id` lists what is plugged in

error: `pulse` is longer than `passage_time`
  --> config.toml:40:9
   |
40 | pulse = "6s"
   |         ^^^^ `passage_time` is 5s
41 | passage_time = "5s"
   |                ----
   |
   = help: the relay would still be on when the next person may be let in: make `pulse` shorter or `passage_time` longer

2 problems in config.toml: nothing was started
"#;
    assert_eq!(problems(&spoilt).render(false), page);
}

#[test]
fn every_syntax_error_is_shown_in_plain_words_beside_the_other_problems() {
    let text =
        "[studio]\nbase_url = \"https://example.com\ntime_zone = Europe/Berlin\ntimeout = 10\n[[reader]\n";
    let page = r#"error: this text has no end
 --> config.toml:2:32
  |
2 | base_url = "https://example.com
  |                                ^ the closing quote is missing
  |
  = help: end it with the quote that it begins with

error: this value cannot be understood
 --> config.toml:3:13
  |
3 | time_zone = Europe/Berlin
  |             ^^^^^^^^^^^^^ no quotes around it
  |
  = help: put text and durations in double quotes

error: `timeout` has no unit
 --> config.toml:4:11
  |
4 | timeout = 10
  |           ^^ a bare number could mean anything
  |
  = help: give a unit, such as "10s" (allowed: 1s to 2min)

error: this section header is not complete
 --> config.toml:5:10
  |
5 | [[reader]
  |          ^ a bracket is missing
  |
  = help: write [studio] and the like, but [[reader]], [[lane]] and the like of what there may be several

4 problems in config.toml: nothing was started
"#;
    assert_eq!(problems(text).render(false), page);
}

#[test]
fn a_misspelt_setting_is_not_reported_as_missing_on_top() {
    refused(
        "base_url =",
        "baseurl =",
        "unknown setting \"baseurl\"",
        "did you mean `base_url`?",
    );
    refused(
        "port = \"/dev/ttyUSB0\"",
        "Port = \"/dev/ttyUSB0\"",
        "unknown setting \"Port\"",
        "`port`?",
    );
}

#[test]
fn an_empty_file_says_what_is_needed() {
    let page = problems("").render(false);
    assert!(
        page.contains("[studio] is missing") && page.contains("there is no lane"),
        "{page}"
    );
    assert!(
        page.ends_with("2 problems in config.toml: nothing was started\n"),
        "{page}"
    );
}

#[test]
fn colour_is_only_there_when_asked_for() {
    let problems = problems("");
    assert!(problems.render(true).contains("\u{1b}["));
    assert!(!problems.render(false).contains('\u{1b}'));
}

#[test]
fn a_key_in_the_file_is_refused_and_never_shown() {
    let place = "{ credential = \"studio-api-key\" }";
    let multi_line = "\"\"\"\nhunter2\n\"\"\"";
    for key in [
        "\"hunter2\"",
        "'hunter2'",
        "hunter2",
        "\"hunter2",
        multi_line,
        "{ value = \"hunter2\" }",
        "{ file = \"hunter2\" }",
    ] {
        let problems = problems(&GOOD.replace(place, key));
        assert!(
            !format!("{problems} {problems:?}").contains("hunter2"),
            "{problems}"
        );
    }
    refused(
        place,
        "\"hunter2\"",
        "`api_key` must not be in this file",
        "credential = \"studio-api-key\"",
    );
    let misspelt = problems(&GOOD.replace("api_key = {", "apikey = \"hunter2\" #"));
    assert!(
        misspelt.to_string().contains("did you mean `api_key`?"),
        "{misspelt}"
    );
    assert!(!misspelt.to_string().contains("hunter2"), "{misspelt}");
    let login = problems(&GOOD.replace("https://", "https://joe:hunter2@"));
    assert!(!login.to_string().contains("hunter2"), "{login}");
}

#[test]
fn the_key_is_in_exactly_one_place() {
    let message = "`api_key` needs exactly one of credential, file, env";
    refused("{ credential = \"studio-api-key\" }", "{}", message, "");
    refused(
        "{ credential = \"studio-api-key\" }",
        "{ env = \"A\", file = \"/b\" }",
        message,
        "keep the one",
    );
}

#[test]
fn the_studio_is_reached_safely() {
    let https = "https://example.open-api.perfectgym.com";
    refused(
        https,
        "http://example.com",
        "`base_url` must begin with https://",
        "write https://",
    );
    refused(
        https,
        "https://example.com/v1",
        "`base_url` must end after the host",
        "write \"https://example.com\"",
    );
    refused(
        https,
        "https://a:b@example.com",
        "`base_url` must not hold a login",
        "remove it",
    );
    refused(
        https,
        "example",
        "`base_url` is not a web address",
        "write it like",
    );
    for loopback in ["http://localhost:8490", "http://127.0.0.1:1", "http://[::1]:8490"] {
        assert!(
            parse(&GOOD.replace(https, loopback), Path::new("config.toml")).is_ok(),
            "{loopback}"
        );
    }
}

#[test]
fn single_values_are_checked_with_the_fix() {
    refused(
        "Europe/Berlin",
        "Europe/Berln",
        "`time_zone` is not a time zone",
        "did you mean \"Europe/Berlin\"?",
    );
    refused("\"5min\"", "5", "`fresh` has no unit", "such as \"5ms\"");
    refused(
        "\"5min\"",
        "\"5 minutes\"",
        "`fresh` is not a duration",
        "from 0s to 1d",
    );
    refused("\"400ms\"", "400", "`pulse` has no unit", "such as \"400ms\"");
    refused(
        "\"400ms\"",
        "\"10ms\"",
        "`pulse` is out of range",
        "from 50ms to 30s",
    );
    refused(
        "channel = 2",
        "channel = 9",
        "`channel` is out of range",
        "from 1 to 8",
    );
    refused(
        "channel = 2",
        "channel = \"2\"",
        "`channel` must be a whole number",
        "write 2 without quotes",
    );
    refused(
        "\"rdm6300\"",
        "\"rdm6300\"
baud = 9601",
        "`baud` is not a speed of serial ports",
        "9600",
    );
    refused(
        "rdm6300",
        "rmd6300",
        "`format` has an unknown value",
        "did you mean \"rdm6300\"?",
    );
    refused(
        "\"/dev/ttyUSB0\"",
        "\"ttyUSB0\"",
        "`port` must be a whole path",
        "begins with \"/\"",
    );
    refused(
        "name = \"side\"",
        "name = \"a/b\"",
        "`name` is not a usable name",
        "short name",
    );
}

#[test]
fn the_content_is_said_for_text_and_only_for_text() {
    refused(
        "content = \"decimal\"\n",
        "",
        "`content` is missing",
        "say what the text is",
    );
    let (_, message, _) = problem("\"rdm6300\"", "\"rdm6300\"\ncontent = \"pin\"");
    assert_eq!(
        message,
        "`content` does not belong in [[reader]] \"entry reader\""
    );
}

#[test]
fn a_simulated_device_is_on_no_port() {
    let bad = GOOD.replacen("\"serial\"", "\"simulated\"", 1);
    let said: Vec<String> = problems(&bad)
        .iter()
        .map(|problem| problem.message().to_owned())
        .collect();
    let refusal = |key| format!("`{key}` does not belong in [[reader]] \"entry reader\"");
    assert_eq!(said, [refusal("port"), refusal("format")]);
}

#[test]
fn one_port_has_one_owner() {
    refused(
        "/dev/ttyUSB1",
        "/dev/ttyUSB0",
        "two devices are on one port",
        "its own port",
    );
    let reader_on_board = GOOD.replace("/dev/ttyUSB1", "/dev/ttyUSB2");
    let said = problems(&reader_on_board).to_string();
    assert!(said.contains("the port of [[reader]] \"exit reader\""), "{said}");
}

#[test]
fn relays_of_one_board_differ_in_channel_and_agree_in_speed() {
    refused(
        "channel = 2",
        "channel = 1",
        "two relays are the same channel of one board",
        "own `channel`",
    );
    refused(
        "channel = 2\n",
        "channel = 2\nbaud = 19200\n",
        "two relays of one board differ in speed",
        "same `baud`",
    );
    // The channel that is not written is a channel, too.
    refused(
        "channel = 2\n",
        "",
        "two relays are the same channel of one board",
        "own `channel`",
    );
}

#[test]
fn names_are_given_once() {
    let twice = problems(&GOOD.replace("name = \"side\"", "name = \"main\"")).to_string();
    assert!(
        twice.contains("two lanes are called \"main\"") && twice.contains("first used here"),
        "{twice}"
    );
}

#[test]
fn a_reader_stands_on_one_side_and_a_relay_opens_one_lane() {
    let message = "two access points share a reader: \"entry reader\"";
    let shared = problems(&GOOD.replace("reader = \"exit reader\"", "reader = \"entry reader\"")).to_string();
    assert!(
        shared.contains(message) && shared.contains("no lane uses the reader \"exit reader\""),
        "{shared}"
    );
    let shared = problems(&GOOD.replace("relay = \"side relay\"", "relay = \"main relay\"")).to_string();
    assert!(
        shared.contains("two lanes share a relay: \"main relay\""),
        "{shared}"
    );
}

#[test]
fn entry_and_exit_of_one_lane_may_share_a_relay() {
    let relay = GOOD.find("[[relay]]\nname = \"side relay\"").unwrap();
    let lanes = GOOD.find("[[lane]]").unwrap();
    let without_side_relay = format!("{}{}", &GOOD[..relay], &GOOD[lanes..]);
    let one_lane = without_side_relay
        .replace("[[lane]]\nname = \"side\"\n", "")
        .replace("relay = \"side relay\"", "relay = \"main relay\"");
    let settings = parse(&one_lane, Path::new("config.toml")).unwrap();
    let lane = &settings.lanes[0];
    assert_eq!(
        lane.entry.as_ref().unwrap().opener,
        lane.exit.as_ref().unwrap().opener
    );
}

#[test]
fn what_no_lane_uses_is_reported_unless_its_name_was_misspelt() {
    let unused = "[[reader]]\nname = \"spare\"\nkind = \"simulated\"\n\n[[relay]]";
    refused(
        "[[relay]]",
        unused,
        "no lane uses the reader \"spare\"",
        "remove the [[reader]]",
    );
    refused(
        "relay = \"side relay\"",
        "relay = \"sid relay\"",
        "there is no relay \"sid relay\"",
        "\"side relay\"?",
    );
}

#[test]
fn ages_and_deadlines_are_in_order() {
    refused(
        "fresh = \"5min\"",
        "fresh = \"2h\"\nusable = \"1h\"",
        "`fresh` is longer than `usable`",
        "fresh first",
    );
    refused(
        "fresh = \"5min\"",
        "usable = \"8d\"",
        "`usable` is longer than `offline_limit`",
        "too old offline",
    );
    refused(
        "fresh = \"5min\"",
        "deadline = \"4s\"",
        "`deadline` is longer than `read_deadline`",
        "in time",
    );
    refused(
        "\"400ms\"",
        "\"6s\"",
        "`pulse` is longer than `passage_time`",
        "next person",
    );
}

#[test]
fn a_lane_has_a_side_and_no_sensor_yet() {
    let sideless = "[[lane]]\nname = \"void\"\n\n[[lane]]\nname = \"main\"";
    refused(
        "[[lane]]\nname = \"main\"",
        sideless,
        "a lane needs an entry or an exit",
        "add [lane.entry]",
    );
    let on_passage = "pulse = \"400ms\"\ncheck_in = \"on-passage\"";
    refused(
        "pulse = \"400ms\"",
        on_passage,
        "`check_in` cannot be on-passage here",
        "write \"on-grant\"",
    );
}

#[test]
fn benefits_are_all_or_any_and_not_nothing() {
    let with = |benefits| format!("pulse = \"400ms\"\nrequired_benefits = {benefits}");
    let pulse = "pulse = \"400ms\"";
    let message = "`required_benefits` needs exactly one of all, any";
    refused(pulse, &with("{}"), message, "");
    refused(pulse, &with("{ all = [\"A\"], any = [\"B\"] }"), message, "");
    refused(
        pulse,
        &with("{ all = [] }"),
        "`all` is empty",
        "list the benefit keys",
    );
    refused(
        pulse,
        &with("[\"A\"]"),
        "`required_benefits` must be settings in braces",
        "{ all = [\"GYM\"] }",
    );
}

#[test]
fn single_and_double_brackets_are_told_apart() {
    refused(
        "[decisions]",
        "[[decisions]]",
        "there is only one [decisions]",
        "single brackets",
    );
    let one = "[reader]\nname = \"r\"\n";
    assert!(
        problems(one)
            .to_string()
            .contains("write [[reader]] with double brackets")
    );
}

#[test]
fn a_file_that_cannot_be_read_is_named_with_the_reason() {
    let folder = tempfile::tempdir().unwrap();
    let missing = load(&folder.path().join("config.toml")).unwrap_err().to_string();
    assert!(
        missing.contains("config.toml: No such file") && missing.contains("check the path"),
        "{missing}"
    );
    let path = folder.path().join("latin1.toml");
    std::fs::write(&path, b"[gateway]\ndevice = \"caf\xe9\"\n").unwrap();
    let problems = load(&path).unwrap_err();
    assert_eq!(problems.iter().next().unwrap().position(), Some((2, 14)));
    assert!(
        problems.to_string().contains("save the file as UTF-8"),
        "{problems}"
    );
    std::fs::write(&path, "#".repeat(2 << 20)).unwrap();
    assert!(
        load(&path)
            .unwrap_err()
            .to_string()
            .contains("larger than 256 KiB")
    );
}

#[test]
fn a_file_of_some_other_kind_is_refused_at_once() {
    let texts = [
        "[[lane]]\n",
        "x=\n",
        "a=1 b\n",
        "key=",
        "[",
        "{a=",
        "[[reader]]\nname=\"a\"\n",
        "é = 'x'\n",
        "a.b.c.d.e.",
    ];
    for text in texts {
        let problems = problems(&text.repeat((16 << 10) / text.len()));
        assert!((1..=200).contains(&problems.iter().count()), "{text}");
        assert!(problems.render(false).len() < 1 << 20, "{text}");
    }
}
