//! How problems are shown: all at once, in plain words, with place and fix; and files that are none.

use super::*;

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
