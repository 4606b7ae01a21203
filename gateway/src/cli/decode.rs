//! `decode`: what a frame means, as one line of JSON. The frames of readers are read exactly as the running gateway
//! reads them; the other frames on the cables of a turnstile are told in words ([`others`]). Not here: what the
//! gateway would do with the card.

mod boards;
mod hex;
mod layout;
mod naming;
mod options;
mod osdp;
mod others;
mod scanners;

use std::io::{IsTerminal, Write};
use std::process::ExitCode;

use clap::Args;
use firmware_protocol::wiegand::frame_bits;
use firmware_protocol::wiegand::layout::{Layout, Parity};
use firmware_protocol::{Answer, ByteOrder, Card, Format, Profile, Reading, Reject, Rendering, Wiring};
use serde_json::Value;

use super::INVALID_INPUT;
use hex::Given;
use others::Other;

/// A key of the answer and its value.
type Pair = (&'static str, Value);

#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// The format of the frame: a name from --list
    #[arg(long, value_name = "NAME")]
    format: Option<String>,
    /// List the formats and leave
    #[arg(long)]
    list: bool,
    /// In which order the reader sends the bytes of a UID: as-sent or reversed
    #[arg(long, value_name = "ORDER", default_value = "as-sent", value_parser = options::byte_order)]
    byte_order: ByteOrder,
    /// Which parity bits the reader sets right: both, trailing or none
    #[arg(long, value_name = "WHICH", default_value = "both", value_parser = options::parity)]
    parity: Parity,
    /// D0 and D1 are swapped
    #[arg(long)]
    swapped: bool,
    /// How many of the bytes are the UID, where the reader appends filler
    #[arg(long, value_name = "BYTES", value_parser = clap::value_parser!(u8).range(1..=10))]
    uid_length: Option<u8>,
    /// The format of the bits in a frame of twn3-ascii [default: h10301]
    #[arg(long, value_name = "NAME", value_parser = options::carried)]
    carries: Option<Format>,
    /// The layout of the format custom
    #[arg(long, value_parser = layout::parse)]
    layout: Option<Layout>,
    /// Add the number in this rendering, such as 8h10d, the one printed on EM4100 cards
    #[arg(long, value_name = "RENDERING", value_parser = rendering)]
    number: Option<Rendering>,
    /// The frame: bits as 0 and 1, bytes as hexadecimal digits; spaces, colons, commas, hyphens, 0x and \x before them do
    /// not matter
    #[arg(value_name = "FRAME")]
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
    let Some(name) = arguments.format.as_deref().map(naming::plain) else {
        return Err("name the format with --format: decode --list has them".to_owned());
    };
    let given = Given::new(&arguments.input);
    if given.is_empty() {
        return Err("there is no frame: give bits as 0 and 1, bytes as hexadecimal digits".to_owned());
    }
    match (Format::from_name(&name), Other::from_name(&name)) {
        (Some(format), _) => read(&options::profile(format, arguments)?, &given, arguments.number),
        (None, Some(other)) => {
            options::none_for(other.name, arguments)?;
            only_hex(&given)?;
            Ok(vec![("text", (other.read)(&hex::bytes(&given.text())?)?.into())])
        }
        (None, None) => Err(naming::unknown(&name)),
    }
}

fn read(profile: &Profile, given: &Given, number: Option<Rendering>) -> Result<Vec<Pair>, String> {
    let bits = frame_bits(profile, profile.format);
    match profile.format.wiring() {
        Wiring::Wiegand => only_bits(given, bits)?,
        Wiring::Serial | Wiring::Polled | Wiring::Typed => only_hex(given)?,
    }
    let frame = given.text();
    match (firmware_protocol::decode_with(profile, &frame), bits) {
        (Ok(reading), _) => meaning(&reading, number),
        (Err(reject @ Reject::Length), Some(bits)) => {
            let has = frame.len();
            Err(format!("{reject}: it has {bits} bits, and this has {has}"))
        }
        (Err(reject @ Reject::Length), None) if profile.format == Format::Twn3Ascii => {
            let carried = profile.carries;
            let bits = frame_bits(profile, carried).unwrap_or_default();
            let carried = carried.name();
            Err(format!(
                "{reject}: the bits are to be the {bits} of {carried}, see --carries"
            ))
        }
        (Err(reject), _) => Err(reject.to_string()),
    }
}

fn only_hex(given: &Given) -> Result<(), String> {
    match given.misfit(|character| character.is_ascii_hexdigit()) {
        Some((character, place)) => Err(format!(
            "{character:?} in place {place} is not a hexadecimal digit"
        )),
        None => Ok(()),
    }
}

fn only_bits(given: &Given, bits: Option<u8>) -> Result<(), String> {
    match given.misfit(|character| matches!(character, '0' | '1')) {
        Some((character, place)) => {
            let bits = bits.map_or_else(|| "bits".to_owned(), |bits| format!("{bits} bits"));
            Err(format!(
                "{character:?} in place {place} is not 0 or 1: this format wants {bits}, not hexadecimal digits"
            ))
        }
        None => Ok(()),
    }
}

fn meaning(reading: &Reading, number: Option<Rendering>) -> Result<Vec<Pair>, String> {
    if number.is_some() && !matches!(reading, Reading::Card(_)) {
        return Err("the frame is right, but no card: leave --number out".to_owned());
    }
    Ok(match reading {
        Reading::Card(card) => return numbers(card, number),
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
    })
}

fn numbers(card: &Card, number: Option<Rendering>) -> Result<Vec<Pair>, String> {
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
    let fields = fields
        .into_iter()
        .filter_map(|(key, value)| Some((key, value?.into())));
    let mut pairs: Vec<Pair> = fields.chain(uid).collect();
    for (key, rendering) in renderings {
        let Some(rendering) = rendering else { continue };
        let written = card.render(rendering).map_err(|why| {
            format!(
                "the frame is right, but its number cannot be written as {}: {why}",
                rendering.name()
            )
        })?;
        // As text: numbers above 2^53 lose digits in many a JSON reader.
        pairs.push((key, written.as_str().into()));
    }
    Ok(pairs)
}

fn rendering(name: &str) -> Result<Rendering, String> {
    Rendering::from_name(&naming::plain(name)).ok_or_else(|| {
        let names: Vec<&str> = Rendering::all().map(Rendering::name).collect();
        format!("one of {}", names.join(", "))
    })
}
