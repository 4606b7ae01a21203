//! The list `[[reader]]`.

use toml::de::DeValue;

use super::layout::layout;
use super::{Kinds, kind, milliseconds, seconds, secret};
use crate::choice::{Choice, choice};
use crate::settings::{
    ByteOrder, CardNumberFormat, Cards, Content, FORMATS, Format, FormatKind, KeyLayout, KeyTerminator,
    KeyboardReader, Lines, NUMBERS, OsdpFormat, OsdpReader, Reader, ReaderKind, Sends, SerialLine,
    SerialReader, Terminator, WiegandFormat, WiegandParity, WiegandReader,
};
use crate::table::Table;
use crate::value::{self, Complaint};

const KINDS: Kinds = &[
    (
        "serial",
        &[
            "port",
            "format",
            "content",
            "prefix",
            "suffix",
            "terminator",
            "number",
            "byte_order",
            "uid_length",
            "baud",
            "data_bits",
            "parity",
            "stop_bits",
            "silent_after",
            "pin_timeout",
        ],
    ),
    (
        "wiegand",
        &[
            "d0",
            "d1",
            "format",
            "layout",
            "keypad",
            "parity",
            "swapped",
            "frame_gap",
            "minimum_interval",
            "number",
            "byte_order",
            "uid_length",
            "pin_timeout",
        ],
    ),
    ("keyboard", &["device", "content", "layout", "terminator"]),
    (
        "osdp",
        &[
            "port",
            "baud",
            "address",
            "key",
            "format",
            "layout",
            "number",
            "byte_order",
            "uid_length",
            "pin_timeout",
        ],
    ),
    ("simulated", &[]),
];

/// Settings that say how cards are understood; text has none.
const CARDS: [&str; 3] = ["number", "byte_order", "uid_length"];
/// Settings that say how text is understood; cards have none.
const LINES: [&str; 4] = ["content", "prefix", "suffix", "terminator"];

/// `studio` is how the studio writes card numbers: unless the reader says otherwise, of its cards, too.
pub(super) fn reader(table: &Table<'_>, studio: CardNumberFormat) -> Option<Reader> {
    let name = table.required("name", "\"entry reader\"", value::name);
    let kind = kind(table, KINDS).and_then(|kind| match kind {
        "serial" => serial(table, studio).map(ReaderKind::Serial),
        "wiegand" => wiegand(table, studio).map(ReaderKind::Wiegand),
        "keyboard" => keyboard(table).map(ReaderKind::Keyboard),
        "osdp" => osdp(table, studio).map(ReaderKind::Osdp),
        _ => Some(ReaderKind::Simulated),
    });
    table.finish();
    Some(Reader {
        name: name?,
        kind: kind?,
    })
}

fn serial(table: &Table<'_>, studio: CardNumberFormat) -> Option<SerialReader> {
    let port = table.required("port", super::PORT, value::absolute_path);
    let format = table.required("format", "\"rdm6300\"", |value| {
        format_of(value, &[FormatKind::Serial, FormatKind::Text])
    });
    let sends = match format {
        Some(format) if format.kind == FormatKind::Text => {
            let reason = "this format carries text: `content` says how a number is written in it";
            CARDS.iter().for_each(|key| table.refuse(key, reason));
            lines(table).map(Sends::Lines)
        }
        Some(_) => {
            let reason = "this format carries cards and nothing else";
            LINES.iter().for_each(|key| table.refuse(key, reason));
            cards(table, studio).map(Sends::Cards)
        }
        None => {
            table.pass_over(&CARDS);
            table.pass_over(&LINES);
            None
        }
    };
    let default = SerialLine::default();
    let baud = table.or("baud", default.baud, value::baud);
    let data_bits = table.or(
        "data_bits",
        default.data_bits,
        value::integer(7..=8, "serial readers send 7 or 8"),
    );
    let parity = table.or("parity", default.parity, choice);
    let stop_bits = table.or(
        "stop_bits",
        default.stop_bits,
        value::integer(1..=2, "serial readers send 1 or 2"),
    );
    let silent_after = table.or("silent_after", None, |value| {
        let allowed = value::duration(
            seconds(2)..=seconds(86_400),
            "longer than the reader's pause between two signs of life",
        );
        allowed(value).map(Some)
    });
    let pin_timeout = pin_timeout(table);
    Some(SerialReader {
        port: port?,
        line: SerialLine {
            baud: baud?,
            data_bits: data_bits?,
            parity: parity?,
            stop_bits: stop_bits?,
        },
        format: format?.name.to_owned(),
        sends: sends?,
        silent_after: silent_after?,
        pin_timeout: pin_timeout?,
    })
}

