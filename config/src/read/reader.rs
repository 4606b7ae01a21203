//! The list `[[reader]]`.

use toml::de::DeValue;

use super::cards::{cards, carries, format_of, numbers_of, wiegand_format};
use super::{Kinds, kind, milliseconds, seconds, secret};
use crate::choice::choice;
use crate::settings::{
    BoardFrames, BoardReader, CardNumberFormat, CardNumbers, Content, Format, FormatKind, KeyLayout,
    KeyTerminator, KeyboardReader, Lines, OsdpFormat, OsdpReader, Reader, ReaderKind, Sends, SerialFrames,
    SerialLine, SerialReader, Terminator, WiegandFrames, WiegandParity, WiegandReader,
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
            "aim_id",
            "carries",
            "layout",
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
    (
        "board",
        &[
            "board",
            "slot",
            "format",
            "layout",
            "keypad",
            "parity",
            "swapped",
            "carries",
            "content",
            "prefix",
            "suffix",
            "terminator",
            "aim_id",
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
/// Settings of Wiegand frames that bytes have none of.
const BITS: [&str; 3] = ["keypad", "parity", "swapped"];
/// Settings of bytes that Wiegand frames have none of.
const BYTES: [&str; 1] = ["carries"];
/// Settings that say how text is understood; cards have none.
const LINES: [&str; 5] = ["content", "prefix", "suffix", "terminator", "aim_id"];

/// `studio` is how the studio writes card numbers: unless the reader says otherwise, of its cards, too.
pub(super) fn reader(table: &Table<'_>, studio: CardNumberFormat) -> Option<Reader> {
    let name = table.required("name", "\"entry reader\"", value::name);
    let kind = kind(table, KINDS).and_then(|kind| match kind {
        "serial" => serial(table, studio).map(ReaderKind::Serial),
        "wiegand" => wiegand(table, studio).map(ReaderKind::Wiegand),
        "keyboard" => keyboard(table).map(ReaderKind::Keyboard),
        "osdp" => osdp(table, studio).map(ReaderKind::Osdp),
        "board" => board(table, studio).map(ReaderKind::Board),
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
    let kinds = [FormatKind::Serial, FormatKind::Polled, FormatKind::Text];
    let frames = serial_frames(table, studio, &kinds);
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
    let format = frames.as_ref().and_then(|frames| Format::of(&frames.format));
    if format.is_some_and(|format| format.kind == FormatKind::Polled) {
        let reason = "this reader is asked all the time: it is out of order as soon as it does not answer";
        table.refuse("silent_after", reason);
    }
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
        frames: frames?,
        silent_after: silent_after?,
        pin_timeout: pin_timeout?,
    })
}

fn serial_frames(table: &Table<'_>, studio: CardNumberFormat, kinds: &[FormatKind]) -> Option<SerialFrames> {
    let format = table.required("format", "\"rdm6300\"", |value| format_of(value, kinds));
    let carries = carries(table, format);
    let sends = match format {
        Some(format) if format.kind == FormatKind::Text => {
            let reason = "this format carries text: `content` says how a number is written in it";
            CARDS.iter().for_each(|key| table.refuse(key, reason));
            lines(table).map(Sends::Lines)
        }
        Some(format) => {
            let reason = "this format carries cards and nothing else";
            LINES.iter().for_each(|key| table.refuse(key, reason));
            let sent = match &carries {
                Some(Some(carried)) => numbers_of(carried),
                _ => Some((format.name, format.cards)),
            };
            cards(table, studio, sent).map(Sends::Cards)
        }
        None => {
            table.pass_over(&CARDS);
            table.pass_over(&LINES);
            None
        }
    };
    Some(SerialFrames {
        format: format?.name.to_owned(),
        carries: carries?,
        sends: sends?,
    })
}

fn wiegand(table: &Table<'_>, studio: CardNumberFormat) -> Option<WiegandReader> {
    let d0 = table.required("d0", "\"GPIO17\"", value::gpio_line);
    let d1 = table.required("d1", "\"GPIO18\"", value::gpio_line);
    let frames = wiegand_frames(table, studio);
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
    let pin_timeout = pin_timeout(table);
    Some(WiegandReader {
        d0: d0?,
        d1: d1?,
        frames: frames?,
        frame_gap: frame_gap?,
        minimum_interval: minimum_interval?,
        pin_timeout: pin_timeout?,
    })
}

fn wiegand_frames(table: &Table<'_>, studio: CardNumberFormat) -> Option<WiegandFrames> {
    let format = wiegand_format(table, "\"h10301\"", &[FormatKind::Wiegand, FormatKind::Keypad]);
    let sent = format.as_ref().and_then(numbers_of);
    let keypad = table.or("keypad", None, |value| {
        format_of(value, &[FormatKind::Keypad]).map(|format| Some(format.name.to_owned()))
    });
    let parity = table.or("parity", WiegandParity::Both, choice);
    let swapped = table.or("swapped", false, value::boolean);
    let cards = cards(table, studio, sent);
    Some(WiegandFrames {
        format: format?,
        keypad: keypad?,
        parity: parity?,
        swapped: swapped?,
        cards: cards?,
    })
}

fn board(table: &Table<'_>, studio: CardNumberFormat) -> Option<BoardReader> {
    let board = table.required("board", "\"turnstile\"", value::name);
    let slot = table.or(
        "slot",
        0,
        value::integer(
            0..=255,
            "the number that the board has for the reader is one byte",
        ),
    );
    let bytes = [FormatKind::Serial, FormatKind::Text];
    let format = table.text_of("format").and_then(Format::of);
    let frames = if format.is_some_and(|format| bytes.contains(&format.kind)) {
        let reason = "this format comes as bytes";
        BITS.iter().for_each(|key| table.refuse(key, reason));
        serial_frames(table, studio, &bytes).map(BoardFrames::Serial)
    } else {
        let reason = "this format comes as bits";
        BYTES
            .iter()
            .chain(&LINES)
            .for_each(|key| table.refuse(key, reason));
        wiegand_frames(table, studio).map(BoardFrames::Wiegand)
    };
    let pin_timeout = pin_timeout(table);
    Some(BoardReader {
        board: board?,
        slot: slot?,
        frames: frames?,
        pin_timeout: pin_timeout?,
    })
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
    let sent = match &format {
        Some(OsdpFormat::Wiegand(format)) => numbers_of(format),
        _ => Some(("uid", CardNumbers::Uid { bytes: &[] })),
    };
    let cards = cards(table, studio, sent);
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

fn lines(table: &Table<'_>) -> Option<Lines> {
    let content = content(table);
    let prefix = table.or("prefix", String::new(), affix);
    let suffix = table.or("suffix", String::new(), affix);
    let terminator = table.or("terminator", Terminator::Any, choice);
    let aim_id = table.or("aim_id", false, value::boolean);
    Some(Lines {
        content: content?,
        prefix: prefix?,
        suffix: suffix?,
        terminator: terminator?,
        aim_id: aim_id?,
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
