//! Single values: what is wrong with each, and how to write it right.

use super::*;

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
fn durations_may_be_as_short_as_the_setting_needs() {
    let wiegand = "keypad = \"w4\"";
    let with = |setting: &str| format!("{wiegand}\n{setting}");
    refused_in_rich(
        wiegand,
        &with("minimum_interval = 100"),
        "`minimum_interval` has no unit",
        "\"100us\"",
    );
    refused_in_rich(
        wiegand,
        &with("frame_gap = \"500ms\""),
        "`frame_gap` is out of range",
        "from 20ms to 200ms",
    );
    refused_in_rich(
        wiegand,
        &with("swapped = \"no\""),
        "`swapped` must be true or false",
        "without quotes",
    );
    refused_in_rich(
        wiegand,
        &with("uid_length = 11"),
        "`uid_length` is out of range",
        "from 1 to 10",
    );
    refused_in_rich(
        "\"facility-card-digits\"",
        "\"facility-card-digit\"",
        "`number` has an unknown value",
        "did you mean \"facility-card-digits\"?",
    );
}

#[test]
fn what_a_scanner_puts_around_a_text_is_short_and_plain() {
    let text = "content = \"decimal\"";
    let with = |setting: &str| format!("{text}\n{setting}");
    refused(
        text,
        &with("prefix = \"0123456789abcdefg\""),
        "`prefix` is not what a scanner can send",
        "leave it out",
    );
    refused(
        text,
        &with("suffix = \"ä\""),
        "`suffix` is not what a scanner can send",
        "leave it out",
    );
    refused(
        text,
        &with("terminator = \"cr-lf\""),
        "`terminator` has an unknown value",
        "\"crlf\"",
    );
    refused(
        text,
        &with("number = \"decimal\""),
        "`number` does not belong in [[reader]] \"exit reader\"",
        "remove",
    );
}

#[test]
fn the_number_of_a_card_is_written_as_the_studio_writes_all_of_them() {
    let file = GOOD.replacen("[decisions]", "card_number_format = \"hex-lsb\"\n[decisions]", 1);
    let settings = parse(&file, Path::new("config.toml")).unwrap();
    let config::ReaderKind::Serial(serial) = &settings.readers[0].kind else {
        panic!()
    };
    let config::Sends::Cards(cards) = &serial.frames.sends else {
        panic!()
    };
    assert_eq!(cards.number, "hex-lsb");
}