fn wiegand(table: &Table<'_>, studio: CardNumberFormat) -> Option<WiegandReader> {
    let d0 = table.required("d0", "\"GPIO17\"", value::gpio_line);
    let d1 = table.required("d1", "\"GPIO18\"", value::gpio_line);
    let format = wiegand_format(table, "\"h10301\"", &[FormatKind::Wiegand, FormatKind::Keypad]);
    let keypad = table.or("keypad", None, |value| {
        format_of(value, &[FormatKind::Keypad]).map(|format| Some(format.name.to_owned()))
    });
    let parity = table.or("parity", WiegandParity::Both, choice);
    let swapped = table.or("swapped", false, value::boolean);
    let frame_gap = table.or(
        "frame_gap",
        milliseconds(50),
        value::duration(
            milliseconds(20)..=milliseconds(200),
            "shorter cuts frames in two, longer makes one of two",
        ),
    );
    let minimum_interval = table.or(
        "minimum_interval",
        super::microseconds(100),
        value::duration(
            super::microseconds(10)..=milliseconds(2),
            "pulses of a reader are 200us to 20ms apart",
        ),
    );
    let cards = cards(table, studio);
    let pin_timeout = pin_timeout(table);
    Some(WiegandReader {
        d0: d0?,
        d1: d1?,
        format: format?,
        keypad: keypad?,
        parity: parity?,
        swapped: swapped?,
        frame_gap: frame_gap?,
        minimum_interval: minimum_interval?,
        cards: cards?,
        pin_timeout: pin_timeout?,
    })
}

fn wiegand_format(table: &Table<'_>, example: &str, kinds: &[FormatKind]) -> Option<WiegandFormat> {
    const CUSTOM: &str = "custom";
    let format = table.required("format", example, |value| {
        if value.as_str() == Some(CUSTOM) {
            Ok(CUSTOM)
        } else {
            format_of(value, kinds).map(|format| format.name)
        }
    });
    let Some(format) = format else {
        table.pass_over(&["layout"]);
        return None;
    };
    if format != CUSTOM {
        table.refuse("layout", "this format has its layout; only \"custom\" needs one");
        return Some(WiegandFormat::Named(format.to_owned()));
    }
    if !table.has("layout") {
        return table.missing("layout", "describe the frame in [reader.layout] below the reader");
    }
    let section = table.section("layout", "[reader.layout]")?;
    layout(&section).map(WiegandFormat::Custom)
}

fn keyboard(table: &Table<'_>) -> Option<KeyboardReader> {
    let device = table.required("device", "\"/dev/input/by-id/...\"", value::absolute_path);
    let content = content(table);
    let layout = table.or("layout", KeyLayout::Us, choice);
    let terminator = table.or("terminator", KeyTerminator::Enter, choice);
    Some(KeyboardReader {
        device: device?,
        content: content?,
        layout: layout?,
        terminator: terminator?,
    })
}

fn osdp(table: &Table<'_>, studio: CardNumberFormat) -> Option<OsdpReader> {
    let port = table.required("port", super::PORT, value::absolute_path);
    let baud = table.or("baud", SerialLine::default().baud, osdp_baud);
    let address = table.or(
        "address",
        0,
        value::integer(0..=126, "addresses of readers are 0 to 126"),
    );
    let key = if table.has("key") {
        secret(table, "key", "{ credential = \"osdp-entry\" }").map(Some)
    } else {
        table.pass_over(&["key"]);
        Some(None)
    };
    let format = osdp_format(table);
    let cards = cards(table, studio);
    let pin_timeout = pin_timeout(table);
    Some(OsdpReader {
        port: port?,
        baud: baud?,
        address: address?,
        key: key?,
        format: format?,
        cards: cards?,
        pin_timeout: pin_timeout?,
    })
}

