//! `decode`: what a frame means, as one line of JSON. The frames of readers are read exactly as the running gateway
//! reads them; the other frames on the cables of a turnstile are told in words ([`others`]). Not here: what the
//! gateway would do with the card.

mod boards;
mod hex;
mod layout;
mod osdp;
mod others;
mod scanners;

use std::io::{IsTerminal, Write};
use std::process::ExitCode;

use clap::Args;
use firmware_protocol::wiegand::layout::{Layout, Parity};
use firmware_protocol::{Answer, ByteOrder, Card, Format, Profile, Reading, Reject, Rendering, Wiring};
use serde_json::Value;

use super::INVALID_INPUT;
use others::Other;

/// A key of the answer and its value.
type Pair = (&'static str, Value);

#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// The format of the frame: a name from --list
    #[arg(long, value_name = "NAME", required_unless_present = "list")]
    format: Option<String>,
    /// List the formats and leave
    #[arg(long)]
    list: bool,
    /// In which order the reader sends the bytes of a UID: as-sent or reversed
    #[arg(long, value_name = "ORDER", default_value = "as-sent", value_parser = byte_order)]
    byte_order: ByteOrder,
    /// Which parity bits the reader sets right: both, trailing or none
    #[arg(long, value_name = "WHICH", default_value = "both", value_parser = parity)]
    parity: Parity,
    /// D0 and D1 are swapped
    #[arg(long)]
    swapped: bool,
    /// How many of the bytes are the UID, where the reader appends filler
    #[arg(long, value_name = "BYTES", value_parser = clap::value_parser!(u8).range(1..=10))]
    uid_length: Option<u8>,
    /// The format of the bits in a frame of twn3-ascii
    #[arg(long, value_name = "NAME", default_value = "h10301", value_parser = wiegand_format)]
    carries: Format,
    /// The layout of the format custom
    #[arg(long, value_parser = layout::parse)]
    layout: Option<Layout>,
    /// Add the number in this rendering, such as 8h10d, the one printed on EM4100 cards
    #[arg(long, value_name = "RENDERING", value_parser = rendering)]
    number: Option<Rendering>,
    /// The frame: bits as 0 and 1, bytes as hexadecimal digits; spaces and colons between them do not matter
    #[arg(value_name = "FRAME", required_unless_present = "list")]
    input: Vec<String>,
}

const EXAMPLES: &str = "\
Examples:
  turnstile-gateway decode --format h10301 10111101100010001110101110
      facility and card of a 26-bit Wiegand frame
  turnstile-gateway decode --format rdm6300 --number 8h10d 0236463030374233393732354603
      the number that is printed on the card
  turnstile-gateway decode --format h10306 --parity trailing 0000000001100000110110000100010011
      a card whose first parity bit is wrong
  turnstile-gateway decode --format custom --layout 'bits=26 card=1-24 even0=1-12 odd25=13-24' FRAME
      a layout of your own; it may also have facility=, issue= and, instead of a card, uid=
  turnstile-gateway decode --list | grep wiegand
      the formats of Wiegand readers

Exits 0 when the frame is valid and 65 when it is not; \"reason\" then says why.";

/// Prints the meaning, or the list of formats.
pub(super) fn run(arguments: &Arguments) -> ExitCode {
    if arguments.list {
        list();
        return ExitCode::SUCCESS;
    }
    let meaning = decode(arguments);
    let valid = meaning.is_ok();
    let pairs = meaning.unwrap_or_else(|reason| vec![("reason", reason.into())]);
    let pairs = [("valid", valid.into())].into_iter().chain(pairs);
    let object = pairs.map(|(key, value)| (key.to_owned(), value));
    print_line(&Value::Object(object.collect()).to_string());
    if valid {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(INVALID_INPUT)
    }
}

/// A reader of our output that has gone away is none of our business.
fn print_line(line: &str) {
    let _gone = writeln!(std::io::stdout(), "{line}");
}

/// The name stands first, so that scripts can take it; the heading is for people.
fn list() {
    let readers = Format::ALL.iter().map(|format| {
        let arrives = match format.wiring() {
            Wiring::Wiegand => "wiegand",
            Wiring::Serial => "serial",
            Wiring::Polled => "polled",
            Wiring::Typed => "typed",
        };
        (format.name(), arrives, format.meaning())
    });
    let others = Other::ALL
        .iter()
        .map(|other| (other.name, other.arrives, other.meaning));
    if std::io::stdout().is_terminal() {
        print_line(&row("NAME", "ARRIVES", "MEANING"));
    }
    for (name, arrives, meaning) in readers.chain(others) {
        print_line(&row(name, arrives, meaning));
    }
}

fn row(name: &str, arrives: &str, meaning: &str) -> String {
    format!("{name:<16} {arrives:<8} {meaning}")
}

