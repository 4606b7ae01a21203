//! Readers: their formats, and what the numbers of their cards can be.

use config::FormatKind;

use super::*;

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
fn a_format_fits_the_kind_of_its_reader() {
    refused(
        "\"rdm6300\"",
        "\"h10301\"",
        "`format` does not fit here",
        "`kind = \"wiegand\"` with `d0` and `d1`",
    );
    refused_in_rich(
        "\"w4\"",
        "\"h10301\"",
        "`keypad` does not fit here",
        "\"wiegand\"",
    );
    let custom = RICH.find("format = \"custom\"").unwrap();
    let (before, after) = RICH.split_at(custom);
    for (format, needs) in [
        ("rdm6300", "`kind = \"serial\"`"),
        ("line", "`kind = \"serial\"`"),
    ] {
        let spoilt = after.replacen("custom", format, 1);
        let said = problems(&format!("{before}{spoilt}")).to_string();
        assert!(
            said.contains("`format` does not fit here") && said.contains(needs),
            "{said}"
        );
    }
    refused_in_rich(
        "\"custom\"",
        "\"h10304\"",
        "`layout` does not belong in [[reader]] \"card reader\"",
        "remove",
    );
}

#[test]
fn every_format_is_taken_by_the_kind_that_it_is_for() {
    for format in config::FORMATS {
        let file = match format.kind {
            FormatKind::Serial | FormatKind::Polled => GOOD.replacen("rdm6300", format.name, 1),
            FormatKind::Text => continue,
            FormatKind::Wiegand | FormatKind::Keypad => {
                let layout = RICH.find("[reader.layout]").unwrap();
                let next = RICH.find("[[reader]]\nname = \"desk").unwrap();
                let named = RICH[..layout].replacen("custom", format.name, 1);
                let named = named.replacen("facility-card-digits", "decimal", 1);
                format!("{named}{}", &RICH[next..])
            }
        };
        parse(&file, Path::new("config.toml")).unwrap_or_else(|problems| panic!("{problems}"));
    }
}

#[test]
fn a_number_that_can_be_made_of_no_card_of_the_reader_is_refused_with_those_that_can() {
    let message = |number, format| format!("`number` cannot be {number:?} with the cards of {format:?}");
    let reader = |format: &str, lines: &str| format!("{format:?}\n{lines}");
    for (format, lines, number) in [
        ("rdm6300", "", "facility-card-bits"),
        ("rdm6300", "uid_length = 3", "8h10d"),
        ("wg2rs232", "", "4h5d-4h5d"),
        ("s4a-dec", "", "facility-card-digits"),
        ("s4a-dec", "", "10h12d"),
        ("pn532-hsu", "", "10h13d"),
        ("twn3-ascii", "", "8h10d"),
        ("twn3-ascii", "carries = \"w34-uid\"", "facility-card-bits"),
        ("twn4-simple", "", "facility-card-bits"),
    ] {
        let cards = if format == "twn3-ascii" && lines.is_empty() {
            "h10301"
        } else {
            lines.split('"').nth(1).unwrap_or(format)
        };
        let lines = format!("{lines}\nnumber = {number:?}");
        refused(
            "\"rdm6300\"",
            &reader(format, &lines),
            &message(number, cards),
            "\"decimal\", \"hex-msb\"",
        );
    }
    for (format, lines) in [
        ("rdm6300", "number = \"10h14d\""),
        ("rdm6300", "number = \"8h10d\"\nuid_length = 4"),
        ("wg2rs232", "number = \"2h3d-4h5d\""),
        ("s4a-dec", "number = \"8h10d\""),
        ("gwiot7941e", "number = \"10h12d\""),
        ("pn532-hsu", "number = \"8h10d\""),
        ("twn3-ascii", "carries = \"bqt34\"\nnumber = \"8h10d\""),
    ] {
        let file = GOOD.replacen("\"rdm6300\"", &reader(format, lines), 1);
        parse(&file, Path::new("config.toml")).unwrap_or_else(|problems| panic!("{problems}"));
    }
    refused_in_rich(
        "\"facility-card-digits\"",
        "\"8h10d\"",
        &message("8h10d", "custom"),
        "write \"decimal\", \"hex-msb\", \"hex-lsb\", \"facility-card-digits\" or \"facility-card-bits\"",
    );
    let (_, said, _) = problem("\"rdm6300\"", "\"rdm6300\"\nnumber = \"facility-card-bits\"");
    assert_eq!(said, message("facility-card-bits", "rdm6300"));
}