fn osdp_baud(value: &DeValue<'_>) -> Result<u32, Complaint> {
    match value::baud(value)? {
        baud @ (9600 | 19200 | 38400 | 57600 | 115_200 | 230_400) => Ok(baud),
        _ => Err(Complaint::new(
            "is not a speed of OSDP",
            "9600, 19200, 38400, 57600, 115200 or 230400",
            "write the speed that is set at the reader",
        )),
    }
}

fn osdp_format(table: &Table<'_>) -> Option<OsdpFormat> {
    const UID: &str = "uid";
    if table.text_of("format") != Some(UID) {
        return wiegand_format(table, "\"uid\"", &[FormatKind::Wiegand]).map(OsdpFormat::Wiegand);
    }
    table.pass_over(&["format"]);
    table.refuse(
        "layout",
        "a UID is all of the bits; only \"custom\" needs a layout",
    );
    Some(OsdpFormat::Uid)
}

fn cards(table: &Table<'_>, studio: CardNumberFormat) -> Option<Cards> {
    let number = number(table, studio);
    let byte_order = table.or("byte_order", ByteOrder::AsSent, choice);
    let uid_length = table.or("uid_length", None, |value| {
        value::integer(1..=10, "a UID has 1 to 10 bytes")(value).map(Some)
    });
    Some(Cards {
        number: number?,
        byte_order: byte_order?,
        uid_length: uid_length?,
    })
}

fn number(table: &Table<'_>, studio: CardNumberFormat) -> Option<String> {
    table.or("number", studio.word().to_owned(), |value| {
        value::word(value, NUMBERS).map(str::to_owned)
    })
}

fn lines(table: &Table<'_>) -> Option<Lines> {
    let content = content(table);
    let prefix = table.or("prefix", String::new(), affix);
    let suffix = table.or("suffix", String::new(), affix);
    let terminator = table.or("terminator", Terminator::Any, choice);
    Some(Lines {
        content: content?,
        prefix: prefix?,
        suffix: suffix?,
        terminator: terminator?,
    })
}

fn content(table: &Table<'_>) -> Option<Content> {
    if table.has("content") {
        return table.required("content", "\"code\"", choice);
    }
    table.missing(
        "content",
        "say what the text is: `content =` \"decimal\", \"hex-msb\" or \"hex-lsb\" (card numbers), \"code\" or \"pin\"",
    )
}

fn pin_timeout(table: &Table<'_>) -> Option<std::time::Duration> {
    table.or(
        "pin_timeout",
        seconds(5),
        value::duration(seconds(1)..=seconds(60), "a person types a key every few seconds"),
    )
}

/// What stands around a text.
fn affix(value: &DeValue<'_>) -> Result<String, Complaint> {
    let text = value::text(value)?;
    if text.len() <= Lines::LONGEST_AFFIX && text.is_ascii() {
        return Ok(text.to_owned());
    }
    Err(Complaint::new(
        "is not what a scanner can send",
        "at most 16 ASCII characters",
        "write what the scanner is set to put there, or leave it out",
    ))
}

/// A format of one of these kinds.
fn format_of(value: &DeValue<'_>, kinds: &[FormatKind]) -> Result<&'static Format, Complaint> {
    let known = value
        .as_str()
        .and_then(|name| FORMATS.iter().find(|format| format.name == name));
    match known {
        Some(format) if kinds.contains(&format.kind) => Ok(format),
        Some(format) => {
            let (whose, needs) = match format.kind {
                FormatKind::Serial | FormatKind::Text => {
                    ("serial readers", "`kind = \"serial\"` and a `port`")
                }
                FormatKind::Wiegand => ("Wiegand readers", "`kind = \"wiegand\"` with `d0` and `d1`"),
                FormatKind::Keypad => ("Wiegand keypads", "`kind = \"wiegand\"` with `d0` and `d1`"),
            };
            Err(Complaint::new(
                "does not fit here",
                format!("a format of {whose}"),
                format!("it needs {needs}; or name the format that this device sends"),
            ))
        }
        None => {
            let fitting = FORMATS.iter().filter(|format| kinds.contains(&format.kind));
            let names: Vec<&str> = fitting.map(|format| format.name).collect();
            let wrong = value::word(value, &names).err();
            Err(wrong.unwrap_or_else(|| {
                Complaint::new("has an unknown value", "not one of the choices", "choose another")
            }))
        }
    }
}