/// The keys that apply, or why the frame is refused. This is the one place that shows numbers: it was asked to.
fn decode(arguments: &Arguments) -> Result<Vec<Pair>, String> {
    let name = arguments
        .format
        .as_deref()
        .unwrap_or_default()
        .to_lowercase()
        .replace('_', "-");
    let frame = hex::without_separators(&arguments.input);
    if frame.is_empty() {
        return Err("there is no frame: give bits as 0 and 1, bytes as hexadecimal digits".to_owned());
    }
    match (Format::from_name(&name), Other::from_name(&name)) {
        (Some(format), _) => read(&profile(format, arguments)?, &frame, arguments.number),
        (None, Some(other)) => Ok(vec![("text", (other.read)(&hex::bytes(&frame)?)?.into())]),
        (None, None) => Err(unknown(&name)),
    }
}

fn read(profile: &Profile, frame: &str, number: Option<Rendering>) -> Result<Vec<Pair>, String> {
    match firmware_protocol::decode_with(profile, frame) {
        Ok(reading) => Ok(meaning(&reading, number)),
        Err(reject @ Reject::Length) if profile.format.wiring() == Wiring::Wiegand => {
            Err(format!("{reject} (this has {} bits)", frame.len()))
        }
        Err(reject) => Err(reject.to_string()),
    }
}

fn profile(format: Format, arguments: &Arguments) -> Result<Profile, String> {
    let mut profile = match (format, &arguments.layout) {
        (Format::Custom, Some(layout)) => {
            Profile::custom(layout.clone()).map_err(|error| error.to_string())?
        }
        (Format::Custom, None) => return Err("the format custom needs --layout".to_owned()),
        _ => Profile::from(format),
    };
    profile.byte_order = arguments.byte_order;
    profile.parity = arguments.parity;
    profile.swapped = arguments.swapped;
    profile.uid_len = arguments.uid_length;
    profile.carries = arguments.carries;
    Ok(profile)
}

/// Names what may have been meant.
fn unknown(name: &str) -> String {
    let names = Format::ALL.iter().map(|format| format.name());
    let names = names.chain(Other::ALL.iter().map(|other| other.name));
    let shared = |known: &str| {
        known
            .chars()
            .zip(name.chars())
            .take_while(|(a, b)| a == b)
            .count()
    };
    let is_near = |known: &&str| shared(known) > 2 || known.contains(name) || name.contains(known);
    let near: Vec<&str> = names.filter(is_near).take(6).collect();
    if name.is_empty() || near.is_empty() {
        format!("there is no format {name:?}: see decode --list")
    } else {
        format!(
            "there is no format {name:?}; near it: {} (see decode --list)",
            near.join(", ")
        )
    }
}

fn meaning(reading: &Reading, number: Option<Rendering>) -> Vec<Pair> {
    match reading {
        Reading::Card(card) => numbers(card, number),
        Reading::Text(text) => vec![("text", text.as_str().into())],
        Reading::Key(key) => vec![("keys", key.as_char().to_string().into())],
        Reading::Pin(keys) => vec![("keys", keys.as_str().into())],
        Reading::Answer(answer) => {
            let text = match answer {
                Answer::Ack => "ack".to_owned(),
                Answer::Nack => "nack".to_owned(),
                Answer::NoCard => "no card".to_owned(),
                Answer::Payload(bytes) => hex::digits(bytes),
            };
            vec![("text", text.into())]
        }
    }
}

fn numbers(card: &Card, number: Option<Rendering>) -> Vec<Pair> {
    let fields = [
        ("facility", card.facility()),
        ("card", card.card()),
        ("issue", card.issue().map(u64::from)),
    ];
    let uid = card.uid().map(|uid| ("uid", hex::digits(uid.as_bytes()).into()));
    let renderings = [
        ("decimal", Some(Rendering::Decimal)),
        ("hex_msb", Some(Rendering::HexMsb)),
        ("hex_lsb", Some(Rendering::HexLsb)),
        ("number", number),
    ];
    // As text: numbers above 2^53 lose digits in many a JSON reader. `null` where a rendering does not apply.
    let written = |rendering| card.render(rendering).ok().as_deref().into();
    let fields = fields
        .into_iter()
        .filter_map(|(key, value)| Some((key, value?.into())));
    let renderings = renderings
        .into_iter()
        .filter_map(|(key, rendering)| Some((key, written(rendering?))));
    fields.chain(uid).chain(renderings).collect()
}

fn byte_order(name: &str) -> Result<ByteOrder, String> {
    match name {
        "as-sent" => Ok(ByteOrder::AsSent),
        "reversed" => Ok(ByteOrder::Reversed),
        _ => Err("as-sent or reversed".to_owned()),
    }
}

fn parity(name: &str) -> Result<Parity, String> {
    match name {
        "both" => Ok(Parity::Both),
        "trailing" => Ok(Parity::Trailing),
        "none" => Ok(Parity::None),
        _ => Err("both, trailing or none".to_owned()),
    }
}

fn wiegand_format(name: &str) -> Result<Format, String> {
    let format = Format::from_name(name).filter(|format| format.wiring() == Wiring::Wiegand);
    format.ok_or_else(|| "a format that arrives by wiegand: see decode --list".to_owned())
}

fn rendering(name: &str) -> Result<Rendering, String> {
    Rendering::from_name(name).ok_or_else(|| {
        let names: Vec<&str> = Rendering::all().map(Rendering::name).collect();
        format!("one of {}", names.join(", "))
    })
}