#[test]
fn what_is_for_uids_is_refused_where_there_are_none() {
    let reader = |format: &str, line: &str| format!("{format:?}\n{line}");
    for format in ["s4a-dec", "wg2rs232", "ssa-r1101", "twn3-ascii"] {
        for (key, value) in [("byte_order", "\"reversed\""), ("uid_length", "3")] {
            let message = format!("`{key}` does not belong in [[reader]] \"entry reader\"");
            refused(
                "\"rdm6300\"",
                &reader(format, &format!("{key} = {value}")),
                &message,
                "remove",
            );
        }
    }
    for lines in ["byte_order = \"reversed\"", "uid_length = 4"] {
        for format in ["rdm6300", "twn4-simple", "twn3-ascii"] {
            let carries = if format == "twn3-ascii" {
                "carries = \"w34-uid\"\n"
            } else {
                ""
            };
            let file = GOOD.replacen("\"rdm6300\"", &reader(format, &format!("{carries}{lines}")), 1);
            parse(&file, Path::new("config.toml")).unwrap_or_else(|problems| panic!("{problems}"));
        }
    }
}

#[test]
fn what_a_frame_carries_is_said_for_the_format_that_carries_bits_and_only_for_it() {
    let layout = "\"twn3-ascii\"\ncarries = \"custom\"\n[reader.layout]\nbits = 40\nfacility = [2, 20]\ncard = [21, 39]\n";
    let settings = parse(&GOOD.replacen("\"rdm6300\"", layout, 1), Path::new("config.toml")).unwrap();
    assert_eq!(
        parse(&settings.effective(), Path::new("config.toml")).unwrap(),
        settings
    );
    let carries = |format: &str| format!("\"twn3-ascii\"\ncarries = {format:?}");
    refused(
        "\"rdm6300\"",
        &carries("custom"),
        "`layout` is missing",
        "[reader.layout]",
    );
    for wrong in ["w4", "pin26", "rdm6300"] {
        refused(
            "\"rdm6300\"",
            &carries(wrong),
            "`carries` does not fit here",
            "name the format",
        );
    }
    refused(
        "\"rdm6300\"",
        "\"rdm6300\"\ncarries = \"h10301\"",
        "`carries` does not belong in [[reader]] \"entry reader\"",
        "remove",
    );
}

#[test]
fn only_a_reader_that_may_say_nothing_has_a_sign_of_life() {
    let sign = "silent_after = \"30s\"";
    let serial = GOOD.replacen("\"rdm6300\"", &format!("\"rdm6300\"\n{sign}"), 1);
    parse(&serial, Path::new("config.toml")).unwrap();
    for polled in ["twn4-simple", "pn532-hsu"] {
        refused(
            "\"rdm6300\"",
            &format!("{polled:?}\n{sign}"),
            "`silent_after` does not belong in [[reader]] \"entry reader\"",
            "remove",
        );
    }
    refused_in_rich(
        "device = \"/dev/input/event3\"",
        &format!("device = \"/dev/input/event3\"\n{sign}"),
        "`silent_after` does not belong in [[reader]] \"desk scanner\"",
        "remove",
    );
}

#[test]
fn a_custom_format_has_a_layout_that_fits_its_frame() {
    let outside = "lies outside the frame";
    refused_in_rich(
        "card = [12, 30]",
        "card = [12, 32]",
        &format!("`card` {outside}"),
        "`bits`",
    );
    refused_in_rich("[[1, 15]]", "[[1, 32]]", &format!("`over` {outside}"), "`bits`");
    refused_in_rich("at = 31", "at = 32", "`at` is out of range", "from 0 to 31");
    refused_in_rich(
        "card = [12, 30]",
        "card = [30, 12]",
        "`card` ends before it begins",
        "[9, 24]",
    );
    refused_in_rich(
        "card = [12, 30]",
        "card = 12",
        "`card` is not a range of bits",
        "[9, 24]",
    );
    refused_in_rich(
        "[[1, 15]]",
        "[]",
        "`over` must be a list of bit ranges",
        "[[1, 12]]",
    );
    refused_in_rich(
        "issue = [0, 0]",
        "issue = [0, 1]",
        "a bit has two meanings",
        "manual",
    );
    refused_in_rich(
        "card = [12, 30]",
        "card = [12, 31]",
        "a bit has two meanings",
        "manual",
    );
    refused_in_rich("bits = 32", "bits = 8", "`bits` is out of range", "from 9 to 128");
    let both = "`[reader.layout]` needs exactly one of uid, card";
    refused_in_rich(
        "card = [12, 30]",
        "card = [12, 30]\nuid = [16, 31]",
        both,
        "keep the one",
    );
    refused_in_rich("card = [12, 30]\n", "", both, "say which");
    let numbers = "facility = [1, 11]\ncard = [12, 30]\nissue = [0, 0]";
    refused_in_rich(
        numbers,
        "uid = [0, 30]",
        "`uid` has the wrong number of bits",
        "8 bits for each byte",
    );
    refused_in_rich(
        numbers,
        "uid = [0, 23]\nissue = [24, 30]",
        "`issue` does not belong in [reader.layout]",
        "remove",
    );
    let long = RICH
        .replacen("bits = 32", "bits = 128", 1)
        .replacen("at = 31", "at = 127", 1);
    for (good, bad, most) in [
        ("card = [12, 30]", "card = [12, 76]", "64 bits"),
        (
            "card = [12, 30]",
            "card = [12, 75]\nfacility = [76, 126]",
            "80 bits",
        ),
        ("issue = [0, 0]", "issue = [100, 108]", "8 bits"),
    ] {
        let spoilt = if bad.contains("facility") {
            long.replacen("facility = [1, 11]\n", "", 1)
        } else {
            long.clone()
        };
        let (_, message, fix) = problem_of(&spoilt, good, bad);
        assert!(
            message.ends_with("has the wrong number of bits") && fix.contains(most),
            "{message}: {fix}"
        );
    }
}

