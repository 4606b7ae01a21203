//! `decode` by hand: every vector of the readers, and the frames of boards, scanners and OSDP, through the program.
//! `decode/others.jsonl` names the source of each frame.

mod usage;

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
