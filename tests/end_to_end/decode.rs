//! `decode` by hand: every vector of the readers, and the frames of boards, scanners and OSDP, through the program.
//! `decode/others.jsonl` names the source of each frame.

use std::process::{Command, Output};

use serde_json::Value;

use super::rig::PROGRAM;

const READERS: &str = include_str!("../../firmware-protocol/tests/vectors/readers.jsonl");
const OTHERS: &str = include_str!("decode/others.jsonl");

fn output(arguments: &[&str]) -> Output {
    Command::new(PROGRAM)
        .arg("decode")
        .args(arguments)
        .output()
        .unwrap()
}

/// The line that is printed. The exit code says the same as its `valid`.
fn decode(arguments: &[&str]) -> Value {
    let output = output(arguments);
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(text.lines().count(), 1, "{arguments:?}: {text}");
    let said: Value = serde_json::from_str(&text).unwrap();
    let code = if said["valid"] == true { 0 } else { 65 };
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
    assert_eq!(said["reason"].is_string(), code == 65, "{arguments:?}: {said}");
    said
}

fn reason(arguments: &[&str]) -> String {
    decode(arguments)["reason"].as_str().unwrap().to_owned()
}

fn vectors(lines: &str) -> impl Iterator<Item = Value> {
    lines.lines().map(|line| serde_json::from_str(line).unwrap())
}

#[test]
fn every_vector_of_a_reader_is_told_as_it_expects_or_refused() {
    let mut checked = 0;
    for vector in vectors(READERS) {
        let expect = &vector["expect"];
        let input = ["bits", "hex"].iter().find_map(|key| vector[key].as_str());
        let number = ["uid", "em4100", "hex10"]
            .iter()
            .find_map(|key| expect[key].as_str());
        let input = input.or(number).unwrap();
        let mut arguments = vec!["--format", vector["format"].as_str().unwrap()];
        if expect["byte_order"] == "reversed" {
            arguments.extend(["--byte-order", "reversed"]);
        }
        // A reader wired the wrong way round, which sends the UID backwards and a filler byte after it.
        if vector["id"] == "W067" {
            arguments.extend(["--swapped", "--uid-length", "4", "--byte-order", "reversed"]);
        }
        arguments.push(input);
        let refused = expect["error"].is_string() || vector["parity_ok"] == false || vector["valid"] == false;
        let said = decode(&arguments);
        assert_eq!(said["valid"] == true, !refused, "{vector}: {said}");
        if !refused {
            told(&vector, &said, &arguments);
        }
        checked += 1;
    }
    assert!(checked > 145, "{checked}");
}

/// What the vector expects is what was said.
fn told(vector: &Value, said: &Value, arguments: &[&str]) {
    let plain = |value: &Value| {
        value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_lowercase)
    };
    let rendered = |rendering| {
        let arguments = [&["--number", rendering], arguments].concat();
        plain(&decode(&arguments)["number"])
    };
    for (field, wanted) in vector["expect"].as_object().unwrap() {
        let wanted = plain(wanted);
        let said = match field.as_str() {
            "fc" => plain(&said["facility"]),
            "cn" => plain(&said["card"]),
            "uid" | "em4100" => plain(&said["uid"]),
            "text" => said["text"].as_str().unwrap().to_lowercase(),
            "key" => plain(&said["keys"]),
            // CDVI sends the keys as a card.
            "pin" => plain(said.get("keys").unwrap_or(&said["decimal"])),
            "HEX_MSB" | "data24" | "hex" | "hex10" => plain(&said["hex_msb"]),
            "HEX_LSB" => plain(&said["hex_lsb"]),
            "DECIMAL" => plain(&said["decimal"]),
            "decimal" => format!("{:0>10}", plain(&said["decimal"])),
            "data30" => format!("{:030b}", said["card"].as_u64().unwrap()),
            // Of 28 bits, the manual writes seven digits.
            "data" if vector["format"] == "HALF30" => plain(&said["hex_msb"])[1..].to_owned(),
            "data" if vector["format"] == "PN532_HSU" => said["text"].as_str().unwrap()[4..].to_owned(),
            "data" => plain(&said["hex_msb"]),
            "tfi" => said["text"].as_str().unwrap()[..2].to_owned(),
            "cmd" if vector["format"] == "PN532_HSU" => said["text"].as_str().unwrap()[2..4].to_owned(),
            "payload" => plain(&said["text"]),
            "no_card" => (said["text"] == "no card").to_string(),
            "ack" | "nack" => (said["text"] == **field).to_string(),
            "d10" | "H8D10" => rendered("8h10d"),
            "d8" | "H6D8" => rendered("6h8d"),
            "d13" | "H10D13" | "em4100_d13" => rendered("10h13d"),
            "w26" | "H2D3H4D5" | "check" | "printed_alt" => rendered("2h3d-4h5d"),
            "H6D10" => rendered("6h10d"),
            "H4D5H4D5" => rendered("4h5d-4h5d"),
            "H10D12" => rendered("10h12d"),
            "H10D14" => rendered("10h14d"),
            // Only describe.
            "note"
            | "flush"
            | "byte_order"
            | "lrc"
            | "card_type"
            | "type_name"
            | "nbits"
            | "bits"
            | "crc"
            | "err"
            | "result"
            | "tag_type"
            | "decimal_le"
            | "little_endian_integer"
            | "cmd"
            | "max_id_bytes" => continue,
            _ => panic!("nothing says {field} of {vector}"),
        };
        assert_eq!(said, wanted, "{field} of {vector}");
    }
}

