//! Every vector of `vectors/readers.jsonl` decodes to what it expects, or is refused as it says. The file names
//! the source of each: vendors' manuals, real cards from public reports, and frames made by the documented rule.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use firmware_protocol::{ByteOrder, Card, Format, Profile, Reading, Reject, Rendering, decode_with, serial};
use serde_json::Value;

fn vectors() -> impl Iterator<Item = Value> {
    include_str!("vectors/readers.jsonl")
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
}

/// `W8_COMPL` is `w8-compl`.
fn name(vector: &Value) -> String {
    vector["format"]
        .as_str()
        .unwrap()
        .to_lowercase()
        .replace('_', "-")
}

/// The reader of the vector, where it is not set up as its format's rule says.
fn profile(vector: &Value, format: Format) -> Profile {
    let mut profile = Profile::from(format);
    if vector["expect"]["byte_order"] == "reversed" {
        profile.byte_order = ByteOrder::Reversed;
    }
    // A reader wired the wrong way round, which sends the UID backwards and a filler byte after it.
    if vector["id"] == "W067" {
        profile.swapped = true;
        profile.uid_len = Some(4);
        profile.byte_order = ByteOrder::Reversed;
    }
    profile
}

#[test]
fn every_vector_decodes_to_its_expectation_or_is_refused_as_it_says() {
    let mut checked = 0;
    for vector in vectors().filter(|vector| vector["bits"].is_string() || vector["hex"].is_string()) {
        if name(&vector) == "twn4-simple-req" {
            continue;
        }
        let format = Format::from_name(&name(&vector)).unwrap_or_else(|| panic!("{vector}"));
        let input = vector["bits"].as_str().or(vector["hex"].as_str()).unwrap();
        check(&vector, decode_with(&profile(&vector, format), input));
        checked += 1;
    }
    assert!(checked > 125, "{checked}");
}

fn check(vector: &Value, outcome: Result<Reading, Reject>) {
    let expect = &vector["expect"];
    if let Some(error) = expect["error"].as_str() {
        let reject = match error {
            "checksum" | "bcc" => Reject::Checksum,
            "parity" => Reject::Parity,
            "framing" => Reject::Framing,
            "complement" => Reject::Complement,
            "pin_error_code" => Reject::PinErrorCode,
            "d0_d1_swapped" => Reject::SwappedWires,
            _ => panic!("{vector}"),
        };
        return assert_eq!(outcome.unwrap_err(), reject, "{vector}");
    }
    if vector["parity_ok"] == false {
        return assert_eq!(outcome.unwrap_err(), Reject::Parity, "{vector}");
    }
    for (field, value) in expect.as_object().unwrap() {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let Ok(reading) = &outcome else {
            panic!("{vector}: {outcome:?}")
        };
        if let Some(said) = said(reading, field) {
            assert!(said.eq_ignore_ascii_case(&value), "{field} of {vector}: {said}");
        }
    }
}

