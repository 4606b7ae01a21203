//! The lists `[[reader]]` and `[[relay]]`.

use crate::choice::choice;
use crate::settings::{FORMATS, Reader, ReaderKind, Relay, RelayKind, SerialLine, SerialReader, UsbRelay};
use crate::table::Table;
use crate::value;

const PORT: &str = "\"/dev/serial/by-id/...\"";

pub(super) fn reader(table: &Table<'_>) -> Option<Reader> {
    const SERIAL: &[&str] = &[
        "port",
        "format",
        "content",
        "baud",
        "data_bits",
        "parity",
        "stop_bits",
    ];
    let name = table.required("name", "\"entry reader\"", value::name);
    let kind = table.required("kind", "\"serial\"", |value| {
        value::word(value, &["serial", "simulated"])
    });
    let kind = match kind {
        Some("serial") => serial_reader(table).map(ReaderKind::Serial),
        Some(_) => {
            table.refuse(SERIAL, "a simulated reader is on no port");
            Some(ReaderKind::Simulated)
        }
        None => {
            table.pass_over(SERIAL);
            None
        }
    };
    table.finish();
    Some(Reader {
        name: name?,
        kind: kind?,
    })
}

fn serial_reader(table: &Table<'_>) -> Option<SerialReader> {
    let port = table.required("port", PORT, value::absolute_path);
    let names: Vec<&str> = FORMATS.iter().map(|format| format.name).collect();
    let format = table.required("format", "\"rdm6300\"", |value| value::word(value, &names));
    let content = match FORMATS.iter().find(|known| Some(known.name) == format) {
        Some(text) if text.is_text && !table.has("content") => table.missing(
            "content",
            "say what the lines are: `content =` \"decimal\", \"hex-msb\" or \"hex-lsb\" (card numbers), \"code\" or \"pin\"",
        ),
        Some(text) if text.is_text => table.or("content", None, |value| choice(value).map(Some)),
        Some(_) => {
            table.refuse(&["content"], "this format carries card numbers and nothing else");
            Some(None)
        }
        None => {
            table.pass_over(&["content"]);
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
    Some(SerialReader {
        port: port?,
        line: SerialLine {
            baud: baud?,
            data_bits: data_bits?,
            parity: parity?,
            stop_bits: stop_bits?,
        },
        format: format?.to_owned(),
        content: content?,
    })
}

pub(super) fn relay(table: &Table<'_>) -> Option<Relay> {
    const USB: &[&str] = &["port", "channel", "baud"];
    let name = table.required("name", "\"entry relay\"", value::name);
    let kind = table.required("kind", "\"usb-relay\"", |value| {
        value::word(value, &["usb-relay", "simulated"])
    });
    let kind = match kind {
        Some("usb-relay") => usb_relay(table).map(RelayKind::UsbRelay),
        Some(_) => {
            table.refuse(USB, "a simulated relay is on no port");
            Some(RelayKind::Simulated)
        }
        None => {
            table.pass_over(USB);
            None
        }
    };
    table.finish();
    Some(Relay {
        name: name?,
        kind: kind?,
    })
}

fn usb_relay(table: &Table<'_>) -> Option<UsbRelay> {
    let port = table.required("port", PORT, value::absolute_path);
    let channel = table.or(
        "channel",
        UsbRelay::DEFAULT_CHANNEL,
        value::integer(1..=8, "boards have channels 1 to 8"),
    );
    let baud = table.or("baud", UsbRelay::DEFAULT_BAUD, value::baud);
    Some(UsbRelay {
        port: port?,
        channel: channel?,
        baud: baud?,
    })
}
