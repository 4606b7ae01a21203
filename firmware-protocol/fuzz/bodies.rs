//! What each fuzz target does with its input, and what must hold for any input. The targets and the test that
//! replays the seeds share it; each uses only some of the functions.
#![allow(dead_code, reason = "every target uses its own function only")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a finding is a panic"
)]

pub(crate) mod board;
#[path = "../tests/frames/mod.rs"]
mod frames;

use std::time::Duration;

use firmware_protocol::keypad::PinEntry;
use firmware_protocol::serial::line::Terminator;
use firmware_protocol::wiegand::assembler::{Assembler, Line, Timing};
use firmware_protocol::wiegand::layout::{Check, Layout, Parity, ParityGroup, Span};
use firmware_protocol::wiegand::{self, BITS_MAX, Bits};
use firmware_protocol::{
    ByteOrder, Card, Decoder, Format, Key, Profile, Reading, Reject, Rendering, Wiring, decode,
};

type Body = fn(&[u8]);

/// The fuzz targets by name.
pub(crate) const BODIES: &[(&str, Body)] = &[
    ("serial", serial),
    ("line", line),
    ("text", text),
    ("wiegand", wiegand),
    ("layout", layout),
    ("assembler", assembler),
    ("keypad", keypad),
    ("board_frames", board::frames),
    ("board_link", board::link),
    ("board_third_party", board::third_party),
];

/// Bytes to a decoder of each format, with pauses; afterwards a good frame is read.
pub(crate) fn serial(input: &[u8]) {
    let Some((choice, bytes)) = input.split_first() else {
        return;
    };
    let (format, frame, _) = frames::FRAMES[usize::from(*choice) % frames::FRAMES.len()];
    let mut decoder = Decoder::new(format);
    for chunk in bytes.chunks(usize::from(choice / 16) * 8 + 1) {
        for byte in chunk {
            seen(decoder.feed(*byte));
        }
        if choice & 1 == 1 {
            quiet(&mut decoder);
        }
    }
    quiet(&mut decoder);
    let mut outcomes: Vec<_> = frame.iter().filter_map(|byte| decoder.feed(*byte)).collect();
    outcomes.extend(std::iter::from_fn(|| decoder.idle()));
    assert!(
        matches!(outcomes.as_slice(), [Ok(_)]),
        "{format:?} after noise: {outcomes:?}"
    );
}

/// Bytes to a decoder of lines with all its settings.
pub(crate) fn line(input: &[u8]) {
    let [settings, affix, bytes @ ..] = input else {
        return;
    };
    let mut profile = Profile::from(if settings & 1 == 0 {
        Format::Line
    } else {
        Format::Cardno
    });
    let affix = char::from(*affix);
    if settings & 2 != 0 {
        profile.line.prefix.push(affix).unwrap();
    }
    if settings & 4 != 0 {
        profile.line.suffix.push(affix).unwrap();
    }
    profile.line.aim_id = settings & 8 != 0;
    profile.line.terminator = [
        Terminator::Any,
        Terminator::Cr,
        Terminator::Lf,
        Terminator::CrLf,
        Terminator::Idle,
    ][usize::from(settings >> 4) % 5];
    let mut decoder = Decoder::new(profile);
    bytes.iter().for_each(|byte| seen(decoder.feed(*byte)));
    quiet(&mut decoder);
}

/// Text to the function behind the command line.
pub(crate) fn text(input: &[u8]) {
    let Some((choice, text)) = input.split_first() else {
        return;
    };
    let Ok(text) = core::str::from_utf8(text) else {
        return;
    };
    seen(Some(decode(
        Format::ALL[usize::from(*choice) % Format::ALL.len()],
        text,
    )));
}

/// Bits to every Wiegand format; wires swapped twice change nothing.
pub(crate) fn wiegand(input: &[u8]) {
    let [choice, settings, len, data @ ..] = input else {
        return;
    };
    let mut formats = Format::ALL
        .iter()
        .filter(|format| format.wiring() == Wiring::Wiegand)
        .cycle();
    let mut profile = Profile::from(*formats.nth(usize::from(*choice)).unwrap());
    settle(&mut profile, *settings);
    let Ok(bits) = Bits::from_bytes(data, len % (BITS_MAX + 1)) else {
        return;
    };
    let outcome = wiegand::decode(&profile, bits);
    profile.swapped ^= true;
    assert_eq!(wiegand::decode(&profile, bits.inverted()), outcome);
    seen(Some(outcome));
}