/// What the reading says of a field of an expectation; `None` for a field that only describes.
fn said(reading: &Reading, field: &str) -> Option<String> {
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let number = |number: Option<u64>| number.map_or_else(String::new, |number| number.to_string());
    Some(match (field, reading) {
        (
            "note" | "flush" | "byte_order" | "lrc" | "card_type" | "type_name" | "nbits" | "bits" | "crc",
            _,
        ) => {
            return None;
        }
        ("err" | "result" | "tag_type", _) => return None,
        ("key", Reading::Key(key)) => key.as_char().to_string(),
        ("pin", Reading::Pin(keys)) => keys.as_str().to_owned(),
        ("text", Reading::Text(text)) => text.as_str().to_owned(),
        ("pin", Reading::Card(card)) => rendered(card, Rendering::Decimal),
        ("fc", Reading::Card(card)) => number(card.facility()),
        ("cn", Reading::Card(card)) => number(card.card()),
        ("uid", Reading::Card(card)) => hex(card.uid().unwrap().as_bytes()),
        ("d10", Reading::Card(card)) => rendered(card, Rendering::H8D10),
        ("d8", Reading::Card(card)) => rendered(card, Rendering::H6D8),
        ("d13", Reading::Card(card)) => rendered(card, Rendering::H10D13),
        ("w26", Reading::Card(card)) => rendered(card, Rendering::H2D3H4D5),
        ("data24" | "data" | "hex", Reading::Card(card)) => {
            // 28 bits are seven digits in the manual and four whole bytes here.
            let digits = rendered(card, Rendering::HexMsb);
            let seven = card.facility().is_none() && card.uid().is_none() && field == "data";
            if seven { digits[1..].to_owned() } else { digits }
        }
        ("data30", Reading::Card(card)) => format!("{:030b}", card.card().unwrap()),
        ("decimal", Reading::Card(card)) => format!("{:010}", card.card().unwrap()),
        ("no_card", Reading::Answer(answer)) => (*answer == firmware_protocol::Answer::NoCard).to_string(),
        ("ack", Reading::Answer(answer)) => (*answer == firmware_protocol::Answer::Ack).to_string(),
        ("nack", Reading::Answer(answer)) => (*answer == firmware_protocol::Answer::Nack).to_string(),
        ("payload", Reading::Answer(firmware_protocol::Answer::Payload(payload))) => hex(payload),
        ("tfi", Reading::Answer(firmware_protocol::Answer::Payload(payload))) => hex(&payload[..1]),
        ("cmd", Reading::Answer(firmware_protocol::Answer::Payload(payload))) => hex(&payload[1..2]),
        ("data", Reading::Answer(firmware_protocol::Answer::Payload(payload))) => hex(&payload[2..]),
        _ => panic!("nothing says {field}"),
    })
}

fn rendered(card: &Card, rendering: Rendering) -> String {
    card.render(rendering).unwrap().as_str().to_owned()
}

#[test]
fn every_card_number_is_written_down_as_its_vector_says() {
    for vector in vectors().filter(|vector| vector["format"] == "CARDNO") {
        let expect = &vector["expect"];
        let hex = ["uid", "em4100", "hex10"]
            .iter()
            .find_map(|field| expect[field].as_str())
            .unwrap();
        let Ok(Reading::Card(card)) = decode_with(&Format::Cardno.into(), hex) else {
            panic!("{vector}")
        };
        let renderings = [
            ("HEX_MSB", Rendering::HexMsb),
            ("HEX_LSB", Rendering::HexLsb),
            ("DECIMAL", Rendering::Decimal),
            ("H6D8", Rendering::H6D8),
            ("H6D10", Rendering::H6D10),
            ("H8D10", Rendering::H8D10),
            ("H2D3H4D5", Rendering::H2D3H4D5),
            ("H4D5H4D5", Rendering::H4D5H4D5),
            ("H10D12", Rendering::H10D12),
            ("H10D13", Rendering::H10D13),
            ("H10D14", Rendering::H10D14),
            ("em4100_d13", Rendering::H10D13),
            ("check", Rendering::H2D3H4D5),
        ];
        for (field, rendering) in renderings {
            if let Some(value) = expect[field].as_str() {
                assert_eq!(rendered(&card, rendering), value, "{field} of {vector}");
            }
        }
        // The integer of the reversed bytes is what a reader with the other byte order sends.
        let mut reversed = Profile::from(Format::Cardno);
        reversed.byte_order = ByteOrder::Reversed;
        let Ok(Reading::Card(other)) = decode_with(&reversed, hex) else {
            panic!("{vector}")
        };
        for field in ["decimal_le", "little_endian_integer"] {
            if let Some(value) = expect[field].as_str() {
                assert_eq!(rendered(&other, Rendering::Decimal), value, "{field} of {vector}");
                assert_ne!(rendered(&card, Rendering::Decimal), value, "{field} of {vector}");
            }
        }
    }
}

#[test]
fn the_question_to_a_polled_reader_is_the_documented_one() {
    let vector = vectors()
        .find(|vector| vector["format"] == "TWN4_SIMPLE_REQ")
        .unwrap();
    let poll = serial::poll(Format::Twn4Simple).unwrap();
    let hex: String = poll.iter().map(|byte| format!("{byte:02X}")).collect();
    assert_eq!(vector["hex"], hex);
}
