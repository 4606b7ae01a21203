//! Relays, boards, inputs, indicators and displays.

use std::fmt::{self, Formatter};

use super::{Line, Span, Text, Word, optional, path, setting};
use crate::pattern;
use crate::settings::{
    Board, BoardKind, BoardProtocol, Display, DisplayKind, Indicator, IndicatorKind, Input, InputKind,
    Patterns, Relay, RelayKind,
};

pub(super) fn relay(out: &mut Formatter<'_>, relay: &Relay) -> fmt::Result {
    writeln!(out, "\n[[relay]]")?;
    setting(out, "name", Text(&relay.name))?;
    match &relay.kind {
        RelayKind::UsbRelay(board) => {
            setting(out, "kind", Text("usb-relay"))?;
            setting(out, "port", Text(&path(&board.port)))?;
            setting(out, "channel", board.channel)?;
            setting(out, "baud", board.baud)
        }
        RelayKind::Gpio(gpio) => {
            setting(out, "kind", Text("gpio"))?;
            setting(out, "line", Line(&gpio.line))?;
            setting(out, "active", Word(gpio.active))
        }
        RelayKind::Simulated => setting(out, "kind", Text("simulated")),
    }
}

pub(super) fn board(out: &mut Formatter<'_>, board: &Board) -> fmt::Result {
    writeln!(out, "\n[[board]]")?;
    setting(out, "name", Text(&board.name))?;
    let serial = match &board.kind {
        BoardKind::Serial(serial) => serial,
        BoardKind::Simulated => {
            setting(out, "kind", Text("simulated"))?;
            return setting(out, "entry", Word(board.entry));
        }
    };
    let (kind, address) = match serial.protocol {
        BoardProtocol::Link => ("link", None),
        BoardProtocol::Digicon => ("digicon", None),
        BoardProtocol::MachPower { address } => ("mach-power", Some(address)),
        BoardProtocol::OneTech => ("one-tech", None),
        BoardProtocol::Swing7e { address } => ("swing-7e", Some(address)),
    };
    setting(out, "kind", Text(kind))?;
    setting(out, "port", Text(&path(&serial.port)))?;
    setting(out, "baud", serial.baud)?;
    optional(out, "address", address)?;
    setting(out, "entry", Word(board.entry))?;
    match serial.protocol {
        BoardProtocol::Link | BoardProtocol::MachPower { .. } => Ok(()),
        BoardProtocol::Digicon | BoardProtocol::OneTech | BoardProtocol::Swing7e { .. } => {
            setting(out, "free_exit", board.free_exit)
        }
    }
}

pub(super) fn input(out: &mut Formatter<'_>, input: &Input) -> fmt::Result {
    writeln!(out, "\n[[input]]")?;
    setting(out, "name", Text(&input.name))?;
    match &input.kind {
        InputKind::Gpio(gpio) => {
            setting(out, "kind", Text("gpio"))?;
            setting(out, "line", Line(&gpio.line))?;
            setting(out, "active", Word(gpio.active))?;
            setting(out, "debounce", Span(gpio.debounce))
        }
        InputKind::Simulated => setting(out, "kind", Text("simulated")),
    }
}

pub(super) fn indicator(out: &mut Formatter<'_>, indicator: &Indicator) -> fmt::Result {
    writeln!(out, "\n[[indicator]]")?;
    setting(out, "name", Text(&indicator.name))?;
    match &indicator.kind {
        IndicatorKind::Gpio(gpio) => {
            setting(out, "kind", Text("gpio"))?;
            optional(out, "green", gpio.green.as_ref().map(Line))?;
            optional(out, "red", gpio.red.as_ref().map(Line))?;
            optional(out, "buzzer", gpio.buzzer.as_ref().map(Line))?;
            setting(out, "active", Word(gpio.active))?;
        }
        IndicatorKind::Osdp { reader } => {
            setting(out, "kind", Text("osdp"))?;
            setting(out, "reader", Text(reader))?;
        }
        IndicatorKind::Simulated => setting(out, "kind", Text("simulated"))?,
    }
    let Patterns {
        granted,
        denied,
        waiting,
        out_of_service,
        by_reason,
    } = &indicator.patterns;
    writeln!(out, "[indicator.patterns]")?;
    setting(out, "granted", Text(&pattern::format(granted)))?;
    setting(out, "denied", Text(&pattern::format(denied)))?;
    setting(out, "waiting", Text(&pattern::format(waiting)))?;
    setting(out, "out_of_service", Text(&pattern::format(out_of_service)))?;
    let mut reasons = by_reason.iter();
    reasons.try_for_each(|(reason, pattern)| setting(out, reason, Text(&pattern::format(pattern))))
}

pub(super) fn display(out: &mut Formatter<'_>, display: &Display) -> fmt::Result {
    writeln!(out, "\n[[display]]")?;
    setting(out, "name", Text(&display.name))?;
    match &display.kind {
        DisplayKind::Serial(serial) => {
            setting(out, "kind", Text("serial"))?;
            setting(out, "port", Text(&path(&serial.port)))?;
            setting(out, "baud", serial.baud)?;
            setting(out, "clear", Text(&serial.clear))?;
        }
        DisplayKind::Simulated => setting(out, "kind", Text("simulated"))?,
    }
    setting(out, "columns", display.columns)?;
    setting(out, "idle", Text(&display.idle))?;
    setting(out, "show", Span(display.show))
}