#[test]
fn frames_of_boards_scanners_and_osdp_are_told_in_words_or_refused() {
    for vector in vectors(OTHERS) {
        let said = decode(&[
            "--format",
            vector["format"].as_str().unwrap(),
            vector["hex"].as_str().unwrap(),
        ]);
        for key in ["text", "reason"] {
            assert_eq!(said[key], vector[key], "{vector}");
        }
    }
}

#[test]
fn half_a_frame_of_anything_is_refused() {
    for vector in vectors(OTHERS).filter(|vector| vector["text"].is_string() && vector["format"] != "cobs") {
        let hex = vector["hex"].as_str().unwrap();
        decode_refused(vector["format"].as_str().unwrap(), &hex[..hex.len() - 2]);
        decode_refused(vector["format"].as_str().unwrap(), &hex[..4]);
        decode_refused(vector["format"].as_str().unwrap(), &format!("{hex}55"));
    }
}

fn decode_refused(format: &str, input: &str) {
    assert_eq!(
        decode(&["--format", format, input])["valid"],
        false,
        "{format} {input}"
    );
}

#[test]
fn bytes_may_be_written_as_people_write_them() {
    let plain = decode(&["--format", "rdm6300", "0236463030374233393732354603"]);
    assert_eq!(plain["uid"], "6f007b3972");
    for words in [
        &["02364630303742333937323546", "03"][..],
        &["02 36 46 30 30 37 42 33 39 37 32 35 46 03"],
        &["0x02", "0x36463030374233393732354603"],
        &["02:36:46:30:30:37:42:33:39:37:32:35:46:03"],
        &["02-36-46-30-30-37-42-33-39-37-32-35-46-03"],
        &[
            "0x02,",
            "0x36,",
            "0X46, 0x30, 0x30, 0x37, 0x42, 0x33, 0x39, 0x37, 0x32, 0x35, 0x46, 0x03",
        ],
        &["\\x02\\x36\\x46\\x30\\x30\\x37\\x42\\x33\\x39\\x37\\x32\\x35\\x46\\x03"],
        &["02364630303742333937", "0x32354603"],
    ] {
        assert_eq!(
            decode(&[&["--format", "RDM6300"], words].concat()),
            plain,
            "{words:?}"
        );
    }
    assert_eq!(
        decode(&["--format", "cardno", "042b73321A3180"])["decimal"],
        "1173673668653440"
    );
}

#[test]
fn what_is_no_frame_is_refused_with_its_reason() {
    for (format, input, why) in [
        ("h10301", "", "there is no frame"),
        ("rdm6300", " ", "there is no frame"),
        (
            "h10301",
            "1011110110001000111010111",
            "wrong length for this format: it has 26 bits, and this has 25",
        ),
        (
            "h10301",
            "10111101100010001110101112",
            "'2' in place 26 is not 0 or 1: this format wants 26 bits",
        ),
        (
            "w34-uid",
            "1A B2",
            "'A' in place 2 is not 0 or 1: this format wants 34 bits, not hexadecimal",
        ),
        ("w4", "11", "it has 4 bits, and this has 2"),
        ("pin26", "11", "it has 26 bits, and this has 2"),
        ("digicon", "02-00 0g", "'g' in place 8 is not a hexadecimal digit"),
        (
            "cardno",
            "0x04 2b 7q",
            "'q' in place 10 is not a hexadecimal digit",
        ),
        (
            "rdm6300",
            &"0236463030374233393732354603".repeat(2),
            "more than one frame: give one alone",
        ),
        (
            "twn3-ascii",
            "323233353945383936423030 0D",
            "the 26 of h10301, see --carries",
        ),
        (
            "h10301",
            "01000010011101110001010001",
            "D0 and D1 seem to be swapped",
        ),
        ("w34-uid", &"01".repeat(5000), "too long"),
        (
            "rdm6300",
            "0236463030374233393732354",
            "an odd number of hexadecimal digits",
        ),
        ("rdm6300", "02ä", "'ä' in place 3 is not a hexadecimal digit"),
        ("rdm6300", "02364630303742333937323546", "broke off in the middle"),
        (
            "rdm6300",
            "0236463030374233393732354603FF",
            "not a frame of this format",
        ),
        ("rdm6300", &"02".repeat(5000), "too long"),
        ("digicon", "0202004", "an odd number of hexadecimal digits"),
        ("digicon", "0202004849", "the checksum does not fit"),
        ("custom", "1010", "needs --layout"),
    ] {
        let reason = reason(&["--format", format, input]);
        assert!(reason.contains(why), "{format} {input}: {reason}");
    }
}