/// A reader at a board of our own.
const AT_BOARD: &str = "kind = \"board\"\nboard = \"turnstile\"\nformat = \"w34-uid\"";

fn at_board(settings: &str) -> String {
    let keyboard = "kind = \"keyboard\"\ndevice = \"/dev/input/event3\"\ncontent = \"code\"";
    assert!(RICH.contains(keyboard));
    RICH.replacen("\"digicon\"", "\"link\"", 1)
        .replacen(keyboard, settings, 1)
}

#[test]
fn a_reader_at_a_board_sends_bits_or_bytes() {
    let path = std::path::Path::new("config.toml");
    for settings in [
        AT_BOARD.to_owned(),
        format!("{AT_BOARD}\nslot = 7\nkeypad = \"w4\"\nswapped = true\nparity = \"none\""),
        AT_BOARD.replace("w34-uid", "rdm6300"),
        AT_BOARD.replace("w34-uid", "line") + "\ncontent = \"code\"\nsuffix = \"#\"",
        AT_BOARD.replace("w34-uid", "twn3-ascii") + "\ncarries = \"h10302\"",
    ] {
        let text = at_board(&settings);
        let loaded = config::parse(&text, path).unwrap_or_else(|problems| panic!("{problems}"));
        let again = config::parse(&loaded.effective(), path).unwrap_or_else(|problems| panic!("{problems}"));
        assert_eq!(loaded.readers, again.readers);
    }
    let good = at_board(AT_BOARD);
    let said = |bad: &str| problem_of(&good, AT_BOARD, bad).1;
    let sets = |setting: &str| said(&format!("{AT_BOARD}\n{setting}"));
    assert!(sets("carries = \"h10301\"").contains("`carries`"));
    assert!(sets("content = \"code\"").contains("`content`"));
    assert!(said(&AT_BOARD.replace("w34-uid", "pn532-hsu")).contains("`format`"));
    let bytes = AT_BOARD.replace("w34-uid", "rdm6300");
    assert!(said(&format!("{bytes}\nkeypad = \"w4\"")).contains("`keypad`"));
}

#[test]
fn a_reader_is_at_a_board_that_has_readers() {
    let good = at_board(AT_BOARD);
    let (_, said, fix) = problem_of(&good, "kind = \"link\"", "kind = \"one-tech\"\nbaud = 9600");
    assert_eq!(said, "this board has no readers");
    assert!(fix.contains("GPIO lines"), "{fix}");
    let elsewhere = AT_BOARD.replace("\"turnstile\"", "\"turnstyle\"");
    let (_, said, _) = problem_of(&good, AT_BOARD, &elsewhere);
    assert_eq!(said, "there is no board of this name");
    // The other reader at the same place.
    let wiegand = &good[good.find("kind = \"wiegand\"").unwrap()..good.find("[reader.layout]").unwrap()];
    let layout =
        &good[good.find("[reader.layout]").unwrap()..good.find("[[reader]]\nname = \"desk").unwrap()];
    let (_, said, _) = problem_of(&good, &format!("{wiegand}{layout}"), &format!("{AT_BOARD}\n"));
    assert_eq!(said, "two readers at one place of a board");
}