/// A layout from a config file, and bits to it.
pub(crate) fn layout(input: &[u8]) {
    let Some((head, data)) = input.split_first_chunk::<20>() else {
        return;
    };
    let span = |at: usize| (head[at] != 0xFF).then(|| Span::new(head[at], head[at + 1]));
    let layout = Layout {
        bits: head[0],
        uid: span(1),
        facility: span(3),
        card: span(5),
        issue: span(7),
        fixed: span(9).map(|span| (span, head[2])),
        parity: [11, 14]
            .into_iter()
            .filter_map(|at| {
                ParityGroup::new(
                    head[at],
                    head[0] & 1 == 1,
                    &[Span::new(head[at + 1], head[at + 2])],
                )
                .ok()
            })
            .collect(),
        check: [
            None,
            Some(Check::XorOfNibbles),
            Some(Check::XorOfBytes),
            Some(Check::SumOfBytes),
        ][usize::from(head[17] % 4)],
    };
    let Ok(mut profile) = Profile::custom(layout) else {
        return;
    };
    settle(&mut profile, head[18]);
    if let Ok(bits) = Bits::from_bytes(data, head[0]) {
        seen(Some(wiegand::decode(&profile, bits)));
    }
}

/// Edges at any times to the assembler: a frame that it hands out has only edges that came in time.
pub(crate) fn assembler(input: &[u8]) {
    let timing = Timing {
        frame_gap: Duration::from_millis(5),
        ..Timing::default()
    };
    let mut assembler = Assembler::new(timing);
    let mut at = Duration::ZERO;
    let mut edges = 0;
    for [what, interval] in input.as_chunks::<2>().0 {
        at += Duration::from_micros(u64::from(*interval) * 50);
        let line = if what & 1 == 1 { Line::D1 } else { Line::D0 };
        if what & 2 != 0 {
            assembler.missed();
        }
        let frames = [
            (what & 4 != 0).then(|| assembler.timeout(at)).flatten(),
            assembler.feed(line, at),
        ];
        for frame in frames.into_iter().flatten() {
            assert!(
                frame.map_or(1, |bits| u32::from(bits.len())) <= edges,
                "more bits than edges"
            );
            edges = 0;
        }
        edges += 1;
    }
}

/// Keys to the PIN entry: what it hands out are digits, and no more than fit.
pub(crate) fn keypad(input: &[u8]) {
    let mut entry = PinEntry::new(Duration::from_secs(5));
    let mut now = Duration::ZERO;
    for byte in input {
        now += Duration::from_millis(u64::from(byte >> 4) * 500);
        let key = match byte & 0xF {
            digit @ 0..=9 => Key::Digit(digit),
            0xA | 0xB => Key::Star,
            _ => Key::Hash,
        };
        if let Some(pin) = entry.press(key, now) {
            assert!(!pin.is_empty() && pin.as_str().chars().all(|character| character.is_ascii_digit()));
        }
    }
}

fn settle(profile: &mut Profile, settings: u8) {
    profile.parity = [Parity::Both, Parity::Trailing, Parity::None][usize::from(settings % 3)];
    profile.byte_order = if settings & 4 == 0 {
        ByteOrder::AsSent
    } else {
        ByteOrder::Reversed
    };
    profile.swapped = settings & 8 != 0;
    profile.uid_len = (settings & 16 != 0).then_some(settings >> 5);
    profile.keypad = (settings & 32 != 0).then_some(Format::W8Compl);
}

fn quiet(decoder: &mut Decoder) {
    while let Some(outcome) = decoder.idle() {
        seen(Some(outcome));
    }
}

fn seen(outcome: Option<Result<Reading, Reject>>) {
    match outcome {
        Some(Ok(Reading::Card(card))) => written(&card),
        Some(Ok(Reading::Text(text))) => assert!(!text.as_str().is_empty()),
        Some(Err(reject)) => assert!(!reject.to_string().is_empty()),
        _ => {}
    }
}

/// A card has a number, and its renderings agree with each other.
fn written(card: &Card) {
    let number = card.number().unwrap();
    let written = |rendering| card.render(rendering).unwrap();
    let decimal: u128 = written(Rendering::Decimal).parse().unwrap();
    assert_eq!(
        decimal,
        u128::from_str_radix(&written(Rendering::HexMsb), 16).unwrap()
    );
    assert_eq!(written(Rendering::HexMsb).len(), 2 * number.as_bytes().len());
    assert_eq!(number.reversed().reversed(), number);
    Rendering::all().for_each(|rendering| drop(card.render(rendering)));
}