#[test]
fn an_unknown_format_is_answered_with_the_ones_near_it() {
    assert!(reason(&["--format", "h1031", "1"]).contains("h10301, h10306, h10302, h10304"));
    assert!(reason(&["--format", "7941e", "1"]).contains("gwiot7941e"));
    for (name, formats) in [
        ("26", "h10301, pin26"),
        ("Wiegand26", "h10301, pin26"),
        ("w34", "h10306, w34-uid, bqt34"),
        ("37-bit", "h10302, h10304, s10401, p10004"),
        ("wiegand", "26 are mostly h10301"),
        ("em4100", "rdm6300, em18-bare, id12la"),
        ("elatec", "twn3-ascii, twn4-simple"),
    ] {
        let said = reason(&["--format", name, "1"]);
        assert!(said.contains(formats), "{name}: {said}");
    }
    let none = reason(&["--format", "none-such", "1"]);
    assert!(
        !none.contains("near it") && none.contains("decode --list"),
        "{none}"
    );
}

#[test]
fn the_options_say_what_a_reader_does_differently() {
    let n10002 = "0000000001100000110110000100010011";
    assert!(reason(&["--format", "h10306", n10002]).contains("parity"));
    for parity in ["trailing", "none"] {
        let said = decode(&["--format", "h10306", "--parity", parity, n10002]);
        assert_eq!((&said["facility"], &said["card"]), (&193.into(), &45193.into()));
    }
    // 34 bits of a UID in a frame of TWN3.
    let twn3 = "323233353945383936423030 0D";
    assert!(reason(&["--format", "twn3-ascii", twn3]).contains("length"));
    let carried = decode(&["--format", "twn3-ascii", "--carries", "w34-uid", twn3]);
    assert_eq!(carried["uid"], "6b3d12d6");
    let number = decode(&[
        "--format",
        "h10301",
        "--number",
        "facility-card-digits",
        "00110010011100100000111111",
    ]);
    assert_eq!(number["number"], "10058399");
    let h10301 = "00110010011100100000111111";
    let printed = decode(&["--format", "h10301", "--number", "2H3D_4H5D", h10301]);
    assert_eq!(printed["number"], "100,58399");
    let none = reason(&["--format", "h10301", "--number", "8h10d", h10301]);
    assert!(
        none.contains("8h10d: it needs a number of 32 to 40 bits"),
        "{none}"
    );
    let no_card = reason(&["--format", "w4", "--number", "decimal", "0111"]);
    assert!(no_card.contains("leave --number out"), "{no_card}");
    let layout = "bits=34 uid=1-32 even0=1-16 odd33=17-32";
    let custom = [
        "--format",
        "twn3-ascii",
        "--carries",
        "CUSTOM",
        "--layout",
        layout,
        twn3,
    ];
    assert_eq!(decode(&custom)["uid"], "6b3d12d6");
}

#[test]
fn an_option_that_would_change_nothing_is_refused() {
    let refused = [
        ("h10301", &["--layout", "bits=26 card=1-24"][..]),
        ("h10301", &["--byte-order", "reversed"]),
        ("line", &["--byte-order", "reversed"]),
        ("wg2rs232", &["--uid-length", "3"]),
        ("raw40", &["--parity", "none"]),
        ("rdm6300", &["--swapped"]),
        ("rdm6300", &["--carries", "w34-uid"]),
        ("twn3-ascii", &["--byte-order", "reversed"]),
        ("osdp", &["--number", "decimal"]),
        ("digicon", &["--byte-order", "reversed"]),
    ];
    for (format, options) in refused {
        let why = reason(&[&["--format", format], options, &["00"]].concat());
        assert!(
            why.starts_with(&format!("{} has no use here", options[0])),
            "{format}: {why}"
        );
    }
    let taken = [
        ("w34-uid", &["--byte-order", "reversed"][..]),
        ("pn532-hsu", &["--uid-length", "4"]),
        (
            "twn3-ascii",
            &["--carries", "W34_UID", "--byte-order", "Reversed"],
        ),
        ("pin26", &["--parity", "Trailing"]),
        ("s4a-dec", &["--swapped"]),
        ("cardno", &["--byte-order", "reversed"]),
    ];
    for (format, options) in taken {
        let arguments = [&["--format", format], options, &["00"]].concat();
        let said = decode(&arguments);
        let why = said["reason"].as_str().unwrap_or_default();
        assert!(!why.contains("no use here"), "{format}: {why}");
    }
}

