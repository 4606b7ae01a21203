//! `decode`: what a reader's frame means, as one line of JSON.

use std::process::ExitCode;

use firmware_protocol::{Answer, Card, Format, Reading, Rendering};
use serde_json::{Map, Value, json};

use super::{DecodeArguments, INVALID_INPUT};

/// Prints the meaning, or the list of formats.
pub(super) fn run(arguments: &DecodeArguments) -> ExitCode {
    if arguments.list {
        for format in Format::ALL {
            println!("{}", format.name());
        }
        return ExitCode::SUCCESS;
    }
    let (valid, line) = decode(arguments.format.as_deref().unwrap_or_default(), &arguments.input.concat());
    println!("{line}");
    if valid {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(INVALID_INPUT)
    }
}

fn decode(format: &str, input: &str) -> (bool, Value) {
    let Some(format) = Format::from_name(format) else {
        return (
            false,
            json!({ "valid": false, "reason": format!("there is no format {format:?}: see decode --list") }),
        );
    };
    match firmware_protocol::decode(format, input) {
        Ok(reading) => (true, meaning(&reading)),
        Err(reject) => (false, json!({ "valid": false, "reason": reject.to_string() })),
    }
}

/// The keys that apply, in a fixed order. This is the one place that shows numbers: it was asked to.
fn meaning(reading: &Reading) -> Value {
    let mut object = Map::new();
    object.insert("valid".to_owned(), true.into());
    match reading {
        Reading::Card(card) => describe_card(card, &mut object),
        Reading::Text(text) => {
            object.insert("text".to_owned(), text.as_str().into());
        }
        Reading::Key(key) => {
            object.insert("keys".to_owned(), key.as_char().to_string().into());
        }
        Reading::Pin(keys) => {
            object.insert("keys".to_owned(), keys.as_str().into());
        }
        Reading::Answer(answer) => {
            let answer = match answer {
                Answer::Ack => "acknowledged".to_owned(),
                Answer::Nack => "not acknowledged".to_owned(),
                Answer::NoCard => "no card".to_owned(),
                Answer::Payload(bytes) => bytes.iter().map(|byte| format!("{byte:02x}")).collect(),
            };
            object.insert("answer".to_owned(), answer.into());
        }
    }
    Value::Object(object)
}

fn describe_card(card: &Card, object: &mut Map<String, Value>) {
    let numbers = [
        ("facility", card.facility()),
        ("card", card.card()),
        ("issue", card.issue().map(u64::from)),
    ];
    for (key, value) in numbers {
        if let Some(value) = value {
            object.insert(key.to_owned(), value.into());
        }
    }
    if let Some(uid) = card.uid() {
        let digits: String = uid.as_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
        object.insert("uid".to_owned(), digits.into());
    }
    // As text: numbers above 2^53 lose digits in many a JSON reader.
    let renderings = [
        ("decimal", Rendering::Decimal),
        ("hex_msb", Rendering::HexMsb),
        ("hex_lsb", Rendering::HexLsb),
    ];
    for (key, rendering) in renderings {
        if let Some(number) = card.render(rendering) {
            object.insert(key.to_owned(), number.as_str().into());
        }
    }
}
