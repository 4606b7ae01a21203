//! The readers.

use std::fmt::{self, Display, Formatter};

use super::{Line, Place, Span, Text, Word, list, optional, path, setting};
use crate::settings::{
    BitRange, BoardFrames, BoardReader, Cards, KeyboardReader, LayoutNumber, OsdpFormat, OsdpReader, Reader,
    ReaderKind, Sends, SerialFrames, SerialReader, WiegandFormat, WiegandFrames, WiegandLayout,
    WiegandReader,
};

pub(super) fn reader(out: &mut Formatter<'_>, reader: &Reader) -> fmt::Result {
    writeln!(out, "\n[[reader]]")?;
    setting(out, "name", Text(&reader.name))?;
    match &reader.kind {
        ReaderKind::Serial(serial) => write_serial(out, serial),
        ReaderKind::Wiegand(wiegand) => write_wiegand(out, wiegand),
        ReaderKind::Keyboard(keyboard) => write_keyboard(out, keyboard),
        ReaderKind::Osdp(osdp) => write_osdp(out, osdp),
        ReaderKind::Board(board) => write_board(out, board),
        ReaderKind::Simulated => setting(out, "kind", Text("simulated")),
    }
}

fn write_serial(out: &mut Formatter<'_>, serial: &SerialReader) -> fmt::Result {
    setting(out, "kind", Text("serial"))?;
    setting(out, "port", Text(&path(&serial.port)))?;
    let layout = write_serial_frames(out, &serial.frames)?;
    setting(out, "baud", serial.line.baud)?;
    setting(out, "data_bits", serial.line.data_bits)?;
    setting(out, "parity", Word(serial.line.parity))?;
    setting(out, "stop_bits", serial.line.stop_bits)?;
    optional(out, "silent_after", serial.silent_after.map(Span))?;
    setting(out, "pin_timeout", Span(serial.pin_timeout))?;
    layout.map_or(Ok(()), |layout| write_layout(out, layout))
}

/// Gives the layout, which is a table of its own behind all settings.
fn write_serial_frames<'f>(
    out: &mut Formatter<'_>,
    frames: &'f SerialFrames,
) -> Result<Option<&'f WiegandLayout>, fmt::Error> {
    setting(out, "format", Text(&frames.format))?;
    let carried = frames.carries.as_ref().map(named);
    optional(out, "carries", carried.map(|(name, _)| Text(name)))?;
    match &frames.sends {
        Sends::Cards(cards) => write_cards(out, cards)?,
        Sends::Lines(lines) => {
            setting(out, "content", Word(lines.content))?;
            setting(out, "prefix", Text(&lines.prefix))?;
            setting(out, "suffix", Text(&lines.suffix))?;
            setting(out, "terminator", Word(lines.terminator))?;
            setting(out, "aim_id", lines.aim_id)?;
        }
    }
    Ok(carried.and_then(|(_, layout)| layout))
}

fn write_wiegand(out: &mut Formatter<'_>, wiegand: &WiegandReader) -> fmt::Result {
    setting(out, "kind", Text("wiegand"))?;
    setting(out, "d0", Line(&wiegand.d0))?;
    setting(out, "d1", Line(&wiegand.d1))?;
    let layout = write_wiegand_frames(out, &wiegand.frames)?;
    setting(out, "frame_gap", Span(wiegand.frame_gap))?;
    setting(out, "minimum_interval", Span(wiegand.minimum_interval))?;
    setting(out, "pin_timeout", Span(wiegand.pin_timeout))?;
    layout.map_or(Ok(()), |layout| write_layout(out, layout))
}

/// Gives the layout, which is a table of its own behind all settings.
fn write_wiegand_frames<'f>(
    out: &mut Formatter<'_>,
    frames: &'f WiegandFrames,
) -> Result<Option<&'f WiegandLayout>, fmt::Error> {
    let (format, layout) = named(&frames.format);
    setting(out, "format", Text(format))?;
    optional(out, "keypad", frames.keypad.as_deref().map(Text))?;
    setting(out, "parity", Word(frames.parity))?;
    setting(out, "swapped", frames.swapped)?;
    write_cards(out, &frames.cards)?;
    Ok(layout)
}

fn write_board(out: &mut Formatter<'_>, reader: &BoardReader) -> fmt::Result {
    setting(out, "kind", Text("board"))?;
    setting(out, "board", Text(&reader.board))?;
    setting(out, "slot", reader.slot)?;
    let layout = match &reader.frames {
        BoardFrames::Wiegand(frames) => write_wiegand_frames(out, frames)?,
        BoardFrames::Serial(frames) => write_serial_frames(out, frames)?,
    };
    setting(out, "pin_timeout", Span(reader.pin_timeout))?;
    layout.map_or(Ok(()), |layout| write_layout(out, layout))
}

fn write_layout(out: &mut Formatter<'_>, layout: &WiegandLayout) -> fmt::Result {
    writeln!(out, "[reader.layout]")?;
    setting(out, "bits", layout.bits)?;
    match layout.number {
        LayoutNumber::Uid(uid) => setting(out, "uid", Bits(uid))?,
        LayoutNumber::Card {
            facility,
            card,
            issue,
        } => {
            optional(out, "facility", facility.map(Bits))?;
            setting(out, "card", Bits(card))?;
            optional(out, "issue", issue.map(Bits))?;
        }
    }
    let parity = layout.parity.iter().map(|bit| {
        let over = list(bit.over.iter().map(|range| Bits(*range)));
        format!("{{ at = {}, odd = {}, over = {over} }}", bit.at, bit.odd)
    });
    setting(out, "parity", list(parity))
}

struct Bits(BitRange);

impl Display for Bits {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        write!(out, "[{}, {}]", self.0.first, self.0.last)
    }
}

fn write_cards(out: &mut Formatter<'_>, cards: &Cards) -> fmt::Result {
    setting(out, "number", Text(&cards.number))?;
    setting(out, "byte_order", Word(cards.byte_order))?;
    optional(out, "uid_length", cards.uid_length)
}

fn write_keyboard(out: &mut Formatter<'_>, keyboard: &KeyboardReader) -> fmt::Result {
    setting(out, "kind", Text("keyboard"))?;
    setting(out, "device", Text(&path(&keyboard.device)))?;
    setting(out, "content", Word(keyboard.content))?;
    setting(out, "layout", Word(keyboard.layout))?;
    setting(out, "terminator", Word(keyboard.terminator))
}

fn write_osdp(out: &mut Formatter<'_>, osdp: &OsdpReader) -> fmt::Result {
    setting(out, "kind", Text("osdp"))?;
    setting(out, "port", Text(&path(&osdp.port)))?;
    setting(out, "baud", osdp.baud)?;
    setting(out, "address", osdp.address)?;
    optional(out, "key", osdp.key.as_ref().map(Place))?;
    let (format, layout) = match &osdp.format {
        OsdpFormat::Uid => ("uid", None),
        OsdpFormat::Wiegand(format) => named(format),
    };
    setting(out, "format", Text(format))?;
    write_cards(out, &osdp.cards)?;
    setting(out, "pin_timeout", Span(osdp.pin_timeout))?;
    layout.map_or(Ok(()), |layout| write_layout(out, layout))
}

fn named(format: &WiegandFormat) -> (&str, Option<&WiegandLayout>) {
    match format {
        WiegandFormat::Named(name) => (name, None),
        WiegandFormat::Custom(layout) => ("custom", Some(layout)),
    }
}