#[test]
fn what_is_missing_is_asked_for() {
    assert!(reason(&["0236"]).contains("decode --list"));
    assert!(reason(&["--format", "rdm6300"]).contains("there is no frame"));
    assert!(reason(&[]).contains("--format"));
}

#[test]
fn a_layout_of_ones_own_reads_like_a_known_one() {
    let h10301 = "bits=26 facility=1-8 card=9-24 even0=1-12 odd25=13-20,21-24";
    let frame = "10111101100010001110101110";
    let custom = |layout: &str, frame: &str| decode(&["--format", "custom", "--layout", layout, frame]);
    assert_eq!(custom(h10301, frame), decode(&["--format", "h10301", frame]));
    assert_eq!(custom(h10301, &frame.replacen('1', "0", 1))["valid"], false);
    let uid = custom(
        "bits=34 uid=1-32 even0=1-16 odd33=17-32",
        "0011010110011110100010010110101100",
    );
    assert_eq!(uid["uid"], "6b3d12d6");
    let outside = custom("bits=26 card=9-26", frame);
    assert!(
        outside["reason"].as_str().unwrap().contains("outside the frame"),
        "{outside}"
    );
    for (layout, why) in [
        ("bits=26 cards=9-24", "cards=9-24"),
        ("bits=8 card=0-7", "bits= is 9 to 128"),
        ("bits=129 card=0-7", "bits= is 9 to 128"),
        ("card=0-7", "bits= is missing"),
        ("bits=26 bits=26 card=1-24", "\"bits\" is there twice"),
        (
            "bits=26 card=1-24 even0=1-12 odd0=1-12",
            "\"odd0\" is there twice",
        ),
    ] {
        let refused = output(&["--format", "custom", "--layout", layout, frame]);
        assert_eq!(refused.status.code(), Some(2), "{layout}");
        let said = String::from_utf8(refused.stderr).unwrap();
        assert!(said.contains(why), "{layout}: {said}");
    }
}

#[test]
fn our_own_link_is_told_from_both_ends() {
    let hello = decode(&[
        "--format",
        "board-link",
        "0201020101010101010101097856341240 4726FE00",
    ]);
    assert_eq!(
        hello["text"],
        "sequence 0, boot nonce 00000000: Hello { challenge: 305419896 }"
    );
    let passed = "02 01 03 86 08 01 01 06 01 EE FF C0 07 01 01 05 04 03 02 01 01 01 01 03 01 2A 01 01 05 24 57 2B C7 00";
    let passed = decode(&["--format", "board-link", passed]);
    let text = passed["text"].as_str().unwrap();
    assert!(
        text.starts_with("sequence 8, boot nonce c0ffee01: Passed"),
        "{text}"
    );
    assert!(
        reason(&[
            "--format",
            "board-link",
            "0201020101010101010101097856341240 4726FF00"
        ])
        .contains("checksum")
    );
    assert!(reason(&["--format", "board-link", "00"]).contains("too short"));
}

#[test]
fn the_examples_in_the_help_work() {
    let program = |arguments: &[&str]| {
        let output = Command::new(PROGRAM).args(arguments).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    let help = [program(&["--help"]), program(&["decode", "--help"])].concat();
    let examples = help
        .lines()
        .filter_map(|line| line.trim().strip_prefix("turnstile-gateway decode "));
    // Some only show where a frame stands, and one is for a pipe.
    let whole = examples.filter(|example| !example.contains("FRAME") && !example.contains('|'));
    let valid = whole.map(|example| decode(&example.split_whitespace().collect::<Vec<_>>())["valid"] == true);
    assert_eq!(valid.collect::<Vec<_>>(), [true; 4]);
}

#[test]
fn the_list_names_every_format_first_in_its_line_and_each_of_them_is_known() {
    let list = String::from_utf8(output(&["--list"]).stdout).unwrap();
    let names: Vec<&str> = list
        .lines()
        .map(|line| line.split_whitespace().next().unwrap())
        .collect();
    assert!(
        names.len() > 50 && names.contains(&"h10301") && names.contains(&"osdp"),
        "{list}"
    );
    for (line, name) in list.lines().zip(&names) {
        assert!(line.split_whitespace().count() > 4, "{line}");
        assert!(
            !reason(&["--format", name, "?"]).contains("there is no format"),
            "{name}"
        );
    }
}
