//! The section `[gpio]` and the lists `[[relay]]`, `[[board]]`, `[[input]]` and `[[display]]`.

use super::{Kinds, PORT, kind, milliseconds, seconds};
use crate::choice::choice;
use crate::settings::{
    Active, Board, BoardDirection, BoardKind, BoardProtocol, Display, DisplayKind, Gpio, GpioBackend,
    GpioInput, GpioRelay, Input, InputKind, Relay, RelayKind, SerialBoard, SerialDisplay, UsbRelay,
};
use crate::table::Table;
use crate::value::{self, Complaint};

const LINE: &str = "\"GPIO23\"";

pub(super) fn gpio(table: &Table<'_>) -> Option<Gpio> {
    let default = Gpio::default();
    let backend = table.or("backend", default.backend, choice);
    let chip = table.or("chip", default.chip, |value| {
        value::absolute_path(value).map(Some)
    });
    if backend == Some(GpioBackend::Rppal) {
        table.refuse(
            "chip",
            "rppal knows the lines of the Raspberry Pi alone, and no other chip",
        );
    }
    table.finish();
    Some(Gpio {
        backend: backend?,
        chip: chip?,
    })
}

pub(super) fn relay(table: &Table<'_>) -> Option<Relay> {
    const KINDS: Kinds = &[
        ("usb-relay", &["port", "channel", "baud"]),
        ("gpio", &["line", "active"]),
        ("simulated", &[]),
    ];
    let name = table.required("name", "\"entry relay\"", value::name);
    let kind = kind(table, KINDS).and_then(|kind| match kind {
        "usb-relay" => usb_relay(table).map(RelayKind::UsbRelay),
        "gpio" => gpio_relay(table).map(RelayKind::Gpio),
        _ => Some(RelayKind::Simulated),
    });
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
        value::integer(1..=8, "relay cards have channels 1 to 8"),
    );
    let baud = table.or("baud", UsbRelay::DEFAULT_BAUD, value::baud);
    Some(UsbRelay {
        port: port?,
        channel: channel?,
        baud: baud?,
    })
}

fn gpio_relay(table: &Table<'_>) -> Option<GpioRelay> {
    let line = table.required("line", LINE, value::gpio_line);
    let active = table.or("active", Active::High, choice);
    Some(GpioRelay {
        line: line?,
        active: active?,
    })
}

pub(super) fn board(table: &Table<'_>) -> Option<Board> {
    const KINDS: Kinds = &[
        ("link", &["port", "baud", "entry"]),
        ("digicon", &["port", "baud", "entry", "free_exit"]),
        ("mach-power", &["port", "baud", "entry", "address"]),
        ("one-tech", &["port", "baud", "entry", "free_exit"]),
        ("swing-7e", &["port", "baud", "entry", "free_exit", "address"]),
        ("simulated", &["entry"]),
    ];
    let name = table.required("name", "\"turnstile\"", value::name);
    let kind = kind(table, KINDS).and_then(|kind| match kind {
        "simulated" => Some(BoardKind::Simulated),
        protocol => serial_board(table, protocol).map(BoardKind::Serial),
    });
    let entry = table.or("entry", BoardDirection::A, choice);
    let free_exit = table.or("free_exit", false, value::boolean);
    table.finish();
    Some(Board {
        name: name?,
        kind: kind?,
        entry: entry?,
        free_exit: free_exit?,
    })
}

fn serial_board(table: &Table<'_>, protocol: &str) -> Option<SerialBoard> {
    let port = table.required("port", PORT, value::absolute_path);
    // The speeds that the makers' manuals name; One-Tech's names none.
    let baud = match protocol {
        "one-tech" => table.required("baud", "9600", value::baud),
        "mach-power" => table.or("baud", 9_600, value::baud),
        "swing-7e" => table.or("baud", 19_200, value::baud),
        _ => table.or("baud", 115_200, value::baud),
    };
    let address = || table.or("address", 1, value::integer(0..=255, "an address is one byte"));
    let protocol = match protocol {
        "link" => Some(BoardProtocol::Link),
        "digicon" => Some(BoardProtocol::Digicon),
        "mach-power" => address().map(|address| BoardProtocol::MachPower { address }),
        "one-tech" => Some(BoardProtocol::OneTech),
        _ => address().map(|address| BoardProtocol::Swing7e { address }),
    };
    Some(SerialBoard {
        port: port?,
        baud: baud?,
        protocol: protocol?,
    })
}

pub(super) fn input(table: &Table<'_>) -> Option<Input> {
    const KINDS: Kinds = &[("gpio", &["line", "active", "debounce"]), ("simulated", &[])];
    let name = table.required("name", "\"entry passage\"", value::name);
    let kind = kind(table, KINDS).and_then(|kind| match kind {
        "gpio" => gpio_input(table).map(InputKind::Gpio),
        _ => Some(InputKind::Simulated),
    });
    table.finish();
    Some(Input {
        name: name?,
        kind: kind?,
    })
}

fn gpio_input(table: &Table<'_>) -> Option<GpioInput> {
    let line = table.required("line", LINE, value::gpio_line);
    let active = table.or("active", Active::Low, choice);
    let debounce = table.or(
        "debounce",
        milliseconds(20),
        value::duration(
            std::time::Duration::ZERO..=seconds(1),
            "a person who passes quickly would not be seen",
        ),
    );
    Some(GpioInput {
        line: line?,
        active: active?,
        debounce: debounce?,
    })
}

pub(super) fn display(table: &Table<'_>) -> Option<Display> {
    const KINDS: Kinds = &[("serial", &["port", "baud", "clear"]), ("simulated", &[])];
    let name = table.required("name", "\"entry display\"", value::name);
    let kind = kind(table, KINDS).and_then(|kind| match kind {
        "serial" => serial_display(table).map(DisplayKind::Serial),
        _ => Some(DisplayKind::Simulated),
    });
    let columns = table.or(
        "columns",
        Display::DEFAULT_COLUMNS,
        value::integer(8..=80, "characters of one line of the display"),
    );
    let idle = table.or("idle", Display::DEFAULT_IDLE.to_owned(), |value| {
        const MOST: usize = 160;
        let text = value::text(value)?;
        if text.chars().count() <= MOST && !text.contains(char::is_control) {
            return Ok(text.to_owned());
        }
        Err(Complaint::new(
            "is not a text for a display",
            format!("at most {MOST} characters, no line breaks"),
            "write a short greeting",
        ))
    });
    let show = table.or(
        "show",
        Display::DEFAULT_SHOW,
        value::duration(
            seconds(1)..=seconds(60),
            "a person has to read it, and the next one comes",
        ),
    );
    table.finish();
    Some(Display {
        name: name?,
        kind: kind?,
        columns: columns?,
        idle: idle?,
        show: show?,
    })
}

fn serial_display(table: &Table<'_>) -> Option<SerialDisplay> {
    let port = table.required("port", PORT, value::absolute_path);
    let baud = table.or("baud", SerialDisplay::DEFAULT_BAUD, value::baud);
    let clear = table.or("clear", SerialDisplay::DEFAULT_CLEAR.to_owned(), |value| {
        let text = value::text(value)?;
        if (1..=16).contains(&text.len()) && text.is_ascii() {
            return Ok(text.to_owned());
        }
        let label = "1 to 16 ASCII characters";
        Err(Complaint::new(
            "is nothing to clear a display with",
            label,
            "write what its manual names, such as \"\\f\"",
        ))
    });
    Some(SerialDisplay {
        port: port?,
        baud: baud?,
        clear: clear?,
    })
}
